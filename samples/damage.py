#!/usr/bin/env python3
"""Damage copies of samples/tiny/, one way each, into samples/damaged/.

    python samples/damage.py

Tests ask that `exhibit verify` finds each of them, names the file and ends with the exit code of its
kind. Needs nothing but Python.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import shutil
import zipfile
from collections.abc import Iterator

SAMPLES = pathlib.Path(__file__).resolve().parent


def flipped_byte(locker: pathlib.Path) -> None:
    """One bit of a recorded answer is turned."""
    file = _snapshot(locker)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def truncated_zip(locker: pathlib.Path) -> None:
    """The second half of a snapshot is gone, as after a copy that broke off."""
    file = _snapshot(locker)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def missing_snapshot(locker: pathlib.Path) -> None:
    """The log names a snapshot that is not there."""
    _snapshot(locker).unlink()


def extra_file(locker: pathlib.Path) -> None:
    """A copy of a snapshot lies beside it under a name that no entry of the log gives."""
    file = _snapshot(locker)
    shutil.copyfile(file, file.with_name(file.name[:-12] + "00000000.zip"))


def reordered_log(locker: pathlib.Path) -> None:
    """The last two entries of the log have changed places."""
    second, third = _entry(locker, 2), _entry(locker, 3)
    content = second.read_bytes()
    second.write_bytes(third.read_bytes())
    third.write_bytes(content)


def broken_chain(locker: pathlib.Path) -> None:
    """The version of the program in an entry was changed afterwards; what follows no longer fits."""
    entry = json.loads(_entry(locker, 2).read_bytes())
    entry["body"]["tool"]["version"] = "9.9.9"
    _entry(locker, 2).write_bytes(_line(entry))


def clock_backwards(locker: pathlib.Path) -> None:
    """The last entry is dated a day before the one it follows; chain and checkpoint fit."""
    entry = json.loads(_entry(locker, 3).read_bytes())
    entry["at"] = entry["at"].replace("-12T", "-11T")
    _entry(locker, 3).write_bytes(_line(entry))
    lines = [file.read_bytes()[:-1] for file in sorted((locker / "log").iterdir())]
    origin = json.loads((locker / "locker.json").read_bytes())["origin"]
    checkpoint = f"{origin}\n{len(lines)}\n{base64.b64encode(_root(lines)).decode()}\n"
    (locker / "checkpoints" / f"{len(lines):09}.checkpoint").write_text(checkpoint, encoding="utf-8")


def newer_format(locker: pathlib.Path) -> None:
    """A later version of exhibit wrote it."""
    identity = json.loads((locker / "locker.json").read_bytes())
    identity["format"] = "exhibit.locker/2"
    (locker / "locker.json").write_bytes(_line(identity))


def not_a_locker(locker: pathlib.Path) -> None:
    """A folder with something else in it."""
    shutil.rmtree(locker)
    locker.mkdir()
    (locker / "minutes.txt").write_text("Nothing to do with evidence.\n", encoding="utf-8")


FAULTS = (flipped_byte, missing_snapshot, reordered_log, broken_chain, extra_file, clock_backwards, newer_format, truncated_zip, not_a_locker)


def _snapshot(locker: pathlib.Path) -> pathlib.Path:
    return next((locker / "snapshots").iterdir())


def _entry(locker: pathlib.Path, number: int) -> pathlib.Path:
    return locker / "log" / f"{number:09}.json"


def _line(value: dict) -> bytes:
    """As docs/locker-format.md has it."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _root(lines: list[bytes]) -> bytes:
    """RFC 6962 §2.1."""
    if len(lines) == 1:
        return hashlib.sha256(b"\0" + lines[0]).digest()
    middle = 1 << (len(lines) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(lines[:middle]) + _root(lines[middle:])).digest()


def contents(locker: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a locker, and every file in its zips."""
    for file in sorted(path for path in locker.rglob("*") if path.is_file()):
        yield str(file), file.read_bytes()
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield f"{file}:{name}", archive.read(name)


def main() -> None:
    shutil.rmtree(SAMPLES / "damaged", ignore_errors=True)
    for fault in FAULTS:
        locker = SAMPLES / "damaged" / fault.__name__.replace("_", "-")
        shutil.copytree(SAMPLES / "tiny", locker)
        fault(locker)


if __name__ == "__main__":
    main()
