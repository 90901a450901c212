//! What templates see: plain structs of text and numbers, and nothing else.
//!
//! Times are text, numbers add up, ARNs are as AWS gave them. Lists only, no maps with an order
//! of their own. Nothing is escaped here: the templates' engine escapes all text.

use std::collections::BTreeMap;

use controls::result::{ControlVerdict, ResourceVerdict};
use evidence::clock::Timestamp;
use evidence::period::PeriodType;
use serde::Serialize;

use crate::error::ReportError;
use crate::{Engagement, escape};

mod appendix;
mod changes;
mod cloudtrail;
mod cover;
mod criterion;
mod evidence_index;
mod manual;
mod request;
mod scope;
mod summary;
mod workpaper;

pub use appendix::{ColumnDoc, ParameterUsed, TableDoc};
pub use changes::{ChangesView, ControlChange, TableChange};
pub use cloudtrail::{CloudtrailView, ContradictionRow, ReconciledRow};
pub(crate) use cloudtrail::{newest, rows as cloudtrail_rows};
pub use cover::Cover;
pub use criterion::{ControlRef, CriterionRow, Series};
pub use evidence_index::{EvidenceIndex, ExchangeRow};
pub use manual::{AttachmentRow, FactRow, FileRow, Records, ReviewRow};
pub(crate) use request::sections;
pub use request::{Request, RequestSection};
pub use scope::{GapRow, RunRow, Scope};
pub use summary::Summary;
pub use workpaper::{AcceptedRow, DeviationRow, MemberRow, SourceRow, Workpaper};

/// Rows of populations and deviations that a binder prints in full; beyond that each table is
/// cut, worst first, and says so. A PDF of more pages than some thousand helps nobody.
const PRINTED: usize = 20_000;
/// Rows of a table that was cut.
const CUT: usize = 250;

/// Everything there is to tell: the view of `binder.html`.
#[derive(Clone, Debug, Serialize)]
pub struct Book {
    /// Name of the engagement in file names.
    pub name: String,
    /// What it is about.
    pub cover: Cover,
    /// What was asked, answered and refused.
    pub scope: Scope,
    /// Whether CloudTrail tells of the same calls.
    pub cloudtrail: CloudtrailView,
    /// Controls, worst first.
    pub summary: Summary,
    /// All criteria by series.
    pub series: Vec<Series>,
    /// Workpapers by primary criterion.
    pub chapters: Vec<Chapter>,
    /// Rows that the binder prints of a long table.
    pub printed: usize,
    /// What changed since an earlier moment.
    pub changes: Option<ChangesView>,
    /// What people supplied.
    pub records: Records,
    /// What the auditor still has to be given.
    pub requests: Vec<Request>,
    /// The same by kind.
    pub request_sections: Vec<RequestSection>,
    /// Parameters that differ from their defaults, and those that have none.
    pub parameters: Vec<ParameterUsed>,
    /// Approved deviations that matched.
    pub exceptions: Vec<ExceptionRow>,
    /// Columns that all recorded and derived tables begin with.
    pub envelope: Vec<ColumnDoc>,
    /// Tables that the tests read, with their other columns.
    pub dictionary: Vec<TableDoc>,
    /// The exchanges.
    pub evidence: EvidenceIndex,
}

/// The workpapers of one criterion.
#[derive(Clone, Debug, Serialize)]
pub struct Chapter {
    /// Criterion id.
    pub id: String,
    /// Its title in our words.
    pub title: String,
    /// What is said about it.
    pub statement: String,
    /// Verdict of all its controls.
    pub pill: Pill,
    /// Workpapers of the controls whose primary criterion it is, by id.
    pub workpapers: Vec<Workpaper>,
}

/// An approved deviation.
#[derive(Clone, Debug, Serialize)]
pub struct ExceptionRow {
    /// Control id.
    pub control: String,
    /// Resource.
    pub resource: String,
    /// Account, or empty.
    pub account: String,
    /// Why.
    pub reason: String,
    /// Who approved.
    pub approver: String,
    /// Last day.
    pub expires: String,
}

/// A coloured label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pill {
    /// Class: `pass`, `fail`, `not-tested`, `na`, `accepted` or `observe`.
    pub tone: &'static str,
    /// Word.
    pub word: &'static str,
}

impl Pill {
    pub(crate) const NONE: Self = Self {
        tone: "na",
        word: "no AWS evidence",
    };

    pub(crate) fn control(verdict: ControlVerdict, observe: bool) -> Self {
        let (tone, word) = match verdict {
            ControlVerdict::Fail if observe => ("observe", "observed"),
            ControlVerdict::Fail => ("fail", "fail"),
            ControlVerdict::NotTested => ("not-tested", "not tested"),
            ControlVerdict::PassWithExceptions => ("accepted", "pass with exceptions"),
            ControlVerdict::Pass => ("pass", "pass"),
            ControlVerdict::Na => ("na", "not applicable"),
        };
        Self { tone, word }
    }

