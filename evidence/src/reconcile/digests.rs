//! CloudTrail's digest files: what vouches for its log files.
//!
//! A digest file names the log files of an hour by SHA-256, and the digest file before it by
//! SHA-256 and signature. The signature over it is RSA (PKCS #1 v1.5, SHA-256) by a key that
//! AWS holds: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html>.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::digest::Digest;

/// `rsaEncryption` and its NULL, as they stand in a SubjectPublicKeyInfo.
const RSA: [u8; 13] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];

/// A digest file.
#[derive(Clone, Debug)]
pub struct DigestFile {
    name: String,
    sha256: Digest,
    signature: Option<Vec<u8>>,
    content: Content,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    aws_account_id: String,
    // Kept as they are written: they are signed.
    digest_start_time: String,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Vec<Named>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    s3_object: String,
    hash_value: String,
}

impl DigestFile {
    /// Is it one? Log files have other members.
    pub fn is_one(bytes: &[u8]) -> bool {
        serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| value.get("digestEndTime").is_some())
    }

    /// From its uncompressed bytes; `signature` is in hexadecimal, as S3's metadata has it.
    pub fn read(name: &str, bytes: &[u8], signature: Option<&str>) -> Result<Self, String> {
        let signature = signature.map(|text| hex::decode(text.trim()).map_err(|e| format!("its signature: {e}")));
        Ok(Self {
            name: name.to_owned(),
            sha256: Digest::of(bytes),
            signature: signature.transpose()?,
            content: serde_json::from_slice(bytes).map_err(|e| e.to_string())?,
        })
    }

    /// Account.
    pub fn account(&self) -> &str {
        &self.content.aws_account_id
    }

    /// The region, from the file's place: `AWSLogs/<account>/CloudTrail-Digest/<region>/…`.
    pub fn region(&self) -> &str {
        let mut parts = self.content.digest_s3_object.split('/');
        parts.find(|part| *part == "CloudTrail-Digest");
        parts.next().unwrap_or_default()
    }

    /// The span that it vouches for.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        Some((at(&self.content.digest_start_time)?, at(&self.content.digest_end_time)?))
    }

    /// What is signed.
    fn signed_text(&self) -> String {
        let Content {
            digest_end_time,
            digest_s3_bucket,
            digest_s3_object,
            previous_digest_signature,
            ..
        } = &self.content;
        let previous = previous_digest_signature.as_deref().unwrap_or("null");
        format!(
            "{digest_end_time}\n{digest_s3_bucket}/{digest_s3_object}\n{}\n{previous}",
            self.sha256
        )
    }
}

/// An RSA public key, of those that `ListPublicKeys` gives.
#[derive(Clone, Debug)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// From a file: PEM, base64 as the AWS command line prints it, or DER; PKCS #1 or
    /// SubjectPublicKeyInfo.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let base64: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace() && *c != '"')
            .collect();
        let der = match STANDARD.decode(base64) {
            Ok(der) if !der.is_empty() => der,
            _ => bytes.to_vec(),
        };
        if der.first() != Some(&0x30) {
            return Err("it is no RSA public key".to_owned());
        }
        // In a SubjectPublicKeyInfo the key is a bit string after the algorithm.
        Ok(match der.windows(RSA.len()).take(16).position(|window| window == RSA) {
            Some(at) => {
                let bits = &der[at + RSA.len()..];
                let head = match bits.get(1) {
                    Some(0x82) => 5,
                    Some(0x81) => 4,
                    _ => 3,
                };
                Self(bits.get(head..).unwrap_or_default().to_vec())
            }
            None => Self(der),
        })
    }

    fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0);
        key.verify(text.as_bytes(), signature).is_ok()
    }
}

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestsChecked {
    /// Digest files.
    pub files: u64,
    /// Those whose signature was checked and fits.
    pub signed: u64,
    /// Those whose signature could not be checked: no key was given, or no signature is known.
    pub unsigned: u64,
    /// What does not fit, each in a sentence.
    pub faults: Vec<String>,
    /// Log files that a digest names and that were not given.
    pub missing: Vec<String>,
}

