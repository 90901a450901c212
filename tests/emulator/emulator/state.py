"""What the control endpoints set and moto has no place for. One object for the process."""

from __future__ import annotations

import collections
import datetime
import os
from dataclasses import dataclass, field

# Enabled in every account and not to be switched off; all others are opt-in.
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
DEFAULT_REGIONS = frozenset(
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1"
    " eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2".split()
)


@dataclass
class Root:
    """The root user of one account."""

    mfa: str = "none"  # none, virtual or hardware
    password: bool = True
    access_keys: int = 0
    inactive_access_keys: int = 0
    last_used: datetime.datetime | None = None


@dataclass
class Report:
    """The credential report last generated for one account."""

    text: str = ""
    generated: datetime.datetime | None = None
    pending: int = 0
    announced: bool = False


@dataclass
class State:
    enabled: frozenset[str] = frozenset(os.environ.get("EXHIBIT_REGIONS", "").replace(",", " ").split()) or DEFAULT_REGIONS
    page_size: int | None = None
    page_quirk: str | None = None  # repeat or empty
    report_cache_hours: float = 0
    report_pending: int = 0
    report_columns: int = 22
    report_quotes: bool = True
    report_root_old: bool = False
    new_bucket_defaults: bool = True
    region_redirect: bool = True
    roots: dict[str, Root] = field(default_factory=lambda: collections.defaultdict(Root))
    reports: dict[str, Report] = field(default_factory=lambda: collections.defaultdict(Report))


STATE = State()


def reset() -> None:
    STATE.__init__()
