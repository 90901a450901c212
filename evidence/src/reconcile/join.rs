//! The join, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Class, Coverage, Event, LATE, RETENTION_DAYS, Row, TOLERANCE};
use crate::clock::Timestamp;

/// The calls that a reconciliation makes.
const LOOKUPS: [&str; 2] = ["GetCallerIdentity", "LookupEvents"];
/// What signing with a KMS key calls.
const SIGNING: [&str; 2] = ["GetPublicKey", "Sign"];

/// A run that ended without a snapshot: its calls were made, and are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aborted {
    /// Run id.
    pub run: String,
    /// When it was opened.
    pub from: Timestamp,
    /// When it was closed, or the latest moment known.
    pub to: Timestamp,
}

/// What is known besides calls and events.
pub struct Scene<'a> {
    /// What CloudTrail can be expected to have.
    pub coverage: &'a Coverage,
    /// When the events were looked up, where the event history was asked; `None` for log files.
    pub asked_at: Option<Timestamp>,
    /// Whether events of this account, region and moment were looked at.
    pub covered: &'a dyn Fn(&str, &str, Timestamp) -> bool,
    /// Why a region of an account could not be looked up.
    pub refused: &'a BTreeMap<(String, String), String>,
    /// Region and request id of the exchanges of other snapshots of the locker.
    pub elsewhere: &'a BTreeSet<(String, String)>,
    /// Request ids of the calls of this and of earlier reconciliations.
    pub lookups: &'a BTreeSet<String>,
    /// Names of the sessions that runs of this locker asked for.
    pub sessions: &'a BTreeSet<String>,
    /// Runs without a snapshot.
    pub aborted: &'a [Aborted],
    /// Whether the log names a key of AWS KMS: signing with it is no collection.
    pub signs_with_kms: bool,
}

/// Joins calls with events; gives a row for each call, and for each event that is no call.
pub fn join(calls: &[Call], events: &[Event], scene: &Scene<'_>) -> Vec<Row> {
    let mut by_id: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for event in events {
        // A file may be given twice, and two lookups may overlap.
        if known.insert(event.id.as_str())
            && let Some(id) = &event.request_id
        {
            by_id.entry(id).or_default().push(event);
        }
    }
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut rows = Vec::new();
    for call in calls {
        let candidates = call
            .request_id
            .as_deref()
            .and_then(|id| by_id.get(id))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let here = candidates.iter().find(|event| event.region == call.region);
        let row = match here.or(candidates.first()) {
            Some(event) if !taken.insert(event.id.as_str()) => {
                let why = "another exchange has the same request id".to_owned();
                told(call, Class::Mismatched, Some(event), why)
            }
            Some(event) => {
                let why = differences(call, event, scene.coverage).join("; ");
                let class = if why.is_empty() {
                    Class::Matched
                } else {
                    Class::Mismatched
                };
                told(call, class, Some(event), why)
            }
            None => {
                let (class, why) = alone(call, scene);
                told(call, class, None, why)
            }
        };
        rows.push(row);
    }
    let mut seen = BTreeSet::new();
    for event in events {
        if !taken.contains(event.id.as_str()) && seen.insert(event.id.as_str()) {
            let (class, why) = uncalled(event, scene);
            rows.push(Row {
                class,
                run: None,
                exchange: None,
                account: event.account.clone(),
                region: event.region.clone(),
                operation: event.operation(),
                request_id: event.request_id.clone(),
                event_id: Some(event.id.clone()),
                at: event.at,
                why,
            });
        }
    }
    rows.sort();
    rows
}

fn told(call: &Call, class: Class, event: Option<&&Event>, why: String) -> Row {
    Row {
        class,
        run: Some(call.run.clone()),
        exchange: Some(call.exchange),
        account: call.account.clone(),
        region: call.region.clone(),
        operation: format!("{}:{}", call.service, call.operation),
        request_id: call.request_id.clone(),
        event_id: event.map(|event| event.id.clone()),
        at: call.at(),
        why,
    }
}

