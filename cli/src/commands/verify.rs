//! `exhibit verify`: is everything as it was written?

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use evidence::custody::examine::{SeenSignature, SeenToken, Trust, Vouched, is_checkpoint};
use evidence::custody::signature::AllowedSigners;
use evidence::custody::timestamp;
use evidence::locker::{Fault, Locker, LockerError, Verification};
use evidence::snapshot::Snapshot;
use serde_json::json;

use crate::args::{self, Global};
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Verify) -> Result<Exit, Stop> {
    let path = args.path.as_deref().unwrap_or(&global.locker);
    let trust = trust(args)?;
    let (kind, found) = if path.is_dir() {
        ("locker", Locker::verify_by(path, &trust).or_else(damaged)?)
    } else {
        verify_file(path, &trust)?
    };
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.verify/1",
            "path": path,
            "kind": kind,
            "ok": found.faults.is_empty(),
            "signed": found.vouched.signed_json(),
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

/// What the reader brings along.
fn trust(args: &args::Verify) -> Result<Trust, Stop> {
    let read = |path: &Path| fs::read(path).map_err(|e| Stop::usage(format!("cannot read {}: {e}", path.display())));
    let text = |path: &Path| {
        let bytes = read(path)?;
        String::from_utf8(bytes).map_err(|_| Stop::usage(format!("{} is not UTF-8 text", path.display())))
    };
    let refused = |path: &Path, e: &dyn std::fmt::Display| Stop::usage(format!("{}: {e}", path.display()));
    let signers = match &args.signers {
        None => None,
        Some(path) => Some(AllowedSigners::parse(&text(path)?).map_err(|e| refused(path, &e))?),
    };
    let roots = match &args.tsa_ca {
        None => None,
        Some(path) => Some(timestamp::roots(&read(path)?).map_err(|e| refused(path, &e))?),
    };
    let mut earlier = Vec::new();
    for path in &args.checkpoints {
        let text = text(path)?;
        if !is_checkpoint(&text) {
            return Err(refused(path, &"it is no checkpoint (origin, number of entries, root)"));
        }
        earlier.push((path.display().to_string(), text));
    }
    Ok(Trust {
        signers,
        principal: args.principal.clone(),
        roots,
        earlier,
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

fn verify_file(path: &Path, trust: &Trust) -> Result<(&'static str, Verification), Stop> {
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
        if trust.signers.is_some() || trust.roots.is_some() || !trust.earlier.is_empty() {
            return Err(Stop::usage(
                "a snapshot alone is neither signed nor dated: verify its locker, or the bundle",
            ));
        }
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
    let mut found = report::bundle::verify_by(&file, trust);
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
        print_vouched(&found.vouched)?;
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
    if !found.faults.is_empty() && found.vouched.is_any() {
        print_vouched(&found.vouched)?;
    }
    for note in &found.notes {
        say!("  note: {}", safe(note));
    }
    Ok(())
}

/// Who vouches for it, and what that is worth.
fn print_vouched(vouched: &Vouched) -> Result<(), Stop> {
    if !vouched.is_any() {
        say!(
            "{}",
            dim("It is unsigned: this shows that nothing changed by accident or without redoing the whole,")
        );
        say!(
            "{}",
            dim("not who wrote it. Compare its checkpoint with the one you were sent.")
        );
        return Ok(());
    }
    for one in &vouched.checkpoints {
        let what = format!("entries 1 to {}, of {}", one.checkpoint, one.at);
        print_voucher(&what, one.signature.as_ref(), &one.tokens)?;
    }
    if let Some(bundle) = vouched
        .bundle
        .as_ref()
        .filter(|b| b.signature.is_some() || !b.tokens.is_empty())
    {
        print_voucher("the bundle", bundle.signature.as_ref(), &bundle.tokens)?;
    }
    if !vouched.signers_given {
        say!(
            "{}",
            dim("Signatures were checked by the keys that the log itself names: this does NOT show who signed.")
        );
        say!(
            "{}",
            dim("--signers FILE checks them by the list that you were given by another way.")
        );
    }
    let stamped = |tokens: &[SeenToken]| !tokens.is_empty();
    let any = vouched.checkpoints.iter().any(|one| stamped(&one.tokens))
        || vouched.bundle.as_ref().is_some_and(|bundle| stamped(&bundle.tokens));
    if any && !vouched.tsa_ca_given {
        say!(
            "{}",
            dim(
                "Time stamps were checked by the certificates in them: --tsa-ca FILE shows whether they are an authority's."
            )
        );
    }
    Ok(())
}

fn print_voucher(what: &str, signature: Option<&SeenSignature>, tokens: &[SeenToken]) -> Result<(), Stop> {
    match signature {
        Some(by) => say!(
            "  {what}: signed by {} ({})",
            safe(&by.principal),
            safe(&by.fingerprint)
        ),
        None => say!("  {what}: unsigned"),
    }
    for token in tokens {
        say!(
            "    time-stamped by {} ({}) at {}",
            safe(&token.tsa),
            safe(&token.authority),
            token.time
        );
    }
    Ok(())
}
