"""What is kept of buckets and what lies in them, and what a refused call leaves open."""

from __future__ import annotations

import contextlib
import itertools
import json
import zipfile

import pytest

from emulator.client import Account, post
from seeds import controls_storage
from seeds.build import HOME, SECOND, Builder, statement
from support.exhibit import INCOMPLETE, Exhibit, verdicts
from support.faults import ONCE, needed

CONTROLS = [word for control in controls_storage.CONTROLS for word in ("--control", control)]
_numbers = itertools.count(620000000101)


@pytest.fixture
def account(cli_endpoint):
    """An account for one test; its buckets go afterwards, for their names are unique in all of AWS."""
    account = Account(cli_endpoint).other(str(next(_numbers)))
    yield account
    for bucket in account.client("s3").list_buckets(MaxBuckets=1000)["Buckets"]:
        with contextlib.suppress(Exception):
            account.remove_bucket(bucket["Name"], bucket["BucketRegion"])


def rows(exhibit: Exhibit, table: str) -> list[dict]:
    with zipfile.ZipFile(exhibit.snapshots()[-1]) as archive:
        name = f"records/{table}.jsonl"
        return [json.loads(line) for line in archive.read(name).splitlines()] if name in archive.namelist() else []


def row(exhibit: Exhibit, table: str, bucket: str) -> dict:
    found, = [row for row in rows(exhibit, table) if row["bucket"] == bucket]
    return found


