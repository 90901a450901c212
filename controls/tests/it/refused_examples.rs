//! What if AWS had refused a call? In every example of every page, each operation that the control
//! needs is refused in turn: the rows that come of it are gone, and a gap says so. The control must
//! then be not tested, or deviate as before; and no resource may be judged otherwise than before,
//! least of all as a deviation because something that proves the contrary was not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use controls::catalogue::{Catalogue, Control, operations_of};
use controls::examples::Example;
use controls::result::{ControlResult, ControlVerdict, ResourceVerdict};
use evidence::gap::{Gap, ReasonCode};
use evidence::record;
use evidence::snapshot::Snapshot;

#[test]
fn a_refused_call_is_never_a_deviation() {
    let catalogue = Catalogue::from_pages(pages()).unwrap();
    let only = std::env::var("CONTROL").unwrap_or_default();
    let left = Mutex::new(
        catalogue
            .controls()
            .filter(|c| c.page.id.contains(&only))
            .collect::<Vec<_>>(),
    );
    let found = Mutex::new((0, Vec::new()));
    let work = || {
        let take = || left.lock().unwrap().pop();
        while let Some(control) = take() {
            for text in &control.page.examples {
                let example = Example::parse(&control.page, text).unwrap();
                let (tried, wrong) = refuse_each(&catalogue, control, &example);
                let mut found = found.lock().unwrap();
                found.0 += tried;
                found.1.extend(wrong);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (tried, mut wrong) = found.into_inner().unwrap();
    wrong.sort();
    assert!(tried > 0);
    assert!(
        wrong.is_empty(),
        "{} surprises in {tried}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// How many operations were refused, and what is not as it should be.
fn refuse_each(catalogue: &Catalogue, control: &Control, example: &Example) -> (usize, Vec<String>) {
    let before = example.run(catalogue, control).unwrap();
    let before = &before.results.controls[&control.page.id];
    let mut wrong = Vec::new();
    let operations = refusable(control, &example.snapshot);
    for operation in &operations {
        let mut example = example.clone();
        refuse(&mut example.snapshot, operation);
        let after = example.run(catalogue, control).unwrap();
        let after = &after.results.controls[&control.page.id];
        let said = surprises(control, before, after);
        wrong.extend(said.map(|s| format!("{}, `{}`, {operation} refused: {s}", control.page.id, example.case)));
    }
    (operations.len(), wrong)
}

/// The pages as they are now, not as they were when the crate was built.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The operations behind the rows of the example, of those that the control needs. Without the
/// identity nothing is asked, and the regions are the population of every table.
fn refusable(control: &Control, snapshot: &Snapshot) -> BTreeSet<&'static str> {
    let apart: BTreeSet<_> = operations_of("region")
        .into_iter()
        .chain(["sts:GetCallerIdentity"])
        .collect();
    let filled = snapshot.tables.iter().filter(|(_, rows)| !rows.is_empty());
    let behind = filled.flat_map(|(table, _)| record::table(table).unwrap().operations);
    let mut found: BTreeSet<_> = behind.copied().collect();
    found.retain(|o| !apart.contains(o) && control.own_operations.iter().any(|own| own == o));
    found
}

/// Takes the rows that come of the operation out, and records where it was refused.
fn refuse(snapshot: &mut Snapshot, operation: &str) {
    let mut places = BTreeSet::new();
    for (table, rows) in &mut snapshot.tables {
        if record::table(table).unwrap().operations.contains(&operation) {
            let text = |row: &record::Row, key: &str| row[key].as_str().unwrap_or_default().to_owned();
            places.extend(rows.drain(..).map(|row| (text(&row, "account"), text(&row, "region"))));
        }
    }
    // Not only where there were rows: it is refused everywhere.
    if places.iter().any(|(_, region)| region != "global") {
        for scope in &snapshot.meta.accounts {
            places.extend(
                scope
                    .regions
                    .iter()
                    .map(|region| (scope.account.clone(), region.clone())),
            );
        }
    }
    for (account, region) in places {
        snapshot.gaps.push(Gap {
            account,
            region,
            operation: operation.to_owned(),
            resource: None,
            code: ReasonCode::AccessDenied,
            error_code: Some("AccessDenied".to_owned()),
            message: "refused".to_owned(),
            exchange: None,
        });
    }
    snapshot.gaps.sort();
}

fn surprises(control: &Control, before: &ControlResult, after: &ControlResult) -> impl Iterator<Item = String> {
    // A parameter may say that some tables do not count.
    let set_aside = !control.page.tables_for.is_empty() && before.reason == after.reason && before.code == after.code;
    let open = set_aside
        || after.verdict == ControlVerdict::NotTested
        || (after.verdict == ControlVerdict::Fail && before.verdict == ControlVerdict::Fail && after.incomplete);
    let control = (!open).then(|| format!("was {} and is {}: {}", before.verdict, after.verdict, after.reason));
    let was: BTreeMap<_, _> = before
        .resources
        .iter()
        .map(|r| ((&r.account, &r.region, &r.resource), r.verdict))
        .collect();
    let rows = after.resources.iter().filter_map(move |r| {
        let old = was.get(&(&r.account, &r.region, &r.resource)).copied();
        let right = r.verdict == ResourceVerdict::Unknown
            || old == Some(r.verdict)
            || (old.is_none() && r.verdict == ResourceVerdict::Na);
        let was = old.map_or("not there".to_owned(), |v| format!("{v:?}"));
        (!right).then(|| format!("{} was {was} and is {:?}: {}", r.resource, r.verdict, r.reason))
    });
    let rows: Vec<_> = rows.collect();
    control.into_iter().chain(rows)
}
