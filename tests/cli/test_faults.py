"""What AWS does not answer: the controls that need it say so, and no other verdict moves."""

from __future__ import annotations

import itertools
import tomllib

import pytest

from emulator.client import post, process
from support.exhibit import FAILURE, INCOMPLETE, OK, ROOT, USAGE, Exhibit, complains, sound, verdicts
from support.faults import ONCE, check, needed

_LIST = tomllib.loads((ROOT / "collector/operations.toml").read_text())
# Refused over the wire: one of each service, and all of the oldest two. Every operation is refused in cli/src/denied_walk.rs.
OPERATIONS = [f"{service}:{operation}" for service, of in _LIST.items() for operation in of["operations"][: None if service in ("iam", "s3") else 1]]
IDENTITY, REGIONS = "sts:GetCallerIdentity", {"account:ListRegions", "ec2:DescribeRegions"}
# One of each protocol, all of them asked for the sample company, with several calls in two regions.
SAMPLE = ["iam:ListUsers", "ec2:DescribeSecurityGroupRules", "s3:GetBucketPolicy", "s3control:ListAccessPoints", "kms:ListKeys", "cloudtrail:DescribeTrails"]


@pytest.fixture(scope="session")
def baseline(collected):
    return collected.test()


@pytest.fixture(scope="session")
def needs(collected):
    """The operations of each control that its verdict rests on."""
    return needed(collected)


@pytest.fixture(scope="session")
def asked(collected):
    """The operations that the undisturbed run called."""
    return {f"{e['service']}:{e['operation']}" for e in collected.exchanges()}


def those(needs: dict, operation: str) -> list[str]:
    """`--control …` for all that need the operation: what they need is collected, and they are tested."""
    controls = {control for control, operations in needs.items() if operation in operations}
    return [word for control in sorted({"sg-admin-ports-closed"} if operation in REGIONS else controls or needs) for word in ("--control", control)]


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o != IDENTITY])
def test_denied(exhibit, faults, baseline, needs, asked, operation):
    """That nothing else moves is in cli/src/denied_walk.rs, for every operation, and below in test_one_broken."""
    only = those(needs, operation)
    with faults(f"{operation}=403"):
        if operation not in asked or operation in REGIONS or operation == "iam:GenerateCredentialReport":
            # The list of regions has a second source, and a fresh credential report is there from before; what this
            # account never needs is not asked for.
            told = exhibit.collect(*only, **ONCE)
            assert told["gaps"] == []
            broken = set()
        else:
            told = exhibit.collect(*only, code=INCOMPLETE, **ONCE)
            broken = {operation}
            assert broken <= {gap["operation"] for gap in told["gaps"]}
            broken = {gap["operation"] for gap in told["gaps"]}
            assert {gap["code"] for gap in told["gaps"]} == {"access-denied"}
            assert all(gap["message"] and gap["exchange"] for gap in told["gaps"])
    assert told["schema"] == "exhibit.collect/1" and told["snapshot"]["status"] == "complete"
    check(baseline, exhibit.test(*only), needs, broken)


_CODES = {"503": {"region-unreachable", "throttled"}, "500": {"region-unreachable"}, "throttle": {"throttled"}, "cut": {"region-unreachable"},
          "reset": {"region-unreachable"}, "expired": {"access-denied"}, "html404": {"unsupported"}}


@pytest.mark.parametrize("kind", list(_CODES))
def test_broken(exhibit, faults, baseline, needs, kind):
    """A sample of operations, one of each protocol, broken at once."""
    with faults(*(f"{operation}={kind}" for operation in SAMPLE)):
        told = exhibit.collect(code=INCOMPLETE, **ONCE)
    gaps = {}
    for gap in told["gaps"]:
        gaps.setdefault(gap["operation"], set()).add(gap["code"])
    assert set(gaps) == set(SAMPLE)
    assert set().union(*gaps.values()) <= _CODES[kind], gaps
    check(baseline, exhibit.test(), needs, set(SAMPLE))
    exhibit.verify()


