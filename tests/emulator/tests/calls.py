"""Calls as the tests make them: refused ones, and lists page by page."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def code(call) -> tuple[int, str]:
    """The HTTP status and error code with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["ResponseMetadata"]["HTTPStatusCode"], refused.value.response["Error"]["Code"]


def pages(call, key: str, token_in: str, token_out: str, **parameters) -> list[list]:
    """Every page of a list, following the token by hand."""
    found, token = [], None
    while True:
        answer = call(**parameters, **({token_in: token} if token else {}))
        found.append(answer.get(key, []))
        token = answer.get(token_out)
        assert bool(token) == answer.get("IsTruncated", answer.get("Truncated", bool(token)))
        if not token:
            return found
        assert len(found) < 100


def flat(found: list[list]) -> list:
    return [item for page in found for item in page]
