//! EC2 routing and flow logs, read in bulk, region by region.

use evidence::record::{
    Ec2FlowLog, Ec2InternetGateway, Ec2NatGateway, Ec2Route, Ec2RouteTable, Ec2RouteTableAssociation, Ec2Subnet,
};

use super::put::{list, put};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static FLOW_LOGS: Source = Source {
    id: "ec2.flow-logs",
    operations: &["ec2:DescribeFlowLogs"],
    scope: Scope::Regional,
    tables: &["ec2_flow_log"],
    collect: |context| Box::pin(flow_logs(context)),
};

pub(super) static INTERNET_GATEWAYS: Source = Source {
    id: "ec2.internet-gateways",
    operations: &["ec2:DescribeInternetGateways"],
    scope: Scope::Regional,
    tables: &["ec2_internet_gateway"],
    collect: |context| Box::pin(internet_gateways(context)),
};

pub(super) static NAT_GATEWAYS: Source = Source {
    id: "ec2.nat-gateways",
    operations: &["ec2:DescribeNatGateways"],
    scope: Scope::Regional,
    tables: &["ec2_nat_gateway"],
    collect: |context| Box::pin(nat_gateways(context)),
};

pub(super) static ROUTE_TABLES: Source = Source {
    id: "ec2.route-tables",
    operations: &["ec2:DescribeRouteTables"],
    scope: Scope::Regional,
    tables: &["ec2_route", "ec2_route_table", "ec2_route_table_association"],
    collect: |context| Box::pin(route_tables(context)),
};

pub(super) static SUBNETS: Source = Source {
    id: "ec2.subnets",
    operations: &["ec2:DescribeSubnets"],
    scope: Scope::Regional,
    tables: &["ec2_subnet"],
    collect: |context| Box::pin(subnets(context)),
};

