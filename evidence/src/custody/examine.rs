//! Checking what vouches for a log: every signature and token, by whom and when.
//!
//! Signatures hold or do not hold; whose they are is for the reader to say ([`Trust::signers`]),
//! and so is which time-stamp authorities he believes ([`Trust::roots`]). Without either the same
//! is checked against what lies inside, which finds accidents and strangers, not the owner.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::keys::{self, KeyAdd, KeyRevoke, LoggedKey, NotASigner};
use super::signature::{self, AllowedSigners, CHECKPOINT_NAMESPACE, PublicKey, SignatureError};
use super::timestamp::{self, CertificateDer};
use super::voucher::{Voucher, VoucherToken, is_authority, is_failure};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::locker::{Fault, Verification};
use crate::log::{self, Entry, EntryType};

mod earlier;

pub use earlier::{cadence, check_earlier, earlier, is_checkpoint};

/// A token may be so much later than the newest entry that it covers, in seconds.
pub const LATEST: i64 = 600;
/// Clocks may differ by so much, in seconds.
pub const SKEW: i64 = 120;

/// What the reader brings along.
#[derive(Debug, Default)]
pub struct Trust {
    /// Who may sign.
    pub signers: Option<AllowedSigners>,
    /// As whom the signer is to be in that list; otherwise as the log calls him.
    pub principal: Option<String>,
    /// Which authorities are believed.
    pub roots: Option<Vec<CertificateDer<'static>>>,
    /// Checkpoints of the same log that were kept: what they are called, and their text.
    pub earlier: Vec<(String, String)>,
}

/// A log, its checkpoints and what lies beside them.
pub struct Log<'a> {
    /// Entries, whose chain holds.
    pub entries: &'a [Entry],
    /// Names of all files beside the checkpoints.
    pub names: &'a [String],
    /// Reads one of them.
    pub read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// What stands before their names in faults.
    pub folder: &'a str,
    /// The file of an entry, for faults.
    pub entry_file: &'a dyn Fn(u64) -> String,
    /// A locker may have been cut short between a file and its entry; a bundle may not.
    pub is_live: bool,
}

/// What vouches, and holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Vouched {
    /// Whether signatures were checked by the reader's own list.
    pub signers_given: bool,
    /// Whether tokens were checked by the reader's own authorities.
    pub tsa_ca_given: bool,
    /// Number of entries under the newest checkpoint there is.
    pub newest_checkpoint: u64,
    /// The checkpoints that anything vouches for.
    pub checkpoints: Vec<VouchedCheckpoint>,
    /// The bundle's own list of files, if this is a bundle.
    pub bundle: Option<VouchedBundle>,
}

/// A checkpoint and what vouches for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VouchedCheckpoint {
    /// Number of entries.
    pub checkpoint: u64,
    /// When the newest of them was written, by the owner's clock.
    pub at: Timestamp,
    /// The signature.
    pub signature: Option<SeenSignature>,
    /// The tokens.
    pub tokens: Vec<SeenToken>,
}

/// A bundle and what vouches for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct VouchedBundle {
    /// The signature.
    pub signature: Option<SeenSignature>,
    /// The tokens.
    pub tokens: Vec<SeenToken>,
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeenSignature {
    /// The file.
    pub file: String,
    /// The key.
    pub fingerprint: String,
    /// Who signs with it.
    pub principal: String,
}

/// A token that holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeenToken {
    /// The file.
    pub file: String,
    /// The authority as the owner calls it.
    pub tsa: String,
    /// The authority as its certificate calls it.
    pub authority: String,
    /// When it saw what it vouches for.
    pub time: Timestamp,
}

impl Vouched {
    /// What vouches for the newest checkpoint that anything vouches for, if it is signed.
    pub fn newest_signed(&self) -> Option<&VouchedCheckpoint> {
        self.checkpoints.iter().rev().find(|one| one.signature.is_some())
    }

