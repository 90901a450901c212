"""SNS: subscriptions that wait for their confirmation, as they are listed and counted.

https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse

from ..extend import Refusal, answers

# Confirmed at once where topic and endpoint are one account's.
_AT_ONCE = {"application", "firehose", "lambda", "sms", "sqs"}


def _confirmed(subscription) -> bool:
    return subscription.protocol in _AT_ONCE or getattr(subscription, "opted_in", False)


@answers(SNSResponse)
def subscribe(self) -> ActionResult:
    made = subscribe.original(self)
    subscription = self.backend.subscriptions[made.result["SubscriptionArn"]]
    return made if _confirmed(subscription) or self._get_param("ReturnSubscriptionArn") else ActionResult({"SubscriptionArn": "pending confirmation"})


@answers(SNSResponse)
def confirm_subscription(self) -> ActionResult:
    """The token is in the mail, which nobody gets here: the endpoint stands for it."""
    for subscription in self.backend.subscriptions.values():
        if subscription.topic.arn == self._get_param("TopicArn") and subscription.endpoint == self._get_param("Token"):
            subscription.opted_in = True
            return ActionResult({"SubscriptionArn": subscription.arn})
    raise Refusal("InvalidParameter", "Invalid parameter: Token", 400)


@answers(SNSResponse)
def list_subscriptions_by_topic(self) -> ActionResult:
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    return ActionResult({"Subscriptions": [
        {"SubscriptionArn": s.arn if _confirmed(s) else "PendingConfirmation", "Owner": s.owner, "Protocol": s.protocol, "Endpoint": s.endpoint, "TopicArn": topic.arn}
        for s in self.backend._get_topic_subscriptions(topic)]})


@answers(SNSResponse)
def get_topic_attributes(self) -> ActionResult:
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    subscriptions = self.backend._get_topic_subscriptions(topic)
    topic.subscriptions_confimed = sum(map(_confirmed, subscriptions))  # moto's spelling
    topic.subscriptions_pending = len(subscriptions) - topic.subscriptions_confimed
    return get_topic_attributes.original(self)
