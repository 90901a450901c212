"""Made again from the kept answers: what was changed in between is found, whatever the digests say."""

from __future__ import annotations

import hashlib
import itertools
import json
import re

import pytest

from emulator.client import Account
from seeds.build import Builder
from support import reseal
from support.exhibit import DEVIATIONS, INCOMPLETE, OK, ROOT, TAMPERED, USAGE, Exhibit, complains, says
from support.locker_format import line

_numbers = itertools.count(653000000001)


@pytest.fixture(scope="session")
def audited(tmp_path_factory, collected):
    """A bundle of the sample company, with parameters of its own and an attachment."""
    made = Exhibit(tmp_path_factory.mktemp("audited"), collected.account, collected.endpoint, collected.binary)
    made.config('organization = "Example"\n[parameters.iam-unused-credentials]\nmax_unused_days = 45\nby = "CISO"\nwhy = "Policy AC-7"\n')
    made.collect()
    made.attach("root-password-vaulted", '[[custodian]]\nsubject = "Pat Performer"\nrole = "Head of IT"\nsince = 2025-01-01\n')
    ran = made.run("bind", "--out", "out")
    assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
    return made


@pytest.fixture
def bundle(audited):
    return audited.folder / "out/bundle.zip"


def files_of(bundle) -> dict[str, bytes]:
    return {name.split("/", 1)[1]: data for name, data in reseal.read_zip(bundle).items()}


def reperform(exhibit: Exhibit, *arguments, code: int = OK) -> dict:
    ran = exhibit.run("reperform", "--format", "json", *arguments)
    assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.err}\n{ran.out[:3000]}"
    return ran.json()


def every_difference(told: dict) -> list[dict]:
    return [*told["differences"], *(one for snapshot in told["snapshots"] for one in snapshot["differences"])]


def test_untouched(audited, bundle):
    told = reperform(audited, bundle)
    assert told["schema"] == "exhibit.reperform/1" and told["ok"] and told["kind"] == "bundle"
    controls = json.loads(files_of(bundle)["data/results.json"])["pages"]
    tested = len([page for page in controls if page["path"].endswith(".md")])
    assert told["controls"] == {"same": tested, "of": tested, "different": []} and tested > 90
    assert every_difference(told) == [] and told["snapshots"][0]["compared"] and told["snapshots"][0]["records"] > 100
    assert {left["what"] for left in told["not_compared"]} == {"data/binder.pdf and the pages (.html)"}
    ran = audited.run("reperform", bundle)
    assert ran.code == OK and f"{tested} of {tested} controls the same" in ran.out
    assert reperform(audited, audited.locker)["kind"] == "locker"


