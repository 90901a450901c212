//! A sealed run: what was asked, what came back, what it means as records, and what is missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, ArchiveError};
use crate::canonical::{self, NotCanonical};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::exchange::Exchange;
use crate::gap::Gap;
use crate::partition;
use crate::record::{Record, Row};

/// `format` of `snapshot.json`.
pub const FORMAT: &str = "exhibit.snapshot/1";

/// Did the run do all it had planned?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The plan was worked through; single calls may have failed (see the gaps).
    Complete,
    /// The run was interrupted; the gaps name what was not asked.
    Partial,
}

/// The program that collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `exhibit`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// An account in scope and the regions that were asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountScope {
    /// Account id.
    pub account: String,
    /// ARN of the identity that collected there.
    pub caller_arn: String,
    /// Regions asked, sorted.
    pub regions: Vec<String>,
    /// A region besides, of which only the event history was read: the home of the partition, where the events of
    /// global services stand. Left out where it is one of `regions`, or no events were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_home: Option<String>,
}

/// The controls that a run asked for, where these are not all in scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Their ids, sorted.
    pub ids: Vec<String>,
    /// How many controls were in scope.
    pub of: usize,
}

impl std::fmt::Display for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} controls", self.ids.len(), self.of)
    }
}

/// What a run sets out to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Ids of the collector's sources, sorted.
    pub sources: Vec<String>,
    /// The operations they make (`service:Operation`), sorted.
    pub operations: Vec<String>,
    /// Days of event history that are asked for; left out where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_days: Option<u32>,
    /// The controls that are asked for; left out where these are all in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Chosen>,
}

/// Count and digest of a JSON Lines file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Lines.
    pub count: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// `snapshot.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMeta {
    /// [`FORMAT`].
    pub format: String,
    /// Run id: `<UTC start>-<8 hex>`.
    pub run: String,
    /// Sequence number of the log entry `run-open`.
    pub seq_open: u64,
    /// When the run started; ages are counted from here.
    pub opened_at: Timestamp,
    /// When it was sealed.
    pub closed_at: Timestamp,
    /// Complete or partial.
    pub status: Status,
    /// What collected.
    pub tool: Tool,
    /// Accounts and regions asked, sorted by account.
    pub accounts: Vec<AccountScope>,
    /// Sources of the collector that the run was to read, sorted.
    pub sources: Vec<String>,
    /// Operations the run was to ask (`service:Operation`), sorted.
    pub operations: Vec<String>,
    /// Days of event history that were asked for, back from `opened_at`; left out where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_days: Option<u32>,
    /// The controls that were asked for; left out where these were all in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Chosen>,
    /// `exchanges.jsonl`.
    pub exchanges: Lines,
    /// `gaps.jsonl`.
    pub gaps: Lines,
    /// `records/<table>.jsonl` by table.
    pub records: BTreeMap<String, Lines>,
    /// Greatest difference between the local clock and AWS's `Date` header, in seconds.
    pub max_clock_skew_s: i64,
}

impl SnapshotMeta {
    /// Did the run ask for this control?
    pub fn asked_for(&self, control: &str) -> bool {
        self.controls
            .as_ref()
            .is_none_or(|chosen| chosen.ids.iter().any(|id| id == control))
    }

    /// Did the run ask for all controls in scope, and was it worked through?
    pub fn is_full(&self) -> bool {
        self.status == Status::Complete && self.controls.is_none()
    }
}

/// A snapshot in memory. Bodies stay in the archive.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// `snapshot.json`.
    pub meta: SnapshotMeta,
    /// All exchanges, in order.
    pub exchanges: Vec<Exchange>,
    /// All gaps, sorted.
    pub gaps: Vec<Gap>,
    /// Rows by table, sorted by account, region and key; a table without rows may be missing.
    pub tables: BTreeMap<String, Vec<Row>>,
}

/// A snapshot's zip is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The zip itself is damaged.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file in it is not what it should be.
    #[error("{file} in it: {message}")]
    File {
        /// The file inside the zip.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A newer exhibit wrote it.
    #[error("its format is `{0}`, which this version of exhibit does not know; use a newer exhibit")]
    Newer(String),
}

fn wrong(file: &str, message: impl ToString) -> SnapshotError {
    SnapshotError::File {
        file: file.to_owned(),
        message: message.to_string(),
    }
}

/// A row does not fit its table.
#[derive(Debug, thiserror::Error)]
#[error("a row of table `{table}` does not fit: {source}")]
pub struct BadRow {
    table: &'static str,
    source: serde_json::Error,
}

