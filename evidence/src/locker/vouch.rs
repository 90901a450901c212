//! Vouching for checkpoints: signatures, time stamps and keys.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::{At, Locker, LockerError, Verification, Writer, damaged};
use crate::clock::Timestamp;
use crate::custody::examine::{Trust, Vouched};
use crate::custody::keys::{self, KeyAdd, KeyRevoke, LoggedKey, NotASigner};
use crate::custody::signature::{self, CHECKPOINT_NAMESPACE};
use crate::custody::voucher::is_failure;
use crate::custody::{Custody, Trouble, Voucher, VoucherFile, VoucherToken, timestamp};
use crate::digest::Digest;
use crate::log::{Entry, EntryType, newest_with_checkpoint, stem};

/// Longest reason that the log keeps; it comes from the network.
const REASON: usize = 300;

impl Locker {
    /// The keys that the log names.
    pub fn keys(&self) -> Vec<LoggedKey> {
        keys::keys(&self.entries)
    }

    /// What vouches for checkpoints, in order of the log; entries that cannot be read are left to
    /// [`Locker::verify`].
    pub fn vouchers(&self) -> Vec<Voucher> {
        vouchers(&self.entries)
    }

    /// What vouches for the checkpoints and holds, by what lies inside.
    pub fn vouched(&self) -> Result<Vouched, LockerError> {
        super::verify::vouchers(self, &Trust::default(), &mut Verification::default())
    }

    /// Number of entries under the newest checkpoint, 0 if there is none yet.
    pub fn newest_checkpoint(&self) -> u64 {
        newest_with_checkpoint(&self.entries).map_or(0, |entry| entry.seq)
    }

    /// What failed at the newest checkpoint and has not been made up for, and why.
    pub fn not_vouched(&self) -> Vec<(String, String)> {
        let newest = self.newest_checkpoint();
        let made = vouchers(&self.entries);
        let mine = || made.iter().filter(|voucher| voucher.checkpoint == newest);
        let failed = self.entries.iter().filter(|entry| is_failure(entry, newest));
        failed
            .filter_map(|entry| {
                let reason = entry.text("reason").unwrap_or_default().to_owned();
                match entry.text("tsa") {
                    None if mine().all(|v| v.signature.is_none()) => Some(("signed".to_owned(), reason)),
                    Some(tsa) if mine().all(|v| v.tokens.iter().all(|t| t.tsa != tsa)) => {
                        Some((format!("time-stamped by {tsa}"), reason))
                    }
                    _ => None,
                }
            })
            .collect()
    }
}

