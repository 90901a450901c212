"""Every operation's full answer, in AWS's wire format and in its rough spellings (tests/emulator/emulator/full.py), goes through the collector:
it makes rows or gaps, the same ones of answers that say the same, and the same again when it reads the recording."""

import functools
import json
import tomllib
import urllib.request
import zipfile

import pytest

from emulator import full
from emulator.client import Account, post, process
from support.exhibit import INCOMPLETE, OK, ROOT, Exhibit

# Asked only where another call was refused.
INSTEAD = {"ec2:DescribeRegions"}
# What one answer's time differs by.
VOLATILE = {"cloudtrail_event_window": {"from_at", "to_at"}, "iam_credential_report_row": {"generated_at"}}


@pytest.fixture(scope="module")
def aws():
    with process("emulator.full_server", "-p", "0") as url:
        yield url


def collected(aws: str, folder, binary, spelling: str) -> tuple[Exhibit, dict, set[str]]:
    """A run against answers so spelled: what it tells, and the operations that it asked."""
    post(aws, f"/spelling/{spelling}")
    exhibit = Exhibit(folder, Account(aws), aws, binary=binary, environment={"AWS_MAX_ATTEMPTS": "1"})
    ran = exhibit.run("collect", "--format", "json")
    assert ran.code in (OK, INCOMPLETE), ran.err
    with urllib.request.urlopen(f"{aws}/asked", timeout=60) as asked:
        return exhibit, ran.json(), set(asked.read().decode().split())


def rows(exhibit: Exhibit) -> dict[str, list[str]]:
    """By table, without the numbers of exchanges, whose order is chance."""
    found = {}
    with zipfile.ZipFile(exhibit.snapshots()[-1]) as archive:
        for name in archive.namelist():
            if name.startswith("records/"):
                table = name.removeprefix("records/").removesuffix(".jsonl")
                leave = VOLATILE.get(table, set()) | {"source"}
                lines = map(json.loads, archive.read(name).splitlines())
                found[table] = sorted(json.dumps({key: value for key, value in line.items() if key not in leave}) for line in lines)
    return found


@pytest.fixture(scope="module")
def runs(aws, tmp_path_factory, binary):
    """A run against each spelling, made once."""
    return functools.cache(lambda spelling: collected(aws, tmp_path_factory.mktemp(spelling), binary, spelling))


def test_every_operation_is_asked_and_every_answer_read(runs):
    exhibit, told, asked = runs("plain")
    services = tomllib.loads((ROOT / "collector/operations.toml").read_text())
    listed = {f"{service}:{operation}" for service, of in services.items() for operation in of["operations"]}
    assert listed - asked == INSTEAD
    assert told["gaps"] == []
    assert exhibit.run("reperform").code == OK


@pytest.mark.parametrize("spelling", full.SAME)
def test_what_says_the_same_gives_the_same_rows(runs, spelling):
    exhibit, told, _ = runs(spelling)
    assert told["gaps"] == []
    wanted, found = rows(runs("plain")[0]), rows(exhibit)
    assert {table for table in wanted.keys() | found.keys() if wanted.get(table) != found.get(table)} == set()


@pytest.mark.parametrize("spelling", ["nulls-even", "nulls-odd", "empty-lists", "missing-lists", "null-lists", "extreme"])
def test_what_is_not_there_or_out_of_bounds_is_no_crash(runs, spelling):
    exhibit, told, asked = runs(spelling)
    assert len(asked) > 100
    # Not: a place that cannot be reached, or a fault of exhibit's.
    assert {gap["code"] for gap in told["gaps"]} <= {"unsupported"}
    assert exhibit.run("reperform").code == OK


@pytest.mark.parametrize("spelling", ["missing-lists", "null-lists"])
def test_a_list_that_is_not_there_is_an_empty_one(runs, spelling):
    empty, told, _ = runs("empty-lists")
    exhibit, again, _ = runs(spelling)
    assert rows(exhibit) == rows(empty)
    assert [(gap["operation"], gap["message"]) for gap in again["gaps"]] == [(gap["operation"], gap["message"]) for gap in told["gaps"]]


def test_a_refusal_is_told_in_its_own_words(runs):
    """Some services write `Message`, and not `message`."""
    _, told, _ = runs("refused")
    assert len({gap["operation"] for gap in told["gaps"]}) > 90
    assert {(gap["code"], gap["message"]) for gap in told["gaps"]} == {("access-denied", "not authorized, says the one with the capital")}
