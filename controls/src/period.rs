//! From snapshots to what can be said about a moment or a period.
//!
//! Type I looks at one snapshot. Type II looks at all snapshots of the period: whatever failed in
//! one of them is a deviation, even if it was fixed later, and a control that was not looked at
//! often enough is not tested.

use std::collections::{BTreeMap, BTreeSet};

use evidence::clock::Timestamp;
use evidence::digest::Digest;
use evidence::gap::{Gap, ReasonCode};
use evidence::period::{Period, PeriodType};
use evidence::snapshot::{SnapshotMeta, Status};
use serde::Serialize;

use crate::catalogue::{Catalogue, Control};
use crate::criteria::Criterion;
use crate::evaluate::names;
use crate::page::ControlType;
use crate::result::{
    ControlResult, ControlVerdict, Counts, Exception, ResourceResult, ResourceVerdict, SnapshotResults,
};
use crate::settings::Settings;

const DAY: i64 = 86_400;
/// Days for which CloudTrail keeps events.
const EVENT_DAYS: i64 = 90;

/// A snapshot and what the tests said about it.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The snapshot.
    pub meta: SnapshotMeta,
    /// Its verdicts.
    pub results: SnapshotResults,
}

/// All that is said about one snapshot or one period: what the command line prints and the
/// report tells.
#[derive(Clone, Debug, Serialize)]
pub struct Assessment {
    /// The period; `None` when one snapshot was asked for.
    pub period: Option<AssessedPeriod>,
    /// The snapshots it rests on, in order of time; at least one.
    pub snapshots: Vec<SnapshotMeta>,
    /// Every control tested, by id.
    pub controls: Vec<ControlAssessment>,
    /// All criteria, in their order, with the verdict of their controls.
    pub criteria: Vec<CriterionAssessment>,
    /// Edition of the criteria.
    pub edition: String,
    /// Digest of the catalogue of controls.
    pub catalogue: Digest,
}

/// The period of an assessment.
#[derive(Clone, Debug, Serialize)]
pub struct AssessedPeriod {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// Midnight UTC at which it begins.
    pub from: Timestamp,
    /// Up to where coverage is measured: its end, or the latest moment known if that is earlier.
    pub until: Timestamp,
    /// The period goes on beyond what is known: all that is said about it is provisional.
    pub open: bool,
    /// Days that may lie between two snapshots.
    pub max_gap_days: u32,
}

/// What is said about a control.
#[derive(Clone, Debug, Serialize)]
pub struct ControlAssessment {
    /// The control.
    #[serde(flatten)]
    pub control: Control,
    /// The verdict.
    pub verdict: ControlVerdict,
    /// Reason code when it is `not-tested`.
    pub code: Option<ReasonCode>,
    /// One sentence for a person.
    pub reason: String,
    /// It fails, and besides not everything could be looked at.
    pub incomplete: bool,
    /// Its deviations are observations only.
    pub observe: bool,
    /// Counts over `members`.
    pub counts: Counts,
    /// The whole population, each member once with the verdict that counts, worst first.
    pub members: Vec<Member>,
    /// What failed, in any of the snapshots.
    pub deviations: Vec<Deviation>,
    /// The verdict in each snapshot, in order of time.
    pub history: Vec<HistoryPoint>,
    /// How well the period is covered; `None` unless Type II.
    pub coverage: Option<Coverage>,
    /// Exceptions that matched in any snapshot.
    pub exceptions: Vec<Exception>,
    /// Gaps that touch it, by snapshot.
    pub gaps: Vec<SnapshotGap>,
    /// The result on the snapshot that stands for now: see [`latest`].
    pub latest: ControlResult,
    /// Run id of that snapshot.
    #[serde(skip)]
    pub latest_run: String,
}

impl ControlAssessment {
    /// Fails and counts: not merely observed.
    pub fn is_deviation(&self) -> bool {
        self.verdict == ControlVerdict::Fail && !self.observe
    }
}

