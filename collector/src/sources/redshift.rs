//! Redshift clusters.

use evidence::record::RedshiftCluster;

use super::rows::{list, put, sorted};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static CLUSTERS: Source = Source {
    id: "redshift.clusters",
    operations: &["redshift:DescribeClusters"],
    scope: Scope::Regional,
    tables: &["redshift_cluster"],
    collect: |context| Box::pin(clusters(context)),
};

async fn clusters(context: &Context<'_>) {
    let redshift = context.session.redshift(context.client_region);
    list!(
        context,
        "redshift:DescribeClusters",
        |next| redshift.describe_clusters().set_marker(next).send(),
        |page| token(page.marker()),
        clusters,
        |cluster, source| {
            let id = cluster.cluster_identifier().unwrap_or_default().to_owned();
            let arn = context.arn("redshift", &format!("cluster:{id}"));
            let groups = cluster.vpc_security_groups().iter();
            put!(context, RedshiftCluster, arn.clone(), source, {
                arn,
                id,
                namespace_arn: text(cluster.cluster_namespace_arn()),
                status: text(cluster.cluster_status()),
                encrypted: cluster.encrypted(),
                kms_key_id: text(cluster.kms_key_id()),
                publicly_accessible: cluster.publicly_accessible(),
                multi_az: text(cluster.multi_az()),
                availability_zone: text(cluster.availability_zone()),
                vpc_id: text(cluster.vpc_id()),
                subnet_group: text(cluster.cluster_subnet_group_name()),
                security_group_ids: sorted(groups.filter_map(|group| group.vpc_security_group_id())),
                snapshot_retention_days: cluster.automated_snapshot_retention_period().map(i64::from),
                snapshot_copy_region: cluster.cluster_snapshot_copy_status().and_then(|copy| text(copy.destination_region())),
                created_at: time(cluster.cluster_create_time()),
                tags: tags(cluster.tags().iter().map(|tag| (tag.key(), tag.value()))),
            });
        }
    );
}
