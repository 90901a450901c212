//! A bundle made again from the answers in it: records, gaps, and with the pages and the
//! settings in it every control, every list and every database.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

use collector::Runtime;
use controls::catalogue::{Catalogue, PAGES};
use evidence::archive::ArchiveWriter;
use evidence::digest::Digest;
use evidence::exchange::Exchange;
use evidence::locker::{Locker, Reconciled, SnapshotEntry};
use evidence::log::{self, EntryType};
use evidence::manual::Attachment;
use evidence::snapshot::{Lines, Snapshot, SnapshotMeta, Status};
use report::bundle::pinned::{self, Pinned, RESULTS};

use super::bag::Bag;
use super::compare::{self, Difference};
use super::data::{CHANGES, is_data, made, with_changes};
use super::derive::{GAPS, Kept, derive};
use super::{Controls, Reperformed};
use crate::assessing::{Taken, conclude};
use crate::commands::collect::tool;
use crate::exit::Stop;

const LOG: &str = "data/log/log.jsonl";

/// Makes everything again, or the records of the one snapshot that is named.
pub fn reperform(path: &Path, only: Option<&str>, runtime: &Runtime) -> Result<Reperformed, Stop> {
    let mut bag = Bag::open(path)?;
    let mut again = Again::of(&mut bag, path, runtime)?;
    again.check_program()?;
    again.check_checkpoint()?;
    let pinned = again.pinned()?;
    let mut taken = Vec::new();
    for run in &again.runs(pinned.as_ref()) {
        if only.is_none_or(|only| run.starts_with(only)) {
            taken.extend(again.snapshot(run)?);
        }
    }
    if only.is_some() {
        if again.done.snapshots.is_empty() && again.done.differences.is_empty() {
            return Err(Stop::usage("there is no such snapshot in the bundle"));
        }
        again.done.skip("controls", "one snapshot was asked for");
        return Ok(again.done);
    }
    if let Some(pinned) = pinned {
        again.check_attachments()?;
        again.controls(&pinned, taken)?;
    }
    again.done.skip(
        "data/binder.pdf and the pages (.html)",
        "they are written from the data files; hold them against result.json and the lists",
    );
    Ok(again.done)
}

/// One complete snapshot of a bundle as it is derived from the answers, and a zip with these:
/// the one named, else the latest.
pub fn one(path: &Path, only: Option<&str>, runtime: &Runtime) -> Result<Option<(Snapshot, Vec<u8>)>, Stop> {
    let mut bag = Bag::open(path)?;
    let mut again = Again::of(&mut bag, path, runtime)?;
    let pinned = again.pinned()?;
    for run in again.runs(pinned.as_ref()).iter().rev() {
        if only.is_none_or(|only| run.starts_with(only))
            && let Some(taken) = again.snapshot(run)?
            && taken.snapshot.meta.status == Status::Complete
        {
            return Ok(Some((taken.snapshot, taken.zip)));
        }
    }
    Ok(None)
}

/// A re-performance in progress.
struct Again<'a> {
    bag: &'a mut Bag,
    locker: Locker,
    runtime: &'a Runtime,
    done: Reperformed,
}

impl<'a> Again<'a> {
    fn of(bag: &'a mut Bag, path: &Path, runtime: &'a Runtime) -> Result<Self, Stop> {
        let log = bag.text(LOG)?.ok_or_else(|| {
            Stop::damaged(format!(
                "{} is no bundle, or was changed: it has no {LOG}",
                path.display()
            ))
        })?;
        Ok(Self {
            bag,
            locker: Locker::of_log(path, &log)?,
            runtime,
            done: Reperformed {
                kind: "bundle",
                ..Reperformed::default()
            },
        })
    }

    fn differs(&mut self, file: &str, code: &'static str, message: impl Into<String>) {
        self.done.differences.push(Difference::new(file, code, message));
    }

    /// Another version may derive otherwise; a reader must know before he wonders.
    fn check_program(&mut self) -> Result<(), Stop> {
        let tool = tool();
        let this = format!("{} {}", tool.name, tool.version);
        let info = self.bag.text("bag-info.txt")?.unwrap_or_default();
        let by = info.lines().find_map(|line| line.strip_prefix("Bag-Software-Agent: "));
        if let Some(by) = by.filter(|by| *by != this) {
            self.done.notes.push(format!(
                "the bundle was made by {by}, this is {this}: what differs may be due to that"
            ));
        }
        Ok(())
    }

