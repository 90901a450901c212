//! Statements of identity policies, judged for full administration.

use evidence::clock::Timestamp;
use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, json, list, text};
use crate::policy::administration::{Holder, is_everything};
use crate::policy::document::{self, Statement, Unreadable};

const STATEMENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("policy_kind", "`managed` (by the customer) or `inline`."),
    text("policy_arn", "ARN of a managed policy; null for an inline one."),
    text("policy_name", "Name of the policy."),
    text(
        "owner_arn",
        "ARN of the principal for an inline policy, of the policy for a managed one.",
    ),
    text(
        "owner_name",
        "Name of the principal for an inline policy, of the policy for a managed one.",
    ),
    text(
        "principal_type",
        "`user`, `group` or `role` for an inline policy; null for a managed one.",
    ),
    integer("statement", "Number of the statement, from 1."),
    text("sid", "Statement id."),
    text("effect", "`Allow` or `Deny`."),
    json("actions", "Action, as written."),
    json("not_actions", "NotAction, as written."),
    json("resources", "Resource, as written."),
    json("not_resources", "NotResource, as written."),
    boolean("has_condition", "A condition narrows it."),
    boolean(
        "full_admin",
        "Allows everything by itself, however it is spelled: see `iam_policy_full_admin`.",
    ),
    text(
        "parse_error",
        "Why the document or the statement could not be read; then the columns before are null.",
    ),
];

pub(super) const POLICY_STATEMENT: DerivedTable = DerivedTable {
    name: "iam_policy_statement",
    doc: "A statement of a customer managed policy's default version or of an inline policy.",
    columns: STATEMENT_COLUMNS,
    from: &["iam_policy", "iam_inline_policy"],
};

pub(super) fn policy_statements(snapshot: &Snapshot) -> Vec<Cells> {
    let managed = snapshot.rows("iam_policy").iter().flat_map(|policy| {
        let identity = Identity {
            kind: "managed",
            policy_arn: policy.text("arn"),
            policy_name: policy.text("name"),
            owner_arn: policy.text("arn"),
            owner_name: policy.text("name"),
            principal_type: None,
            now: snapshot.meta.opened_at,
        };
        identity.statements(policy)
    });
    let inline = snapshot.rows("iam_inline_policy").iter().flat_map(|policy| {
        let identity = Identity {
            kind: "inline",
            policy_arn: None,
            policy_name: policy.text("policy_name"),
            owner_arn: policy.text("principal_arn"),
            owner_name: policy.text("principal_name"),
            principal_type: policy.text("principal_type"),
            now: snapshot.meta.opened_at,
        };
        identity.statements(policy)
    });
    managed.chain(inline).collect()
}

/// Which policy a statement is of.
struct Identity<'a> {
    kind: &'static str,
    policy_arn: Option<&'a str>,
    policy_name: Option<&'a str>,
    owner_arn: Option<&'a str>,
    owner_name: Option<&'a str>,
    principal_type: Option<&'a str>,
    now: Timestamp,
}

impl Identity<'_> {
    fn statements(&self, policy: &Row) -> Vec<Cells> {
        let statements = document::parse(policy.text("document"));
        (1..)
            .zip(statements)
            .map(|(number, statement)| self.cells(policy, number, statement))
            .collect()
    }

    fn cells(&self, policy: &Row, number: i64, statement: Result<Statement, Unreadable>) -> Cells {
        let key = format!(
            "{} {} {number}",
            self.owner_arn.unwrap_or_default(),
            self.policy_name.unwrap_or_default()
        );
        let own = |text: Option<&str>| Value::from(text.map(str::to_owned));
        let mut cells = policy.envelope(key);
        cells.extend([
            self.kind.to_owned().into(),
            own(self.policy_arn),
            own(self.policy_name),
            own(self.owner_arn),
            own(self.owner_name),
            own(self.principal_type),
            number.into(),
        ]);
        let holder = Holder {
            arn: self.owner_arn.unwrap_or_default(),
            account: policy.account(),
            now: self.now,
        };
        match statement {
            Ok(statement) => cells.extend([
                statement.sid.clone().into(),
                statement.effect.as_str().to_owned().into(),
                list(&statement.actions),
                list(&statement.not_actions),
                list(&statement.resources),
                list(&statement.not_resources),
                (!statement.conditions.is_empty()).into(),
                (is_everything(&[&[Ok(statement.clone())]], None, holder) == Some(true)).into(),
                Value::Null,
            ]),
            Err(why) => {
                cells.extend(std::iter::repeat_n(Value::Null, 8));
                cells.push(why.into());
            }
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::derived::tests::{derive, snapshot};

    fn full_admin(statement: &str) -> serde_json::Value {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        let policy = json!({ "arn": "arn:aws:iam::111122223333:policy/p", "name": "p", "document": document });
        let rows = derive(
            "iam_policy_statement",
            &snapshot(json!({ "iam_policy": [policy] }), json!([])),
        );
        assert_eq!(rows.len(), 1);
        rows[0]["full_admin"].clone()
    }

    #[test]
    fn full_administration() {
        for statement in [
            r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":["s3:*","*:*"],"Resource":["arn:aws:s3:::a","*"]}"#,
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}"#,
            r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
            r#"{"Effect":"Allow","NotAction":["iam:Create*","organizations:*"],"Resource":"*"}"#,
        ] {
            assert_eq!(full_admin(statement), json!(1), "{statement}");
        }
        for statement in [
            r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::a"}"#,
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#,
            r#"{"Effect":"Allow","NotAction":["IAM:*","organizations:*","account:*"],"Resource":"*"}"#,
        ] {
            assert_eq!(full_admin(statement), json!(0), "{statement}");
        }
    }

    #[test]
    fn an_unreadable_policy_is_a_row_that_says_so() {
        let inline = json!({
            "principal_type": "user", "principal_arn": "arn:aws:iam::111122223333:user/alice",
            "principal_name": "alice", "policy_name": "x", "document": "{",
        });
        let rows = derive(
            "iam_policy_statement",
            &snapshot(json!({ "iam_inline_policy": [inline] }), json!([])),
        );
        assert_eq!(rows[0]["policy_kind"], json!("inline"));
        assert_eq!(rows[0]["owner_name"], json!("alice"));
        assert_eq!(rows[0]["full_admin"], json!(null));
        assert!(rows[0]["parse_error"].as_str().unwrap().contains("not JSON"));
    }
}
