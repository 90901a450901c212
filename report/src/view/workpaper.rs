//! The workpaper: everything about one control.

use std::collections::{BTreeMap, BTreeSet};

use controls::period::{ControlAssessment, Deviation, Member};
use controls::result::{ControlVerdict, Counts, ResourceResult, ResourceVerdict};
use evidence::clock::Timestamp;
use evidence::exchange::Exchange;
use serde::Serialize;
use serde_json::json;

use super::{GapRow, ParameterUsed, Pill, Records, label, minute, moment};
use crate::Engagement;

/// Deviations that get a lane of their own in the drawing.
const LANES: usize = 8;

/// Everything about one control.
#[derive(Clone, Debug, Serialize)]
pub struct Workpaper {
    /// Control id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Criteria, primary first.
    pub criteria: Vec<CriterionName>,
    /// Primary criterion: the one it is filed under.
    pub primary: String,
    /// Practices (SD-, CY-).
    pub practices: Vec<String>,
    /// What others call the same check.
    pub peers: Vec<String>,
    /// Kind of evidence.
    pub kind: &'static str,
    /// Severity.
    pub severity: &'static str,
    /// Verdict.
    pub pill: Pill,
    /// Reason code when it was not tested, or empty.
    pub code: &'static str,
    /// One sentence.
    pub reason: String,
    /// It fails, and besides not everything could be looked at.
    pub incomplete: bool,
    /// Its deviations are observations only.
    pub observe: bool,
    /// The activity, Markdown.
    pub control: String,
    /// The procedure, Markdown.
    pub test: String,
    /// Notes, Markdown.
    pub notes: String,
    /// Parameters as used.
    pub parameters: Vec<ParameterUsed>,
    /// Counts; `population = tested + na`, `tested = pass + fail + accepted + unknown`.
    pub counts: Counts,
    /// Verdict by account, if there is more than one.
    pub accounts: Vec<AccountVerdictRow>,
    /// More than one account is in scope.
    pub many_accounts: bool,
    /// More than one snapshot is.
    pub several: bool,
    /// What failed.
    pub deviations: Vec<DeviationRow>,
    /// What failed and was approved.
    pub accepted: Vec<AcceptedRow>,
    /// What could not be judged.
    pub unknown: Vec<MemberRow>,
    /// What is worth saying and no deviation.
    pub observations: Vec<MemberRow>,
    /// The whole population of the last snapshot, worst first.
    pub members: Vec<MemberRow>,
    /// What people supplied for it.
    pub records: Records,
    /// Gaps that touched it.
    pub gaps: Vec<GapRow>,
    /// Exchanges its verdicts rest on.
    pub sources: Vec<SourceRow>,
    /// The verdict in every snapshot.
    pub history: Vec<HistoryRow>,
    /// The drawing of it; empty if there is only one snapshot.
    pub timeline: String,
    /// The longest span without a test, or empty.
    pub longest: String,
    /// Spans without a test that are longer than allowed.
    pub holes: Vec<String>,
    /// AWS operations.
    pub operations: Vec<String>,
    /// Tables of `evidence.db`.
    pub tables: Vec<String>,
    /// Controls whose verdicts it reads.
    pub after: Vec<String>,
    /// The lines of the page's own query, parameters by name.
    pub query: Vec<String>,
    /// Where its files are in the bundle, below `data/`.
    pub folder: String,
    /// Run of the snapshot that `test.sql` is for.
    pub run: String,
}

/// A criterion by name.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionName {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
}

/// The verdict in one account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountVerdictRow {
    /// Account id.
    pub account: String,
    /// Verdict in the latest snapshot.
    pub pill: Pill,
    /// Reason code, or empty.
    pub code: &'static str,
}

/// A member of the population.
#[derive(Clone, Debug, Serialize)]
pub struct MemberRow {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name.
    pub name: String,
    /// ARN or id; empty where it is the name.
    pub resource: String,
    /// Verdict.
    pub pill: Pill,
    /// Why.
    pub reason: String,
    /// Where the evidence is.
    pub source: Link,
}

/// An exchange as a verdict names it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Link {
    /// `#42`, or `S2 #42` where there are several snapshots; empty without a source.
    pub text: String,
    /// Path of the body in the bundle below `data/`, or empty.
    pub path: String,
}

