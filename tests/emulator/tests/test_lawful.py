"""What AWS would refuse is noticed."""

import contextlib
import json
import urllib.error
import urllib.request

import pytest
from moto.core.utils import get_service_model

from emulator import lawful


@pytest.mark.parametrize("service, operation, params, said", [
    ("cloudtrail", "LookupEvents", {"MaxResults": 51}, "MaxResults is 51, at most 50"),
    ("ssm", "DescribeInstancePatchStates", {"InstanceIds": ["i-0123456789abcdef0"], "MaxResults": 9}, "MaxResults is 9, at least 10"),
    ("ssm", "DescribeInstancePatchStates", {"InstanceIds": ["i-0123456789abcdef0"] * 51}, "InstanceIds is 51 items, at most 50"),
    ("kms", "DescribeKey", {}, "KeyId is required"),
    ("kms", "DescribeKey", {"KeyId": ""}, "KeyId is 0 characters, at least 1"),
    ("kms", "DescribeKey", {"KeyId": "a", "KeyName": "b"}, "KeyName is no member"),
    ("cloudwatch", "DescribeAlarms", {"AlarmTypes": ["LogAlarms"]}, "AlarmTypes is none of the values that it may have: 'LogAlarms'"),
    ("acm", "ListCertificates", {"Includes": {"keyTypes": ["RSA_2048", "EC_prime"]}}, "Includes.keyTypes is none of the values that it may have: 'EC_prime'"),
    ("sso-admin", "ListInstances", {"NextToken": "a b"}, "NextToken does not match"),
    ("elbv2", "DescribeRules", {"ListenerArn": "a", "RuleArns": ["b"]}, "ListenerArn and RuleArns exclude one another"),
    ("rds", "DescribeEvents", {"Duration": 60, "StartTime": "2026-01-01T00:00:00Z"}, "Duration and StartTime exclude one another"),
    ("codedeploy", "ListDeployments", {"applicationName": "a"}, "applicationName and deploymentGroupName go together"),
    ("ec2", "DescribeInstances", {"IncludeManagedResources": "yes"}, "IncludeManagedResources is no flag: 'yes'"),
])
def test_what_is_wrong_is_said(service, operation, params, said):
    found = lawful.faults(service, operation, get_service_model(service).operation_model(operation).input_shape, params)
    assert any(one.startswith(said) for one in found), found


def test_a_good_request_is_good():
    shape = get_service_model("cloudtrail").operation_model("LookupEvents").input_shape
    params = {"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}], "StartTime": 1_767_225_600, "MaxResults": 50}
    assert lawful.faults("cloudtrail", "LookupEvents", shape, params) == []


def test_most_patterns_are_understood():
    """Java writes some that Python does not know; those are not checked."""
    patterns = {shape["pattern"] for service in ("acm", "kms", "securityhub", "backup", "sso-admin", "identitystore", "organizations")
                for shape in lawful_shapes(service) if "pattern" in shape}
    understood = [pattern for pattern in patterns if lawful._pattern(pattern)]
    assert len(understood) > 0.95 * len(patterns)


def lawful_shapes(service: str):
    return get_service_model(service)._service_description["shapes"].values()


def test_the_emulator_notices(endpoint):
    """A request of the Rust SDK's that asks for more than AWS gives; others' requests are not looked at."""
    for agent in ("aws-sdk-rust/1.3", "Boto3/1.40"):
        most = 2001 if "rust" in agent else 2002
        request = urllib.request.Request(endpoint, data=json.dumps({"Limit": most}).encode(), headers={
            "User-Agent": agent, "X-Amz-Target": "TrentService.ListKeys", "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEXHIBITEXAMPLE01/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0"})
        with contextlib.suppress(urllib.error.HTTPError):  # moto's own opinion is no matter here
            urllib.request.urlopen(request, timeout=60).close()
    with urllib.request.urlopen(f"{endpoint}/exhibit/unlawful", timeout=60) as told:
        assert json.load(told) == ["kms:ListKeys: Limit is 2001, at most 1000"]
