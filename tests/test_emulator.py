"""The emulator's extensions, each seen through boto3, so through botocore's own parsers."""

from __future__ import annotations

import csv
import datetime
import io
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

import harness
from emulated.policies import is_public
from seeds.build import HOME, SECOND, Builder, document, public_read, statement


def code(call) -> tuple[int, str]:
    """The HTTP status and error code with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["ResponseMetadata"]["HTTPStatusCode"], refused.value.response["Error"]["Code"]


def pages(call, key: str, token_in: str, token_out: str, **parameters) -> list[list]:
    """Every page of a list, following the token by hand."""
    found, token = [], None
    while True:
        answer = call(**parameters, **({token_in: token} if token else {}))
        found.append(answer.get(key, []))
        token = answer.get(token_out)
        assert bool(token) == answer.get("IsTruncated", answer.get("Truncated", bool(token)))
        if not token:
            return found
        assert len(found) < 100


def flat(found: list[list]) -> list:
    return [item for page in found for item in page]


# Clock and accounts


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


# Regions


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


# IAM


def test_root_in_summary_and_virtual_devices(aws):
    iam = aws.client("iam")

    def seen() -> tuple:
        summary = iam.get_account_summary()["SummaryMap"]
        return tuple(summary[f"Account{name}"] for name in ("MFAEnabled", "PasswordPresent", "AccessKeysPresent"))

    assert seen() == (0, 1, 0)
    aws.control("root", mfa="virtual", access_keys=1)
    assert seen() == (1, 1, 1)
    Builder(aws).user("alice", mfa="virtual")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="spare")
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert [d["User"]["Arn"] for d in assigned] == [f"arn:aws:iam::{aws.number}:root", f"arn:aws:iam::{aws.number}:user/alice"]
    assert assigned[0]["SerialNumber"].endswith(":mfa/root-account-mfa-device")
    assert len(iam.list_virtual_mfa_devices()["VirtualMFADevices"]) == 3
    aws.control("root", mfa="hardware", password=0, access_keys=0)
    assert seen() == (1, 0, 0)
    assert len(iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]) == 1


def report(aws) -> list[dict]:
    iam = aws.client("iam")
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    return list(csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode())))


def test_credential_report(aws):
    b = Builder(aws)
    b.user("svc,reporting", 200, console=100, used=3, mfa="virtual", keys=((90, 4), (10, None)))
    b.iam().update_access_key(UserName="svc,reporting", AccessKeyId=b.iam().list_access_keys(UserName="svc,reporting")["AccessKeyMetadata"][1]["AccessKeyId"], Status="Inactive")
    b.user("plain", 50)
    aws.control("root", mfa="virtual", inactive_access_keys=1, last_used_days=400)
    root, first, second = report(aws)
    assert list(root) == ("user arn user_creation_time password_enabled password_last_used password_last_changed password_next_rotation mfa_active"
                          " access_key_1_active access_key_1_last_rotated access_key_1_last_used_date access_key_1_last_used_region access_key_1_last_used_service"
                          " access_key_2_active access_key_2_last_rotated access_key_2_last_used_date access_key_2_last_used_region access_key_2_last_used_service"
                          " cert_1_active cert_1_last_rotated cert_2_active cert_2_last_rotated").split()
    assert (root["user"], root["mfa_active"], root["access_key_1_active"], root["password_next_rotation"]) == ("<root_account>", "true", "false", "not_supported")
    assert root["access_key_1_last_rotated"] != "N/A" and root["password_last_used"].endswith("+00:00")
    assert first["user"] == "svc,reporting" and first["mfa_active"] == first["password_enabled"] == "true"
    assert (first["access_key_1_active"], first["access_key_2_active"]) == ("true", "false")
    assert first["access_key_2_last_used_date"] == "N/A" and first["access_key_2_last_rotated"] != "N/A"
    age = aws.now() - datetime.datetime.fromisoformat(first["access_key_1_last_used_date"])
    assert age.days in (3, 4)
    assert {second[c] for c in second if c.startswith("access_key_1_last")} == {"N/A"} and second["password_last_used"] == "N/A"


def test_credential_report_states_columns_and_cache(aws):
    iam = aws.client("iam")
    assert code(iam.get_credential_report) == (410, "ReportNotPresent")
    aws.control("credential-report", pending=2, columns=23, cache_hours=4, root="old")
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert code(iam.get_credential_report) == (404, "ReportInProgress")
    assert [iam.generate_credential_report()["State"] for _ in range(2)] == ["INPROGRESS", "COMPLETE"]
    first = iam.get_credential_report()
    head, root = first["Content"].decode().splitlines()
    assert head.endswith(",additional_credentials_info") and root.split(",")[3] == "not_supported"
    iam.create_user(UserName="later")
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    again = iam.get_credential_report()
    assert again["GeneratedTime"] == first["GeneratedTime"] and b"later" not in again["Content"]


def test_iam_pages(aws):
    iam, b = aws.client("iam"), Builder(aws)
    b.group("team")
    for n in range(5):
        b.user(f"u{n}", groups=("team",))
    b.role("role", {"Service": "ec2.amazonaws.com"}, managed=("ReadOnlyAccess",))
    b.policy("own", document(statement(action="s3:Get*")))
    assert [len(p) for p in pages(iam.list_users, "Users", "Marker", "Marker", MaxItems=2)] == [2, 2, 1]
    aws.control("page-size", n=3)
    users = flat(pages(iam.list_users, "Users", "Marker", "Marker"))
    assert [u["UserName"] for u in users] == [f"u{n}" for n in range(5)] and users[0]["UserId"].startswith("AIDA")
    found = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for page in iam.get_paginator("get_account_authorization_details").paginate():
        assert sum(len(page[key]) for key in found) <= 3
        for key, items in found.items():
            items += page[key]
    assert [len(items) for items in found.values()] == [5, 1, 1, 2]
    assert {p["PolicyName"] for p in found["Policies"]} == {"own", "ReadOnlyAccess"}
    assert found["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert only["GroupDetailList"] and not only["UserDetailList"] and not only["Policies"]
    marker = iam.list_users()["Marker"]
    assert code(lambda: iam.list_mfa_devices(UserName="u1", Marker=marker)) == (400, "ValidationError")


def test_a_page_of_iam_has_a_hundred_items(aws):
    iam = aws.client("iam")
    for n in range(101):
        iam.create_user(UserName=f"u{n:03}")
    assert [len(p) for p in pages(iam.list_users, "Users", "Marker", "Marker")] == [100, 1]


def test_keys_and_devices_are_paged(aws):
    iam, b = aws.client("iam"), Builder(aws)
    b.user("u", mfa="fido", keys=((5, None), (3, None)))
    b.mfa("u", "hardware")
    aws.control("page-size", n=1)
    assert [len(p) for p in pages(iam.list_access_keys, "AccessKeyMetadata", "Marker", "Marker", UserName="u")] == [1, 1]
    devices = flat(pages(iam.list_mfa_devices, "MFADevices", "Marker", "Marker", UserName="u"))
    assert [":u2f/" in d["SerialNumber"] for d in devices] == [True, False]


def test_page_quirks(aws):
    iam = aws.client("iam")
    for n in range(4):
        iam.create_user(UserName=f"u{n}")
    aws.control("page-size", n=2, quirk="empty")
    assert [len(p) for p in pages(iam.list_users, "Users", "Marker", "Marker")] == [0, 2, 0, 2]
    aws.control("page-size", n=2, quirk="repeat")
    first = iam.list_users()
    again = iam.list_users(Marker=first["Marker"])
    assert again["Marker"] == first["Marker"] and again["IsTruncated"]


# EC2


def test_ec2_pages(aws):
    ec2, b = aws.client("ec2"), Builder(aws)
    vpc, subnet = b.default_vpc()
    for n in range(6):
        b.security_group(f"group-{n}", vpc, (b.rule(443), b.rule(22, source="10.0.0.0/8")), subnet=subnet)
    groups = flat(pages(ec2.describe_security_groups, "SecurityGroups", "NextToken", "NextToken", MaxResults=5))
    assert len(groups) == 7 and len(ec2.describe_security_groups()["SecurityGroups"]) == 7
    aws.control("page-size", n=2)
    for operation, key, count in (("describe_security_groups", "SecurityGroups", 7), ("describe_security_group_rules", "SecurityGroupRules", 20),
                                  ("describe_network_interfaces", "NetworkInterfaces", 6), ("describe_network_acls", "NetworkAcls", 1), ("describe_vpcs", "Vpcs", 1)):
        found = pages(getattr(ec2, operation), key, "NextToken", "NextToken")
        assert len(flat(found)) == count and max(map(len, found)) <= 2
    assert code(lambda: ec2.describe_security_groups(NextToken="made-up")) == (400, "InvalidNextToken")


def test_default_group_has_its_two_rules(aws):
    rules = aws.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    assert sorted((r["IsEgress"], r["IpProtocol"], r.get("CidrIpv4"), "ReferencedGroupInfo" in r) for r in rules) == [
        (False, "-1", None, True), (True, "-1", "0.0.0.0/0", False)]


def test_prefix_list_entries(aws):
    ec2, b = aws.client("ec2"), Builder(aws)
    wanted = ("203.0.113.0/24", "198.51.100.0/24", "0.0.0.0/0")
    listed = b.prefix_list("offices", wanted)
    b.security_group("admin", b.default_vpc()[0], (b.rule(22, source=listed),))
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert [r["PrefixListId"] for r in rules if r.get("PrefixListId")] == [listed]
    aws.control("page-size", n=2)
    entries = flat(pages(ec2.get_managed_prefix_list_entries, "Entries", "NextToken", "NextToken", PrefixListId=listed))
    assert tuple(e["Cidr"] for e in entries) == wanted
    assert "offices" in {p["PrefixListName"] for p in flat(pages(ec2.describe_managed_prefix_lists, "PrefixLists", "NextToken", "NextToken"))}
    assert code(lambda: ec2.get_managed_prefix_list_entries(PrefixListId="pl-00000000000000000")) == (400, "InvalidPrefixListID.NotFound")


# S3


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


# S3 Control


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


# KMS


def test_kms_key_kinds(aws):
    b, kms = Builder(aws), aws.client("kms")
    plain = b.key("plain", days=400, rotation=180)
    data = kms.describe_key(KeyId=plain)["KeyMetadata"]
    assert (data["KeyManager"], data["Origin"], data["MultiRegion"], data["KeyState"], data["KeyUsage"]) == ("CUSTOMER", "AWS_KMS", False, "Enabled", "ENCRYPT_DECRYPT")
    assert (aws.now() - data["CreationDate"]).days in (399, 400)
    status = kms.get_key_rotation_status(KeyId=plain)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180) and status["NextRotationDate"] > aws.now()
    off = kms.get_key_rotation_status(KeyId=b.key(rotation=None))
    assert off["KeyRotationEnabled"] is False and "RotationPeriodInDays" not in off
    assert code(lambda: kms.get_key_rotation_status(KeyId=b.key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"))) == (400, "UnsupportedOperationException")
    managed = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS" and kms.get_key_rotation_status(KeyId=managed["KeyId"])["KeyRotationEnabled"]
    doomed = b.key()
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    data = kms.describe_key(KeyId=doomed)["KeyMetadata"]
    assert data["KeyState"] == "PendingDeletion" and data["DeletionDate"] > aws.now()
    assert kms.get_key_rotation_status(KeyId=doomed)["KeyRotationEnabled"] is False


def test_imported_keys(aws):
    b, kms = Builder(aws), aws.client("kms")
    key = b.key(rotation=None, Origin="EXTERNAL")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    b.import_material(key, expires_in=10)
    data = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (data["KeyState"], data["ExpirationModel"], (data["ValidTo"] - aws.now()).days) == ("Enabled", "KEY_MATERIAL_EXPIRES", 9)
    b.import_material(key)
    data = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert data["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in data


def test_multi_region_keys(aws):
    b = Builder(aws)
    key = b.key(MultiRegion=True).rsplit("/", 1)[1]
    aws.client("kms").replicate_key(KeyId=key, ReplicaRegion=SECOND)
    kinds = {region: aws.client("kms", region).describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"] for region in (HOME, SECOND, HOME)}
    assert (kinds[HOME]["MultiRegionKeyType"], kinds[SECOND]["MultiRegionKeyType"]) == ("PRIMARY", "REPLICA")
    assert kinds[SECOND]["PrimaryKey"]["Region"] == HOME and kinds[HOME]["ReplicaKeys"][0]["Region"] == SECOND


def test_key_rotations(aws):
    b, kms = Builder(aws), aws.client("kms")
    key = b.key(days=800, rotation=365)
    aws.control("kms-rotation", key=key.rsplit("/", 1)[1], days_ago=100, type="ON_DEMAND")
    rotations = flat(pages(kms.list_key_rotations, "Rotations", "Marker", "NextMarker", KeyId=key, Limit=1))
    assert [(r["RotationType"], (aws.now() - r["RotationDate"]).days) for r in rotations] == [("AUTOMATIC", 435), ("ON_DEMAND", 100), ("AUTOMATIC", 70)]


def test_kms_pages(aws):
    b, kms = Builder(aws), aws.client("kms")
    keys = [b.key(f"key-{n}", tags={"owner": "alice", "tier": "one", "x": "<b>"}) for n in range(3)]
    for n in range(3):
        kms.create_grant(KeyId=keys[0], GranteePrincipal=f"arn:aws:iam::{aws.number}:role/r{n}", Operations=["Decrypt", "DescribeKey"])
    aws.control("page-size", n=2)
    assert sorted(k["KeyArn"] for k in flat(pages(kms.list_keys, "Keys", "Marker", "NextMarker"))) == sorted(keys)
    grants = flat(pages(kms.list_grants, "Grants", "Marker", "NextMarker", KeyId=keys[0]))
    assert len(grants) == 3 and grants[0]["KeyId"] == keys[0] and grants[0]["CreationDate"]
    assert len(flat(pages(kms.list_resource_tags, "Tags", "Marker", "NextMarker", KeyId=keys[1]))) == 3
    aliases = flat(pages(kms.list_aliases, "Aliases", "Marker", "NextMarker"))
    assert len([a for a in aliases if a.get("TargetKeyId")]) == 3 and any("TargetKeyId" not in a for a in aliases)
    assert code(lambda: kms.list_keys(Marker="made-up")) == (400, "InvalidMarkerException")


# CloudTrail


def test_trails(aws):
    b, bucket = Builder(aws), f"trail-{aws.number}"
    b.trail_bucket(bucket)
    arn = b.trail("main", bucket, days=30, logging=False)
    home, away = aws.client("cloudtrail"), aws.client("cloudtrail", SECOND)
    status = home.get_trail_status(Name="main")
    assert status["IsLogging"] is False and "LatestDeliveryTime" not in status
    b.trails(days=30).start_logging(Name=arn)
    status = away.get_trail_status(Name=arn)
    assert status["IsLogging"] and aws.now() - status["LatestDeliveryTime"] < datetime.timedelta(hours=1) and status["LatestDigestDeliveryTime"]
    aws.control("trail", name="main", delivery_hours_ago=30, digest_hours_ago=50, delivery_error="AccessDenied")
    status = home.get_trail_status(Name=arn)
    assert 29 < (aws.now() - status["LatestDeliveryTime"]).total_seconds() / 3600 < 31 and status["LatestDeliveryError"] == "AccessDenied"
    assert away.get_event_selectors(TrailName=arn)["EventSelectors"] == [
        {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
    shadow, = away.describe_trails()["trailList"]
    assert shadow["HomeRegion"] == HOME and shadow["TrailARN"] == arn and shadow["LogFileValidationEnabled"]
    assert away.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert code(lambda: away.stop_logging(Name=arn)) == (400, "InvalidHomeRegionException")
    assert code(lambda: away.get_event_selectors(TrailName="main")) == (400, "TrailNotFoundException")
    home.put_event_selectors(TrailName="main", AdvancedEventSelectors=[{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}])
    selectors = away.get_event_selectors(TrailName=arn)
    assert selectors["AdvancedEventSelectors"] and not selectors.get("EventSelectors")
    home.put_event_selectors(TrailName="main", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    selectors = home.get_event_selectors(TrailName="main")
    assert selectors["EventSelectors"][0]["ReadWriteType"] == "WriteOnly" and not selectors.get("AdvancedEventSelectors")
    home.stop_logging(Name="main")
    assert home.get_trail_status(Name="main")["StopLoggingTime"]


# CloudWatch by rpc-v2-cbor


def test_cloudwatch_speaks_cbor(aws):
    request = urllib.request.Request(f"{aws.endpoint}/service/GraniteServiceVersion20100801/operation/DescribeAlarms", data=b"\xa0", method="POST", headers={
        "smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={harness.ACCESS_KEY}/20250101/us-east-1/monitoring/aws4_request"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor" and b"MetricAlarms" in answer.read()
