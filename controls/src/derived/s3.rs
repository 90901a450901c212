//! Whether buckets are open to the public, and what their policies say.

use std::collections::{BTreeMap, BTreeSet};

use evidence::partition;
use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::gaps::Gaps;
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, and, boolean, integer, json, list, not, or, text};
use crate::policy::caller::{Caller, Who};
use crate::policy::document::{self, Effect, PrincipalKind, Statement, Unreadable};
use crate::policy::glob;
use crate::policy::reach::{self, Question};

const EXPOSURE_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("bucket", "Bucket name."),
    text("arn", "ARN of the bucket."),
    boolean(
        "block_public_acls",
        "New public ACLs are refused, by the bucket or the account; null if not known.",
    ),
    boolean(
        "ignore_public_acls",
        "Public ACLs have no effect, by the bucket or the account; null if not known.",
    ),
    boolean(
        "block_public_policy",
        "New public policies are refused, by the bucket or the account; null if not known.",
    ),
    boolean(
        "restrict_public_buckets",
        "Public policies have no effect beyond the account, by the bucket or the account; null if not known.",
    ),
    boolean("all_blocked", "All four are on; null if not known."),
    boolean("policy_is_public", "AWS finds the policy public; null if not known."),
    json(
        "public_grants",
        "ACL grants to everyone, each as `AllUsers READ`, sorted; null if not known.",
    ),
    boolean(
        "acls_disabled",
        "Object ownership switches ACLs off; null if not known.",
    ),
    boolean(
        "policy_public",
        "The bucket is open by its policy: public and not restricted; null if not known.",
    ),
    boolean(
        "acl_public",
        "The bucket is open by its ACL: granted, not ignored, not off; null if not known.",
    ),
    json(
        "unread",
        "Operations whose answer about this bucket or its account is missing, sorted.",
    ),
];

pub(super) const BUCKET_EXPOSURE: DerivedTable = DerivedTable {
    name: "s3_bucket_exposure",
    doc: "What makes a bucket public or keeps it from being so, account and bucket settings combined.",
    columns: EXPOSURE_COLUMNS,
    from: &[
        "s3_bucket",
        "s3_bucket_public_access_block",
        "s3_bucket_policy_status",
        "s3_bucket_acl_grant",
        "s3_bucket_ownership",
        "s3_account_public_access_block",
    ],
};

const STATEMENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("bucket", "Bucket name."),
    integer("statement", "Number of the statement, from 1."),
    text("sid", "Statement id."),
    text("effect", "`Allow` or `Deny`."),
    boolean("principal_any", "It is about everyone, none spared."),
    json(
        "principals",
        "Principals as written; `everyone except …` for NotPrincipal.",
    ),
    json(
        "admitted",
        "Whom an Allow lets in: principals as written; for everyone, where strangers are kept out, the ARNs or accounts that conditions name.",
    ),
    boolean(
        "services_tied",
        "The services it lets in act only for resources of accounts or organizations that it names; null if not known.",
    ),
    json("actions", "Action, as written."),
    json("not_actions", "NotAction, as written."),
    json("resources", "Resource, as written."),
    json("not_resources", "NotResource, as written."),
    json(
        "conditions",
        "Conditions, each as `operator key values`, operator and key in lower case.",
    ),
    boolean(
        "denies_plain_http",
        "Denies everyone reading and writing the bucket's objects without TLS, under no further condition.",
    ),
    text(
        "shortfall",
        "For a Deny about transport that does not do so: what is wanting.",
    ),
    text(
        "parse_error",
        "Why the document or the statement could not be read; then the columns before are null.",
    ),
];

pub(super) const POLICY_STATEMENT: DerivedTable = DerivedTable {
    name: "s3_policy_statement",
    doc: "A statement of a bucket policy.",
    columns: STATEMENT_COLUMNS,
    from: &["s3_bucket", "s3_bucket_policy"],
};

/// Rows of a table by account and bucket.
struct ByBucket<'a>(BTreeMap<(&'a str, &'a str), Vec<&'a Row>>);

impl<'a> ByBucket<'a> {
    fn of(snapshot: &'a Snapshot, table: &str) -> Self {
        let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in snapshot.rows(table) {
            if let Some(bucket) = row.text("bucket") {
                rows.entry((row.account(), bucket)).or_default().push(row);
            }
        }
        Self(rows)
    }

