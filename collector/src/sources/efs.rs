//! EFS file systems, their resource policies and backup policies.

use evidence::record::{EfsBackupPolicy, EfsFileSystem, EfsFileSystemPolicy};

use super::put::{list, put};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static FILE_SYSTEMS: Source = Source {
    id: "efs.file-systems",
    operations: &[
        "efs:DescribeBackupPolicy",
        "efs:DescribeFileSystemPolicy",
        "efs:DescribeFileSystems",
    ],
    scope: Scope::Regional,
    tables: &["efs_backup_policy", "efs_file_system", "efs_file_system_policy"],
    collect: |context| Box::pin(file_systems(context)),
};

async fn file_systems(context: &Context<'_>) {
    let efs = &context.session.efs(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "efs:DescribeFileSystems",
        None,
        |next| efs.describe_file_systems().max_items(100).set_marker(next).send(),
        |page| token(page.next_marker()),
        |page, source| {
            for system in page.file_systems() {
                let id = system.file_system_id().to_owned();
                let arn = text(system.file_system_arn())
                    .unwrap_or_else(|| context.arn("elasticfilesystem", &format!("file-system/{id}")));
                found.push((id.clone(), arn.clone()));
                put!(context, EfsFileSystem, arn.clone(), source, {
                    id,
                    arn,
                    name: text(system.name()),
                    owner_id: text(Some(system.owner_id())),
                    state: text(Some(system.life_cycle_state().as_str())),
                    encrypted: system.encrypted(),
                    kms_key_id: text(system.kms_key_id()),
                    availability_zone_name: text(system.availability_zone_name()),
                    performance_mode: text(Some(system.performance_mode().as_str())),
                    throughput_mode: system.throughput_mode().map(|mode| mode.as_str().to_owned()),
                    mount_targets: Some(i64::from(system.number_of_mount_targets())),
                    created_at: time(Some(system.creation_time())),
                    tags: tags(system.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
                });
            }
        }
    );
    context
        .each(&found, |(id, arn)| async move {
            policy(context, efs, id, arn).await;
            backup_policy(context, efs, id, arn).await;
        })
        .await;
}

async fn policy(context: &Context<'_>, efs: &aws_sdk_efs::Client, id: &str, arn: &str) {
    let (source, present, policy) = match context
        .ask(efs.describe_file_system_policy().file_system_id(id).send())
        .await
    {
        Ok(answer) => (answer.exchange, true, text(answer.output.policy())),
        Err(failure) if failure.is(&["PolicyNotFound"]) => (failure.exchange.unwrap_or_default(), false, None),
        Err(failure) => return context.gap("efs:DescribeFileSystemPolicy", Some(arn), &failure),
    };
    put!(context, EfsFileSystemPolicy, arn.to_owned(), source, {
        file_system_arn: arn.to_owned(),
        present,
        policy,
    });
}

async fn backup_policy(context: &Context<'_>, efs: &aws_sdk_efs::Client, id: &str, arn: &str) {
    let (source, present, status) = match context
        .ask(efs.describe_backup_policy().file_system_id(id).send())
        .await
    {
        Ok(answer) => {
            let policy = answer.output.backup_policy();
            (
                answer.exchange,
                true,
                policy.map(|policy| policy.status().as_str().to_owned()),
            )
        }
        Err(failure) if failure.is(&["PolicyNotFound"]) => (failure.exchange.unwrap_or_default(), false, None),
        Err(failure) => return context.gap("efs:DescribeBackupPolicy", Some(arn), &failure),
    };
    put!(context, EfsBackupPolicy, arn.to_owned(), source, {
        file_system_arn: arn.to_owned(),
        present,
        status,
    });
}
