//! The AWS operations exhibit may call: one list for the guard, the policy and the build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

const LIST: &str = include_str!("../operations.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    // Read by the build, which trims this crate to the operations.
    #[serde(rename = "sdk")]
    _sdk: String,
    /// The service's prefix in IAM, where it is not the section's name.
    prefix: Option<String>,
    operations: BTreeSet<String>,
    /// What only signing with a KMS key calls. No collection may.
    #[serde(default)]
    custody: BTreeSet<String>,
    #[serde(default)]
    actions: BTreeMap<String, String>,
    /// What AWS asks for besides, by operation.
    #[serde(default)]
    dependent: BTreeMap<String, BTreeSet<String>>,
}

static SERVICES: LazyLock<BTreeMap<String, Service>> =
    LazyLock::new(|| toml::from_str(LIST).unwrap_or_else(|e| panic!("collector/operations.toml: {e}")));

/// Whether exhibit may call the operation.
pub fn is_allowed(service: &str, operation: &str) -> bool {
    SERVICES.get(service).is_some_and(|s| s.operations.contains(operation))
}

/// Whether the operation is one of those that vouch for the log, which no collection may call.
pub fn is_for_custody(service: &str, operation: &str) -> bool {
    SERVICES.get(service).is_some_and(|s| s.custody.contains(operation))
}

/// All operations as `service:Operation`, sorted.
pub fn all() -> Vec<String> {
    SERVICES
        .iter()
        .flat_map(|(name, service)| {
            service
                .operations
                .iter()
                .map(move |operation| format!("{name}:{operation}"))
        })
        .collect()
}

/// The IAM action that allows `service:Operation`, where the two differ in name or not.
pub fn action(call: &str) -> String {
    let other = call.split_once(':').and_then(|(service, operation)| {
        let service = SERVICES.get(service)?;
        let named = service.actions.get(operation).cloned();
        named.or_else(|| service.prefix.as_ref().map(|prefix| format!("{prefix}:{operation}")))
    });
    other.unwrap_or_else(|| call.to_owned())
}

/// The IAM actions that AWS asks for besides, when it is asked `service:Operation`.
pub fn dependent_actions(call: &str) -> impl Iterator<Item = String> {
    let found = call
        .split_once(':')
        .and_then(|(service, operation)| SERVICES.get(service)?.dependent.get(operation));
    found.into_iter().flatten().cloned()
}

/// The operations of custody as `service:Operation`, sorted.
pub fn custody() -> Vec<String> {
    let of = |(name, service): (&'static String, &'static Service)| {
        service
            .custody
            .iter()
            .map(move |operation| format!("{name}:{operation}"))
    };
    SERVICES.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_are_listed() {
        // The exceptions, and why, are in operations.toml and in the README.
        let exceptions = [
            "cloudtrail:LookupEvents",
            "iam:GenerateCredentialReport",
            "inspector2:BatchGetAccountStatus",
        ];
        for call in all() {
            let operation = call.split_once(':').unwrap().1;
            let reads = ["Describe", "Get", "List"]
                .iter()
                .any(|verb| operation.starts_with(verb));
            assert!(reads || exceptions.contains(&call.as_str()), "{call} is no read");
        }
        assert!(is_allowed("iam", "ListUsers"));
        assert!(!is_allowed("iam", "CreateUser"));
        assert!(!is_allowed("kms", "Sign"));
        assert!(is_for_custody("kms", "Sign") && is_for_custody("kms", "GetPublicKey"));
        assert!(!is_for_custody("kms", "ListKeys") && !is_for_custody("iam", "Sign"));
        assert!(!is_allowed("ec2", "ListUsers"));
    }

    #[test]
    fn actions_are_named_where_they_differ() {
        assert_eq!(action("s3:ListBuckets"), "s3:ListAllMyBuckets");
        assert_eq!(action("iam:ListUsers"), "iam:ListUsers");
        assert_eq!(action("elbv2:DescribeRules"), "elasticloadbalancing:DescribeRules");
        assert_eq!(
            action("s3control:GetPublicAccessBlock"),
            "s3:GetAccountPublicAccessBlock"
        );
    }
}
