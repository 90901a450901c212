"""Who vouches for the evidence: keys, time-stamp authorities and KMS, through the real binary, checked by ssh-keygen and openssl too."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import shutil
import stat
import subprocess
import zipfile

import pytest

from emulator.client import Account
from support import tsa
from support.exhibit import DEVIATIONS, FAILURE, INCOMPLETE, OK, TAMPERED, USAGE, Exhibit, complains, says

CHECKPOINT, BUNDLE = "evidence-checkpoint@exhibit.v1", "evidence-bundle@exhibit.v1"
WHO = "owner@acme"
QUICK = ("--control", "root-mfa-enabled")


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return tsa.Authority(tmp_path_factory.mktemp("tsa") / "first", "first")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    return tsa.Authority(tmp_path_factory.mktemp("tsa") / "stranger", "stranger")


@pytest.fixture(scope="session")
def url(authority):
    with authority.serve() as url:
        yield url


def config(exhibit, *lines: str) -> None:
    # A signature does not mind how thick the binder is.
    exhibit.config("\n".join(['organization = "Acme"', "[scope]", 'categories = ["confidentiality"]', "[custody]", *lines, ""]))


def with_key(exhibit, *more: str) -> pathlib.Path:
    """A key of its own, logged; gives the list of allowed signers that the auditor gets."""
    config(exhibit, 'signing_key = "keys/evidence"', f'principal = "{WHO}"', *more)
    ran = exhibit.run("key", "init", "--format", "json")
    assert ran.code == OK, ran.err
    signers = exhibit.folder / "allowed_signers"
    signers.write_text(ran.json()["keys"][0]["allowed_signer"] + "\n")
    return signers


def codes(found: dict) -> set[tuple[str, str]]:
    return {(fault["code"], fault["file"]) for fault in found["faults"]}


def checkpoints(exhibit) -> list[pathlib.Path]:
    return sorted((exhibit.locker / "checkpoints").glob("*.checkpoint"))


def copy_of(exhibit, folder: pathlib.Path) -> Exhibit:
    shutil.copytree(exhibit.folder, folder, copy_function=shutil.copy2)
    return dataclasses.replace(exhibit, folder=folder)


@pytest.fixture(scope="session")
def vouched(tmp_path_factory, binary, company, memory, authority, url):
    """A locker with one whole run, signed and time-stamped, and a bundle of it; to be copied, not changed."""
    made = Exhibit(tmp_path_factory.mktemp("vouched") / "work", company, memory, binary)
    with_key(made, f'tsa = [{{ name = "first", url = "{url}" }}]')
    made.collect()
    ran = made.run("bind", "--out", "out")
    assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
    return made


@pytest.fixture
def theirs(tmp_path, vouched):
    return copy_of(vouched, tmp_path / "theirs")


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory, vouched):
    place = tmp_path_factory.mktemp("auditor")
    with zipfile.ZipFile(vouched.folder / "out/bundle.zip") as bundle:
        bundle.extractall(place)
    top, = place.iterdir()
    return top


def test_the_key_is_made_for_its_owner_alone(exhibit):
    signers = with_key(exhibit)
    key = exhibit.folder / "keys/evidence"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(key)], capture_output=True, text=True, check=True).stdout.split()[:2]
    assert public == (exhibit.folder / "keys/evidence.pub").read_text().split()[:2] and " ".join(public) in signers.read_text()
    complains(exhibit.run("key", "init"), USAGE, "exists already")
    secret = key.read_bytes().split(b"\n")[1]
    assert not any(secret in path.read_bytes() for path in exhibit.locker.rglob("*") if path.is_file()), "the key is in the locker"
    assert [e["type"] for e in exhibit.log()] == ["genesis", "key-add", "timestamped"]


def test_a_key_in_the_locker_is_refused(exhibit):
    config(exhibit, 'signing_key = "locker/evidence"', f'principal = "{WHO}"')
    complains(exhibit.run("key", "init"), USAGE, "lies in the locker")


def test_a_key_that_others_may_read_does_not_sign(exhibit):
    with_key(exhibit)
    (exhibit.folder / "keys/evidence").chmod(0o644)
    ran = exhibit.run("collect", *QUICK)
    says(ran, FAILURE, "NOT SIGNED", "chmod 600")


def test_everything_is_signed_and_stamped(vouched, unpacked, authority):
    """By exhibit with the auditor's list and authorities, and by the stock tools alone."""
    signers = vouched.folder / "allowed_signers"
    for path in ([], ["out/bundle.zip"]):
        found = vouched.verify(*path, "--signers", signers, "--tsa-ca", authority.ca)
        signed = found["signed"]
        assert found["ok"] and signed["principal"] == WHO and signed["signers_given"] and signed["tsa_ca_given"]
        assert all(one["signature"] and [t["tsa"] for t in one["tokens"]] == ["first"] for one in signed["checkpoints"])
        assert len(signed["checkpoints"]) == 3
    assert signed["bundle"]["signature"]["file"] == "tagmanifest-sha256.txt.sig"
    found = checkpoints(vouched)
    assert len(found) == 3
    for text in found + sorted((unpacked / "data/log/checkpoints").glob("*.checkpoint")):
        assert tsa.signed(text, text.with_name(text.name + ".sig"), signers, WHO, CHECKPOINT)
        assert not tsa.signed(text, text.with_name(text.name + ".sig"), signers, WHO, BUNDLE), "namespaces keep uses apart"
        assert tsa.verifies(text, text.with_name(text.name + ".first.tsr"), authority.ca)
    tags = unpacked / "tagmanifest-sha256.txt"
    assert tsa.signed(tags, unpacked / "tagmanifest-sha256.txt.sig", signers, WHO, BUNDLE)
    assert tsa.verifies(tags, unpacked / "tagmanifest-sha256.txt.first.tsr", authority.ca)
    types = [e["type"] for e in vouched.log()]
    assert types == ["genesis", "key-add", "timestamped", "run-open", "timestamped", "witness", "snapshot", "timestamped", "bundle-export"]


