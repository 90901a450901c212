//! `exhibit controls new`: a first page of the firm's own.

use serde_json::json;

use crate::args::Global;
use crate::config::Config;
use crate::exit::{Exit, Stop};
use crate::output::{Readers, make_folder, write_new};
use crate::ui::{emit_json, say};

/// The page as written, with `ID` for the id.
const STUB: &str = include_str!("../control.md");

/// Writes the page. It loads and runs as it is.
pub fn run(global: &Global, config: &Config, id: &str) -> Result<Exit, Stop> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        return Err(Stop::usage(format!("`{id}`: an id consists of a-z, 0-9 and -")));
    }
    let failed =
        |path: &std::path::Path, e: &std::io::Error| Stop::failure(format!("cannot write {}: {e}", path.display()));
    if let Some(folder) = &config.settings.controls_dir {
        make_folder(folder, Readers::Usual).map_err(|e| failed(folder, &e))?;
    }
    if config.catalogue()?.get(id).is_some() {
        return Err(Stop::usage(format!(
            "there is a control `{id}` already; choose another id"
        )));
    }
    let Some(folder) = &config.settings.controls_dir else {
        return Err(Stop::usage(format!(
            "say where your own pages lie: put `controls_dir = \"controls\"` at the top of {}",
            global.config_path().display()
        )));
    };
    let path = folder.join(format!("{id}.md"));
    write_new(&path, Readers::Usual, STUB.replace("ID", id).as_bytes())?;
    if global.json() {
        emit_json(&json!({ "schema": "exhibit.control-new/1", "id": id, "file": path.display().to_string() }))?;
        return Ok(Exit::Ok);
    }
    say!("Wrote {}.", path.display());
    say!("It runs as it is: `exhibit test --control {id}`. Now make it yours.");
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use controls::catalogue::Catalogue;
    use controls::examples;

    #[test]
    fn the_stub_loads_and_its_examples_hold() {
        let page = super::STUB.replace("ID", "a-stub");
        let catalogue = Catalogue::from_pages([("a-stub.md".to_owned(), page)]).unwrap();
        let report = examples::check(&catalogue);
        assert_eq!(report.examples, 2);
        assert!(
            report.failures.is_empty(),
            "{:?}",
            report.failures.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
    }
}
