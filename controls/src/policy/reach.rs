//! Who remains: does a policy let in somebody whom nobody named?

use std::collections::BTreeSet;

use evidence::clock::Timestamp;

use super::address::{self, Range};
use super::caller::{Caller, Way, Who};
use super::condition::Truth;
use super::document::{Condition, Effect, Statement, Unreadable};
use super::glob;
use super::shape::{Class, Shape};

/// What is asked of the policy of a resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The moment as of which it is asked.
    pub(crate) now: Timestamp,
    /// Account of the resource.
    pub(crate) owner: Option<&'a str>,
    /// The actions that matter; `None`: any.
    pub(crate) actions: Option<&'a [&'a str]>,
}

type Statements = [Result<Statement, Unreadable>];

/// For each statement: does it let in strangers, from so many addresses that nobody is left out? `None` if it cannot be told.
///
/// An Allow does if a Deny of the policy does not take it away again. Statements that each let in a part of the addresses do
/// if the parts together leave nobody out.
pub(crate) fn strangers(statements: &Statements, question: Question<'_>) -> Vec<Option<bool>> {
    let addresses: Vec<Range> = readable(statements)
        .flat_map(|(_, statement)| &statement.conditions)
        .flat_map(|condition| condition.addresses())
        .collect();
    let ways: Vec<Way> = address::pieces(&addresses)
        .into_iter()
        .map(Way::Internet)
        .chain([Way::Endpoint])
        .collect();
    let mut sure = vec![Admitted::default(); statements.len()];
    let mut possible = sure.clone();
    for caller in everybody(statements, question) {
        for &way in &ways {
            for (at, admitted) in admissions(statements, &caller.clone().by(way), question.actions) {
                if admitted == Some(true) {
                    sure[at].add(way);
                }
                possible[at].add(way);
            }
        }
    }
    let (sure, possible) = (broad(&sure), broad(&possible));
    sure.into_iter()
        .zip(possible)
        .map(|(sure, possible)| (sure == possible).then_some(sure))
        .collect()
}

/// Everybody whom nobody named: signed or not, and with and without all that the statements ask about.
fn everybody(statements: &Statements, question: Question<'_>) -> Vec<Caller> {
    let mentions = |words: &[&str]| {
        let texts = readable(statements).flat_map(|(_, statement)| &statement.conditions);
        let mut texts = texts.flat_map(|c| std::iter::once(&c.key).chain(&c.values));
        texts.any(|text| words.iter().any(|word| text.to_ascii_lowercase().contains(word)))
    };
    let both: &[Option<bool>] = &[Some(true), Some(false)];
    let whichever: &[Option<bool>] = &[None];
    let with = |words| if mentions(words) { both } else { whichever };
    let (tls, organized, on_behalf) = (
        with(&["securetransport"]),
        with(&["principalorg"]),
        with(&["source", "dataaccesspoint"]),
    );
    let mut callers = Vec::new();
    for who in [Who::Unsigned, Who::Stranger] {
        for &tls in tls {
            for &organized in organized {
                for &on_behalf in on_behalf {
                    let caller = Caller::new(who.clone(), question.now).of(question.owner);
                    callers.push(caller.tls(tls).organized(organized).on_behalf(on_behalf));
                }
            }
        }
    }
    callers
}

/// For each statement: does it let in somebody who did not sign, by whatever way and from wherever?
pub(crate) fn unsigned(statements: &Statements, question: Question<'_>) -> Vec<Option<bool>> {
    let caller = Caller::new(Who::Unsigned, question.now).of(question.owner);
    one(statements, &caller, question.actions)
}

/// For each statement: does it let in this caller?
pub(crate) fn one(statements: &Statements, caller: &Caller, actions: Option<&[&str]>) -> Vec<Option<bool>> {
    let mut found = vec![Some(false); statements.len()];
    for (at, admitted) in admissions(statements, caller, actions) {
        found[at] = admitted;
    }
    found
}

