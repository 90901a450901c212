//! `exhibit reperform`: makes again what follows from the kept answers, and compares byte by
//! byte; or asks AWS some of the questions once more.

use std::collections::BTreeSet;
use std::path::Path;

use controls::catalogue::Catalogue;
use evidence::digest::Digest;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::assessing::Assessed;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

mod bag;
mod bundle;
mod compare;
mod data;
mod derive;
mod live;
mod locker;
mod results;
mod volatile;

use compare::Difference;
use derive::Rederived;

/// Differences shown in the terminal; the JSON document has them all.
const SHOWN: usize = 40;

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Reperformed {
    /// `bundle` or `locker`.
    kind: &'static str,
    /// Records and gaps, by snapshot.
    snapshots: Vec<Rederived>,
    /// Bundles whose results were made again from the locker.
    bundles: Vec<Rebound>,
    /// Controls, where results were kept; of a locker, those of all its bundles.
    controls: Option<Controls>,
    /// Data files made again and compared.
    files: usize,
    /// What is not the same, but for records and gaps.
    differences: Vec<Difference>,
    /// What was not made again, and why.
    not_compared: Vec<NotCompared>,
    /// What a reader should know that is no difference.
    notes: Vec<String>,
}

/// Controls that were run again.
#[derive(Debug, Serialize)]
struct Controls {
    same: usize,
    of: usize,
    /// Ids of those that did not come out the same.
    different: Vec<String>,
}

impl Controls {
    /// All of an assessment, but for those that differ.
    fn of(assessed: &Assessed, different: BTreeSet<String>) -> Self {
        let ids = || assessed.assessment.controls.iter().map(|c| &c.control.page.id);
        Self {
            same: ids().filter(|id| !different.contains(*id)).count(),
            of: ids().count(),
            different: different.into_iter().collect(),
        }
    }
}

/// A bundle that was made from the locker: its newest of this name.
#[derive(Debug, Serialize)]
struct Rebound {
    name: String,
    /// How many of the log's entries were in it.
    entries: u64,
    /// SHA-256 of the zip.
    sha256: Digest,
    controls: Controls,
    /// Data files made again and compared.
    files: usize,
}

/// A file or a snapshot that was left out.
#[derive(Debug, Serialize)]
struct NotCompared {
    what: String,
    why: String,
}

impl Reperformed {
    /// Everything came out the same.
    fn is_same(&self) -> bool {
        self.differences.is_empty() && self.snapshots.iter().all(|one| one.differences.is_empty())
    }

    fn skip(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.not_compared.push(NotCompared {
            what: what.into(),
            why: why.into(),
        });
    }
}

/// Runs the command.
pub fn run(global: &Global, args: &args::Reperform) -> Result<Exit, Stop> {
    let path = args.path.as_deref().unwrap_or(&global.locker);
    let runtime = collector::Runtime::new()?;
    if args.live {
        return live::run(global, args, path, &runtime);
    }
    let done = if path.is_dir() {
        let catalogue = Catalogue::load(global.read_config()?.settings.controls_dir.as_deref())?;
        locker::reperform(path, args.snapshot.as_deref(), &catalogue, &runtime)?
    } else {
        bundle::reperform(path, args.snapshot.as_deref(), &runtime)?
    };
    if global.json() {
        emit_json(&document(path, &done))?;
    } else {
        print(path, &done)?;
    }
    Ok(if done.is_same() {
        Exit::Ok
    } else {
        Exit::VerificationFailed
    })
}

/// The JSON document, `exhibit.reperform/1`.
fn document(path: &Path, done: &Reperformed) -> Value {
    let mut document = json!({ "schema": "exhibit.reperform/1", "ok": done.is_same(), "path": path });
    if let (Value::Object(into), Ok(Value::Object(from))) = (&mut document, serde_json::to_value(done)) {
        into.extend(from);
    }
    document
}

fn print(path: &Path, done: &Reperformed) -> Result<(), Stop> {
    say!(
        "{}",
        bold(&format!("The {} {}, made again:", done.kind, path.display()))
    );
    for one in &done.snapshots {
        let verdict = match (one.compared, one.differences.is_empty()) {
            (false, _) => "partial, not compared".to_owned(),
            (true, true) => "the same".to_owned(),
            (true, false) => bold("DIFFERENT"),
        };
        say!(
            "  {}  {verdict}: {} records in {} tables and {} from {} exchanges",
            one.snapshot,
            one.records,
            one.tables,
            plural(one.gaps, "gap"),
            one.exchanges
        );
        for difference in one.differences.iter().take(SHOWN) {
            say!("    {}: {}", safe(&difference.file), safe(&difference.message));
        }
        more(one.differences.len())?;
    }
    let same = done
        .snapshots
        .iter()
        .filter(|one| one.compared && one.differences.is_empty());
    say!(
        "  {} of {} the same, byte for byte",
        same.count(),
        plural(done.snapshots.iter().filter(|one| one.compared).count(), "snapshot")
    );
    for bundle in &done.bundles {
        say!(
            "  {}, the bundle of SHA-256 {}:",
            bold(&safe(&bundle.name)),
            bundle.sha256
        );
        print_controls("    ", &bundle.controls, bundle.files)?;
    }
    if let Some(controls) = done.controls.as_ref().filter(|_| done.bundles.is_empty()) {
        print_controls("  ", controls, done.files)?;
    }
    for difference in done.differences.iter().take(SHOWN) {
        let of = difference
            .control
            .as_deref()
            .map_or_else(String::new, |id| format!("{id}  "));
        say!(
            "    {}{}: {}",
            bold(&of),
            safe(&difference.file),
            safe(&difference.message)
        );
    }
    more(done.differences.len())?;
    for left in &done.not_compared {
        say!(
            "{}",
            dim(&format!("  not compared: {}: {}", safe(&left.what), safe(&left.why)))
        );
    }
    for note in &done.notes {
        say!("  note: {}", safe(note));
    }
    Ok(())
}

fn print_controls(indent: &str, controls: &Controls, files: usize) -> Result<(), Stop> {
    say!(
        "{indent}{} of {} the same: verdict, population, query and result, byte for byte",
        controls.same,
        plural(controls.of, "control")
    );
    say!("{indent}{} made again and compared", plural(files, "data file"));
    Ok(())
}

fn more(found: usize) -> Result<(), Stop> {
    if found > SHOWN {
        say!("    and {} more; --format json lists all", found - SHOWN);
    }
    Ok(())
}
