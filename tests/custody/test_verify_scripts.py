"""The scripts in report/verify/, with which an auditor checks a bundle without exhibit.

The bundle here is made by hand from docs/locker-format.md, not by exhibit.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from support.exhibit import ROOT
from support.locker_format import line, root, sha256

SCRIPTS = ROOT / "report/verify"
RUN, LATER = "20260105T080000Z-0a1b2c3d", "20260205T080000Z-4e5f6a7b"
PWSH = shutil.which("pwsh") or shutil.which("powershell")


class Bag:
    """A bundle as files by name. `log` holds the entries; `finish` makes what follows from them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.log: list[dict] = []
        self.entry("genesis", {"format": "exhibit.locker/1", "organization": "Müller & Co.", "tool": {"name": "exhibit", "version": "0.1.0"}})
        self.snapshot(RUN, [b"<Users/>", b'{"Keys":[]}', b"line\nline\n"])
        self.entry("run-open", {"run": "20260110T080000Z-00000000"})
        self.entry("run-abort", {"run": "20260110T080000Z-00000000", "reason": "interrupted", "exchanges": 0})
        self.snapshot(LATER, [b"", b"<Users><User/></Users>"])
        self.files |= {"data/binder.pdf": b"%PDF-1.7\n", "data/evidence.db": b"SQLite", f"data/evidence/{RUN}/evidence.db": b"SQLite",
                       f"data/evidence/{RUN}/tests/root-mfa.sql": b"SELECT 1;\n", "README.txt": b"Read me.\n", "index.html": b"<!doctype html>\n"}

    def entry(self, kind: str, body: dict) -> None:
        self.log.append({"v": 1, "at": f"2026-02-{len(self.log) + 1:02}T00:00:00Z", "type": kind, "body": body})

    def snapshot(self, run: str, bodies: list[bytes]) -> None:
        self.entry("run-open", {"run": run})
        folder, exchanges = f"data/evidence/{run}/", []
        for i, body in enumerate(bodies, 1):
            name = f"bodies/{i:06}.iam.ListUsers.xml"
            self.files[folder + name] = body
            exchanges.append({"i": i, "body": name, "body_sha256": sha256(body), "body_len": len(body)})
        exchanges.append({"i": len(bodies) + 1, "body": None, "body_sha256": None, "body_len": 0})
        lists = {"exchanges": ("exchanges.jsonl", b"".join(map(line, exchanges))), "gaps": ("gaps.jsonl", b"")}
        records = {"iam_user": line({"key": "a"}) + line({"key": "ü"}), "account": b""}
        says = {key: {"count": text.count(b"\n"), "sha256": sha256(text)} for key, (_, text) in lists.items()}
        says["records"] = {t: {"count": text.count(b"\n"), "sha256": sha256(text)} for t, text in records.items()}
        self.files |= {folder + name: text for name, text in lists.values()}
        self.files |= {f"{folder}records/{t}.jsonl": text for t, text in records.items()}
        self.files[folder + "snapshot.json"] = line({"format": "exhibit.snapshot/1", "run": run, **says})
        self.entry("snapshot", {"run": run, "status": "complete", "snapshot_json_sha256": sha256(self.files[folder + "snapshot.json"])})

    def reseal(self, run: str) -> None:
        """Makes snapshot.json and the log fit the run's exchanges again."""
        folder = f"data/evidence/{run}/"
        meta = json.loads(self.files[folder + "snapshot.json"])
        text = self.files[folder + "exchanges.jsonl"]
        meta["exchanges"] = {"count": text.count(b"\n"), "sha256": sha256(text)}
        self.files[folder + "snapshot.json"] = line(meta)
        for entry in self.log:
            if entry["type"] == "snapshot" and entry["body"]["run"] == run:
                entry["body"]["snapshot_json_sha256"] = sha256(line(meta))

    def chain(self) -> Bag:
        """The log, its checkpoints and locker.json."""
        prev, lines = "0" * 64, []
        for seq, entry in enumerate(self.log, 1):
            lines.append(line({**entry, "seq": seq, "prev": prev})[:-1])
            prev = sha256(lines[-1])
        genesis = sha256(lines[0])
        me = {"format": "exhibit.locker/1", "genesis": genesis, "organization": "Müller & Co.", "origin": f"exhibit/m-ller-co/{genesis[:8]}"}
        self.files |= {"data/locker.json": line(me), "data/log/log.jsonl": b"".join(text + b"\n" for text in lines)}
        for n, entry in enumerate(self.log, 1):
            if entry["type"] not in ("genesis", "timestamped", "timestamp-failed"):
                text = f"{me['origin']}\n{n}\n{base64.b64encode(root(lines[:n])).decode()}\n"
                self.files[f"data/log/checkpoints/{n:09}.checkpoint"] = text.encode()
        return self

    def manifests(self) -> Bag:
        payload = {p: b for p, b in self.files.items() if p.startswith("data/")}
        self.files["bagit.txt"] = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
        self.files["bag-info.txt"] = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode()
        for name in ("VERIFY.sh", "VERIFY.ps1", "verify_exhibit.py"):
            self.files[name] = (SCRIPTS / name).read_bytes()
        self.files["manifest-sha256.txt"] = self.manifest(payload)
        tags = {p: b for p, b in self.files.items() if not p.startswith("data/") and not p.startswith("tagmanifest")}
        self.files["tagmanifest-sha256.txt"] = self.manifest(tags)
        return self

    def manifest(self, files: dict[str, bytes]) -> bytes:
        return "".join(f"{sha256(files[path])}  {path}\n" for path in sorted(files)).encode()

    def write(self, folder: pathlib.Path) -> pathlib.Path:
        for path, data in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        return folder


