//! What could not be seen, and why. A gap is never a pass.

use serde::{Deserialize, Serialize};

/// Reason code of a gap and of a control that is `not-tested`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// AWS refused: missing permission, expired or unknown credentials.
    AccessDenied,
    /// No usable answer: connection, timeout, 5xx, broken-off body, region not opted in.
    RegionUnreachable,
    /// Throttled beyond all retries.
    Throttled,
    /// The endpoint does not know the operation, or answered in another language.
    Unsupported,
    /// Only another account (owner, management account) may read it.
    NeedsOtherAccount,
    /// A parameter that the rule needs has no value.
    NeedsParameter,
    /// The evidence was never collected or attached.
    EvidenceMissing,
    /// The period is not covered without a hole.
    CoverageGap,
    /// AWS does not offer the service in the region: nothing can be there.
    NotOffered,
}

impl ReasonCode {
    /// All codes.
    pub const ALL: [Self; 9] = [
        Self::AccessDenied,
        Self::RegionUnreachable,
        Self::Throttled,
        Self::Unsupported,
        Self::NeedsOtherAccount,
        Self::NeedsParameter,
        Self::EvidenceMissing,
        Self::CoverageGap,
        Self::NotOffered,
    ];

    /// Whether something may be there that was not seen.
    pub fn leaves_open(self) -> bool {
        self != Self::NotOffered
    }

    /// The code that a sentence such as `needs-other-account: …` begins with.
    pub fn leading(text: &str) -> Option<Self> {
        let (word, _) = text.split_once(':')?;
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// As written in JSON, in the binder and in `evidence.db`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access-denied",
            Self::RegionUnreachable => "region-unreachable",
            Self::Throttled => "throttled",
            Self::Unsupported => "unsupported",
            Self::NeedsOtherAccount => "needs-other-account",
            Self::NeedsParameter => "needs-parameter",
            Self::EvidenceMissing => "evidence-missing",
            Self::CoverageGap => "coverage-gap",
            Self::NotOffered => "not-offered",
        }
    }
}

impl std::fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Account that was asked.
    pub account: String,
    /// Region that was asked.
    pub region: String,
    /// `service:Operation`.
    pub operation: String,
    /// Key of the one thing asked about (bucket, user, key ARN); `None` when a whole list is missing.
    pub resource: Option<String>,
    /// Why.
    pub code: ReasonCode,
    /// AWS's error code, where it gave one.
    pub error_code: Option<String>,
    /// AWS's message or ours, for a person.
    pub message: String,
    /// The last exchange of the failed call, where one was made.
    pub exchange: Option<u64>,
}