    fn all(&self, account: &'a str, bucket: &'a str) -> &[&'a Row] {
        self.0.get(&(account, bucket)).map_or(&[], Vec::as_slice)
    }

    fn one(&self, account: &'a str, bucket: &'a str) -> Option<&'a Row> {
        self.all(account, bucket).first().copied()
    }
}

pub(super) fn bucket_exposures(snapshot: &Snapshot) -> Vec<Cells> {
    let blocks = ByBucket::of(snapshot, "s3_bucket_public_access_block");
    let statuses = ByBucket::of(snapshot, "s3_bucket_policy_status");
    let grants = ByBucket::of(snapshot, "s3_bucket_acl_grant");
    let ownerships = ByBucket::of(snapshot, "s3_bucket_ownership");
    let acls_unread = Gaps::of(snapshot, "s3:GetBucketAcl");
    let accounts: BTreeMap<_, _> = snapshot
        .rows("s3_account_public_access_block")
        .iter()
        .map(|row| (row.account(), row))
        .collect();

    let buckets = snapshot
        .rows("s3_bucket")
        .iter()
        .filter_map(|row| Some((row, row.text("name")?)));
    buckets
        .map(|(row, bucket)| {
            let account = row.account();
            let arn = row.text("arn").unwrap_or_default().to_owned();
            let by_account = accounts.get(account).copied();
            let by_bucket = blocks.one(account, bucket);
            let effective = |column| or(&[switched_on(by_account, column), switched_on(by_bucket, column)]);
            let block_acls = effective("block_public_acls");
            let ignore_acls = effective("ignore_public_acls");
            let block_policy = effective("block_public_policy");
            let restrict = effective("restrict_public_buckets");

            let status = statuses.one(account, bucket);
            let policy_is_public = status.and_then(|row| {
                if row.flag("present")? {
                    row.flag("is_public")
                } else {
                    Some(false)
                }
            });
            let ownership = ownerships.one(account, bucket);
            let acls_disabled = ownership.and_then(|row| {
                if row.flag("present")? {
                    Some(row.text("object_ownership")? == "BucketOwnerEnforced")
                } else {
                    Some(false)
                }
            });
            // A list may be empty: only a gap tells that it was not read.
            let acl_unread = acls_unread.cover(account, row.region(), &arn);
            let public_grants = (!acl_unread).then(|| public_grants(grants.all(account, bucket)));
            let granted = public_grants.as_ref().map(|grants| !grants.is_empty());

            let missing = [
                ("s3:GetBucketAcl", acl_unread),
                ("s3:GetBucketOwnershipControls", acls_disabled.is_none()),
                ("s3:GetBucketPolicyStatus", policy_is_public.is_none()),
                ("s3:GetPublicAccessBlock", by_bucket.is_none()),
                ("s3control:GetPublicAccessBlock", by_account.is_none()),
            ];
            let unread: Vec<_> = missing
                .iter()
                .filter(|(_, missing)| *missing)
                .map(|(operation, _)| *operation)
                .collect();

            let mut cells = row.envelope(bucket.to_owned());
            cells.extend([
                bucket.to_owned().into(),
                arn.into(),
                block_acls.into(),
                ignore_acls.into(),
                block_policy.into(),
                restrict.into(),
                and(&[block_acls, ignore_acls, block_policy, restrict]).into(),
                policy_is_public.into(),
                public_grants.map_or(Value::Null, |grants| list(&grants)),
                acls_disabled.into(),
                and(&[policy_is_public, not(restrict)]).into(),
                and(&[granted, not(acls_disabled), not(ignore_acls)]).into(),
                list(&unread),
            ]);
            cells
        })
        .collect()
}

/// A flag of a public access block; without a block, off.
fn switched_on(block: Option<&Row>, column: &str) -> Option<bool> {
    let block = block?;
    if block.flag("present")? {
        block.flag(column)
    } else {
        Some(false)
    }
}

fn public_grants(grants: &[&Row]) -> Vec<String> {
    let mut public: Vec<_> = grants
        .iter()
        .filter_map(|grant| {
            let group = grant
                .text("grantee")?
                .strip_prefix("http://acs.amazonaws.com/groups/global/")?;
            let permission = grant.text("permission").unwrap_or("with an unknown permission");
            matches!(group, "AllUsers" | "AuthenticatedUsers").then(|| format!("{group} {permission}"))
        })
        .collect();
    public.sort();
    public
}

