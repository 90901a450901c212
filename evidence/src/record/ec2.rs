//! EC2 networking: VPCs, security groups, prefix lists, network ACLs, interfaces.

use super::{Tag, record};

record! {
    /// A VPC.
    "ec2_vpc" Ec2Vpc from ["ec2:DescribeVpcs"] volatile [] {
        /// VPC id.
        id: String,
        /// IPv4 range.
        cidr: Option<String>,
        /// The region's default VPC.
        is_default: Option<bool>,
        /// Account that owns the VPC (another one for shared VPCs).
        owner_id: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A security group.
    "ec2_security_group" Ec2SecurityGroup from ["ec2:DescribeSecurityGroups"] volatile [] {
        /// Group id.
        id: String,
        /// Group name; `default` for each VPC's default group.
        name: Option<String>,
        /// Description.
        description: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// Account that owns the group (another one for shared VPCs).
        owner: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A rule of a security group.
    "ec2_security_group_rule" Ec2SecurityGroupRule from ["ec2:DescribeSecurityGroupRules"] volatile ["id"] {
        /// Rule id; changes when a rule is revoked and authorized again.
        id: String,
        /// Group id.
        group_id: String,
        /// Outbound.
        egress: Option<bool>,
        /// `tcp`, `udp`, `icmp`, a protocol number, or `-1` for all.
        protocol: Option<String>,
        /// First port; -1 or null for all.
        from_port: Option<i64>,
        /// Last port; -1 or null for all.
        to_port: Option<i64>,
        /// IPv4 source or destination.
        cidr_ipv4: Option<String>,
        /// IPv6 source or destination.
        cidr_ipv6: Option<String>,
        /// Prefix list that is source or destination.
        prefix_list_id: Option<String>,
        /// Security group that is source or destination.
        referenced_group_id: Option<String>,
        /// Description.
        description: Option<String>,
    }
}

record! {
    /// A network interface.
    "ec2_network_interface" Ec2NetworkInterface from ["ec2:DescribeNetworkInterfaces"] volatile [] {
        /// Interface id.
        id: String,
        /// VPC.
        vpc_id: Option<String>,
        /// Subnet.
        subnet_id: Option<String>,
        /// `interface`, `lambda`, `nat_gateway`, …
        interface_type: Option<String>,
        /// Status.
        status: Option<String>,
        /// Instance it is attached to.
        instance_id: Option<String>,
        /// Who asked for it: an account id, or an AWS service such as `amazon-rds`.
        requester_id: Option<String>,
        /// Description.
        description: Option<String>,
    }
}

record! {
    /// A security group of a network interface.
    "ec2_network_interface_group" Ec2NetworkInterfaceGroup from ["ec2:DescribeNetworkInterfaces"] volatile [] {
        /// Interface id.
        interface_id: String,
        /// Group id.
        group_id: String,
        /// VPC.
        vpc_id: Option<String>,
    }
}

record! {
    /// A managed prefix list, AWS's own included.
    "ec2_prefix_list" Ec2PrefixList from ["ec2:DescribeManagedPrefixLists"] volatile [] {
        /// Prefix list id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Owner: an account id, or `AWS`.
        owner: Option<String>,
        /// `IPv4` or `IPv6`.
        address_family: Option<String>,
    }
}

record! {
    /// An entry of a prefix list that AWS does not own.
    "ec2_prefix_list_entry" Ec2PrefixListEntry
        from ["ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"] volatile [] {
        /// Prefix list id.
        prefix_list_id: String,
        /// Address range.
        cidr: String,
        /// Description.
        description: Option<String>,
    }
}

record! {
    /// A network ACL.
    "ec2_network_acl" Ec2NetworkAcl from ["ec2:DescribeNetworkAcls"] volatile [] {
        /// ACL id.
        id: String,
        /// VPC.
        vpc_id: Option<String>,
        /// The VPC's default ACL.
        is_default: Option<bool>,
        /// Subnets it is associated with, sorted.
        subnets: Vec<String>,
    }
}

record! {
    /// An entry of a network ACL.
    "ec2_network_acl_entry" Ec2NetworkAclEntry from ["ec2:DescribeNetworkAcls"] volatile [] {
        /// ACL id.
        acl_id: String,
        /// Outbound.
        egress: Option<bool>,
        /// Order; the lowest that matches decides. 32767 is AWS's closing deny.
        rule_number: Option<i64>,
        /// `allow` or `deny`.
        action: Option<String>,
        /// Protocol number, or `-1` for all.
        protocol: Option<String>,
        /// IPv4 range.
        cidr_ipv4: Option<String>,
        /// IPv6 range.
        cidr_ipv6: Option<String>,
        /// First port; null for all.
        from_port: Option<i64>,
        /// Last port; null for all.
        to_port: Option<i64>,
    }
}
