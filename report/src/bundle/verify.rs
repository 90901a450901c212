//! Checking a bundle: every fault is listed, not only the first, and nothing in it is trusted.

use std::collections::{BTreeMap, BTreeSet};

use evidence::archive::ReadAt;
use evidence::canonical;
use evidence::custody::examine::{self, Trust};
use evidence::digest::Digest;
use evidence::locker::{Fault, Identity, Verification};
use evidence::log::{self, Entry, EntryType};
use evidence::snapshot::{Lines, SnapshotMeta};

mod attachments;
mod cloudtrail;
mod content;
mod exchanges;
mod vouchers;
mod zip_structure;

use content::Content;
use exchanges::Body;

/// How faults name the bundle itself.
pub const BUNDLE: &str = "bundle.zip";

const MANIFEST: &str = "manifest-sha256.txt";
use super::TAGMANIFEST;
const LOG: &str = "data/log/log.jsonl";
const LOCKER: &str = "data/locker.json";

/// Checks every byte of a bundle against everything in it that vouches for it.
///
/// Files are named by their path inside the top folder, the bundle itself as [`BUNDLE`]. Signatures
/// and time stamps are checked by what lies inside.
pub fn verify(from: &(impl ReadAt + Sync + ?Sized)) -> Verification {
    verify_by(from, &Trust::default())
}

/// The same, with signatures and time stamps checked by what the reader brings along.
pub fn verify_by(from: &(impl ReadAt + Sync + ?Sized), trust: &Trust) -> Verification {
    let mut found = Verification::default();
    if let Some(content) = Content::read(&from, &mut found) {
        check_bag(&content, &mut found);
        check_payload_oxum(&content, &mut found);
        if let Some(entries) = check_log(&content, trust, &mut found) {
            found.vouched = vouchers::check(&content, &entries, trust, &mut found);
            examine::cadence(&entries, &mut found);
            check_evidence(&content, &entries, &mut found);
            attachments::check(&content, &entries, &mut found);
            cloudtrail::check(&content, &entries, &mut found);
        }
    }
    found.faults.sort();
    found.faults.dedup();
    found
}

fn fault(found: &mut Verification, file: &str, code: &str, message: impl ToString) {
    found.faults.push(Fault::new(file, code, message));
}

fn check_bag(content: &Content, found: &mut Verification) {
    found.count("files", content.files.len());
    match content.text("bagit.txt") {
        Ok(text) if text == super::DECLARATION => {}
        Ok(_) => fault(
            found,
            "bagit.txt",
            "changed",
            "it does not declare a bag of version 1.0",
        ),
        Err(e) => fault(found, "bagit.txt", e.0, e.1),
    }
    let is_payload = |path: &str| path.starts_with("data/");
    check_manifest(content, MANIFEST, is_payload, found);
    let vouches =
        |path: &str| path == TAGMANIFEST || path.strip_prefix(TAGMANIFEST).is_some_and(|s| s.starts_with('.'));
    check_manifest(content, TAGMANIFEST, |path| !is_payload(path) && !vouches(path), found);
}

/// Compares the files that a manifest is about with its lines.
fn check_manifest(content: &Content, name: &str, about: impl Fn(&str) -> bool, found: &mut Verification) {
    let text = match content.text(name) {
        Ok(text) => text,
        Err(e) => return fault(found, name, e.0, e.1),
    };
    let mut listed = BTreeSet::new();
    let mut before = "";
    for (at, line) in text.lines().enumerate() {
        let parsed = line
            .split_once("  ")
            .and_then(|(hex, path)| Some((hex.parse::<Digest>().ok()?, path)));
        let Some((digest, path)) = parsed.filter(|(_, path)| about(path)) else {
            fault(
                found,
                name,
                "changed",
                format!("line {} is no line of this manifest", at + 1),
            );
            continue;
        };
        if path <= before {
            fault(found, name, "changed", format!("line {} is out of order", at + 1));
        }
        before = path;
        listed.insert(path);
        match content.files.get(path) {
            None => fault(found, path, "missing", format!("{name} names it")),
            Some(file) if file.digest != digest => {
                fault(
                    found,
                    path,
                    "changed",
                    format!("its SHA-256 is {}, {name} says {digest}", file.digest),
                );
            }
            Some(_) => {}
        }
    }
    for path in content
        .files
        .keys()
        .filter(|path| about(path) && !listed.contains(path.as_str()))
    {
        fault(found, path, "unexpected", format!("{name} does not name it"));
    }
}

