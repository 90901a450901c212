//! What protects a bucket's objects: versioning, Object Lock, encryption, access logging.

use evidence::record::{S3BucketEncryption, S3BucketLogging, S3BucketVersioning, S3ObjectLock};

use super::Bucket;
use crate::convert::text;

impl Bucket<'_> {
    pub(super) async fn versioning(&self) {
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

    pub(super) async fn object_lock(&self) {
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

    pub(super) async fn encryption(&self) {
        let mut row = S3BucketEncryption {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source: 0,
            bucket: self.name.to_owned(),
            present: false,
            algorithm: None,
            kms_key_id: None,
            bucket_key: None,
        };
        match self
            .context
            .ask(self.s3.get_bucket_encryption().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let configuration = answer.output.server_side_encryption_configuration();
                let rule = configuration.and_then(|c| c.rules().first());
                let default = rule.and_then(|r| r.apply_server_side_encryption_by_default());
                row.source = answer.exchange;
                row.present = configuration.is_some();
                row.algorithm = default.map(|d| d.sse_algorithm().as_str().to_owned());
                row.kms_key_id = default.and_then(|d| text(d.kms_master_key_id()));
                row.bucket_key = rule.and_then(|r| r.bucket_key_enabled());
                self.context.put(&row);
            }
            Err(failure) if failure.is(&["ServerSideEncryptionConfigurationNotFoundError"]) => {
                row.source = failure.exchange.unwrap_or_default();
                self.context.put(&row);
            }
            Err(failure) => self.gap("s3:GetBucketEncryption", &failure),
        }
    }

    pub(super) async fn logging(&self) {
        match self
            .context
            .ask(self.s3.get_bucket_logging().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let logging = answer.output.logging_enabled();
                self.context.put(&S3BucketLogging {
                    account: self.context.account.to_owned(),
                    region: self.region.to_owned(),
                    key: self.name.to_owned(),
                    source: answer.exchange,
                    bucket: self.name.to_owned(),
                    enabled: logging.is_some(),
                    target_bucket: logging.and_then(|l| text(Some(l.target_bucket()))),
                    target_prefix: logging.and_then(|l| text(Some(l.target_prefix()))),
                });
            }
            Err(failure) => self.gap("s3:GetBucketLogging", &failure),
        }
    }
}
