//! AWS Backup.

use aws_sdk_backup::types::{BackupSelection as Selection, Conditions};
use evidence::record::{
    BackupCopyJob, BackupJob, BackupPlan, BackupPlanRule, BackupProtectedResource, BackupRecoveryPoint,
    BackupRestoreJob, BackupRestoreTestingPlan, BackupSelection, BackupVault,
};

use super::rows::{list, put, sorted};
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static COPY_JOBS: Source = Source {
    id: "backup.copy-jobs",
    operations: &["backup:ListCopyJobs"],
    scope: Scope::Regional,
    tables: &["backup_copy_job"],
    collect: |context| Box::pin(copy_jobs(context)),
};

pub(super) static JOBS: Source = Source {
    id: "backup.jobs",
    operations: &["backup:ListBackupJobs"],
    scope: Scope::Regional,
    tables: &["backup_job"],
    collect: |context| Box::pin(jobs(context)),
};

pub(super) static PLANS: Source = Source {
    id: "backup.plans",
    operations: &[
        "backup:GetBackupPlan",
        "backup:GetBackupSelection",
        "backup:ListBackupPlans",
        "backup:ListBackupSelections",
    ],
    scope: Scope::Regional,
    tables: &["backup_plan", "backup_plan_rule", "backup_selection"],
    collect: |context| Box::pin(plans(context)),
};

pub(super) static PROTECTED_RESOURCES: Source = Source {
    id: "backup.protected-resources",
    operations: &["backup:ListProtectedResources"],
    scope: Scope::Regional,
    tables: &["backup_protected_resource"],
    collect: |context| Box::pin(protected_resources(context)),
};

pub(super) static RESTORE_JOBS: Source = Source {
    id: "backup.restore-jobs",
    operations: &["backup:ListRestoreJobs"],
    scope: Scope::Regional,
    tables: &["backup_restore_job"],
    collect: |context| Box::pin(restore_jobs(context)),
};

pub(super) static RESTORE_TESTING_PLANS: Source = Source {
    id: "backup.restore-testing-plans",
    operations: &["backup:ListRestoreTestingPlans"],
    scope: Scope::Regional,
    tables: &["backup_restore_testing_plan"],
    collect: |context| Box::pin(restore_testing_plans(context)),
};

pub(super) static VAULTS: Source = Source {
    id: "backup.vaults",
    operations: &["backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault"],
    scope: Scope::Regional,
    tables: &["backup_recovery_point", "backup_vault"],
    collect: |context| Box::pin(vaults(context)),
};

async fn protected_resources(context: &Context<'_>) {
    let backup = context.session.backup(context.client_region);
    list!(
        context,
        "backup:ListProtectedResources",
        |next| backup
            .list_protected_resources()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page| token(page.next_token()),
        results,
        |resource, source| {
            let arn = resource.resource_arn().unwrap_or_default().to_owned();
            put!(context, BackupProtectedResource, arn.clone(), source, {
                resource_arn: arn,
                resource_type: text(resource.resource_type()),
                resource_name: text(resource.resource_name()),
                last_backup_at: time(resource.last_backup_time()),
                last_vault_arn: text(resource.last_backup_vault_arn()),
                last_recovery_point_arn: text(resource.last_recovery_point_arn()),
            });
        }
    );
}

async fn plans(context: &Context<'_>) {
    let client = &context.session.backup(context.client_region);
    let mut plans = Vec::new();
    list!(
        context,
        "backup:ListBackupPlans",
        |next| client.list_backup_plans().max_results(1000).set_next_token(next).send(),
        |page| token(page.next_token()),
        backup_plans_list,
        |plan, source| {
            let arn = plan.backup_plan_arn().unwrap_or_default().to_owned();
            let id = plan.backup_plan_id().unwrap_or_default().to_owned();
            plans.push((arn.clone(), id.clone()));
            put!(context, BackupPlan, arn.clone(), source, {
                arn,
                id,
                name: text(plan.backup_plan_name()),
                version_id: text(plan.version_id()),
                created_at: time(plan.creation_date()),
                last_execution_at: time(plan.last_execution_date()),
            });
        }
    );
    context
        .each(&plans, |(arn, id)| async move {
            let of = Plan {
                context,
                client,
                arn,
                id,
            };
            of.rules().await;
            of.selections().await;
        })
        .await;
}

/// One plan.
struct Plan<'a> {
    context: &'a Context<'a>,
    client: &'a aws_sdk_backup::Client,
    arn: &'a str,
    id: &'a str,
}

