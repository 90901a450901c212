//! The policies as a CloudFormation template, which takes JSON as it takes YAML.

use collector::policy::ManagedPolicy;
use serde_json::{Map, Value, json};

/// `aws cloudformation deploy --template-file … --parameter-overrides Role=… --capabilities CAPABILITY_IAM`.
pub(super) fn template(policies: &[ManagedPolicy], notes: &[String]) -> Value {
    let resource = |policy: &ManagedPolicy| {
        json!({
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": "Made by exhibit policy",
                "PolicyDocument": policy.document,
                "Roles": [{ "Ref": "Role" }],
            },
        })
    };
    let resources: Map<String, Value> = policies.iter().map(|p| (logical(&p.name), resource(p))).collect();
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!(
            "{} Deploy: aws cloudformation deploy --stack-name exhibit-policy --template-file FILE \
             --parameter-overrides Role=NAME --capabilities CAPABILITY_IAM",
            notes.join(" ")
        ),
        "Parameters": { "Role": { "Type": "String", "Description": "Name of the role that exhibit uses" } },
        "Resources": resources,
    })
}

/// A logical id has letters and digits only: `ExhibitRead1`.
fn logical(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_ids() {
        assert_eq!(logical("exhibit-read-12"), "ExhibitRead12");
    }

    #[test]
    fn a_description_holds_1024_bytes() {
        let note = crate::commands::policy::CUSTOMER_KEY.to_owned();
        let long = template(&[], &[note.clone(), note]);
        assert!(long["Description"].as_str().unwrap().len() <= 1024);
    }
}