/// What a call and its event do not agree in.
fn differences(call: &Call, event: &Event, coverage: &Coverage) -> Vec<String> {
    let mut found = Vec::new();
    if event.region != call.region {
        found.push(format!("CloudTrail has it in {}", event.region));
    }
    if !event.account.is_empty() && event.account != call.account {
        found.push(format!("CloudTrail has it in account {}", event.account));
    }
    found.extend(coverage.differs(call, event));
    if let (Some(ours), Some(theirs)) = (&call.access_key_id, &event.access_key_id)
        && ours != theirs
    {
        found.push(format!("the access key is {ours} here, {theirs} in CloudTrail"));
    }
    let apart = (event.at.unix() - call.at().unix()).abs();
    if apart > TOLERANCE {
        found.push(format!("CloudTrail dates it {}, {apart} s from AWS's answer", event.at));
    }
    // Services name their errors one way in the answer and another way in CloudTrail: that there
    // was one is compared, not its name.
    match (call.status, &event.error_code) {
        (Some(200..=399), Some(code)) => found.push(format!("it was answered here, refused in CloudTrail ({code})")),
        (Some(status @ 400..), None) => found.push(format!("it failed here (HTTP {status}), succeeded in CloudTrail")),
        _ => {}
    }
    found
}

/// What a call without an event is.
fn alone(call: &Call, scene: &Scene<'_>) -> (Class, String) {
    if call.request_id.is_none() {
        return (
            Class::NotExpected,
            "there was no answer with a request id to look for".to_owned(),
        );
    }
    if let Some(why) = scene.coverage.not_logged(call) {
        return (Class::NotExpected, why);
    }
    // What AWS turns away before it looks at it may never reach the service that writes events.
    if let Some(status @ (429 | 500..)) = call.status {
        return (
            Class::NotExpected,
            format!("HTTP {status}: it was turned away, perhaps before it could be written down"),
        );
    }
    if let Some(why) = scene.refused.get(&(call.account.clone(), call.region.clone())) {
        return (Class::NotLookedUp, why.clone());
    }
    if let Some(asked_at) = scene.asked_at {
        if call.at().unix() < asked_at.unix() - RETENTION_DAYS * 86_400 {
            return (
                Class::OutOfRetention,
                format!("CloudTrail's event history goes back {RETENTION_DAYS} days"),
            );
        }
        if call.at().unix() > asked_at.unix() - LATE {
            let minutes = LATE / 60;
            return (
                Class::TooRecent,
                format!("CloudTrail may be {minutes} minutes late: reconcile again"),
            );
        }
    }
    if !(scene.covered)(&call.account, &call.region, call.at()) {
        return (
            Class::NotLookedUp,
            "no events of this place and moment were given".to_owned(),
        );
    }
    (Class::LockerOnly, "CloudTrail has no such call".to_owned())
}

