//! The identity policies of an account, by who holds them.

use std::collections::BTreeMap;

use evidence::record::Row;
use evidence::snapshot::Snapshot;

use super::row::Cell;
use crate::policy::document::{self, Statement, Unreadable};

/// A policy's statements.
pub(super) type Statements = Vec<Result<Statement, Unreadable>>;

/// What AWS's own policies say, where it is or comes near everything, as far as that matters. Their documents are not collected.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>, as of March 2026.
const AWS_DOCUMENTS: &[(&str, &str)] = &[
    (
        "AdministratorAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "AWSOrganizationsFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:*","Resource":"*"}]}"#,
    ),
    (
        "IAMFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount",
            "organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy",
            "organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget",
            "organizations:ListRoots","organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}"#,
    ),
    (
        "PowerUserAccess",
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},
            {"Effect":"Allow","Action":["account:GetAccountInformation","account:GetGovCloudAccountInformation",
            "account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole",
            "iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]}"#,
    ),
];

/// A policy that somebody holds.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    /// ARN of a managed policy.
    pub(super) arn: Option<&'a str>,
    /// `name` or `name through group g`; an inline policy's with `inline policy ` before it.
    pub(super) label: String,
    /// Its document's text, where it is the firm's own.
    pub(super) document: Option<&'a str>,
}

impl Policy<'_> {
    /// The name of AWS's own policy, if it is one.
    pub(super) fn of_aws(&self) -> Option<&str> {
        self.arn.and_then(name_of_aws)
    }
}

/// Policies of one account, by who holds them.
#[derive(Default)]
pub(super) struct Held<'a> {
    documents: BTreeMap<&'a str, Option<&'a str>>,
    policies: BTreeMap<&'a str, Vec<Policy<'a>>>,
}

impl<'a> Held<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, account: &str) -> Self {
        let rows = |table: &str| snapshot.rows(table).iter().filter(move |row| row.account() == account);
        let mut held = Self {
            documents: rows("iam_policy")
                .filter_map(|row| Some((row.text("arn")?, row.text("document"))))
                .collect(),
            ..Self::default()
        };
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in rows("iam_group_member") {
            if let (Some(group), Some(user)) = (row.text("group_name"), row.text("user_arn")) {
                members.entry(group).or_default().push(user);
            }
        }
        // Who has what a row gives to somebody: the principal itself, or the members of the group.
        let holders = |row: &'a Row| -> (Vec<&'a str>, String) {
            let (Some(arn), Some(name)) = (row.text("principal_arn"), row.text("principal_name")) else {
                return (Vec::new(), String::new());
            };
            if row.text("principal_type") == Some("group") {
                let users = members.get(name).cloned().unwrap_or_default();
                (users, format!(" through group {name}"))
            } else {
                (vec![arn], String::new())
            }
        };
        for row in rows("iam_policy_attachment") {
            let Some(arn) = row.text("policy_arn") else { continue };
            let (holders, through) = holders(row);
            for holder in holders {
                held.policies.entry(holder).or_default().push(Policy {
                    arn: Some(arn),
                    label: format!("{}{through}", row.text("policy_name").unwrap_or(arn)),
                    document: held.documents.get(arn).copied().flatten(),
                });
            }
        }
        for row in rows("iam_inline_policy") {
            let (holders, through) = holders(row);
            for holder in holders {
                held.policies.entry(holder).or_default().push(Policy {
                    arn: None,
                    label: format!(
                        "inline policy {}{through}",
                        row.text("policy_name").unwrap_or("without a name")
                    ),
                    document: row.text("document"),
                });
            }
        }
        held
    }

    /// The policies of a user or role: its own, and those of its groups.
    pub(super) fn policies(&self, principal: &str) -> &[Policy<'a>] {
        self.policies.get(principal).map_or(&[], Vec::as_slice)
    }

    /// What a policy says. Of AWS's own, only those are known that come near everything; the others say nothing here.
    pub(super) fn statements(&self, policy: &Policy<'_>) -> Statements {
        match policy.of_aws() {
            Some(name) => statements_of_aws(name),
            None => document::parse(policy.document),
        }
    }

    /// What the managed policy of this ARN says, as a permissions boundary.
    pub(super) fn boundary(&self, arn: &str) -> Statements {
        match name_of_aws(arn) {
            Some(name) => statements_of_aws(name),
            None => document::parse(self.documents.get(arn).copied().flatten()),
        }
    }
}

fn name_of_aws(arn: &str) -> Option<&str> {
    (arn.split(':').nth(4) == Some("aws")).then(|| arn.rsplit('/').next().unwrap_or(arn))
}

fn statements_of_aws(name: &str) -> Statements {
    let known = AWS_DOCUMENTS.iter().find(|(known, _)| *known == name);
    known.map_or_else(Vec::new, |(_, document)| document::parse(Some(document)))
}
