"""EC2: default groups as AWS makes them, network ACLs that go with their VPC, unknown prefix lists
refused; the rest is paging (see paging.py).

https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response

from .extend import Refusal, answers


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
