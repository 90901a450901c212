"""A request may be served as if it came "N days ago".

moto dates everything with `moto.core.utils.utcnow`. This module puts a per-thread offset under
it, so it has to be imported before any other part of moto.
"""

from __future__ import annotations

import contextlib
import datetime
import threading

import moto.core.utils as core_utils

HEADER = "HTTP_X_EXHIBIT_CLOCK_OFFSET_DAYS"
_local = threading.local()
_utcnow = core_utils.utcnow


def now() -> datetime.datetime:
    """The time of the present request, naive UTC, as moto keeps it."""
    return _utcnow() + datetime.timedelta(days=getattr(_local, "days", 0))


def ago(days: float) -> datetime.datetime:
    """`days` before the true present."""
    return _utcnow() - datetime.timedelta(days=days)


@contextlib.contextmanager
def offset(days: str | None):
    _local.days = float(days or 0)
    try:
        yield
    finally:
        _local.days = 0


core_utils.utcnow = now
