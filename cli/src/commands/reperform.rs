//! `exhibit reperform`: derives the records again from the responses, and compares.

use std::collections::BTreeMap;

use evidence::canonical;
use evidence::digest::Digest;
use evidence::locker::{Fault, Locker, SnapshotEntry};
use evidence::record::Row;
use evidence::snapshot::{Snapshot, Status};
use serde::Serialize;
use serde_json::json;

use crate::args::{self, Global};
use crate::exit::{Exit, Stop};
use crate::ui::{bold, emit_json, plural, safe, say};

/// What re-derivation gave for one snapshot.
#[derive(Debug, Serialize)]
struct Reperformed {
    snapshot: String,
    compared: bool,
    tables: usize,
    records: u64,
    exchanges: usize,
    differences: Vec<Fault>,
}

/// Runs the command.
pub fn run(global: &Global, args: &args::Reperform) -> Result<Exit, Stop> {
    let dir = args.locker.as_deref().unwrap_or(&global.locker);
    let locker = Locker::open(dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Stop::failure(format!("cannot start: {e}")))?;
    let mut all = Vec::new();
    for entry in locker.snapshots()? {
        if args.snapshot.as_ref().is_none_or(|run| entry.run.starts_with(run)) {
            all.push(runtime.block_on(reperform(&locker, &entry))?);
        }
    }
    if all.is_empty() {
        return Err(Stop::usage("there is no such snapshot; `exhibit status` lists them"));
    }
    let same = all.iter().filter(|one| one.differences.is_empty()).count();
    if global.json() {
        emit_json(&json!({ "schema": "exhibit.reperform/1", "ok": same == all.len(), "snapshots": all }))?;
    } else {
        for one in &all {
            let verdict = match (one.compared, one.differences.is_empty()) {
                (false, _) => "partial, not compared",
                (true, true) => "the same",
                (true, false) => "DIFFERENT",
            };
            say!(
                "{}  {verdict}: {} records in {} tables from {} exchanges",
                bold(&one.snapshot),
                one.records,
                one.tables,
                one.exchanges
            );
            for difference in &one.differences {
                say!("  {}: {}", safe(&difference.file), safe(&difference.message));
            }
        }
        say!("{same} of {} the same, byte for byte", plural(all.len(), "snapshot"));
    }
    Ok(if same == all.len() {
        Exit::Ok
    } else {
        Exit::VerificationFailed
    })
}

async fn reperform(locker: &Locker, entry: &SnapshotEntry) -> Result<Reperformed, Stop> {
    let zip = locker.snapshot_bytes(entry)?;
    let snapshot = locker.load(&entry.run)?;
    let derived = collector::replay(&snapshot, zip).await.map_err(Stop::failure)?;
    let mut differences = Vec::new();
    // An interrupted run had asked things whose records it never made, and had not asked others.
    let whole = snapshot.meta.status == Status::Complete;
    if whole {
        for text in derived.missing {
            differences.push(Fault::new("exchanges.jsonl", "missing", text));
        }
        for text in derived.unused {
            differences.push(Fault::new(
                "exchanges.jsonl",
                "unused",
                format!("{text} was not asked for again"),
            ));
        }
        compare(&snapshot, &derived.tables, &mut differences)?;
        if derived.gaps != snapshot.gaps {
            differences.push(Fault::new(
                "gaps.jsonl",
                "changed",
                "other gaps come out of the responses",
            ));
        }
    }
    Ok(Reperformed {
        snapshot: entry.run.clone(),
        compared: whole,
        tables: derived.tables.len(),
        records: derived.tables.values().map(|rows| rows.len() as u64).sum(),
        exchanges: snapshot.exchanges.len(),
        differences,
    })
}

/// Compares the digests of all tables with those in `snapshot.json`.
fn compare(
    snapshot: &Snapshot,
    derived: &BTreeMap<String, Vec<Row>>,
    differences: &mut Vec<Fault>,
) -> Result<(), Stop> {
    let tables: std::collections::BTreeSet<&String> = snapshot.meta.records.keys().chain(derived.keys()).collect();
    for table in tables {
        let lines = evidence::snapshot::records_text(derived.get(table).map_or(&[], Vec::as_slice))
            .map_err(|e: canonical::NotCanonical| Stop::failure(e))?;
        let (count, digest) = (lines.lines().count() as u64, Digest::of(&lines));
        let kept = snapshot.meta.records.get(table);
        if kept.is_none_or(|kept| kept.sha256 != digest) {
            let message = format!("{} rows kept, {count} derived again", kept.map_or(0, |kept| kept.count));
            differences.push(Fault::new(format!("records/{table}.jsonl"), "changed", message));
        }
    }
    Ok(())
}
