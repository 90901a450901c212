//! `evidence.db`: one snapshot as SQLite tables, built in one fixed order so that its bytes repeat.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use chrono::NaiveDate;
use evidence::clock::Timestamp;
use evidence::digest::Digest;
use evidence::exchange::Outcome;
use evidence::gap::ReasonCode;
use evidence::manual::Attachment;
use evidence::record::{self, Column, Kind, Row};
use evidence::snapshot::{FORMAT, Lines, Snapshot, SnapshotMeta, Status, Tool};
use rusqlite::types::{Null, Value};
use rusqlite::{Connection, ToSql, params, params_from_iter};
use serde::Serialize;

use crate::asked::{self, NeverAsked};
use crate::catalogue::Control;
use crate::derived::{self, DerivedError};
use crate::gone::{self, Gone};
use crate::result::{ControlResult, Exception, ParameterUse};

/// A table of the engine's own: neither recorded nor derived, but needed to judge.
#[derive(Debug)]
pub struct HelperTable {
    /// Name.
    pub name: &'static str,
    /// What one row is.
    pub doc: &'static str,
    /// All columns.
    pub columns: &'static [Column],
}

/// Shorthand for a column of a helper table.
const fn column(name: &'static str, kind: Kind, doc: &'static str) -> Column {
    Column { name, doc, kind }
}

