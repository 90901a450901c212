//! Derived tables: what Rust computes where SQL would be opaque.
//!
//! A derived table says nothing that its record tables do not hold; it spells out policies,
//! address ranges and flags so that the query of a control stays readable. What cannot be told
//! is null, never a default.

use evidence::record::{Column, Kind};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use crate::asked::NeverAsked;
use crate::catalogue::operations_of;
use crate::database::Tables;

mod backup;
mod cloudtrail;
mod ec2;
mod ecr;
mod efs;
mod gaps;
mod home;
mod iam;
mod iam_admin;
mod iam_held;
mod kms;
mod monitoring;
mod network;
mod notification;
mod opensearch;
mod organizations;

mod replica;
mod row;
mod s3;
mod s3_data_events;
mod s3_delete;
mod secretsmanager;
mod sns;
mod stores;
mod trust;

/// Description of a derived table.
#[derive(Debug)]
pub struct DerivedTable {
    /// Name in `evidence.db`.
    pub name: &'static str,
    /// What one row is.
    pub doc: &'static str,
    /// All columns.
    pub columns: &'static [Column],
    /// The record tables it is computed from.
    pub from: &'static [&'static str],
}

/// Every derived table, in the order in which they are built.
pub static TABLES: &[DerivedTable] = &[
    backup::COVERAGE,
    backup::PLAN_RESOURCE,
    cloudtrail::TRAIL_COVERAGE,
    ec2::RULE_SOURCE,
    ecr::REPOSITORY_SCANNING,
    efs::POLICY_STATEMENT,
    home::ACCOUNT_HOME,
    iam::POLICY_STATEMENT,
    iam_admin::FULL_ADMIN,
    iam_admin::POLICY_FULL_ADMIN,
    kms::POLICY_STATEMENT,
    monitoring::EVENT_RULE_TARGET,
    monitoring::FILTER_EVENT,
    monitoring::METRIC_FILTER_ALARM,
    monitoring::MONITORED_EVENT,
    monitoring::RULE_EVENT,
    network::SUBNET_ROUTE,
    notification::NOTIFICATION,
    opensearch::DOMAIN_EXPOSURE,
    organizations::POLICY_STATEMENT,
    replica::DATA_REPLICA,
    s3::BUCKET_EXPOSURE,
    s3::POLICY_STATEMENT,
    s3_data_events::DATA_EVENT_COVERAGE,
    s3_delete::PRINCIPAL_S3_DELETE,
    secretsmanager::ROTATION,
    sns::POLICY_STATEMENT,
    trust::ROLE_TRUST,
];

