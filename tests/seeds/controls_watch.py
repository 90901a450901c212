"""Controls on what watches the account: logs that reach CloudWatch and stay, alarms that reach people, capacity."""

from __future__ import annotations

import json

from .build import HOME, SECOND, Builder, statement

Failing = list[tuple[str, str]]

# Good is a record here: tests/services/test_cloudwatch_sns_eventbridge.py attaches it.
RECORDED = ("alarm-response-documented",)

ROOT = '{ $.eventName = "ConsoleLogin" && $.userIdentity.type = "Root" }'


def log_group(b: Builder, name: str, region: str = HOME, days: int | None = None, **more) -> str:
    logs = b.account.client("logs", region)
    logs.create_log_group(logGroupName=name, **more)
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    return f"arn:aws:logs:{region}:{b.account.number}:log-group:{name}"


def tagged(b: Builder, *resources: str, region: str = HOME, **tags: str) -> None:
    """What the tagging service knows: these resources have these tags, all others none."""
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    for where in (HOME, SECOND):
        found = [{"ResourceARN": arn, "Tags": given} for arn in resources if where == region]
        b.account.answers("resourcegroupstaggingapi", "GetResources", {"ResourceTagMappingList": found}, region=where)


def streaming_trail(b: Builder, name: str = "main", bucket: str = "exhibit-trail", group: str | None = "cloudtrail") -> str:
    """A trail of all regions; `group` None: it streams nowhere."""
    b.trail_bucket(bucket)
    trail = b.trail(name, bucket)
    if group:
        arn = log_group(b, group)
        role = b.role("cloudtrail-logs", {"Service": "cloudtrail.amazonaws.com"})
        b.trails().update_trail(Name=name, CloudWatchLogsLogGroupArn=f"{arn}:*", CloudWatchLogsRoleArn=role)
    return trail


def topic(b: Builder, name: str, *subscriptions: tuple[str, str, bool], region: str = HOME, rules: bool = False, key: str | None = None) -> str:
    """Subscriptions: protocol, endpoint, confirmed. `rules`: its policy also admits EventBridge, as the first policy of a topic does not."""
    sns = b.account.client("sns", region)
    arn = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key} if key else {})["TopicArn"]
    policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    if rules and len(policy["Statement"]) == 1:
        policy["Statement"].append(statement(action="sns:Publish", resource=arn, Principal={"Service": "events.amazonaws.com"}))
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    for protocol, endpoint, confirmed in subscriptions:
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        if confirmed and protocol != "sms":
            sns.confirm_subscription(TopicArn=arn, Token=endpoint)
    return arn


def alarm(b: Builder, name: str, *actions: str, metric: str = "RootLogin", namespace: str = "Security", region: str = HOME, **more) -> str:
    settings = {"Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"} | more
    b.account.client("cloudwatch", region).put_metric_alarm(AlarmName=name, MetricName=metric, Namespace=namespace, AlarmActions=list(actions), **settings)
    return f"arn:aws:cloudwatch:{region}:{b.account.number}:alarm:{name}"


def metric_filter(b: Builder, name: str, pattern: str, metric: str = "RootLogin", group: str = "cloudtrail") -> None:
    b.account.client("logs").put_metric_filter(
        logGroupName=group, filterName=name, filterPattern=pattern,
        metricTransformations=[{"metricName": metric, "metricNamespace": "Security", "metricValue": "1", "defaultValue": 0.0}])


def cloudtrail_to_cloudwatch(b: Builder, bad: bool) -> Failing:
    trail = streaming_trail(b, group=None if bad else "cloudtrail")
    return [(trail, "main")] if bad else []


def log_retention(b: Builder, bad: bool) -> Failing:
    streaming_trail(b)
    log_group(b, "app", days=1)
    vpn = log_group(b, "vpn", SECOND, 30 if bad else 400)
    tagged(b, vpn, region=SECOND, audit="true")
    if not bad:
        return []
    b.account.client("logs").put_retention_policy(logGroupName="cloudtrail", retentionInDays=90)
    waf = log_group(b, "aws-waf-logs-web", SECOND, 30)
    b.s3().put_bucket_lifecycle_configuration(Bucket="exhibit-trail", LifecycleConfiguration={"Rules": [
        {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "AWSLogs/"}, "Expiration": {"Days": 90}}]})
    return [(f"arn:aws:logs:{HOME}:{b.account.number}:log-group:cloudtrail", "cloudtrail"), (waf, "aws-waf-logs-web"), (vpn, "vpn"), ("arn:aws:s3:::exhibit-trail", "exhibit-trail")]