@pytest.mark.parametrize(("operation", "kind"), list(zip([o for o in SAMPLE for _ in range(2)], itertools.cycle(["cut", "html404", "expired", "503", "throttle"]))))
def test_one_broken(exhibit, faults, baseline, needs, operation, kind):
    with faults(f"{operation}={kind}"):
        told = exhibit.collect(code=INCOMPLETE, **ONCE)
    assert {gap["operation"] for gap in told["gaps"]} == {operation}
    check(baseline, exhibit.test(), needs, {operation})


@pytest.mark.parametrize("operation", ["iam:ListUsers", "s3:GetBucketPolicy", "ec2:DescribeSecurityGroups"])
def test_no_answer(exhibit, faults, baseline, needs, operation):
    with faults(f"{operation}=hang"):
        told = exhibit.collect("--timeout", "5", code=INCOMPLETE, timeout=100, **ONCE)
    assert {(gap["operation"], gap["code"]) for gap in told["gaps"]} == {(operation, "region-unreachable")}
    check(baseline, exhibit.test(), needs, {operation})


def test_one_region(exhibit, faults, baseline, needs):
    """A region that refuses everything: what is in the other one is still judged."""
    with faults("ec2:*=403,region=eu-west-1", "kms:*=403,region=eu-west-1"):
        told = exhibit.collect(code=INCOMPLETE, **ONCE)
    assert {gap["region"] for gap in told["gaps"]} == {"eu-west-1"}
    found = exhibit.test()
    for control, now in found.items():
        if any(o.startswith(("ec2:", "kms:")) and o not in REGIONS for o in needs[control]):
            sound(control, baseline[control], now)
            home = [r for r in verdicts(now) if r[1] == "us-east-1"]
            assert home == [r for r in verdicts(baseline[control]) if r[1] == "us-east-1"], control
            assert now["verdict"] == "not-tested" or now["incomplete"], control
        else:
            assert verdicts(now) == verdicts(baseline[control])


def test_one_bucket(exhibit, faults, baseline):
    """One bucket that refuses: the others are judged as before."""
    name = baseline["s3-tls-only"]["resources"][0]["resource"].rsplit(":", 1)[1]
    with faults(f"s3:GetBucketPolicy=403,match={name}"):
        told = exhibit.collect(code=INCOMPLETE, **ONCE)
    assert [gap["resource"] for gap in told["gaps"]] == [f"arn:aws:s3:::{name}"]
    now, before = exhibit.test("--control", "s3-tls-only")["s3-tls-only"], baseline["s3-tls-only"]
    assert [r["verdict"] for r in now["resources"] if r["name"] == name] == ["unknown"]
    assert [r for r in verdicts(now) if r[3] != name] == [r for r in verdicts(before) if r[3] != name]


def test_second_page_missing(company, cli_endpoint, binary, tmp_path, baseline):
    """A list of which the first page came and the second did not."""
    post(cli_endpoint, "/exhibit/page-size", n=3)
    try:
        with process("emulator.fault_proxy", "--upstream", cli_endpoint, "-p", "0", "--rule", "iam:ListUsers=403,skip=1",
                             "--rule", "iam:GetAccountAuthorizationDetails=403,skip=1") as url:
            run = Exhibit(tmp_path, company, url, binary)
            told = run.collect("--control", "iam-console-users-mfa", "--control", "iam-no-full-admin", code=INCOMPLETE, **ONCE)
    finally:
        post(cli_endpoint, "/exhibit/page-size", n=0)
    assert {gap["operation"] for gap in told["gaps"]} == {"iam:ListUsers", "iam:GetAccountAuthorizationDetails"}
    for control, now in run.test("--control", "iam-console-users-mfa", "--control", "iam-no-full-admin").items():
        assert now["verdict"] == "not-tested" or now["incomplete"], control
        sound(control, baseline[control], now)


