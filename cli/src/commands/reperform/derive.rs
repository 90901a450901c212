//! Records and gaps, derived once more from the answers by the collector's own code.

use std::collections::BTreeMap;

use collector::Runtime;
use evidence::canonical::{self, NotCanonical};
use evidence::digest::Digest;
use evidence::exchange::Exchange;
use evidence::gap::Gap;
use evidence::locker::Fault;
use evidence::record::Row;
use evidence::snapshot::{Lines, Snapshot, SnapshotMeta, Status, records_text};
use serde::Serialize;

use super::compare;
use crate::exit::Stop;

/// The file of gaps in a snapshot.
pub const GAPS: &str = "gaps.jsonl";

/// What re-derivation gave for one snapshot.
#[derive(Debug, Serialize)]
pub struct Rederived {
    /// Run id.
    pub snapshot: String,
    /// False for a partial snapshot: it had asked things whose records it never made.
    pub compared: bool,
    /// Tables that came out.
    pub tables: usize,
    /// Rows that came out.
    pub records: u64,
    /// Gaps that came out.
    pub gaps: usize,
    /// Exchanges it came from.
    pub exchanges: usize,
    /// What is not the same.
    pub differences: Vec<Fault>,
}

/// A snapshot as it is kept; nothing of it has to be true.
pub struct Kept {
    /// Its `snapshot.json`.
    pub meta: SnapshotMeta,
    /// Its exchanges.
    pub exchanges: Vec<Exchange>,
    /// A zip with the bodies.
    pub zip: Vec<u8>,
    /// `gaps.jsonl` and `records/<table>.jsonl`.
    pub made: BTreeMap<String, Vec<u8>>,
}

/// Derives a snapshot's records and gaps, and compares. The snapshot that is given back has what
/// came out; a partial one has what it kept.
pub fn derive(kept: Kept, runtime: &Runtime) -> Result<(Rederived, Snapshot), Stop> {
    let Kept {
        meta,
        exchanges,
        zip,
        made,
    } = kept;
    let mut differences = Vec::new();
    let compared = meta.status == Status::Complete;
    let mut snapshot = Snapshot {
        meta,
        exchanges,
        gaps: Vec::new(),
        tables: BTreeMap::new(),
    };
    let texts = if compared {
        let derived = runtime
            .block_on(collector::replay(&snapshot, zip))?
            .map_err(Stop::failure)?;
        for text in derived.missing {
            differences.push(Fault::new("exchanges.jsonl", "missing", text));
        }
        for text in derived.unused {
            let message = format!("{text} was not asked for again");
            differences.push(Fault::new("exchanges.jsonl", "unused", message));
        }
        let texts = texts(&derived.tables, &derived.gaps).map_err(|e: NotCanonical| Stop::failure(e))?;
        differences.extend(
            compare::files(&made, &texts)
                .into_iter()
                .map(|d| Fault::new(d.file, d.code, d.message)),
        );
        texts
    } else {
        made
    };
    fill(&mut snapshot, &texts)?;
    let report = Rederived {
        snapshot: snapshot.meta.run.clone(),
        compared,
        tables: snapshot.tables.len(),
        records: snapshot.tables.values().map(|rows| rows.len() as u64).sum(),
        gaps: snapshot.gaps.len(),
        exchanges: snapshot.exchanges.len(),
        differences,
    };
    Ok((report, snapshot))
}

/// The files as sealing writes them.
fn texts(tables: &BTreeMap<String, Vec<Row>>, gaps: &[Gap]) -> Result<BTreeMap<String, Vec<u8>>, NotCanonical> {
    let mut texts = BTreeMap::new();
    for (table, rows) in tables {
        texts.insert(format!("records/{table}.jsonl"), records_text(rows)?.into_bytes());
    }
    let gaps: String = gaps.iter().map(canonical::to_line).collect::<Result<_, _>>()?;
    texts.insert(GAPS.to_owned(), gaps.into_bytes());
    Ok(texts)
}

/// Reads rows and gaps from their files, in the files' order.
fn fill(snapshot: &mut Snapshot, texts: &BTreeMap<String, Vec<u8>>) -> Result<(), Stop> {
    snapshot.meta.records.clear();
    for (file, bytes) in texts {
        let lines = Lines {
            count: bytes.iter().filter(|b| **b == b'\n').count() as u64,
            sha256: Digest::of(bytes),
        };
        let table = file
            .strip_prefix("records/")
            .and_then(|name| name.strip_suffix(".jsonl"));
        if let Some(table) = table {
            snapshot.meta.records.insert(table.to_owned(), lines);
            snapshot.tables.insert(table.to_owned(), parsed(file, bytes)?);
        } else {
            snapshot.meta.gaps = lines;
            snapshot.gaps = parsed(file, bytes)?;
        }
    }
    Ok(())
}

fn parsed<T: serde::de::DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<Vec<T>, Stop> {
    bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .map_err(|e| Stop::damaged(format!("{file} cannot be read: {e}")))
}
