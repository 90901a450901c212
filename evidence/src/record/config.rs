//! Tables of AWS Config.

use crate::clock::Timestamp;

use super::record;

record! {
    /// A configuration recorder.
    "config_recorder" ConfigRecorder from ["config:DescribeConfigurationRecorders"] volatile [] {
        /// ARN, where AWS gives one.
        arn: Option<String>,
        /// Name.
        name: String,
        /// The AWS service the recorder belongs to; null for the firm's own.
        service_principal: Option<String>,
        /// All supported types of resource are recorded.
        all_supported: Option<bool>,
        /// Types of global services are recorded too.
        include_global: Option<bool>,
        /// `ALL_SUPPORTED_RESOURCE_TYPES`, `INCLUSION_BY_RESOURCE_TYPES` or `EXCLUSION_BY_RESOURCE_TYPES`.
        strategy: Option<String>,
        /// Types that are recorded, where they are named; sorted.
        included: Vec<String>,
        /// Types that are left out, sorted.
        excluded: Vec<String>,
        /// `CONTINUOUS` or `DAILY`.
        frequency: Option<String>,
    }
}

record! {
    /// What a configuration recorder is doing.
    "config_recorder_status" ConfigRecorderStatus from ["config:DescribeConfigurationRecorderStatus"]
        volatile ["changed_at"] {
        /// Name of the recorder.
        name: String,
        /// The AWS service the recorder belongs to; null for the firm's own.
        service_principal: Option<String>,
        /// It records.
        recording: Option<bool>,
        /// `Pending`, `Success`, `Failure` or `NotApplicable`.
        last_status: Option<String>,
        /// Error code of the last failure.
        last_error_code: Option<String>,
        /// When the status last changed.
        changed_at: Option<Timestamp>,
        /// When it was last stopped.
        stopped_at: Option<Timestamp>,
    }
}

record! {
    /// A delivery channel: where recorded configurations go.
    "config_delivery_channel" ConfigDeliveryChannel from ["config:DescribeDeliveryChannels"] volatile [] {
        /// Name.
        name: String,
        /// Bucket.
        bucket: Option<String>,
        /// SNS topic.
        topic_arn: Option<String>,
    }
}

record! {
    /// Whether a delivery channel delivers.
    "config_delivery_status" ConfigDeliveryStatus from ["config:DescribeDeliveryChannelStatus"] volatile [] {
        /// Name of the channel.
        name: String,
        /// Last delivery of the history to the bucket: `Success`, `Failure` or `Not_Applicable`.
        history_status: Option<String>,
        /// Last delivery of a snapshot.
        snapshot_status: Option<String>,
        /// Last delivery to the topic.
        stream_status: Option<String>,
    }
}

record! {
    /// How many resources of a type AWS Config knows in a region: for comparing with what was collected.
    "config_resource_count" ConfigResourceCount from ["config:GetDiscoveredResourceCounts"] volatile [] {
        /// Type, such as `AWS::IAM::User`.
        resource_type: String,
        /// How many.
        resources: i64,
    }
}
