//! `exhibit demo`: the recorded sample account, from replay to bundle, without network or AWS.

use std::path::Path;

use evidence::locker::{Locker, LockerError, Writer};
use evidence::snapshot::Snapshot;
use include_dir::{Dir, include_dir};
use serde_json::json;

use super::bind::{before, bind, print, write};
use super::test;
use crate::args::{self, Global};
use crate::assessing::Subject;
use crate::config::Config;
use crate::exit::{Exit, Stop};
use crate::output::{Readers, claim, remove_folder, write_new};
use crate::ui::{bold, dim, emit_json, plural, say};

static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../samples/locker/snapshots");
const CONFIG: &str = include_str!("../../../samples/exhibit.toml");

/// Shows that a folder holds a demo, which may be replaced.
const MARK: &str = ".exhibit-demo";

/// Runs the command. It ends well whatever the sample account deviates in.
pub fn run(global: &Global, args: &args::Demo) -> Result<Exit, Stop> {
    let out = &args.out;
    clear(out)?;
    let config = Config::sample(CONFIG)?;
    write_new(&out.join("exhibit.toml"), Readers::Usual, CONFIG.as_bytes())?;
    let catalogue = config.catalogue()?;
    let locker_dir = out.join("locker");
    let replayed = replay(&locker_dir, &config)?;
    let locker = Locker::open(&locker_dir)?;
    let period = config
        .periods
        .last()
        .ok_or_else(|| Stop::failure("the sample has no period"))?;
    let subject = Subject::Period(period.clone());
    let against = before(&subject, &config, &locker)?;
    let bound = bind(&locker, &config, &catalogue, &subject, against.as_ref())?;
    write(out, &bound.binding)?;
    if global.json() {
        emit_json(
            &json!({ "schema": "exhibit.demo/1", "out": out, "snapshots": replayed, "pages": bound.binding.pages }),
        )?;
        return Ok(Exit::Ok);
    }
    say!(
        "{}",
        dim(&format!(
            "Replayed {} of the sample account through the collector, offline.",
            plural(replayed, "snapshot")
        ))
    );
    say!();
    test::print_all(&bound.assessed.assessment)?;
    say!();
    print(out, &bound.binding, &locker)?;
    say!();
    say!(
        "Next: open {}, then try",
        bold(&out.join("index.html").display().to_string())
    );
    let (config, locker) = (out.join("exhibit.toml"), locker_dir.display().to_string());
    say!(
        "  exhibit --config {} --locker {locker} diff {}",
        config.display(),
        labels(against.as_ref(), &subject)
    );
    say!("  exhibit verify {}", out.join("bundle.zip").display());
    Ok(Exit::Ok)
}

fn labels(against: Option<&Subject>, subject: &Subject) -> String {
    against
        .iter()
        .map(|s| s.label())
        .chain([subject.label()])
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Stop {
    Stop::failure(format!("cannot write to {}: {error}", path.display()))
}

/// Empties the folder of an earlier demo; any other folder that holds something is refused.
fn clear(out: &Path) -> Result<(), Stop> {
    if out.join(MARK).is_file() {
        remove_folder(out).map_err(|e| cannot_write(out, &e))?;
    }
    claim(out)?;
    let text = b"This folder was written by `exhibit demo`, which may replace it.\n";
    write_new(&out.join(MARK), Readers::Usual, text)
}

/// Runs the real collector on the recorded answers, snapshot by snapshot.
fn replay(dir: &Path, config: &Config) -> Result<usize, Stop> {
    let runtime = collector::Runtime::new()?;
    let mut files: Vec<_> = SAMPLES.files().collect();
    files.sort_by_key(|file| file.path());
    let mut writer: Option<Writer> = None;
    for file in &files {
        let damaged = |e: String| LockerError::Damaged {
            file: file.path().display().to_string(),
            code: "changed",
            message: e,
        };
        let snapshot = Snapshot::read(file.contents().to_vec()).map_err(|e| damaged(e.to_string()))?;
        let open = match writer.take() {
            Some(writer) => writer,
            None => Writer::create(dir, &config.organization, &snapshot.meta.tool, snapshot.meta.opened_at)?,
        };
        let zip = file.contents().to_vec();
        let (next, _, derived) = runtime.block_on(collector::collect_replayed(open, &snapshot, zip))??;
        if let Some(text) = derived.missing.first().or(derived.unused.first()) {
            return Err(Stop::failure(format!("the sample does not replay: {text}")));
        }
        writer = Some(next);
    }
    Ok(files.len())
}
