"""The alarm-* controls end to end: a whole account that is watched, rules of EventBridge, refused calls, re-performance."""

from __future__ import annotations

import pytest

from seeds import controls_alarms as alarms
from seeds.build import HOME, SECOND, Builder
from support.exhibit import INCOMPLETE, OK, Exhibit, failing

ALL = [argument for control in alarms.GOOD for argument in ("--control", control)]
GROUPS = ("--control", "alarm-security-group-changes")
EVENTBRIDGE = 'organization = "Harborlight"\n' + "".join(
    f'[parameters.{control}]\nmechanism = "eventbridge"\nby = "CISO"\nwhy = "Rules, not filters."\n' for control in alarms.GOOD)


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    builder = Builder(account)
    builder.regions()
    alarms.stream(builder)
    return Exhibit(tmp_path, account, cli_endpoint, binary)


def test_an_account_that_is_watched(exhibit, account):
    """Filters written in every way, all in one log group: every control passes, and the snapshot gives the same tables again."""
    builder = Builder(account)
    alarms.organization(builder)
    for control, patterns in alarms.GOOD.items():
        alarms.watch(builder, control, patterns, alarms.THRESHOLD.get(control, 1))
    exhibit.collect(*ALL)
    found = exhibit.test(*ALL)
    assert {control: (found[control]["verdict"], found[control]["reason"]) for control in alarms.GOOD if found[control]["verdict"] != "pass"} == {}
    for control in alarms.GOOD:
        assert {r["region"] for r in found[control]["resources"]} == {HOME}
    again = exhibit.run("reperform")
    assert again.code == OK, again.out + again.err


def test_an_account_that_nobody_watches(exhibit):
    """A trail streams, and nothing listens: each event is named, but for those of an organization that there is not."""
    exhibit.collect(*ALL)
    found = exhibit.test(*ALL)
    for control in alarms.GOOD:
        if control == "alarm-organizations-changes":
            assert found[control]["verdict"] == "na", found[control]["reason"]
            continue
        assert found[control]["verdict"] == "fail", control
        assert {event for event in alarms.BAD[control][1]} <= failing(found[control])
        assert all("Not monitored" in r["reason"] for r in found[control]["resources"] if r["verdict"] == "fail")


def test_rules_of_eventbridge(exhibit, account):
    """Rules in both regions pass; with one region's rule disabled, the events of that region fail."""
    builder = Builder(account)
    pattern = {"source": ["aws.ec2"], "detail": {"eventName": [{"wildcard": "*SecurityGroup*"}]}}
    for region in (HOME, SECOND):
        alarms.rule(builder, "groups", pattern, region)
    alarms.rule(builder, "root", {"source": ["aws.signin"], "detail": {"userIdentity": {"type": ["Root"]}}})
    exhibit.config(EVENTBRIDGE)
    wanted = (*GROUPS, "--control", "alarm-root-login")
    exhibit.collect(*wanted)
    found = exhibit.test(*wanted)
    assert [found[c]["verdict"] for c in wanted[1::2]] == ["pass", "pass"], [found[c]["reason"] for c in wanted[1::2]]
    assert {r["region"] for r in found[GROUPS[1]]["resources"]} == {HOME, SECOND}
    assert {r["region"] for r in found["alarm-root-login"]["resources"] if r["verdict"] == "pass"} == {HOME}
    account.client("events", SECOND).disable_rule(Name="groups")
    exhibit.collect(*wanted)
    groups = exhibit.test(*wanted)[GROUPS[1]]
    assert {r["region"] for r in groups["resources"] if r["verdict"] == "fail"} == {SECOND}
    assert failing(groups) == {event for event in alarms.BAD[GROUPS[1]][1]}


def refused(account, service: str, operation: str) -> None:
    account.answers(service, operation, error={"code": "AccessDeniedException", "message": "not authorized", "status": 400})


def test_what_is_refused_leaves_open_what_needs_it_and_nothing_else(exhibit, account):
    builder = Builder(account)
    alarms.watch(builder, "groups", alarms.GOOD[GROUPS[1]])
    refused(account, "events", "ListRules")
    exhibit.collect(*GROUPS, code=INCOMPLETE)
    assert exhibit.test(*GROUPS)[GROUPS[1]]["verdict"] == "pass"
    refused(account, "logs", "DescribeMetricFilters")
    exhibit.collect(*GROUPS, code=INCOMPLETE)
    groups = exhibit.test(*GROUPS)[GROUPS[1]]
    assert (groups["verdict"], groups["code"]) == ("not-tested", "access-denied"), groups["reason"]
    assert groups["counts"]["fail"] == 0


def test_the_shared_query_is_shown(exhibit):
    shown = exhibit.run("controls", "show", GROUPS[1])
    assert shown.code == OK and "FROM monitored_event" in shown.out
