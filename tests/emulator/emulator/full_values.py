"""What the texts of a full answer hold: by operation and member where it matters, else by the member's name."""

from __future__ import annotations

import datetime
import json
import time
import urllib.parse

from botocore.model import Shape

ACCOUNT, REGION = "111122223333", "us-east-1"
# Yesterday: within each span of time that a run looks back on.
MOMENT = int(time.time()) // 86_400 * 86_400 - 86_400
WRITTEN = f"{datetime.datetime.fromtimestamp(MOMENT, datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}"
_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "*", "Resource": "*"},
    {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "*"}]})
_REPORT = ("user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,"
           "access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,"
           "access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
           "cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n"
           f"<root_account>,arn:aws:iam::{ACCOUNT}:root,2020-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,true,false,"
           "N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A")
_EVENT = json.dumps({"eventVersion": "1.11", "userIdentity": {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
                     "eventTime": f"{WRITTEN}Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": REGION,
                     "eventID": "11111111-2222-4333-8444-555555555555", "readOnly": False, "recipientAccountId": ACCOUNT})

# Where the next question hangs on the answer, or the text has a form of its own.
_OF = {
    ("sts", "GetCallerIdentity", "Arn"): f"arn:aws:iam::{ACCOUNT}:user/auditor",
    ("account", "ListRegions", "RegionOptStatus"): "ENABLED_BY_DEFAULT",
    ("iam", "GetCredentialReport", "Content"): _REPORT,
    ("iam", "GenerateCredentialReport", "State"): "COMPLETE",
    ("cloudtrail", "LookupEvents", "CloudTrailEvent"): _EVENT,
    ("cloudtrail", "DescribeTrails", "HomeRegion"): REGION,
    ("kms", "DescribeKey", "KeyManager"): "CUSTOMER",
    ("kms", "DescribeKey", "KeyState"): "Enabled",
    ("kms", "DescribeKey", "KeySpec"): "SYMMETRIC_DEFAULT",
    ("kms", "DescribeKey", "Origin"): "AWS_KMS",
    ("dynamodb", "DescribeTable", "TableStatus"): "ACTIVE",
    ("s3", "ListBuckets", "BucketRegion"): REGION,
    ("s3", "GetBucketLocation", "LocationConstraint"): "",
    ("s3control", "ListAccessPoints", "NetworkOrigin"): "Internet",
    ("support", "DescribeTrustedAdvisorChecks", "category"): "security",
    ("rds", "DescribeDBSnapshots", "SnapshotType"): "manual",
    ("rds", "DescribeDBClusterSnapshots", "SnapshotType"): "manual",
    ("rds", "DescribeDBSnapshots", "Status"): "available",
    ("rds", "DescribeDBClusterSnapshots", "Status"): "available",
    ("elbv2", "DescribeLoadBalancers", "Type"): "application",
    ("storagegateway", "ListFileShares", "FileShareType"): "NFS",
    ("health", "DescribeEvents", "region"): REGION,
    ("organizations", "DescribeOrganization", "MasterAccountId"): ACCOUNT,
    ("cloudformation", "ListStacks", "StackStatus"): "UPDATE_COMPLETE",
    ("codedeploy", "GetDeployment", "status"): "Succeeded",
    ("organizations", "ListRoots", "Id"): "r-root",
    ("organizations", "ListAccounts", "Id"): ACCOUNT,
    ("organizations", "ListParents", "Id"): "r-root",
    ("cloudwatch", "DescribeAlarms", "AlarmActions"): f"arn:aws:sns:{REGION}:{ACCOUNT}:topic",
    ("cloudfront", "ListDistributions", "WebACLId"): f"arn:aws:wafv2:{REGION}:{ACCOUNT}:global/webacl/name/id",
}


def text(service: str, operation: str, name: str, shape: Shape, asked: dict) -> str:
    """The text of a member."""
    if (found := _OF.get((service, operation, name))) is not None:
        return found
    if values := getattr(shape, "enum", None):
        return values[0]
    lower = name.lower()
    if shape.type_name == "blob":
        return "bytes"
    if "policydocument" in lower:
        return urllib.parse.quote(_POLICY)
    if lower in ("policy", "resourcepolicy", "filepolicy", "accesspolicies", "content") and "arn" not in lower:
        return _POLICY
    if lower.endswith("arn") or lower.endswith("arns") or "arn" in shape.name.lower() and lower.endswith(("id", "resource", "name")):
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:thing/{name}"
    if "account" in lower and lower.endswith(("id", "ids")) or lower in ("account", "owner", "ownerid", "accountid", "awsaccountid"):
        return ACCOUNT
    if lower in ("region", "regionname", "awsregion", "homeregion"):
        return REGION
    if lower != "format" and lower.endswith(("at", "date", "time")) or "timestamp" in lower or lower.endswith("observedat"):
        return f"{WRITTEN}Z"
    if lower.endswith(("cidr", "cidrip", "cidrblock")):
        return "10.0.0.0/16"
    if lower in ("bucket", "bucketname"):
        return asked.get("bucket", "a-bucket")
    least = int(shape.metadata.get("min", 1) or 1)
    return (name or "text")[: int(shape.metadata.get("max", 100) or 100)].ljust(least, "x")
