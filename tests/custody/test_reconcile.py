"""The locker held against CloudTrail: an emulator that writes down every call that it answers."""

from __future__ import annotations

import base64
import csv
import datetime
import gzip
import hashlib
import io
import itertools
import json
import shutil
import subprocess
import sys
import time
import zipfile

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulator.client import Account, post
from seeds.build import SECOND, Builder
from support import reseal
from support.exhibit import INCOMPLETE, OK, ROOT, TAMPERED, USAGE, Exhibit, complains
from support.locker_format import line

_numbers = itertools.count(644000000001)
QUICK = ("--control", "root-mfa-enabled", "--control", "default-sg-closed")
OWN = "a call that a reconciliation made"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def account(cli_endpoint):
    """An account of which CloudTrail writes everything down, from before anybody has a session in it."""
    number = str(next(_numbers))
    post(cli_endpoint, "/exhibit/record", account=number, on=1)
    made = Account(cli_endpoint).other(number)
    Builder(made).regions()
    made.control("forget-events")  # what the setting up needed is no business of the role's
    yield made
    made.control("record", on=0)


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    made = Exhibit(tmp_path / "work", account, cli_endpoint, binary)
    made.config('organization = "Example"\n[[period]]\nname = "now"\ntype = "type-2"\nstart = 2020-01-01\nend = 2120-01-01\n')
    return made


def reconcile(exhibit: Exhibit, *arguments, code: int = OK) -> dict:
    ran = exhibit.run("reconcile", "--format", "json", *arguments)
    assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.err}\n{ran.out[:3000]}"
    told = ran.json()
    counted = {name: sum(row["class"] == name for row in told["rows"]) for name in told["counts"]}
    assert told["schema"] == "exhibit.reconcile/1" and told["counts"] == counted
    return told


def some(told: dict) -> dict:
    """The classes that occur, but for the calls of reconciliations: the emulator has them at once."""
    own = sum(row["why"] == OWN for row in told["rows"])
    return {name: count - own * (name == "accounted") for name, count in told["counts"].items() if count > own * (name == "accounted")}


def of(told: dict, name: str) -> list[dict]:
    return [row for row in told["rows"] if row["class"] == name]


