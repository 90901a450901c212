//! What vouches for a bundle: for its log's checkpoints, and for its own list of files.

use evidence::custody::examine::{self, SKEW, SeenToken, Trust, Vouched, VouchedBundle};
use evidence::custody::signature::BUNDLE_NAMESPACE;
use evidence::custody::{is_authority, keys};
use evidence::locker::Verification;
use evidence::log::Entry;

use super::content::Content;
use super::{LOG, TAGMANIFEST, fault};

const FOLDER: &str = "data/log/checkpoints/";

/// Checks all of it.
pub(super) fn check(content: &Content, entries: &[Entry], trust: &Trust, found: &mut Verification) -> Vouched {
    let names: Vec<String> = content
        .files
        .keys()
        .filter_map(|path| path.strip_prefix(FOLDER).map(str::to_owned))
        .collect();
    let log = examine::Log {
        entries,
        names: &names,
        read: &|name| Some(content.files.get(&format!("{FOLDER}{name}"))?.bytes()?.to_vec()),
        folder: FOLDER,
        entry_file: &|_| LOG.to_owned(),
        is_live: false,
    };
    let mut vouched = examine::examine(&log, trust, found);
    let bundle = own(content, entries, trust, found);
    if trust.signers.is_some() && bundle.signature.is_none() {
        fault(
            found,
            TAGMANIFEST,
            "unsigned",
            "the bundle has no signature by an allowed signer",
        );
    }
    if trust.roots.is_some() && bundle.tokens.is_empty() {
        let newest = vouched.newest_checkpoint;
        let stamped = vouched
            .checkpoints
            .iter()
            .any(|one| one.checkpoint == newest && !one.tokens.is_empty());
        if !stamped {
            let message =
                "neither the bundle nor the newest checkpoint of its log has a time stamp of a trusted authority";
            fault(found, TAGMANIFEST, "not-stamped", message);
        }
    }
    vouched.bundle = Some(bundle);
    vouched
}

/// The signature and the tokens of the bundle itself.
fn own(content: &Content, entries: &[Entry], trust: &Trust, found: &mut Verification) -> VouchedBundle {
    let mut bundle = VouchedBundle::default();
    let Some(last) = entries.last() else { return bundle };
    let Some(text) = content.files.get(TAGMANIFEST).and_then(|file| file.bytes()) else {
        return bundle;
    };
    let mut signature = None;
    for (path, file) in &content.files {
        let Some(ending) = path.strip_prefix(TAGMANIFEST).and_then(|rest| rest.strip_prefix('.')) else {
            continue;
        };
        let bytes = file.bytes().unwrap_or_default();
        match ending.strip_suffix(".tsr") {
            _ if ending == "sig" => signature = Some((path, bytes)),
            Some(tsa) if is_authority(tsa) => match examine::token_of(bytes, text, path, tsa, trust) {
                Ok(seen) => {
                    found.count("time stamps", 1);
                    check_time(&seen, last, found);
                    bundle.tokens.push(seen);
                }
                Err((code, message)) => fault(found, path, code, message),
            },
            _ => fault(found, path, "unexpected", "it is neither a signature nor a time stamp"),
        }
    }
    if let Some((path, bytes)) = signature {
        // The bundle was signed after its log was written; when, only a trusted token tells.
        let stamped = bundle.tokens.first().filter(|_| trust.roots.is_some());
        let at = stamped.map_or(last.at, |token| token.time);
        let keys = keys::keys(entries);
        match examine::signature_of(text, bytes, BUNDLE_NAMESPACE, path, &keys, last.seq, at, trust) {
            Ok(seen) => {
                found.count("signatures", 1);
                bundle.signature = Some(seen);
            }
            Err((code, message)) => fault(found, path, code, message),
        }
    }
    bundle
}

/// A bundle is made of a log that is there already.
fn check_time(token: &SeenToken, last: &Entry, found: &mut Verification) {
    if token.time.unix() < last.at.unix() - SKEW {
        let message = format!(
            "it is of {}, but the log in the bundle has an entry of {}",
            token.time, last.at
        );
        fault(found, &token.file, "time", message);
    }
}
