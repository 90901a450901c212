//! CloudTrail's log files, as S3 delivers them, and the digest files that vouch for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use evidence::digest::Digest;
use evidence::reconcile::{
    DigestFile, Event, EventSource, FileUsed, LogFile, LookedUp, PublicKey, check_digests, inflate,
};

use super::scope::{Found, Scope, Spans};
use crate::exit::Stop;

/// Reads all files; one that cannot be read is an error, not a file less.
pub fn read(scope: &Scope, given: &[PathBuf], keys: &[PathBuf]) -> Result<Found, Stop> {
    let keys: Vec<PublicKey> = keys.iter().map(|path| key(path)).collect::<Result<_, _>>()?;
    let mut logs: BTreeMap<String, LogFile> = BTreeMap::new();
    let mut digests = Vec::new();
    for path in files(given)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let refused = |e: String| Stop::usage(format!("{}: {e}", path.display()));
        let bytes = fs::read(&path).map_err(|e| refused(e.to_string()))?;
        let bytes = inflate(bytes).map_err(|e| refused(e.to_string()))?;
        if DigestFile::is_one(&bytes) {
            let signature = fs::read_to_string(format!("{}.sig", path.display())).ok();
            digests.push(DigestFile::read(&name, &bytes, signature.as_deref()).map_err(refused)?);
            continue;
        }
        let file = LogFile::read(&bytes).map_err(|e| refused(e.to_string()))?;
        if let Some(other) = logs.get(&name)
            && other.sha256 != file.sha256
        {
            return Err(refused(
                "another file of this name was given, with other content".to_owned(),
            ));
        }
        logs.insert(name, file);
    }
    if logs.is_empty() {
        return Err(Stop::usage(
            "there is no log file of CloudTrail among what was given with --cloudtrail",
        ));
    }
    let sums: BTreeMap<String, Digest> = logs.iter().map(|(name, file)| (name.clone(), file.sha256)).collect();
    let checked = (!digests.is_empty()).then(|| check_digests(&digests, &sums, &keys));
    let used = logs.iter().map(|(name, file)| FileUsed {
        name: name.clone(),
        sha256: file.sha256,
        events: file.events.len() as u64,
        in_digest: checked
            .as_ref()
            .map(|(_, vouched)| vouched.get(name).copied().unwrap_or(false)),
    });
    let used: Vec<FileUsed> = used.collect();
    let all: Vec<&Event> = logs.values().flat_map(|file| &file.events).collect();
    let spans = spans(&all, &digests);
    let (events, looked_up) = ours(scope, &all);
    Ok(Found {
        events,
        source: EventSource {
            kind: "log-files".to_owned(),
            looked_up,
            request_ids: Vec::new(),
            files: used,
            digests: checked.map(|(found, _)| found),
        },
        refused: BTreeMap::new(),
        spans: Some(spans),
    })
}

fn key(path: &Path) -> Result<PublicKey, Stop> {
    let refused = |e: String| Stop::usage(format!("{}: {e}", path.display()));
    let bytes = fs::read(path).map_err(|e| refused(e.to_string()))?;
    PublicKey::read(&bytes).map_err(refused)
}

/// The files named, and `.json` and `.json.gz` in the folders named, in one order.
fn files(given: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Stop> {
    fn walk(path: &Path, into: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
        for item in fs::read_dir(path)? {
            let path = item?.path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                walk(&path, into)?;
            } else if name.ends_with(".json") || name.ends_with(".json.gz") {
                into.insert(path);
            }
        }
        Ok(())
    }
    let mut found = BTreeSet::new();
    for path in given {
        if path.is_dir() {
            walk(path, &mut found).map_err(|e| Stop::usage(format!("{}: {e}", path.display())))?;
        } else {
            found.insert(path.clone());
        }
    }
    Ok(found)
}

/// What the files cover: the hours of the digests, or from the first event of a region to the last.
fn spans(events: &[&Event], digests: &[DigestFile]) -> Spans {
    let mut spans: Spans = BTreeMap::new();
    for digest in digests {
        let place = (digest.account().to_owned(), digest.region().to_owned());
        spans.entry(place).or_default().extend(digest.span());
    }
    if !digests.is_empty() {
        return spans;
    }
    for event in events {
        let place = (event.account.clone(), event.region.clone());
        let here = spans.entry(place).or_insert_with(|| vec![(event.at, event.at)]);
        for (from, to) in here {
            *from = (*from).min(event.at);
            *to = (*to).max(event.at);
        }
    }
    spans
}

/// The callers' events in the time looked at, and whatever has the request id of a call.
fn ours(scope: &Scope, all: &[&Event]) -> (Vec<Event>, Vec<LookedUp>) {
    let ids: BTreeSet<&str> = scope
        .calls
        .iter()
        .filter_map(|call| call.request_id.as_deref())
        .collect();
    let mut events = Vec::new();
    let mut looked_up = Vec::new();
    for (account, caller) in &scope.callers {
        let roles = caller.roles(all.iter().copied());
        let mut regions: BTreeMap<&str, u64> = BTreeMap::new();
        for event in all.iter().filter(|event| event.account == *account) {
            let known = event.request_id.as_deref().is_some_and(|id| ids.contains(id));
            let inside = (scope.from..=scope.to).contains(&event.at) && caller.made(event, &roles);
            let count = regions.entry(&event.region).or_default();
            if known || inside {
                *count += 1;
                events.push((*event).clone());
            }
        }
        looked_up.extend(regions.into_iter().map(|(region, events)| LookedUp {
            account: account.clone(),
            region: region.to_owned(),
            caller: "all".to_owned(),
            events,
            refused: None,
        }));
    }
    events.sort();
    events.dedup();
    (events, looked_up)
}
