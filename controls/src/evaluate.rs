//! From a snapshot to verdicts: all controls, in the order in which they read each other.

use std::collections::{BTreeMap, BTreeSet};

use evidence::gap::{Gap, ReasonCode};
use evidence::snapshot::{Snapshot, Status};

use crate::catalogue::{Catalogue, Control, operations_of};
use crate::database::{Database, DatabaseError};
use crate::manual::Frame;
use crate::page::MODE;
use crate::query::{self, Found, QueryError};
use crate::result::{
    AccountVerdict, ControlResult, ControlVerdict, Counts, Exception, ResourceResult, ResourceVerdict, SnapshotResults,
    Source,
};
use crate::settings::Settings;

/// The tests could not be run. A tool failure, never a verdict.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// `evidence.db` could not be built.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A page's query failed.
    #[error("{file}: the query of control `{control}` failed: {source}")]
    Query {
        /// The page.
        file: String,
        /// The control.
        control: String,
        /// Why.
        source: QueryError,
    },
}

/// Verdicts and the database they rest on.
#[derive(Debug)]
pub struct Evaluation {
    /// The verdicts.
    pub results: SnapshotResults,
    /// `evidence.db`, with all verdicts in it.
    pub database: Database,
}

/// Runs all controls in scope on a snapshot.
pub fn evaluate(catalogue: &Catalogue, settings: &Settings, snapshot: &Snapshot) -> Result<Evaluation, EvaluateError> {
    evaluate_in(catalogue, settings, snapshot, &Frame::default())
}

/// Runs all controls in scope on a snapshot, with a period and with what people attached.
pub fn evaluate_in(
    catalogue: &Catalogue,
    settings: &Settings,
    snapshot: &Snapshot,
    frame: &Frame,
) -> Result<Evaluation, EvaluateError> {
    let database = Database::build(snapshot)?;
    run(&catalogue.in_scope(settings), settings, snapshot, frame, database)
}

/// Runs these controls, given in an order in which each comes after those it reads, on the snapshot's database.
pub(crate) fn run(
    controls: &[&Control],
    settings: &Settings,
    snapshot: &Snapshot,
    frame: &Frame,
    database: Database,
) -> Result<Evaluation, EvaluateError> {
    database.put_attachments(&frame.attachments)?;
    let parameters = controls.iter().map(|c| (*c, settings.parameters_of(&c.page)));
    database.put_settings(parameters, &settings.exceptions)?;
    let asked = Asked::of(snapshot);
    let mut results = BTreeMap::new();
    for control in controls {
        let before = control.page.after.iter().filter_map(|id| results.get(id)).collect();
        let evidence = Evidence {
            snapshot,
            asked: &asked,
            database: &database,
            frame,
            before,
        };
        let result = test(control, settings, &evidence)?;
        database.put_result(&result)?;
        results.insert(result.id.clone(), result);
    }
    let meta = &snapshot.meta;
    let results = SnapshotResults {
        snapshot: meta.run.clone(),
        as_of: meta.opened_at,
        controls: results,
    };
    Ok(Evaluation { results, database })
}

/// What was asked, so that what was never asked does not pass for an empty answer.
struct Asked<'a> {
    snapshot: &'a Snapshot,
    accounts: BTreeSet<&'a str>,
    calls: BTreeSet<(&'a str, String)>,
}

