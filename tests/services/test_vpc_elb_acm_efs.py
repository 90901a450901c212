"""Networks, endpoints, certificates and file services: refused calls, pages, re-performance."""

from __future__ import annotations

import itertools

import pytest

from emulator.client import Account, post
from seeds import controls, controls_network
from seeds.build import Builder
from support.exhibit import INCOMPLETE, OK, Exhibit, failing
from support.faults import needed

_numbers = itertools.count(622000000001)


@pytest.fixture
def made(cli_endpoint, binary, tmp_path):
    """An account in the bad state of a control, and a locker for it."""

    def make(control: str, state: str = "bad", endpoint: str = cli_endpoint) -> tuple[Exhibit, dict]:
        account = Account(cli_endpoint).other(str(next(_numbers)))
        seeded = controls.seed(Builder(account), control, state)
        return Exhibit(tmp_path / f"{control}-{state}", account, endpoint, binary), seeded

    return make


@pytest.mark.parametrize("control", [c for c in controls_network.CONTROLS if c != "vpc-flow-logs"])  # its bucket's name is taken
def test_replay_and_pages(made, cli_endpoint, control):
    """Pages of one change nothing, and the snapshot gives the same tables again."""
    exhibit, seeded = made(control)
    post(cli_endpoint, "/exhibit/page-size", n=1)
    try:
        exhibit.collect("--control", control)
    finally:
        post(cli_endpoint, "/exhibit/page-size", n=0)
    found = exhibit.test("--control", control)[control]
    assert failing(found) == {row["resource"] for row in seeded["failing"]}
    assert not found["gaps"] and found["counts"]["unknown"] == 0
    again = exhibit.run("reperform")
    assert again.code == OK, again.out + again.err


@pytest.mark.parametrize("control", [c for c in controls_network.CONTROLS if c != "vpc-flow-logs"])
def test_each_refused_call(made, memory, faults, control):
    """Each call that the control needs is refused once: it is not tested then, and never passes."""
    exhibit, _ = made(control, "good", memory)
    exhibit.collect("--control", control)
    assert exhibit.test("--control", control)[control]["verdict"] == "pass"
    # What only the control before it needs matters where its verdict does.
    needs = needed(exhibit)[control] - (needed(exhibit)["network-firewall-inspects"] if control == "sg-egress-restricted" else set())
    asked = {f"{e['service']}:{e['operation']}" for e in exhibit.exchanges()} - {"sts:GetCallerIdentity", "account:ListRegions"}
    assert len(asked & needs) > 1
    for operation in sorted(asked & needs):
        with faults(f"{operation}=403"):
            refused = Exhibit(exhibit.folder / operation.replace(":", "-"), exhibit.account, memory, exhibit.binary)
            refused.collect("--control", control, code=INCOMPLETE, AWS_MAX_ATTEMPTS="1")
        found = refused.test("--control", control)[control]
        assert (found["verdict"], found["code"]) == ("not-tested", "access-denied"), operation