/// A resource that failed.
#[derive(Clone, Debug, Serialize)]
pub struct DeviationRow {
    /// Control id.
    pub control: String,
    /// Primary criterion.
    pub primary: String,
    /// Severity of the control.
    pub severity: &'static str,
    /// Reported as an observation only.
    pub observe: bool,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name.
    pub name: String,
    /// ARN or id; empty where it is the name.
    pub resource: String,
    /// Why.
    pub reason: String,
    /// First seen failing.
    pub first_seen: String,
    /// Last seen failing.
    pub last_seen: String,
    /// When it was seen fixed, or `open`.
    pub fixed: String,
    /// Whole days from the first failure seen to the fix seen or the last snapshot.
    pub days: i64,
    /// Where the evidence is.
    pub source: Link,
}

/// A deviation that somebody approved.
#[derive(Clone, Debug, Serialize)]
pub struct AcceptedRow {
    /// The member.
    #[serde(flatten)]
    pub member: MemberRow,
    /// Who approved.
    pub approver: String,
    /// Why.
    pub why: String,
    /// Last day on which it holds.
    pub expires: String,
}

/// An exchange a verdict rests on.
#[derive(Clone, Debug, Serialize)]
pub struct SourceRow {
    /// `#42` or `S2 #42`.
    pub text: String,
    /// Run id.
    pub run: String,
    /// Number.
    pub exchange: u64,
    /// `service:Operation`.
    pub operation: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// HTTP status, or empty.
    pub status: String,
    /// When it was sent.
    pub sent: String,
    /// SHA-256 of the body, or empty.
    pub sha256: String,
    /// Path of the body in the bundle below `data/`, or empty.
    pub path: String,
}

/// The verdict in one snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryRow {
    /// `S1`, `S2`, …
    pub label: String,
    /// Run id.
    pub run: String,
    /// When.
    pub at: String,
    /// Verdict.
    pub pill: Pill,
    /// One sentence.
    pub reason: String,
    /// Counts.
    pub counts: Counts,
}

pub(super) fn workpaper(engagement: &Engagement<'_>, control: &ControlAssessment, records: &Records) -> Workpaper {
    let page = &control.control.page;
    let primary = page.criteria.first().cloned().unwrap_or_default();
    let title_of = |id: &String| CriterionName {
        id: id.clone(),
        title: engagement
            .catalogue
            .criteria
            .get(id)
            .map(|c| c.title.clone())
            .unwrap_or_default(),
    };
    // What `test.sql` prints on `evidence.db`: the state in the last snapshot.
    let rows = |wanted: &dyn Fn(&ResourceResult) -> bool| -> Vec<MemberRow> {
        let found = control.latest.resources.iter().filter(|r| wanted(r));
        found
            .map(|r| row_of(engagement, &control.latest_run, r, control.observe))
            .collect()
    };
    let of = |verdict| move |r: &ResourceResult| r.verdict == verdict;
    let scopes = engagement.snapshots.iter().flat_map(|s| &s.snapshot.meta.accounts);
    let accounts: BTreeSet<_> = scopes.map(|a| a.account.as_str()).collect();
    let accounts_of = control.latest.accounts.iter().map(|a| AccountVerdictRow {
        account: a.account.clone(),
        pill: Pill::control(a.verdict, control.observe),
        code: a.code.map_or("", |c| c.as_str()),
    });
    Workpaper {
        id: page.id.clone(),
        title: page.title.clone(),
        criteria: page.criteria.iter().map(title_of).collect(),
        practices: page.practices.clone(),
        peers: page.peers.clone(),
        kind: page.r#type.as_str(),
        severity: page.severity.as_str(),
        pill: Pill::control(control.verdict, control.observe),
        code: control.code.map_or("", |c| c.as_str()),
        reason: control.reason.clone(),
        incomplete: control.incomplete,
        observe: control.observe,
        control: page.control.clone(),
        test: page.test.clone(),
        notes: page.notes.clone(),
        parameters: ParameterUsed::of(control),
        counts: control.latest.counts,
        accounts: if accounts.len() > 1 {
            accounts_of.collect()
        } else {
            Vec::new()
        },
        many_accounts: accounts.len() > 1,
        several: engagement.snapshots.len() > 1,
        deviations: deviations(engagement, control, &primary),
        accepted: accepted(engagement, control),
        unknown: rows(&of(ResourceVerdict::Unknown)),
        observations: rows(&|r| r.reason.starts_with("observation:")),
        members: rows(&|_| true),
        records: records.about(&page.id),
        gaps: GapRow::merged(engagement, control.gaps.iter().map(|g| (g.snapshot.as_str(), &g.gap))),
        sources: sources(engagement, control),
        history: history(engagement, control),
        timeline: timeline(engagement, control),
        longest: control
            .coverage
            .as_ref()
            .and_then(|c| c.longest.as_ref())
            .map(|s| days(s, false))
            .unwrap_or_default(),
        holes: control
            .coverage
            .iter()
            .flat_map(|c| &c.holes)
            .map(|s| days(s, accounts.len() > 1))
            .collect(),
        operations: control.control.operations.clone(),
        tables: page.tables.clone(),
        after: page.after.clone(),
        query: page.sql.lines().map(str::to_owned).collect(),
        folder: format!("criteria/{primary}/{}", page.id),
        run: control.latest_run.clone(),
        primary,
    }
}

