"""`exhibit attach` and `exhibit review`: what people supply is kept, named by the log, told in the binder, and held to its bytes."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile

import pytest

from emulator.client import Account
from seeds.build import Builder
from support.exhibit import INCOMPLETE, OK, TAMPERED, USAGE, Exhibit, complains, says

_numbers = itertools.count(642000000001)
CONTROL = "root-password-vaulted"
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
FACTS = """
[[vault]]
subject = "item 42"
product = "A vault"
[[access_log]]
subject = "vault log.csv"
from = 2026-01-01
to = 2026-06-30
[[custodian]]
subject = "Ann Lee"
role = "Head of IT"
since = 2025-01-01
"""


def days(n: int) -> str:
    return str(TODAY + datetime.timedelta(days=n))


# The days of this file in words, for the snapshots.
NAMED = {days(n): f"<today{n:+}>" for n in (-400, -300, -100, -60, -1, 0, 2, 10)}


def options(**more: str | None) -> list[str]:
    given = {"owner": "Head of IT", "performed": days(-1), "period_from": days(-100), "period_to": days(-1), "performer": "Ann Lee", "reviewer": "Bo Chen",
             "statement": "The vault's log was read; every entry is explained"} | more
    return [word for name, value in given.items() if value is not None for word in (f"--{name.replace('_', '-')}", value)]


@pytest.fixture(scope="module")
def small(cli_endpoint, binary, tmp_path_factory):
    """A locker with one small snapshot; to be copied."""
    account = Account(cli_endpoint).other(str(next(_numbers)))
    Builder(account).regions()
    made = Exhibit(tmp_path_factory.mktemp("small"), account, cli_endpoint, binary)
    made.collect("--control", "root-mfa-enabled")
    return made


@pytest.fixture
def exhibit(small, tmp_path):
    copy = Exhibit(tmp_path / "work", small.account, small.endpoint, small.binary)
    shutil.copytree(small.locker, copy.locker, copy_function=shutil.copy2)
    copy.config(f'organization = "H"\n[[period]]\nname = "now"\ntype = "type-2"\nstart = {days(-60)}\nend = {days(10)}\n'
                f'[[period]]\nname = "then"\ntype = "type-2"\nstart = {days(-400)}\nend = {days(-300)}\n')
    (copy.folder / "vault log.csv").write_text("at,who\n2026-01-01,Ann\n")
    (copy.folder / "page.html").write_text("<script>alert(1)</script>")
    (copy.folder / "facts.toml").write_text(FACTS)
    (copy.folder / "empty").write_text("")
    return copy


def attach(exhibit: Exhibit, *arguments: str, control: str = CONTROL, **more: str | None):
    return exhibit.run("attach", control, *arguments, *options(**more), "--format", "json")


def test_from_attach_to_verify(exhibit, tmp_path):
    ran = attach(exhibit, "vault log.csv", "page.html", "--facts", "facts.toml", title="Vault", comment="none", source_system="A vault")
    assert ran.code == OK, ran.err
    told = ran.json()
    made = told["attachment"]
    assert told["schema"] == "exhibit.attach/1" and made["id"] == f"A{made['seq']}" and made["title"] == "Vault"
    files = [*made["files"], made["facts_file"]]
    assert [f["name"] for f in files] == ["vault log.csv", "page.html", "facts.toml"]
    for file in files:
        data = (exhibit.folder / file["name"]).read_bytes()
        assert (file["sha256"], file["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert (exhibit.locker / "objects" / file["sha256"][:2] / file["sha256"][2:]).read_bytes() == data
    assert [f["type"] for f in files] == ["text/csv", "text/html", "application/toml"]
    entry = exhibit.log()[-1]
    assert entry["type"] == "manual-evidence" and entry["body"]["facts"][2] == {
        "kind": "custodian", "subject": "Ann Lee", "account": None, "data": {"role": "Head of IT", "since": "2025-01-01"}}

    reviewed = exhibit.run("review", CONTROL, "--period", "now", "--reviewer", "Cy Doe", "--comment", "Seen", "--format", "json").json()
    assert reviewed["schema"] == "exhibit.review/1" and reviewed["review"]["decision"] == "approved" and reviewed["review"]["period"]["name"] == "now"
    assert exhibit.run("review", "--period", "now", "--reviewer", "Cy Doe", "--decision", "rejected", "--comment", "Again").code == OK

    status = exhibit.run("status", "--format", "json").json()
    assert [a["id"] for a in status["attachments"]] == [made["id"]] and len(status["reviews"]) == 2
    assert made["id"] in exhibit.run("status").out and "rejected" in exhibit.run("status").out
    found = exhibit.verify()
    assert found["ok"] and (found["checked"]["attachments"], found["checked"]["objects"], found["checked"]["reviews"]) == (1, 3, 2)
    assert exhibit.run("reperform").code == OK

    tested = exhibit.test("--control", CONTROL, "--period", "now")[CONTROL]
    assert tested["coverage"] is None and len(tested["history"]) == 1
    assert exhibit.run("bind", "--period", "now", "--out", "out").code == INCOMPLETE
    assert exhibit.verify("out/bundle.zip")["ok"]
    with zipfile.ZipFile(exhibit.folder / "out/bundle.zip") as archive:
        archive.extractall(tmp_path / "bag")
    top = next((tmp_path / "bag").iterdir())
    for n, (file, ending) in enumerate(zip(files, ("csv", "html", "toml")), 1):
        assert (top / f"data/attachments/{made['id']}/{n}.{ending}").read_bytes() == (exhibit.folder / file["name"]).read_bytes()
    page = (top / f"data/criteria/CC6.1/{CONTROL}/index.html").read_text()
    assert f'href="../../../attachments/{made["id"]}/1.csv"' in page and f'attachments/{made["id"]}/2.html"' not in page
    assert "Ann Lee" in page and "Cy Doe" in page and "rejected" in page
    beside = (exhibit.folder / f"out/workpapers/CC6.1/{CONTROL}/index.html").read_text()
    assert "vault log.csv" in beside and 'href="../../../attachments' not in beside
    with sqlite3.connect(top / "data/evidence.db") as db:
        assert db.execute("SELECT id, control, owner, json_array_length(files) FROM attachment").fetchall() == [(made["id"], CONTROL, "Head of IT", 2)]
        assert db.execute("SELECT kind, subject, json_extract(data, '$.since') FROM fact WHERE kind = 'custodian'").fetchall() == [("custodian", "Ann Lee", "2025-01-01")]
        sql = (top / f"data/criteria/CC6.1/{CONTROL}/test.sql").read_text()
        assert [row[4] for row in db.execute(sql)] == [r["verdict"] for r in tested["resources"]]
    checked = subprocess.run([sys.executable, str(top / "verify_exhibit.py"), str(top)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "attachments: every file" in checked.stdout, checked.stdout
    requests = (top / "data/request-list.csv").read_text()
    assert "exhibit attach access-review-performed" in requests and f"exhibit attach {CONTROL} " not in requests

    # A period that the record does not cover does not have it.
    complains(exhibit.run("test", "--period", "then"), USAGE, "then", varies=NAMED)  # no snapshot in it either

    # Tampering.
    path = exhibit.locker / "objects" / files[0]["sha256"][:2] / files[0]["sha256"][2:]
    path.chmod(0o600)
    path.write_text("at,who\n2026-01-01,Bob\n")
    faults = exhibit.verify(code=TAMPERED)["faults"]
    assert [(f["file"], f["code"]) for f in faults] == [(str(path.relative_to(exhibit.locker)), "changed")]
    complains(exhibit.run("bind", "--period", "now", "--out", "again"), TAMPERED, "exhibit verify")
    path.unlink()
    assert [f["code"] for f in exhibit.verify(code=TAMPERED)["faults"]] == ["missing"]


def test_an_attachment_of_another_bundle_is_noticed(exhibit, tmp_path):
    made = attach(exhibit, "vault log.csv").json()["attachment"]
    exhibit.run("bind", "--period", "now", "--out", "out")
    with zipfile.ZipFile(exhibit.folder / "out/bundle.zip") as archive:
        archive.extractall(tmp_path / "bag")
    top = next((tmp_path / "bag").iterdir())
    path = top / f"data/attachments/{made['id']}/1.csv"
    # Even if the manifests are made anew the log says otherwise.
    before, after = hashlib.sha256(path.read_bytes()).hexdigest(), hashlib.sha256(b"changed").hexdigest()
    path.write_bytes(b"changed")
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        text = (top / name).read_text()
        (top / name).write_text(text.replace(before, after))
        before, after = hashlib.sha256(text.encode()).hexdigest(), hashlib.sha256((top / name).read_bytes()).hexdigest()
    checked = subprocess.run([sys.executable, str(top / "verify_exhibit.py"), str(top)], capture_output=True, text=True, check=False)
    assert checked.returncode == 1 and "FAIL  attachments" in checked.stdout, checked.stdout


def test_a_mistake_is_replaced(exhibit):
    first = attach(exhibit, "vault log.csv").json()["attachment"]["id"]
    second = attach(exhibit, "vault log.csv", "--replaces", first).json()["attachment"]
    assert second["replaces"] == first
    assert [a["replaced_by"] for a in exhibit.run("status", "--format", "json").json()["attachments"]] == [second["id"], None]
    complains(exhibit.run("attach", CONTROL, "vault log.csv", *options(), "--replaces", first), USAGE, first, second["id"])
    complains(exhibit.run("attach", CONTROL, "vault log.csv", *options(), "--replaces", "A999"), USAGE, "A999", "exhibit status")
    other = ("incident-response-program", "vault log.csv", *options(), "--replaces", second["id"])
    complains(exhibit.run("attach", *other), USAGE, "belongs to root-password-vaulted")
    assert len(list(exhibit.locker.glob("objects/*/*"))) == 1 and exhibit.verify()["ok"]


@pytest.mark.parametrize("arguments, more, words", [
    (("vault log.csv",), {"reviewer": " ann  LEE"}, ["same person"]),
    (("vault log.csv",), {"performed": days(2)}, ["future"]),
    (("vault log.csv",), {"period_from": days(0), "period_to": days(-1)}, ["is after"]),
    (("vault log.csv",), {"owner": " "}, ["--owner is empty"]),
    (("vault log.csv",), {"performer": ""}, ["--performer is empty"]),
    (("vault log.csv",), {"statement": "\n"}, ["--statement is empty"]),
    (("vault log.csv",), {"account": "12"}, ["12 digits"]),
    (("missing.pdf",), {}, ["missing.pdf", "no such file"]),
    ((".",), {}, ["no file"]),
    (("empty",), {}, ["is empty"]),
    ((), {}, ["nothing is attached"]),
    (("vault log.csv", "--facts", "missing.toml"), {}, ["missing.toml"]),
    (("vault log.csv", "--facts", "vault log.csv"), {}, ["vault log.csv"]),
], ids=["one person", "in the future", "backwards", "no owner", "no performer", "no statement", "account", "missing", "folder", "empty", "nothing", "facts missing",
        "facts no TOML"])
def test_refused(exhibit, arguments, more, words):
    before = len(exhibit.log())
    ran = exhibit.run("attach", CONTROL, *arguments, *options(**more))
    complains(ran, USAGE, *words, lines=6, varies=NAMED)
    assert len(exhibit.log()) == before and not list(exhibit.locker.glob("objects/*/*"))


@pytest.mark.parametrize("facts, words", [
    ("[[custodain]]\nsubject = 'A'", ["custodain", "`custodian`"]),
    ("[[custodian]]\nsubject = 'A'\nrole = 'x'\nsince = 2025-01-01\nlefft = 1", ["lefft", "`left`"]),
    ("[[custodian]]\nsubject = 'A'\nsince = 2025-01-01", ["`role` is missing"]),
    ("[[custodian]]\nrole = 'A'\nsince = 2025-01-01", ["`subject` is missing"]),
    ("[custodian]\nsubject = 'A'", ["[[custodian]]"]),
    ("# nothing", ["no fact"]),
    ("[[custodian]]\nsubject = 'A'\nrole = 1.5\nsince = 2025-01-01", ["whole numbers"]),
], ids=["kind", "field", "field missing", "subject missing", "table", "nothing", "fraction"])
def test_facts_are_refused_with_the_remedy(exhibit, facts, words):
    (exhibit.folder / "bad.toml").write_text(facts)
    complains(exhibit.run("attach", CONTROL, "vault log.csv", "--facts", "bad.toml", *options()), USAGE, "bad.toml", *words, lines=6)


def test_which_controls_take_records(exhibit):
    complains(exhibit.run("attach", "root-mfa-enabled", "vault log.csv", *options()), USAGE, "AWS evidence alone")
    complains(exhibit.run("attach", "root-password-vaultd", "vault log.csv", *options()), USAGE, "`root-password-vaulted`")
    # Facts make a control of configuration take records.
    (exhibit.folder / "good.toml").write_text(f"[[confirmation]]\nsubject = '{exhibit.account.number}'\ndate = {days(-1)}\n")
    assert attach(exhibit, "--facts", "good.toml", control="account-contacts-complete").code == OK


def test_usage(exhibit, tmp_path):
    for missing in ("owner", "performed", "period_from", "period_to", "performer", "reviewer", "statement"):
        ran = exhibit.run("attach", CONTROL, "vault log.csv", *options(**{missing: None}))
        says(ran, USAGE, f"--{missing.replace('_', '-')}")
    ran = exhibit.run("attach", CONTROL, "vault log.csv", *options(performed="yesterday"))
    says(ran, USAGE, "2026-01-31")
    assert "Example:" in exhibit.run("attach", "--help").out and "Example:" in exhibit.run("review", "--help").out
    complains(exhibit.run("attach", CONTROL, "vault log.csv", *options(), "--locker", "nowhere"), USAGE, "nowhere")
    complains(exhibit.run("review", "--reviewer", "Cy", "--comment", "x"), USAGE, "--period")
    complains(exhibit.run("review", CONTROL, "--reviewer", " ", "--comment", "x"), USAGE, "--reviewer is empty")
    complains(exhibit.run("review", CONTROL, "--reviewer", "Cy", "--comment", ""), USAGE, "--comment is empty")
    complains(exhibit.run("review", "--period", "nwo", "--reviewer", "Cy", "--comment", "x"), USAGE, "no period `nwo`")
    complains(exhibit.run("review", "no-such-control", "--reviewer", "Cy", "--comment", "x"), USAGE, "no-such-control")
    attach(exhibit, "vault log.csv")
    complains(exhibit.run("review", CONTROL, "--reviewer", "ANN LEE", "--comment", "x"), USAGE, "reviews his own work")
    shown = exhibit.run("controls", "show", CONTROL)
    assert "[[custodian]]" in shown.out and "required: role, since" in shown.out
    assert exhibit.run("controls", "show", CONTROL, "--format", "json").json()["facts"]["custodian"]["required"] == ["role", "since"]


def test_closed_periods_fail_without_records(exhibit):
    (exhibit.folder / "exhibit.toml").write_text((exhibit.folder / "exhibit.toml").read_text().replace(f"end = {days(10)}\n", f"end = {days(10)}\nclosed = true\n"))
    found = exhibit.test("--period", "now")
    assert found["incident-response-program"]["verdict"] == "fail" and found["incident-response-program"]["deviations"]
    # Of a call that was never made nothing is said, the missing record included.
    assert found[CONTROL]["verdict"] == "not-tested" and "was never asked" in found[CONTROL]["reason"]
    assert exhibit.run("test", "--period", "now", "--format", "json").json()["period"]["closed"] is True
    exhibit.config('organization = "H"\n[[period]]\nname = "x"\ntype = "type-2"\nstart = 2026-01-01\nend = 2026-02-01\nclosed = "yes"\n')
    complains(exhibit.run("test", "--period", "x"), USAGE, "closed", "true or false")


def test_what_a_crash_leaves(exhibit):
    """An object whose entry never came is a note; a changed one is a fault."""
    data = b"left behind"
    digest = hashlib.sha256(data).hexdigest()
    path = exhibit.locker / "objects" / digest[:2] / digest[2:]
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    found = exhibit.verify()
    assert found["ok"] and any(digest[2:] in note for note in found["notes"])
    (exhibit.folder / "same").write_bytes(data)
    assert attach(exhibit, "same").code == OK
    assert not exhibit.verify()["notes"]
    # A checkpoint that a crash had prevented is made up for by the next writer.
    newest = sorted((exhibit.locker / "checkpoints").glob("*.checkpoint"))[-1]
    newest.unlink()
    assert attach(exhibit, "vault log.csv").code == OK and newest.is_file() and exhibit.verify()["ok"]
    assert json.loads((exhibit.locker / "log" / "000000001.json").read_text())["type"] == "genesis"