pub(super) fn policy_statements(snapshot: &Snapshot) -> Vec<Cells> {
    let arns: BTreeMap<_, _> = snapshot
        .rows("s3_bucket")
        .iter()
        .filter_map(|row| Some(((row.account(), row.text("name")?), row.text("arn")?.to_owned())))
        .collect();
    let mut rows = Vec::new();
    for policy in snapshot
        .rows("s3_bucket_policy")
        .iter()
        .filter(|row| row.flag("present") == Some(true))
    {
        let Some(bucket) = policy.text("bucket") else { continue };
        let arn = arns
            .get(&(policy.account(), bucket))
            .cloned()
            .unwrap_or_else(|| partition::bucket_arn(snapshot.partition(policy.account()).unwrap_or_default(), bucket));
        let statements = document::parse(policy.text("document"));
        let admission = Admission::of(
            &statements,
            Question {
                now: snapshot.meta.opened_at,
                owner: Some(policy.account()),
                actions: None,
            },
        );
        for (number, statement) in (1i64..).zip(&statements) {
            let at = usize::try_from(number).unwrap_or(1) - 1;
            let mut cells = policy.envelope(format!("{bucket} {number}"));
            cells.extend([bucket.to_owned().into(), number.into()]);
            match statement {
                Ok(statement) => {
                    let shortfall = shortfall(statement, &arn);
                    let principals: Vec<_> = statement.principals.iter().map(|p| p.name.as_str()).collect();
                    cells.extend([
                        statement.sid.clone().into(),
                        statement.effect.as_str().to_owned().into(),
                        statement.about_everyone().into(),
                        list(&principals),
                        list(&admission.admitted(at, statement)),
                        admission.services_tied(at, statement).into(),
                        list(&statement.actions),
                        list(&statement.not_actions),
                        list(&statement.resources),
                        list(&statement.not_resources),
                        list(&statement.condition_lines()),
                        (shortfall == Shortfall::Nothing).into(),
                        match shortfall {
                            Shortfall::Of(what) => what.to_owned().into(),
                            _ => Value::Null,
                        },
                        Value::Null,
                    ]);
                }
                Err(why) => {
                    cells.extend(std::iter::repeat_n(
                        Value::Null,
                        STATEMENT_COLUMNS.len() - cells.len() - 1,
                    ));
                    cells.push(why.clone().into());
                }
            }
            rows.push(cells);
        }
    }
    rows
}

/// Whom the statements of a bucket policy let in.
struct Admission<'a> {
    statements: &'a [Result<Statement, Unreadable>],
    question: Question<'a>,
    strangers: Vec<Option<bool>>,
    accounts: Vec<Option<BTreeSet<String>>>,
}

impl<'a> Admission<'a> {
    fn of(statements: &'a [Result<Statement, Unreadable>], question: Question<'a>) -> Self {
        Self {
            statements,
            question,
            strangers: reach::strangers(statements, question),
            accounts: reach::accounts(statements, question),
        }
    }

    fn admitted(&self, at: usize, statement: &Statement) -> Vec<String> {
        let mut admitted = Vec::new();
        for principal in &statement.principals {
            match &self.accounts[at] {
                Some(named) if principal.kind == PrincipalKind::Any && self.strangers[at] == Some(false) => {
                    let arns = statement.principal_arns();
                    admitted.extend(if arns.is_empty() {
                        named.iter().cloned().collect()
                    } else {
                        arns
                    });
                }
                _ => admitted.push(principal.name.clone()),
            }
        }
        admitted
    }

    /// Is every service that a statement names kept from acting for a stranger?
    fn services_tied(&self, at: usize, statement: &Statement) -> Option<bool> {
        let services = statement.principals.iter().filter(|p| p.kind == PrincipalKind::Service);
        let loose: Vec<Option<bool>> = services
            .map(|service| {
                let caller = Caller::new(Who::ServiceForStranger(service.name.clone()), self.question.now);
                reach::one(self.statements, &caller.of(self.question.owner), self.question.actions)[at]
            })
            .collect();
        not(or(&loose))
    }
}

