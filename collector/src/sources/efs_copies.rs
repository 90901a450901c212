//! Replicas of EFS file systems, listed for a whole region.

use evidence::record::EfsReplication;

use super::rows::{list, put};
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static REPLICATIONS: Source = Source {
    id: "efs.replications",
    operations: &["efs:DescribeReplicationConfigurations"],
    scope: Scope::Regional,
    tables: &["efs_replication"],
    collect: |context| Box::pin(replications(context)),
};

async fn replications(context: &Context<'_>) {
    let efs = context.session.efs(context.client_region);
    list!(
        context,
        "efs:DescribeReplicationConfigurations",
        |next| efs
            .describe_replication_configurations()
            .max_results(100)
            .set_next_token(next)
            .send(),
        |page| token(page.next_token()),
        replications,
        |replication, source| {
            for destination in replication.destinations() {
                let key = format!(
                    "{} {}",
                    replication.source_file_system_arn(),
                    destination.file_system_id()
                );
                put!(context, EfsReplication, key, source, {
                    source_arn: replication.source_file_system_arn().to_owned(),
                    source_region: replication.source_file_system_region().to_owned(),
                    destination_id: destination.file_system_id().to_owned(),
                    destination_region: destination.region().to_owned(),
                    status: text(Some(destination.status().as_str())),
                    last_replicated_at: time(destination.last_replicated_timestamp()),
                });
            }
        }
    );
}
