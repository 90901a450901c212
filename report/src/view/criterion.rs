//! The criteria matrix: all 61, with what is said about each.

use controls::criteria::Evidence;
use serde::Serialize;

use super::Pill;
use crate::Engagement;

/// A series of criteria.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// Id such as `CC6`.
    pub id: String,
    /// What it is about.
    pub name: String,
    /// Its category.
    pub category: &'static str,
    /// Whether its category is in scope.
    pub in_scope: bool,
    /// Its criteria.
    pub criteria: Vec<CriterionRow>,
}

/// A criterion.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionRow {
    /// Id such as `CC6.1`.
    pub id: String,
    /// What it asks for, in our words.
    pub title: String,
    /// Whether its category is in scope.
    pub in_scope: bool,
    /// Verdict of its controls.
    pub pill: Pill,
    /// It has controls.
    pub tested: bool,
    /// What is said about it.
    pub statement: String,
    /// How far evidence from AWS can carry it.
    pub carries: &'static str,
    /// A remark on its evidence, or empty.
    pub note: String,
    /// Its controls, by id.
    pub controls: Vec<ControlRef>,
}

/// A control as a criterion names it.
#[derive(Clone, Debug, Serialize)]
pub struct ControlRef {
    /// Control id.
    pub id: String,
    /// Title.
    pub title: String,
    /// The criterion that its workpaper is filed under.
    pub primary: String,
    /// Verdict.
    pub pill: Pill,
    /// One sentence.
    pub reason: String,
    /// Members tested.
    pub tested: usize,
    /// Members that fail.
    pub fail: usize,
}

pub(super) fn series(engagement: &Engagement<'_>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for assessed in &engagement.assessment.criteria {
        let criterion = &assessed.criterion;
        if all.last().is_none_or(|last| last.id != criterion.series) {
            all.push(Series {
                id: criterion.series.clone(),
                name: criterion.series_name.clone(),
                category: criterion.category.title(),
                in_scope: assessed.in_scope,
                criteria: Vec::new(),
            });
        }
        let controls: Vec<_> = assessed
            .controls
            .iter()
            .filter_map(|id| engagement.assessment.controls.iter().find(|c| c.control.page.id == *id))
            .map(|c| ControlRef {
                id: c.control.page.id.clone(),
                title: c.control.page.title.clone(),
                primary: c.control.page.criteria.first().cloned().unwrap_or_default(),
                pill: Pill::control(c.verdict, c.observe),
                reason: c.reason.clone(),
                tested: c.counts.tested,
                fail: c.counts.fail,
            })
            .collect();
        let row = CriterionRow {
            id: criterion.id.clone(),
            title: criterion.title.clone(),
            in_scope: assessed.in_scope,
            pill: assessed.verdict.map_or(Pill::NONE, |v| Pill::control(v, false)),
            tested: assessed.verdict.is_some(),
            statement: assessed.statement.clone(),
            carries: match criterion.evidence {
                Evidence::Technical => "Evidence from AWS can carry the test.",
                Evidence::Partly => "Evidence from AWS supports the test; records are needed as well.",
                Evidence::ManualOnly => "Records only: AWS has no evidence for it.",
            },
            note: criterion.note.clone().unwrap_or_default(),
            controls,
        };
        if let Some(series) = all.last_mut() {
            series.criteria.push(row);
        }
    }
    all
}
