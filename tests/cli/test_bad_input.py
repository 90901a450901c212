"""Bad input gets one clear message, the right exit code, and harms nothing."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import zipfile

import pytest

from emulator.client import Account
from seeds.build import Builder, document, public_read, statement
from support.exhibit import FAILURE, INCOMPLETE, OK, TAMPERED, USAGE, Exhibit, Ran, complains, says

ONCE = {"AWS_MAX_ATTEMPTS": "1"}
HEAD = 'organization = "Harborlight Robotics"\n'


def aborted(exhibit) -> None:
    """The run is in the log, without a snapshot, and the locker is whole."""
    assert [entry["type"] for entry in exhibit.log()] == ["genesis", "run-open", "witness", "run-abort"]
    assert list((exhibit.locker / "spool").iterdir()) == []
    exhibit.verify()


# Credentials, regions, endpoint


def test_no_credentials(tmp_path, binary, memory):
    exhibit = Exhibit(tmp_path / "work", None, memory, binary)
    complains(exhibit.run("collect", timeout=30), USAGE, "credentials", "AWS_PROFILE")
    assert exhibit.snapshots() == [] and {entry["type"] for entry in exhibit.log()} <= {"genesis", "run-open", "witness", "run-abort"}
    exhibit.verify()


def test_no_such_profile(tmp_path, binary, memory):
    exhibit = Exhibit(tmp_path / "work", None, memory, binary)
    complains(exhibit.run("collect", AWS_PROFILE="nobody", timeout=30), USAGE, "nobody")


def test_expired_credentials(exhibit, faults):
    with faults("*:*=expired"):
        complains(exhibit.run("collect", **ONCE), USAGE, "credentials", "expired", "aws sso login")
    aborted(exhibit)


def test_denied(exhibit, faults):
    with faults("*:*=403"):
        complains(exhibit.run("collect", **ONCE), INCOMPLETE, "sts:GetCallerIdentity", "exhibit policy")
    aborted(exhibit)


@pytest.mark.parametrize("name", ["mars-north-1", "not a region!"])
def test_unknown_region_in_the_environment(exhibit, name):
    """Refused before anything is sent: AWS would have no such address."""
    complains(exhibit.run("collect", AWS_REGION=name, **ONCE), USAGE, name, "AWS_REGION")
    exhibit.verify() if exhibit.locker.exists() else None


def test_unknown_region_in_the_configuration(exhibit):
    exhibit.config(HEAD + '[scope]\nregions = ["us-east-1", "eu-wst-1"]\n')
    complains(exhibit.run("collect"), USAGE, "eu-wst-1", "exhibit.toml", "eu-west-1")
    aborted(exhibit)


def test_region_that_is_not_enabled(exhibit):
    """The account knows it and has it switched off: nothing can be collected there, which must not pass in silence."""
    exhibit.config(HEAD + '[scope]\nregions = ["us-east-1", "ap-east-1"]\n')
    complains(exhibit.run("collect", **ONCE), USAGE, "ap-east-1")


def test_unreachable(exhibit):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    complains(exhibit.run("collect", AWS_ENDPOINT_URL=url, **ONCE), FAILURE, "cannot reach AWS", url.removeprefix("http://"), "AWS_ENDPOINT_URL")
    aborted(exhibit)


def test_endpoint_that_is_no_address(exhibit):
    complains(exhibit.run("collect", AWS_ENDPOINT_URL="not an address", **ONCE, timeout=30), USAGE, "AWS_ENDPOINT_URL")


def test_another_account_than_configured(exhibit):
    exhibit.config(HEAD + '[scope]\naccounts = ["111122223333"]\n')
    complains(exhibit.run("collect"), USAGE, "111122223333", exhibit.account.number, "exhibit.toml")
    aborted(exhibit)


# exhibit.toml


CONFIGURATIONS = [
    ("organization = \n", ["line 1"]),
    ('organization = "x', ["line 1"]),
    (HEAD + "[scope\n", ["line 2"]),
    (HEAD + HEAD, ["organization", "line 2"]),
    ("", ["organization"]),
    ('organization = ""\n', ["organization"]),
    ("organization = 5\n", ["organization"]),
    (HEAD + 'organisation = "y"\n', ["organisation", "organization"]),
    (HEAD + "[scop]\n", ["scop", "scope"]),
    (HEAD + '[scope]\nregion = ["us-east-1"]\n', ["scope.region", "regions"]),
    (HEAD + "[scope]\nregions = []\n", ["scope.regions"]),
    (HEAD + '[scope]\nregions = "some"\n', ["scope.regions"]),
    (HEAD + '[scope]\naccounts = ["12345"]\n', ["12345", "12"]),
    (HEAD + '[scope]\naccounts = ["111122223333", "111122223333"]\n', ["111122223333"]),
    (HEAD + '[scope]\naccounts = [{ id = "111122223333", role = "x" }]\n', ["role", "role_arn"]),
    (HEAD + '[scope]\naccounts = [{ id = "111122223333", role_arn = "arn:aws:iam::444455556666:role/x" }]\n', ["111122223333", "444455556666"]),
    (HEAD + '[scope]\ncategories = ["securty"]\n', ["securty", "security"]),
    (HEAD + '[scope]\nmax_gap_days = -1\n', ["max_gap_days"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-2"\nstart = 2026-07-01\nend = 2026-01-01\n', ["H2", "2026-07-01", "2026-01-01"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-2"\nstart = 2026-07-01\nend = 2026-07-01\n', ["H2"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-3"\nstart = 2026-07-01\nend = 2026-12-31\n', ["type-3", "type-1", "type-2"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-2"\nstart = 2026-13-01\nend = 2026-12-31\n', ["2026-13-01"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-2"\nstart = "1 July"\nend = 2026-12-31\n', ["1 July", "start"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-2"\nstart = 2026-07-01\n', ["end"]),
    (HEAD + '[[period]]\nname = "H2"\ntype = "type-2"\nstart = 2026-07-01\nend = 2026-12-31\n' * 2, ["H2", "two"]),
    (HEAD + '[period]\nname = "H2"\n', ["[[period]]"]),
    (HEAD + '[[exception]]\ncontrol = "sg-admin-port-closed"\nresource = "sg-1"\nreason = "x"\napprover = "y"\nexpires = 2027-01-01\n', ["sg-admin-port-closed", "sg-admin-ports-closed"]),
    (HEAD + '[[exception]]\ncontrol = "sg-admin-ports-closed"\nresource = "sg-1"\nreason = "x"\nexpires = 2027-01-01\n', ["approver"]),
    (HEAD + '[[exception]]\ncontrol = "sg-admin-ports-closed"\nresource = "sg-1"\nreason = "x"\napprover = "y"\nexpires = "soon"\n', ["expires", "soon"]),
    (HEAD + '[parameters.iam-access-key-rotatio]\nmax_age_days = 1\nby = "a"\nwhy = "b"\n', ["iam-access-key-rotatio", "iam-access-key-rotation"]),
    (HEAD + '[parameters.iam-access-key-rotation]\nmax_age_day = 1\nby = "a"\nwhy = "b"\n', ["max_age_day", "max_age_days"]),
    (HEAD + '[parameters.iam-access-key-rotation]\nmax_age_days = "many"\nby = "a"\nwhy = "b"\n', ["max_age_days"]),
    (HEAD + '[parameters.iam-access-key-rotation]\nmax_age_days = 60\nwhy = "b"\n', ["by"]),
    (HEAD + '[parameters.iam-access-key-rotation]\nmax_age_days = 60\nby = "b"\n', ["why"]),
    (HEAD + '[parameters.iam-console-users-mfa]\nscope = "everyone"\nby = "a"\nwhy = "b"\n', ["scope", "console"]),
    (HEAD + 'controls_dir = "nowhere"\n', ["nowhere"]),
]


@pytest.mark.parametrize(("text", "words"), CONFIGURATIONS, ids=[" ".join(text.removeprefix(HEAD).split()).replace("::", ":") for text, _ in CONFIGURATIONS])
def test_configuration(with_locker, text, words):
    with_locker.config(text)
    ran = with_locker.run("test")
    complains(ran, USAGE, "exhibit.toml" if "nowhere" not in words else "nowhere", *words, lines=8)
    assert with_locker.run("collect").err == ran.err
    assert len(with_locker.snapshots()) == 1
    with_locker.verify()


def test_configuration_that_is_not_there(with_locker):
    complains(with_locker.run("test", "--config", "other.toml"), USAGE, "other.toml", "exhibit init")


def test_configuration_that_is_no_text(with_locker):
    (with_locker.folder / "exhibit.toml").write_bytes(b"\xff\xfe\x00")
    complains(with_locker.run("test"), USAGE, "exhibit.toml")
    (with_locker.folder / "exhibit.toml").unlink()
    (with_locker.folder / "exhibit.toml").mkdir()
    complains(with_locker.run("test"), USAGE, "exhibit.toml")


def test_what_init_writes_is_read(with_locker):
    assert with_locker.run("init", "--organization", 'Böse "GmbH"\n<script>').code == OK
    with_locker.test()
    complains(with_locker.run("init"), USAGE, "exhibit.toml", "exists")
    complains(with_locker.run("init", "--config", "/dev/null/x.toml"), FAILURE, "/dev/null/x.toml")


@pytest.mark.parametrize("arguments", [["tset"], ["test", "--perod", "x"], ["test", "--format", "yaml"], ["collect", "--timeout", "0"], []], ids=" ".join)
def test_usage(exhibit, arguments):
    ran = exhibit.run(*arguments)
    says(ran, USAGE, "Usage: " if not arguments else "error: ")
    assert not ran.out


@pytest.mark.parametrize("verb", ["test", "collect", "policy"])
def test_control_that_does_not_exist(with_locker, verb):
    complains(with_locker.run(verb, "--control", "sg-admin-port-closed"), USAGE, "sg-admin-port-closed", "sg-admin-ports-closed")


# The locker


def test_locked(with_locker):
    with open(with_locker.locker / "lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        complains(with_locker.run("collect"), FAILURE, "locker", "in use")
        with_locker.test()  # reading needs no lock
        with_locker.verify()
    with_locker.collect()


def damage(path, how) -> None:
    data = bytearray(path.read_bytes())
    path.chmod(0o600)
    path.write_bytes(how(data))


_DAMAGE = {
    "log entry changed": ("log/000000004.json", lambda d: d.replace(b'"complete"', b'"completE"')),
    "log entry cut": ("log/000000003.json", lambda d: d[:40]),
    "log entry empty": ("log/000000002.json", lambda d: b""),
    "log entry no text": ("log/000000002.json", lambda d: b"\xff" * 10),
    "locker.json no JSON": ("locker.json", lambda d: b"hello\n"),
    "locker.json of another": ("locker.json", lambda d: d.replace(b"Unnamed", b"Renamed")),
}


@pytest.mark.parametrize("what", list(_DAMAGE))
@pytest.mark.parametrize("verb", ["test", "status", "collect", "bind"])
def test_damaged(with_locker, what, verb):
    name, how = _DAMAGE[what]
    damage(with_locker.locker / name, how)
    before = tree(with_locker.locker)
    complains(with_locker.run(verb), TAMPERED, "log/0000" if what in ("log entry changed", "log entry cut") else name.rsplit("/", 1)[-1], "exhibit verify")
    assert tree(with_locker.locker) == before, "nothing may be written into a damaged locker"
    assert any(name in fault["file"] for fault in with_locker.verify(code=TAMPERED)["faults"])


def tree(folder) -> dict:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != "lock"}


def test_log_entry_missing(with_locker):
    (with_locker.locker / "log/000000002.json").unlink()
    complains(with_locker.run("test"), TAMPERED, "000000002", "missing")
    assert any("000000002" in fault["file"] for fault in with_locker.verify(code=TAMPERED)["faults"])


@pytest.mark.parametrize("how", [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: b"PK\x03\x04" + bytes(100), lambda d: b"no zip", lambda d: d + b"more"],
                         ids=["cut in half", "empty", "zeros", "no zip", "appended"])
def test_snapshot_damaged(with_locker, how):
    path = with_locker.snapshots()[0]
    damage(path, how)
    complains(with_locker.run("test"), TAMPERED, path.name, "exhibit verify")
    assert any(path.name in fault["file"] for fault in with_locker.verify(code=TAMPERED)["faults"])
    alone = with_locker.run("verify", path)  # what is no zip any more might never have been ours
    assert alone.code in ((TAMPERED, USAGE) if not path.read_bytes().startswith(b"PK") else (TAMPERED,))
    if alone.code == USAGE:
        complains(alone, USAGE, path.name)
    else:
        assert path.name in alone.out + alone.err


def test_snapshot_missing(with_locker):
    path = with_locker.snapshots()[0]
    path.unlink()
    complains(with_locker.run("test"), TAMPERED, path.name, "missing")
    assert any(path.name in fault["file"] for fault in with_locker.verify(code=TAMPERED)["faults"])


@pytest.mark.parametrize("verb", ["test", "collect", "status", "verify", "bind"])
def test_newer(with_locker, verb):
    damage(with_locker.locker / "locker.json", lambda d: d.replace(b"exhibit.locker/1", b"exhibit.locker/9"))
    complains(with_locker.run(verb), USAGE, "exhibit.locker/9", "newer")


@pytest.mark.parametrize("verb", ["test", "status", "diff", "verify", "bind"])
def test_no_locker(exhibit, verb):
    complains(exhibit.run(verb, "--locker", "nowhere"), USAGE, "nowhere")
    (exhibit.folder / "photos").mkdir()
    (exhibit.folder / "photos/one.jpg").write_text("jpg")
    complains(exhibit.run(verb, "--locker", "photos"), USAGE, "photos")
    (exhibit.folder / "file").write_text("text")
    ran = exhibit.run(verb, "--locker", "file")
    complains(ran, USAGE, "file")


def test_collecting_into_a_folder_of_something_else(exhibit):
    """A locker among other files would not verify; they are left alone."""
    (exhibit.folder / "photos").mkdir()
    (exhibit.folder / "photos/one.jpg").write_text("jpg")
    complains(exhibit.run("collect", "--locker", "photos"), USAGE, "photos")
    assert [p.name for p in (exhibit.folder / "photos").iterdir()] == ["one.jpg"]


def test_a_file_in_the_place_of_the_locker(exhibit):
    (exhibit.folder / "locker").write_text("a file")
    complains(exhibit.run("collect"), USAGE, "locker")
    complains(exhibit.run("collect", "--locker", "locker/below"), USAGE, "locker/below")
    complains(exhibit.run("collect", "--locker", "/proc/none"), USAGE, "/proc/none")


def test_empty_locker(exhibit, faults):
    with faults("sts:*=403"):
        assert exhibit.run("collect", **ONCE).code == INCOMPLETE
    complains(exhibit.run("test"), USAGE, "no snapshot", "exhibit collect")
    complains(exhibit.run("bind"), USAGE, "no snapshot", "exhibit collect")
    assert exhibit.run("status").code == OK


def test_snapshot_that_does_not_exist(with_locker):
    complains(with_locker.run("test", "--snapshot", "2020"), USAGE, "2020", "exhibit status")
    complains(with_locker.run("diff", "2020", "2021"), USAGE, "202")
    complains(with_locker.run("diff"), USAGE, "snapshot")  # there is only one


@pytest.mark.parametrize("verb", ["test", "bind"])
def test_period_without_a_snapshot(with_locker, verb):
    with_locker.config(HEAD + '[[period]]\nname = "2020-H1"\ntype = "type-2"\nstart = 2020-01-01\nend = 2020-07-01\n')
    complains(with_locker.run(verb, "--period", "2020-H1"), USAGE, "2020-H1", "snapshot")
    complains(with_locker.run(verb, "--period", "2020-H2"), USAGE, "2020-H2", "2020-H1")
    assert not (with_locker.folder / "binder").exists() or not list((with_locker.folder / "binder").iterdir())


# Control pages of the firm's own


PAGE = '''+++
id = "{id}"
title = "Ours"
criteria = ["{criterion}"]
practices = []
type = "configuration"
severity = "low"
tables = ["{table}"]
+++

## Control
Something.

## Test
Somehow.

## Notes
None.

```sql
{sql}
```
'''
GOOD = {"id": "ours-one", "criterion": "CC6.1", "table": "iam_user",
        "sql": "SELECT account, region, arn AS resource, name, 'pass' AS verdict, 'seen' AS reason, source FROM iam_user"}


def page(exhibit, name: str = "ours-one", text: str | None = None, **changes) -> None:
    folder = exhibit.folder / "pages/cc6"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(PAGE.format(**GOOD | changes) if text is None else text)
    exhibit.config(HEAD + 'controls_dir = "pages"\n')


def test_own_page(with_locker):
    page(with_locker)
    found = with_locker.test("--control", "ours-one")["ours-one"]
    assert found["verdict"] == "pass" and found["counts"]["pass"] > 5


@pytest.mark.parametrize(("changes", "code", "words"), [
    ({"text": "no front matter\n"}, USAGE, ["+++"]),
    ({"text": "+++\nid = \n+++\n"}, USAGE, ["front matter"]),
    ({"text": "+++\nid = \"ours-one\"\n"}, USAGE, ["+++"]),
    ({"text": PAGE.format(**GOOD).replace('title = "Ours"\n', "")}, USAGE, ["title"]),
    ({"text": PAGE.format(**GOOD).replace('title = "Ours"\n', 'title = "Ours"\ntitel = "x"\n')}, USAGE, ["titel"]),
    ({"text": PAGE.format(**GOOD).replace('"low"', '"lowest"')}, USAGE, ["lowest"]),
    ({"text": PAGE.format(**GOOD).partition("```sql")[0]}, USAGE, ["sql"]),
    ({"text": PAGE.format(**GOOD).replace("## Test\n", "## Tset\n")}, USAGE, ["Test"]),
    ({"criterion": "CC66.1"}, USAGE, ["CC66.1"]),
    ({"table": "iam_usr"}, USAGE, ["iam_usr", "iam_user"]),
    ({"id": "ours-two"}, USAGE, ["ours-two"]),
    ({"sql": "SELEC 1"}, None, ["SELEC"]),
    ({"sql": GOOD["sql"].replace("arn AS", "arnn AS")}, None, ["arnn"]),
    ({"sql": GOOD["sql"].replace(", source", "")}, None, ["source"]),
    ({"sql": GOOD["sql"].replace("'pass'", "'fine'")}, None, ["fine"]),
    ({"sql": GOOD["sql"].replace("arn AS resource", "NULL AS resource")}, None, ["resource"]),
    ({"sql": GOOD["sql"] + " WHERE name = :nobody"}, None, ["nobody"]),
    ({"sql": GOOD["sql"].replace("FROM iam_user", "FROM iam_user, s3_bucket")}, None, ["s3_bucket"]),
    ({"sql": "DELETE FROM iam_user"}, None, []),
    ({"sql": "ATTACH 'x.db' AS x"}, None, []),
    ({"sql": "SELECT load_extension('x')"}, None, []),
    ({"sql": GOOD["sql"] + "; " + GOOD["sql"]}, None, []),
    ({"sql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT '1' account, '' region, i resource, '' name, 'pass' verdict, '' reason, 1 source "
             "FROM n WHERE i < 0"}, None, []),
], ids=["no front matter", "no TOML", "front matter not closed", "no title", "unknown key", "unknown severity", "no query", "unknown section",
        "unknown criterion", "unknown table", "id of another file", "no SQL", "unknown column", "column missing", "unknown verdict", "empty resource",
        "undeclared parameter", "ambiguous column", "writes", "attaches", "loads", "two queries", "reads no table"])
def test_bad_page(with_locker, changes, code, words):
    page(with_locker, **changes)
    ran = with_locker.run("test", "--control", changes.get("id", "ours-one"), timeout=60)
    complains(ran, ran.code, "ours-one", *words, lines=6)
    assert ran.code == code or (code is None and ran.code in (FAILURE, USAGE))
    with_locker.verify()
    assert not (with_locker.folder / "x.db").exists()


def test_id_of_a_page_that_is_ours(with_locker):
    page(with_locker, "root-mfa-enabled", id="root-mfa-enabled")
    complains(with_locker.run("test"), USAGE, "root-mfa-enabled")
    page(with_locker)
    (with_locker.folder / "pages/cc6/root-mfa-enabled.md").unlink()
    other = with_locker.folder / "pages/cc7"
    other.mkdir()
    shutil.copy(with_locker.folder / "pages/cc6/ours-one.md", other)
    complains(with_locker.run("test"), USAGE, "ours-one")


# Places to write to


def test_output_that_exists(with_locker):
    out = with_locker.folder / "binder"
    out.mkdir()
    (out / "keep.txt").write_text("mine")
    complains(with_locker.run("bind"), USAGE, "binder", "--out")
    assert [p.name for p in out.iterdir()] == ["keep.txt"]
    complains(with_locker.run("bind", "--out", "binder/keep.txt"), USAGE, "keep.txt")


@pytest.mark.parametrize("out", ["/proc/none", "/dev/null/below"])
def test_output_that_cannot_be_made(with_locker, out):
    complains(with_locker.run("bind", "--out", out), USAGE, out)


def test_demo_over_something_else(exhibit):
    out = exhibit.folder / "demo"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    complains(exhibit.run("demo", "--out", "demo", timeout=60), USAGE, "demo")
    assert (out / "thesis.txt").read_text() == "mine"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a full disk needs a tmpfs, which only root may mount: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_disk_while_collecting(exhibit, small_disk):
    """The run stops with a message; with room again the next one tells what became of it."""
    locker = small_disk / "locker"
    filler = small_disk / "filler"
    exhibit.collect("--locker", locker, "--control", "root-mfa-enabled")
    filler.write_bytes(bytes(150_000))
    ran = exhibit.run("collect", "--locker", locker, **ONCE)
    complains(ran, FAILURE, "No space left on device", str(small_disk), snapshot=False)  # who meets the end of the disk first names his file
    exhibit.verify(locker)
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    ran = exhibit.run("collect", "--locker", locker)
    says(ran, OK, "had been cut short", snapshot=False)  # with as many answers as there was room for
    assert exhibit.verify(locker)["checked"]["snapshots"] >= 2


def test_full_disk_while_binding(with_locker, small_disk):
    ran = with_locker.run("bind", "--out", small_disk / "binder")
    complains(ran, FAILURE, "No space left on device", str(small_disk), snapshot=False)  # in the file that happens to be too large
    assert not [p for p in small_disk.rglob("*") if p.suffix in (".pdf", ".zip") and p.stat().st_size == 0]
    with_locker.verify()


@pytest.mark.parametrize("arguments", [["test"], ["test", "--format", "json"], ["status"], ["controls"], ["policy"], ["verify"], ["collect"], ["--help"]], ids=" ".join)
def test_full_output(with_locker, arguments):
    with open("/dev/full", "w") as full:
        ran = subprocess.run([with_locker.binary, *arguments], cwd=with_locker.folder, env=with_locker.env(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert "panicked" not in ran.stderr and ran.returncode in ((FAILURE,) if arguments != ["--help"] else (OK, FAILURE)), ran.stderr
    if arguments != ["--help"]:
        complains(Ran(ran.returncode, "", ran.stderr), FAILURE, "No space left")
    with_locker.verify()


@pytest.mark.parametrize("arguments", [["test", "--format", "json"], ["test"], ["controls", "--format", "json"]])
def test_reader_that_goes_away(with_locker, arguments):
    """`exhibit test | head -1`"""
    ran = subprocess.Popen([with_locker.binary, *arguments], cwd=with_locker.folder, env=with_locker.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ran.stdout.close()
    assert "panicked" not in ran.stderr.read().decode()
    ran.wait(60)


# Names that people may write in AWS


SCRIPT, RTL, EMOJI = "<script>alert(1)</script>", "\u202eגנוהש\u202c", "🦀"
NASTY = f'{SCRIPT} {RTL} {EMOJI} "quoted", \'single\' & =1+1 {{{{ 7 * 7 }}}}'
CONTROL = "\x1b[31mred\x07\n=2+2\r\n"  # JSON can say it, and so may an emulator or a proxy


@pytest.fixture(scope="module")
def hostile(cli_endpoint, binary, tmp_path_factory):
    """An account full of such names, collected and bound."""
    account = Account(cli_endpoint).other("620000000001")
    b = Builder(account)
    b.user("user,with=comma+and@sign", console=100, used=1, mfa=None, tags={"note": "<b>" + "x" * 200})
    b.user("=cmd.exe", console=100, used=1)
    b.policy("plain", document(statement()))
    vpc, subnet = b.default_vpc()
    b.security_group("<script>alert(2)</script>", vpc, (b.rule(22, about="<i>why</i>"),), subnet=subnet, about="a & b <u>", tags={"Name": NASTY})
    b.security_group("long-" + "n" * 250, vpc, (b.rule(22),), tags={"Name": "l" * 255})
    b.key("nasty", rotation=None, Description=NASTY + CONTROL, tags={"owner": NASTY + CONTROL})
    lent = b.key("lent-" + "x" * 200)
    b.kms().create_grant(KeyId=lent, GranteePrincipal=f"arn:aws:iam::999988887777:role/{'p' * 2000}/<script>alert(4)</script>", Operations=["Decrypt"], Name="g")
    b.bucket("hostile-names-bucket", blocked=False, policy=(public_read("hostile-names-bucket", Sid="x" * 500),), tls=False)
    b.group("empty-group")
    made = Exhibit(tmp_path_factory.mktemp("hostile"), account, cli_endpoint, binary)
    made.config('organization = "Bobby <script>alert(3)</script> & \\"Sons\\" ' + RTL + '"\n')
    made.collect()
    ran = made.run("bind", "--out", "out")
    assert ran.code not in (FAILURE, USAGE), ran.err
    yield made
    account.client("s3").delete_bucket(Bucket="hostile-names-bucket")


def test_hostile_names_are_judged(hostile):
    found = hostile.test()
    assert {"<script>alert(2)</script>", "long-" + "n" * 250} <= {r["name"] for r in found["sg-admin-ports-closed"]["resources"] if r["verdict"] == "fail"}
    assert any("p" * 2000 in r["reason"] for r in found["kms-key-use-restricted"]["resources"])
    assert {"=cmd.exe", "user,with=comma+and@sign"} <= {r["name"] for r in found["iam-console-users-mfa"]["resources"] if r["verdict"] == "fail"}


def test_hostile_names_in_the_terminal(hostile):
    for verb in (["test"], ["test", "--color", "always"], ["status"], ["controls"]):
        out = hostile.run(*verb).out
        assert "\u202e" not in out and "\x1b[31mred" not in out and "\x00" not in out
        if "always" not in verb:
            assert "\x1b" not in out


def _bound(hostile, suffix: str) -> dict[str, str]:
    texts = {str(p): p.read_text() for p in (hostile.folder / "out").rglob(f"*{suffix}")}
    for bundle in (hostile.folder / "out").glob("*.zip"):
        with zipfile.ZipFile(bundle) as archive:
            texts |= {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(suffix)}
    return texts


def test_hostile_names_in_html(hostile):
    pages = _bound(hostile, ".html")
    assert pages
    for name, text in pages.items():
        assert not re.search(r"<script>alert|<b>x|<i>why|<u>", text), name
        assert "49" not in re.findall(r"=1\+1 (\S+)", text), name
    assert any("&lt;script&gt;alert(2)" in text for text in pages.values())


def test_hostile_names_in_csv(hostile):
    """A spreadsheet must not take a name for a formula, nor a comma for a border."""
    import csv
    import io

    tables = _bound(hostile, ".csv")
    assert tables
    for name, text in tables.items():
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert len({len(row) for row in rows}) <= 1, name
        for row in rows:
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), f"{name}: {cell!r}"


def test_hostile_names_in_the_bundle_paths(hostile):
    for bundle in (hostile.folder / "out").glob("*.zip"):
        with zipfile.ZipFile(bundle) as archive:
            for name in archive.namelist():
                assert re.fullmatch(r"[A-Za-z0-9._/ -]+", name) and ".." not in name.split("/") and len(name) < 200, name


def test_hostile_names_in_the_binder(hostile):
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not here")
    pdf, = (hostile.folder / "out").glob("*.pdf")
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    assert "<script>alert(2)</script>" in text.replace("\n", "")
    assert re.sub(r"\s", "", text).count("n" * 250) >= 1 or "nnnnnnnnnn" in text
    data = pdf.read_bytes()
    assert b"/JavaScript" not in data and b"/JS " not in data
    if shutil.which("qpdf"):
        assert subprocess.run(["qpdf", "--check", str(pdf)], capture_output=True).returncode == 0


def test_json_keeps_names_as_they_are(hostile):
    for control in hostile.test().values():
        json.dumps(control)
