"""From an account to verdicts: every control passes on its good state and names what is bad in its bad one."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess

import pytest

from emulator.client import Account, post
from seeds import bulk, controls
from seeds.build import Builder
from support.exhibit import INCOMPLETE, OK, USAGE, Exhibit, complains, failing, sound, verdicts

_numbers = itertools.count(610000000001)

@pytest.fixture
def account(cli_endpoint):
    """An account for one test. Bucket names are unique in all of AWS, so its buckets go afterwards."""
    account = Account(cli_endpoint).other(str(next(_numbers)))
    yield account
    for bucket in account.client("s3").list_buckets(MaxBuckets=1000)["Buckets"]:
        with contextlib.suppress(Exception):
            account.remove_bucket(bucket["Name"], bucket["BucketRegion"])


@pytest.mark.parametrize("state", ["good", "bad"])
@pytest.mark.parametrize("control", list(controls.CONTROLS))
def test_verdict(account, cli_endpoint, binary, tmp_path, control, state):
    made = controls.seed(Builder(account), control, state)
    exhibit = Exhibit(tmp_path, account, cli_endpoint, binary)
    exhibit.config(f'organization = "Harborlight"\n{made["settings"]}')
    exhibit.collect("--control", control)
    for facts in made["records"]:
        exhibit.attach(control, facts)
    found = exhibit.test("--control", control)[control]
    assert found["verdict"] == made["verdict"], (found["reason"], found["gaps"])
    expected = {row["resource"] for row in made["failing"]}
    assert failing(found) == expected and made["verdict"] == ("pass" if state == "good" else "fail")
    called = [row["name"].replace(account.number, "123456789012") for row in made["failing"]]
    told = controls.FAILING[control] if state == "bad" else []
    assert len(called) == len(told) and all(name.endswith(end) for name, end in zip(called, told)), (called, told)  # an ARN ends in the name
    names = {r["resource"]: r["name"] for r in found["resources"]}
    for row in made["failing"]:
        assert row["name"] in names[row["resource"]] or row["name"] == "<root_account>"
    for resource in found["resources"]:
        assert resource["reason"] and resource["account"] == account.number
        assert resource["source"]["exchange"] >= 1 and len(resource["source"]["body_sha256"]) == 64
    assert found["counts"]["unknown"] == 0 and not found["incomplete"] and found["criteria"]
    exhibit.same_in_other_partitions(control)


def test_every_control_of_the_catalogue_is_here(exhibit):
    listed = exhibit.run("controls", "--format", "json").json()
    assert listed["schema"] == "exhibit.controls/1"
    known = [*controls.CONTROLS, *controls.ATTACHED, *controls.RECORDED]
    assert {c["id"] for c in listed["controls"]} - set(known) == set(), "give it a seed in tests/seeds/ (CONTRIBUTING.md, step 6)"
    assert sorted(c["id"] for c in listed["controls"]) == sorted(known)


def test_the_company(collected):
    """The sample company: something of everything, and all of it was seen."""
    found = collected.test()
    assert len(found) == len(controls.CONTROLS) + len(controls.ATTACHED) + len(controls.RECORDED)
    assert not any(c["incomplete"] or c["gaps"] for c in found.values())
    assert {c["verdict"] for c in found.values()} >= {"fail", "pass"}
    # Records that no call gives; a support plan without the API of Trusted Advisor; what the firm has to say first.
    untested = {i: c["code"] for i, c in found.items() if c["verdict"] == "not-tested"}
    assert set(untested.values()) <= {"evidence-missing", "needs-parameter", "unsupported"}, untested
    assert set(controls.ATTACHED) <= set(untested)
    for control in found.values():
        assert control["verdict"] != "fail" or failing(control)
        assert control["reason"] and control["title"] and control["criteria"]


def test_two_runs_say_the_same(collected, exhibit):
    exhibit.collect()
    one, two = collected.test(), exhibit.test()
    assert {i: verdicts(c) for i, c in one.items()} == {i: verdicts(c) for i, c in two.items()}
    diff = exhibit.run("collect", "--format", "json")
    assert diff.code == OK
    ran = exhibit.run("diff", "--format", "json")
    assert ran.code == OK and ran.json()["schema"] == "exhibit.diff/1"


@pytest.fixture
def paged(cli_endpoint):
    yield lambda **how: post(cli_endpoint, "/exhibit/page-size", **how)
    post(cli_endpoint, "/exhibit/page-size", n=0)


@pytest.mark.parametrize("quirk", [{}, {"quirk": "empty"}], ids=["pages of two", "with empty pages"])
def test_small_pages_change_nothing(company, cli_endpoint, binary, collected, tmp_path, paged, quirk):
    paged(n=2, **quirk)
    exhibit = Exhibit(tmp_path, company, cli_endpoint, binary)
    exhibit.collect()
    baseline, found = collected.test(), exhibit.test()
    assert {i: verdicts(c) for i, c in found.items()} == {i: verdicts(c) for i, c in baseline.items()}
    assert len(exhibit.exchanges()) > len(collected.exchanges()) + 30


def test_a_list_without_an_end_is_a_gap(company, cli_endpoint, binary, collected, tmp_path, paged):
    paged(n=2, quirk="repeat")
    exhibit = Exhibit(tmp_path, company, cli_endpoint, binary)
    told = exhibit.collect(code=INCOMPLETE)
    assert "iam:ListUsers" in {gap["operation"] for gap in told["gaps"]}
    assert len(exhibit.exchanges()) < 2 * len(collected.exchanges())
    baseline, found = collected.test(), exhibit.test()
    for control, now in found.items():
        assert now["verdict"] != "pass" or baseline[control]["verdict"] == "pass"
        sound(control, baseline[control], now)


def test_only_what_is_in_scope(exhibit, company):
    exhibit.config('organization = "Harborlight"\n[scope]\nregions = ["eu-west-1"]\n')
    exhibit.collect()
    assert {e["region"] for e in exhibit.exchanges() if e["service"] in ("ec2", "kms")} <= {"eu-west-1"}
    groups = exhibit.test()["sg-admin-ports-closed"]
    assert {r["region"] for r in groups["resources"]} == {"eu-west-1"}


def test_many_things(cli_endpoint, binary, tmp_path, account):
    users, groups, buckets = 60, 60, 12
    bulk.seed(Builder(account), users, groups, buckets)
    exhibit = Exhibit(tmp_path, account, cli_endpoint, binary)
    exhibit.collect()
    found = exhibit.test()
    number = account.number
    assert failing(found["iam-console-users-mfa"]) == {f"arn:aws:iam::{number}:user/user.{n:05}" for n in range(users) if n % 6 == 5}
    assert found["iam-console-users-mfa"]["counts"]["population"] == users
    names = {r["name"] for r in found["sg-admin-ports-closed"]["resources"] if r["verdict"] == "fail"}
    assert names == {f"service-{n:05}" for n in range(0, groups, 50)}
    assert failing(found["s3-tls-only"]) == {f"arn:aws:s3:::bulk-{n:05}" for n in range(0, buckets, 5)}
    assert found["kms-key-rotation"]["counts"]["fail"] == 4
    assert found["root-mfa-enabled"]["verdict"] == "pass"


def test_accounts_and_roles(exhibit, company, cli_endpoint):
    """An account of [scope] must be that of the credentials."""
    exhibit.config(f'organization = "H"\n[scope]\naccounts = ["{company.number}"]\n')
    exhibit.collect("--control", "root-mfa-enabled")


def test_two_accounts_by_roles(exhibit, company, cli_endpoint, binary, tmp_path):
    """One run over two accounts, each through a role to assume."""
    numbers = (company.number, "600000000777")
    rows = ", ".join(f'{{ id = "{n}", role_arn = "arn:aws:iam::{n}:role/auditor" }}' for n in numbers)
    run = Exhibit(tmp_path / "two", Account(cli_endpoint), cli_endpoint, binary)
    run.config(f'organization = "H"\n[scope]\naccounts = [{rows}]\n')
    run.collect("--control", "root-mfa-enabled", "--control", "iam-password-policy")
    found = run.test("--control", "root-mfa-enabled")["root-mfa-enabled"]
    assert {r["account"] for r in found["resources"]} == set(numbers)


# What IAM calls otherwise than the API, collector/tests/it/service_authorization.rs holds against AWS's reference.
_PREFIXES = {"accessanalyzer": "access-analyzer", "efs": "elasticfilesystem", "elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing",
             "opensearch": "es", "resourcegroupstaggingapi": "tag", "s3control": "s3", "sso-admin": "sso"}
_ACTIONS = {"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
            "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration", "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
            "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
            "s3:GetBucketReplication": "s3:GetReplicationConfiguration", "s3:ListObjectsV2": "s3:ListBucket",
            "apigateway:GetRestApis": "apigateway:GET", "apigateway:GetStages": "apigateway:GET",
            "accessanalyzer:ListFindingsV2": "access-analyzer:ListFindings"}


def test_the_policy_has_all_that_a_run_calls(collected):
    """Every call that is made is in the policies, and nothing that could change the account; and AWS takes each of them."""
    policies = collected.run("policy", "--format", "json").json()["policies"]
    actions = {action for policy in policies for s in policy["document"]["Statement"] for action in s["Action"]}
    called = {(e["service"], e["operation"]) for e in collected.exchanges()}
    missing = {f"{s}:{o}" for s, o in called if _ACTIONS.get(f"{s}:{o}", f"{_PREFIXES.get(s, s)}:{o}") not in actions}
    assert not missing
    reads = ("Get", "List", "Describe", "BatchGet", "LookupEvents", "GenerateCredentialReport")
    assert all(action.split(":")[1].startswith(reads) or action == "apigateway:GET" for action in actions)
    for policy in policies:
        size = len("".join(json.dumps(policy["document"]).split()))
        assert size == policy["characters"] <= 6144


def test_the_policy_as_a_script(exhibit):
    """It takes the role's name, makes what AWS's command line is given, and names no partition and no account."""
    script = exhibit.run("policy").out
    policies = exhibit.run("policy", "--format", "json").json()["policies"]
    (exhibit.folder / "bin").mkdir()
    aws = exhibit.folder / "bin/aws"
    aws.write_text('#!/bin/sh\necho "$@" >> calls\ncase "$2" in create-policy) echo "arn:$4";; esac\n')
    aws.chmod(0o755)
    (exhibit.folder / "policy.sh").write_text(script)
    run = lambda *role: subprocess.run(["sh", "policy.sh", *role], cwd=exhibit.folder, env={"PATH": f"bin:{os.environ['PATH']}"}, capture_output=True, text=True)  # noqa: E731
    assert run().returncode != 0
    done = run("audit role")
    assert done.returncode == 0, done.stderr
    expected = []
    for policy in policies:
        name = policy["name"]
        assert json.loads((exhibit.folder / f"{name}.json").read_text()) == policy["document"]
        expected += [f"iam create-policy --policy-name {name} --policy-document file://{name}.json --query Policy.Arn --output text",
                     f"iam attach-role-policy --role-name audit role --policy-arn arn:{name}"]
    assert (exhibit.folder / "calls").read_text().splitlines() == expected


def test_the_policy_as_a_template(exhibit):
    policies = exhibit.run("policy", "--format", "json").json()["policies"]
    template = exhibit.run("policy", "--format", "cloudformation").json()
    assert [r["Properties"]["PolicyDocument"] for r in template["Resources"].values()] == [p["document"] for p in policies]
    module = exhibit.run("policy", "--format", "terraform").out
    assert module.count('resource "aws_iam_policy"') == module.count('resource "aws_iam_role_policy_attachment"') == len(policies)
    complains(exhibit.run("status", "--format", "terraform"), USAGE, "exhibit policy")
