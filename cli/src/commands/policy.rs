//! `exhibit policy`: the least-privilege IAM policy.

use crate::args::{self, Global};
use crate::config::KeyConfig;
use crate::exit::{Exit, Stop};
use crate::ui::{complain, emit_json};

/// Runs the command.
pub fn run(global: &Global, args: &args::Policy) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let mut policy = collector::policy::least_privilege(super::sources(&config, &args.controls)?);
    if let (Some(KeyConfig::Kms(arn)), Some(statements)) = (&config.custody.key, policy["Statement"].as_array_mut()) {
        statements.push(collector::policy::signing(arn));
    }
    emit_json(&policy)?;
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
