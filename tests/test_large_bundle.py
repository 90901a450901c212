"""A bundle with more files than a zip counts without its 64-bit records, written by another hand (large_bundle.py)."""

from __future__ import annotations

import large_bundle
from cli_exhibit import INCOMPLETE, OK, TAMPERED


def test_more_files_than_16_bits_count(collected, tmp_path):
    ran = collected.run("bind", "--out", tmp_path / "out")
    assert ran.code in (OK, INCOMPLETE), ran.err
    large = tmp_path / "large.zip"
    large_bundle.enlarge(tmp_path / "out/bundle.zip", large, 66_000, 1)
    ran = collected.run("verify", "--format", "json", large)
    assert ran.code == OK, ran.out[:2000]
    assert ran.json()["checked"]["files"] == 66_000

    # One byte before the last entry of the directory.
    data = bytearray(large.read_bytes())
    data[data.rindex(b"PK\1\2") - 3] ^= 1
    large.write_bytes(data)
    ran = collected.run("verify", "--format", "json", large)
    assert ran.code == TAMPERED and {fault["code"] for fault in ran.json()["faults"]} >= {"changed"}
