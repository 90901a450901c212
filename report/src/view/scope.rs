//! What was asked, answered and refused, where, by whom and when.

use std::collections::{BTreeMap, BTreeSet};

use evidence::exchange::Outcome;
use evidence::gap::Gap;
use evidence::snapshot::Status;
use serde::Serialize;

use super::{label, minute, moment};
use crate::Engagement;

/// Scope and completeness.
#[derive(Clone, Debug, Serialize)]
pub struct Scope {
    /// Accounts, with who asked there.
    pub accounts: Vec<AccountRow>,
    /// Runs, oldest first.
    pub runs: Vec<RunRow>,
    /// Operations, by name.
    pub operations: Vec<OperationRow>,
    /// Sums of the operations.
    pub total: OperationRow,
    /// Gaps of all runs.
    pub gaps: Vec<GapRow>,
    /// First request.
    pub first: String,
    /// Last answer.
    pub last: String,
    /// Longest distance of the collector's clock from AWS's, in seconds.
    pub skew: i64,
    /// Days that may lie between two snapshots; none unless there is a period.
    pub max_gap_days: Option<u32>,
    /// Snapshots in the log that are no part of this engagement.
    pub elsewhere: usize,
    /// Runs that were opened and never closed.
    pub unclosed: usize,
}

/// An account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountRow {
    /// Account id.
    pub account: String,
    /// Identities that asked there.
    pub callers: Vec<String>,
    /// Regions asked, in all runs.
    pub regions: Vec<String>,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    /// `S1`, `S2`, …
    pub label: String,
    /// Run id.
    pub run: String,
    /// When it started.
    pub opened: String,
    /// When it was sealed.
    pub closed: String,
    /// It did all it had planned.
    pub complete: bool,
    /// Exchanges.
    pub exchanges: u64,
    /// Gaps.
    pub gaps: u64,
    /// Rows of all tables.
    pub records: u64,
    /// Seconds the clock was off at most.
    pub skew: i64,
    /// SHA-256 of the snapshot's zip.
    pub sha256: String,
    /// Log entry.
    pub seq: u64,
    /// Program and version.
    pub tool: String,
}

/// An operation over all accounts, regions and runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OperationRow {
    /// `service:Operation`.
    pub operation: String,
    /// Calls; a page is a call, a retry is not.
    pub calls: usize,
    /// Requests sent, retries included.
    pub requests: usize,
    /// Calls answered with what was asked for.
    pub answered: usize,
    /// Calls answered with an error, which may be evidence too.
    pub errors: usize,
    /// Calls without a whole answer.
    pub silent: usize,
    /// Gaps recorded.
    pub gaps: usize,
}

/// Something that could not be seen, in one snapshot or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapRow {
    /// `S1`, `S3–S6`, …
    pub label: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// `service:Operation`.
    pub operation: String,
    /// The one thing asked about, or empty.
    pub resource: String,
    /// Reason code.
    pub code: &'static str,
    /// AWS's error code, or empty.
    pub error: String,
    /// Message.
    pub message: String,
    /// Number of the last exchange in the last of them, or empty.
    pub exchange: String,
}

impl GapRow {
    /// Gaps by run; the same gap in several runs is one row.
    pub(super) fn merged<'g>(
        engagement: &Engagement<'_>,
        gaps: impl IntoIterator<Item = (&'g str, &'g Gap)>,
    ) -> Vec<Self> {
        let mut merged: Vec<(&Gap, Vec<usize>)> = Vec::new();
        let mut known: BTreeMap<Gap, usize> = BTreeMap::new();
        for (run, gap) in gaps {
            let Some((place, _)) = engagement.snapshot(run) else {
                continue;
            };
            let same = Gap {
                exchange: None,
                ..gap.clone()
            };
            let at = *known.entry(same).or_insert(merged.len());
            match merged.get_mut(at) {
                Some((latest, places)) => {
                    *latest = gap;
                    places.push(place);
                }
                None => merged.push((gap, vec![place])),
            }
        }
        merged.into_iter().map(|(gap, places)| Self::of(gap, &places)).collect()
    }

    fn of(gap: &Gap, places: &[usize]) -> Self {
        Self {
            label: spans(places),
            account: gap.account.clone(),
            region: gap.region.clone(),
            operation: gap.operation.clone(),
            resource: gap.resource.clone().unwrap_or_default(),
            code: gap.code.as_str(),
            error: gap.error_code.clone().unwrap_or_default(),
            message: gap.message.clone(),
            exchange: gap.exchange.map_or_else(String::new, |i| i.to_string()),
        }
    }
}

/// `S1`, `S1–S3, S6`: places in rising order, neighbours together.
fn spans(places: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for place in places {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 >= *place => *end = *place,
            _ => spans.push((*place, *place)),
        }
    }
    let text = |(from, to): &(usize, usize)| match from == to {
        true => label(*from),
        false => format!("{}–{}", label(*from), label(*to)),
    };
    spans.iter().map(text).collect::<Vec<_>>().join(", ")
}

