"""The alarm-* controls: filters that are right however they are written, and look-alikes that miss an event.

`GOOD` holds what is right: reordered, split in two, with wildcards, without spaces, with parentheses too many. `BAD` differs from
what is right in one thing, and names the events that it misses.
"""

from __future__ import annotations

import json

from . import controls_watch
from .build import HOME, Builder

Failing = list[tuple[str, str]]

_NO_MFA = '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" && $.userIdentity.type = "IAMUser" && $.responseElements.ConsoleLogin = "Success" }'
_ROOT = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
_GROUPS = ("CreateSecurityGroup", "DeleteSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
CIS_GROUPS = "{ " + " || ".join(f"($.eventName = {name})" for name in _GROUPS) + " }"

GOOD: dict[str, list[str]] = {
    "alarm-s3-bucket-policy-changes": [
        "{$.eventSource=s3.amazonaws.com&&($.eventName=PutBucketPolicy||$.eventName=DeleteBucketPolicy||$.eventName=PutBucketAcl)}",
        '{ ((($.eventSource = "s3.amazonaws.com"))) && (($.eventName = "*BucketCors") || ($.eventName = "*BucketLifecycle") || ($.eventName = "*BucketReplication")) }'],
    "alarm-s3-bucket-deletion": ['{ $.eventName = "DeleteBucket" && $.errorCode NOT EXISTS }'],
    "alarm-security-group-changes": ['{ $.eventName = %^Authorize|^Revoke|^Create|^Delete% && ($.eventSource = "ec2.amazonaws.com") && $.eventName = "*SecurityGroup*" }'],
    "alarm-network-gateway-changes": ['{ ($.eventName = "*InternetGateway" || $.eventName = "*CustomerGateway") && $.eventName != "Describe*" }'],
    "alarm-vpc-changes": ['{ $.eventSource = "ec2.amazonaws.com" && (($.eventName = "CreateVpc") || ($.eventName = "DeleteVpc") || ($.eventName = "ModifyVpcAttribute") || ($.eventName = "*VpcPeeringConnection")) }'],
    "alarm-ec2-instance-lifecycle": ['{ $.eventName = RunInstances || $.eventName = "T*Instances" }', '{ ($.eventName = "St*Instances") || ($.eventName = "RebootInstances") }'],
    "alarm-cloudtrail-changes": ['{ $.eventSource = cloudtrail.amazonaws.com && ($.eventName = "*Trail" || $.eventName = "StartLogging") }'],
    "alarm-cloudtrail-stopped": ["{$.eventName=St*pLogging}"],
    "alarm-console-signin-failures": ['{ $.responseElements.ConsoleLogin = "Failure" && $.eventName = ConsoleLogin }'],
    "alarm-unauthorized-api-calls": ['{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") && ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }'],
    "alarm-iam-policy-changes": ['{ $.eventSource = "iam.amazonaws.com" && (($.eventName = "*tach*Policy") || ($.eventName = "Put*Policy") || ($.eventName = "Delete*Policy") || ($.eventName = "CreatePolic*") || ($.eventName = DeletePolicyVersion)) }'],
    "alarm-root-login": [_ROOT],
    "alarm-console-login-without-mfa": [_NO_MFA, _ROOT],
    "alarm-network-acl-changes": ["{ $.eventName = %NetworkAcl% && $.readOnly IS FALSE }"],
    "alarm-route-table-changes": ['{($.eventName=*Route)||($.eventName="*RouteTable")||($.eventName=*RouteTableAssociation)}'],
    "alarm-kms-key-disable-deletion": ["{ $.eventSource = kms.amazonaws.com && ($.eventName=DisableKey || $.eventName=ScheduleKeyDeletion) }"],
    "alarm-config-changes": ['{ $.eventSource = "config.amazonaws.com" && ($.eventName = "*DeliveryChannel" || ($.eventName = "StopConfigurationRecorder" || $.eventName = "PutConfigurationRecorder")) }'],
    "alarm-organizations-changes": ['{ $.readOnly IS FALSE && $.eventSource = "organizations.amazonaws.com" }'],
}

BAD: dict[str, tuple[list[str], list[str]]] = {
    "alarm-s3-bucket-policy-changes": ([
        "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle)"
        " || ($.eventName = PutBucketReplication) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle)) }"],
        ["s3:DeleteBucketReplication"]),
    "alarm-s3-bucket-deletion": (['{ $.eventName = "DeleteBucket" && $.errorCode != "AccessDenied" }'], ["s3:DeleteBucket"]),
    "alarm-security-group-changes": (['{ ($.userIdentity.type = "IAMUser") && (' + CIS_GROUPS[2:-2] + ") }"], [f"ec2:{name}" for name in _GROUPS]),
    "alarm-network-gateway-changes": ([
        "{ ($.eventName = CreateCustomerGateway) || ($.eventName = DeleteCustomerGateway) || ($.eventName = AttachInternetGateways) || ($.eventName = CreateInternetGateway)"
        " || ($.eventName = DeleteInternetGateway) || ($.eventName = DetachInternetGateway) }"], ["ec2:AttachInternetGateway"]),
    "alarm-vpc-changes": (['{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) || ($.eventName = "*teVpcPeeringConnection")'
                           ' || ($.eventName = AcceptVpcPeeringConnection) }'], ["ec2:RejectVpcPeeringConnection"]),
    "alarm-ec2-instance-lifecycle": (['{ $.eventName = RunInstances || $.eventName = "T*Instances" || $.eventName = "St*Instances" }'], ["ec2:RebootInstances"]),
    "alarm-cloudtrail-changes": (["{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrial) || ($.eventName = StartLogging) }"], ["cloudtrail:DeleteTrail"]),
    "alarm-cloudtrail-stopped": (["{ ($.eventName = StartLogging) }"], ["cloudtrail:StopLogging"]),
    "alarm-console-signin-failures": (['{ $.eventName = ConsoleLogin && $.errorMessage = "Failed authentication" && $.userIdentity.arn = "*" }'], ["signin:ConsoleLogin:IAMUser"]),
    "alarm-unauthorized-api-calls": (['{ ($.errorCode = "UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'], ["ec2:Client.UnauthorizedOperation"]),
    "alarm-iam-policy-changes": (['{ $.eventSource = "iam.amazonaws.com" && (($.eventName = "*tach*Policy") || ($.eventName = "Put*Policy") || ($.eventName = "Delete*Policy") || ($.eventName = "CreatePolic*")) }'],
                                 ["iam:DeletePolicyVersion"]),
    "alarm-root-login": (['{ $.userIdentity.type = "Root" && $.additionalEventData.MFAUsed = "No" }'], ["signin:ConsoleLogin:Root"]),
    "alarm-console-login-without-mfa": ([_NO_MFA.replace('!= "Yes"', '= "no"'), _ROOT], ["signin:ConsoleLogin:IAMUser"]),
    "alarm-network-acl-changes": (['{ ($.eventName = "CreateNetworkAcl*") || ($.eventName = "DeleteNetworkAcl*") || ($.eventName = ReplaceNetworkAclEntry) }'], ["ec2:ReplaceNetworkAclAssociation"]),
    "alarm-route-table-changes": (["{ ($.eventName = *Route) || ($.eventName = CreateRouteTable) || ($.eventName = DeleteRouteTable) || ($.eventName = ReplaceRouteTableAssociation) }"],
                                  ["ec2:DisassociateRouteTable"]),
    "alarm-kms-key-disable-deletion": (["{ $.eventSource = kms.amazonaws.com && ($.eventName = DisableKey && $.eventName = ScheduleKeyDeletion) }"], ["kms:DisableKey", "kms:ScheduleKeyDeletion"]),
    "alarm-config-changes": (['{ $.eventSource = config.amazonaws.com && ($.eventName = "*DeliveryChannel" || $.eventName = StopConfigurationRecorder || $.eventName = PutConfigurationRecorders) }'],
                             ["config:PutConfigurationRecorder"]),
    "alarm-organizations-changes": (['{ $.readOnly IS FALSE && $.eventSource = "organizations.amazonaws.com" && $.eventName != "Move*" }'], ["organizations:MoveAccount"]),
}

# What the events are called that a look-alike misses, where it is not the name of the call.
NAMES = {"signin:ConsoleLogin:IAMUser": {"alarm-console-signin-failures": "ConsoleLogin refused, IAM user", "alarm-console-login-without-mfa": "ConsoleLogin without MFA, IAM user"},
         "signin:ConsoleLogin:Root": {"alarm-root-login": "ConsoleLogin of the root user"},
         "ec2:Client.UnauthorizedOperation": {"alarm-unauthorized-api-calls": "Client.UnauthorizedOperation of EC2"}}

# Alarms of these two may need several events.
THRESHOLD = {"alarm-console-signin-failures": 3, "alarm-unauthorized-api-calls": 5}

GROUP = "exhibit-trail"


def stream(b: Builder) -> str:
    """A trail of all regions that streams to a log group; its ARN."""
    arn, bucket = f"arn:aws:logs:{HOME}:{b.account.number}:log-group:{GROUP}", f"exhibit-alarms-{b.account.number}"
    b.account.client("logs", HOME).create_log_group(logGroupName=GROUP)
    b.trail_bucket(bucket)
    client = b.trails()
    made = client.create_trail(Name="main", S3BucketName=bucket, IsMultiRegionTrail=True, EnableLogFileValidation=True,
                               CloudWatchLogsLogGroupArn=arn + ":*", CloudWatchLogsRoleArn=f"arn:aws:iam::{b.account.number}:role/trail")
    client.start_logging(Name="main")
    return made["TrailARN"]


def topic(b: Builder, region: str = HOME) -> str:
    """One that takes the messages of alarms and rules, and that somebody hears."""
    return controls_watch.topic(b, "security", ("email", "soc@example.com", True), region=region, rules=True)


def watch(b: Builder, name: str, patterns: list[str], threshold: int = 1) -> None:
    """A filter for each pattern, and an alarm on the metric of each."""
    notified = topic(b)
    for n, pattern in enumerate(patterns, 1):
        metric = f"{name}-{n}"
        b.account.client("logs", HOME).put_metric_filter(
            logGroupName=GROUP, filterName=metric, filterPattern=pattern,
            metricTransformations=[{"metricName": metric, "metricNamespace": "Security", "metricValue": "1"}])
        b.account.client("cloudwatch", HOME).put_metric_alarm(
            AlarmName=metric, MetricName=metric, Namespace="Security", Statistic="Sum", Period=300, EvaluationPeriods=1, Threshold=threshold,
            ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching", AlarmActions=[notified])


def rule(b: Builder, name: str, pattern: dict, region: str = HOME, state: str = "ENABLED") -> None:
    """A rule that notifies a topic."""
    events = b.account.client("events", region)
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": topic(b, region)}])


def organization(b: Builder) -> None:
    """The account manages an organization."""
    b.account.client("organizations", HOME).create_organization(FeatureSet="ALL")


def failing(control: str) -> Failing:
    return [(event, NAMES.get(event, {}).get(control, event.partition(":")[2])) for event in BAD[control][1]]


def _state(control: str):
    def build(b: Builder, bad: bool) -> Failing:
        stream(b)
        if control == "alarm-organizations-changes":
            organization(b)
        watch(b, control, BAD[control][0] if bad else GOOD[control], THRESHOLD.get(control, 1))
        return failing(control) if bad else []

    return build


CONTROLS = {control: _state(control) for control in GOOD}
FAILING = {control: [name for _, name in failing(control)] for control in GOOD}