    /// Nothing follows the newest entry of the log: only a checkpoint holds it in place.
    fn check_checkpoint(&mut self) -> Result<(), Stop> {
        let lines = self.locker.lines();
        for size in (1..=lines.len()).rev() {
            let file = format!("data/log/checkpoints/{}.checkpoint", log::stem(size as u64));
            let Some(text) = self.bag.text(&file)? else { continue };
            if text != log::checkpoint(&self.locker.identity().origin, &lines[..size]) {
                let message = format!("its first {size} lines are not those of {file}");
                self.differs(LOG, "changed", message);
            }
            return Ok(());
        }
        self.differs(LOG, "changed", "no checkpoint holds it in place");
        Ok(())
    }

    /// What the results were made with.
    fn pinned(&mut self) -> Result<Option<Pinned>, Stop> {
        let file = format!("data/{RESULTS}");
        let Some(text) = self.bag.text(&file)? else {
            self.differs(
                &file,
                "missing",
                "it says what the results were made with: an older exhibit made the bundle, or it was taken out",
            );
            return Ok(None);
        };
        match pinned::read(text.as_bytes()) {
            Ok(pinned) => Ok(Some(pinned)),
            Err(why) => {
                self.differs(&file, "changed", why);
                Ok(None)
            }
        }
    }

    /// The snapshots that there are, and those that there should be.
    fn runs(&mut self, pinned: Option<&Pinned>) -> Vec<String> {
        let there: BTreeSet<String> = self
            .bag
            .names()
            .iter()
            .filter_map(|path| path.strip_prefix("data/evidence/")?.split('/').next())
            .map(str::to_owned)
            .collect();
        let Some(pinned) = pinned else {
            return there.into_iter().collect();
        };
        for run in there.iter().filter(|run| !pinned.snapshots.contains(run)) {
            let message = format!("data/{RESULTS} does not name this snapshot");
            self.differs(&format!("data/evidence/{run}/snapshot.json"), "unexpected", message);
        }
        pinned.snapshots.clone()
    }

    /// Derives one snapshot again; `None` where it cannot be read at all.
    fn snapshot(&mut self, run: &str) -> Result<Option<Taken>, Stop> {
        let file = |name: &str| format!("data/evidence/{run}/{name}");
        let found = self.locker.snapshots()?.into_iter().find(|entry| entry.run == run);
        let Some(entry) = found else {
            self.differs(
                &file("snapshot.json"),
                "unexpected",
                "the log knows no snapshot of this run",
            );
            return Ok(None);
        };
        let Some(meta) = self.meta(&entry)? else {
            return Ok(None);
        };
        let Some(exchanges) = self.exchanges(&meta)? else {
            return Ok(None);
        };
        let zip = self.zip(run, &exchanges)?;
        let mut made = BTreeMap::new();
        let folder = file("");
        let names: Vec<String> = self.bag.names().iter().cloned().collect();
        for path in names {
            let Some(name) = path.strip_prefix(folder.as_str()) else {
                continue;
            };
            if name == GAPS || name.starts_with("records/") {
                made.extend(self.bag.read(&path)?.map(|bytes| (name.to_owned(), bytes)));
            }
        }
        self.check_sealed(&folder, &meta, &made);
        let kept = Kept {
            meta,
            exchanges,
            zip: zip.clone(),
            made,
        };
        let (mut report, snapshot) = derive(kept, self.runtime)?;
        for difference in &mut report.differences {
            difference.file = format!("{folder}{}", difference.file);
        }
        self.done.snapshots.push(report);
        Ok(Some(Taken { entry, snapshot, zip }))
    }

    /// `snapshot.json`, held to the log.
    fn meta(&mut self, entry: &SnapshotEntry) -> Result<Option<SnapshotMeta>, Stop> {
        let file = format!("data/evidence/{}/snapshot.json", entry.run);
        let Some(bytes) = self.bag.read(&file)? else {
            self.differs(&file, "missing", "without it nothing of the snapshot can be made again");
            return Ok(None);
        };
        let line = self.locker.entries().iter().find(|e| e.seq == entry.seq);
        let says = line.and_then(|e| e.text("snapshot_json_sha256")).unwrap_or_default();
        if Digest::of(&bytes).to_string() != says {
            let message = format!("its SHA-256 is {}, the log says {says}", Digest::of(&bytes));
            self.differs(&file, "changed", message);
        }
        match serde_json::from_slice::<SnapshotMeta>(&bytes) {
            Ok(meta) if meta.run == entry.run => Ok(Some(meta)),
            Ok(meta) => {
                self.differs(&file, "changed", format!("it belongs to run {}", meta.run));
                Ok(None)
            }
            Err(e) => {
                self.differs(&file, "changed", format!("it cannot be read: {e}"));
                Ok(None)
            }
        }
    }