def test_a_locker_keeps_what_its_bundles_were_made_with(tmp_path, collected):
    """The results come out again from the locker alone, until the firm's page, or the list of what was used, is another."""
    exhibit = Exhibit(tmp_path, collected.account, collected.endpoint, collected.binary)
    custody = '[custody]\nsigning_key = "keys/evidence"\nprincipal = "owner@example"\n'
    config = f'organization = "Example"\ncontrols_dir = "own"\n[parameters.iam-unused-credentials]\nmax_unused_days = 45\nby = "CISO"\nwhy = "Policy AC-7"\n{custody}'
    exhibit.config(config)
    own = tmp_path / "own/mfa-of-root.md"
    own.parent.mkdir()
    page = (ROOT / "controls/pages/cc6/root-mfa-enabled.md").read_text()
    own.write_text(page.replace('id = "root-mfa-enabled"', 'id = "mfa-of-root"'))
    assert exhibit.run("key", "init").code == OK
    exhibit.collect()
    told = reperform(exhibit, exhibit.locker)
    assert told["bundles"] == [] and told["controls"] is None and "names no bundle" in told["not_compared"][0]["why"]
    assert exhibit.run("bind", "--out", "out").code in (OK, INCOMPLETE)
    # What came after the bundle does not count.
    exhibit.attach("root-password-vaulted", '[[custodian]]\nsubject = "Pat Performer"\nrole = "Head of IT"\nsince = 2025-01-01\n')
    told = reperform(exhibit, exhibit.locker)
    assert told["bundles"], told["not_compared"]
    [made] = told["bundles"]
    assert told["controls"] == made["controls"] and made["controls"]["same"] == made["controls"]["of"] > 90
    assert made["sha256"] == hashlib.sha256((tmp_path / "out/bundle.zip").read_bytes()).hexdigest() and made["files"] > 250
    assert told["not_compared"] == [] and every_difference(told) == []
    ran = exhibit.run("reperform", exhibit.locker)
    assert f"{made['controls']['of']} of {made['controls']['of']} controls the same" in ran.out and made["name"] in ran.out
    assert exhibit.run("verify").code == OK

    text = own.read_text()
    own.write_text(text.replace("MFA", "mfa", 1))
    told = reperform(exhibit, exhibit.locker)
    assert told["bundles"] == [] and "mfa-of-root.md is no longer the page" in told["not_compared"][0]["why"]
    own.write_text(text)

    # Somebody who redoes the whole log changes afterwards what the results were made with.
    def pinned_as(change) -> dict:
        named = lambda digest: exhibit.locker / f"objects/{digest[:2]}/{digest[2:]}"

        def redone(entries: list[dict]) -> list[dict]:
            body = next(entry["body"] for entry in entries if entry["type"] == "bundle-export")
            other = change(named(body["results_sha256"]).read_bytes())
            named(body["results_sha256"]).unlink()
            body |= {"results_sha256": hashlib.sha256(other).hexdigest(), "results_size": len(other)}
            named(body["results_sha256"]).parent.mkdir(exist_ok=True)
            named(body["results_sha256"]).write_bytes(other)
            return entries

        reseal.log(exhibit.locker, redone)
        return reperform(exhibit, exhibit.locker, code=TAMPERED)

    told = pinned_as(lambda data: data.replace(b'"value": 45', b'"value": 450'))
    assert told["controls"]["different"] == ["iam-unused-credentials"], told["controls"]
    assert "made again" in every_difference(told)[0]["message"]
    told = pinned_as(lambda data: b"{}")
    assert told["bundles"] == [] and "cannot be read" in every_difference(told)[0]["message"]


def test_what_was_used_is_in_the_bundle(bundle):
    """results.json pins pages, settings and every data file, each by its SHA-256."""
    files = files_of(bundle)
    pinned = json.loads(files["data/results.json"])
    digest = lambda path: hashlib.sha256(files[f"data/{path}"]).hexdigest()
    assert all(digest(page["path"]) == page["sha256"] for page in pinned["pages"])
    assert all(digest(path) == says for path, says in pinned["files"].items())
    assert pinned["settings"]["parameters"]["iam-unused-credentials"]["max_unused_days"] == {"value": 45, "by": "CISO", "why": "Policy AC-7"}
    data = {path.removeprefix("data/") for path in files if re.search(r"\.(csv|db|sql)$|result\.json$", path) and not path.startswith("data/attachments") and "/shared/" not in path}
    assert data <= pinned["files"].keys(), data - pinned["files"].keys()


def edited(path: str, *pairs: tuple[bytes, bytes]):
    def change(files: dict[str, bytes]) -> None:
        for old, new in pairs:
            assert old in files[path], (path, old)
            files[path] = files[path].replace(old, new, 1)

    return change


def folder(control: str, files: dict[str, bytes]) -> str:
    return next(path.rsplit("/", 1)[0] for path in files if path.endswith(f"/{control}/result.json"))


def as_json(path: str, edit):
    def change(files: dict[str, bytes]) -> None:
        value = json.loads(files[path])
        edit(value)
        files[path] = json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"

    return change


# What no digest of the log holds: `exhibit verify` finds nothing wrong with these.


def test_a_verdict(audited, bundle, tmp_path):
    """A deviation that became a pass, in every file that says so but the database."""
    files = files_of(bundle)
    place = folder("s3-tls-only", files)
    assert json.loads(files[f"{place}/result.json"])["verdict"] == "fail"

    def change(files):
        files[f"{place}/result.json"] = files[f"{place}/result.json"].replace(b'"fail"', b'"pass"')
        files[f"{place}/population.csv"] = files[f"{place}/population.csv"].replace(b",fail,", b",pass,")

    forged = reseal.bundle(bundle, tmp_path / "forged.zip", change)
    audited.verify(forged)
    told = reperform(audited, forged, code=TAMPERED)
    assert told["controls"]["different"] == ["s3-tls-only"] and not told["ok"]
    found = {one["file"]: one for one in told["differences"]}
    assert set(found) == {f"{place}/result.json", f"{place}/population.csv"}
    assert 'verdict is "pass" here, "fail" made again' in found[f"{place}/result.json"]["message"]
    ran = audited.run("reperform", forged)
    assert ran.code == TAMPERED and f"{told['controls']['of'] - 1} of {told['controls']['of']} controls the same" in ran.out


