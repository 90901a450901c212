"""The seeds run, and say what they made."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from emulator.client import Account, process
from seeds import bulk, controls, demo
from seeds.build import HOME, Builder

TESTS = pathlib.Path(__file__).resolve().parents[2]


def test_every_control_has_both_states():
    """tests/cli/test_pipeline.py makes each of them, and sees that what fails is what is said here."""
    assert set(controls.FAILING) == set(controls.CONTROLS) and all(controls.FAILING.values())


def test_the_sample_company(aws):
    b, iam = Builder(aws), aws.client("iam")
    demo.before(b)
    assert len(iam.list_users()["Users"]) == 17 and len(iam.list_groups()["Groups"]) == 5
    assert len(aws.client("ec2").describe_security_groups()["SecurityGroups"]) >= 12
    assert b.ec2().describe_security_groups(GroupIds=[b.group_id("bastion")])["SecurityGroups"][0]["Tags"][0]["Value"] == demo.HOSTILE
    assert b.ec2().describe_security_groups(GroupIds=[b.group_id("half-the-internet")])["SecurityGroups"][0]["Description"] == demo.FORMULA
    assert not aws.client("ec2", "eu-west-2").describe_network_acls()["NetworkAcls"]  # they went with the VPC
    made = demo.after(b)
    users = {user["UserName"] for user in iam.list_users()["Users"]}
    assert "svc,reporting" in users and "g.haddad" not in users and "hana.suzuki" in users
    assert aws.client("s3").get_bucket_versioning(Bucket="harborlight-trail-logs")["MFADelete"] == "Enabled"
    assert aws.client("cloudtrail", HOME).describe_trails()["trailList"][0]["LogFileValidationEnabled"]
    assert made["state"] == "after" and {accepted["name"] for accepted in made["accepted"]} == {"harborlight-robot-logs", "ops.breakglass", "windows-tools"}


def test_ids_repeat_with_a_seed():
    def ids(reads: int) -> tuple[str, ...]:
        with process("emulator", "-p", "0", "--seed", "one") as url:
            account = Account(url)
            b = Builder(account)
            for _ in range(reads):  # what is read in between changes nothing
                account.client("iam").list_users()
            return b.default_vpc()[0], b.vpc("10.1.0.0/16", "a")[0], b.key(), account.client("iam").create_user(UserName="a")["User"]["UserId"]

    assert ids(0) == ids(3)


def test_bulk(aws):
    assert bulk.seed(Builder(aws), 12, 6, 4)["users"] == 12
    assert len(aws.client("iam").list_users()["Users"]) == 12


@pytest.mark.parametrize("arguments", [["control", "no-such-control", "good", "--endpoint", "http://127.0.0.1:1"],
                                       ["demo", "before", "--endpoint", "https://iam.amazonaws.com"]])
def test_the_command_refuses_nonsense(arguments):
    ran = subprocess.run([sys.executable, "-m", "seeds", *arguments], cwd=TESTS, capture_output=True, text=True)
    assert ran.returncode == 2 and "error:" in ran.stderr


def test_the_list_is_json():
    ran = subprocess.run([sys.executable, "-m", "seeds", "list"], cwd=TESTS, capture_output=True, text=True, check=True)
    assert [row["control"] for row in json.loads(ran.stdout)] == list(controls.CONTROLS)