    fn exchanges(&mut self, meta: &SnapshotMeta) -> Result<Option<Vec<Exchange>>, Stop> {
        let file = format!("data/evidence/{}/exchanges.jsonl", meta.run);
        let Some(bytes) = self.bag.read(&file)? else {
            self.differs(&file, "missing", "without it nothing of the snapshot can be made again");
            return Ok(None);
        };
        self.check_lines(&file, &bytes, &meta.exchanges);
        let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        match lines.map(serde_json::from_slice).collect::<Result<Vec<Exchange>, _>>() {
            Ok(exchanges) => Ok(Some(exchanges)),
            Err(e) => {
                self.differs(&file, "changed", format!("it cannot be read: {e}"));
                Ok(None)
            }
        }
    }

    /// A zip with the bodies, as replaying wants it. A body that is not as written down is used
    /// all the same: what follows from it is compared.
    fn zip(&mut self, run: &str, exchanges: &[Exchange]) -> Result<Vec<u8>, Stop> {
        let mut zip = ArchiveWriter::new(Cursor::new(Vec::new()));
        for exchange in exchanges {
            let Some(name) = &exchange.body else { continue };
            let file = format!("data/evidence/{run}/{name}");
            let Some(body) = self.bag.read(&file)? else {
                self.differs(&file, "missing", format!("exchange {} names it", exchange.i));
                continue;
            };
            if Some(Digest::of(&body)) != exchange.body_sha256 {
                let message = format!("its SHA-256 is not the one of exchange {}", exchange.i);
                self.differs(&file, "changed", message);
            }
            zip.add(name, &body)
                .map_err(|e| Stop::damaged(format!("{file}: {e}")))?;
        }
        let finished = zip.finish().map_err(Stop::failure)?;
        Ok(finished.into_inner())
    }

    /// Records and gaps are those that were sealed; whether they follow from the answers is
    /// another question.
    fn check_sealed(&mut self, folder: &str, meta: &SnapshotMeta, made: &BTreeMap<String, Vec<u8>>) {
        for (table, lines) in &meta.records {
            let name = format!("records/{table}.jsonl");
            if let Some(bytes) = made.get(&name) {
                self.check_lines(&format!("{folder}{name}"), bytes, lines);
            }
        }
        if let Some(bytes) = made.get(GAPS) {
            self.check_lines(&format!("{folder}{GAPS}"), bytes, &meta.gaps);
        }
    }

    fn check_lines(&mut self, file: &str, bytes: &[u8], lines: &Lines) {
        if Digest::of(bytes) != lines.sha256 {
            self.differs(file, "changed", "its SHA-256 is not the one in snapshot.json");
        }
    }