/// A derived table could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum DerivedError {
    /// A row does not fit its table.
    #[error(transparent)]
    Row(#[from] evidence::snapshot::BadRow),
    /// SQLite refused.
    #[error("a derived table could not be written: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Creates and fills every derived table, inside the caller's transaction. Where an operation behind a table was never
/// asked, its rows conclude nothing.
pub(crate) fn fill(
    db: &rusqlite::Connection,
    snapshot: &Snapshot,
    never: &[NeverAsked],
    tables: Tables,
) -> Result<(), DerivedError> {
    let write = |table: &DerivedTable, mut rows: Vec<Cells>| {
        leave_open(table, never, &mut rows);
        write(db, tables, table, rows)
    };
    write(&backup::COVERAGE, backup::coverage(snapshot))?;
    write(&backup::PLAN_RESOURCE, backup::plan_resources(snapshot))?;
    write(&cloudtrail::TRAIL_COVERAGE, cloudtrail::trail_coverage(snapshot))?;
    write(&ec2::RULE_SOURCE, ec2::rule_sources(snapshot))?;
    write(&ecr::REPOSITORY_SCANNING, ecr::repository_scanning(snapshot))?;
    write(&efs::POLICY_STATEMENT, efs::policy_statements(snapshot))?;
    write(&home::ACCOUNT_HOME, home::account_homes(snapshot))?;
    write(&iam::POLICY_STATEMENT, iam::policy_statements(snapshot))?;
    write(&iam_admin::FULL_ADMIN, iam_admin::holders(snapshot))?;
    write(&iam_admin::POLICY_FULL_ADMIN, iam_admin::policies(snapshot))?;
    write(&kms::POLICY_STATEMENT, kms::policy_statements(snapshot))?;
    write(&monitoring::EVENT_RULE_TARGET, monitoring::event_rule_targets(snapshot))?;
    write(&monitoring::FILTER_EVENT, monitoring::filter_events(snapshot))?;
    write(
        &monitoring::METRIC_FILTER_ALARM,
        monitoring::metric_filter_alarms(snapshot),
    )?;
    write(&monitoring::MONITORED_EVENT, monitoring::monitored_events(snapshot))?;
    write(&monitoring::RULE_EVENT, monitoring::rule_events(snapshot))?;
    write(&network::SUBNET_ROUTE, network::subnet_routes(snapshot))?;
    write(&notification::NOTIFICATION, notification::notifications(snapshot))?;
    write(&opensearch::DOMAIN_EXPOSURE, opensearch::domain_exposures(snapshot))?;
    write(
        &organizations::POLICY_STATEMENT,
        organizations::policy_statements(snapshot),
    )?;
    write(&replica::DATA_REPLICA, replica::data_replicas(snapshot))?;
    write(&s3::BUCKET_EXPOSURE, s3::bucket_exposures(snapshot))?;
    write(&s3::POLICY_STATEMENT, s3::policy_statements(snapshot))?;
    write(&s3_data_events::DATA_EVENT_COVERAGE, s3_data_events::coverage(snapshot))?;
    write(&s3_delete::PRINCIPAL_S3_DELETE, s3_delete::principals(snapshot))?;
    write(&secretsmanager::ROTATION, secretsmanager::rotations(snapshot))?;
    write(&sns::POLICY_STATEMENT, sns::policy_statements(snapshot))?;
    write(&trust::ROLE_TRUST, trust::role_trusts(snapshot))?;
    Ok(())
}

/// The cells of a row, in the order of its table's columns.
type Cells = Vec<Value>;

/// Of a row that rests on what was never asked only its texts stay, which say what it is: flags, numbers and lists
/// would tell of what is not there.
fn leave_open(table: &DerivedTable, never: &[NeverAsked], rows: &mut [Cells]) {
    let needed = operations_of(table.name);
    let missing: Vec<&NeverAsked> = never
        .iter()
        .filter(|n| needed.contains(&n.operation.as_str()))
        .collect();
    if missing.is_empty() {
        return;
    }
    let is = |cell: Option<&Value>, text: &str| matches!(cell, Some(Value::Text(own)) if own == text);
    for row in rows {
        let open = missing.iter().any(|n| {
            let here = |region: &String| is(row.get(1), region) || is(row.get(1), "global");
            is(row.first(), &n.account) && n.region.as_ref().is_none_or(here)
        });
        let concluded = row.iter_mut().zip(table.columns).skip(ENVELOPE);
        for (cell, _) in concluded.filter(|(_, column)| open && column.kind != Kind::Text) {
            *cell = Value::Null;
        }
    }
}

fn write(
    db: &rusqlite::Connection,
    tables: Tables,
    table: &DerivedTable,
    rows: Vec<Cells>,
) -> Result<(), DerivedError> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("{} {}", column.name, column.kind.sql()))
        .collect();
    tables.make(|| db.execute_batch(&format!("CREATE TABLE {} ({})", table.name, columns.join(", "))))?;
    if rows.is_empty() {
        return Ok(());
    }
    let places = vec!["?"; table.columns.len()].join(", ");
    let mut insert = db.prepare(&format!("INSERT INTO {} VALUES ({places})", table.name))?;
    for row in rows {
        insert.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(())
}

const fn text(name: &'static str, doc: &'static str) -> Column {
    Column {
        name,
        doc,
        kind: Kind::Text,
    }
}

const fn integer(name: &'static str, doc: &'static str) -> Column {
    Column {
        name,
        doc,
        kind: Kind::Integer,
    }
}

const fn boolean(name: &'static str, doc: &'static str) -> Column {
    Column {
        name,
        doc,
        kind: Kind::Boolean,
    }
}

const fn json(name: &'static str, doc: &'static str) -> Column {
    Column {
        name,
        doc,
        kind: Kind::Json,
    }
}

/// The envelope of every table, as in the record tables.
const ACCOUNT: Column = text("account", "AWS account id.");
const REGION: Column = text("region", "Region, or `global`.");
const KEY: Column = text(
    "key",
    "Identity within account, region and table; stable between periods.",
);
const SOURCE: Column = integer(
    "source",
    "Number of the exchange whose response the row is computed from.",
);

/// How many columns the envelope has.
const ENVELOPE: usize = 4;

/// A list as it stands in a column of kind `Json`.
fn list<T: serde::Serialize>(items: &[T]) -> Value {
    // Strings, and nothing else, are written: this cannot fail.
    serde_json::to_string(items).map_or(Value::Null, Value::Text)
}

/// Three-valued logic: `None` is "not known".
fn and(parts: &[Option<bool>]) -> Option<bool> {
    if parts.contains(&Some(false)) {
        return Some(false);
    }
    if parts.contains(&None) { None } else { Some(true) }
}

pub(crate) fn or(parts: &[Option<bool>]) -> Option<bool> {
    if parts.contains(&Some(true)) {
        return Some(true);
    }
    if parts.contains(&None) { None } else { Some(false) }
}

