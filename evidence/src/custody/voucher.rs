//! The bodies of the log's entries about vouching, and the names of the files they pin.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::log::{Entry, EntryType};

/// Names of authorities stand in file names: a few letters, digits and hyphens.
pub fn is_authority(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && name != "sig"
}

/// A file that vouches, and what it was when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoucherFile {
    /// Name inside `checkpoints/`.
    pub file: String,
    /// SHA-256 of its bytes: some of a token's are covered by no signature.
    pub sha256: Digest,
}

/// The answer of an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoucherToken {
    /// The authority's name.
    pub tsa: String,
    /// Name inside `checkpoints/`.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// The body of a `timestamped` entry: what vouches for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// Number of entries that the checkpoint is about.
    pub checkpoint: u64,
    /// The signature, if one was made now.
    pub signature: Option<VoucherFile>,
    /// The tokens that came now.
    pub tokens: Vec<VoucherToken>,
}

/// Whether an entry says that a checkpoint could not be signed, or time-stamped.
pub fn is_failure(entry: &Entry, checkpoint: u64) -> bool {
    entry.r#type == EntryType::TimestampFailed
        && entry.body.get("checkpoint").and_then(Value::as_u64) == Some(checkpoint)
}

impl Voucher {
    /// All files, with their digests.
    pub fn files(&self) -> impl Iterator<Item = (&str, Digest)> {
        let tokens = self.tokens.iter().map(|t| (t.file.as_str(), t.sha256));
        self.signature.iter().map(|s| (s.file.as_str(), s.sha256)).chain(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_authorities() {
        assert!(is_authority("digicert") && is_authority("tsa-2"));
        for bad in ["", "sig", "-x", "A", "a.b", "a/b", &"a".repeat(33)] {
            assert!(!is_authority(bad), "{bad}");
        }
    }
}
