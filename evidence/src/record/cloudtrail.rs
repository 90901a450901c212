//! CloudTrail trails.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A trail, once per ARN, though every region lists a multi-region trail.
    "cloudtrail_trail" CloudtrailTrail from ["cloudtrail:DescribeTrails"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: Option<String>,
        /// Region it was made in.
        home_region: Option<String>,
        /// Records all regions.
        multi_region: Option<bool>,
        /// Records global services such as IAM.
        global_service_events: Option<bool>,
        /// Belongs to an organization.
        organization: Option<bool>,
        /// Writes digest files.
        log_file_validation: Option<bool>,
        /// Bucket it delivers to.
        bucket: Option<String>,
        /// Prefix in the bucket.
        prefix: Option<String>,
        /// KMS key that encrypts the log files.
        kms_key_id: Option<String>,
        /// CloudWatch Logs group it streams to.
        log_group_arn: Option<String>,
        /// SNS topic it notifies.
        sns_topic_arn: Option<String>,
        /// Regions in which the trail was listed, sorted.
        seen_in: Vec<String>,
    }
}

record! {
    /// A trail's state at the time of collection.
    "cloudtrail_trail_status" CloudtrailTrailStatus from ["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"]
        volatile ["latest_delivery_at", "latest_digest_at"] {
        /// ARN of the trail.
        trail_arn: String,
        /// Recording now.
        logging: Option<bool>,
        /// Last log file delivered.
        latest_delivery_at: Option<Timestamp>,
        /// Last delivery error.
        latest_delivery_error: Option<String>,
        /// Last digest file delivered.
        latest_digest_at: Option<Timestamp>,
        /// Last digest error.
        latest_digest_error: Option<String>,
        /// When recording was last started.
        started_at: Option<Timestamp>,
        /// When recording was last stopped.
        stopped_at: Option<Timestamp>,
    }
}

record! {
    /// How the delivery of a trail's events to its CloudWatch Logs group goes; only for trails that have one.
    "cloudtrail_log_group_delivery" CloudtrailLogGroupDelivery
        from ["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"] volatile ["latest_delivery_at"] {
        /// ARN of the trail.
        trail_arn: String,
        /// Last time that events were delivered.
        latest_delivery_at: Option<Timestamp>,
        /// Last delivery error.
        latest_delivery_error: Option<String>,
    }
}

record! {
    /// An event selector of a trail.
    "cloudtrail_event_selector" CloudtrailEventSelector
        from ["cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors"] volatile [] {
        /// ARN of the trail.
        trail_arn: String,
        /// Position in AWS's list, from 1.
        position: i64,
        /// `basic` or `advanced`.
        form: String,
        /// Name of an advanced selector.
        name: Option<String>,
        /// Basic: `All`, `ReadOnly` or `WriteOnly`.
        read_write_type: Option<String>,
        /// Basic: selects management events.
        include_management_events: Option<bool>,
        /// Basic: event sources left out, sorted.
        excluded_sources: Vec<String>,
        /// Basic: data resources, as `type=value`, sorted.
        data_resources: Vec<String>,
        /// Advanced: field conditions, each as `field operator value`, sorted
        /// (operators: `equals`, `startsWith`, `endsWith`, `notEquals`, `notStartsWith`, `notEndsWith`).
        fields: Vec<String>,
    }
}
