"""States of the controls over buckets and what lies in them; see `controls.py`."""

from __future__ import annotations

from . import events
from .build import HOME, SECOND, Builder, document, statement

Failing = list[tuple[str, str]]


def label(b: Builder, bucket: str, region: str = HOME, **tags: str) -> None:
    b.s3(region).put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]})


def log_access(b: Builder, bucket: str, target: str, region: str = HOME) -> None:
    """S3 server access logging, to a bucket of the same region that the service may write to."""
    service = statement(action="s3:PutObject", resource=f"arn:aws:s3:::{target}/*", Sid="AccessLogs", Principal={"Service": "logging.s3.amazonaws.com"},
                        Condition={"StringEquals": {"aws:SourceAccount": b.account.number}})
    b.bucket(target, region, policy=(service,))
    b.s3(region).put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": f"{bucket}/"}})


def s3_encrypted(b: Builder, bad: bool) -> Failing:
    b.bucket("exhibit-default")
    secret = b.bucket("exhibit-secret", SECOND)
    label(b, "exhibit-secret", SECOND, data_class="confidential")
    if bad:
        return [(secret, "exhibit-secret")]
    kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": b.key("app-data", SECOND)}, "BucketKeyEnabled": True}
    b.s3(SECOND).put_bucket_encryption(Bucket="exhibit-secret", ServerSideEncryptionConfiguration={"Rules": [kms]})
    return []


def cloudtrail_bucket_dedicated(b: Builder, bad: bool) -> Failing:
    name = f"trail-logs-{b.account.number}"
    arn = b.trail_bucket(name)
    made = b.trails().create_trail(Name="main", S3BucketName=name, S3KeyPrefix="audit", IsMultiRegionTrail=True)
    b.trails().start_logging(Name=made["TrailARN"])
    keys = [f"audit/AWSLogs/{b.account.number}/CloudTrail/us-east-1/one.json.gz", f"AWSLogs/{b.account.number}/Config/one.json.gz"]
    for key in [*keys, *(["backups/db.dump"] if bad else [])]:
        b.s3().put_object(Bucket=name, Key=key, Body=b"x")
    return [(arn, name)] if bad else []


def _pinned_trail_bucket(b: Builder, name: str, **settings) -> str:
    """A bucket that lets CloudTrail write for one trail only."""
    trail = f"arn:aws:cloudtrail:{HOME}:{b.account.number}:trail/main"
    pinned = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Condition": {"StringEquals": {"aws:SourceArn": trail}}}
    return b.bucket(name, policy=(statement(action="s3:GetBucketAcl", resource=f"arn:aws:s3:::{name}", Sid="Acl", **pinned),
                                  statement(action="s3:PutObject", resource=f"arn:aws:s3:::{name}/AWSLogs/{b.account.number}/*", Sid="Write", **pinned)),
                    versioning=True, **settings)


def cloudtrail_bucket_access_restricted(b: Builder, bad: bool) -> Failing:
    arn = _pinned_trail_bucket(b, "exhibit-trail")
    log_access(b, "exhibit-trail", "exhibit-access-logs")
    b.trails().create_trail(Name="main", S3BucketName="exhibit-trail", IsMultiRegionTrail=True, KmsKeyId=b.key("trail-logs"))
    b.trails().start_logging(Name="main")
    b.policy("read-logs", document(statement(action="s3:Get*", resource="arn:aws:s3:::exhibit-trail/*")))
    b.role("auditor", {"Service": "ec2.amazonaws.com"}, managed=(f"arn:aws:iam::{b.account.number}:policy/read-logs",))
    if not bad:
        return []
    b.group("operators", inline={"buckets": document(statement(action="s3:*", resource="arn:aws:s3:::exhibit-*"))})
    b.user("dana.okafor", keys=((10, 1),), groups=("operators",))
    return [(arn, "exhibit-trail")]


def cloudtrail_bucket_object_lock(b: Builder, bad: bool) -> Failing:
    arn = b.trail_bucket("exhibit-trail", **({} if bad else {"lock_days": 400}))
    b.trail("main", "exhibit-trail")
    return [(arn, "exhibit-trail")] if bad else []