/// Checks digest files against each other, and log files (by name, with their SHA-256) against
/// them; tells for each log file whether a digest vouches for it.
pub fn check_digests(
    digests: &[DigestFile],
    logs: &BTreeMap<String, Digest>,
    keys: &[PublicKey],
) -> (DigestsChecked, BTreeMap<String, bool>) {
    let mut found = DigestsChecked {
        files: digests.len() as u64,
        ..DigestsChecked::default()
    };
    let mut vouched: BTreeMap<String, bool> = logs.keys().map(|name| (name.clone(), false)).collect();
    let mut chains: BTreeMap<(&str, &str), Vec<&DigestFile>> = BTreeMap::new();
    for digest in digests {
        chains
            .entry((digest.account(), digest.region()))
            .or_default()
            .push(digest);
    }
    for chain in chains.values_mut() {
        chain.sort_by(|a, b| a.content.digest_end_time.cmp(&b.content.digest_end_time));
        for (at, digest) in chain.iter().enumerate() {
            let next = chain.get(at + 1);
            if let Some(next) = next {
                check_link(digest, next, &mut found);
            }
            check_signature(digest, next.copied(), keys, &mut found);
            check_logs(digest, logs, &mut vouched, &mut found);
        }
    }
    for (name, vouched) in &vouched {
        if !vouched {
            found
                .faults
                .push(format!("{name}: no digest file names it with its SHA-256"));
        }
    }
    found.faults.sort();
    found.faults.dedup();
    found.missing.sort();
    found.missing.dedup();
    (found, vouched)
}

fn check_link(digest: &DigestFile, next: &DigestFile, found: &mut DigestsChecked) {
    let after = &next.content;
    if after.previous_digest_hash_value.as_deref() != Some(digest.sha256.to_string().as_str())
        || after.previous_digest_s3_object.as_deref() != Some(digest.content.digest_s3_object.as_str())
    {
        found
            .faults
            .push(format!("{}: it does not follow {}", next.name, digest.name));
    } else if after.digest_start_time != digest.content.digest_end_time {
        found
            .faults
            .push(format!("{}: it does not begin where {} ends", next.name, digest.name));
    }
}

/// The signature of a digest stands in the one after it; that of the newest only in S3.
fn check_signature(digest: &DigestFile, next: Option<&DigestFile>, keys: &[PublicKey], found: &mut DigestsChecked) {
    let named = next.and_then(|next| next.content.previous_digest_signature.as_deref());
    let named = named.and_then(|text| hex::decode(text).ok());
    match digest.signature.clone().or(named) {
        Some(signature) if !keys.is_empty() => {
            if keys.iter().any(|key| key.verifies(&digest.signed_text(), &signature)) {
                found.signed += 1;
            } else {
                found
                    .faults
                    .push(format!("{}: no key that was given made its signature", digest.name));
            }
        }
        _ => found.unsigned += 1,
    }
}

fn check_logs(
    digest: &DigestFile,
    logs: &BTreeMap<String, Digest>,
    vouched: &mut BTreeMap<String, bool>,
    found: &mut DigestsChecked,
) {
    for named in &digest.content.log_files {
        let name = named.s3_object.rsplit('/').next().unwrap_or_default();
        // A file may have been unpacked on the way.
        let given = [name, name.strip_suffix(".gz").unwrap_or(name)]
            .into_iter()
            .find_map(|name| logs.get_key_value(name));
        match given {
            None => found.missing.push(name.to_owned()),
            Some((given, sha256)) if sha256.to_string() == named.hash_value => {
                vouched.insert(given.clone(), true);
            }
            Some((given, _)) => found
                .faults
                .push(format!("{given}: its SHA-256 is not the one in {}", digest.name)),
        }
    }
}
