//! EC2 networking, read in bulk, region by region.

use evidence::record::{
    Ec2NetworkAcl, Ec2NetworkAclEntry, Ec2NetworkInterface, Ec2NetworkInterfaceGroup, Ec2PrefixList,
    Ec2PrefixListEntry, Ec2SecurityGroup, Ec2SecurityGroupRule, Ec2Vpc,
};

use crate::convert::{tags, text};
use crate::source::{Context, Scope, Source, token};

pub(super) static NETWORK_ACLS: Source = Source {
    id: "ec2.network-acls",
    operations: &["ec2:DescribeNetworkAcls"],
    scope: Scope::Regional,
    tables: &["ec2_network_acl", "ec2_network_acl_entry"],
    collect: |context| Box::pin(network_acls(context)),
};

pub(super) static NETWORK_INTERFACES: Source = Source {
    id: "ec2.network-interfaces",
    operations: &["ec2:DescribeNetworkInterfaces"],
    scope: Scope::Regional,
    tables: &["ec2_network_interface", "ec2_network_interface_group"],
    collect: |context| Box::pin(network_interfaces(context)),
};

pub(super) static PREFIX_LISTS: Source = Source {
    id: "ec2.prefix-lists",
    operations: &["ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"],
    scope: Scope::Regional,
    tables: &["ec2_prefix_list", "ec2_prefix_list_entry"],
    collect: |context| Box::pin(prefix_lists(context)),
};

pub(super) static SECURITY_GROUPS: Source = Source {
    id: "ec2.security-groups",
    operations: &["ec2:DescribeSecurityGroups"],
    scope: Scope::Regional,
    tables: &["ec2_security_group"],
    collect: |context| Box::pin(security_groups(context)),
};

pub(super) static SECURITY_GROUP_RULES: Source = Source {
    id: "ec2.security-group-rules",
    operations: &["ec2:DescribeSecurityGroupRules"],
    scope: Scope::Regional,
    tables: &["ec2_security_group_rule"],
    collect: |context| Box::pin(security_group_rules(context)),
};

pub(super) static VPCS: Source = Source {
    id: "ec2.vpcs",
    operations: &["ec2:DescribeVpcs"],
    scope: Scope::Regional,
    tables: &["ec2_vpc"],
    collect: |context| Box::pin(vpcs(context)),
};

/// Envelope fields of a row in the context's region.
macro_rules! row {
    ($type:ident, $context:expr, $key:expr, $source:expr, { $($fields:tt)* }) => {
        $context.put(&$type {
            account: $context.account.to_owned(),
            region: $context.region.to_owned(),
            key: $key,
            source: $source,
            $($fields)*
        })
    };
}
pub(super) use row;

/// Reads a list with the usual page token to its end, hands each page to `each`, and names a failure.
macro_rules! read {
    ($context:expr, $operation:literal, $call:expr, |$page:ident, $source:ident| $each:block) => {
        let list = $context.pages($call, |page| token(page.next_token())).await;
        for answer in &list.pages {
            let ($page, $source) = (&answer.output, answer.exchange);
            $each
        }
        if let Some(failure) = list.failure {
            $context.gap($operation, None, &failure);
        }
    };
}
pub(super) use read;

