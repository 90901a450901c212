//! Backups and replicas of EFS file systems.

use super::record;
use crate::clock::Timestamp;

record! {
    /// Whether AWS backs a file system up by itself, with a plan that AWS Backup makes for it.
    "efs_backup_policy" EfsBackupPolicy from ["efs:DescribeFileSystems", "efs:DescribeBackupPolicy"] volatile [] {
        /// ARN of the file system.
        file_system_arn: String,
        /// False if none was ever set.
        present: bool,
        /// `ENABLED`, `ENABLING`, `DISABLED` or `DISABLING`.
        status: Option<String>,
    }
}

record! {
    /// A file system and one to which it is copied.
    "efs_replication" EfsReplication from ["efs:DescribeReplicationConfigurations"] volatile ["last_replicated_at"] {
        /// ARN of the file system that is copied.
        source_arn: String,
        /// Region of the file system that is copied.
        source_region: String,
        /// Id of the copy.
        destination_id: String,
        /// Region of the copy.
        destination_region: String,
        /// `ENABLED`, `ENABLING`, `PAUSED`, `ERROR`, …
        status: Option<String>,
        /// Up to when everything is copied.
        last_replicated_at: Option<Timestamp>,
    }
}
