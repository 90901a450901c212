//! Records are a pure function of the kept responses: the recorded sample account, read again
//! by the collector, gives the same bytes.

use std::path::Path;
use std::sync::LazyLock;

use collector::{Derived, Runtime};
use evidence::digest::Digest;
use evidence::locker::{Locker, Writer};
use evidence::snapshot::{Snapshot, SnapshotMeta, records_text};
use tempfile::TempDir;

fn sample() -> Locker {
    Locker::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/locker")).unwrap()
}

/// The recorded account put into a new locker by the collector, once for all that is looked at in it.
struct Replayed {
    recorded: Snapshot,
    sealed: SnapshotMeta,
    derived: Derived,
}

static REPLAYED: LazyLock<(TempDir, Vec<Replayed>)> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let (locker, dir) = (sample(), tempfile::tempdir().unwrap());
    let (mut writer, mut replayed) = (None, Vec::new());
    for entry in locker.snapshots().unwrap() {
        let zip = locker.snapshot_bytes(&entry).unwrap();
        let recorded = Snapshot::read(zip.clone()).unwrap();
        let open = match writer.take() {
            Some(writer) => writer,
            None => Writer::create(dir.path(), "x", &recorded.meta.tool, recorded.meta.opened_at).unwrap(),
        };
        let work = collector::collect_replayed(open, &recorded, zip);
        let (next, sealed, derived) = runtime.block_on(work).unwrap().unwrap();
        writer = Some(next);
        replayed.push(Replayed {
            recorded,
            sealed,
            derived,
        });
    }
    (dir, replayed)
});

#[test]
fn records_come_out_of_the_responses_byte_for_byte() {
    assert!(REPLAYED.1.len() > 1, "the sample has several snapshots");
    for Replayed { recorded, derived, .. } in &REPLAYED.1 {
        let run = &recorded.meta.run;
        assert_eq!(
            derived.missing,
            Vec::<String>::new(),
            "{run}: requests that were not recorded"
        );
        assert_eq!(
            derived.unused,
            Vec::<String>::new(),
            "{run}: exchanges nobody asked for"
        );
        assert_eq!(derived.gaps, recorded.gaps, "{run}");
        assert!(derived.tables.keys().eq(recorded.meta.records.keys()), "{run}: tables");
        for (table, lines) in &recorded.meta.records {
            let text = records_text(&derived.tables[table]).unwrap();
            assert_eq!(Digest::of(text), lines.sha256, "{run}: {table}");
        }
    }
}

#[test]
fn a_replayed_snapshot_is_the_recorded_one() {
    for Replayed { recorded, sealed, .. } in &REPLAYED.1 {
        assert_eq!(sealed.records, recorded.meta.records);
        assert_eq!(sealed.exchanges, recorded.meta.exchanges);
        assert_eq!(sealed.gaps, recorded.meta.gaps);
    }
    assert!(Locker::verify(REPLAYED.0.path()).unwrap().faults.is_empty());
}

#[test]
fn an_answer_that_was_taken_away_is_missed() {
    let locker = sample();
    let entry = locker.snapshots().unwrap().remove(0);
    let zip = locker.snapshot_bytes(&entry).unwrap();
    let mut snapshot = locker.load(&entry.run).unwrap();
    let taken = snapshot
        .exchanges
        .iter()
        .position(|e| e.operation == "GetAccountSummary")
        .unwrap();
    snapshot.exchanges.remove(taken);
    let derived = Runtime::new()
        .unwrap()
        .block_on(collector::replay(&snapshot, zip))
        .unwrap()
        .unwrap();
    assert_eq!(derived.missing.len(), 1);
    let gap = derived
        .gaps
        .iter()
        .find(|gap| gap.operation == "iam:GetAccountSummary")
        .unwrap();
    assert_eq!(gap.exchange, None);
    assert!(!derived.tables.contains_key("iam_account_summary"));
}
