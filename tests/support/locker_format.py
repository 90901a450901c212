"""What the tests write by docs/locker-format.md, by themselves: digests, canonical lines, tree roots."""

from __future__ import annotations

import hashlib
import json


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def line(value) -> bytes:
    """A canonical line, with its line feed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def root(lines: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word; verify_exhibit.py computes it another way."""
    if len(lines) == 1:
        return hashlib.sha256(b"\0" + lines[0]).digest()
    k = 1
    while 2 * k < len(lines):
        k *= 2
    return hashlib.sha256(b"\1" + root(lines[:k]) + root(lines[k:])).digest()
