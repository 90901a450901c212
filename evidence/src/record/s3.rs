//! S3 buckets and access points. `region` of a bucket's rows is the bucket's region.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A general purpose bucket.
    "s3_bucket" S3Bucket from ["s3:ListBuckets"] volatile [] {
        /// Bucket name.
        name: String,
        /// ARN.
        arn: String,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A bucket's policy.
    "s3_bucket_policy" S3BucketPolicy from ["s3:ListBuckets", "s3:GetBucketPolicy"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers NoSuchBucketPolicy.
        present: bool,
        /// The document.
        document: Option<String>,
    }
}

record! {
    /// Whether AWS finds the bucket's policy public.
    "s3_bucket_policy_status" S3BucketPolicyStatus from ["s3:ListBuckets", "s3:GetBucketPolicyStatus"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers NoSuchBucketPolicy.
        present: bool,
        /// AWS's judgement.
        is_public: Option<bool>,
    }
}

record! {
    /// A grant in a bucket's access control list.
    "s3_bucket_acl_grant" S3BucketAclGrant from ["s3:ListBuckets", "s3:GetBucketAcl"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// `CanonicalUser`, `Group` or `AmazonCustomerByEmail`.
        grantee_type: Option<String>,
        /// Group URI, else canonical user id.
        grantee: Option<String>,
        /// `FULL_CONTROL`, `READ`, `WRITE`, `READ_ACP` or `WRITE_ACP`.
        permission: Option<String>,
    }
}

record! {
    /// Who owns objects in a bucket; `BucketOwnerEnforced` switches access control lists off.
    "s3_bucket_ownership" S3BucketOwnership from ["s3:ListBuckets", "s3:GetBucketOwnershipControls"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers OwnershipControlsNotFoundError.
        present: bool,
        /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
        object_ownership: Option<String>,
    }
}

record! {
    /// A bucket's public access block.
    "s3_bucket_public_access_block" S3BucketPublicAccessBlock from ["s3:ListBuckets", "s3:GetPublicAccessBlock"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers NoSuchPublicAccessBlockConfiguration.
        present: bool,
        /// New public ACLs are refused.
        block_public_acls: Option<bool>,
        /// Public ACLs have no effect.
        ignore_public_acls: Option<bool>,
        /// New public policies are refused.
        block_public_policy: Option<bool>,
        /// Public policies have no effect beyond the account.
        restrict_public_buckets: Option<bool>,
    }
}

record! {
    /// A bucket's versioning.
    "s3_bucket_versioning" S3BucketVersioning from ["s3:ListBuckets", "s3:GetBucketVersioning"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// `Enabled`, `Suspended`, or null if it never was.
        status: Option<String>,
        /// `Enabled` or `Disabled`; null if it never was.
        mfa_delete: Option<String>,
    }
}

record! {
    /// A bucket's object lock.
    "s3_object_lock" S3ObjectLock from ["s3:ListBuckets", "s3:GetObjectLockConfiguration"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers ObjectLockConfigurationNotFoundError.
        present: bool,
        /// `Enabled`.
        enabled: Option<String>,
        /// Default retention: `COMPLIANCE` or `GOVERNANCE`.
        mode: Option<String>,
        /// Default retention in days.
        days: Option<i64>,
        /// Default retention in years.
        years: Option<i64>,
    }
}

record! {
    /// The account's public access block, one row per account.
    "s3_account_public_access_block" S3AccountPublicAccessBlock from ["s3control:GetPublicAccessBlock"] volatile [] {
        /// False when AWS answers NoSuchPublicAccessBlockConfiguration.
        present: bool,
        /// New public ACLs are refused.
        block_public_acls: Option<bool>,
        /// Public ACLs have no effect.
        ignore_public_acls: Option<bool>,
        /// New public policies are refused.
        block_public_policy: Option<bool>,
        /// Public policies have no effect beyond the account.
        restrict_public_buckets: Option<bool>,
    }
}

record! {
    /// An access point.
    "s3_access_point" S3AccessPoint from ["s3control:ListAccessPoints"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Bucket.
        bucket: Option<String>,
        /// `Internet` or `VPC`.
        network_origin: Option<String>,
        /// VPC, if any.
        vpc_id: Option<String>,
        /// Account that owns the bucket.
        bucket_account_id: Option<String>,
    }
}

record! {
    /// Whether AWS finds an access point's policy public.
    "s3_access_point_policy_status" S3AccessPointPolicyStatus
        from ["s3control:ListAccessPoints", "s3control:GetAccessPointPolicyStatus"] volatile [] {
        /// ARN of the access point.
        access_point_arn: String,
        /// False when AWS answers NoSuchAccessPointPolicy.
        present: bool,
        /// AWS's judgement.
        is_public: Option<bool>,
    }
}
