//! What changed between two snapshots, by stable key and never by order.
//!
//! A row that is absent because its call failed is *not seen*, not removed.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::gap::Gap;
use crate::record::{Row, TABLES, Table};
use crate::snapshot::Snapshot;

/// Tables of what happened, not of what is: a row leaves them because time passes, so they are not
/// compared.
const HAPPENED: &[&str] = &["cloudtrail_event", "cloudtrail_event_window"];

/// The difference between two snapshots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Run id of the earlier one.
    pub before: String,
    /// Run id of the later one.
    pub after: String,
    /// Tables in which something differs.
    pub tables: Vec<TableDiff>,
}

/// The difference in one table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableDiff {
    /// Table name.
    pub table: String,
    /// Rows only the later one has.
    pub added: Vec<Identity>,
    /// Rows only the earlier one has.
    pub removed: Vec<Identity>,
    /// Rows both have, with other values.
    pub changed: Vec<Change>,
    /// Rows one side has and the other could not look at.
    pub not_seen: Vec<NotSeen>,
}

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Identity {
    /// Account id.
    pub account: String,
    /// Region or `global`.
    pub region: String,
    /// Stable key.
    pub key: String,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The row.
    #[serde(flatten)]
    pub row: Identity,
    /// Its columns that differ.
    pub fields: Vec<FieldChange>,
}

/// A column that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// Column.
    pub field: String,
    /// Value in the earlier snapshot.
    pub before: Value,
    /// Value in the later one.
    pub after: Value,
}

/// A row that one side could not look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotSeen {
    /// The row.
    #[serde(flatten)]
    pub row: Identity,
    /// Which side could not look: `before` or `after`.
    pub side: &'static str,
    /// Why.
    pub reason: String,
}

impl Diff {
    /// Compares two snapshots; `a` is the earlier one.
    pub fn of(a: &Snapshot, b: &Snapshot) -> Self {
        let tables = TABLES
            .iter()
            .filter(|table| !HAPPENED.contains(&table.name))
            .filter_map(|table| TableDiff::of(table, a, b))
            .collect();
        Self {
            before: a.meta.run.clone(),
            after: b.meta.run.clone(),
            tables,
        }
    }

    /// Added, removed, changed and not seen rows in all.
    pub fn counts(&self) -> [usize; 4] {
        self.tables.iter().fold([0; 4], |[a, r, c, n], t| {
            [
                a + t.added.len(),
                r + t.removed.len(),
                c + t.changed.len(),
                n + t.not_seen.len(),
            ]
        })
    }
}

impl TableDiff {
    fn of(table: &Table, a: &Snapshot, b: &Snapshot) -> Option<Self> {
        let mut diff = Self {
            table: table.name.to_owned(),
            added: Vec::new(),
            removed: Vec::new(),
            changed: Vec::new(),
            not_seen: Vec::new(),
        };
        let (mut left, mut right) = (sorted(a.rows(table.name)), sorted(b.rows(table.name)));
        left.dedup_by(|x, y| x.0 == y.0);
        right.dedup_by(|x, y| x.0 == y.0);
        let (mut i, mut j) = (0, 0);
        while i < left.len() || j < right.len() {
            let order = match (left.get(i), right.get(j)) {
                (Some(x), Some(y)) => x.0.cmp(&y.0),
                (Some(_), None) => Ordering::Less,
                _ => Ordering::Greater,
            };
            match order {
                Ordering::Less => {
                    match unseen(table, &left[i], b) {
                        Some(reason) => diff.not_seen.push(NotSeen {
                            row: left[i].0.clone(),
                            side: "after",
                            reason,
                        }),
                        None => diff.removed.push(left[i].0.clone()),
                    }
                    i += 1;
                }
                Ordering::Greater => {
                    match unseen(table, &right[j], a) {
                        Some(reason) => diff.not_seen.push(NotSeen {
                            row: right[j].0.clone(),
                            side: "before",
                            reason,
                        }),
                        None => diff.added.push(right[j].0.clone()),
                    }
                    j += 1;
                }
                Ordering::Equal => {
                    let fields = changes(table, left[i].1, right[j].1);
                    if !fields.is_empty() {
                        diff.changed.push(Change {
                            row: left[i].0.clone(),
                            fields,
                        });
                    }
                    i += 1;
                    j += 1;
                }
            }
        }
        let same =
            diff.added.is_empty() && diff.removed.is_empty() && diff.changed.is_empty() && diff.not_seen.is_empty();
        (!same).then_some(diff)
    }
}

fn sorted(rows: &[Row]) -> Vec<(Identity, &Row)> {
    let text = |row: &Row, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let id = Identity {
                account: text(row, "account"),
                region: text(row, "region"),
                key: text(row, "key"),
            };
            (id, row)
        })
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

/// Why the snapshot could not have seen this row, if so.
fn unseen(table: &Table, (row, fields): &(Identity, &Row), snapshot: &Snapshot) -> Option<String> {
    let Some(scope) = snapshot.meta.accounts.iter().find(|scope| scope.account == row.account) else {
        return Some(format!("account {} was not in scope", row.account));
    };
    // Buckets are listed for all regions at once, so the regions in scope say nothing of them.
    let regional = row.region != "global" && table.name != "region" && !table.operations.contains(&"s3:ListBuckets");
    if regional && !scope.regions.contains(&row.region) {
        return Some(format!("region {} was not in scope", row.region));
    }
    let touches = |gap: &&Gap| {
        gap.account == row.account
            && (gap.region == row.region || gap.region == "global")
            && table.operations.contains(&gap.operation.as_str())
            && gap
                .resource
                .as_deref()
                .is_none_or(|resource| is_about(fields, resource))
    };
    snapshot
        .gaps
        .iter()
        .find(touches)
        .map(|gap| format!("{}: {}", gap.operation, gap.code))
}

/// Does the row belong to the resource that a gap names? Buckets are named by their ARN there.
fn is_about(row: &Row, resource: &str) -> bool {
    let name = crate::partition::bucket_of(resource).unwrap_or(resource);
    row.values()
        .filter_map(Value::as_str)
        .any(|value| value == resource || value == name)
}

fn changes(table: &Table, before: &Row, after: &Row) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let compared = |name: &&&String| {
        name.as_str() != "source" && !table.volatile.contains(&name.as_str()) && before.get(**name) != after.get(**name)
    };
    let value = |row: &Row, name: &str| row.get(name).cloned().unwrap_or(Value::Null);
    names
        .iter()
        .filter(compared)
        .map(|name| FieldChange {
            field: (*name).clone(),
            before: value(before, name),
            after: value(after, name),
        })
        .collect()
}
