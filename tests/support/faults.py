"""Compares a run that was refused something with one that was not."""

from __future__ import annotations

from .exhibit import sound, verdicts

ONCE = {"AWS_MAX_ATTEMPTS": "1"}


_needed: dict[str, set[str]] = {}


def needed(exhibit) -> dict[str, set[str]]:
    """The operations of each control that its verdict rests on; asked once, they are the same for all."""
    if not _needed:
        _needed.update({c["id"]: set(c["operations"]) - set(c["hints"]) for c in exhibit.run("controls", "--format", "json").json()["controls"]})
    return _needed


def check(baseline: dict, found: dict, needs: dict, broken: set[str]) -> None:
    """Compares a disturbed run with the undisturbed one. cli/src/denied_walk.rs is more exact: there, nothing is inherited."""
    reached = set()
    for control, now in found.items():
        before = baseline[control]
        if not needs[control] & broken:
            same = {key: (now[key], before[key]) for key in ("verdict", "code", "incomplete", "counts", "reason") if now[key] != before[key]}
            assert not same, f"{control} does not need {broken}: {same}"
            assert verdicts(now) == verdicts(before), control
            continue
        if now["verdict"] == "not-tested" or (now["verdict"] == "fail" and now["incomplete"]):
            reached.add(control)
            assert now["reason"] and (now["code"] or now["gaps"]), control
        else:
            assert now["verdict"] == before["verdict"], f"{control}: {now['verdict']} without {needs[control] & broken}"
        sound(control, before, now)
    assert reached or not any(needs[control] & broken for control in found), f"nobody misses {broken}"
