//! Trust policies of roles: who may assume them.

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Null;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, text};
use crate::policy::document::{self, Effect, PrincipalKind};

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("role_arn", "ARN of the role."),
    text("role_name", "Name of the role."),
    boolean(
        "by_people",
        "Its trust policy allows somebody who is no AWS service: an account, a user, a role, an identity provider. Null if it could not be read.",
    ),
    text("parse_error", "Why the policy could not be read."),
];

pub(super) const ROLE_TRUST: DerivedTable = DerivedTable {
    name: "iam_role_trust",
    doc: "Who may assume a role, by its trust policy.",
    columns: COLUMNS,
    from: &["iam_role"],
};

pub(super) fn role_trusts(snapshot: &Snapshot) -> Vec<Cells> {
    snapshot.rows("iam_role").iter().map(role_trust).collect()
}

fn role_trust(role: &Row) -> Cells {
    let statements = document::parse(role.text("trust_policy"));
    let error = statements.iter().find_map(|s| s.as_ref().err());
    let allowed = statements.iter().flatten().filter(|s| s.effect == Effect::Allow);
    let people = allowed
        .flat_map(|s| &s.principals)
        .any(|p| p.kind != PrincipalKind::Service);
    // What was read may be enough to know.
    let by_people = (people || error.is_none()).then_some(people);
    let arn = role.text("arn").unwrap_or_default();
    let mut cells = role.envelope(arn.to_owned());
    cells.push(arn.to_owned().into());
    cells.push(role.text("name").unwrap_or_default().to_owned().into());
    cells.push(by_people.map_or_else(|| Null.into(), |flag| i64::from(flag).into()));
    cells.push(error.map_or_else(|| Null.into(), |e| e.clone().into()));
    cells
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{derive, snapshot};

    #[test]
    fn people_and_services() {
        let trust = |principal: Value| {
            let policy =
                json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
            let role = json!({"account": "1", "region": "global", "key": "r", "source": 1, "arn": "r", "id": "r", "name": "r", "path": "/",
                "created_at": null, "last_used_at": null, "permissions_boundary": null, "trust_policy": policy.to_string(), "tags": []});
            let rows = derive("iam_role_trust", &snapshot(json!({"iam_role": [role]}), json!([])));
            rows[0]["by_people"].clone()
        };
        assert_eq!(trust(json!({"Service": "ec2.amazonaws.com"})), json!(0));
        assert_eq!(trust(json!({"AWS": "arn:aws:iam::111122223333:root"})), json!(1));
        assert_eq!(
            trust(json!({"Federated": "arn:aws:iam::111122223333:saml-provider/x"})),
            json!(1)
        );
        assert_eq!(trust(json!("*")), json!(1));
    }
}
