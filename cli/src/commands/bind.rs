//! `exhibit bind`: binder, bundle and workpapers.

use std::collections::BTreeMap;
use std::path::Path;

use controls::catalogue::Catalogue;
use controls::compare::{Comparison, compare};
use controls::result::ControlVerdict;
use evidence::diff::Diff;
use evidence::digest::Digest;
use evidence::locker::Locker;
use report::{Binding, Changes, Engagement, ReportError, SnapshotInput};
use serde_json::json;

use crate::args::{self, Global};
use crate::assessing::{Assessed, Subject, assess};
use crate::config::Config;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Bind) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let catalogue = config.catalogue()?;
    if !args.selection.controls.is_empty() {
        return Err(Stop::usage(
            "a binder holds every control in scope; narrow it with [scope] in exhibit.toml",
        ));
    }
    let locker = Locker::open(&global.locker)?;
    let subject = Subject::of(&args.selection, &config, &locker)?;
    let against = match &args.against {
        Some(name) => Some(Subject::named(name, &config, &locker)?),
        None => before(&subject, &config, &locker)?,
    };
    crate::output::claim(&args.out)?;
    let bound = bind(&locker, &config, &catalogue, &subject, against.as_ref())?;
    write(&args.out, &bound.binding)?;
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.bind/1",
            "out": args.out,
            "name": bound.binding.name,
            "pages": bound.binding.pages,
            "binder_sha256": Digest::of(&bound.binding.binder_pdf),
            "bundle_sha256": Digest::of(&bound.binding.bundle_zip),
            "checkpoint": locker.checkpoint(),
        }))?;
    } else {
        print(&args.out, &bound.binding, &locker)?;
    }
    // Deviations are what a binder tells of; only evidence that is missing makes it less than whole.
    let incomplete = bound
        .assessed
        .assessment
        .controls
        .iter()
        .any(|c| c.verdict == ControlVerdict::NotTested || c.incomplete);
    if incomplete && !global.json() {
        say!("Not everything could be tested; the request list in the binder says what is missing.");
    }
    Ok(if incomplete { Exit::Incomplete } else { Exit::Ok })
}

/// A bound engagement and what it says.
pub struct Bound {
    /// The files.
    pub binding: Binding,
    /// The assessment.
    pub assessed: Assessed,
}

/// Binds a period or a snapshot, compared with an earlier one.
pub fn bind(
    locker: &Locker,
    config: &Config,
    catalogue: &Catalogue,
    subject: &Subject,
    against: Option<&Subject>,
) -> Result<Bound, Stop> {
    let assessed = assess(locker, config, catalogue, subject)?;
    let earlier = against
        .map(|subject| assess(locker, config, catalogue, subject))
        .transpose()?;
    let compared: Option<(Diff, Comparison)> = earlier.as_ref().and_then(|earlier| {
        let (before, after) = (earlier.snapshots.last()?, assessed.snapshots.last()?);
        let diff = Diff::of(&before.snapshot, &after.snapshot);
        Some((diff, compare(&earlier.assessment, &assessed.assessment)))
    });
    let labels = (against.map(Subject::label).unwrap_or_default(), subject.label());
    let changes = compared.as_ref().map(|(diff, comparison)| Changes {
        earlier: &labels.0,
        later: &labels.1,
        diff,
        comparison,
    });
    let snapshots: Vec<SnapshotInput<'_>> = assessed
        .snapshots
        .iter()
        .map(|loaded| SnapshotInput {
            entry: &loaded.entry,
            snapshot: &loaded.snapshot,
            zip: &loaded.zip,
            results: &loaded.results,
            database: &loaded.database,
        })
        .collect();
    let tool = super::collect::tool();
    let engagement = Engagement {
        organization: &config.organization,
        system: config.system.as_deref(),
        tool: &tool,
        assessment: &assessed.assessment,
        catalogue,
        settings: &config.settings,
        snapshots: &snapshots,
        locker,
        reconciliations: &locker.reconciliations()?,
        changes,
        templates_dir: config.templates_dir.as_deref(),
    };
    let binding = report::bind(&engagement).map_err(|e| match e {
        ReportError::Locker(e) => e.into(),
        other => Stop::failure(other),
    })?;
    Ok(Bound { binding, assessed })
}

/// What came before: the period that ends last before this one begins and has a snapshot, or
/// the snapshot before this one.
pub fn before(subject: &Subject, config: &Config, locker: &Locker) -> Result<Option<Subject>, Stop> {
    let all = locker.snapshots()?;
    Ok(match subject {
        Subject::Snapshot(entry) => all
            .iter()
            .rev()
            .find(|other| (other.opened_at, other.seq) < (entry.opened_at, entry.seq))
            .cloned()
            .map(Subject::Snapshot),
        Subject::Period(period) => config
            .periods
            .iter()
            .filter(|other| other.end <= period.start && all.iter().any(|s| other.contains(s.opened_at)))
            .max_by_key(|other| other.end)
            .cloned()
            .map(Subject::Period),
    })
}

/// Writes the files of a binding.
pub fn write(out: &Path, binding: &Binding) -> Result<(), Stop> {
    let mut files: BTreeMap<String, Vec<u8>> = binding.site.clone();
    files.insert("binder.pdf".to_owned(), binding.binder_pdf.clone());
    files.insert("bundle.zip".to_owned(), binding.bundle_zip.clone());
    crate::output::write_all(out, &files)
}

/// Says what was written, and what to send by another way.
pub fn print(out: &Path, binding: &Binding, locker: &Locker) -> Result<(), Stop> {
    say!("{}", bold(&binding.name));
    say!(
        "  {}  the binder, {}",
        out.join("binder.pdf").display(),
        plural(binding.pages, "page")
    );
    say!("  {}  the bundle for the auditor", out.join("bundle.zip").display());
    say!(
        "  {}  the workpapers, to click through",
        out.join("index.html").display()
    );
    say!();
    say!("Send these lines to the auditor by another way than the bundle:");
    say!("  bundle.zip sha256 {}", Digest::of(&binding.bundle_zip));
    for line in locker.checkpoint().lines() {
        say!("  {line}");
    }
    if !binding.missing_glyphs.is_empty() {
        let codes: Vec<String> = binding
            .missing_glyphs
            .iter()
            .map(|c| format!("U+{:04X}", *c as u32))
            .collect();
        say!(
            "{}",
            dim(&format!(
                "The binder shows these characters as their codes: {}",
                codes.join(" ")
            ))
        );
    }
    Ok(())
}
