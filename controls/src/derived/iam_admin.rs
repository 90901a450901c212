//! Who and what allows everything: policies by themselves, and users and roles by all that they hold.

use evidence::record::Column;
use evidence::snapshot::Snapshot;

use super::iam_held::{Held, Statements};
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};
use crate::policy::administration::{self, Holder, is_everything};
use crate::policy::document;

const POLICY_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("policy_kind", "`managed` (by the customer) or `inline`."),
    text("policy_name", "Name of the policy."),
    text(
        "owner_arn",
        "ARN of the principal for an inline policy, of the policy for a managed one.",
    ),
    boolean(
        "full_admin",
        "Its statements together allow everything: all actions on all resources of the account, but for exceptions that leave a way to the rest, under no condition that leaves anybody out; null if it cannot be told.",
    ),
    json(
        "statements",
        "Numbers of the statements that do: each by itself, or, if none does, some that do together.",
    ),
    boolean("together", "Only some statements together do."),
    text("parse_error", "Why the document or a statement could not be read."),
];

pub(super) const POLICY_FULL_ADMIN: DerivedTable = DerivedTable {
    name: "iam_policy_full_admin",
    doc: "A customer managed policy or an inline policy, and whether it allows everything.",
    columns: POLICY_COLUMNS,
    from: &["iam_inline_policy", "iam_policy"],
};

const HOLDER_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("principal_type", "`user` or `role`."),
    text("principal_arn", "ARN of the user or role."),
    text("principal_name", "Its name."),
    boolean(
        "full_admin",
        "All its policies together allow everything, after every Deny and within its permissions boundary; null if one that matters cannot be read.",
    ),
    json(
        "policies",
        "The policies that do, each as `name`, `inline policy name` or with ` through group g`, sorted: each by itself, or, if none does, some that do together; those that cannot be read, where it is not known.",
    ),
    boolean("together", "Only some policies together do."),
];

pub(super) const FULL_ADMIN: DerivedTable = DerivedTable {
    name: "iam_full_admin",
    doc: "A user or role whose policies together allow everything, or may.",
    columns: HOLDER_COLUMNS,
    from: &[
        "iam_group_member",
        "iam_inline_policy",
        "iam_policy",
        "iam_policy_attachment",
        "iam_role",
        "iam_user_detail",
    ],
};

pub(super) fn policies(snapshot: &Snapshot) -> Vec<Cells> {
    let managed = snapshot
        .rows("iam_policy")
        .iter()
        .map(|row| (row, "managed", "arn", "name"));
    let inline = snapshot.rows("iam_inline_policy").iter();
    let inline = inline.map(|row| (row, "inline", "principal_arn", "policy_name"));
    managed
        .chain(inline)
        .map(|(row, kind, owner, name)| {
            let (owner, name) = (row.text(owner).unwrap_or_default(), row.text(name).unwrap_or_default());
            let statements = document::parse(row.text("document"));
            let holder = Holder {
                arn: owner,
                account: row.account(),
                now: snapshot.meta.opened_at,
            };
            let everything = is_everything(&[&statements], None, holder);
            let numbers: Vec<usize> = (0..statements.len()).collect();
            let does = |numbers: &[usize]| {
                let these: Statements = numbers.iter().map(|at| statements[*at].clone()).collect();
                is_everything(&[&these], None, holder) == Some(true)
            };
            let which = if everything == Some(true) {
                administration::fewest(&numbers, does)
            } else {
                Vec::new()
            };
            let together = which.len() > 1 && !does(&which[..1]);
            let which: Vec<usize> = which.iter().map(|at| at + 1).collect();
            let error = statements.iter().find_map(|statement| statement.as_ref().err());
            let mut cells = row.envelope(format!("{owner} {name}"));
            cells.extend([
                kind.to_owned().into(),
                name.to_owned().into(),
                owner.to_owned().into(),
                everything.into(),
                list(&which),
                together.into(),
                error.cloned().into(),
            ]);
            cells
        })
        .collect()
}

pub(super) fn holders(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    let mut held: Option<(&str, Held<'_>)> = None;
    for (kind, table) in [("user", "iam_user_detail"), ("role", "iam_role")] {
        for row in snapshot.rows(table) {
            let (Some(arn), Some(name)) = (row.text("arn"), row.text("name")) else {
                continue;
            };
            let account = row.account();
            if held.as_ref().is_none_or(|(of, _)| *of != account) {
                held = Some((account, Held::of(snapshot, account)));
            }
            let Some((_, held)) = &held else { continue };
            let policies = held.policies(arn);
            let statements: Vec<Statements> = policies.iter().map(|policy| held.statements(policy)).collect();
            let boundary = row.text("permissions_boundary").map(|boundary| held.boundary(boundary));
            let holder = Holder {
                arn,
                account,
                now: snapshot.meta.opened_at,
            };
            let does = |which: &[usize]| {
                let these: Vec<&[_]> = which.iter().map(|at| statements[*at].as_slice()).collect();
                is_everything(&these, boundary.as_deref(), holder)
            };
            let all: Vec<usize> = (0..policies.len()).collect();
            let everything = does(&all);
            let which = match everything {
                Some(false) => continue,
                Some(true) => administration::fewest(&all, |which| does(which) == Some(true)),
                None => all,
            };
            let together = everything == Some(true) && which.len() > 1 && does(&which[..1]) != Some(true);
            let mut labels: Vec<&str> = which
                .iter()
                .filter(|at| everything == Some(true) || statements[**at].iter().any(Result::is_err))
                .map(|at| policies[*at].label.as_str())
                .collect();
            labels.sort_unstable();
            let mut cells = row.envelope(arn.to_owned());
            cells.extend([
                kind.to_owned().into(),
                arn.to_owned().into(),
                name.to_owned().into(),
                everything.into(),
                list(&labels),
                together.into(),
            ]);
            rows.push(cells);
        }
    }
    rows
}
