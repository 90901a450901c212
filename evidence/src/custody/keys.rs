//! The keys that vouch for a log, as the log itself names them.
//!
//! What the log says about its own keys shows nothing to a stranger: an auditor brings a list of
//! allowed signers of his own. It does show which key was good for which checkpoint.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::signature::{Fingerprint, PublicKey};
use crate::clock::Timestamp;
use crate::log::{Entry, EntryType};

/// What the keys may sign for, in a list of allowed signers.
pub const NAMESPACES: &str = "evidence-*@exhibit.v1";

/// Where a private key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// In an OpenSSH key file.
    File,
    /// In AWS KMS.
    Kms,
}

/// The body of a `key-add` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAdd {
    /// The public key, as in a `.pub` file without a comment.
    pub key: String,
    /// Its name, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// Who signs with it.
    pub principal: String,
    /// Where the private key is.
    pub source: KeySource,
    /// From when on it counts.
    pub valid_after: Timestamp,
}

/// The body of a `key-revoke` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoke {
    /// The key's name.
    pub fingerprint: String,
    /// Why it counts no longer.
    pub reason: String,
}

/// A key in the log, from when to when it counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoggedKey {
    /// The `key-add` entry.
    #[serde(flatten)]
    pub add: KeyAdd,
    /// Number of that entry.
    pub seq: u64,
    /// When it was revoked, by which entry, and why.
    pub revoked: Option<Revoked>,
}

/// The end of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// When.
    pub at: Timestamp,
    /// Number of the `key-revoke` entry.
    pub seq: u64,
    /// Why.
    pub reason: String,
}

impl LoggedKey {
    /// Whether it may sign the checkpoint over so many entries: that over its own revocation is
    /// the last.
    pub fn may_sign(&self, checkpoint: u64) -> bool {
        self.seq <= checkpoint && self.revoked.as_ref().is_none_or(|revoked| checkpoint <= revoked.seq)
    }

    /// Whether it still counts.
    pub fn is_current(&self) -> bool {
        self.revoked.is_none()
    }

    /// The line for a list of allowed signers that the auditor keeps.
    pub fn allowed_signer(&self) -> String {
        line(
            &self.add.principal,
            &self.add.key,
            None,
            self.revoked.as_ref().map(|r| r.at),
        )
    }
}

/// A line of a list of allowed signers, without its line feed.
pub fn line(principal: &str, key: &str, after: Option<Timestamp>, before: Option<Timestamp>) -> String {
    let mut line = format!("{principal} namespaces=\"{NAMESPACES}\"");
    let mut put = |name: &str, at: Option<Timestamp>| {
        if let Some(at) = at {
            // Writing to a String cannot fail.
            let _ = write!(line, ",{name}=\"{}\"", at.utc().format("%Y%m%d%H%M%SZ"));
        }
    };
    put("valid-after", after);
    put("valid-before", before);
    line + " " + key
}

/// All keys of the log; entries that cannot be read are left to [`super::examine`].
pub fn keys(entries: &[Entry]) -> Vec<LoggedKey> {
    let mut keys: Vec<LoggedKey> = Vec::new();
    for entry in entries {
        match entry.r#type {
            EntryType::KeyAdd => {
                if let Ok(add) = serde_json::from_value::<KeyAdd>(entry.body.clone()) {
                    keys.push(LoggedKey {
                        add,
                        seq: entry.seq,
                        revoked: None,
                    });
                }
            }
            EntryType::KeyRevoke => {
                let Ok(revoke) = serde_json::from_value::<KeyRevoke>(entry.body.clone()) else {
                    continue;
                };
                let named = |key: &&mut LoggedKey| key.is_current() && key.add.fingerprint == revoke.fingerprint;
                for key in keys.iter_mut().filter(named) {
                    key.revoked = Some(Revoked {
                        at: entry.at,
                        seq: entry.seq,
                        reason: revoke.reason.clone(),
                    });
                }
            }
            _ => {}
        }
    }
    keys
}

/// The list of allowed signers that the log's keys make: for reading only.
pub fn allowed_signers(entries: &[Entry]) -> String {
    let mut text = String::from(
        "# The keys that the log names. A list that comes with the evidence shows nothing: use the one that you were\n\
         # given by another way.\n",
    );
    for key in keys(entries) {
        let before = key.revoked.as_ref().map(|revoked| revoked.at);
        text.push_str(&line(
            &key.add.principal,
            &key.add.key,
            Some(key.add.valid_after),
            before,
        ));
        text.push('\n');
    }
    text
}

/// The key of this fingerprint that may sign the checkpoint, or why there is none.
pub fn signer<'a>(keys: &'a [LoggedKey], key: &PublicKey, checkpoint: u64) -> Result<&'a LoggedKey, NotASigner> {
    let fingerprint = key.fingerprint();
    let name = fingerprint.to_string();
    let mut refusal = NotASigner::Unknown(fingerprint);
    for logged in keys.iter().filter(|logged| logged.add.fingerprint == name) {
        if logged.may_sign(checkpoint) {
            return Ok(logged);
        }
        refusal = match &logged.revoked {
            Some(revoked) if checkpoint > revoked.seq => NotASigner::Revoked(fingerprint, revoked.seq),
            _ => NotASigner::NotYet(fingerprint, logged.seq),
        };
    }
    Err(refusal)
}

/// Why a key is no good for a checkpoint, by the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASigner {
    /// No entry adds it.
    #[error("the key {0} is not in the log")]
    Unknown(Fingerprint),
    /// It was added later.
    #[error("the key {0} was added by entry {1}, later")]
    NotYet(Fingerprint, u64),
    /// It was revoked before.
    #[error("the key {0} was revoked by entry {1}")]
    Revoked(Fingerprint, u64),
}
