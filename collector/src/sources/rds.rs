//! RDS: instances, clusters, manual snapshots and who may restore them, subnet groups, events. The same API answers
//! for Aurora, DocumentDB and Neptune.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use aws_smithy_types::DateTime;
use evidence::record::{
    RdsBackupEvent, RdsDbCluster, RdsDbClusterSnapshot, RdsDbClusterSnapshotAttribute, RdsDbInstance, RdsDbSnapshot,
    RdsDbSnapshotAttribute, RdsDbSubnetGroup, RdsGlobalClusterMember,
};

use super::rows::{list, put, sorted};
use crate::Failure;
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static CLUSTERS: Source = Source {
    id: "rds.clusters",
    operations: &["rds:DescribeDBClusters"],
    scope: Scope::Regional,
    tables: &["rds_db_cluster"],
    collect: |context| Box::pin(clusters(context)),
};

pub(super) static CLUSTER_SNAPSHOTS: Source = Source {
    id: "rds.cluster-snapshots",
    operations: &[
        "rds:DescribeDBClusterSnapshotAttributes",
        "rds:DescribeDBClusterSnapshots",
    ],
    scope: Scope::Regional,
    tables: &["rds_db_cluster_snapshot", "rds_db_cluster_snapshot_attribute"],
    collect: |context| Box::pin(cluster_snapshots(context)),
};

pub(super) static EVENTS: Source = Source {
    id: "rds.events",
    operations: &["rds:DescribeEvents"],
    scope: Scope::Regional,
    tables: &["rds_backup_event"],
    collect: |context| Box::pin(events(context)),
};

pub(super) static GLOBAL_CLUSTERS: Source = Source {
    id: "rds.global-clusters",
    operations: &["rds:DescribeGlobalClusters"],
    scope: Scope::Regional,
    tables: &["rds_global_cluster_member"],
    collect: |context| Box::pin(global_clusters(context)),
};

pub(super) static INSTANCES: Source = Source {
    id: "rds.instances",
    operations: &["rds:DescribeDBInstances"],
    scope: Scope::Regional,
    tables: &["rds_db_instance"],
    collect: |context| Box::pin(instances(context)),
};

pub(super) static SNAPSHOTS: Source = Source {
    id: "rds.snapshots",
    operations: &["rds:DescribeDBSnapshotAttributes", "rds:DescribeDBSnapshots"],
    scope: Scope::Regional,
    tables: &["rds_db_snapshot", "rds_db_snapshot_attribute"],
    collect: |context| Box::pin(snapshots(context)),
};

pub(super) static SUBNET_GROUPS: Source = Source {
    id: "rds.subnet-groups",
    operations: &["rds:DescribeDBSubnetGroups"],
    scope: Scope::Regional,
    tables: &["rds_db_subnet_group"],
    collect: |context| Box::pin(subnet_groups(context)),
};

/// Events reach back 14 days. An hour is left: what is exactly as old is older when the request arrives.
const EVENT_SECONDS: i64 = 14 * 86_400 - 3600;

async fn instances(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    list!(
        context,
        "rds:DescribeDBInstances",
        |next| rds.describe_db_instances().set_marker(next).send(),
        |page| token(page.marker()),
        db_instances,
        |instance, source| {
            context.put(&instance_row(context, instance, source));
        }
    );
}

