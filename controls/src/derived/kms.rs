//! Statements of key policies, one row per principal.

use std::collections::BTreeSet;

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, json, list, not, text};
use crate::policy::document::{self, Effect, Principal, Statement, Unreadable};
use crate::policy::reach::{self, Question};

const STATEMENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("key_arn", "ARN of the key."),
    integer("statement", "Number of the statement, from 1."),
    text("sid", "Statement id."),
    text("effect", "`Allow` or `Deny`."),
    text("principal_kind", "`any`, `aws`, `service`, `federated` or `canonical`."),
    text(
        "principal",
        "The principal as written; `everyone except …` for NotPrincipal.",
    ),
    text(
        "principal_account",
        "Account of the principal, where its ARN or id tells.",
    ),
    boolean("is_account_root", "The principal stands for a whole account."),
    json("actions", "Action, as written."),
    json("not_actions", "NotAction, as written."),
    json("resources", "Resource, as written."),
    json(
        "conditions",
        "Conditions, each as `operator key values`, operator and key in lower case.",
    ),
    boolean(
        "pins_caller",
        "Strangers are kept out: a condition or a Deny ties whoever is let in to an account, an organization, a network or a resource; null if not known.",
    ),
    json(
        "pinned_accounts",
        "The accounts named in conditions whose members are let in, sorted; null where others are too (an organization's).",
    ),
    boolean(
        "grants_administration",
        "Allows kms:ScheduleKeyDeletion or kms:PutKeyPolicy.",
    ),
    boolean("grants_use", "Allows kms:Decrypt."),
    text(
        "parse_error",
        "Why the document or the statement could not be read; then the columns before are null.",
    ),
];

pub(super) const POLICY_STATEMENT: DerivedTable = DerivedTable {
    name: "kms_policy_statement",
    doc: "A principal of a statement of a key policy.",
    columns: STATEMENT_COLUMNS,
    from: &["kms_key_policy"],
};

pub(super) fn policy_statements(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    for policy in snapshot.rows("kms_key_policy") {
        let statements = document::parse(policy.text("document"));
        let tied = Tied::of(
            &statements,
            Question {
                now: snapshot.meta.opened_at,
                owner: Some(policy.account()),
                actions: None,
            },
        );
        for (at, statement) in statements.into_iter().enumerate() {
            let number = at as i64 + 1;
            match statement {
                Ok(statement) => {
                    let principals = &statement.principals;
                    rows.extend(
                        principals
                            .iter()
                            .map(|principal| readable(policy, number, &statement, principal, tied.statement(at))),
                    );
                }
                Err(why) => {
                    let mut cells = head(policy, number, "");
                    cells.extend(std::iter::repeat_n(
                        Value::Null,
                        STATEMENT_COLUMNS.len() - cells.len() - 1,
                    ));
                    cells.push(why.into());
                    rows.push(cells);
                }
            }
        }
    }
    rows
}

/// For each statement of a policy: are strangers kept out, and members of which named accounts are let in?
struct Tied {
    strangers: Vec<Option<bool>>,
    accounts: Vec<Option<BTreeSet<String>>>,
}

impl Tied {
    fn of(statements: &[Result<Statement, Unreadable>], question: Question<'_>) -> Self {
        Self {
            strangers: reach::strangers(statements, question),
            accounts: reach::accounts(statements, question),
        }
    }

    fn statement(&self, at: usize) -> (Option<bool>, Option<&BTreeSet<String>>) {
        let pinned = not(self.strangers[at]);
        (pinned, self.accounts[at].as_ref().filter(|_| pinned == Some(true)))
    }
}

fn head(policy: &Row, number: i64, principal: &str) -> Cells {
    let key_arn = policy.text("key_arn").unwrap_or_default();
    let mut cells = policy.envelope(format!("{key_arn} {number} {principal}"));
    cells.extend([key_arn.to_owned().into(), number.into()]);
    cells
}

