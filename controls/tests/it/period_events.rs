//! Controls that judge events: a snapshot covers the days before it, and what happened stays.

use controls::catalogue::Catalogue;
use controls::evaluate::evaluate;
use controls::examples::Example;
use controls::period::{ControlAssessment, Tested, assess_period, assess_snapshot};
use controls::result::ControlVerdict;
use controls::settings::Settings;
use evidence::gap::ReasonCode;
use evidence::period::{Period, PeriodType};

const PAGE: &str = r#"+++
id = "calls"
title = "Nothing bad is called"
criteria = ["CC6.1"]
type = "TYPE"
severity = "high"
tables = ["cloudtrail_event", "cloudtrail_event_window"]
+++
## Control
x
## Test
x
## Notes
x
```sql
SELECT account, region, event_id AS resource, event_name AS name,
  CASE event_name WHEN 'Bad' THEN 'fail' ELSE 'pass' END AS verdict, 'called' AS reason, source
FROM cloudtrail_event
UNION ALL SELECT account, region, region, region, 'pass', 'read', source FROM cloudtrail_event_window
```
"#;

/// Snapshots by day and days of history, with the events that each sees.
fn assess(kind: &str, snapshots: &[(&str, u32, &[&str])], period: Option<PeriodType>) -> ControlAssessment {
    let page = PAGE.replace("TYPE", kind);
    let catalogue = Catalogue::from_pages([("cc6/calls.md".to_owned(), page)]).unwrap();
    let settings = Settings::default();
    let tested: Vec<Tested> = snapshots
        .iter()
        .map(|(day, days, events)| {
            let mut text = format!("case = \"x\"\nas_of = \"{day}T00:00:00Z\"\n");
            text.push_str("[[cloudtrail_event_window]]\nfrom_at = \"2025-01-01T00:00:00Z\"\ncomplete = true\n");
            for name in *events {
                text.push_str(&format!(
                    "[[cloudtrail_event]]\nevent_id = \"e-{name}\"\nevent_name = \"{name}\"\n"
                ));
            }
            let page = &catalogue.get("calls").unwrap().page;
            let mut snapshot = Example::parse(page, &text).unwrap().snapshot;
            snapshot.meta.event_days = Some(*days);
            Tested {
                meta: snapshot.meta.clone(),
                results: evaluate(&catalogue, &settings, &snapshot).unwrap().results,
            }
        })
        .collect();
    let assessment = match period {
        None => assess_snapshot(&catalogue, &settings, tested.into_iter().next().unwrap()),
        Some(r#type) => {
            let period = Period {
                name: "H1".to_owned(),
                r#type,
                start: "2025-01-01".parse().unwrap(),
                end: "2025-07-01".parse().unwrap(),
                closed: false,
            };
            assess_period(
                &catalogue,
                &settings,
                &period,
                &tested,
                "2026-01-01T00:00:00Z".parse().unwrap(),
            )
            .unwrap()
        }
    };
    assessment.controls.into_iter().next().unwrap()
}

fn over(kind: &str, snapshots: &[(&str, u32, &[&str])]) -> ControlAssessment {
    assess(kind, snapshots, Some(PeriodType::TypeII))
}

#[test]
fn two_histories_cover_half_a_year() {
    let found = over("event", &[("2025-04-01", 90, &[]), ("2025-06-29", 90, &[])]);
    assert_eq!(found.verdict, ControlVerdict::Pass, "{}", found.reason);
    // What is, is another matter: it was looked at twice in half a year.
    let found = over(
        "configuration + event",
        &[("2025-04-01", 90, &[]), ("2025-06-29", 90, &[])],
    );
    assert_eq!(found.code, Some(ReasonCode::CoverageGap));
}

#[test]
fn days_without_events_are_a_hole_however_few() {
    let found = over("event", &[("2025-04-01", 90, &[]), ("2025-06-29", 88, &[])]);
    assert_eq!(
        (found.verdict, found.code),
        (ControlVerdict::NotTested, Some(ReasonCode::CoverageGap))
    );
    assert_eq!(found.coverage.unwrap().holes[0].days, 1);
    assert!(found.reason.starts_with("No events were read"), "{}", found.reason);
    let late = over("event", &[("2025-04-01", 90, &[]), ("2025-05-30", 90, &[])]);
    assert_eq!(late.coverage.unwrap().holes[0].days, 32);
}

#[test]
fn what_happened_stays_although_it_is_no_longer_seen() {
    let found = over(
        "event",
        &[("2025-04-01", 90, &["Bad", "Good"]), ("2025-06-29", 90, &["Good"])],
    );
    assert_eq!((found.verdict, found.deviations.len()), (ControlVerdict::Fail, 1));
    assert!(found.deviations[0].still_open);
    assert_eq!(found.counts.population, 3);
}

#[test]
fn a_short_history_is_no_pass_of_a_moment() {
    let found = assess("event", &[("2025-06-29", 30, &["Good"])], None);
    assert_eq!(
        (found.verdict, found.code),
        (ControlVerdict::NotTested, Some(ReasonCode::CoverageGap))
    );
    let whole = assess("event", &[("2025-06-29", 90, &["Good"])], None);
    assert_eq!(whole.verdict, ControlVerdict::Pass);
    let bad = assess("event", &[("2025-06-29", 30, &["Bad"])], None);
    assert_eq!(bad.verdict, ControlVerdict::Fail);
}
