//! Who may delete the objects of log buckets, by the identity policies of the bucket's account.
//!
//! Only what policies give is counted: permissions boundaries, service control policies and the
//! bucket's own policy may take it away again. Of a Deny only a plain one over all objects counts.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::iam::is_full_admin;
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};
use crate::policy::document::{self, Effect, Statement};
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
        "A policy allows everything on everything without a condition, or is AdministratorAccess.",
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
    /// Without conditions.
    plainly: bool,
    /// Under conditions.
    conditionally: bool,
    /// Denies it for all objects, without conditions.
    denied: bool,
    full_admin: bool,
    unreadable: bool,
}

impl Grant {
    fn of_document(document: Option<&str>, objects: &str) -> Self {
        let mut grant = Self::default();
        for statement in document::parse(document) {
            match statement {
                Ok(statement) => grant.add(&statement, objects),
                Err(_) => grant.unreadable = true,
            }
        }
        grant
    }

    fn of_aws(arn: &str) -> Self {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let known = AWS_MANAGED.iter().find(|(known, _)| *known == name);
        Self {
            plainly: known.is_some_and(|(_, conditional)| !conditional),
            conditionally: known.is_some_and(|(_, conditional)| *conditional),
            full_admin: name == "AdministratorAccess",
            ..Self::default()
        }
    }

    fn add(&mut self, statement: &Statement, objects: &str) {
        if !statement.covers_action(ACTION) {
            return;
        }
        match statement.effect {
            Effect::Allow if reaches(statement, objects) => {
                self.plainly |= statement.conditions.is_empty();
                self.conditionally |= !statement.conditions.is_empty();
                self.full_admin |= is_full_admin(statement);
            }
            Effect::Deny => self.denied |= statement.conditions.is_empty() && covers(statement, objects),
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
    let mut plain = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        plain.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    let pattern: Vec<char> = plain.chars().collect();
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

/// Policies of one account, by who holds them.
#[derive(Default)]
struct Held<'a> {
    documents: BTreeMap<&'a str, Option<&'a str>>,
    /// By ARN of the user or role: its managed policies (ARN, label).
    managed: BTreeMap<&'a str, Vec<(&'a str, String)>>,
    /// By ARN of the user or role: documents of its inline policies and their label.
    inline: BTreeMap<&'a str, Vec<(Option<&'a str>, String)>>,
}

impl<'a> Held<'a> {
    fn of(snapshot: &'a Snapshot, account: &str) -> Self {
        let rows = |table: &str| snapshot.rows(table).iter().filter(|row| row.account() == account);
        let mut held = Self::default();
        for policy in rows("iam_policy") {
            if let Some(arn) = policy.text("arn") {
                held.documents.insert(arn, policy.text("document"));
            }
        }
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for member in rows("iam_group_member") {
            if let (Some(group), Some(user)) = (member.text("group_name"), member.text("user_arn")) {
                members.entry(group).or_default().push(user);
            }
        }
        // Whoever has a policy: the principal itself, or the members of the group.
        let holders = |row: &'a Row, policy: &str| -> Vec<(&'a str, String)> {
            let (Some(arn), Some(name)) = (row.text("principal_arn"), row.text("principal_name")) else {
                return Vec::new();
            };
            if row.text("principal_type") == Some("group") {
                let users = members.get(name).map_or(&[][..], Vec::as_slice);
                let label = format!("{policy} through group {name}");
                users.iter().map(|user| (*user, label.clone())).collect()
            } else {
                vec![(arn, policy.to_owned())]
            }
        };
        for row in rows("iam_policy_attachment") {
            let Some(policy) = row.text("policy_arn") else { continue };
            for (holder, label) in holders(row, row.text("policy_name").unwrap_or(policy)) {
                held.managed.entry(holder).or_default().push((policy, label));
            }
        }
        for row in rows("iam_inline_policy") {
            for (holder, label) in holders(row, row.text("policy_name").unwrap_or("inline policy")) {
                held.inline
                    .entry(holder)
                    .or_default()
                    .push((row.text("document"), label));
            }
        }
        held
    }

    /// What each policy of a principal says, with its label.
    fn grants(&self, principal: &str, objects: &str) -> Vec<(Grant, &str)> {
        let managed = self.managed.get(principal).into_iter().flatten().map(|(arn, label)| {
            let grant = match self.documents.get(arn) {
                Some(document) => Grant::of_document(*document, objects),
                None if arn.split(':').nth(4) == Some("aws") => Grant::of_aws(arn),
                None => Grant {
                    unreadable: true,
                    ..Grant::default()
                },
            };
            (grant, label.as_str())
        });
        let inline = self.inline.get(principal).into_iter().flatten();
        let inline = inline.map(|(document, label)| (Grant::of_document(*document, objects), label.as_str()));
        managed.chain(inline).collect()
    }
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
                let grants = held.grants(arn, &objects);
                if !grants.iter().any(|(grant, _)| grant.matters()) || grants.iter().any(|(grant, _)| grant.denied) {
                    continue;
                }
                let any = |of: fn(Grant) -> bool| grants.iter().any(|(grant, _)| of(*grant));
                let (plainly, conditionally) = (any(|g| g.plainly), any(|g| g.conditionally));
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
                    any(|g| g.full_admin).into(),
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