/// The engine's own tables, in the order in which they are built.
pub static HELPERS: &[HelperTable] = &[
    HelperTable {
        name: "run",
        doc: "The run that made the snapshot; one row.",
        columns: &[
            column("snapshot", Kind::Text, "Run id."),
            column(
                "as_of",
                Kind::Text,
                "The moment from which ages are counted: when the run started.",
            ),
            column("opened_at", Kind::Text, "When the run started."),
            column("closed_at", Kind::Text, "When the snapshot was sealed."),
            column(
                "status",
                Kind::Text,
                "`complete`, or `partial` if the run was interrupted.",
            ),
        ],
    },
    HelperTable {
        name: "gap",
        doc: "Something that could not be seen, and why; what was deleted meanwhile is in `gone`.",
        columns: &[
            column("account", Kind::Text, "Account that was asked."),
            column("region", Kind::Text, "Region that was asked."),
            column("operation", Kind::Text, "`service:Operation`."),
            column(
                "resource",
                Kind::Text,
                "The one thing asked about; null when a whole list is missing.",
            ),
            column("code", Kind::Text, "Reason code."),
            column("error_code", Kind::Text, "AWS's error code."),
            column("message", Kind::Text, "AWS's message or ours."),
            column("exchange", Kind::Integer, "The last exchange of the failed call."),
        ],
    },
    HelperTable {
        name: "never_asked",
        doc: "An operation that was never asked: what would come of it has no row, and is not absent.",
        columns: &[
            column("account", Kind::Text, "Account that was not asked."),
            column(
                "region",
                Kind::Text,
                "Region that was not asked; null where none was, so that nothing is known in the account.",
            ),
            column("operation", Kind::Text, "`service:Operation`."),
        ],
    },
    HelperTable {
        name: "gone",
        doc: "Something that was listed and had been deleted when it was asked about. Tables of the service that says so do not have it.",
        columns: &[
            column("account", Kind::Text, "Account that was asked."),
            column("region", Kind::Text, "Region that was asked."),
            column("operation", Kind::Text, "`service:Operation`."),
            column("resource", Kind::Text, "The one thing asked about."),
            column("error_code", Kind::Text, "AWS's error code."),
            column("message", Kind::Text, "AWS's message or ours."),
            column("exchange", Kind::Integer, "The exchange that says it is not there."),
            column("listed", Kind::Integer, "The exchange that had listed it."),
        ],
    },
    HelperTable {
        name: "collection",
        doc: "How often an operation was asked in an account and region, and how often it was answered.",
        columns: &[
            column("account", Kind::Text, "Account that was asked."),
            column("region", Kind::Text, "Region that was asked."),
            column("operation", Kind::Text, "`service:Operation`."),
            column("asked", Kind::Integer, "Calls made; retries of a call are not counted."),
            column(
                "answered",
                Kind::Integer,
                "Calls whose last attempt brought a whole response, whatever it said.",
            ),
            column("failed", Kind::Integer, "Gaps recorded."),
        ],
    },
    HelperTable {
        name: "exchange",
        doc: "One HTTP request to AWS and its answer.",
        columns: &[
            column("i", Kind::Integer, "Number within the run; `source` of the records."),
            column("account", Kind::Text, "Account that was asked."),
            column("region", Kind::Text, "Region that was asked."),
            column("operation", Kind::Text, "`service:Operation`."),
            column("status", Kind::Integer, "HTTP status; null when no response came."),
            column("request_id", Kind::Text, "AWS's request id, the same as in CloudTrail."),
            column("sent_at", Kind::Text, "When it was sent."),
            column("body", Kind::Text, "Path of the response body in the snapshot."),
            column("body_sha256", Kind::Text, "SHA-256 of the response body."),
        ],
    },
    HelperTable {
        name: "parameter",
        doc: "A parameter of a control as used.",
        columns: &[
            column("control", Kind::Text, "Control id."),
            column("name", Kind::Text, "Parameter."),
            column("value", Kind::Json, "The value used, as JSON."),
            column(
                "changed_by",
                Kind::Text,
                "Who changed it; null where the default holds.",
            ),
            column("why", Kind::Text, "Why it was changed."),
        ],
    },
    HelperTable {
        name: "exception",
        doc: "A deviation that somebody approved, for a time.",
        columns: &[
            column("control", Kind::Text, "Control id."),
            column(
                "resource",
                Kind::Text,
                "Resource as the test prints it (ARN, id or name).",
            ),
            column("account", Kind::Text, "Account, where only one is meant."),
            column("reason", Kind::Text, "Why it is accepted."),
            column("approver", Kind::Text, "Who approved."),
            column("expires", Kind::Text, "Last day on which it holds."),
        ],
    },
    HelperTable {
        name: "attachment",
        doc: "A record that a person supplied for a control; those that were replaced are left out.",
        columns: &[
            column("id", Kind::Text, "`A` and the number of its log entry."),
            column("control", Kind::Text, "Control id."),
            column("account", Kind::Text, "Account, where only one is meant."),
            column("title", Kind::Text, "What it shows."),
            column("statement", Kind::Text, "What the owner states."),
            column("owner", Kind::Text, "Who owns the control."),
            column("performed_on", Kind::Text, "Day on which the control was performed."),
            column("performer", Kind::Text, "Who performed it."),
            column("reviewer", Kind::Text, "Who reviewed it."),
            column("period_from", Kind::Text, "First day that it covers."),
            column("period_to", Kind::Text, "Last day that it covers."),
            column("source_system", Kind::Text, "System that the files were taken from."),
            column("comment", Kind::Text, "Remark."),
            column(
                "files",
                Kind::Json,
                "Its files: list of `name`, `size`, `sha256`, `type`.",
            ),
        ],
    },
    HelperTable {
        name: "fact",
        doc: "A structured statement of an attachment, as the control's page declares it.",
        columns: &[
            column("control", Kind::Text, "Control id."),
            column("attachment", Kind::Text, "Its attachment."),
            column("kind", Kind::Text, "Kind, of those that the page declares."),
            column("subject", Kind::Text, "What it is about."),
            column("account", Kind::Text, "Account, where only one is meant."),
            column("performed_on", Kind::Text, "As in the attachment."),
            column("owner", Kind::Text, "As in the attachment."),
            column("performer", Kind::Text, "As in the attachment."),
            column("reviewer", Kind::Text, "As in the attachment."),
            column("data", Kind::Json, "Its other fields, an object."),
        ],
    },
    HelperTable {
        name: "verdict",
        doc: "The verdict on one member of a control's population.",
        columns: &[
            column("control", Kind::Text, "Control id."),
            column("account", Kind::Text, "Account."),
            column("region", Kind::Text, "Region or `global`."),
            column("resource", Kind::Text, "ARN where AWS gives one, else AWS's id."),
            column("name", Kind::Text, "What a person calls it."),
            column("verdict", Kind::Text, "`fail`, `unknown`, `accepted`, `pass` or `na`."),
            column("reason", Kind::Text, "Why."),
        ],
    },
    HelperTable {
        name: "control_verdict",
        doc: "The verdict on a control in one account.",
        columns: &[
            column("control", Kind::Text, "Control id."),
            column("account", Kind::Text, "Account."),
            column(
                "verdict",
                Kind::Text,
                "`fail`, `not-tested`, `pass-with-exceptions`, `pass` or `na`.",
            ),
            column("code", Kind::Text, "Reason code when not tested."),
        ],
    },
];

