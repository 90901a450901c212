//! Checking a locker: every fault is listed, not only the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::{At, Layout, Locker, LockerError, snapshot_entry};
use crate::clock::Timestamp;
use crate::custody::examine::{self, Trust, Vouched};
use crate::digest::Digest;
use crate::log::{Entry, EntryType, checkpoint};
use crate::snapshot::Snapshot;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file, inside what was verified.
    pub file: String,
    /// What kind of fault; `docs/bundle-format.md` lists them.
    pub code: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl Fault {
    /// A fault of a file.
    pub fn new(file: impl Into<String>, code: &str, message: impl ToString) -> Self {
        Self {
            file: file.into(),
            code: code.to_owned(),
            message: message.to_string(),
        }
    }
}

/// The outcome of a verification.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verification {
    /// Everything that is wrong; empty means that all is as written.
    pub faults: Vec<Fault>,
    /// What a reader should know that is no fault.
    pub notes: Vec<String>,
    /// What was looked at, by kind.
    pub checked: BTreeMap<String, u64>,
    /// What vouches for it, and holds.
    #[serde(skip)]
    pub vouched: Vouched,
}

impl Verification {
    /// Counts something that was looked at.
    pub fn count(&mut self, kind: &str, n: usize) {
        *self.checked.entry(kind.to_owned()).or_default() += n as u64;
    }

    /// Adds what was found in a part, apart from what vouches for it.
    pub fn add(&mut self, part: Self) {
        self.faults.extend(part.faults);
        self.notes.extend(part.notes);
        for (kind, n) in part.checked {
            *self.checked.entry(kind).or_default() += n;
        }
    }
}

impl Locker {
    /// Checks every file of the locker in `dir`, signatures and time stamps by what lies inside.
    pub fn verify(dir: &Path) -> Result<Verification, LockerError> {
        Self::verify_by(dir, &Trust::default())
    }

    /// Checks every file of the locker in `dir`, signatures and time stamps by what the reader
    /// brings along.
    ///
    /// Errors are for what cannot be verified at all (no locker, a newer format, no access).
    pub fn verify_by(dir: &Path, trust: &Trust) -> Result<Verification, LockerError> {
        let mut found = Verification::default();
        let layout = Layout::new(dir);
        let locker = match Self::open_chain(dir) {
            Ok(locker) => locker,
            Err(LockerError::Damaged { file, code, message }) => {
                found.faults = super::chain::faults(&layout)?;
                if found.faults.iter().all(|fault| fault.file != file) {
                    found.faults.push(Fault::new(file, code, message));
                }
                // The chain is broken: judge the snapshots by their own digests at least.
                check_loose_snapshots(&layout, &mut found)?;
                return Ok(found);
            }
            Err(e) => return Err(e),
        };
        found.count("log entries", locker.entries.len());
        check_times(&locker, &mut found);
        check_checkpoints(&locker, &mut found)?;
        check_snapshots(&locker, &mut found)?;
        check_runs(&locker, &mut found);
        check_vouchers(&locker, trust, &mut found)?;
        let objects = check_objects(&locker, &mut found)?;
        check_tree(&locker, &objects, &mut found)?;
        found.faults.sort();
        Ok(found)
    }
}

fn check_times(locker: &Locker, found: &mut Verification) {
    let mut before: Option<Timestamp> = None;
    for entry in &locker.entries {
        if before.is_some_and(|before| entry.at < before) {
            let file = format!("log/{}.json", crate::log::stem(entry.seq));
            found
                .faults
                .push(Fault::new(file, "time", "it is dated before the entry it follows"));
        }
        before = Some(entry.at);
    }
}