def shifted(moment: str, by: datetime.timedelta) -> str:
    return (datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")) + by).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_older(exhibit: Exhibit, by: datetime.timedelta) -> None:
    """As if everything had been done earlier: the locker by its formats, the history by the emulator."""
    account, run = exhibit.account, exhibit.log()[-1]["body"]["run"]

    def older(exchanges, files):
        for exchange in exchanges:
            exchange["sent_at"], exchange["recv_at"] = shifted(exchange["sent_at"], -by), shifted(exchange["recv_at"], -by)
            date = datetime.datetime.strptime(exchange["aws_date"], "%a, %d %b %Y %H:%M:%S GMT") - by
            exchange["aws_date"] = exchange["headers"]["date"] = date.strftime("%a, %d %b %Y %H:%M:%S GMT")
        meta = json.loads(files["snapshot.json"])
        meta |= {"opened_at": shifted(meta["opened_at"], -by), "closed_at": shifted(meta["closed_at"], -by)}
        files["snapshot.json"] = line(meta)

    reseal.rewrite(exhibit.locker, run, older)
    events = account.control("events")
    account.control("record", on=0)
    account.control("forget-events")
    restate(exhibit, [event | {"eventTime": shifted(event["eventTime"], -by)} for event in events])


def restate(exhibit: Exhibit, events: list[dict]) -> None:
    exhibit.account.control("forget-events")
    post(exhibit.endpoint, "/exhibit/event", json.dumps(events), account=exhibit.account.number)


def test_all_that_a_run_asks_is_in_cloudtrail(exhibit):
    """The whole collection, in both directions, once from the history and once more afterwards."""
    exhibit.collect(code=OK)
    exchanges = exhibit.exchanges()
    told = reconcile(exhibit)
    assert some(told) == {"matched": len(exchanges)}, [row for row in told["rows"] if row["class"] != "matched"][:3]
    assert told["source"]["kind"] == "lookup-events" and {place["region"] for place in told["source"]["looked_up"]} == {"us-east-1", SECOND}
    # The calls of the reconciliation itself stand in CloudTrail now; the next one knows them.
    again = reconcile(exhibit)
    assert some(again) == {"matched": len(exchanges)}
    assert {row["operation"].split(":")[1] for row in of(again, "accounted")} == {"LookupEvents", "GetCallerIdentity"}

    entries = [entry for entry in exhibit.log() if entry["type"] == "reconcile"]
    assert [entry["seq"] for entry in entries] == [told["entry"], again["entry"]]
    body = entries[0]["body"]
    kept = (exhibit.locker / f"objects/{body['sha256'][:2]}/{body['sha256'][2:]}").read_bytes()
    assert hashlib.sha256(kept).hexdigest() == body["sha256"] == told["sha256"] and len(kept) == body["size"]
    result = json.loads(kept)
    assert line(result) == kept and result["rows"] == told["rows"] and body["counts"] == told["counts"]
    assert exhibit.verify()["checked"]["reconciliations"] == 2
    assert "CloudTrail: 1 run of 1 reconciled" in exhibit.run("status").out
    assert len(exhibit.run("status", "--format", "json").json()["reconciliations"]) == 2


def test_a_result_that_is_lost_or_changed_is_a_fault(exhibit):
    exhibit.collect(*QUICK)
    reconcile(exhibit)
    kept, = (path for path in (exhibit.locker / "objects").rglob("*") if path.is_file())
    data = kept.read_bytes()
    kept.write_bytes(data.replace(b'"matched"', b'"Matched"'))
    assert any(kept.name in fault["file"] for fault in exhibit.verify(code=TAMPERED)["faults"])
    kept.unlink()
    assert any(fault["code"] == "missing" for fault in exhibit.verify(code=TAMPERED)["faults"])


def test_a_call_outside_of_exhibit_is_an_orphan(exhibit):
    exhibit.collect(*QUICK)
    exhibit.account.client("iam").list_users()
    told = reconcile(exhibit, code=TAMPERED)
    orphan, = of(told, "cloudtrail-only")
    assert orphan["operation"] == "iam.amazonaws.com:ListUsers" and orphan["run"] is None and orphan["exchange"] is None
    ran = exhibit.run("reconcile")
    assert ran.code == TAMPERED and "iam.amazonaws.com:ListUsers" in ran.out and "not what they returned" in ran.out


def test_another_session_of_the_same_role_is_found(exhibit, cli_endpoint):
    """A collection into another locker, under a session name of its own."""
    exhibit.collect(*QUICK)
    number = exhibit.account.number
    key = Account(cli_endpoint).client("sts").assume_role(RoleArn=f"arn:aws:iam::{number}:role/auditor", RoleSessionName="scratch")["Credentials"]
    other = Account(cli_endpoint, key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], number)
    other.client("ec2", SECOND).describe_vpcs()
    told = reconcile(exhibit, code=TAMPERED)
    orphan, = of(told, "cloudtrail-only")
    assert orphan["operation"] == "ec2.amazonaws.com:DescribeVpcs" and "assumed-role/auditor/scratch" in orphan["why"]


def test_a_tail_that_was_cut(exhibit):
    """The last run is taken away whole: the log holds, CloudTrail remembers."""
    exhibit.collect(*QUICK)
    before = len(exhibit.log())
    exhibit.collect(*QUICK)
    run, calls = exhibit.log()[-1]["body"]["run"], len(exhibit.exchanges())
    (exhibit.locker / f"snapshots/{run}.zip").unlink()
    for folder in ("log", "checkpoints"):
        for path in (exhibit.locker / folder).iterdir():
            if int(path.name[:9]) > before:
                path.unlink()
    exhibit.verify()
    time.sleep(1)  # times of events are seconds, and the one that has begun is not asked for
    told = reconcile(exhibit, "--period", "now", code=TAMPERED)
    assert told["counts"]["cloudtrail-only"] == calls


