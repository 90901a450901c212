"""Application Auto Scaling: pages as AWS cuts them.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
"""

from __future__ import annotations

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse, _build_target
from moto.core.responses import ActionResult

from ..extend import answers


@answers(ApplicationAutoScalingResponse)
def describe_scalable_targets(self) -> ActionResult:
    self._validate_params()
    asked = (self._get_param(key) for key in ("ServiceNamespace", "ResourceIds", "ScalableDimension"))
    found = self.applicationautoscaling_backend.describe_scalable_targets(*asked)
    return ActionResult({"ScalableTargets": [_build_target(target) for target in found]})
