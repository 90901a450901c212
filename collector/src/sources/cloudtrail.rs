//! CloudTrail. Every region lists a multi-region trail; it is kept once, and asked about in its
//! home region.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, EventSelector, Trail};
use evidence::record::{CloudtrailEventSelector, CloudtrailLogGroupDelivery, CloudtrailTrail, CloudtrailTrailStatus};
use futures::future::join_all;

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source};

pub(super) static TRAILS: Source = Source {
    id: "cloudtrail.trails",
    operations: &[
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetTrailStatus",
    ],
    // Once per account: the regions' lists overlap and are made one here.
    scope: Scope::Global,
    tables: &[
        "cloudtrail_event_selector",
        "cloudtrail_log_group_delivery",
        "cloudtrail_trail",
        "cloudtrail_trail_status",
    ],
    collect: |context| Box::pin(trails(context)),
};

/// A trail, where it was seen, and in which exchange first.
struct Seen {
    trail: Trail,
    exchange: u64,
    regions: BTreeSet<String>,
}

async fn trails(context: &Context<'_>) {
    let lists = join_all(context.regions.iter().map(|region| async move {
        let call = context
            .session
            .cloudtrail(region)
            .describe_trails()
            .include_shadow_trails(true)
            .send();
        (region, context.ask(call).await)
    }))
    .await;
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for (region, answer) in lists {
        match answer {
            Ok(answer) => {
                for trail in answer.output.trail_list() {
                    let arn = trail.trail_arn().unwrap_or_default().to_owned();
                    let at_home = trail.home_region() == Some(region);
                    let entry = seen.entry(arn).or_insert_with(|| Seen {
                        trail: trail.clone(),
                        exchange: answer.exchange,
                        regions: BTreeSet::new(),
                    });
                    if at_home {
                        (entry.trail, entry.exchange) = (trail.clone(), answer.exchange);
                    }
                    entry.regions.insert(region.clone());
                }
            }
            Err(failure) => context.gap_in(region, "cloudtrail:DescribeTrails", None, &failure),
        }
    }
    context.each(&seen, |(arn, seen)| trail(context, arn, seen)).await;
}

async fn trail(context: &Context<'_>, arn: &str, seen: &Seen) {
    let home = seen.trail.home_region().unwrap_or(context.client_region);
    let cloudtrail = context.session.cloudtrail(home);
    context.put(&described(context, arn, home, seen));
    match context.ask(cloudtrail.get_trail_status().name(arn).send()).await {
        Ok(answer) => {
            context.put(&CloudtrailTrailStatus {
                account: context.account.to_owned(),
                region: home.to_owned(),
                key: arn.to_owned(),
                source: answer.exchange,
                trail_arn: arn.to_owned(),
                logging: answer.output.is_logging(),
                latest_delivery_at: time(answer.output.latest_delivery_time()),
                latest_delivery_error: text(answer.output.latest_delivery_error()),
                latest_digest_at: time(answer.output.latest_digest_delivery_time()),
                latest_digest_error: text(answer.output.latest_digest_delivery_error()),
                started_at: time(answer.output.start_logging_time()),
                stopped_at: time(answer.output.stop_logging_time()),
            });
            if text(seen.trail.cloud_watch_logs_log_group_arn()).is_some() {
                context.put(&CloudtrailLogGroupDelivery {
                    account: context.account.to_owned(),
                    region: home.to_owned(),
                    key: arn.to_owned(),
                    source: answer.exchange,
                    trail_arn: arn.to_owned(),
                    latest_delivery_at: time(answer.output.latest_cloud_watch_logs_delivery_time()),
                    latest_delivery_error: text(answer.output.latest_cloud_watch_logs_delivery_error()),
                });
            }
        }
        Err(failure) => context.gap_in(home, "cloudtrail:GetTrailStatus", Some(arn), &failure),
    }
    match context
        .ask(cloudtrail.get_event_selectors().trail_name(arn).send())
        .await
    {
        Ok(answer) => {
            let basic = answer.output.event_selectors().iter().map(basic_selector);
            let advanced = answer.output.advanced_event_selectors().iter().map(advanced_selector);
            for (n, selector) in basic.chain(advanced).enumerate() {
                let position = n as i64 + 1;
                context.put(&CloudtrailEventSelector {
                    account: context.account.to_owned(),
                    region: home.to_owned(),
                    key: format!("{arn} {position}"),
                    source: answer.exchange,
                    trail_arn: arn.to_owned(),
                    position,
                    ..selector
                });
            }
        }
        Err(failure) => context.gap_in(home, "cloudtrail:GetEventSelectors", Some(arn), &failure),
    }
}

fn described(context: &Context<'_>, arn: &str, home: &str, seen: &Seen) -> CloudtrailTrail {
    let trail = &seen.trail;
    CloudtrailTrail {
        account: context.account.to_owned(),
        region: home.to_owned(),
        key: arn.to_owned(),
        source: seen.exchange,
        arn: arn.to_owned(),
        name: text(trail.name()),
        home_region: text(trail.home_region()),
        multi_region: trail.is_multi_region_trail(),
        global_service_events: trail.include_global_service_events(),
        organization: trail.is_organization_trail(),
        log_file_validation: trail.log_file_validation_enabled(),
        bucket: text(trail.s3_bucket_name()),
        prefix: text(trail.s3_key_prefix()),
        kms_key_id: text(trail.kms_key_id()),
        log_group_arn: text(trail.cloud_watch_logs_log_group_arn()),
        sns_topic_arn: text(trail.sns_topic_arn()),
        seen_in: seen.regions.iter().cloned().collect(),
    }
}

fn empty(form: &str) -> CloudtrailEventSelector {
    CloudtrailEventSelector {
        account: String::new(),
        region: String::new(),
        key: String::new(),
        source: 0,
        trail_arn: String::new(),
        position: 0,
        form: form.to_owned(),
        name: None,
        read_write_type: None,
        include_management_events: None,
        excluded_sources: Vec::new(),
        data_resources: Vec::new(),
        fields: Vec::new(),
    }
}

fn basic_selector(selector: &EventSelector) -> CloudtrailEventSelector {
    let mut excluded_sources = selector.exclude_management_event_sources().to_vec();
    excluded_sources.sort();
    let mut data_resources: Vec<String> = selector
        .data_resources()
        .iter()
        .flat_map(|resource| {
            let kind = resource.r#type().unwrap_or_default();
            resource.values().iter().map(move |value| format!("{kind}={value}"))
        })
        .collect();
    data_resources.sort();
    CloudtrailEventSelector {
        read_write_type: selector.read_write_type().map(|kind| kind.as_str().to_owned()),
        include_management_events: selector.include_management_events(),
        excluded_sources,
        data_resources,
        ..empty("basic")
    }
}

fn advanced_selector(selector: &AdvancedEventSelector) -> CloudtrailEventSelector {
    let mut fields = Vec::new();
    for field in selector.field_selectors() {
        let conditions = [
            ("equals", field.equals()),
            ("startsWith", field.starts_with()),
            ("endsWith", field.ends_with()),
            ("notEquals", field.not_equals()),
            ("notStartsWith", field.not_starts_with()),
            ("notEndsWith", field.not_ends_with()),
        ];
        for (operator, values) in conditions {
            fields.extend(
                values
                    .iter()
                    .map(|value| format!("{} {operator} {value}", field.field())),
            );
        }
    }
    fields.sort();
    CloudtrailEventSelector {
        name: text(selector.name()),
        fields,
        ..empty("advanced")
    }
}
