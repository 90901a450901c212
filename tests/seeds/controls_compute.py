"""Good and bad states of the controls on instances, images, disks, scanning, zones and secrets."""

from __future__ import annotations

import datetime

from .build import HOME, SECOND, Builder

Failing = list[tuple[str, str]]


def _set(b: Builder, control: str, line: str) -> None:
    """A parameter of the control."""
    b.settings += f'[parameters.{control}]\nby = "C. Ruiz"\nwhy = "as we run it"\n{line}\n'


def image(b: Builder, name: str, region: str = HOME, days: float = 30) -> str:
    """An image of the account's own."""
    return b.account.client("ec2", region, -days).register_image(Name=name, RootDeviceName="/dev/sda1")["ImageId"]


def instance(b: Builder, name: str, ami: str, region: str = HOME, zone: str = "a", tags: dict[str, str] | None = None, tokens: str = "required") -> str:
    tags = {"Name": name} | (tags or {})
    made = b.ec2(region).run_instances(
        ImageId=ami, MinCount=1, MaxCount=1, Placement={"AvailabilityZone": region + zone}, MetadataOptions={"HttpTokens": tokens},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}])
    return made["Instances"][0]["InstanceId"]


def ebs_encrypted(b: Builder, bad: bool) -> Failing:
    for region in (HOME, SECOND):
        if not bad or region == HOME:
            b.ec2(region).enable_ebs_encryption_by_default()
    ec2 = b.ec2(SECOND)
    volume = ec2.create_volume(AvailabilityZone=SECOND + "a", Size=8, Encrypted=True)["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)
    if not bad:
        return []
    plain = ec2.create_volume(AvailabilityZone=SECOND + "a", Size=8, Encrypted=False,
                              TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "scratch"}]}])["VolumeId"]
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "Name", "Value": "copy of scratch"}]}]
    snapshot = ec2.create_snapshot(VolumeId=plain, TagSpecifications=tags)["SnapshotId"]
    return [(SECOND, SECOND), (plain, "scratch"), (snapshot, "copy of scratch")]


def ec2_imdsv2_required(b: Builder, bad: bool) -> Failing:
    ami = image(b, "base")
    instance(b, "web", ami)
    return [(instance(b, "legacy", ami, tokens="optional"), "legacy")] if bad else []


def _allowed_images(b: Builder) -> None:
    """The list of allowed images is in audit mode in the first region: what the account owns is allowed."""
    b.account.answers("ec2", "GetAllowedImagesSettings", {"State": "audit-mode", "ImageCriteria": [{"ImageProviders": [b.account.number]}], "ManagedBy": "account"},
                      region=HOME)


def _metadata(b: Builder, region: str, *told: tuple[str, str, str, bool]) -> None:
    """(instance, image, owner, allowed) as DescribeInstanceImageMetadata gives them while a list of allowed images is on."""
    b.account.answers("ec2", "DescribeInstanceImageMetadata", {"InstanceImageMetadata": [
        {"InstanceId": i, "State": {"Name": "running", "Code": 16}, "OwnerId": b.account.number,
         "ImageMetadata": {"ImageId": ami, "OwnerId": owner, "State": "available", "CreationDate": "2024-01-01T00:00:00.000Z", "ImageAllowed": allowed}}
        for i, ami, owner, allowed in told]}, region=region)


def ec2_approved_ami(b: Builder, bad: bool) -> Failing:
    _allowed_images(b)
    ami = image(b, "hardened")
    told = [(instance(b, "web", ami), ami, b.account.number, True)]
    failing = []
    if bad:
        vendor = "ami-0a1b2c3d4e5f60718"
        found = instance(b, "trial", vendor)
        told.append((found, vendor, "099720109477", False))
        failing = [(found, "trial")]
    _metadata(b, HOME, *told)
    return failing


def ami_age_limit(b: Builder, bad: bool) -> Failing:
    instance(b, "web", image(b, "base-new", days=20))
    if not bad:
        return []
    old = image(b, "base-old", SECOND, days=400)
    instance(b, "batch", old, SECOND)
    b.ec2(SECOND).deregister_image(ImageId=old)
    return [(old, "base-old")]


def instances_patched(b: Builder, bad: bool) -> Failing:
    ami = image(b, "base")
    now = b.account.now()
    names = ["web", *(("batch", "forgotten", "stale") if bad else ())]
    ids = {name: instance(b, name, ami) for name in names}
    b.account.answers("ssm", "DescribeInstanceInformation", {"InstanceInformationList": [
        {"InstanceId": ids[name], "PingStatus": "Online", "LastPingDateTime": now, "PlatformType": "Linux", "ResourceType": "EC2Instance"}
        for name in names if name != "forgotten"]}, region=HOME)
    ended = {"stale": now - datetime.timedelta(days=20)}
    b.account.answers("ssm", "DescribeInstancePatchStates", {"InstancePatchStates": [
        {"InstanceId": ids[name], "PatchGroup": "", "BaselineId": "pb-0123456789abcdef0", "Operation": "Scan",
         "OperationStartTime": ended.get(name, now - datetime.timedelta(days=1)), "OperationEndTime": ended.get(name, now - datetime.timedelta(days=1)),
         "CriticalNonCompliantCount": 2 if name == "batch" else 0, "SecurityNonCompliantCount": 0, "MissingCount": 2 if name == "batch" else 0,
         "FailedCount": 0, "InstalledPendingRebootCount": 0} for name in names if name != "forgotten"]}, region=HOME)
    return [(ids[name], name) for name in names[1:]]


