//! Whether CloudTrail tells of the same calls as the locker.

use std::collections::BTreeMap;

use evidence::locker::Reconciled;
use evidence::reconcile::{Class, Row};
use serde::Serialize;

use super::{label, minute};
use crate::Engagement;

/// Contradictions that are printed; the bundle has them all.
const PRINTED: usize = 50;

/// What reconciliations say of the snapshots.
#[derive(Clone, Debug, Serialize)]
pub struct CloudtrailView {
    /// A row per snapshot, in order of time.
    pub runs: Vec<ReconciledRow>,
    /// Snapshots that were not reconciled.
    pub not_reconciled: usize,
    /// Events that no snapshot has, though the log accounts for them.
    pub accounted: usize,
    /// What the two sides do not agree in, worst first; cut.
    pub contradictions: Vec<ContradictionRow>,
    /// How many there are in all.
    pub contradicted: usize,
    /// Digest files that vouch for the log files, in words; empty where none were given.
    pub digests: Vec<String>,
}

/// What a snapshot's newest reconciliation says of its calls.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReconciledRow {
    /// `S1`, `S2`, …
    pub label: String,
    /// It was reconciled.
    pub done: bool,
    /// When, or empty.
    pub at: String,
    /// `event history` or `log files`, or empty.
    pub source: &'static str,
    /// Number of the log entry.
    pub entry: u64,
    /// Exchanges.
    pub exchanges: usize,
    /// Those that matched.
    pub matched: usize,
    /// Those that CloudTrail is not expected to have.
    pub not_expected: usize,
    /// Those that could not be looked up.
    pub open: usize,
    /// Those that CloudTrail does not have, or has otherwise.
    pub contradicted: usize,
}

/// Something that the two sides do not agree in.
#[derive(Clone, Debug, Serialize)]
pub struct ContradictionRow {
    /// The class.
    pub class: &'static str,
    /// `S1`, or empty for an event alone.
    pub label: String,
    /// AWS's time of the call.
    pub at: String,
    /// Region.
    pub region: String,
    /// Operation or event.
    pub operation: String,
    /// Number of the exchange, or empty.
    pub exchange: String,
    /// What is wrong.
    pub why: String,
}

/// The newest reconciliation of each snapshot of the engagement, by run.
pub(crate) fn newest<'a>(engagement: &Engagement<'a>) -> BTreeMap<&'a str, &'a Reconciled> {
    engagement
        .snapshots
        .iter()
        .filter_map(|input| {
            let run = input.snapshot.meta.run.as_str();
            let found = engagement
                .reconciliations
                .iter()
                .rev()
                .find(|one| one.body.runs.iter().any(|r| r == run))?;
            Some((run, found))
        })
        .collect()
}

/// Rows that are about the engagement: those of its runs in their newest reconciliation, and
/// the events alone of these.
pub(crate) fn rows<'a>(newest: &BTreeMap<&'a str, &'a Reconciled>) -> Vec<(&'a Reconciled, &'a Row)> {
    let mut used: Vec<&Reconciled> = newest.values().copied().collect();
    used.sort_by_key(|one| one.seq);
    used.dedup_by_key(|one| one.seq);
    let mut rows = Vec::new();
    for one in used {
        let about = |row: &&Row| match &row.run {
            Some(run) => newest.get(run.as_str()).is_some_and(|found| found.seq == one.seq),
            None => true,
        };
        rows.extend(one.result.rows.iter().filter(about).map(|row| (one, row)));
    }
    rows
}

pub(super) fn view(engagement: &Engagement<'_>) -> CloudtrailView {
    let newest = newest(engagement);
    let rows = rows(&newest);
    let runs: Vec<ReconciledRow> = engagement
        .snapshots
        .iter()
        .enumerate()
        .map(|(place, input)| {
            let run = input.snapshot.meta.run.as_str();
            let Some(found) = newest.get(run) else {
                return ReconciledRow {
                    label: label(place),
                    exchanges: input.snapshot.exchanges.len(),
                    ..ReconciledRow::default()
                };
            };
            let own: Vec<&Row> = found
                .result
                .rows
                .iter()
                .filter(|row| row.run.as_deref() == Some(run))
                .collect();
            let count = |of: &dyn Fn(Class) -> bool| own.iter().filter(|row| of(row.class)).count();
            ReconciledRow {
                label: label(place),
                done: true,
                at: minute(found.result.at),
                source: match found.result.source.kind.as_str() {
                    "log-files" => "log files",
                    _ => "event history",
                },
                entry: found.seq,
                exchanges: own.len(),
                matched: count(&|class| class == Class::Matched),
                not_expected: count(&|class| class == Class::NotExpected),
                open: count(&Class::is_open),
                contradicted: count(&Class::is_contradiction),
            }
        })
        .collect();
    let contradictions: Vec<_> = rows.iter().filter(|(_, row)| row.class.is_contradiction()).collect();
    let shown = contradictions.iter().take(PRINTED).map(|(_, row)| {
        let place = row.run.as_deref().and_then(|run| engagement.snapshot(run));
        ContradictionRow {
            class: row.class.as_str(),
            label: place.map(|(at, _)| label(at)).unwrap_or_default(),
            at: minute(row.at),
            region: row.region.clone(),
            operation: row.operation.clone(),
            exchange: row.exchange.map_or_else(String::new, |i| i.to_string()),
            why: row.why.clone(),
        }
    });
    let mut digests: Vec<String> = newest
        .values()
        .filter_map(|one| {
            let found = one.result.source.digests.as_ref()?;
            Some(format!(
                "Entry {}: {} digest files vouch for the log files; the signature of {} was checked, {} faults were found.",
                one.seq,
                found.files,
                found.signed,
                found.faults.len()
            ))
        })
        .collect();
    digests.dedup();
    CloudtrailView {
        not_reconciled: runs.iter().filter(|run| !run.done).count(),
        accounted: rows.iter().filter(|(_, row)| row.class == Class::Accounted).count(),
        contradictions: shown.collect(),
        contradicted: contradictions.len(),
        digests,
        runs,
    }
}
