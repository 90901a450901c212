//! The data files that follow from the evidence: what a re-performance must give again, byte
//! for byte.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Files, pinned, pretty};
use crate::error::ReportError;
use crate::view::{Book, cloudtrail_rows, newest};
use crate::{Engagement, csv};

/// All of them, by path below the top folder; [`pinned::RESULTS`] names the others.
pub(crate) fn data(
    engagement: &Engagement<'_>,
    book: &Book,
    results: &BTreeMap<String, Vec<u8>>,
) -> Result<Files, ReportError> {
    let mut files = Files::new();
    let mut put = |path: String, bytes: Vec<u8>| files.insert(format!("data/{path}"), bytes);
    put("deviations.csv".to_owned(), csv::deviations(book).into_bytes());
    put("gaps.csv".to_owned(), csv::gaps(engagement).into_bytes());
    put("request-list.csv".to_owned(), csv::requests(book).into_bytes());
    if let Some(changes) = &engagement.changes {
        let value = json!({
            "schema": "exhibit.changes/1",
            "earlier": changes.earlier,
            "later": changes.later,
            "records": changes.diff,
            "controls": changes.comparison,
        });
        put("changes.json".to_owned(), pretty(&value)?);
    }
    for (path, bytes) in results {
        put(format!("criteria/{path}"), bytes.clone());
    }
    let newest = newest(engagement);
    if !newest.is_empty() {
        put(
            "cloudtrail/reconcile.csv".to_owned(),
            csv::reconcile(&cloudtrail_rows(&newest)).into_bytes(),
        );
        for one in newest.values() {
            put(format!("cloudtrail/{}.json", one.seq), one.bytes.clone());
        }
    }
    let latest = &engagement.latest()?.snapshot.meta.run;
    for input in engagement.snapshots {
        let run = &input.snapshot.meta.run;
        if run == latest {
            put("evidence.db".to_owned(), input.database.to_vec());
            continue;
        }
        // What the verdicts of an earlier snapshot rest on, so that each can be run again.
        put(format!("evidence/{run}/evidence.db"), input.database.to_vec());
        for (id, result) in &input.results.controls {
            put(
                format!("evidence/{run}/tests/{id}.sql"),
                result.sql.clone().into_bytes(),
            );
        }
    }
    let pinned = pinned::Pinned::of(engagement, &files);
    files.insert(format!("data/{}", pinned::RESULTS), pinned::text(&pinned)?);
    Ok(files)
}
