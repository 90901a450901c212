//! AWS Network Firewall.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use aws_sdk_networkfirewall::Client;
use evidence::record::{NetworkFirewall, NetworkFirewallEndpoint, NetworkFirewallLogging, NetworkFirewallPolicy};

use super::put::{list, put, sorted};
use crate::convert::{tags, text};
use crate::source::{Context, Scope, Source, token};

pub(super) static FIREWALLS: Source = Source {
    id: "network-firewall.firewalls",
    operations: &[
        "network-firewall:DescribeFirewall",
        "network-firewall:DescribeFirewallPolicy",
        "network-firewall:DescribeLoggingConfiguration",
        "network-firewall:ListFirewalls",
    ],
    scope: Scope::Regional,
    tables: &[
        "network_firewall",
        "network_firewall_endpoint",
        "network_firewall_logging",
        "network_firewall_policy",
    ],
    collect: |context| Box::pin(firewalls(context)),
};

async fn firewalls(context: &Context<'_>) {
    let client = &context.session.network_firewall(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "network-firewall:ListFirewalls",
        None,
        |next| client.list_firewalls().max_results(100).set_next_token(next).send(),
        |page| token(page.next_token()),
        |page, source| {
            for firewall in page.firewalls() {
                let arn = firewall.firewall_arn().unwrap_or_default().to_owned();
                found.push((arn, firewall.firewall_name().unwrap_or_default().to_owned(), source));
            }
        }
    );
    let policies = &Mutex::new(BTreeSet::new());
    context
        .each(&found, |(arn, name, listed_in)| async move {
            if let Some(policy) = firewall(context, client, arn, name, *listed_in).await {
                policies.lock().unwrap_or_else(PoisonError::into_inner).insert(policy);
            }
            logging(context, client, arn).await;
        })
        .await;
    let policies = std::mem::take(&mut *policies.lock().unwrap_or_else(PoisonError::into_inner));
    context.each(&policies, |arn| policy(context, client, arn)).await;
}

/// Puts the firewall's rows; gives the ARN of its policy.
async fn firewall(context: &Context<'_>, client: &Client, arn: &str, name: &str, listed_in: u64) -> Option<String> {
    let (output, source) = match context.ask(client.describe_firewall().firewall_arn(arn).send()).await {
        Ok(answer) => (Some(answer.output), answer.exchange),
        Err(failure) => {
            context.gap("network-firewall:DescribeFirewall", Some(arn), &failure);
            (None, listed_in)
        }
    };
    let firewall = output.as_ref().and_then(|output| output.firewall());
    let status = output.as_ref().and_then(|output| output.firewall_status());
    let policy = firewall.and_then(|f| text(Some(f.firewall_policy_arn())));
    put!(context, NetworkFirewall, arn.to_owned(), source, {
        arn: arn.to_owned(),
        name: name.to_owned(),
        vpc_id: firewall.and_then(|f| text(Some(f.vpc_id()))),
        transit_gateway_id: firewall.and_then(|f| text(f.transit_gateway_id())),
        policy_arn: policy.clone(),
        status: status.map(|status| status.status().as_str().to_owned()),
        subnets: sorted(
            firewall
                .map(|f| f.subnet_mappings())
                .unwrap_or_default()
                .iter()
                .map(|mapping| mapping.subnet_id()),
        ),
        tags: tags(
            firewall
                .map(|f| f.tags())
                .unwrap_or_default()
                .iter()
                .map(|tag| (Some(tag.key()), Some(tag.value()))),
        ),
    });
    for (zone, state) in status.and_then(|status| status.sync_states()).into_iter().flatten() {
        let attachment = state.attachment();
        put!(context, NetworkFirewallEndpoint, format!("{arn} {zone}"), source, {
            firewall_arn: arn.to_owned(),
            availability_zone: zone.clone(),
            endpoint_id: attachment.and_then(|a| text(a.endpoint_id())),
            subnet_id: attachment.and_then(|a| text(a.subnet_id())),
            status: attachment.and_then(|a| a.status()).map(|status| status.as_str().to_owned()),
        });
    }
    policy
}

async fn policy(context: &Context<'_>, client: &Client, arn: &str) {
    let answer = match context
        .ask(client.describe_firewall_policy().firewall_policy_arn(arn).send())
        .await
    {
        Ok(answer) => answer,
        Err(failure) => return context.gap("network-firewall:DescribeFirewallPolicy", Some(arn), &failure),
    };
    let about = answer.output.firewall_policy_response();
    let Some(policy) = answer.output.firewall_policy() else {
        return;
    };
    let stateless = policy
        .stateless_rule_group_references()
        .iter()
        .map(|r| r.resource_arn());
    let stateful = policy.stateful_rule_group_references().iter().map(|r| r.resource_arn());
    put!(context, NetworkFirewallPolicy, arn.to_owned(), answer.exchange, {
        arn: arn.to_owned(),
        name: about.and_then(|about| text(Some(about.firewall_policy_name()))),
        rule_groups: sorted(stateless.chain(stateful)),
        stateless_default_actions: sorted(policy.stateless_default_actions()),
        fragment_default_actions: sorted(policy.stateless_fragment_default_actions()),
        stateful_default_actions: sorted(policy.stateful_default_actions()),
    });
}

async fn logging(context: &Context<'_>, client: &Client, arn: &str) {
    match context
        .ask(client.describe_logging_configuration().firewall_arn(arn).send())
        .await
    {
        Ok(answer) => {
            let configuration = answer.output.logging_configuration();
            let configs = configuration.map(|c| c.log_destination_configs()).unwrap_or_default();
            put!(context, NetworkFirewallLogging, arn.to_owned(), answer.exchange, {
                firewall_arn: arn.to_owned(),
                log_types: sorted(configs.iter().map(|config| config.log_type().as_str())),
                destination_types: sorted(configs.iter().map(|config| config.log_destination_type().as_str())),
            });
        }
        Err(failure) => context.gap("network-firewall:DescribeLoggingConfiguration", Some(arn), &failure),
    }
}
