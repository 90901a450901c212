//! Controls, worst first.

use std::collections::BTreeMap;

use controls::result::ControlVerdict;
use serde::Serialize;
use serde_json::json;

use super::Pill;
use crate::Engagement;

/// The summary of all controls.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// A stacked bar per series: what the drawing in the binder takes.
    pub bars: String,
    /// Controls, worst first.
    pub controls: Vec<ControlRow>,
    /// Members of all populations.
    pub population: usize,
    /// Members tested.
    pub tested: usize,
    /// Members that fail.
    pub fail: usize,
}

/// A control in one line.
#[derive(Clone, Debug, Serialize)]
pub struct ControlRow {
    /// Control id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Criteria, primary first.
    pub criteria: Vec<String>,
    /// Primary criterion.
    pub primary: String,
    /// Severity.
    pub severity: &'static str,
    /// Verdict.
    pub pill: Pill,
    /// One sentence.
    pub reason: String,
    /// It fails, and besides not everything could be looked at.
    pub incomplete: bool,
    /// All members.
    pub population: usize,
    /// Members tested.
    pub tested: usize,
    /// Members that fail.
    pub fail: usize,
}

pub(super) fn summary(engagement: &Engagement<'_>) -> Summary {
    let assessment = engagement.assessment;
    let mut sorted: Vec<_> = assessment.controls.iter().collect();
    // What is only observed comes after what counts.
    let rank = |c: &controls::period::ControlAssessment| match c.verdict {
        ControlVerdict::Fail if c.observe => 2,
        ControlVerdict::Fail => 0,
        ControlVerdict::NotTested => 1,
        ControlVerdict::PassWithExceptions => 3,
        ControlVerdict::Pass => 4,
        ControlVerdict::Na => 5,
    };
    sorted.sort_by_key(|c| (rank(c), c.control.page.severity, c.control.page.id.clone()));
    let rows: Vec<_> = sorted
        .into_iter()
        .map(|c| {
            let page = &c.control.page;
            ControlRow {
                id: page.id.clone(),
                title: page.title.clone(),
                criteria: page.criteria.clone(),
                primary: page.criteria.first().cloned().unwrap_or_default(),
                severity: page.severity.as_str(),
                pill: Pill::control(c.verdict, c.observe),
                reason: c.reason.clone(),
                incomplete: c.incomplete,
                population: c.counts.population,
                tested: c.counts.tested,
                fail: c.counts.fail,
            }
        })
        .collect();
    Summary {
        bars: bars(engagement, &rows),
        population: rows.iter().map(|r| r.population).sum(),
        tested: rows.iter().map(|r| r.tested).sum(),
        fail: rows.iter().map(|r| r.fail).sum(),
        controls: rows,
    }
}

fn bars(engagement: &Engagement<'_>, rows: &[ControlRow]) -> String {
    const TONES: [&str; 6] = ["fail", "not-tested", "observe", "accepted", "pass", "na"];
    let mut series: Vec<(&str, &str)> = Vec::new();
    for criterion in &engagement.assessment.criteria {
        let of = (
            criterion.criterion.series.as_str(),
            criterion.criterion.series_name.as_str(),
        );
        if series.last() != Some(&of) {
            series.push(of);
        }
    }
    let of_criterion: BTreeMap<&str, &str> = engagement
        .assessment
        .criteria
        .iter()
        .map(|c| (c.criterion.id.as_str(), c.criterion.series.as_str()))
        .collect();
    let bars: Vec<_> = series
        .into_iter()
        .filter_map(|(id, name)| {
            let mine: Vec<_> = rows
                .iter()
                .filter(|r| of_criterion.get(r.primary.as_str()) == Some(&id))
                .collect();
            let part = |tone: &&str| {
                let count = mine.iter().filter(|r| r.pill.tone == *tone).count();
                (count > 0).then(|| json!({ "tone": tone, "count": count }))
            };
            let parts: Vec<_> = TONES.iter().filter_map(part).collect();
            (!parts.is_empty()).then(|| json!({ "label": format!("{id} {name}"), "parts": parts }))
        })
        .collect();
    json!({ "bars": bars }).to_string()
}
