//! Statements of service control policies.

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, json, list, text};
use crate::policy::document::{self, Statement};
use crate::policy::glob;

const STATEMENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("policy_id", "Id of the policy."),
    integer("statement", "Number of the statement, from 1."),
    text("sid", "Statement id."),
    text("effect", "`Allow` or `Deny`."),
    json("actions", "Action, as written."),
    json("not_actions", "NotAction, as written."),
    boolean(
        "all_resources",
        "Resource is everything, and nothing is spared by NotResource.",
    ),
    json(
        "conditions",
        "Conditions, each as `operator key values`, operator and key in lower case.",
    ),
    json(
        "spared_principals",
        "ARNs (patterns) that the conditions spare, sorted; null where a condition does something else.",
    ),
    text(
        "parse_error",
        "Why the document or the statement could not be read; then the columns before are null.",
    ),
];

pub(super) const POLICY_STATEMENT: DerivedTable = DerivedTable {
    name: "organizations_policy_statement",
    doc: "A statement of a service control policy.",
    columns: STATEMENT_COLUMNS,
    from: &["organizations_policy"],
};

pub(super) fn policy_statements(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    for policy in snapshot.rows("organizations_policy") {
        for (number, statement) in (1..).zip(document::parse(policy.text("document"))) {
            let mut cells = head(policy, number);
            match statement {
                Ok(statement) => cells.extend(readable(&statement)),
                Err(why) => {
                    cells.extend(std::iter::repeat_n(
                        Value::Null,
                        STATEMENT_COLUMNS.len() - cells.len() - 1,
                    ));
                    cells.push(why.into());
                }
            }
            rows.push(cells);
        }
    }
    rows
}

fn head(policy: &Row, number: i64) -> Cells {
    let id = policy.text("id").unwrap_or_default();
    let mut cells = policy.envelope(format!("{id} {number}"));
    cells.extend([id.to_owned().into(), number.into()]);
    cells
}

fn readable(statement: &Statement) -> Cells {
    let everything = statement.resources.iter().any(|resource| glob::is_everything(resource));
    vec![
        statement.sid.clone().into(),
        statement.effect.as_str().to_owned().into(),
        list(&statement.actions),
        list(&statement.not_actions),
        everything.into(),
        list(&statement.condition_lines()),
        spared(statement).map_or(Value::Null, |names| list(&names)),
        Value::Null,
    ]
}

/// Whom the conditions spare, if they do nothing else: each must exclude callers by their ARN.
///
/// All lines of a condition must hold for the statement to apply, so whoever one line spares is
/// spared.
fn spared(statement: &Statement) -> Option<Vec<String>> {
    const NOT: [&str; 4] = ["arnnotlike", "arnnotequals", "stringnotlike", "stringnotequals"];
    let mut names = Vec::new();
    for condition in &statement.conditions {
        if !NOT.contains(&condition.operator.as_str()) || condition.key != "aws:principalarn" {
            return None;
        }
        names.extend(condition.values.iter().cloned());
    }
    names.sort();
    names.dedup();
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{derive, snapshot};

    fn rows(statements: &str) -> Vec<serde_json::Map<String, Value>> {
        let document = format!(r#"{{"Statement":[{statements}]}}"#);
        let policies = json!({ "organizations_policy": [{ "id": "p-1", "document": document }] });
        derive("organizations_policy_statement", &snapshot(policies, json!([])))
    }

    #[test]
    fn conditions_that_spare_and_conditions_that_do_more() {
        let spared = |conditions: &str| {
            let statement =
                format!(r#"{{"Effect":"Deny","Action":"cloudtrail:*","Resource":"*","Condition":{conditions}}}"#);
            rows(&statement).remove(0)["spared_principals"]
                .as_str()
                .map(str::to_owned)
        };
        assert_eq!(spared("{}").as_deref(), Some("[]"));
        assert_eq!(
            spared(r#"{"ArnNotLike":{"aws:PrincipalARN":["arn:aws:iam::*:role/b","arn:aws:iam::*:role/a"]}}"#)
                .as_deref(),
            Some(r#"["arn:aws:iam::*:role/a","arn:aws:iam::*:role/b"]"#)
        );
        for other in [
            r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#,
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}"#,
            r#"{"ArnNotLikeIfExists":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}"#,
            r#"{"ArnNotLike":{"aws:PrincipalArn":"a"},"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#,
        ] {
            assert_eq!(spared(other), None, "{other}");
        }
    }

    #[test]
    fn resources_and_what_cannot_be_read() {
        let all = |resource: &str| {
            rows(&format!(r#"{{"Effect":"Deny","Action":"a:b",{resource}}}"#)).remove(0)["all_resources"] == 1
        };
        assert!(all(r#""Resource":["x","*"]"#));
        assert!(!all(r#""Resource":"arn:aws:cloudtrail:*:*:trail/x""#));
        assert!(!all(r#""NotResource":"x""#));
        let broken = rows("7").remove(0);
        assert!(broken["parse_error"].is_string() && broken["effect"].is_null());
    }
}
