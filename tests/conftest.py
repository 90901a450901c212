"""Fixtures for what runs exhibit: one emulator with two regions, and one seeded company in it that no test changes."""

import contextlib
import json
import os
import shutil
import urllib.request

import pytest

pytest.register_assert_rewrite("support.faults", "support.exhibit")

from emulator.client import Account, post, process  # noqa: E402
from seeds import demo  # noqa: E402
from seeds.build import Builder  # noqa: E402
from support.exhibit import BINARY, Exhibit, reviewing  # noqa: E402


def pytest_configure(config):
    """Snapshots that no test asked for fail a run, unless only some tests were selected."""
    if config.option.keyword or config.option.collectonly or any("::" in argument for argument in config.args):
        config.option.disable_unused_snapshots = True


@pytest.fixture(autouse=True)
def reviewed(snapshot, tmp_path_factory):
    """What a person reads is compared with the `__snapshots__` beside the test."""
    with reviewing(snapshot, tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(scope="session")
def binary(tmp_path_factory):
    """A copy of the binary under test, so that a build meanwhile changes nothing."""
    if not BINARY.is_file():
        pytest.fail(f"{BINARY} is not there: build it with `make build`, or set EXHIBIT_BIN")
    return shutil.copy2(BINARY, tmp_path_factory.mktemp("binary") / "exhibit")


@pytest.fixture(scope="session")
def cli_endpoint():
    """An emulator whose accounts have us-east-1 and eu-west-1."""
    os.environ["EXHIBIT_REGIONS"] = "us-east-1,eu-west-1"
    try:
        started = process("emulator", "-p", "0")
        url = started.__enter__()
    finally:
        del os.environ["EXHIBIT_REGIONS"]
    # As in AWS, a credential report is good for four hours: only the first run of an account waits for one.
    post(url, "/exhibit/credential-report", cache_hours=4)
    yield url
    with urllib.request.urlopen(f"{url}/exhibit/unlawful", timeout=60) as told:
        unlawful = json.load(told)
    started.__exit__(None, None, None)
    # Every request that exhibit made in all these tests is one that AWS would take.
    assert unlawful == []


@pytest.fixture(scope="session")
def company(cli_endpoint):
    """The account of the sample company, before; nobody changes it."""
    account = Account(cli_endpoint).other("600000000001")
    demo.before(Builder(account))
    return account


@pytest.fixture(scope="session")
def memory(cli_endpoint):
    """A fault proxy in front of the emulator that asks it only once for each thing."""
    with process("emulator.memory_proxy", "--upstream", cli_endpoint) as url:
        yield url


@pytest.fixture
def faults(memory):
    """`with faults("iam:ListUsers=403"):` the proxy's rules for the while; gives its address."""

    @contextlib.contextmanager
    def set_to(*rules: str):
        post(memory, "/fault/rules", data="\n".join(rules))
        try:
            yield memory
        finally:
            urllib.request.urlopen(urllib.request.Request(f"{memory}/fault/rules", method="DELETE"), timeout=60).close()

    return set_to


@pytest.fixture
def exhibit(tmp_path, binary, company, memory):
    """exhibit in an empty folder, with the credentials of the sample company."""
    return Exhibit(tmp_path / "work", company, memory, binary)


@pytest.fixture(scope="session")
def collected(tmp_path_factory, binary, company, memory):
    """A locker with one snapshot of the sample company; to be copied, not changed."""
    made = Exhibit(tmp_path_factory.mktemp("collected"), company, memory, binary)
    made.collect()
    return made


@pytest.fixture
def with_locker(tmp_path, collected):
    """A copy of that locker to do as one likes with."""
    copy = Exhibit(tmp_path / "work", collected.account, collected.endpoint, collected.binary)
    shutil.copytree(collected.locker, copy.locker, copy_function=shutil.copy2)
    return copy
