//! What lies outside of the scope is not absent. In every example, and in the recorded account that has something of
//! everything, each region is taken out of the scope in turn: its rows are gone, and nothing says more than the scope.
//! No member of another region is lost then, and none is judged otherwise than before, unless as unknown.

use std::collections::{BTreeMap, BTreeSet};

use controls::asked::is_regional;
use controls::catalogue::{Catalogue, Control};
use controls::evaluate::evaluate;
use controls::examples::Example;
use controls::result::{ControlResult, ResourceVerdict};
use controls::settings::Settings;
use evidence::exchange::Exchange;
use evidence::locker::Locker;
use evidence::record;
use evidence::snapshot::Snapshot;

/// Whose event history is read in every scope.
const HOME: &str = "us-east-1";

/// The snapshot, had the region not been in scope.
fn without(snapshot: &Snapshot, region: &str) -> Snapshot {
    let mut narrow = snapshot.clone();
    let scopes = narrow.meta.accounts.clone();
    for (table, rows) in &mut narrow.tables {
        let regional = record::table(table).unwrap().operations.iter().any(|o| is_regional(o));
        if table == "region" {
            for row in rows.iter_mut().filter(|row| row["name"] == region) {
                row.insert("in_scope".to_owned(), false.into());
            }
        } else if regional && !(region == HOME && table.starts_with("cloudtrail_event")) {
            rows.retain(|row| row["region"] != region);
        }
    }
    // Examples leave out the regions that their query does not read.
    let rows = narrow.tables.entry("region".to_owned()).or_default();
    for scope in scopes
        .iter()
        .filter(|scope| scope.regions.iter().any(|name| name == region))
    {
        if !rows
            .iter()
            .any(|row| row["account"] == scope.account.as_str() && row["name"] == region)
        {
            let row = serde_json::json!({
                "account": scope.account, "region": region, "key": region, "source": 1, "name": region,
                "opt_in_status": "ENABLED", "enabled": true, "in_scope": false,
            });
            rows.extend(row.as_object().cloned());
        }
    }
    for scope in &mut narrow.meta.accounts {
        scope.regions.retain(|name| name != region);
        scope.events_home = (region == HOME).then(|| HOME.to_owned());
    }
    let kept = |e: &Exchange| {
        e.region != region || !is_regional(&e.call()) || (region == HOME && e.operation == "LookupEvents")
    };
    narrow.exchanges.retain(kept);
    narrow.gaps.retain(|gap| gap.region != region);
    narrow
}

fn surprises(region: &str, before: &ControlResult, after: &ControlResult) -> Vec<String> {
    let now: BTreeMap<_, _> = after.resources.iter().map(|r| ((&r.account, &r.resource), r)).collect();
    let was: BTreeMap<_, _> = before
        .resources
        .iter()
        .map(|r| ((&r.account, &r.resource), r))
        .collect();
    let elsewhere = before.resources.iter().filter(|r| r.region != region);
    let lost = elsewhere.filter_map(|r| match now.get(&(&r.account, &r.resource)) {
        None => Some(format!("{} is lost, which was {:?}", r.resource, r.verdict)),
        Some(_) => None,
    });
    let otherwise = after.resources.iter().filter_map(|r| {
        let old = was.get(&(&r.account, &r.resource)).map(|old| old.verdict);
        let right = r.verdict == ResourceVerdict::Unknown || old == Some(r.verdict)
            // A region that is out of scope, or what is only there.
            || (r.verdict == ResourceVerdict::Na && (r.region == region || old.is_none()));
        (!right).then(|| format!("{} was {old:?} and is {:?}: {}", r.resource, r.verdict, r.reason))
    });
    lost.chain(otherwise).collect()
}

/// Where it is right that the scope makes a difference.
const EXPECTED: [(&str, &str); 3] = [
    // A label on anything in scope limits the control to what is labelled.
    ("capacity-managed", "was Some(Na) and is Pass"),
    // A kind of store of which there is none in scope has no restore to test.
    ("restore-tested", "The account has no store of this kind"),
    // The region that was refused is not asked any more.
    ("root-use-restricted", "`a region whose history was refused`"),
];

fn regions(snapshot: &Snapshot) -> BTreeSet<String> {
    let all = snapshot
        .meta
        .accounts
        .iter()
        .flat_map(|scope| scope.regions.iter().cloned());
    all.collect()
}

fn narrowed(catalogue: &Catalogue, control: &Control) -> Vec<String> {
    let mut wrong = Vec::new();
    for text in &control.page.examples {
        let example = Example::parse(&control.page, text).unwrap();
        let regions = regions(&example.snapshot);
        if regions.len() < 2 {
            continue;
        }
        let before = example.run(catalogue, control).unwrap();
        for region in regions {
            let mut narrow = example.clone();
            narrow.snapshot = without(&example.snapshot, &region);
            let after = narrow.run(catalogue, control).unwrap();
            let of = |of: &controls::evaluate::Evaluation| of.results.controls[&control.page.id].clone();
            let found = surprises(&region, &of(&before), &of(&after));
            wrong.extend(
                found
                    .into_iter()
                    .map(|s| format!("{}, `{}` without {region}: {s}", control.page.id, example.case)),
            );
        }
    }
    wrong
}

#[test]
fn a_region_out_of_scope_is_not_an_empty_region() {
    let catalogue = Catalogue::builtin().unwrap();
    let only = std::env::var("CONTROL").unwrap_or_default();
    let mut wrong: Vec<_> = catalogue
        .controls()
        .filter(|c| c.page.id.contains(&only))
        .flat_map(|control| narrowed(&catalogue, control))
        .collect();
    let locker = Locker::open("../samples/everything/locker".as_ref()).unwrap();
    let whole = locker.load(&locker.snapshots().unwrap().pop().unwrap().run).unwrap();
    let judged = |snapshot: &Snapshot| {
        evaluate(&catalogue, &Settings::default(), snapshot)
            .unwrap()
            .results
            .controls
    };
    let before = judged(&whole);
    for region in regions(&whole) {
        for (id, after) in judged(&without(&whole, &region)) {
            let found = surprises(&region, &before[&id], &after);
            wrong.extend(
                found
                    .into_iter()
                    .map(|s| format!("{id}, everything without {region}: {s}")),
            );
        }
    }
    wrong.retain(|told| {
        !EXPECTED
            .iter()
            .any(|(id, part)| told.starts_with(id) && told.contains(part))
    });
    wrong.sort();
    assert!(wrong.is_empty(), "{} surprises\n{}", wrong.len(), wrong.join("\n"));
}
