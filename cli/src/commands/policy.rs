//! `exhibit policy`: the least-privilege IAM policies, in forms that can be attached.

use collector::policy::{MOST_CHARACTERS, ManagedPolicy, least_privilege, reads_identity_center, signing};

use crate::args::{self, Format, Global};
use crate::config::KeyConfig;
use crate::exit::{Exit, Stop};
use crate::ui::{complain, emit, emit_json};

pub(crate) mod cloudformation;
mod shell;
mod terraform;

/// What no policy made here can name.
const CUSTOMER_KEY: &str = "If IAM Identity Center is encrypted with a customer managed key, allow kms:Decrypt on that key too, \
                            here and in its key policy.";

/// Runs the command.
pub fn run(global: &Global, args: &args::Policy) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let mut policies = least_privilege(super::sources(&config, &args.controls)?);
    if let Some(KeyConfig::Kms(arn)) = &config.custody.key {
        policies.push(signing(arn));
    }
    let notes = notes(&policies);
    match global.format {
        Format::Text => emit(&shell::script(&policies, &notes))?,
        Format::Json => emit_json(&json(&policies, &notes))?,
        Format::CloudFormation => emit_json(&cloudformation::template(&policies, &notes))?,
        Format::Terraform => emit(&terraform::module(&policies, &notes))?,
    }
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

/// What a person needs to know besides, a sentence each.
fn notes(policies: &[ManagedPolicy]) -> Vec<String> {
    let count = match policies.len() {
        1 => "One managed policy".to_owned(),
        n => format!("{n} managed policies, for one holds {MOST_CHARACTERS} characters"),
    };
    let mut notes = vec![format!("What exhibit asks of AWS. {count}.")];
    if reads_identity_center(policies) {
        notes.push(CUSTOMER_KEY.to_owned());
    }
    notes
}

fn json(policies: &[ManagedPolicy], notes: &[String]) -> serde_json::Value {
    let each: Vec<_> = policies
        .iter()
        .map(|policy| {
            serde_json::json!({
                "name": policy.name,
                "characters": policy.characters(),
                "document": policy.document,
                "commands": shell::commands(policy),
            })
        })
        .collect();
    serde_json::json!({ "schema": "exhibit.policy/1", "notes": notes, "policies": each })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies() -> Vec<ManagedPolicy> {
        let mut policies = least_privilege(collector::SOURCES.iter().copied());
        policies.push(signing("arn:aws:kms:eu-west-1:111122223333:key/1"));
        policies
    }

    #[test]
    fn every_form_has_every_policy_whole() {
        let policies = policies();
        let notes = notes(&policies);
        let (script, terraform) = (shell::script(&policies, &notes), terraform::module(&policies, &notes));
        let template = cloudformation::template(&policies, &notes);
        let json = json(&policies, &notes);
        for (at, policy) in policies.iter().enumerate() {
            let text = serde_json::to_string_pretty(&policy.document).unwrap();
            assert!(script.contains(&format!("\n{text}\nEND\n")), "{}", policy.name);
            assert!(terraform.contains(&format!("jsonencode({text})")), "{}", policy.name);
            assert!(
                script.contains(&format!("--policy-document file://{}.json", policy.name)),
                "{}",
                policy.name
            );
            assert_eq!(json["policies"][at]["document"], policy.document);
            let resource = template["Resources"]
                .as_object()
                .unwrap()
                .values()
                .find(|resource| resource["Properties"]["PolicyDocument"] == policy.document);
            let resource = resource.unwrap();
            assert_eq!(resource["Type"], "AWS::IAM::ManagedPolicy");
            assert_eq!(resource["Properties"]["Roles"][0]["Ref"], "Role");
        }
        assert_eq!(template["Resources"].as_object().unwrap().len(), policies.len());
        for text in [&script, &terraform, &template.to_string(), &json.to_string()] {
            assert!(text.contains("kms:Decrypt"), "{text}");
        }
    }
}
