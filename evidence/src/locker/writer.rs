//! The one writer of a locker: appends to the log, opens runs, tidies up after a crash.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::disk::RealDisk;
use super::draft::{self, Draft};
use super::{At, FORMAT, Identity, Layout, Locker, LockerError, put};
use crate::canonical;
use crate::clock::Timestamp;
use crate::custody::Custody;
use crate::digest::Digest;
use crate::log::{Entry, EntryType, NO_PREVIOUS, checkpoint};
use crate::snapshot::{AccountScope, Plan, Status, Tool};

/// Holds the lock of a locker; there is at most one per locker.
#[derive(Debug)]
pub struct Writer {
    pub(super) layout: Layout,
    identity: Identity,
    pub(super) entries: Vec<Entry>,
    lines: Vec<String>,
    /// Who vouches for checkpoints, if anybody does.
    pub(super) custody: Option<Arc<Custody>>,
    // Dropping the file releases the lock.
    _lock: File,
}

/// What was found of a run that had been cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Run id.
    pub run: String,
    /// What became of it, for a person.
    pub outcome: String,
}

impl Writer {
    /// Makes a new locker.
    pub fn create(dir: &Path, organization: &str, tool: &Tool, at: Timestamp) -> Result<Self, LockerError> {
        Self::create_in(Layout::new(dir), organization, tool, at)
    }

    /// Makes a new locker where the layout says.
    pub fn create_in(layout: Layout, organization: &str, tool: &Tool, at: Timestamp) -> Result<Self, LockerError> {
        let dir = layout.dir();
        check_vacant(dir)?;
        put::make_dir(layout.disk(), dir).map_err(|e| {
            let path = dir.to_owned();
            // The place was badly chosen, or the disk fails.
            match e.kind() {
                ErrorKind::PermissionDenied
                | ErrorKind::NotFound
                | ErrorKind::NotADirectory
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::InvalidFilename => LockerError::Occupied {
                    path,
                    what: format!("cannot be made: {e}"),
                },
                _ => LockerError::Io { path, source: e },
            }
        })?;
        for folder in [layout.log(), layout.checkpoints(), layout.snapshots(), layout.objects()] {
            layout.make_dir(&folder)?;
        }
        let lock = take_lock(&layout)?;
        prepare(&layout)?;
        if layout.identity().exists() || !layout.log_numbers()?.is_empty() {
            return Self::continue_with(layout, lock);
        }
        let genesis = Entry {
            v: 1,
            seq: 1,
            at,
            r#type: EntryType::Genesis,
            prev: NO_PREVIOUS.parse().map_err(|e: String| super::damaged("log", e))?,
            body: json!({ "format": FORMAT, "organization": organization, "tool": tool }),
        };
        let line = genesis.line()?;
        let identity = super::identity_of(&genesis, &line);
        let path = layout.entry(1);
        layout.put(&path, format!("{line}\n").as_bytes())?;
        let path = layout.identity();
        layout.put(&path, canonical::to_line(&identity)?.as_bytes())?;
        Ok(Self {
            layout,
            identity,
            entries: vec![genesis],
            lines: vec![line],
            custody: None,
            _lock: lock,
        })
    }

    /// Opens a locker for writing.
    pub fn open(dir: &Path) -> Result<Self, LockerError> {
        Self::open_in(Layout::new(dir))
    }

    /// Opens the locker of this layout for writing.
    pub fn open_in(layout: Layout) -> Result<Self, LockerError> {
        if !layout.identity().is_file() {
            return Err(LockerError::NotALocker(layout.dir().to_owned()));
        }
        let lock = take_lock(&layout)?;
        prepare(&layout)?;
        Self::continue_with(layout, lock)
    }

    fn continue_with(layout: Layout, lock: File) -> Result<Self, LockerError> {
        let locker = match Locker::open(layout.dir()) {
            // A crash between the first log entry and locker.json: the entry has all that is needed.
            Err(LockerError::NotALocker(_)) => {
                rebuild_identity(&layout)?;
                Locker::open(layout.dir())?
            }
            other => other?,
        };
        let mut writer = Self {
            layout,
            identity: locker.identity,
            entries: locker.entries,
            lines: locker.lines,
            custody: None,
            _lock: lock,
        };
        // A crash may have come between an entry and its checkpoint.
        if writer.entries.last().is_some_and(|last| last.r#type.has_checkpoint()) {
            writer.checkpoint()?;
        }
        Ok(writer)
    }

    /// The locker as a reader sees it now.
    pub fn locker(&self) -> Locker {
        Locker {
            layout: self.layout.clone(),
            identity: self.identity.clone(),
            entries: self.entries.clone(),
            lines: self.lines.clone(),
        }
    }

