"""S3 and S3 Control: defaults, policies, lists of rights, versioning, locks, regions, access points."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from emulator.services.s3_policies import is_public
from seeds.build import HOME, SECOND, Builder, document, public_read, statement

from .calls import code, pages


def test_new_bucket_is_as_since_2023(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=f"new-{aws.number}")
    assert all(s3.get_public_access_block(Bucket=f"new-{aws.number}")["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_ownership_controls(Bucket=f"new-{aws.number}")["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "Status" not in s3.get_bucket_versioning(Bucket=f"new-{aws.number}")
    assert code(lambda: s3.put_bucket_acl(Bucket=f"new-{aws.number}", ACL="public-read")) == (400, "AccessControlListNotSupported")
    assert code(lambda: s3.put_bucket_policy(Bucket=f"new-{aws.number}", Policy=document(public_read(f"new-{aws.number}")))) == (403, "AccessDenied")
    aws.control("s3", new_bucket_defaults=0)
    s3.create_bucket(Bucket=f"old-{aws.number}")
    assert code(lambda: s3.get_public_access_block(Bucket=f"old-{aws.number}")) == (404, "NoSuchPublicAccessBlockConfiguration")
    assert code(lambda: s3.get_bucket_ownership_controls(Bucket=f"old-{aws.number}")) == (404, "OwnershipControlsNotFoundError")


@pytest.mark.parametrize(("more", "public"), [
    ({}, True),
    ({"Principal": {"AWS": "*"}}, True),
    ({"Principal": {"AWS": "arn:aws:iam::999988887777:root"}}, False),
    ({"Effect": "Deny"}, False),
    ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}}, False),
    ({"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, True),
    ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, False),
    ({"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1"]}}}, True),
])
def test_public_policies(more, public):
    assert is_public(document(public_read("bucket", **more))) is public


def test_policy_status_and_conditional_denials(aws):
    b, name = Builder(aws), f"site-{aws.number}"
    b.bucket(name, blocked=False, policy=(public_read(name),))  # with a conditional Deny on s3:*
    s3 = aws.client("s3")
    assert s3.get_bucket_policy_status(Bucket=name)["PolicyStatus"] == {"IsPublic": True}
    s3.put_object(Bucket=name, Key="index.html", Body=b"hello")
    assert len(json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]) == 2
    s3.delete_bucket_policy(Bucket=name)
    assert code(lambda: s3.get_bucket_policy_status(Bucket=name)) == (404, "NoSuchBucketPolicy")
    assert code(lambda: s3.get_bucket_policy(Bucket=name)) == (404, "NoSuchBucketPolicy")


def test_acl_shows_every_permission(aws):
    b, name = Builder(aws), f"acl-{aws.number}"
    b.bucket(name, blocked=False, ownership="ObjectWriter", acl="public-read-write")
    grants = aws.client("s3").get_bucket_acl(Bucket=name)["Grants"]
    everyone = [g["Permission"] for g in grants if g["Grantee"].get("URI", "").endswith("/AllUsers")]
    assert sorted(everyone) == ["READ", "WRITE"]


def test_mfa_delete(aws):
    b, name = Builder(aws), f"logs-{aws.number}"
    b.bucket(name, versioning=True)
    s3 = aws.client("s3")
    on = {"Status": "Enabled", "MFADelete": "Enabled"}
    assert code(lambda: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=on)) == (403, "AccessDenied")
    b.mfa_delete(name)
    answer = s3.get_bucket_versioning(Bucket=name)
    assert (answer["Status"], answer["MFADelete"]) == ("Enabled", "Enabled")


def test_object_lock(aws):
    b = Builder(aws)
    b.bucket(f"lock-{aws.number}", lock_days=400)
    config = aws.client("s3").get_object_lock_configuration(Bucket=f"lock-{aws.number}")["ObjectLockConfiguration"]
    assert config["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 400}
    b.bucket(f"free-{aws.number}")
    assert code(lambda: aws.client("s3").get_object_lock_configuration(Bucket=f"free-{aws.number}")) == (404, "ObjectLockConfigurationNotFoundError")


def test_list_buckets(aws):
    b = Builder(aws)
    for n, region in enumerate((HOME, SECOND, HOME)):
        b.bucket(f"b{n}-{aws.number}", region, days=300)
    s3 = aws.client("s3")
    plain = s3.list_buckets()["Buckets"]
    assert len(plain) == 3 and "BucketRegion" not in plain[0] and (aws.now() - plain[0]["CreationDate"]).days in (299, 300)
    found = pages(s3.list_buckets, "Buckets", "ContinuationToken", "ContinuationToken", MaxBuckets=2)
    assert [[bucket["BucketRegion"] for bucket in page] for page in found] == [[HOME, SECOND], [HOME]]
    assert code(lambda: s3.list_buckets(ContinuationToken="made-up"))[1] == "InvalidArgument"


def test_a_bucket_answers_in_its_own_region(aws):
    name = f"eu-{aws.number}"
    Builder(aws).bucket(name, SECOND)
    request = urllib.request.Request(f"{aws.endpoint}/{name}?acl", headers={
        "Authorization": "AWS4-HMAC-SHA256 Credential=X/20250101/us-east-1/s3/aws4_request", "X-Moto-Account-Id": aws.number})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 301 and refused.value.headers["x-amz-bucket-region"] == SECOND
    assert aws.client("s3", SECOND).get_bucket_acl(Bucket=name)["Grants"]


def test_account_block_and_access_points(aws):
    b, control, name = Builder(aws), aws.client("s3control"), f"ap-{aws.number}"
    assert code(lambda: control.get_public_access_block(AccountId=aws.number)) == (404, "NoSuchPublicAccessBlockConfiguration")
    b.account_block("BlockPublicAcls")
    flags = control.get_public_access_block(AccountId=aws.number)["PublicAccessBlockConfiguration"]
    assert flags == {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    b.bucket(name)
    for point in ("one", "two", "three"):
        network = {"VpcConfiguration": {"VpcId": "vpc-1"}} if point == "three" else {}
        control.create_access_point(AccountId=aws.number, Name=point, Bucket=name, **network)
        if point != "two":
            arn = f"arn:aws:s3:us-east-1:{aws.number}:accesspoint/{point}/object/*"
            control.put_access_point_policy(AccountId=aws.number, Name=point, Policy=document(statement(action="s3:GetObject", resource=arn, Principal="*")))
    found = pages(control.list_access_points, "AccessPointList", "NextToken", "NextToken", AccountId=aws.number, MaxResults=2)
    assert [[p["Name"] for p in page] for page in found] == [["one", "two"], ["three"]]
    assert aws.client("s3control", SECOND).list_access_points(AccountId=aws.number)["AccessPointList"] == []
    assert [control.get_access_point_policy_status(AccountId=aws.number, Name=n)["PolicyStatus"]["IsPublic"] for n in ("one", "three")] == [True, False]
    assert code(lambda: control.get_access_point_policy_status(AccountId=aws.number, Name="two")) == (404, "NoSuchAccessPointPolicy")


def test_s3control_whatever_the_host(aws):
    Builder(aws).account_block()
    request = urllib.request.Request(f"{aws.endpoint}/v20180820/configuration/publicAccessBlock", headers={
        "Host": f"{aws.number}.localhost:1", "x-amz-account-id": aws.number, "X-Moto-Account-Id": aws.number,
        "Authorization": "AWS4-HMAC-SHA256 Credential=X/20250101/eu-west-1/s3/aws4_request"})
    assert b"<RestrictPublicBuckets>true</RestrictPublicBuckets>" in urllib.request.urlopen(request).read()