pub(super) fn scope(engagement: &Engagement<'_>) -> Scope {
    let snapshots = engagement.snapshots;
    let exchanges = || snapshots.iter().flat_map(|s| &s.snapshot.exchanges);
    let operations = operations(engagement);
    let mut total = OperationRow {
        operation: "All".to_owned(),
        ..OperationRow::default()
    };
    for row in &operations {
        total.calls += row.calls;
        total.requests += row.requests;
        total.answered += row.answered;
        total.errors += row.errors;
        total.silent += row.silent;
        total.gaps += row.gaps;
    }
    let ours: BTreeSet<_> = snapshots.iter().map(|s| s.entry.run.as_str()).collect();
    let logged = engagement.locker.snapshots().unwrap_or_default();
    Scope {
        accounts: accounts(engagement),
        runs: runs(engagement),
        operations,
        total,
        gaps: GapRow::merged(engagement, snapshots.iter().flat_map(gaps_of)),
        first: exchanges().map(|e| e.sent_at).min().map(moment).unwrap_or_default(),
        last: exchanges().map(|e| e.recv_at).max().map(moment).unwrap_or_default(),
        skew: snapshots
            .iter()
            .map(|s| s.snapshot.meta.max_clock_skew_s)
            .max()
            .unwrap_or_default(),
        max_gap_days: engagement.assessment.period.as_ref().map(|p| p.max_gap_days),
        elsewhere: logged.iter().filter(|entry| !ours.contains(entry.run.as_str())).count(),
        unclosed: engagement.locker.unclosed_runs().len(),
    }
}

/// A snapshot's gaps, each with its run.
fn gaps_of<'a>(input: &'a crate::SnapshotInput<'_>) -> impl Iterator<Item = (&'a str, &'a Gap)> {
    input
        .snapshot
        .gaps
        .iter()
        .map(|gap| (input.snapshot.meta.run.as_str(), gap))
}

fn accounts(engagement: &Engagement<'_>) -> Vec<AccountRow> {
    let mut accounts: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for scope in engagement.snapshots.iter().flat_map(|s| &s.snapshot.meta.accounts) {
        let (callers, regions) = accounts.entry(&scope.account).or_default();
        callers.insert(&scope.caller_arn);
        regions.extend(scope.regions.iter().map(String::as_str));
    }
    let texts = |set: BTreeSet<&str>| set.into_iter().filter(|t| !t.is_empty()).map(str::to_owned).collect();
    accounts
        .into_iter()
        .map(|(account, (callers, regions))| AccountRow {
            account: account.to_owned(),
            callers: texts(callers),
            regions: texts(regions),
        })
        .collect()
}

fn runs(engagement: &Engagement<'_>) -> Vec<RunRow> {
    let row = |(place, input): (usize, &crate::SnapshotInput<'_>)| {
        let meta = &input.snapshot.meta;
        RunRow {
            label: label(place),
            run: meta.run.clone(),
            opened: minute(meta.opened_at),
            closed: minute(meta.closed_at),
            complete: meta.status == Status::Complete,
            exchanges: meta.exchanges.count,
            gaps: meta.gaps.count,
            records: meta.records.values().map(|lines| lines.count).sum(),
            skew: meta.max_clock_skew_s,
            sha256: input.entry.sha256.to_string(),
            seq: input.entry.seq,
            tool: format!("{} {}", meta.tool.name, meta.tool.version),
        }
    };
    engagement.snapshots.iter().enumerate().map(row).collect()
}

fn operations(engagement: &Engagement<'_>) -> Vec<OperationRow> {
    let mut rows: BTreeMap<String, OperationRow> = BTreeMap::new();
    for input in engagement.snapshots {
        // The last attempt says how a call ended.
        let mut ends = BTreeMap::new();
        for exchange in &input.snapshot.exchanges {
            let operation = exchange.call();
            rows.entry(operation.clone()).or_default().requests += 1;
            ends.insert((operation, exchange.invocation.as_str()), exchange);
        }
        for ((operation, _), exchange) in ends {
            let row = rows.entry(operation).or_default();
            row.calls += 1;
            match (exchange.outcome, exchange.status) {
                (Outcome::Response, Some(200..=299)) => row.answered += 1,
                (Outcome::Response, _) => row.errors += 1,
                _ => row.silent += 1,
            }
        }
        for gap in &input.snapshot.gaps {
            rows.entry(gap.operation.clone()).or_default().gaps += 1;
        }
    }
    rows.into_iter()
        .map(|(operation, row)| OperationRow { operation, ..row })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_told_together() {
        assert_eq!(spans(&[0]), "S1");
        assert_eq!(spans(&[0, 1, 2, 5]), "S1–S3, S6");
    }
}
