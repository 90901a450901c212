"""EC2: default groups as AWS makes them, network ACLs that go with their VPC, unknown prefix lists
refused; the image behind an instance, copies of images, snapshots by owner and by who may use them.

https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
"""

from __future__ import annotations

import datetime

from moto.core.responses import ActionResult
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response

from ..extend import Refusal, answers
from ..paging import whole


@answers(EC2Response)
def get_managed_prefix_list_entries(self) -> ActionResult:
    wanted = self._get_param("PrefixListId")
    if not self.ec2_backend.get_managed_prefix_list_entries(prefix_list_id=wanted):
        raise Refusal("InvalidPrefixListID.NotFound", f"The prefix list ID '{wanted}' does not exist")
    return get_managed_prefix_list_entries.original(self)


@answers(SecurityGroupBackend)
def create_security_group(self, name: str, *args, **kwargs):
    """A default group lets its own members in; moto forgets that rule."""
    group = create_security_group.original(self, name, *args, **kwargs)
    if kwargs.get("is_default"):
        self.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}], vpc_id=group.vpc_id)
    return group


@answers(VPCBackend)
def delete_vpc(self, vpc_id: str):
    """AWS removes the network ACLs too, https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html"""
    deleted = delete_vpc.original(self, vpc_id)
    for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
        del self.network_acls[acl.id]
    return deleted


@answers(EC2Response)
def describe_instances(self) -> ActionResult:
    return whole(self, describe_instances.original)


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