impl Plan<'_> {
    async fn rules(&self) {
        let Self {
            context,
            client,
            arn,
            id,
        } = self;
        let answer = match context.ask(client.get_backup_plan().backup_plan_id(*id).send()).await {
            Ok(answer) => answer,
            Err(failure) => return context.gap("backup:GetBackupPlan", Some(arn), &failure),
        };
        for rule in answer.output.backup_plan().iter().flat_map(|plan| plan.rules()) {
            let key = format!("{arn} {}", rule.rule_id().unwrap_or(rule.rule_name()));
            let copies = rule.copy_actions().iter();
            put!(context, BackupPlanRule, key, answer.exchange, {
                plan_arn: (*arn).to_owned(),
                plan_id: (*id).to_owned(),
                rule_id: text(rule.rule_id()),
                name: rule.rule_name().to_owned(),
                vault: rule.target_backup_vault_name().to_owned(),
                schedule: text(rule.schedule_expression()),
                delete_after_days: rule.lifecycle().and_then(|lifecycle| lifecycle.delete_after_days()),
                continuous: rule.enable_continuous_backup(),
                copy_vault_arns: sorted(copies.map(|copy| copy.destination_backup_vault_arn())),
            });
        }
    }

    async fn selections(&self) {
        let Self {
            context,
            client,
            arn,
            id,
        } = self;
        let list = context
            .pages(
                |next| {
                    let call = client.list_backup_selections().backup_plan_id(*id);
                    call.max_results(1000).set_next_token(next).send()
                },
                |page| token(page.next_token()),
            )
            .await;
        if let Some(failure) = &list.failure {
            context.gap("backup:ListBackupSelections", Some(arn), failure);
        }
        let all = list.pages.iter().flat_map(|page| page.output.backup_selections_list());
        for selection in all.filter_map(|selection| selection.selection_id()) {
            let call = client.get_backup_selection().backup_plan_id(*id);
            match context.ask(call.selection_id(selection).send()).await {
                Ok(answer) => {
                    let key = format!("{arn} {selection}");
                    let of = answer.output.backup_selection();
                    put!(context, BackupSelection, key, answer.exchange, {
                        plan_arn: (*arn).to_owned(),
                        plan_id: (*id).to_owned(),
                        selection_id: selection.to_owned(),
                        name: of.and_then(|of| text(Some(of.selection_name()))),
                        resources: sorted(of.iter().flat_map(|of| of.resources())),
                        not_resources: sorted(of.iter().flat_map(|of| of.not_resources())),
                        any_tags: of.map(any_tags).unwrap_or_default(),
                        conditions: of.and_then(|of| of.conditions()).map(conditions).unwrap_or_default(),
                    });
                }
                Err(failure) => context.gap("backup:GetBackupSelection", Some(arn), &failure),
            }
        }
    }
}

fn any_tags(selection: &Selection) -> Vec<String> {
    let tags = selection.list_of_tags().iter();
    sorted(tags.map(|tag| format!("{}={}", tag.condition_key(), tag.condition_value())))
}

fn conditions(conditions: &Conditions) -> Vec<String> {
    let kinds = [
        ("StringEquals", conditions.string_equals()),
        ("StringLike", conditions.string_like()),
        ("StringNotEquals", conditions.string_not_equals()),
        ("StringNotLike", conditions.string_not_like()),
    ];
    sorted(kinds.iter().flat_map(|(operator, lines)| {
        lines.iter().map(move |line| {
            let (key, value) = (
                line.condition_key().unwrap_or_default(),
                line.condition_value().unwrap_or_default(),
            );
            format!("{operator} {key}={value}")
        })
    }))
}

async fn vaults(context: &Context<'_>) {
    let client = &context.session.backup(context.client_region);
    let mut vaults = Vec::new();
    list!(
        context,
        "backup:ListBackupVaults",
        |next| client
            .list_backup_vaults()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page| token(page.next_token()),
        backup_vault_list,
        |vault, source| {
            let arn = vault.backup_vault_arn().unwrap_or_default().to_owned();
            let name = vault.backup_vault_name().unwrap_or_default().to_owned();
            vaults.push((arn.clone(), name.clone()));
            put!(context, BackupVault, arn.clone(), source, {
                arn,
                name,
                vault_type: vault.vault_type().map(|kind| kind.as_str().to_owned()),
                kms_key_arn: text(vault.encryption_key_arn()),
                locked: vault.locked(),
                lock_at: time(vault.lock_date()),
                min_retention_days: vault.min_retention_days(),
                max_retention_days: vault.max_retention_days(),
                recovery_points: vault.number_of_recovery_points(),
                created_at: time(vault.creation_date()),
            });
        }
    );
    context
        .each(&vaults, |(arn, name)| async move {
            let list = context
                .pages(
                    |next| {
                        let call = client.list_recovery_points_by_backup_vault().backup_vault_name(name);
                        call.max_results(1000).set_next_token(next).send()
                    },
                    |page| token(page.next_token()),
                )
                .await;
            for page in &list.pages {
                for point in page.output.recovery_points() {
                    let id = point.recovery_point_arn().unwrap_or_default().to_owned();
                    let lifecycle = point.lifecycle();
                    put!(context, BackupRecoveryPoint, format!("{name} {id}"), page.exchange, {
                        arn: id,
                        vault: name.clone(),
                        source_vault_arn: text(point.source_backup_vault_arn()),
                        resource_arn: text(point.resource_arn()),
                        resource_type: text(point.resource_type()),
                        status: point.status().map(|status| status.as_str().to_owned()),
                        created_at: time(point.creation_date()),
                        completed_at: time(point.completion_date()),
                        delete_after_days: lifecycle.and_then(|lifecycle| lifecycle.delete_after_days()).filter(|days| *days > 0),
                        delete_at: time(point.calculated_lifecycle().and_then(|lifecycle| lifecycle.delete_at())),
                        encrypted: point.is_encrypted(),
                        plan_id: point.created_by().and_then(|by| text(by.backup_plan_id())),
                        last_restored_at: time(point.last_restore_time()),
                    });
                }
            }
            if let Some(failure) = &list.failure {
                context.gap("backup:ListRecoveryPointsByBackupVault", Some(arn), failure);
            }
        })
        .await;
}

