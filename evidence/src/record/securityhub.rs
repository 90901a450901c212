//! Tables of AWS Security Hub.

use crate::clock::Timestamp;

use super::record;

record! {
    /// Whether Security Hub CSPM is on in a region.
    "securityhub_hub" SecurityhubHub from ["securityhub:DescribeHub"] volatile [] {
        /// False where AWS answers that the account is not subscribed.
        present: bool,
        /// ARN of the hub.
        arn: Option<String>,
        /// Since when.
        subscribed_at: Option<String>,
    }
}

record! {
    /// A standard that is switched on in a region.
    "securityhub_standard" SecurityhubStandard from ["securityhub:DescribeHub", "securityhub:GetEnabledStandards"] volatile [] {
        /// ARN of the subscription.
        arn: String,
        /// ARN of the standard.
        standard_arn: String,
        /// `PENDING`, `READY`, `FAILED`, `DELETING` or `INCOMPLETE`.
        status: Option<String>,
        /// Why, where AWS says so.
        status_reason: Option<String>,
    }
}

record! {
    /// Whether the newer Security Hub (its second version, another product) is on in a region.
    "securityhub_hub_v2" SecurityhubHubV2 from ["securityhub:DescribeSecurityHubV2"] volatile [] {
        /// False where AWS answers that it is not on.
        present: bool,
        /// ARN.
        arn: Option<String>,
    }
}

record! {
    /// An active finding of severity critical or high.
    "securityhub_finding" SecurityhubFinding from ["securityhub:DescribeHub", "securityhub:GetFindings"] volatile ["updated_at"] {
        /// Id: unique within the product that made it.
        id: String,
        /// What was found.
        title: Option<String>,
        /// The product that found it.
        product: Option<String>,
        /// Account it is about.
        finding_account: Option<String>,
        /// Region it is about.
        finding_region: Option<String>,
        /// `CRITICAL` or `HIGH`.
        severity: Option<String>,
        /// `NEW`, `NOTIFIED`, `SUPPRESSED` or `RESOLVED`.
        workflow: Option<String>,
        /// `ACTIVE` or `ARCHIVED`.
        record_state: Option<String>,
        /// When the product first saw it.
        first_observed_at: Option<Timestamp>,
        /// When it was made.
        created_at: Option<Timestamp>,
        /// When it last changed.
        updated_at: Option<Timestamp>,
        /// The note on it.
        note: Option<String>,
        /// ARNs or ids of what it is about.
        resources: Vec<String>,
    }
}
