//! A run in progress: exchanges go to the spool as they happen; sealing makes one zip of them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::disk::DiskFile;
use super::rows::SpooledRows;
use super::{At, Layout, LockerError, Writer, put};
use crate::archive::ArchiveWriter;
use crate::canonical;
use crate::clock::Timestamp;
use crate::custody::entropy;
use crate::digest::Digest;
use crate::exchange::{Exchange, Redaction, Withheld, max_clock_skew};
use crate::gap::{Gap, ReasonCode};
use crate::log::EntryType;
use crate::record::Row;
use crate::snapshot::{AccountScope, FORMAT, Lines, Plan, SnapshotMeta, Status, Tool, records_text};

/// A run that has been opened and not yet closed.
#[derive(Debug)]
pub struct Draft {
    writer: Writer,
    run: String,
    seq_open: u64,
    opened_at: Timestamp,
    tool: Tool,
    plan: Plan,
    spool: Spool,
    rows: SpooledRows,
    salt: Option<Secret>,
}

/// Never printed.
#[derive(Clone, Copy)]
struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What is known at the end of a run, besides its exchanges.
#[derive(Debug)]
pub struct Sealing {
    /// When the run ended.
    pub closed_at: Timestamp,
    /// Whether it did all it had planned.
    pub status: Status,
    /// Accounts and regions asked.
    pub accounts: Vec<AccountScope>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// Rows by table.
    pub tables: BTreeMap<String, Vec<Row>>,
}

/// The files of a run in progress.
#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
    lines: Box<dyn DiskFile>,
    bodies: Box<dyn DiskFile>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) plan: Plan,
}

impl Draft {
    /// Reads what a crash has left, up to the first line or body that is not whole: the spool is never
    /// synced, so a power cut may leave part of it, or its length without its bytes.
    pub(super) fn resume(layout: &Layout, run: &str) -> Result<Option<Spool>, LockerError> {
        let dir = layout.spool().join(run);
        let open = |name: &str| layout.disk().open(&dir.join(name));
        let (Ok(mut lines), Ok(mut bodies)) = (open("exchanges.jsonl"), open("bodies.bin")) else {
            return Ok(None);
        };
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut stored = BufReader::new(&mut bodies);
        for line in BufReader::new(&mut lines).split(b'\n') {
            let line = line.at(&dir)?;
            let Ok(exchange) = serde_json::from_slice::<Exchange>(&line) else {
                break;
            };
            let mut body = Vec::new();
            (&mut stored).take(exchange.body_len).read_to_end(&mut body).at(&dir)?;
            let whole = exchange.body_sha256.is_none_or(|digest| digest == Digest::of(&body));
            if !whole || body.len() as u64 != exchange.body_len || exchange.i != exchanges.len() as u64 + 1 {
                break;
            }
            exchanges.push(exchange);
        }
        Ok(Some(Spool {
            dir,
            lines,
            bodies,
            exchanges,
            plan: Plan::default(),
        }))
    }

    pub(super) fn from_spool(
        writer: Writer,
        run: String,
        seq_open: u64,
        opened_at: Timestamp,
        tool: Tool,
        spool: Spool,
    ) -> Self {
        let plan = spool.plan.clone();
        // What a crash has left of it is no evidence: records are made anew from the exchanges.
        let rows = SpooledRows::at(spool.dir.join("rows.jsonl"));
        Self {
            writer,
            rows,
            run,
            seq_open,
            opened_at,
            tool,
            plan,
            spool,
            salt: None,
        }
    }

    /// The sealing of a run that was cut short: no records, and every operation a gap.
    pub(super) fn interrupted(&self, accounts: Vec<AccountScope>) -> Sealing {
        let gap = |scope: &AccountScope, operation: &String| Gap {
            account: scope.account.clone(),
            region: "global".to_owned(),
            operation: operation.clone(),
            resource: None,
            code: ReasonCode::EvidenceMissing,
            error_code: None,
            message: "the run was interrupted before its records were made".to_owned(),
            exchange: None,
        };
        let gaps = accounts
            .iter()
            .flat_map(|scope| self.plan.operations.iter().map(move |op| gap(scope, op)))
            .collect();
        Sealing {
            closed_at: self.opened_at,
            status: Status::Partial,
            accounts,
            gaps,
            tables: BTreeMap::new(),
        }
    }

