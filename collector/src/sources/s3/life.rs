//! Labels of a bucket, and how long its objects live and where copies go.

use aws_sdk_s3::types::{LifecycleRule, ReplicationRule, Tag as S3Tag};
use evidence::record::{
    S3BucketLifecycle, S3BucketLifecycleRule, S3BucketReplication, S3BucketReplicationRule, S3BucketTagging, Tag,
};

use super::Bucket;
use crate::convert::{tags, text, time};

impl Bucket<'_> {
    pub(super) async fn tagging(&self) {
        let row = |source, present, tags: Vec<Tag>| S3BucketTagging {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source,
            bucket: self.name.to_owned(),
            present,
            tags,
        };
        match self
            .context
            .ask(self.s3.get_bucket_tagging().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let tags = sorted(answer.output.tag_set());
                self.context.put(&row(answer.exchange, true, tags));
            }
            Err(failure) if failure.is(&["NoSuchTagSet"]) => {
                self.context
                    .put(&row(failure.exchange.unwrap_or_default(), false, Vec::new()));
            }
            Err(failure) => self.gap("s3:GetBucketTagging", &failure),
        }
    }

    pub(super) async fn lifecycle(&self) {
        let row = |source, rules: Option<usize>| S3BucketLifecycle {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source,
            bucket: self.name.to_owned(),
            present: rules.is_some(),
            rules: count(rules),
        };
        match self
            .context
            .ask(self.s3.get_bucket_lifecycle_configuration().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let rules = answer.output.rules();
                self.context.put(&row(answer.exchange, Some(rules.len())));
                for (at, rule) in (1..).zip(rules) {
                    self.context.put(&self.lifecycle_rule(rule, at, answer.exchange));
                }
            }
            Err(failure) if failure.is(&["NoSuchLifecycleConfiguration"]) => {
                self.context.put(&row(failure.exchange.unwrap_or_default(), None));
            }
            Err(failure) => self.gap("s3:GetBucketLifecycleConfiguration", &failure),
        }
    }

    fn lifecycle_rule(&self, rule: &LifecycleRule, at: usize, source: u64) -> S3BucketLifecycleRule {
        let filter = rule.filter();
        let and = filter.and_then(|f| f.and());
        // The outer prefix is the old way to say it.
        #[allow(deprecated)]
        let outer = rule.prefix();
        let prefix = filter
            .and_then(|f| f.prefix())
            .or_else(|| and.and_then(|a| a.prefix()))
            .or(outer);
        let tags = filter
            .and_then(|f| f.tag())
            .into_iter()
            .chain(and.map(|a| a.tags()).unwrap_or_default());
        let expiration = rule.expiration();
        let noncurrent = rule.noncurrent_version_expiration();
        S3BucketLifecycleRule {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.rule_key(rule.id(), at),
            source,
            bucket: self.name.to_owned(),
            rule_id: text(rule.id()),
            status: rule.status().as_str().to_owned(),
            prefix: prefix.unwrap_or_default().to_owned(),
            tags: sorted(tags),
            object_size_greater_than: filter
                .and_then(|f| f.object_size_greater_than())
                .or_else(|| and.and_then(|a| a.object_size_greater_than())),
            object_size_less_than: filter
                .and_then(|f| f.object_size_less_than())
                .or_else(|| and.and_then(|a| a.object_size_less_than())),
            expiration_days: expiration.and_then(|e| e.days()).map(i64::from),
            expiration_date: expiration.and_then(|e| time(e.date())),
            expired_object_delete_marker: expiration.and_then(|e| e.expired_object_delete_marker()),
            noncurrent_days: noncurrent.and_then(|n| n.noncurrent_days()).map(i64::from),
            newer_noncurrent_versions: noncurrent.and_then(|n| n.newer_noncurrent_versions()).map(i64::from),
            abort_incomplete_days: rule
                .abort_incomplete_multipart_upload()
                .and_then(|a| a.days_after_initiation())
                .map(i64::from),
            transitions: transitions(rule),
        }
    }

    pub(super) async fn replication(&self) {
        let row = |source, role: Option<String>, rules: Option<usize>| S3BucketReplication {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.name.to_owned(),
            source,
            bucket: self.name.to_owned(),
            present: rules.is_some(),
            role,
            rules: count(rules),
        };
        match self
            .context
            .ask(self.s3.get_bucket_replication().bucket(self.name).send())
            .await
        {
            Ok(answer) => {
                let configuration = answer.output.replication_configuration();
                let rules = configuration.map(|c| c.rules());
                let role = configuration.and_then(|c| text(Some(c.role())));
                self.context.put(&row(answer.exchange, role, rules.map(<[_]>::len)));
                for (at, rule) in (1..).zip(rules.unwrap_or_default()) {
                    self.context.put(&self.replication_rule(rule, at, answer.exchange));
                }
            }
            Err(failure) if failure.is(&["ReplicationConfigurationNotFoundError"]) => {
                self.context.put(&row(failure.exchange.unwrap_or_default(), None, None));
            }
            Err(failure) => self.gap("s3:GetBucketReplication", &failure),
        }
    }

    fn replication_rule(&self, rule: &ReplicationRule, at: usize, source: u64) -> S3BucketReplicationRule {
        let filter = rule.filter();
        let and = filter.and_then(|f| f.and());
        #[allow(deprecated)]
        let outer = rule.prefix();
        let prefix = filter
            .and_then(|f| f.prefix())
            .or_else(|| and.and_then(|a| a.prefix()))
            .or(outer);
        let tags = filter
            .and_then(|f| f.tag())
            .into_iter()
            .chain(and.map(|a| a.tags()).unwrap_or_default());
        let destination = rule.destination();
        S3BucketReplicationRule {
            account: self.context.account.to_owned(),
            region: self.region.to_owned(),
            key: self.rule_key(rule.id(), at),
            source,
            bucket: self.name.to_owned(),
            rule_id: text(rule.id()),
            priority: rule.priority().map(i64::from),
            status: rule.status().as_str().to_owned(),
            prefix: prefix.unwrap_or_default().to_owned(),
            tags: sorted(tags),
            destination_bucket: destination.and_then(|d| text(Some(d.bucket()))),
            destination_account: destination.and_then(|d| text(d.account())),
            storage_class: destination
                .and_then(|d| d.storage_class())
                .map(|c| c.as_str().to_owned()),
            delete_marker_replication: rule
                .delete_marker_replication()
                .and_then(|d| d.status())
                .map(|s| s.as_str().to_owned()),
        }
    }

    /// AWS names every rule; should one come without a name, its place has to do.
    fn rule_key(&self, id: Option<&str>, at: usize) -> String {
        match text(id) {
            Some(id) => format!("{} {id}", self.name),
            None => format!("{} #{at}", self.name),
        }
    }
}

fn sorted<'a>(found: impl IntoIterator<Item = &'a S3Tag>) -> Vec<Tag> {
    tags(found.into_iter().map(|tag| (Some(tag.key()), Some(tag.value()))))
}

fn count(rules: Option<usize>) -> i64 {
    i64::try_from(rules.unwrap_or_default()).unwrap_or(i64::MAX)
}

fn transitions(rule: &LifecycleRule) -> Vec<String> {
    let current = rule.transitions().iter().map(|t| {
        let class = t.storage_class().map_or("?", |c| c.as_str());
        match (t.days(), time(t.date())) {
            (Some(days), _) => format!("{class} after {days} days"),
            (None, Some(date)) => format!("{class} on {date}"),
            (None, None) => class.to_owned(),
        }
    });
    let noncurrent = rule.noncurrent_version_transitions().iter().map(|t| {
        let class = t.storage_class().map_or("?", |c| c.as_str());
        match t.noncurrent_days() {
            Some(days) => format!("noncurrent {class} after {days} days"),
            None => format!("noncurrent {class}"),
        }
    });
    let mut all: Vec<String> = current.chain(noncurrent).collect();
    all.sort();
    all
}
