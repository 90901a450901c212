//! S3 buckets: one list for all regions, then what each bucket's own region says of it.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use evidence::record::{
    S3Bucket, S3BucketAclGrant, S3BucketOwnership, S3BucketPolicy, S3BucketPolicyStatus, S3BucketPublicAccessBlock,
    S3BucketVersioning, S3ObjectLock,
};

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static BUCKETS: Source = Source {
    id: "s3.buckets",
    operations: &[
        "s3:GetBucketAcl",
        "s3:GetBucketLocation",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketVersioning",
        "s3:GetObjectLockConfiguration",
        "s3:GetPublicAccessBlock",
        "s3:ListBuckets",
    ],
    scope: Scope::Global,
    tables: &[
        "s3_bucket",
        "s3_bucket_acl_grant",
        "s3_bucket_ownership",
        "s3_bucket_policy",
        "s3_bucket_policy_status",
        "s3_bucket_public_access_block",
        "s3_bucket_versioning",
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
    let mut clients = BTreeMap::new();
    for bucket in &mut listed {
        if bucket.region.is_none() {
            bucket.region = location(context, &s3, &bucket.name).await;
        }
        let region = bucket
            .region
            .clone()
            .unwrap_or_else(|| context.client_region.to_owned());
        clients
            .entry(region.clone())
            .or_insert_with(|| context.session.s3(&region));
        bucket.region = Some(region);
    }
    let clients = &clients;
    context
        .each(&listed, |bucket| async move {
            let region = bucket.region.as_deref().unwrap_or(context.client_region);
            let arn = format!("arn:aws:s3:::{}", bucket.name);
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
                bucket.policy().await;
                bucket.policy_status().await;
                bucket.acl().await;
                bucket.ownership().await;
                bucket.public_access_block().await;
                bucket.versioning().await;
                bucket.object_lock().await;
            }
        })
        .await;
}

