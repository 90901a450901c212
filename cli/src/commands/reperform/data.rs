//! The data files of a bundle: what follows from the evidence, and is made again.

use std::collections::BTreeMap;

use controls::catalogue::Catalogue;
use evidence::locker::{Locker, Reconciled};
use report::bundle::pinned::{Pinned, RESULTS};
use report::{Engagement, ReportError};

use crate::assessing::{Assessed, Loaded};
use crate::commands::collect::tool;
use crate::exit::Stop;

/// What changed since an earlier period or snapshot, below `data/`: it does not follow from one bundle's evidence alone.
pub const CHANGES: &str = "changes.json";

/// Every data file, by the code that binds.
pub fn made(
    locker: &Locker,
    pinned: &Pinned,
    catalogue: &Catalogue,
    assessed: &Assessed,
    reconciliations: &[Reconciled],
) -> Result<BTreeMap<String, Vec<u8>>, Stop> {
    let snapshots: Vec<_> = assessed.snapshots.iter().map(Loaded::input).collect();
    let tool = tool();
    let engagement = Engagement {
        organization: &locker.identity().organization,
        system: None,
        tool: &tool,
        assessment: &assessed.assessment,
        catalogue,
        settings: &pinned.settings,
        snapshots: &snapshots,
        locker,
        reconciliations,
        changes: None,
        templates_dir: None,
    };
    report::data_files(&engagement).map_err(|e| match e {
        ReportError::Locker(e) => e.into(),
        other => Stop::failure(other),
    })
}

/// The list of results made again, with what it was given about the changes.
pub fn with_changes(results: &[u8], pinned: &Pinned) -> Result<Vec<u8>, Stop> {
    let mut again: Pinned = serde_json::from_slice(results).map_err(Stop::failure)?;
    again.against.clone_from(&pinned.against);
    if let Some(says) = pinned.files.get(CHANGES).filter(|_| pinned.against.is_some()) {
        again.files.insert(CHANGES.to_owned(), *says);
    }
    report::bundle::pinned::text(&again).map_err(Stop::failure)
}

/// Is it a file that follows from the evidence?
pub fn is_data(path: &str) -> bool {
    let Some(name) = path.strip_prefix("data/") else {
        return false;
    };
    match name.split('/').collect::<Vec<_>>().as_slice() {
        ["criteria", .., file] => !file.ends_with(".html"),
        ["cloudtrail", _] | ["evidence", _, "evidence.db"] | ["evidence", _, "tests", _] => true,
        [file] => [RESULTS, "evidence.db", CHANGES].contains(file) || file.ends_with(".csv"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_what_follows_from_the_evidence() {
        for path in [
            "data/evidence.db",
            "data/results.json",
            "data/gaps.csv",
            "data/evidence/r/evidence.db",
            "data/evidence/r/tests/a.sql",
            "data/criteria/CC6.1/a/result.json",
        ] {
            assert!(is_data(path), "{path}");
        }
        for path in [
            "README.txt",
            "data/binder.pdf",
            "data/index.html",
            "data/criteria/CC6.1/a/index.html",
            "data/evidence/r/snapshot.json",
            "data/log/log.jsonl",
        ] {
            assert!(!is_data(path), "{path}");
        }
    }
}
