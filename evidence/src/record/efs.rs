//! EFS file systems.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// An EFS file system.
    "efs_file_system" EfsFileSystem from ["efs:DescribeFileSystems"] volatile ["mount_targets"] {
        /// File system id.
        id: String,
        /// ARN.
        arn: String,
        /// Name, from its tag `Name`.
        name: Option<String>,
        /// Account that owns it.
        owner_id: Option<String>,
        /// `available`, `creating`, `deleting`, …
        state: Option<String>,
        /// Whether it is encrypted at rest.
        encrypted: Option<bool>,
        /// ARN of the KMS key, if encrypted.
        kms_key_id: Option<String>,
        /// For a One Zone file system: its Availability Zone.
        availability_zone_name: Option<String>,
        /// `generalPurpose` or `maxIO`.
        performance_mode: Option<String>,
        /// `bursting`, `elastic` or `provisioned`.
        throughput_mode: Option<String>,
        /// Number of mount targets.
        mount_targets: Option<i64>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// The resource policy of an EFS file system.
    "efs_file_system_policy" EfsFileSystemPolicy
        from ["efs:DescribeFileSystems", "efs:DescribeFileSystemPolicy"] volatile [] {
        /// ARN of the file system.
        file_system_arn: String,
        /// False if it has none: then AWS lets every client mount it that the network lets through.
        present: bool,
        /// The document.
        policy: Option<String>,
    }
}
