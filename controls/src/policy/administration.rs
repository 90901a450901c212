//! Is what is allowed together everything?
//!
//! Everything is every action on every resource of the account whose ARN names it, under no condition that leaves anybody
//! out. It does not matter how it is spelled (`*`, `*:*`, a letter at a time, `NotAction`, `NotResource`) or over how many
//! statements and policies it is spread. What an explicit Deny or a permissions boundary takes away is not held.
//!
//! Exceptions that are named (by `NotAction`, `NotResource` or a Deny of some actions) do not make it less, unless they leave
//! nothing with which the holder could give himself the rest: see [`ESCALATIONS`]. So a policy for power users
//! (`NotAction` of all of IAM and Organizations) is not everything; nor is `iam:*` alone, which is a way to everything.

use evidence::clock::Timestamp;
use evidence::partition;

use super::address::{self, Range};
use super::caller::{Caller, Way, Who};
use super::condition::Truth;
use super::document::{Effect, Statement, Unreadable};
use super::glob;
use super::reach::action_shape;
use super::shape::{Class, Shape};

type Statements = [Result<Statement, Unreadable>];

/// Actions by which somebody without a right gives it to himself, or takes away what binds him, and an ARN of their kind.
/// `iam:PassRole` and what else needs a role that is there already are not among them.
const ESCALATIONS: [(&str, &str); 30] = [
    ("iam:AddUserToGroup", "group"),
    ("iam:AttachGroupPolicy", "group"),
    ("iam:AttachRolePolicy", "role"),
    ("iam:AttachUserPolicy", "user"),
    ("iam:CreateAccessKey", "user"),
    ("iam:CreateLoginProfile", "user"),
    ("iam:CreatePolicyVersion", "policy"),
    ("iam:DeleteRolePermissionsBoundary", "role"),
    ("iam:DeleteRolePolicy", "role"),
    ("iam:DeleteUserPermissionsBoundary", "user"),
    ("iam:DeleteUserPolicy", "user"),
    ("iam:DetachRolePolicy", "role"),
    ("iam:DetachUserPolicy", "user"),
    ("iam:PutGroupPolicy", "group"),
    ("iam:PutRolePermissionsBoundary", "role"),
    ("iam:PutRolePolicy", "role"),
    ("iam:PutUserPermissionsBoundary", "user"),
    ("iam:PutUserPolicy", "user"),
    ("iam:SetDefaultPolicyVersion", "policy"),
    ("iam:UpdateAssumeRolePolicy", "role"),
    ("iam:UpdateLoginProfile", "user"),
    ("organizations:AttachPolicy", "policy"),
    ("organizations:CreateAccount", "account"),
    ("organizations:DeletePolicy", "policy"),
    ("organizations:DetachPolicy", "policy"),
    ("organizations:DisablePolicyType", "root"),
    ("organizations:LeaveOrganization", "organization"),
    ("organizations:MoveAccount", "account"),
    ("organizations:RemoveAccountFromOrganization", "account"),
    ("organizations:UpdatePolicy", "policy"),
];

/// Whose policies are judged, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    /// ARN of the user, role, group or policy.
    pub(crate) arn: &'a str,
    /// Its account.
    pub(crate) account: &'a str,
    /// The moment as of which it is asked.
    pub(crate) now: Timestamp,
}

impl Holder<'_> {
    fn partition(&self) -> &str {
        partition::of_arn(self.arn).unwrap_or_default()
    }

    fn by(&self, range: Range) -> Caller {
        Caller::new(Who::Holder(self.arn.to_owned()), self.now)
            .of(Some(self.account))
            .by(Way::Internet(range))
    }
}

