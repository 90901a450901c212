//! CloudWatch Logs: log groups and metric filters.

use serde::{Deserialize, Serialize};

use super::record;
use crate::clock::Timestamp;

/// A dimension of a metric. Of a metric filter's, the value is the field it is taken from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricDimension {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

record! {
    /// A log group.
    "logs_log_group" LogsLogGroup from ["logs:DescribeLogGroups"] volatile ["stored_bytes"] {
        /// ARN, without the `:*` at its end.
        arn: String,
        /// Name.
        name: String,
        /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
        class: Option<String>,
        /// Days after which entries are deleted; null if they are kept for ever.
        retention_days: Option<i64>,
        /// Bytes stored.
        stored_bytes: Option<i64>,
        /// KMS key that encrypts it, if any.
        kms_key_id: Option<String>,
        /// Number of metric filters.
        metric_filter_count: Option<i64>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A metric that a metric filter counts: one row per filter and transformation.
    "logs_metric_filter" LogsMetricFilter from ["logs:DescribeMetricFilters"] volatile [] {
        /// Log group.
        log_group_name: String,
        /// Name of the filter, unique in its group.
        name: String,
        /// Number of the transformation in the filter, from 1.
        position: i64,
        /// The pattern; empty if every entry matches.
        pattern: String,
        /// Metric.
        metric_name: Option<String>,
        /// Namespace of the metric.
        metric_namespace: Option<String>,
        /// What a matching entry adds to the metric: a number, or a field (`$.size`).
        metric_value: Option<String>,
        /// What is reported when nothing matches: a decimal number as text.
        default_value: Option<String>,
        /// Dimensions, each with the field its value is taken from, sorted.
        dimensions: Vec<MetricDimension>,
        /// Fields of the system (`@aws.account`, `@aws.region`) that are dimensions too, sorted.
        system_dimensions: Vec<String>,
        /// Unit.
        unit: Option<String>,
        /// Whether the pattern is applied to the entries as a transformer has changed them.
        apply_on_transformed_logs: bool,
        /// Which entries the pattern is applied to, by system fields; null if to all.
        field_selection_criteria: Option<String>,
    }
}
