//! What was never asked is never judged: not as a deviation, not as an observation, not as nothing to test. In
//! examples of every page each operation that the control needs, or one before it, is taken out of what was asked.

use std::collections::BTreeSet;
use std::sync::Mutex;

use controls::asked::is_regional;
use controls::catalogue::{Catalogue, Control};
use controls::evaluate::evaluate;
use controls::examples::Example;
use controls::result::{ControlResult, ControlVerdict, ResourceVerdict};
use controls::settings::Settings;
use evidence::gap::ReasonCode;
use evidence::locker::Locker;
use evidence::snapshot::{Snapshot, Status};

/// As if the operation had been in no plan, or as if the program had not known it yet; the rows stay.
fn forget(snapshot: &mut Snapshot, forgotten: impl Fn(&str) -> bool) {
    snapshot.meta.operations.retain(|o| !forgotten(o));
    snapshot.exchanges.retain(|e| !forgotten(&e.call()));
    snapshot.gaps.retain(|gap| !forgotten(&gap.operation));
}

/// What is judged though it was not asked.
fn judged(result: &ControlResult) -> Option<String> {
    let open = result.verdict == ControlVerdict::NotTested && result.code == Some(ReasonCode::EvidenceMissing);
    let row = result.resources.iter().find(|r| r.verdict != ResourceVerdict::Unknown);
    match row {
        Some(row) => Some(format!("{} is {:?}: {}", row.resource, row.verdict, row.reason)),
        None if !open => Some(format!("{} ({:?}): {}", result.verdict, result.code, result.reason)),
        None if !result.reason.contains("was never asked") => Some(result.reason.clone()),
        None => None,
    }
}

/// An example that fails, else the first: what is judged wrongly most easily.
fn telling(control: &Control) -> Option<Example> {
    let parse = |text: &String| Example::parse(&control.page, text).unwrap();
    let mut all = control.page.examples.iter().map(parse);
    let first = all.next()?;
    let fails = |e: &Example| e.expected() == Some(ControlVerdict::Fail);
    Some(if fails(&first) {
        first
    } else {
        all.find(fails).unwrap_or(first)
    })
}