/// Do these policies of one holder together allow everything, within the permissions boundary if there is one? `None` where a
/// policy that matters cannot be read.
pub(crate) fn is_everything(
    policies: &[&Statements],
    boundary: Option<&Statements>,
    holder: Holder<'_>,
) -> Option<bool> {
    let all: Vec<&Statement> = policies.iter().copied().flatten().flatten().collect();
    let within: Option<Vec<&Statement>> = boundary.map(|boundary| boundary.iter().flatten().collect());
    let unread = |statements: &Statements| statements.iter().any(Result::is_err);
    let everything = from_broad_addresses(&all, within.as_deref(), holder);
    if everything == Some(false) {
        let boundary_unread = boundary.is_some_and(unread) && from_broad_addresses(&all, None, holder) != Some(false);
        if boundary_unread || policies.iter().any(|policy| unread(policy)) {
            return None;
        }
    }
    everything
}

/// The fewest of the policies (or statements) that do it: those that each do it alone, else some that do it together.
pub(crate) fn fewest<T: Copy>(of: &[T], does: impl Fn(&[T]) -> bool) -> Vec<T> {
    let alone: Vec<T> = of.iter().copied().filter(|one| does(&[*one])).collect();
    if !alone.is_empty() {
        return alone;
    }
    let mut left = of.to_vec();
    let mut at = 0;
    while at < left.len() {
        let mut without = left.clone();
        without.remove(at);
        if does(&without) {
            left = without;
        } else {
            at += 1;
        }
    }
    left
}

/// Do a statement's conditions leave nobody out (`Some(true)`), hold for nobody (`Some(false)`), or for some: `None`?
pub(crate) fn unconditional(statement: &Statement, holder: Holder<'_>) -> Option<bool> {
    let addresses: Vec<Range> = statement.conditions.iter().flat_map(|c| c.addresses()).collect();
    let mut holds = Vec::new();
    let mut may = false;
    for range in address::pieces(&addresses) {
        match statement.applies(&holder.by(range)) {
            Truth::Always => holds.push(range),
            // He can see to it that an Allow holds and that a Deny does not.
            Truth::Choice if statement.effect == Effect::Allow => holds.push(range),
            Truth::Never => {}
            Truth::Choice | Truth::Unknown => may = true,
        }
    }
    match (address::are_broad(&holds), may || !holds.is_empty()) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    }
}

fn from_broad_addresses(all: &[&Statement], within: Option<&[&Statement]>, holder: Holder<'_>) -> Option<bool> {
    let addresses: Vec<Range> = all
        .iter()
        .chain(within.into_iter().flatten())
        .flat_map(|statement| &statement.conditions)
        .flat_map(|condition| condition.addresses())
        .collect();
    let (mut from, mut perhaps) = (Vec::new(), Vec::new());
    for range in address::pieces(&addresses) {
        let caller = holder.by(range);
        let rights = Rights {
            allow: select(all, Effect::Allow, &caller, &[Truth::Always, Truth::Choice]),
            deny: select(all, Effect::Deny, &caller, &[Truth::Always]),
            // Of a boundary the benefit of the doubt is the holder's: it is not counted on.
            within: within.map(|within| {
                let may = [Truth::Always, Truth::Choice, Truth::Unknown];
                (
                    select(within, Effect::Allow, &caller, &may),
                    select(within, Effect::Deny, &caller, &[Truth::Always]),
                )
            }),
        };
        match rights.are_everything(holder) {
            Some(true) => {
                from.push(range);
                perhaps.push(range);
            }
            None => perhaps.push(range),
            Some(false) => {}
        }
    }
    match (address::are_broad(&from), address::are_broad(&perhaps)) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    }
}

fn select<'a>(statements: &[&'a Statement], effect: Effect, caller: &Caller, when: &[Truth]) -> Vec<&'a Statement> {
    let of_effect = statements
        .iter()
        .copied()
        .filter(|statement| statement.effect == effect);
    of_effect
        .filter(|statement| when.contains(&statement.applies(caller)))
        .collect()
}

