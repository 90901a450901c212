//! ElastiCache replication groups.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A replication group (Redis OSS, Valkey).
    "elasticache_replication_group" ElasticacheReplicationGroup from ["elasticache:DescribeReplicationGroups"]
        volatile [] {
        /// ARN.
        arn: String,
        /// Identifier.
        id: String,
        /// Description.
        description: Option<String>,
        /// Engine.
        engine: Option<String>,
        /// Status.
        status: Option<String>,
        /// Encryption at rest is on.
        at_rest_encryption: Option<bool>,
        /// Key.
        kms_key_id: Option<String>,
        /// Encryption in transit is on.
        transit_encryption: Option<bool>,
        /// `required` or `preferred`.
        transit_encryption_mode: Option<String>,
        /// A password is required.
        auth_token: Option<bool>,
        /// `enabled` or `disabled`.
        multi_az: Option<String>,
        /// `enabled`, `disabled`, `enabling` or `disabling`.
        automatic_failover: Option<String>,
        /// Clusters (nodes), sorted.
        member_clusters: Vec<String>,
        /// Days snapshots are kept; 0 is off.
        snapshot_retention_days: Option<i64>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// The tags of a replication group: one row per group, with or without tags.
    "elasticache_replication_group_tags" ElasticacheReplicationGroupTags
        from ["elasticache:DescribeReplicationGroups", "elasticache:ListTagsForResource"] volatile [] {
        /// ARN of the group.
        group_arn: String,
        /// Tags.
        tags: Vec<Tag>,
    }
}
