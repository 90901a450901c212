"""Is a request one that AWS would take? Held against AWS's service models (botocore's): required members, unknown ones, enumerations,
ranges, lengths, patterns; and what only the documentation says, members that exclude one another.

AWS answers what breaks these rules with ValidationException or InvalidParameterValue; moto checks next to none of them. The emulator looks
at each request of exhibit's once and keeps what is wrong: `GET /exhibit/unlawful`.
"""

from __future__ import annotations

import datetime
import re
import threading
from typing import Any

from botocore.model import Shape

from . import wire

# Members of which a request may have one only. Each with the page that says so.
EXCLUSIVE: dict[tuple[str, str], list[set[str]]] = {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html: MaxResults and ids not in one call
    ("ec2", "DescribeInstances"): [{"InstanceIds", "MaxResults"}],
    ("ec2", "DescribeVolumes"): [{"VolumeIds", "MaxResults"}],
    ("ec2", "DescribeSnapshots"): [{"SnapshotIds", "MaxResults"}],
    ("ec2", "DescribeInstanceImageMetadata"): [{"InstanceIds", "MaxResults"}],
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
    ("elbv2", "DescribeRules"): [{"ListenerArn", "RuleArns"}],
    ("elbv2", "DescribeListeners"): [{"LoadBalancerArn", "ListenerArns"}],
    ("elbv2", "DescribeTargetGroups"): [{"LoadBalancerArn", "TargetGroupArns", "Names"}],
    ("elbv2", "DescribeLoadBalancers"): [{"LoadBalancerArns", "Names"}],
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    ("cloudwatch", "DescribeAlarms"): [{"AlarmNames", "AlarmNamePrefix"}, {"ChildrenOfAlarmName", "ParentsOfAlarmName"}],
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEvents.html: a duration or a span
    ("rds", "DescribeEvents"): [{"Duration", "StartTime"}, {"Duration", "EndTime"}],
    # https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    ("resourcegroupstaggingapi", "GetResources"): [
        {"ResourceARNList", other} for other in ("ResourceTypeFilters", "TagFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")],
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
    ("logs", "DescribeLogGroups"): [{"logGroupNamePrefix", "logGroupNamePattern"}],
    # https://docs.aws.amazon.com/waf/latest/APIReference/API_GetWebACL.html: the ARN, or name, id and scope
    ("wafv2", "GetWebACL"): [{"ARN", "Id"}, {"ARN", "Name"}],
    # https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationRecorders.html
    ("config", "DescribeConfigurationRecorders"): [{"ConfigurationRecorderNames", "ServicePrincipal", "Arn"}],
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
    ("kms", "ListGrants"): [{"GranteePrincipal", "GranteeServicePrincipal"}],
}
# Members that are there together or not at all.
TOGETHER: dict[tuple[str, str], set[str]] = {
    # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
    ("codedeploy", "ListDeployments"): {"applicationName", "deploymentGroupName"},
}

# What an answer named: the emulator's and the seeds' ids need not look like AWS's, so only that there is one, and not too long a one.
_NAMED = re.compile(r"(arns?|ids?|identifiers?|names?|bucket|principal)\.?$", re.IGNORECASE)

_lock = threading.Lock()
_seen: set[tuple] = set()
_wrong: set[str] = set()


def note(call: wire.Call, model, params: dict) -> None:
    """Keeps what is wrong with a request."""
    for fault in faults(call.service, call.operation, model.operation_model(call.operation).input_shape, params):
        with _lock:
            _wrong.add(f"{call.service}:{call.operation}: {fault}")


def is_new(call: wire.Call, path: str, query: str, body: bytes) -> bool:
    key = (call.service, call.operation, path, query, body)
    with _lock:
        if key in _seen:
            return False
        _seen.add(key)
        return True


def found() -> list[str]:
    with _lock:
        return sorted(_wrong)


