"""The fault proxy: each kind of failure, as botocore's parsers see it."""

from __future__ import annotations

import time
import urllib.request

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from emulator.client import Account, post
from emulator.fault_proxy import Rule
from seeds.build import SECOND, Builder


@pytest.fixture
def faulty(aws, proxy):
    """The test's account seen through the proxy, and a function to set the rules."""
    key = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{aws.number}:role/auditor", RoleSessionName="exhibit")["Credentials"]
    account = Account(proxy, key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], aws.number)
    yield account, lambda *rules: post(proxy, "/fault/rules", "\n".join(rules))
    post(proxy, "/fault/rules", "")


def calls(account: Account) -> dict:
    return {
        "iam": lambda: account.client("iam").list_users(),
        "ec2": lambda: account.client("ec2").describe_vpcs(),
        "kms": lambda: account.client("kms").list_keys(),
        "cloudtrail": lambda: account.client("cloudtrail").describe_trails(),
        "s3": lambda: account.client("s3").list_buckets(),
        "s3control": lambda: account.client("s3control").list_access_points(AccountId=account.number),
        "account": lambda: account.client("account").list_regions(),
        "sts": lambda: account.client("sts").get_caller_identity(),
    }


@pytest.mark.parametrize(("kind", "codes"), [
    ("403", {"iam": (403, "AccessDenied"), "ec2": (403, "UnauthorizedOperation"), "kms": (400, "AccessDeniedException"), "cloudtrail": (400, "AccessDeniedException"),
             "s3": (403, "AccessDenied"), "s3control": (403, "AccessDenied"), "account": (403, "AccessDeniedException"), "sts": (403, "AccessDenied")}),
    ("throttle", {"iam": (400, "Throttling"), "ec2": (503, "RequestLimitExceeded"), "kms": (400, "ThrottlingException"), "s3": (503, "SlowDown"),
                  "s3control": (503, "SlowDown"), "account": (429, "TooManyRequestsException")}),
    ("503", {"iam": (503, "ServiceUnavailable"), "ec2": (503, "Unavailable"), "kms": (503, "ServiceUnavailableException"), "s3": (503, "SlowDown")}),
    ("500", {"iam": (500, "InternalFailure"), "ec2": (500, "InternalError"), "s3": (500, "InternalError"), "account": (500, "InternalServerException")}),
    ("expired", {"iam": (403, "ExpiredToken"), "ec2": (400, "RequestExpired"), "kms": (400, "ExpiredTokenException"), "s3": (400, "ExpiredToken"),
                 "account": (403, "ExpiredTokenException")}),
])
def test_refusals_in_each_protocol(faulty, kind, codes):
    account, rules = faulty
    rules(f"*:*={kind}")
    for service, expected in codes.items():
        with pytest.raises(ClientError) as refused:
            calls(account)[service]()
        answer = refused.value.response
        assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == expected
        assert answer["Error"]["Message"] and answer["ResponseMetadata"]["RequestId"]


def test_no_rule_changes_nothing(faulty):
    account, rules = faulty
    rules()
    for call in calls(account).values():
        assert call()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_region_times_skip_and_match(faulty, aws):
    account, rules = faulty
    b = Builder(aws)
    for name in ("payroll", "public"):
        b.bucket(f"{name}-{aws.number}")
    rules(f"kms:ListKeys=403,region={SECOND}", "iam:ListUsers=503,skip=1,times=1", "s3:GetBucket*=403,match=payroll", "kms:DescribeKey=403,match=alias/secret")
    account.client("kms").list_keys()
    with pytest.raises(ClientError):
        account.client("kms", SECOND).list_keys()
    account.client("iam").list_users()
    with pytest.raises(ClientError):
        account.client("iam").list_users()
    account.client("iam").list_users()
    account.client("s3").get_bucket_acl(Bucket=f"public-{aws.number}")
    for call in (account.client("s3").get_bucket_acl, account.client("s3").get_bucket_policy):
        with pytest.raises(ClientError) as refused:
            call(Bucket=f"payroll-{aws.number}")
        assert refused.value.response["Error"]["Code"] == "AccessDenied"
    with pytest.raises(ClientError) as refused:
        account.client("kms").describe_key(KeyId="alias/secret")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_broken_answers(faulty):
    account, rules = faulty
    rules("iam:ListUsers=cut", "ec2:DescribeVpcs=html404", "kms:ListKeys=reset", "s3:ListBuckets=cut,times=1")
    broken = (BotoCoreError, ResponseParserError)
    with pytest.raises(broken):
        account.client("iam").list_users()
    with pytest.raises(broken):
        account.client("ec2").describe_vpcs()
    with pytest.raises(ConnectionClosedError):
        account.client("kms").list_keys()
    with pytest.raises(ClientError):  # botocore takes broken XML from S3 for a 500
        account.client("s3").list_buckets()
    account.client("s3").list_buckets()


def test_hang_ends_with_the_rules(faulty):
    account, rules = faulty
    rules("iam:ListUsers=hang")
    begin = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        account.client("iam", read_timeout=1).list_users()
    assert time.monotonic() - begin < 5
    rules()
    account.client("iam", read_timeout=1).list_users()


def test_rules_can_be_read(faulty, proxy):
    account, rules = faulty
    rules("iam:ListUsers=403")
    with pytest.raises(ClientError):
        account.client("iam").list_users()
    with urllib.request.urlopen(f"{proxy}/fault/rules") as answer:
        assert b'"rule": "iam:ListUsers=403", "seen": 1, "fired": 1' in answer.read()


@pytest.mark.parametrize("text", ["iam=403", "iam:ListUsers", "iam:ListUsers=404", "iam:ListUsers=403,when=now"])
def test_bad_rules_are_refused(text):
    with pytest.raises(ValueError):
        Rule.parse(text)
