"""Compute services that are not in use: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetAllowedImagesSettings.html and alike."""

from __future__ import annotations

DEFAULTS = [
    ("ec2", "GetAllowedImagesSettings", {"State": "disabled", "ManagedBy": "account"}),
    ("ec2", "GetInstanceMetadataDefaults", {"AccountLevel": {}}),
    ("inspector2", "ListCoverage", {"coveredResources": []}),
    ("ssm", "DescribeInstanceInformation", {"InstanceInformationList": []}),
    ("ssm", "DescribeInstancePatchStates", {"InstancePatchStates": []}),
]
