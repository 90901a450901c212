//! Do the locker and AWS's own log tell of the same calls?
//!
//! CloudTrail shows that a call was made, by whom and when; it does not show what a read
//! returned. The two sides are joined on region and request id, in both directions. Pure: the
//! events come from `LookupEvents` or from log files, which is the caller's business.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::exchange::{Exchange, Outcome};

mod coverage;
mod digests;
mod event;
mod files;
mod join;

pub use coverage::{Coverage, CoverageError};
pub use digests::{DigestFile, DigestsChecked, PublicKey, check_digests};
pub use event::Event;
pub use files::{LogFile, LogFileError, inflate};
pub use join::{Aborted, Scene, join};

/// `schema` of the result.
pub const SCHEMA: &str = "exhibit.reconcile/1";

/// Seconds that CloudTrail's time of a call may lie from the `Date` of its answer.
pub const TOLERANCE: i64 = 5;
/// Seconds after which CloudTrail is documented to have delivered an event, with some to spare.
pub const LATE: i64 = 15 * 60;
/// Days for which CloudTrail's event history keeps events.
pub const RETENTION_DAYS: i64 = 90;

/// What became of one call, or of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// CloudTrail has the call, but not as the locker tells it.
    Mismatched,
    /// CloudTrail should have the call, and has not: it may never have been made.
    LockerOnly,
    /// The same caller made a call that no run of this locker has: collection outside the log.
    CloudtrailOnly,
    /// The region could not be looked up, or no log file covers the moment.
    NotLookedUp,
    /// CloudTrail may still write the event.
    TooRecent,
    /// CloudTrail's history does not go back that far.
    OutOfRetention,
    /// CloudTrail does not write such calls down, or there was no answer to look for.
    NotExpected,
    /// An event that the log accounts for, though it is no exchange of these snapshots.
    Accounted,
    /// Both have it, and they agree.
    Matched,
}

impl Class {
    /// All, worst first.
    pub const ALL: [Self; 9] = [
        Self::Mismatched,
        Self::LockerOnly,
        Self::CloudtrailOnly,
        Self::NotLookedUp,
        Self::TooRecent,
        Self::OutOfRetention,
        Self::NotExpected,
        Self::Accounted,
        Self::Matched,
    ];

    /// As written in the result.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mismatched => "mismatched",
            Self::LockerOnly => "locker-only",
            Self::CloudtrailOnly => "cloudtrail-only",
            Self::NotLookedUp => "not-looked-up",
            Self::TooRecent => "too-recent",
            Self::OutOfRetention => "out-of-retention",
            Self::NotExpected => "not-expected",
            Self::Accounted => "accounted",
            Self::Matched => "matched",
        }
    }

    /// The two sides contradict each other.
    pub fn is_contradiction(self) -> bool {
        matches!(self, Self::Mismatched | Self::LockerOnly | Self::CloudtrailOnly)
    }

    /// Nobody could look.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NotLookedUp | Self::TooRecent | Self::OutOfRetention)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One call or one event, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The class.
    pub class: Class,
    /// Run id; null for an event alone.
    pub run: Option<String>,
    /// Number of the exchange in the run; null for an event alone.
    pub exchange: Option<u64>,
    /// Account.
    pub account: String,
    /// Region: the one in the signature, or the event's.
    pub region: String,
    /// `service:Operation`; for an event alone `eventSource:eventName`.
    pub operation: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// CloudTrail's id of the event.
    pub event_id: Option<String>,
    /// AWS's time of the call: the `Date` of the answer, or the event's.
    pub at: Timestamp,
    /// Why it is of this class; empty for what matched.
    pub why: String,
}

/// A place that was looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookedUp {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// What was looked for: a session name, a user name, an access key id; `all` in log files.
    pub caller: String,
    /// Events found.
    pub events: u64,
    /// Why it could not be looked up; null if it was.
    pub refused: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileUsed {
    /// Its name, without its folder.
    pub name: String,
    /// SHA-256 of its uncompressed bytes, which a digest file names.
    pub sha256: Digest,
    /// Events in it.
    pub events: u64,
    /// A digest file that was checked names it with this digest; null where none was given.
    pub in_digest: Option<bool>,
}

/// Where the events are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSource {
    /// `lookup-events` or `log-files`.
    pub kind: String,
    /// Places that were looked up.
    pub looked_up: Vec<LookedUp>,
    /// Request ids of the calls that looked: they will stand in CloudTrail too.
    pub request_ids: Vec<String>,
    /// Log files that were read.
    pub files: Vec<FileUsed>,
    /// What was found out about the digest files; null where none was given.
    pub digests: Option<DigestsChecked>,
}

/// The result of a reconciliation: an object of the locker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// [`SCHEMA`].
    pub schema: String,
    /// When it was done.
    pub at: Timestamp,
    /// Runs whose exchanges were looked for.
    pub runs: Vec<String>,
    /// From when on events were looked for.
    pub from: Timestamp,
    /// Up to when.
    pub to: Timestamp,
    /// Where the events are from.
    pub source: EventSource,
    /// Rows by class.
    pub counts: BTreeMap<String, u64>,
    /// Every call and every event, worst first.
    pub rows: Vec<Row>,
}

impl Reconciliation {
    /// Numbers of rows by class; every class is there.
    pub fn count(rows: &[Row]) -> BTreeMap<String, u64> {
        let mut counts: BTreeMap<String, u64> = Class::ALL.iter().map(|class| (class.as_str().to_owned(), 0)).collect();
        for row in rows {
            *counts.entry(row.class.as_str().to_owned()).or_default() += 1;
        }
        counts
    }

    /// Rows of classes for which this holds.
    pub fn number(&self, of: impl Fn(Class) -> bool) -> u64 {
        let counted = Class::ALL.iter().filter(|class| of(**class));
        counted.filter_map(|class| self.counts.get(class.as_str())).sum()
    }
}

/// A call as the locker keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Run id.
    pub run: String,
    /// Number of the exchange.
    pub exchange: u64,
    /// Account.
    pub account: String,
    /// The region in the signature, where CloudTrail writes the event.
    pub region: String,
    /// Service.
    pub service: String,
    /// Operation.
    pub operation: String,
    /// Request id.
    pub request_id: Option<String>,
    /// Key that signed.
    pub access_key_id: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The `Date` of the answer.
    pub aws_date: Option<Timestamp>,
    /// When it was sent, by the local clock.
    pub sent_at: Timestamp,
}

impl Call {
    /// Of an exchange of a run.
    pub fn of(run: &str, exchange: &Exchange) -> Self {
        let date = exchange.aws_date.as_deref();
        let region = if exchange.signed_region.is_empty() {
            &exchange.region
        } else {
            &exchange.signed_region
        };
        Self {
            run: run.to_owned(),
            exchange: exchange.i,
            account: exchange.account.clone(),
            region: region.clone(),
            service: exchange.service.clone(),
            operation: exchange.operation.clone(),
            request_id: exchange.request_id.clone().filter(|id| !id.is_empty()),
            access_key_id: exchange.access_key_id.clone(),
            status: exchange.status.filter(|_| exchange.outcome == Outcome::Response),
            aws_date: date
                .and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok())
                .map(|at| Timestamp::new(at.to_utc())),
            sent_at: exchange.sent_at,
        }
    }

    /// AWS's time of the call, as far as there is one.
    pub fn at(&self) -> Timestamp {
        self.aws_date.unwrap_or(self.sent_at)
    }
}