/// A member of the population over all snapshots.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Its verdict that counts: the worst, `unknown` only if it was never judged.
    #[serde(flatten)]
    pub result: ResourceResult,
    /// The snapshot this verdict and its source are from; the last one with that verdict.
    pub snapshot: String,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// Snapshots in which it was seen.
    pub snapshots: usize,
}

/// A resource that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviation {
    /// Account id.
    pub account: String,
    /// Region or `global`.
    pub region: String,
    /// ARN or id.
    pub resource: String,
    /// Name.
    pub name: String,
    /// Why it failed when last seen failing.
    pub reason: String,
    /// First snapshot in which it failed.
    pub first_seen: Timestamp,
    /// Last snapshot in which it failed.
    pub last_seen: Timestamp,
    /// First snapshot after that in which it no longer failed, or was gone.
    pub fixed_by: Option<Timestamp>,
    /// Nothing shows that it was fixed.
    pub still_open: bool,
    /// Whole days from the first failure seen to the fix seen, or to the last snapshot.
    pub days: i64,
    /// Run ids of the snapshots in which it failed.
    pub snapshots: Vec<String>,
}

/// A control's verdict in one snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryPoint {
    /// Run id.
    pub snapshot: String,
    /// When.
    pub as_of: Timestamp,
    /// The verdict.
    pub verdict: ControlVerdict,
    /// Reason code when it is `not-tested`.
    pub code: Option<ReasonCode>,
    /// One sentence.
    pub reason: String,
    /// It fails and is incomplete.
    pub incomplete: bool,
    /// Counts.
    pub counts: Counts,
}

/// How well a period is covered by snapshots in which the control was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The longest span without a test.
    pub longest: Option<Span>,
    /// Spans longer than allowed.
    pub holes: Vec<Span>,
}

/// A span without a test, in one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Account id.
    pub account: String,
    /// From: the start of the period or a test.
    pub from: Timestamp,
    /// To: a test or the end of the period.
    pub to: Timestamp,
    /// Whole days, rounded up, so that a hole never looks as long as what is allowed.
    pub days: i64,
}

impl Span {
    fn of(account: &str, from: Timestamp, to: Timestamp) -> Self {
        Self {
            account: account.to_owned(),
            from,
            to,
            days: (to.unix() - from.unix() + DAY - 1).div_euclid(DAY),
        }
    }
}

/// A gap and the snapshot it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotGap {
    /// Run id.
    pub snapshot: String,
    /// The gap.
    #[serde(flatten)]
    pub gap: Gap,
}

/// What is said about a criterion.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionAssessment {
    /// The criterion.
    #[serde(flatten)]
    pub criterion: Criterion,
    /// Whether its category is in scope.
    pub in_scope: bool,
    /// Ids of its controls.
    pub controls: Vec<String>,
    /// Ids of those that deviate.
    pub deviating: Vec<String>,
    /// The worst verdict of its controls, fails of observing ones left out; `None` without controls.
    pub verdict: Option<ControlVerdict>,
    /// One sentence for a person.
    pub statement: String,
}

/// No snapshot lies in the period.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no snapshot lies in period `{name}` ({start} up to and without {end}); {nearest}")]
pub struct NoSnapshot {
    name: String,
    start: chrono::NaiveDate,
    end: chrono::NaiveDate,
    nearest: String,
}

/// The snapshot that stands for now: the last of a run for all controls in scope, else the last.
pub fn latest(snapshots: &[SnapshotMeta]) -> Option<&SnapshotMeta> {
    let whole = snapshots.iter().rev().find(|meta| meta.controls.is_none());
    whole.or(snapshots.last())
}

