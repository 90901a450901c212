"""Controls on records that people supply: good and bad records, from `exhibit attach` to the verdict."""

from __future__ import annotations

import datetime
import hashlib
import json

import pytest

from seeds import controls, events
from seeds.build import Builder
from seeds.controls_manual import ATTACHED, CHECKS, trusted_advisor
from support.exhibit import INCOMPLETE, OK, Exhibit, failing
from support.faults import ONCE

TODAY = datetime.datetime.now(datetime.timezone.utc).date()


def day(n: int) -> str:
    return str(TODAY + datetime.timedelta(days=n))


@pytest.fixture
def b(account):
    builder = Builder(account)
    builder.regions()
    return builder


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    return Exhibit(tmp_path / "work", account, cli_endpoint, binary)


def fact(kind: str, subject: str, **fields) -> str:
    return f"[[{kind}]]\nsubject = {json.dumps(subject)}\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def attach(exhibit: Exhibit, control: str, *facts: str, files: dict[str, str] | None = None, performed: str | None = None, **more: str) -> None:
    files = {"record.txt": "A record."} if files is None else files
    for name, text in files.items():
        (exhibit.folder / name).write_text(text)
    given = {"owner": "Head of IT", "performed": performed or day(-2), "period-from": day(-90), "period-to": day(0), "performer": "Ann Lee", "reviewer": "Bo Chen",
             "statement": "It was done"} | more
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    if facts:
        (exhibit.folder / "facts.toml").write_text("".join(facts))
        words += ["--facts", "facts.toml"]
    ran = exhibit.run("attach", control, *files, *words)
    assert ran.code == OK, ran.err


def judged(exhibit: Exhibit, control: str) -> dict:
    exhibit.same_in_other_partitions(control)
    return exhibit.test("--control", control)[control]


@pytest.mark.parametrize("control", ATTACHED)
def test_without_a_record(exhibit, b, control):
    """Not tested while it is open, and failed once the firm has closed it."""
    b.account.control("root", password=1)
    exhibit.collect("--control", control)
    found = judged(exhibit, control)
    assert (found["verdict"], found["code"]) == ("not-tested", "evidence-missing"), found["reason"]
    period = f'organization = "H"\n[[period]]\nname = "p"\ntype = "type-2"\nstart = {day(-80)}\nend = {day(1)}\n'
    exhibit.config(period)
    found = exhibit.test("--period", "p", "--control", control)[control]
    assert (found["verdict"], found["code"], found["coverage"]) == ("not-tested", "evidence-missing", None)
    exhibit.config(period + "closed = true\n")
    assert exhibit.test("--period", "p", "--control", control)[control]["verdict"] == "fail"
    assert exhibit.run("reperform").code == OK


VAULT = [fact("vault", "item 42", product="A vault"), fact("access_log", "vault.csv", **{"from": day(-90), "to": day(0)}),
         fact("custodian", "Ann Lee", role="Head of IT", since="2024-01-01"), fact("custodian", "Bo Chen", role="CTO", since="2024-01-01"),
         fact("staff", "Ann Lee"), fact("staff", "Bo Chen")]
LOG = {"vault.csv": "at,who\n"}


def test_root_password_good(exhibit, b):
    number = b.account.number
    b.account.control("root", password=1)
    events.state(b.account, events.event(b.account, "signin", "PasswordUpdated", events.root(number), days=9, eventType="AwsConsoleSignIn"),
                 events.sign_in(b.account, events.root(number), days=9, minutes=5), events.sign_in(b.account, events.root(number), days=30))
    exhibit.collect("--control", "root-password-vaulted")
    left = fact("custodian", "Cy Gone", role="Operator", since="2024-01-01", left=day(-10))
    attach(exhibit, "root-password-vaulted", *VAULT, left, fact("password_change", number, date=day(-9)), fact("access", "7", at=f"{day(-9)}T00:00:00Z", person="Ann Lee"), files=LOG)
    found = judged(exhibit, "root-password-vaulted")
    assert found["verdict"] == "pass", found["reason"]
    # The sign-in of a month ago has no access in the vault's log.
    assert sum(r["reason"].startswith("observation:") for r in found["resources"]) == 1


@pytest.mark.parametrize("change, when, reason", [(-9, 5, "not corroborated"), (-8, 8, "no change of the password")])
def test_root_password_not_changed_in_time(exhibit, b, change, when, reason):
    number = b.account.number
    b.account.control("root", password=1)
    events.state(b.account, events.event(b.account, "signin", "PasswordUpdated", events.root(number), days=when, eventType="AwsConsoleSignIn"))
    exhibit.collect("--control", "root-password-vaulted")
    left = fact("custodian", "Cy Gone", role="Operator", since="2024-01-01", left=day(-10))
    attach(exhibit, "root-password-vaulted", *VAULT, left, fact("password_change", number, date=day(change)), files=LOG)
    found = judged(exhibit, "root-password-vaulted")
    assert failing(found) == {number} and reason in found["resources"][0]["reason"], found["resources"]


