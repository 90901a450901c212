"""S3 Control: access points per region, and whether their policy is public.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListAccessPoints.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetAccessPointPolicyStatus.html

moto finds these operations by path, so any Host header will do.
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.s3control.exceptions import AccessPointNotFound, AccessPointPolicyNotFound
from moto.s3control.responses import S3ControlResponse

from ..extend import answers
from .s3_policies import is_public


def _mine(self) -> list:
    points = self.backend.access_points.get(self._get_param("AccountId") or self.current_account, {})
    return [point for point in points.values() if point.region == self.region]


@answers(S3ControlResponse)
def create_access_point(self) -> ActionResult:
    result = create_access_point.original(self)
    point = self.backend.get_access_point(account_id=self._get_param("AccountId"), name=self._get_param("Name"))
    point.region = self.region
    point.arn = f"arn:aws:s3:{self.region}:{self._get_param('AccountId')}:accesspoint/{point.name}"
    return ActionResult(result.result | {"AccessPointArn": point.arn})


@answers(S3ControlResponse)
def list_access_points(self) -> ActionResult:
    bucket = self._get_param("Bucket")
    return ActionResult({"AccessPointList": [
        {"Name": point.name, "NetworkOrigin": point.network_origin, "VpcConfiguration": {"VpcId": point.vpc_id} if point.vpc_id else None,
         "Bucket": point.bucket, "AccessPointArn": point.arn, "Alias": point.alias, "BucketAccountId": self.current_account}
        for point in _mine(self) if not bucket or point.bucket == bucket]})


@answers(S3ControlResponse)
def get_access_point_policy_status(self) -> ActionResult:
    """An access point open to a VPC only is never public."""
    name = self._get_param("Name")
    point = next((point for point in _mine(self) if point.name == name), None)
    if not point:
        raise AccessPointNotFound(name)
    if not point.has_policy():
        raise AccessPointPolicyNotFound(name)
    return ActionResult({"PolicyStatus": {"IsPublic": point.network_origin == "Internet" and is_public(point.policy)}})

