//! Whatever a power cut or a kill leaves of a locker, the next start makes a sound locker of it, and
//! everything that was acknowledged is in it.
//!
//! The enumeration is only worth something if it finds faults: four are seeded, and each is found.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use evidence::clock::Timestamp;
use evidence::digest::Digest;
use evidence::exchange::Exchange;
use evidence::locker::disk::Disk;
use evidence::locker::{Layout, Locker, LockerError, Sealing, Writer};
use evidence::log::NO_PREVIOUS;
use evidence::manual::{FileRef, ManualEvidence};
use evidence::snapshot::{AccountScope, Plan, Status, Tool};
use serde_json::json;
use tempfile::TempDir;

use crate::power::states::{Metadata, after_kill, after_power_cuts};
use crate::power::{FailingDisk, Node, Op, SimDisk, Tree, UnsyncedDisk, lay_out};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn tool() -> Tool {
    Tool {
        name: "exhibit".into(),
        version: "0.0.0".into(),
    }
}

/// A folder in memory where there is one: states are laid out by the thousand.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

fn exchange(operation: &str) -> Exchange {
    Exchange {
        access_key_id: None,
        aws_date: None,
        request_id: None,
        headers: BTreeMap::new(),
        ..crate::locker::exchange(operation)
    }
}

fn evidence(content: &[u8]) -> ManualEvidence {
    serde_json::from_value(json!({
        "control": "access-review", "account": null, "title": "t", "statement": "s", "comment": null,
        "source_system": null, "owner": "o", "performer": "p", "reviewer": "r",
        "performed_on": "2025-06-30", "period_from": "2025-06-01", "period_to": "2025-06-30",
        "files": [FileRef { name: "list.csv".into(), size: content.len() as u64, sha256: Digest::of(content), r#type: "text/csv".into() }],
        "facts_file": null, "facts": [], "replaces": null,
    }))
    .unwrap()
}

/// All that a locker is for: an attachment, a run that is sealed, and a run that is given up.
fn work(disk: Arc<dyn Disk>, notes: &SimDisk, dir: &Path) -> Result<(), LockerError> {
    let now = at("2025-06-30T00:00:00Z");
    let promise = |writer: &Writer| notes.acknowledge(writer.locker().lines().len());
    let mut writer = Writer::create_in(Layout::on(disk, dir), "Acme", &tool(), now)?;
    promise(&writer);
    let content = b"who,may\nann,all\n".to_vec();
    writer.attach(now, &evidence(&content), &[content])?;
    promise(&writer);
    let plan = Plan {
        sources: vec!["iam.users".into()],
        operations: vec!["iam:ListUsers".into()],
        event_days: None,
        controls: None,
    };
    let mut draft = writer.begin(now, &tool(), plan.clone())?;
    notes.acknowledge(3);
    draft.put(exchange("ListUsers"), Some(b"<ListUsersResponse/>"))?;
    draft.put(exchange("GetAccountSummary"), Some(b"<GetAccountSummaryResponse/>"))?;
    let (writer, _) = draft.seal(Sealing {
        closed_at: at("2025-06-30T00:00:09Z"),
        status: Status::Complete,
        accounts: vec![AccountScope {
            account: "111122223333".into(),
            caller_arn: "arn:aws:iam::111122223333:role/audit".into(),
            regions: vec!["us-east-1".into()],
            events_home: None,
        }],
        gaps: Vec::new(),
        tables: BTreeMap::new(),
    })?;
    promise(&writer);
    let mut draft = writer.begin(at("2025-06-30T01:00:00Z"), &tool(), plan)?;
    notes.acknowledge(5);
    draft.put(exchange("ListUsers"), Some(b"<ListUsersResponse/>"))?;
    let writer = draft.abort(at("2025-06-30T01:00:09Z"), "refused")?;
    promise(&writer);
    Ok(())
}

/// What the work asks of the disk, and the lines of the log in the end.
fn recorded() -> (Vec<Op>, Vec<String>) {
    let dir = folder();
    let disk = SimDisk::new(dir.path(), &Tree::new(), 0);
    work(Arc::new(disk.clone()), &disk, dir.path()).unwrap();
    (disk.ops(), Locker::open(dir.path()).unwrap().lines().to_vec())
}

/// Starts anew on what is there: recovers, goes on, and looks at everything.
fn judge(tree: &Tree, promised: usize, lines: &[String]) -> Result<(), String> {
    let dir = folder();
    lay_out(tree, dir.path());
    restart(&Layout::on(Arc::new(UnsyncedDisk), dir.path())).map_err(|e| format!("it cannot be opened: {e}"))?;
    check(dir.path(), promised, lines)
}

fn restart(layout: &Layout) -> Result<(), LockerError> {
    let writer = if layout.identity().is_file() {
        Writer::open_in(layout.clone())?
    } else {
        Writer::create_in(layout.clone(), "Acme", &tool(), at("2025-06-30T02:00:00Z"))?
    };
    let (mut writer, _) = writer.recover(at("2025-06-30T02:00:00Z"))?;
    let review = json!({ "control": null, "period": null, "reviewer": "r", "decision": "approved", "comment": "c" });
    writer.review(at("2025-06-30T02:00:00Z"), &serde_json::from_value(review).unwrap())?;
    Ok(())
}

fn check(dir: &Path, promised: usize, lines: &[String]) -> Result<(), String> {
    let found = Locker::verify(dir).map_err(|e| format!("it cannot be verified: {e}"))?;
    if !found.faults.is_empty() {
        return Err(format!("faults: {:?}", found.faults));
    }
    let locker = Locker::open(dir).map_err(|e| e.to_string())?;
    let kept = locker.lines();
    if promised > 0 && kept.get(..promised) != lines.get(..promised) {
        return Err(format!("{promised} entries were acknowledged, and not all are there"));
    }
    if !locker.unclosed_runs().is_empty() {
        return Err("a run is still open".to_owned());
    }
    Ok(())
}

fn fingerprint(tree: &Tree, promised: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    promised.hash(&mut hasher);
    for (path, node) in tree {
        path.hash(&mut hasher);
        match node {
            Node::Dir => 0_u8.hash(&mut hasher),
            Node::File(_, bytes) => bytes.hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// How many states there are, how many differ, and the first of them that is not made good.
#[derive(Debug, Default)]
struct Enumerated {
    states: u64,
    different: u64,
    violation: Option<String>,
}

fn enumerate(ops: &[Op], from: usize, lines: &[String], metadata: Metadata, seen: &mut BTreeSet<u64>) -> Enumerated {
    let mut outcome = Enumerated::default();
    after_power_cuts(ops, from, metadata, &mut |tree, promised| {
        outcome.states += 1;
        if !seen.insert(fingerprint(&tree, promised)) {
            return ControlFlow::Continue(());
        }
        outcome.different += 1;
        if let Err(e) = judge(&tree, promised, lines) {
            let disk: Vec<_> = tree.keys().collect();
            outcome.violation = Some(format!("{e}; on the disk: {disk:?}"));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    outcome
}

const BOTH: [Metadata; 2] = [Metadata::Ordered, Metadata::Unordered];

#[test]
fn a_power_cut_at_any_call_is_made_good() {
    let (ops, lines) = recorded();
    assert!(lines[0].contains(NO_PREVIOUS) && lines.len() == 6);
    let (mut states, mut seen) = (0, BTreeSet::new());
    for metadata in BOTH {
        let outcome = enumerate(&ops, 0, &lines, metadata, &mut seen);
        println!("{} calls, {metadata:?}: {outcome:?}", ops.len());
        assert_eq!(outcome.violation, None);
        states += outcome.states;
    }
    // Fewer would mean that the enumeration lost its grip.
    assert!(
        ops.len() > 100 && states > 30_000 && seen.len() > 1_500,
        "{} {states} {}",
        ops.len(),
        seen.len()
    );
}

/// Killed after any call, started again, and the power is cut during the recovery: what the second
/// process built upon must not vanish.
#[test]
fn a_power_cut_after_a_kill_is_made_good() {
    let (ops, _) = recorded();
    let (mut states, mut seen) = (0, BTreeSet::new());
    // A name is what a killed process leaves undone: between each link and its sync.
    let kills = (1..ops.len()).filter(|n| matches!(ops[*n - 1], Op::Link(..) | Op::CreateDir(_)));
    for kill in kills {
        let (tree, promised) = after_kill(&ops[..kill]);
        let dir = folder();
        lay_out(&tree, dir.path());
        let disk = SimDisk::new(dir.path(), &tree, 1_000);
        restart(&Layout::on(Arc::new(disk.clone()), dir.path())).unwrap();
        let lines = Locker::open(dir.path()).unwrap().lines().to_vec();
        disk.acknowledge(lines.len());
        let mut all = ops[..kill].to_vec();
        all.push(Op::Acknowledged(promised));
        all.extend(disk.ops());
        let outcome = enumerate(&all, kill, &lines, Metadata::Ordered, &mut seen);
        assert_eq!(outcome.violation, None, "killed before {:?}", ops[kill]);
        states += outcome.states;
    }
    println!("{states} states, {} of them different", seen.len());
    assert!(states > 1_000, "{states}");
}

/// Changes what was asked of the disk as a careless program would ask.
type Fault = fn(Vec<Op>) -> Vec<Op>;

fn no_file_sync(ops: Vec<Op>) -> Vec<Op> {
    ops.into_iter().filter(|op| !matches!(op, Op::Sync(_))).collect()
}

fn no_folder_sync(ops: Vec<Op>) -> Vec<Op> {
    ops.into_iter().filter(|op| !matches!(op, Op::SyncDir(_))).collect()
}

/// Files are made under their final names.
fn in_place(ops: Vec<Op>) -> Vec<Op> {
    let named: BTreeMap<_, _> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Link(inode, to) => Some((*inode, to.clone())),
            _ => None,
        })
        .collect();
    ops.into_iter()
        .filter_map(|op| match op {
            Op::Create(_, inode) if named.contains_key(&inode) => Some(Op::Create(named[&inode].clone(), inode)),
            Op::Link(..) => None,
            Op::RemoveFile(path) if path.starts_with("tmp") => None,
            op => Some(op),
        })
        .collect()
}

/// The log names a snapshot that does not have its name yet.
fn log_before_snapshot(ops: Vec<Op>) -> Vec<Op> {
    log_before("snapshots", ops)
}

/// The log names a file that a person supplied before it has its name.
fn log_before_object(ops: Vec<Op>) -> Vec<Op> {
    log_before("objects", ops)
}

/// The first file in a folder gets its name only after the next entry of the log.
fn log_before(folder: &str, mut ops: Vec<Op>) -> Vec<Op> {
    let is_link = |op: &Op| matches!(op, Op::Link(_, to) if to.starts_with(folder));
    let link = ops.iter().position(is_link).unwrap();
    let moved: Vec<Op> = ops.drain(link..link + 2).collect();
    let is_logged = |op: &Op| *op == Op::SyncDir("log".into());
    let logged = link + ops[link..].iter().position(is_logged).unwrap() + 1;
    ops.splice(logged..logged, moved);
    ops
}

#[test]
fn seeded_faults_are_found() {
    let (ops, lines) = recorded();
    let faults: [(&str, Fault); 5] = [
        ("files are not synced", no_file_sync),
        ("folders are not synced", no_folder_sync),
        ("files are written in place", in_place),
        ("the log comes before the snapshot", log_before_snapshot),
        ("the log comes before the object", log_before_object),
    ];
    for (name, fault) in faults {
        let faulty = fault(ops.clone());
        assert_ne!(faulty, ops, "{name}");
        let violation = BOTH
            .iter()
            .find_map(|metadata| enumerate(&faulty, 0, &lines, *metadata, &mut BTreeSet::new()).violation);
        println!("{name}: {violation:?}");
        assert!(violation.is_some(), "not found: {name}");
    }
}

/// Every call fails once, and every sync once: nothing is written after it, and the next start makes
/// a sound locker of what is there.
#[test]
fn after_a_failed_call_nothing_more_is_written() {
    for only_syncs in [true, false] {
        let mut number = 0;
        loop {
            let dir = folder();
            let notes = SimDisk::new(dir.path(), &Tree::new(), 0);
            let disk = FailingDisk::new(notes.clone(), number, only_syncs);
            let done = work(Arc::new(disk.clone()), &notes, dir.path());
            let Some(after) = disk.failed() else {
                done.unwrap();
                break;
            };
            let error = done.expect_err("a failed call is no success").to_string();
            assert_eq!(after, 0, "call {number}: {error}");
            let promised = after_kill(&notes.ops()).1;
            let lines = Locker::open(dir.path())
                .map(|locker| locker.lines().to_vec())
                .unwrap_or_default();
            assert!(lines.len() >= promised, "call {number}");
            restart(&Layout::on(Arc::new(UnsyncedDisk), dir.path())).unwrap();
            check(dir.path(), promised, &lines).unwrap();
            number += 1;
        }
        println!("{number} calls failed, one at a time (syncs only: {only_syncs})");
        assert!(number > if only_syncs { 40 } else { 120 }, "{number}");
    }
}