impl<'a> Asked<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut accounts: BTreeSet<_> = snapshot.meta.accounts.iter().map(|a| a.account.as_str()).collect();
        accounts.extend(snapshot.gaps.iter().map(|g| g.account.as_str()));
        let mut calls: BTreeSet<_> = snapshot
            .exchanges
            .iter()
            .map(|e| (e.account.as_str(), e.call()))
            .collect();
        calls.extend(snapshot.gaps.iter().map(|g| (g.account.as_str(), g.operation.clone())));
        Self {
            snapshot,
            accounts,
            calls,
        }
    }

    /// Was the operation asked in the account, or had a completed plan no reason to ask?
    fn has(&self, account: &str, operation: &str) -> bool {
        let meta = &self.snapshot.meta;
        let planned = meta.status == Status::Complete
            && meta.accounts.iter().any(|a| a.account == account)
            && meta.operations.iter().any(|o| o == operation);
        planned || self.calls.contains(&(account, operation.to_owned()))
    }

    /// The operations a control needs that were never asked in the account.
    fn missing<'o>(&self, needed: &'o [String], account: &str) -> Vec<&'o str> {
        // Regions are asked of one service, and of the other only if that failed.
        let either = operations_of("region");
        let regions_known = either.iter().any(|o| self.has(account, o));
        needed
            .iter()
            .map(String::as_str)
            .filter(|o| {
                if either.contains(o) {
                    !regions_known
                } else {
                    !self.has(account, o)
                }
            })
            .collect()
    }
}

/// Services that answer for the whole account from any region.
const GLOBAL: &[&str] = &[
    "account",
    "artifact",
    "cloudfront",
    "health",
    "iam",
    "organizations",
    "s3",
    "s3control",
    "sts",
    "support",
];

/// Does the gap leave something open that the control needs?
fn touches(gap: &Gap, needed: &[String]) -> bool {
    if !gap.code.leaves_open() {
        return false;
    }
    if needed.contains(&gap.operation) {
        return true;
    }
    // Without the list of regions nobody knows whether all of them were asked.
    operations_of("region").contains(&gap.operation.as_str())
        && needed
            .iter()
            .any(|o| !GLOBAL.contains(&o.split(':').next().unwrap_or_default()))
}

/// What a control is tested on.
struct Evidence<'a> {
    snapshot: &'a Snapshot,
    asked: &'a Asked<'a>,
    database: &'a Database,
    frame: &'a Frame,
    before: Vec<&'a ControlResult>,
}

impl Evidence<'_> {
    /// Why a control that this one reads was not tested, in one account or in any.
    fn untested_before(&self, account: Option<&str>) -> Option<(ReasonCode, String)> {
        self.before.iter().find_map(|result| {
            let verdicts = result
                .accounts
                .iter()
                .filter(|a| account.is_none_or(|account| a.account == account));
            let code = verdicts.filter_map(|a| a.code).min()?;
            Some((code, format!("{} is not tested: {}", result.id, result.reason)))
        })
    }
}

