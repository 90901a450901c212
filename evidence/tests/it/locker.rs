//! The locker keeps what was put in, and notices everything else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use evidence::clock::Timestamp;
use evidence::diff::Diff;
use evidence::exchange::{Exchange, Outcome};
use evidence::gap::{Gap, ReasonCode};
use evidence::locker::{Locker, LockerError, Sealing, Writer};
use evidence::record::Row;
use evidence::snapshot::{AccountScope, Plan, Snapshot, Status, Tool};
use proptest::prelude::*;
use serde_json::json;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn tool() -> Tool {
    Tool {
        name: "exhibit".into(),
        version: "0.0.0".into(),
    }
}

fn plan() -> Plan {
    Plan {
        sources: vec!["iam.users".into()],
        operations: vec!["iam:ListUsers".into()],
        event_days: None,
        controls: None,
    }
}

pub fn exchange(operation: &str) -> Exchange {
    Exchange {
        i: 0,
        attempt: 1,
        invocation: "0".into(),
        account: "111122223333".into(),
        region: "us-east-1".into(),
        signed_region: "us-east-1".into(),
        service: "iam".into(),
        operation: operation.into(),
        params: json!({}),
        method: "POST".into(),
        endpoint: "https://iam.amazonaws.com/".into(),
        access_key_id: Some("AKIAEXAMPLE".into()),
        sent_at: at("2025-06-30T00:00:01Z"),
        recv_at: at("2025-06-30T00:00:02Z"),
        rtt_ns: 1,
        outcome: Outcome::Response,
        transport_error: None,
        status: Some(200),
        aws_date: Some("Mon, 30 Jun 2025 00:00:05 GMT".into()),
        request_id: Some("r".into()),
        headers: BTreeMap::from([("content-type".into(), "text/xml".into())]),
        body: None,
        body_sha256: None,
        body_len: 0,
        redaction: None,
    }
}

fn user(name: &str, path: &str) -> Row {
    let row = json!({"account": "111122223333", "region": "global", "key": name, "source": 1, "arn": name, "id": "AIDA",
        "name": name, "path": path, "created_at": null, "password_last_used": null});
    row.as_object().unwrap().clone()
}

fn sealing(users: Vec<Row>, gaps: Vec<Gap>) -> Sealing {
    Sealing {
        closed_at: at("2025-06-30T00:00:09Z"),
        status: Status::Complete,
        accounts: vec![AccountScope {
            account: "111122223333".into(),
            caller_arn: "arn:aws:iam::111122223333:role/audit".into(),
            regions: vec!["us-east-1".into()],
            events_home: None,
        }],
        gaps,
        tables: BTreeMap::from([("iam_user".to_owned(), users)]),
    }
}

fn gap(operation: &str, resource: Option<&str>) -> Gap {
    Gap {
        account: "111122223333".into(),
        region: "global".into(),
        operation: operation.into(),
        resource: resource.map(str::to_owned),
        code: ReasonCode::AccessDenied,
        error_code: None,
        message: "denied".into(),
        exchange: Some(1),
    }
}

