"""S3: policy status, MFA delete, the defaults of new buckets, regions, and refusals as AWS has them.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html (defaults since April 2023)
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

import datetime
import json
import re

import moto.s3.models as models
from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response
from moto.s3control.models import s3control_backends

from .. import clock
from ..extend import answers
from .s3_policies import is_public
from ..state import STATE

_SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}
_PUBLIC_GROUPS = ("http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")


@answers(models.S3Backend)
def create_bucket(self, *args, **kwargs):
    """Since January 2023 a new bucket encrypts objects, since April 2023 it blocks public access and has no ACLs."""
    bucket = create_bucket.original(self, *args, **kwargs)
    bucket.creation_date = clock.now().replace(tzinfo=datetime.timezone.utc)
    bucket.encryption = _SSE_S3
    if STATE.new_bucket_defaults:
        bucket.public_access_block = models.PublicAccessBlock(True, True, True, True)
        bucket.ownership_rule = "BucketOwnerEnforced"
    return bucket


@answers(models.S3Backend)
def delete_bucket_encryption(self, bucket_name: str) -> None:
    """Encryption cannot be switched off: what is taken away is the setting in place of S3's own."""
    self.get_bucket(bucket_name).encryption = _SSE_S3


@answers(models.S3Backend)
def list_objects_v2(self, bucket, prefix, delimiter, continuation_token, start_after, max_keys):
    """All at once: `paging` cuts the pages, and the tokens are its own."""
    return list_objects_v2.original(self, bucket, prefix, delimiter, None, start_after, 1_000_000)


@staticmethod
def _may_log(target_bucket, target_prefix) -> bool:
    """moto stumbles over a statement about everyone."""
    return b"logging.s3.amazonaws.com" in (target_bucket.policy or b"")


models.FakeBucket._log_permissions_enabled_policy = _may_log


@answers(models.FakeBucket)
def get_permission(self, action: str, resource: str):
    """Only a Deny to everyone without any condition is applied; moto applies conditional ones too."""
    try:
        statements = json.loads(self.policy or b"{}").get("Statement", [])
    except ValueError:
        return PermissionResult.NEUTRAL
    everyone = ("*", {"AWS": "*"}, {"AWS": ["*"]})
    plain = [s for s in (statements if isinstance(statements, list) else [statements])
             if not s.get("Condition") and (s.get("Effect") == "Allow" or s.get("Principal") in everyone)]
    if not plain:
        return PermissionResult.NEUTRAL
    kept, self.policy = self.policy, json.dumps({"Version": "2012-10-17", "Statement": plain}).encode()
    try:
        return get_permission.original(self, action, resource)
    finally:
        self.policy = kept


@answers(S3Response)
def all_buckets(self):
    """BucketRegion is told only if the request has at least one parameter."""
    self.data["Action"] = "ListBuckets"
    region, prefix = self._get_param("bucket-region"), self._get_param("prefix")
    parameters = any(self._get_param(name) is not None for name in ("bucket-region", "prefix", "max-buckets", "continuation-token"))
    buckets = []
    for bucket in sorted(self.backend.buckets.values(), key=lambda b: b.name):
        if (region and bucket.region_name != region) or (prefix and not bucket.name.startswith(prefix)):
            continue
        buckets.append({"Name": bucket.name, "CreationDate": bucket.creation_date} | ({"BucketRegion": bucket.region_name} if parameters else {}))
    result = {"Owner": {"ID": models.OWNER}, "Buckets": buckets}
    return self.serialized(ActionResult(result | ({"Prefix": prefix} if prefix else {})))


def _elsewhere(self, bucket_name: str):
    """A bucket answers in its own region; elsewhere there is a redirect without Location."""
    bucket = self.backend.get_bucket(bucket_name)
    if not STATE.region_redirect or self.region in (bucket.region_name, "aws-global"):
        return None
    host = f"{bucket_name}.s3.{bucket.region_name}.amazonaws.com"
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be'
            f" addressed using the specified endpoint. Please send all future requests to this endpoint.</Message><Endpoint>{host}</Endpoint>"
            f"<Bucket>{bucket_name}</Bucket></Error>")
    return 301, {"x-amz-bucket-region": bucket.region_name, "content-type": "application/xml"}, body