def test_another_run_of_the_locker_is_no_orphan(exhibit):
    exhibit.collect(*QUICK)
    first = exhibit.log()[-1]["body"]["run"]
    exhibit.collect(*QUICK)
    told = reconcile(exhibit, "--snapshot", first)
    # Its own calls are in the window only if they fall into the second in which it began.
    assert {row["why"] for row in of(told, "accounted")} - {OWN} == {"an exchange of another snapshot of this locker"}


def test_a_run_without_a_snapshot_is_accounted_for(exhibit):
    exhibit.collect(*QUICK)
    good = exhibit.run("status", "--format", "json").json()["snapshots"][0]["run"]
    exhibit.config('organization = "Example"\n[scope]\nregions = ["us-east-1", "nowhere-1"]\n', "bad.toml")
    complains(exhibit.run("collect", "--config", "bad.toml"), USAGE, "nowhere-1")
    told = reconcile(exhibit, "--snapshot", good)
    assert any("ended without a snapshot" in row["why"] for row in of(told, "accounted"))


def test_an_event_that_is_not_there_yet(exhibit):
    exhibit.collect(*QUICK)
    restate(exhibit, [event for event in exhibit.account.control("events") if event["eventName"] != "GetAccountSummary"])
    told = reconcile(exhibit, code=INCOMPLETE)
    late = of(told, "too-recent")
    assert late and {row["operation"] for row in late} == {"iam:GetAccountSummary"}


def test_a_call_that_was_never_made(exhibit):
    """Two days later CloudTrail still has no such call: the run, or a part of it, was made up."""
    exhibit.collect(*QUICK)
    make_older(exhibit, 2 * DAY)
    told = reconcile(exhibit)
    assert some(told).keys() == {"matched"}, some(told)
    restate(exhibit, [event for event in exhibit.account.control("events") if event["eventName"] != "GetAccountSummary"])
    told = reconcile(exhibit, code=TAMPERED)
    assert {row["operation"] for row in of(told, "locker-only")} == {"iam:GetAccountSummary"}


def test_a_fabricated_run(exhibit, cli_endpoint, binary, tmp_path, account):
    """Answers of another account, with request ids that AWS never gave: nothing but the join can tell."""
    exhibit.collect(*QUICK)
    run = exhibit.log()[-1]["body"]["run"]

    def forged(exchanges, files):
        for n, exchange in enumerate(exchanges):
            made = f"00000000-0000-4000-8000-{n:012}"
            exchange["headers"] = {name: made if value == exchange["request_id"] else value for name, value in exchange["headers"].items()}
            exchange["request_id"] = made

    reseal.rewrite(exhibit.locker, run, forged)
    exhibit.verify()
    make_older(exhibit, DAY)
    told = reconcile(exhibit, code=TAMPERED)
    calls = len(exhibit.exchanges())
    assert (told["counts"]["locker-only"], told["counts"]["cloudtrail-only"], told["counts"]["matched"]) == (calls, calls, 0)


def test_older_than_the_history(exhibit):
    exhibit.collect(*QUICK)
    make_older(exhibit, 100 * DAY)
    told = reconcile(exhibit, code=INCOMPLETE)
    assert some(told) == {"out-of-retention": len(exhibit.exchanges())}


@pytest.mark.parametrize(("member", "value", "says"), [
    ("eventName", "ListRoles", "as ListRoles"), ("eventSource", "sts.amazonaws.com", "from sts.amazonaws.com"),
    ("errorCode", "AccessDenied", "refused in CloudTrail"), ("eventTime", "2024-01-01T00:00:00Z", "dates it"),
])
def test_what_does_not_agree(exhibit, member, value, says):
    exhibit.collect(*QUICK)
    events = exhibit.account.control("events")
    victim = next(event for event in events if event["eventName"] == "GetAccountSummary")
    if member == "eventTime":
        value = shifted(victim["eventTime"], -datetime.timedelta(seconds=9))
    restate(exhibit, [event | {member: value} if event is victim else event for event in events])
    told = reconcile(exhibit, code=TAMPERED)
    wrong, = of(told, "mismatched")
    assert wrong["operation"] == "iam:GetAccountSummary" and says in wrong["why"] and wrong["event_id"] == victim["eventID"]


