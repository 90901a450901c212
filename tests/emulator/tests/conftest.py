"""One emulator for all tests here; every test has an AWS account of its own in it."""

import itertools

import pytest

pytest.register_assert_rewrite("tests.calls")

from emulator.client import Account, process  # noqa: E402

_numbers = itertools.count(300000000001)


@pytest.fixture(scope="session")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("emulator") / "requests.log"


@pytest.fixture(scope="session")
def endpoint(log):
    with process("emulator", "-p", "0", "--log", str(log)) as url:
        yield url


@pytest.fixture(scope="session")
def proxy(endpoint):
    with process("emulator.fault_proxy", "--upstream", endpoint, "-p", "0") as url:
        yield url


@pytest.fixture
def aws(endpoint):
    """An empty account; what is set for the whole emulator is set back afterwards."""
    account = Account(endpoint).other(str(next(_numbers)))
    yield account
    for path, parameters in (("page-size", {"n": 0}), ("regions", {}), ("s3", {"new_bucket_defaults": 1, "region_redirect": 1}),
                             ("credential-report", {"columns": 22, "quote": 1, "root": "new", "cache_hours": 0, "pending": 0})):
        account.control(path, **parameters)