    /// Appends an entry to the log.
    pub fn append(&mut self, at: Timestamp, r#type: EntryType, body: Value) -> Result<u64, LockerError> {
        let seq = self.lines.len() as u64 + 1;
        let prev = Digest::of(self.lines.last().map_or("", String::as_str));
        let entry = Entry {
            v: 1,
            seq,
            at,
            r#type,
            prev,
            body,
        };
        let line = entry.line()?;
        let path = self.layout.entry(seq);
        self.layout.put(&path, format!("{line}\n").as_bytes())?;
        self.lines.push(line);
        self.entries.push(entry);
        Ok(seq)
    }

    /// Writes a checkpoint over the whole log, and has it vouched for.
    pub fn checkpoint(&mut self) -> Result<(), LockerError> {
        let size = self.lines.len() as u64;
        let path = self.layout.checkpoint(size);
        if path.exists() {
            return Ok(());
        }
        self.layout
            .put(&path, checkpoint(&self.identity.origin, &self.lines).as_bytes())?;
        self.vouch(size)
    }

    /// Logs the start of a run, before its first call.
    pub fn begin(mut self, at: Timestamp, tool: &Tool, plan: Plan) -> Result<Draft, LockerError> {
        let last = Digest::of(self.lines.last().map_or("", String::as_str));
        // Two runs of one second differ in what the log held before them.
        let run = format!("{}-{}", at.compact(), Digest::of(format!("{last}\n{at}\n")).short(8));
        // Before the log: a crash in between leaves a folder that nothing refers to, and no open
        // run of which nothing is left.
        let spool = draft::open_spool(&self.layout, &run, &plan)?;
        let mut body = json!({ "run": run, "tool": tool, "plan": plan });
        if let Some(token) = self.last_token() {
            body["previous_token"] = json!(token);
        }
        let seq = self.append(at, EntryType::RunOpen, body)?;
        self.checkpoint()?;
        Ok(Draft::from_spool(self, run, seq, at, tool.clone(), spool))
    }

    /// Seals what a crash has left of earlier runs; nothing is dropped without a trace.
    ///
    /// `at` is the time of recovery; `tool` is the program that recovers.
    pub fn recover(mut self, at: Timestamp) -> Result<(Self, Vec<Recovery>), LockerError> {
        let unclosed: Vec<Entry> = self.locker().unclosed_runs().into_iter().cloned().collect();
        let mut found = Vec::new();
        for open in unclosed {
            let run = open.text("run").unwrap_or_default().to_owned();
            let outcome;
            (self, outcome) = self.recover_run(&open, &run, at)?;
            found.push(Recovery { run, outcome });
        }
        self.sweep_spool()?;
        Ok((self, found))
    }

    /// Removes what is left in the spool of runs that are closed, or were never opened: a run
    /// makes no call before it is in the log.
    fn sweep_spool(&self) -> Result<(), LockerError> {
        let locker = self.locker();
        let open: Vec<_> = locker
            .unclosed_runs()
            .into_iter()
            .filter_map(|entry| entry.text("run"))
            .collect();
        let spool = self.layout.spool();
        for item in fs::read_dir(&spool).at(&spool)? {
            let run = item.at(&spool)?.file_name().to_string_lossy().into_owned();
            if !open.contains(&run.as_str()) {
                draft::remove_spool(&self.layout, &run)?;
            }
        }
        Ok(())
    }

