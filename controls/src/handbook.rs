//! `docs/controls.md`: the catalogue as one page, and the matrix practice → control → criterion.

use std::fmt::Write;

use crate::catalogue::{Catalogue, Control};
use crate::page::Page;
use crate::practice;

/// The page, in Markdown. A function of the catalogue alone.
pub fn markdown(catalogue: &Catalogue) -> String {
    let mut text = String::from(
        "# Controls\n\nGenerated from the pages below `controls/pages/`; do not edit. After a change: `UPDATE=1 cargo test \
         --locked -p controls --test it handbook`.\n\nEach control is a page with its test as a query; `exhibit controls show ID` \
         prints it with your parameters.\n",
    );
    practices(&mut text, catalogue);
    criteria(&mut text, catalogue);
    for control in sorted(catalogue) {
        one(&mut text, control);
    }
    text
}

fn sorted(catalogue: &Catalogue) -> Vec<&Control> {
    let mut controls: Vec<_> = catalogue.controls().collect();
    controls.sort_by(|a, b| a.page.id.cmp(&b.page.id));
    controls
}

/// Which controls test a practice, and which criteria they serve.
fn practices(text: &mut String, catalogue: &Catalogue) {
    text.push_str("\n## Practices\n\n| practice | | controls | criteria |\n|---|---|---|---|\n");
    for practice in practice::all() {
        let of: Vec<_> = sorted(catalogue)
            .into_iter()
            .filter(|c| c.page.practices.contains(&practice.code))
            .collect();
        let links: Vec<_> = of.iter().map(|c| link(&c.page)).collect();
        let known = &catalogue.criteria.all;
        let criteria: Vec<_> = known
            .iter()
            .map(|criterion| criterion.id.as_str())
            .filter(|id| of.iter().any(|c| c.page.criteria.iter().any(|named| named == id)))
            .collect();
        line(
            text,
            &[&practice.code, &practice.title, &links.join(", "), &criteria.join(", ")],
        );
    }
}

/// Which controls serve a criterion; those of which it is the primary one in bold.
fn criteria(text: &mut String, catalogue: &Catalogue) {
    text.push_str(
        "\n## Criteria\n\nControls in bold name the criterion first.\n\n| criterion | | controls |\n|---|---|---|\n",
    );
    for criterion in &catalogue.criteria.all {
        let links: Vec<_> = catalogue
            .controls_for(criterion)
            .into_iter()
            .map(|c| match c.page.criteria.first() {
                Some(first) if *first == criterion.id => format!("**{}**", link(&c.page)),
                _ => link(&c.page),
            })
            .collect();
        let none = "no evidence in AWS: records only".to_owned();
        let links = if links.is_empty() { none } else { links.join(", ") };
        line(text, &[&criterion.id, &criterion.title, &links]);
    }
}

fn one(text: &mut String, control: &Control) {
    let page = &control.page;
    let mut put = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    put(format!("\n## {}\n\n{}.\n", page.id, page.title.trim_end_matches('.')));
    let mut facts = vec![page.criteria.join(", ")];
    if !page.practices.is_empty() {
        facts.push(page.practices.join(", "));
    }
    facts.push(page.r#type.to_string());
    facts.push(format!("severity {}", page.severity));
    if page.observe {
        facts.push("observed unless enforced".to_owned());
    }
    put(format!("{}\n", facts.join(" · ")));
    put(page.test.clone());
    if !page.parameters.is_empty() {
        put("\n| parameter | default | |\n|---|---|---|".to_owned());
        for (name, spec) in &page.parameters {
            let default = spec
                .default
                .as_ref()
                .map_or("to be set".to_owned(), ToString::to_string);
            put(format!("| {} | `{}` | {} |", name, cell(&default), cell(&spec.doc)));
        }
    }
    if !control.operations.is_empty() {
        put(format!("\nCalls: {}.", control.operations.join(", ")));
    }
    if !page.peers.is_empty() {
        put(format!("\nElsewhere: {}.", page.peers.join("; ")));
    }
}

fn link(page: &Page) -> String {
    format!("[{id}](#{id})", id = page.id)
}

fn line(text: &mut String, cells: &[&str]) {
    let cells: Vec<_> = cells.iter().map(|c| cell(c)).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