    /// Run id.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// When the run was opened; ages are counted from here.
    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// Exchanges so far.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.spool.exchanges
    }

    /// Keeps an exchange and the body of its response; gives its number.
    ///
    /// `i`, `body`, `body_sha256` and `body_len` are filled in here.
    pub fn put(&mut self, mut exchange: Exchange, body: Option<&[u8]>) -> Result<u64, LockerError> {
        exchange.i = self.spool.exchanges.len() as u64 + 1;
        exchange.body = body.is_some().then(|| exchange.body_path());
        exchange.body_sha256 = body.map(Digest::of);
        exchange.body_len = body.map_or(0, <[u8]>::len) as u64;
        let line = canonical::to_line(&exchange)?;
        let dir = &self.spool.dir;
        // The body first: a line promises that its body is there.
        if let Some(body) = body {
            self.spool.bodies.write_all(body).at(dir)?;
        }
        self.spool.lines.write_all(line.as_bytes()).at(dir)?;
        let i = exchange.i;
        self.spool.exchanges.push(exchange);
        Ok(i)
    }

    /// Keeps a row in the spool, not in memory; unless its table has one of the same account, region and key.
    /// Says whether it is new. The table then is none of [`Sealing::tables`].
    pub fn keep_row(&mut self, table: &str, row: &Row) -> Result<bool, LockerError> {
        let disk = self.writer.layout.disk();
        self.rows.keep(disk, table, row)
    }

    /// Drops what [`Self::keep_row`] has kept of a table in an account and region.
    pub fn drop_rows(&mut self, table: &str, account: &str, region: &str) {
        self.rows.drop_of(table, account, region);
    }

    /// Logs what the run's calls will carry into AWS's own log: the digest of the checkpoint over
    /// the log up to this run's opening. AWS then dates that checkpoint with every call.
    /// `session` tells whether roles are assumed, whose sessions are then named so too.
    pub fn witness(&mut self, at: Timestamp, session: bool) -> Result<String, LockerError> {
        let locker = self.writer.locker();
        let size = usize::try_from(self.seq_open)
            .unwrap_or(usize::MAX)
            .min(locker.lines().len());
        let text = crate::log::checkpoint(&locker.identity().origin, &locker.lines()[..size]);
        let name = crate::log::witness(&text);
        self.writer.append(
            at,
            EntryType::Witness,
            json!({
                "run": self.run,
                "session_name": session.then_some(&name),
                "app_id": name,
                "checkpoint": self.seq_open,
                "sha256": Digest::of(&text),
            }),
        )?;
        Ok(name)
    }

    /// Keeps an exchange whose body was received as `original`, without what was taken out of it.
    pub fn put_redacted(
        &mut self,
        mut exchange: Exchange,
        body: &[u8],
        original: &[u8],
        withheld: &[Withheld],
    ) -> Result<u64, LockerError> {
        let secret = self.salt()?;
        let i = self.spool.exchanges.len() as u64 + 1;
        exchange.redaction = Some(Redaction::commit(&secret, i, original, withheld));
        self.put(exchange, Some(body))
    }

    /// The run's secret, made when it is first needed: `salts/<run>`, in no snapshot and no bundle.
    fn salt(&mut self) -> Result<[u8; 32], LockerError> {
        if let Some(Secret(secret)) = self.salt {
            return Ok(secret);
        }
        let layout = &self.writer.layout;
        let path = layout.salt(&self.run);
        let secret = entropy::bytes::<32>().map_err(io::Error::other).at(&path)?;
        layout.make_dir(&layout.salts())?;
        layout.put(&path, format!("{}\n", hex::encode(secret)).as_bytes())?;
        self.salt = Some(Secret(secret));
        Ok(secret)
    }

    /// Closes the run with a snapshot.
    pub fn seal(mut self, sealing: Sealing) -> Result<(Writer, SnapshotMeta), LockerError> {
        let layout = self.writer.layout.clone();
        let draft = layout.tmp().join(format!("{}.zip", self.run));
        let to = layout.snapshot(&self.run);
        let file = layout.disk().create(&draft).at(&draft)?;
        let (mut file, meta) = self.archive(file, &sealing)?;
        // Once more from the disk: what is signed for is what a reader will find.
        file.seek(SeekFrom::Start(0)).at(&draft)?;
        let digest = Digest::of_reader(&mut file).at(&draft)?;
        put::publish(layout.disk(), file, &draft, &to).at(&to)?;
        log_snapshot(&mut self.writer, &meta, digest, sealing.closed_at)?;
        remove_spool(&layout, &self.run)?;
        Ok((self.writer, meta))
    }

    /// Closes the run without a snapshot.
    pub fn abort(mut self, at: Timestamp, reason: &str) -> Result<Writer, LockerError> {
        let exchanges = self.spool.exchanges.len();
        self.writer.append(
            at,
            EntryType::RunAbort,
            json!({ "run": self.run, "reason": reason, "exchanges": exchanges }),
        )?;
        self.writer.checkpoint()?;
        remove_spool(&self.writer.layout, &self.run)?;
        Ok(self.writer)
    }

    fn archive(
        &mut self,
        file: Box<dyn DiskFile>,
        sealing: &Sealing,
    ) -> Result<(Box<dyn DiskFile>, SnapshotMeta), LockerError> {
        let exchanges = lines_of(&self.spool.exchanges)?;
        let mut gaps = sealing.gaps.clone();
        gaps.sort();
        gaps.dedup();
        let gaps = lines_of(&gaps)?;
        let mut records = BTreeMap::new();
        for (table, rows) in &sealing.tables {
            let text = records_text(rows)?;
            let lines = Lines {
                count: rows.len() as u64,
                sha256: Digest::of(&text),
            };
            records.insert(table.clone(), (lines, Some(text)));
        }
        for table in self.rows.tables() {
            records.insert(table.clone(), (self.rows.lines(&table)?, None));
        }
        let meta = SnapshotMeta {
            format: FORMAT.to_owned(),
            run: self.run.clone(),
            seq_open: self.seq_open,
            opened_at: self.opened_at,
            closed_at: sealing.closed_at,
            status: sealing.status,
            tool: self.tool.clone(),
            accounts: sealing.accounts.clone(),
            sources: self.plan.sources.clone(),
            operations: self.plan.operations.clone(),
            event_days: self.plan.event_days,
            controls: self.plan.controls.clone(),
            max_clock_skew_s: max_clock_skew(&self.spool.exchanges),
            exchanges: exchanges.0.clone(),
            gaps: gaps.0.clone(),
            records: records
                .iter()
                .map(|(table, (lines, _))| (table.clone(), lines.clone()))
                .collect(),
        };
        let mut archive = ArchiveWriter::new(file);
        archive.add("snapshot.json", canonical::to_line(&meta)?.as_bytes())?;
        archive.add("exchanges.jsonl", exchanges.1.as_bytes())?;
        archive.add("gaps.jsonl", gaps.1.as_bytes())?;
        for (table, (_, text)) in &records {
            let name = format!("records/{table}.jsonl");
            match text {
                Some(text) => archive.add(&name, text.as_bytes())?,
                None => {
                    let text = self.rows.text(table);
                    archive.add_from(&name, text.size, text)?;
                }
            }
        }
        self.spool.bodies.seek(SeekFrom::Start(0)).at(&self.spool.dir)?;
        let mut bodies = BufReader::new(&mut self.spool.bodies);
        for exchange in &self.spool.exchanges {
            let Some(name) = &exchange.body else { continue };
            let mut body = vec![0; usize::try_from(exchange.body_len).unwrap_or(usize::MAX)];
            bodies.read_exact(&mut body).at(&self.spool.dir)?;
            archive.add(name, &body)?;
        }
        Ok((archive.finish()?, meta))
    }
}

