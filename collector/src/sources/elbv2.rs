//! Application, Network and Gateway Load Balancers, and the web ACLs in front of them.

use aws_sdk_elasticloadbalancingv2 as sdk;
use evidence::record::{
    Elbv2Listener, Elbv2LoadBalancer, Elbv2Rule, Elbv2SslPolicy, Elbv2TargetGroup, Elbv2TargetHealth, ListenerAction,
    Wafv2LoadBalancerAcl,
};

use super::put::{list, put, sorted};
use super::wafv2::Acl;
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static LOAD_BALANCERS: Source = Source {
    id: "elbv2.load-balancers",
    operations: &[
        "elbv2:DescribeListeners",
        "elbv2:DescribeLoadBalancers",
        "elbv2:DescribeRules",
        "wafv2:GetWebACLForResource",
    ],
    scope: Scope::Regional,
    tables: &[
        "elbv2_listener",
        "elbv2_load_balancer",
        "elbv2_rule",
        "wafv2_load_balancer_acl",
    ],
    collect: |context| Box::pin(load_balancers(context)),
};

pub(super) static SSL_POLICIES: Source = Source {
    id: "elbv2.ssl-policies",
    operations: &["elbv2:DescribeSSLPolicies"],
    scope: Scope::Regional,
    tables: &["elbv2_ssl_policy"],
    collect: |context| Box::pin(ssl_policies(context)),
};

pub(super) static TARGET_GROUPS: Source = Source {
    id: "elbv2.target-groups",
    operations: &["elbv2:DescribeTargetGroups", "elbv2:DescribeTargetHealth"],
    scope: Scope::Regional,
    tables: &["elbv2_target_group", "elbv2_target_health"],
    collect: |context| Box::pin(target_groups(context)),
};

async fn load_balancers(context: &Context<'_>) {
    let elb = &context.session.elbv2(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "elbv2:DescribeLoadBalancers",
        None,
        |next| elb.describe_load_balancers().page_size(400).set_marker(next).send(),
        |page| token(page.next_marker()),
        |page, source| {
            for balancer in page.load_balancers() {
                let arn = balancer.load_balancer_arn().unwrap_or_default().to_owned();
                let kind = balancer.r#type().map(|kind| kind.as_str().to_owned());
                let scheme = balancer.scheme().map(|scheme| scheme.as_str().to_owned());
                let guarded = kind.as_deref() == Some("application") && scheme.as_deref() == Some("internet-facing");
                let zones = balancer.availability_zones();
                let state = balancer.state().and_then(|state| state.code());
                put!(context, Elbv2LoadBalancer, arn.clone(), source, {
                    arn: arn.clone(),
                    name: balancer.load_balancer_name().unwrap_or_default().to_owned(),
                    load_balancer_type: kind,
                    scheme,
                    state: state.map(|state| state.as_str().to_owned()),
                    dns_name: text(balancer.dns_name()),
                    vpc_id: text(balancer.vpc_id()),
                    ip_address_type: balancer.ip_address_type().map(|kind| kind.as_str().to_owned()),
                    availability_zones: sorted(zones.iter().filter_map(|zone| zone.zone_name())),
                    subnets: sorted(zones.iter().filter_map(|zone| zone.subnet_id())),
                    security_groups: sorted(balancer.security_groups()),
                    created_at: time(balancer.created_time()),
                });
                found.push((arn, guarded));
            }
        }
    );
    let waf = &context.session.wafv2(context.client_region);
    context
        .each(&found, |(arn, guarded)| async move {
            if *guarded {
                web_acl(context, waf, arn).await;
            }
            listeners(context, elb, arn).await;
        })
        .await;
}

async fn web_acl(context: &Context<'_>, waf: &aws_sdk_wafv2::Client, arn: &str) {
    if let Some((acl, source)) = Acl::of_resource(context, waf, arn).await {
        put!(context, Wafv2LoadBalancerAcl, arn.to_owned(), source, {
            load_balancer_arn: arn.to_owned(),
            present: acl.present,
            acl_arn: acl.arn,
            acl_name: acl.name,
            rules: acl.rules,
            manager_rules: acl.manager_rules,
        });
    }
}

async fn listeners(context: &Context<'_>, elb: &sdk::Client, balancer: &str) {
    let mut ruled = Vec::new();
    list!(
        context,
        "elbv2:DescribeListeners",
        Some(balancer),
        |next| elb
            .describe_listeners()
            .load_balancer_arn(balancer)
            .page_size(400)
            .set_marker(next)
            .send(),
        |page| token(page.next_marker()),
        |page, source| {
            for listener in page.listeners() {
                let arn = listener.listener_arn().unwrap_or_default().to_owned();
                let protocol = listener.protocol().map(|protocol| protocol.as_str().to_owned());
                put!(context, Elbv2Listener, arn.clone(), source, {
                    arn: arn.clone(),
                    load_balancer_arn: balancer.to_owned(),
                    port: listener.port().map(i64::from),
                    protocol: protocol.clone(),
                    ssl_policy: text(listener.ssl_policy()),
                    certificates: sorted(listener.certificates().iter().filter_map(|c| c.certificate_arn())),
                    actions: actions(listener.default_actions()),
                });
                if matches!(protocol.as_deref(), Some("HTTP" | "HTTPS")) {
                    ruled.push(arn);
                }
            }
        }
    );
    context.each(&ruled, |arn| rules(context, elb, arn)).await;
}