def test_a_parameter(audited, bundle, tmp_path):
    def loosen(pinned):
        pinned["settings"]["parameters"]["iam-unused-credentials"]["max_unused_days"]["value"] = 4500

    forged = reseal.bundle(bundle, tmp_path / "forged.zip", as_json("data/results.json", loosen))
    audited.verify(forged)
    told = reperform(audited, forged, code=TAMPERED)
    assert "iam-unused-credentials" in told["controls"]["different"]


@pytest.mark.parametrize("where", ["test.sql", "page"])
def test_a_query(audited, bundle, tmp_path, where):
    files = files_of(bundle)
    place = folder("iam-console-users-mfa", files)
    path = f"{place}/test.sql" if where == "test.sql" else "data/controls/iam-console-users-mfa.md"
    forged = reseal.bundle(bundle, tmp_path / "forged.zip", edited(path, (b"'fail'", b"'pass'")))
    audited.verify(forged)
    told = reperform(audited, forged, code=TAMPERED)
    # iam-password-policy reads the verdict of the page that was changed.
    assert set(told["controls"]["different"]) == ({"iam-console-users-mfa"} if where == "test.sql" else {"iam-console-users-mfa", "iam-password-policy"})
    assert path in {one["file"] for one in told["differences"]}
    if where == "page":
        assert any("not those built into this program" in note for note in told["notes"])


def test_a_member_of_the_population_left_out(audited, bundle, tmp_path):
    files = files_of(bundle)
    path = f"{folder('s3-tls-only', files)}/population.csv"
    first = files[path].split(b"\r\n")[1]
    forged = reseal.bundle(bundle, tmp_path / "forged.zip", edited(path, (first + b"\r\n", b"")))
    audited.verify(forged)
    found, = reperform(audited, forged, code=TAMPERED)["differences"]
    assert found["file"] == path and found["control"] == "s3-tls-only" and "line 2" in found["message"]


@pytest.mark.parametrize("path", ["data/evidence.db", "data/deviations.csv", "data/gaps.csv", "data/request-list.csv"])
def test_a_list_or_the_database(audited, bundle, tmp_path, path):
    forged = reseal.bundle(bundle, tmp_path / "forged.zip", lambda files: files.update({path: files[path][:-1] + bytes([files[path][-1] ^ 1])}))
    audited.verify(forged)
    assert [one["file"] for one in reperform(audited, forged, code=TAMPERED)["differences"]] == [path]


def test_files_that_were_taken_out_or_put_in(audited, bundle, tmp_path):
    files = files_of(bundle)
    place = folder("s3-tls-only", files)

    def change(files):
        del files[f"{place}/result.json"]
        files["data/criteria/CC6.1/made-up/result.json"] = b"{}"
        files["data/controls/made-up.md"] = b"x"

    forged = reseal.bundle(bundle, tmp_path / "forged.zip", change)
    found = {(one["file"], one["code"]) for one in reperform(audited, forged, code=TAMPERED)["differences"]}
    assert found == {(f"{place}/result.json", "missing"), ("data/criteria/CC6.1/made-up/result.json", "unexpected"), ("data/controls/made-up.md", "unexpected")}


@pytest.mark.parametrize("data", [None, b"{}", b"[", b'{"schema":"exhibit.results/9"}'])
def test_without_knowing_what_was_used(audited, bundle, tmp_path, data):
    change = lambda files: files.update({"data/results.json": data}) if data is not None else files.pop("data/results.json")
    forged = reseal.bundle(bundle, tmp_path / "forged.zip", change)
    told = reperform(audited, forged, code=TAMPERED)
    assert [one["file"] for one in told["differences"]] == ["data/results.json"] and told["controls"] is None
    assert told["snapshots"][0]["compared"] and not told["snapshots"][0]["differences"]


# What the log holds too.


