//! KMS keys, their policies, grants and rotation.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A KMS key. Columns other than `arn` and `id` are null where DescribeKey failed.
    "kms_key" KmsKey from ["kms:ListKeys", "kms:DescribeKey"] volatile [] {
        /// ARN.
        arn: String,
        /// Key id.
        id: String,
        /// `CUSTOMER` or `AWS`.
        manager: Option<String>,
        /// `AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`.
        origin: Option<String>,
        /// Key spec such as `SYMMETRIC_DEFAULT`.
        spec: Option<String>,
        /// `ENCRYPT_DECRYPT`, `SIGN_VERIFY`, …
        usage: Option<String>,
        /// Key state.
        state: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// When deletion is due.
        deletion_at: Option<Timestamp>,
        /// For imported material: `KEY_MATERIAL_EXPIRES` or `KEY_MATERIAL_DOES_NOT_EXPIRE`.
        expiration_model: Option<String>,
        /// When imported material expires.
        valid_to: Option<Timestamp>,
        /// Custom key store, if any.
        custom_key_store_id: Option<String>,
        /// Whether it is a multi-Region key.
        multi_region: Option<bool>,
        /// `PRIMARY` or `REPLICA` for multi-Region keys.
        multi_region_type: Option<String>,
        /// ARN of the primary of a multi-Region key.
        primary_arn: Option<String>,
        /// Description.
        description: Option<String>,
    }
}

record! {
    /// A tag of a customer managed key.
    "kms_key_tag" KmsKeyTag from ["kms:ListKeys", "kms:ListResourceTags"] volatile [] {
        /// ARN of the key.
        key_arn: String,
        /// Tag key.
        tag_key: String,
        /// Tag value.
        tag_value: String,
    }
}

record! {
    /// An alias.
    "kms_alias" KmsAlias from ["kms:ListAliases"] volatile [] {
        /// ARN.
        arn: String,
        /// Alias with its `alias/`.
        name: String,
        /// Key id it points to, if any.
        key_id: Option<String>,
    }
}

record! {
    /// The key policy (`default`) of a customer managed key.
    "kms_key_policy" KmsKeyPolicy from ["kms:ListKeys", "kms:GetKeyPolicy"] volatile [] {
        /// ARN of the key.
        key_arn: String,
        /// The document.
        document: Option<String>,
    }
}

record! {
    /// A grant on a customer managed key.
    "kms_grant" KmsGrant from ["kms:ListKeys", "kms:ListGrants"] volatile [] {
        /// ARN of the key.
        key_arn: String,
        /// Grant id.
        grant_id: String,
        /// Who may use the key.
        grantee_principal: Option<String>,
        /// Who may retire the grant.
        retiring_principal: Option<String>,
        /// Account that made the grant.
        issuing_account: Option<String>,
        /// Operations granted, sorted.
        operations: Vec<String>,
        /// Whether an encryption context constrains it.
        constrained: bool,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// Whether a customer managed key rotates by itself.
    "kms_key_rotation_status" KmsKeyRotationStatus from ["kms:ListKeys", "kms:GetKeyRotationStatus"]
        volatile ["next_rotation_at"] {
        /// ARN of the key.
        key_arn: String,
        /// False when AWS answers UnsupportedOperation: such a key cannot rotate.
        supported: bool,
        /// Rotation is on.
        enabled: Option<bool>,
        /// Days between rotations; AWS omits it where 365 holds.
        period_days: Option<i64>,
        /// When it rotates next.
        next_rotation_at: Option<Timestamp>,
    }
}

record! {
    /// A rotation that took place.
    "kms_rotation" KmsRotation from ["kms:ListKeys", "kms:ListKeyRotations"] volatile [] {
        /// ARN of the key.
        key_arn: String,
        /// When.
        rotated_at: Option<Timestamp>,
        /// `AUTOMATIC` or `ON_DEMAND`.
        rotation_type: Option<String>,
    }
}