/// What a statement lacks to deny plain HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shortfall {
    Nothing,
    Of(&'static str),
    /// It is not about transport at all.
    Unrelated,
}

fn shortfall(statement: &Statement, bucket_arn: &str) -> Shortfall {
    let plain = |key: &str| statement.conditions.iter().any(|c| c.key == key);
    if statement.effect != Effect::Deny || !(plain("aws:securetransport") || plain("s3:tlsversion")) {
        return Shortfall::Unrelated;
    }
    let objects = format!("{bucket_arn}/");
    let denies_plain = |c: &document::Condition| {
        c.key == "aws:securetransport"
            && matches!(c.operator.as_str(), "bool" | "boolifexists")
            && c.values.iter().any(|value| value.eq_ignore_ascii_case("false"))
    };
    if !plain("aws:securetransport") {
        Shortfall::Of("it tests only the TLS version, which plain HTTP does not have")
    } else if !statement.about_everyone() {
        Shortfall::Of("it is not about every principal")
    } else if !(statement.covers_action("s3:GetObject") && statement.covers_action("s3:PutObject")) {
        Shortfall::Of("it does not cover both s3:GetObject and s3:PutObject")
    } else if !statement
        .resources
        .iter()
        .any(|resource| glob::covers(resource, &objects))
    {
        Shortfall::Of("it does not cover all objects of the bucket")
    } else if statement.conditions.len() > 1 {
        Shortfall::Of("it has a further condition")
    } else if !statement.conditions.iter().all(denies_plain) {
        Shortfall::Of("its condition is not aws:SecureTransport false")
    } else {
        Shortfall::Nothing
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use crate::derived::tests::{derive, snapshot};

    fn plain_http(statement: &str) -> (Value, Value) {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let policy = json!([{ "bucket": "b", "present": true, "document": document }]);
        let mut row = derive(
            "s3_policy_statement",
            &snapshot(json!({ "s3_bucket_policy": policy }), json!([])),
        )
        .remove(0);
        (
            row.remove("denies_plain_http").unwrap(),
            row.remove("shortfall").unwrap(),
        )
    }

    #[test]
    fn denying_plain_http() {
        let deny = |rest: &str| format!(r#"{{"Effect":"Deny",{rest}}}"#);
        let insecure = r#""Condition":{"Bool":{"aws:SecureTransport":"false"}}"#;
        let both = r#""Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]"#;
        for rest in [
            format!(r#""Principal":"*","Action":"s3:*",{both},{insecure}"#),
            format!(r#""Principal":{{"AWS":"*"}},"Action":["s3:GetObject","S3:putobject"],{both},{insecure}"#),
            format!(r#""Principal":"*","Action":"*","Resource":"*",{insecure}"#),
            format!(r#""Principal":"*","NotAction":"s3:ListBucket",{both},{insecure}"#),
            format!(
                r#""Principal":"*","Action":"s3:*",{both},"Condition":{{"BoolIfExists":{{"AWS:securetransport":[false]}}}}"#
            ),
        ] {
            assert_eq!(plain_http(&deny(&rest)).0, json!(1), "{rest}");
        }
        for (rest, why) in [
            (
                format!(
                    r#""Principal":"*","Action":"s3:*",{both},"Condition":{{"Bool":{{"aws:SecureTransport":"false"}},"StringEquals":{{"aws:SourceVpc":"vpc-1"}}}}"#
                ),
                "further",
            ),
            (
                format!(r#""Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b",{insecure}"#),
                "all objects",
            ),
            (
                format!(r#""Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/logs/*",{insecure}"#),
                "all objects",
            ),
            (
                format!(r#""Principal":"*","Action":"s3:*","NotResource":"arn:aws:s3:::c",{insecure}"#),
                "all objects",
            ),
            (
                format!(r#""Principal":"*","Action":"s3:GetObject",{both},{insecure}"#),
                "both",
            ),
            (
                format!(r#""Principal":{{"AWS":"111122223333"}},"Action":"s3:*",{both},{insecure}"#),
                "every principal",
            ),
            (
                format!(r#""NotPrincipal":{{"AWS":"111122223333"}},"Action":"s3:*",{both},{insecure}"#),
                "every principal",
            ),
            (
                format!(
                    r#""Principal":"*","Action":"s3:*",{both},"Condition":{{"NumericLessThan":{{"s3:TlsVersion":1.2}}}}"#
                ),
                "TLS version",
            ),
            (
                format!(
                    r#""Principal":"*","Action":"s3:*",{both},"Condition":{{"Bool":{{"aws:SecureTransport":"true"}}}}"#
                ),
                "not aws:SecureTransport",
            ),
        ] {
            let (denies, shortfall) = plain_http(&deny(&rest));
            assert_eq!(denies, json!(0), "{rest}");
            assert!(shortfall.as_str().unwrap().contains(why), "{rest}: {shortfall}");
        }
        let allow = format!(r#"{{"Effect":"Allow","Principal":"*","Action":"s3:*",{both},{insecure}}}"#);
        assert_eq!(plain_http(&allow), (json!(0), json!(null)));
    }

    fn flags(all: bool) -> Value {
        json!({ "bucket": "b", "present": true, "block_public_acls": all, "ignore_public_acls": all,
            "block_public_policy": all, "restrict_public_buckets": all })
    }

    fn exposure(
        account: &Value,
        bucket: &Value,
        public: bool,
        grantee: Option<&str>,
        ownership: &str,
    ) -> Map<String, Value> {
        let grants: Vec<_> = grantee
            .map(|group| {
                json!({ "bucket": "b", "grantee_type": "Group", "permission": "READ",
                "grantee": format!("http://acs.amazonaws.com/groups/global/{group}") })
            })
            .into_iter()
            .collect();
        let mut account = account.clone();
        account.as_object_mut().unwrap().remove("bucket");
        let tables = json!({
            "s3_bucket": [{ "name": "b", "arn": "arn:aws:s3:::b" }],
            "s3_account_public_access_block": [account],
            "s3_bucket_public_access_block": [bucket],
            "s3_bucket_policy_status": [{ "bucket": "b", "present": true, "is_public": public }],
            "s3_bucket_acl_grant": grants,
            "s3_bucket_ownership": [{ "bucket": "b", "present": true, "object_ownership": ownership }],
        });
        derive("s3_bucket_exposure", &snapshot(tables, json!([]))).remove(0)
    }

    #[test]
    fn exposure_of_a_bucket() {
        let none = json!({ "bucket": "b", "present": false });
        let public = |row: Map<String, Value>| (row["policy_public"] == 1, row["acl_public"] == 1);
        let (on, off) = (flags(true), flags(false));
        assert_eq!(
            public(exposure(&on, &none, true, None, "BucketOwnerEnforced")),
            (false, false)
        );
        assert_eq!(
            public(exposure(&off, &none, true, None, "BucketOwnerEnforced")),
            (true, false)
        );
        assert_eq!(
            public(exposure(&off, &none, false, Some("AllUsers"), "ObjectWriter")),
            (false, true)
        );
        assert_eq!(
            public(exposure(&off, &none, false, Some("AllUsers"), "BucketOwnerEnforced")),
            (false, false)
        );
        assert_eq!(
            public(exposure(&off, &on, true, Some("AllUsers"), "ObjectWriter")),
            (false, false)
        );
        assert_eq!(
            public(exposure(
                &none,
                &none,
                false,
                Some("AuthenticatedUsers"),
                "ObjectWriter"
            )),
            (false, true)
        );
        assert_eq!(
            public(exposure(&none, &none, false, Some("s3/LogDelivery"), "ObjectWriter")),
            (false, false)
        );
    }

    #[test]
    fn what_was_not_read_is_not_known() {
        let bucket = json!({ "s3_bucket": [{ "name": "b", "arn": "arn:aws:s3:::b" }] });
        let gap = json!([{ "account": "111122223333", "region": "us-east-1", "operation": "s3:GetBucketAcl",
            "resource": "arn:aws:s3:::b", "code": "access-denied", "error_code": null, "message": "no", "exchange": null }]);
        let row = derive("s3_bucket_exposure", &snapshot(bucket, gap)).remove(0);
        for column in [
            "all_blocked",
            "policy_public",
            "acl_public",
            "public_grants",
            "acls_disabled",
        ] {
            assert_eq!(row[column], json!(null), "{column}");
        }
        let unread: Vec<String> = serde_json::from_str(row["unread"].as_str().unwrap()).unwrap();
        assert_eq!(unread.len(), 5);
    }
}