/// The snapshots a period is assessed by, in order of time: for Type I one, the last full
/// one, else the last complete one, else the last; for Type II all.
pub fn select<'a>(
    period: &Period,
    snapshots: impl IntoIterator<Item = &'a SnapshotMeta>,
) -> Result<Vec<&'a SnapshotMeta>, NoSnapshot> {
    let mut all: Vec<_> = snapshots.into_iter().collect();
    all.sort_by_key(|meta| (meta.opened_at, meta.seq_open));
    let inside: Vec<_> = all
        .iter()
        .copied()
        .filter(|meta| period.contains(meta.opened_at))
        .collect();
    let Some(last) = inside.last() else {
        let tell = |meta: &SnapshotMeta| format!("{} of {}", meta.run, meta.opened_at);
        let before = all
            .iter()
            .rev()
            .find(|m| m.opened_at.day() < period.start)
            .map(|m| tell(m));
        let after = all.iter().find(|m| m.opened_at.day() >= period.end).map(|m| tell(m));
        let nearest = match (before, after) {
            (None, None) => "the locker has none at all; collect one".to_owned(),
            (Some(before), None) => format!("the last one before it is {before}"),
            (None, Some(after)) => format!("the first one after it is {after}"),
            (Some(before), Some(after)) => format!("the nearest are {before} and {after}"),
        };
        return Err(NoSnapshot {
            name: period.name.clone(),
            start: period.start,
            end: period.end,
            nearest,
        });
    };
    Ok(match period.r#type {
        PeriodType::TypeII => inside,
        PeriodType::TypeI => vec![
            inside
                .iter()
                .rev()
                .find(|m| m.is_full())
                .or_else(|| inside.iter().rev().find(|m| m.status == Status::Complete))
                .unwrap_or(last),
        ],
    })
}

/// What one snapshot says.
pub fn assess_snapshot(catalogue: &Catalogue, settings: &Settings, tested: Tested) -> Assessment {
    assess(catalogue, settings, None, &[&tested])
}

/// What the snapshots of a period say. `known_until` is the latest moment the locker knows of.
pub fn assess_period(
    catalogue: &Catalogue,
    settings: &Settings,
    period: &Period,
    tested: &[Tested],
    known_until: Timestamp,
) -> Result<Assessment, NoSnapshot> {
    let chosen = select(period, tested.iter().map(|t| &t.meta))?;
    let chosen: Vec<_> = chosen
        .iter()
        .filter_map(|meta| tested.iter().find(|t| std::ptr::eq(&raw const t.meta, *meta)))
        .collect();
    let (from, end) = (Timestamp::start_of(period.start), Timestamp::start_of(period.end));
    let known = chosen
        .iter()
        .map(|t| t.meta.opened_at)
        .fold(known_until, Timestamp::max);
    let period = AssessedPeriod {
        period: period.clone(),
        from,
        until: end.min(known),
        open: end > known,
        max_gap_days: settings.max_gap_days,
    };
    Ok(assess(catalogue, settings, Some(period), &chosen))
}

fn assess(
    catalogue: &Catalogue,
    settings: &Settings,
    period: Option<AssessedPeriod>,
    tested: &[&Tested],
) -> Assessment {
    let covered = period.as_ref().filter(|p| p.period.r#type == PeriodType::TypeII);
    let snapshots: Vec<_> = tested.iter().map(|t| t.meta.clone()).collect();
    let now = latest(&snapshots).map_or("", |meta| &meta.run);
    let mut controls: Vec<_> = catalogue
        .in_scope(settings)
        .into_iter()
        .filter_map(|control| {
            let runs: Vec<_> = tested
                .iter()
                .filter_map(|t| {
                    t.results
                        .controls
                        .get(&control.page.id)
                        .map(|result| Run { meta: &t.meta, result })
                })
                .collect();
            assess_control(control, covered, &runs, now)
        })
        .collect();
    controls.sort_by(|a, b| a.control.page.id.cmp(&b.control.page.id));
    let criteria = catalogue
        .criteria
        .all
        .iter()
        .map(|c| assess_criterion(c, settings, &controls))
        .collect();
    Assessment {
        period,
        controls,
        criteria,
        snapshots,
        edition: catalogue.criteria.edition.clone(),
        catalogue: catalogue.digest(),
    }
}

/// A control's result and its snapshot.
#[derive(Clone, Copy)]
struct Run<'a> {
    meta: &'a SnapshotMeta,
    result: &'a ControlResult,
}