fn check_checkpoints(locker: &Locker, found: &mut Verification) -> Result<(), LockerError> {
    for entry in &locker.entries {
        let path = locker.layout.checkpoint(entry.seq);
        let file = locker.layout.name_of(&path);
        let due = entry.r#type.has_checkpoint();
        let newest = entry.seq as usize == locker.entries.len();
        match fs::read(&path) {
            Ok(bytes) => {
                let size = usize::try_from(entry.seq).unwrap_or(usize::MAX);
                if bytes != checkpoint(&locker.identity.origin, &locker.lines[..size]).as_bytes() {
                    let entry = locker.layout.name_of(&locker.layout.entry(entry.seq));
                    let message = format!("{file} and {entry} do not fit: one of them was changed");
                    found.faults.push(Fault::new(file, "checkpoint", &message));
                    found.faults.push(Fault::new(entry, "checkpoint", message));
                }
                found.count("checkpoints", 1);
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && due => {
                if newest {
                    found
                        .notes
                        .push(format!("{file} was not written: a crash came before it"));
                } else {
                    found
                        .faults
                        .push(Fault::new(file, "missing", "this checkpoint is missing"));
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e).at(&path),
        }
    }
    Ok(())
}

/// What vouches for the checkpoints, and what the reader kept of earlier ones.
fn check_vouchers(locker: &Locker, trust: &Trust, found: &mut Verification) -> Result<(), LockerError> {
    let newest = format!("log/{}.json", crate::log::stem(locker.entries.len() as u64));
    examine::earlier(trust, &locker.identity.origin, &locker.lines, &newest, found);
    examine::cadence(&locker.entries, found);
    found.vouched = vouchers(locker, trust, found)?;
    Ok(())
}

/// What vouches for the checkpoints, and holds.
pub(super) fn vouchers(locker: &Locker, trust: &Trust, found: &mut Verification) -> Result<Vouched, LockerError> {
    let (folder, mut names) = (locker.layout.checkpoints(), Vec::new());
    list(&folder, &locker.layout, &mut names)?;
    let names: Vec<String> = names
        .iter()
        .filter(|(_, is_file)| *is_file)
        .filter_map(|(name, _)| Some(name.strip_prefix("checkpoints/")?.to_owned()))
        .collect();
    let log = examine::Log {
        entries: &locker.entries,
        names: &names,
        read: &|name| fs::read(folder.join(name)).ok(),
        folder: "checkpoints/",
        entry_file: &|seq| format!("log/{}.json", crate::log::stem(seq)),
        is_live: true,
    };
    Ok(examine::examine(&log, trust, found))
}

fn check_snapshots(locker: &Locker, found: &mut Verification) -> Result<(), LockerError> {
    let sealed = locker.entries.par_iter().filter(|e| e.r#type == EntryType::Snapshot);
    let judged: Vec<_> = sealed.map(|entry| check_snapshot(locker, entry)).collect();
    for one in judged {
        found.add(one?);
    }
    Ok(())
}

/// Checks the snapshot that this entry of the log is about.
fn check_snapshot(locker: &Locker, entry: &Entry) -> Result<Verification, LockerError> {
    let mut found = Verification::default();
    let entry = match snapshot_entry(entry) {
        Ok(entry) => entry,
        Err(e) => {
            let file = format!("log/{}.json", crate::log::stem(entry.seq));
            found.faults.push(Fault::new(file, "chain", e));
            return Ok(found);
        }
    };
    let read = match locker.snapshot_bytes(&entry) {
        Ok(bytes) => Snapshot::read(bytes).map_err(|e| Fault::new(&entry.file, "unreadable", e)),
        Err(LockerError::Damaged { file, code, message }) => Err(Fault::new(file, code, message)),
        Err(e) => return Err(e),
    };
    match read {
        Ok(snapshot) => {
            found.count("snapshots", 1);
            found.count("exchanges", snapshot.exchanges.len());
            if snapshot.meta.run != entry.run {
                let belongs = Fault::new(&entry.file, "changed", "it belongs to another run");
                found.faults.push(belongs);
            }
            // By the exchanges themselves: the sum of them is what a forger would polish.
            let skew = crate::exchange::max_clock_skew(&snapshot.exchanges);
            if skew > examine::SKEW {
                let off = format!("{}: the collector's clock was off by {skew} s", entry.file);
                found.notes.push(off);
            }
        }
        Err(fault) => found.faults.push(fault),
    }
    Ok(found)
}

fn check_runs(locker: &Locker, found: &mut Verification) {
    for open in locker.unclosed_runs() {
        let run = open.text("run").unwrap_or("?");
        if locker.layout.spool().join(run).is_dir() {
            found.notes.push(format!(
                "run {run} is in progress, or was interrupted; the next `exhibit collect` seals it"
            ));
        } else {
            let file = format!("log/{}.json", crate::log::stem(open.seq));
            found.faults.push(Fault::new(
                file,
                "unclosed-run",
                format!("run {run} was opened and never closed"),
            ));
        }
    }
}

/// What entries name besides snapshots: every object is there, as it was. Gives the names of the objects that the log
/// knows.
fn check_objects(locker: &Locker, found: &mut Verification) -> Result<BTreeSet<String>, LockerError> {
    let mut objects = BTreeSet::new();
    for entry in &locker.entries {
        let named = match entry.r#type {
            EntryType::ManualEvidence => super::manual::attachment(entry)
                .map(|a| ("attachments", a.evidence.all_files().cloned().collect::<Vec<_>>())),
            EntryType::Review => super::manual::review(entry).map(|_| ("reviews", Vec::new())),
            EntryType::Reconcile => super::reconciled::body(entry).map(|b| ("reconciliations", vec![b.object()])),
            EntryType::BundleExport => {
                super::exports::body(entry).map(|b| ("bundle exports", b.results().into_iter().collect()))
            }
            _ => continue,
        };
        let (kind, files) = match named {
            Ok(named) => named,
            Err(e) => {
                let file = format!("log/{}.json", crate::log::stem(entry.seq));
                found.faults.push(Fault::new(file, "chain", e));
                continue;
            }
        };
        found.count(kind, 1);
        for named in files {
            if !objects.insert(named.object()) {
                continue;
            }
            match locker.object(&named) {
                Ok(_) => {}
                Err(LockerError::Damaged { file, code, message }) => {
                    found.faults.push(Fault::new(file, code, message));
                }
                Err(e) => return Err(e),
            }
        }
    }
    Ok(objects)
}

/// Files that nothing refers to.
fn check_tree(locker: &Locker, objects: &BTreeSet<String>, found: &mut Verification) -> Result<(), LockerError> {
    let layout = &locker.layout;
    let mut known: BTreeSet<String> = ["locker.json", "lock"].map(str::to_owned).into();
    // Judged with the entry that names them.
    let vouches = |name: &str| name.starts_with("checkpoints/") && (name.ends_with(".sig") || name.ends_with(".tsr"));
    for entry in &locker.entries {
        known.insert(layout.name_of(&layout.entry(entry.seq)));
        known.insert(layout.name_of(&layout.checkpoint(entry.seq)));
        if let Some(file) = entry.text("file") {
            known.insert(file.to_owned());
        }
        if let Some(run) = entry.text("run") {
            known.insert(layout.name_of(&layout.snapshot(run)));
            known.insert(layout.name_of(&layout.salt(run)));
        }
    }
    let mut files = Vec::new();
    list(layout.dir(), layout, &mut files)?;
    found.count("files", files.len());
    for (name, is_file) in files {
        if !is_file {
            found
                .faults
                .push(Fault::new(name, "unexpected", "it is neither a file nor a folder"));
        } else if name.starts_with("objects/") {
            check_object(layout, &name, objects, found)?;
        } else if !known.contains(&name) && !vouches(&name) && !name.starts_with("spool/") && !name.starts_with("tmp/")
        {
            found
                .faults
                .push(Fault::new(name, "unexpected", "nothing in the log refers to this file"));
        }
    }
    Ok(())
}

fn check_object(
    layout: &Layout,
    name: &str,
    known: &BTreeSet<String>,
    found: &mut Verification,
) -> Result<(), LockerError> {
    found.count("objects", 1);
    // Judged with the entry of the log that names it.
    if known.contains(name) {
        return Ok(());
    }
    let path = layout.dir().join(name);
    let digest = Digest::of(fs::read(&path).at(&path)?).to_string();
    if name != format!("objects/{}/{}", &digest[..2], &digest[2..]) {
        found.faults.push(Fault::new(
            name,
            "changed",
            format!("its SHA-256 is {digest}, which is not its name"),
        ));
    } else {
        found.notes.push(format!(
            "{name}: nothing in the log names it; a command was cut short before its entry"
        ));
    }
    Ok(())
}

fn check_loose_snapshots(layout: &Layout, found: &mut Verification) -> Result<(), LockerError> {
    let mut files = Vec::new();
    list(&layout.snapshots(), layout, &mut files)?;
    for (name, _) in files {
        let path = layout.dir().join(&name);
        if let Err(e) = Snapshot::read(fs::read(&path).at(&path)?) {
            found.faults.push(Fault::new(name, "changed", e));
        }
    }
    found.faults.sort();
    Ok(())
}

/// All files below `dir`, by name inside the locker; links are named, not followed.
fn list(dir: &Path, layout: &Layout, into: &mut Vec<(String, bool)>) -> Result<(), LockerError> {
    if !dir.is_dir() {
        return Ok(());
    }
    for item in fs::read_dir(dir).at(dir)? {
        let item = item.at(dir)?;
        let kind = item.file_type().at(&item.path())?;
        if kind.is_dir() {
            list(&item.path(), layout, into)?;
        } else {
            into.push((layout.name_of(&item.path()), kind.is_file()));
        }
    }
    into.sort();
    Ok(())
}
