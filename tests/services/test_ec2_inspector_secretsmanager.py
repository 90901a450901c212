"""Instances, images, disks, groups, scanning and secrets: read to the end, replayed alike, refused one by one; no user data kept."""

from __future__ import annotations

import base64
import zipfile

import pytest

from emulator.client import Account, post
from seeds import controls_compute
from seeds.build import HOME, SECOND, Builder
from support.exhibit import INCOMPLETE, Exhibit, verdicts
from support.faults import ONCE, check, needed

PASSWORD = "user-data-password-not-a-real-one"
CONTROLS = [control for control in controls_compute.CONTROLS if control != "ec2-approved-ami"]  # its bad state states what others read
OPERATIONS = [
    "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "ec2:DescribeImages", "ec2:DescribeInstanceImageMetadata",
    "ec2:DescribeInstances", "ec2:DescribeSnapshotAttribute", "ec2:DescribeSnapshots", "ec2:DescribeVolumes", "ec2:GetAllowedImagesSettings",
    "ec2:GetEbsEncryptionByDefault", "ec2:GetInstanceMetadataDefaults", "ecr:DescribeRepositories", "ecr:GetRegistryScanningConfiguration",
    "inspector2:BatchGetAccountStatus", "inspector2:ListCoverage", "secretsmanager:ListSecrets", "ssm:DescribeInstanceInformation",
    "ssm:DescribeInstancePatchStates",
]


@pytest.fixture(scope="module")
def workshop(cli_endpoint):
    """An account with the bad states of all these controls, and its settings."""
    account = Account(cli_endpoint).other("600000000071")
    b = Builder(account)
    for control in CONTROLS:
        controls_compute.CONTROLS[control](b, True)
    ec2 = b.ec2()
    ami = controls_compute.image(b, "with user data")
    ec2.run_instances(ImageId=ami, MinCount=3, MaxCount=3, UserData=f"#!/bin/sh\nexport PASSWORD={PASSWORD}\n")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": ami, "UserData": base64.b64encode(PASSWORD.encode()).decode()})
    b.account.client("autoscaling").create_launch_configuration(LaunchConfigurationName="data", ImageId=ami, InstanceType="t3.micro", UserData=PASSWORD)
    b.account.client("autoscaling").set_desired_capacity(AutoScalingGroupName="batch", DesiredCapacity=3)
    foreign = "ami-0f0e0d0c0b0a09080"
    controls_compute.instance(b, "vendor", foreign)
    snapshot = ec2.create_snapshot(VolumeId=ec2.create_volume(AvailabilityZone=HOME + "a", Size=8)["VolumeId"])["SnapshotId"]
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
    account.settings = b.settings
    account.public = snapshot
    return account


def start(folder, account, endpoint, binary) -> Exhibit:
    exhibit = Exhibit(folder, account, endpoint, binary)
    exhibit.config(f'organization = "Harborlight"\n{account.settings}')
    return exhibit


@pytest.fixture(scope="module")
def seen(tmp_path_factory, workshop, memory, binary):
    exhibit = start(tmp_path_factory.mktemp("compute"), workshop, memory, binary)
    exhibit.collect(*(argument for control in controls_compute.CONTROLS for argument in ("--control", control)))
    return exhibit


def mine(exhibit: Exhibit) -> dict:
    found = exhibit.test()
    return {control: found[control] for control in controls_compute.CONTROLS}


@pytest.fixture(scope="module")
def baseline(seen):
    return mine(seen)


def test_all_bad_states_at_once(baseline, seen):
    assert {id for id, control in baseline.items() if control["verdict"] == "fail"} == set(CONTROLS)
    assert baseline["ec2-approved-ami"]["code"] == "needs-parameter"
    asked = {f"{e['service']}:{e['operation']}" for e in seen.exchanges()}
    assert set(OPERATIONS) <= asked
    assert not baseline["ec2-workloads-multi-az"]["observe"]


def test_reperformed(seen):
    ran = seen.run("reperform", "--format", "json")
    assert ran.code == 0, ran.err
    assert ran.json()["schema"] == "exhibit.reperform/1"


def test_user_data_is_not_kept(seen):
    with zipfile.ZipFile(seen.snapshots()[-1]) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert PASSWORD.encode() not in content and base64.b64encode(PASSWORD.encode()) not in content, name
    assert not {e["operation"] for e in seen.exchanges()} & {"DescribeLaunchTemplateVersions", "DescribeInstanceAttribute", "ListFunctions", "GetSecretValue"}


def test_public_snapshots(seen, workshop):
    with zipfile.ZipFile(seen.snapshots()[-1]) as archive:
        public, permission = (archive.read(f"records/ec2_{table}.jsonl").decode() for table in ("public_snapshot", "snapshot_permission"))
    assert public.count("\n") == 1 and workshop.public in public
    assert '"group_name":"all"' in permission and workshop.public in permission


@pytest.mark.parametrize("quirk", [{}, {"quirk": "empty"}], ids=["pages of two", "with empty pages"])
def test_small_pages_change_nothing(workshop, cli_endpoint, binary, tmp_path, seen, baseline, quirk):
    post(cli_endpoint, "/exhibit/page-size", n=2, **quirk)
    try:
        exhibit = start(tmp_path, workshop, cli_endpoint, binary)
        exhibit.collect()
    finally:
        post(cli_endpoint, "/exhibit/page-size", n=0)
    assert {i: verdicts(c) for i, c in mine(exhibit).items()} == {i: verdicts(c) for i, c in baseline.items()}

    def calls(of: Exhibit) -> dict:
        asked = [f"{e['service']}:{e['operation']}" for e in of.exchanges() if e["region"] == HOME]
        return {operation: asked.count(operation) for operation in OPERATIONS}

    before, now = calls(seen), calls(exhibit)
    for operation in ("ec2:DescribeInstances", "ec2:DescribeInstanceImageMetadata", "ec2:DescribeImages", "ec2:DescribeSnapshots",
                      "autoscaling:DescribeAutoScalingInstances", "secretsmanager:ListSecrets", "ssm:DescribeInstanceInformation"):
        assert now[operation] > before[operation], operation


@pytest.mark.parametrize("operation", OPERATIONS)
def test_refused(tmp_path, workshop, memory, faults, binary, baseline, seen, operation):
    exhibit = start(tmp_path, workshop, memory, binary)
    with faults(f"{operation}=403"):
        told = exhibit.collect(*(argument for control in controls_compute.CONTROLS for argument in ("--control", control)), code=INCOMPLETE, **ONCE)
    assert {gap["operation"] for gap in told["gaps"]} == {operation}
    check(baseline, mine(exhibit), needed(exhibit), {operation})


def test_a_region_of_its_own(baseline):
    """Each region is judged by what it holds."""
    scanned = {r["resource"]: r["verdict"] for r in baseline["vulnerability-scanning-enabled"]["resources"]}
    assert scanned[HOME] == "pass" and scanned[SECOND] == "fail"