@answers(S3Response)
def _bucket_response_get(self, bucket_name, querystring):
    if "location" not in querystring and (redirect := _elsewhere(self, bucket_name)):
        return redirect
    if "policyStatus" in querystring:
        self.data["Action"] = "GetBucketPolicyStatus"
        policy = self.backend.get_bucket_policy(bucket_name)
        if not policy:
            return self.get_bucket_policy()  # answers NoSuchBucketPolicy
        return self.serialized(ActionResult({"PolicyStatus": {"IsPublic": is_public(policy)}}))
    return _bucket_response_get.original(self, bucket_name, querystring)


def _block(self, bucket, flag: str) -> bool:
    """The flag of the bucket or of the account."""
    account = s3control_backends[self.current_account][self.partition].public_access_block
    return any(getattr(block, flag) for block in (bucket.public_access_block, account) if block)


@answers(S3Response)
def _bucket_response_put(self, request, bucket_name, querystring):
    if "versioning" in querystring:
        return _put_versioning(self, request, bucket_name, querystring)
    if "policy" in querystring:
        bucket = self.backend.get_bucket(bucket_name)
        if is_public(self.body) and _block(self, bucket, "block_public_policy"):
            raise S3ClientError("AccessDenied", "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by"
                                " the BlockPublicPolicy setting in S3 Block Public Access.")
        self.backend.put_bucket_policy(bucket_name, self.body)
        return 204, {}, ""
    if "acl" in querystring:
        bucket = self.backend.get_bucket(bucket_name)
        text = str(request.headers) + (self.body or b"").decode("utf-8", "replace")
        if bucket.ownership_rule == "BucketOwnerEnforced":
            raise S3ClientError("AccessControlListNotSupported", "The bucket does not allow ACLs")
        if ("public-read" in text or any(group in text for group in _PUBLIC_GROUPS)) and _block(self, bucket, "block_public_acls"):
            raise S3ClientError("AccessDenied", "User is not authorized to perform: s3:PutBucketAcl because public ACLs are prevented by"
                                " the BlockPublicAcls setting in S3 Block Public Access.")
    return _bucket_response_put.original(self, request, bucket_name, querystring)


def _put_versioning(self, request, bucket_name, querystring):
    """MfaDelete may be changed only with the device's serial number and code in x-amz-mfa."""
    bucket = self.backend.get_bucket(bucket_name)
    wanted = re.search(rb"<MfaDelete>(\w+)</MfaDelete>", self.body or b"", re.IGNORECASE)
    if (wanted or getattr(bucket, "mfa_delete", None) == "Enabled") and not request.headers.get("x-amz-mfa"):
        raise S3ClientError("AccessDenied", "Mfa Authentication must be used for this request")
    answer = _bucket_response_put.original(self, request, bucket_name, querystring)
    if wanted:
        bucket.mfa_delete = wanted.group(1).decode().capitalize()
    return answer


@answers(S3Response)
def get_bucket_versioning(self):
    """A bucket that never had versioning answers with an empty element."""
    bucket = self.backend.get_bucket(self.bucket_name)
    self.data["Action"] = "GetBucketVersioning"
    return self.serialized(ActionResult({"Status": bucket.versioning_status, "MFADelete": getattr(bucket, "mfa_delete", None)}))


@answers(S3Response)
def get_bucket_acl(self):
    """One grant per permission; moto keeps the first only."""
    acl = self.backend.get_bucket_acl(self.bucket_name)
    self.data["Action"] = "GetBucketAcl"
    grants = [{"Grantee": {"Type": grantee.type, "URI": grantee.uri or None, "ID": grantee.id or None}, "Permission": permission}
              for grant in acl.grants for grantee in grant.grantees for permission in grant.permissions]
    return self.serialized(ActionResult({"Owner": {"ID": models.OWNER}, "Grants": grants}))



@answers(S3Response)
def get_object_lock_configuration(self):
    """The default retention in days or in years, never both."""
    enabled, mode, days, years = self.backend.get_object_lock_configuration(self.bucket_name)
    config: dict = {"ObjectLockEnabled": "Enabled" if enabled else "Disabled"}
    if mode:
        config["Rule"] = {"DefaultRetention": {"Mode": mode} | ({"Days": days} if days else {"Years": years})}
    self.data["Action"] = "GetObjectLockConfiguration"
    return self.serialized(ActionResult({"ObjectLockConfiguration": config}))
