//! Classic Load Balancers.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A Classic Load Balancer. AWS gives it no ARN.
    "elb_load_balancer" ElbLoadBalancer from ["elb:DescribeLoadBalancers"] volatile [] {
        /// Name.
        name: String,
        /// DNS name.
        dns_name: Option<String>,
        /// `internet-facing` or `internal`.
        scheme: Option<String>,
        /// VPC.
        vpc_id: Option<String>,
        /// Availability Zones, sorted.
        availability_zones: Vec<String>,
        /// Subnets, sorted.
        subnets: Vec<String>,
        /// Security groups, sorted.
        security_groups: Vec<String>,
        /// Registered instances, sorted.
        instances: Vec<String>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A listener of a Classic Load Balancer.
    "elb_listener" ElbListener from ["elb:DescribeLoadBalancers"] volatile [] {
        /// Name of the load balancer.
        load_balancer: String,
        /// Port.
        port: Option<i64>,
        /// `HTTP`, `HTTPS`, `TCP` or `SSL`.
        protocol: Option<String>,
        /// Protocol towards the instances.
        instance_protocol: Option<String>,
        /// ARN of the certificate, if any.
        certificate_arn: Option<String>,
        /// Names of its policies, sorted.
        policies: Vec<String>,
    }
}
