//! The policies as a script of AWS's command line.

use std::fmt::Write as _;

use collector::policy::ManagedPolicy;

/// The lines that make one policy, and attach it to the role in `$role`. The policy's ARN is what
/// AWS answers: its partition and account are nowhere spelled.
pub(super) fn commands(policy: &ManagedPolicy) -> [String; 2] {
    let name = &policy.name;
    [
        format!(
            "arn=$(aws iam create-policy --policy-name {name} --policy-document file://{name}.json --query Policy.Arn --output text)"
        ),
        "aws iam attach-role-policy --role-name \"$role\" --policy-arn \"$arn\"".to_owned(),
    ]
}

/// The whole script; it takes the role's name.
pub(super) fn script(policies: &[ManagedPolicy], notes: &[String]) -> String {
    let mut text = String::from("#!/bin/sh\n");
    for note in notes {
        let _ = writeln!(text, "# {note}");
    }
    text.push_str(
        "#
#   exhibit policy > exhibit-policy.sh && sh exhibit-policy.sh ROLE
#
# For a user: attach-user-policy --user-name. Where a policy is there already, in place of create-policy:
# aws iam create-policy-version --set-as-default --policy-arn … --policy-document …
set -eu
role=${1:?name the role that exhibit uses}
",
    );
    for policy in policies {
        let document = serde_json::to_string_pretty(&policy.document).unwrap_or_default();
        let _ = write!(
            text,
            "\n# {name}: {characters} characters\ncat > {name}.json <<'END'\n{document}\nEND\n{commands}\n",
            name = policy.name,
            characters = policy.characters(),
            commands = commands(policy).join("\n"),
        );
    }
    text
}
