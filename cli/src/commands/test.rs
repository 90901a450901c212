//! `exhibit test`: the verdicts, worst first.

use controls::period::{Assessment, ControlAssessment, CriterionAssessment};
use controls::result::{ControlVerdict, ResourceVerdict};
use evidence::gap::ReasonCode;
use evidence::locker::Locker;
use serde_json::{Value, json};

use crate::args::{Global, Selection};
use crate::assessing::{Subject, assess};
use crate::exit::{Exit, Stop};
use crate::ui::{bold, columns, counts, dim, emit_json, plural, safe, say, verdict_cell, verdict_word, wrap};

/// Deviations shown per control; the binder has them all.
const SHOWN: usize = 5;

/// Runs the command.
pub fn run(global: &Global, args: &Selection) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let catalogue = config.catalogue()?;
    let only = super::chosen_controls(&catalogue, &args.controls)?;
    let locker = Locker::open(&global.locker)?;
    let subject = Subject::to_judge(args, &config, &locker)?;
    let catalogue = if only.is_empty() {
        catalogue
    } else {
        catalogue.only(&only)
    };
    let assessed = assess(&locker, &config, &catalogue, &subject)?;
    let shown = |control: &&ControlAssessment| only.is_empty() || only.contains(&control.control.page.id);
    let chosen: Vec<&ControlAssessment> = assessed.assessment.controls.iter().filter(shown).collect();
    if global.json() {
        emit_json(&document(&assessed.assessment, &chosen))?;
    } else {
        print(&assessed.assessment, &chosen, args)?;
    }
    Ok(exit(&chosen))
}

/// Incomplete evidence weighs more than deviations: who could not look cannot tell how many there are.
pub fn exit(controls: &[&ControlAssessment]) -> Exit {
    if controls
        .iter()
        .any(|c| c.verdict == ControlVerdict::NotTested || c.incomplete)
    {
        Exit::Incomplete
    } else if controls.iter().any(|c| c.is_deviation()) {
        Exit::Deviations
    } else {
        Exit::Ok
    }
}

/// The JSON document, `exhibit.test/1`.
fn document(assessment: &Assessment, controls: &[&ControlAssessment]) -> Value {
    json!({
        "schema": "exhibit.test/1",
        "period": assessment.period,
        "snapshots": assessment.snapshots.iter().map(|meta| json!({
            "run": meta.run,
            "opened_at": meta.opened_at,
            "closed_at": meta.closed_at,
            "status": meta.status,
            "accounts": meta.accounts,
        })).collect::<Vec<_>>(),
        "controls": controls.iter().map(|c| control_document(c)).collect::<Vec<_>>(),
    })
}

/// `resources` and `counts` are those of the last snapshot, as its `test.sql` prints them;
/// `deviations` are those of the whole period.
fn control_document(c: &ControlAssessment) -> Value {
    json!({
        "id": c.control.page.id,
        "title": c.control.page.title,
        "criteria": c.control.page.criteria,
        "practices": c.control.page.practices,
        "severity": c.control.page.severity,
        "verdict": c.verdict,
        "code": c.code,
        "reason": c.reason,
        "incomplete": c.incomplete,
        "observe": c.observe,
        "counts": c.latest.counts,
        "resources": c.latest.resources,
        "deviations": c.deviations,
        "gaps": c.gaps,
        "exceptions": c.exceptions,
        "parameters": c.latest.parameters,
        "coverage": c.coverage,
        "history": c.history.iter().map(|h| json!({
            "snapshot": h.snapshot, "as_of": h.as_of, "verdict": h.verdict, "code": h.code, "counts": h.counts,
        })).collect::<Vec<_>>(),
    })
}

fn print(assessment: &Assessment, controls: &[&ControlAssessment], args: &Selection) -> Result<(), Stop> {
    print_table(assessment, controls)?;
    next_step(controls, args)
}

