"""A run for some controls: named as what it is, never the default, and no verdict on what it did not ask for."""

from __future__ import annotations

import datetime
import json
import zipfile

from support.exhibit import INCOMPLETE, OK

CONTROL = "root-mfa-enabled"


def test_a_run_for_one_control_judges_one_control(exhibit):
    ran = exhibit.run("collect", "--control", CONTROL)
    count = len(exhibit.run("controls", "--format", "json").json()["controls"])
    assert ran.code == OK and f"(complete for 1 of {count} controls)" in ran.out
    ran = exhibit.run("test")
    assert ran.code == INCOMPLETE and "no snapshot of all controls" in ran.err and f"1 of {count} controls" in ran.err
    found = exhibit.test()
    assert found[CONTROL]["verdict"] in ("pass", "fail")
    with zipfile.ZipFile(exhibit.snapshots()[-1]) as archive:
        asked = set(json.loads(archive.read("snapshot.json"))["operations"])
    judged = {id for id, control in found.items() if control["verdict"] != "not-tested"}
    # Records that people keep, and what rests on the same answers, can be judged; nothing else.
    needs = {c["id"]: c["operations"] for c in exhibit.run("controls", "--format", "json").json()["controls"]}
    assert all(asked.issuperset(needs[id]) for id in judged), judged
    for id in ("cloudtrail-all-regions", "guardduty-enabled", "alarm-root-login", "security-hub-enabled"):
        assert (found[id]["verdict"], found[id]["code"], found[id]["counts"]["fail"]) == ("not-tested", "evidence-missing", 0)
        assert "was never asked" in found[id]["reason"]
    ran = exhibit.run("status")
    assert f"complete for 1 of {count} controls: {CONTROL}" in ran.out
    chosen = {"ids": [CONTROL], "of": count}
    assert exhibit.run("status", "--format", "json").json()["snapshots"][0]["controls"] == chosen


def test_a_full_run_is_the_default_though_an_older_one(exhibit):
    full = exhibit.collect()["snapshot"]
    part = exhibit.collect("--control", CONTROL)["snapshot"]
    assert "controls" not in full and part["controls"]["ids"] == [CONTROL]
    told = exhibit.run("test", "--format", "json")
    assert [s["run"] for s in told.json()["snapshots"]] == [full["run"]] and "no snapshot of all" not in told.err
    ran = exhibit.run("bind", "--out", str(exhibit.locker.parent / "audit"), "--format", "json")
    assert full["run"] in ran.json()["name"]
    # A comparison needs two; only then is the one for some controls taken, with a word.
    ran = exhibit.run("diff")
    assert "collected for some" in ran.err
    newer = exhibit.collect()["snapshot"]
    told = exhibit.run("diff", "--format", "json")
    assert (told.json()["before"], told.json()["after"]) == (full["run"], newer["run"]) and not told.err
    assert exhibit.run("verify").code == OK and exhibit.run("reperform").code == OK


def test_a_narrower_scope_has_full_runs_of_its_own(exhibit):
    exhibit.config('organization = "H"\n[scope]\ncategories = ["security"]\n')
    assert "controls" not in exhibit.collect()["snapshot"]


def test_a_period_that_ends_with_a_run_for_one_control(exhibit):
    """The binder's database and queries are those of the last full run; the other run counts for its control."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    start, end = today - datetime.timedelta(days=5), today + datetime.timedelta(days=5)
    exhibit.config(f'organization = "H"\n[[period]]\nname = "now"\ntype = "II"\nstart = {start}\nend = {end}\n')
    full = exhibit.collect()["snapshot"]
    part = exhibit.collect("--control", CONTROL)["snapshot"]
    ran = exhibit.run("test", "--period", "now", "--format", "json")
    told = {c["id"]: c for c in ran.json()["controls"]}
    assert [h["snapshot"] for h in told[CONTROL]["history"]] == [full["run"], part["run"]]
    assert [h["snapshot"] for h in told["guardduty-enabled"]["history"]] == [full["run"]]
    out = exhibit.folder / "audit"
    assert exhibit.run("bind", "--period", "now", "--out", out).code in (OK, INCOMPLETE)
    with zipfile.ZipFile(out / "bundle.zip") as bundle:
        names = [name.split("/", 1)[1] for name in bundle.namelist()]
    assert f"data/evidence/{part['run']}/evidence.db" in names and f"data/evidence/{full['run']}/evidence.db" not in names
    assert exhibit.run("verify", out / "bundle.zip").code == OK
    ran = exhibit.run("reperform", out / "bundle.zip")
    assert ran.code == OK, ran.out + ran.err
