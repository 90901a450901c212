//! The evidence index: every exchange with the digest of what came back.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Chapter, label};
use crate::Engagement;

/// Exchanges that the binder lists in full.
const LISTED: usize = 3_000;

/// The exchanges, by run and day.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceIndex {
    /// All exchanges there are.
    pub total: usize,
    /// All are listed; else only those that a verdict or a gap names.
    pub complete: bool,
    /// Exchanges listed.
    pub listed: usize,
    /// By run and day.
    pub days: Vec<DayOfRun>,
}

/// The exchanges of one run on one day.
#[derive(Clone, Debug, Serialize)]
pub struct DayOfRun {
    /// `S1`, `S2`, …
    pub label: String,
    /// Run id.
    pub run: String,
    /// UTC day.
    pub day: String,
    /// In order.
    pub exchanges: Vec<ExchangeRow>,
}

/// An exchange.
#[derive(Clone, Debug, Serialize)]
pub struct ExchangeRow {
    /// Number.
    pub i: u64,
    /// UTC time of day when it was sent.
    pub time: String,
    /// `service:Operation`.
    pub operation: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// HTTP status, or how it failed.
    pub status: String,
    /// AWS's request id, or empty.
    pub request_id: String,
    /// SHA-256 of the body, or empty.
    pub sha256: String,
}

pub(super) fn index(engagement: &Engagement<'_>, chapters: &[Chapter]) -> EvidenceIndex {
    let total = engagement.snapshots.iter().map(|s| s.snapshot.exchanges.len()).sum();
    let complete = total <= LISTED;
    let sources = chapters.iter().flat_map(|c| &c.workpapers).flat_map(|w| &w.sources);
    let named: BTreeSet<(&str, u64)> = sources.map(|s| (s.run.as_str(), s.exchange)).collect();
    let mut days: Vec<DayOfRun> = Vec::new();
    for (place, input) in engagement.snapshots.iter().enumerate() {
        let run = &input.snapshot.meta.run;
        for exchange in input
            .snapshot
            .exchanges
            .iter()
            .filter(|e| complete || named.contains(&(run, e.i)))
        {
            let day = exchange.sent_at.day().to_string();
            if days.last().is_none_or(|last| last.run != *run || last.day != day) {
                days.push(DayOfRun {
                    label: label(place),
                    run: run.clone(),
                    day,
                    exchanges: Vec::new(),
                });
            }
            let row = ExchangeRow {
                i: exchange.i,
                time: exchange.sent_at.utc().format("%H:%M:%S").to_string(),
                operation: exchange.call(),
                account: exchange.account.clone(),
                region: exchange.region.clone(),
                status: exchange.status.map_or_else(|| "none".to_owned(), |s| s.to_string()),
                request_id: exchange.request_id.clone().unwrap_or_default(),
                sha256: exchange.body_sha256.map_or_else(String::new, |d| d.to_string()),
            };
            if let Some(last) = days.last_mut() {
                last.exchanges.push(row);
            }
        }
    }
    EvidenceIndex {
        total,
        complete,
        listed: days.iter().map(|d| d.exchanges.len()).sum(),
        days,
    }
}