/// Where a table of `evidence.db` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Normalised from responses.
    Recorded,
    /// Computed from recorded tables.
    Derived,
    /// The engine's own.
    Helper,
}

/// A table as the data dictionary prints it.
#[derive(Clone, Debug, Serialize)]
pub struct DictionaryTable {
    /// Name.
    pub name: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    /// What one row is.
    pub doc: &'static str,
    /// AWS operations behind a recorded table.
    pub operations: Vec<&'static str>,
    /// Tables a derived one is computed from.
    pub from: Vec<&'static str>,
    /// All columns.
    pub columns: Vec<DictionaryColumn>,
}

/// A column as the data dictionary prints it.
#[derive(Clone, Debug, Serialize)]
pub struct DictionaryColumn {
    /// Name.
    pub name: &'static str,
    /// SQLite type.
    pub sql: &'static str,
    /// What it holds.
    pub doc: &'static str,
}

/// Every table of `evidence.db` with its columns, in the order in which they are built.
pub fn dictionary() -> Vec<DictionaryTable> {
    let columns = |columns: &'static [Column]| {
        columns
            .iter()
            .map(|c| DictionaryColumn {
                name: c.name,
                sql: c.kind.sql(),
                doc: c.doc.trim(),
            })
            .collect()
    };
    let recorded = record::TABLES.iter().map(|table| DictionaryTable {
        name: table.name,
        origin: Origin::Recorded,
        doc: table.doc.trim(),
        operations: table.operations.to_vec(),
        from: Vec::new(),
        columns: columns(table.columns),
    });
    let derived = derived::TABLES.iter().map(|table| DictionaryTable {
        name: table.name,
        origin: Origin::Derived,
        doc: table.doc.trim(),
        operations: Vec::new(),
        from: table.from.to_vec(),
        columns: columns(table.columns),
    });
    let helpers = HELPERS.iter().map(|table| DictionaryTable {
        name: table.name,
        origin: Origin::Helper,
        doc: table.doc,
        operations: Vec::new(),
        from: Vec::new(),
        columns: columns(table.columns),
    });
    recorded.chain(derived).chain(helpers).collect()
}

/// The database could not be built from the snapshot.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A table this program does not know.
    #[error(
        "the snapshot has a table `{0}` that this version of exhibit does not know; use the version that collected it"
    )]
    Table(String),
    /// A column this program does not know.
    #[error("table `{table}` has a column `{column}` that this version of exhibit does not know")]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// A value of another type.
    #[error("table `{table}`, column `{column}`: {value} is not of its type")]
    Value {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The value.
        value: serde_json::Value,
    },
    /// A derived table could not be computed.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// SQLite refused.
    #[error("evidence.db could not be written: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// `evidence.db` in memory.
#[derive(Debug)]
pub struct Database {
    db: Connection,
}

impl Database {
    /// All tables, without rows.
    pub fn empty() -> Result<Self, DatabaseError> {
        Self::build(&blank())
    }

    /// All tables filled from a snapshot; parameters, exceptions and verdicts come later.
    pub fn build(snapshot: &Snapshot) -> Result<Self, DatabaseError> {
        let db = Connection::open_in_memory()?;
        // Left-overs of deleted cells would be carried into the bytes; the size is SQLite's default, pinned.
        db.execute_batch("PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8'; PRAGMA secure_delete = ON")?;
        Self::fill(db, snapshot, Tables::ToMake)
    }

