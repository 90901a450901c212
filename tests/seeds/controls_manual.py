"""Controls on contacts, Trusted Advisor and records that people supply."""

from __future__ import annotations

import datetime

from .build import Builder

Failing = list[tuple[str, str]]

# Good and bad are records here: tests/services/test_attached_records.py attaches them.
ATTACHED = ("access-review-performed", "aws-soc-report-reviewed", "incident-response-program", "root-password-vaulted", "trusted-advisor-review-signed-off")


def contact(b: Builder, kind: str, email: str, phone: str) -> None:
    held = {"AlternateContactType": kind, "Name": "Ada Example", "Title": "Head of IT", "EmailAddress": email, "PhoneNumber": phone}
    b.account.answers("account", "GetAlternateContact", {"AlternateContact": held}, AlternateContactType=kind)


def account_contacts_complete(b: Builder, bad: bool) -> Failing:
    contact(b, "BILLING", "billing@example.com", "+1 555 0101")
    contact(b, "OPERATIONS", "ops@example.com", " " if bad else "+1 555 0102")
    if bad:
        return [("OPERATIONS", "OPERATIONS"), ("SECURITY", "SECURITY")]
    contact(b, "SECURITY", "security@example.com", "+1 555 0103")
    return []


def account_contacts_several_people(b: Builder, bad: bool) -> Failing:
    contact(b, "SECURITY", "ada+security@example.com", "+1 555 0101")
    contact(b, "OPERATIONS", "Ada@example.com" if bad else "bo@example.com", "+1 555 0102")
    return [(b.account.number, b.account.number)] if bad else []


CHECKS = [("Pfx0RwqBli", "MFA on Root Account", "security"), ("eW7HH0l7J9", "Service Limits", "service_limits"), ("Qch7DwouX1", "Low Utilization", "cost_optimizing"),
          ("L4dfs2Q3C3", "Some of a sixth kind", "operational_excellence")]


def trusted_advisor(b: Builder, days: float = 1, flagged: tuple[str, ...] = ()) -> None:
    """Results so old; the first check flags these resources as errors."""
    when = (b.account.now() - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    numbers = {"resourcesProcessed": 9, "resourcesFlagged": 0, "resourcesIgnored": 0, "resourcesSuppressed": 0}
    cost = {"costOptimizing": {"estimatedMonthlySavings": 0, "estimatedPercentMonthlySavings": 0}}
    checks = [{"id": i, "name": name, "description": "d", "category": kind, "metadata": ["Status"]} for i, name, kind in CHECKS]
    summaries = [{"checkId": i, "timestamp": when, "status": "error" if flagged and not n else "ok", "hasFlaggedResources": bool(flagged and not n),
                  "resourcesSummary": numbers | {"resourcesFlagged": 0 if n else len(flagged)}, "categorySpecificSummary": cost} for n, (i, _, _) in enumerate(CHECKS)]
    result = {"checkId": CHECKS[0][0], "timestamp": when, "status": "error", "resourcesSummary": numbers, "categorySpecificSummary": cost,
              "flaggedResources": [{"status": "error", "region": "us-east-1", "resourceId": r, "isSuppressed": False, "metadata": ["Red", None]} for r in flagged]}
    b.account.answers("support", "DescribeTrustedAdvisorChecks", {"checks": checks})
    b.account.answers("support", "DescribeTrustedAdvisorCheckSummaries", {"summaries": summaries})
    b.account.answers("support", "DescribeTrustedAdvisorCheckResult", {"result": result}, checkId=CHECKS[0][0])


def trusted_advisor_checks_run(b: Builder, bad: bool) -> Failing:
    trusted_advisor(b, 40 if bad else 3)
    return [(i, name) for i, name, kind in CHECKS if kind != "operational_excellence"] if bad else []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (account_contacts_complete, account_contacts_several_people, trusted_advisor_checks_run)}

FAILING = {"account-contacts-complete": ["OPERATIONS", "SECURITY"], "account-contacts-several-people": ["123456789012"],
           "trusted-advisor-checks-run": ["MFA on Root Account", "Service Limits", "Low Utilization"]}
