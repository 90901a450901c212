"""Every operation that exhibit may call is recognised on the wire."""

from __future__ import annotations

import pathlib
import tomllib

import botocore.awsrequest
import pytest

from emulator import wire
from emulator.client import ACCESS_KEY, Account

OPERATIONS = tomllib.loads((pathlib.Path(__file__).parents[3] / "collector" / "operations.toml").read_text())
_VALUES = {"Bucket": "a-bucket", "AccountId": "123456789012", "Key": "a/b", "VersionId": "1", "PolicyName": "default", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


def request(service: str, operation: str) -> botocore.awsrequest.AWSPreparedRequest:
    """What boto3 would send for a call with its required members filled in."""
    client, sent = Account("http://127.0.0.1:9").client(service, "eu-west-1"), []
    shape = client.meta.service_model.operation_model(operation).input_shape
    parameters = {name: _VALUES.get(name, "something") for name in (shape.required_members if shape else [])}

    def answer(request, **_):
        sent.append(request)
        return botocore.awsrequest.AWSResponse(request.url, 500, {}, None)

    client.meta.events.register_first("before-send.*", answer)
    with pytest.raises(Exception):
        getattr(client, next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation))(**parameters)
    if not sent:
        pytest.skip("botocore does not send parameters that are made up like this")
    return sent[0]


@pytest.mark.parametrize(("service", "operation"), [(service, operation) for service, told in OPERATIONS.items() for operation in told["operations"]])
def test_recognised(service, operation):
    sent = request(service, operation)
    headers = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in sent.headers.items()}
    body = sent.body or b""
    target = sent.url.split("//", 1)[1].partition("/")[2]
    call = wire.recognise(sent.method, "/" + target, headers, body.encode() if isinstance(body, str) else body)
    assert (call.service, call.operation, call.region, call.access_key) == (service, operation, "eu-west-1", ACCESS_KEY)


@pytest.mark.parametrize(("method", "target", "host", "operation"), [
    ("GET", "/?acl", "bucket.localhost:5000", "GetBucketAcl"), ("GET", "/bucket?policyStatus", "127.0.0.1", "GetBucketPolicyStatus"),
    ("GET", "/bucket/?versioning=", "127.0.0.1", "GetBucketVersioning"), ("GET", "/?max-buckets=5&x-id=ListBuckets", "127.0.0.1", "ListBuckets"),
    ("PUT", "/bucket/key", "127.0.0.1", "PutObject"), ("GET", "/bucket?list-type=2", "127.0.0.1", "ListObjectsV2"), ("PUT", "/bucket", "127.0.0.1", "CreateBucket"),
])
def test_s3_paths(method, target, host, operation):
    scope = "AWS4-HMAC-SHA256 Credential=AKIA/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    assert wire.recognise(method, target, {"authorization": scope, "host": host}, b"").operation == operation
