"""EventBridge: pages as AWS cuts them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.events.responses import EventsHandler

from ..extend import Refusal, answers


def _bus(self):
    backend = self.events_backend
    return backend._get_event_bus(backend._normalize_event_bus_arn(self._get_param("EventBusName")))


@answers(EventsHandler)
def list_event_buses(self) -> ActionResult:
    buses = self.events_backend.list_event_buses(self._get_param("NamePrefix"))
    return ActionResult({"EventBuses": [{"Name": b.name, "Arn": b.arn} | ({"Policy": b.policy} if b.policy else {}) for b in buses]})


@answers(EventsHandler)
def list_rules(self) -> ActionResult:
    prefix = self._get_param("NamePrefix") or ""
    return ActionResult({"Rules": [rule.describe() for rule in _bus(self).rules.values() if rule.name.startswith(prefix)]})


@answers(EventsHandler)
def list_targets_by_rule(self) -> ActionResult:
    name = self._get_param("Rule")
    if name not in (rules := _bus(self).rules):
        raise Refusal("ResourceNotFoundException", f"Rule {name} does not exist on EventBus.", 400)
    return ActionResult({"Targets": list(rules[name].targets)})
