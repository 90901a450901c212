//! The bundle: a BagIt bag in a zip, keyed by criterion, with the evidence in it once.
//!
//! The layout is described in `docs/bundle-format.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::Path;

use evidence::archive::{Archive, ArchiveError, ArchiveWriter, Packed};
use evidence::canonical;
use evidence::custody::keys;
use evidence::digest::Digest;
use evidence::locker::{Layout, is_checkpoint_of};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::error::ReportError;
use crate::escape::Dialect;
use crate::site::Pages;
use crate::templates::Templates;
use crate::view::{Book, Cover};
use crate::{Engagement, Vouch};

mod made;
pub mod pinned;
mod population;
mod verify;

pub(crate) use made::data;
pub(crate) use population::results;
pub use verify::{BUNDLE, verify, verify_by};

/// The list of the files that describe the bag; what vouches for a bundle vouches for this.
const TAGMANIFEST: &str = "tagmanifest-sha256.txt";

/// The binder, inside the top folder.
const BINDER: &str = "data/binder.pdf";
/// Files packed at once.
const PACK: usize = 64;

/// Files of a bag that describe it; `manifest` and `tagmanifest` come besides.
const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// Files by their path inside the top folder.
type Files = BTreeMap<String, Vec<u8>>;

/// The view of `README.txt`.
#[derive(Serialize)]
struct Readme<'a> {
    cover: &'a Cover,
    /// Name of the top folder.
    name: &'a str,
    /// Run of the latest snapshot.
    run: &'a str,
    /// A control to show the commands on: criterion and id.
    example: String,
    /// More than one snapshot.
    several: bool,
    /// There is something to compare with.
    changes: bool,
}

/// A finished bundle.
pub(crate) struct Written {
    /// The zip.
    pub zip: Vec<u8>,
    /// SHA-256 of its `tagmanifest-sha256.txt`.
    pub tagmanifest: Digest,
    /// The files that vouch for it.
    pub vouchers: Vec<String>,
    /// Its [`pinned::RESULTS`].
    pub results: Vec<u8>,
}

/// The payload but for the binder, which takes as long to make as all of this.
pub(crate) struct Parts {
    payload: Files,
    /// What lies before the binder in the zip, packed.
    before: Vec<Packed>,
    /// What lies behind it.
    after: Vec<Packed>,
}

