//! The request list: what the auditor still has to be given.

use std::collections::BTreeMap;

use controls::manual::takes_evidence;
use controls::page::{ControlType, Page};
use controls::result::ControlVerdict;
use evidence::gap::ReasonCode;
use serde::Serialize;

use super::{Records, counted};
use crate::Engagement;

/// Something that is still to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Number, from 1.
    pub no: usize,
    /// `gap`, `control`, `record` or `criterion`.
    pub kind: &'static str,
    /// What it is about.
    pub subject: String,
    /// Why it is needed.
    pub why: String,
    /// What to do.
    pub ask: String,
    /// Controls or criteria it concerns.
    pub concerns: Vec<String>,
}

/// The requests of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct RequestSection {
    /// Heading.
    pub title: &'static str,
    /// All ask for the same, so it is said once.
    pub compact: bool,
    /// What they ask for, if it is the same.
    pub ask: String,
    /// The requests.
    pub requests: Vec<Request>,
}

/// The requests by kind; kinds without any are left out.
pub(crate) fn sections(requests: &[Request]) -> Vec<RequestSection> {
    let kinds = [
        ("gap", "Gaps to close"),
        ("control", "Controls not fully tested"),
        ("record", "Records to give"),
        ("criterion", "Criteria without AWS evidence"),
    ];
    let section = |(kind, title): (&'static str, &'static str)| {
        let requests: Vec<_> = requests.iter().filter(|r| r.kind == kind).cloned().collect();
        let ask = requests.first()?.ask.clone();
        Some(RequestSection {
            title,
            compact: kind == "criterion",
            ask,
            requests,
        })
    };
    kinds.into_iter().filter_map(section).collect()
}

pub(super) fn requests(engagement: &Engagement<'_>, supplied: &Records) -> Vec<Request> {
    let mut all = Vec::new();
    gaps(engagement, &mut all);
    controls(engagement, supplied, &mut all);
    records(engagement, supplied, &mut all);
    criteria(engagement, &mut all);
    for (at, request) in all.iter_mut().enumerate() {
        request.no = at + 1;
    }
    all
}

/// What closes a gap.
fn remedy(code: ReasonCode, operation: &str) -> String {
    match code {
        ReasonCode::AccessDenied => {
            format!(
                "Allow `{operation}` to the collecting role (`exhibit policy` prints the policy) and collect again."
            )
        }
        ReasonCode::RegionUnreachable => {
            "Collect again when the region answers, or take it out of scope with a reason.".to_owned()
        }
        ReasonCode::Throttled => "Collect again at a quieter hour.".to_owned(),
        ReasonCode::Unsupported => {
            "Give evidence from another source: the endpoint does not offer the operation.".to_owned()
        }
        ReasonCode::NeedsOtherAccount => {
            "Collect from the account that owns the resource, or give evidence from it.".to_owned()
        }
        ReasonCode::NeedsParameter => "Set the parameter in exhibit.toml, with who decided it and why.".to_owned(),
        ReasonCode::EvidenceMissing => "Collect the evidence, or attach it.".to_owned(),
        ReasonCode::NotOffered => "Nothing: AWS does not offer the service in the region.".to_owned(),
        ReasonCode::CoverageGap => {
            "Give other evidence for the span that no snapshot covers; it cannot be collected afterwards.".to_owned()
        }
        ReasonCode::Gone => "Nothing: it was deleted while exhibit looked.".to_owned(),
    }
}

/// Gaps of the latest snapshot that touch a control; those of earlier ones cannot be closed any more.
fn gaps(engagement: &Engagement<'_>, all: &mut Vec<Request>) {
    struct Open<'a> {
        places: Vec<String>,
        message: &'a str,
        concerns: Vec<String>,
    }
    let mut open: BTreeMap<(ReasonCode, &str, &str), Open<'_>> = BTreeMap::new();
    for control in &engagement.assessment.controls {
        for gap in &control.latest.gaps {
            let entry = open
                .entry((gap.code, &gap.operation, &gap.account))
                .or_insert_with(|| Open {
                    places: Vec::new(),
                    message: &gap.message,
                    concerns: Vec::new(),
                });
            let place = gap.resource.clone().unwrap_or_else(|| gap.region.clone());
            if !entry.places.contains(&place) {
                entry.places.push(place);
            }
            if !entry.concerns.contains(&control.control.page.id) {
                entry.concerns.push(control.control.page.id.clone());
            }
        }
    }
    for ((code, operation, account), gap) in open {
        let shown: Vec<_> = gap.places.iter().take(4).cloned().collect();
        let more = gap.places.len().saturating_sub(shown.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        all.push(Request {
            no: 0,
            kind: "gap",
            subject: format!("{operation} in account {account}: {}{more}", shown.join(", ")),
            why: format!("{code}: {}", gap.message),
            ask: remedy(code, operation),
            concerns: gap.concerns,
        });
    }
}