/// For each statement: the accounts named in conditions, its own or a Deny's, whose members it lets in; `None` if it lets in
/// others too, such as an organization's. What cannot be told counts as let in.
pub(crate) fn accounts(statements: &Statements, question: Question<'_>) -> Vec<Option<BTreeSet<String>>> {
    let named: BTreeSet<&str> = readable(statements)
        .flat_map(|(_, statement)| &statement.conditions)
        .flat_map(|condition| {
            condition
                .values
                .iter()
                .filter_map(|value| account_in(&condition.key, value))
        })
        .collect();
    let mut found = vec![Some(BTreeSet::new()); statements.len()];
    let of = |who| {
        admissions(
            statements,
            &Caller::new(who, question.now).of(question.owner),
            question.actions,
        )
    };
    for account in named {
        for (at, _) in of(Who::Member(account.to_owned())) {
            found[at].get_or_insert_default().insert(account.to_owned());
        }
    }
    for who in [Who::Unsigned, Who::Colleague] {
        for (at, _) in of(who) {
            found[at] = None;
        }
    }
    found
}

/// The account that a condition on this key names by this value.
fn account_in<'a>(key: &str, value: &'a str) -> Option<&'a str> {
    let account = match key {
        "aws:principalaccount"
        | "aws:sourceaccount"
        | "aws:sourceowner"
        | "aws:vpceaccount"
        | "kms:calleraccount"
        | "s3:dataaccesspointaccount" => value,
        key if key.starts_with("aws:") && key.ends_with("arn") => value.split(':').nth(4)?,
        "s3:dataaccesspointarn" => value.split(':').nth(4)?,
        "aws:userid" => value
            .split(':')
            .next()
            .filter(|id| id.bytes().all(|b| b.is_ascii_digit()))?,
        _ => return None,
    };
    (!account.is_empty() && !account.contains(['*', '?', '$'])).then_some(account)
}

fn readable(statements: &Statements) -> impl Iterator<Item = (usize, &Statement)> {
    statements
        .iter()
        .enumerate()
        .filter_map(|(at, statement)| Some((at, statement.as_ref().ok()?)))
}

/// From where a statement lets somebody in.
#[derive(Clone, Debug, Default)]
struct Admitted {
    ranges: Vec<Range>,
    endpoint: bool,
}

impl Admitted {
    fn add(&mut self, way: Way) {
        match way {
            Way::Internet(range) => self.ranges.push(range),
            Way::Endpoint | Way::Any => self.endpoint = true,
        }
    }

    fn is_broad(&self) -> bool {
        self.endpoint || address::are_broad(&self.ranges)
    }
}

/// Which of them leave nobody out, by themselves or, if none does, together.
fn broad(admitted: &[Admitted]) -> Vec<bool> {
    let alone: Vec<bool> = admitted.iter().map(Admitted::is_broad).collect();
    let all: Vec<Range> = admitted.iter().flat_map(|one| one.ranges.iter().copied()).collect();
    if alone.contains(&true) || !address::are_broad(&all) {
        return alone;
    }
    admitted.iter().map(|one| !one.ranges.is_empty()).collect()
}

/// The Allow statements that let this caller in, or may: `None`.
fn admissions(statements: &Statements, caller: &Caller, actions: Option<&[&str]>) -> Vec<(usize, Option<bool>)> {
    let of = |effect| readable(statements).filter(move |(_, statement)| statement.effect == effect);
    let mut denies = Vec::new();
    let mut doubtful = Vec::new();
    for (_, statement) in of(Effect::Deny) {
        match statement.applies(caller) {
            Truth::Always => denies.push(statement),
            Truth::Unknown => doubtful.push(statement),
            // He sees to it that it does not.
            Truth::Never | Truth::Choice => {}
        }
    }
    doubtful.extend(&denies);
    let mut found = Vec::new();
    for (at, statement) in of(Effect::Allow) {
        let applies = statement.applies(caller);
        if applies == Truth::Never {
            continue;
        }
        let admitted = match (
            remains(statement, &denies, actions),
            remains(statement, &doubtful, actions),
        ) {
            (Some(false), _) => continue,
            (Some(true), Some(true)) if applies != Truth::Unknown => Some(true),
            _ => None,
        };
        found.push((at, admitted));
    }
    found
}