def test_refused_in_a_region(exhibit):
    exhibit.collect(*QUICK)
    exhibit.account.answers("cloudtrail", "LookupEvents", error={"code": "AccessDeniedException", "message": "not you", "status": 400}, region=SECOND)
    told = reconcile(exhibit, code=INCOMPLETE)
    there = [e for e in exhibit.exchanges() if e["signed_region"] == SECOND]
    assert there and told["counts"]["not-looked-up"] == len(there)
    assert {row["region"] for row in of(told, "not-looked-up")} == {SECOND} and "AccessDeniedException" in of(told, "not-looked-up")[0]["why"]
    ran = exhibit.run("reconcile")
    assert ran.code == INCOMPLETE and f"{SECOND} of {exhibit.account.number} could not be looked up" in ran.out


def test_the_witness_is_in_every_call(exhibit, cli_endpoint, binary, tmp_path):
    """By a role of exhibit.toml: session name and app id are the digest of the checkpoint over the run's opening."""
    account = exhibit.account
    base = Exhibit(exhibit.folder, Account(cli_endpoint), cli_endpoint, binary)
    base.config(f'organization = "Example"\n[scope]\naccounts = [{{ id = "{account.number}", role_arn = "arn:aws:iam::{account.number}:role/audit/reader" }}]\n')
    base.collect(*QUICK)
    opened, witness, sealed = base.log()[1:]
    assert (opened["type"], witness["type"], sealed["type"]) == ("run-open", "witness", "snapshot")
    checkpoint = (base.locker / f"checkpoints/{opened['seq']:09}.checkpoint").read_bytes()
    digest = hashlib.sha256(checkpoint)
    name = "evl1." + base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
    assert witness["body"] == {"run": opened["body"]["run"], "session_name": name, "app_id": name, "checkpoint": opened["seq"], "sha256": digest.hexdigest()}
    with zipfile.ZipFile(base.snapshots()[0]) as archive:
        caller = json.loads(archive.read("snapshot.json"))["accounts"][0]["caller_arn"]
    assert caller.endswith(f"/{name}") and len(name) == 48
    ours = [event for event in account.control("events") if event["userIdentity"]["arn"] == caller]
    assert ours and all(f"app/{name}" in event["userAgent"] for event in ours)
    told = reconcile(base)
    assert some(told)["matched"] == len(base.exchanges())
    assert {place["caller"] for place in told["source"]["looked_up"]} >= {name}


# Log files


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def delivered(exhibit: Exhibit, folder, events: list[dict] | None = None, packed: bool = True) -> list:
    """The account's history as log files, one per region and hour."""
    account, found = exhibit.account.number, {}
    for event in events if events is not None else exhibit.account.control("events"):
        found.setdefault((event["awsRegion"], event["eventTime"][:13]), []).append(event)
    paths = []
    for (region, hour), records in sorted(found.items()):
        data = json.dumps({"Records": records}).encode()
        path = folder / f"AWSLogs/{account}/CloudTrail/{region}/{account}_CloudTrail_{region}_{hour.replace('-', '')}Z_abc.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.with_suffix(".json.gz") if packed else path
        path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
        paths.append(path)
    return paths


