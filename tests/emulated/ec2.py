"""EC2: default groups as AWS makes them, unknown prefix lists refused; the rest is paging (see paging.py).

https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupBackend
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