fn each_control(catalogue: &Catalogue, work: impl Fn(&Control) -> Vec<String> + Sync) {
    let only = std::env::var("CONTROL").unwrap_or_default();
    let chosen = catalogue.controls().filter(|c| c.page.id.contains(&only));
    let left = Mutex::new(chosen.collect::<Vec<_>>());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let take = || left.lock().unwrap().pop();
                while let Some(control) = take() {
                    let found = work(control);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} judged\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn without_an_operation_that_it_needs_no_control_is_judged() {
    let catalogue = Catalogue::builtin().unwrap();
    each_control(&catalogue, |control| {
        let mut wrong = Vec::new();
        let Some(example) = telling(control) else { return wrong };
        let result = &example.run(&catalogue, control).unwrap().results.controls[&control.page.id];
        for operation in control.to_be_asked(&result.parameters) {
            // Regions are asked of one service, or of the other.
            let regions = ["account:ListRegions", "ec2:DescribeRegions"];
            let either = regions.contains(&operation.as_str());
            let mut example = example.clone();
            forget(&mut example.snapshot, |o| {
                o == operation || (either && regions.contains(&o))
            });
            let after = example.run(&catalogue, control).unwrap();
            let found = judged(&after.results.controls[&control.page.id]);
            wrong.extend(found.map(|s| format!("{}, `{}`, {operation}: {s}", control.page.id, example.case)));
        }
        wrong
    });
}

fn everything() -> Snapshot {
    let locker = Locker::open("../samples/everything/locker".as_ref()).unwrap();
    locker.load(&locker.snapshots().unwrap().pop().unwrap().run).unwrap()
}

#[test]
fn of_a_run_for_one_control_no_other_is_judged() {
    let catalogue = Catalogue::builtin().unwrap();
    let whole = everything();
    for (id, status) in [
        ("root-mfa-enabled", Status::Complete),
        ("s3-tls-only", Status::Partial),
        ("ec2-imdsv2-required", Status::Complete),
    ] {
        let asked: BTreeSet<_> = catalogue.get(id).unwrap().operations.iter().cloned().collect();
        let mut snapshot = whole.clone();
        snapshot.meta.status = status;
        forget(&mut snapshot, |o| !asked.contains(o) && o != "ec2:DescribeRegions");
        snapshot.tables.retain(|name, _| {
            evidence::record::table(name)
                .unwrap()
                .operations
                .iter()
                .all(|o| asked.contains(*o))
        });
        let results = evaluate(&catalogue, &Settings::default(), &snapshot)
            .unwrap()
            .results
            .controls;
        for control in catalogue.controls() {
            let result = &results[&control.page.id];
            let needs = control.to_be_asked(&result.parameters);
            if needs.iter().any(|o| !asked.contains(o) && o != "ec2:DescribeRegions") {
                assert_eq!(judged(result), None, "{} after {id}", control.page.id);
            }
        }
        assert_ne!(
            results[id].verdict,
            ControlVerdict::NotTested,
            "{id}: {}",
            results[id].reason
        );
    }
}

#[test]
fn what_was_not_asked_in_a_region_is_open_there_and_for_the_account() {
    let catalogue = Catalogue::builtin().unwrap();
    let whole = everything();
    let scope = whole.meta.accounts[0].clone();
    assert!(scope.regions.len() > 1, "{:?}", scope.regions);
    for region in &scope.regions {
        for (id, operation) in [
            ("guardduty-enabled", "guardduty:ListDetectors"),
            ("ebs-encrypted", "ec2:DescribeVolumes"),
            ("kms-key-rotation", "kms:ListKeys"),
        ] {
            assert!(is_regional(operation));
            let catalogue = catalogue.clone().only(&[id.to_owned()].into());
            let control = catalogue.get(id).unwrap();
            let mut snapshot = whole.clone();
            snapshot.meta.operations.retain(|o| o != operation);
            snapshot
                .exchanges
                .retain(|e| e.call() != operation || e.region != *region);
            let evaluation = evaluate(&catalogue, &Settings::default(), &snapshot).unwrap();
            let result = &evaluation.results.controls[id];
            let before = &evaluate(&catalogue, &Settings::default(), &whole)
                .unwrap()
                .results
                .controls[id];
            for (row, was) in result.resources.iter().map(|r| {
                (
                    r,
                    before
                        .resources
                        .iter()
                        .find(|b| b.resource == r.resource && b.region == r.region),
                )
            }) {
                if row.region == *region || row.region == "global" {
                    assert_eq!(
                        row.verdict,
                        ResourceVerdict::Unknown,
                        "{}: {}",
                        row.resource,
                        row.reason
                    );
                } else {
                    assert_eq!(
                        Some(row.verdict),
                        was.map(|w| w.verdict),
                        "{}: {}",
                        row.resource,
                        row.reason
                    );
                }
            }
            let open = result.verdict == ControlVerdict::NotTested || result.incomplete;
            assert!(open && result.reason.contains("was never asked"), "{}", result.reason);
            assert!(control.needed(&result.parameters).contains(&operation.to_owned()));
        }
    }
}

#[test]
fn the_auditors_sqlite_gives_the_same_answer() {
    let catalogue = Catalogue::builtin()
        .unwrap()
        .only(&["cloudtrail-all-regions".to_owned()].into());
    let mut snapshot = everything();
    forget(&mut snapshot, |o| o == "cloudtrail:DescribeTrails");
    let evaluation = evaluate(&catalogue, &Settings::default(), &snapshot).unwrap();
    let bytes = evaluation.database.bytes().unwrap();
    let again = evaluate(&catalogue, &Settings::default(), &snapshot).unwrap();
    assert_eq!(bytes, again.database.bytes().unwrap());
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    db.deserialize_read_exact("main", bytes.as_slice(), bytes.len(), true)
        .unwrap();
    let result = &evaluation.results.controls["cloudtrail-all-regions"];
    let mut query = db.prepare(&result.sql).unwrap();
    let verdicts = query.query_map([], |row| row.get::<_, String>(4)).unwrap();
    let verdicts: Vec<_> = verdicts.map(Result::unwrap).collect();
    assert!(
        !verdicts.is_empty() && verdicts.iter().all(|v| v == "unknown"),
        "{verdicts:?}"
    );
    let told: i64 = db
        .query_row("SELECT count(*) FROM never_asked WHERE region IS NULL", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(told, 1);
}

#[test]
fn a_derived_table_concludes_nothing_from_what_was_never_asked() {
    use evidence::record::Kind;
    let mut snapshot = everything();
    let table = controls::derived::TABLES
        .iter()
        .find(|t| t.name == "cloudtrail_trail_coverage")
        .unwrap();
    forget(&mut snapshot, |o| o == "cloudtrail:GetEventSelectors");
    snapshot.tables.remove("cloudtrail_event_selector");
    let database = controls::database::Database::build(&snapshot).unwrap();
    let concluded = table.columns[4..]
        .iter()
        .filter(|c| c.kind != Kind::Text)
        .map(|c| format!("{} IS NOT NULL", c.name));
    let any = concluded.collect::<Vec<_>>().join(" OR ");
    let count = |sql: &str| {
        database
            .connection()
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert!(count("SELECT count(*) FROM cloudtrail_trail_coverage") > 0);
    assert_eq!(
        count(&format!("SELECT count(*) FROM cloudtrail_trail_coverage WHERE {any}")),
        0
    );
}

#[test]
fn where_the_home_of_the_partition_was_not_read_nothing_is_said_of_root_and_iam() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut narrow = everything();
    for scope in &mut narrow.meta.accounts {
        scope.regions.retain(|region| region != "us-east-1");
    }
    narrow
        .exchanges
        .retain(|e| e.region != "us-east-1" || e.operation != "LookupEvents");
    for (table, rows) in &mut narrow.tables {
        if table.starts_with("cloudtrail_event") {
            rows.retain(|row| row["region"] != "us-east-1");
        }
    }
    let results = evaluate(&catalogue, &Settings::default(), &narrow)
        .unwrap()
        .results
        .controls;
    for id in ["root-use-restricted", "iam-provisioning-authorised"] {
        let result = &results[id];
        assert_eq!(
            (result.verdict, result.code),
            (ControlVerdict::NotTested, Some(ReasonCode::EvidenceMissing)),
            "{id}"
        );
        assert!(
            result
                .reason
                .contains("was never asked in us-east-1: cloudtrail:LookupEvents"),
            "{}",
            result.reason
        );
    }
    assert_ne!(results["s3-tls-only"].verdict, ControlVerdict::NotTested);
}
