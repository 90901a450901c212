"""The control endpoints under /exhibit/. Their list is in the doc string of __main__.py."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse

import moto.iam.models as iam
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal import moto_api_backend

from . import clock, lawful, recorded, stated, state
from .services import account, cloudtrail, cloudtrail_events, kms
from .state import STATE


class Refused(Exception):
    """A control request that makes no sense."""


class Query:
    """The parameters of one request; whatever was not asked for is refused at the end."""

    def __init__(self, text: str):
        self._left = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))

    def text(self, name: str, default: str | None = None) -> str | None:
        return self._left.pop(name, default)

    def number(self, name: str) -> float | None:
        value = self._left.pop(name, None)
        try:
            return None if value is None else float(value)
        except ValueError:
            raise Refused(f"{name}: not a number: {value}") from None

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        return None if value is None else value.lower() in ("1", "true", "yes", "on")

    def done(self) -> None:
        if self._left:
            raise Refused(f"unknown parameter: {', '.join(self._left)}")


def _account(query: Query) -> str:
    return query.text("account", DEFAULT_ACCOUNT_ID)


def regions(query: Query) -> None:
    wanted = query.text("enabled", "").replace(",", " ").split()
    if unknown := [name for name in wanted if name not in account.REGIONS]:
        raise Refused(f"no such region: {unknown[0]}")
    STATE.enabled = frozenset(wanted) or state.DEFAULT_REGIONS


def page_size(query: Query) -> None:
    STATE.page_size = int(query.number("n") or 0) or None
    STATE.page_quirk = query.text("quirk") or None
    if STATE.page_quirk not in (None, "empty", "repeat"):
        raise Refused("quirk: empty or repeat")


def root(query: Query) -> None:
    user = STATE.roots[_account(query)]
    if (mfa := query.text("mfa")) is not None:
        if mfa not in ("none", "virtual", "hardware"):
            raise Refused("mfa: none, virtual or hardware")
        user.mfa = mfa
    if (password := query.flag("password")) is not None:
        user.password = password
    for name in ("access_keys", "inactive_access_keys"):
        if (count := query.number(name)) is not None:
            setattr(user, name, int(count))
    if (days := query.number("last_used_days")) is not None:
        user.last_used = clock.ago(days)


def user(query: Query) -> None:
    backend, name = iam.iam_backends[_account(query)]["aws"], query.text("name")
    if name not in backend.users:
        raise Refused(f"no such user: {name}")
    person = backend.users[name]
    if (days := query.number("password_last_used_days")) is not None:
        person.password_last_used = clock.ago(days)
    if (days := query.number("password_last_changed_days")) is not None:
        person.password_changed = clock.ago(days)
    for n in (1, 2):
        days = query.number(f"access_key_{n}_last_used_days")
        service, region = query.text(f"access_key_{n}_last_used_service", "s3"), query.text(f"access_key_{n}_last_used_region", "us-east-1")
        if days is not None:
            if len(person.access_keys) < n:
                raise Refused(f"{name} has no access key {n}")
            person.access_keys[n - 1].last_used = iam.AccessKeyLastUsed(clock.ago(days), service, region)


def credential_report(query: Query) -> None:
    for name in ("columns", "pending", "cache_hours"):
        if (value := query.number(name)) is not None:
            setattr(STATE, f"report_{name}", value if name == "cache_hours" else int(value))
    if (quote := query.flag("quote")) is not None:
        STATE.report_quotes = quote
    if (style := query.text("root")) is not None:
        STATE.report_root_old = style == "old"


def trail(query: Query) -> None:
    where = _account(query), query.text("region", "us-east-1"), query.text("name", "")
    told: dict = {name: query.number(name) for name in ("delivery_hours_ago", "digest_hours_ago")}
    told |= {name: query.text(name) for name in ("delivery_error", "digest_error")}
    cloudtrail.tell(*where, {name: value for name, value in told.items() if value is not None})


def kms_rotation(query: Query) -> None:
    kms.add_rotation(_account(query), query.text("region", "us-east-1"), query.text("key", ""), clock.ago(query.number("days_ago") or 0), query.text("type", "ON_DEMAND"))


def s3(query: Query) -> None:
    for name in ("new_bucket_defaults", "region_redirect"):
        if (value := query.flag(name)) is not None:
            setattr(STATE, name, value)


def reset(query: Query) -> None:
    moto_api_backend.reset()
    stated.forget()
    cloudtrail_events.forget()
    recorded.accounts.clear()
    state.reset()


def show() -> dict:
    plain = {f.name: getattr(STATE, f.name) for f in dataclasses.fields(STATE) if f.name not in ("roots", "reports")}
    return plain | {"now": clock.now().isoformat() + "Z", "enabled": sorted(STATE.enabled), "roots": {a: dataclasses.asdict(r) for a, r in STATE.roots.items()}}


def stated_answer(query: Query) -> None:
    """The answer is in the body."""


def event(query: Query, body: bytes) -> None:
    cloudtrail_events.add(_account(query), query.text("region"), json.loads(body))


def record(query: Query) -> None:
    number, on = _account(query), query.flag("on")
    recorded.accounts.discard(number) if on is False else recorded.accounts.add(number)


def events(query: Query) -> list[dict]:
    return cloudtrail_events.kept(_account(query))


def forget_events(query: Query) -> None:
    cloudtrail_events.forget(_account(query))


_POST = {"record": record, "events": events, "forget-events": forget_events, "answer": stated_answer, "event": event, "regions": regions, "page-size": page_size, "root": root, "user": user, "credential-report": credential_report, "trail": trail,
         "kms-rotation": kms_rotation, "s3": s3, "reset": reset}


def answer(method: str, path: str, query_text: str, body: bytes = b"") -> tuple[int, bytes]:
    """Status and JSON body."""
    name = path.removeprefix("/exhibit/").rstrip("/")
    if method == "GET" and name in ("state", "health"):
        return 200, json.dumps(show(), default=str).encode()
    if method == "GET" and name == "unlawful":
        return 200, json.dumps(lawful.found()).encode()
    if method != "POST" or name not in _POST:
        return 404, json.dumps({"error": "no such control endpoint", "post": sorted(_POST), "get": ["health", "state"]}).encode()
    try:
        if name == "answer":
            stated.state(json.loads(body))
        query = Query(query_text)
        told = _POST[name](query, *([body] if name == "event" else []))
        query.done()
    except Exception as refused:  # a test's mistake: say which
        return 400, json.dumps({"error": f"{type(refused).__name__}: {refused}"}).encode()
    return 200, b'{"ok": true}' if told is None else json.dumps(told).encode()
