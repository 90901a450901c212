//! EC2 instances, the images behind them and the settings that govern both. User data is never read.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// An instance; AWS lists terminated ones for about an hour.
    "ec2_instance" Ec2Instance from ["ec2:DescribeInstances"] volatile [] {
        /// Instance id.
        id: String,
        /// Its tag `Name`.
        name: Option<String>,
        /// `pending`, `running`, `stopping`, `stopped`, `shutting-down` or `terminated`.
        state: Option<String>,
        /// Image it was launched from.
        image_id: Option<String>,
        /// Instance type.
        instance_type: Option<String>,
        /// When it was last launched or started.
        launched_at: Option<Timestamp>,
        /// Availability Zone.
        zone: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// Subnet.
        subnet_id: Option<String>,
        /// Public IPv4 address.
        public_ip: Option<String>,
        /// Account that owns the reservation.
        owner: Option<String>,
        /// What it runs, as billed: `Linux/UNIX`, `Windows`, …
        platform: Option<String>,
        /// ARN of its instance profile.
        instance_profile_arn: Option<String>,
        /// Security groups, sorted.
        security_groups: Vec<String>,
        /// `required` (IMDSv2 only) or `optional`.
        http_tokens: Option<String>,
        /// Whether the instance metadata service answers: `enabled` or `disabled`.
        http_endpoint: Option<String>,
        /// How many network hops its answers may travel.
        http_hop_limit: Option<i64>,
        /// `applied`, or `pending` while a change is being made.
        metadata_state: Option<String>,
        /// An AWS service operates it for the account.
        operator_managed: Option<bool>,
        /// Which service.
        operator: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// The image behind an instance, as EC2 remembers it even when the image is no longer registered.
    "ec2_instance_image" Ec2InstanceImage from ["ec2:DescribeInstanceImageMetadata"] volatile [] {
        /// Instance id.
        instance_id: String,
        /// State of the instance.
        instance_state: Option<String>,
        /// Image id.
        image_id: Option<String>,
        /// Image name.
        image_name: Option<String>,
        /// Account that owns the image.
        image_owner: Option<String>,
        /// Owner's alias: `amazon`, `aws-marketplace`, `aws-backup-vault` or `self`.
        image_owner_alias: Option<String>,
        /// State of the image: `available`, `disabled`, `deregistered`, …
        image_state: Option<String>,
        /// When the image was created.
        image_created_at: Option<Timestamp>,
        /// When the image is or was deprecated.
        image_deprecated_at: Option<Timestamp>,
        /// The image meets the criteria of allowed images; only told while these are on.
        image_allowed: Option<bool>,
        /// The image may be launched by everyone.
        image_public: Option<bool>,
    }
}

record! {
    /// An image that the account owns.
    "ec2_image" Ec2Image from ["ec2:DescribeImages"] volatile [] {
        /// Image id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Account that owns it.
        owner: Option<String>,
        /// `available`, `disabled`, `pending`, `failed`, …
        state: Option<String>,
        /// When it was created.
        created_at: Option<Timestamp>,
        /// When it is or was deprecated.
        deprecated_at: Option<Timestamp>,
        /// Everyone may launch it.
        public: Option<bool>,
        /// Image it was copied from.
        source_image_id: Option<String>,
        /// Region of that image.
        source_image_region: Option<String>,
        /// Instance it was made of.
        source_instance_id: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// An image of another account behind one of the account's instances, as far as it can still be seen.
    "ec2_used_image" Ec2UsedImage from ["ec2:DescribeImages", "ec2:DescribeInstanceImageMetadata"] volatile [] {
        /// Image id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Account that owns it.
        owner: Option<String>,
        /// Owner's alias: `amazon`, `aws-marketplace`, …
        owner_alias: Option<String>,
        /// `available`, `disabled`, …
        state: Option<String>,
        /// Everyone may launch it.
        public: Option<bool>,
        /// Tags that the account itself has put on it, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// Whether the region restricts which images can be seen and launched.
    "ec2_allowed_images_settings" Ec2AllowedImagesSettings from ["ec2:GetAllowedImagesSettings"] volatile [] {
        /// `enabled`, `audit-mode` or `disabled`.
        state: Option<String>,
        /// Owners that its criteria allow, sorted: account ids, `amazon`, `aws-marketplace`, …
        providers: Vec<String>,
        /// Number of criteria.
        criteria: i64,
        /// Who set it: `account` or `declarative-policy`.
        managed_by: Option<String>,
    }
}

record! {
    /// What new instances of the region get unless their launch says otherwise; null where nothing is set.
    "ec2_instance_metadata_defaults" Ec2InstanceMetadataDefaults
        from ["ec2:GetInstanceMetadataDefaults"] volatile [] {
        /// `required` (IMDSv2 only) or `optional`.
        http_tokens: Option<String>,
        /// `enabled` or `disabled`.
        http_endpoint: Option<String>,
        /// How many network hops its answers may travel.
        http_hop_limit: Option<i64>,
        /// Whether launches that do not demand IMDSv2 are refused.
        http_tokens_enforced: Option<String>,
        /// Who set it: `account` or `declarative-policy`.
        managed_by: Option<String>,
    }
}