def python(folder: pathlib.Path, *earlier: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(folder / "verify_exhibit.py"), str(folder), *map(str, earlier)], capture_output=True, text=True)


def shell(folder: pathlib.Path, *earlier: pathlib.Path, script: pathlib.Path | None = None, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess:
    command = ["/bin/sh", str(script or folder / "VERIFY.sh"), str(folder), *map(str, earlier)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", env={"PATH": path})


def powershell(folder: pathlib.Path, *earlier: pathlib.Path) -> subprocess.CompletedProcess:
    command = [str(PWSH), "-NoProfile", "-File", str(folder / "VERIFY.ps1"), str(folder), *map(str, earlier)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


CHECKERS = [python, shell, pytest.param(powershell, marks=pytest.mark.skipif(not PWSH, reason="no PowerShell"))]


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    # A name with a space, as in a user's home.
    return Bag().chain().manifests().write(tmp_path / "my bundle")


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_good_bundle_passes_and_is_left_alone(checker, folder):
    before = contents(folder)
    ran = checker(folder)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert "FAIL" not in ran.stdout and ran.stdout.splitlines()[-1] == "PASS  all checks passed"
    assert sha256(before["tagmanifest-sha256.txt"]) in ran.stdout
    assert " ".join(before["data/log/checkpoints/000000007.checkpoint"].decode().split()) in ran.stdout
    assert contents(folder) == before


@pytest.mark.parametrize("checker", CHECKERS)
def test_signatures_beside_what_they_sign_are_no_added_files(checker, tmp_path):
    """Nobody looks at them who was not told whom to believe, and that is said."""
    bag = Bag().chain().manifests()
    bag.files |= {"tagmanifest-sha256.txt.sig": b"signature", "tagmanifest-sha256.txt.digicert.tsr": b"token"}
    ran = checker(bag.write(tmp_path / "b"))
    assert "FAIL" not in ran.stdout, ran.stdout
    if checker is not python:
        assert ran.returncode == 2 and "SKIP  signatures" in ran.stdout and "SKIP  time stamps" in ran.stdout


def test_what_nobody_signed_is_found_by_who_brings_a_list(tmp_path):
    (tmp_path / "signers").write_text("")
    folder = Bag().chain().manifests().write(tmp_path / "b")
    for signers, tsa, said in ((str(tmp_path / "signers"), "", "the bundle is unsigned"), ("", str(tmp_path / "signers"), "nothing is time-stamped")):
        ran = subprocess.run(["/bin/sh", str(folder / "VERIFY.sh")], capture_output=True, text=True, env={"PATH": os.environ["PATH"], "SIGNERS": signers, "TSACA": tsa})
        assert ran.returncode == 1 and said in ran.stdout, ran.stdout


def vouched(bag: Bag, late: int = 0, seq: int = 7, **changes) -> Bag:
    """A token for checkpoint `seq`, so many seconds after the entry, as the log pins it."""
    at = datetime.datetime.fromisoformat(bag.log[seq - 1]["at"]) + datetime.timedelta(seconds=late)
    token = b"\x30\x1f\x02\x01\x01\x18\x0f" + at.strftime("%Y%m%d%H%M%SZ").encode() + b"\x18\x0f20500101000000Z"
    name = f"{seq:09}.checkpoint.digicert.tsr"
    bag.files["data/log/checkpoints/" + name] = token
    body = {"checkpoint": seq, "signature": None, "tokens": [{"tsa": "digicert", "file": name, "sha256": sha256(token), **changes}]}
    bag.entry("timestamped", body)
    return bag


@pytest.mark.parametrize("checker", [python, shell])
def test_tokens_are_those_in_the_log_and_of_the_right_time(checker, tmp_path):
    good = [vouched(Bag()), vouched(Bag(), 599), vouched(Bag(), -100)]
    excused = Bag()
    excused.entry("timestamp-failed", {"checkpoint": 7, "tsa": "digicert", "reason": "down"})
    good.append(vouched(excused, 100_000))
    for n, bag in enumerate(good):
        assert checker(bag.chain().manifests().write(tmp_path / f"good{n}")).returncode in (0, 2), n
    changed, gone, unnamed = vouched(Bag(), sha256="0" * 64), vouched(Bag()), Bag()
    del gone.files["data/log/checkpoints/000000007.checkpoint.digicert.tsr"]
    unnamed.files["data/log/checkpoints/000000007.checkpoint.sig"] = b"x"
    early = vouched(Bag(), seq=3)
    early.entry("run-open", {"run": "20260401T080000Z-00000000"})
    early.entry("run-abort", {"run": "20260401T080000Z-00000000", "reason": "interrupted", "exchanges": 0})
    for n, bag in enumerate([vouched(Bag(), 601), vouched(Bag(), -121), changed, gone, unnamed, early]):
        ran = checker(bag.chain().manifests().write(tmp_path / f"bad{n}"))
        assert ran.returncode == 1 and "FAIL  signatures and time stamps: as the log names them" in ran.stdout, (n, ran.stdout)


@pytest.mark.parametrize("checker", [python, shell])
def test_a_run_between_two_others_is_missed(checker, tmp_path):
    bag = Bag()
    bag.snapshot("20260301T080000Z-99999999", [b"x"])
    for name in [n for n in bag.files if LATER in n]:
        del bag.files[name]
    ran = checker(bag.chain().manifests().write(tmp_path / "b"))
    assert ran.returncode == 1 and f"run {LATER} is missing" in ran.stdout


def test_without_python_the_files_are_checked_and_it_says_what_was_not(folder, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    needed = "cut diff dirname find grep head mktemp rm sed sha256sum cp sort tail tr uniq xargs".split()
    for tool in needed:
        (tools / tool).symlink_to(shutil.which(tool))
    ran = shell(folder, path=str(tools))
    assert ran.returncode == 2 and "SKIP  log" in ran.stdout and "FAIL" not in ran.stdout, ran.stdout + ran.stderr
    (folder / "data/binder.pdf").write_bytes(b"other")
    assert shell(folder, path=str(tools)).returncode == 1
    # A tool that is missing is no reason to pass.
    for tool in set(needed) - {"rm", "cp", "dirname"}:
        (tools / tool).rename(tools / "away")
        ran = shell(folder, path=str(tools))
        assert ran.returncode == 1 and "FAIL" in ran.stdout, tool
        (tools / "away").rename(tools / tool)


def test_shasum_of_macos_serves_as_well(folder, tmp_path):
    if not shutil.which("shasum"):
        pytest.skip("no shasum")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in "cut diff dirname find grep head mktemp rm sed shasum cp sort tail tr uniq xargs perl".split():
        (tools / tool).symlink_to(shutil.which(tool))
    assert shell(folder, path=str(tools)).returncode == 2
    (folder / "data/binder.pdf").write_bytes(b"other")
    assert shell(folder, path=str(tools)).returncode == 1


def body(run: str = RUN) -> str:
    return f"data/evidence/{run}/bodies/000001.iam.ListUsers.xml"


def add(path: str, data: bytes = b"x"):
    def change(folder: pathlib.Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    return change


def link(path: str, to: str):
    def change(folder: pathlib.Path) -> None:
        if (folder / path).exists():
            (folder / path).rename(folder.parent / "kept")
        (folder / path).symlink_to(folder.parent / "kept" if to == "kept" else to)

    return change


def append(path: str, data: bytes):
    return lambda folder: (folder / path).write_bytes((folder / path).read_bytes() + data)


def twin(folder: pathlib.Path) -> None:
    (folder / "data/Binder.pdf").write_bytes((folder / "data/binder.pdf").read_bytes())


# Changed after the bundle was made: what is named in the output.
ON_DISK = {
    "a body was changed": (add(body(), b"<Userz/>"), body()),
    "a record was added to": (append(f"data/evidence/{RUN}/records/iam_user.jsonl", b"{}\n"), "records/iam_user.jsonl"),
    "a file is missing": (lambda folder: (folder / body()).unlink(), body()),
    "a file was added in data": (add("data/extra.csv"), "data/extra.csv"),
    "a file was added outside data": (add("extra.txt"), "extra.txt"),
    "a hidden file was added": (add("data/.hidden"), "data/.hidden"),
    "a file that looks like a signature was added": (add("manifest-sha256.txt.sig"), "manifest-sha256.txt.sig"),
    "a file named like a property was added": (add("keys"), "keys"),
    "a name with a line feed": (add("a\nb"), "b"),
    "a name that ends like a signature": (add("tagmanifest-sha256.txt.sig\n"), "tagmanifest-sha256.txt.sig"),
    "a name that ends like another one": (add("data/x\nindex.html"), "index.html"),
    "two names differ in letter case": (twin, "data/Binder.pdf"),
    "a file became a link to the same bytes": (link("data/binder.pdf", "kept"), "data/binder.pdf"),
    "a link to a folder was added": (link("data/there", "/"), "data/there"),
    "the log was changed": (append("data/log/log.jsonl", b"{}\n"), "data/log/log.jsonl"),
    "README was changed": (append("README.txt", b"."), "README.txt"),
    "the manifest was changed": (append("manifest-sha256.txt", b"0" * 64 + b"  data/none\n"), "manifest-sha256.txt"),
    "the manifest names a file twice": (lambda folder: append("manifest-sha256.txt", (folder / "manifest-sha256.txt").read_bytes())(folder), "data/binder.pdf"),
    "the manifest leads outside": (append("manifest-sha256.txt", b"0" * 64 + b"  data/../../../etc/passwd\n"), "etc/passwd"),
    "the manifest has Windows lines": (lambda folder: (folder / "manifest-sha256.txt").write_bytes((folder / "manifest-sha256.txt").read_bytes().replace(b"\n", b"\r\n")), "manifest"),
    "the manifest is cut": (lambda folder: (folder / "manifest-sha256.txt").write_bytes((folder / "manifest-sha256.txt").read_bytes()[:-1]), "manifest"),
    "the manifest is empty": (add("manifest-sha256.txt", b""), "manifest"),
    "there is no tagmanifest": (lambda folder: (folder / "tagmanifest-sha256.txt").unlink(), "tagmanifest"),
}


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("damage", ON_DISK)
def test_damage_is_found(checker, damage, folder):
    change, names = ON_DISK[damage]
    change(folder)
    ran = checker(folder)
    assert ran.returncode == 1 and "FAIL" in ran.stdout and names in ran.stdout, ran.stdout + ran.stderr
    assert "PASS  all checks" not in ran.stdout


def test_a_module_planted_in_the_bundle_is_not_run(folder):
    for name in ("json", "hashlib", "os", "re", "stat", "base64", "pathlib"):
        (folder / f"{name}.py").write_text("print('PASS  all checks passed')\nraise SystemExit(0)\n")
    for ran in (python(folder), shell(folder)):
        assert ran.returncode == 1 and "json.py" in ran.stdout


def test_a_changed_script_is_not_run(folder):
    (folder / "verify_exhibit.py").write_text("print('PASS  all checks passed')\n")
    ran = shell(folder)
    assert ran.returncode == 1 and "PASS  all checks" not in ran.stdout
    assert shell(folder, script=SCRIPTS / "VERIFY.sh").returncode == 1


def exchanges(change) -> callable:
    """Changes the first exchange of a run and makes everything above it fit again."""

    def apply(bag: Bag) -> None:
        name = f"data/evidence/{RUN}/exchanges.jsonl"
        first, rest = bag.files[name].split(b"\n", 1)
        exchange = json.loads(first)
        change(exchange)
        bag.files[name] = line(exchange) + rest
        bag.reseal(RUN)

    return apply


def moved(bag: Bag) -> None:
    folder = f"data/evidence/{RUN}/"
    for name in [n for n in bag.files if n.startswith(folder)]:
        bag.files[name.replace(RUN, "20260301T000000Z-ffffffff")] = bag.files.pop(name)


def not_chained(old: bytes, new: bytes):
    def apply(bag: Bag) -> None:
        bag.chain()
        assert old in bag.files["data/log/log.jsonl"]
        bag.files["data/log/log.jsonl"] = bag.files["data/log/log.jsonl"].replace(old, new)

    apply.is_last = True
    return apply


def replaced(path: str, data: bytes | None):
    def apply(bag: Bag) -> None:
        bag.chain()
        if data is None:
            del bag.files[path]
        else:
            bag.files[path] = data

    apply.is_last = True
    return apply


def swap(bag: Bag) -> None:
    bag.log[2]["at"], bag.log[3]["at"] = bag.log[3]["at"], bag.log[2]["at"]


# Changed before the manifests were made, as whoever holds the locker can: which check fails.
BY_THE_OWNER = {
    "a body": (lambda bag: bag.files.update({body(): b"<Userz/>"}), f"snapshot {RUN}"),
    "a body that is gone": (lambda bag: bag.files.pop(body()), f"snapshot {RUN}"),
    "a body that no exchange names": (lambda bag: bag.files.update({f"data/evidence/{RUN}/bodies/000009.iam.ListUsers.xml": b""}), f"snapshot {RUN}"),
    "a record": (lambda bag: bag.files.update({f"data/evidence/{RUN}/records/iam_user.jsonl": b""}), f"snapshot {RUN}"),
    "a gap": (lambda bag: bag.files.update({f"data/evidence/{RUN}/gaps.jsonl": b"{}\n"}), f"snapshot {RUN}"),
    "a list that is gone": (lambda bag: bag.files.pop(f"data/evidence/{RUN}/exchanges.jsonl"), f"snapshot {RUN}"),
    "snapshot.json": (lambda bag: bag.files.update({f"data/evidence/{RUN}/snapshot.json": b"{}\n"}), f"snapshot {RUN}"),
    "the digest of a body": (exchanges(lambda e: e.update(body_sha256="0" * 64)), f"snapshot {RUN}"),
    "the length of a body": (exchanges(lambda e: e.update(body_len=7)), f"snapshot {RUN}"),
    "the name of a body": (exchanges(lambda e: e.update(body="../../binder.pdf")), f"snapshot {RUN}"),
    "a run that is not in the log": (moved, "snapshot 20260301T000000Z-ffffffff"),
    "a run that was never closed": (lambda bag: bag.log.pop(4), "log"),
    "an entry dated before the one before": (swap, "log"),
    "an entry": (not_chained(b"interrupted", b"interrupter"), "log"),
    "an entry in another spelling": (not_chained(b'"type":"run-abort"', b'"type": "run-abort"'), "log"),
    "an entry with a key twice": (not_chained(b'"reason":"interrupted"', b'"reason":"x","reason":"interrupted"'), "log"),
    "a number that counts twice": (not_chained(b'"seq":5', b'"seq":4'), "log"),
    "a cut log": (not_chained(b'"v":1}\n', b'"v":1}'), "log"),
    "an empty log": (replaced("data/log/log.jsonl", b""), "log"),
    "no JSON": (replaced("data/log/log.jsonl", b"\xff\n"), "log"),
    "deep JSON": (replaced("data/log/log.jsonl", b"[" * 100_000 + b"\n"), "log"),
    "another locker.json": (replaced("data/locker.json", line({"genesis": "0" * 64, "origin": "exhibit/x/00000000"})), "log"),
    "a checkpoint": (replaced("data/log/checkpoints/000000003.checkpoint", b"exhibit/x\n3\nAAAA\n"), "checkpoints"),
    "a checkpoint that is gone": (replaced("data/log/checkpoints/000000003.checkpoint", None), "checkpoints"),
    "a checkpoint of nothing": (replaced("data/log/checkpoints/000000099.checkpoint", b""), "checkpoints"),
}


@pytest.mark.parametrize("checker", [python, shell])
@pytest.mark.parametrize("damage", BY_THE_OWNER)
def test_what_the_owner_changed_is_found(checker, damage, tmp_path):
    change, check = BY_THE_OWNER[damage]
    bag = Bag()
    change(bag)
    if not hasattr(change, "is_last"):
        bag.chain()
    ran = checker(bag.manifests().write(tmp_path / "b"))
    assert ran.returncode == 1 and f"FAIL  {check}" in ran.stdout, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    if checker is shell:
        assert "PASS  manifest-sha256.txt: every file" in ran.stdout


def rewritten(bag: Bag) -> None:
    bag.log[4]["body"]["reason"] = "throttled"


def cut(bag: Bag) -> None:
    del bag.log[5:]
    for name in [n for n in bag.files if LATER in n]:
        del bag.files[name]


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("change", [rewritten, cut])
def test_history_made_anew_shows_against_an_earlier_checkpoint_only(checker, change, tmp_path):
    honest, forged = Bag().chain(), Bag()
    change(forged)
    forged = forged.chain().manifests().write(tmp_path / "forged")
    early, late = tmp_path / "early", tmp_path / "late"
    early.write_bytes(honest.files["data/log/checkpoints/000000003.checkpoint"])
    # As a mail programme leaves it, with a signature below.
    late.write_bytes(honest.files["data/log/checkpoints/000000007.checkpoint"].replace(b"\n", b"\r\n") + b"\r\n\xe2\x80\x94 witness AAAA\r\n")
    honest = honest.manifests().write(tmp_path / "honest")
    assert checker(honest, early, late).returncode == 0
    assert checker(forged).returncode == 0
    assert checker(forged, early).returncode == 0
    ran = checker(forged, early, late)
    assert ran.returncode == 1 and f"FAIL  earlier checkpoint {late}" in ran.stdout
    broken = tmp_path / "broken"
    broken.write_bytes(b"exhibit\n")
    assert checker(honest, broken).returncode == 1
    assert checker(honest, tmp_path / "none").returncode == 1


def test_the_python_script_is_short_and_windows_can_read_all():
    assert len((SCRIPTS / "verify_exhibit.py").read_text().splitlines()) <= 220
    for script in SCRIPTS.iterdir():
        assert script.read_bytes().isascii() and b"\r" not in script.read_bytes(), script
