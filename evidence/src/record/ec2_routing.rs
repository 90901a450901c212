//! EC2 routing and flow logs: subnets, route tables, gateways.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A subnet.
    "ec2_subnet" Ec2Subnet from ["ec2:DescribeSubnets"] volatile [] {
        /// Subnet id.
        id: String,
        /// ARN.
        arn: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// IPv4 range.
        cidr: Option<String>,
        /// Availability Zone.
        availability_zone: Option<String>,
        /// Whether interfaces get a public IPv4 address at launch.
        map_public_ip_on_launch: Option<bool>,
        /// The zone's default subnet.
        is_default: Option<bool>,
        /// Account that owns the subnet (another one for shared VPCs).
        owner_id: Option<String>,
        /// State.
        state: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A route table.
    "ec2_route_table" Ec2RouteTable from ["ec2:DescribeRouteTables"] volatile [] {
        /// Route table id.
        id: String,
        /// VPC.
        vpc_id: Option<String>,
        /// Account that owns it.
        owner_id: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// What a route table is for: a subnet, a gateway, or (main) the VPC's other subnets.
    "ec2_route_table_association" Ec2RouteTableAssociation from ["ec2:DescribeRouteTables"] volatile [] {
        /// Association id.
        id: String,
        /// Route table.
        route_table_id: String,
        /// VPC of the route table.
        vpc_id: Option<String>,
        /// The VPC's main route table.
        is_main: Option<bool>,
        /// Subnet, if any.
        subnet_id: Option<String>,
        /// Gateway, if any.
        gateway_id: Option<String>,
        /// `associated`, `associating`, `disassociated`, …
        state: Option<String>,
    }
}

record! {
    /// A route.
    "ec2_route" Ec2Route from ["ec2:DescribeRouteTables"] volatile [] {
        /// Route table.
        route_table_id: String,
        /// VPC of the route table.
        vpc_id: Option<String>,
        /// IPv4 range it is for.
        destination_ipv4: Option<String>,
        /// IPv6 range it is for.
        destination_ipv6: Option<String>,
        /// Prefix list it is for.
        destination_prefix_list_id: Option<String>,
        /// `local`, `igw-…`, `vgw-…`, `vpce-…`.
        gateway_id: Option<String>,
        /// NAT gateway.
        nat_gateway_id: Option<String>,
        /// Egress-only internet gateway.
        egress_only_gateway_id: Option<String>,
        /// Transit gateway.
        transit_gateway_id: Option<String>,
        /// VPC peering connection.
        peering_id: Option<String>,
        /// Network interface.
        interface_id: Option<String>,
        /// Instance.
        instance_id: Option<String>,
        /// Any other target: a carrier, local or core network gateway.
        other_target: Option<String>,
        /// `active`, or `blackhole` if the target is gone.
        state: Option<String>,
        /// `CreateRouteTable`, `CreateRoute` or `EnableVgwRoutePropagation`.
        origin: Option<String>,
    }
}

record! {
    /// An internet gateway.
    "ec2_internet_gateway" Ec2InternetGateway from ["ec2:DescribeInternetGateways"] volatile [] {
        /// Gateway id.
        id: String,
        /// VPC it is attached to, if any.
        vpc_id: Option<String>,
        /// State of the attachment.
        attachment_state: Option<String>,
        /// Account that owns it.
        owner_id: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A NAT gateway.
    "ec2_nat_gateway" Ec2NatGateway from ["ec2:DescribeNatGateways"] volatile [] {
        /// Gateway id.
        id: String,
        /// VPC.
        vpc_id: Option<String>,
        /// Subnet.
        subnet_id: Option<String>,
        /// State.
        state: Option<String>,
        /// `public` or `private`.
        connectivity: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A flow log.
    "ec2_flow_log" Ec2FlowLog from ["ec2:DescribeFlowLogs"] volatile [] {
        /// Flow log id.
        id: String,
        /// What is logged: a VPC, a subnet, a network interface, a transit gateway.
        resource_id: Option<String>,
        /// `ACTIVE`.
        status: Option<String>,
        /// `SUCCESS` or `FAILED`; null before the first delivery.
        deliver_status: Option<String>,
        /// Why delivery failed.
        deliver_error: Option<String>,
        /// `ACCEPT`, `REJECT` or `ALL`.
        traffic_type: Option<String>,
        /// `cloud-watch-logs`, `s3` or `kinesis-data-firehose`.
        destination_type: Option<String>,
        /// ARN of the destination.
        destination: Option<String>,
        /// Log group, where the destination is CloudWatch Logs.
        log_group: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}