def test_root_password_one_custodian(exhibit, b):
    b.account.control("root", password=1)
    exhibit.collect("--control", "root-password-vaulted")
    attach(exhibit, "root-password-vaulted", *[f for f in VAULT if "CTO" not in f], files=LOG)
    found = judged(exhibit, "root-password-vaulted")
    assert failing(found) == {b.account.number} and "active custodians: 1" in found["resources"][0]["reason"]
    b.account.control("root", password=0)
    exhibit.collect("--control", "root-password-vaulted")
    assert judged(exhibit, "root-password-vaulted")["verdict"] == "na"


def test_trusted_advisor_review(exhibit, b):
    control = "trusted-advisor-review-signed-off"
    trusted_advisor(b, 3, ("sg-1", "sg-2"))
    exhibit.collect("--control", control)
    check = CHECKS[0][0]
    attach(exhibit, control, fact("disposition", f"{check}/sg-1", disposition="accepted", reason="A test network"))
    found = judged(exhibit, control)
    assert found["verdict"] == "fail" and f"nothing is decided on {CHECKS[0][1]}" in found["resources"][0]["reason"]
    attach(exhibit, control, fact("disposition", f"{check}/sg-1", disposition="accepted", reason="A test network"),
           fact("disposition", f"{check}/sg-2", disposition="ticket", ticket="OPS-1", due=day(20)), replaces="A" + str(len(exhibit.log())))
    assert judged(exhibit, control)["verdict"] == "pass"
    assert exhibit.run("reperform").code == OK


def test_trusted_advisor_fixed_is_flagged_again(exhibit, b):
    control = "trusted-advisor-review-signed-off"
    trusted_advisor(b, 1, ("sg-1",))
    exhibit.collect("--control", control)
    attach(exhibit, control, fact("disposition", CHECKS[0][0], disposition="fixed"), performed=day(-5))
    assert "flagged again" in judged(exhibit, control)["resources"][0]["reason"]


def test_two_windows(exhibit, b):
    control = "trusted-advisor-review-signed-off"
    exhibit.collect("--control", control)
    exhibit.config(f'organization = "H"\n[[period]]\nname = "p"\ntype = "type-2"\nstart = {day(-180)}\nend = {day(1)}\n')
    attach(exhibit, control, performed=day(-150), **{"period-from": day(-180), "period-to": day(-88)})
    found = exhibit.test("--period", "p", "--control", control)[control]
    assert [r["verdict"] for r in found["resources"]] == ["unknown", "pass"]
    attach(exhibit, control, performed=day(-3))
    assert exhibit.test("--period", "p", "--control", control)[control]["verdict"] == "pass"


def test_incidents(exhibit, b):
    control = "incident-response-program"
    exhibit.collect("--control", control)
    plan = fact("plan", "3.1", approver="CISO", date=day(-100))
    exercise = fact("exercise", "Stolen key", date=day(-50))
    attach(exhibit, control, plan, exercise, fact("register", "Queue SEC", count=0))
    assert judged(exhibit, control)["verdict"] == "pass"
    attach(exhibit, control, plan, exercise, fact("register", "Queue SEC", count=1), fact("incident", "SEC-1", opened=day(-20), detected=day(-20)),
           replaces="A" + str(len(exhibit.log())))
    found = judged(exhibit, control)
    assert failing(found) == {"incident SEC-1"}
    hints = next(r for r in found["resources"] if r["resource"] == b.account.number)
    assert hints["verdict"] == "na" and "no API for AWS Health" in hints["reason"]


def test_soc_report(exhibit, b):
    control = "aws-soc-report-reviewed"
    b.account.answers("artifact", "ListReports", {"reports": [{"id": "report-1", "name": "SOC 2 Report", "state": "PUBLISHED", "periodEnd": f"{day(30)}T00:00:00Z"}]})
    exhibit.collect("--control", control)
    report = {"organization": "AWS", "auditor": "An auditor", "period_from": day(-300), "period_to": day(-60), "exceptions_considered": "None."}
    cuec = fact("cuec", "CUEC-1", control="iam-console-users-mfa")
    attach(exhibit, control, fact("report", "SOC 2", **report), cuec)
    found = judged(exhibit, control)
    assert failing(found) == {"AWS"} and f"No report covers {day(-59)}" in found["resources"][0]["reason"]
    attach(exhibit, control, fact("report", "SOC 2", **report, bridge_to=day(0)), cuec, replaces="A" + str(len(exhibit.log())))
    found = judged(exhibit, control)
    assert found["verdict"] == "pass" and "Artifact offers a newer report" in found["resources"][0]["reason"]


