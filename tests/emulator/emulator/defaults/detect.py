"""Security Hub, GuardDuty, Config and Inspector's findings in accounts that do not use them.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ListDetectors.html
https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeDeliveryChannelStatus.html
"""

from __future__ import annotations

_NOT_SUBSCRIBED = {"error": {"code": "InvalidAccessException", "message": "Account is not subscribed to AWS Security Hub", "status": 401}}

DEFAULTS = [
    ("config", "DescribeDeliveryChannelStatus", {"DeliveryChannelsStatus": []}),
    ("config", "GetDiscoveredResourceCounts", {"totalDiscoveredResources": 0, "resourceCounts": []}),
    ("guardduty", "GetAdministratorAccount", {}),
    ("guardduty", "GetFindings", {"Findings": []}),
    ("guardduty", "ListDetectors", {"DetectorIds": []}),
    ("guardduty", "ListFilters", {"FilterNames": []}),
    ("guardduty", "ListFindings", {"FindingIds": []}),
    ("guardduty", "ListPublishingDestinations", {"Destinations": []}),
    ("inspector2", "ListFindings", {"findings": []}),
    ("securityhub", "DescribeHub", _NOT_SUBSCRIBED),
    ("securityhub", "DescribeSecurityHubV2", {"error": {"code": "ResourceNotFoundException", "message": "Hub not found", "status": 404}}),
    ("securityhub", "GetEnabledStandards", _NOT_SUBSCRIBED),
    ("securityhub", "GetFindings", _NOT_SUBSCRIBED),
]