def test_a_record(audited, bundle, tmp_path):
    """Another value in a record, with all manifests and snapshot.json made to fit: the answer says otherwise."""
    files = files_of(bundle)
    path = next(path for path in files if path.endswith("records/iam_user.jsonl"))
    meta = path.replace("records/iam_user.jsonl", "snapshot.json")
    name = json.loads(files[path].splitlines()[0])["name"]

    def change(files):
        files[path] = files[path].replace(json.dumps(name).encode(), b'"mallory"', 1)
        content = json.loads(files[meta])
        content["records"]["iam_user"]["sha256"] = hashlib.sha256(files[path]).hexdigest()
        files[meta] = line(content)

    told = reperform(audited, reseal.bundle(bundle, tmp_path / "forged.zip", change), code=TAMPERED)
    found = {one["file"]: one["message"] for one in every_difference(told)}
    assert set(found) == {path, meta} and "the log says" in found[meta] and "line 1" in found[path]
    # The verdicts rest on the answers, not on the record.
    assert told["controls"]["different"] == []


def test_an_answer(audited, bundle, tmp_path):
    """Another answer, with everything that names it made to fit but the log: records and verdicts no longer follow."""
    files = files_of(bundle)
    path = next(path for path in files if re.search(r"bodies/\d+\.iam\.GetAccountSummary\.xml", path))
    assert b"<key>AccountMFAEnabled</key>" in files[path]
    forged = reseal.bundle(bundle, tmp_path / "forged.zip", edited(path, (b"<key>AccountMFAEnabled</key>", b"<key>AccountMFADisabled</key>")))
    told = reperform(audited, forged, code=TAMPERED)
    found = {one["file"] for one in every_difference(told)}
    assert path in found and any("records/iam_account_summary.jsonl" in file for file in found)


def test_gaps_and_attachments(audited, bundle, tmp_path):
    files = files_of(bundle)
    gaps = next(path for path in files if path.endswith("/gaps.jsonl"))
    attached = next(path for path in files if path.startswith("data/attachments/") and path.endswith(".txt"))

    def change(files):
        files[gaps] += b'{"account":"1","code":"unsupported","error_code":null,"exchange":null,"message":"x","operation":"iam:ListUsers","region":"global","resource":null}\n'
        files[attached] = b"as it was not"

    found = {one["file"] for one in every_difference(reperform(audited, reseal.bundle(bundle, tmp_path / "forged.zip", change), code=TAMPERED))}
    assert found == {gaps, attached}


def test_the_log(audited, bundle, tmp_path):
    forged = reseal.bundle(bundle, tmp_path / "forged.zip", edited("data/log/log.jsonl", (b'"app_id":"evl1.', b'"app_id":"evl2.')))
    ran = audited.run("reperform", forged)
    complains(ran, TAMPERED, "log/")
    # Nothing follows the newest entry but a checkpoint.
    forged = reseal.bundle(bundle, tmp_path / "last.zip", edited("data/log/log.jsonl", (b"Robin Reviewer", b"Robin Reviewed")))
    assert "data/log/log.jsonl" in {one["file"] for one in reperform(audited, forged, code=TAMPERED)["differences"]}
    forged = reseal.bundle(bundle, tmp_path / "again.zip", lambda files: files.pop("data/log/log.jsonl"))
    complains(audited.run("reperform", forged), TAMPERED, "log.jsonl")


def test_no_bundle(audited, bundle, tmp_path):
    cut = tmp_path / "cut.zip"
    cut.write_bytes(bundle.read_bytes()[:-1])
    complains(audited.run("reperform", cut), TAMPERED, "cut.zip")
    complains(audited.run("reperform", audited.snapshots()[0]), USAGE)
    complains(audited.run("reperform", tmp_path / "nothing.zip"), USAGE, "nothing.zip")
    complains(audited.run("reperform", bundle, "--snapshot", "nothing"), USAGE)


# Live: some questions once more


@pytest.fixture
def account(cli_endpoint):
    made = Account(cli_endpoint).other(str(next(_numbers)))
    Builder(made).regions()
    return made


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    made = Exhibit(tmp_path / "work", account, cli_endpoint, binary)
    made.collect("--control", "iam-console-users-mfa", "--control", "default-sg-closed", "--control", "s3-tls-only")
    return made