def test_access_review(exhibit, b):
    control = "access-review-performed"
    b.group("developers", managed=("ReadOnlyAccess",))
    ann = b.user("ann", days=400, console=100, used=1, mfa="virtual", groups=("developers",))
    ci = b.user("ci", days=400, keys=((10, 1),), groups=("developers",))
    number = b.account.number
    admin = b.role("admin", {"AWS": f"arn:aws:iam::{number}:root"})
    b.role("web", {"Service": "ec2.amazonaws.com"})
    exhibit.collect("--control", control)
    listed = "ann\nci\nadmin\n"
    population = fact("population", hashlib.sha256(listed.encode()).hexdigest(), count=3)
    keep = [fact("decision", ci, decision="keep", used_by="service"), fact("staff", "Ann Lee")]
    own = fact("decision", ann, decision="keep", person="Ann Lee", by="Dan Orr")
    role = fact("decision", admin, decision="keep")
    attach(exhibit, control, population, own, role, *keep, files={"population.csv": listed}, performed=day(0))
    found = judged(exhibit, control)
    assert found["verdict"] == "pass", found["resources"]
    attach(exhibit, control, population, own, *keep, fact("decision", "somebody else", decision="keep"), files={"population.csv": listed}, performed=day(0),
           replaces="A" + str(len(exhibit.log())))
    assert "nothing is decided on admin" in judged(exhibit, control)["resources"][0]["reason"]


def test_a_roster_and_a_confirmation(exhibit, b):
    controls.seed(b, "account-contacts-several-people", "bad")
    exhibit.collect("--control", "account-contacts-several-people", "--control", "account-contacts-complete")
    assert judged(exhibit, "account-contacts-several-people")["verdict"] == "fail"
    exhibit.config('organization = "H"\n[parameters.account-contacts-several-people]\nshared_mailboxes = { "ada@example.com" = "IT" }\nby = "CISO"\nwhy = "A list"\n')
    attach(exhibit, "account-contacts-several-people", fact("roster", "ada@example.com", members=["Ada", "Bo"], date=day(-5)), files={})
    assert judged(exhibit, "account-contacts-several-people")["verdict"] == "pass"
    attach(exhibit, "account-contacts-complete", fact("confirmation", b.account.number, date=day(-5)), files={})
    primary = next(r for r in judged(exhibit, "account-contacts-complete")["resources"] if r["resource"] == "PRIMARY")
    assert primary["verdict"] == "pass" and "confirmed as current" in primary["reason"]


def test_trusted_advisor_without_a_plan(exhibit, b):
    exhibit.collect("--control", "trusted-advisor-checks-run")
    found = judged(exhibit, "trusted-advisor-checks-run")
    assert (found["verdict"], found["code"]) == ("not-tested", "unsupported")
    assert exhibit.run("reperform").code == OK


REFUSED = {"account:GetAlternateContact": {"account-contacts-complete", "account-contacts-several-people"}, "account:GetContactInformation": {"account-contacts-complete"},
           "support:DescribeTrustedAdvisorCheckSummaries": {"trusted-advisor-checks-run", "trusted-advisor-review-signed-off"},
           "account:GetPrimaryEmail": set(), "artifact:ListReports": set(), "health:DescribeEvents": set(), "ssm-incidents:ListResponsePlans": set()}


@pytest.mark.parametrize("operation", REFUSED)
def test_a_refused_call_leaves_open_what_needs_it(exhibit, b, operation):
    """…and nothing else: the other verdicts are what they would be without it."""
    for control in ("account-contacts-complete", "account-contacts-several-people", "trusted-advisor-checks-run"):
        controls.CONTROLS[control](b, False)
    ids = ["account-contacts-complete", "account-contacts-several-people", "trusted-advisor-checks-run", "trusted-advisor-review-signed-off", "aws-soc-report-reviewed",
           "incident-response-program"]
    service, _, name = operation.partition(":")
    error = {"code": "ThrottlingException" if operation == "account:GetPrimaryEmail" else "AccessDeniedException", "message": "denied", "status": 403}
    b.account.answers(service, name, error=error)
    if name == "GetAlternateContact":  # what is stated for one type comes after
        for kind in ("BILLING", "OPERATIONS", "SECURITY"):
            b.account.answers(service, name, error=error, AlternateContactType=kind)
    exhibit.collect(*[word for i in ids for word in ("--control", i)], code=INCOMPLETE, **ONCE)
    attach(exhibit, "trusted-advisor-review-signed-off")
    attach(exhibit, "incident-response-program", fact("plan", "1", approver="CISO", date=day(-9)), fact("exercise", "x", date=day(-9)), fact("register", "q", count=0))
    attach(exhibit, "aws-soc-report-reviewed", fact("report", "SOC 2", organization="AWS", auditor="x", period_from=day(-300), period_to=day(0), exceptions_considered="None."),
           fact("cuec", "1", reason="Not used"))
    found = exhibit.test()
    untested = {i for i in ids if found[i]["verdict"] == "not-tested"}
    assert untested == REFUSED[operation], {i: (found[i]["verdict"], found[i]["reason"]) for i in ids}
    assert {found[i]["verdict"] for i in set(ids) - untested} == {"pass"}
    assert exhibit.run("reperform").code == OK


