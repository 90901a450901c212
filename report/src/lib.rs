//! How it is told: the binder (PDF), the bundle (zip) and the web pages of an engagement.
//!
//! ```text
//! assessment + snapshots ─► view ─► templates ─► tags ─► pdf ─► binder ─┐
//!                                      └────► web pages, CSV, SQL ──────┴─► bundle
//! ```
//!
//! The report decides nothing: verdicts, counts and reasons come from `controls`, bytes from
//! `evidence`. Templates see the structs of [`view`] and nothing else. The same input gives the
//! same bytes; the only time used is the closing time of the latest snapshot.
//!
//! ```
//! use controls::catalogue::Catalogue;
//! use controls::evaluate::evaluate;
//! use controls::period::{Tested, assess_snapshot};
//! use controls::settings::Settings;
//! use evidence::locker::Locker;
//! use report::{Engagement, SnapshotInput};
//!
//! let locker = Locker::open("../samples/tiny".as_ref())?;
//! let entry = &locker.snapshots()?[0];
//! let (snapshot, zip) = (locker.load(&entry.run)?, locker.snapshot_bytes(entry)?);
//! let (catalogue, settings) = (Catalogue::builtin()?, Settings::default());
//! let evaluation = evaluate(&catalogue, &settings, &snapshot)?;
//! let (results, database) = (evaluation.results, evaluation.database.bytes()?);
//! let tested = Tested { meta: snapshot.meta.clone(), results: results.clone() };
//!
//! let engagement = Engagement {
//!     organization: "Example Inc.",
//!     system: None,
//!     tool: &snapshot.meta.tool,
//!     assessment: &assess_snapshot(&catalogue, &settings, tested),
//!     catalogue: &catalogue,
//!     settings: &settings,
//!     snapshots: &[SnapshotInput { entry, snapshot: &snapshot, zip: &zip, results: &results, database: &database }],
//!     locker: &locker,
//!     reconciliations: &[],
//!     changes: None,
//!     templates_dir: None,
//! };
//! // What the PDF is made of; `report::bind` makes the binder, the bundle and the web pages.
//! assert!(report::binder_text(&engagement)?.contains("Example Inc."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "a test lays out its own folders"
    )
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use controls::catalogue::Catalogue;
use controls::compare::Comparison;
use controls::period::Assessment;
use controls::result::SnapshotResults;
use controls::settings::Settings;
use evidence::clock::Timestamp;
use evidence::diff::Diff;
use evidence::digest::Digest;
use evidence::locker::{Locker, Reconciled, SnapshotEntry};
use evidence::snapshot::{Snapshot, Tool};

pub mod bundle;
mod csv;
mod error;
mod escape;
mod markdown;
pub mod pdf;
mod site;
mod templates;
pub mod view;

pub use error::ReportError;

/// Everything a report is made of.
#[derive(Clone, Copy)]
pub struct Engagement<'a> {
    /// Whose evidence it is.
    pub organization: &'a str,
    /// The system under audit, if it has a name.
    pub system: Option<&'a str>,
    /// The program that reports.
    pub tool: &'a Tool,
    /// What the tests said.
    pub assessment: &'a Assessment,
    /// The pages they were made from.
    pub catalogue: &'a Catalogue,
    /// What the firm decided about the tests.
    pub settings: &'a Settings,
    /// At least the snapshots the assessment rests on.
    pub snapshots: &'a [SnapshotInput<'a>],
    /// The locker they come from.
    pub locker: &'a Locker,
    /// What became of holding the locker against CloudTrail, in order of the log.
    pub reconciliations: &'a [Reconciled],
    /// What changed since an earlier moment or period, if there is one to compare with.
    pub changes: Option<Changes<'a>>,
    /// Folder with the firm's own templates.
    pub templates_dir: Option<&'a Path>,
}

