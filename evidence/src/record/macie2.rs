//! Macie, which looks for sensitive data in buckets.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// Macie in a region.
    "macie2_session" Macie2Session from ["macie2:GetMacieSession"] volatile ["updated_at"] {
        /// False when AWS answers that Macie is not enabled.
        enabled: bool,
        /// `ENABLED` or `PAUSED`.
        status: Option<String>,
        /// When it was enabled.
        created_at: Option<Timestamp>,
        /// When its settings last changed.
        updated_at: Option<Timestamp>,
        /// How often findings are published: `FIFTEEN_MINUTES`, `ONE_HOUR` or `SIX_HOURS`.
        finding_publishing_frequency: Option<String>,
        /// Role it works with.
        service_role: Option<String>,
    }
}

record! {
    /// Automated discovery of sensitive data in a region in which Macie is enabled.
    "macie2_automated_discovery" Macie2AutomatedDiscovery
        from ["macie2:GetMacieSession", "macie2:GetAutomatedDiscoveryConfiguration"] volatile ["last_updated_at"] {
        /// `ENABLED` or `DISABLED`.
        status: Option<String>,
        /// Members of the organization it is switched on for: `ALL`, `NEW` or `NONE`.
        auto_enable_organization_members: Option<String>,
        /// When first enabled.
        first_enabled_at: Option<Timestamp>,
        /// When disabled.
        disabled_at: Option<Timestamp>,
        /// When last changed.
        last_updated_at: Option<Timestamp>,
    }
}

record! {
    /// A bucket as Macie sees it, where Macie is enabled.
    "macie2_bucket" Macie2Bucket from ["macie2:GetMacieSession", "macie2:DescribeBuckets"]
        volatile ["classifiable_object_count", "last_automated_discovery_at", "object_count", "sensitivity_score"] {
        /// Bucket name.
        bucket: String,
        /// ARN.
        arn: Option<String>,
        /// Account that owns it.
        bucket_account_id: Option<String>,
        /// Region it is in.
        bucket_region: Option<String>,
        /// From 1 (nothing found) to 100; 50 for not looked at yet, -1 for an error.
        sensitivity_score: Option<i64>,
        /// Whether automated discovery looks at it: `MONITORED` or `NOT_MONITORED`.
        monitoring_status: Option<String>,
        /// When automated discovery last looked.
        last_automated_discovery_at: Option<Timestamp>,
        /// Objects.
        object_count: Option<i64>,
        /// Objects that Macie can read.
        classifiable_object_count: Option<i64>,
        /// Why Macie could not look.
        error_code: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}
