//! From snapshots to a period: coverage, deviations, Type I and Type II, comparison.

use crate::common::{catalogue, snapshot, tested, users};
use controls::compare::compare;
use controls::period::{Assessment, ControlAssessment, Tested, assess_period, assess_snapshot};
use controls::result::{ControlVerdict, ResourceVerdict};
use controls::settings::Settings;
use evidence::clock::Timestamp;
use evidence::gap::ReasonCode;
use evidence::period::{Period, PeriodType};
use evidence::snapshot::{Chosen, Snapshot, Status};

const LATE: &str = "2026-01-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn period(r#type: PeriodType, start: &str, end: &str) -> Period {
    Period {
        name: "test".to_owned(),
        r#type,
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        closed: false,
    }
}

fn over(snapshots: Vec<Snapshot>, settings: &Settings, known_until: &str) -> Assessment {
    let tested: Vec<Tested> = snapshots
        .into_iter()
        .map(|s| crate::common::tested(s, settings))
        .collect();
    let period = period(PeriodType::TypeII, "2025-01-01", "2025-04-01");
    assess_period(&catalogue(), settings, &period, &tested, at(known_until)).unwrap()
}

fn control(assessment: &Assessment) -> &ControlAssessment {
    assessment
        .controls
        .iter()
        .find(|c| c.control.page.id == "users")
        .unwrap()
}

/// A snapshot in which users could not be listed.
fn denied(as_of: &str) -> Snapshot {
    snapshot(&format!(
        "as_of = \"{as_of}\"\n[[gap]]\noperation = \"iam:ListUsers\"\ncode = \"access-denied\"\n"
    ))
}

const DAYS: [&str; 4] = [
    "2025-01-15T00:00:00Z",
    "2025-02-10T00:00:00Z",
    "2025-03-10T00:00:00Z",
    "2025-03-31T12:00:00Z",
];

#[test]
fn a_covered_period_without_a_fail_passes() {
    let assessment = over(DAYS.map(|d| users(d, &["a", "b"])).to_vec(), &Settings::default(), LATE);
    let users = control(&assessment);
    assert_eq!(
        (users.verdict, users.history.len(), users.members.len()),
        (ControlVerdict::Pass, 4, 2)
    );
    let coverage = users.coverage.clone().unwrap();
    assert_eq!((coverage.holes.len(), coverage.longest.unwrap().days), (0, 28));
    assert!(!assessment.period.unwrap().open);
}

#[test]
fn a_fail_fixed_later_is_a_deviation_all_the_same() {
    let assessment = over(
        vec![
            users(DAYS[0], &["a", "b"]),
            users(DAYS[1], &["a /bad/", "b /bad/"]),
            users(DAYS[2], &["a", "b /bad/"]),
            users(DAYS[3], &["a", "b /bad/", "c"]),
        ],
        &Settings::default(),
        LATE,
    );
    let users = control(&assessment);
    assert_eq!(users.verdict, ControlVerdict::Fail);
    assert_eq!(
        (users.counts.population, users.counts.fail, users.counts.pass),
        (3, 2, 1)
    );
    let [a, b] = users.deviations.as_slice() else {
        panic!("{:?}", users.deviations)
    };
    assert_eq!(
        (a.name.as_str(), a.still_open, a.fixed_by, a.days),
        ("a", false, Some(at(DAYS[2])), 28)
    );
    assert_eq!(
        (b.name.as_str(), b.still_open, b.last_seen, b.days),
        ("b", true, at(DAYS[3]), 49)
    );
    assert!(users.reason.contains("still open: 1"), "{}", users.reason);
    let member = users.members.iter().find(|m| m.result.name == "a").unwrap();
    assert_eq!((member.result.verdict, member.snapshots), (ResourceVerdict::Fail, 4));
    assert_eq!(member.snapshot, assessment.snapshots[1].run);
}

