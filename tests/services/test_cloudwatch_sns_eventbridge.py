"""What watches the account, from the emulator to the verdict: pages, refusals, replays, records."""

from __future__ import annotations

import itertools
import json

import pytest

from emulator.client import Account, post
from seeds import controls_watch
from seeds.build import HOME, Builder
from support.exhibit import INCOMPLETE, OK, Exhibit, failing, verdicts

_numbers = itertools.count(643000000001)
RESPONSE, RECIPIENTS = "alarm-response-documented", "alarm-recipients-confirmed"


@pytest.fixture
def b(cli_endpoint):
    builder = Builder(Account(cli_endpoint).other(str(next(_numbers))))
    builder.regions()
    yield builder
    post(cli_endpoint, "/exhibit/page-size", n=0)
    for bucket in builder.s3().list_buckets(MaxBuckets=1000)["Buckets"]:
        builder.s3(bucket["BucketRegion"]).delete_bucket(Bucket=bucket["Name"])


@pytest.fixture
def exhibit(b, cli_endpoint, binary, tmp_path):
    return Exhibit(tmp_path / "work", b.account, cli_endpoint, binary)


def judged(exhibit: Exhibit, control: str) -> dict:
    return exhibit.test("--control", control)[control]


def fire(b: Builder, name: str, days: float) -> None:
    """Goes off so many days ago, and recovers half an hour later."""
    for state, at in (("ALARM", days), ("OK", days - 0.02)):
        b.account.client("cloudwatch", HOME, -at).set_alarm_state(AlarmName=name, StateValue=state, StateReason="seen")


def test_an_answered_alarm(exhibit, b, tmp_path):
    arn = controls_watch.watched_root(b, controls_watch.topic(b, "soc", ("email", "soc@example.com", True)))
    exhibit.collect("--control", RESPONSE)
    quiet = judged(exhibit, RESPONSE)
    assert quiet["verdict"] == "na" and "did not operate" in quiet["resources"][0]["reason"]
    for days in (20, 10, 0.1, 40):
        fire(b, "root-login", days)
    exhibit.collect("--control", RESPONSE)
    found = judged(exhibit, RESPONSE)
    rows = {r["resource"]: r for r in found["resources"]}
    assert found["verdict"] == "fail" and len(rows) == 3 and all(resource.startswith(arn + "#") for resource in rows)
    # The one of today has time; the one of 40 days ago is no longer in AWS's history.
    first, second, today = sorted(rows)
    assert failing(found) == {first, second} and rows[today]["verdict"] == "na"
    exhibit.same_in_other_partitions(RESPONSE)
    ran = exhibit.run("reperform")
    assert ran.code == OK, ran.err

    def response(resource: str, conclusion: str = "The yearly test") -> str:
        at = resource.rpartition("#")[2]
        return f'[[response]]\nsubject = {json.dumps(resource)}\nresponder = "Ann Lee"\nstarted = "{at}"\nconclusion = "{conclusion}"\n'

    (exhibit.folder / "facts.toml").write_text(response(first) + response(second))
    (exhibit.folder / "ticket.txt").write_text("SEC-1: the yearly test")
    day = b.account.now().date().isoformat()
    ran = exhibit.run("attach", RESPONSE, "ticket.txt", "--owner", "Head of IT", "--performed", day, "--period-from", "2020-01-01", "--period-to", day, "--performer", "Ann Lee",
                      "--reviewer", "Bo Chen", "--statement", "Looked into", "--facts", "facts.toml")
    assert ran.code == OK, ran.err
    assert judged(exhibit, RESPONSE)["verdict"] == "pass"
    exhibit.same_in_other_partitions(RESPONSE)


def test_small_pages_change_nothing(exhibit, b, cli_endpoint):
    """More alarms, rules, filters and subscriptions than fit on a page."""
    failed = controls_watch.alarm_recipients_confirmed(b, True)
    for n in range(5):
        arn = controls_watch.topic(b, f"t{n}", *[("email", f"{i}@example.com", i == 4) for i in range(5)], rules=True)
        controls_watch.alarm(b, f"a{n}", arn)
        b.account.client("events").put_rule(Name=f"r{n}", EventPattern='{"source":["aws.kms"]}')
        b.account.client("events").put_targets(Rule=f"r{n}", Targets=[{"Id": str(i), "Arn": arn} for i in range(3)])
    b.account.client("cloudwatch").put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a0) OR ALARM(a1)", AlarmActions=[])
    exhibit.collect("--control", RECIPIENTS)
    one, calls = judged(exhibit, RECIPIENTS), len(exhibit.exchanges())
    assert failing(one) == {resource for resource, _ in failed} and one["counts"]["pass"] == 6
    post(cli_endpoint, "/exhibit/page-size", n=2)
    exhibit.collect("--control", RECIPIENTS)
    assert verdicts(judged(exhibit, RECIPIENTS)) == verdicts(one) and len(exhibit.exchanges()) > calls + 15
    ran = exhibit.run("reperform")
    assert ran.code == OK, ran.err
    params = [e["params"] for e in exhibit.exchanges() if e["operation"] == "DescribeAlarms" and e["region"] == HOME]
    assert len(params) == 4 and all(p["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm", "LogAlarm"] and p["MaxRecords"] == 100 for p in params)
    assert all(e["body"].endswith(".cbor") for e in exhibit.exchanges() if e["operation"] == "DescribeAlarms")