/// The bucket's region, where the list did not tell.
async fn location(context: &Context<'_>, s3: &Client, name: &str) -> Option<String> {
    match context.ask(s3.get_bucket_location().bucket(name).send()).await {
        // AWS: a bucket in us-east-1 has an empty location constraint, one of 2006 in eu-west-1 has `EU`.
        Ok(answer) => match answer.output.location_constraint().map(|c| c.as_str()) {
            None | Some("") => Some("us-east-1".to_owned()),
            Some("EU") => Some("eu-west-1".to_owned()),
            Some(region) => Some(region.to_owned()),
        },
        Err(failure) => {
            context.gap("s3:GetBucketLocation", Some(&format!("arn:aws:s3:::{name}")), &failure);
            None
        }
    }
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

    async fn policy(&self) {
        let row = |source, document: Option<String>| S3BucketPolicy {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source,
            bucket: self.name.to_owned(),
            present: document.is_some(),
            document,
        };
        match self
            .context
            .ask(self.s3.get_bucket_policy().bucket(self.name).send())
            .await
        {
            Ok(answer) => self.context.put(&row(answer.exchange, text(answer.output.policy()))),
            Err(failure) if failure.is(&["NoSuchBucketPolicy"]) => {
                self.context.put(&row(failure.exchange.unwrap_or_default(), None));
            }
            Err(failure) => self.gap("s3:GetBucketPolicy", &failure),
        }
    }

    async fn policy_status(&self) {
        let row = |source, present, is_public| S3BucketPolicyStatus {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source,
            bucket: self.name.to_owned(),
            present,
            is_public,
        };
        match self
            .context
            .ask(self.s3.get_bucket_policy_status().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let is_public = answer.output.policy_status().and_then(|status| status.is_public());
                self.context.put(&row(answer.exchange, true, is_public));
            }
            Err(failure) if failure.is(&["NoSuchBucketPolicy"]) => {
                self.context
                    .put(&row(failure.exchange.unwrap_or_default(), false, None));
            }
            Err(failure) => self.gap("s3:GetBucketPolicyStatus", &failure),
        }
    }

    async fn acl(&self) {
        match self
            .context
            .ask(self.s3.get_bucket_acl().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                for grant in answer.output.grants() {
                    let grantee = grant.grantee();
                    let who = grantee.and_then(|g| text(g.uri()).or_else(|| text(g.id())));
                    let permission = grant.permission().map(|p| p.as_str().to_owned());
                    self.context.put(&S3BucketAclGrant {
                        account: self.context.account.to_owned(),
                        region: self.region.to_owned(),
                        key: format!(
                            "{} {} {}",
                            self.name,
                            who.as_deref().unwrap_or("?"),
                            permission.as_deref().unwrap_or("?")
                        ),
                        source: answer.exchange,
                        bucket: self.name.to_owned(),
                        grantee_type: grantee.map(|g| g.r#type().as_str().to_owned()),
                        grantee: who,
                        permission,
                    });
                }
            }
            Err(failure) => self.gap("s3:GetBucketAcl", &failure),
        }
    }

    async fn ownership(&self) {
        let row = |source, object_ownership: Option<String>| S3BucketOwnership {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source,
            bucket: self.name.to_owned(),
            present: object_ownership.is_some(),
            object_ownership,
        };
        match self
            .context
            .ask(self.s3.get_bucket_ownership_controls().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let rules = answer
                    .output
                    .ownership_controls()
                    .map(|controls| controls.rules())
                    .unwrap_or_default();
                let ownership = rules.first().map(|rule| rule.object_ownership().as_str().to_owned());
                self.context.put(&row(answer.exchange, ownership));
            }
            Err(failure) if failure.is(&["OwnershipControlsNotFoundError"]) => {
                self.context.put(&row(failure.exchange.unwrap_or_default(), None));
            }
            Err(failure) => self.gap("s3:GetBucketOwnershipControls", &failure),
        }
    }

    async fn public_access_block(&self) {
        let mut row = S3BucketPublicAccessBlock {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source: 0,
            bucket: self.name.to_owned(),
            present: false,
            block_public_acls: None,
            ignore_public_acls: None,
            block_public_policy: None,
            restrict_public_buckets: None,
        };
        match self
            .context
            .ask(self.s3.get_public_access_block().bucket(self.name).send())
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
                self.context.put(&row);
            }
            Err(failure) if failure.is(&["NoSuchPublicAccessBlockConfiguration"]) => {
                row.source = failure.exchange.unwrap_or_default();
                self.context.put(&row);
            }
            Err(failure) => self.gap("s3:GetPublicAccessBlock", &failure),
        }
    }

    async fn versioning(&self) {
        match self
            .context
            .ask(self.s3.get_bucket_versioning().bucket(self.name).send())
            .await
        {
            Ok(answer) => self.context.put(&S3BucketVersioning {
                account: self.context.account.to_owned(),
                region: self.region.to_owned(),
                key: self.name.to_owned(),
                source: answer.exchange,
                bucket: self.name.to_owned(),
                status: answer.output.status().map(|status| status.as_str().to_owned()),
                mfa_delete: answer.output.mfa_delete().map(|state| state.as_str().to_owned()),
            }),
            Err(failure) => self.gap("s3:GetBucketVersioning", &failure),
        }
    }

    async fn object_lock(&self) {
        let mut row = S3ObjectLock {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source: 0,
            bucket: self.name.to_owned(),
            present: false,
            enabled: None,
            mode: None,
            days: None,
            years: None,
        };
        match self
            .context
            .ask(self.s3.get_object_lock_configuration().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let lock = answer.output.object_lock_configuration();
                let retention = lock.and_then(|l| l.rule()).and_then(|rule| rule.default_retention());
                row.source = answer.exchange;
                row.present = lock.is_some();
                row.enabled = lock
                    .and_then(|l| l.object_lock_enabled())
                    .map(|e| e.as_str().to_owned());
                row.mode = retention.and_then(|r| r.mode()).map(|mode| mode.as_str().to_owned());
                row.days = retention.and_then(|r| r.days()).map(i64::from);
                row.years = retention.and_then(|r| r.years()).map(i64::from);
                self.context.put(&row);
            }
            Err(failure) if failure.is(&["ObjectLockConfigurationNotFoundError"]) => {
                row.source = failure.exchange.unwrap_or_default();
                self.context.put(&row);
            }
            Err(failure) => self.gap("s3:GetObjectLockConfiguration", &failure),
        }
    }
}
