//! Whether an OpenSearch domain answers to everyone.

use evidence::record::Column;
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, or, text};
use crate::policy::document;
use crate::policy::reach::{self, Question};

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("arn", "ARN of the domain."),
    text("name", "Name."),
    boolean("in_vpc", "Its endpoint is in a VPC; null if not known."),
    boolean(
        "open",
        "Its access policy lets strangers in: no condition and no Deny limits address or caller; null if not known.",
    ),
    json("open_statements", "The statements that do, each by its number and id."),
    text("parse_error", "Why the policy or a statement could not be read."),
];

pub(super) const DOMAIN_EXPOSURE: DerivedTable = DerivedTable {
    name: "opensearch_domain_exposure",
    doc: "Where a domain can be reached, and whether its access policy is open.",
    columns: COLUMNS,
    from: &["opensearch_domain"],
};

pub(super) fn domain_exposures(snapshot: &Snapshot) -> Vec<Cells> {
    let domains = snapshot.rows("opensearch_domain").iter();
    domains
        .map(|row| {
            let described = row.flag("described") == Some(true);
            // Without a policy, only the account's own identities can call, as far as IAM lets them.
            let document = row.text("access_policy");
            let statements = document.map_or_else(Vec::new, |document| document::parse(Some(document)));
            let question = Question {
                now: snapshot.meta.opened_at,
                owner: Some(row.account()),
                actions: None,
            };
            let let_in = reach::strangers(&statements, question);
            let mut open = Vec::new();
            for (number, (statement, let_in)) in (1..).zip(statements.iter().zip(&let_in)) {
                if let (Ok(statement), Some(true)) = (statement, let_in) {
                    let sid = statement.sid.as_deref().map(|sid| format!(" ({sid})"));
                    open.push(format!("{number}{}", sid.unwrap_or_default()));
                }
            }
            let error = statements.into_iter().find_map(Result::err);
            let is_open = match (described, open.is_empty(), &error) {
                (false, ..) => None,
                (true, false, _) => Some(true),
                (true, true, None) => or(&let_in),
                (true, true, Some(_)) => None,
            };
            let arn = row.text("arn").unwrap_or_default();
            let mut cells = row.envelope(arn.to_owned());
            cells.extend([
                arn.to_owned().into(),
                row.text("name").unwrap_or_default().to_owned().into(),
                described.then(|| row.text("vpc_id").is_some()).into(),
                is_open.into(),
                list(&open),
                error.map_or(Value::Null, Value::Text),
            ]);
            cells
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derived::tests::{derive, snapshot};

    fn open(principal: &str, condition: &str) -> Value {
        let policy = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Action":"es:*","Resource":"*","Principal":{principal},"Condition":{condition}}}]}}"#
        );
        let row = json!({ "arn": "arn:aws:es:us-east-1:111122223333:domain/d", "name": "d", "described": true, "access_policy": policy });
        derive(
            "opensearch_domain_exposure",
            &snapshot(json!({ "opensearch_domain": [row] }), json!([])),
        )[0]["open"]
            .clone()
    }

    #[test]
    fn everyone_without_a_limit_is_open() {
        assert_eq!(open(r#""*""#, "{}"), 1);
        assert_eq!(open(r#"{"AWS":"*"}"#, "{}"), 1);
        assert_eq!(open(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, "{}"), 0);
        assert_eq!(
            open(r#""*""#, r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24"]}}"#),
            0
        );
        assert_eq!(
            open(
                r#""*""#,
                r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0"]}}"#
            ),
            1
        );
        assert_eq!(
            open(r#""*""#, r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#),
            1
        );
        assert_eq!(open(r#""*""#, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}"#), 0);
        assert_eq!(open(r#""*""#, r#"{"StringLike":{"aws:PrincipalOrgID":"*"}}"#), 1);
        assert_eq!(
            open(r#""*""#, r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a"}}"#),
            1
        );
        assert_eq!(open(r#""*""#, r#"{"Bool":{"aws:SecureTransport":"true"}}"#), 1);
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        let rows = json!([
            { "arn": "a", "name": "broken", "described": true, "access_policy": "{" },
            { "arn": "b", "name": "unread", "described": false },
            { "arn": "c", "name": "none", "described": true },
        ]);
        let found = derive(
            "opensearch_domain_exposure",
            &snapshot(json!({ "opensearch_domain": rows }), json!([])),
        );
        let open: Vec<_> = found.iter().map(|row| row["open"].clone()).collect();
        assert_eq!(open, [Value::Null, Value::Null, json!(0)]);
    }
}
