//! What is looked for, and what the locker knows besides.

use std::collections::{BTreeMap, BTreeSet};

use evidence::clock::Timestamp;
use evidence::locker::Locker;
use evidence::log::EntryType;
use evidence::reconcile::{Aborted, Call, Event, EventSource};

use crate::assessing::Subject;
use crate::exit::Stop;

/// Seconds before and after a run in which its caller's events are looked at.
const AROUND: i64 = 300;

/// Who called in one account.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// ARNs, as GetCallerIdentity gave them.
    pub arns: BTreeSet<String>,
    /// Access key ids that signed.
    pub keys: BTreeSet<String>,
    /// Regions asked.
    pub regions: BTreeSet<String>,
}

impl Caller {
    /// Did this caller make the event's call? `roles` are ARNs of roles that it is a session of.
    pub fn made(&self, event: &Event, roles: &BTreeSet<String>) -> bool {
        event.caller.as_ref().is_some_and(|arn| self.arns.contains(arn))
            || event.access_key_id.as_ref().is_some_and(|key| self.keys.contains(key))
            || event.issuer.as_ref().is_some_and(|role| roles.contains(role))
    }

    /// The roles behind its sessions, as far as its own events tell.
    pub fn roles<'e>(&self, events: impl IntoIterator<Item = &'e Event>) -> BTreeSet<String> {
        events
            .into_iter()
            .filter(|event| event.caller.as_ref().is_some_and(|arn| self.arns.contains(arn)))
            .filter_map(|event| event.issuer.clone())
            .collect()
    }
}

/// The calls to look for.
pub struct Scope {
    /// Runs, oldest first.
    pub runs: Vec<String>,
    /// Their exchanges.
    pub calls: Vec<Call>,
    /// Who called, by account.
    pub callers: BTreeMap<String, Caller>,
    /// From when on events are looked at.
    pub from: Timestamp,
    /// Up to when.
    pub to: Timestamp,
}

impl Scope {
    /// Of a subject's snapshots. A period is looked at as a whole, so that a run that is missing
    /// from the locker is noticed; a snapshot with five minutes before and after it.
    pub fn of(locker: &Locker, subject: &Subject, now: Timestamp) -> Result<Self, Stop> {
        let mut scope = Self {
            runs: Vec::new(),
            calls: Vec::new(),
            callers: BTreeMap::new(),
            from: now,
            to: now,
        };
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for entry in subject.entries(locker)? {
            let snapshot = locker.load(&entry.run)?;
            first = first.min(snapshot.meta.opened_at.unix());
            last = last.max(snapshot.meta.closed_at.unix());
            for exchange in &snapshot.exchanges {
                // CloudTrail's time is AWS's, whatever the local clock said.
                let call = Call::of(&entry.run, exchange);
                first = first.min(call.at().unix());
                last = last.max(call.at().unix());
                let caller = scope.callers.entry(call.account.clone()).or_default();
                caller.keys.extend(call.access_key_id.clone());
                caller.regions.insert(call.region.clone());
                scope.calls.push(call);
            }
            for account in &snapshot.meta.accounts {
                let caller = scope.callers.entry(account.account.clone()).or_default();
                caller.regions.extend(account.regions.iter().cloned());
                if !account.caller_arn.is_empty() {
                    caller.arns.insert(account.caller_arn.clone());
                }
            }
            scope.runs.push(entry.run);
        }
        // An account that nobody could tell has nobody to look for.
        scope.callers.remove("unknown");
        for caller in scope.callers.values_mut() {
            caller.regions.remove("");
        }
        if let Some(period) = subject.period() {
            first = first.min(Timestamp::start_of(period.start).unix());
            last = last.max(Timestamp::start_of(period.end).unix());
        }
        let at = |seconds: i64| Timestamp::from_unix(seconds).unwrap_or(now);
        scope.from = at(first - AROUND).min(now);
        scope.to = at(last + AROUND).min(now);
        Ok(scope)
    }
}

/// Spans of time, by account and region.
pub type Spans = BTreeMap<(String, String), Vec<(Timestamp, Timestamp)>>;

/// Events, and where they are from.
pub struct Found {
    /// Events of the callers, and those that have the request id of a call.
    pub events: Vec<Event>,
    /// Where they are from.
    pub source: EventSource,
    /// Why a region of an account could not be looked up.
    pub refused: BTreeMap<(String, String), String>,
    /// Spans that log files cover, by account and region; `None` where the history was asked.
    pub spans: Option<Spans>,
}

impl Found {
    /// Were events of this place and moment looked at?
    pub fn covers(&self, account: &str, region: &str, at: Timestamp) -> bool {
        let Some(spans) = &self.spans else {
            let mut places = self.source.looked_up.iter();
            return places.any(|place| place.account == account && place.region == region);
        };
        let here = spans.get(&(account.to_owned(), region.to_owned()));
        here.is_some_and(|spans| spans.iter().any(|(from, to)| (*from..=*to).contains(&at)))
    }
}

/// What the locker accounts for besides the calls.
pub struct Known {
    /// Region and request id of the exchanges of its other snapshots.
    pub elsewhere: BTreeSet<(String, String)>,
    /// Request ids of reconciliations.
    pub lookups: BTreeSet<String>,
    /// Names of the sessions that its runs asked for.
    pub sessions: BTreeSet<String>,
    /// Runs without a snapshot.
    pub aborted: Vec<Aborted>,
    /// Whether the log names a key of AWS KMS.
    pub signs_with_kms: bool,
}

impl Known {
    /// Of a locker; `own` are the request ids of the reconciliation in progress.
    pub fn of(locker: &Locker, scope: &Scope, own: &[String]) -> Result<Self, Stop> {
        let mut elsewhere = BTreeSet::new();
        for entry in locker
            .snapshots()?
            .iter()
            .filter(|entry| !scope.runs.contains(&entry.run))
        {
            for exchange in &locker.load(&entry.run)?.exchanges {
                let call = Call::of(&entry.run, exchange);
                elsewhere.extend(call.request_id.map(|id| (call.region, id)));
            }
        }
        let mut lookups: BTreeSet<String> = own.iter().cloned().collect();
        for earlier in locker.reconciliations()? {
            lookups.extend(earlier.result.source.request_ids);
        }
        let witnesses = locker.entries().iter().filter(|e| e.r#type == EntryType::Witness);
        Ok(Self {
            elsewhere,
            lookups,
            sessions: witnesses
                .filter_map(|entry| entry.text("session_name"))
                .map(str::to_owned)
                .collect(),
            aborted: aborted(locker),
            signs_with_kms: locker
                .entries()
                .iter()
                .any(|entry| entry.r#type == EntryType::KeyAdd && entry.text("source") == Some("kms")),
        })
    }
}

/// Runs that were opened and gave no snapshot: their calls are not kept.
fn aborted(locker: &Locker) -> Vec<Aborted> {
    let entries = locker.entries();
    let closing = |run: &str| {
        entries
            .iter()
            .find(|e| matches!(e.r#type, EntryType::Snapshot | EntryType::RunAbort) && e.text("run") == Some(run))
    };
    entries
        .iter()
        .filter(|entry| entry.r#type == EntryType::RunOpen)
        .filter_map(|open| {
            let run = open.text("run")?;
            let to = match closing(run) {
                Some(close) if close.r#type == EntryType::Snapshot => return None,
                Some(close) => close.at,
                None => locker.known_until()?,
            };
            Some(Aborted {
                run: run.to_owned(),
                from: open.at,
                to,
            })
        })
        .collect()
}