/// Prints every control, without a next step.
pub fn print_all(assessment: &Assessment) -> Result<(), Stop> {
    print_table(assessment, &assessment.controls.iter().collect::<Vec<_>>())
}

fn print_table(assessment: &Assessment, controls: &[&ControlAssessment]) -> Result<(), Stop> {
    heading(assessment)?;
    for criterion in by_severity(assessment, controls) {
        let mine: Vec<_> = controls
            .iter()
            .filter(|c| c.control.page.criteria.first() == Some(&criterion.criterion.id))
            .collect();
        if mine.is_empty() {
            continue;
        }
        say!();
        say!("{}  {}", bold(&criterion.criterion.id), criterion.criterion.title);
        let mut mine = mine;
        mine.sort_by_key(|c| (c.verdict, c.control.page.severity, c.control.page.id.clone()));
        for control in mine {
            print_control(control)?;
        }
    }
    summary(controls)
}

fn heading(assessment: &Assessment) -> Result<(), Stop> {
    let first = assessment.snapshots.first();
    let last = assessment.snapshots.last();
    match (&assessment.period, last) {
        (Some(period), Some(last)) => {
            let kind = match period.period.r#type {
                evidence::period::PeriodType::TypeI => "Type I",
                evidence::period::PeriodType::TypeII => "Type II",
            };
            say!(
                "{} ({kind}, {} to {}), {} up to {}",
                bold(&format!("Period {}", safe(&period.period.name))),
                period.period.start,
                period.period.last_day(),
                plural(assessment.snapshots.len(), "snapshot"),
                last.opened_at
            );
            if period.open {
                say!(
                    "{}",
                    dim("The period is still running: all that follows is provisional.")
                );
            }
        }
        (None, Some(last)) => say!("{} of {}", bold(&format!("Snapshot {}", last.run)), last.opened_at),
        _ => {}
    }
    if let (Some(first), Some(last)) = (first, last) {
        for scope in &last.accounts {
            let regions = match scope.regions.len() {
                0..=4 => scope.regions.join(", "),
                n => plural(n, "region"),
            };
            say!("{}", dim(&format!("Account {}, {regions}", scope.account)));
        }
        if let (None, Some(chosen)) = (&assessment.period, &last.controls) {
            say!(
                "{}",
                dim(&format!("Collected for {chosen}; the others were never asked for."))
            );
        }
        if first.status != last.status || last.status == evidence::snapshot::Status::Partial {
            say!("{}", dim("Not every snapshot is complete."));
        }
    }
    Ok(())
}

/// Criteria with the worst verdict first, then in their own order.
fn by_severity<'a>(assessment: &'a Assessment, controls: &[&ControlAssessment]) -> Vec<&'a CriterionAssessment> {
    let worst = |criterion: &CriterionAssessment| {
        controls
            .iter()
            .filter(|c| c.control.page.criteria.first() == Some(&criterion.criterion.id))
            .map(|c| (c.verdict, c.observe))
            .min()
    };
    let mut all: Vec<_> = assessment.criteria.iter().collect();
    all.sort_by_key(|criterion| worst(criterion).map_or((1, None), |w| (0, Some(w))));
    all
}