async fn vpcs(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeVpcs",
        |next| ec2.describe_vpcs().max_results(1000).set_next_token(next).send(),
        |page, source| {
            for vpc in page.vpcs() {
                let id = vpc.vpc_id().unwrap_or_default().to_owned();
                row!(Ec2Vpc, context, id.clone(), source, {
                    id,
                    cidr: text(vpc.cidr_block()),
                    is_default: vpc.is_default(),
                    owner_id: text(vpc.owner_id()),
                    tags: tags(vpc.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}

async fn security_groups(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeSecurityGroups",
        |next| ec2
            .describe_security_groups()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for group in page.security_groups() {
                let id = group.group_id().unwrap_or_default().to_owned();
                row!(Ec2SecurityGroup, context, id.clone(), source, {
                    id,
                    name: text(group.group_name()),
                    description: text(group.description()),
                    vpc_id: text(group.vpc_id()),
                    owner: text(group.owner_id()),
                    tags: tags(group.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}

async fn security_group_rules(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeSecurityGroupRules",
        |next| ec2
            .describe_security_group_rules()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for rule in page.security_group_rules() {
                let referenced = rule.referenced_group_info().and_then(|group| text(group.group_id()));
                let group = rule.group_id().unwrap_or_default();
                let peer = text(rule.cidr_ipv4())
                    .or_else(|| text(rule.cidr_ipv6()))
                    .or_else(|| text(rule.prefix_list_id()))
                    .or_else(|| referenced.clone());
                // Rule ids change when a rule is revoked and authorized again; what it says does not.
                let key = format!(
                    "{group} {} {} {}",
                    if rule.is_egress() == Some(true) { "out" } else { "in" },
                    traffic(rule.ip_protocol(), rule.from_port(), rule.to_port()),
                    peer.as_deref().unwrap_or("?"),
                );
                row!(Ec2SecurityGroupRule, context, key, source, {
                    id: rule.security_group_rule_id().unwrap_or_default().to_owned(),
                    group_id: group.to_owned(),
                    egress: rule.is_egress(),
                    protocol: text(rule.ip_protocol()),
                    from_port: rule.from_port().map(i64::from),
                    to_port: rule.to_port().map(i64::from),
                    cidr_ipv4: text(rule.cidr_ipv4()),
                    cidr_ipv6: text(rule.cidr_ipv6()),
                    prefix_list_id: text(rule.prefix_list_id()),
                    referenced_group_id: referenced,
                    description: text(rule.description()),
                });
            }
        }
    );
}

async fn network_interfaces(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeNetworkInterfaces",
        |next| ec2
            .describe_network_interfaces()
            .include_managed_resources(true)
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for interface in page.network_interfaces() {
                let id = interface.network_interface_id().unwrap_or_default();
                row!(Ec2NetworkInterface, context, id.to_owned(), source, {
                    id: id.to_owned(),
                    vpc_id: text(interface.vpc_id()),
                    subnet_id: text(interface.subnet_id()),
                    interface_type: interface.interface_type().map(|kind| kind.as_str().to_owned()),
                    status: interface.status().map(|status| status.as_str().to_owned()),
                    instance_id: interface.attachment().and_then(|attachment| text(attachment.instance_id())),
                    requester_id: text(interface.requester_id()),
                    description: text(interface.description()),
                });
                for group in interface.groups() {
                    let group = group.group_id().unwrap_or_default();
                    row!(Ec2NetworkInterfaceGroup, context, format!("{id} {group}"), source, {
                        interface_id: id.to_owned(),
                        group_id: group.to_owned(),
                        vpc_id: text(interface.vpc_id()),
                    });
                }
            }
        }
    );
}

async fn prefix_lists(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    let mut own = Vec::new();
    read!(
        context,
        "ec2:DescribeManagedPrefixLists",
        |next| ec2
            .describe_managed_prefix_lists()
            .max_results(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for list in page.prefix_lists() {
                let id = list.prefix_list_id().unwrap_or_default().to_owned();
                if list.owner_id() != Some("AWS") {
                    own.push(id.clone());
                }
                row!(Ec2PrefixList, context, id.clone(), source, {
                    id,
                    name: text(list.prefix_list_name()),
                    owner: text(list.owner_id()),
                    address_family: text(list.address_family()),
                });
            }
        }
    );
    let ec2 = &ec2;
    context
        .each(&own, |id| async move {
            let list = context
                .pages(
                    |next| {
                        ec2.get_managed_prefix_list_entries()
                            .prefix_list_id(id)
                            .max_results(100)
                            .set_next_token(next)
                            .send()
                    },
                    |page| token(page.next_token()),
                )
                .await;
            for page in &list.pages {
                for entry in page.output.entries() {
                    let cidr = entry.cidr().unwrap_or_default().to_owned();
                    row!(Ec2PrefixListEntry, context, format!("{id} {cidr}"), page.exchange, {
                        prefix_list_id: id.clone(),
                        cidr,
                        description: text(entry.description()),
                    });
                }
            }
            if let Some(failure) = list.failure {
                context.gap("ec2:GetManagedPrefixListEntries", Some(id), &failure);
            }
        })
        .await;
}

async fn network_acls(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeNetworkAcls",
        |next| ec2
            .describe_network_acls()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for acl in page.network_acls() {
                let id = acl.network_acl_id().unwrap_or_default();
                let mut subnets: Vec<String> = acl.associations().iter().filter_map(|a| text(a.subnet_id())).collect();
                subnets.sort();
                row!(Ec2NetworkAcl, context, id.to_owned(), source, {
                    id: id.to_owned(),
                    vpc_id: text(acl.vpc_id()),
                    is_default: acl.is_default(),
                    subnets,
                });
                for entry in acl.entries() {
                    let direction = if entry.egress() == Some(true) { "out" } else { "in" };
                    let number = entry.rule_number().map(i64::from);
                    let range = text(entry.cidr_block())
                        .or_else(|| text(entry.ipv6_cidr_block()))
                        .unwrap_or_default();
                    let ports = entry.port_range();
                    // AWS numbers IPv4 and IPv6 rules apart, except its closing rule of both families.
                    let key = format!("{id} {direction} {} {range}", number.unwrap_or_default());
                    row!(Ec2NetworkAclEntry, context, key, source, {
                        acl_id: id.to_owned(),
                        egress: entry.egress(),
                        rule_number: number,
                        action: entry.rule_action().map(|action| action.as_str().to_owned()),
                        protocol: text(entry.protocol()),
                        cidr_ipv4: text(entry.cidr_block()),
                        cidr_ipv6: text(entry.ipv6_cidr_block()),
                        from_port: ports.and_then(|p| p.from()).map(i64::from),
                        to_port: ports.and_then(|p| p.to()).map(i64::from),
                    });
                }
            }
        }
    );
}

/// `tcp 443`, `udp 53-54`, `all traffic`: a rule's protocol and ports as people write them.
fn traffic(protocol: Option<&str>, from: Option<i32>, to: Option<i32>) -> String {
    match (protocol.unwrap_or("?"), from, to) {
        ("-1", _, _) => "all traffic".to_owned(),
        (protocol, None | Some(-1), None | Some(-1)) => protocol.to_owned(),
        (protocol, Some(from), Some(to)) if from == to => format!("{protocol} {from}"),
        (protocol, from, to) => {
            let port = |port: Option<i32>| port.map_or_else(|| "?".to_owned(), |port| port.to_string());
            format!("{protocol} {}-{}", port(from), port(to))
        }
    }
}
