"""CloudWatch by rpc-v2-cbor, the only protocol of aws-sdk-cloudwatch for Rust; moto speaks query and JSON.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import re
import uuid

import boto3
import botocore.exceptions
from botocore import xform_name
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer

PATH = re.compile(r"^/service/GraniteServiceVersion20100801/operation/(\w+)$")
_reader, _writer = RpcV2CBORParser(timestamp_parser=lambda x: x), RpcV2CBORSerializer()


def decode(body: bytes) -> dict:
    return _reader.parse_data_item(_reader.get_peekable_stream_from_bytes(body)) if body else {}


def encode(value, shape) -> bytes:
    out = bytearray()
    if shape is None:
        return b"\xa0"
    _writer._serialize_data_item(out, value, shape)
    return bytes(out)


def _text(value: str) -> bytes:
    raw = value.encode()[:65535]
    return (bytes([0x60 + len(raw)]) if len(raw) < 24 else bytes([0x79]) + len(raw).to_bytes(2, "big")) + raw


def head() -> list[tuple[str, str]]:
    return [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"), ("x-amzn-RequestId", str(uuid.uuid4()))]


def error(code: str, message: str, namespace: str = "com.amazonaws") -> bytes:
    return b"\xa2" + _text("__type") + _text(f"{namespace}#{code}") + _text("message") + _text(message)


def answer(operation: str, body: bytes, region: str, access_key: str, port: int) -> tuple[int, list[tuple[str, str]], bytes]:
    """Decode the request, ask this same server by a protocol that moto speaks, encode the answer."""
    params = decode(body)
    client = boto3.client("cloudwatch", endpoint_url=f"http://127.0.0.1:{port}", region_name=region, aws_access_key_id=access_key, aws_secret_access_key="x")
    try:
        result = getattr(client, xform_name(operation))(**params)
        result.pop("ResponseMetadata")
        return 200, head(), encode(result, client.meta.service_model.operation_model(operation).output_shape)
    except botocore.exceptions.ClientError as refused:
        why = refused.response["Error"]
        return refused.response["ResponseMetadata"]["HTTPStatusCode"], head(), error(why["Code"], why["Message"], "com.amazonaws.cloudwatch")
