"""CloudTrail of the emulator: every request that it answers for some accounts, as an event. Opt-in.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
The request id of an event is the one in the answer's header, as with AWS.
"""

from __future__ import annotations

import re
import urllib.parse
import uuid

from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends

from . import clock, wire
from .services import cloudtrail_events

_SOURCES = {"cloudwatch": "monitoring", "efs": "elasticfilesystem", "elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "opensearch": "es",
            "resourcegroupstaggingapi": "tagging", "s3control": "s3", "sso-admin": "sso", "accessanalyzer": "access-analyzer"}
_NAMES = {("s3", "GetBucketLifecycleConfiguration"): "GetBucketLifecycle", ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
          ("s3", "GetObjectLockConfiguration"): "GetBucketObjectLockConfiguration", ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
          ("cloudfront", "ListDistributions"): "ListDistributions2020_05_31"}
# Data events: the event history never has them.
_UNLOGGED = {("s3", "ListObjectsV2"), ("s3", "ListObjects"), ("s3", "GetObject"), ("s3", "HeadObject"), ("s3", "PutObject")}
_READS = re.compile(r"Get|List|Describe|Lookup|BatchGet")
NESTED = "exhibit-nested"  # in the user agent of a request that the emulator makes to itself

accounts: set[str] = set()


def _identity(account: str, access_key: str, region: str) -> dict:
    backend = sts_backends[account]["aws"]
    user_id, arn, _ = backend.get_caller_identity(access_key, region)
    if role := backend.get_assumed_role_from_access_key(access_key):
        return {"type": "AssumedRole", "principalId": user_id, "arn": arn, "accountId": account, "accessKeyId": access_key,
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role.role_arn, "accountId": account}}}
    return {"type": "IAMUser", "principalId": user_id, "arn": arn, "accountId": account, "accessKeyId": access_key, "userName": arn.rsplit("/", 1)[-1]}


def wanted(call: wire.Call, environ: dict, body: bytes) -> list[str]:
    """The accounts in whose history the request stands."""
    agent = environ.get("HTTP_USER_AGENT", "") + environ.get("HTTP_X_AMZ_USER_AGENT", "")
    if not accounts or NESTED in agent or call.access_key == "-" or (call.service, call.operation) in _UNLOGGED:
        return []
    found = {get_account_id_from(call.access_key)}
    if call.operation == "AssumeRole":
        found.add(_form(body).get("RoleArn", ":::::").split(":")[4])
    return sorted(found & accounts)


def _form(body: bytes) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))


def record(call: wire.Call, environ: dict, body: bytes, status: str, headers: list[tuple[str, str]], into: list[str]) -> list[tuple[str, str]]:
    """Keeps the event; gives the headers with the request id that it has."""
    of_s3 = call.service in ("s3", "s3control")
    # moto's are not always different, and S3's has two of them.
    request = str(uuid.uuid4()).replace("-", "")[:16].upper() if of_s3 else str(uuid.uuid4())
    headers = [(key, value) for key, value in headers if key.lower() not in ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")]
    headers.append(("x-amz-request-id" if of_s3 else "x-amzn-RequestId", request))
    account = get_account_id_from(call.access_key)
    agent = environ.get("HTTP_X_AMZ_USER_AGENT") or environ.get("HTTP_USER_AGENT", "")
    for number in into:
        event = {
            "eventVersion": "1.11", "userIdentity": _identity(account, call.access_key, call.region), "eventTime": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": f"{_SOURCES.get(call.service, call.service)}.amazonaws.com", "eventName": _NAMES.get((call.service, call.operation), call.operation),
            "awsRegion": call.region, "sourceIPAddress": "127.0.0.1", "userAgent": agent, "requestParameters": None, "responseElements": None,
            "requestID": request, "eventID": str(uuid.uuid4()), "readOnly": bool(_READS.match(call.operation)), "eventType": "AwsApiCall",
            "managementEvent": True, "recipientAccountId": number, "eventCategory": "Management",
        }
        if int(status[:3]) >= 400:
            event["errorCode"] = "AccessDenied" if status.startswith("403") else "ClientError"
        if call.operation == "AssumeRole":
            form = _form(body)
            event["requestParameters"] = {"roleArn": form.get("RoleArn"), "roleSessionName": form.get("RoleSessionName")}
            event["resources"] = [{"accountId": number, "type": "AWS::IAM::Role", "ARN": form.get("RoleArn")}]
        cloudtrail_events.add(number, call.region, event)
    return headers