#[test]
fn gone_is_fixed_only_if_everything_was_looked_at() {
    let gone = over(
        vec![
            users(DAYS[0], &["a /bad/"]),
            users(DAYS[1], &[]),
            users(DAYS[2], &[]),
            users(DAYS[3], &[]),
        ],
        &Settings::default(),
        LATE,
    );
    assert_eq!(control(&gone).deviations[0].fixed_by, Some(at(DAYS[1])));
    let unseen = over(
        vec![
            users(DAYS[0], &["a /bad/"]),
            denied(DAYS[1]),
            denied(DAYS[2]),
            users(DAYS[3], &["a /dark/"]),
        ],
        &Settings::default(),
        LATE,
    );
    assert!(control(&unseen).deviations[0].still_open);
}

#[test]
fn a_hole_is_named() {
    let snapshots = || vec![users(DAYS[0], &["a"]), users(DAYS[3], &["a"])];
    let assessment = over(snapshots(), &Settings::default(), LATE);
    let users_ = control(&assessment);
    assert_eq!(
        (users_.verdict, users_.code),
        (ControlVerdict::NotTested, Some(ReasonCode::CoverageGap))
    );
    assert!(
        users_
            .reason
            .contains("from 2025-01-15T00:00:00Z to 2025-03-31T12:00:00Z, 76 days where 31"),
        "{}",
        users_.reason
    );
    let wide = Settings {
        max_gap_days: 76,
        ..Settings::default()
    };
    assert_eq!(control(&over(snapshots(), &wide, LATE)).verdict, ControlVerdict::Pass);
    // A fail stays a fail.
    let failing = over(
        vec![users(DAYS[0], &["a /bad/"]), users(DAYS[3], &["a"])],
        &Settings::default(),
        LATE,
    );
    assert_eq!(
        (control(&failing).verdict, control(&failing).incomplete),
        (ControlVerdict::Fail, true)
    );
}

#[test]
fn exactly_the_allowed_days_are_no_hole() {
    let exact = ["2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"];
    let assessment = over(exact.map(|d| users(d, &["a"])).to_vec(), &Settings::default(), LATE);
    assert_eq!(control(&assessment).verdict, ControlVerdict::Pass, "31, 28 and 31 days");
    let late = ["2025-02-01T00:00:01Z", "2025-03-01T00:00:00Z"];
    let assessment = over(late.map(|d| users(d, &["a"])).to_vec(), &Settings::default(), LATE);
    assert_eq!(
        control(&assessment).code,
        Some(ReasonCode::CoverageGap),
        "a second more"
    );
}

#[test]
fn an_open_period_is_measured_up_to_what_is_known() {
    let snapshots = || vec![users(DAYS[0], &["a"]), users(DAYS[1], &["a"])];
    let open = over(snapshots(), &Settings::default(), "2025-02-11T00:00:00Z");
    let measured = open.period.as_ref().unwrap();
    assert_eq!((measured.open, measured.until), (true, at("2025-02-11T00:00:00Z")));
    assert_eq!(control(&open).verdict, ControlVerdict::Pass);
    let stale = over(snapshots(), &Settings::default(), "2025-03-31T00:00:00Z");
    assert_eq!(control(&stale).code, Some(ReasonCode::CoverageGap));
}

#[test]
fn only_snapshots_that_tested_the_control_cover_it() {
    let between = over(
        vec![
            users(DAYS[0], &["a"]),
            denied("2025-01-30T00:00:00Z"),
            users(DAYS[1], &["a"]),
            users(DAYS[2], &["a"]),
        ],
        &Settings::default(),
        LATE,
    );
    assert_eq!(control(&between).verdict, ControlVerdict::Pass, "the others cover it");
    let hole = over(
        vec![users(DAYS[0], &["a"]), denied(DAYS[1]), users(DAYS[2], &["a"])],
        &Settings::default(),
        LATE,
    );
    assert_eq!(control(&hole).code, Some(ReasonCode::CoverageGap));
    let never = over(DAYS.map(denied).to_vec(), &Settings::default(), LATE);
    assert_eq!(
        control(&never).code,
        Some(ReasonCode::AccessDenied),
        "the better reason"
    );
}

