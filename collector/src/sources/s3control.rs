//! S3 Control: the account's public access block, and access points.

use evidence::record::{S3AccessPoint, S3AccessPointPolicyStatus, S3AccountPublicAccessBlock};

use crate::convert::text;
use crate::source::{Context, Scope, Source, token};

pub(super) static ACCOUNT_PUBLIC_ACCESS_BLOCK: Source = Source {
    id: "s3control.account-public-access-block",
    operations: &["s3control:GetPublicAccessBlock"],
    scope: Scope::Global,
    tables: &["s3_account_public_access_block"],
    collect: |context| Box::pin(public_access_block(context)),
};

pub(super) static ACCESS_POINTS: Source = Source {
    id: "s3control.access-points",
    operations: &["s3control:GetAccessPointPolicyStatus", "s3control:ListAccessPoints"],
    scope: Scope::Regional,
    tables: &["s3_access_point", "s3_access_point_policy_status"],
    collect: |context| Box::pin(access_points(context)),
};

async fn public_access_block(context: &Context<'_>) {
    let s3control = context.session.s3control(context.client_region);
    let mut row = S3AccountPublicAccessBlock {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: 0,
        present: false,
        block_public_acls: None,
        ignore_public_acls: None,
        block_public_policy: None,
        restrict_public_buckets: None,
    };
    match context
        .ask(s3control.get_public_access_block().account_id(context.account).send())
        .await
    {
        Ok(answer) => {
            let block = answer.output.public_access_block_configuration();
            row.source = answer.exchange;
            row.present = block.is_some();
            row.block_public_acls = block.and_then(|b| b.block_public_acls());
            row.ignore_public_acls = block.and_then(|b| b.ignore_public_acls());
            row.block_public_policy = block.and_then(|b| b.block_public_policy());
            row.restrict_public_buckets = block.and_then(|b| b.restrict_public_buckets());
            context.put(&row);
        }
        Err(failure) if failure.is(&["NoSuchPublicAccessBlockConfiguration"]) => {
            row.source = failure.exchange.unwrap_or_default();
            context.put(&row);
        }
        Err(failure) => context.gap("s3control:GetPublicAccessBlock", None, &failure),
    }
}

async fn access_points(context: &Context<'_>) {
    let s3control = context.session.s3control(context.client_region);
    let list = context
        .pages(
            |next| {
                s3control
                    .list_access_points()
                    .account_id(context.account)
                    // Left to itself, AWS lists access points of S3's buckets only.
                    .data_source_type("ALL")
                    .max_results(1000)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    let mut points = Vec::new();
    for page in &list.pages {
        for point in page.output.access_point_list() {
            let name = point.name().to_owned();
            let arn =
                text(point.access_point_arn()).unwrap_or_else(|| context.arn("s3", &format!("accesspoint/{name}")));
            context.put(&S3AccessPoint {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: arn.clone(),
                source: page.exchange,
                arn: arn.clone(),
                name: name.clone(),
                bucket: text(Some(point.bucket())),
                network_origin: Some(point.network_origin().as_str().to_owned()),
                vpc_id: point.vpc_configuration().map(|vpc| vpc.vpc_id().to_owned()),
                bucket_account_id: text(point.bucket_account_id()),
            });
            points.push((name, arn));
        }
    }
    if let Some(failure) = list.failure {
        context.gap("s3control:ListAccessPoints", None, &failure);
    }
    let s3control = &s3control;
    context
        .each(&points, |(name, arn)| async move {
            let call = s3control
                .get_access_point_policy_status()
                .account_id(context.account)
                .name(name);
            let (source, present, is_public) = match context.ask(call.send()).await {
                Ok(answer) => (
                    answer.exchange,
                    true,
                    answer.output.policy_status().map(|status| status.is_public()),
                ),
                Err(failure) if failure.is(&["NoSuchAccessPointPolicy"]) => {
                    (failure.exchange.unwrap_or_default(), false, None)
                }
                Err(failure) => {
                    return context.gap("s3control:GetAccessPointPolicyStatus", Some(arn), &failure);
                }
            };
            context.put(&S3AccessPointPolicyStatus {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: arn.clone(),
                source,
                access_point_arn: arn.clone(),
                present,
                is_public,
            });
        })
        .await;
}
