//! AWS Config: recorders, where they deliver, and how many resources they know.

use aws_sdk_config::types::ConfigurationRecorder;
use evidence::record::{
    ConfigDeliveryChannel, ConfigDeliveryStatus, ConfigRecorder, ConfigRecorderStatus, ConfigResourceCount,
};

use super::ec2::{read, row};
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static RECORDERS: Source = Source {
    id: "config.recorders",
    operations: &[
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "config:DescribeDeliveryChannelStatus",
        "config:DescribeDeliveryChannels",
    ],
    scope: Scope::Regional,
    tables: &[
        "config_delivery_channel",
        "config_delivery_status",
        "config_recorder",
        "config_recorder_status",
    ],
    collect: |context| Box::pin(recorders(context)),
};

pub(super) static RESOURCE_COUNTS: Source = Source {
    id: "config.resource-counts",
    operations: &["config:GetDiscoveredResourceCounts"],
    scope: Scope::Regional,
    tables: &["config_resource_count"],
    collect: |context| Box::pin(resource_counts(context)),
};

async fn recorders(context: &Context<'_>) {
    let config = context.session.config(context.client_region);
    // These four have no pages: a region has a handful of recorders and one channel.
    match context.ask(config.describe_configuration_recorders().send()).await {
        Ok(answer) => {
            for recorder in answer.output.configuration_recorders() {
                put(context, recorder, answer.exchange);
            }
        }
        Err(failure) => context.gap("config:DescribeConfigurationRecorders", None, &failure),
    }
    match context
        .ask(config.describe_configuration_recorder_status().send())
        .await
    {
        Ok(answer) => {
            for status in answer.output.configuration_recorders_status() {
                let name = status.name().unwrap_or_default().to_owned();
                row!(ConfigRecorderStatus, context, name.clone(), answer.exchange, {
                    name,
                    service_principal: text(status.service_principal()),
                    recording: Some(status.recording()),
                    last_status: status.last_status().map(|s| s.as_str().to_owned()),
                    last_error_code: text(status.last_error_code()),
                    changed_at: time(status.last_status_change_time()),
                    stopped_at: time(status.last_stop_time()),
                });
            }
        }
        Err(failure) => context.gap("config:DescribeConfigurationRecorderStatus", None, &failure),
    }
    match context.ask(config.describe_delivery_channels().send()).await {
        Ok(answer) => {
            for channel in answer.output.delivery_channels() {
                let name = channel.name().unwrap_or_default().to_owned();
                row!(ConfigDeliveryChannel, context, name.clone(), answer.exchange, {
                    name,
                    bucket: text(channel.s3_bucket_name()),
                    topic_arn: text(channel.sns_topic_arn()),
                });
            }
        }
        Err(failure) => context.gap("config:DescribeDeliveryChannels", None, &failure),
    }
    match context.ask(config.describe_delivery_channel_status().send()).await {
        Ok(answer) => {
            for status in answer.output.delivery_channels_status() {
                let name = status.name().unwrap_or_default().to_owned();
                let history = status.config_history_delivery_info().and_then(|i| i.last_status());
                let snapshot = status.config_snapshot_delivery_info().and_then(|i| i.last_status());
                let stream = status.config_stream_delivery_info().and_then(|i| i.last_status());
                row!(ConfigDeliveryStatus, context, name.clone(), answer.exchange, {
                    name,
                    history_status: history.map(|s| s.as_str().to_owned()),
                    snapshot_status: snapshot.map(|s| s.as_str().to_owned()),
                    stream_status: stream.map(|s| s.as_str().to_owned()),
                });
            }
        }
        Err(failure) => context.gap("config:DescribeDeliveryChannelStatus", None, &failure),
    }
}

fn put(context: &Context<'_>, recorder: &ConfigurationRecorder, source: u64) {
    let name = recorder.name().unwrap_or_default().to_owned();
    let group = recorder.recording_group();
    let sorted = |types: &[aws_sdk_config::types::ResourceType]| {
        let mut names: Vec<String> = types.iter().map(|t| t.as_str().to_owned()).collect();
        names.sort();
        names
    };
    row!(ConfigRecorder, context, name.clone(), source, {
        arn: text(recorder.arn()),
        name,
        service_principal: text(recorder.service_principal()),
        all_supported: group.map(|g| g.all_supported()),
        include_global: group.map(|g| g.include_global_resource_types()),
        strategy: group
            .and_then(|g| g.recording_strategy())
            .and_then(|s| s.use_only())
            .map(|u| u.as_str().to_owned()),
        included: group.map(|g| sorted(g.resource_types())).unwrap_or_default(),
        excluded: group
            .and_then(|g| g.exclusion_by_resource_types())
            .map(|e| sorted(e.resource_types()))
            .unwrap_or_default(),
        frequency: recorder.recording_mode().map(|m| m.recording_frequency().as_str().to_owned()),
    });
}

async fn resource_counts(context: &Context<'_>) {
    let config = context.session.config(context.client_region);
    read!(
        context,
        "config:GetDiscoveredResourceCounts",
        |next| config
            .get_discovered_resource_counts()
            .limit(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for count in page.resource_counts() {
                let Some(kind) = count.resource_type() else { continue };
                let resource_type = kind.as_str().to_owned();
                row!(ConfigResourceCount, context, resource_type.clone(), source, {
                    resource_type,
                    resources: count.count(),
                });
            }
        }
    );
}
