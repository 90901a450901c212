//! The results of reconciliations with CloudTrail.

use evidence::locker::{ReconcileBody, Verification};
use evidence::log::{Entry, EntryType};

use super::content::Content;
use super::{LOG, fault};

const FOLDER: &str = "data/cloudtrail/";

/// Every result is one that the log names; the list beside them is made from them.
pub(super) fn check(content: &Content, entries: &[Entry], found: &mut Verification) {
    for path in content.files.keys().filter(|path| path.starts_with(FOLDER)) {
        let name = path.strip_prefix(FOLDER).unwrap_or_default();
        if name == "reconcile.csv" {
            continue;
        }
        let seq = name.strip_suffix(".json").and_then(|seq| seq.parse::<u64>().ok());
        let entry = entries
            .iter()
            .find(|entry| entry.r#type == EntryType::Reconcile && Some(entry.seq) == seq);
        let body = entry.and_then(|entry| serde_json::from_value::<ReconcileBody>(entry.body.clone()).ok());
        match (body, content.files.get(path)) {
            (None, _) => fault(found, path, "unexpected", format!("{LOG} does not name it")),
            (Some(body), Some(held)) if held.digest != body.sha256 => {
                let message = format!("its SHA-256 is {}, {LOG} says {}", held.digest, body.sha256);
                fault(found, path, "changed", message);
            }
            (Some(_), _) => found.count("reconciliations", 1),
        }
    }
}