/// A snapshot, its bytes and what was made of it.
#[derive(Clone, Copy)]
pub struct SnapshotInput<'a> {
    /// As the log names it.
    pub entry: &'a SnapshotEntry,
    /// Its content.
    pub snapshot: &'a Snapshot,
    /// The zip as it lies in the locker.
    pub zip: &'a [u8],
    /// The verdicts on it, with the queries that gave them.
    pub results: &'a SnapshotResults,
    /// Its `evidence.db`, with the verdicts in it.
    pub database: &'a [u8],
}

/// What changed between two moments or periods.
#[derive(Clone, Copy)]
pub struct Changes<'a> {
    /// What the earlier side is called: a period or a run.
    pub earlier: &'a str,
    /// What the later side is called.
    pub later: &'a str,
    /// The records.
    pub diff: &'a Diff,
    /// The verdicts.
    pub comparison: &'a Comparison,
}

/// A bound engagement.
#[derive(Debug)]
pub struct Binding {
    /// Name of the engagement in file names: organization and period, or run.
    pub name: String,
    /// The binder.
    pub binder_pdf: Vec<u8>,
    /// The bundle.
    pub bundle_zip: Vec<u8>,
    /// Web pages to lie beside the two, by path: `index.html`, `workpapers/…`, `changes.html`, `requests.html`.
    pub site: BTreeMap<String, Vec<u8>>,
    /// Characters the binder shows as their code, since no font has them or they show nothing.
    pub missing_glyphs: BTreeSet<char>,
    /// Pages of the binder.
    pub pages: usize,
    /// SHA-256 of the bundle's `tagmanifest-sha256.txt`: what signatures of the bundle cover.
    pub tagmanifest: Digest,
    /// The files in the bundle that vouch for it.
    pub vouchers: Vec<String>,
    /// Its `data/results.json`: what the results were made with.
    pub results: Vec<u8>,
}

/// Vouches for a bundle, given its `tagmanifest-sha256.txt`: endings of file names (`sig`,
/// `<tsa>.tsr`) and what the files hold.
pub type Vouch<'a> = dyn Fn(&[u8]) -> Vec<(String, Vec<u8>)> + 'a;

/// Makes the binder, the bundle and the web pages. Nobody vouches for the bundle.
pub fn bind(engagement: &Engagement<'_>) -> Result<Binding, ReportError> {
    bind_vouched(engagement, &|_| Vec::new())
}

/// Makes the binder, the bundle and the web pages, and has the bundle vouched for.
pub fn bind_vouched(engagement: &Engagement<'_>, vouch: &Vouch<'_>) -> Result<Binding, ReportError> {
    let used = engagement.used()?;
    let engagement = &Engagement {
        snapshots: &used,
        ..*engagement
    };
    let templates = templates::Templates::load(engagement.templates_dir)?;
    let book = view::Book::of(engagement)?;
    let (binder, rest) = rayon::join(
        || binder(engagement, &templates, &book),
        || -> Result<_, ReportError> {
            let pages = site::Pages::render(&templates, &book)?;
            let results = bundle::results(engagement)?;
            let parts = bundle::Parts::of(engagement, &book, &pages, &results)?;
            Ok((pages, results, parts))
        },
    );
    let (binder, (pages, results, parts)) = (binder?, rest?);
    let bundle = bundle::write(engagement, &templates, &book, &binder.bytes, parts, vouch)?;
    let mut site = pages.site();
    site.extend(
        results
            .into_iter()
            .map(|(path, bytes)| (format!("{}/{path}", site::FOLDER), bytes)),
    );
    Ok(Binding {
        name: book.name.clone(),
        bundle_zip: bundle.zip,
        tagmanifest: bundle.tagmanifest,
        vouchers: bundle.vouchers,
        results: bundle.results,
        site,
        missing_glyphs: binder.missing,
        pages: binder.pages,
        binder_pdf: binder.bytes,
    })
}

/// The data files of the bundle that follow from the evidence, by their path in it: what
/// [`bind`] puts there, made without pages and binder.
pub fn data_files(engagement: &Engagement<'_>) -> Result<BTreeMap<String, Vec<u8>>, ReportError> {
    let used = engagement.used()?;
    let engagement = &Engagement {
        snapshots: &used,
        ..*engagement
    };
    let book = view::Book::of(engagement)?;
    let results = bundle::results(engagement)?;
    bundle::data(engagement, &book, &results)
}