#[test]
fn every_account_must_be_covered() {
    let both = |as_of: &str| {
        snapshot(&format!(
            "as_of = \"{as_of}\"\n[[iam_user]]\nname = \"a\"\n[[iam_user]]\naccount = \"444455556666\"\nname = \"b\"\n"
        ))
    };
    let assessment = over(
        vec![
            users(DAYS[0], &["a"]),
            users(DAYS[1], &["a"]),
            both(DAYS[2]),
            both(DAYS[3]),
        ],
        &Settings::default(),
        LATE,
    );
    let users = control(&assessment);
    assert_eq!(users.code, Some(ReasonCode::CoverageGap));
    assert!(users.reason.contains("account 444455556666"), "{}", users.reason);
}

#[test]
fn type_one_takes_the_last_complete_snapshot() {
    let settings = Settings::default();
    let mut partial = users(DAYS[3], &["a"]);
    partial.meta.status = Status::Partial;
    let tested: Vec<_> = [users(DAYS[0], &["a"]), users(DAYS[2], &["a /bad/"]), partial.clone()]
        .into_iter()
        .map(|s| tested(s, &settings))
        .collect();
    let one = period(PeriodType::TypeI, "2025-01-01", "2025-04-01");
    let assess = |tested: &[Tested]| assess_period(&catalogue(), &settings, &one, tested, at(LATE)).unwrap();
    let assessment = assess(&tested);
    assert_eq!(assessment.snapshots.len(), 1);
    assert_eq!(assessment.snapshots[0].opened_at, at(DAYS[2]));
    assert_eq!(control(&assessment).verdict, ControlVerdict::Fail);
    assert!(control(&assessment).coverage.is_none());
    assert_eq!(
        assess(&tested[2..]).snapshots[0].status,
        Status::Partial,
        "there is no other"
    );
}

#[test]
fn a_period_without_a_snapshot_names_the_nearest() {
    let settings = Settings::default();
    let tested = [tested(users(DAYS[0], &["a"]), &settings)];
    let assess = |start: &str, end: &str, tested: &[Tested]| {
        let period = period(PeriodType::TypeII, start, end);
        assess_period(&catalogue(), &settings, &period, tested, at(LATE))
            .unwrap_err()
            .to_string()
    };
    assert!(
        assess("2025-02-01", "2025-03-01", &tested).contains("the last one before it is 20250115T000000Z-00000000")
    );
    assert!(
        assess("2024-02-01", "2025-01-15", &tested).contains("the first one after it is"),
        "the end is not in it"
    );
    assert!(assess("2025-02-01", "2025-03-01", &[]).contains("none at all"));
}

#[test]
fn every_criterion_is_there() {
    let settings = Settings::default();
    let assessment = assess_snapshot(
        &catalogue(),
        &settings,
        tested(users(DAYS[0], &["a /bad/", "b"]), &settings),
    );
    assert_eq!(assessment.criteria.len(), 61);
    let criterion = |id: &str| assessment.criteria.iter().find(|c| c.criterion.id == id).unwrap();
    assert_eq!(criterion("CC6.1").verdict, Some(ControlVerdict::Fail));
    assert_eq!(criterion("CC6.1").statement, "1 of 1 control deviate.");
    assert_eq!(criterion("CC6.6").verdict, Some(ControlVerdict::NotTested));
    assert_eq!(
        (criterion("CC1.1").verdict, criterion("CC1.1").statement.as_str()),
        (None, "No AWS evidence.")
    );
    serde_json::to_value(&assessment).unwrap();
}

