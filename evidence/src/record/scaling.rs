//! What scales by itself: policies of Auto Scaling groups, targets of Application Auto Scaling.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A scaling policy of an Auto Scaling group.
    "autoscaling_policy" AutoscalingPolicy from ["autoscaling:DescribePolicies"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Auto Scaling group.
        group_name: String,
        /// `TargetTrackingScaling`, `StepScaling`, `SimpleScaling` or `PredictiveScaling`.
        policy_type: Option<String>,
        /// Whether it is enabled; null where AWS does not say.
        enabled: Option<bool>,
        /// Mode of a predictive policy: `ForecastOnly` or `ForecastAndScale`.
        predictive_mode: Option<String>,
        /// ARNs of the alarms that set it off, sorted.
        alarm_arns: Vec<String>,
    }
}

record! {
    /// A scalable target of Application Auto Scaling.
    "application_autoscaling_target" ApplicationAutoscalingTarget
        from ["application-autoscaling:DescribeScalableTargets"] volatile [] {
        /// `dynamodb`, `rds`, `ecs`, …
        service_namespace: String,
        /// What scales: `table/orders`, `cluster:main`.
        resource_id: String,
        /// Which of its sizes: `dynamodb:table:ReadCapacityUnits`.
        scalable_dimension: String,
        /// Smallest size.
        min_capacity: i64,
        /// Greatest size.
        max_capacity: i64,
        /// Whether scaling in by policies is suspended.
        scaling_in_suspended: Option<bool>,
        /// Whether scaling out by policies is suspended.
        scaling_out_suspended: Option<bool>,
        /// When it was registered.
        created_at: Option<Timestamp>,
    }
}
