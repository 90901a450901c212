//! `exhibit policy`: the least-privilege IAM policy.

use crate::args::{self, Global};
use crate::exit::{Exit, Stop};
use crate::ui::{complain, emit_json};

/// Runs the command.
pub fn run(global: &Global, args: &args::Policy) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let catalogue = config.catalogue()?;
    let only = super::chosen_controls(&catalogue, &args.controls)?;
    let needed = catalogue
        .in_scope(&config.settings)
        .into_iter()
        .filter(|control| only.is_empty() || only.contains(&control.page.id))
        .flat_map(|control| control.operations.iter().cloned())
        .collect();
    emit_json(&collector::policy::least_privilege(collector::for_operations(&needed)))?;
    let roles: Vec<&str> = config
        .targets
        .iter()
        .filter_map(|target| target.role_arn.as_deref())
        .collect();
    if !roles.is_empty() {
        complain(&format!(
            "Attach this to each role in [scope]. The identity that assumes them needs sts:AssumeRole on: {}",
            roles.join(", ")
        ));
    }
    Ok(Exit::Ok)
}