    /// In words: who signed the newest checkpoint, and who dated it when.
    pub fn describe(&self) -> String {
        let Some(seen) = self.newest_signed() else {
            let stamped = self.checkpoints.iter().rev().find(|one| !one.tokens.is_empty());
            return match stamped {
                Some(one) => format!("unsigned; entries 1 to {} {}", one.checkpoint, stamps(&one.tokens)),
                None => "unsigned".to_owned(),
            };
        };
        let mut text = match &seen.signature {
            Some(by) => format!("signed by {} ({})", by.principal, by.fingerprint),
            None => String::new(),
        };
        if !seen.tokens.is_empty() {
            text = format!("{text}, {}", stamps(&seen.tokens));
        }
        if seen.checkpoint < self.newest_checkpoint {
            text = format!("{text}, up to entry {} only", seen.checkpoint);
        }
        text
    }

    /// `signed` of the JSON results: `false`, or by whom and when.
    pub fn signed_json(&self) -> serde_json::Value {
        if !self.is_any() {
            return serde_json::Value::Bool(false);
        }
        let signature = self.newest_signed().and_then(|one| one.signature.as_ref());
        serde_json::json!({
            "principal": signature.map(|s| &s.principal),
            "fingerprint": signature.map(|s| &s.fingerprint),
            "checkpoint": self.newest_signed().map(|one| one.checkpoint),
            "newest_checkpoint": self.newest_checkpoint,
            "signers_given": self.signers_given,
            "tsa_ca_given": self.tsa_ca_given,
            "checkpoints": self.checkpoints,
            "bundle": self.bundle,
        })
    }

    /// Whether anything vouches for anything.
    pub fn is_any(&self) -> bool {
        let bundle = |b: &VouchedBundle| b.signature.is_some() || !b.tokens.is_empty();
        !self.checkpoints.is_empty() || self.bundle.as_ref().is_some_and(bundle)
    }
}

/// Checks everything that vouches for the checkpoints of a log.
pub fn examine(log: &Log<'_>, trust: &Trust, found: &mut Verification) -> Vouched {
    let mut examiner = Examiner {
        log,
        trust,
        keys: keys::keys(log.entries),
        seen: BTreeMap::new(),
        pinned: BTreeSet::new(),
        newest: None,
        found,
    };
    examiner.entries();
    examiner.beside();
    examiner.unvouched();
    examiner.wanted();
    let newest = log::newest_with_checkpoint(log.entries);
    let holds = |one: &VouchedCheckpoint| one.signature.is_some() || !one.tokens.is_empty();
    Vouched {
        signers_given: trust.signers.is_some(),
        tsa_ca_given: trust.roots.is_some(),
        newest_checkpoint: newest.map_or(0, |entry| entry.seq),
        checkpoints: examiner.seen.into_values().filter(holds).collect(),
        bundle: None,
    }
}

struct Examiner<'a, 'f> {
    log: &'a Log<'a>,
    trust: &'a Trust,
    keys: Vec<LoggedKey>,
    seen: BTreeMap<u64, VouchedCheckpoint>,
    /// Files that the log names.
    pinned: BTreeSet<String>,
    /// The time of the token before, in order of the log.
    newest: Option<(String, Timestamp)>,
    found: &'f mut Verification,
}

impl Examiner<'_, '_> {
    fn fault(&mut self, file: impl Into<String>, code: &str, message: impl ToString) {
        self.found.faults.push(Fault::new(file, code, message));
    }

    fn name(&self, file: &str) -> String {
        format!("{}{file}", self.log.folder)
    }

