//! `exhibit review`: records that a person signed off a control, or a whole period.

use evidence::clock::{Clock, SystemClock};
use evidence::manual::{Decision, Review, ReviewBody, ReviewedPeriod, same_person};
use serde_json::json;

use crate::args::{self, Global};
use crate::custody;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, emit_json, safe, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Review) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let catalogue = config.catalogue()?;
    if let Some(id) = &args.control {
        super::known_control(&catalogue, id)?;
    }
    let period = args.period.as_ref().map(|name| config.period(name)).transpose()?;
    if args.control.is_none() && period.is_none() {
        return Err(Stop::usage(
            "say what was reviewed: a control, a period (--period NAME), or a control in a period",
        ));
    }
    for (option, text) in [("--reviewer", &args.reviewer), ("--comment", &args.comment)] {
        if text.trim().is_empty() {
            return Err(Stop::usage(format!("{option} is empty; a sign-off says who and what")));
        }
    }
    let custody = custody::open(global, &config)?;
    let mut writer = custody::writer(global, custody.as_ref())?;
    if let Some(control) = &args.control {
        let all = writer.locker().attachments()?;
        let own = all.iter().find(|a| {
            let evidence = &a.evidence;
            a.replaced_by.is_none()
                && evidence.control == *control
                && period.is_none_or(|p| evidence.touches(p.start, p.last_day()))
                && same_person(&evidence.performer, &args.reviewer)
        });
        if let Some(own) = own {
            return Err(Stop::usage(format!(
                "{} performed the control ({}); nobody reviews his own work: name another reviewer",
                own.evidence.performer, own.id
            )));
        }
    }
    let body = ReviewBody {
        control: args.control.clone(),
        period: period.map(|p| ReviewedPeriod {
            name: p.name.clone(),
            start: p.start,
            end: p.end,
        }),
        reviewer: args.reviewer.trim().to_owned(),
        decision: match args.decision {
            args::Decision::Approved => Decision::Approved,
            args::Decision::Rejected => Decision::Rejected,
        },
        comment: args.comment.trim().to_owned(),
    };
    let review = writer.review(SystemClock::default().now(), &body)?;
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.review/1",
            "locker": global.locker,
            "review": review,
            "checkpoint": writer.locker().checkpoint(),
        }))?;
    } else {
        say!(
            "{}: {} {} {}.",
            bold(&format!("Recorded {}", review.id)),
            safe(&review.review.reviewer),
            review.review.decision.as_str(),
            safe(&subject(&review))
        );
    }
    Ok(custody::tell(custody.as_ref(), Exit::Ok))
}

/// What a review is about, in words.
pub fn subject(review: &Review) -> String {
    let body = &review.review;
    match (&body.control, &body.period) {
        (Some(control), Some(period)) => format!("{control} in {}", period.name),
        (Some(control), None) => control.clone(),
        (None, Some(period)) => format!("the period {}", period.name),
        (None, None) => "the whole".to_owned(),
    }
}
