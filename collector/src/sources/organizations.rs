//! Organizations: the organization, its accounts, what they hang under, and the service control
//! policies on the way. A member account may see no more than the organization itself; its refusal
//! is an answer, not a gap: the management account has to be asked.

use std::collections::BTreeSet;

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::PolicyType;
use evidence::gap::ReasonCode;
use evidence::record::{
    OrganizationsAccount, OrganizationsOrganization, OrganizationsParent, OrganizationsPolicy,
    OrganizationsPolicyTarget, OrganizationsRoot,
};

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static ORGANIZATION: Source = Source {
    id: "organizations.organization",
    operations: &[
        "organizations:DescribeOrganization",
        "organizations:DescribePolicy",
        "organizations:ListAccounts",
        "organizations:ListParents",
        "organizations:ListPoliciesForTarget",
        "organizations:ListRoots",
    ],
    scope: Scope::Global,
    tables: &[
        "organizations_account",
        "organizations_organization",
        "organizations_parent",
        "organizations_policy",
        "organizations_policy_target",
        "organizations_root",
    ],
    collect: |context| Box::pin(organization(context)),
};

async fn organization(context: &Context<'_>) {
    let client = context.session.organizations(context.client_region);
    let (present, answer) = match context.ask(client.describe_organization().send()).await {
        Ok(answer) => (answer.exchange, answer.output.organization().cloned()),
        Err(failure) if failure.is(&["AWSOrganizationsNotInUseException"]) => {
            (failure.exchange.unwrap_or_default(), None)
        }
        Err(failure) => return context.gap("organizations:DescribeOrganization", None, &failure),
    };
    let management = answer.as_ref().and_then(|o| text(o.master_account_id()));
    context.put(&OrganizationsOrganization {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: context.account.to_owned(),
        source: present,
        present: answer.is_some(),
        id: answer.as_ref().and_then(|o| text(o.id())),
        arn: answer.as_ref().and_then(|o| text(o.arn())),
        feature_set: answer
            .as_ref()
            .and_then(|o| o.feature_set())
            .map(|set| set.as_str().to_owned()),
        management_account: management.clone(),
    });
    if answer.is_none() {
        return;
    }
    let list = context
        .pages(
            |next| client.list_roots().set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        let member = management.as_deref().is_some_and(|id| id != context.account);
        if !(member && failure.code == ReasonCode::AccessDenied) {
            context.gap("organizations:ListRoots", None, failure);
        }
        return;
    }
    let mut targets = BTreeSet::new();
    for page in &list.pages {
        for root in page.output.roots() {
            let id = root.id().unwrap_or_default();
            let scp = root
                .policy_types()
                .iter()
                .find(|kind| kind.r#type() == Some(&PolicyType::ServiceControlPolicy));
            context.put(&OrganizationsRoot {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: id.to_owned(),
                source: page.exchange,
                id: id.to_owned(),
                arn: text(root.arn()),
                scp_status: scp
                    .and_then(|kind| kind.status())
                    .map(|status| status.as_str().to_owned()),
            });
            targets.insert(id.to_owned());
        }
    }
    let mut level = accounts(context, &client).await;
    // Level by level, so that a unit is asked about once however many accounts it has.
    while !level.is_empty() {
        let mut above = BTreeSet::new();
        for child in level.iter().filter(|child| !targets.contains(*child)) {
            above.extend(parents(context, &client, child).await);
        }
        targets.extend(level);
        level = above.into_iter().filter(|id| !targets.contains(id)).collect();
    }
    let mut policies = BTreeSet::new();
    for target in &targets {
        policies.extend(attached(context, &client, target).await);
    }
    for policy in &policies {
        describe(context, &client, policy).await;
    }
}

async fn accounts(context: &Context<'_>, client: &Client) -> BTreeSet<String> {
    let list = context
        .pages(
            |next| client.list_accounts().set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut ids = BTreeSet::new();
    for page in &list.pages {
        for account in page.output.accounts() {
            let id = account.id().unwrap_or_default();
            let state = account.state().map(|state| state.as_str());
            context.put(&OrganizationsAccount {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: id.to_owned(),
                source: page.exchange,
                id: id.to_owned(),
                arn: text(account.arn()),
                name: text(account.name()),
                status: text(state.or_else(|| status(account))),
                joined_at: time(account.joined_timestamp()),
            });
            ids.insert(id.to_owned());
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("organizations:ListAccounts", None, failure);
    }
    ids
}

/// AWS is replacing Status by State; older endpoints give only the former.
#[allow(deprecated)]
fn status(account: &aws_sdk_organizations::types::Account) -> Option<&str> {
    account.status().map(|status| status.as_str())
}

async fn parents(context: &Context<'_>, client: &Client, child: &str) -> BTreeSet<String> {
    let list = context
        .pages(
            |next| client.list_parents().child_id(child).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut ids = BTreeSet::new();
    for page in &list.pages {
        for parent in page.output.parents() {
            let id = parent.id().unwrap_or_default();
            context.put(&OrganizationsParent {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: format!("{child} {id}"),
                source: page.exchange,
                child_id: child.to_owned(),
                parent_id: id.to_owned(),
            });
            ids.insert(id.to_owned());
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("organizations:ListParents", Some(child), failure);
    }
    ids
}

async fn attached(context: &Context<'_>, client: &Client, target: &str) -> BTreeSet<String> {
    let list = context
        .pages(
            |next| {
                client
                    .list_policies_for_target()
                    .target_id(target)
                    .filter(PolicyType::ServiceControlPolicy)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    let mut ids = BTreeSet::new();
    for page in &list.pages {
        for policy in page.output.policies() {
            let id = policy.id().unwrap_or_default();
            context.put(&OrganizationsPolicyTarget {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: format!("{target} {id}"),
                source: page.exchange,
                target_id: target.to_owned(),
                policy_id: id.to_owned(),
                policy_name: text(policy.name()),
                aws_managed: policy.aws_managed(),
            });
            ids.insert(id.to_owned());
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("organizations:ListPoliciesForTarget", Some(target), failure);
    }
    ids
}

async fn describe(context: &Context<'_>, client: &Client, id: &str) {
    match context.ask(client.describe_policy().policy_id(id).send()).await {
        Ok(answer) => {
            let policy = answer.output.policy();
            let summary = policy.and_then(|p| p.policy_summary());
            context.put(&OrganizationsPolicy {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: id.to_owned(),
                source: answer.exchange,
                id: id.to_owned(),
                arn: summary.and_then(|s| text(s.arn())),
                name: summary.and_then(|s| text(s.name())),
                document: policy.and_then(|p| text(p.content())),
            });
        }
        Err(failure) => context.gap("organizations:DescribePolicy", Some(id), &failure),
    }
}
