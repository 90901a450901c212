//! Tables of Amazon GuardDuty.

use crate::clock::Timestamp;

use super::record;

record! {
    /// A detector; a region without one has GuardDuty off.
    "guardduty_detector" GuarddutyDetector from ["guardduty:ListDetectors", "guardduty:GetDetector"] volatile [] {
        /// Id.
        id: String,
        /// `ENABLED` or `DISABLED`.
        status: Option<String>,
        /// Since when.
        created_at: Option<Timestamp>,
        /// Features that are on, by name, sorted.
        features: Vec<String>,
    }
}

record! {
    /// The account that administers a detector for its organization.
    "guardduty_administrator" GuarddutyAdministrator
        from ["guardduty:ListDetectors", "guardduty:GetAdministratorAccount"] volatile [] {
        /// Detector.
        detector_id: String,
        /// Administrator, if there is one.
        administrator_account: Option<String>,
        /// State of the relationship.
        relationship: Option<String>,
    }
}

record! {
    /// A finding; GuardDuty keeps them for 90 days.
    "guardduty_finding" GuarddutyFinding
        from ["guardduty:ListDetectors", "guardduty:ListFindings", "guardduty:GetFindings"]
        volatile ["updated_at", "occurrences"] {
        /// ARN.
        arn: String,
        /// Id.
        id: String,
        /// Detector.
        detector_id: String,
        /// Type.
        finding_type: Option<String>,
        /// Title.
        title: Option<String>,
        /// Account it is about.
        finding_account: Option<String>,
        /// Severity in tenths: 70 is 7.0.
        severity_tenths: Option<i64>,
        /// When it was made.
        created_at: Option<Timestamp>,
        /// When it last changed.
        updated_at: Option<Timestamp>,
        /// Archived: by a person or by a filter.
        archived: Option<bool>,
        /// How often it was seen.
        occurrences: Option<i64>,
    }
}

record! {
    /// A filter on findings.
    "guardduty_filter" GuarddutyFilter
        from ["guardduty:ListDetectors", "guardduty:ListFilters", "guardduty:GetFilter"] volatile [] {
        /// Detector.
        detector_id: String,
        /// Name.
        name: String,
        /// `NOOP` or `ARCHIVE`: the latter suppresses what it matches.
        action: Option<String>,
        /// Why it is there.
        description: Option<String>,
        /// Types of finding that it names with `equals`, sorted; empty where it selects otherwise.
        finding_types: Vec<String>,
        /// How many conditions it has.
        conditions: i64,
    }
}

record! {
    /// Where findings are exported to.
    "guardduty_publishing_destination" GuarddutyPublishingDestination
        from ["guardduty:ListDetectors", "guardduty:ListPublishingDestinations"] volatile [] {
        /// Detector.
        detector_id: String,
        /// Id.
        id: String,
        /// `S3`.
        destination_type: Option<String>,
        /// `PUBLISHING` where it works.
        status: Option<String>,
    }
}