    /// All entries that are about keys, vouchers and tokens, in order.
    fn entries(&mut self) {
        let mut last_token: Option<Digest> = None;
        for entry in self.log.entries {
            let file = (self.log.entry_file)(entry.seq);
            let unreadable = match entry.r#type {
                EntryType::KeyAdd => match serde_json::from_value::<KeyAdd>(entry.body.clone()) {
                    Ok(add) => match add.key.parse::<PublicKey>() {
                        Ok(key) if key.fingerprint().to_string() == add.fingerprint => None,
                        Ok(key) => Some(format!("its key is {}, not {}", key.fingerprint(), add.fingerprint)),
                        Err(e) => Some(e.to_string()),
                    },
                    Err(e) => Some(format!("its body: {e}")),
                },
                EntryType::KeyRevoke => match serde_json::from_value::<KeyRevoke>(entry.body.clone()) {
                    Ok(revoke) => {
                        let known = self.keys.iter().any(|key| key.add.fingerprint == revoke.fingerprint);
                        (!known).then(|| format!("there is no key {} to revoke", revoke.fingerprint))
                    }
                    Err(e) => Some(format!("its body: {e}")),
                },
                EntryType::Timestamped => match serde_json::from_value::<Voucher>(entry.body.clone()) {
                    Ok(voucher) => {
                        last_token = voucher.tokens.last().map(|token| token.sha256).or(last_token);
                        self.voucher(entry, &voucher)
                    }
                    Err(e) => Some(format!("its body: {e}")),
                },
                EntryType::RunOpen => {
                    let says = entry.text("previous_token").map(str::to_owned);
                    (says != last_token.map(|digest| digest.to_string()))
                        .then(|| "it does not name the token before it (`previous_token`)".to_owned())
                }
                _ => None,
            };
            if let Some(message) = unreadable {
                self.fault(file, "chain", format!("entry {}: {message}", entry.seq));
            }
        }
    }

    /// One `timestamped` entry; gives what is wrong with the entry itself.
    fn voucher(&mut self, entry: &Entry, voucher: &Voucher) -> Option<String> {
        let number = voucher.checkpoint;
        let about = usize::try_from(number)
            .ok()
            .and_then(|n| self.log.entries.get(n.checked_sub(1)?));
        let Some(about) = about.filter(|about| about.seq < entry.seq && about.r#type.has_checkpoint()) else {
            return Some(format!("there is no checkpoint {number} before it"));
        };
        let stem = format!("{}.checkpoint", log::stem(number));
        let text = (self.log.read)(&stem);
        self.seen.entry(number).or_insert(VouchedCheckpoint {
            checkpoint: number,
            at: about.at,
            signature: None,
            tokens: Vec::new(),
        });
        let mut stamped: Option<Timestamp> = None;
        for token in &voucher.tokens {
            if !is_authority(&token.tsa) || token.file != format!("{stem}.{}.tsr", token.tsa) {
                return Some(format!("`{}` is no name for this token", token.file));
            }
            let Some(bytes) = self.pinned(&token.file, token.sha256) else {
                continue;
            };
            let Some(text) = &text else { continue };
            let time = self.token(entry, about, token, &bytes, text);
            stamped = stamped.or(time);
        }
        let signed = voucher.signature.as_ref()?;
        if signed.file != format!("{stem}.sig") {
            return Some(format!("`{}` is no name for this signature", signed.file));
        }
        let bytes = self.pinned(&signed.file, signed.sha256)?;
        // Of tokens that nobody vouches for, the owner's clock is the better one.
        let at = stamped.filter(|_| self.trust.roots.is_some()).unwrap_or(entry.at);
        let file = self.name(&signed.file);
        match signature_of(
            &text?,
            &bytes,
            CHECKPOINT_NAMESPACE,
            &file,
            &self.keys,
            number,
            at,
            self.trust,
        ) {
            Ok(seen) => {
                self.found.count("signatures", 1);
                if let Some(one) = self.seen.get_mut(&number) {
                    one.signature = Some(seen);
                }
            }
            Err((code, message)) => self.fault(file, code, message),
        }
        None
    }

    /// The bytes of a file that the log names, whatever they are; a file that is not as the log
    /// says is a fault, and looked at all the same.
    fn pinned(&mut self, file: &str, sha256: Digest) -> Option<Vec<u8>> {
        self.pinned.insert(file.to_owned());
        let name = self.name(file);
        let Some(bytes) = (self.log.read)(file) else {
            self.fault(name, "missing", "the log names it");
            return None;
        };
        let gives = Digest::of(&bytes);
        if gives != sha256 {
            self.fault(
                name,
                "changed",
                format!("its SHA-256 is {gives}, the log says {sha256}"),
            );
        }
        Some(bytes)
    }

    fn token(
        &mut self,
        entry: &Entry,
        about: &Entry,
        token: &VoucherToken,
        bytes: &[u8],
        text: &[u8],
    ) -> Option<Timestamp> {
        let file = self.name(&token.file);
        let seen = match token_of(bytes, text, &file, &token.tsa, self.trust) {
            Ok(seen) => seen,
            Err((code, message)) => {
                self.fault(file, code, message);
                return None;
            }
        };
        self.found.count("time stamps", 1);
        let time = seen.time;
        let late = time.unix() - about.at.unix();
        if late < -SKEW {
            let message = format!(
                "it is of {time}, but entry {} that it covers says {}",
                about.seq, about.at
            );
            self.fault(&file, "time", message);
        } else if late > LATEST {
            let message = format!(
                "it is of {time}, {} after entry {} that it covers ({})",
                span(late),
                about.seq,
                about.at
            );
            // Said at the time, the owner could not foresee what he would like to change.
            match self.failure(about.seq, Some(&token.tsa), entry.seq) {
                Some(reason) => self
                    .found
                    .notes
                    .push(format!("{file}: {message}; the log says why: {reason}")),
                None => self.fault(&file, "time", message),
            }
        }
        if let Some((before, at)) = &self.newest
            && time.unix() < at.unix() - SKEW
        {
            let message = format!("it is of {time}, but {before}, which the log has before it, is of {at}");
            self.fault(&file, "time", message);
        }
        if (entry.at.unix() - time.unix()).abs() > SKEW {
            let message = format!("the owner's clock said {} when the authority's said {time}", entry.at);
            self.found.notes.push(format!("{file}: {message}"));
        }
        self.newest = Some((file, time));
        if let Some(one) = self.seen.get_mut(&about.seq) {
            one.tokens.push(seen);
        }
        Some(time)
    }

    /// What the log says went wrong with a checkpoint, before an entry.
    fn failure(&self, checkpoint: u64, authority: Option<&str>, before: u64) -> Option<String> {
        self.log.entries.iter().rev().find_map(|entry| {
            let same = is_failure(entry, checkpoint) && entry.seq < before && entry.text("tsa") == authority;
            same.then(|| entry.text("reason").unwrap_or("no reason is given").to_owned())
        })
    }

    /// Files that look as if they vouched, and that the log does not name.
    fn beside(&mut self) {
        let last = log::newest_with_checkpoint(self.log.entries);
        let last = last.map_or_else(String::new, |e| format!("{}.checkpoint.", log::stem(e.seq)));
        for name in self.log.names {
            if !(name.ends_with(".sig") || name.ends_with(".tsr")) || self.pinned.contains(name) {
                continue;
            }
            let file = self.name(name);
            if self.log.is_live && name.starts_with(&last) {
                self.found.notes.push(format!(
                    "{file}: exhibit was cut short before its entry; the next command writes it"
                ));
            } else {
                self.fault(file, "unexpected", "nothing in the log refers to this file");
            }
        }
    }

    /// Checkpoints that should have been vouched for and are not: told, since those after them
    /// cover the same entries.
    fn unvouched(&mut self) {
        let first_key = self.keys.first().map(|key| key.seq);
        let first_token = self
            .seen
            .values()
            .find(|one| !one.tokens.is_empty())
            .map(|one| one.checkpoint);
        for entry in self.log.entries.iter().filter(|e| e.r#type.has_checkpoint()) {
            let seen = self.seen.get(&entry.seq);
            let signed = seen.is_some_and(|one| one.signature.is_some());
            let stamped = seen.is_some_and(|one| !one.tokens.is_empty());
            let mut lacks = Vec::new();
            let why = |authority: Option<&str>| self.failure(entry.seq, authority, u64::MAX);
            if !signed && first_key.is_some_and(|first| first <= entry.seq) {
                lacks.push(("signature", why(None)));
            }
            if !stamped && first_token.is_some_and(|first| first <= entry.seq) {
                let reason = self.log.entries.iter().find_map(|failed| {
                    let here = is_failure(failed, entry.seq) && failed.text("tsa").is_some();
                    here.then(|| failed.text("reason").unwrap_or_default().to_owned())
                });
                lacks.push(("time stamp", reason));
            }
            for (what, reason) in lacks {
                let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                let file = self.name(&format!("{}.checkpoint", log::stem(entry.seq)));
                self.found.notes.push(format!("{file}: it has no {what}{reason}"));
            }
        }
    }

    /// What a reader who brought a list or authorities wants to see. A bundle vouches for itself,
    /// and is asked elsewhere.
    fn wanted(&mut self) {
        if !self.log.is_live {
            return;
        }
        let Some(last) = log::newest_with_checkpoint(self.log.entries) else {
            return;
        };
        let file = self.name(&format!("{}.checkpoint", log::stem(last.seq)));
        let seen = self.seen.get(&last.seq);
        let (signed, stamped) = (
            seen.is_some_and(|one| one.signature.is_some()),
            seen.is_some_and(|one| !one.tokens.is_empty()),
        );
        if self.trust.signers.is_some() && !signed {
            self.fault(
                &file,
                "unsigned",
                "the newest checkpoint has no signature by an allowed signer",
            );
        }
        if self.trust.roots.is_some() && !stamped {
            self.fault(
                &file,
                "not-stamped",
                "the newest checkpoint has no time stamp of a trusted authority",
            );
        }
    }
}

