//! What was listed and had been deleted when it was asked about: of the tables that come from the service that says so, none has
//! it but `gone`, so that neither a query nor a derived table takes it for something that is there. The wrapper of each query
//! names it, as a member that is `na`, in place of what a query says of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use evidence::gap::{Gap, ReasonCode};
use evidence::record::Row;
use evidence::snapshot::Snapshot;

use crate::catalogue::operations_of;

/// Columns by which a row is about the one thing, rather than about something that refers to it.
const NAMES: [&str; 3] = ["arn", "id", "key"];

/// A gap of code `gone`, and the exchange that listed the thing.
pub(crate) struct Gone<'a> {
    pub(crate) gap: &'a Gap,
    pub(crate) listed: Option<u64>,
}

/// The snapshot without the rows of what is gone, and what is gone.
pub(crate) fn apart(snapshot: &Snapshot) -> (Cow<'_, Snapshot>, Vec<Gone<'_>>) {
    let gaps: Vec<&Gap> = snapshot
        .gaps
        .iter()
        .filter(|gap| gap.code == ReasonCode::Gone)
        .collect();
    if gaps.is_empty() {
        return (Cow::Borrowed(snapshot), Vec::new());
    }
    // What another service says of a thing of the same name is its own affair.
    let things: BTreeSet<(&str, &str, &str)> = gaps
        .iter()
        .filter_map(|gap| Some((service(&gap.operation), gap.account.as_str(), gap.resource.as_deref()?)))
        .collect();
    let mut listed: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut present = snapshot.clone();
    for (table, rows) in &mut present.tables {
        let services: BTreeSet<&str> = operations_of(table).into_iter().map(service).collect();
        rows.retain(|row| {
            let mut here = things.iter().filter(|(service, ..)| services.contains(service));
            let Some((_, account, thing)) = here.find(|(_, account, thing)| is_of(row, account, thing)) else {
                return true;
            };
            // The list came before all that was asked about the thing.
            if let Some(source) = row.get("source").and_then(serde_json::Value::as_u64) {
                let first = listed.entry((account, thing)).or_insert(source);
                *first = source.min(*first);
            }
            false
        });
    }
    // What another service was asked about it has been listed by its own.
    let mut elsewhere: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in present.tables.values().flatten() {
        let Some(source) = row.get("source").and_then(serde_json::Value::as_u64) else {
            continue;
        };
        for (_, account, thing) in things.iter().filter(|(_, account, thing)| is_of(row, account, thing)) {
            let first = elsewhere.entry((account, thing)).or_insert(source);
            *first = source.min(*first);
        }
    }
    let gone = gaps.into_iter().map(|gap| Gone {
        gap,
        listed: gap
            .resource
            .as_deref()
            .map(|resource| (gap.account.as_str(), resource))
            .and_then(|thing| listed.get(&thing).or(elsewhere.get(&thing)).copied()),
    });
    (Cow::Owned(present), gone.collect())
}

fn service(operation: &str) -> &str {
    operation.split(':').next().unwrap_or_default()
}

fn is_of(row: &Row, account: &str, thing: &str) -> bool {
    let cell = |name: &str| row.get(name).and_then(serde_json::Value::as_str);
    cell("account") == Some(account) && NAMES.iter().any(|name| cell(name) == Some(thing))
}
