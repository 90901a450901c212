"""CloudTrail: status with delivery times, the default selector, trails asked for by ARN from elsewhere.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
"""

from __future__ import annotations

import datetime
import json

import moto.cloudtrail.models as models
from moto.cloudtrail.exceptions import TrailNotFoundException
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult

from .. import clock
from ..extend import answers

_DEFAULT_SELECTOR = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}


@answers(models.CloudTrailBackend)
def get_trail(self, name_or_arn: str):
    """By name in the home region; by ARN anywhere a shadow of the trail is."""
    for trail in self.describe_trails(include_shadow_trails=True):
        if name_or_arn == trail.arn or (name_or_arn == trail.trail_name and trail.region_name == self.region_name):
            return trail
    raise TrailNotFoundException(account_id=self.account_id, name=name_or_arn)


def _own(self):
    """The trail to be changed, which AWS allows in its home region only."""
    trail = self.cloudtrail_backend.get_trail(self._get_param("Name"))
    if trail.region_name != self.region:
        raise JsonRESTError("InvalidHomeRegionException", f"The trail's home region is {trail.region_name}.")
    return trail


@answers(CloudTrailResponse)
def start_logging(self) -> ActionResult:
    _own(self).start_logging()
    return EmptyResult()


@answers(CloudTrailResponse)
def stop_logging(self) -> ActionResult:
    _own(self).stop_logging()
    return EmptyResult()


@answers(CloudTrailResponse)
def delete_trail(self) -> ActionResult:
    self.cloudtrail_backend.delete_trail(_own(self).trail_name)
    return EmptyResult()


def _text(moment: datetime.datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


@answers(CloudTrailResponse)
def get_trail_status(self) -> ActionResult:
    trail = self.cloudtrail_backend.get_trail(self._get_param("Name"))
    status, told = trail.status, getattr(trail, "told", {})
    last = clock.now() if status.is_logging else status.stopped

    def delivered(hours: float) -> datetime.datetime | None:
        if not status.started:
            return None
        return last - datetime.timedelta(hours=hours)

    result = {
        "IsLogging": status.is_logging, "StartLoggingTime": status.started, "StopLoggingTime": status.stopped,
        "LatestDeliveryTime": delivered(told.get("delivery_hours_ago", 0.1)), "LatestDeliveryError": told.get("delivery_error"),
        "TimeLoggingStarted": _text(status.started), "TimeLoggingStopped": _text(status.stopped),
        "LatestDeliveryAttemptTime": _text(delivered(told.get("delivery_hours_ago", 0.1))),
        "LatestDeliveryAttemptSucceeded": "" if told.get("delivery_error") else _text(delivered(told.get("delivery_hours_ago", 0.1))),
        "LatestNotificationAttemptTime": "", "LatestNotificationAttemptSucceeded": "",
    }
    if trail.log_validation:
        result |= {"LatestDigestDeliveryTime": delivered(told.get("digest_hours_ago", 0.5)), "LatestDigestDeliveryError": told.get("digest_error")}
    if trail.cw_log_group_arn:
        result["LatestCloudWatchLogsDeliveryTime"] = delivered(0.1)
    return ActionResult(result)


def tell(account: str, region: str, name: str, told: dict) -> None:
    """What the status shall say (control endpoint)."""
    trail = models.cloudtrail_backends[account][region].get_trail(name)
    trail.told = getattr(trail, "told", {}) | told


@answers(CloudTrailResponse)
def describe_trails(self) -> ActionResult:
    wanted = json.loads(self.body or "{}").get("trailNameList") or []
    shadows = self._get_bool_param("includeShadowTrails", True)
    found = []
    for trail in self.cloudtrail_backend.describe_trails(shadows):
        if wanted and trail.arn not in wanted and not (trail.trail_name in wanted and trail.region_name == self.region):
            continue
        custom = bool(trail.event_selectors or trail.advanced_event_selectors)
        found.append(trail.description(include_region=True) | {"HasCustomEventSelectors": custom, "HasInsightSelectors": bool(trail.insight_selectors)})
    return ActionResult({"trailList": found})


@answers(models.Trail)
def put_event_selectors(self, event_selectors, advanced_event_selectors) -> None:
    """Basic and advanced selectors replace each other."""
    filled = [{key: value for key, value in _DEFAULT_SELECTOR.items()} | selector for selector in event_selectors or []]
    self.event_selectors, self.advanced_event_selectors = filled, advanced_event_selectors or []


@answers(CloudTrailResponse)
def get_event_selectors(self) -> ActionResult:
    trail = self.cloudtrail_backend.get_trail(self._get_param("TrailName"))
    if trail.advanced_event_selectors:
        return ActionResult({"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors})
    return ActionResult({"TrailARN": trail.arn, "EventSelectors": trail.event_selectors or [_DEFAULT_SELECTOR]})
