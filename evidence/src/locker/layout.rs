//! Where things are inside a locker.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, Fused, RealDisk};
use super::{At, LockerError, put};
use crate::log::stem;

/// Paths of a locker.
#[derive(Clone, Debug)]
pub struct Layout {
    dir: PathBuf,
    disk: Fused,
}

impl Layout {
    /// Of the locker in this folder.
    pub fn new(dir: &Path) -> Self {
        Self::on(Arc::new(RealDisk), dir)
    }

    /// Of the locker in this folder, written to by way of this disk, until a call to it fails.
    pub fn on(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            disk: Fused::new(disk),
        }
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &self.disk
    }

    /// Writes a file so that it is there whole, or not at all, and never replaces another.
    pub(super) fn put(&self, to: &Path, bytes: &[u8]) -> Result<(), LockerError> {
        put::put(self.disk(), &self.tmp(), to, bytes).at(to)
    }

    /// Makes a folder, unless it is there.
    pub(super) fn make_dir(&self, path: &Path) -> Result<(), LockerError> {
        put::make_dir(self.disk(), path).at(path)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `locker.json`.
    pub fn identity(&self) -> PathBuf {
        self.dir.join("locker.json")
    }

    /// The file whose lock keeps other writers away; it is empty.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// `log/`.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// `log/000000001.json`.
    pub fn entry(&self, seq: u64) -> PathBuf {
        self.log().join(format!("{}.json", stem(seq)))
    }

    /// `checkpoints/`.
    pub fn checkpoints(&self) -> PathBuf {
        self.dir.join("checkpoints")
    }

    /// `checkpoints/000000001.checkpoint`.
    pub fn checkpoint(&self, seq: u64) -> PathBuf {
        self.checkpoints().join(format!("{}.checkpoint", stem(seq)))
    }

    /// `checkpoints/000000001.checkpoint.sig`.
    pub fn signature(&self, seq: u64) -> PathBuf {
        self.checkpoints().join(format!("{}.checkpoint.sig", stem(seq)))
    }

    /// `checkpoints/000000001.checkpoint.<tsa>.tsr`.
    pub fn token(&self, seq: u64, authority: &str) -> PathBuf {
        self.checkpoints()
            .join(format!("{}.checkpoint.{authority}.tsr", stem(seq)))
    }

    /// `snapshots/`.
    pub fn snapshots(&self) -> PathBuf {
        self.dir.join("snapshots")
    }

    /// `snapshots/<run>.zip`.
    pub fn snapshot(&self, run: &str) -> PathBuf {
        self.snapshots().join(format!("{run}.zip"))
    }

    /// `objects/`.
    pub fn objects(&self) -> PathBuf {
        self.dir.join("objects")
    }

    /// `spool/`: runs in progress.
    pub fn spool(&self) -> PathBuf {
        self.dir.join("spool")
    }

    /// `salts/`: what proves redacted values, and is never given away as a whole.
    pub fn salts(&self) -> PathBuf {
        self.dir.join("salts")
    }

    /// `salts/<run>`.
    pub fn salt(&self, run: &str) -> PathBuf {
        self.salts().join(run)
    }

    /// `tmp/`: files on their way to their name.
    pub fn tmp(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    /// The path relative to the locker, with forward slashes.
    pub fn name_of(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.dir).unwrap_or(path);
        relative
            .components()
            .map(|c| c.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/")
    }

    /// Whether a folder's item of this name can be part of a locker.
    pub fn is_part(name: &str) -> bool {
        [
            "locker.json",
            "lock",
            "log",
            "checkpoints",
            "snapshots",
            "objects",
            "salts",
            "spool",
            "tmp",
        ]
        .contains(&name)
    }

    /// The numbers of all files in `log/`.
    pub fn log_numbers(&self) -> Result<Vec<u64>, LockerError> {
        let dir = self.log();
        let mut numbers = Vec::new();
        for file in fs::read_dir(&dir).at(&dir)? {
            let name = file.at(&dir)?.file_name();
            if let Some(seq) = name
                .to_str()
                .and_then(|n| n.strip_suffix(".json"))
                .and_then(|n| n.parse().ok())
            {
                numbers.push(seq);
            }
        }
        Ok(numbers)
    }
}
