//! `exhibit verify`: is everything as it was written?

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use evidence::locker::{Fault, Locker, LockerError, Verification};
use evidence::snapshot::Snapshot;
use serde_json::json;

use crate::args::{self, Global};
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Verify) -> Result<Exit, Stop> {
    let path = args.path.as_deref().unwrap_or(&global.locker);
    let (kind, found) = if path.is_dir() {
        ("locker", Locker::verify(path).or_else(damaged)?)
    } else {
        verify_file(path)?
    };
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.verify/1",
            "path": path,
            "kind": kind,
            "ok": found.faults.is_empty(),
            "signed": false,
            "faults": found.faults,
            "notes": found.notes,
            "checked": found.checked,
        }))?;
    } else {
        print(path, kind, &found)?;
    }
    Ok(if found.faults.is_empty() {
        Exit::Ok
    } else {
        Exit::VerificationFailed
    })
}

fn damaged(error: LockerError) -> Result<Verification, Stop> {
    match error {
        LockerError::Damaged { file, code, message } => Ok(Verification {
            faults: vec![Fault::new(file, code, message)],
            ..Verification::default()
        }),
        other => Err(other.into()),
    }
}

fn verify_file(path: &Path) -> Result<(&'static str, Verification), Stop> {
    let unreadable = |e: std::io::Error| Stop::usage(format!("cannot read {}: {e}", path.display()));
    let mut file = File::open(path).map_err(unreadable)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !is_archive(&mut file).map_err(unreadable)? {
        return Err(Stop::usage(format!(
            "{} is neither a locker, a snapshot nor a bundle",
            path.display()
        )));
    }
    if is_snapshot(&mut file).map_err(unreadable)? {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let mut found = Verification::default();
        match Snapshot::read(bytes) {
            Ok(snapshot) => {
                found.count("snapshots", 1);
                found.count("exchanges", snapshot.exchanges.len());
                found
                    .notes
                    .push("a snapshot alone does not show when it was sealed: verify its locker".to_owned());
            }
            Err(e) => found.faults.push(Fault::new(name, "changed", e)),
        }
        return Ok(("snapshot", found));
    }
    let mut found = report::bundle::verify(file);
    for fault in found.faults.iter_mut().filter(|fault| fault.file == "bundle.zip") {
        fault.file.clone_from(&name);
    }
    Ok(("bundle", found))
}

/// A file that neither begins as a zip nor ends as one of ours is not damaged, but something else.
fn is_archive(file: &mut File) -> std::io::Result<bool> {
    let mut head = [0; 4];
    let n = file.read(&mut head)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(71)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head[..n].starts_with(b"PK") || tail.starts_with(b"sha256:"))
}

/// A snapshot's first entry is `snapshot.json`; a bundle has a folder on top. The first local
/// header tells, so that a damaged file is still told apart.
fn is_snapshot(file: &mut File) -> std::io::Result<bool> {
    let mut head = [0; 43];
    let read = file.read(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head[..read].ends_with(b"snapshot.json"))
}

/// `1 log entry`, `2 log entries`: the kinds are plurals.
fn counted(n: u64, kind: &str) -> String {
    match (n, kind.strip_suffix("ies"), kind.strip_suffix('s')) {
        (1, Some(stem), _) => format!("1 {stem}y"),
        (1, None, Some(stem)) => format!("1 {stem}"),
        _ => format!("{n} {kind}"),
    }
}

fn print(path: &Path, kind: &str, found: &Verification) -> Result<(), Stop> {
    let what = format!("The {kind} {}", path.display());
    if found.faults.is_empty() {
        let checked: Vec<String> = found.checked.iter().map(|(kind, n)| counted(*n, kind)).collect();
        say!("{} is as it was written ({}).", bold(&what), checked.join(", "));
        say!(
            "{}",
            dim("It is unsigned: this shows that nothing changed by accident or without redoing the whole,")
        );
        say!(
            "{}",
            dim("not who wrote it. Compare its checkpoint with the one you were sent.")
        );
    } else {
        say!(
            "{} is not as it was written: {}.",
            bold(&what),
            plural(found.faults.len(), "fault")
        );
        for fault in &found.faults {
            say!(
                "  {}  {} ({})",
                bold(&safe(&fault.file)),
                safe(&fault.message),
                fault.code
            );
        }
    }
    for note in &found.notes {
        say!("  note: {}", safe(note));
    }
    Ok(())
}
