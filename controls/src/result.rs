//! Results: one verdict per resource, one per control.

use std::collections::BTreeMap;
use std::fmt;

use evidence::clock::Timestamp;
use evidence::digest::Digest;
use evidence::gap::{Gap, ReasonCode};
use serde::{Deserialize, Serialize};

/// Verdict on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceVerdict {
    /// A deviation.
    Fail,
    /// Could not be judged.
    Unknown,
    /// A deviation that somebody approved, for a time.
    Accepted,
    /// Meets the rule.
    Pass,
    /// The rule cannot apply.
    Na,
}

impl ResourceVerdict {
    /// All, worst first.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Unknown, Self::Accepted, Self::Pass, Self::Na];

    /// As written in JSON, in the binder and in `evidence.db`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Pass => "pass",
            Self::Na => "na",
        }
    }

    /// The verdict of this name.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == text)
    }
}

impl fmt::Display for ResourceVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Verdict on a control. Worst first, so that the least of several is the verdict on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlVerdict {
    /// At least one deviation without an approved exception.
    Fail,
    /// No deviation seen, but not everything could be looked at.
    NotTested,
    /// All deviations are approved.
    PassWithExceptions,
    /// Everything was looked at and nothing deviates.
    Pass,
    /// Everything was looked at and there is nothing the rule applies to.
    Na,
}

impl ControlVerdict {
    /// All, worst first.
    pub const ALL: [Self; 5] = [
        Self::Fail,
        Self::NotTested,
        Self::PassWithExceptions,
        Self::Pass,
        Self::Na,
    ];

    /// As written in JSON, in the binder and in `evidence.db`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::NotTested => "not-tested",
            Self::PassWithExceptions => "pass-with-exceptions",
            Self::Pass => "pass",
            Self::Na => "na",
        }
    }

    /// The verdict of this name.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == text)
    }
}

impl fmt::Display for ControlVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An approved deviation, from `exhibit.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Control id.
    pub control: String,
    /// Resource as the test prints it (ARN, id or name).
    pub resource: String,
    /// Account, where only one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who approved.
    pub approver: String,
    /// Last day on which it holds.
    pub expires: chrono::NaiveDate,
}

/// Where a verdict comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Number of the exchange in the snapshot.
    pub exchange: u64,
    /// SHA-256 of its body.
    pub body_sha256: Option<Digest>,
}

/// One member of the population and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceResult {
    /// Account id.
    pub account: String,
    /// Region or `global`.
    pub region: String,
    /// ARN where AWS gives one, else AWS's id.
    pub resource: String,
    /// What a person calls it.
    pub name: String,
    /// The verdict.
    pub verdict: ResourceVerdict,
    /// Why; begins with `observation:` for something worth saying that is no deviation.
    pub reason: String,
    /// Where the evidence is; `None` only where there is no response to point at.
    pub source: Option<Source>,
}

/// Counts over a population; they add up: `population = tested + na`,
/// `tested = pass + fail + accepted + unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All members found.
    pub population: usize,
    /// Members the rule applies to.
    pub tested: usize,
    /// …that meet it.
    pub pass: usize,
    /// …that deviate.
    pub fail: usize,
    /// Members the rule does not apply to.
    pub na: usize,
    /// Members that could not be judged.
    pub unknown: usize,
    /// Deviations with an approved exception.
    pub accepted: usize,
}

impl Counts {
    /// Counts a population's verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = ResourceVerdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            counts.population += 1;
            counts.tested += usize::from(verdict != ResourceVerdict::Na);
            *match verdict {
                ResourceVerdict::Fail => &mut counts.fail,
                ResourceVerdict::Unknown => &mut counts.unknown,
                ResourceVerdict::Accepted => &mut counts.accepted,
                ResourceVerdict::Pass => &mut counts.pass,
                ResourceVerdict::Na => &mut counts.na,
            } += 1;
        }
        counts
    }
}

/// A parameter as used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterUse {
    /// Name.
    pub name: String,
    /// The value used.
    pub value: serde_json::Value,
    /// The page's default.
    pub default: serde_json::Value,
    /// Who changed it and why; `None` when the default holds.
    pub changed: Option<Override>,
}

/// Who changed a parameter, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Who decided.
    pub by: String,
    /// Why.
    pub why: String,
}

/// The verdict on a control in one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountVerdict {
    /// Account id.
    pub account: String,
    /// The verdict there.
    pub verdict: ControlVerdict,
    /// Reason code when it is `not-tested`.
    pub code: Option<ReasonCode>,
}

/// The result of one control on one snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlResult {
    /// Control id.
    pub id: String,
    /// The verdict.
    pub verdict: ControlVerdict,
    /// Reason code when the verdict is `not-tested`.
    pub code: Option<ReasonCode>,
    /// One sentence for a person, for every verdict.
    pub reason: String,
    /// It fails, and besides not everything could be looked at.
    pub incomplete: bool,
    /// Its deviations are reported as observations only.
    pub observe: bool,
    /// Counts.
    pub counts: Counts,
    /// The verdict in each account.
    pub accounts: Vec<AccountVerdict>,
    /// The whole population, worst first.
    pub resources: Vec<ResourceResult>,
    /// The gaps that touch it.
    pub gaps: Vec<Gap>,
    /// The exceptions that matched.
    pub exceptions: Vec<Exception>,
    /// The parameters used.
    pub parameters: Vec<ParameterUse>,
    /// The query that was run, with its parameters filled in: `sqlite3 evidence.db < test.sql`.
    pub sql: String,
}

impl ControlResult {
    /// Fails and counts: not merely observed.
    pub fn is_deviation(&self) -> bool {
        self.verdict == ControlVerdict::Fail && !self.observe
    }
}

/// All controls on one snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotResults {
    /// Run id.
    pub snapshot: String,
    /// When the run started.
    pub as_of: Timestamp,
    /// Results by control id.
    pub controls: BTreeMap<String, ControlResult>,
}