impl Snapshot {
    /// Reads a snapshot's zip and checks every digest in it, the bodies' included.
    pub fn read(bytes: Vec<u8>) -> Result<Self, SnapshotError> {
        let archive = Archive::of(bytes)?;
        let meta = read_meta(&archive)?;
        let mut expected = vec![
            "snapshot.json".to_owned(),
            "exchanges.jsonl".to_owned(),
            "gaps.jsonl".to_owned(),
        ];
        let exchanges: Vec<Exchange> = read_lines(&archive, "exchanges.jsonl", &meta.exchanges)?;
        let gaps = read_lines(&archive, "gaps.jsonl", &meta.gaps)?;
        let mut tables = BTreeMap::new();
        for (table, lines) in &meta.records {
            let file = format!("records/{table}.jsonl");
            tables.insert(table.clone(), read_lines(&archive, &file, lines)?);
            expected.push(file);
        }
        for (n, exchange) in exchanges.iter().enumerate() {
            if exchange.i != n as u64 + 1 {
                return Err(wrong(
                    "exchanges.jsonl",
                    format!("line {} has number {}", n + 1, exchange.i),
                ));
            }
            if let Some(file) = &exchange.body {
                let body = archive.read(file).map_err(|e| wrong(file, e))?;
                if Some(Digest::of(&body)) != exchange.body_sha256 || body.len() as u64 != exchange.body_len {
                    return Err(wrong(file, "its SHA-256 is not the one in exchanges.jsonl"));
                }
                expected.push(file.clone());
            }
        }
        if archive.names() != expected {
            return Err(wrong(
                "the list of files",
                "it does not match snapshot.json and exchanges.jsonl",
            ));
        }
        Ok(Self {
            meta,
            exchanges,
            gaps,
            tables,
        })
    }

    /// The partition of an account, as the ARN of whoever collected names it.
    pub fn partition(&self, account: &str) -> Option<&str> {
        let scope = self.meta.accounts.iter().find(|scope| scope.account == account);
        let named = || {
            let of_account = |row: &&Row| row.get("account").and_then(serde_json::Value::as_str) == Some(account);
            let row = self.rows("account").iter().find(of_account)?;
            row.get("partition")?.as_str().filter(|name| !name.is_empty())
        };
        scope
            .and_then(|scope| partition::of_arn(&scope.caller_arn))
            .or_else(named)
    }

    /// The region in which an account's global services are asked and have their events: the home of
    /// its partition; where that is not known, the region in which the caller asked who he is.
    pub fn home(&self, account: &str) -> Option<&str> {
        let asked = self
            .exchanges
            .iter()
            .find(|e| e.account == account && e.operation == "GetCallerIdentity")
            .map(|e| e.region.as_str());
        let known = self.partition(account).and_then(partition::named);
        known.map(|known| known.home).or(asked)
    }

    /// The rows of a table.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// The rows of a table as their type.
    pub fn all<R: Record>(&self) -> Result<Vec<R>, BadRow> {
        self.rows(R::TABLE.name)
            .iter()
            .map(|row| {
                serde_json::from_value(row.clone().into()).map_err(|source| BadRow {
                    table: R::TABLE.name,
                    source,
                })
            })
            .collect()
    }

    /// The exchange of this number.
    pub fn exchange(&self, i: u64) -> Option<&Exchange> {
        let at = self.exchanges.binary_search_by_key(&i, |e| e.i).ok()?;
        self.exchanges.get(at)
    }
}

/// The text of `records/<table>.jsonl`: one canonical line per row, by account, region and key.
pub fn records_text(rows: &[Row]) -> Result<String, NotCanonical> {
    let text = |row: &Row, name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let mut lines = rows
        .iter()
        .map(|row| {
            Ok((
                (text(row, "account"), text(row, "region"), text(row, "key")),
                canonical::to_line(row)?,
            ))
        })
        .collect::<Result<Vec<_>, NotCanonical>>()?;
    lines.sort();
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// The bodies of a snapshot's responses.
pub struct Bodies {
    archive: Archive<Vec<u8>>,
}

impl Bodies {
    /// Of the snapshot in these bytes.
    pub fn of(bytes: Vec<u8>) -> Result<Self, SnapshotError> {
        Ok(Self {
            archive: Archive::of(bytes)?,
        })
    }

    /// The bytes of one response, as received.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, SnapshotError> {
        self.archive.read(file).map_err(|e| wrong(file, e))
    }
}

type SnapshotArchive = Archive<Vec<u8>>;

fn read_meta(archive: &SnapshotArchive) -> Result<SnapshotMeta, SnapshotError> {
    let file = "snapshot.json";
    let bytes = archive.read(file).map_err(|e| wrong(file, e))?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| wrong(file, e))?;
    match value.get("format").and_then(|format| format.as_str()) {
        Some(FORMAT) => serde_json::from_value(value).map_err(|e| wrong(file, e)),
        Some(format) if format.starts_with("exhibit.snapshot/") => Err(SnapshotError::Newer(format.to_owned())),
        _ => Err(wrong(file, "`format` is not that of a snapshot")),
    }
}

fn read_lines<T: serde::de::DeserializeOwned>(
    archive: &SnapshotArchive,
    file: &str,
    lines: &Lines,
) -> Result<Vec<T>, SnapshotError> {
    let bytes = archive.read(file).map_err(|e| wrong(file, e))?;
    if Digest::of(&bytes) != lines.sha256 {
        return Err(wrong(file, "its SHA-256 is not the one in snapshot.json"));
    }
    let items: Vec<T> = bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(file, e))?;
    if items.len() as u64 == lines.count {
        Ok(items)
    } else {
        Err(wrong(file, "lines are missing"))
    }
}