/// What an event without a call is.
fn uncalled(event: &Event, scene: &Scene<'_>) -> (Class, String) {
    if let Some(id) = &event.request_id {
        if scene.elsewhere.contains(&(event.region.clone(), id.clone())) {
            return (
                Class::Accounted,
                "an exchange of another snapshot of this locker".to_owned(),
            );
        }
        if LOOKUPS.contains(&event.name.as_str()) && scene.lookups.contains(id) {
            return (Class::Accounted, "a call that a reconciliation made".to_owned());
        }
    }
    if event.name == "AssumeRole"
        && event
            .assumed_session
            .as_ref()
            .is_some_and(|name| scene.sessions.contains(name))
    {
        return (Class::Accounted, "a run of this locker got its credentials".to_owned());
    }
    if scene.signs_with_kms && event.source.starts_with("kms.amazonaws.") && SIGNING.contains(&event.name.as_str()) {
        return (
            Class::Accounted,
            "signing with the KMS key that the log names".to_owned(),
        );
    }
    if let Some(service) = &event.invoked_by {
        return (Class::Accounted, format!("{service} called on the caller's behalf"));
    }
    let within = |run: &&Aborted| (run.from.unix() - TOLERANCE..=run.to.unix() + TOLERANCE).contains(&event.at.unix());
    if let Some(run) = scene.aborted.iter().find(within) {
        return (
            Class::Accounted,
            format!(
                "while run {} was open, which the log says ended without a snapshot",
                run.run
            ),
        );
    }
    let caller = event.caller.as_deref().unwrap_or("the same caller");
    (
        Class::CloudtrailOnly,
        format!("{caller} made a call that no run of this locker has"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn call(n: u64) -> Call {
        Call {
            run: "r".into(),
            exchange: n,
            account: "111122223333".into(),
            region: "us-east-1".into(),
            service: "iam".into(),
            operation: "ListUsers".into(),
            request_id: Some(format!("id-{n}")),
            access_key_id: Some("AKIA".into()),
            status: Some(200),
            aws_date: Some(at("2025-06-30T00:00:10Z")),
            sent_at: at("2025-06-30T00:00:09Z"),
        }
    }

    fn event(n: u64) -> Event {
        Event {
            at: at("2025-06-30T00:00:12Z"),
            id: format!("e-{n}"),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            source: "iam.amazonaws.com".into(),
            name: "ListUsers".into(),
            request_id: Some(format!("id-{n}")),
            access_key_id: Some("AKIA".into()),
            caller: Some("arn:aws:iam::111122223333:user/x".into()),
            issuer: None,
            invoked_by: None,
            error_code: None,
            assumed_session: None,
        }
    }

    struct Given {
        asked_at: Option<Timestamp>,
        covered: bool,
        refused: BTreeMap<(String, String), String>,
        elsewhere: BTreeSet<(String, String)>,
        lookups: BTreeSet<String>,
        sessions: BTreeSet<String>,
        aborted: Vec<Aborted>,
        signs_with_kms: bool,
    }

    impl Default for Given {
        fn default() -> Self {
            Self {
                asked_at: Some(at("2025-07-01T00:00:00Z")),
                covered: true,
                refused: BTreeMap::new(),
                elsewhere: BTreeSet::new(),
                lookups: BTreeSet::new(),
                sessions: BTreeSet::new(),
                aborted: Vec::new(),
                signs_with_kms: false,
            }
        }
    }

    impl Given {
        fn join(&self, calls: &[Call], events: &[Event]) -> Vec<(Class, String)> {
            let coverage = Coverage::builtin().unwrap();
            let covered = |_: &str, _: &str, _: Timestamp| self.covered;
            let scene = Scene {
                coverage: &coverage,
                asked_at: self.asked_at,
                covered: &covered,
                refused: &self.refused,
                elsewhere: &self.elsewhere,
                lookups: &self.lookups,
                sessions: &self.sessions,
                aborted: &self.aborted,
                signs_with_kms: self.signs_with_kms,
            };
            join(calls, events, &scene)
                .into_iter()
                .map(|row| (row.class, row.why))
                .collect()
        }

        fn one(&self, call: Call, events: &[Event]) -> (Class, String) {
            self.join(&[call], events).remove(0)
        }
    }

    #[test]
    fn what_agrees_is_matched_once() {
        assert_eq!(
            Given::default().join(&[call(1)], &[event(1), event(1)]),
            [(Class::Matched, String::new())]
        );
        let twice = Call { exchange: 2, ..call(1) };
        let rows = Given::default().join(&[call(1), twice], &[event(1)]);
        assert_eq!(
            rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            [Class::Mismatched, Class::Matched]
        );
    }

    #[test]
    fn every_disagreement_is_named() {
        let of = |change: &dyn Fn(&mut Event), says: &str| {
            let mut event = event(1);
            change(&mut event);
            let (class, why) = Given::default().one(call(1), &[event]);
            assert!(class == Class::Mismatched && why.contains(says), "{class} {why}");
        };
        of(&|e| e.name = "ListRoles".into(), "ListRoles");
        of(&|e| e.source = "sts.amazonaws.com".into(), "sts.amazonaws.com");
        of(&|e| e.region = "eu-west-1".into(), "in eu-west-1");
        of(&|e| e.account = "999999999999".into(), "account 999999999999");
        of(&|e| e.access_key_id = Some("ASIA".into()), "ASIA in CloudTrail");
        of(&|e| e.at = at("2025-06-30T00:00:16Z"), "6 s from");
        of(&|e| e.error_code = Some("AccessDenied".into()), "refused in CloudTrail");
        let denied = Call {
            status: Some(403),
            ..call(1)
        };
        let (class, why) = Given::default().one(denied, &[event(1)]);
        assert!(
            class == Class::Mismatched && why.contains("succeeded in CloudTrail"),
            "{why}"
        );
        let edge = Event {
            at: at("2025-06-30T00:00:15Z"),
            ..event(1)
        };
        assert_eq!(Given::default().one(call(1), &[edge]).0, Class::Matched);
    }

    #[test]
    fn a_call_without_an_event() {
        let class = |given: &Given, call: Call| given.one(call, &[]).0;
        let given = Given::default();
        assert_eq!(class(&given, call(1)), Class::LockerOnly);
        let data = Call {
            service: "s3".into(),
            operation: "ListObjectsV2".into(),
            ..call(1)
        };
        assert_eq!(class(&given, data), Class::NotExpected);
        assert_eq!(
            class(
                &given,
                Call {
                    request_id: None,
                    ..call(1)
                }
            ),
            Class::NotExpected
        );
        assert_eq!(
            class(
                &given,
                Call {
                    status: Some(503),
                    ..call(1)
                }
            ),
            Class::NotExpected
        );
        assert_eq!(
            class(
                &given,
                Call {
                    status: Some(403),
                    ..call(1)
                }
            ),
            Class::LockerOnly
        );
        let asked = |text: &str| Given {
            asked_at: Some(at(text)),
            ..Given::default()
        };
        assert_eq!(class(&asked("2025-06-30T00:15:09Z"), call(1)), Class::TooRecent);
        assert_eq!(class(&asked("2025-06-30T00:15:10Z"), call(1)), Class::LockerOnly);
        assert_eq!(class(&asked("2025-09-28T00:00:10Z"), call(1)), Class::LockerOnly);
        assert_eq!(class(&asked("2025-09-28T00:00:11Z"), call(1)), Class::OutOfRetention);
        let place = ("111122223333".to_owned(), "us-east-1".to_owned());
        let refused = Given {
            refused: BTreeMap::from([(place, "AccessDenied".to_owned())]),
            ..Given::default()
        };
        assert_eq!(
            refused.one(call(1), &[]),
            (Class::NotLookedUp, "AccessDenied".to_owned())
        );
        let files = Given {
            asked_at: None,
            covered: false,
            ..Given::default()
        };
        assert_eq!(class(&files, call(1)), Class::NotLookedUp);
        assert_eq!(class(&Given { covered: true, ..files }, call(1)), Class::LockerOnly);
    }

    #[test]
    fn an_event_without_a_call() {
        let class = |given: &Given, event: Event| given.join(&[], &[event]).remove(0).0;
        assert_eq!(class(&Given::default(), event(1)), Class::CloudtrailOnly);
        let elsewhere = Given {
            elsewhere: BTreeSet::from([("us-east-1".to_owned(), "id-1".to_owned())]),
            ..Given::default()
        };
        assert_eq!(class(&elsewhere, event(1)), Class::Accounted);
        assert_eq!(
            class(
                &elsewhere,
                Event {
                    region: "eu-west-1".into(),
                    ..event(1)
                }
            ),
            Class::CloudtrailOnly
        );
        let lookups = Given {
            lookups: BTreeSet::from(["id-1".to_owned()]),
            ..Given::default()
        };
        assert_eq!(class(&lookups, event(1)), Class::CloudtrailOnly);
        let lookup = Event {
            name: "LookupEvents".into(),
            ..event(1)
        };
        assert_eq!(class(&lookups, lookup), Class::Accounted);
        let sessions = Given {
            sessions: BTreeSet::from(["evl1.x".to_owned()]),
            ..Given::default()
        };
        let assumed = |name: &str| Event {
            name: "AssumeRole".into(),
            assumed_session: Some(name.into()),
            ..event(1)
        };
        assert_eq!(class(&sessions, assumed("evl1.x")), Class::Accounted);
        assert_eq!(class(&sessions, assumed("evl1.y")), Class::CloudtrailOnly);
        let signing = Event {
            source: "kms.amazonaws.com".into(),
            name: "Sign".into(),
            ..event(1)
        };
        let with_kms = Given {
            signs_with_kms: true,
            ..Given::default()
        };
        assert_eq!(class(&with_kms, signing.clone()), Class::Accounted);
        assert_eq!(class(&with_kms, event(1)), Class::CloudtrailOnly);
        assert_eq!(class(&Given::default(), signing), Class::CloudtrailOnly);
        let behalf = Event {
            invoked_by: Some("s3.amazonaws.com".into()),
            ..event(1)
        };
        assert_eq!(class(&Given::default(), behalf), Class::Accounted);
        let aborted = |to: &str| Given {
            aborted: vec![Aborted {
                run: "a".into(),
                from: at("2025-06-30T00:00:00Z"),
                to: at(to),
            }],
            ..Given::default()
        };
        assert_eq!(class(&aborted("2025-06-30T00:00:07Z"), event(1)), Class::Accounted);
        assert_eq!(class(&aborted("2025-06-30T00:00:06Z"), event(1)), Class::CloudtrailOnly);
    }
}
