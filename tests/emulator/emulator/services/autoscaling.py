"""Auto Scaling: groups in one piece, which paging.py cuts.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
"""

from __future__ import annotations

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from ..extend import answers
from ..paging import whole


@answers(AutoScalingResponse)
def describe_auto_scaling_groups(self) -> ActionResult:
    return whole(self, describe_auto_scaling_groups.original)