    /// As [`Self::build`], but on a copy of a database whose tables are there already: the same rows in other
    /// pages, in half the time. For examples, which are many, small, and not kept.
    pub(crate) fn scratch(snapshot: &Snapshot) -> Result<Self, DatabaseError> {
        static BLANK: OnceLock<Vec<u8>> = OnceLock::new();
        let blank = match BLANK.get() {
            Some(blank) => blank,
            None => {
                let empty = Self::empty()?;
                empty.db.execute_batch("DELETE FROM run")?;
                let bytes = empty.bytes()?;
                BLANK.get_or_init(|| bytes)
            }
        };
        let mut db = Connection::open_in_memory()?;
        db.deserialize_read_exact("main", blank.as_slice(), blank.len(), false)?;
        Self::fill(db, snapshot, Tables::There)
    }

    /// Fills all tables, and makes each before, in the one order.
    fn fill(db: Connection, snapshot: &Snapshot, tables: Tables) -> Result<Self, DatabaseError> {
        if let Some(unknown) = snapshot.tables.keys().find(|name| record::table(name).is_none()) {
            return Err(DatabaseError::Table(unknown.clone()));
        }
        let (present, gone) = gone::apart(snapshot);
        db.execute_batch("BEGIN")?;
        for table in record::TABLES {
            tables.make(|| create(&db, table.name, table.columns))?;
            insert(&db, table.name, table.columns, present.rows(table.name))?;
        }
        let never = asked::never_asked(snapshot);
        derived::fill(&db, &asked::with_gaps(&present, &never), &never, tables)?;
        for table in HELPERS {
            tables.make(|| create(&db, table.name, table.columns))?;
        }
        let database = Self { db };
        database.put_run(snapshot, &never)?;
        database.put_gone(&gone)?;
        database.db.execute_batch("COMMIT")?;
        Ok(database)
    }

    /// The connection, for queries.
    pub fn connection(&self) -> &Connection {
        &self.db
    }

    /// The database file. The same rows always give the same bytes.
    pub fn bytes(&self) -> Result<Vec<u8>, DatabaseError> {
        Ok(self.db.serialize("main")?.to_vec())
    }

