//! What the binder is about, and what vouches for it.

use std::collections::{BTreeMap, BTreeSet};

use controls::result::ControlVerdict;
use serde::Serialize;

use super::{Pill, Tally, counted, kind, moment};
use crate::Engagement;
use crate::error::ReportError;

/// The cover, and the head of every web page.
#[derive(Clone, Debug, Serialize)]
pub struct Cover {
    /// Title.
    pub title: &'static str,
    /// Whose evidence it is.
    pub organization: String,
    /// The system, or empty.
    pub system: String,
    /// `SOC 2 Type II` and the like.
    pub kind: &'static str,
    /// The period or the moment.
    pub span: String,
    /// Name of the period, or empty.
    pub period: String,
    /// The period goes on beyond what is known.
    pub open: bool,
    /// How many snapshots, from when to when.
    pub snapshots: String,
    /// How many accounts and regions.
    pub accounts: String,
    /// Edition of the criteria.
    pub edition: String,
    /// Digest of the control pages.
    pub catalogue: String,
    /// Program and version.
    pub tool: String,
    /// The time of everything in here: when the latest snapshot was closed.
    pub created: String,
    /// Origin line of the checkpoint.
    pub origin: String,
    /// Entries of the log.
    pub entries: usize,
    /// Root of the log's tree, as the checkpoint writes it.
    pub root: String,
    /// Somebody signed a checkpoint.
    pub signed: bool,
    /// Who signed the newest checkpoint, and who dated it when; or that nobody did.
    pub vouched: String,
    /// Run of the latest snapshot.
    pub run: String,
    /// The latest verdicts are from this snapshot; there is more than one.
    pub several: bool,
    /// Verdicts on controls, worst first; none left out.
    pub results: Vec<Tally>,
    /// All controls.
    pub controls: usize,
    /// All criteria.
    pub criteria: usize,
}

pub(super) fn cover(engagement: &Engagement<'_>) -> Result<Cover, ReportError> {
    let assessment = engagement.assessment;
    let latest = engagement.latest()?;
    let period = assessment.period.as_ref();
    let span = match period {
        Some(p) => match engagement.snapshots {
            [one] if p.period.r#type == evidence::period::PeriodType::TypeI => {
                format!("as at {}", moment(one.snapshot.meta.opened_at))
            }
            _ => format!("{} to {}", p.period.start, p.period.last_day()),
        },
        None => format!("as at {}", moment(latest.snapshot.meta.opened_at)),
    };
    let times = engagement.snapshots.iter().map(|s| s.snapshot.meta.opened_at);
    let (first, last) = (times.clone().min(), times.max());
    let snapshots = match (engagement.snapshots.len(), first, last) {
        (1, Some(first), _) => format!("1, of {}", moment(first)),
        (n, Some(first), Some(last)) => format!("{n}, from {} to {}", moment(first), moment(last)),
        _ => String::new(),
    };
    let scopes = || engagement.snapshots.iter().flat_map(|s| &s.snapshot.meta.accounts);
    let accounts: BTreeSet<_> = scopes().map(|a| &a.account).collect();
    let regions: BTreeSet<_> = scopes().flat_map(|a| &a.regions).collect();
    let checkpoint = engagement.locker.checkpoint();
    let vouched = engagement.locker.vouched()?;
    let mut lines = checkpoint.lines();
    let entries = engagement.locker.lines().len();
    Ok(Cover {
        title: "SOC 2 audit binder",
        organization: engagement.organization.to_owned(),
        system: engagement.system.unwrap_or_default().to_owned(),
        kind: kind(engagement),
        span,
        period: period.map(|p| p.period.name.clone()).unwrap_or_default(),
        open: period.is_some_and(|p| p.open),
        snapshots,
        accounts: format!(
            "{}, {}",
            counted(accounts.len(), "AWS account", "AWS accounts"),
            counted(regions.len(), "region", "regions")
        ),
        edition: assessment.edition.clone(),
        catalogue: assessment.catalogue.to_string(),
        tool: format!("{} {}", engagement.tool.name, engagement.tool.version),
        created: moment(engagement.closed_at()?),
        origin: lines.next().unwrap_or_default().to_owned(),
        entries,
        root: lines.nth(1).unwrap_or_default().to_owned(),
        signed: vouched.newest_signed().is_some(),
        vouched: vouched.describe(),
        run: latest.snapshot.meta.run.clone(),
        several: engagement.snapshots.len() > 1,
        results: tally(engagement),
        controls: assessment.controls.len(),
        criteria: assessment.criteria.len(),
    })
}

/// Verdicts and how often each occurs, worst first; what is only observed stands apart.
fn tally(engagement: &Engagement<'_>) -> Vec<Tally> {
    let mut counts: BTreeMap<(ControlVerdict, bool), usize> = BTreeMap::new();
    for control in &engagement.assessment.controls {
        let observed = control.observe && control.verdict == ControlVerdict::Fail;
        *counts.entry((control.verdict, observed)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((verdict, observed), count)| Tally {
            pill: Pill::control(verdict, observed),
            count,
        })
        .collect()
}
