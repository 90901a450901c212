//! A locker made again: records and gaps of its snapshots, and the results of the bundles that were made from it.

use std::collections::BTreeMap;
use std::path::Path;

use collector::Runtime;
use controls::catalogue::Catalogue;
use evidence::archive::Archive;
use evidence::locker::{Locker, SnapshotEntry};

use super::Reperformed;
use super::derive::{GAPS, Kept, derive};
use super::results::{self, Derived};
use crate::assessing::Taken;
use crate::exit::Stop;

/// Derives all snapshots, or the one that is named; with all of them, makes the results of the bundles again, by the pages of
/// the catalogue as it is now.
pub fn reperform(
    dir: &Path,
    only: Option<&str>,
    catalogue: &Catalogue,
    runtime: &Runtime,
) -> Result<Reperformed, Stop> {
    let locker = Locker::open(dir)?;
    let mut done = Reperformed {
        kind: "locker",
        ..Reperformed::default()
    };
    let mut derived = Derived::new();
    for entry in locker.snapshots()? {
        if only.is_none_or(|run| entry.run.starts_with(run)) {
            let kept = kept(&locker, &entry)?;
            let zip = kept.zip.clone();
            let (same, snapshot) = derive(kept, runtime)?;
            done.snapshots.push(same);
            derived.insert(entry.run.clone(), Taken { entry, snapshot, zip });
        }
    }
    if done.snapshots.is_empty() {
        return Err(Stop::usage("there is no such snapshot; `exhibit status` lists them"));
    }
    match only {
        Some(_) => done.skip("controls", "one snapshot was asked for"),
        None => results::reperform(&mut done, &locker, &derived, catalogue)?,
    }
    Ok(done)
}

/// What the locker keeps of a snapshot, every digest checked.
fn kept(locker: &Locker, entry: &SnapshotEntry) -> Result<Kept, Stop> {
    let zip = locker.snapshot_bytes(entry)?;
    let snapshot = locker.load(&entry.run)?;
    let damaged = |e: evidence::archive::ArchiveError| Stop::damaged(format!("{}: {e}", entry.file));
    let archive = Archive::of(zip.clone()).map_err(damaged)?;
    let mut made = BTreeMap::new();
    for name in archive.names() {
        if name == GAPS || name.starts_with("records/") {
            let bytes = archive.read(name).map_err(damaged)?;
            made.insert(name.to_owned(), bytes);
        }
    }
    Ok(Kept {
        meta: snapshot.meta,
        exchanges: snapshot.exchanges,
        zip,
        made,
    })
}
