//! Refuses every operation in turn, in the recorded account that has something of everything: each
//! control that needs the operation is then not tested (or incomplete, where it fails all the same),
//! and no other verdict changes.

use std::collections::{BTreeMap, BTreeSet};

use controls::catalogue::Control;
use controls::evaluate::evaluate;
use controls::result::{ControlResult, ControlVerdict, ResourceResult, ResourceVerdict};
use evidence::gap::ReasonCode;
use evidence::snapshot::Snapshot;

use crate::everything::{Everything, put, sources_of, walk};

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

impl Everything {
    /// The snapshot as it were, had AWS refused every call of this operation. Only the sources that
    /// make the call are read again.
    /// Besides, the operations that were asked only because this one was refused: the recording has no
    /// answer, so they are gaps too.
    async fn refused(&self, operation: &str) -> (Snapshot, BTreeSet<String>) {
        let sources = sources_of(operation);
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
        put(&mut snapshot, &sources, derived);
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
fn surprises(everything: &Everything, operation: &str) -> Vec<String> {
    let runtime = collector::Runtime::new().unwrap();
    let (snapshot, instead) = runtime.block_on(everything.refused(operation)).unwrap();
    let mut wrong = Vec::new();
    let denied = |g: &evidence::gap::Gap| g.operation == operation && g.code == ReasonCode::AccessDenied;
    if operation != A_ROW_SAYS_SO && !snapshot.gaps.iter().any(denied) {
        wrong.push(format!("{operation}: refused, but no gap says so"));
    }
    let after = evaluate(&everything.catalogue, &everything.settings, &snapshot).unwrap();
    for control in everything.catalogue.controls() {
        let id = &control.page.id;
        let (was, is) = (&everything.before[id], &after.results.controls[id]);
        let open = is.verdict == ControlVerdict::NotTested
            || (is.verdict == ControlVerdict::Fail && was.verdict == ControlVerdict::Fail && is.incomplete);
        let same = is.verdict == was.verdict && is.code == was.code && is.counts == was.counts;
        let needs = control.needed(&is.parameters).iter().any(|o| instead.contains(o));
        let right = if needs {
            open
        } else {
            same || (open && everything.comes_after(control, &instead))
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
    let everything = Everything::read();
    let asked: BTreeSet<String> = everything
        .snapshot
        .exchanges
        .iter()
        .map(evidence::exchange::Exchange::call)
        .collect();
    let (known, never): (Vec<_>, Vec<_>) = chosen().into_iter().partition(|o| asked.contains(o));
    let never = never
        .into_iter()
        .map(|o| format!("{o}: never asked in samples/everything; seed something that needs it"));
    let mut wrong: Vec<String> = never.collect();
    wrong.extend(walk(known, |operation| surprises(&everything, operation)));
    assert!(wrong.is_empty(), "{} surprises\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_control_is_judged_in_the_account_that_has_everything() {
    let everything = Everything::read();
    assert!(everything.snapshot.gaps.is_empty(), "{:?}", everything.snapshot.gaps);
    let idle: Vec<_> = everything
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