/// The text of the binder in the closed set of tags: what [`bind`] gives to [`pdf::render`].
pub fn binder_text(engagement: &Engagement<'_>) -> Result<String, ReportError> {
    let used = engagement.used()?;
    let engagement = &Engagement {
        snapshots: &used,
        ..*engagement
    };
    let templates = templates::Templates::load(engagement.templates_dir)?;
    templates.render("binder.html", &view::Book::of(engagement)?)
}

fn binder(
    engagement: &Engagement<'_>,
    templates: &templates::Templates,
    book: &view::Book,
) -> Result<pdf::Rendered, ReportError> {
    let text = templates.render("binder.html", book)?;
    let created = engagement.closed_at()?.utc();
    let attachment = |name: &str, mime: &str, description: &str, text: String| pdf::Attachment {
        name: name.to_owned(),
        mime: mime.to_owned(),
        description: description.to_owned(),
        modified: created,
        bytes: text.into_bytes(),
    };
    let meta = pdf::DocumentMeta {
        title: format!("{}: {}", book.cover.title, book.cover.organization),
        author: format!("{} {}", engagement.tool.name, engagement.tool.version),
        subject: format!("{}, {}", book.cover.kind, book.cover.span),
        header: book.cover.organization.chars().take(60).collect(),
        footer: format!("{} · {}", book.cover.kind, book.cover.span),
        created,
        attachments: vec![
            attachment(
                "checkpoint.txt",
                "text/plain",
                "The checkpoint of the locker's log",
                engagement.locker.checkpoint(),
            ),
            attachment("deviations.csv", "text/csv", "All deviations", csv::deviations(book)),
            attachment(
                "request-list.csv",
                "text/csv",
                "What is still to be given",
                csv::requests(book),
            ),
        ],
    };
    pdf::render(&text, &meta).map_err(|source| {
        let line = source
            .to_string()
            .strip_prefix("line ")
            .and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
        match line.and_then(|line| text.lines().nth(line.saturating_sub(1))) {
            Some(shown) => ReportError::Binder {
                file: templates.place("binder.html"),
                text: shown.trim().chars().take(120).collect(),
                source: Box::new(source),
            },
            None => source.into(),
        }
    })
}

impl<'a> Engagement<'a> {
    /// The snapshots the assessment rests on, in its order; a Type I report leaves others out.
    fn used(&self) -> Result<Vec<SnapshotInput<'a>>, ReportError> {
        let metas = self.assessment.snapshots.iter();
        let used: Vec<_> = metas
            .map(|meta| {
                self.snapshot(&meta.run)
                    .map(|(_, input)| *input)
                    .ok_or_else(|| ReportError::MissingSnapshot(meta.run.clone()))
            })
            .collect::<Result<_, _>>()?;
        if used.is_empty() {
            Err(ReportError::NoSnapshot)
        } else {
            Ok(used)
        }
    }

    /// When the latest snapshot was closed: the time of everything that is made here.
    pub fn closed_at(&self) -> Result<Timestamp, ReportError> {
        self.snapshots
            .iter()
            .map(|s| s.snapshot.meta.closed_at)
            .max()
            .ok_or(ReportError::NoSnapshot)
    }

    /// The snapshot the latest verdicts are from.
    pub(crate) fn latest(&self) -> Result<&SnapshotInput<'a>, ReportError> {
        let now = controls::period::latest(&self.assessment.snapshots).map_or("", |meta| &meta.run);
        let of = self.snapshots.iter().find(|s| s.snapshot.meta.run == now);
        of.or(self.snapshots.last()).ok_or(ReportError::NoSnapshot)
    }

    /// The snapshot of a run, and its place among them.
    pub(crate) fn snapshot(&self, run: &str) -> Option<(usize, &SnapshotInput<'a>)> {
        self.snapshots
            .iter()
            .enumerate()
            .find(|(_, s)| s.snapshot.meta.run == run)
    }
}