def vulnerability_scanning_enabled(b: Builder, bad: bool) -> Failing:
    found = instance(b, "web", image(b, "base"))
    b.account.client("inspector2", HOME).enable(accountIds=[b.account.number], resourceTypes=["EC2"])
    b.account.answers("inspector2", "ListCoverage", {"coveredResources": [
        {"resourceType": "AWS_EC2_INSTANCE", "resourceId": found, "accountId": b.account.number, "scanType": "PACKAGE",
         "scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"}}]}, region=HOME)
    b.account.client("ecr", SECOND).create_repository(repositoryName="shop/web", imageScanningConfiguration={"scanOnPush": True})
    if not bad:
        return []
    b.account.client("ecr", SECOND).create_repository(repositoryName="shop/api")
    return [(SECOND, SECOND)]


def ami_cross_region_copies(b: Builder, bad: bool) -> Failing:
    _set(b, "ami-cross-region-copies", f'dr_regions = ["{SECOND}"]')
    ami = image(b, "base")
    instance(b, "web", ami)
    b.ec2(SECOND).copy_image(Name="base", SourceImageId=ami, SourceRegion=HOME)
    if not bad:
        return []
    alone = image(b, "alone")
    instance(b, "batch", alone)
    return [(alone, "alone")]


def asg_multi_az(b: Builder, bad: bool) -> Failing:
    scaling = b.account.client("autoscaling", HOME)
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=image(b, "base"), InstanceType="t3.micro")
    failing = []
    for name, zones in (("web", "ab"), *((("batch", "a"),) if bad else ())):
        scaling.create_auto_scaling_group(AutoScalingGroupName=name, LaunchConfigurationName="web", MinSize=0, MaxSize=4, DesiredCapacity=1,
                                          AvailabilityZones=[HOME + zone for zone in zones])
        if len(zones) == 1:
            failing.append((scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]["AutoScalingGroupARN"], name))
    return failing


def ec2_workloads_multi_az(b: Builder, bad: bool) -> Failing:
    _set(b, "ec2-workloads-multi-az", 'workload_tag = "app"')
    ami = image(b, "base")
    for zone in "ab":
        instance(b, "shop", ami, zone=zone, tags={"app": "shop"})
    if not bad:
        return []
    for number in range(2):
        instance(b, f"batch-{number}", ami, zone="b", tags={"app": "batch"})
    return [("batch", "batch")]


def secrets_rotated(b: Builder, bad: bool) -> Failing:
    now = b.account.now()
    arn = f"arn:aws:secretsmanager:{HOME}:{b.account.number}:secret:"

    def days(n: float) -> datetime.datetime:
        return now - datetime.timedelta(days=n)

    told = [{"ARN": f"{arn}shop/db-AbCdEf", "Name": "shop/db", "RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 30},
             "LastRotatedDate": days(20), "LastChangedDate": days(20), "CreatedDate": days(400)},
            {"ARN": f"{arn}mail-AbCdEf", "Name": "mail", "LastChangedDate": days(60), "CreatedDate": days(400)}]
    if bad:
        told += [{"ARN": f"{arn}shop/api-AbCdEf", "Name": "shop/api", "RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 30},
                  "LastRotatedDate": days(40), "LastChangedDate": days(2), "CreatedDate": days(400)},
                 {"ARN": f"{arn}legacy-AbCdEf", "Name": "legacy", "LastChangedDate": days(200), "CreatedDate": days(400)},
                 {"ARN": f"{arn}daily-AbCdEf", "Name": "daily", "RotationEnabled": True, "RotationRules": {"ScheduleExpression": "rate(1 day)"},
                  "LastRotatedDate": days(100), "NextRotationDate": days(99), "LastChangedDate": days(2), "CreatedDate": days(400)}]
    b.account.answers("secretsmanager", "ListSecrets", {"SecretList": told}, region=HOME)
    return [(secret["ARN"], secret["Name"]) for secret in told[2:]]


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    ebs_encrypted, ec2_imdsv2_required, ec2_approved_ami, ami_age_limit, instances_patched, vulnerability_scanning_enabled, ami_cross_region_copies,
    asg_multi_az, ec2_workloads_multi_az, secrets_rotated)}

# What fails in the bad state, by name.
FAILING = {
    "ebs-encrypted": ["eu-west-1", "scratch", "copy of scratch"], "ec2-imdsv2-required": ["legacy"], "ec2-approved-ami": ["trial"], "ami-age-limit": ["base-old"],
    "instances-patched": ["batch", "forgotten", "stale"], "vulnerability-scanning-enabled": ["eu-west-1"], "ami-cross-region-copies": ["alone"],
    "asg-multi-az": ["batch"], "ec2-workloads-multi-az": ["batch"], "secrets-rotated": ["shop/api", "legacy", "daily"],
}
