//! The locker: the folder that keeps snapshots and the log.
//!
//! Reading goes through verification: [`Locker::load`] gives a snapshot only when its bytes are
//! those the log names. Writing goes through [`Writer`], of which there is one at a time.
//! The format is described in `docs/locker-format.md`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::archive::ArchiveError;
use crate::canonical::{self, NotCanonical};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::log::{Entry, EntryType};
use crate::snapshot::{Snapshot, SnapshotError};

mod chain;
pub mod disk;
mod draft;
mod exports;
mod layout;
mod manual;
mod put;
mod reconciled;
mod rows;
mod verify;
mod vouch;
mod writer;

pub use draft::{Draft, Sealing};
pub use exports::BundleExport;
pub use layout::Layout;
pub use reconciled::{ReconcileBody, Reconciled};
pub use verify::{Fault, Verification};
pub use vouch::is_checkpoint_of;
pub use writer::{Recovery, Writer};

/// `format` of `locker.json`.
pub const FORMAT: &str = "exhibit.locker/1";

/// `locker.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// [`FORMAT`].
    pub format: String,
    /// The organization whose evidence this is.
    pub organization: String,
    /// Origin line of checkpoints: `exhibit/<organization>/<8 hex of the genesis line>`.
    pub origin: String,
    /// SHA-256 of the first line of the log.
    pub genesis: Digest,
}

/// A sealed snapshot as the log names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotEntry {
    /// Run id.
    pub run: String,
    /// When the run started.
    pub opened_at: Timestamp,
    /// Path inside the locker.
    pub file: String,
    /// SHA-256 of the zip.
    pub sha256: Digest,
    /// `complete` or `partial`.
    pub status: String,
    /// The controls that the run asked for; left out where these were all in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<crate::snapshot::Chosen>,
    /// Sequence number of the log entry.
    pub seq: u64,
}

impl SnapshotEntry {
    /// Did the run ask for all controls in scope, and was it worked through?
    pub fn is_full(&self) -> bool {
        self.status == "complete" && self.controls.is_none()
    }
}