fn readable(
    policy: &Row,
    number: i64,
    statement: &Statement,
    principal: &Principal,
    (pinned, accounts): (Option<bool>, Option<&BTreeSet<String>>),
) -> Cells {
    let allows = |action: &str| statement.effect == Effect::Allow && statement.covers_action(action);
    let mut cells = head(policy, number, &principal.name);
    cells.extend([
        statement.sid.clone().into(),
        statement.effect.as_str().to_owned().into(),
        principal.kind.as_str().to_owned().into(),
        principal.name.clone().into(),
        principal.account().map(str::to_owned).into(),
        principal.is_account_root().into(),
        list(&statement.actions),
        list(&statement.not_actions),
        list(&statement.resources),
        list(&statement.condition_lines()),
        pinned.into(),
        accounts.map_or(Value::Null, |accounts| list(&Vec::from_iter(accounts))),
        (allows("kms:ScheduleKeyDeletion") || allows("kms:PutKeyPolicy")).into(),
        allows("kms:Decrypt").into(),
        Value::Null,
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derived::tests::{derive, snapshot};

    fn rows(statement: &str) -> Vec<serde_json::Map<String, Value>> {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let policy = json!({ "key_arn": "arn:aws:kms:us-east-1:111122223333:key/k", "document": document });
        derive(
            "kms_policy_statement",
            &snapshot(json!({ "kms_key_policy": [policy] }), json!([])),
        )
    }

    #[test]
    fn principals_are_placed() {
        let rows = rows(
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":[
                "arn:aws:iam::111122223333:root","444455556666","arn:aws:iam::444455556666:role/r",
                "arn:aws:sts::444455556666:assumed-role/r/s","AROAEXAMPLE","*"],"Service":"ec2.amazonaws.com"}}"#,
        );
        let seen: Vec<_> = rows
            .iter()
            .map(|r| {
                (
                    r["principal_kind"].as_str().unwrap(),
                    r["principal_account"].as_str(),
                    r["is_account_root"] == 1,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("aws", Some("111122223333"), true),
                ("aws", Some("444455556666"), true),
                ("aws", Some("444455556666"), false),
                ("aws", Some("444455556666"), false),
                ("aws", None, false),
                ("any", None, false),
                ("service", None, false),
            ]
        );
        assert!(
            rows.iter()
                .all(|r| r["grants_administration"] == 1 && r["grants_use"] == 1)
        );
    }

    #[test]
    fn conditions_that_tie_the_caller() {
        let pinned = |condition: &str| {
            let statement = format!(
                r#"{{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Principal":"*","Condition":{condition}}}"#
            );
            let row = rows(&statement).remove(0);
            (
                row["pins_caller"] == 1,
                row["pinned_accounts"].as_str().map(str::to_owned),
            )
        };
        let account = Some(r#"["111122223333"]"#.to_owned());
        assert_eq!(
            pinned(r#"{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3"}}"#),
            (true, account)
        );
        assert_eq!(pinned(r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}"#), (true, None));
        assert_eq!(
            pinned(r#"{"StringEquals":{"aws:SourceAccount":["1","2"],"aws:PrincipalAccount":["2","3"]}}"#),
            (true, Some(r#"["2"]"#.to_owned()))
        );
        for loose in [
            r#"{}"#,
            r#"{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}"#,
            r#"{"StringNotEquals":{"kms:CallerAccount":"111122223333"}}"#,
            r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a"}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a"}}"#,
            r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#,
            r#"{"StringEquals":{"kms:CallerAccount":"${aws:PrincipalAccount}"}}"#,
        ] {
            assert_eq!(pinned(loose), (false, None), "{loose}");
        }
    }

    #[test]
    fn duties() {
        let duties = |effect: &str, action: &str| {
            let statement = format!(
                r#"{{"Effect":"{effect}","Action":{action},"Resource":"*","Principal":{{"AWS":"arn:aws:iam::111122223333:role/r"}}}}"#
            );
            let row = rows(&statement).remove(0);
            (row["grants_administration"] == 1, row["grants_use"] == 1)
        };
        assert_eq!(duties("Allow", r#"["kms:Decrypt","kms:Encrypt"]"#), (false, true));
        assert_eq!(duties("Allow", r#"["kms:Put*"]"#), (true, false));
        assert_eq!(duties("Allow", r#""KMS:*""#), (true, true));
        assert_eq!(duties("Deny", r#""kms:*""#), (false, false));
    }

    #[test]
    fn an_unreadable_policy_is_a_row_that_says_so() {
        let rows = rows("7");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["principal"], Value::Null);
        assert!(rows[0]["parse_error"].is_string());
    }
}
