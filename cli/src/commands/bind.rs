//! `exhibit bind`: binder, bundle and workpapers.

use std::collections::BTreeMap;
use std::path::Path;

use controls::catalogue::Catalogue;
use controls::compare::{Comparison, compare};
use controls::result::ControlVerdict;
use evidence::custody::signature::BUNDLE_NAMESPACE;
use evidence::custody::{Custody, Trouble, keys};
use evidence::diff::Diff;
use evidence::digest::Digest;
use evidence::locker::Locker;
use report::{Binding, Changes, Engagement, ReportError};
use serde_json::json;

use crate::args::{self, Global};
use crate::assessing::{Assessed, Loaded, Subject, assess};
use crate::config::Config;
use crate::custody;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Bind) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let catalogue = config.catalogue()?;
    if !args.selection.controls.is_empty() {
        return Err(Stop::usage(
            "a binder holds every control in scope; narrow it with [scope] in exhibit.toml",
        ));
    }
    // Who vouches also writes down what was given away, and first makes up for what failed before.
    let custody = custody::open(global, &config)?;
    let mut writer = match &custody {
        Some(_) => Some(custody::writer(global, custody.as_ref())?),
        None => None,
    };
    let whole = match &writer {
        Some(writer) => writer.locker(),
        None => Locker::open(&global.locker)?,
    };
    let locker = whole.without_last_exports();
    let subject = Subject::to_judge(&args.selection, &config, &locker)?;
    let against = match &args.against {
        Some(name) => Some(Subject::named(name, &config, &locker)?),
        None => before(&subject, &config, &locker)?,
    };
    crate::output::claim(&args.out)?;
    let vouch = |tagmanifest: &[u8]| vouchers(custody.as_deref(), &locker, tagmanifest);
    let bound = bind_vouched(&locker, &config, &catalogue, &subject, against.as_ref(), &vouch)?;
    write(&args.out, &bound.binding)?;
    if let Some(writer) = &mut writer {
        let binding = &bound.binding;
        let sha256 = Digest::of(&binding.bundle_zip);
        let entries = locker.entries().len();
        writer.bundle_export(
            custody::now(),
            &binding.name,
            entries,
            sha256,
            binding.tagmanifest,
            &binding.results,
        )?;
    }
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.bind/1",
            "out": args.out,
            "name": bound.binding.name,
            "pages": bound.binding.pages,
            "binder_sha256": Digest::of(&bound.binding.binder_pdf),
            "bundle_sha256": Digest::of(&bound.binding.bundle_zip),
            "tagmanifest_sha256": bound.binding.tagmanifest,
            "vouchers": bound.binding.vouchers,
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
    let exit = if incomplete { Exit::Incomplete } else { Exit::Ok };
    Ok(custody::tell(custody.as_ref(), exit))
}

/// A signature and time stamps of a bundle, by the digests of all its files.
fn vouchers(custody: Option<&Custody>, locker: &Locker, tagmanifest: &[u8]) -> Vec<(String, Vec<u8>)> {
    let Some(custody) = custody else {
        return Vec::new();
    };
    let failed = |authority: Option<&str>, reason: String| {
        custody.trouble(Trouble {
            what: "the bundle".to_owned(),
            authority: authority.map(str::to_owned),
            reason,
        });
    };
    let mut made = Vec::new();
    if custody.signs() {
        let sign = || {
            let last = locker.entries().len() as u64;
            keys::signer(&locker.keys(), &custody.public_key()?, last).map_err(|e| e.to_string())?;
            custody
                .sign(BUNDLE_NAMESPACE, tagmanifest)
                .unwrap_or_else(|| Err("no key is configured".to_owned()))
        };
        match sign() {
            Ok(signature) => made.push(("sig".to_owned(), signature.into_bytes())),
            Err(reason) => failed(None, reason),
        }
    }
    for authority in custody.authorities() {
        match custody.stamp(authority, &Digest::of(tagmanifest)) {
            Ok(token) => made.push((format!("{authority}.tsr"), token)),
            Err(reason) => failed(Some(authority), reason),
        }
    }
    made
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
    bind_vouched(locker, config, catalogue, subject, against, &|_| Vec::new())
}

/// The same, with a bundle that is vouched for.
fn bind_vouched(
    locker: &Locker,
    config: &Config,
    catalogue: &Catalogue,
    subject: &Subject,
    against: Option<&Subject>,
    vouch: &report::Vouch<'_>,
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
    let snapshots: Vec<_> = assessed.snapshots.iter().map(Loaded::input).collect();
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
    let binding = report::bind_vouched(&engagement, vouch).map_err(|e| match e {
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
            .find(|other| other.controls.is_none() && (other.opened_at, other.seq) < (entry.opened_at, entry.seq))
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
    match binding.vouchers.is_empty() {
        true => say!("The bundle is unsigned."),
        false => say!(
            "The bundle is vouched for by {}; the log is {}.",
            binding.vouchers.join(", "),
            safe(&locker.vouched()?.describe())
        ),
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