async fn subnets(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    list!(
        context,
        "ec2:DescribeSubnets",
        None,
        |next| ec2.describe_subnets().max_results(1000).set_next_token(next).send(),
        |page| token(page.next_token()),
        |page, source| {
            for subnet in page.subnets() {
                let id = subnet.subnet_id().unwrap_or_default().to_owned();
                put!(context, Ec2Subnet, id.clone(), source, {
                    id,
                    arn: text(subnet.subnet_arn()),
                    vpc_id: text(subnet.vpc_id()),
                    cidr: text(subnet.cidr_block()),
                    availability_zone: text(subnet.availability_zone()),
                    map_public_ip_on_launch: subnet.map_public_ip_on_launch(),
                    is_default: subnet.default_for_az(),
                    owner_id: text(subnet.owner_id()),
                    state: subnet.state().map(|state| state.as_str().to_owned()),
                    tags: tags(subnet.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}

async fn route_tables(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    list!(
        context,
        "ec2:DescribeRouteTables",
        None,
        |next| ec2.describe_route_tables().max_results(100).set_next_token(next).send(),
        |page| token(page.next_token()),
        |page, source| {
            for table in page.route_tables() {
                route_table(context, table, source);
            }
        }
    );
}

fn route_table(context: &Context<'_>, table: &aws_sdk_ec2::types::RouteTable, source: u64) {
    let id = table.route_table_id().unwrap_or_default();
    put!(context, Ec2RouteTable, id.to_owned(), source, {
        id: id.to_owned(),
        vpc_id: text(table.vpc_id()),
        owner_id: text(table.owner_id()),
        tags: tags(table.tags().iter().map(|tag| (tag.key(), tag.value()))),
    });
    for association in table.associations() {
        let key = association.route_table_association_id().unwrap_or_default();
        let state = association.association_state().and_then(|state| state.state());
        put!(context, Ec2RouteTableAssociation, key.to_owned(), source, {
            id: key.to_owned(),
            route_table_id: id.to_owned(),
            vpc_id: text(table.vpc_id()),
            is_main: association.main(),
            subnet_id: text(association.subnet_id()),
            gateway_id: text(association.gateway_id()),
            state: state.map(|state| state.as_str().to_owned()),
        });
    }
    for route in table.routes() {
        let destination = text(route.destination_cidr_block())
            .or_else(|| text(route.destination_ipv6_cidr_block()))
            .or_else(|| text(route.destination_prefix_list_id()));
        let other = text(route.carrier_gateway_id())
            .or_else(|| text(route.local_gateway_id()))
            .or_else(|| text(route.core_network_arn()))
            .or_else(|| text(route.odb_network_arn()));
        // A propagated route and one that was made may have the same destination.
        let origin = route.origin().map(|origin| origin.as_str().to_owned());
        let key = format!(
            "{id} {} {}",
            destination.as_deref().unwrap_or("?"),
            origin.as_deref().unwrap_or("?")
        );
        put!(context, Ec2Route, key, source, {
            route_table_id: id.to_owned(),
            vpc_id: text(table.vpc_id()),
            destination_ipv4: text(route.destination_cidr_block()),
            destination_ipv6: text(route.destination_ipv6_cidr_block()),
            destination_prefix_list_id: text(route.destination_prefix_list_id()),
            gateway_id: text(route.gateway_id()),
            nat_gateway_id: text(route.nat_gateway_id()),
            egress_only_gateway_id: text(route.egress_only_internet_gateway_id()),
            transit_gateway_id: text(route.transit_gateway_id()),
            peering_id: text(route.vpc_peering_connection_id()),
            interface_id: text(route.network_interface_id()),
            instance_id: text(route.instance_id()),
            other_target: other,
            state: route.state().map(|state| state.as_str().to_owned()),
            origin,
        });
    }
}

async fn internet_gateways(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    list!(
        context,
        "ec2:DescribeInternetGateways",
        None,
        |next| ec2
            .describe_internet_gateways()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page| token(page.next_token()),
        |page, source| {
            for gateway in page.internet_gateways() {
                let id = gateway.internet_gateway_id().unwrap_or_default().to_owned();
                // A gateway is attached to one VPC at most.
                let attachment = gateway.attachments().first();
                put!(context, Ec2InternetGateway, id.clone(), source, {
                    id,
                    vpc_id: attachment.and_then(|a| text(a.vpc_id())),
                    attachment_state: attachment.and_then(|a| a.state()).map(|state| state.as_str().to_owned()),
                    owner_id: text(gateway.owner_id()),
                    tags: tags(gateway.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}

async fn nat_gateways(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    list!(
        context,
        "ec2:DescribeNatGateways",
        None,
        |next| ec2
            .describe_nat_gateways()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page| token(page.next_token()),
        |page, source| {
            for gateway in page.nat_gateways() {
                let id = gateway.nat_gateway_id().unwrap_or_default().to_owned();
                put!(context, Ec2NatGateway, id.clone(), source, {
                    id,
                    vpc_id: text(gateway.vpc_id()),
                    subnet_id: text(gateway.subnet_id()),
                    state: gateway.state().map(|state| state.as_str().to_owned()),
                    connectivity: gateway.connectivity_type().map(|kind| kind.as_str().to_owned()),
                    created_at: time(gateway.create_time()),
                    tags: tags(gateway.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}

async fn flow_logs(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    list!(
        context,
        "ec2:DescribeFlowLogs",
        None,
        |next| ec2.describe_flow_logs().max_results(1000).set_next_token(next).send(),
        |page| token(page.next_token()),
        |page, source| {
            for log in page.flow_logs() {
                let id = log.flow_log_id().unwrap_or_default().to_owned();
                put!(context, Ec2FlowLog, id.clone(), source, {
                    id,
                    resource_id: text(log.resource_id()),
                    status: text(log.flow_log_status()),
                    deliver_status: text(log.deliver_logs_status()),
                    deliver_error: text(log.deliver_logs_error_message()),
                    traffic_type: log.traffic_type().map(|kind| kind.as_str().to_owned()),
                    destination_type: log.log_destination_type().map(|kind| kind.as_str().to_owned()),
                    destination: text(log.log_destination()),
                    log_group: text(log.log_group_name()),
                    created_at: time(log.creation_time()),
                    tags: tags(log.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}
