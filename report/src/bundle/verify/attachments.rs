//! The files that people supplied.

use std::collections::BTreeSet;

use evidence::locker::Verification;
use evidence::log::{Entry, EntryType};
use evidence::manual::Attachment;

use super::content::Content;
use super::{LOG, fault};

const FOLDER: &str = "data/attachments/";

/// Every supplied file is one that the log names, and of an attachment all files are there or none.
pub(super) fn check(content: &Content, entries: &[Entry], found: &mut Verification) {
    let mut known = BTreeSet::new();
    let mut elsewhere = 0;
    for entry in entries.iter().filter(|e| e.r#type == EntryType::ManualEvidence) {
        let Ok(evidence) = serde_json::from_value(entry.body.clone()) else {
            fault(found, LOG, "unreadable", format!("the body of line {}", entry.seq));
            continue;
        };
        let attachment = Attachment {
            id: Attachment::id_of(entry.seq),
            seq: entry.seq,
            at: entry.at,
            replaced_by: None,
            evidence,
        };
        let folder = format!("{FOLDER}{}/", attachment.id);
        if !content.files.keys().any(|path| path.starts_with(&folder)) {
            elsewhere += 1;
            continue;
        }
        found.count("attachments", 1);
        for (path, file) in attachment.bundled() {
            let path = format!("data/{path}");
            match content.files.get(&path) {
                None => fault(found, &path, "missing", format!("line {} of {LOG} names it", entry.seq)),
                Some(held) if held.digest != file.sha256 => {
                    let message = format!(
                        "its SHA-256 is {}, line {} of {LOG} says {}",
                        held.digest, entry.seq, file.sha256
                    );
                    fault(found, &path, "changed", message);
                }
                Some(_) => {}
            }
            known.insert(path);
        }
    }
    for path in content.files.keys().filter(|path| path.starts_with(FOLDER)) {
        if !known.contains(path) {
            fault(found, path, "unexpected", format!("{LOG} does not name it"));
        }
    }
    if elsewhere > 0 {
        found
            .notes
            .push(format!("{elsewhere} attachments of the log are no part of this bundle"));
    }
}
