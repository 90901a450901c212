"""Instances and what belongs to them: the image behind an instance, copies of images, snapshots by owner and by who
may use them, Inspector off until it is switched on; lists that moto cuts into pages itself are cut by paging.py.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
"""

from __future__ import annotations

import datetime
import json

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.ec2.models.amis import AmiBackend
from moto.ec2.responses import EC2Response
from moto.inspector2.models import AccountStatus, Inspector2Backend
from moto.secretsmanager.responses import SecretsManagerResponse

from .extend import answers
from .paging import RULES, page

_PAGE = ("NextToken", "MaxResults", "MaxRecords")


def _whole(response, function):
    """The answer without pages, which paging.py cuts afterwards."""
    ask = response._get_param
    response._get_param = lambda name, *rest, **more: (rest[0] if rest else None) if name in _PAGE[:1] else (100 if name in _PAGE else ask(name, *rest, **more))
    try:
        return function(response)
    finally:
        del response._get_param


@answers(AutoScalingResponse)
def describe_auto_scaling_groups(self) -> ActionResult:
    return _whole(self, describe_auto_scaling_groups.original)


@answers(EC2Response)
def describe_instances(self) -> ActionResult:
    return _whole(self, describe_instances.original)


@answers(EC2Response)
def describe_snapshots(self) -> ActionResult:
    owners = [self.current_account if owner == "self" else owner for owner in self._get_param("OwnerIds", [])]
    users = self._get_param("RestorableByUserIds", [])
    found = describe_snapshots.original(self).result["Snapshots"]
    if owners:
        found = [snapshot for snapshot in found if snapshot.owner_id in owners]
    if users:
        found = [snapshot for snapshot in found if ("all" in users and "all" in snapshot.create_volume_permission_groups)
                 or set(users) & set(snapshot.create_volume_permission_userids)]
    return ActionResult({"Snapshots": found})


@answers(AmiBackend)
def copy_image(self, source_image_id: str, source_region: str, *args, **kwargs):
    copy = copy_image.original(self, source_image_id, source_region, *args, **kwargs)
    copy.source_image_id, copy.source_image_region = source_image_id, source_region
    return copy


@answers(AmiBackend)
def deregister_image(self, ami_id: str) -> None:
    """EC2 remembers the image as long as instances use it."""
    remembered = self.__dict__.setdefault("remembered_amis", {})
    if ami_id in self.amis:
        remembered[ami_id] = self.amis[ami_id]
    return deregister_image.original(self, ami_id)


def _metadata(backend, instance) -> dict:
    known = backend.amis.get(instance.image_id)
    image = known or backend.__dict__.get("remembered_amis", {}).get(instance.image_id)
    if image is None:  # an id that a test made up
        return {"ImageId": instance.image_id, "OwnerId": "137112412989", "ImageOwnerAlias": "amazon", "State": "available",
                "CreationDate": f"{instance.launch_time:%Y-%m-%dT%H:%M:%S}.000Z", "IsPublic": True}
    made = image.creation_date
    if isinstance(made, datetime.datetime):
        made = f"{made:%Y-%m-%dT%H:%M:%S}.000Z"
    found = {"ImageId": image.id, "Name": image.name, "OwnerId": image.owner_id, "State": "available" if known else "deregistered",
             "CreationDate": made, "IsPublic": bool(image.is_public)}
    return found | ({"ImageOwnerAlias": image.owner_alias} if image.owner_alias else {})


@answers(EC2Response)
def describe_instance_image_metadata(self) -> ActionResult:
    found = []
    for reservation in self.ec2_backend.describe_instances():
        for instance in reservation.instances:
            found.append({
                "InstanceId": instance.id, "InstanceType": instance.instance_type, "LaunchTime": instance.launch_time,
                "AvailabilityZone": instance._placement.zone, "State": {"Name": instance._state.name, "Code": instance._state.code},
                "OwnerId": self.current_account, "ImageMetadata": _metadata(self.ec2_backend, instance)})
    return ActionResult({"InstanceImageMetadata": found})


@answers(Inspector2Backend)
def batch_get_account_status(self, account_ids: list[str]) -> list[dict]:
    """An account that never used Inspector is DISABLED; without ids the account's own status is meant."""
    for account in account_ids or [self.account_id]:
        self.account_status.setdefault(account, AccountStatus(account))
    told = batch_get_account_status.original(self, account_ids or [self.account_id])
    quiet = {"errorCode": "SUCCESS", "errorMessage": ""}
    for account in told:
        account["state"] |= quiet
        for state in account["resourceState"].values():
            state |= quiet
    return told


@answers(SecretsManagerResponse)
def list_secrets(self) -> str:
    told = json.loads(_whole(self, list_secrets.original))
    return json.dumps(page(self, "ListSecrets", {"SecretList": told["SecretList"]}, RULES["secretsmanager", "ListSecrets"]))
