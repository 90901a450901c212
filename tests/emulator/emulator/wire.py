"""Read and write AWS requests on the wire, for the emulator's log and the fault proxy.

`recognise` names the service, operation and region of a request whatever its protocol:
awsQuery and ec2Query (`Action=`), awsJson (`X-Amz-Target`), rpc-v2-cbor (path), restXml and
restJson (method, path and query, matched against botocore's service models).

`error` builds the answer AWS would give for a refused, throttled, failed or expired call:
  https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
  https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
  https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
import uuid
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from botocore.loaders import Loader

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_CBOR_PATH = re.compile(r"^/service/[^/]+/operation/(\w+)$")
# Signing name to our name (a section of collector/operations.toml), where they differ.
_SERVICES = {"monitoring": "cloudwatch", "elasticfilesystem": "efs", "es": "opensearch", "access-analyzer": "accessanalyzer", "sso": "sso-admin",
             "tagging": "resourcegroupstaggingapi"}


@functools.cache
def protocol(service: str) -> str | None:
    """`query`, `ec2`, `s3`, `s3control`, `rest-json`, `rest-xml`; None is JSON, and what nobody knows."""
    if service in ("s3", "s3control"):
        return service
    try:
        named = Loader().load_service_model(service, "service-2")["metadata"]["protocol"]
    except Exception:
        return None
    return named if named in ("query", "ec2", "rest-json", "rest-xml") else None


@dataclass(frozen=True)
class Call:
    """One request, named as AWS names it. Unknown parts are `-`."""

    service: str
    operation: str
    region: str
    access_key: str = "-"
    cbor: bool = field(default=False, compare=False)


def recognise(method: str, target: str, headers: dict[str, str], body: bytes) -> Call:
    """`target` is the raw path and query; header names are looked up in lower case."""
    path, _, query = target.partition("?")
    scope = _SCOPE.search(headers.get("authorization", ""))
    access_key, region, signing = scope.groups() if scope else ("-", "-", "-")
    service = _SERVICES.get(signing, signing)
    if path.startswith("/v20180820/"):
        service = "s3control"
    if service == "elasticloadbalancing":  # two services of one name, told apart by their API's version
        service = "elb" if b"Version=2012-06-01" in body else "elbv2"
    return Call(service, _operation(service, method, path, query, headers, body) or "-", region, access_key, bool(_CBOR_PATH.match(path)))


def _operation(service, method, path, query, headers, body) -> str | None:
    if named := headers.get("x-amz-target"):
        return named.rsplit(".", 1)[-1]
    if named := _CBOR_PATH.match(path):
        return named.group(1)
    if protocol(service) in ("s3", "s3control", "rest-json", "rest-xml"):
        if service == "s3":
            path = _bucket_in_path(path, headers.get("host", ""))
        return _rest_operation(service, method, path, query, "x-amz-copy-source" in headers)
    form = body.decode("utf-8", "replace") if headers.get("content-type", "").startswith("application/x-www-form-urlencoded") else query
    return urllib.parse.parse_qs(form).get("Action", [None])[0]


def _bucket_in_path(path: str, host: str) -> str:
    """`bucket.localhost/key` and `bucket.s3.amazonaws.com/key` become `/bucket/key`."""
    name = host.rsplit(":", 1)[0]
    bucket = re.match(r"^(.+)\.(?:localhost|s3[.-][a-z0-9.-]*amazonaws\.com)$", name)
    return f"/{bucket.group(1)}{path}" if bucket else path


@functools.cache
def _rest_table(service: str) -> list[tuple[str, re.Pattern, dict[str, str | None], str]]:
    """(method, path, query that must be there, operation), the most particular first."""
    model = Loader().load_service_model(service, "service-2")
    table = []
    for name, operation in model["operations"].items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        pattern = re.sub(r"\{[^}+]+\+\}", ".+", path)
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", pattern)
        needed: dict[str, str | None] = {}
        for key, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
            needed[key] = value or None
        shape = model["shapes"].get(operation.get("input", {}).get("shape"), {})
        for member in shape.get("required", []):
            if shape["members"][member].get("location") == "querystring":
                needed[shape["members"][member]["locationName"]] = None
        table.append((operation["http"]["method"], re.compile(f"^{pattern.rstrip('/') or '/'}/?$" if pattern != "/" else "^/$"), needed, name))
    copies = {"CopyObject", "UploadPartCopy"}
    return sorted(table, key=lambda row: (-len(row[2]), ".+" in row[1].pattern, row[3] in copies, "Deprecated" in row[3], row[3]))


def _rest_operation(service: str, method: str, path: str, query: str, copying: bool) -> str | None:
    given = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    found = []
    for verb, pattern, needed, name in _rest_table(service):
        if verb == method and all(k in given and (v is None or given[k] == v) for k, v in needed.items()) and pattern.match(path):
            found.append(name)
    old = {"GetBucketLifecycle": "GetBucketLifecycleConfiguration", "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
           "GetBucketNotification": "GetBucketNotificationConfiguration", "PutBucketNotification": "PutBucketNotificationConfiguration"}
    for name in found:
        if name in ("CopyObject", "UploadPartCopy") and not copying:
            continue
        return old.get(name, name)
    return None


# Kind of refusal -> protocol -> (HTTP status, code, message). `None` is every other JSON service.
_ERRORS: dict[str, dict[str | None, tuple[int, str, str]]] = {
    "403": {
        "query": (403, "AccessDenied", "User: arn:aws:iam::123456789012:user/exhibit is not authorized to perform: {action}"
                  " because no identity-based policy allows the {action} action"),
        "ec2": (403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/exhibit"
                " is not authorized to perform: {action} because no identity-based policy allows the {action} action"),
        "s3": (403, "AccessDenied", "User: arn:aws:iam::123456789012:user/exhibit is not authorized to perform: {action}"
               " because no identity-based policy allows the {action} action"),
        "s3control": (403, "AccessDenied", "Access Denied"),
        "rest-json": (403, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/exhibit is not authorized to perform: {action}"),
        None: (400, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/exhibit is not authorized to perform: {action}"
               " because no identity-based policy allows the {action} action"),
    },
    "throttle": {
        "query": (400, "Throttling", "Rate exceeded"),
        "ec2": (503, "RequestLimitExceeded", "Request limit exceeded."),
        "s3": (503, "SlowDown", "Please reduce your request rate."),
        "s3control": (503, "SlowDown", "Please reduce your request rate."),
        "rest-json": (429, "TooManyRequestsException", "Rate exceeded"),
        None: (400, "ThrottlingException", "Rate exceeded"),
    },
    "503": {
        "query": (503, "ServiceUnavailable", "Service is unavailable. Please try again shortly."),
        "ec2": (503, "Unavailable", "The server is overloaded and can't handle the request."),
        "s3": (503, "SlowDown", "Please reduce your request rate."),
        "s3control": (503, "ServiceUnavailable", "Service is unable to handle request."),
        "rest-json": (503, "ServiceUnavailableException", "Service is unavailable."),
        None: (503, "ServiceUnavailableException", "Service is unavailable."),
    },
    "500": {
        "query": (500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."),
        "ec2": (500, "InternalError", "An internal error has occurred"),
        "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
        "s3control": (500, "InternalError", "We encountered an internal error. Please try again."),
        "rest-json": (500, "InternalServerException", "An internal error has occurred."),
        None: (500, "InternalFailure", "An internal error has occurred."),
    },
    "expired": {
        "query": (403, "ExpiredToken", "The security token included in the request is expired"),
        "ec2": (400, "RequestExpired", "Request has expired."),
        "s3": (400, "ExpiredToken", "The provided token has expired."),
        "s3control": (400, "ExpiredToken", "The provided token has expired."),
        "rest-json": (403, "ExpiredTokenException", "The security token included in the request is expired"),
        None: (400, "ExpiredTokenException", "The security token included in the request is expired"),
    },
    "region-disabled": {  # what an opt-in region answers while the account has not enabled it
        "query": (403, "InvalidClientTokenId", "The security token included in the request is invalid"),
        "ec2": (401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
        "s3": (400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
        "s3control": (400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
        "rest-json": (403, "UnrecognizedClientException", "The security token included in the request is invalid."),
        None: (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
    },
}
KINDS = tuple(kind for kind in _ERRORS if kind != "region-disabled")
_IAM_ACTIONS = {"ListBuckets": "s3:ListAllMyBuckets", "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock"}


def cbor_text(value: str) -> bytes:
    """A text string of CBOR (RFC 8949)."""
    raw = value.encode()[:65535]
    return (bytes([0x60 + len(raw)]) if len(raw) < 24 else bytes([0x79]) + len(raw).to_bytes(2, "big")) + raw


def error(call: Call, kind: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer for one kind of refusal, in the form that this service's clients parse."""
    form = None if call.cbor else protocol(call.service)
    status, code, message = _ERRORS[kind].get("query" if form == "rest-xml" else form) or _ERRORS[kind][None]
    action = _IAM_ACTIONS.get(call.operation, f"{call.service}:{call.operation}")
    message, request = message.format(action=action), str(uuid.uuid4())
    if call.access_key.startswith("ASIA"):
        message = message.replace("arn:aws:iam::123456789012:user/exhibit", "arn:aws:sts::123456789012:assumed-role/exhibit-collector/exhibit")
    text = escape(message)
    if form in ("query", "rest-xml"):
        body = (f'<ErrorResponse xmlns="https://{call.service}.amazonaws.com/doc/"><Error><Type>{"Sender" if status < 500 else "Receiver"}</Type>'
                f"<Code>{code}</Code><Message>{text}</Message></Error><RequestId>{request}</RequestId></ErrorResponse>")
    elif form == "ec2":
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>'
                f"<RequestID>{request}</RequestID></Response>")
    elif form == "s3":
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{text}</Message>'
                f"<RequestId>{request}</RequestId><HostId>exhibit</HostId></Error>")
    elif form == "s3control":
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Error>'
                f"<Code>{code}</Code><Message>{text}</Message></Error><RequestId>{request}</RequestId><HostId>exhibit</HostId></ErrorResponse>")
    elif form == "rest-json":
        return status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", request)], json.dumps({"message": message}).encode()
    elif call.cbor:
        head = [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"), ("x-amzn-RequestId", request)]
        return status, head, b"\xa2" + b"".join(cbor_text(word) for word in ("__type", f"com.amazonaws.{call.service}#{code}", "message", message))
    else:
        return (status, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", request)],
                json.dumps({"__type": code, "message": message}).encode())
    return status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", request), ("x-amz-request-id", request)], body.encode()
