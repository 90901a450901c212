//! Statements of topic policies, one row per principal.

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, and, boolean, integer, json, list, not, text};
use crate::policy::document::{self, Effect, Principal, PrincipalKind, Statement};
use crate::policy::reach::{self, Question};

const STATEMENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("topic_arn", "ARN of the topic."),
    integer("statement", "Number of the statement, from 1."),
    text("sid", "Statement id."),
    text("effect", "`Allow` or `Deny`."),
    text("principal_kind", "`any`, `aws`, `service`, `federated` or `canonical`."),
    text(
        "principal",
        "The principal as written; `everyone except …` for NotPrincipal.",
    ),
    json("actions", "Action, as written."),
    json("not_actions", "NotAction, as written."),
    json(
        "conditions",
        "Conditions, each as `operator key values`, operator and key in lower case.",
    ),
    boolean("grants_publish", "Allows sns:Publish."),
    boolean("grants_subscribe", "Allows sns:Subscribe."),
    boolean(
        "pins_caller",
        "Strangers are kept out from publishing and subscribing: by whom it names, by a condition or by a Deny; null if not known.",
    ),
    boolean(
        "anyone",
        "Allows anybody at all to publish or to subscribe; null if not known.",
    ),
    text(
        "parse_error",
        "Why the document or the statement could not be read; then the columns before are null.",
    ),
];

pub(super) const POLICY_STATEMENT: DerivedTable = DerivedTable {
    name: "sns_policy_statement",
    doc: "A principal of a statement of a topic's policy.",
    columns: STATEMENT_COLUMNS,
    from: &["sns_topic"],
};

pub(super) fn policy_statements(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    // Every topic has a policy; one that is not there has none to read.
    for topic in snapshot
        .rows("sns_topic")
        .iter()
        .filter(|topic| topic.flag("present") == Some(true))
    {
        let statements = document::parse(topic.text("policy"));
        let question = Question {
            now: snapshot.meta.opened_at,
            owner: Some(topic.account()),
            actions: Some(&["sns:Publish", "sns:Subscribe"]),
        };
        let strangers = reach::strangers(&statements, question);
        for ((number, statement), strangers) in (1..).zip(statements).zip(strangers) {
            match statement {
                Ok(statement) => {
                    let principals = &statement.principals;
                    rows.extend(
                        principals
                            .iter()
                            .map(|principal| readable(topic, number, &statement, principal, strangers)),
                    );
                }
                Err(why) => {
                    let mut cells = head(topic, number, "");
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

fn head(topic: &Row, number: i64, principal: &str) -> Cells {
    let arn = topic.text("arn").unwrap_or_default();
    let mut cells = topic.envelope(format!("{arn} {number} {principal}"));
    cells.extend([arn.to_owned().into(), number.into()]);
    cells
}

fn readable(topic: &Row, number: i64, statement: &Statement, principal: &Principal, strangers: Option<bool>) -> Cells {
    let allows = |action: &str| statement.effect == Effect::Allow && statement.covers_action(action);
    let (publish, subscribe) = (allows("sns:Publish"), allows("sns:Subscribe"));
    let any = principal.kind == PrincipalKind::Any;
    let mut cells = head(topic, number, &principal.name);
    cells.extend([
        statement.sid.clone().into(),
        statement.effect.as_str().to_owned().into(),
        principal.kind.as_str().to_owned().into(),
        principal.name.clone().into(),
        list(&statement.actions),
        list(&statement.not_actions),
        list(&statement.condition_lines()),
        publish.into(),
        subscribe.into(),
        not(strangers).into(),
        and(&[Some(any), strangers]).into(),
        Value::Null,
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derived::tests::{derive, snapshot};

    fn rows(statement: &str) -> Vec<serde_json::Map<String, Value>> {
        let policy = format!(r#"{{"Version":"2008-10-17","Statement":[{statement}]}}"#);
        let topic = json!({ "arn": "arn:aws:sns:us-east-1:111122223333:t", "present": true, "policy": policy });
        let gone = json!({ "arn": "arn:aws:sns:us-east-1:111122223333:gone", "present": false });
        derive(
            "sns_policy_statement",
            &snapshot(json!({ "sns_topic": [topic, gone] }), json!([])),
        )
    }

    fn anyone(condition: &str) -> bool {
        let rows = rows(&format!(
            r#"{{"Effect":"Allow","Action":["SNS:Publish","SNS:GetTopicAttributes"],"Resource":"*","Principal":{{"AWS":"*"}},"Condition":{condition}}}"#
        ));
        assert_eq!(rows.len(), 1, "a topic that is not there has no policy");
        rows[0]["anyone"] == 1
    }

    #[test]
    fn who_may_publish() {
        assert!(anyone("{}"));
        assert!(anyone(r#"{"StringNotEquals":{"aws:SourceOwner":"111122223333"}}"#));
        assert!(anyone(r#"{"StringLike":{"aws:SourceAccount":"*"}}"#));
        assert!(anyone(
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:*:alarm:*"}}"#
        ));
        assert!(!anyone(r#"{"StringEquals":{"AWS:SourceOwner":"111122223333"}}"#));
        assert!(!anyone(r#"{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}"#));
        assert!(!anyone(
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:111122223333:alarm:*"}}"#
        ));
        assert!(anyone(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:bucket"}}"#));
        assert!(!anyone(r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::bucket"}}"#));
    }

    #[test]
    fn a_service_is_not_anyone_and_a_deny_allows_nothing() {
        let service = rows(
            r#"{"Effect":"Allow","Action":"sns:*","Resource":"*","Principal":{"Service":"events.amazonaws.com"}}"#,
        );
        assert_eq!(
            (&service[0]["anyone"], &service[0]["grants_publish"]),
            (&json!(0), &json!(1))
        );
        let deny = rows(r#"{"Effect":"Deny","Action":"sns:Publish","Resource":"*","Principal":"*"}"#);
        assert_eq!((&deny[0]["anyone"], &deny[0]["grants_publish"]), (&json!(0), &json!(0)));
    }

    #[test]
    fn an_unreadable_policy_is_a_row_that_says_so() {
        let rows = rows("7");
        assert_eq!(rows.len(), 1);
        assert!(rows[0]["parse_error"].is_string() && rows[0]["anyone"] == Value::Null);
    }
}
