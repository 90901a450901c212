//! Who is told when something happens: alarms, rules of EventBridge, and the topics that they notify. One source,
//! because which topics there are to ask for is known only from the alarms and rules.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sns::types::Subscription;
use evidence::record::{SnsSubscription, SnsTopic};

use super::{cloudwatch, eventbridge};
use crate::convert::text;
use crate::source::{Context, Scope, Source, token};

pub(super) static NOTIFICATIONS: Source = Source {
    id: "sns.notifications",
    operations: &[
        "cloudwatch:DescribeAlarms",
        "events:ListEventBuses",
        "events:ListRules",
        "events:ListTargetsByRule",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
    ],
    scope: Scope::Regional,
    tables: &[
        "cloudwatch_alarm",
        "cloudwatch_composite_alarm",
        "cloudwatch_log_alarm",
        "events_bus",
        "events_rule",
        "events_target",
        "sns_subscription",
        "sns_topic",
    ],
    collect: |context| Box::pin(notifications(context)),
};

async fn notifications(context: &Context<'_>) {
    let (actions, targets) = futures::join!(cloudwatch::alarms(context), eventbridge::rules(context));
    let topics: BTreeSet<String> = actions.into_iter().chain(targets).filter(|arn| is_topic(arn)).collect();
    let sns = context.session.sns(context.client_region);
    context.each(&topics, |arn| topic(context, &sns, arn)).await;
}

fn is_topic(arn: &str) -> bool {
    let mut parts = arn.split(':');
    parts.next() == Some("arn") && parts.nth(1) == Some("sns") && parts.count() == 3
}

async fn topic(context: &Context<'_>, sns: &aws_sdk_sns::Client, arn: &str) {
    let mut row = SnsTopic {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: 0,
        arn: arn.to_owned(),
        name: arn.rsplit(':').next().unwrap_or_default().to_owned(),
        present: true,
        owner: None,
        policy: None,
        kms_key_id: None,
        subscriptions_confirmed: None,
        subscriptions_pending: None,
        subscriptions_deleted: None,
    };
    match context.ask(sns.get_topic_attributes().topic_arn(arn).send()).await {
        Ok(answer) => {
            let attribute = |name: &str| text(answer.output.attributes()?.get(name).map(String::as_str));
            let count = |name: &str| attribute(name)?.parse().ok();
            row.source = answer.exchange;
            row.owner = attribute("Owner");
            row.policy = attribute("Policy");
            row.kms_key_id = attribute("KmsMasterKeyId");
            row.subscriptions_confirmed = count("SubscriptionsConfirmed");
            row.subscriptions_pending = count("SubscriptionsPending");
            row.subscriptions_deleted = count("SubscriptionsDeleted");
            context.put(&row);
        }
        Err(failure) if failure.is(&["NotFound", "NotFoundException"]) => {
            row.source = failure.exchange.unwrap_or_default();
            row.present = false;
            context.put(&row);
            // It has no subscriptions to ask for.
            return;
        }
        Err(failure) => context.gap("sns:GetTopicAttributes", Some(arn), &failure),
    }
    subscriptions(context, sns, arn).await;
}

async fn subscriptions(context: &Context<'_>, sns: &aws_sdk_sns::Client, topic: &str) {
    let list = context
        .pages(
            |next| {
                sns.list_subscriptions_by_topic()
                    .topic_arn(topic)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for page in &list.pages {
        for subscription in page.output.subscriptions() {
            let mut row = described(context, page.exchange, topic, subscription);
            let times = seen.entry(row.key.clone()).or_default();
            *times += 1;
            if *times > 1 {
                row.key = format!("{} {times}", row.key);
            }
            context.put(&row);
        }
    }
    match list.failure {
        // Deleted since it was described.
        Some(failure) if failure.is(&["NotFound", "NotFoundException"]) => {}
        Some(failure) => context.gap("sns:ListSubscriptionsByTopic", Some(topic), &failure),
        None => {}
    }
}

fn described(context: &Context<'_>, exchange: u64, topic: &str, subscription: &Subscription) -> SnsSubscription {
    // One that is not confirmed has no ARN of its own.
    let (protocol, endpoint) = (text(subscription.protocol()), text(subscription.endpoint()));
    let mut key = format!(
        "{topic} {} {}",
        protocol.as_deref().unwrap_or_default(),
        endpoint.as_deref().unwrap_or_default()
    );
    // Of a web hook only the host is kept: two of them are told apart by their ARNs.
    if let (true, Some((_, id))) = (
        key.ends_with("/redacted"),
        subscription.subscription_arn().and_then(|arn| arn.rsplit_once(':')),
    ) {
        key = format!("{key} {id}");
    }
    SnsSubscription {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key,
        source: exchange,
        topic_arn: topic.to_owned(),
        subscription_arn: text(subscription.subscription_arn()),
        protocol,
        endpoint,
        owner: text(subscription.owner()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_among_actions() {
        assert!(is_topic("arn:aws:sns:us-east-1:111122223333:alerts"));
        assert!(is_topic("arn:aws-us-gov:sns:us-gov-west-1:111122223333:alerts.fifo"));
        for other in [
            "arn:aws:sns:us-east-1:111122223333:alerts:6b0e71bd-7e97-4d97-80ce-4a0994e55286",
            "arn:aws:lambda:us-east-1:111122223333:function:alert",
            "arn:aws:automate:us-east-1:ec2:stop",
            "alerts",
        ] {
            assert!(!is_topic(other), "{other}");
        }
    }
}
