//! Running a control's query: read only, within limits, and wrapped so that gaps and exceptions
//! count. The wrapped text is what is run and what the auditor gets.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use evidence::clock::Timestamp;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::catalogue::Control;
use crate::manual::Bounds;
use crate::result::{ParameterUse, ResourceVerdict};
use crate::sql::{self, TextError};

/// The parameter that every query may use: the moment from which ages are counted.
pub const AS_OF: &str = "as_of";

/// All parameters that every query may use: besides [`AS_OF`] the bounds from and to which
/// records and events are looked for, whether the firm has closed the period (0 or 1), and the
/// control's own id.
pub const BUILT_IN: [&str; 5] = [AS_OF, CONTROL, "period_from", "period_to", "period_closed"];

/// The id of the control itself, for a query that several share.
const CONTROL: &str = "control";

/// The columns of every query, in this order.
pub const COLUMNS: [&str; 7] = ["account", "region", "resource", "name", "verdict", "reason", "source"];

/// Steps of SQLite's machine a query may take: some ten seconds. Steps, not seconds, so that a
/// slow machine gives the same verdicts as a fast one.
const STEPS: u64 = if cfg!(test) { 10_000_000 } else { 1_000_000_000 };
const STEPS_AT_ONCE: i32 = 10_000;

/// Functions that would make the answer depend on something other than the evidence, or that
/// SQLite 3.37 as shipped with Python or Debian does not have.
const REFUSED: &[&str] = &[
    "random",
    "randomblob",
    "load_extension",
    "current_timestamp",
    "current_date",
    "current_time",
    "changes",
    "total_changes",
    "last_insert_rowid",
    "sqlite_version",
    "sqlite_source_id",
    "fts3_tokenizer",
    "zeroblob",
    "->",
    "->>",
    "unixepoch",
    "format",
    "concat",
    "concat_ws",
    "string_agg",
    "octet_length",
    "timediff",
    "unhex",
    "json_error_position",
    "json_pretty",
    "jsonb",
    "jsonb_array",
    "jsonb_extract",
    "jsonb_object",
    "jsonb_set",
    "unistr",
    "unistr_quote",
    "if",
    "median",
    "percentile",
    "percentile_cont",
    "percentile_disc",
    "ceil",
    "ceiling",
    "floor",
    "trunc",
    "ln",
    "log",
    "log10",
    "log2",
    "exp",
    "pow",
    "power",
    "sqrt",
    "mod",
    "pi",
];

/// A query failed. The message says what to do where we can know.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The text is wrong.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A function that queries may not use.
    #[error(
        "the function `{0}` is not allowed: it is not known to SQLite 3.37, or its answer does not depend on the evidence alone"
    )]
    Function(String),
    /// A table that queries may not read.
    #[error("the table `{0}` may not be read; a query has evidence.db's own tables and json_each")]
    Table(String),
    /// Not the columns that are wanted.
    #[error("the query returns ({0}), but must return (account, region, resource, name, verdict, reason, source)")]
    Columns(String),
    /// Not finished within the limit.
    #[error("the query was stopped after {STEPS} steps; make it simpler")]
    TooLong,
    /// A cell that makes no sense.
    #[error("row {row}, column `{column}`: {message}")]
    Cell {
        /// Row of the answer, from 1.
        row: usize,
        /// Which column.
        column: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A member twice.
    #[error("{resource} in {account} {region} is returned twice; return every member of the population once")]
    Twice {
        /// Account.
        account: String,
        /// Region.
        region: String,
        /// Resource.
        resource: String,
    },
    /// SQLite refused.
    #[error("{}", plain(.0))]
    Sqlite(#[from] rusqlite::Error),
}

/// SQLite's message and the line it means, rather than the whole query.
fn plain(error: &rusqlite::Error) -> String {
    let rusqlite::Error::SqlInputError { msg, sql, offset, .. } = error else {
        return error.to_string();
    };
    let before = usize::try_from(*offset).ok().and_then(|at| sql.get(..at));
    match before.and_then(|before| sql.lines().nth(before.matches('\n').count())) {
        Some(line) => format!("{msg}, in `{}`", line.trim()),
        None => msg.clone(),
    }
}

/// A row of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Account id.
    pub account: String,
    /// Region or `global`.
    pub region: String,
    /// ARN or id.
    pub resource: String,
    /// Name.
    pub name: String,
    /// Verdict.
    pub verdict: ResourceVerdict,
    /// Reason.
    pub reason: String,
    /// Exchange.
    pub source: Option<u64>,
}