fn vouchers(entries: &[Entry]) -> Vec<Voucher> {
    let made = entries.iter().filter(|e| e.r#type == EntryType::Timestamped);
    made.filter_map(|e| serde_json::from_value(e.body.clone()).ok())
        .collect()
}

/// What is still to be done for a checkpoint.
#[derive(Debug, Default)]
struct Wanted {
    signature: bool,
    authorities: Vec<String>,
}

impl Writer {
    /// From here on checkpoints are vouched for. First tries again what failed at the newest one;
    /// those before it are covered by it.
    pub fn in_custody_of(mut self, custody: Arc<Custody>) -> Result<Self, LockerError> {
        self.custody = Some(custody.clone());
        if let Some(newest) = newest_with_checkpoint(&self.entries).map(|entry| entry.seq) {
            let wanted = self.left_undone(&custody, newest)?;
            self.vouch_by(&custody, newest, &wanted)?;
        }
        Ok(self)
    }

    /// Vouches for a checkpoint that was just written.
    pub(super) fn vouch(&mut self, checkpoint: u64) -> Result<(), LockerError> {
        let Some(custody) = self.custody.clone() else {
            return Ok(());
        };
        let wanted = Wanted {
            signature: custody.signs(),
            authorities: custody.authorities().into_iter().map(str::to_owned).collect(),
        };
        self.vouch_by(&custody, checkpoint, &wanted)
    }

    /// What a checkpoint lacks because it failed, or because exhibit was cut short.
    fn left_undone(&mut self, custody: &Custody, checkpoint: u64) -> Result<Wanted, LockerError> {
        let vouchers: Vec<Voucher> = vouchers(&self.entries);
        let failed: Vec<Option<String>> = self
            .entries
            .iter()
            .filter(|entry| is_failure(entry, checkpoint))
            .map(|entry| entry.text("tsa").map(str::to_owned))
            .collect();
        let mine: Vec<&Voucher> = vouchers.iter().filter(|v| v.checkpoint == checkpoint).collect();
        let in_force = |entry: &Entry| match entry.r#type {
            EntryType::KeyAdd => entry.seq <= checkpoint,
            EntryType::Timestamped | EntryType::TimestampFailed => entry.seq < checkpoint,
            _ => false,
        };
        // Nothing at all is known of it, though others were vouched for.
        let cut_short = mine.is_empty() && failed.is_empty() && self.entries.iter().any(in_force);
        let has_key = keys::keys(&self.entries).iter().any(|key| key.seq <= checkpoint);
        let mut wanted = Wanted {
            signature: custody.signs() && has_key && mine.iter().all(|v| v.signature.is_none()),
            authorities: Vec::new(),
        };
        for authority in custody.authorities() {
            let has = mine.iter().any(|v| v.tokens.iter().any(|t| t.tsa == authority));
            if !has && (cut_short || failed.iter().any(|tsa| tsa.as_deref() == Some(authority))) {
                wanted.authorities.push(authority.to_owned());
            }
        }
        if cut_short {
            // Said before the token comes, so that its lateness has a reason in the log.
            for authority in wanted.authorities.clone() {
                self.log_failure(
                    custody,
                    checkpoint,
                    Some(&authority),
                    "exhibit was cut short before it asked",
                )?;
            }
        }
        Ok(wanted)
    }

    fn vouch_by(&mut self, custody: &Custody, checkpoint: u64, wanted: &Wanted) -> Result<(), LockerError> {
        if !wanted.signature && wanted.authorities.is_empty() {
            return Ok(());
        }
        let path = self.layout.checkpoint(checkpoint);
        let text = fs::read(&path).at(&path)?;
        let mut voucher = Voucher {
            checkpoint,
            signature: None,
            tokens: Vec::new(),
        };
        if wanted.signature {
            let path = self.layout.signature(checkpoint);
            let sound = |bytes: &[u8]| {
                let armoured = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
                let key = signature::signed_by(&text, armoured, CHECKPOINT_NAMESPACE).map_err(|e| e.to_string())?;
                self.may_sign(&key, checkpoint)
            };
            let make = || self.sign(custody, checkpoint, &text).map(String::into_bytes);
            match self.keep(&path, sound, make)? {
                Ok(sha256) => {
                    let file = file_name(&path);
                    voucher.signature = Some(VoucherFile { file, sha256 });
                }
                Err(reason) => self.log_failure(custody, checkpoint, None, &reason)?,
            }
        }
        for authority in &wanted.authorities {
            let digest = Digest::of(&text);
            let path = self.layout.token(checkpoint, authority);
            let sound = |bytes: &[u8]| {
                let reply = timestamp::read(bytes).map_err(|e| e.to_string())?;
                let checked = timestamp::check_unproven(&reply.token, &digest, None);
                checked.map(drop).map_err(|e| e.to_string())
            };
            match self.keep(&path, sound, || custody.stamp(authority, &digest))? {
                Ok(sha256) => voucher.tokens.push(VoucherToken {
                    tsa: authority.clone(),
                    file: file_name(&path),
                    sha256,
                }),
                Err(reason) => self.log_failure(custody, checkpoint, Some(authority), &reason)?,
            }
        }
        if voucher.signature.is_some() || !voucher.tokens.is_empty() {
            let body = serde_json::to_value(&voucher).map_err(|e| damaged("log", e))?;
            self.append(self.not_before(custody), EntryType::Timestamped, body)?;
        }
        Ok(())
    }

    /// Writes what vouches, or takes up what was written before a crash.
    fn keep(
        &self,
        path: &Path,
        sound: impl Fn(&[u8]) -> Result<(), String>,
        make: impl FnOnce() -> Result<Vec<u8>, String>,
    ) -> Result<Result<Digest, String>, LockerError> {
        if path.exists() {
            let bytes = fs::read(path).at(path)?;
            let in_the_way = |e| format!("{} is in the way and does not fit: {e}", file_name(path));
            return Ok(sound(&bytes).map(|()| Digest::of(&bytes)).map_err(in_the_way));
        }
        let bytes = match make() {
            Ok(bytes) => bytes,
            Err(reason) => return Ok(Err(reason)),
        };
        self.layout.put(path, &bytes)?;
        Ok(Ok(Digest::of(&bytes)))
    }

    fn sign(&self, custody: &Custody, checkpoint: u64, text: &[u8]) -> Result<String, String> {
        self.may_sign(&custody.public_key()?, checkpoint)?;
        custody
            .sign(CHECKPOINT_NAMESPACE, text)
            .unwrap_or_else(|| Err("no key is configured".to_owned()))
    }

    fn may_sign(&self, key: &signature::PublicKey, checkpoint: u64) -> Result<(), String> {
        match keys::signer(&keys::keys(&self.entries), key, checkpoint) {
            Ok(_) => Ok(()),
            Err(e @ NotASigner::Unknown(_)) => Err(format!("{e}; `exhibit key add` puts it there")),
            Err(e) => Err(e.to_string()),
        }
    }

    fn log_failure(
        &mut self,
        custody: &Custody,
        checkpoint: u64,
        authority: Option<&str>,
        reason: &str,
    ) -> Result<(), LockerError> {
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(REASON).collect();
        custody.trouble(Trouble {
            what: format!("checkpoint {checkpoint}"),
            authority: authority.map(str::to_owned),
            reason: reason.clone(),
        });
        // Once is enough for every try that fails in the same way.
        let again = self
            .entries
            .iter()
            .any(|entry| is_failure(entry, checkpoint) && entry.text("tsa") == authority);
        if !again {
            let body = json!({ "checkpoint": checkpoint, "tsa": authority, "reason": reason });
            self.append(self.not_before(custody), EntryType::TimestampFailed, body)?;
        }
        Ok(())
    }

    /// Now, or the time of the newest entry, should the clock have been set back.
    fn not_before(&self, custody: &Custody) -> Timestamp {
        let now = custody.now();
        self.entries.last().map_or(now, |last| now.max(last.at))
    }

    /// Logs a public key that vouches from here on.
    pub fn key_add(&mut self, at: Timestamp, add: &KeyAdd) -> Result<u64, LockerError> {
        let body = serde_json::to_value(add).map_err(|e| damaged("log", e))?;
        let seq = self.append(at, EntryType::KeyAdd, body)?;
        self.checkpoint()?;
        Ok(seq)
    }

    /// Logs that a key counts no longer.
    pub fn key_revoke(&mut self, at: Timestamp, revoke: &KeyRevoke) -> Result<u64, LockerError> {
        let body = serde_json::to_value(revoke).map_err(|e| damaged("log", e))?;
        let seq = self.append(at, EntryType::KeyRevoke, body)?;
        self.checkpoint()?;
        Ok(seq)
    }

    /// The newest token in the log: a run that names it was not opened before it.
    pub(super) fn last_token(&self) -> Option<Digest> {
        let tokens = vouchers(&self.entries).into_iter().flat_map(|voucher| voucher.tokens);
        tokens.last().map(|token| token.sha256)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a name inside `checkpoints/` is that of a checkpoint of a log of so many entries.
pub fn is_checkpoint_of(name: &str, entries: usize) -> bool {
    let seq = name.strip_suffix(".checkpoint").and_then(|n| n.parse::<u64>().ok());
    seq.is_some_and(|seq| (1..=entries as u64).contains(&seq) && name == format!("{}.checkpoint", stem(seq)))
}
