//! The least-privilege IAM policies for a collection, made from the operations of its sources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::operations::{action, dependent_actions};
use crate::source::Source;

/// What a managed policy may hold, white space not counted ("IAM and AWS STS quotas" of the IAM
/// User Guide).
pub const MOST_CHARACTERS: usize = 6_144;

/// A policy that can be attached as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedPolicy {
    /// Its name: `exhibit-read-1`, `exhibit-sign`.
    pub name: String,
    /// What it allows, as AWS takes it.
    pub document: Value,
}

impl ManagedPolicy {
    /// Its size as AWS counts it.
    pub fn characters(&self) -> usize {
        characters(&self.document)
    }
}

/// The policies that allow just what these sources ask, each small enough for a managed policy.
///
/// Read actions have no useful resource to narrow to: the population is what is wanted. There is
/// no wildcard among the actions: what AWS adds later is not granted.
pub fn least_privilege<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<ManagedPolicy> {
    let actions: BTreeSet<String> = sources
        .into_iter()
        .flat_map(|source| source.operations.iter())
        .flat_map(|call| std::iter::once(action(call)).chain(dependent_actions(call)))
        .collect();
    let reading = |actions: &[String]| {
        document(&json!({ "Sid": "ExhibitRead", "Effect": "Allow", "Action": actions, "Resource": "*" }))
    };
    let mut parts: Vec<Vec<String>> = Vec::new();
    for action in actions {
        let fits = parts.last().is_some_and(|part| {
            let with = [part.as_slice(), std::slice::from_ref(&action)].concat();
            characters(&reading(&with)) <= MOST_CHARACTERS
        });
        match parts.last_mut() {
            Some(part) if fits => part.push(action),
            _ => parts.push(vec![action]),
        }
    }
    (1..)
        .zip(&parts)
        .map(|(number, part)| ManagedPolicy {
            name: format!("exhibit-read-{number}"),
            document: reading(part),
        })
        .collect()
}

/// What signing with a KMS key needs besides: two actions on that key, and no other. A policy of
/// its own, since it is the one thing that is no read.
pub fn signing(arn: &str) -> ManagedPolicy {
    ManagedPolicy {
        name: "exhibit-sign".to_owned(),
        document: document(
            &json!({ "Sid": "ExhibitSign", "Effect": "Allow", "Action": ["kms:GetPublicKey", "kms:Sign"], "Resource": arn }),
        ),
    }
}

/// Whether the policies read IAM Identity Center: where that is encrypted with a customer managed
/// key, AWS asks for `kms:Decrypt` on the key too, and no policy made here can name it.
pub fn reads_identity_center(policies: &[ManagedPolicy]) -> bool {
    let reads = |action: &Value| {
        action
            .as_str()
            .is_some_and(|action| action.starts_with("sso:") || action.starts_with("identitystore:"))
    };
    policies
        .iter()
        .filter_map(|policy| policy.document["Statement"][0]["Action"].as_array())
        .any(|actions| actions.iter().any(reads))
}

fn document(statement: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// Characters that are no white space: there is none within an action or an ARN.
fn characters(document: &Value) -> usize {
    document.to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SOURCES;

    #[test]
    fn every_policy_can_be_attached_and_nothing_is_lost() {
        let policies = least_privilege(SOURCES.iter().copied());
        let granted: Vec<&str> = policies
            .iter()
            .flat_map(|policy| policy.document["Statement"][0]["Action"].as_array().unwrap())
            .map(|action| action.as_str().unwrap())
            .collect();
        let distinct: BTreeSet<&str> = granted.iter().copied().collect();
        assert_eq!(granted.len(), distinct.len(), "an action is granted twice");
        for call in SOURCES.iter().flat_map(|source| source.operations) {
            assert!(distinct.contains(action(call).as_str()), "{call}");
        }
        for needed in [
            "access-analyzer:ListFindings",
            "elasticloadbalancing:GetLoadBalancerWebACL",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
        ] {
            assert!(distinct.contains(needed), "{needed}");
        }
        assert!(granted.iter().all(|action| !action.contains('*')));
        for policy in &policies {
            assert!(policy.characters() <= MOST_CHARACTERS, "{}", policy.name);
        }
        // A role takes 10 managed policies unless its quota was raised; the firm has others.
        assert!(policies.len() <= 3);
        assert!(reads_identity_center(&policies));
    }

    #[test]
    fn one_action_too_many_makes_a_second_policy() {
        let source = |operations| Source {
            operations,
            ..*SOURCES[0]
        };
        assert!(least_privilege([]).is_empty());
        let few = least_privilege([&source(&["iam:ListUsers", "s3:ListBuckets"])]);
        assert_eq!((few.len(), few[0].characters()), (1, 141));
        assert!(!reads_identity_center(&few));
        // 104 characters are around the names, and five more between two of them.
        for (length, policies) in [(3_031, 1), (3_032, 2)] {
            let name = |letter: &str, length: usize| -> &'static str {
                Box::leak(format!("iam:{}", letter.repeat(length - 4)).into_boxed_str())
            };
            let both = Box::leak(vec![name("a", 3_004), name("b", length)].into_boxed_slice());
            assert_eq!(least_privilege([&source(both)]).len(), policies, "{length}");
        }
    }
}