async fn jobs(context: &Context<'_>) {
    let backup = context.session.backup(context.client_region);
    list!(
        context,
        "backup:ListBackupJobs",
        |next| backup.list_backup_jobs().max_results(1000).set_next_token(next).send(),
        |page| token(page.next_token()),
        backup_jobs,
        |job, source| {
            let id = job.backup_job_id().unwrap_or_default().to_owned();
            put!(context, BackupJob, id.clone(), source, {
                id,
                resource_arn: text(job.resource_arn()),
                resource_type: text(job.resource_type()),
                resource_name: text(job.resource_name()),
                state: job.state().map(|state| state.as_str().to_owned()),
                status_message: text(job.status_message()),
                vault: text(job.backup_vault_name()),
                recovery_point_arn: text(job.recovery_point_arn()),
                plan_id: job.created_by().and_then(|by| text(by.backup_plan_id())),
                parent_id: text(job.parent_job_id()),
                created_at: time(job.creation_date()),
                completed_at: time(job.completion_date()),
            });
        }
    );
}

async fn copy_jobs(context: &Context<'_>) {
    let backup = context.session.backup(context.client_region);
    list!(
        context,
        "backup:ListCopyJobs",
        |next| backup.list_copy_jobs().max_results(1000).set_next_token(next).send(),
        |page| token(page.next_token()),
        copy_jobs,
        |job, source| {
            let id = job.copy_job_id().unwrap_or_default().to_owned();
            put!(context, BackupCopyJob, id.clone(), source, {
                id,
                resource_arn: text(job.resource_arn()),
                resource_type: text(job.resource_type()),
                state: job.state().map(|state| state.as_str().to_owned()),
                status_message: text(job.status_message()),
                source_vault_arn: text(job.source_backup_vault_arn()),
                destination_vault_arn: text(job.destination_backup_vault_arn()),
                source_recovery_point_arn: text(job.source_recovery_point_arn()),
                created_at: time(job.creation_date()),
                completed_at: time(job.completion_date()),
            });
        }
    );
}

async fn restore_jobs(context: &Context<'_>) {
    let backup = context.session.backup(context.client_region);
    list!(
        context,
        "backup:ListRestoreJobs",
        |next| backup.list_restore_jobs().max_results(1000).set_next_token(next).send(),
        |page| token(page.next_token()),
        restore_jobs,
        |job, source| {
            let id = job.restore_job_id().unwrap_or_default().to_owned();
            put!(context, BackupRestoreJob, id.clone(), source, {
                id,
                resource_type: text(job.resource_type()),
                recovery_point_arn: text(job.recovery_point_arn()),
                source_resource_arn: text(job.source_resource_arn()),
                created_resource_arn: text(job.created_resource_arn()),
                status: job.status().map(|status| status.as_str().to_owned()),
                status_message: text(job.status_message()),
                validation_status: job.validation_status().map(|status| status.as_str().to_owned()),
                testing_plan_arn: job.created_by().and_then(|by| text(by.restore_testing_plan_arn())),
                created_at: time(job.creation_date()),
                completed_at: time(job.completion_date()),
            });
        }
    );
}

async fn restore_testing_plans(context: &Context<'_>) {
    let backup = context.session.backup(context.client_region);
    list!(
        context,
        "backup:ListRestoreTestingPlans",
        |next| backup
            .list_restore_testing_plans()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page| token(page.next_token()),
        restore_testing_plans,
        |plan, source| {
            let arn = plan.restore_testing_plan_arn().to_owned();
            put!(context, BackupRestoreTestingPlan, arn.clone(), source, {
                arn,
                name: plan.restore_testing_plan_name().to_owned(),
                schedule: text(Some(plan.schedule_expression())),
                created_at: time(Some(plan.creation_time())),
                last_execution_at: time(plan.last_execution_time()),
            });
        }
    );
}
