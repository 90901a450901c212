"""CloudTrail's event history: events that a test states, found as AWS finds them.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html

An event is the JSON that CloudTrail writes; `{"raw": "text", "eventID": …}` is one whose document is that text.
"""

from __future__ import annotations

import datetime
import json
import threading

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult

from .. import clock
from ..extend import Refusal, answers

_events: dict[tuple[str, str], list[dict]] = {}
_lock = threading.Lock()
_LONGEST = datetime.timedelta(days=90)


def add(account: str, region: str | None, given: dict | list) -> None:
    """Keep events of an account; the region is the event's own unless it is named."""
    for event in given if isinstance(given, list) else [given]:
        for name in ("eventID", "eventTime", "eventName", "eventSource"):
            if name not in event:
                raise ValueError(f"the event has no {name}")
        where = region or event.get("awsRegion", "us-east-1")
        with _lock:
            _events.setdefault((account, where), []).append(event)


def forget(account: str | None = None) -> None:
    with _lock:
        for key in [key for key in _events if account in (None, key[0])]:
            del _events[key]


def kept(account: str) -> list[dict]:
    """All events of an account, as a trail would deliver them."""
    with _lock:
        return [event for (number, _), events in _events.items() if number == account for event in events]


def _username(event: dict) -> str | None:
    identity = event.get("userIdentity", {})
    if identity.get("type") == "Root":
        return "root"
    if identity.get("type") == "AssumedRole":
        return identity.get("arn", "").rsplit("/", 1)[-1] or None
    return identity.get("userName")


def _resources(event: dict, member: str) -> list[str]:
    return [resource.get(member, "") for resource in event.get("resources") or []]


_ATTRIBUTES = {
    "EventId": lambda event: [event["eventID"]], "EventName": lambda event: [event["eventName"]],
    "ReadOnly": lambda event: [str(bool(event.get("readOnly"))).lower()], "Username": lambda event: [_username(event)],
    "ResourceType": lambda event: _resources(event, "type"), "ResourceName": lambda event: _resources(event, "ARN"),
    "EventSource": lambda event: [event["eventSource"]], "AccessKeyId": lambda event: [event.get("userIdentity", {}).get("accessKeyId")],
}


def _moment(event: dict) -> datetime.datetime:
    return datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).astimezone(datetime.timezone.utc).replace(tzinfo=None)


def _time(value) -> datetime.datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if value.tzinfo else value
    return datetime.datetime.fromtimestamp(float(value), datetime.timezone.utc).replace(tzinfo=None)


@answers(CloudTrailResponse)
def lookup_events(self) -> ActionResult:
    attributes = self._get_param("LookupAttributes") or []
    if len(attributes) > 1 or any(a.get("AttributeKey") not in _ATTRIBUTES for a in attributes):
        raise Refusal("InvalidLookupAttributesException", "One lookup attribute is allowed at most.")
    start, end = _time(self._get_param("StartTime")), _time(self._get_param("EndTime"))
    if start and end and start > end:
        raise Refusal("InvalidTimeRangeException", "The start time is after the end time.")
    oldest = clock.now() - _LONGEST - datetime.timedelta(minutes=10)
    with _lock:
        events = list(_events.get((self.current_account, self.region), ()))
    found = []
    for event in events:
        at = _moment(event)
        if at < oldest or (start and at < start) or (end and at > end):
            continue
        if all(a["AttributeValue"] in _ATTRIBUTES[a["AttributeKey"]](event) for a in attributes):
            found.append((at, event))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return ActionResult({"Events": [{
        "EventId": event["eventID"], "EventName": event["eventName"], "ReadOnly": str(bool(event.get("readOnly"))).lower(),
        "AccessKeyId": event.get("userIdentity", {}).get("accessKeyId") or None, "EventTime": at, "EventSource": event["eventSource"],
        "Username": _username(event), "Resources": [{"ResourceType": r.get("type"), "ResourceName": r.get("ARN")} for r in event.get("resources") or []],
        "CloudTrailEvent": event.get("raw", json.dumps(event)),
    } for at, event in found]})
