//! `exhibit attach`: keeps what a person supplies for a control.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use controls::manual::{facts, is_account, takes_evidence};
use evidence::clock::{Clock, SystemClock, Timestamp};
use evidence::locker::Locker;
use evidence::manual::{Attachment, FileRef, ManualEvidence, same_person};
use serde_json::json;

use crate::args::{self, Global};
use crate::custody;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

/// Largest file that is taken; a bundle is made in memory.
const LARGEST: u64 = 256 << 20;

/// Runs the command.
pub fn run(global: &Global, args: &args::Attach) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let catalogue = config.catalogue()?;
    let page = &super::known_control(&catalogue, &args.control)?.page;
    if !takes_evidence(page) {
        return Err(Stop::usage(format!(
            "{} is tested on AWS evidence alone (type `{}`): nothing can be attached to it; `exhibit controls --type manual` lists those that take records",
            page.id, page.r#type
        )));
    }
    let now = SystemClock::default().now();
    let mut evidence = described(args, now)?;
    let mut contents = Vec::new();
    for path in &args.files {
        let (file, bytes) = read(path)?;
        evidence.files.push(file);
        contents.push(bytes);
    }
    if let Some(path) = &args.facts {
        let (file, bytes) = read(path)?;
        let text =
            std::str::from_utf8(&bytes).map_err(|_| Stop::usage(format!("{} is not UTF-8 text", path.display())))?;
        evidence.facts = facts(page, text).map_err(|message| Stop::usage(format!("{}: {message}", path.display())))?;
        evidence.facts_file = Some(file);
        contents.push(bytes);
    }
    if contents.is_empty() {
        return Err(Stop::usage(
            "nothing is attached; name the files that show it, or give --facts FILE.toml",
        ));
    }
    if !Locker::exists(&global.locker) {
        return Err(evidence::locker::LockerError::NotALocker(global.locker.clone()).into());
    }
    let custody = custody::open(global, &config)?;
    let mut writer = custody::writer(global, custody.as_ref())?;
    if let Some(old) = &evidence.replaces {
        check_replaced(&writer.locker(), old, &page.id)?;
    }
    let attached = writer.attach(now, &evidence, &contents)?;
    let locker = writer.locker();
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.attach/1",
            "locker": global.locker,
            "attachment": attached,
            "checkpoint": locker.checkpoint(),
        }))?;
    } else {
        print(&attached)?;
    }
    Ok(custody::tell(custody.as_ref(), Exit::Ok))
}

/// What the command line says, checked.
fn described(args: &args::Attach, now: Timestamp) -> Result<ManualEvidence, Stop> {
    let text = |option: &str, value: &str| match value.trim() {
        "" => Err(Stop::usage(format!(
            "{option} is empty; a record without it proves nothing"
        ))),
        text => Ok(text.to_owned()),
    };
    let optional = |option: &str, value: &Option<String>| value.as_ref().map(|v| text(option, v)).transpose();
    let (performer, reviewer) = (
        text("--performer", &args.performer)?,
        text("--reviewer", &args.reviewer)?,
    );
    if same_person(&performer, &reviewer) {
        return Err(Stop::usage(format!(
            "--performer and --reviewer are the same person ({reviewer}); nobody reviews his own work: name another reviewer"
        )));
    }
    // It may be tomorrow already where the record was made.
    let latest = Timestamp::from_unix(now.unix() + 14 * 3600).unwrap_or(now).day();
    if args.performed > latest {
        return Err(Stop::usage(format!(
            "--performed {} lies in the future; attach the record when it was done",
            args.performed
        )));
    }
    if args.period_from > args.period_to {
        return Err(Stop::usage(format!(
            "--period-from {} is after --period-to {}; both days belong to the period",
            args.period_from, args.period_to
        )));
    }
    if let Some(account) = args.account.as_ref().filter(|id| !is_account(id)) {
        return Err(Stop::usage(format!(
            "--account `{account}` is not the 12 digits of an account id"
        )));
    }
    let statement = text("--statement", &args.statement)?;
    let title = optional("--title", &args.title)?.unwrap_or_else(|| {
        let first = statement.lines().next().unwrap_or_default();
        first.chars().take(80).collect()
    });
    Ok(ManualEvidence {
        control: args.control.clone(),
        account: args.account.clone(),
        title,
        statement,
        owner: text("--owner", &args.owner)?,
        performed_on: args.performed,
        performer,
        reviewer,
        period_from: args.period_from,
        period_to: args.period_to,
        source_system: optional("--source-system", &args.source_system)?,
        comment: optional("--comment", &args.comment)?,
        files: Vec::new(),
        facts_file: None,
        facts: Vec::new(),
        replaces: args.replaces.clone(),
    })
}

fn read(path: &Path) -> Result<(FileRef, Vec<u8>), Stop> {
    let refused = |message: String| Stop::usage(format!("{}: {message}", path.display()));
    let found = fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => refused("there is no such file".to_owned()),
        _ => refused(format!("cannot be read: {e}")),
    })?;
    if !found.is_file() {
        return Err(refused(
            "it is no file; name each file, or a zip of the folder".to_owned(),
        ));
    }
    match found.len() {
        0 => return Err(refused("it is empty and shows nothing".to_owned())),
        size if size > LARGEST => {
            let limit = LARGEST >> 20;
            return Err(refused(format!("it is larger than {limit} MiB; attach an extract")));
        }
        _ => {}
    }
    let bytes = fs::read(path).map_err(|e| refused(format!("cannot be read: {e}")))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok((FileRef::of(&name, &bytes), bytes))
}

fn check_replaced(locker: &Locker, old: &str, control: &str) -> Result<(), Stop> {
    let all = locker.attachments()?;
    let Some(found) = all.iter().find(|a| a.id == old) else {
        return Err(Stop::usage(format!(
            "--replaces {old}: there is no such attachment; `exhibit status` lists them"
        )));
    };
    if found.evidence.control != control {
        return Err(Stop::usage(format!(
            "--replaces {old}: it belongs to {}, not to {control}",
            found.evidence.control
        )));
    }
    match &found.replaced_by {
        Some(by) => Err(Stop::usage(format!(
            "--replaces {old}: {by} has replaced it already; replace {by}"
        ))),
        None => Ok(()),
    }
}

fn print(attached: &Attachment) -> Result<(), Stop> {
    let evidence = &attached.evidence;
    say!(
        "{} to {}: {}, {}",
        bold(&format!("Attached {}", attached.id)),
        evidence.control,
        plural(evidence.files.len(), "file"),
        plural(evidence.facts.len(), "fact")
    );
    for file in evidence.all_files() {
        say!(
            "  {}  {}",
            safe(&file.name),
            dim(&format!("{} bytes, sha256 {}", file.size, file.sha256))
        );
    }
    say!(
        "Next: `exhibit test --control {}`; a mistake is put right with --replaces {}.",
        evidence.control,
        attached.id
    );
    Ok(())
}

/// A day on the command line.
pub fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "must be a day such as 2026-01-31".to_owned())
}