/// Makes the files of a run in progress.
pub(super) fn open_spool(layout: &Layout, run: &str, plan: &Plan) -> Result<Spool, LockerError> {
    let dir = layout.spool().join(run);
    // A crash between here and the log entry leaves the same name behind.
    remove_spool(layout, run)?;
    layout.make_dir(&dir)?;
    let (lines, bodies) = (dir.join("exchanges.jsonl"), dir.join("bodies.bin"));
    Ok(Spool {
        lines: layout.disk().create(&lines).at(&lines)?,
        bodies: layout.disk().create(&bodies).at(&bodies)?,
        exchanges: Vec::new(),
        plan: plan.clone(),
        dir,
    })
}

pub(super) fn log_snapshot(
    writer: &mut Writer,
    meta: &SnapshotMeta,
    sha256: Digest,
    at: Timestamp,
) -> Result<(), LockerError> {
    let mut body = json!({
        "run": meta.run,
        "opened_at": meta.opened_at,
        "file": format!("snapshots/{}.zip", meta.run),
        "sha256": sha256,
        // Lets a reader of an unpacked snapshot check it without this zip.
        "snapshot_json_sha256": Digest::of(canonical::to_line(meta)?),
        "status": meta.status,
        "exchanges": meta.exchanges.count,
        "gaps": meta.gaps.count,
    });
    if let Some(chosen) = &meta.controls {
        body["controls"] = json!(chosen);
    }
    writer.append(at, EntryType::Snapshot, body)?;
    writer.checkpoint()
}

pub(super) fn remove_spool(layout: &Layout, run: &str) -> Result<(), LockerError> {
    let dir = layout.spool().join(run);
    put::remove_all(layout.disk(), &dir).at(&dir)
}

/// JSON Lines of the items, with their count and digest.
fn lines_of<T: Serialize>(items: &[T]) -> Result<(Lines, String), LockerError> {
    let mut text = String::new();
    for item in items {
        text.push_str(&canonical::to_line(item)?);
    }
    Ok((
        Lines {
            count: items.len() as u64,
            sha256: Digest::of(&text),
        },
        text,
    ))
}
