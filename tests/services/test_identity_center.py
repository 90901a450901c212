"""Identity Center: at home in one region, which need not be in scope."""

from __future__ import annotations

import pytest

from seeds.build import Builder
from support.exhibit import INCOMPLETE, Exhibit


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    Builder(account).regions()
    return Exhibit(tmp_path, account, cli_endpoint, binary)


CONTROL = ("--control", "idp-authentication-controls")
ARN = "arn:aws:sso:::instance/ssoins-0123456789abcdef"


def test_it_is_looked_for_in_every_enabled_region(exhibit: Exhibit, account):
    """It holds the people of the whole account; that it is not at home in eu-west-1 does not mean that there is none."""
    exhibit.config('organization = "H"\n[scope]\nregions = ["eu-west-1"]\n')
    account.answers("sso-admin", "ListInstances", region="us-east-1", output={"Instances": [
        {"InstanceArn": ARN, "IdentityStoreId": "d-0123456789", "OwnerAccountId": account.number, "Status": "ACTIVE"}]})
    told = exhibit.collect(*CONTROL)
    assert told["snapshot"]["accounts"][0]["regions"] == ["eu-west-1"] and told["gaps"] == []
    result = exhibit.test(*CONTROL)["idp-authentication-controls"]
    assert [(r["resource"], r["region"], r["verdict"]) for r in result["resources"]] == [(ARN, "us-east-1", "unknown")]
    assert exhibit.run("reperform").code == 0


def test_a_region_that_refuses_leaves_it_open(exhibit: Exhibit, account):
    exhibit.config('organization = "H"\n[scope]\nregions = ["eu-west-1"]\n')
    account.answers("sso-admin", "ListInstances", region="us-east-1", error={"code": "AccessDeniedException", "message": "no", "status": 400})
    exhibit.collect(*CONTROL, code=INCOMPLETE)
    result = exhibit.test(*CONTROL)["idp-authentication-controls"]
    assert result["verdict"] == "not-tested" and "us-east-1" in result["reason"], result["reason"]