def unreadable(call: wire.Call, why: Exception) -> None:
    with _lock:
        _wrong.add(f"{call.service}:{call.operation}: the request cannot be read: {type(why).__name__}: {why}")


def faults(service: str, operation: str, shape: Shape | None, params: dict) -> list[str]:
    """What the service model and the documentation say against the parameters."""
    if shape is None:
        return [f"{name} is no member" for name in params]
    # A list that is not in the query string is read as an empty one.
    params = {name: value for name, value in params.items() if value != [] or name not in shape.members or "location" not in shape.members[name].serialization}
    wrong = list(_against(shape, params, ""))
    given = {name for name, value in params.items() if value not in (None, [], {})}
    wrong += [f"{' and '.join(sorted(given & rule))} exclude one another" for rule in EXCLUSIVE.get((service, operation), []) if len(given & rule) > 1]
    together = TOGETHER.get((service, operation), set())
    if given & together and not together <= given:
        wrong.append(f"{' and '.join(sorted(together))} go together")
    return wrong


def _against(shape: Shape, value: Any, path: str):
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        if not isinstance(value, dict):
            yield f"{path} is no structure: {value!r}"
            return
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"{path}{name} is required"
        for name, item in value.items():
            if name not in shape.members:
                yield f"{path}{name} is no member"
            elif item is not None:
                yield from _against(shape.members[name], item, f"{path}{name}.")
        return
    at = path.rstrip(".")
    if kind == "list":
        if not isinstance(value, list):
            yield f"{at} is no list: {value!r}"
            return
        yield from _size(at, len(value), rules, "items")
        for item in value:
            yield from _against(shape.member, item, path)
    elif kind == "map":
        for key, item in value.items():
            yield from _against(shape.key, key, f"{at} key.")
            yield from _against(shape.value, item, f"{at}[{key}].")
    elif kind == "string":
        if not isinstance(value, str):
            yield f"{at} is no text: {value!r}"
            return
        if shape.enum and value not in shape.enum:
            yield f"{at} is none of the values that it may have: {value!r}"
        if _NAMED.search(at):
            yield from _size(at, len(value), rules | {"min": min(1, int(rules.get("min", 0)))}, "characters")
            return
        yield from _size(at, len(value), rules, "characters")
        pattern = _pattern(rules.get("pattern"))
        if pattern and not pattern.search(value):
            yield f"{at} does not match {rules['pattern']}: {value!r}"
    elif kind in ("integer", "long", "float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{at} is no number: {value!r}"
            return
        yield from _size(at, value, rules, "")
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{at} is no flag: {value!r}"
    elif kind == "timestamp" and not isinstance(value, (datetime.datetime, int, float, str)):
        yield f"{at} is no moment: {value!r}"


def _size(at: str, size: float, rules: dict, of: str):
    least, most = rules.get("min"), rules.get("max")
    if least is not None and size < least:
        yield f"{at} is {size} {of}".rstrip() + f", at least {least}"
    if most is not None and size > most:
        yield f"{at} is {size} {of}".rstrip() + f", at most {most}"


def _pattern(text: str | None) -> re.Pattern | None:
    """AWS writes patterns as Java does; one that Python does not know is not checked."""
    if not text:
        return None
    for java, python in ((r"\p{L}", "a-zA-Z"), (r"\p{N}", "0-9"), (r"\p{Z}", r"\s"), (r"\p{M}", ""), (r"\p{S}", "+=$^~"), (r"\p{P}", r"!-/:-@\[-_{-}"),
                         (r"\p{Print}", " -~"), (r"\p{ASCII}", r"\x00-\x7f"), (r"\p{Alnum}", "a-zA-Z0-9"), (r"\p{Graph}", "!-~")):
        text = text.replace(f"[{java}]", f"[{python}]").replace(java, python)
    try:
        # The model's patterns are of the whole text, whether or not they say so.
        return re.compile(rf"^(?:{text})$", re.DOTALL)
    except re.error:
        return None
