"""Clock, accounts, the log, control endpoints, regions."""

from __future__ import annotations

import pytest

from seeds.build import SECOND

from .calls import code, flat, pages


def test_a_request_may_come_from_the_past(aws):
    aws.client("iam", days=-200).create_user(UserName="old")
    age = aws.now() - aws.client("iam").get_user(UserName="old")["User"]["CreateDate"]
    assert age.days == 200 or age.days == 199


def test_an_assumed_role_belongs_to_its_account(aws):
    identity = aws.client("sts").get_caller_identity()
    assert identity["Account"] == aws.number and f"arn:aws:sts::{aws.number}:assumed-role/auditor" in identity["Arn"]
    assert aws.client("iam").list_users()["Users"] == []


def test_the_log_names_service_operation_region_and_status(aws, log):
    aws.client("kms", SECOND).list_keys()
    aws.client("s3").list_buckets(MaxBuckets=5)
    code(lambda: aws.client("s3").get_bucket_policy_status(Bucket="not-there-at-all"))
    code(lambda: aws.client("s3control").get_public_access_block(AccountId=aws.number))
    aws.client("account").list_regions()
    lines = log.read_text().splitlines()[-5:]
    assert lines == [f"kms ListKeys {SECOND} 200", "s3 ListBuckets us-east-1 200", "s3 GetBucketPolicyStatus us-east-1 404",
                     "s3control GetPublicAccessBlock us-east-1 404", "account ListRegions us-east-1 200"]


def test_control_endpoints_refuse_what_they_do_not_know(aws):
    for path, parameters in (("regions", {"enable": "us-east-1"}), ("regions", {"enabled": "mars-1"}), ("user", {"name": "nobody"}), ("nothing", {})):
        with pytest.raises(RuntimeError):
            aws.control(path, **parameters)


def test_list_regions_and_describe_regions_agree(aws):
    aws.control("regions", enabled="us-east-1,eu-west-1,af-south-1")
    told = {r["RegionName"]: r["RegionOptStatus"] for r in flat(pages(aws.client("account").list_regions, "Regions", "NextToken", "NextToken", MaxResults=7))}
    assert (told["us-east-1"], told["af-south-1"], told["us-west-2"]) == ("ENABLED_BY_DEFAULT", "ENABLED", "DISABLED")
    every = {r["RegionName"]: r["OptInStatus"] for r in aws.client("ec2").describe_regions(AllRegions=True)["Regions"]}
    assert every.keys() == told.keys()
    assert (every["us-east-1"], every["af-south-1"], every["us-west-2"]) == ("opt-in-not-required", "opted-in", "not-opted-in")
    assert sorted(r["RegionName"] for r in aws.client("ec2").describe_regions()["Regions"]) == ["af-south-1", "eu-west-1", "us-east-1"]
    enabled = aws.client("account").list_regions(RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"])["Regions"]
    assert len(enabled) == 3


def test_a_region_that_is_off_refuses_calls(aws):
    aws.control("regions", enabled="us-east-1")
    assert code(aws.client("ec2", SECOND).describe_vpcs) == (401, "AuthFailure")
    assert code(aws.client("kms", SECOND).list_keys) == (400, "UnrecognizedClientException")
