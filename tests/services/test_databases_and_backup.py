"""Databases, caches, search domains, file systems and backups: replayed alike, in small pages alike, refused one by one."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from emulator.client import Account, post
from seeds import controls, controls_data
from seeds.build import Builder
from support.exhibit import INCOMPLETE, Exhibit, verdicts
from support.faults import ONCE, check, needed

_numbers = itertools.count(600000000301)

# Of each control, operations that are refused in turn.
REFUSED = {
    "databases-encrypted": ["dynamodb:DescribeTable", "efs:DescribeFileSystems", "opensearch:DescribeDomains", "rds:DescribeDBClusterSnapshots",
                            "rds:DescribeDBSnapshots", "redshift:DescribeClusters"],
    "data-stores-not-public": ["ec2:DescribeImages", "ec2:DescribeSnapshots", "opensearch:ListDomainNames", "rds:DescribeDBInstances",
                               "rds:DescribeDBSnapshotAttributes"],
    "databases-multi-az": ["elasticache:DescribeReplicationGroups", "elasticache:ListTagsForResource", "opensearch:ListTags"],
    "data-cross-region-replicas": ["backup:ListCopyJobs", "dynamodb:ListTagsOfResource", "efs:DescribeReplicationConfigurations", "rds:DescribeGlobalClusters",
                                   "s3:GetBucketReplication"],
    "backup-coverage": ["backup:ListBackupVaults", "backup:ListProtectedResources", "backup:ListRecoveryPointsByBackupVault", "dlm:GetLifecyclePolicies",
                        "dynamodb:DescribeContinuousBackups", "dynamodb:ListTables", "efs:DescribeBackupPolicy", "s3:GetBucketVersioning"],
    "backup-jobs-succeed": ["backup:GetBackupSelection", "backup:ListBackupJobs", "backup:ListBackupPlans", "backup:ListBackupSelections", "rds:DescribeEvents"],
    "restore-tested": ["backup:ListRestoreJobs", "backup:ListRestoreTestingPlans", "cloudtrail:LookupEvents"],
}


class State:
    """The bad state of a control, seen once."""

    def __init__(self, control: str, folder, endpoint: str, binary):
        self.control = control
        self.account = Account(endpoint).other(str(next(_numbers)))
        self.made = controls.seed(Builder(self.account), control, "bad")
        self.exhibit = self.run(folder, endpoint, binary)
        self.baseline = self.exhibit.test("--control", control)

    def run(self, folder, endpoint: str, binary, **how) -> Exhibit:
        exhibit = Exhibit(folder, self.account, endpoint, binary)
        exhibit.config(f'organization = "Harborlight"\n{self.made["settings"]}')
        self.told = exhibit.collect("--control", self.control, **how)
        for facts in self.made["records"]:
            exhibit.attach(self.control, facts)
        return exhibit


@pytest.fixture(scope="module")
def states(tmp_path_factory, cli_endpoint, binary):
    """Each state, made when it is first asked for."""
    made: dict[str, State] = {}

    def state(control: str) -> State:
        if control not in made:
            made[control] = State(control, tmp_path_factory.mktemp(control), cli_endpoint, binary)
        return made[control]

    yield state
    for one in made.values():
        for bucket in one.account.client("s3").list_buckets(MaxBuckets=1000)["Buckets"]:
            with contextlib.suppress(Exception):
                one.account.remove_bucket(bucket["Name"], bucket["BucketRegion"])


@pytest.mark.parametrize("control", list(controls_data.CONTROLS))
def test_reperformed(states, control):
    ran = states(control).exhibit.run("reperform", "--format", "json")
    assert ran.code == 0, ran.err
    assert ran.json()["schema"] == "exhibit.reperform/1"


@pytest.mark.parametrize("control", list(controls_data.CONTROLS))
def test_small_pages_change_nothing(states, cli_endpoint, binary, tmp_path, control):
    state = states(control)
    post(cli_endpoint, "/exhibit/page-size", n=1)
    try:
        exhibit = state.run(tmp_path, cli_endpoint, binary)
    finally:
        post(cli_endpoint, "/exhibit/page-size", n=0)
    found = exhibit.test("--control", control)
    assert verdicts(found[control]) == verdicts(state.baseline[control])


@pytest.mark.parametrize(("control", "operation"), [(control, operation) for control, listed in REFUSED.items() for operation in listed])
def test_refused(states, tmp_path, memory, faults, binary, control, operation):
    state = states(control)
    with faults(f"{operation}=403"):
        exhibit = state.run(tmp_path, memory, binary, code=INCOMPLETE, **ONCE)
    assert {gap["operation"] for gap in state.told["gaps"]} == {operation}
    check(state.baseline, exhibit.test("--control", control), needed(exhibit), {operation})
