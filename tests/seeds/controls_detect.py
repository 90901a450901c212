"""States of the controls on posture, configuration recording and threat detection; see controls.py."""

from __future__ import annotations

import datetime

from .build import HOME, SECOND, Builder

Failing = list[tuple[str, str]]


def _ago(b: Builder, days: float) -> str:
    return (b.account.now() - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _hub(b: Builder, region: str, status: str = "READY") -> None:
    b.account.answers("securityhub", "DescribeHub", {"HubArn": f"arn:aws:securityhub:{region}:{b.account.number}:hub/default",
                                                     "SubscribedAt": "2024-05-02T08:00:00.000Z", "AutoEnableControls": True}, region=region)
    standard = "standards/aws-foundational-security-best-practices/v/1.0.0"
    b.account.answers("securityhub", "GetEnabledStandards", {"StandardsSubscriptions": [{
        "StandardsSubscriptionArn": f"arn:aws:securityhub:{region}:{b.account.number}:subscription/aws-foundational-security-best-practices/v/1.0.0",
        "StandardsArn": f"arn:aws:securityhub:{region}::{standard}", "StandardsInput": {}, "StandardsStatus": status}]}, region=region)
    b.account.answers("securityhub", "GetFindings", {"Findings": []}, region=region)


def security_hub_enabled(b: Builder, bad: bool) -> Failing:
    _hub(b, HOME)
    if not bad:
        _hub(b, SECOND)
        return []
    _hub(b, SECOND, "FAILED")
    return [(SECOND, SECOND)]


def _finding(b: Builder, name: str, severity: str, days: float, workflow: str = "NEW", **more) -> dict:
    return {"SchemaVersion": "2018-10-08", "Id": f"arn:aws:securityhub:{HOME}:{b.account.number}:security-control/{name}/finding/1", "ProductName": "Security Hub",
            "ProductArn": f"arn:aws:securityhub:{HOME}::product/aws/securityhub", "GeneratorId": f"security-control/{name}", "AwsAccountId": b.account.number,
            "Region": HOME, "FirstObservedAt": _ago(b, days), "CreatedAt": _ago(b, days), "UpdatedAt": _ago(b, 1), "Severity": {"Label": severity}, "Title": name,
            "Description": name, "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{b.account.number}"}], "Workflow": {"Status": workflow},
            "RecordState": "ACTIVE"} | more


def findings_remediated_in_sla(b: Builder, bad: bool) -> Failing:
    _hub(b, HOME)
    _hub(b, SECOND)
    found = [_finding(b, "S3.8", "HIGH", 20), _finding(b, "IAM.6", "CRITICAL", 200, "SUPPRESSED", Note={
        "Text": "The root user has no credentials here", "UpdatedBy": "security", "UpdatedAt": _ago(b, 190)})]
    if bad:
        found += [_finding(b, "EC2.19", "HIGH", 40), _finding(b, "RDS.2", "CRITICAL", 200, "SUPPRESSED")]
    b.account.answers("securityhub", "GetFindings", {"Findings": found}, region=HOME)
    b.account.client("inspector2", HOME).enable(accountIds=[b.account.number], resourceTypes=["EC2"])
    arn = f"arn:aws:inspector2:{HOME}:{b.account.number}:finding/0123456789abcdef0123456789abcdef"
    weak = {"findingArn": arn, "awsAccountId": b.account.number, "type": "PACKAGE_VULNERABILITY", "description": "A weak package", "title": "CVE-2025-0001",
            "remediation": {"recommendation": {"text": "None Provided"}}, "severity": "CRITICAL", "firstObservedAt": _ago(b, 30 if bad else 3)[:19] + "Z",
            "lastObservedAt": _ago(b, 1)[:19] + "Z", "updatedAt": _ago(b, 1)[:19] + "Z", "status": "ACTIVE",
            "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-0123456789abcdef0"}]}
    b.account.answers("inspector2", "ListFindings", {"findings": [weak]}, region=HOME)
    return [(found[2]["Id"], "EC2.19"), (found[3]["Id"], "RDS.2"), (arn, "CVE-2025-0001")] if bad else []


