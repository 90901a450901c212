"""Is a resource policy public? A plain reading of AWS's own rule.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
An Allow to everyone is public, unless a condition pins the caller or the network to fixed
values. Values with wildcards pin nothing.
"""

from __future__ import annotations

import ipaddress
import json

_PINS = {
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:sourceaccount", "aws:sourcearn",
    "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:userid", "aws:username", "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
}
_PINNING = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "StringEqualsIgnoreCase")


def _list(value) -> list:
    return value if isinstance(value, list) else [value]


def _everyone(principal) -> bool:
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return "*" in _list(named)


def _wide(cidr: str) -> bool:
    """Ranges as wide as this pin nobody: AWS takes /0 to /7 of IPv4 and /0 to /31 of IPv6 for public."""
    network = ipaddress.ip_network(cidr, strict=False)
    return network.prefixlen < (8 if network.version == 4 else 32) and not network.is_private


def _pinned(condition: dict) -> bool:
    for operator, keys in condition.items():
        for key, values in keys.items():
            name, values = key.lower(), _list(values)
            if operator == "IpAddress" and name == "aws:sourceip" and not any(_wide(v) for v in values):
                return True
            if operator in _PINNING and name in _PINS and not any("*" == v or v.startswith("*") or (name.endswith("account") and "*" in v) for v in values):
                return True
    return False


def is_public(policy: str | bytes | None) -> bool:
    if not policy:
        return False
    statements = _list(json.loads(policy).get("Statement", []))
    return any(s.get("Effect") == "Allow" and _everyone(s.get("Principal", {})) and not _pinned(s.get("Condition", {})) for s in statements)
