//! The least-privilege IAM policy for a collection, made from the operations of its sources.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::operations::action;
use crate::source::Source;

/// What signing with a KMS key needs besides: two actions on that key, and no other.
pub fn signing(arn: &str) -> Value {
    json!({ "Sid": "ExhibitSign", "Effect": "Allow", "Action": ["kms:GetPublicKey", "kms:Sign"], "Resource": arn })
}

/// The policy that allows just what these sources ask.
///
/// Read actions have no useful resource to narrow to: the population is what is wanted.
pub fn least_privilege<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Value {
    let actions: BTreeSet<String> = sources
        .into_iter()
        .flat_map(|source| source.operations.iter().map(|call| action(call)))
        .collect();
    let mut by_service: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for action in &actions {
        by_service
            .entry(action.split(':').next().unwrap_or_default())
            .or_default()
            .push(action);
    }
    let statements: Vec<Value> = by_service
        .into_iter()
        .map(|(service, actions)| {
            let letters: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
            json!({ "Sid": format!("ExhibitRead{letters}"), "Effect": "Allow", "Action": actions, "Resource": "*" })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}