    fn recover_run(mut self, open: &Entry, run: &str, at: Timestamp) -> Result<(Self, String), LockerError> {
        let sealed = self.layout.snapshot(run);
        if sealed.is_file() {
            // The crash came between the snapshot and its log entry.
            let bytes = fs::read(&sealed).at(&sealed)?;
            let snapshot = crate::snapshot::Snapshot::read(bytes.clone())
                .map_err(|e| super::damaged(self.layout.name_of(&sealed), e))?;
            self.append(at, EntryType::Recovered, json!({ "run": run, "found": "snapshot" }))?;
            draft::log_snapshot(&mut self, &snapshot.meta, Digest::of(&bytes), at)?;
            draft::remove_spool(&self.layout, run)?;
            return Ok((self, "its snapshot was whole and is now in the log".to_owned()));
        }
        self.append(at, EntryType::Recovered, json!({ "run": run, "found": "spool" }))?;
        match Draft::resume(&self.layout, run)? {
            Some(mut spool) if !spool.exchanges.is_empty() => {
                // The log was synced before the first call; the spool never was.
                let plan = open
                    .body
                    .get("plan")
                    .cloned()
                    .and_then(|plan| serde_json::from_value(plan).ok());
                spool.plan = plan.unwrap_or_default();
                let accounts = spooled_accounts(&spool.exchanges);
                let count = spool.exchanges.len();
                let tool: Tool = open
                    .body
                    .get("tool")
                    .and_then(|tool| serde_json::from_value(tool.clone()).ok())
                    .unwrap_or(Tool {
                        name: "exhibit".to_owned(),
                        version: "unknown".to_owned(),
                    });
                let draft = Draft::from_spool(self, run.to_owned(), open.seq, open.at, tool, spool);
                let sealing = draft.interrupted(accounts);
                let (writer, _) = draft.seal(draft::Sealing {
                    closed_at: at,
                    status: Status::Partial,
                    ..sealing
                })?;
                let s = if count == 1 { "" } else { "s" };
                Ok((writer, format!("sealed as a partial snapshot with {count} exchange{s}")))
            }
            _ => {
                self.append(
                    at,
                    EntryType::RunAbort,
                    json!({ "run": run, "reason": "interrupted", "exchanges": 0 }),
                )?;
                self.checkpoint()?;
                draft::remove_spool(&self.layout, run)?;
                Ok((self, "it had no answer yet and was closed as aborted".to_owned()))
            }
        }
    }
}

fn spooled_accounts(exchanges: &[crate::exchange::Exchange]) -> Vec<AccountScope> {
    let mut accounts: std::collections::BTreeMap<&str, std::collections::BTreeSet<&str>> = Default::default();
    for exchange in exchanges {
        accounts.entry(&exchange.account).or_default().insert(&exchange.region);
    }
    accounts
        .into_iter()
        .map(|(account, regions)| AccountScope {
            account: account.to_owned(),
            caller_arn: String::new(),
            regions: regions.into_iter().map(str::to_owned).collect(),
            events_home: None,
        })
        .collect()
}

/// A locker is made in a folder of its own.
fn check_vacant(dir: &Path) -> Result<(), LockerError> {
    let occupied = |what: String| {
        Err(LockerError::Occupied {
            path: dir.to_owned(),
            what,
        })
    };
    if dir.exists() && !dir.is_dir() {
        return occupied("is a file".to_owned());
    }
    if let Some(file) = dir.ancestors().skip(1).find(|above| above.is_file()) {
        return occupied(format!("cannot be made: {} is a file", file.display()));
    }
    if dir.is_dir() {
        for item in fs::read_dir(dir).at(dir)? {
            let name = item.at(dir)?.file_name().to_string_lossy().into_owned();
            if !Layout::is_part(&name) {
                return occupied(format!("holds other things, such as `{name}`"));
            }
        }
    }
    Ok(())
}

fn take_lock(layout: &Layout) -> Result<File, LockerError> {
    let path = layout.lock();
    let file = match RealDisk::new_file(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => RealDisk::open_file(&path).at(&path)?,
        Err(source) => return Err(LockerError::Io { path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockerError::Locked(layout.dir().to_owned())),
        Err(TryLockError::Error(source)) => Err(LockerError::Io { path, source }),
    }
}

/// Empties `tmp/`: what lies there never got its name, so nothing refers to it. Then makes durable
/// what the last process may have named without living to sync the folder: what is read now is
/// built on from here.
fn prepare(layout: &Layout) -> Result<(), LockerError> {
    let tmp = layout.tmp();
    layout.make_dir(&tmp)?;
    layout.make_dir(&layout.spool())?;
    for file in fs::read_dir(&tmp).at(&tmp)? {
        let path = file.at(&tmp)?.path();
        layout.disk().remove_file(&path).at(&path)?;
    }
    let (dir, objects) = (layout.dir(), layout.objects());
    let mut folders = vec![
        dir.to_owned(),
        layout.log(),
        layout.checkpoints(),
        layout.snapshots(),
        layout.salts(),
    ];
    if objects.is_dir() {
        for folder in fs::read_dir(&objects).at(&objects)? {
            folders.push(folder.at(&objects)?.path());
        }
        folders.push(objects);
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        layout.disk().sync_dir(folder).at(folder)?;
    }
    Ok(())
}

fn rebuild_identity(layout: &Layout) -> Result<(), LockerError> {
    let path = layout.entry(1);
    let text = fs::read_to_string(&path).at(&path)?;
    let line = text.trim_end_matches('\n');
    let entry: Entry = serde_json::from_str(line).map_err(|e| super::damaged(layout.name_of(&path), e))?;
    let identity = super::identity_of(&entry, line);
    let path = layout.identity();
    layout.put(&path, canonical::to_line(&identity)?.as_bytes())
}
