//! Auto Scaling groups and the instances in them.

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};
use evidence::record::{AutoscalingGroup, AutoscalingInstance};

use super::ec2::{read, row};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static GROUPS: Source = Source {
    id: "autoscaling.groups",
    operations: &["autoscaling:DescribeAutoScalingGroups"],
    scope: Scope::Regional,
    tables: &["autoscaling_group"],
    collect: |context| Box::pin(groups(context)),
};

pub(super) static INSTANCES: Source = Source {
    id: "autoscaling.instances",
    operations: &["autoscaling:DescribeAutoScalingInstances"],
    scope: Scope::Regional,
    tables: &["autoscaling_instance"],
    collect: |context| Box::pin(instances(context)),
};

async fn groups(context: &Context<'_>) {
    let client = context.session.autoscaling(context.client_region);
    read!(
        context,
        "autoscaling:DescribeAutoScalingGroups",
        |next| client
            .describe_auto_scaling_groups()
            .max_records(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for group in page.auto_scaling_groups() {
                context.put(&described(context, group, source));
            }
        }
    );
}

/// Texts in a fixed order, each once.
fn sorted(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.into_iter().collect();
    texts.sort();
    texts.dedup();
    texts
}

/// The group's launch template, or the one that its mix of instance types rests on.
fn template(group: &AutoScalingGroup) -> Option<&LaunchTemplateSpecification> {
    group.launch_template().or_else(|| {
        group
            .mixed_instances_policy()
            .and_then(|policy| policy.launch_template())
            .and_then(|template| template.launch_template_specification())
    })
}

fn described(context: &Context<'_>, group: &AutoScalingGroup, source: u64) -> AutoscalingGroup {
    let arn = group.auto_scaling_group_arn().unwrap_or_default().to_owned();
    let subnets = group.vpc_zone_identifier().unwrap_or_default().split(',');
    let instances = group.instances();
    AutoscalingGroup {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.clone(),
        source,
        arn,
        name: group.auto_scaling_group_name().unwrap_or_default().to_owned(),
        min_size: group.min_size().map(i64::from),
        max_size: group.max_size().map(i64::from),
        desired_capacity: group.desired_capacity().map(i64::from),
        zones: sorted(group.availability_zones().iter().cloned()),
        subnets: sorted(subnets.filter_map(|subnet| text(Some(subnet.trim())))),
        instances: sorted(instances.iter().filter_map(|i| text(i.instance_id()))),
        instance_zones: sorted(instances.iter().filter_map(|i| text(i.availability_zone()))),
        health_check_type: text(group.health_check_type()),
        load_balancers: sorted(group.load_balancer_names().iter().cloned()),
        target_groups: sorted(group.target_group_arns().iter().cloned()),
        launch_template_id: template(group).and_then(|t| text(t.launch_template_id())),
        launch_template_version: template(group).and_then(|t| text(t.version())),
        launch_configuration: text(group.launch_configuration_name()),
        suspended_processes: sorted(
            group
                .suspended_processes()
                .iter()
                .filter_map(|p| text(p.process_name())),
        ),
        status: text(group.status()),
        created_at: time(group.created_time()),
        tags: tags(group.tags().iter().map(|tag| (tag.key(), tag.value()))),
    }
}

async fn instances(context: &Context<'_>) {
    let client = context.session.autoscaling(context.client_region);
    read!(
        context,
        "autoscaling:DescribeAutoScalingInstances",
        |next| client
            .describe_auto_scaling_instances()
            .max_records(50)
            .set_next_token(next)
            .send(),
        |page, source| {
            for instance in page.auto_scaling_instances() {
                let id = instance.instance_id().unwrap_or_default().to_owned();
                row!(AutoscalingInstance, context, id.clone(), source, {
                    instance_id: id,
                    group_name: text(instance.auto_scaling_group_name()),
                    zone: text(instance.availability_zone()),
                    lifecycle_state: text(instance.lifecycle_state()),
                    health_status: text(instance.health_status()),
                });
            }
        }
    );
}
