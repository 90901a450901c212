//! What the results of a bundle were made with, and what they are: `data/results.json`.
//!
//! It holds the pages, the parameters and the snapshots that were used, and the digest of every
//! data file that was made of them, so that whoever has the bundle can make them again.

use std::collections::BTreeMap;

use controls::catalogue::Catalogue;
use controls::settings::Settings;
use evidence::digest::Digest;
use evidence::period::Period;
use serde::{Deserialize, Serialize};

use crate::Engagement;

/// The file, below `data/`.
pub const RESULTS: &str = "results.json";

/// Its schema.
pub const SCHEMA: &str = "exhibit.results/1";

/// The content of [`RESULTS`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// [`SCHEMA`].
    pub schema: String,
    /// The period; null for a single snapshot.
    pub period: Option<Period>,
    /// What the changes are told against, a period or a run; null where there are none.
    pub against: Option<String>,
    /// Run ids of the snapshots that the results rest on, in order of time.
    pub snapshots: Vec<String>,
    /// What the firm decided: parameters, exceptions, categories, days between snapshots.
    pub settings: Settings,
    /// Digest of the catalogue, as the binder's cover has it.
    pub catalogue: Digest,
    /// The control pages and the queries that they share.
    pub pages: Vec<PinnedPage>,
    /// The data files by path below `data/`, with their digests.
    pub files: BTreeMap<String, Digest>,
}

/// A page as it was used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedPage {
    /// Its file in the catalogue.
    pub file: String,
    /// Where it lies in the bundle, below `data/`.
    pub path: String,
    /// SHA-256 of its text.
    pub sha256: Digest,
}

impl Pinned {
    /// Of what was made from an engagement; paths begin with `data/`.
    pub(super) fn of(engagement: &Engagement<'_>, made: &BTreeMap<String, Vec<u8>>) -> Self {
        let pages = engagement.catalogue.pages().into_iter().map(|(file, text)| PinnedPage {
            file: file.to_owned(),
            path: bundled(file),
            sha256: Digest::of(text),
        });
        let settings = Settings {
            // A folder of the machine that bound; its pages are in the bundle.
            controls_dir: None,
            ..engagement.settings.clone()
        };
        let below = |path: &String| path.strip_prefix("data/").unwrap_or(path).to_owned();
        Self {
            schema: SCHEMA.to_owned(),
            period: engagement.assessment.period.as_ref().map(|p| p.period.clone()),
            against: engagement.changes.as_ref().map(|c| c.earlier.to_owned()),
            snapshots: engagement
                .snapshots
                .iter()
                .map(|s| s.snapshot.meta.run.clone())
                .collect(),
            settings,
            catalogue: engagement.catalogue.digest(),
            pages: pages.collect(),
            files: made
                .iter()
                .map(|(path, bytes)| (below(path), Digest::of(bytes)))
                .collect(),
        }
    }
}

/// Reads [`RESULTS`]; or why it cannot be read.
pub fn read(text: &[u8]) -> Result<Pinned, String> {
    match serde_json::from_slice::<Pinned>(text) {
        Ok(pinned) if pinned.schema == SCHEMA => Ok(pinned),
        Ok(pinned) => Err(format!("its schema is `{}`, not {SCHEMA}", pinned.schema)),
        Err(e) => Err(format!("it cannot be read: {e}")),
    }
}

/// The text of [`RESULTS`].
pub fn text(pinned: &Pinned) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(pinned)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The pages of a catalogue by their path in the bundle, below `data/`.
pub(super) fn pages(catalogue: &Catalogue) -> impl Iterator<Item = (String, &str)> {
    catalogue.pages().into_iter().map(|(file, text)| (bundled(file), text))
}

/// `controls/<control>.md`, `controls/shared/<name>.sql`: a page's file is named after its control.
fn bundled(file: &str) -> String {
    match file.strip_prefix("shared/") {
        Some(shared) => format!("controls/shared/{shared}"),
        None => format!("controls/{}", file.rsplit('/').next().unwrap_or(file)),
    }
}
