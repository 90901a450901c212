//! Every example of every page comes out as written.
//!
//! Pages are read from disk, so an edited page needs no rebuild. `CONTROL=root-mfa-enabled`
//! runs one page (and reads those it comes after).

use std::path::Path;

use controls::catalogue::{Catalogue, Control, read_pages};
use controls::examples::{self, Example};

use crate::common::elsewhere::{ELSEWHERE, Elsewhere};

/// The pages on disk, and the one that `CONTROL` names.
fn pages() -> (Catalogue, Option<String>) {
    let mut pages = read_pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("pages")).unwrap();
    let only = std::env::var("CONTROL").ok();
    if let Some(only) = &only {
        // What the page comes after is needed; what else is wrong elsewhere is not of interest.
        let mut wanted = vec![only.clone()];
        let mut at = 0;
        while at < wanted.len() {
            let name = format!("/{}.md", wanted[at]);
            let page = pages.iter().find(|(file, _)| file.ends_with(&name));
            let (file, text) = page.unwrap_or_else(|| panic!("there is no page {name}"));
            let page = controls::page::Page::parse(file, text).unwrap_or_else(|e| panic!("{e}"));
            wanted.extend(page.after);
            at += 1;
        }
        pages
            .retain(|(file, _)| file.ends_with(".sql") || wanted.iter().any(|id| file.ends_with(&format!("/{id}.md"))));
    }
    let catalogue = Catalogue::from_pages(pages).unwrap_or_else(|e| panic!("{e}"));
    (catalogue, only)
}

#[test]
fn examples_come_out_as_written() {
    let (catalogue, only) = pages();
    let report = match only.as_ref().map(|id| catalogue.get(id).unwrap()) {
        Some(control) => examples::check_control(&catalogue, control),
        None => examples::check(&catalogue),
    };
    let failures: Vec<_> = report.failures.iter().map(ToString::to_string).collect();
    assert!(
        failures.is_empty(),
        "{} of {} examples:\n{}",
        failures.len(),
        report.examples,
        failures.join("\n")
    );
    println!("{} examples", report.examples);
}

/// What an example in another partition comes to, if not to what is written.
fn moved(catalogue: &Catalogue, control: &Control, text: &str, to: &Elsewhere) -> Result<(), Vec<String>> {
    let mut example = Example::parse(&control.page, &to.text(text))?;
    example.snapshot = to.snapshot(&example.snapshot);
    let evaluation = example.run(catalogue, control)?;
    example.compare(&evaluation.results.controls[&control.page.id])
}

/// No verdict may hang on the partition or on the names of regions.
#[test]
fn examples_come_out_the_same_in_every_partition() {
    let (catalogue, only) = pages();
    let mut failures = Vec::new();
    let controls = catalogue
        .controls()
        .filter(|c| only.as_ref().is_none_or(|id| *id == c.page.id));
    for control in controls {
        for text in &control.page.examples {
            for to in &ELSEWHERE {
                if let Err(why) = moved(&catalogue, control, text, to) {
                    let case = text.lines().next().unwrap_or_default();
                    failures.push(format!(
                        "{} in {}, {case}: {}",
                        control.page.id,
                        to.partition,
                        why.join("; ")
                    ));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
