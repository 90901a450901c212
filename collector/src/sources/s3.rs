//! S3 buckets: one list for all regions, then what each bucket's own region says of it.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use evidence::record::{S3Bucket, S3BucketLocation};

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

mod access;
mod content;
mod life;
mod protection;

pub(super) static BUCKETS: Source = Source {
    id: "s3.buckets",
    operations: &[
        "s3:GetBucketAcl",
        "s3:GetBucketEncryption",
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetBucketLocation",
        "s3:GetBucketLogging",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketReplication",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetObjectLockConfiguration",
        "s3:GetPublicAccessBlock",
        "s3:ListBuckets",
        "s3:ListObjectsV2",
    ],
    scope: Scope::Global,
    tables: &[
        "s3_bucket",
        "s3_bucket_acl_grant",
        "s3_bucket_encryption",
        "s3_bucket_lifecycle",
        "s3_bucket_lifecycle_rule",
        "s3_bucket_location",
        "s3_bucket_logging",
        "s3_bucket_ownership",
        "s3_bucket_policy",
        "s3_bucket_policy_status",
        "s3_bucket_public_access_block",
        "s3_bucket_replication",
        "s3_bucket_replication_rule",
        "s3_bucket_tagging",
        "s3_bucket_versioning",
        "s3_log_bucket_level",
        "s3_object_lock",
    ],
    collect: |context| Box::pin(buckets(context)),
};

/// A bucket that was listed.
struct Listed {
    name: String,
    region: Option<String>,
    created_at: Option<evidence::clock::Timestamp>,
    source: u64,
}

async fn buckets(context: &Context<'_>) {
    let s3 = context.session.s3(context.client_region);
    // Without a limit AWS leaves out the buckets' regions.
    let list = context
        .pages(
            |next| s3.list_buckets().max_buckets(1000).set_continuation_token(next).send(),
            |page| token(page.continuation_token()),
        )
        .await;
    let mut listed: Vec<Listed> = Vec::new();
    for page in &list.pages {
        listed.extend(page.output.buckets().iter().map(|bucket| Listed {
            name: bucket.name().unwrap_or_default().to_owned(),
            region: text(bucket.bucket_region()),
            created_at: time(bucket.creation_date()),
            source: page.exchange,
        }));
    }
    if let Some(failure) = list.failure {
        context.gap("s3:ListBuckets", None, &failure);
    }
    locate(context, &s3, &mut listed).await;
    let mut clients = BTreeMap::new();
    for region in listed.iter().filter_map(|bucket| bucket.region.as_ref()) {
        clients
            .entry(region.clone())
            .or_insert_with(|| context.session.s3(region));
    }
    let clients = &clients;
    context
        .each(&listed, |bucket| async move {
            let region = bucket.region.as_deref().unwrap_or(context.client_region);
            let arn = context.bucket_arn(&bucket.name);
            context.put(&S3Bucket {
                account: context.account.to_owned(),
                region: region.to_owned(),
                key: bucket.name.clone(),
                source: bucket.source,
                name: bucket.name.clone(),
                arn: arn.clone(),
                created_at: bucket.created_at,
            });
            if let Some(s3) = clients.get(region) {
                let bucket = Bucket {
                    context,
                    s3,
                    region,
                    name: &bucket.name,
                    arn: &arn,
                };
                let policy = bucket.policy().await;
                bucket.policy_status().await;
                bucket.acl().await;
                bucket.ownership().await;
                bucket.public_access_block().await;
                bucket.versioning().await;
                bucket.object_lock().await;
                bucket.encryption().await;
                bucket.logging().await;
                bucket.tagging().await;
                bucket.lifecycle().await;
                bucket.replication().await;
                if content::is_log_bucket(policy.as_deref()) {
                    bucket.levels().await;
                }
            }
        })
        .await;
}

/// Where each bucket is; and a bucket that answers as the account's own is its own.
async fn locate(context: &Context<'_>, s3: &Client, listed: &mut [Listed]) {
    context
        .each(listed, |bucket| async move {
            let call = s3
                .get_bucket_location()
                .bucket(&bucket.name)
                .expected_bucket_owner(context.account);
            // AWS: a bucket in us-east-1 has an empty location constraint, one of 2006 in eu-west-1 has `EU`.
            let location = match context.ask(call.send()).await {
                Ok(answer) => {
                    let location = match answer.output.location_constraint().map(|c| c.as_str()) {
                        None | Some("") => context.client_region,
                        Some("EU") => "eu-west-1",
                        Some(region) => region,
                    };
                    context.put(&S3BucketLocation {
                        account: context.account.to_owned(),
                        region: bucket.region.clone().unwrap_or_else(|| location.to_owned()),
                        key: bucket.name.clone(),
                        source: answer.exchange,
                        bucket: bucket.name.clone(),
                        location: location.to_owned(),
                    });
                    Some(location.to_owned())
                }
                Err(failure) => {
                    let arn = context.bucket_arn(&bucket.name);
                    context.gap("s3:GetBucketLocation", Some(&arn), &failure);
                    None
                }
            };
            // The list tells too, where AWS gives it in full.
            let known = bucket.region.take().or(location);
            bucket.region = Some(known.unwrap_or_else(|| context.client_region.to_owned()));
        })
        .await;
}

/// One bucket.
struct Bucket<'a> {
    context: &'a Context<'a>,
    s3: &'a Client,
    region: &'a str,
    name: &'a str,
    arn: &'a str,
}

impl Bucket<'_> {
    fn gap(&self, operation: &str, failure: &crate::Failure) {
        self.context.gap_in(self.region, operation, Some(self.arn), failure);
    }
}
