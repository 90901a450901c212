//! What scales by itself: policies of Auto Scaling groups, targets of Application Auto Scaling.

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};
use aws_sdk_autoscaling::types::ScalingPolicy;
use evidence::record::{ApplicationAutoscalingTarget, AutoscalingPolicy};

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static POLICIES: Source = Source {
    id: "autoscaling.policies",
    operations: &["autoscaling:DescribePolicies"],
    scope: Scope::Regional,
    tables: &["autoscaling_policy"],
    collect: |context| Box::pin(policies(context)),
};

pub(super) static SCALABLE_TARGETS: Source = Source {
    id: "application-autoscaling.targets",
    operations: &["application-autoscaling:DescribeScalableTargets"],
    scope: Scope::Regional,
    tables: &["application_autoscaling_target"],
    collect: |context| Box::pin(scalable_targets(context)),
};

async fn policies(context: &Context<'_>) {
    let autoscaling = context.session.autoscaling(context.client_region);
    let list = context
        .pages(
            |next| {
                autoscaling
                    .describe_policies()
                    .max_records(100)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for policy in page.output.scaling_policies() {
            context.put(&scaling_policy(context, page.exchange, policy));
        }
    }
    if let Some(failure) = list.failure {
        context.gap("autoscaling:DescribePolicies", None, &failure);
    }
}

fn scaling_policy(context: &Context<'_>, exchange: u64, policy: &ScalingPolicy) -> AutoscalingPolicy {
    let arn = policy.policy_arn().unwrap_or_default();
    let mut alarm_arns: Vec<String> = policy
        .alarms()
        .iter()
        .filter_map(|alarm| text(alarm.alarm_arn()))
        .collect();
    alarm_arns.sort();
    AutoscalingPolicy {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: policy.policy_name().unwrap_or_default().to_owned(),
        group_name: policy.auto_scaling_group_name().unwrap_or_default().to_owned(),
        policy_type: text(policy.policy_type()),
        enabled: policy.enabled(),
        predictive_mode: policy
            .predictive_scaling_configuration()
            .and_then(|predictive| predictive.mode())
            .map(|mode| mode.as_str().to_owned()),
        alarm_arns,
    }
}

/// Only DynamoDB's: AWS wants to be told which service is meant.
async fn scalable_targets(context: &Context<'_>) {
    let scaling = context.session.application_autoscaling(context.client_region);
    let list = context
        .pages(
            |next| {
                scaling
                    .describe_scalable_targets()
                    .service_namespace(ServiceNamespace::Dynamodb)
                    .max_results(50)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for target in page.output.scalable_targets() {
            context.put(&scalable_target(context, page.exchange, target));
        }
    }
    if let Some(failure) = list.failure {
        context.gap("application-autoscaling:DescribeScalableTargets", None, &failure);
    }
}

fn scalable_target(context: &Context<'_>, exchange: u64, target: &ScalableTarget) -> ApplicationAutoscalingTarget {
    let (id, dimension) = (target.resource_id(), target.scalable_dimension().as_str());
    let suspended = target.suspended_state();
    ApplicationAutoscalingTarget {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: format!("{id} {dimension}"),
        source: exchange,
        service_namespace: target.service_namespace().as_str().to_owned(),
        resource_id: id.to_owned(),
        scalable_dimension: dimension.to_owned(),
        min_capacity: i64::from(target.min_capacity()),
        max_capacity: i64::from(target.max_capacity()),
        scaling_in_suspended: suspended.and_then(|state| state.dynamic_scaling_in_suspended()),
        scaling_out_suspended: suspended.and_then(|state| state.dynamic_scaling_out_suspended()),
        created_at: time(Some(target.creation_time())),
    }
}