fn check_payload_oxum(content: &Content, found: &mut Verification) {
    let name = "bag-info.txt";
    let text = match content.text(name) {
        Ok(text) => text,
        Err(e) => return fault(found, name, e.0, e.1),
    };
    let payload = content.files.iter().filter(|(path, _)| path.starts_with("data/"));
    let (count, bytes) = payload.fold((0_usize, 0_u64), |(n, sum), (_, file)| {
        (n + 1, sum.saturating_add(file.size))
    });
    let says = text
        .lines()
        .find_map(|line| line.strip_prefix("Payload-Oxum: "))
        .unwrap_or_default();
    if says != format!("{bytes}.{count}") {
        fault(
            found,
            name,
            "changed",
            format!("Payload-Oxum is `{says}`, but there are {bytes} bytes in {count} files"),
        );
    }
}

/// The entries of the log, if the chain holds.
fn check_log(content: &Content, trust: &Trust, found: &mut Verification) -> Option<Vec<Entry>> {
    let text = match content.text(LOG) {
        Ok(text) => text,
        Err(e) => {
            fault(found, LOG, e.0, e.1);
            return None;
        }
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut entries: Vec<Entry> = Vec::new();
    let mut prev = log::NO_PREVIOUS.to_owned();
    for (at, line) in lines.iter().enumerate() {
        let entry = canonical::parse(line)
            .map_err(|e| e.to_string())
            .and_then(|value| serde_json::from_value::<Entry>(value).map_err(|e| e.to_string()));
        let problem = match &entry {
            Err(e) => Some(e.clone()),
            Ok(e) if e.v != 1 => Some(format!("entry version {} is not known", e.v)),
            Ok(e) if e.seq != at as u64 + 1 => Some(format!("it says it is number {}", e.seq)),
            Ok(e) if e.prev.to_string() != prev => Some(format!(
                "it follows a line with SHA-256 {}, but the line before has {prev}",
                e.prev
            )),
            Ok(_) => None,
        };
        if let Some(problem) = problem {
            fault(found, LOG, "chain", format!("line {}: {problem}", at + 1));
            return None;
        }
        let entry = entry.ok()?;
        if entries.last().is_some_and(|before| entry.at < before.at) {
            fault(
                found,
                LOG,
                "time",
                format!("line {} is dated before the line it follows", at + 1),
            );
        }
        prev = Digest::of(line).to_string();
        entries.push(entry);
    }
    if entries.is_empty() || !text.ends_with('\n') {
        fault(found, LOG, "chain", "it is empty, or its last line is cut");
        return None;
    }
    found.count("log entries", entries.len());
    check_runs(&entries, found);
    if let Some(identity) = check_identity(content, &lines, &entries, found) {
        check_checkpoints(content, &identity, &lines, &entries, found);
        examine::earlier(trust, &identity.origin, &lines, LOG, found);
        let root = log::checkpoint(&identity.origin, &lines);
        let root: Vec<_> = root.lines().collect();
        found.notes.push(format!(
            "hold the log's checkpoint ({}) against one that you were given earlier, or by another way",
            root.join(" ")
        ));
    }
    Some(entries)
}

fn check_runs(entries: &[Entry], found: &mut Verification) {
    let closing = |e: &&Entry| matches!(e.r#type, EntryType::Snapshot | EntryType::RunAbort);
    let closed: BTreeSet<_> = entries.iter().filter(closing).filter_map(|e| e.text("run")).collect();
    for open in entries.iter().filter(|e| e.r#type == EntryType::RunOpen) {
        let run = open.text("run").unwrap_or("?");
        if !closed.contains(run) {
            fault(
                found,
                LOG,
                "unclosed-run",
                format!("line {}: run {run} was opened and never closed", open.seq),
            );
        }
    }
}

fn check_identity(content: &Content, lines: &[&str], entries: &[Entry], found: &mut Verification) -> Option<Identity> {
    let read = || -> Result<Identity, String> {
        let text = content.text(LOCKER).map_err(|e| e.1)?;
        let line = text.strip_suffix('\n').ok_or("it does not end in a line feed")?;
        let value = canonical::parse(line).map_err(|e| e.to_string())?;
        serde_json::from_value(value).map_err(|e| e.to_string())
    };
    let identity = match read() {
        Ok(identity) => identity,
        Err(e) => {
            fault(found, LOCKER, "unreadable", e);
            return None;
        }
    };
    let (genesis, digest) = (entries.first()?, Digest::of(lines.first()?));
    let fits = identity.genesis == digest
        && identity.origin.ends_with(&format!("/{}", digest.short(8)))
        && genesis.text("organization") == Some(&identity.organization)
        && genesis.text("format") == Some(&identity.format);
    if !fits {
        fault(found, LOCKER, "changed", format!("it does not fit line 1 of {LOG}"));
        return None;
    }
    Some(identity)
}

fn check_checkpoints(
    content: &Content,
    identity: &Identity,
    lines: &[&str],
    entries: &[Entry],
    found: &mut Verification,
) {
    let folder = "data/log/checkpoints/";
    let mut known = BTreeSet::new();
    for entry in entries {
        let file = format!("{folder}{}.checkpoint", log::stem(entry.seq));
        let due = entry.r#type.has_checkpoint();
        let size = usize::try_from(entry.seq).unwrap_or(usize::MAX).min(lines.len());
        match content.text(&file) {
            Ok(text) if text == log::checkpoint(&identity.origin, &lines[..size]) => found.count("checkpoints", 1),
            Ok(_) => fault(
                found,
                &file,
                "checkpoint",
                format!("it does not fit the first {size} lines of {LOG}"),
            ),
            Err(_) if due && size == lines.len() => {
                found
                    .notes
                    .push(format!("{file} was not written: a crash came before it"));
            }
            Err(e) if due || e.0 != "missing" => fault(found, &file, e.0, e.1),
            Err(_) => {}
        }
        known.insert(file);
    }
    for path in content.files.keys().filter(|path| path.starts_with(folder)) {
        let vouches = known.iter().any(|k| {
            path.strip_prefix(k.as_str())
                .is_some_and(|s| s.is_empty() || s.starts_with('.'))
        });
        if !vouches {
            fault(
                found,
                path,
                "unexpected",
                "there is no entry of the log that it could be about",
            );
        }
    }
}

fn check_evidence(content: &Content, entries: &[Entry], found: &mut Verification) {
    let sealed: BTreeMap<&str, &Entry> = entries
        .iter()
        .filter(|e| e.r#type == EntryType::Snapshot)
        .filter_map(|e| Some((e.text("run")?, e)))
        .collect();
    let runs: BTreeSet<&str> = content
        .files
        .keys()
        .filter_map(|p| p.strip_prefix("data/evidence/")?.split('/').next())
        .collect();
    for run in &runs {
        let folder = format!("data/evidence/{run}/");
        let file = format!("{folder}snapshot.json");
        let Some(entry) = sealed.get(run) else {
            fault(
                found,
                &file,
                "unexpected",
                format!("{LOG} knows no snapshot of run {run}"),
            );
            continue;
        };
        match content.files.get(&file) {
            None => fault(
                found,
                &file,
                "missing",
                format!("line {} of {LOG} names the snapshot", entry.seq),
            ),
            Some(held) => {
                let says = entry.text("snapshot_json_sha256").unwrap_or_default();
                if held.digest.to_string() != says {
                    let message = format!(
                        "its SHA-256 is {}, line {} of {LOG} says {says}",
                        held.digest, entry.seq
                    );
                    fault(found, &file, "changed", message);
                }
                check_snapshot(content, &folder, run, found);
            }
        }
    }
    check_between(entries, &runs, found);
    let elsewhere = sealed.keys().filter(|run| !runs.contains(*run)).count();
    if elsewhere > 0 {
        found
            .notes
            .push(format!("{elsewhere} snapshots of the log are no part of this bundle"));
    }
}

/// A bundle has one run, or all of its period: none between two that are here is left out.
fn check_between(entries: &[Entry], runs: &BTreeSet<&str>, found: &mut Verification) {
    let is_whole = |e: &&Entry| e.r#type == EntryType::Snapshot && e.text("status") == Some("complete");
    let whole: Vec<(&str, u64)> = entries
        .iter()
        .filter(is_whole)
        .filter_map(|e| Some((e.text("run")?, e.seq)))
        .collect();
    let is_here = |(run, _): &(&str, u64)| runs.contains(run);
    let (Some(first), Some(last)) = (whole.iter().position(is_here), whole.iter().rposition(is_here)) else {
        return;
    };
    for (run, seq) in whole[first..last].iter().filter(|one| !is_here(one)) {
        let message = format!("line {seq} of {LOG} sealed this run between two that are here");
        fault(found, &format!("data/evidence/{run}/snapshot.json"), "missing", message);
    }
}

fn check_snapshot(content: &Content, folder: &str, run: &str, found: &mut Verification) {
    let file = format!("{folder}snapshot.json");
    let meta = content
        .text(&file)
        .map_err(|e| e.1)
        .and_then(|text| serde_json::from_str::<SnapshotMeta>(text).map_err(|e| e.to_string()));
    let meta = match meta {
        Ok(meta) => meta,
        Err(e) => return fault(found, &file, "unreadable", e),
    };
    if meta.run != run {
        fault(found, &file, "changed", format!("it belongs to run {}", meta.run));
    }
    found.count("snapshots", 1);
    let mut known: BTreeSet<String> = BTreeSet::from([file]);
    let mut lines = vec![
        ("exchanges.jsonl".to_owned(), &meta.exchanges),
        ("gaps.jsonl".to_owned(), &meta.gaps),
    ];
    lines.extend(
        meta.records
            .iter()
            .map(|(table, lines)| (format!("records/{table}.jsonl"), lines)),
    );
    for (name, lines) in lines {
        let path = format!("{folder}{name}");
        check_lines(content, &path, lines, found);
        known.insert(path);
    }
    let exchanges = format!("{folder}exchanges.jsonl");
    match content.files.get(&exchanges).and_then(|file| file.exchanges.as_deref()) {
        None => fault(found, &exchanges, "missing", "it is missing"),
        Some(read) => {
            found.count("exchanges", read.count);
            for (code, message) in &read.faults {
                fault(found, &exchanges, code, message);
            }
            for body in &read.bodies {
                known.insert(check_body(content, folder, body, found));
            }
            if read.skew > examine::SKEW {
                found
                    .notes
                    .push(format!("{exchanges}: the collector's clock was off by {} s", read.skew));
            }
        }
    }
    // What is made from the evidence lies beside it.
    let made = |path: &str| path == format!("{folder}evidence.db") || path.starts_with(&format!("{folder}tests/"));
    for path in content
        .files
        .keys()
        .filter(|p| p.starts_with(folder) && !known.contains(*p) && !made(p))
    {
        fault(found, path, "unexpected", "the snapshot does not name it");
    }
}

fn check_lines(content: &Content, path: &str, lines: &Lines, found: &mut Verification) {
    match content.files.get(path) {
        None => fault(found, path, "missing", "snapshot.json names it"),
        Some(file) if file.digest != lines.sha256 => {
            fault(
                found,
                path,
                "changed",
                format!("its SHA-256 is {}, snapshot.json says {}", file.digest, lines.sha256),
            );
        }
        Some(file) if file.lines != lines.count => {
            fault(
                found,
                path,
                "changed",
                format!("it has {} lines, snapshot.json says {}", file.lines, lines.count),
            );
        }
        Some(_) => {}
    }
}

fn check_body(content: &Content, folder: &str, body: &Body, found: &mut Verification) -> String {
    let path = format!("{folder}{}", body.file);
    match content.files.get(&path) {
        None => fault(found, &path, "missing", format!("exchange {} names it", body.i)),
        Some(file) if Some(file.digest) != body.sha256 || file.size != body.len => {
            let message = format!("its SHA-256 is {}, not the one of exchange {}", file.digest, body.i);
            fault(found, &path, "changed", message);
        }
        Some(_) => found.count("bodies", 1),
    }
    path
}
