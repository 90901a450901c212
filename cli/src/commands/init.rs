//! `exhibit init`: writes a commented `exhibit.toml`.

use crate::args::{Global, Init};
use crate::exit::{Exit, Stop};
use crate::output::{Readers, write_new};
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
    write_new(path, Readers::Usual, text.as_bytes())?;
    say!("Wrote {}.", path.display());
    say!("Next: edit it, attach the policy that `exhibit policy` prints to a role, then run `exhibit collect`.");
    Ok(Exit::Ok)
}
