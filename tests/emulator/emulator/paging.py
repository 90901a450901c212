"""Pages as AWS cuts them, for operations that moto answers in one piece.

Where the default and greatest page sizes come from: the API reference page of each operation,
e.g. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html (MaxItems, Marker,
IsTruncated). EC2 gives everything in one page unless MaxResults is sent.

`STATE.page_size` makes every page at most that long. `STATE.page_quirk`:
  empty   before each page comes an empty one that has a token, which EC2 does
  repeat  the token never changes, so that the list never ends
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from moto.core.responses import ActionResult, BaseResponse

from .extend import Refusal, answers
from .state import STATE


@dataclass(frozen=True)
class Rule:
    keys: tuple[str, ...]  # the lists of the answer; several are paged as one, in this order
    token_in: str
    token_out: str
    size: str  # the request's member with the wanted size
    default: int | None
    least: int
    most: int
    more: str | None = None  # the member that says whether there is more
    bad_token: tuple[str, str] = ("ValidationException", "Invalid pagination token")
    alone: str | None = None  # a member that may not be sent together with a page size


def _iam(*keys: str) -> Rule:
    return Rule(keys, "Marker", "Marker", "MaxItems", 100, 1, 1000, "IsTruncated", ("ValidationError", "Invalid Marker: the marker is not one of ours"))


def _ec2(key: str, ids: str, least: int = 5, most: int = 1000, default: int | None = None) -> Rule:
    return Rule((key,), "NextToken", "NextToken", "MaxResults", default, least, most, None,
                ("InvalidNextToken", "The token is invalid"), ids)


def _elb(key: str) -> Rule:
    return Rule((key,), "Marker", "NextMarker", "PageSize", None, 1, 400)


def _kms(key: str, default: int, most: int) -> Rule:
    return Rule((key,), "Marker", "NextMarker", "Limit", default, 1, most, "Truncated",
                ("InvalidMarkerException", "The marker is invalid"))


def _compute(key: str, size: str, default: int | None, least: int, most: int) -> Rule:
    return Rule((key,), "NextToken", "NextToken", size, default, least, most)


def _backup(key: str) -> Rule:
    return Rule((key,), "NextToken", "NextToken", "MaxResults", 1000, 1, 1000, None, ("InvalidParameterValueException", "Invalid next token"))


RULES: dict[tuple[str, str], Rule] = {
    ("accessanalyzer", "ListAnalyzers"): Rule(("analyzers",), "nextToken", "nextToken", "maxResults", 100, 1, 100),
    ("accessanalyzer", "ListFindingsV2"): Rule(("findings",), "nextToken", "nextToken", "maxResults", 100, 1, 100),
    ("account", "ListRegions"): Rule(("Regions",), "NextToken", "NextToken", "MaxResults", 50, 1, 50),
    ("acm", "ListCertificates"): Rule(("CertificateSummaryList",), "NextToken", "NextToken", "MaxItems", None, 1, 1000),
    ("apigateway", "GetRestApis"): Rule(("items",), "position", "position", "limit", 25, 1, 500),
    ("application-autoscaling", "DescribeScalableTargets"): Rule(("ScalableTargets",), "NextToken", "NextToken", "MaxResults", 50, 1, 50),
    ("artifact", "ListReports"): Rule(("reports",), "nextToken", "nextToken", "maxResults", 300, 1, 300),
    ("autoscaling", "DescribeAutoScalingGroups"): _compute("AutoScalingGroups", "MaxRecords", 50, 1, 100),
    ("autoscaling", "DescribeAutoScalingInstances"): _compute("AutoScalingInstances", "MaxRecords", 50, 1, 50),
    ("autoscaling", "DescribePolicies"): Rule(("ScalingPolicies",), "NextToken", "NextToken", "MaxRecords", 50, 1, 100),
    ("backup", "ListBackupJobs"): _backup("BackupJobs"),
    ("backup", "ListBackupSelections"): _backup("BackupSelectionsList"),
    ("backup", "ListCopyJobs"): _backup("CopyJobs"),
    ("backup", "ListProtectedResources"): _backup("Results"),
    ("backup", "ListRecoveryPointsByBackupVault"): _backup("RecoveryPoints"),
    ("backup", "ListRestoreJobs"): _backup("RestoreJobs"),
    ("backup", "ListRestoreTestingPlans"): _backup("RestoreTestingPlans"),
    ("cloudformation", "ListStacks"): Rule(("StackSummaries",), "NextToken", "NextToken", "", 100, 1, 100),
    ("cloudtrail", "LookupEvents"): Rule(("Events",), "NextToken", "NextToken", "MaxResults", 50, 1, 50, None,
                                         ("InvalidNextTokenException", "Invalid token; not one of ours, or it has expired")),
    ("cloudwatch", "DescribeAlarmHistory"): Rule(("AlarmHistoryItems",), "NextToken", "NextToken", "MaxRecords", 100, 1, 100, None, ("InvalidNextToken", "The next token is invalid")),
    ("cloudwatch", "DescribeAlarms"): Rule(("MetricAlarms", "CompositeAlarms"), "NextToken", "NextToken", "MaxRecords", 50, 1, 100, None,
                                           ("InvalidNextToken", "The next token is invalid")),
    ("codedeploy", "ListDeployments"): Rule(("deployments",), "nextToken", "nextToken", "", 100, 1, 100),
    ("codepipeline", "ListPipelines"): Rule(("pipelines",), "nextToken", "nextToken", "maxResults", 100, 1, 1000),
    ("config", "GetDiscoveredResourceCounts"): Rule(("resourceCounts",), "nextToken", "nextToken", "limit", 100, 0, 100),
    ("ec2", "DescribeFlowLogs"): _ec2("FlowLogs", "FlowLogIds", 1),
    ("ec2", "DescribeImages"): _ec2("Images", "ImageIds"),
    ("ec2", "DescribeInstanceImageMetadata"): _ec2("InstanceImageMetadata", "InstanceIds"),
    ("ec2", "DescribeInstances"): _ec2("Reservations", "InstanceIds"),
    ("ec2", "DescribeInternetGateways"): _ec2("InternetGateways", "InternetGatewayIds"),
    ("ec2", "DescribeManagedPrefixLists"): _ec2("PrefixLists", "", 1, 100, 100),
    ("ec2", "DescribeNatGateways"): _ec2("NatGateways", "NatGatewayIds"),
    ("ec2", "DescribeNetworkAcls"): _ec2("NetworkAcls", "NetworkAclIds"),
    ("ec2", "DescribeNetworkInterfaces"): _ec2("NetworkInterfaces", "NetworkInterfaceIds"),
    ("ec2", "DescribeRouteTables"): _ec2("RouteTables", "RouteTableIds", 5, 100),
    ("ec2", "DescribeSecurityGroupRules"): _ec2("SecurityGroupRules", ""),
    ("ec2", "DescribeSecurityGroups"): _ec2("SecurityGroups", "GroupIds"),
    ("ec2", "DescribeSnapshots"): _ec2("Snapshots", "SnapshotIds"),
    ("ec2", "DescribeSubnets"): _ec2("Subnets", "SubnetIds"),
    ("ec2", "DescribeVolumes"): _ec2("Volumes", "VolumeIds", 5, 500),
    ("ec2", "DescribeVpcs"): _ec2("Vpcs", "VpcIds"),
    ("ec2", "GetManagedPrefixListEntries"): _ec2("Entries", "", 1, 100, 100),
    ("ecr", "DescribeRepositories"): Rule(("repositories",), "nextToken", "nextToken", "maxResults", 100, 1, 1000),
    ("elbv2", "DescribeListeners"): _elb("Listeners"),
    ("elbv2", "DescribeSSLPolicies"): _elb("SslPolicies"),
    ("elbv2", "DescribeTargetGroups"): _elb("TargetGroups"),
    ("events", "ListEventBuses"): Rule(("EventBuses",), "NextToken", "NextToken", "Limit", 100, 1, 100),
    ("events", "ListRules"): Rule(("Rules",), "NextToken", "NextToken", "Limit", 100, 1, 100),
    ("events", "ListTargetsByRule"): Rule(("Targets",), "NextToken", "NextToken", "Limit", 100, 1, 100),
    ("guardduty", "ListDetectors"): Rule(("DetectorIds",), "NextToken", "NextToken", "MaxResults", 50, 1, 50),
    ("guardduty", "ListFilters"): Rule(("FilterNames",), "NextToken", "NextToken", "MaxResults", 50, 1, 50),
    ("guardduty", "ListFindings"): Rule(("FindingIds",), "NextToken", "NextToken", "MaxResults", 50, 1, 50),
    ("guardduty", "ListPublishingDestinations"): Rule(("Destinations",), "NextToken", "NextToken", "MaxResults", 50, 1, 50),
    ("health", "DescribeEvents"): Rule(("events",), "nextToken", "nextToken", "maxResults", 10, 10, 100),
    ("iam", "GetAccountAuthorizationDetails"): _iam("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"),
    ("iam", "ListAccessKeys"): _iam("AccessKeyMetadata"),
    ("iam", "ListAccountAliases"): _iam("AccountAliases"),
    ("iam", "ListMFADevices"): _iam("MFADevices"),
    ("iam", "ListServerCertificates"): _iam("ServerCertificateMetadataList"),
    ("iam", "ListUsers"): _iam("Users"),
    ("iam", "ListVirtualMFADevices"): _iam("VirtualMFADevices"),
    ("inspector2", "ListCoverage"): Rule(("coveredResources",), "nextToken", "nextToken", "maxResults", None, 1, 200),
    ("inspector2", "ListFindings"): Rule(("findings",), "nextToken", "nextToken", "maxResults", 100, 0, 100),
    ("kms", "ListAliases"): _kms("Aliases", 50, 100),
    ("kms", "ListGrants"): _kms("Grants", 50, 100),
    ("kms", "ListKeyRotations"): _kms("Rotations", 100, 1000),
    ("kms", "ListKeys"): _kms("Keys", 100, 1000),
    ("kms", "ListResourceTags"): _kms("Tags", 50, 50),
    ("logs", "DescribeLogGroups"): Rule(("logGroups",), "nextToken", "nextToken", "limit", 50, 1, 50, None, ("InvalidParameterException", "The specified nextToken is invalid.")),
    ("logs", "DescribeMetricFilters"): Rule(("metricFilters",), "nextToken", "nextToken", "limit", 50, 1, 50, None,
                                            ("InvalidParameterException", "The specified nextToken is invalid.")),
    ("macie2", "DescribeBuckets"): Rule(("buckets",), "nextToken", "nextToken", "maxResults", 50, 1, 1000),
    ("network-firewall", "ListFirewalls"): Rule(("Firewalls",), "NextToken", "NextToken", "MaxResults", 100, 1, 100),
    ("resourcegroupstaggingapi", "GetResources"): Rule(("ResourceTagMappingList",), "PaginationToken", "PaginationToken", "ResourcesPerPage", 50, 1, 100),
    ("s3", "ListBuckets"): Rule(("Buckets",), "continuation-token", "ContinuationToken", "max-buckets", 10000, 1, 10000, None,
                                ("InvalidArgument", "The continuation token provided is incorrect")),
    ("s3", "ListObjectsV2"): Rule(("Contents", "CommonPrefixes"), "continuation-token", "NextContinuationToken", "max-keys", 1000, 0, 1000, "IsTruncated",
                                  ("InvalidArgument", "The continuation token provided is incorrect")),
    ("s3control", "ListAccessPoints"): Rule(("AccessPointList",), "NextToken", "NextToken", "MaxResults", 1000, 0, 1000, None,
                                            ("InvalidRequest", "The token is invalid")),
    ("secretsmanager", "ListSecrets"): _compute("SecretList", "MaxResults", 100, 1, 100),
    ("securityhub", "GetEnabledStandards"): Rule(("StandardsSubscriptions",), "NextToken", "NextToken", "MaxResults", 100, 1, 100),
    ("securityhub", "GetFindings"): Rule(("Findings",), "NextToken", "NextToken", "MaxResults", 10, 1, 100),
    ("sns", "ListSubscriptionsByTopic"): Rule(("Subscriptions",), "NextToken", "NextToken", "", 100, 1, 100, None, ("InvalidParameter", "Invalid parameter: NextToken")),
    ("ssm", "DescribeInstanceInformation"): _compute("InstanceInformationList", "MaxResults", 10, 5, 50),
    ("ssm", "DescribeInstancePatchStates"): _compute("InstancePatchStates", "MaxResults", 10, 10, 100),
    ("ssm-incidents", "ListResponsePlans"): Rule(("responsePlanSummaries",), "nextToken", "nextToken", "maxResults", 100, 1, 100),
    ("storagegateway", "ListFileShares"): Rule(("FileShareInfoList",), "Marker", "NextMarker", "Limit", 100, 1, 100),
    ("transfer", "ListServers"): Rule(("Servers",), "NextToken", "NextToken", "MaxResults", 1000, 1, 1000),
}


def _wanted(response: BaseResponse, rule: Rule, first: bool) -> int | None:
    asked = response._get_param(rule.size)
    if asked is not None:
        asked = int(asked)
        if not rule.least <= asked <= rule.most:
            code = {"EC2Response": "InvalidParameterValue", "IamResponse": "ValidationError"}.get(type(response).__name__, "ValidationException")
            raise Refusal(code, f"Value ( {asked} ) for parameter {rule.size} is invalid. Expecting a value from {rule.least} to {rule.most}.")
        if first and rule.alone and response._get_param(rule.alone):
            raise Refusal("InvalidParameterCombination", f"The parameter {rule.alone} cannot be used with the parameter {rule.size}")
    sizes = [size for size in (asked or rule.default, STATE.page_size) if size]
    return min(sizes) if sizes else None


def _token(operation: str, at: int, empty: bool) -> str:
    return base64.urlsafe_b64encode(json.dumps([operation, at, empty]).encode()).decode().rstrip("=")


def _place(operation: str, token: str, rule: Rule) -> tuple[int, bool]:
    try:
        owner, at, empty = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if owner != operation:
            raise ValueError
        return at, empty
    except (ValueError, TypeError):
        raise Refusal(*rule.bad_token) from None


def page(response: BaseResponse, operation: str, result: dict, rule: Rule) -> dict:
    """Cut one page out of a complete answer."""
    token = response._get_param(rule.token_in)
    at, after_empty = _place(operation, token, rule) if token else (0, False)
    size = _wanted(response, rule, not token)
    lists = {key: list(result.get(key) or []) for key in rule.keys}
    total = sum(map(len, lists.values()))
    if size and STATE.page_quirk == "empty" and total and not after_empty:
        end, following = at, _token(operation, at, True)
    else:
        end = min(at + size, total) if size else total
        following = _token(operation, end, False) if end < total else None
    if STATE.page_quirk == "repeat" and total > (size or total):
        following = token or following
    cut = {key: value for key, value in result.items() if key not in rule.keys}
    begin = 0
    for key, items in lists.items():
        cut[key] = items[max(at - begin, 0) : max(end - begin, 0)]
        begin += len(items)
    cut.pop(rule.token_out, None)
    if following:
        cut[rule.token_out] = following
    if rule.more:
        cut[rule.more] = bool(following)
    return cut


_ASKED = ("NextToken", "MaxResults", "MaxRecords")


def whole(response, function):
    """The answer without pages, which are cut afterwards."""
    ask = response._get_param
    response._get_param = lambda name, *rest, **more: (rest[0] if rest else None) if name in _ASKED[:1] else (100 if name in _ASKED else ask(name, *rest, **more))
    try:
        return function(response)
    finally:
        del response._get_param


@answers(BaseResponse)
def serialized(self: BaseResponse, action_result: ActionResult):
    if type(action_result) is ActionResult and isinstance(action_result.result, dict):
        operation = self._get_action()
        rule = RULES.get((self.service_name, operation))
        if rule:
            try:
                action_result = ActionResult(page(self, operation, action_result.result, rule))
            except Refusal as refused:
                action_result = ActionResult(refused)
    return serialized.original(self, action_result)