fn print_control(control: &ControlAssessment) -> Result<(), Stop> {
    let page = &control.control.page;
    say!(
        "  {} {:<34} {}",
        verdict_cell(control.verdict, control.observe),
        page.id,
        dim(&counts(&control.latest.counts, control.verdict))
    );
    let indent = " ".repeat(14);
    let width = columns().saturating_sub(indent.len());
    match control.verdict {
        ControlVerdict::Fail => {
            for deviation in control.deviations.iter().take(SHOWN) {
                let fixed = match deviation.fixed_by {
                    Some(at) => format!(" (fixed by {})", at.day()),
                    None if control.history.len() > 1 => " (still open)".to_owned(),
                    None => String::new(),
                };
                let who = label(&deviation.name, &deviation.resource);
                let line = format!("{who}{fixed}: {}", deviation.reason);
                wrapped(&indent, &line, width)?;
            }
            if control.deviations.len() > SHOWN {
                say!(
                    "{indent}{}",
                    dim(&format!("and {} more", control.deviations.len() - SHOWN))
                );
            }
            if control.incomplete {
                say!("{indent}{}", dim("incomplete: not everything could be looked at"));
            }
        }
        ControlVerdict::NotTested => {
            let code = control.code.map(|code| format!("{code}: ")).unwrap_or_default();
            wrapped(&indent, &format!("{code}{}", control.reason), width)?;
        }
        ControlVerdict::PassWithExceptions => {
            for accepted in control
                .latest
                .resources
                .iter()
                .filter(|r| r.verdict == ResourceVerdict::Accepted)
            {
                let line = format!(
                    "{}: accepted; {}",
                    label(&accepted.name, &accepted.resource),
                    accepted.reason
                );
                wrapped(&indent, &line, width)?;
            }
        }
        ControlVerdict::Pass | ControlVerdict::Na => {}
    }
    Ok(())
}

fn wrapped(indent: &str, text: &str, width: usize) -> Result<(), Stop> {
    for (n, line) in wrap(text, width - 2).into_iter().enumerate() {
        say!("{indent}{}{line}", if n == 0 { "" } else { "  " });
    }
    Ok(())
}

fn label(name: &str, resource: &str) -> String {
    // An ARN already ends in the name, an id does not.
    if name.is_empty() || resource.ends_with(name) {
        name_or(name, resource)
    } else {
        format!("{resource} ({name})")
    }
}

fn name_or(name: &str, resource: &str) -> String {
    if name.is_empty() {
        resource.to_owned()
    } else {
        name.to_owned()
    }
}

fn summary(controls: &[&ControlAssessment]) -> Result<(), Stop> {
    let order = [
        ControlVerdict::Fail,
        ControlVerdict::NotTested,
        ControlVerdict::PassWithExceptions,
        ControlVerdict::Pass,
        ControlVerdict::Na,
    ];
    let observed = controls
        .iter()
        .filter(|c| c.verdict == ControlVerdict::Fail && c.observe)
        .count();
    let mut parts = Vec::new();
    for verdict in order {
        let mut n = controls.iter().filter(|c| c.verdict == verdict).count();
        if verdict == ControlVerdict::Fail {
            n -= observed;
        }
        if n > 0 {
            parts.push(format!("{n} {}", verdict_word(verdict)));
        }
        if verdict == ControlVerdict::Fail && observed > 0 {
            parts.push(plural(observed, "observation"));
        }
    }
    say!();
    say!("{}: {}", bold(&plural(controls.len(), "control")), parts.join(", "));
    Ok(())
}

fn next_step(controls: &[&ControlAssessment], args: &Selection) -> Result<(), Stop> {
    let selection = match (&args.period, &args.snapshot) {
        (Some(period), _) => format!(" --period {period}"),
        (_, Some(snapshot)) => format!(" --snapshot {snapshot}"),
        _ => String::new(),
    };
    if let Some(control) = controls.iter().find(|c| c.verdict == ControlVerdict::NotTested) {
        let remedy = match control.code {
            Some(ReasonCode::AccessDenied) => {
                "attach the policy that `exhibit policy` prints, then `exhibit collect` again"
            }
            Some(ReasonCode::CoverageGap) => "collect at least monthly; what was not seen cannot be made up",
            Some(ReasonCode::NeedsParameter) => "set the parameter in exhibit.toml",
            Some(ReasonCode::EvidenceMissing) if control.gaps.is_empty() => {
                "the binder's request list names the record that is missing: `exhibit bind --out DIR`"
            }
            _ => "run `exhibit collect` again; the gaps are listed in the binder",
        };
        say!("Next: {remedy}.");
    } else {
        say!("Next: `exhibit bind{selection} --out DIR` writes the binder and the bundle.");
    }
    Ok(())
}