/// The text that is run: the page's query with its parameters filled in, between what says what
/// it is and what applies gaps and exceptions to it.
pub fn wrap(
    control: &Control,
    parameters: &[ParameterUse],
    run: &str,
    as_of: Timestamp,
    bounds: Bounds,
) -> Result<String, TextError> {
    let page = &control.page;
    let query = sql::fill(&page.sql, |name| match name {
        AS_OF => Some(sql::quote(&as_of.to_string())),
        CONTROL => Some(sql::quote(&page.id)),
        "period_from" => Some(sql::quote(&bounds.from.to_string())),
        "period_to" => Some(sql::quote(&bounds.to.to_string())),
        "period_closed" => Some(i64::from(bounds.closed).to_string()),
        _ => parameters
            .iter()
            .find(|p| p.name == name)
            .map(|p| sql::literal(&p.value)),
    })?;
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut used = String::new();
    if sql::parameters(&page.sql)?
        .iter()
        .any(|name| name.starts_with("period_") && BUILT_IN.contains(&name.as_str()))
    {
        let closed = if bounds.closed { "closed" } else { "open" };
        used.push_str(&format!(
            "--   period = {} up to {}, {closed}\n",
            bounds.from, bounds.to
        ));
    }
    for parameter in parameters {
        used.push_str(&format!("--   {} = {}", parameter.name, parameter.value));
        if let Some(changed) = &parameter.changed {
            let (by, why) = (line(&changed.by), line(&changed.why));
            used.push_str(&format!(" (default {}; changed by {by}: {why})", parameter.default));
        }
        used.push('\n');
    }
    if used.is_empty() {
        used.push_str("--   none\n");
    }
    let list = |operations: Vec<String>| operations.iter().map(|o| sql::quote(o)).collect::<Vec<_>>().join(", ");
    let to_be_asked = list(control.to_be_asked(parameters));
    let (id, title) = (&page.id, line(&page.title));
    let (operations, control, day) = (
        list(control.needed(parameters)),
        sql::quote(id),
        sql::quote(&as_of.day().to_string()),
    );
    Ok(format!(
        "-- Control: {id}
-- {title}
-- Snapshot: {run}, as of {as_of}
-- Run: sqlite3 evidence.db < test.sql
-- Parameters:
{used}
-- Every member of the population, judged by the test.
WITH found (account, region, resource, name, verdict, reason, source) AS (
{query}
),
-- What was never asked is not known, in a region or anywhere; nor what is said of all regions where one was not asked.
never (account, region, told) AS (
  SELECT account, region, min(operation) || ' was never asked in ' || coalesce(region, 'account ' || account)
    || CASE count(*) WHEN 1 THEN '' ELSE ', nor was other that the test needs' END
  FROM never_asked WHERE operation IN ({to_be_asked}) GROUP BY account, region
),
-- What a failed call leaves open is not passed.
seen AS (
  SELECT found.*,
    (
      SELECT never.told FROM never
      WHERE never.account = found.account AND (never.region IS NULL OR found.region IN (never.region, 'global'))
      ORDER BY never.region LIMIT 1
    ) AS unasked,
    CASE WHEN verdict = 'pass' THEN (
      SELECT MIN(gap.operation || ' (' || gap.code || ')') FROM gap
      WHERE gap.account = found.account AND gap.resource = found.resource
        AND gap.operation IN ({operations})
    ) END AS unseen,
    -- Where AWS does not offer a service there is nothing to test.
    CASE WHEN verdict = 'unknown' AND resource IN (region, account) THEN (
      SELECT CASE WHEN MIN(gap.code = 'not-offered') THEN MIN(substr(gap.operation, 1, instr(gap.operation, ':') - 1)) END
      FROM gap WHERE gap.account = found.account AND gap.region = found.region AND gap.operation IN ({operations})
    ) END AS absent,
    -- An approved deviation is accepted until its exception expires.
    CASE WHEN verdict = 'fail' THEN (
      SELECT MAX(e.expires || ', approved by ' || e.approver || ': ' || e.reason) FROM exception AS e
      WHERE e.control = {control} AND e.resource IN (found.resource, found.name)
        AND (e.account IS NULL OR e.account = found.account) AND e.expires >= {day}
    ) END AS approved
  FROM found
),
judged AS (
  SELECT account, region, resource, name,
    CASE WHEN unasked IS NOT NULL OR unseen IS NOT NULL THEN 'unknown' WHEN absent IS NOT NULL THEN 'na'
         WHEN approved IS NOT NULL THEN 'accepted' ELSE verdict END AS verdict,
    CASE WHEN unasked IS NOT NULL THEN 'evidence-missing: ' || unasked || '.'
         WHEN unseen IS NOT NULL THEN 'A call that the test needs failed: ' || unseen || '. Seen so far: ' || reason
         WHEN absent IS NOT NULL THEN 'AWS does not offer ' || absent || ' in ' || region || '.'
         WHEN approved IS NOT NULL THEN reason || ' Accepted until ' || approved
         ELSE reason END AS reason,
    source
  FROM seen
),
-- What was deleted while the run looked is in no other table: a member once, and nothing to judge.
everything AS (
  SELECT account, region, resource, name, verdict, reason, source FROM judged
  WHERE NOT EXISTS (
    SELECT 1 FROM gone WHERE gone.account = judged.account AND gone.resource = judged.resource
  )
  UNION ALL
  SELECT account, region, resource, resource, 'na',
    'Deleted while exhibit looked: it was listed (exchange ' || COALESCE(listed, '?') || '), then '
      || MIN(operation || ' (exchange ' || COALESCE(exchange, '?') || ') answered ' || COALESCE(error_code, message)) || '.', listed
  FROM gone WHERE (listed IS NOT NULL AND operation IN ({operations})) OR EXISTS (
    SELECT 1 FROM judged WHERE judged.account = gone.account AND judged.resource = gone.resource
  )
  GROUP BY account, region, resource, listed
)
SELECT account, region, resource, name, verdict, reason, source FROM everything
ORDER BY CASE verdict WHEN 'fail' THEN 0 WHEN 'unknown' THEN 1 WHEN 'accepted' THEN 2 WHEN 'pass' THEN 3 ELSE 4 END,
  account, region, resource, name;
"
    ))
}

