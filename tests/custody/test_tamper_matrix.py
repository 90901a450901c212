"""Eighteen ways to tamper with a bundle, and the untouched control: which check catches each.

Everything is done to a real bundle: by whoever it passes through (no key, or another key), and by the
evidence owner, who has the signing key and gets new tokens from the real authority. Each is judged
twice: by `exhibit verify` (code and file), and by stock tools alone (sha256sum, find, diff, ssh-keygen,
openssl and Python, in the order of VERIFY.sh), with the signers, the authority and the earlier
checkpoint that the auditor keeps.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import zipfile

import pytest

from emulator.client import Account, post
from support import tsa
from support.exhibit import DEVIATIONS, INCOMPLETE, OK, ROOT, TAMPERED, Exhibit
from support.locker_format import line, root, sha256

SCRIPTS = ROOT / "report/verify"
WHO, QUICK = "owner@acme", ("--control", "root-mfa-enabled")
TAGS, LOG, CHECKPOINTS, EVIDENCE = "tagmanifest-sha256.txt", "data/log/log.jsonl", "data/log/checkpoints/", "data/evidence/"
DUE = ("run-open", "snapshot", "run-abort", "manual-evidence", "review", "key-add", "key-revoke")


@dataclasses.dataclass
class Case:
    """A bundle as files by name, and what the owner and the auditor have besides."""

    files: dict[str, bytes]
    top: str
    key: pathlib.Path
    authority: tsa.Authority
    scratch: pathlib.Path
    links: dict[str, str] = dataclasses.field(default_factory=dict)

    # Reading

    def entries(self) -> list[dict]:
        return [json.loads(text) for text in self.files[LOG].splitlines()]

    def runs(self) -> list[str]:
        return [e["body"]["run"] for e in self.entries() if e["type"] == "snapshot"]

    def a_body(self, run: str) -> str:
        return next(name for name in sorted(self.files) if name.startswith(f"{EVIDENCE}{run}/bodies/"))

    # What the owner can do

    def sign(self, data: bytes, namespace: str, key: pathlib.Path | None = None) -> bytes:
        return subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(key or self.key), "-n", namespace], input=data, check=True, capture_output=True).stdout

    def write_log(self, entries: list[dict]) -> None:
        """Any entries, chained anew; checkpoints are left as they are."""
        prev, lines = "0" * 64, []
        for seq, entry in enumerate(entries, 1):
            lines.append(line(entry | {"seq": seq, "prev": prev})[:-1])
            prev = sha256(lines[-1])
        self.files[LOG] = b"".join(text + b"\n" for text in lines)

    def remake(self, entries: list[dict]) -> None:
        """The whole log anew: chain, checkpoints, signatures, tokens as of now."""
        for name in [n for n in self.files if n.startswith(CHECKPOINTS)]:
            del self.files[name]
        origin, made, token, lines = json.loads(self.files["data/locker.json"])["origin"], [], None, []

        def append(entry: dict) -> None:
            prev = sha256(lines[-1]) if lines else "0" * 64
            made.append(entry | {"seq": len(lines) + 1, "prev": prev})
            lines.append(line(made[-1])[:-1])

        for entry in entries:
            if entry["type"] == "timestamped":
                continue
            body = {key: value for key, value in entry["body"].items() if key != "previous_token"}
            if entry["type"] == "run-open" and token:
                body["previous_token"] = token
            append(entry | {"body": body})
            if entry["type"] not in DUE:
                continue
            seq = len(lines)
            stem = f"{seq:09}.checkpoint"
            text = f"{origin}\n{seq}\n{base64.b64encode(root(lines)).decode()}\n".encode()
            signature, answer = self.sign(text, "evidence-checkpoint@exhibit.v1"), self.authority.stamp(text)
            self.files |= {CHECKPOINTS + stem: text, f"{CHECKPOINTS}{stem}.sig": signature, f"{CHECKPOINTS}{stem}.first.tsr": answer}
            token = sha256(answer)
            append({"v": 1, "at": entry["at"], "type": "timestamped", "body": {
                "checkpoint": seq, "signature": {"file": f"{stem}.sig", "sha256": sha256(signature)},
                "tokens": [{"tsa": "first", "file": f"{stem}.first.tsr", "sha256": token}]}})
        self.files[LOG] = b"".join(text + b"\n" for text in lines)

    def reseal(self, run: str) -> dict:
        """Makes snapshot.json fit the run's exchanges again; gives what the log must say."""
        folder = f"{EVIDENCE}{run}/"
        meta, text = json.loads(self.files[folder + "snapshot.json"]), self.files[folder + "exchanges.jsonl"]
        meta["exchanges"] = {"count": text.count(b"\n"), "sha256": sha256(text)}
        self.files[folder + "snapshot.json"] = line(meta)
        return {"snapshot_json_sha256": sha256(line(meta))}

    def edit_body(self, run: str) -> dict:
        """Another answer, and every digest up to snapshot.json made to fit."""
        name, folder = self.a_body(run), f"{EVIDENCE}{run}/"
        self.files[name] = self.files[name].replace(b"<", b"< ", 1) + b"\n"
        exchanges = [json.loads(text) for text in self.files[folder + "exchanges.jsonl"].splitlines()]
        for exchange in exchanges:
            if exchange["body"] and folder + exchange["body"] == name:
                exchange |= {"body_sha256": sha256(self.files[name]), "body_len": len(self.files[name])}
        self.files[folder + "exchanges.jsonl"] = b"".join(map(line, exchanges))
        return self.reseal(run)

    def manifests(self) -> None:
        payload = {name: data for name, data in self.files.items() if name.startswith("data/")}
        oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
        self.files["bag-info.txt"] = re.sub(rb"Payload-Oxum: .*", oxum.encode(), self.files["bag-info.txt"])
        self.files["manifest-sha256.txt"] = b"".join(f"{sha256(data)}  {name}\n".encode() for name, data in sorted(payload.items()))
        tags = {n: d for n, d in self.files.items() if not n.startswith("data/") and not n.startswith(TAGS)}
        self.files[TAGS] = b"".join(f"{sha256(data)}  {name}\n".encode() for name, data in sorted(tags.items()))

    def vouch(self) -> None:
        """The bundle's own signature and token, made now."""
        self.files[f"{TAGS}.sig"] = self.sign(self.files[TAGS], "evidence-bundle@exhibit.v1")
        self.files[f"{TAGS}.first.tsr"] = self.authority.stamp(self.files[TAGS])

    # How the auditor gets it

    def zipped(self, to: pathlib.Path) -> pathlib.Path:
        """As exhibit writes a bundle: order, dates, modes and the digest at the end."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            names = sorted(n for n in self.files if not n.startswith("data/")) + sorted(n for n in self.files if n.startswith("data/"))
            for name in names:
                info = zipfile.ZipInfo(f"{self.top}/{name}", (1980, 1, 1, 0, 0, 0))
                info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
                info.external_attr = (stat.S_IFLNK | 0o777 if name in self.links else stat.S_IFREG | 0o644) << 16
                archive.writestr(info, self.links[name].encode() if name in self.links else self.files[name])
            archive.comment = b"sha256:" + b"0" * 64
        data = buffer.getvalue()[:-71]
        to.write_bytes(data + b"sha256:" + sha256(data).encode())
        return to

    def unpacked(self, folder: pathlib.Path) -> pathlib.Path:
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if name in self.links:
                (folder / name).symlink_to(self.links[name])
            else:
                (folder / name).write_bytes(data)
        return folder


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return tsa.Authority(tmp_path_factory.mktemp("tsa") / "first", "first")


@pytest.fixture(scope="module")
def owner(tmp_path_factory, binary, company, memory, authority):
    """Three whole runs and an aborted one of an honest owner, all vouched for, and their bundle."""
    made = Exhibit(tmp_path_factory.mktemp("owner") / "work", company, memory, binary)
    today = datetime.date.today()
    first, last = today - datetime.timedelta(days=60), today + datetime.timedelta(days=30)
    with authority.serve() as url:
        made.config(f'organization = "Acme"\n[[period]]\nname = "P"\ntype = "type-2"\nstart = {first}\nend = {last}\n[custody]\n'
                    f'signing_key = "keys/evidence"\nprincipal = "{WHO}"\ntsa = [{{ name = "first", url = "{url}" }}]\n')
        ran = made.run("key", "init", "--format", "json")
        (made.folder / "signers").write_text(ran.json()["keys"][0]["allowed_signer"] + "\n")
        made.collect(*QUICK)
        post(memory, "/fault/rules", data="sts:GetCallerIdentity=403")
        try:
            assert made.run("collect", *QUICK).code == INCOMPLETE
        finally:
            post(memory, "/fault/rules", data="")
        made.collect(*QUICK)
        made.collect(*QUICK)
        ran = made.run("bind", "--period", "P", "--out", "out")
        assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
        # A fabricated run: made live, by the real program and the real authority, of answers that AWS never gave.
        invented = Exhibit(tmp_path_factory.mktemp("invented") / "work", company, memory, binary)
        shutil.copytree(made.folder, invented.folder, copy_function=shutil.copy2, dirs_exist_ok=True)
        invented.account = Account(company.endpoint).other("600000000088")
        invented.collect(*QUICK)
        ran = invented.run("bind", "--period", "P", "--out", "invented")
        assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
    made.invented = invented.folder / "invented/bundle.zip"
    types = [e["type"] for e in made.log()]
    assert types.count("snapshot") == 3 and types.count("run-abort") == 1
    return made


def read(path: pathlib.Path) -> tuple[str, dict[str, bytes]]:
    with zipfile.ZipFile(path) as bundle:
        top = bundle.namelist()[0].split("/")[0]
        return top, {name.split("/", 1)[1]: bundle.read(name) for name in bundle.namelist()}


@pytest.fixture
def case(owner, authority, tmp_path):
    top, files = read(owner.folder / "out/bundle.zip")
    return Case(files, top, owner.folder / "keys/evidence", authority, tmp_path)


@pytest.fixture
def kept(owner, tmp_path):
    """The checkpoints that the auditor was sent: one after the first run, and the newest."""
    early, late = tmp_path / "early.checkpoint", tmp_path / "late.checkpoint"
    made = sorted((owner.locker / "checkpoints").glob("*.checkpoint"))
    first = next(e["seq"] for e in owner.log() if e["type"] == "snapshot")
    shutil.copy(owner.locker / f"checkpoints/{first:09}.checkpoint", early)
    shutil.copy(made[-1], late)
    return early, late


# The attacks. Each changes the case; what it gives, if anything, is `(code, part of a file's name)` besides those listed below.


def flipped(case):
    name = case.a_body(case.runs()[0])
    data = bytearray(case.files[name])
    data[len(data) // 2] ^= 1
    case.files[name] = bytes(data)


def removed(case):
    del case.files[case.a_body(case.runs()[0])]


def added_in_data(case):
    case.files["data/extra.csv"] = b"more"


def added_outside(case):
    case.files["extra.txt"] = b"more"


def readme(case):
    case.files["README.txt"] += b"All is well.\n"


def linked(case):
    case.scratch.joinpath("elsewhere").write_bytes(case.files["data/binder.pdf"])
    case.links["data/binder.pdf"] = str(case.scratch / "elsewhere")


def in_transit(case):
    case.files["data/deviations.csv"] = b"control,resource\n"
    case.manifests()


def in_transit_with_another_key(case):
    in_transit(case)
    other = case.scratch / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    case.files[f"{TAGS}.sig"] = case.sign(case.files[TAGS], "evidence-bundle@exhibit.v1", other)
    case.files[f"{TAGS}.first.tsr"] = case.authority.stamp(case.files[TAGS])


def vouched_anew(attack):
    """What the owner does last: manifests, signature and token of the bundle."""

    def apply(case):
        attack(case)
        case.manifests()
        case.vouch()

    apply.__name__ = attack.__name__
    return apply


@vouched_anew
def body_edited(case):
    case.edit_body(case.runs()[0])


@vouched_anew
def run_dropped(case):
    folder = f"{EVIDENCE}{case.runs()[1]}/"
    for name in [n for n in case.files if n.startswith(folder)]:
        del case.files[name]


@vouched_anew
def two_runs_cut_untidily(case):
    entries = case.entries()
    opened = next(e["seq"] for e in entries if e["type"] == "run-open" and e["body"]["run"] == case.runs()[1])
    case.files[LOG] = b"".join(case.files[LOG].splitlines(keepends=True)[: opened - 1])


@vouched_anew
def aborted_run_removed(case):
    """The chain rebuilt; the old checkpoints are kept, since their dates cannot be had again."""
    entries = case.entries()
    aborted = next(e["body"]["run"] for e in entries if e["type"] == "run-abort")
    own = {e["seq"] for e in entries if e["body"].get("run") == aborted}
    case.write_log([e for e in entries if e["seq"] not in own and e["body"].get("checkpoint") not in own])


@vouched_anew
def checkpoint_removed(case):
    stem = f"{CHECKPOINTS}{next(e['seq'] for e in case.entries() if e['type'] == 'run-abort'):09}.checkpoint"
    for name in [n for n in case.files if n.startswith(stem)]:
        del case.files[name]


@vouched_anew
def token_swapped(case):
    first, second = [e["body"] for e in case.entries() if e["type"] == "timestamped"][:2]
    case.files[CHECKPOINTS + first["tokens"][0]["file"]] = case.files[CHECKPOINTS + second["tokens"][0]["file"]]


@vouched_anew
def back_dated(case):
    """An entry put between others, with a date that fits there: tokens fixed their place."""
    entries = case.entries()
    at = next(n for n, e in enumerate(entries) if e["type"] == "snapshot") + 2
    body = {"control": "root-mfa-enabled", "period": None, "reviewer": "Robin Reviewer", "decision": "approved", "comment": "In time"}
    case.write_log(entries[:at] + [{"v": 1, "at": entries[at - 1]["at"], "type": "review", "body": body}] + entries[at:])


@vouched_anew
def full_rewrite(case):
    """Other evidence, dated a month ago, with signatures and tokens for all of it; tokens can be had for now only."""
    says, run = case.edit_body(case.runs()[0]), case.runs()[0]
    earlier = lambda text: (datetime.datetime.fromisoformat(text) - datetime.timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    entries = case.entries()
    for entry in entries[1:]:  # the first one gives the log its name
        entry["at"] = earlier(entry["at"])
        if entry["type"] == "snapshot" and entry["body"]["run"] == run:
            entry["body"] |= says
    entries[0]["at"] = earlier(entries[0]["at"])
    genesis = sha256(line(entries[0] | {"seq": 1, "prev": "0" * 64})[:-1])
    me = json.loads(case.files["data/locker.json"])
    case.files["data/locker.json"] = line(me | {"genesis": genesis, "origin": me["origin"].rpartition("/")[0] + "/" + genesis[:8]})
    case.remake(entries)


@vouched_anew
def clean_tail_cut(case):
    """The last run, with all that speaks of it."""
    last = case.runs()[-1]
    entries = case.entries()
    opened = next(e["seq"] for e in entries if e["type"] == "run-open" and e["body"]["run"] == last)
    case.files[LOG] = b"".join(case.files[LOG].splitlines(keepends=True)[: opened - 1])
    for name in list(case.files):
        number = re.match(CHECKPOINTS + r"(\d{9})\.", name)
        if name.startswith(f"{EVIDENCE}{last}/") or (number and int(number[1]) >= opened):
            del case.files[name]


def fabricated(case):
    pass  # made live, see `owner`; the case's files are taken from there


MEMBERS = "plain files and folders"
# attack → the faults that exhibit must name (code, part of the file's name), and the stock check that must fail.
CAUGHT = {
    flipped: ({("changed", "/bodies/")}, "manifest-sha256.txt: every file has its SHA-256"),
    removed: ({("missing", "/bodies/")}, "whole folder: no file added or missing"),
    added_in_data: ({("unexpected", "data/extra.csv")}, "whole folder: no file added or missing"),
    added_outside: ({("unexpected", "extra.txt")}, "whole folder: no file added or missing"),
    readme: ({("changed", "README.txt")}, f"{TAGS}: every file has its SHA-256"),
    linked: ({("changed", "data/binder.pdf")}, MEMBERS),
    in_transit: ({("signature", f"{TAGS}.sig"), ("token", f"{TAGS}.first.tsr")}, "signatures:"),
    in_transit_with_another_key: ({("unknown-signer", f"{TAGS}.sig")}, "signatures:"),
    body_edited: ({("changed", "snapshot.json")}, "snapshot "),
    run_dropped: ({("missing", "snapshot.json")}, "log: every run between the first and the last here"),
    two_runs_cut_untidily: ({("unexpected", "snapshot.json"), ("unexpected", ".checkpoint")}, "checkpoints:"),
    aborted_run_removed: ({("checkpoint", ".checkpoint")}, "checkpoints:"),
    checkpoint_removed: ({("missing", ".checkpoint"), ("missing", ".sig"), ("missing", ".tsr")}, "checkpoints:"),
    token_swapped: ({("changed", ".first.tsr"), ("token", ".first.tsr")}, "signatures and time stamps: as the log names them"),
    back_dated: ({("checkpoint", ".checkpoint")}, "checkpoints:"),
    full_rewrite: ({("time", ".first.tsr"), ("earlier-checkpoint", LOG)}, "signatures and time stamps: as the log names them"),
}


def exhibit_says(owner, case, *more) -> dict:
    bundle = case.zipped(case.scratch / "bundle.zip")
    ran = owner.run("verify", "--format", "json", bundle, "--signers", owner.folder / "signers", "--tsa-ca", case.authority.ca, *more)
    found = ran.json()
    assert ran.code == (OK if found["ok"] else TAMPERED), ran.err
    return found


def stock_says(owner, case, *earlier) -> subprocess.CompletedProcess:
    """The script of the release, not the one in the bundle."""
    folder = case.unpacked(case.scratch / "unpacked")
    env = {"PATH": os.environ["PATH"], "SIGNERS": str(owner.folder / "signers"), "PRINCIPAL": WHO, "TSACA": str(case.authority.ca)}
    return subprocess.run(["/bin/sh", str(SCRIPTS / "VERIFY.sh"), str(folder), *map(str, earlier)], capture_output=True, text=True, errors="replace", env=env)


def failed(ran: subprocess.CompletedProcess) -> list[str]:
    return [text[6:] for text in ran.stdout.splitlines() if text.startswith("FAIL  ")]


def test_the_control_passes_everything(owner, case, kept):
    found = exhibit_says(owner, case, "--checkpoint", kept[0], "--checkpoint", kept[1])
    assert found["ok"], found["faults"]
    assert found["signed"]["bundle"]["signature"] and len(found["signed"]["checkpoints"]) == 9
    ran = stock_says(owner, case, *kept)
    assert ran.returncode == 0 and not failed(ran) and "SKIP" not in ran.stdout, ran.stdout + ran.stderr
    # The way in which the attacks are put together is none of what is caught.
    case.manifests()
    assert case.files == read(owner.folder / "out/bundle.zip")[1]


def test_the_tools_of_the_owner_are_as_good_as_exhibit(owner, case):
    """A log made anew without any change verifies: what is caught below is the tampering."""
    case.remake(case.entries())
    case.manifests()
    case.vouch()
    found = exhibit_says(owner, case)
    assert found["ok"], found["faults"]
    ran = stock_says(owner, case)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("attack", CAUGHT, ids=lambda attack: attack.__name__)
def test_caught(attack, owner, case, kept):
    faults, check = CAUGHT[attack]
    attack(case)
    found = exhibit_says(owner, case, "--checkpoint", kept[0])
    assert not found["ok"]
    for code, file in faults:
        assert any(f["code"] == code and file in f["file"] for f in found["faults"]), (code, file, found["faults"])
    ran = stock_says(owner, case, kept[0])
    assert ran.returncode == 1 and any(text.startswith(check) for text in failed(ran)), ran.stdout + ran.stderr


def test_the_full_rewrite_is_caught_by_the_earlier_checkpoint_too(owner, case, kept):
    full_rewrite(case)
    ran = stock_says(owner, case, kept[0])
    assert any(text.startswith("earlier checkpoint") for text in failed(ran)), ran.stdout


@pytest.mark.parametrize("attack", [clean_tail_cut, fabricated], ids=lambda attack: attack.__name__)
def test_only_cloudtrail_knows(attack, owner, case, kept):
    """Signatures and time stamps alone do not stop the owner: what he leaves out, or invents, is vouched for as well as the rest."""
    attack(case)
    if attack is fabricated:
        case.files = read(owner.invented)[1]
        # The log goes on from what the auditor knows, so no checkpoint helps.
        assert exhibit_says(owner, case, "--checkpoint", kept[0], "--checkpoint", kept[1])["ok"]
        assert stock_says(owner, case, *kept).returncode == 0
    else:
        found = exhibit_says(owner, case, "--checkpoint", kept[0])
        assert found["ok"], found["faults"]
        ran = stock_says(owner, case, kept[0])
        assert ran.returncode == 0, ran.stdout
        # Unless the auditor was sent the checkpoint of what was cut.
        found = exhibit_says(owner, case, "--checkpoint", kept[1])
        assert [(f["code"], f["file"]) for f in found["faults"]] == [("earlier-checkpoint", LOG)]
        shutil.rmtree(case.scratch / "unpacked")
        ran = stock_says(owner, case, kept[1])
        assert [text for text in failed(ran) if text.startswith("earlier checkpoint")], ran.stdout
    # `exhibit reconcile` finds both: tests/custody/test_reconcile.py.
