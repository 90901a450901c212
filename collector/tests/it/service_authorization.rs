//! Every permission that `exhibit policy` prints, held against a kept copy of AWS's Service
//! Authorization Reference: nothing else tells a name that AWS does not know.

use std::collections::{BTreeMap, BTreeSet};

use collector::operations::{action, all, custody, dependent_actions};

const COPY: &str = include_str!("service_authorization.tsv");

/// Dependent actions that are not granted, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "amplify:GetWebACLForResource",
        "exhibit asks of load balancers and API stages alone",
    ),
    ("apprunner:DescribeWebAclForService", "as above"),
    ("appsync:GetWebACLForResource", "as above"),
    ("cognito-idp:GetWebACLForResource", "as above"),
    ("ec2:GetVerifiedAccessInstanceWebAcl", "as above"),
    (
        "kms:Decrypt",
        "on one key of the firm's, where Identity Center is encrypted with it; the policy says so beside",
    ),
];

struct Action {
    level: &'static str,
    operation: &'static str,
    dependent: BTreeSet<&'static str>,
}

fn reference() -> BTreeMap<&'static str, Action> {
    COPY.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let name = cell();
            let action = Action {
                level: cell(),
                operation: cell(),
                dependent: cell().split_whitespace().collect(),
            };
            (name, action)
        })
        .collect()
}

#[test]
fn every_permission_is_an_action_that_reads() {
    let reference = reference();
    for call in all() {
        for action in std::iter::once(action(&call)).chain(dependent_actions(&call)) {
            let known = reference.get(action.as_str());
            let level = known.map(|known| known.level);
            assert!(
                matches!(level, Some("Read" | "List")),
                "{call}: {action} is no read that AWS knows"
            );
        }
    }
    for call in custody() {
        assert!(reference.contains_key(call.as_str()), "{call}");
    }
}

/// The reference names the page of the operation that an action authorizes. Where one of the same
/// service is about our operation, it is that action which must be granted.
#[test]
fn every_operation_has_the_action_that_authorizes_it() {
    // One operation name in two APIs of one prefix; their actions are told apart in operations.toml.
    let ambiguous = ["GetPublicAccessBlock", "DescribeDomains"];
    let reference = reference();
    let mut told = 0;
    for call in all() {
        let operation = call.split_once(':').unwrap().1;
        let granted = action(&call);
        let prefix = granted.split_once(':').unwrap().0;
        let authorizing: Vec<_> = reference
            .iter()
            .filter(|(name, action)| name.split_once(':').unwrap().0 == prefix && action.operation == operation)
            .map(|(name, _)| *name)
            .collect();
        told += usize::from(!authorizing.is_empty());
        let right = authorizing.is_empty() || authorizing == [granted.as_str()];
        assert!(
            right || ambiguous.contains(&operation),
            "{call} is authorized by {authorizing:?}, not {granted}"
        );
    }
    assert!(told > 150, "the reference tells of {told} only");
}

#[test]
fn what_an_action_depends_on_is_granted_too() {
    let reference = reference();
    for call in all() {
        let granted: BTreeSet<String> = dependent_actions(&call).collect();
        let Some(action) = reference.get(action(&call).as_str()) else {
            continue; // Another test's matter.
        };
        for dependent in &action.dependent {
            let left_out = LEFT_OUT.iter().any(|(name, _)| name == dependent);
            assert_ne!(granted.contains(*dependent), left_out, "{call} depends on {dependent}");
        }
    }
}