/// What the authorizer saw.
#[derive(Debug, Default)]
struct Seen {
    tables: BTreeSet<String>,
    function: Option<String>,
    table: Option<String>,
}

/// Runs `work` while the connection can only read, and only for so long.
fn guarded<T>(
    db: &Connection,
    work: impl FnOnce() -> Result<T, QueryError>,
) -> Result<(T, BTreeSet<String>), QueryError> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let steps = Arc::new(AtomicU64::new(0));
    let (notes, count) = (Arc::clone(&seen), Arc::clone(&steps));
    db.authorizer(Some(move |context: AuthContext<'_>| {
        authorize(&context, &mut notes.lock().unwrap_or_else(PoisonError::into_inner))
    }))?;
    db.progress_handler(
        STEPS_AT_ONCE,
        Some(move || count.fetch_add(STEPS_AT_ONCE.unsigned_abs().into(), Ordering::Relaxed) > STEPS),
    )?;
    let answer = work();
    db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    db.progress_handler(0, None::<fn() -> bool>)?;

    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    match answer {
        Ok(answer) => Ok((answer, std::mem::take(&mut seen.tables))),
        Err(QueryError::Sqlite(_)) if seen.function.is_some() => {
            Err(QueryError::Function(seen.function.take().unwrap_or_default()))
        }
        Err(QueryError::Sqlite(_)) if seen.table.is_some() => {
            Err(QueryError::Table(seen.table.take().unwrap_or_default()))
        }
        Err(QueryError::Sqlite(e)) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Err(QueryError::TooLong)
        }
        Err(e) => Err(e),
    }
}

