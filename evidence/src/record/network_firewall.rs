//! AWS Network Firewall.

use super::{Tag, record};

record! {
    /// A firewall. Columns other than `arn` and `name` are null where DescribeFirewall failed.
    "network_firewall" NetworkFirewall
        from ["network-firewall:ListFirewalls", "network-firewall:DescribeFirewall"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// VPC.
        vpc_id: Option<String>,
        /// Transit gateway that it is attached to in place of a VPC.
        transit_gateway_id: Option<String>,
        /// ARN of its policy.
        policy_arn: Option<String>,
        /// `READY`, `PROVISIONING` or `DELETING`.
        status: Option<String>,
        /// Subnets of its endpoints, sorted.
        subnets: Vec<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// An endpoint of a firewall: what route tables name.
    "network_firewall_endpoint" NetworkFirewallEndpoint
        from ["network-firewall:ListFirewalls", "network-firewall:DescribeFirewall"] volatile [] {
        /// ARN of the firewall.
        firewall_arn: String,
        /// Availability Zone.
        availability_zone: String,
        /// VPC endpoint id.
        endpoint_id: Option<String>,
        /// Subnet.
        subnet_id: Option<String>,
        /// State of the attachment.
        status: Option<String>,
    }
}

record! {
    /// The policy of a firewall.
    "network_firewall_policy" NetworkFirewallPolicy
        from ["network-firewall:ListFirewalls", "network-firewall:DescribeFirewall",
              "network-firewall:DescribeFirewallPolicy"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: Option<String>,
        /// ARNs of its stateless and stateful rule groups, sorted.
        rule_groups: Vec<String>,
        /// What happens to a packet that no stateless rule matches.
        stateless_default_actions: Vec<String>,
        /// The same for fragments.
        fragment_default_actions: Vec<String>,
        /// What happens to a flow that no stateful rule matches.
        stateful_default_actions: Vec<String>,
    }
}

record! {
    /// Where a firewall logs to.
    "network_firewall_logging" NetworkFirewallLogging
        from ["network-firewall:ListFirewalls", "network-firewall:DescribeLoggingConfiguration"] volatile [] {
        /// ARN of the firewall.
        firewall_arn: String,
        /// `ALERT`, `FLOW`, `TLS`, sorted; empty if it does not log.
        log_types: Vec<String>,
        /// Kinds of destination, sorted.
        destination_types: Vec<String>,
    }
}
