//! CloudWatch Logs.

use aws_sdk_cloudwatchlogs::types::{LogGroup, MetricFilter, MetricTransformation};
use evidence::clock::Timestamp;
use evidence::record::{LogsLogGroup, LogsMetricFilter, MetricDimension};

use crate::convert::text;
use crate::source::{Context, Scope, Source, token};

pub(super) static LOG_GROUPS: Source = Source {
    id: "logs.groups",
    operations: &["logs:DescribeLogGroups"],
    scope: Scope::Regional,
    tables: &["logs_log_group"],
    collect: |context| Box::pin(log_groups(context)),
};

pub(super) static METRIC_FILTERS: Source = Source {
    id: "logs.metric_filters",
    operations: &["logs:DescribeMetricFilters"],
    scope: Scope::Regional,
    tables: &["logs_metric_filter"],
    collect: |context| Box::pin(metric_filters(context)),
};

async fn log_groups(context: &Context<'_>) {
    let logs = context.session.logs(context.client_region);
    let list = context
        .pages(
            |next| logs.describe_log_groups().limit(50).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for group in page.output.log_groups() {
            context.put(&log_group(context, page.exchange, group));
        }
    }
    if let Some(failure) = list.failure {
        context.gap("logs:DescribeLogGroups", None, &failure);
    }
}

fn log_group(context: &Context<'_>, exchange: u64, group: &LogGroup) -> LogsLogGroup {
    let arn = bare(group.log_group_arn().or(group.arn()).unwrap_or_default());
    LogsLogGroup {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: group.log_group_name().unwrap_or_default().to_owned(),
        class: group.log_group_class().map(|class| class.as_str().to_owned()),
        retention_days: group.retention_in_days().map(i64::from),
        stored_bytes: group.stored_bytes(),
        kms_key_id: text(group.kms_key_id()),
        metric_filter_count: group.metric_filter_count().map(i64::from),
        created_at: group
            .creation_time()
            .and_then(|milliseconds| Timestamp::from_unix(milliseconds.div_euclid(1000))),
    }
}

/// An ARN without the `:*` that stands for the streams in it.
fn bare(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}

async fn metric_filters(context: &Context<'_>) {
    let logs = context.session.logs(context.client_region);
    let list = context
        .pages(
            |next| logs.describe_metric_filters().limit(50).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for filter in page.output.metric_filters() {
            // AWS allows exactly one; a filter without any still watches something.
            let transformations = filter.metric_transformations();
            if transformations.is_empty() {
                context.put(&metric_filter(context, page.exchange, filter, 1, None));
            }
            for (position, transformation) in (1..).zip(transformations) {
                context.put(&metric_filter(
                    context,
                    page.exchange,
                    filter,
                    position,
                    Some(transformation),
                ));
            }
        }
    }
    if let Some(failure) = list.failure {
        context.gap("logs:DescribeMetricFilters", None, &failure);
    }
}

fn metric_filter(
    context: &Context<'_>,
    exchange: u64,
    filter: &MetricFilter,
    position: i64,
    transformation: Option<&MetricTransformation>,
) -> LogsMetricFilter {
    let group = filter.log_group_name().unwrap_or_default();
    let name = filter.filter_name().unwrap_or_default();
    let mut dimensions: Vec<MetricDimension> = transformation
        .and_then(|t| t.dimensions())
        .into_iter()
        .flatten()
        .map(|(name, value)| MetricDimension {
            name: name.clone(),
            value: value.clone(),
        })
        .collect();
    dimensions.sort();
    let mut system_dimensions = filter.emit_system_field_dimensions().to_vec();
    system_dimensions.sort();
    LogsMetricFilter {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: format!("{group} {name} {position}"),
        source: exchange,
        log_group_name: group.to_owned(),
        name: name.to_owned(),
        position,
        pattern: filter.filter_pattern().unwrap_or_default().to_owned(),
        metric_name: transformation.and_then(|t| text(Some(t.metric_name()))),
        metric_namespace: transformation.and_then(|t| text(Some(t.metric_namespace()))),
        metric_value: transformation.and_then(|t| text(Some(t.metric_value()))),
        default_value: transformation
            .and_then(MetricTransformation::default_value)
            .map(|n| n.to_string()),
        dimensions,
        system_dimensions,
        unit: transformation
            .and_then(|t| t.unit())
            .map(|unit| unit.as_str().to_owned()),
        apply_on_transformed_logs: filter.apply_on_transformed_logs(),
        field_selection_criteria: text(filter.field_selection_criteria()),
    }
}
