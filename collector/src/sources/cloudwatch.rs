//! CloudWatch alarms. They are read together with EventBridge's rules and the topics that both notify; see
//! [`super::sns`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, AlarmType, CompositeAlarm, Dimension, HistoryItemType, LogAlarm, MetricAlarm, MetricDataQuery,
    ScanBy,
};
use aws_smithy_types::DateTime;
use evidence::record::{
    AlarmMetric, CloudwatchAlarm, CloudwatchAlarmHistory, CloudwatchCompositeAlarm, CloudwatchLogAlarm, MetricDimension,
};
use serde_json::Value;

use crate::convert::{text, time};
use crate::source::{Context, Pages, Scope, Source, token};

/// AWS keeps the history of an alarm for 30 days.
const HISTORY_DAYS: i64 = 31;

/// Left to itself, AWS tells of metric alarms only.
static ALARM_TYPES: [AlarmType; 3] = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm, AlarmType::LogAlarm];

/// A list of all types of alarm. An endpoint that does not have log alarms yet takes their name for a mistake, and is asked
/// for the others.
async fn of_all_types<T, F: Future<Output = Pages<T>>>(pages: impl Fn(&'static [AlarmType]) -> F) -> Pages<T> {
    let mistaken = [
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "ValidationError",
        "ValidationException",
    ];
    let list = pages(&ALARM_TYPES).await;
    if list.pages.is_empty() && list.failure.as_ref().is_some_and(|failure| failure.is(&mistaken)) {
        return pages(&ALARM_TYPES[..2]).await;
    }
    list
}

pub(super) static ALARM_HISTORY: Source = Source {
    id: "cloudwatch.alarm_history",
    operations: &["cloudwatch:DescribeAlarmHistory"],
    scope: Scope::Regional,
    tables: &["cloudwatch_alarm_history"],
    collect: |context| Box::pin(alarm_history(context)),
};

/// Reads the alarms of the region; gives the ARNs of what they do when they go off.
pub(super) async fn alarms(context: &Context<'_>) -> Vec<String> {
    let cloudwatch = context.session.cloudwatch(context.client_region);
    let list = of_all_types(async |types| {
        let call = |next| {
            cloudwatch
                .describe_alarms()
                .set_alarm_types(Some(types.to_vec()))
                .max_records(100)
                .set_next_token(next)
                .send()
        };
        context.pages(call, |page| token(page.next_token())).await
    })
    .await;
    let mut actions = Vec::new();
    for page in &list.pages {
        for alarm in page.output.metric_alarms() {
            let row = metric_alarm(context, page.exchange, alarm);
            context.put(&row);
            actions.extend(row.alarm_actions);
        }
        for alarm in page.output.composite_alarms() {
            let row = composite_alarm(context, page.exchange, alarm);
            context.put(&row);
            actions.extend(row.alarm_actions);
        }
        for alarm in page.output.log_alarms() {
            let row = log_alarm(context, page.exchange, alarm);
            context.put(&row);
            actions.extend(row.alarm_actions);
        }
    }
    if let Some(failure) = list.failure {
        context.gap("cloudwatch:DescribeAlarms", None, &failure);
    }
    actions
}

fn metric_alarm(context: &Context<'_>, exchange: u64, alarm: &MetricAlarm) -> CloudwatchAlarm {
    let arn = alarm.alarm_arn().unwrap_or_default();
    CloudwatchAlarm {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        actions_enabled: alarm.actions_enabled(),
        alarm_actions: sorted(alarm.alarm_actions()),
        metric_name: text(alarm.metric_name()),
        namespace: text(alarm.namespace()),
        statistic: alarm.statistic().map(|statistic| statistic.as_str().to_owned()),
        extended_statistic: text(alarm.extended_statistic()),
        dimensions: dimensions(alarm.dimensions()),
        period: alarm.period().map(i64::from),
        evaluation_periods: alarm.evaluation_periods().map(i64::from),
        datapoints_to_alarm: alarm.datapoints_to_alarm().map(i64::from),
        // The shortest decimal that is this number: `3`, `0.5`.
        threshold: alarm.threshold().map(|threshold| threshold.to_string()),
        comparison_operator: alarm.comparison_operator().map(|operator| operator.as_str().to_owned()),
        treat_missing_data: text(alarm.treat_missing_data()),
        state_value: alarm.state_value().map(|state| state.as_str().to_owned()),
        state_updated_at: time(alarm.state_updated_timestamp()),
        configured_at: time(alarm.alarm_configuration_updated_timestamp()),
        metrics: alarm.metrics().iter().map(metric).collect(),
    }
}

fn metric(query: &MetricDataQuery) -> AlarmMetric {
    let stat = query.metric_stat();
    let metric = stat.and_then(|stat| stat.metric());
    AlarmMetric {
        id: query.id().unwrap_or_default().to_owned(),
        expression: text(query.expression()),
        metric_name: metric.and_then(|metric| text(metric.metric_name())),
        namespace: metric.and_then(|metric| text(metric.namespace())),
        dimensions: metric.map(|metric| dimensions(metric.dimensions())).unwrap_or_default(),
        stat: stat.and_then(|stat| text(stat.stat())),
        period: stat.and_then(|stat| stat.period()).or(query.period()).map(i64::from),
        unit: stat.and_then(|stat| stat.unit()).map(|unit| unit.as_str().to_owned()),
        return_data: query.return_data(),
        account_id: text(query.account_id()),
    }
}

fn composite_alarm(context: &Context<'_>, exchange: u64, alarm: &CompositeAlarm) -> CloudwatchCompositeAlarm {
    let arn = alarm.alarm_arn().unwrap_or_default();
    CloudwatchCompositeAlarm {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        actions_enabled: alarm.actions_enabled(),
        alarm_actions: sorted(alarm.alarm_actions()),
        alarm_rule: text(alarm.alarm_rule()),
        actions_suppressor: text(alarm.actions_suppressor()),
        state_value: alarm.state_value().map(|state| state.as_str().to_owned()),
        state_updated_at: time(alarm.state_updated_timestamp()),
        configured_at: time(alarm.alarm_configuration_updated_timestamp()),
    }
}

fn log_alarm(context: &Context<'_>, exchange: u64, alarm: &LogAlarm) -> CloudwatchLogAlarm {
    let arn = alarm.alarm_arn().unwrap_or_default();
    let query = alarm.scheduled_query_configuration();
    CloudwatchLogAlarm {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        actions_enabled: alarm.actions_enabled(),
        alarm_actions: sorted(alarm.alarm_actions()),
        query: query.and_then(|query| text(query.query_string())),
        log_groups: query
            .map(|query| sorted(query.log_group_identifiers()))
            .unwrap_or_default(),
        aggregation: query.and_then(|query| text(query.aggregation_expression())),
        threshold: alarm.threshold().map(|threshold| threshold.to_string()),
        comparison_operator: alarm.comparison_operator().map(|operator| operator.as_str().to_owned()),
        treat_missing_data: text(alarm.treat_missing_data()),
        state_value: alarm.state_value().map(|state| state.as_str().to_owned()),
        state_updated_at: time(alarm.state_updated_timestamp()),
        configured_at: time(alarm.alarm_configuration_updated_timestamp()),
    }
}

fn sorted(arns: &[String]) -> Vec<String> {
    let mut arns = arns.to_vec();
    arns.sort();
    arns
}

fn dimensions(dimensions: &[Dimension]) -> Vec<MetricDimension> {
    let mut dimensions: Vec<MetricDimension> = dimensions
        .iter()
        .map(|dimension| MetricDimension {
            name: dimension.name().unwrap_or_default().to_owned(),
            value: dimension.value().unwrap_or_default().to_owned(),
        })
        .collect();
    dimensions.sort();
    dimensions
}

async fn alarm_history(context: &Context<'_>) {
    let cloudwatch = context.session.cloudwatch(context.client_region);
    let since = context
        .events
        .map(|window| DateTime::from_secs(window.to.unix() - HISTORY_DAYS * 86_400));
    let list = of_all_types(async |types| {
        let call = |next| {
            cloudwatch
                .describe_alarm_history()
                .set_alarm_types(Some(types.to_vec()))
                .history_item_type(HistoryItemType::StateUpdate)
                .set_start_date(since)
                .scan_by(ScanBy::TimestampAscending)
                .max_records(100)
                .set_next_token(next)
                .send()
        };
        context.pages(call, |page| token(page.next_token())).await
    })
    .await;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for page in &list.pages {
        for item in page.output.alarm_history_items() {
            let mut row = history_item(context, page.exchange, item);
            // An alarm may turn twice within a second, which is as fine as the record is.
            match seen.entry(row.key.clone()) {
                Entry::Vacant(first) => {
                    first.insert(1);
                }
                Entry::Occupied(mut again) => {
                    *again.get_mut() += 1;
                    row.key = format!("{} {}", row.key, again.get());
                }
            }
            context.put(&row);
        }
    }
    if let Some(failure) = list.failure {
        context.gap("cloudwatch:DescribeAlarmHistory", None, &failure);
    }
}

fn history_item(context: &Context<'_>, exchange: u64, item: &AlarmHistoryItem) -> CloudwatchAlarmHistory {
    let name = item.alarm_name().unwrap_or_default();
    let at = time(item.timestamp());
    let data = text(item.history_data());
    let told: Value = data
        .as_deref()
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or_default();
    let state = |pointer: &str| told.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (old_state, new_state) = (state("/oldState/stateValue"), state("/newState/stateValue"));
    let when = at.map(|at| at.to_string()).unwrap_or_default();
    let change = format!(
        "{} {}",
        old_state.as_deref().unwrap_or_default(),
        new_state.as_deref().unwrap_or_default()
    );
    CloudwatchAlarmHistory {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: format!("{name} {when} {change}"),
        source: exchange,
        alarm_name: name.to_owned(),
        alarm_type: item.alarm_type().map(|kind| kind.as_str().to_owned()),
        at,
        item_type: item.history_item_type().map(|kind| kind.as_str().to_owned()),
        old_state,
        new_state,
        summary: text(item.history_summary()),
        data,
    }
}
