//! Records are a pure function of the kept responses: the recorded sample account, read again
//! by the collector, gives the same bytes.

use std::path::Path;

use evidence::digest::Digest;
use evidence::locker::{Locker, Writer};
use evidence::snapshot::{Snapshot, records_text};

fn sample() -> Locker {
    Locker::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/locker")).unwrap()
}

#[tokio::test]
async fn records_come_out_of_the_responses_byte_for_byte() {
    let locker = sample();
    let entries = locker.snapshots().unwrap();
    assert!(entries.len() > 1, "the sample has several snapshots");
    for entry in entries {
        let snapshot = locker.load(&entry.run).unwrap();
        let derived = collector::replay(&snapshot, locker.snapshot_bytes(&entry).unwrap())
            .await
            .unwrap();
        assert_eq!(
            derived.missing,
            Vec::<String>::new(),
            "{}: requests that were not recorded",
            entry.run
        );
        assert_eq!(
            derived.unused,
            Vec::<String>::new(),
            "{}: exchanges nobody asked for",
            entry.run
        );
        assert_eq!(derived.gaps, snapshot.gaps, "{}", entry.run);
        assert!(
            derived.tables.keys().eq(snapshot.meta.records.keys()),
            "{}: tables",
            entry.run
        );
        for (table, lines) in &snapshot.meta.records {
            let text = records_text(&derived.tables[table]).unwrap();
            assert_eq!(Digest::of(text), lines.sha256, "{}: {table}", entry.run);
        }
    }
}

#[tokio::test]
async fn a_replayed_snapshot_is_the_recorded_one() {
    let locker = sample();
    let dir = tempfile::tempdir().unwrap();
    let mut writer = None;
    // `exhibit demo` replays all of them (tests/custody).
    for entry in locker.snapshots().unwrap().into_iter().take(2) {
        let zip = locker.snapshot_bytes(&entry).unwrap();
        let recorded = Snapshot::read(zip.clone()).unwrap();
        let open = match writer.take() {
            Some(writer) => writer,
            None => Writer::create(dir.path(), "x", &recorded.meta.tool, recorded.meta.opened_at).unwrap(),
        };
        let (next, sealed, _) = collector::collect_replayed(open, &recorded, zip).await.unwrap();
        assert_eq!(sealed.records, recorded.meta.records);
        assert_eq!(sealed.exchanges, recorded.meta.exchanges);
        assert_eq!(sealed.gaps, recorded.meta.gaps);
        writer = Some(next);
    }
    assert!(Locker::verify(dir.path()).unwrap().faults.is_empty());
}

#[tokio::test]
async fn an_answer_that_was_taken_away_is_missed() {
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
    let derived = collector::replay(&snapshot, zip).await.unwrap();
    assert_eq!(derived.missing.len(), 1);
    let gap = derived
        .gaps
        .iter()
        .find(|gap| gap.operation == "iam:GetAccountSummary")
        .unwrap();
    assert_eq!(gap.exchange, None);
    assert!(!derived.tables.contains_key("iam_account_summary"));
}
