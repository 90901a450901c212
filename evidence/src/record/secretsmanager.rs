//! Secrets Manager: which secrets there are and how they are rotated. Their values are never read.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A secret, without its value.
    "secretsmanager_secret" SecretsmanagerSecret from ["secretsmanager:ListSecrets"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// KMS key; null for the key that AWS manages for the service.
        kms_key_id: Option<String>,
        /// It is rotated by schedule; null where that was never set up.
        rotation_enabled: Option<bool>,
        /// Days between rotations.
        rotation_days: Option<i64>,
        /// The schedule, as `rate(…)` or `cron(…)`.
        rotation_schedule: Option<String>,
        /// When it was last rotated.
        last_rotated_at: Option<Timestamp>,
        /// When it was last changed in any way.
        last_changed_at: Option<Timestamp>,
        /// When it is to be rotated next.
        next_rotation_at: Option<Timestamp>,
        /// When it was created.
        created_at: Option<Timestamp>,
        /// When it was marked for deletion.
        deleted_at: Option<Timestamp>,
        /// AWS service that owns and manages it.
        owning_service: Option<String>,
        /// Region of the original, where there are copies.
        primary_region: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}