impl Run<'_> {
    fn at(&self) -> Timestamp {
        self.meta.opened_at
    }

    /// Was everything looked at in the account, so that what is not there is gone?
    fn saw_all(&self, account: &str) -> bool {
        let verdict = self
            .result
            .accounts
            .iter()
            .find(|a| a.account == account)
            .map(|a| a.verdict);
        !self.result.incomplete && verdict.is_some_and(|v| v != ControlVerdict::NotTested)
    }
}

fn assess_control(
    control: &Control,
    covered: Option<&AssessedPeriod>,
    runs: &[Run<'_>],
    now: &str,
) -> Option<ControlAssessment> {
    let now = *runs.iter().find(|run| run.meta.run == now).or(runs.last())?;
    // A run for other controls says nothing of this one, unless there is no other run at all.
    let asked: Vec<Run<'_>> = runs
        .iter()
        .copied()
        .filter(|run| run.meta.asked_for(&control.page.id))
        .collect();
    let runs = if asked.is_empty() { runs } else { &asked };
    // A record is about the whole period, not about the moment of a snapshot: judged once, last.
    let (covered, runs) = match control.page.r#type {
        ControlType::Manual => (None, &runs[runs.len().saturating_sub(1)..]),
        _ => (covered, runs),
    };
    let latest = now.result.clone();
    let members = members(runs);
    let deviations = deviations(runs, judges_events(control));
    let counts = Counts::of(members.iter().map(|m| m.result.verdict));
    let coverage = covered.map(|period| coverage(period, control, runs));
    let mut exceptions: Vec<Exception> = Vec::new();
    for exception in runs.iter().flat_map(|run| &run.result.exceptions) {
        if !exceptions.contains(exception) {
            exceptions.push(exception.clone());
        }
    }
    let gaps = runs.iter().flat_map(|run| {
        run.result.gaps.iter().map(|gap| SnapshotGap {
            snapshot: run.meta.run.clone(),
            gap: gap.clone(),
        })
    });
    let overall = match (covered, &coverage) {
        (Some(period), Some(coverage)) => over_time(period, coverage, runs, &counts, &deviations),
        _ => of_moment(control, *runs.last()?),
    };
    Some(ControlAssessment {
        control: control.clone(),
        verdict: overall.verdict,
        code: overall.code,
        reason: overall.reason,
        incomplete: overall.incomplete,
        observe: latest.observe,
        counts,
        members,
        deviations,
        history: runs.iter().map(history_point).collect(),
        coverage,
        exceptions,
        gaps: gaps.collect(),
        latest,
        latest_run: now.meta.run.clone(),
    })
}

/// Does it judge what happened, and not only what is?
fn judges_events(control: &Control) -> bool {
    use ControlType::{ConfigurationEvent, Event, EventManual};
    matches!(control.page.r#type, Event | EventManual | ConfigurationEvent)
        && control
            .page
            .tables
            .iter()
            .any(|table| table == "cloudtrail_event_window")
}

/// What one snapshot says. Events are looked back for as far as CloudTrail keeps them: a shorter
/// history shows what it shows, but not that nothing else happened.
fn of_moment(control: &Control, run: Run<'_>) -> Overall {
    let result = run.result;
    let days = run.meta.event_days.map_or(EVENT_DAYS, i64::from);
    let judged = !matches!(result.verdict, ControlVerdict::Fail | ControlVerdict::NotTested);
    if judges_events(control) && judged && days < EVENT_DAYS {
        return Overall {
            verdict: ControlVerdict::NotTested,
            code: Some(ReasonCode::CoverageGap),
            reason: format!(
                "Events were read {days} days back, where {EVENT_DAYS} are looked at. {}",
                result.reason
            ),
            incomplete: false,
        };
    }
    Overall {
        verdict: result.verdict,
        code: result.code,
        reason: result.reason.clone(),
        incomplete: result.incomplete,
    }
}

fn history_point(run: &Run<'_>) -> HistoryPoint {
    HistoryPoint {
        snapshot: run.meta.run.clone(),
        as_of: run.at(),
        verdict: run.result.verdict,
        code: run.result.code,
        reason: run.result.reason.clone(),
        incomplete: run.result.incomplete,
        counts: run.result.counts,
    }
}

type Identity<'a> = (&'a str, &'a str, &'a str);