fn authorize(context: &AuthContext<'_>, seen: &mut Seen) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } => {
            if REFUSED
                .iter()
                .any(|refused| refused.eq_ignore_ascii_case(function_name))
            {
                seen.function = Some(function_name.to_owned());
                return Authorization::Deny;
            }
            Authorization::Allow
        }
        AuthAction::Read { table_name, .. } => {
            let hidden = ["sqlite_", "pragma_"]
                .iter()
                .any(|p| table_name.to_ascii_lowercase().starts_with(p));
            if hidden {
                seen.table = Some(table_name.to_owned());
                return Authorization::Deny;
            }
            seen.tables.insert(table_name.to_owned());
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

/// Prepares a page's own query and says which tables it reads.
pub(crate) fn tables_read(db: &Connection, text: &str) -> Result<BTreeSet<String>, QueryError> {
    let (columns, tables) = guarded(db, || {
        let statement = db.prepare(text)?;
        Ok(statement
            .column_names()
            .iter()
            .map(|c| (*c).to_owned())
            .collect::<Vec<_>>())
    })?;
    if columns != COLUMNS {
        return Err(QueryError::Columns(columns.join(", ")));
    }
    Ok(tables)
}

/// Runs a wrapped query.
pub(crate) fn run(db: &Connection, text: &str) -> Result<Vec<Found>, QueryError> {
    let (found, _) = guarded(db, || {
        let mut statement = db.prepare(text)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row, found.len() + 1)?);
        }
        Ok(found)
    })?;
    let mut members = BTreeSet::new();
    for row in &found {
        if !members.insert((&row.account, &row.region, &row.resource)) {
            return Err(QueryError::Twice {
                account: row.account.clone(),
                region: row.region.clone(),
                resource: row.resource.clone(),
            });
        }
    }
    Ok(found)
}

fn read(row: &rusqlite::Row<'_>, number: usize) -> Result<Found, QueryError> {
    let wrong = |at: usize, message: String| QueryError::Cell {
        row: number,
        column: COLUMNS[at],
        message,
    };
    let text = |at: usize| -> Result<String, QueryError> {
        match row.get_ref(at)?.as_str_or_null() {
            Ok(Some(text)) if !text.is_empty() => Ok(text.to_owned()),
            Ok(_) => Err(wrong(at, "is empty; every row needs it".to_owned())),
            Err(_) => Err(wrong(at, "is no text".to_owned())),
        }
    };
    let verdict = text(4)?;
    let source = row
        .get_ref(6)?
        .as_i64_or_null()
        .map_err(|_| wrong(6, "is no number of an exchange".to_owned()))?;
    Ok(Found {
        account: text(0)?,
        region: text(1)?,
        resource: text(2)?,
        name: text(3)?,
        verdict: ResourceVerdict::of(&verdict)
            .ok_or_else(|| wrong(4, format!("`{verdict}` is none of pass, fail, na, unknown")))?,
        reason: text(5)?,
        // 0 is no exchange.
        source: source.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
        SELECT 'a' AS account, 'r' AS region, 'x' AS resource, 'x' AS name, 'pass' AS verdict, max(i) AS reason, 1 AS source FROM n";

    #[test]
    fn a_query_without_end_is_stopped() {
        let db = Connection::open_in_memory().unwrap();
        let error = run(&db, ENDLESS).unwrap_err();
        assert!(matches!(error, QueryError::TooLong), "{error}");
        // The limit is each query's own.
        run(
            &db,
            &ENDLESS
                .replace("FROM n)", "FROM n WHERE i < 9)")
                .replace("max(i)", "'' || max(i)"),
        )
        .unwrap();
    }

    #[test]
    fn a_query_can_only_read() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE gap (x)").unwrap();
        for text in [
            "DELETE FROM gap",
            "INSERT INTO gap VALUES (1)",
            "ATTACH ':memory:' AS other",
            "PRAGMA user_version = 1",
            "DROP TABLE gap",
            "CREATE TABLE t (x)",
            "BEGIN",
        ] {
            assert!(run(&db, text).is_err(), "{text}");
        }
        // And afterwards the connection is free again.
        db.execute_batch("INSERT INTO gap VALUES (1)").unwrap();
    }
}
