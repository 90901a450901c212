//! Refuses every operation in turn, in the recorded account that has something of everything: each
//! control that needs the operation is then not tested (or incomplete, where it fails all the same),
//! and no other verdict changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use collector::SOURCES;
use controls::catalogue::{Catalogue, Control};
use controls::evaluate::evaluate;
use controls::result::{ControlResult, ControlVerdict};
use evidence::gap::ReasonCode;
use evidence::locker::Locker;
use evidence::snapshot::Snapshot;

use crate::config::Config;

/// Nobody can be asked anything without the first; the second is the way out where the third, which
/// has its own test, is refused.
const APART: [&str; 3] = ["sts:GetCallerIdentity", "ec2:DescribeRegions", "account:ListRegions"];

struct Walk {
    catalogue: Catalogue,
    config: Config,
    snapshot: Snapshot,
    zip: Vec<u8>,
    before: BTreeMap<String, ControlResult>,
}

impl Walk {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/everything");
        let config = Config::read(&folder.join("exhibit.toml"), true).unwrap();
        let catalogue = config.catalogue().unwrap();
        let locker = Locker::open(&folder.join("locker")).unwrap();
        let entry = locker.snapshots().unwrap().pop().unwrap();
        let snapshot = locker.load(&entry.run).unwrap();
        let zip = locker.snapshot_bytes(&entry).unwrap();
        let before = evaluate(&catalogue, &config.settings, &snapshot).unwrap();
        Self {
            catalogue,
            config,
            snapshot,
            zip,
            before: before.results.controls,
        }
    }

    /// The snapshot as it were, had AWS refused every call of this operation. Only the sources that
    /// make the call are read again.
    /// Besides, the operations that were asked only because this one was refused: the recording has no
    /// answer, so they are gaps too.
    async fn refused(&self, operation: &str) -> (Snapshot, BTreeSet<String>) {
        let sources: Vec<_> = SOURCES.iter().filter(|s| s.operations.contains(&operation)).collect();
        let made: BTreeSet<&str> = sources.iter().flat_map(|s| s.operations).copied().collect();
        let mut snapshot = self.snapshot.clone();
        snapshot.meta.sources = sources.iter().map(|s| s.id.to_owned()).collect();
        for exchange in snapshot.exchanges.iter_mut().filter(|e| e.call() == operation) {
            exchange.status = Some(403);
            exchange.body = None;
            exchange.headers = [("x-amzn-errortype".to_owned(), "AccessDeniedException".to_owned())].into();
        }
        let derived = collector::replay(&snapshot, self.zip.clone()).await.unwrap();
        let instead = derived.missing.iter().filter_map(|said| said.split_once(" in "));
        let mut open: BTreeSet<String> = instead.map(|(call, _)| call.to_owned()).collect();
        open.insert(operation.to_owned());
        for table in sources.iter().flat_map(|s| s.tables) {
            snapshot.tables.remove(*table);
            if let Some(rows) = derived.tables.get(*table) {
                snapshot.tables.insert((*table).to_owned(), rows.clone());
            }
        }
        snapshot.gaps.retain(|gap| !made.contains(gap.operation.as_str()));
        snapshot.gaps.extend(derived.gaps);
        snapshot.gaps.sort();
        (snapshot, open)
    }

    /// Whether a control reads, however far back, the verdict of one that needs one of the operations.
    fn comes_after(&self, control: &Control, open: &BTreeSet<String>) -> bool {
        control.page.after.iter().any(|id| {
            let before = self.catalogue.get(id).unwrap();
            before.own_operations.iter().any(|o| open.contains(o)) || self.comes_after(before, open)
        })
    }
}

// Not done: it does not get through all operations yet (a stack overflow after some minutes, not looked into).
#[ignore = "not finished: overflows its stack on one of the operations"]
#[tokio::test]
async fn a_refused_operation_leaves_open_what_needs_it_and_nothing_else() {
    let walk = Walk::new();
    let asked: BTreeSet<String> = walk
        .snapshot
        .exchanges
        .iter()
        .map(evidence::exchange::Exchange::call)
        .collect();
    let mut wrong = Vec::new();
    for operation in collector::operations::all() {
        if APART.contains(&operation.as_str()) {
            continue;
        }
        if !asked.contains(&operation) {
            wrong.push(format!(
                "{operation}: never asked in samples/everything; seed something that needs it"
            ));
            continue;
        }
        let (snapshot, instead) = walk.refused(&operation).await;
        if !snapshot
            .gaps
            .iter()
            .any(|g| g.operation == operation && g.code == ReasonCode::AccessDenied)
        {
            wrong.push(format!("{operation}: refused, but no gap says so"));
        }
        let after = evaluate(&walk.catalogue, &walk.config.settings, &snapshot).unwrap();
        for control in walk.catalogue.controls() {
            let id = &control.page.id;
            let (was, is) = (&walk.before[id], &after.results.controls[id]);
            let open = is.verdict == ControlVerdict::NotTested
                || (is.verdict == ControlVerdict::Fail && was.verdict == ControlVerdict::Fail && is.incomplete);
            let same = is.verdict == was.verdict && is.code == was.code && is.counts == was.counts;
            let needs = control.own_operations.iter().any(|o| instead.contains(o));
            let right = if needs {
                open
            } else {
                same || (open && walk.comes_after(control, &instead))
            };
            if !right {
                wrong.push(format!(
                    "{operation} refused: {id} {} it, was {} and is {}: {}",
                    if needs { "needs" } else { "does not need" },
                    was.verdict,
                    is.verdict,
                    is.reason
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} surprises\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_control_is_judged_in_the_account_that_has_everything() {
    let walk = Walk::new();
    assert!(walk.snapshot.gaps.is_empty(), "{:?}", walk.snapshot.gaps);
    let idle: Vec<_> = walk
        .before
        .values()
        .filter(|c| matches!(c.verdict, ControlVerdict::Na))
        .map(|c| format!("{}: {}", c.id, c.reason))
        .collect();
    // Alarms that have not fired, and a chain that this account has only in parts: test_alarms.py and test_watch.py.
    let elsewhere = |told: &String| {
        ["alarm-recipients", "alarm-response"]
            .iter()
            .any(|id| told.starts_with(id))
    };
    assert!(idle.iter().all(elsewhere), "nothing to judge:\n{}", idle.join("\n"));
}
