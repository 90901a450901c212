//! IAM Access Analyzer.

use super::record;
use crate::clock::Timestamp;

record! {
    /// An analyzer.
    "accessanalyzer_analyzer" AccessanalyzerAnalyzer from ["accessanalyzer:ListAnalyzers"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// `ACCOUNT` or `ORGANIZATION` look for external access; others for unused or internal access.
        analyzer_type: String,
        /// `ACTIVE`, `CREATING`, `DISABLED` or `FAILED`.
        status: String,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// An active finding of an active analyzer of type `ACCOUNT` or `ORGANIZATION`.
    "accessanalyzer_finding" AccessanalyzerFinding
        from ["accessanalyzer:ListAnalyzers", "accessanalyzer:ListFindingsV2"] volatile [] {
        /// Id.
        id: String,
        /// ARN of the analyzer.
        analyzer_arn: String,
        /// `ExternalAccess` and others.
        finding_type: Option<String>,
        /// ARN of the resource.
        resource: Option<String>,
        /// Its type.
        resource_type: String,
        /// Account that owns it.
        resource_owner: String,
        /// Status.
        status: String,
        /// When found.
        created_at: Option<Timestamp>,
    }
}