    fn put_gone(&self, gone: &[Gone<'_>]) -> Result<(), DatabaseError> {
        let mut insert = self
            .db
            .prepare("INSERT INTO gone VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        for Gone { gap, listed } in gone {
            insert.execute(params![
                gap.account,
                gap.region,
                gap.operation,
                gap.resource,
                gap.error_code,
                gap.message,
                gap.exchange.map(u64::cast_signed),
                listed.map(u64::cast_signed),
            ])?;
        }
        Ok(())
    }

    fn put_run(&self, snapshot: &Snapshot, never: &[NeverAsked]) -> Result<(), DatabaseError> {
        let meta = &snapshot.meta;
        let status = match meta.status {
            Status::Complete => "complete",
            Status::Partial => "partial",
        };
        let (opened, closed) = (meta.opened_at.to_string(), meta.closed_at.to_string());
        self.db.execute(
            "INSERT INTO run VALUES (?1, ?2, ?2, ?3, ?4)",
            params![meta.run, opened, closed, status],
        )?;

        let unasked: Vec<_> = asked::regional_gaps(never).collect();
        let mut gaps = self
            .db
            .prepare("INSERT INTO gap VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        let open = snapshot.gaps.iter().filter(|gap| gap.code != ReasonCode::Gone);
        for gap in open.chain(&unasked) {
            gaps.execute(params![
                gap.account,
                gap.region,
                gap.operation,
                gap.resource,
                gap.code.as_str(),
                gap.error_code,
                gap.message,
                gap.exchange.map(u64::cast_signed),
            ])?;
        }
        let mut insert = self.db.prepare("INSERT INTO never_asked VALUES (?1, ?2, ?3)")?;
        for NeverAsked {
            account,
            operation,
            region,
        } in never
        {
            insert.execute(params![account, region, operation])?;
        }
        let mut exchanges = self
            .db
            .prepare("INSERT INTO exchange VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        for exchange in &snapshot.exchanges {
            exchanges.execute(params![
                exchange.i.cast_signed(),
                exchange.account,
                exchange.region,
                exchange.call(),
                exchange.status,
                exchange.request_id,
                exchange.sent_at.to_string(),
                exchange.body,
                exchange.body_sha256.map(|d| d.to_string()),
            ])?;
        }
        let mut collection = self
            .db
            .prepare("INSERT INTO collection VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for ((account, region, operation), count) in collected(snapshot) {
            collection.execute(params![
                account,
                region,
                operation,
                count.asked,
                count.answered,
                count.failed
            ])?;
        }
        Ok(())
    }

    /// Writes down the parameters and exceptions the controls are judged with.
    pub(crate) fn put_settings<'a>(
        &self,
        parameters: impl IntoIterator<Item = (&'a Control, Vec<ParameterUse>)>,
        exceptions: &[Exception],
    ) -> Result<(), DatabaseError> {
        self.db.execute_batch("BEGIN")?;
        let mut insert = self.db.prepare("INSERT INTO parameter VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for (control, parameters) in parameters {
            for parameter in parameters {
                let (by, why) = parameter.changed.map(|c| (c.by, c.why)).unzip();
                insert.execute(params![
                    control.page.id,
                    parameter.name,
                    parameter.value.to_string(),
                    by,
                    why
                ])?;
            }
        }
        let mut insert = self
            .db
            .prepare("INSERT INTO exception VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for e in exceptions {
            let expires = e.expires.to_string();
            insert.execute(params![e.control, e.resource, e.account, e.reason, e.approver, expires])?;
        }
        self.db.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Writes down what people supplied.
    pub(crate) fn put_attachments(&self, attachments: &[Attachment]) -> Result<(), DatabaseError> {
        self.db.execute_batch("BEGIN")?;
        let mut records = self
            .db
            .prepare("INSERT INTO attachment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")?;
        let mut facts = self
            .db
            .prepare("INSERT INTO fact VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
        for attachment in attachments {
            let a = &attachment.evidence;
            let performed_on = a.performed_on.to_string();
            let files = serde_json::to_value(&a.files).unwrap_or_default();
            records.execute(params![
                attachment.id,
                a.control,
                a.account,
                a.title,
                a.statement,
                a.owner,
                performed_on,
                a.performer,
                a.reviewer,
                a.period_from.to_string(),
                a.period_to.to_string(),
                a.source_system,
                a.comment,
                files.to_string(),
            ])?;
            for fact in &a.facts {
                facts.execute(params![
                    a.control,
                    attachment.id,
                    fact.kind,
                    fact.subject,
                    fact.account.as_ref().or(a.account.as_ref()),
                    performed_on,
                    a.owner,
                    a.performer,
                    a.reviewer,
                    serde_json::Value::Object(fact.data.clone()).to_string(),
                ])?;
            }
        }
        self.db.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Writes down a control's verdicts, for the controls that come after it.
    pub(crate) fn put_result(&self, result: &ControlResult) -> Result<(), DatabaseError> {
        self.db.execute_batch("BEGIN")?;
        let mut insert = self
            .db
            .prepare("INSERT INTO verdict VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for r in &result.resources {
            insert.execute(params![
                result.id,
                r.account,
                r.region,
                r.resource,
                r.name,
                r.verdict.as_str(),
                r.reason
            ])?;
        }
        let mut insert = self.db.prepare("INSERT INTO control_verdict VALUES (?1, ?2, ?3, ?4)")?;
        for a in &result.accounts {
            insert.execute(params![
                result.id,
                a.account,
                a.verdict.as_str(),
                a.code.map(|c| c.as_str())
            ])?;
        }
        self.db.execute_batch("COMMIT")?;
        Ok(())
    }
}

/// A snapshot of nothing.
fn blank() -> Snapshot {
    let at = Timestamp::start_of(NaiveDate::default());
    let none = || Lines {
        count: 0,
        sha256: Digest::of(""),
    };
    Snapshot {
        meta: SnapshotMeta {
            format: FORMAT.to_owned(),
            run: String::new(),
            seq_open: 0,
            opened_at: at,
            closed_at: at,
            status: Status::Partial,
            tool: Tool {
                name: String::new(),
                version: String::new(),
            },
            accounts: Vec::new(),
            sources: Vec::new(),
            operations: Vec::new(),
            event_days: None,
            controls: None,
            exchanges: none(),
            gaps: none(),
            records: BTreeMap::new(),
            max_clock_skew_s: 0,
        },
        exchanges: Vec::new(),
        gaps: Vec::new(),
        tables: BTreeMap::new(),
    }
}

/// Whether the tables of a database are there before it is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    /// Each is made before its rows come.
    ToMake,
    /// All are there, without rows.
    There,
}

impl Tables {
    /// Makes one, unless it is there.
    pub(crate) fn make(self, create: impl FnOnce() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        if self == Self::There { Ok(()) } else { create() }
    }
}

fn create(db: &Connection, name: &str, columns: &[Column]) -> rusqlite::Result<()> {
    let columns: Vec<_> = columns
        .iter()
        .map(|c| format!("\"{}\" {}", c.name, c.kind.sql()))
        .collect();
    db.execute_batch(&format!("CREATE TABLE \"{name}\" ({})", columns.join(", ")))
}

fn insert(db: &Connection, table: &'static str, columns: &'static [Column], rows: &[Row]) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let marks = vec!["?"; columns.len()].join(", ");
    let mut insert = db.prepare(&format!("INSERT INTO \"{table}\" VALUES ({marks})"))?;
    for row in rows {
        if let Some(unknown) = row.keys().find(|key| !columns.iter().any(|c| c.name == *key)) {
            return Err(DatabaseError::Column {
                table,
                column: unknown.clone(),
            });
        }
        let cells: Vec<Value> = columns
            .iter()
            .map(|column| cell(table, column, row.get(column.name)))
            .collect::<Result<_, _>>()?;
        insert.execute(params_from_iter(cells.iter().map(|c| c as &dyn ToSql)))?;
    }
    Ok(())
}

fn cell(table: &'static str, column: &Column, value: Option<&serde_json::Value>) -> Result<Value, DatabaseError> {
    use serde_json::Value as Json;
    Ok(match (column.kind, value) {
        (_, None | Some(Json::Null)) => Null.into(),
        (Kind::Text, Some(Json::String(text))) => text.clone().into(),
        (Kind::Boolean, Some(Json::Bool(flag))) => i64::from(*flag).into(),
        (Kind::Json, Some(list @ (Json::Array(_) | Json::Object(_)))) => list.to_string().into(),
        (Kind::Integer, Some(Json::Number(number))) if number.is_i64() => number.as_i64().into(),
        (_, Some(value)) => {
            return Err(DatabaseError::Value {
                table,
                column: column.name,
                value: value.clone(),
            });
        }
    })
}

#[derive(Default)]
struct Collected {
    asked: i64,
    answered: i64,
    failed: i64,
}

/// Calls by account, region and operation. A call is one SDK invocation, whatever its retries.
fn collected(snapshot: &Snapshot) -> BTreeMap<(&str, &str, String), Collected> {
    let mut counts: BTreeMap<_, Collected> = BTreeMap::new();
    let mut last: BTreeMap<&str, bool> = BTreeMap::new();
    for exchange in &snapshot.exchanges {
        last.insert(&exchange.invocation, exchange.outcome == Outcome::Response);
    }
    let mut seen = BTreeSet::new();
    for exchange in &snapshot.exchanges {
        let count: &mut Collected = counts
            .entry((exchange.account.as_str(), exchange.region.as_str(), exchange.call()))
            .or_default();
        if seen.insert(exchange.invocation.as_str()) {
            count.asked += 1;
            count.answered += i64::from(last.get(exchange.invocation.as_str()).copied().unwrap_or_default());
        }
    }
    for gap in snapshot.gaps.iter().filter(|gap| gap.code.leaves_open()) {
        let key = (gap.account.as_str(), gap.region.as_str(), gap.operation.clone());
        counts.entry(key).or_default().failed += 1;
    }
    counts
}