/// Checks a signature by the keys in the log and, if the reader brought it, by his own list.
#[expect(clippy::too_many_arguments, reason = "all of them decide whether a signature counts")]
pub fn signature_of(
    message: &[u8],
    armoured: &[u8],
    namespace: &str,
    file: &str,
    keys: &[LoggedKey],
    checkpoint: u64,
    at: Timestamp,
    trust: &Trust,
) -> Result<SeenSignature, (&'static str, String)> {
    let armoured = std::str::from_utf8(armoured).map_err(|_| ("signature", "it is not UTF-8".to_owned()))?;
    let key = signature::signed_by(message, armoured, namespace).map_err(|e| ("signature", e.to_string()))?;
    let logged = keys::signer(keys, &key, checkpoint).map_err(|e| {
        let code = match e {
            NotASigner::Unknown(_) => "unknown-signer",
            NotASigner::NotYet(..) | NotASigner::Revoked(..) => "key-not-valid",
        };
        (code, e.to_string())
    })?;
    let principal = trust.principal.as_ref().unwrap_or(&logged.add.principal);
    if let Some(signers) = &trust.signers {
        signers.check(&key, principal, namespace, at).map_err(|e| {
            let code = match e {
                SignatureError::NotYetValid { .. } | SignatureError::Expired { .. } => "key-not-valid",
                _ => "unknown-signer",
            };
            (code, e.to_string())
        })?;
    }
    Ok(SeenSignature {
        file: file.to_owned(),
        fingerprint: key.fingerprint().to_string(),
        principal: principal.clone(),
    })
}

