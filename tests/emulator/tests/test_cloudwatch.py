"""CloudWatch speaks RPC v2 with CBOR."""

from __future__ import annotations

import urllib.request

from emulator.client import ACCESS_KEY


def test_cloudwatch_speaks_cbor(aws):
    request = urllib.request.Request(f"{aws.endpoint}/service/GraniteServiceVersion20100801/operation/DescribeAlarms", data=b"\xa0", method="POST", headers={
        "smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20250101/us-east-1/monitoring/aws4_request"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor" and b"MetricAlarms" in answer.read()
