//! Was this asked in vain?

use std::collections::BTreeSet;

use evidence::snapshot::Snapshot;

/// The gaps of one operation.
pub(super) struct Gaps<'a> {
    of_lists: BTreeSet<(&'a str, &'a str)>,
    of_things: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Gaps<'a> {
    /// The gaps of an operation such as `s3:GetBucketAcl`.
    pub(super) fn of(snapshot: &'a Snapshot, operation: &str) -> Self {
        let mut gaps = Self {
            of_lists: BTreeSet::new(),
            of_things: BTreeSet::new(),
        };
        // What is gone, or cannot be there, has no answer to wait for.
        let open = snapshot.gaps.iter().filter(|gap| gap.code.leaves_open());
        for gap in open.filter(|gap| gap.operation == operation) {
            match &gap.resource {
                Some(resource) => {
                    // What is listed by its id may be named by its ARN: `…:prefix-list/pl-1`.
                    let id = resource.rsplit('/').next().unwrap_or(resource);
                    gaps.of_things.insert((&gap.account, id));
                    gaps.of_things.insert((&gap.account, resource))
                }
                None => gaps.of_lists.insert((&gap.account, &gap.region)),
            };
        }
        gaps
    }

    /// Is the answer about this thing missing, or the whole list of its region?
    pub(super) fn cover(&self, account: &str, region: &str, thing: &str) -> bool {
        self.of_things.contains(&(account, thing)) || self.of_lists.contains(&(account, region))
    }
}
