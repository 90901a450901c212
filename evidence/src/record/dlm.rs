//! Data Lifecycle Manager.

use super::{Tag, record};

record! {
    /// A policy. Columns from `resource_types` on are null or empty where GetLifecyclePolicy failed.
    "dlm_policy" DlmPolicy from ["dlm:GetLifecyclePolicies", "dlm:GetLifecyclePolicy"] volatile [] {
        /// Id.
        id: String,
        /// ARN.
        arn: Option<String>,
        /// Description.
        description: Option<String>,
        /// `ENABLED`, `DISABLED` or `ERROR`.
        state: Option<String>,
        /// `EBS_SNAPSHOT_MANAGEMENT`, `IMAGE_MANAGEMENT` or `EVENT_BASED_POLICY`.
        policy_type: Option<String>,
        /// It is a default policy, which covers what no other policy does.
        default_policy: Option<bool>,
        /// `VOLUME` or `INSTANCE`, sorted.
        resource_types: Vec<String>,
        /// A resource with one of these tags is covered.
        target_tags: Vec<Tag>,
        /// Of a default policy: days between snapshots.
        create_interval_days: Option<i64>,
        /// Of a default policy: days snapshots are kept.
        retain_days: Option<i64>,
    }
}

record! {
    /// A schedule of a policy.
    "dlm_schedule" DlmSchedule from ["dlm:GetLifecyclePolicies", "dlm:GetLifecyclePolicy"] volatile [] {
        /// Id of the policy.
        policy_id: String,
        /// Name.
        name: Option<String>,
        /// Hours between snapshots.
        interval_hours: Option<i64>,
        /// Cron expression, in place of an interval.
        cron: Option<String>,
        /// Snapshots that are kept.
        retain_count: Option<i64>,
        /// Days snapshots are kept; weeks, months and years count as 7, 30 and 365.
        retain_days: Option<i64>,
        /// Regions to which snapshots are copied, sorted.
        copy_regions: Vec<String>,
    }
}
