"""Change a bundle or a locker as somebody would who knows the formats: all digests are made anew.

Written from docs/bundle-format.md and docs/locker-format.md, not with exhibit.
"""

from __future__ import annotations

import base64
import io
import json
import pathlib
import zipfile
from collections.abc import Callable

from .locker_format import line, root, sha256


def read_zip(path: pathlib.Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip as exhibit writes it, with the digest as its comment."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o100644 << 16, 3
            archive.writestr(entry, data)
    data = made.getvalue()[:-2] + (71).to_bytes(2, "little")
    return data + b"sha256:" + sha256(data).encode()


def bundle(source: pathlib.Path, to: pathlib.Path, change: Callable[[dict[str, bytes]], None]) -> pathlib.Path:
    """A bundle with changed files (paths inside the top folder) and all manifests made anew."""
    whole = read_zip(source)
    top = next(iter(whole)).split("/")[0]
    files = {name.split("/", 1)[1]: data for name, data in whole.items()}
    change(files)
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    tags = tag_files(files, {name: (sha256(data), len(data)) for name, data in payload.items()})
    ordered = {**dict(sorted(tags.items())), **dict(sorted(payload.items()))}
    to.write_bytes(zipped({f"{top}/{name}": data for name, data in ordered.items()}))
    return to


def tag_files(files: dict[str, bytes], payload: dict[str, tuple[str, int]]) -> dict[str, bytes]:
    """The tag files of a bag with such a payload (digest and length by path), both manifests made anew."""
    tags = {name: data for name, data in files.items() if not name.startswith("data/") and "manifest-sha256" not in name}
    oxum = f"Payload-Oxum: {sum(size for _, size in payload.values())}.{len(payload)}\n"
    info = tags["bag-info.txt"].decode().splitlines()
    tags["bag-info.txt"] = "".join(oxum if one.startswith("Payload-Oxum") else f"{one}\n" for one in info).encode()
    listed = lambda digests: "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()
    tags["manifest-sha256.txt"] = listed({name: digest for name, (digest, _) in payload.items()})
    tags["tagmanifest-sha256.txt"] = listed({name: sha256(data) for name, data in tags.items()})
    return tags


def snapshot(path: pathlib.Path, change: Callable[[list[dict], dict[str, bytes]], None]) -> tuple[bytes, bytes]:
    """A snapshot with changed exchanges and files: its zip and its snapshot.json."""
    files = read_zip(path)
    exchanges = [json.loads(one) for one in files["exchanges.jsonl"].splitlines()]
    change(exchanges, files)
    files["exchanges.jsonl"] = b"".join(map(line, exchanges))
    meta = json.loads(files["snapshot.json"])
    count = lambda name: {"count": files[name].count(b"\n"), "sha256": sha256(files[name])}
    meta["exchanges"], meta["gaps"] = count("exchanges.jsonl"), count("gaps.jsonl")
    meta["records"] = {table: count(f"records/{table}.jsonl") for table in meta["records"]}
    files["snapshot.json"] = line(meta)
    return zipped(files), files["snapshot.json"]


def log(locker: pathlib.Path, change: Callable[[list[dict]], list[dict]]) -> None:
    """The locker's log with changed entries: numbers, chain and checkpoints are made anew."""
    names = sorted((locker / "log").glob("*.json"))
    entries = [json.loads(name.read_text()) for name in names]
    due = {entry["type"] for entry in entries if (locker / f"checkpoints/{entry['seq']:09}.checkpoint").exists()}
    for old in [*names, *(locker / "checkpoints").iterdir()]:
        old.unlink()
    origin, lines, prev = json.loads((locker / "locker.json").read_text())["origin"], [], "0" * 64
    for seq, entry in enumerate(change(entries), 1):
        entry |= {"seq": seq, "prev": prev}
        lines.append(line(entry)[:-1])
        prev = sha256(lines[-1])
        (locker / f"log/{seq:09}.json").write_bytes(line(entry))
        if entry["type"] in due:
            text = f"{origin}\n{seq}\n{base64.b64encode(root(lines)).decode()}\n"
            (locker / f"checkpoints/{seq:09}.checkpoint").write_text(text)


def rewrite(locker: pathlib.Path, run: str, change: Callable[[list[dict], dict[str, bytes]], None]) -> None:
    """One snapshot of a locker with other content, and a log that has always said so."""
    path = locker / f"snapshots/{run}.zip"
    whole, meta = snapshot(path, change)
    path.write_bytes(whole)

    def entries(log: list[dict]) -> list[dict]:
        for entry in log:
            if entry["type"] == "snapshot" and entry["body"]["run"] == run:
                entry["body"] |= {"sha256": sha256(whole), "snapshot_json_sha256": sha256(meta), "exchanges": json.loads(meta)["exchanges"]["count"]}
        return log

    log(locker, entries)