    /// Facts of attachments stand in the log; the files must be those that it names.
    fn check_attachments(&mut self) -> Result<(), Stop> {
        for attachment in self.locker.attachments()? {
            let files: Vec<_> = Attachment::bundled(&attachment).collect();
            let held = |path: &str| self.bag.names().contains(&format!("data/{path}"));
            if !files.iter().any(|(path, _)| held(path)) {
                continue;
            }
            for (path, file) in files {
                let path = format!("data/{path}");
                match self.bag.read(&path)? {
                    None => self.differs(&path, "missing", format!("line {} of the log names it", attachment.seq)),
                    Some(bytes) if Digest::of(&bytes) != file.sha256 => {
                        let message = format!("its SHA-256 is not the one in line {} of the log", attachment.seq);
                        self.differs(&path, "changed", message);
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// The reconciliations that the bundle holds, each as the log names it. A list of them is made
    /// again; whether CloudTrail still says so is not asked.
    fn reconciliations(&mut self, pinned: &Pinned) -> Result<Vec<Reconciled>, Stop> {
        let bag = &mut *self.bag;
        let mut wrong = Vec::new();
        let mut failed = None;
        let found = self.locker.reconciliations_by(|seq, object| {
            let path = format!("data/cloudtrail/{seq}.json");
            let bytes = match bag.read(&path) {
                Ok(bytes) => bytes,
                Err(e) => {
                    failed.get_or_insert(e);
                    None
                }
            };
            if bytes.as_ref().is_some_and(|bytes| Digest::of(bytes) != object.sha256) {
                wrong.push(path);
                return Ok(None);
            }
            Ok(bytes)
        })?;
        if let Some(e) = failed {
            return Err(e);
        }
        for path in wrong {
            self.differs(&path, "changed", "its SHA-256 is not the one in the log");
        }
        // Each run's newest must be there: leaving one out would hide what it says.
        let newest: BTreeSet<u64> = pinned
            .snapshots
            .iter()
            .filter_map(|run| {
                let entries = self.locker.entries().iter().rev();
                let about = |body: &serde_json::Value| {
                    let runs = body.get("runs").and_then(|runs| runs.as_array());
                    runs.is_some_and(|runs| runs.iter().any(|r| r.as_str() == Some(run)))
                };
                let mut entries = entries.filter(|e| e.r#type == EntryType::Reconcile && about(&e.body));
                entries.next().map(|entry| entry.seq)
            })
            .collect();
        for seq in newest {
            let path = format!("data/cloudtrail/{seq}.json");
            if !self.bag.names().contains(&path) {
                self.differs(&path, "missing", format!("line {seq} of the log names it"));
            }
        }
        Ok(found)
    }

    /// The pages as they are in the bundle.
    fn catalogue(&mut self, pinned: &Pinned) -> Result<Option<Catalogue>, Stop> {
        let mut pages = Vec::new();
        let mut own = 0;
        let mut listed = BTreeSet::new();
        for page in &pinned.pages {
            let path = format!("data/{}", page.path);
            listed.insert(path.clone());
            let Some(text) = self.bag.text(&path)? else {
                self.differs(&path, "missing", format!("data/{RESULTS} names it"));
                continue;
            };
            if Digest::of(&text) != page.sha256 {
                self.differs(
                    &path,
                    "changed",
                    format!("its SHA-256 is not the one in data/{RESULTS}"),
                );
            }
            own += usize::from(
                !PAGES
                    .iter()
                    .any(|(file, builtin)| *file == page.file && *builtin == text),
            );
            pages.push((page.file.clone(), text));
        }
        let names: Vec<String> = self.bag.names().iter().cloned().collect();
        for path in names
            .iter()
            .filter(|path| path.starts_with("data/controls/") && !listed.contains(*path))
        {
            self.differs(path, "unexpected", format!("data/{RESULTS} does not name it"));
        }
        if own > 0 {
            self.done.notes.push(format!(
                "{own} of {} pages and queries are not those built into this program: read them in data/controls",
                pinned.pages.len()
            ));
        }
        match Catalogue::from_pages(pages) {
            Ok(catalogue) => Ok(Some(catalogue)),
            Err(e) => {
                self.differs("data/controls", "changed", format!("the pages cannot be used: {e}"));
                Ok(None)
            }
        }
    }

    /// Runs every control, and makes every data file, once more.
    fn controls(&mut self, pinned: &Pinned, taken: Vec<Taken>) -> Result<(), Stop> {
        let unable = |done: &mut Reperformed, why: &str| done.skip("controls", why);
        if taken.len() != pinned.snapshots.len() {
            unable(&mut self.done, "not every snapshot could be read");
            return Ok(());
        }
        let Some(catalogue) = self.catalogue(pinned)? else {
            unable(&mut self.done, "the pages could not be used");
            return Ok(());
        };
        if let Err(e) = pinned.settings.check(&catalogue) {
            self.differs(
                &format!("data/{RESULTS}"),
                "changed",
                format!("its settings do not fit the pages: {e}"),
            );
            unable(&mut self.done, "the settings could not be used");
            return Ok(());
        }
        let reconciliations = self.reconciliations(pinned)?;
        let assessed = conclude(
            &self.locker,
            &pinned.settings,
            &catalogue,
            pinned.period.as_ref(),
            taken,
        )?;
        let mut again = made(&self.locker, pinned, &catalogue, &assessed, &reconciliations)?;
        let mut kept = BTreeMap::new();
        let names: Vec<String> = self.bag.names().iter().filter(|path| is_data(path)).cloned().collect();
        for path in names {
            kept.extend(self.bag.read(&path)?.map(|bytes| (path, bytes)));
        }
        self.leave_out_changes(pinned, &mut kept, &mut again)?;
        self.done.files = again.len();
        let found = compare::files(&kept, &again);
        let different: BTreeSet<String> = self
            .done
            .differences
            .iter()
            .chain(&found)
            .filter_map(|d| d.control.clone())
            .collect();
        self.done.differences.extend(found);
        self.done.controls = Some(Controls::of(&assessed, different));
        Ok(())
    }

    /// The changes rest on an earlier snapshot that the bundle does not have.
    fn leave_out_changes(
        &mut self,
        pinned: &Pinned,
        kept: &mut BTreeMap<String, Vec<u8>>,
        again: &mut BTreeMap<String, Vec<u8>>,
    ) -> Result<(), Stop> {
        let Some(against) = &pinned.against else {
            return Ok(());
        };
        let file = format!("data/{CHANGES}");
        if kept.remove(&file).map(Digest::of) != pinned.files.get(CHANGES).copied() {
            let message = format!("its SHA-256 is not the one in data/{RESULTS}");
            self.differs(&file, "changed", message);
        }
        self.done.skip(
            file,
            format!("it compares with {against}, whose snapshots are no part of the bundle"),
        );
        // The list of files then has it as it was given.
        if let Some(results) = again.get_mut(&format!("data/{RESULTS}")) {
            *results = with_changes(results, pinned)?;
        }
        Ok(())
    }
}