@pytest.fixture
def made(account):
    """A log bucket, and a bucket in the other region with a setting of every kind."""
    b = Builder(account)
    b.regions()
    b.trail_bucket("storage-logs")
    b.trail("main", "storage-logs")
    for key in ("AWSLogs/1/one.json.gz", "AWSLogs/2/one.json.gz", "exports/a/one.csv", "exports/b/one.csv", "exports/readme.txt", "readme.txt"):
        b.s3().put_object(Bucket="storage-logs", Key=key, Body=b"x")
    b.bucket("storage-copies", versioning=True)
    b.bucket("storage-data", SECOND, versioning=True)
    s3 = b.s3(SECOND)
    controls_storage.label(b, "storage-data", SECOND, data_class="confidential", owner="orders")
    controls_storage.log_access(b, "storage-data", "storage-access", SECOND)
    s3.put_bucket_lifecycle_configuration(Bucket="storage-data", LifecycleConfiguration={"Rules": [
        {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}, "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
        {"ID": "part", "Status": "Disabled", "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "kind", "Value": "tmp"}]}}, "Expiration": {"Days": 7}},
        {"ID": "cheaper", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]})
    s3.put_bucket_replication(Bucket="storage-data", ReplicationConfiguration={"Role": f"arn:aws:iam::{account.number}:role/replicate", "Rules": [
        {"ID": "copy", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""}, "Destination": {"Bucket": "arn:aws:s3:::storage-copies"},
         "DeleteMarkerReplication": {"Status": "Enabled"}}]})
    return b


@pytest.fixture
def exhibit(made, account, memory, binary, tmp_path):
    return Exhibit(tmp_path, account, memory, binary)


def test_settings_of_a_bucket(exhibit):
    exhibit.collect(*CONTROLS)
    assert row(exhibit, "s3_bucket_location", "storage-data")["location"] == SECOND and row(exhibit, "s3_bucket_location", "storage-logs")["location"] == HOME
    assert row(exhibit, "s3_bucket_encryption", "storage-data")["algorithm"] == "AES256"
    logging = row(exhibit, "s3_bucket_logging", "storage-data")
    assert (logging["enabled"], logging["target_bucket"], logging["target_prefix"]) == (True, "storage-access", "storage-data/")
    assert not row(exhibit, "s3_bucket_logging", "storage-logs")["enabled"]
    assert row(exhibit, "s3_bucket_tagging", "storage-data")["tags"] == [{"key": "data-class", "value": "confidential"}, {"key": "owner", "value": "orders"}]
    assert not row(exhibit, "s3_bucket_tagging", "storage-logs")["present"] and row(exhibit, "s3_bucket_tagging", "storage-logs")["tags"] == []
    assert not row(exhibit, "s3_bucket_lifecycle", "storage-logs")["present"] and row(exhibit, "s3_bucket_lifecycle", "storage-data")["rules"] == 3
    rules = {rule["rule_id"]: rule for rule in rows(exhibit, "s3_bucket_lifecycle_rule")}
    assert (rules["all"]["prefix"], rules["all"]["expiration_days"], rules["all"]["noncurrent_days"]) == ("", 365, 30)
    assert (rules["part"]["prefix"], rules["part"]["tags"], rules["part"]["status"]) == ("tmp/", [{"key": "kind", "value": "tmp"}], "Disabled")
    assert rules["cheaper"]["transitions"] == ["GLACIER after 30 days"] and rules["cheaper"]["expiration_days"] is None
    assert not row(exhibit, "s3_bucket_replication", "storage-logs")["present"]
    copy = row(exhibit, "s3_bucket_replication_rule", "storage-data")
    assert (copy["destination_bucket"], copy["status"], copy["prefix"]) == ("arn:aws:s3:::storage-copies", "Enabled", "")
    assert exhibit.run("reperform").code == 0


LEVELS = {"": (["AWSLogs/", "exports/"], ["readme.txt"]), "exports/": (["exports/a/", "exports/b/"], ["exports/readme.txt"]),
          "exports/a/": ([], ["exports/a/one.csv"]), "exports/b/": ([], ["exports/b/one.csv"])}


def levels(exhibit: Exhibit) -> dict:
    found = rows(exhibit, "s3_log_bucket_level")
    assert {level["bucket"] for level in found} == {"storage-logs"} and all(level["complete"] for level in found)
    return {level["level"]: (level["prefixes"], level["objects"]) for level in found}


def test_names_in_log_buckets_alone(exhibit, made, account, cli_endpoint, binary, tmp_path):
    exhibit.collect("--control", "cloudtrail-bucket-dedicated")
    assert levels(exhibit) == LEVELS
    post(cli_endpoint, "/exhibit/page-size", n=2)
    try:
        paged = Exhibit(tmp_path / "paged", account, cli_endpoint, binary)
        paged.collect("--control", "cloudtrail-bucket-dedicated")
    finally:
        post(cli_endpoint, "/exhibit/page-size", n=0)
    assert levels(paged) == LEVELS and len(paged.exchanges()) > len(exhibit.exchanges())
    assert paged.run("reperform").code == 0
    found = paged.test("--control", "cloudtrail-bucket-dedicated")["cloudtrail-bucket-dedicated"]
    assert "exports/, readme.txt" in found["resources"][0]["reason"]


OPERATIONS = ["s3:GetBucketEncryption", "s3:GetBucketLifecycleConfiguration", "s3:GetBucketLocation", "s3:GetBucketLogging", "s3:GetBucketTagging",
              "s3:ListObjectsV2", "s3:GetBucketReplication", "macie2:GetMacieSession", "resourcegroupstaggingapi:GetResources"]


def test_a_refused_call_opens_what_needs_it(exhibit, faults, tmp_path):
    exhibit.collect(*CONTROLS)
    before = exhibit.test(*CONTROLS)
    needs = needed(exhibit)
    for operation in OPERATIONS:
        run = Exhibit(tmp_path / operation.replace(":", "-"), exhibit.account, exhibit.endpoint, exhibit.binary)
        with faults(f"{operation}=403"):
            told = run.collect(*CONTROLS, code=INCOMPLETE, **ONCE)
        assert {gap["operation"] for gap in told["gaps"]} == {operation}
        for control, now in run.test(*CONTROLS).items():
            if operation in needs[control]:
                assert now["verdict"] == "not-tested" or now["incomplete"], (operation, control)
            else:
                assert (now["verdict"], verdicts(now)) == (before[control]["verdict"], verdicts(before[control])), (operation, control)


def test_macie_off_is_an_answer(exhibit):
    exhibit.collect("--control", "confidential-data-identified")
    assert [session["enabled"] for session in rows(exhibit, "macie2_session")] == [False, False]
    assert {e["operation"] for e in exhibit.exchanges() if e["service"] == "macie2"} == {"GetMacieSession"}


def test_a_log_bucket_of_another_account(account, cli_endpoint, binary, tmp_path):
    """Its own account judges it; without that account nobody does."""
    b, archive = Builder(account), Builder(account.other("620000000009"))
    b.regions()
    service = {"Service": "cloudtrail.amazonaws.com"}
    archive.bucket("storage-archive", policy=(statement(action="s3:PutObject", resource="arn:aws:s3:::storage-archive/*", Principal=service),))
    archive.s3().put_object(Bucket="storage-archive", Key="AWSLogs/one.json.gz", Body=b"x")
    # The emulator lets a trail deliver to a bucket of its own account alone.
    arn = f"arn:aws:cloudtrail:{HOME}:{account.number}:trail/main"
    account.answers("cloudtrail", "DescribeTrails", {"trailList": [{"Name": "main", "TrailARN": arn, "S3BucketName": "storage-archive", "HomeRegion": HOME,
                                                                    "IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True}]})
    account.answers("cloudtrail", "GetTrailStatus", {"IsLogging": True})
    account.answers("cloudtrail", "GetEventSelectors", {"TrailARN": arn, "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]})
    control = "cloudtrail-bucket-dedicated"
    alone = Exhibit(tmp_path / "alone", account, cli_endpoint, binary)
    alone.collect("--control", control)
    found = alone.test("--control", control)[control]
    assert (found["verdict"], found["code"]) == ("not-tested", "needs-other-account")
    numbers = ", ".join(f'{{ id = "{n}", role_arn = "arn:aws:iam::{n}:role/auditor" }}' for n in (account.number, archive.account.number))
    both = Exhibit(tmp_path / "both", Account(cli_endpoint), cli_endpoint, binary)
    parameters = f'[parameters.{control}]\nby = "Security lead"\nwhy = "Our archive"\nlog_archive_accounts = ["{archive.account.number}"]\n'
    both.config(f'organization = "H"\n[scope]\naccounts = [{numbers}]\n{parameters}')
    both.collect("--control", control)
    found = both.test("--control", control)[control]
    assert (found["verdict"], found["counts"]["pass"], found["counts"]["na"]) == ("pass", 1, 1)
    archive.account.remove_bucket("storage-archive", HOME)
