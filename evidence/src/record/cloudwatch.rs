//! CloudWatch alarms and their history.

use serde::{Deserialize, Serialize};

use super::logs::MetricDimension;
use super::record;
use crate::clock::Timestamp;

/// A metric or an expression that an alarm is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmMetric {
    /// Id within the alarm.
    pub id: String,
    /// Metric math or a query; null if it is a metric.
    pub expression: Option<String>,
    /// Metric.
    pub metric_name: Option<String>,
    /// Namespace of the metric.
    pub namespace: Option<String>,
    /// Dimensions, sorted.
    pub dimensions: Vec<MetricDimension>,
    /// Statistic.
    pub stat: Option<String>,
    /// Length of a period in seconds.
    pub period: Option<i64>,
    /// Unit.
    pub unit: Option<String>,
    /// Whether the alarm is judged by this one.
    pub return_data: Option<bool>,
    /// Account the metric is in, if another.
    pub account_id: Option<String>,
}

record! {
    /// A metric alarm.
    "cloudwatch_alarm" CloudwatchAlarm from ["cloudwatch:DescribeAlarms"] volatile ["state_value", "state_updated_at"] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Whether actions are taken at all.
        actions_enabled: Option<bool>,
        /// ARNs of what is done when the state turns to ALARM, sorted.
        alarm_actions: Vec<String>,
        /// Metric; null for an alarm on several (`metrics`).
        metric_name: Option<String>,
        /// Namespace of the metric.
        namespace: Option<String>,
        /// `Sum`, `SampleCount`, `Maximum`, `Minimum` or `Average`.
        statistic: Option<String>,
        /// A percentile and the like, in place of a statistic.
        extended_statistic: Option<String>,
        /// Dimensions of the metric, sorted.
        dimensions: Vec<MetricDimension>,
        /// Length of a period in seconds.
        period: Option<i64>,
        /// Periods looked at.
        evaluation_periods: Option<i64>,
        /// Periods that must breach; null if all of them.
        datapoints_to_alarm: Option<i64>,
        /// Threshold: a decimal number as text, without an exponent.
        threshold: Option<String>,
        /// How the metric is compared with the threshold.
        comparison_operator: Option<String>,
        /// What a period without data counts as: `missing` (also where AWS gives nothing), `ignore`, `breaching`,
        /// `notBreaching`.
        treat_missing_data: Option<String>,
        /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
        state_value: Option<String>,
        /// When the state was last updated.
        state_updated_at: Option<Timestamp>,
        /// When the configuration was last changed.
        configured_at: Option<Timestamp>,
        /// Metrics and expressions of an alarm on several: a list of objects with `id`, `expression`, `metric_name`,
        /// `namespace`, `dimensions`, `stat`, `period`, `unit`, `return_data`, `account_id`.
        metrics: Vec<AlarmMetric>,
    }
}

record! {
    /// A composite alarm: one that depends on the states of other alarms.
    "cloudwatch_composite_alarm" CloudwatchCompositeAlarm from ["cloudwatch:DescribeAlarms"]
        volatile ["state_value", "state_updated_at"] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Whether actions are taken at all.
        actions_enabled: Option<bool>,
        /// ARNs of what is done when the state turns to ALARM, sorted.
        alarm_actions: Vec<String>,
        /// The rule: `ALARM("a") OR ALARM("b")`.
        alarm_rule: Option<String>,
        /// Alarm whose state ALARM holds back the actions, if any.
        actions_suppressor: Option<String>,
        /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
        state_value: Option<String>,
        /// When the state was last updated.
        state_updated_at: Option<Timestamp>,
        /// When the configuration was last changed.
        configured_at: Option<Timestamp>,
    }
}

record! {
    /// An alarm on what a scheduled query finds in log groups.
    "cloudwatch_log_alarm" CloudwatchLogAlarm from ["cloudwatch:DescribeAlarms"]
        volatile ["state_value", "state_updated_at"] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Whether actions are taken at all.
        actions_enabled: Option<bool>,
        /// ARNs of what is done when the state turns to ALARM, sorted.
        alarm_actions: Vec<String>,
        /// The query.
        query: Option<String>,
        /// Names or ARNs of the log groups that it looks in, sorted.
        log_groups: Vec<String>,
        /// How the results become a number: `count(*)`.
        aggregation: Option<String>,
        /// Threshold, as the shortest decimal.
        threshold: Option<String>,
        /// How the number is compared with the threshold.
        comparison_operator: Option<String>,
        /// What no data means.
        treat_missing_data: Option<String>,
        /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
        state_value: Option<String>,
        /// When the state was last updated.
        state_updated_at: Option<Timestamp>,
        /// When the configuration was last changed.
        configured_at: Option<Timestamp>,
    }
}

record! {
    /// A change of an alarm's state. AWS keeps them for a limited time (30 days); 31 days are asked for.
    "cloudwatch_alarm_history" CloudwatchAlarmHistory from ["cloudwatch:DescribeAlarmHistory"] volatile [] {
        /// Alarm.
        alarm_name: String,
        /// `MetricAlarm`, `CompositeAlarm` or `LogAlarm`.
        alarm_type: Option<String>,
        /// When.
        at: Option<Timestamp>,
        /// `StateUpdate`.
        item_type: Option<String>,
        /// State before.
        old_state: Option<String>,
        /// State after.
        new_state: Option<String>,
        /// AWS's sentence about it.
        summary: Option<String>,
        /// AWS's account of it, JSON text.
        data: Option<String>,
    }
}
