"""A bundle with more files than a zip counts without its 64-bit records, written by another hand (support/large_bundle.py)."""

from __future__ import annotations

from support import large_bundle
from support.exhibit import INCOMPLETE, OK, TAMPERED


def test_more_files_than_16_bits_count(collected, tmp_path):
    few = tmp_path / "few.toml"
    few.write_text('organization = "Harborlight"\n[scope]\ncategories = ["confidentiality"]\n')
    ran = collected.run("bind", "--config", few, "--out", tmp_path / "out")
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
