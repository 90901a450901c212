//! Reads a recorded snapshot again as it were in another partition, and asks whether every verdict is the same.
//!
//! ```text
//! in_other_partitions FOLDER CONTROL…
//! ```
//!
//! FOLDER has an `exhibit.toml` and a locker; the tests that seed each control's good and bad account run this on
//! them. Every answer of the newest snapshot is written over, byte for byte, with the ARNs and regions of another
//! partition; the collector makes records of it, as it would have of AWS's own, and the controls are judged. What is
//! compared are the members of the population, each with its region and verdict, and the verdict on the control. A
//! request that goes to another region than the recorded one, or names another ARN, is a difference too.
//!
//! It says nothing of endpoints (`collector` has a test of theirs), of services that a partition lacks (an account
//! with CloudFront is not tried in GovCloud), or of answers that differ there in more than names.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use controls::catalogue::Catalogue;
use controls::evaluate::evaluate_in;
use controls::manual::Frame;
use controls::result::{ControlResult, ControlVerdict, ResourceVerdict};
use controls::settings::{ParameterSetting, Settings};
use evidence::locker::Locker;
use evidence::snapshot::Snapshot;

#[path = "../../controls/tests/it/common/elsewhere_answers.rs"]
mod answers;
#[path = "../../controls/tests/it/common/elsewhere.rs"]
mod elsewhere;

use elsewhere::{ELSEWHERE, Elsewhere};

/// The futures of a build without optimisation are large.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let work = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || differences(Path::new(&arguments[0]), &arguments[1..]));
    let found = work.unwrap().join().unwrap();
    found.iter().for_each(|line| println!("{line}"));
    if found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn differences(folder: &Path, controls: &[String]) -> Vec<String> {
    let locker = Locker::open(&folder.join("locker")).unwrap();
    let entry = locker.snapshots().unwrap().pop().unwrap();
    let recorded = locker.load(&entry.run).unwrap();
    let zip = locker.snapshot_bytes(&entry).unwrap();
    let toml = std::fs::read_to_string(folder.join("exhibit.toml")).unwrap_or_default();
    let catalogue = Catalogue::builtin().unwrap().only(&controls.iter().cloned().collect());
    let judge = |snapshot: &Snapshot, toml: &str, frame: &Frame| {
        let judged = evaluate_in(&catalogue, &settings(toml), snapshot, frame).unwrap();
        judged.results.controls
    };
    let frame = Frame::of(None, locker.attachments().unwrap());
    let here = judge(&recorded, &toml, &frame);
    let runtime = collector::Runtime::new().unwrap();
    let mut found = Vec::new();
    for to in &ELSEWHERE {
        // What is there to judge of such a service in one partition cannot be in the other.
        let has = |(table, rows): (&String, &Vec<_>)| answers::is_lacking(to, table) && !rows.is_empty();
        if recorded.tables.iter().any(has) {
            continue;
        }
        let (mut there, zip) = answers::moved(&recorded, &zip, to, |operation, body| {
            (operation == "GetCredentialReport").then(|| report(body, to))
        });
        let derived = runtime.block_on(collector::replay(&there, zip)).unwrap().unwrap();
        for (what, calls) in [("not recorded", derived.missing), ("not asked", derived.unused)] {
            let calls = calls.iter().filter(|call| !answers::is_lacking(to, call));
            found.extend(calls.map(|call| format!("{}: {what}: {call}", to.partition)));
        }
        there.tables = derived.tables;
        there.gaps = derived.gaps;
        let attached = frame.attachments.iter().cloned().map(|mut attachment| {
            attachment.evidence = to.value(&attachment.evidence);
            attachment
        });
        let frame = Frame::of(None, attached.collect());
        let now = judge(&there, &to.text(&toml), &frame);
        for id in controls {
            let (before, after) = (said(&here[id], |text| to.text(text)), said(&now[id], str::to_owned));
            found.extend(unlike(&before, &after).map(|line| format!("{}: {id}: {line}", to.partition)));
        }
    }
    found
}

/// What is compared of a control.
type Said = (
    (ControlVerdict, Option<String>, bool),
    BTreeMap<(String, String, String), (ResourceVerdict, String)>,
);

fn said(control: &ControlResult, text: impl Fn(&str) -> String) -> Said {
    let code = control.code.map(|code| code.to_string());
    let rows = control.resources.iter().map(|r| {
        let key = (r.account.clone(), text(&r.region), text(&r.resource));
        (key, (r.verdict, text(&r.reason)))
    });
    ((control.verdict, code, control.incomplete), rows.collect())
}

/// Reasons are shown, not compared: their lists are in the order of names.
fn unlike<'a>(before: &'a Said, after: &'a Said) -> impl Iterator<Item = String> + 'a {
    let whole = (before.0 != after.0).then(|| format!("was {:?}, is {:?}", before.0, after.0));
    let keys: std::collections::BTreeSet<_> = before.1.keys().chain(after.1.keys()).collect();
    let rows = keys.into_iter().filter_map(|key| {
        let (was, is) = (before.1.get(key), after.1.get(key));
        (was.map(|row| row.0) != is.map(|row| row.0)).then(|| format!("{key:?} was {was:?}, is {is:?}"))
    });
    whole.into_iter().chain(rows)
}

/// The parameters of an `exhibit.toml`.
fn settings(toml: &str) -> Settings {
    let file: toml::Table = toml.parse().unwrap();
    let mut settings = Settings::default();
    for (control, table) in file
        .get("parameters")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
    {
        let table = table.as_table().unwrap();
        let text = |name: &str| table[name].as_str().unwrap().to_owned();
        for (name, value) in table.iter().filter(|(name, _)| !["by", "why"].contains(&name.as_str())) {
            let set = ParameterSetting {
                value: value.clone(),
                by: text("by"),
                why: text("why"),
            };
            settings
                .parameters
                .entry(control.clone())
                .or_default()
                .insert(name.clone(), set);
        }
    }
    settings
}

/// IAM's report is a table in base64.
fn report(body: &[u8], to: &Elsewhere) -> Vec<u8> {
    let body = std::str::from_utf8(body).unwrap();
    let Some((before, rest)) = body.split_once("<Content>") else {
        return body.as_bytes().to_vec();
    };
    let (content, after) = rest.split_once("</Content>").unwrap();
    let packed: String = content.split_whitespace().collect();
    let table = String::from_utf8(STANDARD.decode(packed).unwrap()).unwrap();
    let content = STANDARD.encode(to.text(&table));
    format!("{before}<Content>{content}</Content>{after}").into_bytes()
}
