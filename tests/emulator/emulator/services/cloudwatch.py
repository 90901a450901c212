"""CloudWatch: rpc-v2-cbor, alarms by type, their history.

The protocol is the only one of aws-sdk-cloudwatch for Rust; moto speaks query and JSON.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
"""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import re
import uuid

import boto3
import botocore.exceptions
from botocore import xform_name
from botocore.config import Config
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from .. import clock
from ..extend import answers
from ..wire import cbor_text

PATH = re.compile(r"^/service/GraniteServiceVersion20100801/operation/(\w+)$")
_reader, _writer = RpcV2CBORParser(timestamp_parser=lambda x: x), RpcV2CBORSerializer()
_session = boto3.Session()


def decode(body: bytes) -> dict:
    return _reader.parse_data_item(_reader.get_peekable_stream_from_bytes(body)) if body else {}


def encode(value, shape) -> bytes:
    out = bytearray()
    if shape is None:
        return b"\xa0"
    _writer._serialize_data_item(out, value, shape)
    return bytes(out)


def head() -> list[tuple[str, str]]:
    return [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"), ("x-amzn-RequestId", str(uuid.uuid4()))]


def error(code: str, message: str, namespace: str = "com.amazonaws") -> bytes:
    return b"\xa2" + cbor_text("__type") + cbor_text(f"{namespace}#{code}") + cbor_text("message") + cbor_text(message)


@functools.lru_cache(maxsize=64)
def _client(region: str, access_key: str, port: int):
    return _session.client("cloudwatch", endpoint_url=f"http://127.0.0.1:{port}", region_name=region, aws_access_key_id=access_key, aws_secret_access_key="x",
                           config=Config(user_agent_extra="exhibit-nested"))


def answer(operation: str, body: bytes, region: str, access_key: str, port: int) -> tuple[int, list[tuple[str, str]], bytes]:
    """Decode the request, ask this same server by a protocol that moto speaks, encode the answer."""
    client = _client(region, access_key, port)
    try:
        result = getattr(client, xform_name(operation))(**decode(body))
        result.pop("ResponseMetadata")
        return 200, head(), encode(result, client.meta.service_model.operation_model(operation).output_shape)
    except botocore.exceptions.ClientError as refused:
        why = refused.response["Error"]
        return refused.response["ResponseMetadata"]["HTTPStatusCode"], head(), error(why["Code"], why["Message"], "com.amazonaws.cloudwatch")


@answers(CloudWatchResponse)
def describe_alarms(self) -> ActionResult:
    """Composite alarms only where they are asked for."""
    found = describe_alarms.original(self).result
    wanted = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
    return ActionResult({"MetricAlarms": list(found["MetricAlarms"]) if "MetricAlarm" in wanted else [],
                         "CompositeAlarms": list(found["CompositeAlarms"]) if "CompositeAlarm" in wanted else []})


@answers(CloudWatchResponse)
def put_composite_alarm(self) -> ActionResult:
    name, backend = self._get_param("AlarmName"), self.cloudwatch_backend
    nothing = dict.fromkeys(inspect.signature(Alarm.__init__).parameters)
    del nothing["self"]
    backend.alarms[name] = Alarm(**nothing | {
        "account_id": backend.account_id, "region_name": backend.region_name, "name": name, "dimensions": [], "rule": self._get_param("AlarmRule"),
        "description": self._get_param("AlarmDescription"), "alarm_actions": self._get_param("AlarmActions", []),
        "actions_enabled": self._get_param("ActionsEnabled")})
    return EmptyResult()


@answers(Alarm)
def update_state(self, reason: str, reason_data: str, state_value: str) -> None:
    before = {"stateValue": self.state_value, "stateReason": self.state_reason}
    update_state.original(self, reason, reason_data, state_value)
    after = {"stateValue": state_value, "stateReason": reason}
    self.__dict__.setdefault("turns", []).append((clock.now().replace(microsecond=0), before, after))


def _moment(value) -> datetime.datetime | None:
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    elif isinstance(value, (int, float)):
        value = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if value and value.tzinfo else value


@answers(CloudWatchResponse)
def describe_alarm_history(self) -> ActionResult:
    name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    wanted = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
    since, until = _moment(self._get_param("StartDate")), _moment(self._get_param("EndDate"))
    items = []
    for alarm in self.cloudwatch_backend.alarms.values():
        of = "MetricAlarm" if alarm.rule is None else "CompositeAlarm"
        for at, before, after in getattr(alarm, "turns", []):
            if name not in (None, alarm.name) or kind not in (None, "StateUpdate") or of not in wanted:
                continue
            if (since and at < since) or (until and at > until) or at < clock.now() - datetime.timedelta(days=30):
                continue
            items.append({"AlarmName": alarm.name, "AlarmType": of, "Timestamp": at, "HistoryItemType": "StateUpdate",
                          "HistorySummary": f"Alarm updated from {before['stateValue']} to {after['stateValue']}",
                          "HistoryData": json.dumps({"version": "1.0", "oldState": before, "newState": after})})
    items.sort(key=lambda item: item["Timestamp"], reverse=self._get_param("ScanBy") != "TimestampAscending")
    return ActionResult({"AlarmHistoryItems": items})