def test_the_log_pins_what_vouches(vouched):
    log = vouched.log()
    for entry in (e for e in log if e["type"] == "timestamped"):
        for file in [entry["body"]["signature"], *entry["body"]["tokens"]]:
            data = (vouched.locker / "checkpoints" / file["file"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"]
    before, opened = log[2]["body"]["tokens"][-1], log[3]
    assert opened["body"]["previous_token"] == before["sha256"]


def test_what_was_given_away_is_in_the_log(vouched):
    export, bundle = vouched.log()[-1]["body"], (vouched.folder / "out/bundle.zip").read_bytes()
    assert export["sha256"] == hashlib.sha256(bundle).hexdigest() and export["entries"] == 8


def test_the_words_of_binder_and_terminal(vouched, unpacked, tmp_path):
    page = (unpacked / "data/index.html").read_text()
    assert f"signed by {WHO}" in page and "time-stamped by first" in page
    assert "signed by" in (unpacked / "README.txt").read_text()
    said = vouched.run("verify").out
    assert "does NOT show who signed" in said and f"signed by {WHO}" in said and "--tsa-ca" in said
    said = vouched.run("verify", "--signers", vouched.folder / "allowed_signers").out
    assert "does NOT show" not in said
    assert f"signed by {WHO}" in vouched.run("status").out
    assert (unpacked / "data/trust/allowed_signers").read_text().startswith("#")


def test_binding_twice_gives_the_same_bytes_with_a_key_file(exhibit, authority, url):
    """Only tokens differ; the log of the bundle does not grow by the exports of itself."""
    with_key(exhibit)
    exhibit.run("collect", *QUICK)
    outs = []
    for out in ("a", "b"):
        ran = exhibit.run("bind", "--out", out)
        assert ran.code in (OK, INCOMPLETE), ran.err
        outs.append((exhibit.folder / out / "bundle.zip").read_bytes())
    assert outs[0] == outs[1]
    assert [e["type"] for e in exhibit.log()][-2:] == ["bundle-export"] * 2
    config(exhibit, 'signing_key = "keys/evidence"', f'principal = "{WHO}"', f'tsa = [{{ name = "first", url = "{url}" }}]')
    exhibit.run("bind", "--out", "c")
    one, other = (zipfile.ZipFile(exhibit.folder / out / "bundle.zip") for out in ("a", "c"))
    extra = set(other.namelist()) - set(one.namelist())
    assert {name.split("/", 1)[1] for name in extra} == {"tagmanifest-sha256.txt.first.tsr"}
    assert all(one.read(name) == other.read(name) for name in one.namelist())


def test_unsigned(with_locker, authority, tmp_path):
    """Nothing configured: all works, and says so; a reader who wants to know who signed is told that nobody did."""
    signers = tmp_path / "signers"
    signers.write_text("")
    assert with_locker.verify()["signed"] is False
    assert "unsigned" in with_locker.run("verify").out and "unsigned" in with_locker.run("status").out
    newest = f"checkpoints/{checkpoints(with_locker)[-1].name}"
    assert codes(with_locker.verify("--signers", signers, "--tsa-ca", authority.ca, code=TAMPERED)) == {("unsigned", newest), ("not-stamped", newest)}


def test_wrong_signer(theirs, tmp_path):
    """The auditor's list names another key, another person, another time, another use."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    line = (theirs.folder / "allowed_signers").read_text()
    key = line.split(" ", 2)[2]
    cases = {f"{WHO} {(tmp_path / 'other.pub').read_text()}": "unknown-signer", f"somebody@acme {key}": "unknown-signer",
             f'{WHO} valid-after="20990101Z" {key}': "key-not-valid", f'{WHO} valid-before="20200101Z" {key}': "key-not-valid",
             f'{WHO} namespaces="git" {key}': "unknown-signer"}
    for text, code in cases.items():
        (tmp_path / "signers").write_text(text)
        for path, files in ((["out/bundle.zip"], 4), ([], 3)):
            found = theirs.verify(*path, "--signers", tmp_path / "signers", code=TAMPERED)
            assert {c for c, file in codes(found) if file.endswith(".sig")} == {code}, (text, found["faults"])
            assert sum(file.endswith(".sig") for _, file in codes(found)) == files
    (tmp_path / "signers").write_text(f"somebody@acme {key}")
    assert theirs.verify("--signers", tmp_path / "signers", "--principal", "somebody@acme")["ok"]
    (tmp_path / "signers").write_text("not a list")
    complains(theirs.run("verify", "--signers", tmp_path / "signers"), USAGE, "line 1")


def test_wrong_ca(theirs, stranger):
    found = theirs.verify("out/bundle.zip", "--tsa-ca", stranger.ca, code=TAMPERED)
    assert {c for c, file in codes(found) if file.endswith(".tsr")} == {"untrusted-token"}
    assert ("not-stamped", "tagmanifest-sha256.txt") in codes(found)
    assert not tsa.verifies(theirs.locker / "checkpoints/000000002.checkpoint", theirs.locker / "checkpoints/000000002.checkpoint.first.tsr", stranger.ca)
    (theirs.folder / "empty.pem").write_text("")
    complains(theirs.run("verify", "--tsa-ca", "empty.pem"), USAGE, "there are none")


def test_what_vouches_was_changed(theirs, authority):
    """Taken away, swapped, altered: the file is named."""
    folder = theirs.locker / "checkpoints"
    signers = theirs.folder / "allowed_signers"

    def faults() -> set:
        return codes(theirs.verify("--signers", signers, "--tsa-ca", authority.ca, code=TAMPERED))

    signature, token = folder / "000000004.checkpoint.sig", folder / "000000004.checkpoint.first.tsr"
    kept = {path: path.read_bytes() for path in (signature, token)}
    for path in kept:
        path.unlink()
        assert ("missing", f"checkpoints/{path.name}") in faults()
        path.write_bytes(kept[path])
    signature.write_bytes((folder / "000000002.checkpoint.sig").read_bytes())
    assert {("changed", "checkpoints/000000004.checkpoint.sig"), ("signature", "checkpoints/000000004.checkpoint.sig")} <= faults()
    signature.write_bytes(kept[signature])
    token.write_bytes((folder / "000000002.checkpoint.first.tsr").read_bytes())
    assert {("changed", "checkpoints/000000004.checkpoint.first.tsr"), ("token", "checkpoints/000000004.checkpoint.first.tsr")} <= faults()
    token.write_bytes(kept[token])
    (folder / "000000002.checkpoint.second.tsr").write_bytes(kept[token])
    assert ("unexpected", "checkpoints/000000002.checkpoint.second.tsr") in faults()
    (folder / "000000002.checkpoint.second.tsr").unlink()
    assert theirs.verify("--signers", signers, "--tsa-ca", authority.ca)["ok"]


def test_an_earlier_checkpoint(theirs, with_locker, tmp_path):
    kept = tmp_path / "kept"
    kept.write_bytes(checkpoints(theirs)[1].read_bytes().replace(b"\n", b"\r\n") + b"\r\n-- \r\nregards")
    for path in ([], ["out/bundle.zip"]):
        assert theirs.verify(*path, "--checkpoint", kept)["checked"]["earlier checkpoints"] == 1
    other = checkpoints(with_locker)[0]
    found = theirs.verify("out/bundle.zip", "--checkpoint", kept, "--checkpoint", other, code=TAMPERED)
    assert codes(found) == {("earlier-checkpoint", "data/log/log.jsonl")} and "of the log" in found["faults"][0]["message"]
    origin = kept.read_text().splitlines()[0]
    kept.write_text(f"{origin}\n99\n{'A' * 43}=\n")
    assert "over 99 entries" in theirs.verify("--checkpoint", kept, code=TAMPERED)["faults"][0]["message"]
    kept.write_text("a letter")
    complains(theirs.run("verify", "--checkpoint", kept), USAGE, "no checkpoint")


def test_the_authority_is_down_then_up(exhibit, authority, url):
    signers = with_key(exhibit, f'tsa = [{{ name = "first", url = "{url}" }}, {{ name = "none", url = "http://127.0.0.1:9/tsr" }}]')
    authority.down = True
    try:
        ran = exhibit.run("collect", *QUICK)
    finally:
        authority.down = False
    says(ran, OK, "not time-stamped by first", "503", "refused")
    failed = [e["body"] for e in exhibit.log() if e["type"] == "timestamp-failed"]
    assert {(f["checkpoint"], f["tsa"]) for f in failed if f["tsa"] == "first"} == {(n, "first") for n in (5, int(checkpoints(exhibit)[-1].name[:9]))}, failed
    newest = checkpoints(exhibit)[-1]
    assert "NOT time-stamped by first" in exhibit.run("status").out
    found = exhibit.verify("--tsa-ca", authority.ca, "--signers", signers, code=TAMPERED)
    assert codes(found) == {("not-stamped", f"checkpoints/{newest.name}")}
    config(exhibit, 'signing_key = "keys/evidence"', f'principal = "{WHO}"', f'tsa = [{{ name = "first", url = "{url}" }}]')
    ran = exhibit.run("bind", "--out", "out")
    assert ran.code in (OK, INCOMPLETE), ran.err
    assert newest.with_name(newest.name + ".first.tsr").is_file(), "the newest is made up for"
    found = exhibit.verify("--tsa-ca", authority.ca, "--signers", signers)
    assert any(note.startswith("checkpoints/000000005.checkpoint: it has no time stamp") for note in found["notes"]), found["notes"]
    assert exhibit.verify("out/bundle.zip", "--tsa-ca", authority.ca, "--signers", signers)["ok"]
    before = len(exhibit.log())
    exhibit.run("bind", "--out", "again")
    assert len(exhibit.log()) == before + 1, "what succeeded is not tried again"


def test_a_crash_before_anybody_vouched(exhibit, authority, url):
    """Cut short between a checkpoint, its signature and the entry: the next command takes it up, and says so."""
    signers = with_key(exhibit, f'tsa = [{{ name = "first", url = "{url}" }}]')
    exhibit.run("collect", *QUICK)
    last = exhibit.log()[-1]
    assert last["type"] == "timestamped"
    (exhibit.locker / f"log/{last['seq']:09}.json").unlink()
    newest = checkpoints(exhibit)[-1]
    token = newest.with_name(newest.name + ".first.tsr")
    kept = newest.with_name(newest.name + ".sig").read_bytes()
    token.unlink()
    found = exhibit.verify()
    assert any(".sig: exhibit was cut short before its entry" in note for note in found["notes"])
    assert exhibit.run("collect", *QUICK).code == OK
    types = [e["type"] for e in exhibit.log()]
    assert types[last["seq"] - 1 : last["seq"] + 2] == ["timestamp-failed", "timestamped", "run-open"]
    assert token.is_file() and newest.with_name(newest.name + ".sig").read_bytes() == kept
    assert exhibit.verify("--tsa-ca", authority.ca, "--signers", signers)["ok"]


def test_the_key_file_is_gone(exhibit):
    """The run is sealed all the same, everybody is told, and the next command makes up for it."""
    signers = with_key(exhibit)
    key = exhibit.folder / "keys/evidence"
    kept = key.read_bytes()
    key.unlink()
    ran = exhibit.run("collect", *QUICK)
    says(ran, FAILURE, "is not there")
    assert ran.err.count("is NOT SIGNED") == 2
    assert len(exhibit.snapshots()) == 1 and exhibit.verify()["ok"]
    assert "NOT signed" in exhibit.run("status").out
    newest = checkpoints(exhibit)[-1]
    assert codes(exhibit.verify("--signers", signers, code=TAMPERED)) == {("unsigned", f"checkpoints/{newest.name}")}
    key.write_bytes(kept)
    key.chmod(0o600)
    ran = exhibit.run("bind", "--out", "out")
    assert ran.code in (OK, INCOMPLETE) and "NOT SIGNED" not in ran.err
    assert exhibit.verify("--signers", signers)["signed"]["checkpoint"] == int(newest.name[:9])
    assert "NOT signed" not in exhibit.run("status").out


def test_keys_come_and_go(exhibit, tmp_path):
    first = with_key(exhibit)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(exhibit.folder / "keys/second")], check=True)
    ran = exhibit.run("key", "add", "keys/second.pub", "--format", "json")
    assert ran.code == OK, ran.err
    added = ran.json()["keys"][0]
    # The new key's entry is vouched for by the old one.
    seen = exhibit.verify("--signers", first)["signed"]["checkpoints"][-1]
    assert seen["checkpoint"] == 4 and seen["signature"]["fingerprint"] != added["fingerprint"]
    config(exhibit, 'signing_key = "keys/second"', f'principal = "{WHO}"')
    assert exhibit.run("collect", *QUICK).code == OK
    assert "unknown-signer" in {c for c, _ in codes(exhibit.verify("--signers", first, code=TAMPERED))}
    both = tmp_path / "both"
    both.write_text(first.read_text() + added["allowed_signer"] + "\n")
    assert exhibit.verify("--signers", both)["ok"]
    complains(exhibit.run("key", "revoke", "SHA256:none", "--reason", "x"), USAGE, "exhibit key list")
    ran = exhibit.run("key", "revoke", added["fingerprint"], "--reason", "Laptop stolen")
    assert ran.code == OK, ran.err
    assert "Laptop stolen" in exhibit.run("key", "list").out and "valid-before" in ran.out
    # What it signed before still counts; what it signs now does not.
    assert exhibit.verify("--signers", both)["ok"]
    ran = exhibit.run("collect", *QUICK)
    says(ran, FAILURE, "was revoked")
    config(exhibit, 'signing_key = "keys/evidence"', f'principal = "{WHO}"')
    assert exhibit.run("collect", *QUICK).code == OK
    assert exhibit.verify("--signers", both)["ok"]
    complains(exhibit.run("key", "add", "keys/second"), USAGE, "private key")


def test_a_signature_by_a_revoked_key(exhibit):
    """Made with the tools of anybody who has the stolen key, and put into the log."""
    with_key(exhibit)
    fingerprint = exhibit.log()[1]["body"]["fingerprint"]
    assert exhibit.run("key", "revoke", fingerprint, "--reason", "Stolen").code == OK
    exhibit.run("collect", *QUICK)
    newest = checkpoints(exhibit)[-1]
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(exhibit.folder / "keys/evidence"), "-n", CHECKPOINT, str(newest)], check=True)
    signature = newest.with_name(newest.name + ".sig")
    signature.chmod(0o600)
    last = exhibit.log()[-1]
    line = (exhibit.locker / f"log/{last['seq']:09}.json").read_bytes().rstrip(b"\n")
    entry = {"v": 1, "seq": last["seq"] + 1, "at": last["at"], "type": "timestamped", "prev": hashlib.sha256(line).hexdigest(), "body": {
        "checkpoint": int(newest.name[:9]), "tokens": [], "signature": {"file": signature.name, "sha256": hashlib.sha256(signature.read_bytes()).hexdigest()}}}
    (exhibit.locker / f"log/{entry['seq']:09}.json").write_text(json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n")
    assert ("key-not-valid", f"checkpoints/{signature.name}") in codes(exhibit.verify(code=TAMPERED))


@pytest.fixture
def kms(tmp_path, binary, cli_endpoint, memory):
    """exhibit in an account of its own, with a key in KMS."""
    account = Account(cli_endpoint).other("600000000077")
    arn = account.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    run = Exhibit(tmp_path / "kms", account, memory, binary)
    config(run, f'kms_key = "{arn}"', f'principal = "{WHO}"')
    run.arn = arn
    return run


def test_a_key_in_kms(kms, tmp_path):
    ran = kms.run("key", "add", "--format", "json")
    assert ran.code == OK, ran.err
    key = ran.json()["keys"][0]
    assert key["source"] == "kms" and key["key"].startswith("ecdsa-sha2-nistp256 ")
    signers = tmp_path / "signers"
    signers.write_text(key["allowed_signer"] + "\n")
    # As an auditor gets it from KMS: the same key.
    der = kms.account.client("kms").get_public_key(KeyId=kms.arn)["PublicKey"]
    pem = tmp_path / "kms.pem"
    pem.write_bytes(tsa.openssl("pkey", "-pubin", "-inform", "DER", data=der))
    theirs = subprocess.run(["ssh-keygen", "-i", "-m", "PKCS8", "-f", str(pem)], capture_output=True, text=True, check=True).stdout
    assert theirs.split()[:2] == key["key"].split()
    assert kms.run("collect", *QUICK).code in (OK, INCOMPLETE)
    for text in checkpoints(kms):
        assert tsa.signed(text, text.with_name(text.name + ".sig"), signers, WHO, CHECKPOINT)
    ran = kms.run("bind", "--out", "out")
    assert ran.code in (OK, INCOMPLETE), ran.err
    found = kms.verify("out/bundle.zip", "--signers", signers)
    assert found["signed"]["bundle"]["signature"]["fingerprint"] == key["fingerprint"]
    # Signing is no evidence: the run's exchanges hold none of it.
    assert not any(e["operation"] in ("Sign", "GetPublicKey") for e in kms.exchanges())


def test_kms_refuses(kms, faults):
    assert kms.run("key", "add").code == OK
    with faults("kms:Sign=403"):
        ran = kms.run("collect", *QUICK)
    says(ran, FAILURE, "NOT SIGNED", "kms:Sign", "AccessDenied")
    assert len(kms.snapshots()) == 1 and kms.verify()["ok"]
    assert "NOT signed" in kms.run("status").out
    assert kms.run("bind", "--out", "out").code in (OK, INCOMPLETE)
    assert kms.verify()["signed"]["checkpoint"] == int(checkpoints(kms)[-1].name[:9])


def test_a_key_of_another_kind_in_kms(kms):
    made = kms.account.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    config(kms, f'kms_key = "{made}"', f'principal = "{WHO}"')
    complains(kms.run("key", "add"), FAILURE, "ECC_NIST_P256")


def test_the_policy_names_the_key(kms, exhibit):
    policies = kms.run("policy", "--format", "json").json()["policies"]
    (statement,) = next(policy["document"]["Statement"] for policy in policies if policy["name"] == "exhibit-sign")
    assert statement["Resource"] == kms.arn and statement["Action"] == ["kms:GetPublicKey", "kms:Sign"]
    assert "kms:Sign" not in exhibit.run("policy").out
