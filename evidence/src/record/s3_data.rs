//! What S3 does with a bucket's data: encryption, logging, lifecycle, replication, labels, and
//! what lies in the buckets that CloudTrail writes to. `region` is the bucket's region.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// Where a bucket is, asked with the account as expected owner: a row says that the account owns it.
    "s3_bucket_location" S3BucketLocation from ["s3:ListBuckets", "s3:GetBucketLocation"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// Region that AWS names; the partition's home region (`us-east-1`) where its answer is empty.
        location: String,
    }
}

record! {
    /// A bucket's default encryption.
    "s3_bucket_encryption" S3BucketEncryption from ["s3:ListBuckets", "s3:GetBucketEncryption"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers ServerSideEncryptionConfigurationNotFoundError.
        present: bool,
        /// `AES256`, `aws:kms`, `aws:kms:dsse` or `aws:fsx`.
        algorithm: Option<String>,
        /// KMS key, if one is named.
        kms_key_id: Option<String>,
        /// S3 Bucket Keys are used.
        bucket_key: Option<bool>,
    }
}

record! {
    /// A bucket's server access logging.
    "s3_bucket_logging" S3BucketLogging from ["s3:ListBuckets", "s3:GetBucketLogging"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// Access is logged.
        enabled: bool,
        /// Bucket that gets the logs.
        target_bucket: Option<String>,
        /// Prefix of the logs there.
        target_prefix: Option<String>,
    }
}

record! {
    /// A bucket's tags.
    "s3_bucket_tagging" S3BucketTagging from ["s3:ListBuckets", "s3:GetBucketTagging"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers NoSuchTagSet.
        present: bool,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// Whether a bucket has a lifecycle configuration.
    "s3_bucket_lifecycle" S3BucketLifecycle
        from ["s3:ListBuckets", "s3:GetBucketLifecycleConfiguration"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers NoSuchLifecycleConfiguration.
        present: bool,
        /// Number of rules.
        rules: i64,
    }
}

record! {
    /// A rule of a bucket's lifecycle configuration.
    "s3_bucket_lifecycle_rule" S3BucketLifecycleRule
        from ["s3:ListBuckets", "s3:GetBucketLifecycleConfiguration"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// Rule id.
        rule_id: Option<String>,
        /// `Enabled` or `Disabled`.
        status: String,
        /// Applies to objects whose key begins so; empty for every key.
        prefix: String,
        /// Applies to objects with all of these tags, sorted; empty for no such limit.
        tags: Vec<Tag>,
        /// Applies to objects larger than this, in bytes.
        object_size_greater_than: Option<i64>,
        /// Applies to objects smaller than this, in bytes.
        object_size_less_than: Option<i64>,
        /// Objects expire this many days after they were made.
        expiration_days: Option<i64>,
        /// Objects expire on this day.
        expiration_date: Option<Timestamp>,
        /// Delete markers without versions are removed.
        expired_object_delete_marker: Option<bool>,
        /// Versions are removed this many days after they were replaced.
        noncurrent_days: Option<i64>,
        /// Of the replaced versions, this many of the newest are kept.
        newer_noncurrent_versions: Option<i64>,
        /// Unfinished uploads are removed after this many days.
        abort_incomplete_days: Option<i64>,
        /// Moves to other storage classes, each as `class after n days`, `class on date`, `noncurrent …`, sorted.
        transitions: Vec<String>,
    }
}

record! {
    /// Whether a bucket has a replication configuration.
    "s3_bucket_replication" S3BucketReplication from ["s3:ListBuckets", "s3:GetBucketReplication"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// False when AWS answers ReplicationConfigurationNotFoundError.
        present: bool,
        /// Role that replicates.
        role: Option<String>,
        /// Number of rules.
        rules: i64,
    }
}

record! {
    /// A rule of a bucket's replication configuration.
    "s3_bucket_replication_rule" S3BucketReplicationRule
        from ["s3:ListBuckets", "s3:GetBucketReplication"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// Rule id.
        rule_id: Option<String>,
        /// Order among rules of one destination.
        priority: Option<i64>,
        /// `Enabled` or `Disabled`.
        status: String,
        /// Applies to objects whose key begins so; empty for every key.
        prefix: String,
        /// Applies to objects with all of these tags, sorted; empty for no such limit.
        tags: Vec<Tag>,
        /// ARN of the bucket that gets the copies.
        destination_bucket: Option<String>,
        /// Account of that bucket, where it is another one and named.
        destination_account: Option<String>,
        /// Storage class of the copies, if named.
        storage_class: Option<String>,
        /// `Enabled` if delete markers are copied.
        delete_marker_replication: Option<String>,
    }
}

record! {
    /// What lies on one level of a bucket that CloudTrail may write to by its policy: the names up to the
    /// next `/`. The topmost level is listed, and below it those that do not begin with `AWSLogs/`.
    "s3_log_bucket_level" S3LogBucketLevel
        from ["s3:ListBuckets", "s3:GetBucketPolicy", "s3:ListObjectsV2"] volatile [] {
        /// Bucket name.
        bucket: String,
        /// What all names on this level begin with: empty for the topmost one, else it ends with `/`.
        level: String,
        /// Names that go on below, in full and with the `/` at the end, sorted.
        prefixes: Vec<String>,
        /// Objects, sorted, the first hundred.
        objects: Vec<String>,
        /// Number of objects that were seen.
        object_count: i64,
        /// False where the list has more than was read.
        complete: bool,
    }
}