def watched_root(b: Builder, *actions: str) -> str:
    """A trail, a filter on sign-ins of root and an alarm on it."""
    streaming_trail(b)
    metric_filter(b, "root-login", ROOT)
    return alarm(b, "root-login", *actions)


def alarm_recipients_confirmed(b: Builder, bad: bool) -> Failing:
    open_key = b.key("alarms", Policy=b.own_key_policy(statement(
        action=["kms:GenerateDataKey*", "kms:Decrypt"], Principal={"Service": "cloudwatch.amazonaws.com"})))
    good = topic(b, "soc", ("email", "soc@example.com", True), ("https", "https://pager.example.com/", False))
    sealed = topic(b, "sealed", ("email", "soc@example.com", True), key=open_key)
    # Nobody has subscribed to it, but what notifies it watches nothing that matters.
    alarm(b, "busy", topic(b, "ops"), metric="CPUUtilization", namespace="AWS/EC2")
    if not bad:
        watched_root(b, good, sealed)
        return []
    lost = topic(b, "lost", ("email", "soc@example.com", True), key="alias/aws/sns")
    closed = topic(b, "closed", ("email", "soc@example.com", True), key=b.key("closed"))
    pending = topic(b, "pending", ("email", "gone@example.com", False))
    gone = f"arn:aws:sns:{HOME}:{b.account.number}:gone"
    watched_root(b, good, pending, gone, lost, closed)
    events = b.account.client("events", SECOND)
    silent = topic(b, "silent", region=SECOND)
    events.put_rule(Name="groups", EventPattern=json.dumps({"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": [{"wildcard": "*SecurityGroup*"}]}}))
    events.put_targets(Rule="groups", Targets=[{"Id": "1", "Arn": silent}])
    unheard = topic(b, "unheard", ("email", "soc@example.com", True), region=SECOND)
    events.put_targets(Rule="groups", Targets=[{"Id": "2", "Arn": unheard}])
    return [(arn, name) for arn, name in ((pending, "pending"), (gone, "gone"), (silent, "silent"), (lost, "lost"), (closed, "closed"), (unheard, "unheard"))]


def capacity_managed(b: Builder, bad: bool) -> Failing:
    ops = topic(b, "ops", ("email", "ops@example.com", True))
    tagged(b)
    dynamodb = b.account.client("dynamodb")
    keys = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    dynamodb.create_table(TableName="orders", BillingMode="PAY_PER_REQUEST", **keys)
    fixed = dynamodb.create_table(TableName="carts", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}, **keys)["TableDescription"]["TableArn"]
    rds = b.account.client("rds")
    made = rds.create_db_instance(DBInstanceIdentifier="shop", Engine="postgres", DBInstanceClass="db.t3.medium", AllocatedStorage=20, MasterUsername="root",
                                  MasterUserPassword="not-a-real-password", StorageEncrypted=True)["DBInstance"]
    watched = {"Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "shop"}]}
    alarm(b, "shop-cpu", ops, metric="CPUUtilization", namespace="AWS/RDS", **watched)
    if bad:
        return [(fixed, "carts"), (made["DBInstanceArn"], "shop")]
    alarm(b, "shop-disk", ops, metric="FreeStorageSpace", namespace="AWS/RDS", **watched)
    scaling = b.account.client("application-autoscaling")
    for size in ("Read", "Write"):
        scaling.register_scalable_target(ServiceNamespace="dynamodb", ResourceId="table/carts", ScalableDimension=f"dynamodb:table:{size}CapacityUnits", MinCapacity=5, MaxCapacity=50)
    return []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    cloudtrail_to_cloudwatch, log_retention, alarm_recipients_confirmed, capacity_managed)}

FAILING = {
    "cloudtrail-to-cloudwatch": ["main"], "log-retention": ["cloudtrail", "aws-waf-logs-web", "vpn", "exhibit-trail"],
    "alarm-recipients-confirmed": ["pending", "gone", "silent", "lost", "closed", "unheard"], "capacity-managed": ["carts", "shop"],
}