def _detector(b: Builder, region: str, status: str = "ENABLED") -> str:
    number = {HOME: "12abc34d567e8fa901bc2d34e56789f0", SECOND: "98fed76c543b2af109ed8c76b54321a0"}[region]
    b.account.answers("guardduty", "ListDetectors", {"DetectorIds": [number]}, region=region)
    b.account.answers("guardduty", "GetDetector", {"CreatedAt": "2024-01-10T08:00:00.000Z", "FindingPublishingFrequency": "SIX_HOURS", "Status": status,
                                                   "ServiceRole": f"arn:aws:iam::{b.account.number}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
                                                   "Features": [{"Name": "CLOUD_TRAIL", "Status": "ENABLED"}]}, region=region)
    return number


def guardduty_enabled(b: Builder, bad: bool) -> Failing:
    _detector(b, HOME)
    if not bad:
        _detector(b, SECOND)
    return [(SECOND, SECOND)] if bad else []


def guardduty_findings_triaged(b: Builder, bad: bool) -> Failing:
    detector = _detector(b, HOME)
    _detector(b, SECOND)

    def found(number: int, days: float, archived: bool, kind: str = "UnauthorizedAccess:EC2/TorClient") -> dict:
        return {"AccountId": b.account.number, "Arn": f"arn:aws:guardduty:{HOME}:{b.account.number}:detector/{detector}/finding/{number:032x}", "Id": f"{number:032x}",
                "Region": HOME, "Partition": "aws", "SchemaVersion": "2.0", "Severity": 8.0, "Type": kind, "Title": f"finding {number}", "CreatedAt": _ago(b, days),
                "UpdatedAt": _ago(b, 1), "Resource": {"ResourceType": "Instance"}, "Service": {"Archived": archived, "Count": 3, "ServiceName": "guardduty"}}

    told = [found(1, 3, False), found(2, 40, True, "Recon:EC2/PortProbeUnprotectedPort")] + ([found(3, 30, False), found(4, 30, True)] if bad else [])
    b.account.answers("guardduty", "ListFindings", {"FindingIds": [f["Id"] for f in told]}, region=HOME)
    b.account.answers("guardduty", "GetFindings", {"Findings": told}, region=HOME)
    b.account.answers("guardduty", "ListFilters", {"FilterNames": ["known-scanner"]}, region=HOME)
    b.account.answers("guardduty", "GetFilter", {"Name": "known-scanner", "Action": "ARCHIVE", "Description": "Our own port scanner",
                                                 "FindingCriteria": {"Criterion": {"type": {"Equals": ["Recon:EC2/PortProbeUnprotectedPort"]}}}}, region=HOME)
    b.account.answers("guardduty", "ListPublishingDestinations", {"Destinations": [
        {"DestinationId": "0123456789abcdef", "DestinationType": "S3", "Status": "PUBLISHING"}]}, region=HOME)
    b.settings += '[parameters.guardduty-findings-triaged]\nby = "C. Ruiz"\nwhy = "our own scanner"\napproved_filters = ["known-scanner"]\n'
    return [(f["Arn"], f["Title"]) for f in told[2:]]


def config_recorder_all_regions(b: Builder, bad: bool) -> Failing:
    b.trail_bucket("exhibit-config")
    for region in (HOME, SECOND):
        config = b.account.client("config", region)
        config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{b.account.number}:role/config",
                                                                 "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": region == HOME}})
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "exhibit-config"})
        b.account.answers("config", "DescribeDeliveryChannelStatus", {"DeliveryChannelsStatus": [{"name": "default", "configHistoryDeliveryInfo": {
            "lastStatus": "SUCCESS"}}]}, region=region)
        if region == HOME or not bad:
            config.start_configuration_recorder(ConfigurationRecorderName="default")
    b.account.answers("config", "GetDiscoveredResourceCounts", {"totalDiscoveredResources": 3, "resourceCounts": [
        {"resourceType": "AWS::IAM::User", "count": 3}]}, region=HOME)
    return [(SECOND, SECOND)] if bad else []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    security_hub_enabled, findings_remediated_in_sla, guardduty_enabled, guardduty_findings_triaged, config_recorder_all_regions)}

# What fails in the bad state, by name.
FAILING = {
    "security-hub-enabled": [SECOND], "findings-remediated-in-sla": ["EC2.19", "RDS.2", "CVE-2025-0001"], "guardduty-enabled": [SECOND],
    "guardduty-findings-triaged": ["finding 3", "finding 4"], "config-recorder-all-regions": [SECOND],
}
