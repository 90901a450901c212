//! The log: an append-only list of what happened to a locker.
//!
//! One entry is one canonical JSON line in a file of its own, `log/000000123.json`, and names
//! the SHA-256 of the line before it. The tree root over all lines (RFC 6962 §2.1) stands in
//! the checkpoints (C2SP tlog-checkpoint).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{self, NotCanonical};
use crate::clock::Timestamp;
use crate::digest::Digest;

/// `prev` of the first entry.
pub const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryType {
    /// The locker was made.
    Genesis,
    /// A run is about to make its first call.
    RunOpen,
    /// A run ended with a snapshot.
    Snapshot,
    /// A run ended without one.
    RunAbort,
    /// A run that a crash had left behind was found.
    Recovered,
    /// A person supplied evidence.
    ManualEvidence,
    /// A person signed off.
    Review,
    /// What a run's calls carry into AWS's log, so that AWS dates the log's head.
    Witness,
    /// The locker was held against CloudTrail.
    Reconcile,
    /// A key vouches for checkpoints from here on.
    KeyAdd,
    /// A key counts no longer.
    KeyRevoke,
    /// A checkpoint was signed, or time-stamped, or both.
    Timestamped,
    /// A checkpoint could not be signed, or time-stamped.
    TimestampFailed,
    /// A bundle was made of what the log held.
    BundleExport,
}

impl EntryType {
    /// A run's start, every end of a run, everything from people and every change of keys have a
    /// checkpoint over the log up to there. What vouches for a checkpoint has none of its own: that
    /// would have to be vouched for in turn.
    pub fn has_checkpoint(self) -> bool {
        match self {
            Self::RunOpen
            | Self::Snapshot
            | Self::RunAbort
            | Self::ManualEvidence
            | Self::Review
            | Self::Reconcile
            | Self::KeyAdd
            | Self::KeyRevoke => true,
            Self::Genesis
            | Self::Recovered
            | Self::Witness
            | Self::Timestamped
            | Self::TimestampFailed
            | Self::BundleExport => false,
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of the entry format: 1.
    pub v: u32,
    /// Position, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub r#type: EntryType,
    /// SHA-256 of the previous line (without its line feed); zeros for the first.
    pub prev: Digest,
    /// Details, by type.
    pub body: Value,
}

impl Entry {
    /// The line without its line feed.
    pub fn line(&self) -> Result<String, NotCanonical> {
        canonical::to_string(self)
    }

    /// A text field of the body.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str()
    }
}

/// The newest entry that has a checkpoint over the log up to it.
pub fn newest_with_checkpoint(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().rev().find(|entry| entry.r#type.has_checkpoint())
}

/// `000000123`: the stem of an entry's and of a checkpoint's file name.
pub fn stem(seq: u64) -> String {
    format!("{seq:09}")
}

/// The Merkle tree root over the lines (RFC 6962 §2.1: leaves are prefixed 0x00, nodes 0x01).
pub fn root<L: AsRef<[u8]>>(lines: &[L]) -> Digest {
    match lines {
        [] => Digest::of(b""),
        [line] => Digest::of_parts([&[0][..], line.as_ref()]),
        _ => {
            // The largest power of two smaller than the number of lines.
            let split = 1 << (usize::BITS - 1 - (lines.len() - 1).leading_zeros());
            let (left, right) = (root(&lines[..split]), root(&lines[split..]));
            Digest::of_parts([&[1][..], left.bytes(), right.bytes()])
        }
    }
}

/// The text of a checkpoint: origin, size and root, one line each (C2SP tlog-checkpoint).
pub fn checkpoint<L: AsRef<[u8]>>(origin: &str, lines: &[L]) -> String {
    format!("{origin}\n{}\n{}\n", lines.len(), STANDARD.encode(root(lines).bytes()))
}

/// What stands in AWS's own log for a checkpoint: `evl1.` and the SHA-256 of the checkpoint's
/// text in base64url. 48 characters, all of them allowed in a role session name and an app id.
pub fn witness(checkpoint: &str) -> String {
    let digest = Digest::of(checkpoint);
    format!("evl1.{}", URL_SAFE_NO_PAD.encode(digest.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the Certificate Transparency reference implementation (RFC 6962).
    #[test]
    fn rfc_6962_roots() {
        let leaves: Vec<Vec<u8>> = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .iter()
        .map(|text| hex::decode(text).unwrap())
        .collect();
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (n, expected) in roots.iter().enumerate() {
            assert_eq!(root(&leaves[..n]).to_string(), *expected, "size {n}");
        }
    }

    #[test]
    fn a_witness_fits_where_it_has_to_stand() {
        let text = witness(&checkpoint("exhibit/acme/01234567", &[""]));
        assert_eq!((text.len(), &text[..5]), (48, "evl1."));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        assert!(text.chars().all(allowed), "{text}");
    }

    #[test]
    fn checkpoint_is_three_lines() {
        assert_eq!(
            checkpoint("exhibit/acme/01234567", &[""]),
            "exhibit/acme/01234567\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n"
        );
    }
}
