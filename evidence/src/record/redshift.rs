//! Redshift clusters.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A cluster.
    "redshift_cluster" RedshiftCluster from ["redshift:DescribeClusters"] volatile [] {
        /// ARN, made from account, region and identifier: AWS does not give it.
        arn: String,
        /// Identifier.
        id: String,
        /// ARN of its namespace.
        namespace_arn: Option<String>,
        /// Status.
        status: Option<String>,
        /// It is encrypted.
        encrypted: Option<bool>,
        /// Key.
        kms_key_id: Option<String>,
        /// It has a public address.
        publicly_accessible: Option<bool>,
        /// `Enabled` or `Disabled`.
        multi_az: Option<String>,
        /// Zone.
        availability_zone: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// Subnet group.
        subnet_group: Option<String>,
        /// VPC security groups, sorted.
        security_group_ids: Vec<String>,
        /// Days automated snapshots are kept; 0 is off.
        snapshot_retention_days: Option<i64>,
        /// Region to which snapshots are copied, if any.
        snapshot_copy_region: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags.
        tags: Vec<Tag>,
    }
}