    pub(crate) fn resource(verdict: ResourceVerdict, observe: bool) -> Self {
        let (tone, word) = match verdict {
            ResourceVerdict::Fail if observe => ("observe", "observed"),
            ResourceVerdict::Fail => ("fail", "fail"),
            ResourceVerdict::Unknown => ("not-tested", "unknown"),
            ResourceVerdict::Accepted => ("accepted", "accepted"),
            ResourceVerdict::Pass => ("pass", "pass"),
            ResourceVerdict::Na => ("na", "n/a"),
        };
        Self { tone, word }
    }
}

/// A verdict and how often it occurs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tally {
    /// The verdict.
    #[serde(flatten)]
    pub pill: Pill,
    /// How often.
    pub count: usize,
}

/// The moment as a person reads it.
pub(crate) fn moment(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The moment without its seconds, for narrow columns.
pub(crate) fn minute(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M").to_string()
}

/// Short names of runs: `S1`, `S2`, … in order of time.
pub(crate) fn label(place: usize) -> String {
    format!("S{}", place + 1)
}

/// A count and its noun.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

impl Book {
    /// The whole story of an engagement.
    pub(crate) fn of(engagement: &Engagement<'_>) -> Result<Self, ReportError> {
        let assessment = engagement.assessment;
        let latest = engagement.latest()?;
        let part = match &assessment.period {
            Some(period) => escape::slug(&period.period.name, 24),
            None => latest.snapshot.meta.run.clone(),
        };
        let organization = Some(escape::slug(engagement.organization, 30)).filter(|s| !s.is_empty());
        let name = format!("{}-{part}", organization.as_deref().unwrap_or("organization"));
        let series = criterion::series(engagement);
        let records = Records::of(engagement)?;
        let chapters = chapters(engagement, &series, &records);
        let exceptions = assessment
            .controls
            .iter()
            .flat_map(|c| &c.exceptions)
            .map(|e| ExceptionRow {
                control: e.control.clone(),
                resource: e.resource.clone(),
                account: e.account.clone().unwrap_or_default(),
                reason: e.reason.clone(),
                approver: e.approver.clone(),
                expires: e.expires.to_string(),
            });
        let (envelope, dictionary) = appendix::dictionary(engagement);
        let requests = request::requests(engagement, &records);
        let rows: usize = assessment
            .controls
            .iter()
            .map(|c| c.members.len() + c.deviations.len())
            .sum();
        Ok(Self {
            name: name.trim_end_matches('-').to_owned(),
            cover: cover::cover(engagement)?,
            scope: scope::scope(engagement),
            cloudtrail: cloudtrail::view(engagement),
            summary: summary::summary(engagement),
            printed: if rows > PRINTED { CUT } else { PRINTED },
            changes: engagement.changes.as_ref().map(|c| changes::changes(engagement, c)),
            records,
            request_sections: request::sections(&requests),
            requests,
            parameters: appendix::parameters(engagement),
            exceptions: exceptions.collect(),
            envelope,
            dictionary,
            evidence: evidence_index::index(engagement, &chapters),
            series,
            chapters,
        })
    }

    /// All workpapers, in their order.
    pub fn workpapers(&self) -> impl Iterator<Item = &Workpaper> {
        self.chapters.iter().flat_map(|chapter| &chapter.workpapers)
    }
}

fn chapters(engagement: &Engagement<'_>, series: &[Series], records: &Records) -> Vec<Chapter> {
    let mut by_criterion: BTreeMap<&str, Vec<Workpaper>> = BTreeMap::new();
    for control in &engagement.assessment.controls {
        let primary = control.control.page.criteria.first().map_or("", String::as_str);
        by_criterion
            .entry(primary)
            .or_default()
            .push(workpaper::workpaper(engagement, control, records));
    }
    let rows = series.iter().flat_map(|s| &s.criteria);
    rows.filter_map(|row| {
        Some(Chapter {
            workpapers: by_criterion.remove(row.id.as_str())?,
            id: row.id.clone(),
            title: row.title.clone(),
            statement: row.statement.clone(),
            pill: row.pill,
        })
    })
    .collect()
}

/// `Type I`, `Type II`, or neither.
pub(crate) fn kind(engagement: &Engagement<'_>) -> &'static str {
    match engagement.assessment.period.as_ref().map(|p| p.period.r#type) {
        Some(PeriodType::TypeI) => "SOC 2 Type I",
        Some(PeriodType::TypeII) => "SOC 2 Type II",
        None => "SOC 2, one snapshot",
    }
}