def storage_activity_logged(b: Builder, bad: bool) -> Failing:
    b.trail_bucket("exhibit-trail")
    trail = b.trail("main", "exhibit-trail")
    b.bucket("exhibit-orders", SECOND)
    logged = b.bucket("exhibit-reports")
    buckets = ["exhibit-trail", "exhibit-orders"] if bad else ["exhibit-trail", "exhibit-orders", "exhibit-reports"]
    resources = [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{bucket}/" for bucket in buckets]}]
    b.trails().put_event_selectors(TrailName=trail, EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": resources}])
    return [(logged, "exhibit-reports")] if bad else []


def _table(b: Builder, name: str, region: str = HOME, **tags: str) -> str:
    made = b.account.client("dynamodb", region).create_table(
        TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST", Tags=[{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()])
    return made["TableDescription"]["TableArn"]


def confidential_data_identified(b: Builder, bad: bool) -> Failing:
    b.bucket("exhibit-orders", SECOND)
    label(b, "exhibit-orders", SECOND, data_class="confidential")
    _table(b, "sessions", data_class="internal")
    b.account.answers("macie2", "GetMacieSession", {"status": "ENABLED", "createdAt": "2025-01-01T00:00:00Z", "findingPublishingFrequency": "ONE_HOUR"}, region=SECOND)
    b.account.answers("macie2", "GetAutomatedDiscoveryConfiguration", {"status": "ENABLED"}, region=SECOND)
    found = {"bucketName": "exhibit-orders", "accountId": b.account.number, "region": SECOND, "sensitivityScore": 88, "automatedDiscoveryMonitoringStatus": "MONITORED"}
    b.account.answers("macie2", "DescribeBuckets", {"buckets": [found]}, region=SECOND)
    if not bad:
        return []
    unlabelled = b.bucket("exhibit-scratch")
    return [(unlabelled, "exhibit-scratch"), (_table(b, "carts", SECOND, data_class="Secret"), "carts")]


def retention_and_disposal(b: Builder, bad: bool) -> Failing:
    name = "retention-and-disposal"
    b.settings += f'[parameters.{name}]\nby = "Privacy lead"\nwhy = "Retention schedule 4"\nschedule = {{ confidential = 365, restricted = 90 }}\n'
    arn = b.bucket("exhibit-orders", SECOND, versioning=True)
    label(b, "exhibit-orders", SECOND, data_class="confidential")
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400 if bad else 365}, "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
    b.s3(SECOND).put_bucket_lifecycle_configuration(Bucket="exhibit-orders", LifecycleConfiguration={"Rules": [rule]})
    table = _table(b, "sessions", data_class="restricted")
    if not bad:
        b.account.client("dynamodb").update_time_to_live(TableName="sessions", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    gone = events.event(b.account, "rds", "DeleteDBInstance", events.iam_user(b.account.number, "alice.meyer"), request={"dBInstanceIdentifier": "crm"})
    dropped = events.event(b.account, "s3", "DeleteBucket", events.iam_user(b.account.number, "alice.meyer"), days=2, request={"bucketName": "old-exports"})
    events.state(b.account, gone, dropped)
    for subject in [gone["eventID"], *([] if bad else ["old-exports"])]:
        b.records.append(f'[[disposal]]\nsubject = "{subject}"\nticket = "DATA-7"\napprover = "dpo"\ndate = "2020-01-01"\n')
    return [(arn, "exhibit-orders"), (table, "sessions"), (dropped["eventID"], "DeleteBucket old-exports")] if bad else []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    s3_encrypted, cloudtrail_bucket_dedicated, cloudtrail_bucket_access_restricted, cloudtrail_bucket_object_lock, storage_activity_logged,
    confidential_data_identified, retention_and_disposal)}

# What fails in the bad state, by name.
FAILING = {
    "s3-encrypted": ["exhibit-secret"], "cloudtrail-bucket-dedicated": ["trail-logs-123456789012"], "cloudtrail-bucket-access-restricted": ["exhibit-trail"],
    "cloudtrail-bucket-object-lock": ["exhibit-trail"], "storage-activity-logged": ["exhibit-reports"],
    "confidential-data-identified": ["exhibit-scratch", "carts"], "retention-and-disposal": ["exhibit-orders", "sessions", "DeleteBucket old-exports"],
}