fn not(part: Option<bool>) -> Option<bool> {
    part.map(|known| !known)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// A snapshot of these tables and gaps.
    pub(super) fn snapshot(tables: serde_json::Value, gaps: serde_json::Value) -> Snapshot {
        let digest = "0".repeat(64);
        let nothing = serde_json::json!({ "count": 0, "sha256": digest });
        let caller = serde_json::json!({ "account": "111122223333", "caller_arn": "arn:aws:iam::111122223333:role/auditor",
            "regions": ["us-east-1"] });
        let mut tables: BTreeMap<String, Vec<evidence::record::Row>> = serde_json::from_value(tables).unwrap();
        for (name, rows) in &mut tables {
            for (at, row) in rows.iter_mut().enumerate() {
                let region = if name.starts_with("iam_") {
                    "global"
                } else {
                    "us-east-1"
                };
                row.entry("account").or_insert("111122223333".into());
                row.entry("region").or_insert(region.into());
                row.entry("key").or_insert(format!("row-{at}").into());
                row.entry("source").or_insert(1.into());
            }
        }
        Snapshot {
            meta: serde_json::from_value(serde_json::json!({
                "format": "exhibit.snapshot/1", "run": "20250630T000000Z-00000000", "seq_open": 1,
                "opened_at": "2025-06-30T00:00:00Z", "closed_at": "2025-06-30T00:00:00Z", "status": "complete",
                "tool": { "name": "exhibit", "version": "0" }, "accounts": [caller], "sources": [], "operations": [],
                "exchanges": nothing, "gaps": nothing, "records": {}, "max_clock_skew_s": 0,
            }))
            .unwrap(),
            exchanges: Vec::new(),
            gaps: serde_json::from_value(gaps).unwrap(),
            tables,
        }
    }

    /// All rows of one derived table of a snapshot, as JSON objects.
    pub(super) fn derive(table: &str, snapshot: &Snapshot) -> Vec<serde_json::Map<String, serde_json::Value>> {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        fill(&db, snapshot, &[], Tables::ToMake).unwrap();
        let mut query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let names: Vec<String> = query.column_names().into_iter().map(str::to_owned).collect();
        let rows = query.query_map([], |row| {
            let mut object = serde_json::Map::new();
            for (at, name) in names.iter().enumerate() {
                let value = match row.get(at)? {
                    Value::Null => serde_json::Value::Null,
                    Value::Integer(number) => number.into(),
                    Value::Text(text) => text.into(),
                    other => panic!("{other:?}"),
                };
                object.insert(name.clone(), value);
            }
            Ok(object)
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn tables_are_described_and_made_even_if_empty() {
        let empty = snapshot(serde_json::json!({}), serde_json::json!([]));
        let mut names = BTreeSet::new();
        for table in TABLES {
            assert!(names.insert(table.name), "two tables named {}", table.name);
            assert!(
                evidence::record::table(table.name).is_none(),
                "{} is a record table",
                table.name
            );
            assert!(!table.doc.is_empty());
            for base in table.from {
                assert!(evidence::record::table(base).is_some(), "{} from {base}", table.name);
            }
            for column in table.columns {
                assert!(!column.doc.is_empty(), "{}.{}", table.name, column.name);
            }
            let envelope: Vec<_> = table.columns.iter().take(4).map(|c| c.name).collect();
            assert_eq!(envelope, ["account", "region", "key", "source"]);
            assert!(derive(table.name, &empty).is_empty());
        }
    }

    proptest! {
        #[test]
        fn every_policy_is_rows_or_an_error(document in r#".{0,80}|\{"Statement":\[?\{("Effect":"Allow",)?"Action":"\*".{0,40}\}\]?\}"#) {
            let snapshot = snapshot(
                serde_json::json!({
                    "iam_policy": [{ "arn": "arn:aws:iam::111122223333:policy/p", "name": "p", "document": document }],
                    "s3_bucket_policy": [{ "bucket": "b", "present": true, "document": document }],
                    "kms_key_policy": [{ "key_arn": "k", "document": document }],
                }),
                serde_json::json!([]),
            );
            let readable = derive("iam_policy_statement", &snapshot);
            for table in ["iam_policy_statement", "s3_policy_statement", "kms_policy_statement"] {
                for row in derive(table, &snapshot) {
                    prop_assert_ne!(row["effect"].is_null(), row["parse_error"].is_null());
                }
            }
            prop_assert!(!readable.is_empty() || document.contains("Statement"));
        }
    }

    #[test]
    fn unknown_is_neither_true_nor_false() {
        assert_eq!(and(&[None, Some(false)]), Some(false));
        assert_eq!(and(&[None, Some(true)]), None);
        assert_eq!(or(&[None, Some(true)]), Some(true));
        assert_eq!(or(&[None, Some(false)]), None);
        assert_eq!(not(None), None);
    }
}