fn test(control: &Control, settings: &Settings, evidence: &Evidence<'_>) -> Result<ControlResult, EvaluateError> {
    let Evidence {
        snapshot,
        asked,
        database,
        frame,
        ..
    } = *evidence;
    let page = &control.page;
    let parameters = settings.parameters_of(page);
    let failed = |source| EvaluateError::Query {
        file: page.file.clone(),
        control: page.id.clone(),
        source,
    };
    let meta = &snapshot.meta;
    let needed = control.needed(&parameters);
    let bounds = frame.bounds(meta.opened_at);
    let sql = query::wrap(control, &parameters, &meta.run, meta.opened_at, bounds).map_err(|e| failed(e.into()))?;
    let found = query::run(database.connection(), &sql).map_err(failed)?;
    let resources: Vec<_> = found.into_iter().map(|row| located(row, snapshot)).collect();
    let gaps: Vec<_> = snapshot
        .gaps
        .iter()
        .filter(|gap| touches(gap, &needed))
        .cloned()
        .collect();
    let unset: Vec<_> = parameters
        .iter()
        .filter(|p| p.value.is_null())
        .map(|p| p.name.as_str())
        .collect();

    let mut accounts: BTreeSet<&str> = asked.accounts.clone();
    accounts.extend(resources.iter().map(|r| r.account.as_str()));
    let missing: BTreeMap<&str, Vec<&str>> = accounts
        .iter()
        .map(|account| (*account, asked.missing(&needed, account)))
        .filter(|(_, operations)| !operations.is_empty())
        .collect();
    let by_account = accounts.iter().map(|account| {
        let open = Open {
            gaps: gaps.iter().filter(|g| g.account == *account).collect(),
            missing: missing
                .iter()
                .filter(|(a, _)| *a == account)
                .map(|(a, m)| (*a, m.as_slice()))
                .collect(),
            unset: &unset,
            nobody: false,
            before: evidence.untested_before(Some(account)),
        };
        let judged = judge(
            &open,
            &resources.iter().filter(|r| r.account == *account).collect::<Vec<_>>(),
        );
        AccountVerdict {
            account: (*account).to_owned(),
            verdict: judged.verdict,
            code: judged.code,
        }
    });
    let account_verdicts: Vec<_> = by_account.collect();
    let open = Open {
        gaps: gaps.iter().collect(),
        missing: missing.iter().map(|(a, m)| (*a, m.as_slice())).collect(),
        unset: &unset,
        nobody: meta.accounts.is_empty(),
        before: evidence.untested_before(None),
    };
    let judged = judge(&open, &resources.iter().collect::<Vec<_>>());
    let exceptions = settings
        .exceptions
        .iter()
        .filter(|e| matches(e, control, &resources, snapshot))
        .cloned()
        .collect();
    let observe = page.observe
        && parameters
            .iter()
            .any(|p| p.name == MODE && p.value.as_str() == Some("observe"))
        && page.observe_without.as_ref().is_none_or(|name| {
            parameters
                .iter()
                .any(|p| p.name == *name && matches!(p.value.as_str(), None | Some("")))
        });
    Ok(ControlResult {
        id: page.id.clone(),
        verdict: judged.verdict,
        code: judged.code,
        reason: judged.reason,
        incomplete: judged.incomplete,
        observe,
        counts: Counts::of(resources.iter().map(|r| r.verdict)),
        accounts: account_verdicts,
        resources,
        gaps,
        exceptions,
        parameters,
        sql,
    })
}

fn located(row: Found, snapshot: &Snapshot) -> ResourceResult {
    let source = row.source.map(|exchange| Source {
        exchange,
        body_sha256: snapshot.exchange(exchange).and_then(|e| e.body_sha256),
    });
    ResourceResult {
        account: row.account,
        region: row.region,
        resource: row.resource,
        name: row.name,
        verdict: row.verdict,
        reason: row.reason,
        source,
    }
}

/// Did the exception turn a deviation of this control into an accepted one? As in the query.
fn matches(exception: &Exception, control: &Control, resources: &[ResourceResult], snapshot: &Snapshot) -> bool {
    exception.control == control.page.id
        && exception.expires >= snapshot.meta.opened_at.day()
        && resources.iter().any(|r| {
            r.verdict == ResourceVerdict::Accepted
                && (exception.resource == r.resource || exception.resource == r.name)
                && exception.account.as_ref().is_none_or(|a| *a == r.account)
        })
}

/// What keeps a control from being tested.
struct Open<'a> {
    gaps: Vec<&'a Gap>,
    missing: Vec<(&'a str, &'a [&'a str])>,
    unset: &'a [&'a str],
    nobody: bool,
    /// Matters only where something is unknown for that reason.
    before: Option<(ReasonCode, String)>,
}

