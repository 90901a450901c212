"""What is kept stays as it was written, says so when it was not, and holds no secret."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
import zipfile

import pytest

from emulator.client import post
from support.exhibit import DEVIATIONS, FAILURE, INCOMPLETE, OK, TAMPERED, Exhibit, complains, says

FLIPS = 60


@pytest.fixture(scope="session")
def bound(tmp_path_factory, collected):
    """A binder and a bundle of the sample company; to be copied, not changed."""
    out = tmp_path_factory.mktemp("bound") / "out"
    ran = collected.run("bind", "--out", out)
    assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
    assert (out / "bundle.zip").is_file() and (out / "binder.pdf").is_file(), sorted(p.name for p in out.rglob("*"))
    return out


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory, bound):
    """The bundle, unzipped elsewhere by stock unzip."""
    place = tmp_path_factory.mktemp("auditor")
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-q", str(bound / "bundle.zip"), "-d", str(place)], check=True)
    else:
        with zipfile.ZipFile(bound / "bundle.zip") as bundle:
            bundle.extractall(place)
    top, = place.iterdir()
    return top


# Secrets


def contents(path) -> list[tuple[str, bytes]]:
    """Every file below, and every member of every zip, however deep."""
    found = []

    def add(name: str, data: bytes) -> None:
        found.append((name, data))
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.namelist():
                    add(f"{name}!{member}", archive.read(member))

    for file in path.rglob("*"):
        if file.is_file():
            add(str(file), file.read_bytes())
    return found


def test_no_secrets(tmp_path, binary, company, memory):
    key = company._key
    run = Exhibit(tmp_path / "work", company, memory, binary)
    said = []
    for arguments in (["-vv", "collect"], ["-vv", "test"], ["-vv", "bind", "--out", "out"], ["-vv", "verify"]):
        ran = run.run(*arguments)
        said.append((" ".join(arguments), (ran.out + ran.err).encode()))
    # Operations and policies may speak of authorization; no header of that name may be kept.
    secrets = [key["aws_secret_access_key"], key["aws_session_token"], "AWS4-HMAC", '"authorization"', "Authorization:", "X-Amz-Security-Token", "Credential="]
    assert all(secrets) and len(key["aws_session_token"]) > 20
    files = contents(run.folder)
    assert len(files) > 100
    for name, data in files + said:
        for secret in secrets:
            assert secret.lower().encode() not in data.lower(), f"{secret[:12]}… is in {name}"
    # What is to be kept: who asked.
    assert any(key["aws_access_key_id"].encode() in data for name, data in files if name.endswith("exchanges.jsonl"))


def test_no_secrets_of_a_run_that_fails(tmp_path, binary, memory):
    run = Exhibit(tmp_path, None, memory, binary)
    post(memory, "/fault/rules", data="*:*=expired")
    try:
        ran = run.run("-vv", "collect", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMIsecret", AWS_SESSION_TOKEN="FwoGtokentoken", AWS_MAX_ATTEMPTS="1")
    finally:
        post(memory, "/fault/rules")
    for name, data in [*contents(tmp_path), ("output", (ran.out + ran.err).encode())]:
        assert b"wJalrXUtnFEMIsecret" not in data and b"FwoGtokentoken" not in data and b"AWS4-HMAC" not in data, name


def test_only_the_owner_may_read(collected, bound):
    for path in [collected.locker, *collected.locker.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"


def test_only_the_owner_may_read_whatever_the_umask(exhibit):
    subprocess.run(f"umask 000; exec {exhibit.binary} collect --control root-mfa-enabled", shell=True, check=True, cwd=exhibit.folder, env=exhibit.env(), capture_output=True)
    for path in [exhibit.locker, *exhibit.locker.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


# Runs that are cut short


def spooled(exhibit) -> int:
    return sum(len(p.read_bytes().splitlines()) for p in (exhibit.locker / "spool").glob("*/exchanges.jsonl")) if exhibit.locker.exists() else 0


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


@pytest.mark.parametrize("after", [0, 1, 2, 17, 60, 120])
def test_killed(exhibit, faults, after):
    """Killed within a run that has so many answers: the next one seals what there is, and says so."""
    with faults(f"*:*=hang,skip={after}"):
        child = exhibit.start("collect")
        until(lambda: exhibit.locker.exists() and len(list((exhibit.locker / "log").glob("*.json"))) == 3 and spooled(exhibit) >= after)
        child.kill()
        child.communicate()
    found = exhibit.verify()
    assert any("interrupted" in note for note in found["notes"]), found
    run = exhibit.log()[-1]["body"]["run"]
    ran = exhibit.run("collect")
    says(ran, OK, run, "cut short")
    types = [entry["type"] for entry in exhibit.log()]
    closed = "snapshot" if after else "run-abort"
    assert types == ["genesis", "run-open", "witness", "recovered", closed, "run-open", "witness", "snapshot"]
    assert not list((exhibit.locker / "spool").iterdir()) and not list((exhibit.locker / "tmp").iterdir())
    exhibit.verify()
    if after:
        partial = next(e["body"] for e in exhibit.log() if e["type"] == "snapshot")
        assert (partial["run"], partial["status"]) == (run, "partial") and partial["exchanges"] >= after
        ran = exhibit.run("test", "--snapshot", run, "--format", "json")
        assert ran.code == INCOMPLETE and {c["verdict"] for c in ran.json()["controls"]} == {"not-tested"}
    exhibit.test()  # takes the complete one


def test_killed_at_any_moment(exhibit):
    """At random moments, so in the writing too; whatever is left verifies and is taken up again."""
    chance = random.Random(1)
    for _ in range(10):
        child = exhibit.start("collect")
        time.sleep(chance.uniform(0.02, 1.2))
        child.kill()
        child.communicate()
        if exhibit.locker.exists() and (exhibit.locker / "locker.json").exists():
            exhibit.verify()
    exhibit.collect()
    runs = [e["body"]["run"] for e in exhibit.log() if e["type"] == "run-open"]
    ends = [e["body"]["run"] for e in exhibit.log() if e["type"] in ("snapshot", "run-abort")]
    assert sorted(runs) == sorted(ends), "every run has an end"
    exhibit.verify()


@pytest.mark.parametrize("what", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_interrupted(exhibit, faults, what):
    """Ctrl-C seals what there is."""
    with faults("s3:*=hang"):
        child = exhibit.start("collect", "--format", "json")
        # All but S3 has been read: the number of answers does not grow any more.
        seen = [-1, 0]

        def still() -> bool:
            seen.append(spooled(exhibit))
            return seen[-1] > 60 and len(seen) > 500 and len(set(seen[-500:])) == 1  # longer than the wait for a credential report

        until(still, 60)
        child.send_signal(what)
        out, err = child.communicate(timeout=20)
    assert child.returncode == INCOMPLETE, err
    told = json.loads(out)
    assert told["snapshot"]["status"] == "partial"
    assert {gap["operation"].split(":")[0] for gap in told["gaps"]} <= {"s3", "s3control"} and told["gaps"]
    exhibit.verify()
    ran = exhibit.run("test", "--format", "json")
    assert ran.code == INCOMPLETE
    found = {c["id"]: c for c in ran.json()["controls"]}
    assert found["s3-tls-only"]["verdict"] == "not-tested" and found["iam-console-users-mfa"]["verdict"] in ("pass", "fail")


def test_two_at_once(exhibit, faults):
    """The second does not wait and does not harm the first."""
    with faults("s3:ListBuckets=hang,times=1"):
        child = exhibit.start("collect", "--timeout", "3")
        until(lambda: spooled(exhibit) > 20)
        complains(exhibit.run("collect"), FAILURE, "in use")
        exhibit.verify()
        child.communicate(timeout=60)
    assert child.returncode == OK
    exhibit.verify()


# Bytes that change


def test_untouched(collected, bound):
    found = collected.verify()
    assert found["ok"] and found["faults"] == [] and found["schema"] == "exhibit.verify/1"
    assert collected.verify(bound / "bundle.zip")["ok"]
    for snapshot in collected.snapshots():
        assert collected.verify(snapshot)["ok"]


def flips(path, count: int, chance: random.Random):
    """Flips one bit at a time in the file; puts it back after each."""
    data = path.read_bytes()
    for _ in range(count):
        at = chance.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        yield at
    path.write_bytes(data)


def test_a_flipped_bit_of_the_locker(with_locker):
    """Any one bit of any file: exit 4, and the file is named."""
    chance = random.Random(1)
    files = [p for p in sorted(with_locker.locker.rglob("*")) if p.is_file() and p.stat().st_size]
    assert len(files) >= 7
    for path in files:
        name = str(path.relative_to(with_locker.locker))
        for at in flips(path, FLIPS // len(files) + (6 if name.startswith("snapshots") else 0), chance):
            found = with_locker.verify(code=TAMPERED)
            assert not found["ok"] and name in {fault["file"] for fault in found["faults"]}, (name, at, found["faults"])
    with_locker.verify()


def test_a_flipped_bit_of_a_snapshot_alone(with_locker):
    """Without its log: the zip knows itself, as far as a zip can (its padding and times are the log's business)."""
    path = with_locker.snapshots()[0]
    shutil.copy(path, with_locker.folder / "alone.zip")
    for at in flips(with_locker.folder / "alone.zip", 25, random.Random(2)):
        found = with_locker.verify("alone.zip", code=TAMPERED)
        assert found["faults"], at


def test_a_flipped_bit_of_the_bundle(collected, bound, tmp_path):
    copy = tmp_path / "bundle.zip"
    shutil.copy(bound / "bundle.zip", copy)
    for at in flips(copy, 40, random.Random(3)):
        found = collected.verify(copy, code=TAMPERED)
        assert found["faults"] and all(fault["file"] and fault["message"] for fault in found["faults"]), at
    for data in (copy.read_bytes()[:-1], copy.read_bytes() + b"x", copy.read_bytes()[: 1 << 16], copy.read_bytes()[100:]):
        cut = tmp_path / "cut.zip"
        cut.write_bytes(data)
        collected.verify(cut, code=TAMPERED)


def test_a_changed_member_of_the_bundle_is_named(collected, bound, tmp_path):
    """Rewritten with a proper zip tool, so that only the manifests can tell."""
    for change in ("change", "drop", "add"):
        source = zipfile.ZipFile(bound / "bundle.zip")
        victim = next(n for n in source.namelist() if n.endswith("evidence.db"))
        copy = tmp_path / f"{change}.zip"
        with zipfile.ZipFile(copy, "w") as out:
            for item in source.infolist():
                data = source.read(item)
                if item.filename == victim:
                    if change == "drop":
                        continue
                    data = bytes([data[0]]) + data[1:-1] + bytes([data[-1] ^ 1]) if change == "change" else data
                out.writestr(item, data)
            if change == "add":
                out.writestr(victim.rsplit("/", 1)[0] + "/extra.txt", "more")
        found = collected.verify(copy, code=TAMPERED)
        named = "extra.txt" if change == "add" else "evidence.db"
        assert any(named in fault["file"] for fault in found["faults"]), found["faults"]


def test_files_that_nobody_wrote(with_locker):
    (with_locker.locker / "snapshots/other.zip").write_bytes(b"PK")
    assert any("other.zip" in f["file"] for f in with_locker.verify(code=TAMPERED)["faults"])


def test_a_forged_log(with_locker):
    """The last entry taken away with its snapshot: the checkpoint still knows of it, or the run is seen to be open."""
    last = sorted((with_locker.locker / "log").glob("*.json"))[-1]
    last.unlink()
    with_locker.snapshots()[0].unlink()
    assert with_locker.verify(code=TAMPERED)["faults"]


# The bundle, at the auditor's


def test_two_binds_are_the_same_bytes(collected, bound, tmp_path):
    again = tmp_path / "again"
    collected.run("bind", "--out", again)
    first, second = ({str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in out.rglob("*") if p.is_file()} for out in (bound, again))
    assert first == second and len(first) >= 3


def test_the_manifests(unpacked):
    manifests = sorted(p.name for p in unpacked.glob("*manifest-sha256.txt"))
    assert "manifest-sha256.txt" in manifests
    for manifest in manifests:
        ran = subprocess.run(["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=unpacked, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    listed = {line.split("  ", 1)[1] for line in (unpacked / "manifest-sha256.txt").read_text().splitlines()}
    assert listed == {str(p.relative_to(unpacked)) for p in (unpacked / "data").rglob("*") if p.is_file()}
    assert (unpacked / "bagit.txt").is_file()


def test_names_for_windows(unpacked):
    for path in unpacked.rglob("*"):
        name = str(path.relative_to(unpacked))
        assert len(name) < 150 and not set(name) & set('<>:"|?*\\') and not path.name.endswith((".", " ")), name


def _rows(database, query) -> list[dict]:
    """By the sqlite3 program, as VERIFY says."""
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not here")
    with open(query) as text:
        ran = subprocess.run(["sqlite3", "-readonly", "-json", str(database)], stdin=text, capture_output=True, text=True)
    assert ran.returncode == 0 and not ran.stderr, ran.stderr
    return json.loads(ran.stdout or "[]")


def test_every_test_is_repeated_by_stock_sqlite(collected, unpacked):
    """sqlite3 evidence.db < test.sql: the same resources and verdicts as exhibit's, for every control."""
    database, = unpacked.rglob("evidence.db")
    ours = collected.test()
    queries: dict[str, list] = {}
    for query in unpacked.rglob("*.sql"):
        control = next((c for c in ours if c == query.stem or c in query.parts or query.stem.startswith(c) or any(c == part for part in query.parent.parts)), None)
        if control:
            queries.setdefault(control, []).append(query)
    assert set(queries) == set(ours), set(ours) - set(queries)
    for control, found in ours.items():
        for query in queries[control]:
            rows = _rows(database, query)
            theirs = sorted((r["account"], r["region"], r["resource"], r["name"], r["verdict"], r["reason"]) for r in rows)
            mine = sorted((r["account"], r["region"], r["resource"], r["name"], {"accepted": "fail"}.get(r["verdict"], r["verdict"]), r["reason"])
                          for r in found["resources"])
            assert theirs == mine, control


def test_the_database_is_whole_and_holds_no_secret(unpacked):
    database, = unpacked.rglob("evidence.db")
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    tables = {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"iam_user", "ec2_security_group_rule", "s3_bucket", "gap", "collection", "parameter", "exception"} <= tables
    connection.close()


def test_the_workpapers_say_what_was_tested(collected, unpacked):
    """Each control's CSV has each resource with the verdict."""
    import csv

    ours = collected.test()
    for control, found in ours.items():
        tables = [p for p in unpacked.rglob("*.csv") if control in str(p.relative_to(unpacked))]
        assert tables, control
        rows = []
        for table in tables:
            with open(table, newline="", encoding="utf-8-sig") as text:
                rows += list(csv.DictReader(text))
        text = json.dumps(rows, ensure_ascii=False)
        for resource in found["resources"]:
            assert json.dumps(resource["resource"])[1:-1] in text, (control, resource["resource"])


def test_the_demo_is_the_same_twice(tmp_path, binary):
    """No network, no account: two demos give the same bytes, and what they give verifies."""
    run = Exhibit(tmp_path, None, "http://127.0.0.1:1", binary)
    seen = []
    for _ in range(2):
        ran = run.run("demo", "--out", "demo", timeout=600)
        assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
        for name in ("binder.pdf", "bundle.zip", "index.html"):
            assert name in ran.out
        seen.append({str(p.relative_to(tmp_path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / "demo").rglob("*") if p.is_file()})
    assert seen[0] == seen[1]
    run.verify("demo/bundle.zip")
    run.verify("--locker", next(p.parent for p in (tmp_path / "demo").rglob("locker.json")))


def test_reperformed(with_locker):
    """The records come from the kept answers, byte by byte."""
    ran = with_locker.run("reperform", "--format", "json")
    assert ran.code == OK, ran.err + ran.out
    assert ran.json()["schema"] == "exhibit.reperform/1"