/// Something is wrong with a locker.
#[derive(Debug, thiserror::Error)]
pub enum LockerError {
    /// There is none.
    #[error("{} is not a locker: it has no locker.json; `exhibit collect` makes one, or name another with --locker", .0.display())]
    NotALocker(PathBuf),
    /// The folder holds other things.
    #[error("{} is no locker and {what}; name a new folder with --locker", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// A newer exhibit wrote it.
    #[error("{} has format `{format}`, which this version of exhibit does not know; use a newer exhibit", path.display())]
    Newer {
        /// The locker.
        path: PathBuf,
        /// Its format.
        format: String,
    },
    /// Another process writes to it.
    #[error("{} is in use by another exhibit; wait until it ends", .0.display())]
    Locked(PathBuf),
    /// A file is not what it should be.
    #[error("{file}: {message}; `exhibit verify` lists every fault")]
    Damaged {
        /// Path inside the locker.
        file: String,
        /// Kind of fault, as in [`Fault::code`].
        code: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The snapshot is not in the log.
    #[error("there is no snapshot `{0}` in this locker; `exhibit status` lists them")]
    NoSuchSnapshot(String),
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A value cannot be written down.
    #[error("cannot be written as canonical JSON: {0}")]
    NotCanonical(#[from] NotCanonical),
    /// The archive could not be written.
    #[error("cannot write the snapshot: {0}")]
    Archive(#[from] ArchiveError),
}

pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T, LockerError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, LockerError> {
        self.map_err(|source| LockerError::Io {
            path: path.to_owned(),
            source,
        })
    }
}

pub(crate) fn damaged(file: impl Into<String>, message: impl ToString) -> LockerError {
    fault(file, "changed", message)
}

fn fault(file: impl Into<String>, code: &'static str, message: impl ToString) -> LockerError {
    LockerError::Damaged {
        file: file.into(),
        code,
        message: message.to_string(),
    }
}

/// A locker opened for reading.
#[derive(Clone, Debug)]
pub struct Locker {
    layout: Layout,
    identity: Identity,
    entries: Vec<Entry>,
    lines: Vec<String>,
}

impl Locker {
    /// Is there a locker in this folder?
    pub fn exists(dir: &Path) -> bool {
        Layout::new(dir).identity().is_file()
    }

    /// Opens the locker and checks the chain of its log up to the newest checkpoint.
    pub fn open(dir: &Path) -> Result<Self, LockerError> {
        let locker = Self::open_chain(dir)?;
        locker.check_newest_checkpoint()?;
        Ok(locker)
    }

    /// A locker of which only the log is at hand, one line per entry, as a bundle holds it; the
    /// chain is checked. Files that the log names are not there: reading one is an error.
    pub fn of_log(place: &Path, log: &str) -> Result<Self, LockerError> {
        let (entries, lines) = chain::parse(log)?;
        let identity = match entries.first() {
            Some(first) => identity_of(first, &lines[0]),
            None => return Err(damaged("log", "it is empty")),
        };
        Ok(Self {
            layout: Layout::new(place),
            identity,
            entries,
            lines,
        })
    }

    /// The newest entry is named by no other; only a checkpoint holds it in place.
    fn check_newest_checkpoint(&self) -> Result<(), LockerError> {
        for size in (1..=self.lines.len()).rev() {
            let path = self.layout.checkpoint(size as u64);
            match fs::read(&path) {
                Ok(text) if text == crate::log::checkpoint(&self.identity.origin, &self.lines[..size]).as_bytes() => {
                    return Ok(());
                }
                Ok(_) => {
                    let entry = self.layout.name_of(&self.layout.entry(size as u64));
                    let message = format!(
                        "it does not fit {}: one of them was changed",
                        self.layout.name_of(&path)
                    );
                    return Err(fault(entry, "checkpoint", message));
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(LockerError::Io { path, source }),
            }
        }
        Ok(())
    }

    /// Opens the locker and checks the chain of its log.
    fn open_chain(dir: &Path) -> Result<Self, LockerError> {
        let layout = Layout::new(dir);
        let identity = read_identity(&layout)?;
        let (entries, lines) = chain::read(&layout)?;
        if entries.first().map(|first| identity_of(first, &lines[0])) != Some(identity.clone()) {
            return Err(damaged("locker.json", "it does not fit log/000000001.json"));
        }
        Ok(Self {
            layout,
            identity,
            entries,
            lines,
        })
    }

    /// `locker.json`.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// The log, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The log's lines, without line feeds.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The time of the last entry: the latest moment the locker knows of.
    pub fn known_until(&self) -> Option<Timestamp> {
        self.entries.last().map(|entry| entry.at)
    }

    /// The text of the newest checkpoint: what an auditor may be sent to hold the log to.
    pub fn checkpoint(&self) -> String {
        crate::log::checkpoint(&self.identity.origin, &self.lines)
    }

    /// All snapshots, oldest first.
    pub fn snapshots(&self) -> Result<Vec<SnapshotEntry>, LockerError> {
        let mut found: Vec<_> = self
            .entries
            .iter()
            .filter(|e| e.r#type == EntryType::Snapshot)
            .map(snapshot_entry)
            .collect::<Result<_, _>>()?;
        // Two runs of one second are told apart by the log.
        found.sort_by_key(|entry| (entry.opened_at, entry.seq));
        Ok(found)
    }

    /// The bytes of a snapshot's zip, checked against the log.
    pub fn snapshot_bytes(&self, entry: &SnapshotEntry) -> Result<Vec<u8>, LockerError> {
        let path = self.dir().join(&entry.file);
        let bytes = fs::read(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => fault(
                &entry.file,
                "missing",
                "the log names this snapshot, but the file is missing",
            ),
            _ => LockerError::Io { path, source: e },
        })?;
        let gives = Digest::of(&bytes);
        if gives != entry.sha256 {
            return Err(damaged(
                &entry.file,
                format!("its SHA-256 is {gives}, the log says {}", entry.sha256),
            ));
        }
        Ok(bytes)
    }

    /// Reads a snapshot, checking every digest on the way.
    pub fn load(&self, run: &str) -> Result<Snapshot, LockerError> {
        let entry = self
            .snapshots()?
            .into_iter()
            .find(|entry| entry.run == run)
            .ok_or_else(|| LockerError::NoSuchSnapshot(run.to_owned()))?;
        let bytes = self.snapshot_bytes(&entry)?;
        Snapshot::read(bytes).map_err(|e: SnapshotError| damaged(&entry.file, e))
    }

    /// Runs that were opened and neither sealed nor aborted.
    pub fn unclosed_runs(&self) -> Vec<&Entry> {
        let closed: Vec<_> = self
            .entries
            .iter()
            .filter(|e| matches!(e.r#type, EntryType::Snapshot | EntryType::RunAbort))
            .filter_map(|e| e.text("run"))
            .collect();
        self.entries
            .iter()
            .filter(|e| e.r#type == EntryType::RunOpen && e.text("run").is_none_or(|run| !closed.contains(&run)))
            .collect()
    }
}

/// What `locker.json` says, from the first entry of the log.
fn identity_of(genesis: &Entry, line: &str) -> Identity {
    let digest = Digest::of(line);
    let organization = genesis.text("organization").unwrap_or_default().to_owned();
    Identity {
        format: genesis.text("format").unwrap_or_default().to_owned(),
        origin: format!("exhibit/{}/{}", slug(&organization), digest.short(8)),
        organization,
        genesis: digest,
    }
}

/// The organization's name in lower-case letters, digits and hyphens.
fn slug(name: &str) -> String {
    let letters: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    let slug = letters.split_whitespace().collect::<Vec<_>>().join("-");
    if slug.is_empty() {
        "organization".to_owned()
    } else {
        slug
    }
}

fn snapshot_entry(entry: &Entry) -> Result<SnapshotEntry, LockerError> {
    let file = || format!("log/{}.json", crate::log::stem(entry.seq));
    let text = |field: &str| {
        entry
            .text(field)
            .ok_or_else(|| damaged(file(), format!("`{field}` is missing")))
    };
    let parsed = |e: String| damaged(file(), e);
    Ok(SnapshotEntry {
        run: text("run")?.to_owned(),
        opened_at: text("opened_at")?
            .parse()
            .map_err(|e: crate::clock::BadTimestamp| parsed(e.to_string()))?,
        file: text("file")?.to_owned(),
        sha256: text("sha256")?.parse().map_err(parsed)?,
        status: text("status")?.to_owned(),
        controls: entry
            .body
            .get("controls")
            .map(|chosen| serde_json::from_value(chosen.clone()))
            .transpose()
            .map_err(|e| parsed(e.to_string()))?,
        seq: entry.seq,
    })
}

fn read_identity(layout: &Layout) -> Result<Identity, LockerError> {
    let path = layout.identity();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(LockerError::NotALocker(layout.dir().to_owned()));
        }
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            return Err(damaged("locker.json", "it is not UTF-8"));
        }
        Err(source) => return Err(LockerError::Io { path, source }),
    };
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let value = serde_json::from_str::<serde_json::Value>(line).map_err(|e| damaged("locker.json", e))?;
    match value.get("format").and_then(|f| f.as_str()) {
        Some(FORMAT) => {}
        Some(format) if format.starts_with("exhibit.locker/") => {
            return Err(LockerError::Newer {
                path: layout.dir().to_owned(),
                format: format.to_owned(),
            });
        }
        _ => return Err(damaged("locker.json", "`format` is not that of a locker")),
    }
    if canonical::parse(line).is_err() || !text.ends_with('\n') {
        return Err(damaged("locker.json", "not in canonical form"));
    }
    serde_json::from_value(value).map_err(|e| damaged("locker.json", e))
}
