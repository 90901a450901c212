//! DynamoDB: every table, and four further calls for each.

use evidence::record::{DynamodbContinuousBackups, DynamodbReplica, DynamodbTable, DynamodbTableTags, DynamodbTtl};

use super::rows::put;
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static TABLES: Source = Source {
    id: "dynamodb.tables",
    operations: &[
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTables",
        "dynamodb:ListTagsOfResource",
    ],
    scope: Scope::Regional,
    tables: &[
        "dynamodb_continuous_backups",
        "dynamodb_replica",
        "dynamodb_table",
        "dynamodb_table_tags",
        "dynamodb_ttl",
    ],
    collect: |context| Box::pin(tables(context)),
};

async fn tables(context: &Context<'_>) {
    let dynamodb = context.session.dynamodb(context.client_region);
    let list = context
        .pages(
            |next| dynamodb.list_tables().set_exclusive_start_table_name(next).send(),
            |page| token(page.last_evaluated_table_name()),
        )
        .await;
    let names: Vec<_> = list
        .pages
        .iter()
        .flat_map(|page| {
            page.output
                .table_names()
                .iter()
                .map(|name| (name.clone(), page.exchange))
        })
        .collect();
    if let Some(failure) = list.failure {
        context.gap("dynamodb:ListTables", None, &failure);
    }
    let client = &dynamodb;
    context
        .each(&names, |(name, listed_in)| async move {
            let arn = context.arn("dynamodb", &format!("table/{name}"));
            let of = Table {
                context,
                client,
                name,
                arn: &arn,
            };
            of.description(*listed_in).await;
            of.backups().await;
            of.expiry().await;
            of.tags().await;
        })
        .await;
}

/// One table. AWS makes its ARN of account, region and name, so it is known before anything is asked.
struct Table<'a> {
    context: &'a Context<'a>,
    client: &'a aws_sdk_dynamodb::Client,
    name: &'a str,
    arn: &'a str,
}

impl Table<'_> {
    async fn description(&self, listed_in: u64) {
        let Self {
            context,
            client,
            name,
            arn,
        } = self;
        let (source, table) = match context.ask(client.describe_table().table_name(*name).send()).await {
            Ok(answer) => (answer.exchange, answer.output.table().cloned()),
            Err(failure) => {
                context.gap("dynamodb:DescribeTable", Some(arn), &failure);
                (listed_in, None)
            }
        };
        let table = table.as_ref();
        let sse = table.and_then(|table| table.sse_description());
        put!(context, DynamodbTable, (*arn).to_owned(), source, {
            arn: (*arn).to_owned(),
            name: (*name).to_owned(),
            id: table.and_then(|table| text(table.table_id())),
            status: table.and_then(|table| table.table_status()).map(|status| status.as_str().to_owned()),
            sse_status: sse.and_then(|sse| sse.status()).map(|status| status.as_str().to_owned()),
            sse_type: sse.and_then(|sse| sse.sse_type()).map(|kind| kind.as_str().to_owned()),
            kms_key_arn: sse.and_then(|sse| text(sse.kms_master_key_arn())),
            key_inaccessible_at: sse.and_then(|sse| time(sse.inaccessible_encryption_date_time())),
            billing_mode: table
                .and_then(|table| table.billing_mode_summary())
                .and_then(|billing| billing.billing_mode())
                .map(|mode| mode.as_str().to_owned()),
            table_class: table
                .and_then(|table| table.table_class_summary())
                .and_then(|class| class.table_class())
                .map(|class| class.as_str().to_owned()),
            deletion_protection: table.and_then(|table| table.deletion_protection_enabled()),
            created_at: table.and_then(|table| time(table.creation_date_time())),
        });
        for replica in table.iter().flat_map(|table| table.replicas()) {
            let region = replica.region_name().unwrap_or_default();
            if region == context.region {
                // The list has the table itself, too.
                continue;
            }
            put!(context, DynamodbReplica, format!("{arn} {region}"), source, {
                table_arn: (*arn).to_owned(),
                replica_region: region.to_owned(),
                status: replica.replica_status().map(|status| status.as_str().to_owned()),
            });
        }
    }

    async fn backups(&self) {
        let Self {
            context,
            client,
            name,
            arn,
        } = self;
        let call = client.describe_continuous_backups().table_name(*name);
        match context.ask(call.send()).await {
            Ok(answer) => {
                let backups = answer.output.continuous_backups_description();
                let pitr = backups.and_then(|backups| backups.point_in_time_recovery_description());
                put!(context, DynamodbContinuousBackups, (*arn).to_owned(), answer.exchange, {
                    table_arn: (*arn).to_owned(),
                    status: backups.map(|backups| backups.continuous_backups_status().as_str().to_owned()),
                    pitr_status: pitr
                        .and_then(|pitr| pitr.point_in_time_recovery_status())
                        .map(|status| status.as_str().to_owned()),
                    recovery_period_days: pitr.and_then(|pitr| pitr.recovery_period_in_days()).map(i64::from),
                    earliest_restorable_at: pitr.and_then(|pitr| time(pitr.earliest_restorable_date_time())),
                    latest_restorable_at: pitr.and_then(|pitr| time(pitr.latest_restorable_date_time())),
                });
            }
            Err(failure) => context.gap("dynamodb:DescribeContinuousBackups", Some(arn), &failure),
        }
    }

    async fn expiry(&self) {
        let Self {
            context,
            client,
            name,
            arn,
        } = self;
        match context
            .ask(client.describe_time_to_live().table_name(*name).send())
            .await
        {
            Ok(answer) => {
                let ttl = answer.output.time_to_live_description();
                put!(context, DynamodbTtl, (*arn).to_owned(), answer.exchange, {
                    table_arn: (*arn).to_owned(),
                    status: ttl.and_then(|ttl| ttl.time_to_live_status()).map(|status| status.as_str().to_owned()),
                    attribute: ttl.and_then(|ttl| text(ttl.attribute_name())),
                });
            }
            Err(failure) => context.gap("dynamodb:DescribeTimeToLive", Some(arn), &failure),
        }
    }

    async fn tags(&self) {
        let Self {
            context, client, arn, ..
        } = self;
        let list = context
            .pages(
                |next| {
                    client
                        .list_tags_of_resource()
                        .resource_arn(*arn)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        if let Some(failure) = &list.failure {
            context.gap("dynamodb:ListTagsOfResource", Some(arn), failure);
        } else if let Some(last) = list.pages.last() {
            let all = list.pages.iter().flat_map(|page| page.output.tags());
            put!(context, DynamodbTableTags, (*arn).to_owned(), last.exchange, {
                table_arn: (*arn).to_owned(),
                tags: tags(all.map(|tag| (Some(tag.key()), Some(tag.value())))),
            });
        }
    }
}
