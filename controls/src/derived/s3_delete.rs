//! Who may delete the objects of log buckets, by the identity policies of the bucket's account.
//!
//! Only what policies give is counted: permissions boundaries, service control policies and the
//! bucket's own policy may take it away again. Of a Deny only a plain one over all objects counts.

use std::collections::BTreeSet;

use evidence::record::Column;
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::iam_held::{Held, Policy, Statements};
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};
use crate::policy::administration::{self, Holder};
use crate::policy::document::{Effect, Statement};
use crate::policy::glob;

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("principal_type", "`user` or `role`."),
    text("principal_arn", "ARN of the user or role."),
    text("principal_name", "Its name."),
    text("bucket", "Bucket that a trail delivers to."),
    boolean(
        "allowed",
        "A policy allows s3:DeleteObject on objects of the bucket; null if none is known to, but one cannot be read.",
    ),
    boolean("conditional", "Only under conditions."),
    boolean(
        "full_admin",
        "All policies together allow everything, as in `iam_full_admin`; null if one that matters cannot be read.",
    ),
    json(
        "policies",
        "The policies that allow it, or that cannot be read, each as `name` or `name through group g`, sorted.",
    ),
];

pub(super) const PRINCIPAL_S3_DELETE: DerivedTable = DerivedTable {
    name: "iam_principal_s3_delete",
    doc: "A user or role whose identity policies allow deleting objects of a bucket of its account that a trail delivers to.",
    columns: COLUMNS,
    from: &[
        "cloudtrail_trail",
        "iam_group_member",
        "iam_inline_policy",
        "iam_policy",
        "iam_policy_attachment",
        "iam_role",
        "iam_user_detail",
        "s3_bucket",
    ],
};

const ACTION: &str = "s3:DeleteObject";

/// AWS managed policies that allow it on any bucket, and whether only under conditions: found in the
/// documents of all 1485 that there were in March 2026. Their documents are not collected.
const AWS_MANAGED: &[(&str, bool)] = &[
    ("AWSBackupServiceRolePolicyForS3Restore", false),
    ("AWSMcpServiceActionsFullAccess", true),
    ("AWSPanoramaFullAccess", true),
    ("AdministratorAccess", false),
    ("AdministratorAccess-Amplify", false),
    ("AmazonDynamoDBFullAccesswithDataPipeline", false),
    ("AmazonEC2RoleforDataPipelineRole", false),
    ("AmazonElasticMapReduceFullAccess", false),
    ("AmazonElasticMapReduceforEC2Role", false),
    ("AmazonS3FullAccess", false),
    ("DataScientist", false),
    ("DatabaseAdministrator", false),
    ("PowerUserAccess", false),
    ("SageMakerStudioAdminIAMPermissiveExecutionPolicy", false),
    ("SageMakerStudioAdminProjectUserRolePolicy", true),
    ("SageMakerStudioProjectRoleMachineLearningPolicy", true),
    ("SageMakerStudioProjectUserRolePermissionsBoundary", true),
    ("SageMakerStudioUserIAMPermissiveExecutionPolicy", false),
    ("SystemAdministrator", false),
];

/// What a policy says about deleting in one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Grant {
    /// Without conditions that leave anybody out.
    plainly: bool,
    /// Under conditions.
    conditionally: bool,
    /// Denies it for all objects, without conditions.
    denied: bool,
    unreadable: bool,
}

impl Grant {
    fn of(policy: &Policy<'_>, statements: &Statements, objects: &str, holder: Holder<'_>) -> Self {
        if let Some(name) = policy.of_aws() {
            let known = AWS_MANAGED.iter().find(|(known, _)| *known == name);
            return Self {
                plainly: known.is_some_and(|(_, conditional)| !conditional),
                conditionally: known.is_some_and(|(_, conditional)| *conditional),
                ..Self::default()
            };
        }
        let mut grant = Self::default();
        for statement in statements {
            match statement {
                Ok(statement) => grant.add(statement, objects, holder),
                Err(_) => grant.unreadable = true,
            }
        }
        grant
    }

    fn add(&mut self, statement: &Statement, objects: &str, holder: Holder<'_>) {
        if !statement.covers_action(ACTION) {
            return;
        }
        let holds = administration::unconditional(statement, holder);
        match statement.effect {
            Effect::Allow if reaches(statement, objects) => {
                self.plainly |= holds == Some(true);
                self.conditionally |= holds.is_none();
            }
            Effect::Deny => self.denied |= holds == Some(true) && covers(statement, objects),
            Effect::Allow => {}
        }
    }

    fn matters(self) -> bool {
        self.plainly || self.conditionally || self.unreadable
    }
}