def digests(exhibit: Exhibit, folder, paths: list, key=KEY) -> None:
    """Three digest files per region, each of an hour: before, during and after; the last signature lies beside its file."""
    account = exhibit.account.number
    for region in sorted({path.parent.name for path in paths}):
        previous = None
        for n in (-1, 0, 1):
            start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) + n * datetime.timedelta(hours=1)
            end, place = start + datetime.timedelta(hours=1), f"AWSLogs/{account}/CloudTrail-Digest/{region}/{account}_{region}_{n + 1}.json.gz"
            stamp = lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            named = [path for path in paths if path.parent.name == region] if n == 0 else []
            content = {
                "awsAccountId": account, "digestStartTime": stamp(start), "digestEndTime": stamp(end), "digestS3Bucket": "logs", "digestS3Object": place,
                "digestSignatureAlgorithm": "SHA256withRSA", "previousDigestS3Bucket": previous and "logs", "previousDigestS3Object": previous and previous[0],
                "previousDigestHashValue": previous and previous[1], "previousDigestHashAlgorithm": previous and "SHA-256",
                "previousDigestSignature": previous and previous[2],
                "logFiles": [{"s3Bucket": "logs", "s3Object": str(path.relative_to(folder)), "hashAlgorithm": "SHA-256",
                              "hashValue": hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()} for path in named],
            }
            data = json.dumps(content).encode()
            text = f"{content['digestEndTime']}\nlogs/{place}\n{hashlib.sha256(data).hexdigest()}\n{content['previousDigestSignature'] or 'null'}"
            signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(data, mtime=0))
            path.with_name(path.name + ".sig").write_text(signature)
            previous = (place, hashlib.sha256(data).hexdigest(), signature)


def public(path, key=KEY, form=serialization.PublicFormat.PKCS1, encoding=serialization.Encoding.PEM):
    data = key.public_key().public_bytes(encoding, form)
    path.write_bytes(base64.b64encode(data) if encoding is serialization.Encoding.DER else data)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_log_files(exhibit, tmp_path, packed):
    exhibit.collect(*QUICK)
    calls = len(exhibit.exchanges())
    paths = delivered(exhibit, tmp_path, packed=packed)
    # Neither network nor credentials.
    told = reconcile(exhibit, "--cloudtrail", *paths)
    assert told["source"]["kind"] == "log-files" and some(told) == {"matched": calls}
    assert [file["in_digest"] for file in told["source"]["files"]] == [None] * len(paths) and told["source"]["digests"] is None
    exhibit.account.client("iam").list_users()
    events = exhibit.account.control("events")
    for path in paths:
        path.unlink()
    delivered(exhibit, tmp_path, [event for event in events if event["eventName"] != "GetAccountSummary"])
    told = reconcile(exhibit, "--cloudtrail", tmp_path / "AWSLogs", code=TAMPERED)
    assert {row["operation"] for row in of(told, "locker-only")} == {"iam:GetAccountSummary"}
    assert [row["operation"] for row in of(told, "cloudtrail-only")] == ["iam.amazonaws.com:ListUsers"]


def test_log_files_of_one_region_only(exhibit, tmp_path):
    exhibit.collect(*QUICK)
    paths = [path for path in delivered(exhibit, tmp_path) if "us-east-1" in path.name]
    told = reconcile(exhibit, "--cloudtrail", *paths, code=INCOMPLETE)
    assert {row["region"] for row in of(told, "not-looked-up")} == {SECOND}


def test_digest_files(exhibit, tmp_path):
    exhibit.collect(*QUICK)
    paths = delivered(exhibit, tmp_path)
    digests(exhibit, tmp_path, paths)
    logs, keys = tmp_path / "AWSLogs", []
    for name, form, encoding in (("a", serialization.PublicFormat.PKCS1, serialization.Encoding.PEM), ("b", serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.PEM),
                                 ("c", serialization.PublicFormat.PKCS1, serialization.Encoding.DER)):
        keys.append(public(tmp_path / f"{name}.key", form=form, encoding=encoding))
    for key in keys:
        told = reconcile(exhibit, "--cloudtrail", logs, "--public-key", key)
        checked = told["source"]["digests"]
        assert (checked["files"], checked["signed"], checked["unsigned"], checked["faults"], checked["missing"]) == (6, 6, 0, [], [])
        assert all(file["in_digest"] for file in told["source"]["files"])
    assert reconcile(exhibit, "--cloudtrail", logs)["source"]["digests"]["unsigned"] == 6
    wrong = reconcile(exhibit, "--cloudtrail", logs, "--public-key", public(tmp_path / "other.key", OTHER), code=TAMPERED)["source"]["digests"]
    assert len(wrong["faults"]) == 6 and wrong["signed"] == 0

    # A log file that was changed after it was delivered, one that is not there, and a digest that was taken out.
    victim, kept = paths[0], paths[0].read_bytes()
    victim.write_bytes(gzip.compress(gzip.decompress(kept).replace(b"127.0.0.1", b"127.0.0.2"), mtime=0))
    faults = reconcile(exhibit, "--cloudtrail", logs, "--public-key", keys[0], code=TAMPERED)["source"]["digests"]["faults"]
    assert any(victim.name in fault and "SHA-256" in fault for fault in faults), faults
    victim.write_bytes(kept)
    middle = next(path for path in logs.rglob("*_1.json.gz") if "CloudTrail-Digest" in str(path))
    moved = shutil.move(middle, tmp_path / "away")
    assert reconcile(exhibit, "--cloudtrail", logs, "--public-key", keys[0], code=TAMPERED)["source"]["digests"]["faults"]
    shutil.move(moved, middle)
    victim.unlink()
    told = reconcile(exhibit, "--cloudtrail", logs, "--public-key", keys[0], code=TAMPERED)
    assert told["source"]["digests"]["missing"] == [victim.name]


