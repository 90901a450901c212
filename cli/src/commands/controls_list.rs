//! `exhibit controls`: the catalogue.

use controls::catalogue::{Catalogue, Control};
use controls::nearest::nearest;
use serde_json::{Value, json};

use crate::args::{self, ControlsCommand, Global};
use crate::config::Config;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Controls) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    if let Some(ControlsCommand::New { id }) = &args.command {
        return super::controls_new::run(global, &config, id);
    }
    let catalogue = config.catalogue()?;
    match &args.command {
        None | Some(ControlsCommand::New { .. }) => {}
        Some(ControlsCommand::Show { id }) => {
            super::chosen_controls(&catalogue, std::slice::from_ref(id))?;
            if let Some(control) = catalogue.get(id) {
                show(global, &config, control)?;
            }
            return Ok(Exit::Ok);
        }
    }
    check_filters(&catalogue, args)?;
    let chosen: Vec<&Control> = catalogue.controls().filter(|control| matches(control, args)).collect();
    if global.json() {
        let list: Vec<Value> = chosen.iter().map(|control| document(&config, control)).collect();
        emit_json(&json!({ "schema": "exhibit.controls/1", "controls": list }))?;
        return Ok(Exit::Ok);
    }
    let mut chosen = chosen;
    chosen.sort_by_key(|c| (order(&catalogue, c), c.page.id.clone()));
    for control in &chosen {
        let page = &control.page;
        let first = page.criteria.first().map_or("", String::as_str);
        say!(
            "{first:<6} {:<34} {:<9} {}",
            bold(&format!("{:<34}", page.id)).trim_end(),
            page.severity.as_str(),
            page.title
        );
    }
    say!(
        "{}",
        dim(&format!(
            "{}; `exhibit controls show ID` prints one",
            plural(chosen.len(), "control")
        ))
    );
    Ok(Exit::Ok)
}

fn check_filters(catalogue: &Catalogue, args: &args::Controls) -> Result<(), Stop> {
    if let Some(id) = args
        .criterion
        .as_ref()
        .filter(|id| catalogue.criteria.get(id).is_none())
    {
        let known = catalogue.criteria.all.iter().map(|c| c.id.as_str());
        return Err(Stop::usage(format!(
            "there is no criterion `{id}`{}",
            nearest(id, known)
        )));
    }
    if let Some(code) = &args.practice {
        let practices = controls::practice::all();
        let known = practices.iter().map(|p| p.code.as_str());
        if !known.clone().any(|known| known == code) {
            return Err(Stop::usage(format!(
                "there is no practice `{code}`{}",
                nearest(code, known)
            )));
        }
    }
    if let Some(kind) = &args.kind
        && !TYPES.contains(&kind.as_str())
    {
        return Err(Stop::usage(format!(
            "there is no type `{kind}`; a control is one or two of {}",
            TYPES.join(", ")
        )));
    }
    Ok(())
}

/// What a control's type is put together from.
const TYPES: [&str; 3] = ["configuration", "event", "manual"];

fn matches(control: &Control, args: &args::Controls) -> bool {
    let page = &control.page;
    args.criterion.as_ref().is_none_or(|id| page.criteria.contains(id))
        && args.practice.as_ref().is_none_or(|code| page.practices.contains(code))
        && args
            .kind
            .as_ref()
            .is_none_or(|kind| page.r#type.as_str().split(" + ").any(|part| part == kind))
}

fn order(catalogue: &Catalogue, control: &Control) -> usize {
    let first = control.page.criteria.first();
    catalogue
        .criteria
        .all
        .iter()
        .position(|c| Some(&c.id) == first)
        .unwrap_or(usize::MAX)
}

fn document(config: &Config, control: &Control) -> Value {
    let page = &control.page;
    json!({
        "id": page.id,
        "title": page.title,
        "criteria": page.criteria,
        "practices": page.practices,
        "type": page.r#type.as_str(),
        "severity": page.severity,
        "observe": page.observe,
        "tables": page.tables,
        "operations": control.operations,
        "hints": control.hint_operations,
        "parameters": config.settings.parameters_of(page),
        "facts": page.facts,
        "peers": page.peers,
    })
}

fn show(global: &Global, config: &Config, control: &Control) -> Result<(), Stop> {
    if global.json() {
        let mut document = document(config, control);
        document["schema"] = "exhibit.control/1".into();
        return emit_json(&document);
    }
    let page = &control.page;
    say!("{}  {}", bold(&page.id), page.title);
    say!(
        "Criteria {}; {} severity; {}",
        page.criteria.join(", "),
        page.severity.as_str(),
        page.r#type.as_str()
    );
    if !page.practices.is_empty() {
        say!("Practices {}", page.practices.join(", "));
    }
    for (heading, text) in [("Control", &page.control), ("Test", &page.test), ("Notes", &page.notes)] {
        if !text.trim().is_empty() {
            say!("\n{}\n{}", bold(heading), text.trim());
        }
    }
    let parameters = config.settings.parameters_of(page);
    if !parameters.is_empty() {
        say!("\n{}", bold("Parameters"));
    }
    for parameter in parameters {
        let doc = page
            .parameters
            .get(&parameter.name)
            .map_or("", |spec| spec.doc.as_str());
        say!("{} = {}  {}", parameter.name, parameter.value, dim(doc));
        if let Some(changed) = parameter.changed {
            say!(
                "  changed from {} by {}: {}",
                parameter.default,
                changed.by,
                changed.why
            );
        }
    }
    if !page.facts.is_empty() {
        say!("\n{}", bold("Facts for `exhibit attach --facts`"));
    }
    for (kind, spec) in &page.facts {
        say!("[[{kind}]]  {}", dim(&spec.doc));
        say!("  subject: {}", spec.subject);
        for (fields, word) in [(&spec.required, "required"), (&spec.optional, "optional")] {
            if !fields.is_empty() {
                say!("  {word}: {}", fields.join(", "));
            }
        }
    }
    say!("\n{}\n{}", bold("AWS operations"), control.operations.join(", "));
    say!("\n{}\n{}", bold("Query"), page.sql.trim());
    Ok(())
}