fn days(span: &controls::period::Span, account: bool) -> String {
    let account = if account {
        format!("account {}: ", span.account)
    } else {
        String::new()
    };
    format!(
        "{account}{} days, from {} to {}",
        span.days,
        moment(span.from),
        moment(span.to)
    )
}

/// ARN or id, unless the name says the same.
fn distinct(resource: &str, name: &str) -> String {
    if resource == name {
        String::new()
    } else {
        resource.to_owned()
    }
}

fn link(engagement: &Engagement<'_>, run: &str, exchange: Option<u64>) -> Link {
    let Some((exchange, (place, input))) = exchange.zip(engagement.snapshot(run)) else {
        return Link::default();
    };
    Link {
        text: number(engagement, place, exchange),
        path: input
            .snapshot
            .exchange(exchange)
            .map_or_else(String::new, |e| answer(run, e)),
    }
}

/// Where the answer is in the bundle. An answer that is a web page is not for a browser to run:
/// it comes from whatever stood between the collector and AWS.
fn answer(run: &str, exchange: &Exchange) -> String {
    let body = exchange.body.as_ref().filter(|body| !body.ends_with(".html"));
    body.map_or_else(String::new, |body| format!("evidence/{run}/{body}"))
}

fn number(engagement: &Engagement<'_>, place: usize, exchange: u64) -> String {
    if engagement.snapshots.len() > 1 {
        format!("{} #{exchange}", label(place))
    } else {
        format!("#{exchange}")
    }
}

fn member(engagement: &Engagement<'_>, member: &Member, observe: bool) -> MemberRow {
    row_of(engagement, &member.snapshot, &member.result, observe)
}

fn row_of(engagement: &Engagement<'_>, run: &str, result: &ResourceResult, observe: bool) -> MemberRow {
    MemberRow {
        account: result.account.clone(),
        region: result.region.clone(),
        name: result.name.clone(),
        resource: distinct(&result.resource, &result.name),
        pill: Pill::resource(result.verdict, observe),
        reason: result.reason.clone(),
        source: link(engagement, run, result.source.as_ref().map(|s| s.exchange)),
    }
}

fn deviations(engagement: &Engagement<'_>, control: &ControlAssessment, primary: &str) -> Vec<DeviationRow> {
    let of: BTreeMap<_, _> = control.members.iter().map(|m| (identity(m), m)).collect();
    let row = |d: &Deviation| {
        let member = of.get(&(d.account.as_str(), d.region.as_str(), d.resource.as_str()));
        DeviationRow {
            control: control.control.page.id.clone(),
            primary: primary.to_owned(),
            severity: control.control.page.severity.as_str(),
            observe: control.observe,
            account: d.account.clone(),
            region: d.region.clone(),
            name: d.name.clone(),
            resource: distinct(&d.resource, &d.name),
            reason: d.reason.clone(),
            first_seen: minute(d.first_seen),
            last_seen: minute(d.last_seen),
            fixed: d.fixed_by.map_or_else(|| "open".to_owned(), minute),
            days: d.days,
            source: member
                .map(|m| link(engagement, &m.snapshot, m.result.source.as_ref().map(|s| s.exchange)))
                .unwrap_or_default(),
        }
    };
    control.deviations.iter().map(row).collect()
}

fn identity(member: &Member) -> (&str, &str, &str) {
    (&member.result.account, &member.result.region, &member.result.resource)
}

