"""What AWS leaves out unless it is asked: every member of every request that exhibit makes has a decision in `request_members.tsv`.

An update of botocore or of the SDK that brings a new member fails here until somebody has decided; and a decision that is not what is sent.
"""

import collections
import functools
import json
import re
import tomllib
import zipfile

import pytest

from emulator import full
from support.exhibit import ROOT

# By these a list goes on, or nothing is done.
_PAGING = re.compile(r"(dryrun|limit|marker|position|max(results|items|records|keys|buckets)|pagesize|resourcesperpage|tagsperpage"
                     r"|(next|pagination|continuation)token|exclusivestarttablename|startafter)", re.IGNORECASE)
# In the SDK's model of the API, not in botocore's (which does without it), or not of the operation.
_SDK_ONLY: set[tuple[str, str, str]] = set()
# Where the trimmed SDK has them under another name.
_SDK_NAMES = {"filter": "filters"}


@functools.cache
def operations() -> list[tuple[str, str, str]]:
    """Service, operation, crate."""
    services = tomllib.loads((ROOT / "collector/operations.toml").read_text())
    return [(service, operation, of["sdk"]) for service, of in services.items() for operation in of["operations"]]


def members() -> set[tuple[str, str, str]]:
    found = set()
    for service, operation, _ in operations():
        shape = full.model(service).operation_model(operation).input_shape
        names = shape.members if shape is not None else {}
        found |= {(service, operation, name) for name in names if name not in shape.required_members and not _PAGING.fullmatch(name)}
    return found


@functools.cache
def decisions() -> dict[tuple[str, str, str], str]:
    lines = (ROOT / "tests/services/request_members.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {(service, operation, member): decision for service, operation, member, decision in rows}


@functools.cache
def sent() -> dict[tuple[str, str], set[str]]:
    """The names on the wire of what samples/full asks, in which every operation is asked."""
    found = collections.defaultdict(set)
    for path in (ROOT / "samples/full/snapshots").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            for line in archive.read("exchanges.jsonl").splitlines():
                exchange = json.loads(line)
                params = exchange["params"]
                for part in (params, params.get("query"), params.get("headers"), params.get("body")):
                    if isinstance(part, dict):
                        found[exchange["service"], exchange["operation"]] |= {name.split(".")[0].lower() for name in part}
    return found


def test_each_member_has_a_decision_and_each_decision_a_member():
    decided = set(decisions())
    assert members() - decided == set(), "new: ask it, or say why not, in request_members.tsv"
    assert decided - members() == set(), "gone"


def test_what_is_decided_is_what_is_sent():
    wrong = []
    for (service, operation, member), decision in decisions().items():
        assert re.match(r"(asked|instead: .+|left: .+)", decision), decision
        shape = full.model(service).operation_model(operation).input_shape.members[member]
        names = {member.lower(), *(str(shape.serialization[key]).lower() for key in ("name", "queryName") if key in shape.serialization)}
        if decision.startswith("asked") != bool(names & sent()[service, operation]):
            wrong.append(f"{service}:{operation} {member}: {decision}")
    assert wrong == [], "samples/full may be old: python samples/record.py --only full"


def test_the_sdk_knows_no_member_besides():
    """The Rust SDK may be ahead of botocore."""
    sdk = ROOT / "target/sdk"
    if not sdk.is_dir():
        pytest.skip("the SDK is not trimmed here: make build")
    new = []
    for service, operation, crate in operations():
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()
        builders = sdk / crate / "src/operation" / snake / "builders.rs"
        if not builders.is_file():  # built whole
            continue
        shape = full.model(service).operation_model(operation).input_shape
        known = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in (shape.members if shape is not None else {})}
        for name in re.findall(r"pub fn set_(\w+)\(", builders.read_text()):
            plain = name.replace("_", "")
            if plain not in known and _SDK_NAMES.get(plain, plain) not in known:
                new.append((service, operation, name))
    assert set(new) - _SDK_ONLY == set(), "decide in request_members.tsv once botocore has it; until then name it here"
