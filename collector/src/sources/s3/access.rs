//! Who may reach a bucket: policy, ACL, ownership, public access block.

use evidence::record::{
    S3BucketAclGrant, S3BucketOwnership, S3BucketPolicy, S3BucketPolicyStatus, S3BucketPublicAccessBlock,
};

use super::Bucket;
use crate::convert::text;

impl Bucket<'_> {
    /// The policy; it is given back, for it tells what is a log bucket.
    pub(super) async fn policy(&self) -> Option<String> {
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
            Ok(answer) => {
                let document = text(answer.output.policy());
                self.context.put(&row(answer.exchange, document.clone()));
                return document;
            }
            Err(failure) if failure.is(&["NoSuchBucketPolicy"]) => {
                self.context.put(&row(failure.exchange.unwrap_or_default(), None));
            }
            Err(failure) => self.gap("s3:GetBucketPolicy", &failure),
        }
        None
    }

    pub(super) async fn policy_status(&self) {
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

    pub(super) async fn acl(&self) {
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

    pub(super) async fn ownership(&self) {
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

    pub(super) async fn public_access_block(&self) {
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
}