impl Parts {
    /// Of an engagement, its pages and its results.
    pub(crate) fn of(
        engagement: &Engagement<'_>,
        book: &Book,
        pages: &Pages,
        results: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, ReportError> {
        let mut payload = data(engagement, book, results)?;
        for (path, bytes) in &pages.bundled {
            payload.insert(format!("data/{path}"), bytes.clone());
        }
        for (path, text) in pinned::pages(engagement.catalogue) {
            payload.insert(format!("data/{path}"), text.as_bytes().to_vec());
        }
        evidence(engagement, &mut payload)?;
        locker(engagement, &mut payload)?;
        for attachment in engagement.attachments()? {
            for (path, file) in attachment.bundled() {
                payload.insert(format!("data/{path}"), engagement.locker.object(file)?);
            }
        }
        let packed = |files: &[(&String, &Vec<u8>)]| -> Result<Vec<Packed>, ArchiveError> {
            files.par_chunks(PACK).map(|files| pack(&book.name, files)).collect()
        };
        let files: Vec<_> = payload.iter().collect();
        let (before, after) = files.split_at(files.partition_point(|(path, _)| path.as_str() < BINDER));
        Ok(Self {
            before: packed(before)?,
            after: packed(after)?,
            payload,
        })
    }
}

/// Packs files of the bundle of this name.
fn pack(name: &str, files: &[(&String, &Vec<u8>)]) -> Result<Packed, ArchiveError> {
    let names: Vec<String> = files.iter().map(|(path, _)| format!("{name}/{path}")).collect();
    let entries = names.iter().zip(files);
    Packed::of(entries.map(|(name, (_, bytes))| (name.as_str(), bytes.as_slice())))
}

/// Writes the bundle.
pub(crate) fn write(
    engagement: &Engagement<'_>,
    templates: &Templates,
    book: &Book,
    binder: &[u8],
    parts: Parts,
    vouch: &Vouch<'_>,
) -> Result<Written, ReportError> {
    let Parts {
        mut payload,
        before,
        after,
    } = parts;
    payload.insert(BINDER.to_owned(), binder.to_vec());

    let mut tags = Files::new();
    tags.insert("bagit.txt".to_owned(), DECLARATION.into());
    tags.insert(
        "bag-info.txt".to_owned(),
        info(engagement, book, &payload)?.into_bytes(),
    );
    tags.insert(
        "index.html".to_owned(),
        templates
            .render("root.html", &json!({ "cover": book.cover }))?
            .into_bytes(),
    );
    let example = book
        .workpapers()
        .find(|w| w.counts.fail > 0)
        .or_else(|| book.workpapers().next());
    let readme = Readme {
        cover: &book.cover,
        name: &book.name,
        run: &book.cover.run,
        example: example.map_or_else(String::new, |w| w.folder.clone()),
        several: engagement.snapshots.len() > 1,
        changes: engagement.changes.is_some(),
    };
    tags.insert(
        "README.txt".to_owned(),
        templates.render("README.txt", &readme)?.into_bytes(),
    );
    for (name, script) in SCRIPTS {
        tags.insert((*name).to_owned(), script.as_bytes().to_vec());
    }
    tags.insert("manifest-sha256.txt".to_owned(), manifest(&payload).into_bytes());
    let tagmanifest = manifest(&tags).into_bytes();
    let digest = Digest::of(&tagmanifest);
    let vouchers: Files = vouch(&tagmanifest)
        .into_iter()
        .map(|(ending, bytes)| (format!("{TAGMANIFEST}.{ending}"), bytes))
        .collect();
    let names = vouchers.keys().cloned().collect();
    tags.insert(TAGMANIFEST.to_owned(), tagmanifest);
    tags.extend(vouchers);

    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in &tags {
        archive.add(&format!("{}/{path}", book.name), bytes)?;
    }
    for packed in before {
        archive.add_packed(packed)?;
    }
    archive.add(&format!("{}/{BINDER}", book.name), binder)?;
    for packed in after {
        archive.add_packed(packed)?;
    }
    let path = format!("data/{}", pinned::RESULTS);
    let results = payload.remove(&path).ok_or(ArchiveError::Missing(path))?;
    Ok(Written {
        zip: archive.finish()?.into_inner(),
        tagmanifest: digest,
        vouchers: names,
        results,
    })
}

/// The checks of a bundle with what an auditor's machine has: a shell, PowerShell, Python.
const SCRIPTS: &[(&str, &str)] = &[
    ("VERIFY.sh", include_str!("../verify/VERIFY.sh")),
    ("VERIFY.ps1", include_str!("../verify/VERIFY.ps1")),
    ("verify_exhibit.py", include_str!("../verify/verify_exhibit.py")),
];

/// Lines as `sha256sum -c` reads them, sorted by path.
fn manifest(files: &Files) -> String {
    let files: Vec<_> = files.iter().collect();
    let lines: Vec<_> = files
        .par_iter()
        .map(|(path, bytes)| format!("{}  {path}\n", Digest::of(bytes)))
        .collect();
    lines.concat()
}

fn info(engagement: &Engagement<'_>, book: &Book, payload: &Files) -> Result<String, ReportError> {
    let cover = &book.cover;
    let bytes: usize = payload.values().map(Vec::len).sum();
    let line = |key: &str, value: &str| format!("{key}: {}\n", Dialect::Text.escape(value));
    Ok([
        line("Source-Organization", &cover.organization),
        line(
            "External-Description",
            &format!("{} evidence, {}", cover.kind, cover.span),
        ),
        line(
            "External-Identifier",
            &format!("{} at {} entries", cover.origin, cover.entries),
        ),
        line("Bagging-Date", &engagement.closed_at()?.day().to_string()),
        line("Bag-Software-Agent", &cover.tool),
        line("Payload-Oxum", &format!("{bytes}.{}", payload.len())),
    ]
    .concat())
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, ReportError> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The snapshots' files byte for byte.
fn evidence(engagement: &Engagement<'_>, payload: &mut Files) -> Result<(), ReportError> {
    for input in engagement.snapshots {
        let run = &input.snapshot.meta.run;
        let failed = |source| ReportError::Snapshot {
            run: run.clone(),
            source,
        };
        let archive = Archive::open(input.zip).map_err(failed)?;
        for name in archive.names() {
            let bytes = archive.read(name).map_err(failed)?;
            payload.insert(format!("data/evidence/{run}/{name}"), bytes);
        }
    }
    Ok(())
}

/// The log, its checkpoints and who the locker is.
fn locker(engagement: &Engagement<'_>, payload: &mut Files) -> Result<(), ReportError> {
    let locker = engagement.locker;
    let log: String = locker.lines().iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    payload.insert("data/log/log.jsonl".to_owned(), log.into_bytes());
    let identity = canonical::to_line(locker.identity()).map_err(|e| serde::ser::Error::custom(e.to_string()));
    payload.insert(
        "data/locker.json".to_owned(),
        identity.map_err(ReportError::Json)?.into_bytes(),
    );
    let folder = Layout::new(locker.dir()).checkpoints();
    let vouchers = locker.vouchers();
    let mut names: BTreeSet<String> = vouchers
        .iter()
        .flat_map(|voucher| voucher.files().map(|(file, _)| file.to_owned()))
        .collect();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Io { path, source }
    };
    for file in fs::read_dir(&folder).map_err(failed(&folder))? {
        let name = file
            .map_err(failed(&folder))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if is_checkpoint_of(&name, locker.entries().len()) {
            names.insert(name);
        }
    }
    for name in names {
        // A file that the log names and that is gone is for `exhibit verify` to tell.
        let path = folder.join(&name);
        match fs::read(&path) {
            Ok(bytes) => payload.insert(format!("data/log/checkpoints/{name}"), bytes),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(failed(&path)(e)),
        };
    }
    if !locker.keys().is_empty() {
        let signers = keys::allowed_signers(locker.entries());
        payload.insert("data/trust/allowed_signers".to_owned(), signers.into_bytes());
    }
    Ok(())
}
