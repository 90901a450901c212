//! AWS Backup: plans, vaults, recovery points, jobs.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A resource of which AWS Backup holds a recovery point.
    "backup_protected_resource" BackupProtectedResource from ["backup:ListProtectedResources"]
        volatile ["last_backup_at", "last_recovery_point_arn"] {
        /// ARN of the resource.
        resource_arn: String,
        /// `RDS`, `EBS`, `DynamoDB`, …
        resource_type: Option<String>,
        /// Name.
        resource_name: Option<String>,
        /// Last backup.
        last_backup_at: Option<Timestamp>,
        /// Vault of the last backup.
        last_vault_arn: Option<String>,
        /// Last recovery point.
        last_recovery_point_arn: Option<String>,
    }
}

record! {
    /// A plan.
    "backup_plan" BackupPlan from ["backup:ListBackupPlans"] volatile ["last_execution_at"] {
        /// ARN.
        arn: String,
        /// Id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Version.
        version_id: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// When it last ran.
        last_execution_at: Option<Timestamp>,
    }
}

record! {
    /// A rule of a plan.
    "backup_plan_rule" BackupPlanRule from ["backup:ListBackupPlans", "backup:GetBackupPlan"] volatile [] {
        /// ARN of the plan.
        plan_arn: String,
        /// Id of the plan.
        plan_id: String,
        /// Id of the rule.
        rule_id: Option<String>,
        /// Name of the rule.
        name: String,
        /// Vault it writes to.
        vault: String,
        /// Cron expression.
        schedule: Option<String>,
        /// Days backups are kept; null is for ever.
        delete_after_days: Option<i64>,
        /// It keeps continuous backups.
        continuous: Option<bool>,
        /// ARNs of vaults to which it copies, sorted.
        copy_vault_arns: Vec<String>,
    }
}

record! {
    /// What a plan covers.
    "backup_selection" BackupSelection
        from ["backup:ListBackupPlans", "backup:ListBackupSelections", "backup:GetBackupSelection"] volatile [] {
        /// ARN of the plan.
        plan_arn: String,
        /// Id of the plan.
        plan_id: String,
        /// Id of the selection.
        selection_id: String,
        /// Name.
        name: Option<String>,
        /// ARNs and patterns it takes in, sorted.
        resources: Vec<String>,
        /// ARNs and patterns it leaves out, sorted.
        not_resources: Vec<String>,
        /// Tags one of which takes a resource in, each as `key=value`, sorted.
        any_tags: Vec<String>,
        /// Conditions that must all hold, each as `StringEquals aws:ResourceTag/key=value`, sorted.
        conditions: Vec<String>,
    }
}

record! {
    /// A vault.
    "backup_vault" BackupVault from ["backup:ListBackupVaults"] volatile ["recovery_points"] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// `BACKUP_VAULT` or `LOGICALLY_AIR_GAPPED_BACKUP_VAULT`.
        vault_type: Option<String>,
        /// Key of the vault.
        kms_key_arn: Option<String>,
        /// A vault lock is on.
        locked: Option<bool>,
        /// When the lock can no longer be taken off; null in governance mode.
        lock_at: Option<Timestamp>,
        /// Least retention that the lock allows.
        min_retention_days: Option<i64>,
        /// Greatest retention that the lock allows.
        max_retention_days: Option<i64>,
        /// Recovery points in it.
        recovery_points: i64,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A recovery point.
    "backup_recovery_point" BackupRecoveryPoint from ["backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault"]
        volatile ["last_restored_at"] {
        /// ARN.
        arn: String,
        /// Vault.
        vault: String,
        /// ARN of the vault from which it was copied, if it was.
        source_vault_arn: Option<String>,
        /// ARN of what it is a backup of.
        resource_arn: Option<String>,
        /// `RDS`, `EBS`, `DynamoDB`, …
        resource_type: Option<String>,
        /// `COMPLETED`, `PARTIAL`, `DELETING`, `EXPIRED`, `AVAILABLE`, `STOPPED` or `CREATING`.
        status: Option<String>,
        /// When begun.
        created_at: Option<Timestamp>,
        /// When completed.
        completed_at: Option<Timestamp>,
        /// Days it is kept; null is for ever.
        delete_after_days: Option<i64>,
        /// When it is deleted.
        delete_at: Option<Timestamp>,
        /// It is encrypted.
        encrypted: bool,
        /// Id of the plan that made it, if one did.
        plan_id: Option<String>,
        /// When it was last restored.
        last_restored_at: Option<Timestamp>,
    }
}

