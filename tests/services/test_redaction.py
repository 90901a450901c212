"""What may hold a secret is taken out before it is stored; what looks like one all the same is reported."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile

import pytest

from support.exhibit import INCOMPLETE, OK, Exhibit

HOOK = "https://hooks.example.com/services/T0/B0/s3cr3tPathOfTheHook"
CONTROL = ("--control", "alarm-recipients-confirmed")


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    topic = account.client("sns").create_topic(Name="alarms")["TopicArn"]
    account.client("sns").subscribe(TopicArn=topic, Protocol="https", Endpoint=HOOK)
    account.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    account.client("cloudwatch").put_metric_alarm(
        AlarmName="root", AlarmDescription="call us, password=Corr3ctHorse", Namespace="N", MetricName="M", Statistic="Sum", Period=300,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[topic])
    return Exhibit(tmp_path, account, cli_endpoint, binary)


def test_a_web_hook_is_not_kept_and_can_be_proved(exhibit):
    ran = exhibit.run("collect", *CONTROL)
    assert ran.code in (OK, INCOMPLETE), ran.err
    exchange, = (e for e in exhibit.exchanges() if e.get("redaction"))
    assert exchange["operation"] == "ListSubscriptionsByTopic"
    value, = exchange["redaction"]["values"]
    assert (value["rule"], value["field"]) == ("sns-endpoint", "Endpoint")
    with zipfile.ZipFile(exhibit.snapshots()[-1]) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        run = json.loads(members["snapshot.json"])["run"]
    body = members[exchange["body"]]
    assert hashlib.sha256(body).hexdigest() == exchange["body_sha256"]
    assert b"https://hooks.example.com/redacted" in body and b"ops@example.com" in body
    for name, data in [*members.items(), *((str(p), p.read_bytes()) for p in exhibit.locker.rglob("*") if p.is_file())]:
        assert b"s3cr3tPathOfTheHook" not in data, name

    # As docs/locker-format.md tells.
    kept = exhibit.locker / "salts" / run
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    secret = bytes.fromhex(kept.read_text())
    commitment = lambda number, original: hashlib.sha256(hashlib.sha256(secret + f"\n{exchange['i']}\n{number}\n".encode()).digest() + original).hexdigest()
    assert commitment(1, HOOK.encode()) == value["original"]
    assert commitment(0, body.replace(b"https://hooks.example.com/redacted", HOOK.encode())) == exchange["redaction"]["original"]

    # The rows come out of what is kept.
    exhibit.verify()
    ran = exhibit.run("reperform", "--format", "json")
    assert ran.code == OK, ran.err + ran.out
    # The secret behind the commitments is not given away.
    ran = exhibit.run("bind", "--out", "out")
    with zipfile.ZipFile(exhibit.folder / "out/bundle.zip") as bundle:
        assert not [name for name in bundle.namelist() if "salt" in name]
        for name in bundle.namelist():
            assert secret.hex().encode() not in bundle.read(name) and b"s3cr3tPathOfTheHook" not in bundle.read(name), name


def test_what_looks_like_a_secret_is_reported_without_it(exhibit):
    ran = exhibit.run("collect", *CONTROL)
    assert ran.code in (OK, INCOMPLETE), ran.err
    ran = exhibit.run("status", "--format", "json")
    found = ran.json()["suspected_secrets"]
    assert found and {(f["kind"], f["operation"]) for f in found} == {("password", "cloudwatch:DescribeAlarms")}, found
    with zipfile.ZipFile(exhibit.snapshots()[-1]) as archive:
        for place in found:
            assert archive.read(place["file"])[place["at"]:].startswith(b"Corr3ctHorse")
    text = exhibit.run("status")
    assert "a password" in text.out and "DescribeAlarms" in text.out
    assert "Corr3ctHorse" not in ran.out + ran.err + text.out + text.err


def test_the_sample_company_is_above_suspicion(collected):
    assert collected.run("status", "--format", "json").json()["suspected_secrets"] == []
