//! Reconciliations with CloudTrail in a locker: an entry of the log, and the result as an object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Locker, LockerError, Writer, damaged};
use crate::canonical;
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::log::{Entry, EntryType, stem};
use crate::manual::FileRef;
use crate::reconcile::Reconciliation;

/// The body of a `reconcile` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconcileBody {
    /// Runs whose exchanges were looked for.
    pub runs: Vec<String>,
    /// `lookup-events` or `log-files`.
    pub source: String,
    /// Rows by class.
    pub counts: BTreeMap<String, u64>,
    /// SHA-256 of the result: the object's name.
    pub sha256: Digest,
    /// Its length in bytes.
    pub size: u64,
}

impl ReconcileBody {
    /// The result among the objects.
    pub fn object(&self) -> FileRef {
        FileRef {
            name: "reconcile.json".to_owned(),
            size: self.size,
            sha256: self.sha256,
            r#type: "application/json".to_owned(),
        }
    }
}

/// A reconciliation as the locker holds it.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// Number of its log entry.
    pub seq: u64,
    /// When it was logged.
    pub at: Timestamp,
    /// The entry's body.
    pub body: ReconcileBody,
    /// The result.
    pub result: Reconciliation,
    /// Its bytes, one canonical line.
    pub bytes: Vec<u8>,
}

/// The body of a log entry.
pub(super) fn body(entry: &Entry) -> Result<ReconcileBody, LockerError> {
    serde_json::from_value(entry.body.clone())
        .map_err(|e| damaged(format!("log/{}.json", stem(entry.seq)), format!("its body: {e}")))
}

impl Locker {
    /// The reconciliations, in order of the log, with their results: `read` gives the bytes of a
    /// result's object.
    pub fn reconciliations_by(
        &self,
        mut read: impl FnMut(u64, &FileRef) -> Result<Option<Vec<u8>>, LockerError>,
    ) -> Result<Vec<Reconciled>, LockerError> {
        let mut all = Vec::new();
        for entry in self.entries.iter().filter(|e| e.r#type == EntryType::Reconcile) {
            let body = body(entry)?;
            let object = body.object();
            let Some(bytes) = read(entry.seq, &object)? else {
                continue;
            };
            let result = serde_json::from_slice(&bytes).map_err(|e| damaged(object.object(), e))?;
            all.push(Reconciled {
                seq: entry.seq,
                at: entry.at,
                body,
                result,
                bytes,
            });
        }
        Ok(all)
    }

    /// The reconciliations, in order of the log.
    pub fn reconciliations(&self) -> Result<Vec<Reconciled>, LockerError> {
        self.reconciliations_by(|_, object| self.object(object).map(Some))
    }
}

impl Writer {
    /// Keeps the result of a reconciliation: first the object, then the entry that names it.
    pub fn reconcile(&mut self, at: Timestamp, result: Reconciliation) -> Result<Reconciled, LockerError> {
        let bytes = canonical::to_line(&result)?.into_bytes();
        self.put_object(&bytes)?;
        let body = ReconcileBody {
            runs: result.runs.clone(),
            source: result.source.kind.clone(),
            counts: result.counts.clone(),
            sha256: Digest::of(&bytes),
            size: bytes.len() as u64,
        };
        let value = serde_json::to_value(&body).map_err(|e| damaged("log", e))?;
        let seq = self.append(at, EntryType::Reconcile, value)?;
        self.checkpoint()?;
        Ok(Reconciled {
            seq,
            at,
            body,
            result,
            bytes,
        })
    }
}