fn instance_row(context: &Context<'_>, instance: &DbInstance, source: u64) -> RdsDbInstance {
    let arn = instance.db_instance_arn().unwrap_or_default().to_owned();
    let subnets = instance.db_subnet_group();
    RdsDbInstance {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.clone(),
        source,
        arn,
        id: instance.db_instance_identifier().unwrap_or_default().to_owned(),
        engine: text(instance.engine()),
        engine_version: text(instance.engine_version()),
        class: text(instance.db_instance_class()),
        status: text(instance.db_instance_status()),
        cluster_id: text(instance.db_cluster_identifier()),
        storage_encrypted: instance.storage_encrypted(),
        storage_encryption_type: instance.storage_encryption_type().map(|kind| kind.as_str().to_owned()),
        kms_key_id: text(instance.kms_key_id()),
        publicly_accessible: instance.publicly_accessible(),
        multi_az: instance.multi_az(),
        availability_zone: text(instance.availability_zone()),
        secondary_availability_zone: text(instance.secondary_availability_zone()),
        subnet_group: subnets.and_then(|group| text(group.db_subnet_group_name())),
        vpc_id: subnets.and_then(|group| text(group.vpc_id())),
        subnet_ids: sorted(
            subnets
                .iter()
                .flat_map(|group| group.subnets())
                .filter_map(|subnet| subnet.subnet_identifier()),
        ),
        security_group_ids: sorted(
            instance
                .vpc_security_groups()
                .iter()
                .filter_map(|group| group.vpc_security_group_id()),
        ),
        read_replica_source: text(instance.read_replica_source_db_instance_identifier()),
        read_replica_source_cluster: text(instance.read_replica_source_db_cluster_identifier()),
        read_replicas: sorted(instance.read_replica_db_instance_identifiers()),
        read_replica_clusters: sorted(instance.read_replica_db_cluster_identifiers()),
        backup_replications: sorted(
            instance
                .db_instance_automated_backups_replications()
                .iter()
                .filter_map(|replication| replication.db_instance_automated_backups_arn()),
        ),
        backup_retention_days: instance.backup_retention_period().map(i64::from),
        latest_restorable_at: time(instance.latest_restorable_time()),
        allocated_storage: instance.allocated_storage().map(i64::from),
        max_allocated_storage: instance.max_allocated_storage().map(i64::from),
        deletion_protection: instance.deletion_protection(),
        created_at: time(instance.instance_create_time()),
        tags: tags(instance.tag_list().iter().map(|tag| (tag.key(), tag.value()))),
    }
}

async fn clusters(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    list!(
        context,
        "rds:DescribeDBClusters",
        |next| rds.describe_db_clusters().set_marker(next).send(),
        |page| token(page.marker()),
        db_clusters,
        |cluster, source| {
            context.put(&cluster_row(context, cluster, source));
        }
    );
}

fn cluster_row(context: &Context<'_>, cluster: &DbCluster, source: u64) -> RdsDbCluster {
    let arn = cluster.db_cluster_arn().unwrap_or_default().to_owned();
    RdsDbCluster {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.clone(),
        source,
        arn,
        id: cluster.db_cluster_identifier().unwrap_or_default().to_owned(),
        engine: text(cluster.engine()),
        engine_version: text(cluster.engine_version()),
        status: text(cluster.status()),
        storage_encrypted: cluster.storage_encrypted(),
        storage_encryption_type: cluster.storage_encryption_type().map(|kind| kind.as_str().to_owned()),
        kms_key_id: text(cluster.kms_key_id()),
        publicly_accessible: cluster.publicly_accessible(),
        multi_az: cluster.multi_az(),
        availability_zones: sorted(cluster.availability_zones()),
        members: sorted(
            cluster
                .db_cluster_members()
                .iter()
                .filter_map(|member| member.db_instance_identifier()),
        ),
        subnet_group: text(cluster.db_subnet_group()),
        security_group_ids: sorted(
            cluster
                .vpc_security_groups()
                .iter()
                .filter_map(|group| group.vpc_security_group_id()),
        ),
        replication_source: text(cluster.replication_source_identifier()),
        read_replicas: sorted(cluster.read_replica_identifiers()),
        global_cluster_id: text(cluster.global_cluster_identifier()),
        backup_retention_days: cluster.backup_retention_period().map(i64::from),
        latest_restorable_at: time(cluster.latest_restorable_time()),
        deletion_protection: cluster.deletion_protection(),
        created_at: time(cluster.cluster_create_time()),
        tags: tags(cluster.tag_list().iter().map(|tag| (tag.key(), tag.value()))),
    }
}