/// Is there an object of the bucket that the statement is about?
fn reaches(statement: &Statement, objects: &str) -> bool {
    let spared = statement.not_resources.iter().any(|p| glob::covers(p, objects));
    statement.resources.iter().any(|pattern| touches(pattern, objects))
        || (!statement.not_resources.is_empty() && !spared)
}

/// Is the statement about all objects of the bucket?
fn covers(statement: &Statement, objects: &str) -> bool {
    let spared = statement.not_resources.iter().any(|pattern| touches(pattern, objects));
    statement.resources.iter().any(|pattern| glob::covers(pattern, objects))
        || (!statement.not_resources.is_empty() && !spared)
}

/// Can the pattern match something that begins with `prefix` and goes on?
///
/// A policy variable such as `${aws:username}` may stand for anything.
fn touches(pattern: &str, prefix: &str) -> bool {
    let pattern: Vec<char> = glob::widened(pattern).chars().collect();
    // All places in the pattern at which one can stand after the prefix; one of them must not be its end.
    let mut places = BTreeSet::from([0]);
    let skip_stars = |places: &mut BTreeSet<usize>| {
        for at in places.clone() {
            let stars = pattern[at..].iter().take_while(|c| **c == '*').count();
            places.extend(at..=at + stars);
        }
    };
    skip_stars(&mut places);
    for c in prefix.chars() {
        let mut next = BTreeSet::new();
        for at in places {
            match pattern.get(at) {
                Some('*') => drop(next.insert(at)),
                Some(&p) if p == '?' || p == c => drop(next.insert(at + 1)),
                _ => {}
            }
        }
        places = next;
        skip_stars(&mut places);
    }
    places.iter().any(|at| *at < pattern.len())
}

