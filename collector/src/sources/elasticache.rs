//! ElastiCache replication groups.

use evidence::record::{ElasticacheReplicationGroup, ElasticacheReplicationGroupTags};

use super::rows::{list, put, sorted};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static REPLICATION_GROUPS: Source = Source {
    id: "elasticache.replication-groups",
    operations: &[
        "elasticache:DescribeReplicationGroups",
        "elasticache:ListTagsForResource",
    ],
    scope: Scope::Regional,
    tables: &["elasticache_replication_group", "elasticache_replication_group_tags"],
    collect: |context| Box::pin(replication_groups(context)),
};

async fn replication_groups(context: &Context<'_>) {
    let client = &context.session.elasticache(context.client_region);
    let mut arns = Vec::new();
    list!(
        context,
        "elasticache:DescribeReplicationGroups",
        |next| client.describe_replication_groups().set_marker(next).send(),
        |page| token(page.marker()),
        replication_groups,
        |group, source| {
            let arn = group.arn().unwrap_or_default().to_owned();
            arns.push(arn.clone());
            put!(context, ElasticacheReplicationGroup, arn.clone(), source, {
                arn,
                id: group.replication_group_id().unwrap_or_default().to_owned(),
                description: text(group.description()),
                engine: text(group.engine()),
                status: text(group.status()),
                at_rest_encryption: group.at_rest_encryption_enabled(),
                kms_key_id: text(group.kms_key_id()),
                transit_encryption: group.transit_encryption_enabled(),
                transit_encryption_mode: group.transit_encryption_mode().map(|mode| mode.as_str().to_owned()),
                auth_token: group.auth_token_enabled(),
                multi_az: group.multi_az().map(|status| status.as_str().to_owned()),
                automatic_failover: group.automatic_failover().map(|status| status.as_str().to_owned()),
                member_clusters: sorted(group.member_clusters()),
                snapshot_retention_days: group.snapshot_retention_limit().map(i64::from),
                created_at: time(group.replication_group_create_time()),
            });
        }
    );
    context
        .each(&arns, |arn| async move {
            match context
                .ask(client.list_tags_for_resource().resource_name(arn).send())
                .await
            {
                Ok(answer) => {
                    let all = answer.output.tag_list().iter();
                    put!(context, ElasticacheReplicationGroupTags, arn.clone(), answer.exchange, {
                        group_arn: arn.clone(),
                        tags: tags(all.map(|tag| (tag.key(), tag.value()))),
                    });
                }
                Err(failure) => context.gap("elasticache:ListTagsForResource", Some(arn), &failure),
            }
        })
        .await;
}
