//! A control's folder in the bundle: its population, its query and its result.

use std::collections::BTreeMap;

use controls::period::ControlAssessment;
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

fn files(engagement: &Engagement<'_>, control: &ControlAssessment) -> Result<[(String, Vec<u8>); 3], ReportError> {
    let page = &control.control.page;
    let primary = page.criteria.first().map_or("", String::as_str);
    let path = |file: &str| format!("{primary}/{}/{file}", page.id);
    let mut result = serde_json::to_value(control)?;
    if let Value::Object(members) = &mut result {
        members.insert("schema".to_owned(), json!("exhibit.workpaper/1"));
    }
    Ok([
        (path("population.csv"), population(engagement, control).into_bytes()),
        (path("test.sql"), control.latest.sql.clone().into_bytes()),
        (path("result.json"), pretty(&result)?),
    ])
}

/// Every member once, with the verdict that counts and the one in the latest snapshot.
fn population(engagement: &Engagement<'_>, control: &ControlAssessment) -> String {
    let mut csv = Csv::new(&[
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
        "first_seen",
        "last_seen",
        "latest_verdict",
    ]);
    let latest: BTreeMap<_, _> = control
        .latest
        .resources
        .iter()
        .map(|r| {
            (
                (r.account.as_str(), r.region.as_str(), r.resource.as_str()),
                r.verdict.as_str(),
            )
        })
        .collect();
    for member in &control.members {
        let r = &member.result;
        let exchange = r.source.as_ref().map(|s| s.exchange);
        let body = exchange.and_then(|i| {
            let (_, input) = engagement.snapshot(&member.snapshot)?;
            let body = input.snapshot.exchange(i)?.body.as_ref()?;
            Some(format!("evidence/{}/{body}", member.snapshot))
        });
        let digest = r.source.as_ref().and_then(|s| s.body_sha256);
        csv.row(&[
            &r.account,
            &r.region,
            &r.resource,
            &r.name,
            r.verdict.as_str(),
            &r.reason,
            &member.snapshot,
            &exchange.map_or_else(String::new, |i| i.to_string()),
            &body.unwrap_or_default(),
            &digest.map_or_else(String::new, |d| d.to_string()),
            &member.first_seen.to_string(),
            &member.last_seen.to_string(),
            latest
                .get(&(r.account.as_str(), r.region.as_str(), r.resource.as_str()))
                .copied()
                .unwrap_or_default(),
        ]);
    }
    csv.finish()
}
