//! Bundles that were made from a locker: an entry of the log, and what the results were made with as an object.

use serde::{Deserialize, Serialize};

use super::{Locker, LockerError, Writer, damaged};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::log::{Entry, EntryType, stem};
use crate::manual::FileRef;

/// The body of a `bundle-export` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleExport {
    /// Name of the bundle's top folder.
    pub name: String,
    /// How many of the log's entries are in it.
    pub entries: u64,
    /// SHA-256 of the zip.
    pub sha256: Digest,
    /// SHA-256 of its `tagmanifest-sha256.txt`.
    pub tagmanifest_sha256: Digest,
    /// SHA-256 of its `data/results.json`: the object's name. Older logs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_sha256: Option<Digest>,
    /// Its length in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_size: Option<u64>,
}

impl BundleExport {
    /// What the results were made with, among the objects.
    pub fn results(&self) -> Option<FileRef> {
        Some(FileRef {
            name: "results.json".to_owned(),
            size: self.results_size?,
            sha256: self.results_sha256?,
            r#type: "application/json".to_owned(),
        })
    }
}

/// The body of a log entry.
pub(super) fn body(entry: &Entry) -> Result<BundleExport, LockerError> {
    serde_json::from_value(entry.body.clone())
        .map_err(|e| damaged(format!("log/{}.json", stem(entry.seq)), format!("its body: {e}")))
}

impl Locker {
    /// The bundles that were made, in order of the log.
    pub fn exports(&self) -> Result<Vec<BundleExport>, LockerError> {
        let made = self.entries.iter().filter(|e| e.r#type == EntryType::BundleExport);
        made.map(body).collect()
    }

    /// The locker as it was when its log had so many entries.
    #[must_use]
    pub fn until(&self, entries: u64) -> Self {
        let keep = usize::try_from(entries).unwrap_or(usize::MAX);
        let mut locker = self.clone();
        locker.entries.truncate(keep);
        locker.lines.truncate(keep);
        locker
    }

    /// The locker without the exports at the end of its log: what a bundle made now is made of, so
    /// that making it again gives the same bytes.
    #[must_use]
    pub fn without_last_exports(&self) -> Self {
        let is_export = |entry: &&Entry| entry.r#type == EntryType::BundleExport;
        let exports = self.entries.iter().rev().take_while(is_export).count();
        self.until((self.entries.len() - exports) as u64)
    }
}

impl Writer {
    /// Logs that a bundle of the first `entries` entries was made; what its results were made with is kept first.
    pub fn bundle_export(
        &mut self,
        at: Timestamp,
        name: &str,
        entries: usize,
        bundle: Digest,
        tagmanifest: Digest,
        results: &[u8],
    ) -> Result<u64, LockerError> {
        self.put_object(results)?;
        let export = BundleExport {
            name: name.to_owned(),
            entries: entries as u64,
            sha256: bundle,
            tagmanifest_sha256: tagmanifest,
            results_sha256: Some(Digest::of(results)),
            results_size: Some(results.len() as u64),
        };
        let body = serde_json::to_value(&export).map_err(|e| damaged("log", e))?;
        self.append(at, EntryType::BundleExport, body)
    }
}
