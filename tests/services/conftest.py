"""An account for one test."""

from __future__ import annotations

import itertools

import pytest

from emulator.client import Account

_numbers = itertools.count(621000000001)


@pytest.fixture
def account(cli_endpoint):
    """An account that nobody else has; nothing is in it."""
    return Account(cli_endpoint).other(str(next(_numbers)))