/// Checks an authority's answer about a message, by the reader's authorities if he brought any.
pub fn token_of(
    answer: &[u8],
    message: &[u8],
    file: &str,
    tsa: &str,
    trust: &Trust,
) -> Result<SeenToken, (&'static str, String)> {
    let digest = Digest::of(message);
    let checked = timestamp::read(answer).and_then(|reply| match &trust.roots {
        Some(roots) => timestamp::check(&reply.token, &digest, None, roots),
        None => timestamp::check_unproven(&reply.token, &digest, None),
    });
    match checked {
        Ok(verified) => Ok(SeenToken {
            file: file.to_owned(),
            tsa: tsa.to_owned(),
            authority: verified.tsa_subject,
            time: verified.gen_time,
        }),
        Err(e) if e.is_about_trust() => Err(("untrusted-token", e.to_string())),
        Err(e) => Err(("token", e.to_string())),
    }
}

/// `time-stamped by a at …, by b at …`
fn stamps(tokens: &[SeenToken]) -> String {
    let all: Vec<String> = tokens.iter().map(|t| format!("by {} at {}", t.tsa, t.time)).collect();
    format!("time-stamped {}", all.join(", "))
}

fn span(seconds: i64) -> String {
    match seconds {
        s if s < 7200 => format!("{} minutes", s / 60),
        s if s < 2 * 86_400 => format!("{} hours", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}
