#!/usr/bin/env python3
"""Makes a small bundle large: thousands of answers more, and every digest as it has to be.

    python -m support.large_bundle bundle.zip large.zip [--files 100000 --bytes 4000000000]

Half of the answers added are those of the small bundle over again (JSON, XML, which pack well); the other half
does not pack, as pictures do not. Written from docs/bundle-format.md, not with exhibit.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import pathlib
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .locker_format import line, root, sha256
from .reseal import read_zip, tag_files

_FULL = 0xFFFFFFFF


@dataclass
class Body:
    """An answer, and how it is stored."""

    data: bytes
    packed: bytes


def deflated(data: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


class Writer:
    """A zip in the one form of docs/bundle-format.md, written from front to back."""

    def __init__(self, path: pathlib.Path):
        self.file, self.hash, self.at, self.entries = path.open("wb"), hashlib.sha256(), 0, []

    def _write(self, data: bytes) -> None:
        self.file.write(data)
        self.hash.update(data)
        self.at += len(data)

    def add(self, name: str, data: bytes, packed: bytes | None = None) -> None:
        packed = deflated(data, 6) if packed is None else packed
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, zlib.crc32(data), len(packed), len(data), len(name), 0)
        self.entries.append((name, fields, self.at))
        self._write(b"PK\3\4" + fields + name.encode())
        self._write(packed)

    def finish(self) -> None:
        start = self.at
        for name, fields, at in self.entries:
            extra = struct.pack("<HHQ", 1, 8, at) if at >= _FULL else b""
            head = b"PK\1\2" + struct.pack("<H", 0x0314) + fields[:-2] + struct.pack("<H", len(extra))
            self._write(head + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, min(at, _FULL)) + name.encode() + extra)
        end, count, size = self.at, len(self.entries), self.at - start
        large = count > 0xFFFF or max(start, size) > _FULL
        if large:
            self._write(b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 20, 20, 0, 0, count, count, size, start))
            self._write(b"PK\6\7" + struct.pack("<IQI", 0, end, 1))
        short = min(count, 0xFFFF)
        self._write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, short, short, _FULL if large else size, min(start, _FULL), 71))
        self.file.write(b"sha256:" + self.hash.hexdigest().encode())
        self.file.close()


def answers(known: list[bytes], count: int, total: int) -> Iterator[Body]:
    """As many answers as asked for, of so many bytes packed; the same ones each time."""
    usual = [Body(data, deflated(data, 6)) for data in known]
    pool = random.Random(4).randbytes(1 << 26)
    packed = sum(len(one.packed) for one in itertools.islice(itertools.cycle(usual), count // 2))
    each = max(1, (total - packed) // (count - count // 2))
    for i in range(count):
        if i % 2:
            yield usual[i // 2 % len(usual)]
        else:
            at = i * 7919 % (len(pool) - each)
            data = pool[at : at + each]
            yield Body(data, deflated(data, 0))


def enlarge(source: pathlib.Path, to: pathlib.Path, files: int, total: int) -> None:
    whole = read_zip(source)
    top = next(iter(whole)).split("/")[0]
    kept = {name.split("/", 1)[1]: data for name, data in whole.items()}
    run = max(name.split("/")[2] for name in kept if name.startswith("data/evidence/"))
    folder = f"data/evidence/{run}/"
    exchanges = [json.loads(one) for one in kept[f"{folder}exchanges.jsonl"].splitlines()]
    templates = [one for one in exchanges if one.get("body")]
    known = [kept[folder + one["body"]] for one in templates]
    more, digests = files - len(kept), {}
    for n, body in enumerate(answers(known, more, total - source.stat().st_size)):
        one = templates[n // 2 % len(templates)]
        i = len(exchanges) + 1
        name = f"bodies/{i:06}.{one['body'].split('.', 1)[1]}"
        digest = sha256(body.data)
        exchanges.append(one | {"i": i, "body": name, "body_sha256": digest, "body_len": len(body.data)})
        digests[folder + name] = (digest, len(body.data))
    kept[f"{folder}exchanges.jsonl"] = b"".join(map(line, exchanges))
    meta = json.loads(kept[f"{folder}snapshot.json"])
    meta["exchanges"] = {"count": len(exchanges), "sha256": sha256(kept[f"{folder}exchanges.jsonl"])}
    kept[f"{folder}snapshot.json"] = line(meta)
    chain(kept, run)

    payload = {name: (sha256(data), len(data)) for name, data in kept.items() if name.startswith("data/")} | digests
    tags = tag_files(kept, payload)

    zip, made = Writer(to), iter(answers(known, more, total - source.stat().st_size))
    for name in [*sorted(tags), *sorted(payload)]:
        if name in digests:
            body = next(made)
            zip.add(f"{top}/{name}", body.data, body.packed)
        else:
            zip.add(f"{top}/{name}", (kept | tags)[name])
    zip.finish()


def chain(kept: dict[str, bytes], run: str) -> None:
    """The log and its checkpoints as if the snapshot had always been this one."""
    log, origin = "data/log/log.jsonl", json.loads(kept["data/locker.json"])["origin"]
    lines: list[bytes] = []
    for old in kept[log].splitlines():
        entry = json.loads(old)
        if entry["type"] == "snapshot" and entry["body"]["run"] == run:
            entry["body"]["snapshot_json_sha256"] = sha256(kept[f"data/evidence/{run}/snapshot.json"])
        if lines:
            entry["prev"] = sha256(lines[-1])
        lines.append(line(entry)[:-1])
        name = f"data/log/checkpoints/{entry['seq']:09}.checkpoint"
        if name in kept:
            kept[name] = f"{origin}\n{entry['seq']}\n{base64.b64encode(root(lines)).decode()}\n".encode()
    kept[log] = b"".join(one + b"\n" for one in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("to", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=4_000_000_000)
    arguments = parser.parse_args()
    enlarge(arguments.source, arguments.to, arguments.files, arguments.bytes)


if __name__ == "__main__":
    main()
