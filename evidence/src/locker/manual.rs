//! Attachments and reviews in a locker.

use std::fs;
use std::io;

use serde::de::DeserializeOwned;

use super::{Locker, LockerError, Writer, damaged, fault};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::log::{Entry, EntryType, stem};
use crate::manual::{Attachment, FileRef, ManualEvidence, Review, ReviewBody, object};

fn body<T: DeserializeOwned>(entry: &Entry) -> Result<T, LockerError> {
    serde_json::from_value(entry.body.clone())
        .map_err(|e| damaged(format!("log/{}.json", stem(entry.seq)), format!("its body: {e}")))
}

/// The attachment of a log entry.
pub(super) fn attachment(entry: &Entry) -> Result<Attachment, LockerError> {
    Ok(Attachment {
        id: Attachment::id_of(entry.seq),
        seq: entry.seq,
        at: entry.at,
        replaced_by: None,
        evidence: body(entry)?,
    })
}

/// The review of a log entry.
pub(super) fn review(entry: &Entry) -> Result<Review, LockerError> {
    Ok(Review {
        id: Review::id_of(entry.seq),
        seq: entry.seq,
        at: entry.at,
        review: body::<ReviewBody>(entry)?,
    })
}

impl Locker {
    /// What people supplied, in order of the log; those that were replaced say by what.
    pub fn attachments(&self) -> Result<Vec<Attachment>, LockerError> {
        let entries = self.entries.iter().filter(|e| e.r#type == EntryType::ManualEvidence);
        let mut all: Vec<Attachment> = entries.map(attachment).collect::<Result<_, _>>()?;
        let replaced: Vec<(String, String)> = all
            .iter()
            .filter_map(|a| Some((a.evidence.replaces.clone()?, a.id.clone())))
            .collect();
        for (old, new) in replaced {
            if let Some(old) = all.iter_mut().find(|a| a.id == old) {
                old.replaced_by = Some(new);
            }
        }
        Ok(all)
    }

    /// The sign-offs, in order of the log.
    pub fn reviews(&self) -> Result<Vec<Review>, LockerError> {
        let entries = self.entries.iter().filter(|e| e.r#type == EntryType::Review);
        entries.map(review).collect()
    }

    /// The bytes of a supplied file, checked against its digest.
    pub fn object(&self, file: &FileRef) -> Result<Vec<u8>, LockerError> {
        let name = file.object();
        let path = self.dir().join(&name);
        let bytes = fs::read(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                let message = format!("the log names this object (`{}`), but the file is missing", file.name);
                fault(&name, "missing", message)
            }
            _ => LockerError::Io {
                path: path.clone(),
                source: e,
            },
        })?;
        let gives = Digest::of(&bytes);
        if gives != file.sha256 {
            let message = format!("its SHA-256 is {gives}, the log says {} (`{}`)", file.sha256, file.name);
            return Err(damaged(name, message));
        }
        Ok(bytes)
    }
}

impl Writer {
    /// Keeps what a person supplied: first the files, then the entry that names them. A crash in
    /// between leaves objects that nothing names, and no entry whose files are missing.
    pub fn attach(
        &mut self,
        at: Timestamp,
        evidence: &ManualEvidence,
        contents: &[Vec<u8>],
    ) -> Result<Attachment, LockerError> {
        for bytes in contents {
            self.put_object(bytes)?;
        }
        let locker = self.locker();
        for file in evidence.all_files() {
            locker.object(file)?;
        }
        let body = serde_json::to_value(evidence).map_err(|e| damaged("log", e))?;
        let seq = self.append(at, EntryType::ManualEvidence, body)?;
        self.checkpoint()?;
        Ok(Attachment {
            id: Attachment::id_of(seq),
            seq,
            at,
            replaced_by: None,
            evidence: evidence.clone(),
        })
    }

    /// Records a sign-off.
    pub fn review(&mut self, at: Timestamp, review: &ReviewBody) -> Result<Review, LockerError> {
        let body = serde_json::to_value(review).map_err(|e| damaged("log", e))?;
        let seq = self.append(at, EntryType::Review, body)?;
        self.checkpoint()?;
        Ok(Review {
            id: Review::id_of(seq),
            seq,
            at,
            review: review.clone(),
        })
    }

    /// Puts bytes under their digest; the same bytes are kept once.
    pub(super) fn put_object(&self, bytes: &[u8]) -> Result<(), LockerError> {
        let path = self.layout.dir().join(object(Digest::of(bytes)));
        if path.is_file() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            self.layout.make_dir(folder)?;
        }
        self.layout.put(&path, bytes)
    }
}
