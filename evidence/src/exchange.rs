//! One HTTP request to AWS and its answer, as sent and received.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::digest::Digest;

/// How the attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A whole response came back, whatever its status.
    Response,
    /// No response: refused connection, timeout, TLS failure.
    TransportError,
    /// The response broke off before its end; what came is kept.
    Truncated,
}

/// One line of `exchanges.jsonl`. Every attempt and every page is an exchange of its own.
///
/// The Authorization header, the session token and secret keys are never part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Number within the run, from 1.
    pub i: u64,
    /// Attempt number within one SDK invocation, from 1.
    pub attempt: u32,
    /// `amz-sdk-invocation-id`: the same for all attempts of one call.
    pub invocation: String,
    /// The account that was asked.
    pub account: String,
    /// The region whose client asked (`us-east-1` for global services).
    pub region: String,
    /// The region in the signature, chosen by AWS's endpoint rules.
    pub signed_region: String,
    /// Service as in IAM actions: `iam`, `s3`, …
    pub service: String,
    /// Operation as AWS names it: `ListUsers`.
    pub operation: String,
    /// The request's parameters in canonical form, read off the wire.
    pub params: Value,
    /// HTTP method.
    pub method: String,
    /// Scheme, host and path; no query (it is in `params`).
    pub endpoint: String,
    /// Access key id that signed the request; the secret is never stored.
    pub access_key_id: Option<String>,
    /// Local clock when sent.
    pub sent_at: Timestamp,
    /// Local clock when the last byte came.
    pub recv_at: Timestamp,
    /// Nanoseconds between the two on a clock that never jumps.
    pub rtt_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong on the way, when `outcome` is not `response`.
    pub transport_error: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// AWS's `Date` header, as sent.
    pub aws_date: Option<String>,
    /// AWS's request id: the same as in CloudTrail.
    pub request_id: Option<String>,
    /// Response headers (`set-cookie` left out), names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Path of the body inside the snapshot; `None` when there was no response.
    pub body: Option<String>,
    /// SHA-256 of the body as it is kept: as received after TLS and content decoding, but for what
    /// `redaction` names.
    pub body_sha256: Option<Digest>,
    /// Length of the body in bytes, as it is kept.
    pub body_len: u64,
    /// What was taken out of the body before it was kept; left out where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// What was taken out of a body.
///
/// A commitment is the SHA-256 of a salt and what was there. The salts follow from one secret per
/// run ([`salt`]), which stays with the locker and is in no snapshot: its owner can prove what was
/// taken out, and nobody else can try guesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// Commitment to the whole body as received; its salt has number 0.
    pub original: Digest,
    /// The values, in order of their places; the salts have numbers 1, 2, …
    pub values: Vec<RedactedValue>,
}

/// A value that was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedactedValue {
    /// The rule that names it.
    pub rule: String,
    /// End of the path of its field.
    pub field: String,
    /// Commitment to the bytes that stood there.
    pub original: Digest,
}

/// A value that is taken out of a body, before it is forgotten.
#[derive(Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The rule that names it.
    pub rule: String,
    /// End of the path of its field.
    pub field: String,
    /// The bytes that stood there. Never printed, never stored.
    pub original: Vec<u8>,
}

impl std::fmt::Debug for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} bytes of {}", self.rule, self.original.len(), self.field)
    }
}

/// The salt of a commitment: SHA-256 of the run's secret, the number of the exchange and that of the
/// value, so that giving away one salt gives away no other.
pub fn salt(secret: &[u8; 32], exchange: u64, number: u64) -> Digest {
    Digest::of_parts([&secret[..], format!("\n{exchange}\n{number}\n").as_bytes()])
}

impl Redaction {
    /// Commits to a body and to what is taken out of it.
    pub fn commit(secret: &[u8; 32], exchange: u64, body: &[u8], withheld: &[Withheld]) -> Self {
        let commitment =
            |number: u64, bytes: &[u8]| Digest::of_parts([&salt(secret, exchange, number).bytes()[..], bytes]);
        Self {
            original: commitment(0, body),
            values: withheld
                .iter()
                .zip(1..)
                .map(|(value, number)| RedactedValue {
                    rule: value.rule.clone(),
                    field: value.field.clone(),
                    original: commitment(number, &value.original),
                })
                .collect(),
        }
    }
}

impl Exchange {
    /// `iam:ListUsers`.
    pub fn call(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// The path of the body inside the snapshot: number, service, operation and the kind of text.
    pub fn body_path(&self) -> String {
        format!(
            "bodies/{:06}.{}.{}.{}",
            self.i,
            self.service,
            self.operation,
            self.extension()
        )
    }

    fn extension(&self) -> &'static str {
        let kind = self.headers.get("content-type").map_or("", String::as_str);
        match kind.split(';').next().unwrap_or_default().trim() {
            "text/xml" | "application/xml" => "xml",
            "application/json" | "application/x-amz-json-1.0" | "application/x-amz-json-1.1" => "json",
            "application/cbor" => "cbor",
            "text/html" => "html",
            "text/csv" => "csv",
            _ => "bin",
        }
    }

    /// What makes two requests the same: account, service, operation, region and parameters.
    ///
    /// Signature, dates, host and invocation id are no part of it, so a recording answers a
    /// later run. Version `k1`; a change here is a change of format.
    pub fn key(&self) -> RequestKey {
        RequestKey::new(
            &self.account,
            &self.service,
            &self.operation,
            &self.region,
            &self.params,
        )
    }
}

/// Identity of a request; see [`Exchange::key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(Digest);

impl RequestKey {
    /// From its parts.
    pub fn new(account: &str, service: &str, operation: &str, region: &str, params: &Value) -> Self {
        // Values come from `serde_json` itself, so writing them cannot fail.
        let text = serde_json::json!(["k1", account, service, operation, region, params]).to_string();
        Self(Digest::of(text))
    }
}

/// Distance of the local clock from AWS's `Date`, in seconds; none where that lies between sending
/// and receiving. `None` if there is no such date.
pub fn clock_skew(sent: Timestamp, received: Timestamp, aws_date: Option<&str>) -> Option<i64> {
    let aws = chrono::DateTime::parse_from_rfc2822(aws_date?).ok()?.timestamp();
    Some((sent.unix() - aws).max(aws - received.unix()).max(0))
}

/// Greatest distance of the local clock from AWS's `Date`, in whole seconds.
pub fn max_clock_skew(exchanges: &[Exchange]) -> i64 {
    let skew = |e: &Exchange| clock_skew(e.sent_at, e.recv_at, e.aws_date.as_deref());
    exchanges.iter().filter_map(skew).max().unwrap_or(0)
}
