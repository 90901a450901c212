"""account:ListRegions, and ec2:DescribeRegions telling the same story.

https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
"""

from __future__ import annotations

import moto.account.urls as urls
from moto.account.responses import AccountResponse
from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.responses import EC2Response

from ..extend import Refusal, answers
from ..state import DEFAULT_REGIONS, STATE

_FOREIGN = ("us-gov-", "cn-", "us-iso", "eusc-", "eu-isoe-")
REGIONS = sorted(r.name for r in RegionsAndZonesBackend.regions if not r.name.startswith(_FOREIGN))


def account_status(region: str) -> str:
    if region not in STATE.enabled:
        return "DISABLED"
    return "ENABLED_BY_DEFAULT" if region in DEFAULT_REGIONS else "ENABLED"


_EC2_STATUS = {"DISABLED": "not-opted-in", "ENABLED": "opted-in", "ENABLED_BY_DEFAULT": "opt-in-not-required"}


@answers(AccountResponse)
def list_regions(self) -> ActionResult:
    wanted = self._get_param("RegionOptStatusContains") or []
    regions = [{"RegionName": name, "RegionOptStatus": account_status(name)} for name in REGIONS]
    return ActionResult({"Regions": [r for r in regions if not wanted or r["RegionOptStatus"] in wanted]})


urls.url_paths["{0}/listRegions$"] = AccountResponse.dispatch


@answers(EC2Response)
def describe_regions(self) -> ActionResult:
    self.error_on_dryrun()
    names = self._get_param("RegionNames", [])
    if unknown := [name for name in names if name not in REGIONS]:
        raise Refusal("InvalidParameterValue", f"Invalid value '{unknown[0]}' for region.")
    everything = str(self._get_param("AllRegions", False)).lower() == "true"
    regions = []
    for name in REGIONS:
        status = account_status(name)
        if (names and name not in names) or (status == "DISABLED" and not everything and not names):
            continue
        regions.append({"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": _EC2_STATUS[status]})
    for key, member in (("region-name", "RegionName"), ("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus")):
        if values := self._filters_from_querystring().get(key):
            regions = [r for r in regions if r[member] in values]
    return ActionResult({"Regions": regions})