REFUSED = {
    "cloudwatch:DescribeAlarms": {RECIPIENTS, RESPONSE}, "cloudwatch:DescribeAlarmHistory": {RESPONSE}, "events:ListTargetsByRule": {RECIPIENTS},
    "sns:ListSubscriptionsByTopic": {RECIPIENTS}, "logs:DescribeMetricFilters": {RECIPIENTS, RESPONSE}, "logs:DescribeLogGroups": {"cloudtrail-to-cloudwatch"},
}


@pytest.mark.parametrize("operation", list(REFUSED))
def test_refused(b, memory, faults, binary, tmp_path, operation):
    """A refused call opens the controls that need it, and no other."""
    controls_watch.alarm_recipients_confirmed(b, False)
    b.account.client("events").put_rule(Name="groups", EventPattern='{"source":["aws.ec2"],"detail":{"eventName":["CreateSecurityGroup"]}}')
    exhibit = Exhibit(tmp_path / "work", b.account, memory, binary)
    names = ("cloudtrail-to-cloudwatch", RECIPIENTS, RESPONSE)
    wanted = [word for name in names for word in ("--control", name)]
    exhibit.collect(*wanted)
    before = exhibit.test(*wanted)
    assert [before[name]["verdict"] for name in names] == ["pass", "pass", "na"]
    with faults(f"{operation}=403"):
        exhibit.collect(*wanted, code=INCOMPLETE)
    now = exhibit.test(*wanted)
    for name in names:
        if name in REFUSED[operation]:
            assert now[name]["verdict"] == "not-tested" and now[name]["code"] == "access-denied", (name, now[name]["reason"])
        else:
            assert verdicts(now[name]) == verdicts(before[name]) and not now[name]["gaps"], name


def test_a_topic_of_another_account(exhibit, b):
    """AWS tells nobody about topics whose policy does not allow it."""
    central = f"arn:aws:sns:{HOME}:999988887777:central"
    controls_watch.watched_root(b, central)
    for operation in ("GetTopicAttributes", "ListSubscriptionsByTopic"):
        b.account.answers("sns", operation, error={"code": "AuthorizationError", "message": "not authorized", "status": 403})
    exhibit.collect("--control", RECIPIENTS, code=INCOMPLETE)
    found = judged(exhibit, RECIPIENTS)
    assert found["verdict"] == "not-tested" and {r["resource"]: r["verdict"] for r in found["resources"]} == {central: "unknown"}


def test_log_alarms_are_asked_for_too_and_others_where_they_are_not_known(exhibit, b):
    """Left to itself, AWS tells of metric alarms only: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    topic = controls_watch.topic(b, "soc", ("email", "soc@example.com", True))
    arn = f"arn:aws:cloudwatch:{HOME}:{b.account.number}:alarm:deletions"
    alarm = {"AlarmName": "deletions", "AlarmArn": arn, "ActionsEnabled": True, "AlarmActions": [topic], "StateValue": "OK", "Threshold": 1.0,
             "ComparisonOperator": "GreaterThanOrEqualToThreshold", "ScheduledQueryConfiguration": {
                 "QueryString": "filter eventName = 'DeleteTrail'", "LogGroupIdentifiers": ["trail"], "AggregationExpression": "count(*)"}}
    b.account.answers("cloudwatch", "DescribeAlarms", {"LogAlarms": [alarm]}, region=HOME)
    told = exhibit.collect("--control", RECIPIENTS)
    assert told["snapshot"]["records"]["cloudwatch_log_alarm"]["count"] == 1
    assert told["snapshot"]["records"]["sns_topic"]["count"] == 1, "what it notifies is read"
    b.account.answers("cloudwatch", "DescribeAlarms", error={"code": "ValidationError", "message": "1 validation error detected: Value 'LogAlarm'", "status": 400},
                      region=HOME, AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"])
    b.account.answers("cloudwatch", "DescribeAlarms", {"MetricAlarms": []}, region=HOME, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    told = exhibit.collect("--control", RECIPIENTS)
    assert told["gaps"] == [] and "cloudwatch_log_alarm" not in told["snapshot"]["records"]
    assert exhibit.run("reperform").code == OK