/// A locker with one complete run.
fn one_run(dir: &Path, users: Vec<Row>, gaps: Vec<Gap>) -> String {
    let writer = Writer::create(dir, "Example & Co", &tool(), at("2025-06-30T00:00:00Z")).unwrap();
    let mut draft = writer.begin(at("2025-06-30T00:00:00Z"), &tool(), plan()).unwrap();
    draft.put(exchange("ListUsers"), Some(b"<ListUsersResponse/>")).unwrap();
    draft.put(exchange("GetLoginProfile"), None).unwrap();
    let (_, meta) = draft.seal(sealing(users, gaps)).unwrap();
    meta.run
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_put_in_comes_out() {
    let dir = tempfile::tempdir().unwrap();
    let run = one_run(
        dir.path(),
        vec![user("b", "/"), user("a", "/")],
        vec![gap("iam:GetLoginProfile", Some("a"))],
    );
    assert!(Locker::verify(dir.path()).unwrap().faults.is_empty());
    let locker = Locker::open(dir.path()).unwrap();
    assert!(locker.identity().origin.starts_with("exhibit/example-co/"));
    let snapshot = locker.load(&run).unwrap();
    assert_eq!(snapshot.meta.max_clock_skew_s, 3);
    let names: Vec<_> = snapshot
        .rows("iam_user")
        .iter()
        .map(|r| r["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "b"], "rows are sorted by key");
    assert_eq!(
        snapshot.exchange(1).unwrap().body.as_deref(),
        Some("bodies/000001.iam.ListUsers.xml")
    );
    assert_eq!(snapshot.exchange(2).unwrap().body, None);
    assert_eq!(snapshot.gaps.len(), 1);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&one, &two] {
        one_run(dir.path(), vec![user("a", "/")], vec![]);
    }
    let content = |dir: &Path| -> Vec<_> { files(dir).into_iter().map(|f| fs::read(f).unwrap()).collect() };
    assert_eq!(content(one.path()), content(two.path()));
}

#[test]
fn two_runs_of_one_second_are_in_the_order_of_the_log() {
    // The run id is a hash: some of these come out in the other order by name.
    for n in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(dir.path(), &format!("x{n}"), &tool(), at("2025-06-30T00:00:00Z")).unwrap();
        let mut runs = Vec::new();
        for _ in 0..2 {
            let mut draft = writer.begin(at("2025-06-30T00:00:00Z"), &tool(), plan()).unwrap();
            draft.put(exchange("ListUsers"), None).unwrap();
            let (next, meta) = draft.seal(sealing(vec![], vec![])).unwrap();
            writer = next;
            runs.push(meta.run);
        }
        let found: Vec<_> = writer
            .locker()
            .snapshots()
            .unwrap()
            .into_iter()
            .map(|s| s.run)
            .collect();
        assert_eq!(found, runs);
    }
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Writer::create(dir.path(), "x", &tool(), at("2025-06-30T00:00:00Z")).unwrap();
    assert!(matches!(Writer::open(dir.path()), Err(LockerError::Locked(_))));
}

#[test]
fn not_a_locker_and_a_newer_locker_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Locker::open(dir.path()), Err(LockerError::NotALocker(_))));
    one_run(dir.path(), vec![], vec![]);
    let path = dir.path().join("locker.json");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("exhibit.locker/1", "exhibit.locker/2");
    fs::write(&path, text).unwrap();
    assert!(matches!(Locker::open(dir.path()), Err(LockerError::Newer { .. })));
}

#[test]
fn removed_and_added_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    one_run(dir.path(), vec![], vec![]);
    for file in files(dir.path())
        .into_iter()
        .filter(|f| !f.ends_with("lock") && !f.ends_with("locker.json"))
    {
        let kept = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let found = Locker::verify(dir.path()).unwrap();
        let cut_tail = file.ends_with("log/000000003.json");
        assert!(
            !found.faults.is_empty() || !found.notes.is_empty(),
            "{file:?} removed, nothing noticed"
        );
        assert!(!found.faults.is_empty() || !cut_tail, "{file:?}");
        fs::write(&file, kept).unwrap();
    }
    fs::write(dir.path().join("snapshots/extra.zip"), b"").unwrap();
    let found = Locker::verify(dir.path()).unwrap();
    assert_eq!(found.faults[0].file, "snapshots/extra.zip");
}

#[test]
fn a_crash_at_any_point_of_a_run_is_recovered_and_logged() {
    for stage in ["opened", "spooled", "torn", "zipped"] {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::create(dir.path(), "x", &tool(), at("2025-06-30T00:00:00Z")).unwrap();
        let mut draft = writer.begin(at("2025-06-30T00:00:00Z"), &tool(), plan()).unwrap();
        let spool = dir.path().join("spool").join(draft.run());
        if stage != "opened" {
            draft.put(exchange("ListUsers"), Some(b"<one/>")).unwrap();
        }
        if stage == "zipped" {
            let copy = tempfile::tempdir().unwrap();
            let run = draft.run().to_owned();
            // Another locker with the same history shows what the zip would have been.
            let other = Writer::create(copy.path(), "x", &tool(), at("2025-06-30T00:00:00Z")).unwrap();
            let mut twin = other.begin(at("2025-06-30T00:00:00Z"), &tool(), plan()).unwrap();
            twin.put(exchange("ListUsers"), Some(b"<one/>")).unwrap();
            twin.seal(sealing(vec![], vec![])).unwrap();
            let name = format!("snapshots/{run}.zip");
            fs::copy(copy.path().join(&name), dir.path().join(&name)).unwrap();
        }
        drop(draft);
        if stage == "torn" {
            let lines = spool.join("exchanges.jsonl");
            let mut text = fs::read(&lines).unwrap();
            text.extend_from_slice(b"{\"i\":2,\"acc");
            fs::write(lines, text).unwrap();
        }
        assert!(
            Locker::verify(dir.path()).unwrap().faults.is_empty(),
            "{stage}: a crash is no fault"
        );
        let (writer, found) = Writer::open(dir.path())
            .unwrap()
            .recover(at("2025-07-01T00:00:00Z"))
            .unwrap();
        assert_eq!(found.len(), 1, "{stage}");
        drop(writer);
        let verified = Locker::verify(dir.path()).unwrap();
        assert!(verified.faults.is_empty(), "{stage}: {:?}", verified.faults);
        let locker = Locker::open(dir.path()).unwrap();
        assert!(locker.unclosed_runs().is_empty(), "{stage}");
        let snapshots = locker.snapshots().unwrap();
        assert_eq!(snapshots.len(), usize::from(stage != "opened"), "{stage}");
        if matches!(stage, "spooled" | "torn") {
            let snapshot = locker.load(&snapshots[0].run).unwrap();
            assert_eq!((snapshot.meta.status, snapshot.exchanges.len()), (Status::Partial, 1));
            assert_eq!(snapshot.gaps[0].code, ReasonCode::EvidenceMissing);
        }
        assert!(
            fs::read_dir(dir.path().join("spool")).unwrap().next().is_none(),
            "{stage}"
        );
    }
}