fn identity(result: &ResourceResult) -> Identity<'_> {
    (&result.account, &result.region, &result.resource)
}

/// Rank of a verdict over time: the worst counts, and any judgement counts more than none.
fn rank(verdict: ResourceVerdict) -> u8 {
    match verdict {
        ResourceVerdict::Fail => 0,
        ResourceVerdict::Accepted => 1,
        ResourceVerdict::Pass => 2,
        ResourceVerdict::Na => 3,
        ResourceVerdict::Unknown => 4,
    }
}

fn members(runs: &[Run<'_>]) -> Vec<Member> {
    let mut members: BTreeMap<Identity<'_>, Member> = BTreeMap::new();
    for run in runs {
        for result in &run.result.resources {
            let member = members.entry(identity(result)).or_insert_with(|| Member {
                result: result.clone(),
                snapshot: run.meta.run.clone(),
                first_seen: run.at(),
                last_seen: run.at(),
                snapshots: 0,
            });
            member.last_seen = run.at();
            member.snapshots += 1;
            if rank(result.verdict) <= rank(member.result.verdict) {
                member.result = result.clone();
                member.snapshot.clone_from(&run.meta.run);
            }
        }
    }
    let mut members: Vec<_> = members.into_values().collect();
    members.sort_by_key(|m| m.result.verdict);
    members
}

fn deviations(runs: &[Run<'_>], events: bool) -> Vec<Deviation> {
    let mut deviations: BTreeMap<Identity<'_>, Deviation> = BTreeMap::new();
    for run in runs {
        for result in run
            .result
            .resources
            .iter()
            .filter(|r| r.verdict == ResourceVerdict::Fail)
        {
            let deviation = deviations.entry(identity(result)).or_insert_with(|| Deviation {
                account: result.account.clone(),
                region: result.region.clone(),
                resource: result.resource.clone(),
                name: result.name.clone(),
                reason: String::new(),
                first_seen: run.at(),
                last_seen: run.at(),
                fixed_by: None,
                still_open: true,
                days: 0,
                snapshots: Vec::new(),
            });
            deviation.reason.clone_from(&result.reason);
            deviation.name.clone_from(&result.name);
            deviation.last_seen = run.at();
            deviation.snapshots.push(run.meta.run.clone());
        }
    }
    for (id, deviation) in &mut deviations {
        let after = runs.iter().filter(|run| run.at() > deviation.last_seen);
        deviation.fixed_by = after.clone().find(|run| fixed(run, *id, events)).map(Run::at);
        deviation.still_open = deviation.fixed_by.is_none();
        let until = deviation
            .fixed_by
            .or_else(|| runs.last().map(Run::at))
            .unwrap_or(deviation.last_seen);
        deviation.days = until.days_since(deviation.first_seen);
    }
    let mut deviations: Vec<_> = deviations.into_values().collect();
    deviations.sort_by_key(|d| d.first_seen);
    deviations
}

/// Does the snapshot show that the resource no longer fails? Not having seen it is no proof, and
/// an event that is too old to be seen still happened.
fn fixed(run: &Run<'_>, id: Identity<'_>, events: bool) -> bool {
    match run.result.resources.iter().find(|r| identity(r) == id) {
        Some(result) => !matches!(result.verdict, ResourceVerdict::Fail | ResourceVerdict::Unknown),
        None => !events && run.saw_all(id.0),
    }
}

fn accounts<'a>(runs: &[Run<'a>]) -> BTreeSet<&'a str> {
    runs.iter()
        .flat_map(|run| &run.result.accounts)
        .map(|a| a.account.as_str())
        .collect()
}

