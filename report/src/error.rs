//! Why nothing could be bound.

use std::io;
use std::path::PathBuf;

use evidence::archive::ArchiveError;

use crate::pdf::PdfError;

/// Why nothing could be bound.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing to tell.
    #[error("there is no snapshot to report on; collect one first")]
    NoSnapshot,
    /// The assessment rests on a snapshot that was not handed over.
    #[error("the assessment rests on snapshot `{0}`, which was not given to the report")]
    MissingSnapshot(String),
    /// A template cannot be read or rendered.
    #[error("template {file}{}: {message}", .line.map_or_else(String::new, |n| format!(", line {n}")))]
    Template {
        /// The template, with its folder if it is an override.
        file: String,
        /// Line of the template, where it is known.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// A file in the folder of templates that overrides nothing.
    #[error("{} overrides no template; there are {}", path.display(), known.join(", "))]
    UnknownTemplate {
        /// The file.
        path: PathBuf,
        /// All names that can be overridden.
        known: Vec<&'static str>,
    },
    /// The template of the binder gave something that is not in the closed set of tags.
    #[error("template {file} gave text that is no binder: {source}; the line reads `{text}`")]
    Binder {
        /// The template.
        file: String,
        /// What is wrong; lines are those of the rendered text.
        source: Box<PdfError>,
        /// The rendered line.
        text: String,
    },
    /// The PDF could not be made.
    #[error("the binder could not be made: {0}")]
    Pdf(#[from] PdfError),
    /// The bundle could not be written.
    #[error("the bundle could not be written: {0}")]
    Archive(#[from] ArchiveError),
    /// What people supplied could not be read.
    #[error(transparent)]
    Locker(#[from] evidence::locker::LockerError),
    /// A snapshot's zip could not be read again.
    #[error("snapshot {run} could not be read: {source}")]
    Snapshot {
        /// Its run.
        run: String,
        /// Why.
        source: ArchiveError,
    },
    /// A value could not be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