fn accepted(engagement: &Engagement<'_>, control: &ControlAssessment) -> Vec<AcceptedRow> {
    let members = control
        .members
        .iter()
        .filter(|m| m.result.verdict == ResourceVerdict::Accepted);
    members
        .map(|m| {
            let exception = control.exceptions.iter().find(|e| {
                (e.resource == m.result.resource || e.resource == m.result.name)
                    && e.account.as_ref().is_none_or(|a| *a == m.result.account)
            });
            AcceptedRow {
                member: member(engagement, m, control.observe),
                approver: exception.map(|e| e.approver.clone()).unwrap_or_default(),
                why: exception.map(|e| e.reason.clone()).unwrap_or_default(),
                expires: exception.map(|e| e.expires.to_string()).unwrap_or_default(),
            }
        })
        .collect()
}

fn sources(engagement: &Engagement<'_>, control: &ControlAssessment) -> Vec<SourceRow> {
    let mut wanted: BTreeSet<(usize, u64)> = BTreeSet::new();
    let named = control
        .members
        .iter()
        .filter_map(|m| Some((m.snapshot.as_str(), m.result.source.as_ref()?.exchange)));
    let failed = control
        .gaps
        .iter()
        .filter_map(|g| Some((g.snapshot.as_str(), g.gap.exchange?)));
    let latest = control.latest_run.as_str();
    let listed = control
        .latest
        .resources
        .iter()
        .filter_map(|r| Some((latest, r.source.as_ref()?.exchange)));
    for (run, exchange) in named.chain(listed).chain(failed) {
        wanted.extend(engagement.snapshot(run).map(|(place, _)| (place, exchange)));
    }
    wanted
        .into_iter()
        .filter_map(|(place, i)| {
            let input = &engagement.snapshots[place];
            let exchange = input.snapshot.exchange(i)?;
            let run = &input.snapshot.meta.run;
            Some(SourceRow {
                text: number(engagement, place, i),
                run: run.clone(),
                exchange: i,
                operation: exchange.call(),
                account: exchange.account.clone(),
                region: exchange.region.clone(),
                status: exchange.status.map_or_else(String::new, |s| s.to_string()),
                sent: moment(exchange.sent_at),
                sha256: exchange.body_sha256.map_or_else(String::new, |d| d.to_string()),
                path: answer(run, exchange),
            })
        })
        .collect()
}

fn history(engagement: &Engagement<'_>, control: &ControlAssessment) -> Vec<HistoryRow> {
    let rows = control.history.iter().map(|point| HistoryRow {
        label: engagement
            .snapshot(&point.snapshot)
            .map(|(place, _)| label(place))
            .unwrap_or_default(),
        run: point.snapshot.clone(),
        at: minute(point.as_of),
        pill: Pill::control(point.verdict, control.observe),
        reason: point.reason.clone(),
        counts: point.counts,
    });
    rows.collect()
}

/// The drawing: a lane for the verdict, and one for each of the first few deviations.
fn timeline(engagement: &Engagement<'_>, control: &ControlAssessment) -> String {
    let points = &control.history;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    if points.len() < 2 {
        return String::new();
    }
    let period = engagement.assessment.period.as_ref();
    let start = period.map_or(first.as_of, |p| p.from).min(first.as_of);
    // Midnight ends the last day; a drawing needs some width.
    let end = period
        .map_or(last.as_of, |p| p.until)
        .max(last.as_of)
        .max(start.plus_days(1));
    let tone = |verdict: ControlVerdict| Pill::control(verdict, control.observe).tone;
    let ends = points.iter().skip(1).map(|p| p.as_of).chain([end]);
    let spans: Vec<_> = points
        .iter()
        .zip(ends)
        .filter(|(point, to)| point.as_of < *to)
        .map(|(point, to)| json!({ "from": point.as_of, "to": to, "tone": tone(point.verdict) }))
        .collect();
    let marks: Vec<_> = points.iter().map(|point| json!({ "at": point.as_of })).collect();
    let mut lanes = vec![json!({ "label": "Verdict", "spans": spans, "marks": marks })];
    let failing = if control.observe { "observe" } else { "fail" };
    for deviation in control.deviations.iter().take(LANES) {
        let to: Timestamp = deviation.fixed_by.unwrap_or(end);
        let name: String = deviation.name.chars().take(40).collect();
        lanes.push(json!({
            "label": name,
            "spans": [{ "from": deviation.first_seen, "to": to, "tone": failing }],
        }));
    }
    json!({ "start": start, "end": end, "lanes": lanes }).to_string()
}
