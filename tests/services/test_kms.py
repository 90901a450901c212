"""Keys that are deleted while exhibit looks."""

from __future__ import annotations

import pytest

from seeds.build import HOME, Builder
from support.exhibit import Exhibit


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    Builder(account).regions()
    return Exhibit(tmp_path, account, cli_endpoint, binary)


def test_a_key_that_is_gone_is_no_member_and_no_gap_of_the_region(exhibit: Exhibit, account):
    kept, gone = (account.client("kms", HOME).create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    account.answers("kms", "GetKeyRotationStatus", error={"code": "NotFoundException", "message": "it does not exist", "status": 400}, KeyId=gone)
    ran = exhibit.run("collect", "--control", "kms-key-rotation")
    assert ran.code == 0, ran.err
    assert f"Deleted while exhibit looked: {gone}\n" in ran.out and "Not offered" not in ran.out
    members = exhibit.test("--control", "kms-key-rotation")["kms-key-rotation"]["resources"]
    assert {m["resource"]: m["verdict"] for m in members if m["resource"] in (kept, gone)} == {kept: "fail", gone: "na"}