impl Open<'_> {
    /// Reason code and sentence, if anything is open.
    fn reason(&self) -> Option<(ReasonCode, String)> {
        if let Some(worst) = self.gaps.iter().min_by_key(|g| g.code) {
            let whom = worst
                .resource
                .as_ref()
                .map_or_else(String::new, |r| format!(" for {r}"));
            let others = match self.gaps.len() {
                1 => String::new(),
                n => format!(" Calls that failed in all: {n}."),
            };
            let Gap {
                operation,
                account,
                region,
                code,
                message,
                ..
            } = worst;
            let message = message.trim().trim_end_matches('.');
            return Some((
                *code,
                format!("{operation} failed in account {account}, region {region}{whom} ({code}): {message}.{others}"),
            ));
        }
        if !self.unset.is_empty() {
            let names = self.unset.join(", ");
            return Some((ReasonCode::NeedsParameter, format!("No value is set for: {names}.")));
        }
        if let Some((account, operations)) = self.missing.first() {
            let operations = operations.join(", ");
            return Some((
                ReasonCode::EvidenceMissing,
                format!("Never asked in account {account}: {operations}."),
            ));
        }
        self.nobody
            .then(|| (ReasonCode::EvidenceMissing, "The snapshot names no account.".to_owned()))
    }
}

struct Judged {
    verdict: ControlVerdict,
    code: Option<ReasonCode>,
    reason: String,
    incomplete: bool,
}

/// The verdict on a control, in the order of precedence of the catalogue.
fn judge(open: &Open<'_>, resources: &[&ResourceResult]) -> Judged {
    let counts = Counts::of(resources.iter().map(|r| r.verdict));
    let of = |verdict| {
        resources
            .iter()
            .filter(move |r| r.verdict == verdict)
            .map(|r| r.name.as_str())
    };
    let unknown = || {
        if let Some(before) = &open.before {
            return before.clone();
        }
        let message = format!(
            "{} could not be judged: {}.",
            members(counts.unknown),
            names(of(ResourceVerdict::Unknown))
        );
        // A page may say more precisely what is missing: the reason then begins with the code.
        let unknown = resources.iter().filter(|r| r.verdict == ResourceVerdict::Unknown);
        let code = unknown.filter_map(|r| ReasonCode::leading(&r.reason)).min();
        (code.unwrap_or(ReasonCode::EvidenceMissing), message)
    };
    let unseen = open.reason().or_else(|| (counts.unknown > 0).then(unknown));
    let judged = |verdict, reason| Judged {
        verdict,
        code: None,
        reason,
        incomplete: false,
    };
    if counts.fail > 0 {
        let mut reason = format!(
            "{} of {} tested deviate: {}.",
            counts.fail,
            counts.tested,
            names(of(ResourceVerdict::Fail))
        );
        if counts.fail == 1 {
            reason = reason.replacen("deviate", "deviates", 1);
        }
        if let Some((_, message)) = &unseen {
            reason.push_str(&format!(" Incomplete: {message}"));
        }
        return Judged {
            incomplete: unseen.is_some(),
            ..judged(ControlVerdict::Fail, reason)
        };
    }
    if let Some((code, reason)) = unseen {
        return Judged {
            code: Some(code),
            ..judged(ControlVerdict::NotTested, reason)
        };
    }
    if counts.tested == 0 {
        let reason = match counts.population {
            0 => "Everything was looked at; there is nothing that the rule could apply to.".to_owned(),
            n => format!(
                "Everything was looked at; the rule applies to none of {} found.",
                members(n)
            ),
        };
        return judged(ControlVerdict::Na, reason);
    }
    if counts.accepted > 0 {
        let accepted = names(of(ResourceVerdict::Accepted));
        let reason = format!(
            "{} of {} tested under an approved exception: {accepted}; all others meet the rule.",
            counts.accepted, counts.tested
        );
        return judged(ControlVerdict::PassWithExceptions, reason);
    }
    let reason = match counts.tested {
        1 => "The only one tested meets the rule.".to_owned(),
        n => format!("All {n} tested meet the rule."),
    };
    judged(ControlVerdict::Pass, reason)
}

fn members(count: usize) -> String {
    if count == 1 {
        "1 member of the population".to_owned()
    } else {
        format!("{count} members of the population")
    }
}

/// The first few names, each once.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let mut distinct: Vec<&str> = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    let more = distinct.len().saturating_sub(SHOWN);
    let mut text = distinct.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
