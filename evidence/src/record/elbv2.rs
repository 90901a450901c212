//! Application, Network and Gateway Load Balancers.

use serde::{Deserialize, Serialize};

use super::record;
use crate::clock::Timestamp;

/// What a listener or a rule does with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerAction {
    /// `forward`, `redirect`, `fixed-response`, `authenticate-oidc`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// For a redirect: `HTTP`, `HTTPS` or `#{protocol}`.
    pub redirect_protocol: Option<String>,
    /// For a redirect: the port, or `#{port}`.
    pub redirect_port: Option<String>,
    /// For a forward: ARNs of the target groups.
    #[serde(default)]
    pub target_groups: Vec<String>,
}

record! {
    /// A load balancer.
    "elbv2_load_balancer" Elbv2LoadBalancer from ["elbv2:DescribeLoadBalancers"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// `application`, `network` or `gateway`.
        load_balancer_type: Option<String>,
        /// `internet-facing` or `internal`; null for a Gateway Load Balancer.
        scheme: Option<String>,
        /// `active`, `provisioning`, `active_impaired` or `failed`.
        state: Option<String>,
        /// DNS name.
        dns_name: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// `ipv4`, `dualstack`, …
        ip_address_type: Option<String>,
        /// Availability Zones, sorted.
        availability_zones: Vec<String>,
        /// Subnets, sorted.
        subnets: Vec<String>,
        /// Security groups, sorted.
        security_groups: Vec<String>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A listener.
    "elbv2_listener" Elbv2Listener from ["elbv2:DescribeLoadBalancers", "elbv2:DescribeListeners"] volatile [] {
        /// ARN.
        arn: String,
        /// ARN of the load balancer.
        load_balancer_arn: String,
        /// Port.
        port: Option<i64>,
        /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, …
        protocol: Option<String>,
        /// Name of the security policy, for HTTPS and TLS.
        ssl_policy: Option<String>,
        /// ARNs of the default certificates, sorted.
        certificates: Vec<String>,
        /// Default actions, in their order: `type`, `redirect_protocol`, `redirect_port`, `target_groups`.
        actions: Vec<ListenerAction>,
    }
}

record! {
    /// A rule of a listener, the default one included; only listeners for HTTP and HTTPS have any.
    "elbv2_rule" Elbv2Rule
        from ["elbv2:DescribeLoadBalancers", "elbv2:DescribeListeners", "elbv2:DescribeRules"] volatile [] {
        /// ARN.
        arn: String,
        /// ARN of the listener.
        listener_arn: String,
        /// Order; `default` for the last.
        priority: Option<String>,
        /// Whether it is the default rule.
        is_default: Option<bool>,
        /// Actions, in their order, as in `elbv2_listener`.
        actions: Vec<ListenerAction>,
    }
}

record! {
    /// A security policy that listeners may name.
    "elbv2_ssl_policy" Elbv2SslPolicy from ["elbv2:DescribeSSLPolicies"] volatile [] {
        /// Name.
        name: String,
        /// Protocols it accepts, sorted: `TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`.
        protocols: Vec<String>,
    }
}

record! {
    /// A target group.
    "elbv2_target_group" Elbv2TargetGroup from ["elbv2:DescribeTargetGroups"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Protocol.
        protocol: Option<String>,
        /// Port.
        port: Option<i64>,
        /// `instance`, `ip`, `lambda` or `alb`.
        target_type: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// ARNs of the load balancers that use it, sorted.
        load_balancers: Vec<String>,
    }
}

record! {
    /// A registered target and its health.
    "elbv2_target_health" Elbv2TargetHealth
        from ["elbv2:DescribeTargetGroups", "elbv2:DescribeTargetHealth"] volatile ["state", "why"] {
        /// ARN of the target group.
        target_group_arn: String,
        /// Instance id, IP address, or ARN.
        target_id: String,
        /// Port.
        port: Option<i64>,
        /// Availability Zone, for IP targets: a zone or `all`.
        availability_zone: Option<String>,
        /// `healthy`, `unhealthy`, `initial`, `draining`, `unused` or `unavailable`.
        state: Option<String>,
        /// Why it is not healthy.
        why: Option<String>,
    }
}

record! {
    /// The web ACL of an internet-facing Application Load Balancer.
    "wafv2_load_balancer_acl" Wafv2LoadBalancerAcl
        from ["elbv2:DescribeLoadBalancers", "wafv2:GetWebACLForResource"] volatile [] {
        /// ARN of the load balancer.
        load_balancer_arn: String,
        /// False if it has none.
        present: bool,
        /// ARN of the web ACL.
        acl_arn: Option<String>,
        /// Name of the web ACL.
        acl_name: Option<String>,
        /// Number of its rules.
        rules: Option<i64>,
        /// Number of rule groups that Firewall Manager puts before and after them.
        manager_rules: Option<i64>,
    }
}
