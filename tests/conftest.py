"""One emulator for all tests; every test has an AWS account of its own in it.

The tests of the command line (test_cli_*.py) share a second emulator, with two regions, and one
seeded company in it that no test changes.
"""

import contextlib
import itertools
import os
import shutil
import urllib.request

import pytest

import cli_exhibit
import harness
from seeds import demo
from seeds.build import Builder

_numbers = itertools.count(300000000001)


@pytest.fixture(scope="session")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("emulator") / "requests.log"


@pytest.fixture(scope="session")
def endpoint(log):
    with harness.process("emulator.py", "-p", "0", "--log", str(log)) as url:
        yield url


@pytest.fixture(scope="session")
def proxy(endpoint):
    with harness.process("fault_proxy.py", "--upstream", endpoint, "-p", "0") as url:
        yield url


@pytest.fixture
def aws(endpoint):
    """An empty account; what is set for the whole emulator is set back afterwards."""
    account = harness.Account(endpoint).other(str(next(_numbers)))
    yield account
    for path, parameters in (("page-size", {"n": 0}), ("regions", {}), ("s3", {"new_bucket_defaults": 1, "region_redirect": 1}),
                             ("credential-report", {"columns": 22, "quote": 1, "root": "new", "cache_hours": 0, "pending": 0})):
        account.control(path, **parameters)


@pytest.fixture(scope="session")
def binary(tmp_path_factory):
    """A copy of the binary under test, so that a build meanwhile changes nothing."""
    if not cli_exhibit.BINARY.is_file():
        pytest.fail(f"{cli_exhibit.BINARY} is not there: build it with `make build`, or set EXHIBIT_BIN")
    return shutil.copy2(cli_exhibit.BINARY, tmp_path_factory.mktemp("binary") / "exhibit")


@pytest.fixture(scope="session")
def cli_endpoint():
    """An emulator whose accounts have us-east-1 and eu-west-1."""
    os.environ["EXHIBIT_REGIONS"] = "us-east-1,eu-west-1"
    try:
        started = harness.process("emulator.py", "-p", "0")
        url = started.__enter__()
    finally:
        del os.environ["EXHIBIT_REGIONS"]
    # As in AWS, a credential report is good for four hours: only the first run of an account waits for one.
    harness.post(url, "/exhibit/credential-report", cache_hours=4)
    yield url
    started.__exit__(None, None, None)


@pytest.fixture(scope="session")
def company(cli_endpoint):
    """The account of the sample company, before; nobody changes it."""
    account = harness.Account(cli_endpoint).other("600000000001")
    demo.before(Builder(account))
    return account


@pytest.fixture(scope="session")
def memory(cli_endpoint):
    """A fault proxy in front of the emulator that asks it only once for each thing."""
    with harness.process("cli_proxy.py", "--upstream", cli_endpoint) as url:
        yield url


@pytest.fixture
def faults(memory):
    """`with faults("iam:ListUsers=403"):` the proxy's rules for the while; gives its address."""

    @contextlib.contextmanager
    def set_to(*rules: str):
        harness.post(memory, "/fault/rules", data="\n".join(rules))
        try:
            yield memory
        finally:
            urllib.request.urlopen(urllib.request.Request(f"{memory}/fault/rules", method="DELETE"), timeout=60).close()

    return set_to


@pytest.fixture
def exhibit(tmp_path, binary, company, memory):
    """exhibit in an empty folder, with the credentials of the sample company."""
    return cli_exhibit.Exhibit(tmp_path / "work", company, memory, binary)


@pytest.fixture(scope="session")
def collected(tmp_path_factory, binary, company, memory):
    """A locker with one snapshot of the sample company; to be copied, not changed."""
    made = cli_exhibit.Exhibit(tmp_path_factory.mktemp("collected"), company, memory, binary)
    made.collect()
    return made


@pytest.fixture
def with_locker(tmp_path, collected):
    """A copy of that locker to do as one likes with."""
    copy = cli_exhibit.Exhibit(tmp_path / "work", collected.account, collected.endpoint, collected.binary)
    shutil.copytree(collected.locker, copy.locker, copy_function=shutil.copy2)
    return copy
