//! Auto Scaling groups and their instances. Launch templates are named, never read: they hold user data.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// An Auto Scaling group.
    "autoscaling_group" AutoscalingGroup from ["autoscaling:DescribeAutoScalingGroups"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Least number of instances.
        min_size: Option<i64>,
        /// Greatest number of instances.
        max_size: Option<i64>,
        /// Wanted number of instances.
        desired_capacity: Option<i64>,
        /// Availability Zones it may use, sorted.
        zones: Vec<String>,
        /// Subnets it may use, sorted.
        subnets: Vec<String>,
        /// Its instances, sorted.
        instances: Vec<String>,
        /// Zones in which it has instances now, sorted, each once.
        instance_zones: Vec<String>,
        /// `EC2`, `ELB`, … separated by commas.
        health_check_type: Option<String>,
        /// Classic load balancers, sorted.
        load_balancers: Vec<String>,
        /// ARNs of target groups, sorted.
        target_groups: Vec<String>,
        /// Launch template, if it uses one.
        launch_template_id: Option<String>,
        /// Version of the launch template: a number, `$Latest` or `$Default`.
        launch_template_version: Option<String>,
        /// Launch configuration, if it uses one.
        launch_configuration: Option<String>,
        /// Processes that are suspended, sorted.
        suspended_processes: Vec<String>,
        /// Set while the group is being deleted.
        status: Option<String>,
        /// When it was created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// An instance of an Auto Scaling group.
    "autoscaling_instance" AutoscalingInstance from ["autoscaling:DescribeAutoScalingInstances"] volatile [] {
        /// Instance id.
        instance_id: String,
        /// Name of the group.
        group_name: Option<String>,
        /// Availability Zone.
        zone: Option<String>,
        /// `InService`, `Standby`, …
        lifecycle_state: Option<String>,
        /// `HEALTHY` or `UNHEALTHY`.
        health_status: Option<String>,
    }
}
