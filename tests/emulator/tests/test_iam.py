"""IAM: the root user, the credential report, pages."""

from __future__ import annotations

import csv
import datetime
import io

from seeds.build import Builder, document, statement

from .calls import code, flat, pages


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