record! {
    /// A backup job of the last 30 days, which is as far back as AWS lists them.
    "backup_job" BackupJob from ["backup:ListBackupJobs"] volatile [] {
        /// Id.
        id: String,
        /// What it backs up.
        resource_arn: Option<String>,
        /// `RDS`, `EBS`, …
        resource_type: Option<String>,
        /// Name of what it backs up.
        resource_name: Option<String>,
        /// `CREATED`, `PENDING`, `RUNNING`, `ABORTING`, `ABORTED`, `COMPLETED`, `FAILED`, `EXPIRED` or `PARTIAL`.
        state: Option<String>,
        /// What went wrong.
        status_message: Option<String>,
        /// Vault.
        vault: Option<String>,
        /// Recovery point made.
        recovery_point_arn: Option<String>,
        /// Id of the plan that began it, if one did.
        plan_id: Option<String>,
        /// Job it is a part of.
        parent_id: Option<String>,
        /// When begun.
        created_at: Option<Timestamp>,
        /// When ended.
        completed_at: Option<Timestamp>,
    }
}

record! {
    /// A copy of a recovery point to another vault, of the last 30 days.
    "backup_copy_job" BackupCopyJob from ["backup:ListCopyJobs"] volatile [] {
        /// Id.
        id: String,
        /// What the recovery point is a backup of.
        resource_arn: Option<String>,
        /// `RDS`, `EBS`, …
        resource_type: Option<String>,
        /// `CREATED`, `RUNNING`, `COMPLETED`, `FAILED` or `PARTIAL`.
        state: Option<String>,
        /// What went wrong.
        status_message: Option<String>,
        /// Vault copied from.
        source_vault_arn: Option<String>,
        /// Vault copied to.
        destination_vault_arn: Option<String>,
        /// Recovery point copied.
        source_recovery_point_arn: Option<String>,
        /// When begun.
        created_at: Option<Timestamp>,
        /// When ended.
        completed_at: Option<Timestamp>,
    }
}

record! {
    /// A restore.
    "backup_restore_job" BackupRestoreJob from ["backup:ListRestoreJobs"] volatile [] {
        /// Id.
        id: String,
        /// `RDS`, `EBS`, …
        resource_type: Option<String>,
        /// Recovery point that was restored.
        recovery_point_arn: Option<String>,
        /// What the recovery point is a backup of.
        source_resource_arn: Option<String>,
        /// What was made.
        created_resource_arn: Option<String>,
        /// `PENDING`, `RUNNING`, `COMPLETED`, `ABORTED` or `FAILED`.
        status: Option<String>,
        /// What went wrong.
        status_message: Option<String>,
        /// `SUCCESSFUL`, `FAILED`, `TIMED_OUT` or `VALIDATING`: of a restore test.
        validation_status: Option<String>,
        /// Restore testing plan that began it, if one did.
        testing_plan_arn: Option<String>,
        /// When begun.
        created_at: Option<Timestamp>,
        /// When ended.
        completed_at: Option<Timestamp>,
    }
}

record! {
    /// A restore testing plan.
    "backup_restore_testing_plan" BackupRestoreTestingPlan from ["backup:ListRestoreTestingPlans"]
        volatile ["last_execution_at"] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Cron expression.
        schedule: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// When it last ran.
        last_execution_at: Option<Timestamp>,
    }
}