/// Only manual snapshots: no other can be shared, and an automated one is as encrypted as its instance.
async fn snapshots(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "rds:DescribeDBSnapshots",
        |next| rds
            .describe_db_snapshots()
            .snapshot_type("manual")
            .set_marker(next)
            .send(),
        |page| token(page.marker()),
        db_snapshots,
        |snapshot, source| {
            let arn = snapshot.db_snapshot_arn().unwrap_or_default().to_owned();
            let id = snapshot.db_snapshot_identifier().unwrap_or_default().to_owned();
            found.push((arn.clone(), id.clone()));
            put!(context, RdsDbSnapshot, arn.clone(), source, {
                arn,
                id,
                instance_id: text(snapshot.db_instance_identifier()),
                engine: text(snapshot.engine()),
                status: text(snapshot.status()),
                snapshot_type: text(snapshot.snapshot_type()),
                encrypted: snapshot.encrypted(),
                storage_encryption_type: snapshot.storage_encryption_type().map(|kind| kind.as_str().to_owned()),
                kms_key_id: text(snapshot.kms_key_id()),
                created_at: time(snapshot.snapshot_create_time()),
                tags: tags(snapshot.tag_list().iter().map(|tag| (tag.key(), tag.value()))),
            });
        }
    );
    let rds = &rds;
    context
        .each(&found, |(arn, id)| async move {
            let call = rds.describe_db_snapshot_attributes().db_snapshot_identifier(id);
            match context.ask(call.send()).await {
                Ok(answer) => {
                    let result = answer.output.db_snapshot_attributes_result();
                    let restore = result
                        .iter()
                        .flat_map(|result| result.db_snapshot_attributes())
                        .filter(|attribute| attribute.attribute_name() == Some("restore"))
                        .flat_map(|attribute| attribute.attribute_values());
                    put!(context, RdsDbSnapshotAttribute, arn.clone(), answer.exchange, {
                        snapshot_arn: arn.clone(),
                        snapshot_id: id.clone(),
                        restore: sorted(restore),
                    });
                }
                Err(failure) => context.gap("rds:DescribeDBSnapshotAttributes", Some(arn), &failure),
            }
        })
        .await;
}

async fn cluster_snapshots(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "rds:DescribeDBClusterSnapshots",
        |next| rds
            .describe_db_cluster_snapshots()
            .snapshot_type("manual")
            .set_marker(next)
            .send(),
        |page| token(page.marker()),
        db_cluster_snapshots,
        |snapshot, source| {
            let arn = snapshot.db_cluster_snapshot_arn().unwrap_or_default().to_owned();
            let id = snapshot.db_cluster_snapshot_identifier().unwrap_or_default().to_owned();
            found.push((arn.clone(), id.clone()));
            put!(context, RdsDbClusterSnapshot, arn.clone(), source, {
                arn,
                id,
                cluster_id: text(snapshot.db_cluster_identifier()),
                engine: text(snapshot.engine()),
                status: text(snapshot.status()),
                snapshot_type: text(snapshot.snapshot_type()),
                encrypted: snapshot.storage_encrypted(),
                storage_encryption_type: snapshot.storage_encryption_type().map(|kind| kind.as_str().to_owned()),
                kms_key_id: text(snapshot.kms_key_id()),
                created_at: time(snapshot.snapshot_create_time()),
                tags: tags(snapshot.tag_list().iter().map(|tag| (tag.key(), tag.value()))),
            });
        }
    );
    let rds = &rds;
    context
        .each(&found, |(arn, id)| async move {
            let call = rds
                .describe_db_cluster_snapshot_attributes()
                .db_cluster_snapshot_identifier(id);
            match context.ask(call.send()).await {
                Ok(answer) => {
                    let result = answer.output.db_cluster_snapshot_attributes_result();
                    let restore = result
                        .iter()
                        .flat_map(|result| result.db_cluster_snapshot_attributes())
                        .filter(|attribute| attribute.attribute_name() == Some("restore"))
                        .flat_map(|attribute| attribute.attribute_values());
                    put!(context, RdsDbClusterSnapshotAttribute, arn.clone(), answer.exchange, {
                        snapshot_arn: arn.clone(),
                        snapshot_id: id.clone(),
                        restore: sorted(restore),
                    });
                }
                Err(failure) => context.gap("rds:DescribeDBClusterSnapshotAttributes", Some(arn), &failure),
            }
        })
        .await;
}