/// When the control was tested in the account.
fn tests(runs: &[Run<'_>], account: &str) -> Vec<Timestamp> {
    let tested = |run: &&Run<'_>| {
        run.result
            .accounts
            .iter()
            .any(|a| a.account == account && a.verdict != ControlVerdict::NotTested)
    };
    runs.iter().filter(tested).map(Run::at).collect()
}

fn coverage(period: &AssessedPeriod, control: &Control, runs: &[Run<'_>]) -> Coverage {
    let allowed = i64::from(period.max_gap_days) * DAY;
    let length = |span: &Span| span.to.unix() - span.from.unix();
    let events_only = judges_events(control) && control.page.r#type != ControlType::ConfigurationEvent;
    let (mut spans, mut holes) = (Vec::new(), Vec::new());
    for account in accounts(runs) {
        if judges_events(control) {
            let unlogged = unlogged(period, runs, account);
            // The days after the last snapshot are still to be read; no other event may be missing.
            let open = |span: &&Span| span.to == period.until && length(span) <= allowed;
            holes.extend(unlogged.iter().filter(|span| !open(span)).cloned());
            if events_only {
                spans.extend(unlogged);
                continue;
            }
        }
        let mut moments = vec![period.from];
        moments.extend(tests(runs, account));
        moments.push(period.until);
        let between: Vec<_> = moments
            .windows(2)
            .map(|pair| Span::of(account, pair[0], pair[1]))
            .collect();
        holes.extend(between.iter().filter(|span| length(span) > allowed).cloned());
        spans.extend(between);
    }
    // Of several as long, the first.
    let longest = spans.iter().rev().max_by_key(|span| length(span)).cloned();
    Coverage { longest, holes }
}

/// The spans of which no snapshot has the events: each reaches back as far as it asked.
fn unlogged(period: &AssessedPeriod, runs: &[Run<'_>], account: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut seen = period.from;
    let tested = tests(runs, account);
    for run in runs.iter().filter(|run| tested.contains(&run.at())) {
        let back = run.meta.event_days.map_or(EVENT_DAYS, i64::from) * DAY;
        let from = Timestamp::from_unix(run.at().unix() - back).unwrap_or(run.at());
        if from > seen {
            spans.push(Span::of(account, seen, from));
        }
        seen = seen.max(run.at());
    }
    if period.until > seen {
        spans.push(Span::of(account, seen, period.until));
    }
    spans
}

struct Overall {
    verdict: ControlVerdict,
    code: Option<ReasonCode>,
    reason: String,
    incomplete: bool,
}

fn over_time(
    period: &AssessedPeriod,
    coverage: &Coverage,
    runs: &[Run<'_>],
    counts: &Counts,
    deviations: &[Deviation],
) -> Overall {
    let open = untested(period, coverage, runs, counts);
    let overall = |verdict, reason| Overall {
        verdict,
        code: None,
        reason,
        incomplete: false,
    };
    let snapshots = match runs.len() {
        1 => "in the one snapshot of the period".to_owned(),
        n => format!("in {n} snapshots of the period"),
    };
    if !deviations.is_empty() {
        let still = deviations.iter().filter(|d| d.still_open).count();
        let mut reason = format!(
            "{} of {} tested deviated {snapshots}: {}; still open: {still}.",
            counts.fail,
            counts.tested,
            names(deviations.iter().map(|d| d.name.as_str()))
        );
        if let Some((_, message)) = &open {
            reason.push_str(&format!(" Incomplete: {message}"));
        }
        return Overall {
            incomplete: open.is_some(),
            ..overall(ControlVerdict::Fail, reason)
        };
    }
    if let Some((code, reason)) = open {
        return Overall {
            code: Some(code),
            ..overall(ControlVerdict::NotTested, reason)
        };
    }
    if counts.tested == 0 {
        return overall(
            ControlVerdict::Na,
            format!("The rule applies to nothing found {snapshots}."),
        );
    }
    if counts.accepted > 0 {
        let accepted = format!(
            "{} of {} tested under an approved exception {snapshots}",
            counts.accepted, counts.tested
        );
        return overall(
            ControlVerdict::PassWithExceptions,
            format!("{accepted}; all others met the rule."),
        );
    }
    overall(
        ControlVerdict::Pass,
        format!("All {} tested met the rule {snapshots}.", counts.tested),
    )
}

/// What keeps the control from being tested over the period.
fn untested(
    period: &AssessedPeriod,
    coverage: &Coverage,
    runs: &[Run<'_>],
    counts: &Counts,
) -> Option<(ReasonCode, String)> {
    // An account in which no snapshot could test has a better reason than the calendar.
    for account in accounts(runs) {
        if tests(runs, account).is_empty() {
            let last = runs.iter().rev().find_map(|run| {
                let here = run.result.accounts.iter().find(|a| a.account == account)?;
                Some((here.code, run.result))
            });
            if let Some((code, result)) = last {
                let code = code.or(result.code).unwrap_or(ReasonCode::EvidenceMissing);
                let reason = format!(
                    "Tested in no snapshot of the period in account {account}. {}",
                    result.reason
                );
                return Some((code, reason));
            }
        }
    }
    if let Some(hole) = coverage.holes.first() {
        let more = match coverage.holes.len() {
            1 => String::new(),
            n => format!(" Such spans in all: {n}."),
        };
        let Span {
            account,
            from,
            to,
            days,
            ..
        } = hole;
        let reason = if *days > i64::from(period.max_gap_days) {
            let allowed = period.max_gap_days;
            format!(
                "Not tested in account {account} from {from} to {to}, {days} days where {allowed} are allowed.{more}"
            )
        } else {
            format!("No events were read in account {account} from {from} to {to}.{more}")
        };
        return Some((ReasonCode::CoverageGap, reason));
    }
    if counts.unknown > 0 {
        let unjudged = runs.iter().rev().find(|run| run.result.counts.unknown > 0)?;
        let code = unjudged.result.code.unwrap_or(ReasonCode::EvidenceMissing);
        let count = counts.unknown;
        return Some((
            code,
            format!("{count} of {} were seen but never judged.", counts.population),
        ));
    }
    None
}

fn assess_criterion(criterion: &Criterion, settings: &Settings, controls: &[ControlAssessment]) -> CriterionAssessment {
    let of: Vec<_> = controls
        .iter()
        .filter(|c| c.control.page.criteria.contains(&criterion.id))
        .collect();
    let id = |c: &&ControlAssessment| c.control.page.id.clone();
    let deviating: Vec<_> = of.iter().copied().filter(|c| c.is_deviation()).collect();
    // A fail that is only observed counts as the control having operated.
    let counted = |c: &&ControlAssessment| match c.verdict {
        ControlVerdict::Fail if c.observe => ControlVerdict::Pass,
        verdict => verdict,
    };
    let verdict = of.iter().map(counted).min();
    let number = |n: usize| {
        if n == 1 {
            "1 control".to_owned()
        } else {
            format!("{n} controls")
        }
    };
    let of_verdict = |v| of.iter().filter(|c| counted(c) == v).count();
    let statement = match verdict {
        None => "No AWS evidence.".to_owned(),
        Some(ControlVerdict::Fail) => format!("{} of {} deviate.", deviating.len(), number(of.len())),
        Some(ControlVerdict::NotTested) => {
            format!(
                "No deviation; {} of {} not tested.",
                of_verdict(ControlVerdict::NotTested),
                number(of.len())
            )
        }
        Some(ControlVerdict::PassWithExceptions) => {
            format!("No deviation in {}, but for approved exceptions.", number(of.len()))
        }
        Some(ControlVerdict::Pass) => format!("No deviation in {}.", number(of.len())),
        Some(ControlVerdict::Na) => format!("Nothing to which {} could apply.", number(of.len())),
    };
    CriterionAssessment {
        criterion: criterion.clone(),
        in_scope: settings.covers(criterion),
        controls: of.iter().map(id).collect(),
        deviating: deviating.iter().map(id).collect(),
        verdict,
        statement,
    }
}
