//! `exhibit init`: writes a commented `exhibit.toml`.

use std::io::ErrorKind;

use crate::args::{Global, Init};
use crate::exit::{Exit, Stop};
use crate::output::{Readers, create_new};
use crate::ui::say;

/// The file as written.
pub const TEMPLATE: &str = include_str!("../exhibit.toml");

/// Runs the command.
pub fn run(global: &Global, args: &Init) -> Result<Exit, Stop> {
    let path = global.config_path();
    let text = match &args.organization {
        Some(name) => TEMPLATE.replacen("\"Example Inc.\"", &toml::Value::String(name.clone()).to_string(), 1),
        None => TEMPLATE.to_owned(),
    };
    create_new(path, Readers::Usual, text.as_bytes()).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => Stop::usage(format!("{} exists already; it was not changed", path.display())),
        _ => Stop::failure(format!("cannot write {}: {e}", path.display())),
    })?;
    say!("Wrote {}.", path.display());
    say!("Next: edit it, attach the policy that `exhibit policy` prints to a role, then run `exhibit collect`.");
    Ok(Exit::Ok)
}