async fn subnet_groups(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    list!(
        context,
        "rds:DescribeDBSubnetGroups",
        |next| rds.describe_db_subnet_groups().set_marker(next).send(),
        |page| token(page.marker()),
        db_subnet_groups,
        |group, source| {
            let name = group.db_subnet_group_name().unwrap_or_default().to_owned();
            let zones = group
                .subnets()
                .iter()
                .filter_map(|subnet| subnet.subnet_availability_zone()?.name());
            let mut zones = sorted(zones);
            zones.dedup();
            put!(context, RdsDbSubnetGroup, name.clone(), source, {
                arn: text(group.db_subnet_group_arn()),
                name,
                vpc_id: text(group.vpc_id()),
                subnet_ids: sorted(group.subnets().iter().filter_map(|subnet| subnet.subnet_identifier())),
                availability_zones: zones,
            });
        }
    );
}

async fn events(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    // The window of the event history ends when the run was opened, in a replay as well.
    let Some(end) = context.events.map(|window| window.to.unix()) else {
        return;
    };
    list!(
        context,
        "rds:DescribeEvents",
        |next| rds
            .describe_events()
            .event_categories("backup")
            .start_time(DateTime::from_secs(end - EVENT_SECONDS))
            .end_time(DateTime::from_secs(end))
            .set_marker(next)
            .send(),
        |page| token(page.marker()),
        events,
        |event, source| {
            let at = time(event.date());
            let about = event.source_arn().or(event.source_identifier()).unwrap_or_default();
            let when = at.map(|at| at.to_string()).unwrap_or_default();
            let key = format!("{about} {when} {}", event.message().unwrap_or_default());
            put!(context, RdsBackupEvent, key, source, {
                source_arn: text(event.source_arn()),
                source_id: text(event.source_identifier()),
                source_type: event.source_type().map(|kind| kind.as_str().to_owned()),
                at,
                message: text(event.message()),
                categories: sorted(event.event_categories()),
            });
        }
    );
}

async fn global_clusters(context: &Context<'_>) {
    let rds = context.session.rds(context.client_region);
    let list = context
        .pages(
            |next| rds.describe_global_clusters().set_marker(next).send(),
            |page| token(page.marker()),
        )
        .await;
    for page in &list.pages {
        for global in page.output.global_clusters() {
            let arn = global.global_cluster_arn().unwrap_or_default();
            for member in global.global_cluster_members() {
                let key = format!("{arn} {}", member.db_cluster_arn().unwrap_or_default());
                put!(context, RdsGlobalClusterMember, key, page.exchange, {
                    global_cluster_arn: arn.to_owned(),
                    global_cluster_id: global.global_cluster_identifier().unwrap_or_default().to_owned(),
                    status: text(global.status()),
                    cluster_arn: text(member.db_cluster_arn()),
                    writer: member.is_writer(),
                    readers: sorted(member.readers()),
                });
            }
        }
    }
    match list.failure {
        Some(failure) if has_no_global_databases(&failure) => {}
        Some(failure) => context.gap("rds:DescribeGlobalClusters", None, &failure),
        None => {}
    }
}

/// How a region answers that has no global databases: of whoever asks, and whatever may be asked.
fn has_no_global_databases(failure: &Failure) -> bool {
    failure.is(&["InvalidParameterValue"])
        && failure
            .message
            .contains("Access Denied to API Version: APIGlobalDatabases")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answering;

    async fn gaps_of(code: &'static str, message: &'static str) -> usize {
        let session = answering::session(move |_| (400, answering::query_error(code, message)));
        let context = Context::new(&session, "111122223333", "ap-east-1", "ap-east-1", &[]);
        global_clusters(&context).await;
        context.into_batch().gaps.len()
    }

    #[tokio::test]
    async fn a_region_without_global_databases_has_none() {
        assert_eq!(
            gaps_of(
                "InvalidParameterValue",
                "Access Denied to API Version: APIGlobalDatabases"
            )
            .await,
            0
        );
        assert_eq!(gaps_of("InvalidParameterValue", "Unrecognized filter name").await, 1);
        assert_eq!(gaps_of("AccessDenied", "not authorized").await, 1);
    }
}
