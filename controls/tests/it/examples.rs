//! Every example of every page comes out as written.
//!
//! Pages are read from disk, so an edited page needs no rebuild. `CONTROL=root-mfa-enabled`
//! runs one page (and reads those it comes after).

use std::path::Path;

use controls::catalogue::{Catalogue, read_pages};
use controls::examples;

#[test]
fn examples_come_out_as_written() {
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
