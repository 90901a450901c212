//! DynamoDB tables, their backups, replicas, expiry and tags.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A table. Columns other than `arn` and `name` are null where DescribeTable failed.
    "dynamodb_table" DynamodbTable from ["dynamodb:ListTables", "dynamodb:DescribeTable"] volatile [] {
        /// ARN; made from account, region and name where DescribeTable failed.
        arn: String,
        /// Name.
        name: String,
        /// Id, new for a table that is made again.
        id: Option<String>,
        /// Status.
        status: Option<String>,
        /// Status of encryption with a KMS key; null with a key that AWS owns.
        sse_status: Option<String>,
        /// `KMS`; null with a key that AWS owns.
        sse_type: Option<String>,
        /// Key; null with a key that AWS owns.
        kms_key_arn: Option<String>,
        /// Since when the key cannot be used, and with it the table.
        key_inaccessible_at: Option<Timestamp>,
        /// `PAY_PER_REQUEST` or `PROVISIONED`; null is provisioned since ever.
        billing_mode: Option<String>,
        /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`; null is standard.
        table_class: Option<String>,
        /// It cannot be deleted while this is on.
        deletion_protection: Option<bool>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A replica of a global table, in another region than the row's.
    "dynamodb_replica" DynamodbReplica from ["dynamodb:ListTables", "dynamodb:DescribeTable"] volatile [] {
        /// ARN of the table.
        table_arn: String,
        /// Region of the replica.
        replica_region: String,
        /// Status: `ACTIVE`, `CREATING`, …
        status: Option<String>,
    }
}

record! {
    /// Continuous backups of a table.
    "dynamodb_continuous_backups" DynamodbContinuousBackups
        from ["dynamodb:ListTables", "dynamodb:DescribeContinuousBackups"] volatile ["latest_restorable_at", "earliest_restorable_at"] {
        /// ARN of the table.
        table_arn: String,
        /// `ENABLED` or `DISABLED`.
        status: Option<String>,
        /// Point-in-time recovery: `ENABLED` or `DISABLED`.
        pitr_status: Option<String>,
        /// Days back to which the table can be restored.
        recovery_period_days: Option<i64>,
        /// Earliest moment it can be restored to.
        earliest_restorable_at: Option<Timestamp>,
        /// Latest moment it can be restored to.
        latest_restorable_at: Option<Timestamp>,
    }
}

record! {
    /// Whether items of a table expire.
    "dynamodb_ttl" DynamodbTtl from ["dynamodb:ListTables", "dynamodb:DescribeTimeToLive"] volatile [] {
        /// ARN of the table.
        table_arn: String,
        /// `ENABLED`, `DISABLED`, `ENABLING` or `DISABLING`.
        status: Option<String>,
        /// Attribute that holds the moment of expiry.
        attribute: Option<String>,
    }
}

record! {
    /// The tags of a table: one row per table, with or without tags.
    "dynamodb_table_tags" DynamodbTableTags from ["dynamodb:ListTables", "dynamodb:ListTagsOfResource"] volatile [] {
        /// ARN of the table.
        table_arn: String,
        /// Tags.
        tags: Vec<Tag>,
    }
}