/// Controls that were not tested for another reason than a gap of the latest snapshot.
fn controls(engagement: &Engagement<'_>, supplied: &Records, all: &mut Vec<Request>) {
    let open = engagement
        .assessment
        .controls
        .iter()
        .filter(|c| c.verdict == ControlVerdict::NotTested || c.incomplete);
    for control in open.filter(|c| c.latest.gaps.is_empty()) {
        let page = &control.control.page;
        if is_asked(page, supplied) && control.code == Some(ReasonCode::EvidenceMissing) {
            continue;
        }
        let hole = control.coverage.as_ref().is_some_and(|c| !c.holes.is_empty());
        let code = control
            .code
            .or(hole.then_some(ReasonCode::CoverageGap))
            .or(control.latest.code);
        let code = code.unwrap_or(ReasonCode::EvidenceMissing);
        all.push(Request {
            no: 0,
            kind: "control",
            subject: format!("{}: {}", page.id, page.title),
            why: control.reason.clone(),
            ask: if code == ReasonCode::EvidenceMissing && takes_evidence(page) && !supplied.has(&page.id) {
                wanted(page)
            } else {
                remedy(code, "")
            },
            concerns: page.criteria.clone(),
        });
    }
}

/// Is the record of this control asked for by itself?
fn is_asked(page: &Page, supplied: &Records) -> bool {
    let manual = matches!(
        page.r#type,
        ControlType::Manual | ControlType::ConfigurationManual | ControlType::EventManual
    );
    manual && !supplied.has(&page.id)
}

/// What a person has to supply for the control.
fn wanted(page: &Page) -> String {
    let mut ask = format!(
        "Attach the record: the files, who performed the control and when, for which days, and who reviewed it (`exhibit attach {} …`).",
        page.id
    );
    for (kind, spec) in &page.facts {
        let doc = spec.doc.trim().trim_end_matches('.');
        ask.push_str(&format!(" Fact `{kind}`: {doc} (subject: {}", spec.subject));
        if !spec.required.is_empty() {
            ask.push_str(&format!("; with {}", spec.required.join(", ")));
        }
        ask.push_str(").");
    }
    ask
}

/// Records that people keep and that are not there yet.
fn records(engagement: &Engagement<'_>, supplied: &Records, all: &mut Vec<Request>) {
    let controls = engagement.assessment.controls.iter();
    for control in controls.filter(|c| is_asked(&c.control.page, supplied)) {
        let page = &control.control.page;
        let why = match page.r#type {
            ControlType::Manual => "The evidence is a record that a person keeps.",
            ControlType::EventManual => {
                "The events are one half of the evidence; the other is a record that a person keeps."
            }
            _ => "The configuration in AWS is one half of the evidence; the other is a record that a person keeps.",
        };
        all.push(Request {
            no: 0,
            kind: "record",
            subject: format!("{}: {}", page.id, page.title),
            why: why.to_owned(),
            ask: wanted(page),
            concerns: page.criteria.clone(),
        });
    }
}

/// Criteria in scope that no control tests.
fn criteria(engagement: &Engagement<'_>, all: &mut Vec<Request>) {
    let bare = engagement
        .assessment
        .criteria
        .iter()
        .filter(|c| c.in_scope && c.verdict.is_none());
    for assessed in bare {
        let criterion = &assessed.criterion;
        let note = criterion
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!("{note}."));
        all.push(Request {
            no: 0,
            kind: "criterion",
            subject: format!("{}: {}", criterion.id, criterion.title),
            why: note,
            ask: "No control tested these on AWS evidence. Give evidence from elsewhere: policies, minutes, records, interviews.".to_owned(),
            concerns: vec![criterion.id.clone()],
        });
    }
}

impl Request {
    /// Requests of each kind, in words.
    pub fn kinds(requests: &[Self]) -> String {
        let of = |kind: &str| requests.iter().filter(|r| r.kind == kind).count();
        format!(
            "{}, {}, {}, {}",
            counted(of("gap"), "gap to close", "gaps to close"),
            counted(of("control"), "control not fully tested", "controls not fully tested"),
            counted(of("record"), "record to give", "records to give"),
            counted(
                of("criterion"),
                "criterion without AWS evidence",
                "criteria without AWS evidence"
            ),
        )
    }
}
