//! Refuses every operation in turn, in the recorded account that has something of everything: each
//! control that needs the operation is then not tested (or incomplete, where it fails all the same),
//! and no other verdict changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use collector::SOURCES;
use controls::catalogue::{Catalogue, Control};
use controls::evaluate::evaluate;
use controls::result::{ControlResult, ControlVerdict, ResourceResult, ResourceVerdict};
use evidence::gap::ReasonCode;
use evidence::locker::Locker;
use evidence::snapshot::Snapshot;

use crate::config::Config;

/// Nobody can be asked anything without the first; the second is the way out where the third, which
/// has its own test, is refused. Without the fourth the report is read that there is.
const APART: [&str; 4] = [
    "sts:GetCallerIdentity",
    "ec2:DescribeRegions",
    "account:ListRegions",
    "iam:GenerateCredentialReport",
];

/// AWS refuses it to all but the management account: a row says so, no gap.
const A_ROW_SAYS_SO: &str = "account:GetPrimaryEmail";

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

/// The operations that are refused: all, or those that hold one of the words of `REFUSED`.
fn chosen() -> Vec<String> {
    let words = std::env::var("REFUSED").unwrap_or_default();
    let mut all = collector::operations::all();
    all.retain(|o| !APART.contains(&o.as_str()));
    all.retain(|o| words.is_empty() || words.split(',').any(|word| o.contains(word)));
    all
}

/// What is not as it should be when the operation is refused.
fn surprises(walk: &Walk, operation: &str) -> Vec<String> {
    let runtime = collector::Runtime::new().unwrap();
    let (snapshot, instead) = runtime.block_on(walk.refused(operation)).unwrap();
    let mut wrong = Vec::new();
    let denied = |g: &evidence::gap::Gap| g.operation == operation && g.code == ReasonCode::AccessDenied;
    if operation != A_ROW_SAYS_SO && !snapshot.gaps.iter().any(denied) {
        wrong.push(format!("{operation}: refused, but no gap says so"));
    }
    let after = evaluate(&walk.catalogue, &walk.config.settings, &snapshot).unwrap();
    for control in walk.catalogue.controls() {
        let id = &control.page.id;
        let (was, is) = (&walk.before[id], &after.results.controls[id]);
        let open = is.verdict == ControlVerdict::NotTested
            || (is.verdict == ControlVerdict::Fail && was.verdict == ControlVerdict::Fail && is.incomplete);
        let same = is.verdict == was.verdict && is.code == was.code && is.counts == was.counts;
        let needs = control.needed(&is.parameters).iter().any(|o| instead.contains(o));
        let right = if needs {
            open
        } else {
            same || (open && walk.comes_after(control, &instead))
        };
        if !right {
            let needs = if needs { "needs" } else { "does not need" };
            let (was, now) = (was.verdict, is.verdict);
            wrong.push(format!(
                "{operation} refused: {id} {needs} it, was {was} and is {now}: {}",
                is.reason
            ));
        }
        wrong.extend(otherwise(was, is).map(|row| format!("{operation} refused: {id}: {row}")));
    }
    wrong
}

/// Who sees less may know less; he must not know otherwise.
fn otherwise<'a>(was: &'a ControlResult, is: &'a ControlResult) -> impl Iterator<Item = String> + 'a {
    let key = |r: &ResourceResult| (r.account.clone(), r.region.clone(), r.resource.clone());
    let before: BTreeMap<_, _> = was.resources.iter().map(|r| (key(r), r.verdict)).collect();
    is.resources.iter().filter_map(move |r| {
        let old = before.get(&key(r)).copied();
        // Nothing is said of what was not there before: only that it does not apply, or is not known.
        let right = r.verdict == ResourceVerdict::Unknown
            || old == Some(r.verdict)
            || (old.is_none() && r.verdict == ResourceVerdict::Na);
        let was = old.map_or("not there".to_owned(), |v| format!("{v:?}"));
        (!right).then(|| format!("{} was {was} and is {:?}: {}", r.resource, r.verdict, r.reason))
    })
}

#[test]
fn a_refused_operation_leaves_open_what_needs_it_and_nothing_else() {
    let walk = Walk::new();
    let asked: BTreeSet<String> = walk
        .snapshot
        .exchanges
        .iter()
        .map(evidence::exchange::Exchange::call)
        .collect();
    let (known, never): (Vec<_>, Vec<_>) = chosen().into_iter().partition(|o| asked.contains(o));
    let never = never
        .into_iter()
        .map(|o| format!("{o}: never asked in samples/everything; seed something that needs it"));
    let wrong = Mutex::new(never.collect::<Vec<_>>());
    let left = Mutex::new(known);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let take = || left.lock().unwrap().pop();
        while let Some(operation) = take() {
            let found = surprises(&walk, &operation);
            wrong.lock().unwrap().extend(found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            std::thread::Builder::new()
                .stack_size(collector::STACK)
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
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
    // Alarms that have not fired, and a chain that this account has only in parts: test_cloudtrail_alarms.py and
    // test_cloudwatch_sns_eventbridge.py in tests/services/.
    let elsewhere = |told: &String| {
        ["alarm-recipients", "alarm-response"]
            .iter()
            .any(|id| told.starts_with(id))
    };
    assert!(idle.iter().all(elsewhere), "nothing to judge:\n{}", idle.join("\n"));
}