async fn rules(context: &Context<'_>, elb: &sdk::Client, listener: &str) {
    list!(
        context,
        "elbv2:DescribeRules",
        Some(listener),
        |next| elb
            .describe_rules()
            .listener_arn(listener)
            .page_size(400)
            .set_marker(next)
            .send(),
        |page| token(page.next_marker()),
        |page, source| {
            for rule in page.rules() {
                let arn = rule.rule_arn().unwrap_or_default().to_owned();
                put!(context, Elbv2Rule, arn.clone(), source, {
                    arn,
                    listener_arn: listener.to_owned(),
                    priority: text(rule.priority()),
                    is_default: rule.is_default(),
                    actions: actions(rule.actions()),
                });
            }
        }
    );
}

/// Actions in the order in which they are done.
fn actions(actions: &[sdk::types::Action]) -> Vec<ListenerAction> {
    let mut actions: Vec<_> = actions.iter().collect();
    actions.sort_by_key(|action| action.order().unwrap_or_default());
    actions
        .into_iter()
        .map(|action| {
            let redirect = action.redirect_config();
            let forward = action.forward_config().map(|f| f.target_groups()).unwrap_or_default();
            let mut groups = sorted(forward.iter().filter_map(|group| group.target_group_arn()));
            if groups.is_empty() {
                groups.extend(text(action.target_group_arn()));
            }
            ListenerAction {
                kind: action.r#type().map(|kind| kind.as_str().to_owned()),
                redirect_protocol: redirect.and_then(|r| text(r.protocol())),
                redirect_port: redirect.and_then(|r| text(r.port())),
                target_groups: groups,
            }
        })
        .collect()
}

async fn ssl_policies(context: &Context<'_>) {
    let elb = context.session.elbv2(context.client_region);
    list!(
        context,
        "elbv2:DescribeSSLPolicies",
        None,
        |next| elb.describe_ssl_policies().page_size(400).set_marker(next).send(),
        |page| token(page.next_marker()),
        |page, source| {
            for policy in page.ssl_policies() {
                let name = policy.name().unwrap_or_default().to_owned();
                put!(context, Elbv2SslPolicy, name.clone(), source, {
                    name,
                    protocols: sorted(policy.ssl_protocols()),
                });
            }
        }
    );
}

async fn target_groups(context: &Context<'_>) {
    let elb = &context.session.elbv2(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "elbv2:DescribeTargetGroups",
        None,
        |next| elb.describe_target_groups().page_size(400).set_marker(next).send(),
        |page| token(page.next_marker()),
        |page, source| {
            for group in page.target_groups() {
                let arn = group.target_group_arn().unwrap_or_default().to_owned();
                found.push(arn.clone());
                put!(context, Elbv2TargetGroup, arn.clone(), source, {
                    arn,
                    name: group.target_group_name().unwrap_or_default().to_owned(),
                    protocol: group.protocol().map(|protocol| protocol.as_str().to_owned()),
                    port: group.port().map(i64::from),
                    target_type: group.target_type().map(|kind| kind.as_str().to_owned()),
                    vpc_id: text(group.vpc_id()),
                    load_balancers: sorted(group.load_balancer_arns()),
                });
            }
        }
    );
    context.each(&found, |group| health(context, elb, group)).await;
}

async fn health(context: &Context<'_>, elb: &sdk::Client, group: &str) {
    let answer = match context
        .ask(elb.describe_target_health().target_group_arn(group).send())
        .await
    {
        Ok(answer) => answer,
        Err(failure) => return context.gap("elbv2:DescribeTargetHealth", Some(group), &failure),
    };
    for described in answer.output.target_health_descriptions() {
        let (target, health) = (described.target(), described.target_health());
        let id = target.and_then(|t| t.id()).unwrap_or_default().to_owned();
        let port = target.and_then(|t| t.port()).map(i64::from);
        let key = format!("{group} {id}:{}", port.unwrap_or_default());
        put!(context, Elbv2TargetHealth, key, answer.exchange, {
            target_group_arn: group.to_owned(),
            target_id: id,
            port,
            availability_zone: target.and_then(|t| text(t.availability_zone())),
            state: health.and_then(|h| h.state()).map(|state| state.as_str().to_owned()),
            why: health.and_then(|h| h.reason()).map(|why| why.as_str().to_owned()),
        });
    }
}