pub(super) fn principals(snapshot: &Snapshot) -> Vec<Cells> {
    let delivered: BTreeSet<&str> = snapshot
        .rows("cloudtrail_trail")
        .iter()
        .filter_map(|trail| trail.text("bucket"))
        .collect();
    let buckets = snapshot
        .rows("s3_bucket")
        .iter()
        .filter_map(|row| Some((row.account(), row.text("name")?, row.text("arn")?)))
        .filter(|(_, bucket, _)| delivered.contains(bucket));
    let mut rows = Vec::new();
    for (account, bucket, arn) in buckets {
        let held = Held::of(snapshot, account);
        let objects = format!("{arn}/");
        for (kind, table) in [("user", "iam_user_detail"), ("role", "iam_role")] {
            let principals = snapshot.rows(table).iter().filter(|row| row.account() == account);
            for principal in principals {
                let (Some(arn), Some(name)) = (principal.text("arn"), principal.text("name")) else {
                    continue;
                };
                // Only AWS can use these.
                if principal
                    .text("path")
                    .is_some_and(|path| path.starts_with("/aws-service-role/"))
                {
                    continue;
                }
                let holder = Holder {
                    arn,
                    account,
                    now: snapshot.meta.opened_at,
                };
                let policies = held.policies(arn);
                let statements: Vec<Statements> = policies.iter().map(|policy| held.statements(policy)).collect();
                let grants: Vec<(Grant, &str)> = policies
                    .iter()
                    .zip(&statements)
                    .map(|(policy, statements)| {
                        let label = policy.label.strip_prefix("inline policy ").unwrap_or(&policy.label);
                        (Grant::of(policy, statements, &objects, holder), label)
                    })
                    .collect();
                if !grants.iter().any(|(grant, _)| grant.matters()) || grants.iter().any(|(grant, _)| grant.denied) {
                    continue;
                }
                let any = |of: fn(Grant) -> bool| grants.iter().any(|(grant, _)| of(*grant));
                let (plainly, conditionally) = (any(|g| g.plainly), any(|g| g.conditionally));
                let boundary = principal
                    .text("permissions_boundary")
                    .map(|boundary| held.boundary(boundary));
                let all: Vec<&[_]> = statements.iter().map(Vec::as_slice).collect();
                let full_admin = administration::is_everything(&all, boundary.as_deref(), holder);
                let mut policies: Vec<_> = grants
                    .iter()
                    .filter(|(grant, _)| grant.matters())
                    .map(|(_, label)| *label)
                    .collect();
                policies.sort_unstable();
                let mut cells = principal.envelope(format!("{arn} {bucket}"));
                cells.extend([
                    kind.to_owned().into(),
                    arn.to_owned().into(),
                    name.to_owned().into(),
                    bucket.to_owned().into(),
                    (plainly || conditionally)
                        .then_some(true)
                        .map_or(Value::Null, Value::from),
                    (!plainly && conditionally).into(),
                    full_admin.into(),
                    list(&policies),
                ]);
                rows.push(cells);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::touches;
    use crate::derived::tests::{derive, snapshot};
    use crate::policy::glob;

    fn rows(document: &str) -> Vec<Map<String, Value>> {
        let tables = json!({
            "cloudtrail_trail": [{ "arn": "t", "bucket": "logs" }],
            "s3_bucket": [{ "name": "logs", "arn": "arn:aws:s3:::logs" }, { "name": "other", "arn": "arn:aws:s3:::other" }],
            "iam_user_detail": [{ "arn": "u", "name": "alice", "path": "/" }, { "arn": "v", "name": "bob", "path": "/" }],
            "iam_group_member": [{ "group_name": "ops", "user_arn": "u", "user": "alice" }],
            "iam_policy": [{ "arn": "arn:aws:iam::111122223333:policy/p", "name": "p", "document": document }],
            "iam_policy_attachment": [{
                "principal_type": "group", "principal_arn": "g", "principal_name": "ops",
                "policy_arn": "arn:aws:iam::111122223333:policy/p", "policy_name": "p",
            }],
        });
        derive("iam_principal_s3_delete", &snapshot(tables, json!([])))
    }

    fn allow(rest: &str) -> Vec<Map<String, Value>> {
        rows(&format!(r#"{{"Statement":{{"Effect":"Allow",{rest}}}}}"#))
    }

    #[test]
    fn what_lets_delete() {
        for rest in [
            r#""Action":"*","Resource":"*""#,
            r#""Action":"s3:Delete*","Resource":"arn:aws:s3:::logs/AWSLogs/*""#,
            r#""Action":"s3:deleteobject","Resource":"arn:aws:s3:::l*s/${aws:username}/*""#,
            r#""NotAction":"iam:*","Resource":"*""#,
            r#""Action":"s3:*","NotResource":"arn:aws:s3:::other/*""#,
        ] {
            let found = allow(rest);
            assert_eq!(found.len(), 1, "{rest}");
            assert_eq!(found[0]["allowed"], json!(1), "{rest}");
            assert_eq!(found[0]["principal_name"], json!("alice"));
            assert_eq!(found[0]["policies"], json!(r#"["p through group ops"]"#));
        }
        for rest in [
            r#""Action":"s3:GetObject","Resource":"*""#,
            r#""Action":"s3:*","Resource":"arn:aws:s3:::logs""#,
            r#""Action":"s3:*","Resource":"arn:aws:s3:::logs-2/*""#,
            r#""Action":"s3:*","NotResource":"arn:aws:s3:::logs*""#,
        ] {
            assert!(allow(rest).is_empty(), "{rest}");
        }
        let narrowed =
            allow(r#""Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#);
        assert_eq!(
            (&narrowed[0]["conditional"], &narrowed[0]["full_admin"]),
            (&json!(1), &json!(0))
        );
        let admin = allow(r#""Action":"*","Resource":"*""#);
        assert_eq!(
            (&admin[0]["conditional"], &admin[0]["full_admin"]),
            (&json!(0), &json!(1))
        );
    }

    #[test]
    fn a_plain_deny_takes_it_away() {
        let all = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
        let deny = |rest: &str| rows(&format!(r#"{{"Statement":[{all},{{"Effect":"Deny",{rest}}}]}}"#));
        assert!(deny(r#""Action":"s3:Delete*","Resource":"arn:aws:s3:::logs/*""#).is_empty());
        assert_eq!(
            deny(r#""Action":"s3:Delete*","Resource":"arn:aws:s3:::logs/x/*""#).len(),
            1
        );
        let narrowed = r#""Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#;
        assert_eq!(deny(narrowed).len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        let found = rows("{");
        assert_eq!(found[0]["allowed"], json!(null));
    }

    proptest! {
        #[test]
        fn whoever_matches_is_touched(pattern in "[ab*?]{0,8}", prefix in "[ab]{0,4}", rest in "[ab]{1,4}") {
            if glob::matches(&pattern, &format!("{prefix}{rest}")) {
                prop_assert!(touches(&pattern, &prefix));
            }
        }

        #[test]
        fn whoever_touches_can_match(pattern in "[ab*?]{0,6}", prefix in "[ab]{0,3}") {
            // Some continuation of at most the pattern's own length does.
            if touches(&pattern, &prefix) {
                let mut found = false;
                for length in 1..=6u32 {
                    for bits in 0..(1u32 << length) {
                        let rest: String = (0..length).map(|at| if bits >> at & 1 == 0 { 'a' } else { 'b' }).collect();
                        found |= glob::matches(&pattern, &format!("{prefix}{rest}"));
                    }
                }
                prop_assert!(found);
            }
        }
    }
}