def test_files_that_are_no_logs(exhibit, tmp_path):
    exhibit.collect(*QUICK)
    for name, data in (("x.json", b"{}"), ("y.json.gz", b"\x1f\x8b\x00"), ("z.json", b'{"Records":[{}]}')):
        (tmp_path / name).write_bytes(data)
        ran = exhibit.run("reconcile", "--cloudtrail", tmp_path / name)
        complains(ran, USAGE, name)
    (tmp_path / "empty").mkdir()
    complains(exhibit.run("reconcile", "--cloudtrail", tmp_path / "empty"), USAGE)
    assert "reconcile" not in {entry["type"] for entry in exhibit.log()}


# Binder and bundle


def test_the_bundle_says_what_was_found(exhibit, tmp_path):
    exhibit.collect(*QUICK)
    exhibit.account.client("iam").list_users()
    told = reconcile(exhibit, code=TAMPERED)
    exhibit.run("bind", "--out", "out")
    whole = reseal.read_zip(exhibit.folder / "out/bundle.zip")
    files = {name.split("/", 1)[1]: data for name, data in whole.items()}
    kept = files[f"data/cloudtrail/{told['entry']}.json"]
    assert hashlib.sha256(kept).hexdigest() == told["sha256"]
    rows = list(csv.DictReader(io.StringIO(files["data/cloudtrail/reconcile.csv"].decode(), newline="")))
    assert [(row["class"], row["operation"]) for row in rows] == [(row["class"], row["operation"]) for row in told["rows"]]
    exhibit.verify("out/bundle.zip")
    ran = exhibit.run("reperform", "out/bundle.zip", "--format", "json")
    assert ran.code == OK, ran.out + ran.err
    # A row taken out of the list, and a result in which nothing was amiss.
    changes = {"data/cloudtrail/reconcile.csv": lambda data: data.replace(b"cloudtrail-only", b"accounted"),
               f"data/cloudtrail/{told['entry']}.json": lambda data: data.replace(b"cloudtrail-only", b"accounted")}
    for path, change in changes.items():
        forged = reseal.bundle(exhibit.folder / "out/bundle.zip", tmp_path / "forged.zip", lambda files: files.update({path: change(files[path])}))
        ran = exhibit.run("reperform", forged, "--format", "json")
        assert ran.code == TAMPERED and path in {one["file"] for one in ran.json()["differences"]}
        if path.endswith(".json"):  # the log names it
            assert path in {fault["file"] for fault in exhibit.verify(forged, code=TAMPERED)["faults"]}
            with zipfile.ZipFile(forged) as archive:
                archive.extractall(tmp_path / "unpacked")
            top, = (tmp_path / "unpacked").iterdir()
            ran = subprocess.run([sys.executable, str(ROOT / "report/verify/verify_exhibit.py"), str(top)], capture_output=True, text=True)
            assert ran.returncode == 1 and "FAIL  cloudtrail" in ran.stdout, ran.stdout
