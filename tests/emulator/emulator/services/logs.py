"""CloudWatch Logs: class and filter count of a group, all that a metric filter may have, pages as AWS cuts them.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricFilter.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from .. import clock
from ..extend import answers

_MORE = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")


@answers(LogsResponse)
def create_log_group(self) -> str:
    made = create_log_group.original(self)
    self.logs_backend.groups[self._get_param("logGroupName")].group_class = self._get_param("logGroupClass") or "STANDARD"
    return made


@answers(LogGroup)
def to_describe_dict(self) -> dict:
    return to_describe_dict.original(self) | {"logGroupClass": getattr(self, "group_class", "STANDARD")}


@answers(LogsResponse)
def describe_log_groups(self) -> ActionResult:
    filters = self.logs_backend.filters.metric_filters
    prefix = self._get_param("logGroupNamePrefix") or ""
    groups = sorted((g for g in self.logs_backend.groups.values() if g.name.startswith(prefix)), key=lambda g: g.name)
    return ActionResult({"logGroups": [g.to_describe_dict() | {"metricFilterCount": sum(f["logGroupName"] == g.name for f in filters)} for g in groups]})


@answers(LogsResponse)
def put_metric_filter(self) -> str:
    """A second filter of the same group and name takes the first one's place."""
    name, group = self._get_param("filterName"), self._get_param("logGroupName")
    self.logs_backend.delete_metric_filter(name, group)
    done = put_metric_filter.original(self)
    more = {key: self._get_param(key) for key in _MORE if self._get_param(key) is not None}
    self.logs_backend.filters.metric_filters[-1].update({"creationTime": int(clock.now().timestamp() * 1000), "applyOnTransformedLogs": False} | more)
    return done


@answers(LogsResponse)
def describe_metric_filters(self) -> ActionResult:
    asked = (self._get_param(key) for key in ("filterNamePrefix", "logGroupName", "metricName", "metricNamespace"))
    return ActionResult({"metricFilters": self.logs_backend.describe_metric_filters(*asked)})