#[test]
fn a_checkpoint_that_a_crash_prevented_is_written_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    one_run(dir.path(), vec![], vec![]);
    let last = dir.path().join("checkpoints/000000003.checkpoint");
    let text = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    let found = Locker::verify(dir.path()).unwrap();
    assert!(found.faults.is_empty() && found.notes.len() == 1, "{found:?}");
    drop(Writer::open(dir.path()).unwrap());
    assert_eq!(fs::read(&last).unwrap(), text);
}

#[test]
fn a_gap_is_about_one_resource_and_not_about_those_of_a_similar_name() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let load = |dir: &Path, users, gaps| {
        let run = one_run(dir, users, gaps);
        Locker::open(dir).unwrap().load(&run).unwrap()
    };
    let a = load(one.path(), vec![user("logs", "/"), user("logs-2", "/")], vec![]);
    let b = load(two.path(), vec![], vec![gap("iam:ListUsers", Some("logs"))]);
    let table = &Diff::of(&a, &b).tables[0];
    assert_eq!(table.not_seen[0].row.key, "logs");
    assert_eq!(table.removed[0].key, "logs-2");
}

#[test]
fn what_could_not_be_seen_is_not_removed() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let load = |dir: &Path, users, gaps| {
        let run = one_run(dir, users, gaps);
        Locker::open(dir).unwrap().load(&run).unwrap()
    };
    let a: Snapshot = load(
        one.path(),
        vec![user("alice", "/"), user("bob", "/"), user("carol", "/")],
        vec![],
    );
    let b = load(
        two.path(),
        vec![user("alice", "/x/"), user("dave", "/")],
        vec![gap("iam:ListUsers", Some("carol"))],
    );
    let diff = Diff::of(&a, &b);
    let table = &diff.tables[0];
    assert_eq!(table.added[0].key, "dave");
    assert_eq!(table.removed[0].key, "bob");
    assert_eq!(table.not_seen[0].row.key, "carol");
    assert_eq!(table.changed[0].fields[0].field, "path");
    assert_eq!(diff.counts(), [1, 1, 1, 1]);
    assert!(Diff::of(&a, &a).tables.is_empty());
}

fn flipped_somewhere(
    subject: fn(&Path) -> Vec<PathBuf>,
    at: prop::sample::Index,
    bit: u32,
) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    one_run(dir.path(), vec![user("a", "/")], vec![]);
    let candidates = subject(dir.path());
    let total: usize = candidates.iter().map(|f| fs::read(f).unwrap().len()).sum();
    let mut n = at.index(total);
    for file in candidates {
        let mut bytes = fs::read(&file).unwrap();
        if n >= bytes.len() {
            n -= bytes.len();
            continue;
        }
        bytes[n] ^= 1_u8 << bit;
        fs::write(&file, bytes).unwrap();
        let name = file.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned();
        match Locker::verify(dir.path()) {
            Ok(found) => {
                let named = found.faults.iter().any(|f| f.file == name);
                prop_assert!(named, "{name} byte {n}: {:?}", found.faults);
            }
            Err(e) => prop_assert!(matches!(e, LockerError::Newer { .. }), "{e}"),
        }
        return Ok(());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::cases(128), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_bit_of_a_snapshot_names_it(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        flipped_somewhere(|dir| files(&dir.join("snapshots")), at, bit)?;
    }

    #[test]
    fn any_flipped_bit_of_log_or_checkpoints_is_found(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        flipped_somewhere(|dir| {
            let mut all = files(&dir.join("log"));
            all.extend(files(&dir.join("checkpoints")));
            all.push(dir.join("locker.json"));
            all
        }, at, bit)?;
    }
}
