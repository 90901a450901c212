//! EBS volumes and snapshots, and whether new volumes are encrypted.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A volume.
    "ec2_volume" Ec2Volume from ["ec2:DescribeVolumes"] volatile [] {
        /// Volume id.
        id: String,
        /// Its tag `Name`.
        name: Option<String>,
        /// `creating`, `available`, `in-use`, `deleting`, `deleted` or `error`.
        state: Option<String>,
        /// It is encrypted.
        encrypted: Option<bool>,
        /// ARN of the KMS key that encrypts it.
        kms_key_id: Option<String>,
        /// Size in GiB.
        size_gib: Option<i64>,
        /// `gp3`, `io2`, …
        volume_type: Option<String>,
        /// Availability Zone.
        zone: Option<String>,
        /// When it was created.
        created_at: Option<Timestamp>,
        /// Snapshot it was made of.
        snapshot_id: Option<String>,
        /// Instances it is attached to, sorted.
        instances: Vec<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A snapshot that the account owns.
    "ec2_snapshot" Ec2Snapshot from ["ec2:DescribeSnapshots"] volatile [] {
        /// Snapshot id.
        id: String,
        /// Its tag `Name`.
        name: Option<String>,
        /// `pending`, `completed`, `error`, `recoverable` or `recovering`.
        state: Option<String>,
        /// It is encrypted.
        encrypted: Option<bool>,
        /// ARN of the KMS key that encrypts it.
        kms_key_id: Option<String>,
        /// Volume it was made of; a made-up id for copies.
        volume_id: Option<String>,
        /// Size of the volume in GiB.
        volume_size_gib: Option<i64>,
        /// When it was started.
        started_at: Option<Timestamp>,
        /// `standard` or `archive`.
        storage_tier: Option<String>,
        /// Account that owns it.
        owner: Option<String>,
        /// Description.
        description: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A snapshot that the account owns and of which everyone can make a volume.
    "ec2_public_snapshot" Ec2PublicSnapshot from ["ec2:DescribeSnapshots"] volatile [] {
        /// Snapshot id.
        id: String,
        /// Its tag `Name`.
        name: Option<String>,
        /// It is encrypted; AWS does not let such a snapshot be public.
        encrypted: Option<bool>,
        /// When it was started.
        started_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// Who may make a volume of a snapshot; asked for public snapshots only.
    "ec2_snapshot_permission" Ec2SnapshotPermission
        from ["ec2:DescribeSnapshotAttribute", "ec2:DescribeSnapshots"] volatile [] {
        /// Snapshot id.
        snapshot_id: String,
        /// `all` where everyone may.
        group_name: Option<String>,
        /// Account that may.
        user_id: Option<String>,
    }
}

record! {
    /// Whether new volumes of the region are encrypted without anybody asking for it.
    "ec2_ebs_encryption_default" Ec2EbsEncryptionDefault from ["ec2:GetEbsEncryptionByDefault"] volatile [] {
        /// They are.
        enabled: Option<bool>,
    }
}