/// The statements that count for a holder.
struct Rights<'a> {
    allow: Vec<&'a Statement>,
    deny: Vec<&'a Statement>,
    /// Allow and Deny of the permissions boundary.
    within: Option<(Vec<&'a Statement>, Vec<&'a Statement>)>,
}

/// Which lists of a statement name an action and a resource: Action, NotAction, Resource, NotResource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    listed: bool,
    left_out: bool,
}

impl Rights<'_> {
    fn statements(&self) -> impl Iterator<Item = &Statement> {
        let (allow, deny) = self
            .within
            .as_ref()
            .map_or((&[][..], &[][..]), |(allow, deny)| (allow, deny));
        self.allow.iter().chain(&self.deny).chain(allow).chain(deny).copied()
    }

    fn are_everything(&self, holder: Holder<'_>) -> Option<bool> {
        let (partition, account) = (holder.partition(), holder.account);
        let lists: Vec<_> = self
            .statements()
            .map(|statement| (statement.action_lists(), statement.resource_lists()))
            .collect();
        let at = |action: &str, resource: &str| {
            let action = action.to_ascii_lowercase();
            let named = |(listed, left_out): &(Vec<String>, Vec<String>), text: &str| Named {
                listed: listed.iter().any(|p| glob::matches(p, text)),
                left_out: left_out.iter().any(|p| glob::matches(p, text)),
            };
            let actions: Vec<Named> = lists.iter().map(|(actions, _)| named(actions, &action)).collect();
            let resources: Vec<Named> = lists.iter().map(|(_, resources)| named(resources, resource)).collect();
            (actions, resources)
        };
        let arn = |service: &str, rest: &str| {
            let region = if matches!(service, "iam" | "organizations") {
                ""
            } else {
                "us-zz9-1"
            };
            format!("arn:{partition}:{service}:{region}:{account}:{rest}")
        };
        let escalates = ESCALATIONS.iter().any(|(action, kind)| {
            let service = action.split(':').next().unwrap_or_default();
            let (actions, resources) = at(action, &arn(service, &format!("{kind}/zz9")));
            self.granted(&actions, &resources)
        });
        // A service of each letter that nobody named: whoever lacks one lacks something.
        let of_each_letter = || {
            ('a'..='z').all(|letter| {
                let (actions, resources) = at(&format!("{letter}zz9:zz9"), &arn(&format!("{letter}zz9"), "zz9"));
                self.granted_or_excepted(&actions, &resources)
            })
        };
        if !escalates {
            return Some(false);
        }
        if self.are_sweeping(partition) {
            return Some(true);
        }
        if !of_each_letter() {
            return Some(false);
        }
        let resource_shape = Shape::default()
            .text(&format!("arn:{partition}:"))
            .one(Class::Letter)
            .many(Class::Name)
            .text(":")
            .many(Class::Name)
            .text(&format!(":{account}:"))
            .one(Class::Any)
            .many(Class::Any);
        let action_ways = ways(
            &action_shape(),
            &lists.iter().map(|(actions, _)| actions).collect::<Vec<_>>(),
        )?;
        let resource_ways = ways(
            &resource_shape,
            &lists.iter().map(|(_, resources)| resources).collect::<Vec<_>>(),
        )?;
        Some(action_ways.iter().all(|action| {
            resource_ways
                .iter()
                .all(|resource| self.granted_or_excepted(action, resource))
        }))
    }

    /// Is there a statement, and one within the boundary, that allows everything but what it names, while a Deny names what it
    /// denies? Then nothing is left that is neither granted nor excepted; so it is with most that allow everything.
    fn are_sweeping(&self, partition: &str) -> bool {
        let arns = [format!("arn:{partition}:*"), format!("arn:{partition}:*:*:*:*")];
        let action = |p: &String| glob::is_everything(p) || p == "*:*";
        let resource = |p: &String| glob::is_everything(p) || p == "arn:*" || arns.contains(p);
        let sweeping = |statement: &&Statement| {
            (!statement.not_actions.is_empty() || statement.actions.iter().any(action))
                && (!statement.not_resources.is_empty() || statement.resources.iter().any(resource))
        };
        let named = |denies: &[&Statement]| denies.iter().all(|deny| deny.not_actions.is_empty());
        let within = self.within.as_ref();
        self.allow.iter().any(sweeping)
            && named(&self.deny)
            && within.is_none_or(|(allow, deny)| allow.iter().any(sweeping) && named(deny))
    }

    fn granted_or_excepted(&self, actions: &[Named], resources: &[Named]) -> bool {
        self.granted(actions, resources) || self.excepted(actions, resources)
    }

    /// Pairs of a statement's place and the statement: allow, deny, then those of the boundary.
    fn parts(&self) -> [Vec<(usize, &Statement)>; 4] {
        let mut at = 0;
        let mut take = |statements: &[&'_ Statement]| {
            let from = at;
            at += statements.len();
            from
        };
        let none: &[&Statement] = &[];
        let (allow, deny) = self
            .within
            .as_ref()
            .map_or((none, none), |(allow, deny)| (allow.as_slice(), deny.as_slice()));
        [self.allow.as_slice(), self.deny.as_slice(), allow, deny].map(|statements| {
            let from = take(statements);
            statements
                .iter()
                .enumerate()
                .map(|(at, statement)| (from + at, *statement))
                .collect()
        })
    }

    fn granted(&self, actions: &[Named], resources: &[Named]) -> bool {
        let [allow, deny, within_allow, within_deny] = self.parts();
        let covered = |of: &[(usize, &Statement)]| {
            of.iter().any(|(at, statement)| {
                covers(actions[*at], !statement.not_actions.is_empty())
                    && covers(resources[*at], !statement.not_resources.is_empty())
            })
        };
        covered(&allow)
            && !covered(&deny)
            && (self.within.is_none() || (covered(&within_allow) && !covered(&within_deny)))
    }

    /// Is it left out by name?
    fn excepted(&self, actions: &[Named], resources: &[Named]) -> bool {
        let [allow, deny, within_allow, within_deny] = self.parts();
        let left_out = allow.iter().chain(&within_allow).any(|(at, statement)| {
            let (action, resource) = (actions[*at], resources[*at]);
            let by_action =
                action.left_out && (resource.left_out || covers(resource, !statement.not_resources.is_empty()));
            let by_resource =
                resource.left_out && (action.left_out || covers(action, !statement.not_actions.is_empty()));
            by_action || by_resource
        });
        let denied = deny
            .iter()
            .chain(&within_deny)
            .any(|(at, statement)| actions[*at].listed && covers(resources[*at], !statement.not_resources.is_empty()));
        left_out || denied
    }
}

fn covers(named: Named, inverted: bool) -> bool {
    named.listed || (inverted && !named.left_out)
}

type Lists = (Vec<String>, Vec<String>);

/// Every way in which a text of a shape can be named by the lists of all statements.
fn ways(shape: &Shape, lists: &[&Lists]) -> Option<Vec<Vec<Named>>> {
    let patterns: Vec<&str> = lists
        .iter()
        .flat_map(|(listed, left_out)| listed.iter().chain(left_out))
        .map(String::as_str)
        .collect();
    let named = |matched: Vec<bool>| {
        let mut rest = matched.as_slice();
        let mut any = |count: usize| {
            let (these, others) = rest.split_at(count);
            rest = others;
            these.contains(&true)
        };
        lists
            .iter()
            .map(|(listed, left_out)| Named {
                listed: any(listed.len()),
                left_out: any(left_out.len()),
            })
            .collect::<Vec<_>>()
    };
    let mut found: Vec<Vec<Named>> = glob::ways(shape, &patterns)?.into_iter().map(named).collect();
    found.sort_unstable();
    found.dedup();
    Some(found)
}
