//! A control's folder in the bundle: its population, its query and its result.

use std::collections::BTreeMap;

use controls::period::ControlAssessment;
use controls::result::ResourceResult;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::pretty;
use crate::Engagement;
use crate::csv::Csv;
use crate::error::ReportError;

/// The files beside the pages of all controls, by path below the folder of the criteria.
pub(crate) fn results(engagement: &Engagement<'_>) -> Result<BTreeMap<String, Vec<u8>>, ReportError> {
    let controls = engagement.assessment.controls.par_iter();
    let files: Vec<_> = controls
        .map(|control| files(engagement, control))
        .collect::<Result<_, _>>()?;
    Ok(files.into_iter().flatten().collect())
}

fn files(engagement: &Engagement<'_>, control: &ControlAssessment) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let page = &control.control.page;
    let primary = page.criteria.first().map_or("", String::as_str);
    let path = |file: &str| format!("{primary}/{}/{file}", page.id);
    let mut result = serde_json::to_value(control)?;
    if let Value::Object(members) = &mut result {
        members.insert("schema".to_owned(), json!("exhibit.workpaper/1"));
    }
    let mut files = vec![
        (path("population.csv"), population(engagement, control)?.into_bytes()),
        (path("test.sql"), control.latest.sql.clone().into_bytes()),
        (path("result.json"), pretty(&result)?),
    ];
    if engagement.snapshots.len() > 1 {
        files.push((path("period.csv"), period(engagement, control).into_bytes()));
    }
    Ok(files)
}

const COLUMNS: [&str; 10] = [
    "account",
    "region",
    "resource",
    "name",
    "verdict",
    "reason",
    "snapshot",
    "exchange",
    "body",
    "body_sha256",
];

/// The population of the last snapshot: what `test.sql` prints on `evidence.db`.
fn population(engagement: &Engagement<'_>, control: &ControlAssessment) -> Result<String, ReportError> {
    let mut csv = Csv::new(&COLUMNS);
    let run = &engagement.latest()?.snapshot.meta.run;
    for result in &control.latest.resources {
        csv.row(&cells(engagement, run, result).each_ref().map(String::as_str));
    }
    Ok(csv.finish())
}

/// Every member that was in any snapshot of the period, once, with its worst verdict.
fn period(engagement: &Engagement<'_>, control: &ControlAssessment) -> String {
    let mut columns = COLUMNS.to_vec();
    columns.extend(["first_seen", "last_seen"]);
    let mut csv = Csv::new(&columns);
    for member in &control.members {
        let mut row = cells(engagement, &member.snapshot, &member.result).to_vec();
        row.extend([member.first_seen.to_string(), member.last_seen.to_string()]);
        csv.row(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    csv.finish()
}

fn cells(engagement: &Engagement<'_>, run: &str, result: &ResourceResult) -> [String; 10] {
    let exchange = result.source.as_ref().map(|s| s.exchange);
    let body = exchange.and_then(|i| {
        let (_, input) = engagement.snapshot(run)?;
        let body = input.snapshot.exchange(i)?.body.as_ref()?;
        Some(format!("evidence/{run}/{body}"))
    });
    let digest = result.source.as_ref().and_then(|s| s.body_sha256);
    [
        result.account.clone(),
        result.region.clone(),
        result.resource.clone(),
        result.name.clone(),
        result.verdict.as_str().to_owned(),
        result.reason.clone(),
        run.to_owned(),
        exchange.map_or_else(String::new, |i| i.to_string()),
        body.unwrap_or_default(),
        digest.map_or_else(String::new, |d| d.to_string()),
    ]
}