def test_what_passes_is_no_gap(exhibit, faults, baseline):
    """Throttled and broken off at first, then answered: retries get it all."""
    rules = [f"{operation}={kind},times=1" for operation, kind in zip(SAMPLE, itertools.cycle(["throttle", "503", "cut", "reset", "500"]))]
    with faults(*rules):
        told = exhibit.collect()
    assert told["gaps"] == []
    found = exhibit.test()
    assert {i: verdicts(c) for i, c in found.items()} == {i: verdicts(c) for i, c in baseline.items()}
    assert sum(e["attempt"] > 1 for e in exhibit.exchanges()) >= len(SAMPLE)
    exhibit.verify()


def test_credentials_that_expire_on_the_way(exhibit, faults, baseline):
    with faults("*:*=expired,skip=40"):
        told = exhibit.collect(code=INCOMPLETE, **ONCE)
    assert {gap["code"] for gap in told["gaps"]} == {"access-denied"}
    for control, now in exhibit.test().items():
        sound(control, baseline[control], now)
        assert now["verdict"] != "pass" or baseline[control]["verdict"] == "pass"
    exhibit.verify()


def test_nothing_but_the_identity(exhibit, faults):
    """All refused: nothing is judged, and nothing passes."""
    with faults("sts:GetCallerIdentity=403,skip=1", *(f"{service}:*=403" for service in _LIST if service != "sts")):
        exhibit.collect(code=INCOMPLETE, **ONCE)
    found = exhibit.test()
    assert {c["verdict"] for c in found.values()} == {"not-tested"}
    # What people supply is not AWS's to refuse.
    manual = {c["id"] for c in exhibit.run("controls", "--format", "json").json()["controls"] if "manual" in c["type"]}
    assert {i: c["code"] for i, c in found.items() if c["code"] != "access-denied" and not (i in manual and c["code"] == "evidence-missing")} == {}


def test_no_list_of_regions(exhibit, faults, baseline):
    """Neither source of the regions answers: nobody knows where else there is something."""
    with faults("account:ListRegions=403", "ec2:DescribeRegions=403"):
        told = exhibit.collect(code=INCOMPLETE, **ONCE)
    assert {gap["operation"] for gap in told["gaps"]} == REGIONS
    for control, now in exhibit.test().items():
        sound(control, baseline[control], now)
        regional = any(r["region"] == "eu-west-1" for r in baseline[control]["resources"]) and not control.startswith("s3-")
        if regional:
            assert now["verdict"] == "not-tested" or now["incomplete"], f"{control}: {now['verdict']} though no other region was asked"


@pytest.mark.parametrize(("kind", "code", "words"), [("403", INCOMPLETE, ["sts:GetCallerIdentity", "exhibit policy"]), ("expired", USAGE, ["credentials"]),
                                                      ("html404", FAILURE, ["AWS_ENDPOINT_URL"]), ("500", FAILURE, ["AWS_ENDPOINT_URL"]),
                                                      ("cut", FAILURE, ["AWS_ENDPOINT_URL"]), ("reset", FAILURE, ["AWS_ENDPOINT_URL"])],
                         ids=["403", "expired", "html404", "500", "cut", "reset"])
def test_without_the_identity(exhibit, faults, kind, code, words):
    """Whose evidence would it be? The run ends, and the log says that there was one."""
    with faults(f"{IDENTITY}={kind}"):
        complains(exhibit.run("collect", **ONCE), code, *words)
    assert [entry["type"] for entry in exhibit.log()] == ["genesis", "run-open", "witness", "run-abort"]
    assert exhibit.log()[-1]["body"]["reason"]
    assert exhibit.snapshots() == []
    exhibit.verify()


def test_the_identity_without_an_answer(exhibit, faults):
    with faults(f"{IDENTITY}=hang"):
        complains(exhibit.run("collect", "--timeout", "1", timeout=30, **ONCE), FAILURE, "1 s")
    exhibit.verify()


def test_repaired(exhibit, faults, baseline):
    """The next run, with everything allowed, is as good as any; the earlier one is kept."""
    with faults("iam:*=403"):
        exhibit.collect(code=INCOMPLETE, **ONCE)
    exhibit.collect(code=OK)
    assert {i: verdicts(c) for i, c in exhibit.test().items()} == {i: verdicts(c) for i, c in baseline.items()}
    assert len(exhibit.snapshots()) == 2
    exhibit.verify()