/// Does an Allow leave anything that none of these denies? `None` if that is too much to look at.
fn remains(allow: &Statement, denies: &[&Statement], actions: Option<&[&str]>) -> Option<bool> {
    // A variable in a Deny may stand for nothing that matters.
    let denies: Vec<&Statement> = denies
        .iter()
        .copied()
        .filter(|deny| {
            !deny
                .resources
                .iter()
                .chain(&deny.not_resources)
                .any(|r| deny.variables && r.contains("${"))
        })
        .collect();
    let action_ways: Vec<Vec<bool>> = match actions {
        Some(actions) => actions
            .iter()
            .map(|action| {
                std::iter::once(allow)
                    .chain(denies.iter().copied())
                    .map(|statement| statement.covers_action(action))
                    .collect()
            })
            .collect(),
        None if denies.is_empty() => return Some(true),
        None => ways(&action_shape(), allow, &denies, Statement::action_lists)?,
    };
    if denies.is_empty() {
        return Some(action_ways.iter().any(|way| way[0]));
    }
    let resource_ways = ways(
        &Shape::default().many(Class::Any),
        allow,
        &denies,
        Statement::resource_lists,
    )?;
    Some(action_ways.iter().filter(|way| way[0]).any(|action| {
        resource_ways
            .iter()
            .filter(|way| way[0])
            .any(|resource| !(1..=denies.len()).any(|at| action[at] && resource[at]))
    }))
}

/// Every combination of statements that something can be covered by: first the Allow, then each Deny.
fn ways(
    shape: &Shape,
    allow: &Statement,
    denies: &[&Statement],
    lists: fn(&Statement) -> (Vec<String>, Vec<String>),
) -> Option<Vec<Vec<bool>>> {
    let all: Vec<(Vec<String>, Vec<String>)> = std::iter::once(allow)
        .chain(denies.iter().copied())
        .map(lists)
        .collect();
    let patterns: Vec<&str> = all
        .iter()
        .flat_map(|(named, left_out)| named.iter().chain(left_out))
        .map(String::as_str)
        .collect();
    let found = glob::ways(shape, &patterns)?;
    let covered = found.into_iter().map(|matched| {
        let mut at = 0;
        all.iter()
            .map(|(named, left_out)| {
                let mut take = |count: usize| {
                    let any = matched[at..at + count].contains(&true);
                    at += count;
                    any
                };
                let (named_one, left_out_one) = (take(named.len()), take(left_out.len()));
                named_one || (!left_out.is_empty() && !left_out_one) || (named.is_empty() && left_out.is_empty())
            })
            .collect()
    });
    Some(covered.collect::<BTreeSet<_>>().into_iter().collect())
}

/// Actions, in lower case: `service:action`.
pub(super) fn action_shape() -> Shape {
    Shape::default()
        .one(Class::Letter)
        .many(Class::Name)
        .text(":")
        .one(Class::Letter)
        .many(Class::Word)
}

impl Statement {
    /// The ARNs to which a condition ties the caller, as written.
    pub(crate) fn principal_arns(&self) -> Vec<String> {
        const TIES: [&str; 4] = ["arnequals", "arnlike", "stringequals", "stringlike"];
        let ties = |c: &&Condition| c.key == "aws:principalarn" && TIES.contains(&c.operator.as_str());
        let tie = self.conditions.iter().find(ties);
        tie.map_or_else(Vec::new, |condition| condition.values.clone())
    }

    /// Action and NotAction, in lower case.
    pub(super) fn action_lists(&self) -> (Vec<String>, Vec<String>) {
        let lower = |list: &[String]| list.iter().map(|action| action.to_ascii_lowercase()).collect();
        (lower(&self.actions), lower(&self.not_actions))
    }

    /// Resource and NotResource; a variable may stand for anything.
    pub(super) fn resource_lists(&self) -> (Vec<String>, Vec<String>) {
        let wide = |list: &[String]| list.iter().map(|resource| glob::widened(resource)).collect();
        (wide(&self.resources), wide(&self.not_resources))
    }
}
