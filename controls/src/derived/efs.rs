//! Statements of the resource policies of EFS file systems.

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, json, list, text};
use crate::policy::document::{self, Statement, Unreadable};
use crate::policy::reach::{self, Question};

const STATEMENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("file_system_arn", "ARN of the file system."),
    integer("statement", "Number of the statement, from 1."),
    text("sid", "Statement id."),
    text("effect", "`Allow` or `Deny`."),
    json("principals", "Principals, as written."),
    json("actions", "Action, as written."),
    json(
        "conditions",
        "Conditions, each as `operator key values`, operator and key in lower case.",
    ),
    boolean(
        "allows_anonymous",
        "Allows clients that have not signed in to mount: everyone is named, and no condition and no Deny keeps out who has no name; null if not known.",
    ),
    text(
        "parse_error",
        "Why the document or the statement could not be read; then the columns before are null.",
    ),
];

pub(super) const POLICY_STATEMENT: DerivedTable = DerivedTable {
    name: "efs_policy_statement",
    doc: "A statement of the resource policy of a file system.",
    columns: STATEMENT_COLUMNS,
    from: &["efs_file_system_policy"],
};

pub(super) fn policy_statements(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    for row in snapshot.rows("efs_file_system_policy") {
        if row.flag("present") != Some(true) {
            continue;
        }
        let statements = document::parse(row.text("policy"));
        // A client that mounts without IAM has no identity; what names a caller keeps it out. Conditions on the way in (TLS,
        // mount target, access point, address, network) do not.
        let question = Question {
            now: snapshot.meta.opened_at,
            owner: Some(row.account()),
            actions: Some(&["elasticfilesystem:ClientMount"]),
        };
        let unsigned = reach::unsigned(&statements, question);
        for ((number, statement), unsigned) in (1..).zip(statements).zip(unsigned) {
            rows.push(cells(row, number, statement, unsigned));
        }
    }
    rows
}

fn cells(row: &Row, number: i64, statement: Result<Statement, Unreadable>, unsigned: Option<bool>) -> Cells {
    let arn = row.text("file_system_arn").unwrap_or_default();
    let mut cells = row.envelope(format!("{arn} {number}"));
    cells.extend([arn.to_owned().into(), number.into()]);
    match statement {
        Ok(statement) => {
            let principals: Vec<&str> = statement.principals.iter().map(|p| p.name.as_str()).collect();
            cells.extend([
                statement.sid.clone().into(),
                statement.effect.as_str().to_owned().into(),
                list(&principals),
                list(&statement.actions),
                list(&statement.condition_lines()),
                unsigned.into(),
                Value::Null,
            ]);
        }
        Err(why) => {
            cells.extend(std::iter::repeat_n(
                Value::Null,
                STATEMENT_COLUMNS.len() - cells.len() - 1,
            ));
            cells.push(why.into());
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::derived::tests::{derive, snapshot};

    fn anonymous(statement: &str) -> Option<bool> {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let tables =
            json!({ "efs_file_system_policy": [{ "file_system_arn": "fs", "present": true, "policy": policy }] });
        let rows = derive("efs_policy_statement", &snapshot(tables, json!([])));
        assert_eq!(rows.len(), 1);
        rows[0]["allows_anonymous"].as_i64().map(|flag| flag == 1)
    }

    #[test]
    fn who_may_mount() {
        let with = |principal: &str, more: &str| {
            anonymous(&format!(
                r#"{{"Effect":"Allow","Principal":{principal},"Action":["elasticfilesystem:ClientMount"]{more}}}"#
            ))
        };
        assert_eq!(with(r#"{"AWS":"*"}"#, ""), Some(true));
        assert_eq!(
            with(
                r#""*""#,
                r#","Condition":{"Bool":{"elasticfilesystem:AccessedViaMountTarget":"true"}}"#
            ),
            Some(true)
        );
        assert_eq!(
            with(
                r#""*""#,
                r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}"#
            ),
            Some(false)
        );
        assert_eq!(with(r#"{"AWS":"arn:aws:iam::111122223333:role/app"}"#, ""), Some(false));
        assert_eq!(
            anonymous(
                r#"{"Effect":"Deny","Principal":"*","Action":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#
            ),
            Some(false)
        );
        assert_eq!(anonymous("7"), None);
    }

    #[test]
    fn no_policy_has_no_rows() {
        let tables = json!({ "efs_file_system_policy": [{ "file_system_arn": "fs", "present": false }] });
        assert!(derive("efs_policy_statement", &snapshot(tables, json!([]))).is_empty());
    }
}
