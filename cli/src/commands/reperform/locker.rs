//! A locker made again: records and gaps of its snapshots.

use std::collections::BTreeMap;
use std::path::Path;

use evidence::archive::Archive;
use evidence::locker::{Locker, SnapshotEntry};
use tokio::runtime::Runtime;

use super::Reperformed;
use super::derive::{GAPS, Kept, derive};
use crate::exit::Stop;

/// Derives all snapshots, or the one that is named.
pub fn reperform(dir: &Path, only: Option<&str>, runtime: &Runtime) -> Result<Reperformed, Stop> {
    let locker = Locker::open(dir)?;
    let mut done = Reperformed {
        kind: "locker",
        ..Reperformed::default()
    };
    for entry in locker.snapshots()? {
        if only.is_none_or(|run| entry.run.starts_with(run)) {
            done.snapshots.push(derive(kept(&locker, &entry)?, runtime)?.0);
        }
    }
    done.skip(
        "controls",
        "the log of a locker holds no results: re-perform the bundle, which has them and what they were made with",
    );
    if done.snapshots.is_empty() {
        return Err(Stop::usage("there is no such snapshot; `exhibit status` lists them"));
    }
    Ok(done)
}

/// What the locker keeps of a snapshot, every digest checked.
fn kept(locker: &Locker, entry: &SnapshotEntry) -> Result<Kept, Stop> {
    let zip = locker.snapshot_bytes(entry)?;
    let snapshot = locker.load(&entry.run)?;
    let damaged = |e: evidence::archive::ArchiveError| Stop::damaged(format!("{}: {e}", entry.file));
    let mut archive = Archive::of(zip.clone()).map_err(damaged)?;
    let mut made = BTreeMap::new();
    for name in archive.names() {
        if name == GAPS || name.starts_with("records/") {
            let bytes = archive.read(&name).map_err(damaged)?;
            made.insert(name, bytes);
        }
    }
    Ok(Kept {
        meta: snapshot.meta,
        exchanges: snapshot.exchanges,
        zip,
        made,
    })
}