#[test]
fn two_assessments_side_by_side() {
    let settings = Settings::default();
    let assess = |snapshot: Snapshot, settings: &Settings| {
        assess_snapshot(&catalogue(), settings, crate::common::tested(snapshot, settings))
    };
    let then = assess(
        users(
            DAYS[0],
            &["old /bad/", "fixed /bad/", "dark /bad/", "left /bad/", "good"],
        ),
        &settings,
    );
    let now = assess(
        users(DAYS[3], &["old /bad/", "fixed", "dark /dark/", "new /bad/", "good"]),
        &settings,
    );
    let comparison = compare(&then, &now);
    let users_ = comparison.controls.iter().find(|c| c.id == "users").unwrap();
    let names = |list: &[controls::compare::Standout]| list.iter().map(|s| s.identity.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&users_.new_fails), ["new"]);
    assert_eq!(names(&users_.still_failing), ["old"]);
    assert_eq!(users_.still_failing[0].days, 75);
    assert!(users_.comparable && !comparison.catalogue_changed);
    // `now` is incomplete, so `left` may still be there.
    assert_eq!(names(&users_.fixed), ["fixed"]);
    assert_eq!(names(&users_.not_seen), ["dark", "left"]);
    assert!(users_.vanished.is_empty());
    assert_eq!(
        users_.appeared.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(),
        ["new"]
    );

    let complete = assess(users(DAYS[3], &["old /bad/", "good"]), &settings);
    let comparison = compare(&then, &complete);
    let users_ = comparison.controls.iter().find(|c| c.id == "users").unwrap();
    assert_eq!(names(&users_.fixed), ["dark", "fixed", "left"]);
    assert_eq!(users_.vanished.len(), 3);

    let set = "[parameters.buckets]\nlimit = { value = 5, by = \"CISO\", why = \"policy\" }";
    let other: Settings = toml::from_str(set).unwrap();
    let comparison = compare(&then, &assess(denied(DAYS[3]), &other));
    let buckets = comparison.controls.iter().find(|c| c.id == "buckets").unwrap();
    assert!(!buckets.comparable);
    assert_eq!(buckets.parameters[0].why.as_deref(), Some("CISO: policy"));
    assert_eq!(comparison.coverage.calls_lost[0].operation, "iam:ListUsers");
    serde_json::to_value(&comparison).unwrap();
}

/// A run for these controls alone, of the two in scope.
fn only(mut snapshot: Snapshot, ids: &[&str]) -> Snapshot {
    snapshot.meta.controls = Some(Chosen {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        of: 2,
    });
    snapshot
}

#[test]
fn a_run_for_other_controls_covers_no_day() {
    // In the middle of the period and at its end somebody asked for the buckets alone.
    let chosen = |ids: &[&str]| {
        let snapshots = vec![
            users(DAYS[0], &["a"]),
            only(users(DAYS[1], &["a"]), ids),
            users(DAYS[2], &["a"]),
            only(users(DAYS[3], &[]), ids),
        ];
        over(snapshots, &Settings::default(), LATE)
    };
    let asked = chosen(&["users"]);
    assert_eq!(control(&asked).verdict, ControlVerdict::Pass);
    assert_eq!(control(&asked).history.len(), 4);

    let not_asked = chosen(&["buckets"]);
    let users_of = control(&not_asked);
    assert_eq!(
        (users_of.verdict, users_of.code),
        (ControlVerdict::NotTested, Some(ReasonCode::CoverageGap))
    );
    let coverage = users_of.coverage.clone().unwrap();
    assert_eq!((users_of.history.len(), coverage.longest.unwrap().days), (2, 54));
    // What stands for now is the last run for all controls, on whose database the query can be run again.
    assert_eq!(users_of.latest_run, not_asked.snapshots[2].run);
    assert_eq!(users_of.latest.counts.population, 1);
    assert_eq!(not_asked.snapshots.len(), 4);
}

#[test]
fn of_one_moment_the_last_full_run_counts() {
    let period = period(PeriodType::TypeI, "2025-01-01", "2025-04-01");
    let assessed = |snapshots: Vec<Snapshot>| {
        let tested: Vec<Tested> = snapshots.into_iter().map(|s| tested(s, &Settings::default())).collect();
        assess_period(&catalogue(), &Settings::default(), &period, &tested, at(LATE)).unwrap()
    };
    let full = users(DAYS[0], &["a"]);
    let mut broken_off = users(DAYS[1], &["a"]);
    broken_off.meta.status = Status::Partial;
    let part = || only(users(DAYS[2], &["a"]), &["buckets"]);
    let run = |assessment: Assessment| assessment.snapshots[0].opened_at;
    assert_eq!(run(assessed(vec![full, broken_off.clone(), part()])), at(DAYS[0]));
    assert_eq!(run(assessed(vec![broken_off, part()])), at(DAYS[2]));
}