def live(exhibit: Exhibit, *arguments, code: int = OK, **more) -> dict:
    ran = exhibit.run("reperform", "--live", "--format", "json", *arguments, **more)
    assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.err}\n{ran.out[:3000]}"
    told = ran.json()
    assert told["counts"] == {name: sum(q["outcome"] == name for q in told["questions"]) for name in ("same", "changed", "refused")}
    return told


def test_live_the_choice_is_anybodys_to_repeat(exhibit):
    told = live(exhibit, "--sample", "5", "--seed", "of the auditor")
    run = told["snapshot"]
    order = lambda i: hashlib.sha256(f"of the auditor\n{run}\n{i}\n".encode()).hexdigest()
    everything = live(exhibit, "--sample", "1000")
    all_of_them = [question["exchange"] for question in everything["questions"]]
    assert len(all_of_them) == everything["repeatable"] > 10
    assert {q["exchange"] for q in told["questions"]} == set(sorted(all_of_them, key=order)[:5])
    other = live(exhibit, "--sample", "5", "--seed", "another")
    assert {q["exchange"] for q in other["questions"]} == set(sorted(all_of_them, key=lambda i: hashlib.sha256(f"another\n{run}\n{i}\n".encode()).hexdigest())[:5])
    kinds = {exchange["i"]: exchange for exchange in exhibit.exchanges()}
    assert not any(kinds[i]["operation"] in ("GetCallerIdentity", "GenerateCredentialReport") for i in all_of_them)


def test_live_what_changed_is_named(exhibit, account):
    before = live(exhibit, "--sample", "1000")
    assert before["counts"]["refused"] == 0, [q for q in before["questions"] if q["outcome"] == "refused"]
    calm = {q["exchange"] for q in before["questions"] if q["outcome"] == "same"}
    assert {q["compared"] for q in before["questions"] if q["outcome"] == "same"} <= {"body", "body without request ids", "records"}
    entries = len(exhibit.log())
    account.client("s3").create_bucket(Bucket="made-since-then")
    try:
        told = live(exhibit, "--sample", "1000")
        changed = {q["operation"]: q for q in told["questions"] if q["outcome"] == "changed" and q["exchange"] in calm}
        rows = changed["s3:ListBuckets"]["rows"]
        assert any(row["what"] == "added" and row["key"].endswith("made-since-then") and row["table"] == "s3_bucket" for row in rows)
        assert "questions that the snapshot did not ask" in changed["s3:ListBuckets"]["why"] or "question" in changed["s3:ListBuckets"]["why"]
        text = exhibit.run("reperform", "--live", "--sample", "1000")
        assert text.code == OK and "made-since-then" in text.out and "changed since" in text.out
    finally:
        account.remove_bucket("made-since-then", "us-east-1")
    # It is no collection: nothing was kept.
    assert len(exhibit.log()) == entries
    exhibit.verify()


def test_live_what_is_refused_is_never_the_same(exhibit, account):
    account.answers("ec2", "DescribeVpcs", error={"code": "UnauthorizedOperation", "message": "not you", "status": 403})
    told = live(exhibit, "--sample", "1000", code=INCOMPLETE)
    refused = [q for q in told["questions"] if q["outcome"] == "refused"]
    assert refused and {q["operation"] for q in refused} == {"ec2:DescribeVpcs"}
    assert all(q["compared"] is None and "403" in q["why"] for q in refused)


def test_live_with_credentials_of_another_account(exhibit, cli_endpoint):
    other = Account(cli_endpoint).other("650000000009")._key
    told = live(exhibit, "--sample", "3", code=INCOMPLETE, AWS_ACCESS_KEY_ID=other["aws_access_key_id"],
                AWS_SECRET_ACCESS_KEY=other["aws_secret_access_key"], AWS_SESSION_TOKEN=other["aws_session_token"])
    assert told["counts"]["refused"] == 3 and "account 650000000009" in told["questions"][0]["why"]


def test_live_from_a_bundle(exhibit):
    exhibit.run("bind", "--out", "out")
    assert live(exhibit, "out/bundle.zip", "--sample", "4")["counts"]["refused"] == 0
    says(exhibit.run("reperform", "out/bundle.zip", "--sample", "4"), USAGE, "--live")
