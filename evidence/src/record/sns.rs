//! SNS topics that alarms and rules notify, and who gets their messages.

use super::record;

record! {
    /// A topic that an alarm or a rule of the region notifies. It may be another account's.
    "sns_topic" SnsTopic from [
        "cloudwatch:DescribeAlarms", "events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule",
        "sns:GetTopicAttributes",
    ] volatile ["subscriptions_confirmed", "subscriptions_pending", "subscriptions_deleted"] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// False when AWS answers NotFound: there is no such topic.
        present: bool,
        /// Account it belongs to.
        owner: Option<String>,
        /// Access policy.
        policy: Option<String>,
        /// KMS key that encrypts it, if any.
        kms_key_id: Option<String>,
        /// Confirmed subscriptions, by AWS's count.
        subscriptions_confirmed: Option<i64>,
        /// Subscriptions to be confirmed, by AWS's count.
        subscriptions_pending: Option<i64>,
        /// Deleted subscriptions, by AWS's count.
        subscriptions_deleted: Option<i64>,
    }
}

record! {
    /// A subscription of such a topic.
    "sns_subscription" SnsSubscription from [
        "cloudwatch:DescribeAlarms", "events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule",
        "sns:ListSubscriptionsByTopic",
    ] volatile [] {
        /// ARN of the topic.
        topic_arn: String,
        /// ARN; `PendingConfirmation` or `Deleted` for one that has none.
        subscription_arn: Option<String>,
        /// Protocol: `email`, `email-json`, `sms`, `https`, `http`, `sqs`, `lambda`, …
        protocol: Option<String>,
        /// Who or what gets the messages.
        endpoint: Option<String>,
        /// Account it belongs to.
        owner: Option<String>,
    }
}
