//! What lies in a log bucket: names on its first levels, never a list of all objects.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use evidence::record::S3LogBucketLevel;

use super::Bucket;
use crate::source::token;

/// Who a policy lets write in a bucket that gets CloudTrail's logs, whatever suffix its partition has.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.";
/// Where AWS's services put their logs, at the top of the bucket or below a trail's prefix.
const LOGS: &str = "AWSLogs/";
/// A level with more than this many pages of a thousand names is no log bucket's.
const PAGES: usize = 5;
/// Of the names on a level, this many are followed.
const FOLLOWED: usize = 10;
/// A trail's prefix seldom has more than one or two parts.
const DEPTH: usize = 4;
/// Names of objects that are kept.
const KEPT: usize = 100;

/// May CloudTrail write here, by the bucket's policy?
pub(super) fn is_log_bucket(policy: Option<&str>) -> bool {
    policy.is_some_and(|document| document.contains(CLOUDTRAIL))
}

impl Bucket<'_> {
    /// The topmost level, and those below that may be a trail's prefix.
    pub(super) async fn levels(&self) {
        let mut levels = vec![String::new()];
        for _ in 0..DEPTH {
            let mut below = Vec::new();
            for level in levels {
                let prefixes = self.level(&level).await;
                let open = prefixes
                    .into_iter()
                    .filter(|prefix| *prefix != format!("{level}{LOGS}"));
                below.extend(open.take(FOLLOWED));
            }
            levels = below;
        }
    }

    async fn level(&self, level: &str) -> BTreeSet<String> {
        let pages_read = AtomicUsize::new(0);
        let list = self
            .context
            .pages(
                |next| {
                    self.s3
                        .list_objects_v2()
                        .bucket(self.name)
                        .prefix(level)
                        .delimiter("/")
                        .set_continuation_token(next)
                        .send()
                },
                |page| match pages_read.fetch_add(1, Ordering::Relaxed) + 1 {
                    read if read < PAGES => token(page.next_continuation_token()),
                    _ => Ok(None),
                },
            )
            .await;
        let (mut prefixes, mut objects) = (BTreeSet::new(), BTreeSet::new());
        for page in &list.pages {
            let found = page.output.common_prefixes().iter().filter_map(|p| p.prefix());
            prefixes.extend(found.map(str::to_owned));
            // The level itself can be an object, an empty one that a console made as a folder.
            let found = page.output.contents().iter().filter_map(|object| object.key());
            objects.extend(found.filter(|key| *key != level).map(str::to_owned));
        }
        if let Some(failure) = &list.failure {
            self.gap("s3:ListObjectsV2", failure);
        }
        if let Some(last) = list.pages.last() {
            let more = last.output.next_continuation_token().is_some_and(|t| !t.is_empty());
            self.context.put(&S3LogBucketLevel {
                account: self.context.account.to_owned(),
                region: self.region.to_owned(),
                key: format!("{} {level}", self.name),
                source: last.exchange,
                bucket: self.name.to_owned(),
                level: level.to_owned(),
                prefixes: prefixes.iter().cloned().collect(),
                object_count: i64::try_from(objects.len()).unwrap_or(i64::MAX),
                objects: objects.into_iter().take(KEPT).collect(),
                complete: !more && list.failure.is_none(),
            });
        }
        prefixes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_buckets_are_known_by_their_policy() {
        let policy = r#"{"Statement":{"Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":"s3:PutObject"}}"#;
        assert!(is_log_bucket(Some(policy)));
        assert!(!is_log_bucket(Some(r#"{"Statement":[]}"#)));
        assert!(!is_log_bucket(None));
    }
}
