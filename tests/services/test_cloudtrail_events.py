"""The event history: what is asked, what becomes of it, and what a gap in it does."""

from __future__ import annotations

import json
import zipfile

import pytest

from emulator.client import post
from seeds import events
from seeds.build import SECOND, Builder
from support.exhibit import INCOMPLETE, USAGE, Exhibit, complains


def rows(exhibit: Exhibit, table: str) -> list[dict]:
    with zipfile.ZipFile(exhibit.snapshots()[-1]) as archive:
        name = f"records/{table}.jsonl"
        return [json.loads(line) for line in archive.read(name).splitlines()] if name in archive.namelist() else []


def lookups(exhibit: Exhibit) -> list[dict]:
    return [e for e in exhibit.exchanges() if e["operation"] == "LookupEvents"]


@pytest.fixture
def exhibit(account, cli_endpoint, binary, tmp_path):
    Builder(account).regions()
    return Exhibit(tmp_path, account, cli_endpoint, binary)


CONTROL = ("--control", "root-use-restricted")


def history(account, count: int = 3) -> list[str]:
    number = account.number
    made = [events.event(account, "iam", "CreateUser", events.iam_user(number, "alice.meyer"), days=1 + n * 0.6, request={"userName": f"u{n}"}) for n in range(count)]
    made.append(events.sign_in(account, events.root(number), days=2.2))
    made.append(events.event(account, "ec2", "DescribeRegions", events.root(number, "ASIAROOT"), days=2.2, readOnly=True))
    unseen = [events.event(account, "ec2", "DescribeInstances", events.iam_user(number, "alice.meyer"), readOnly=True),
              events.event(account, "iam", "DeleteUser", events.iam_user(number, "alice.meyer"), days=95)]
    return events.state(account, *made, *unseen)[:-2]


def test_each_event_once_and_the_windows_say_how_far(exhibit, account):
    wanted = history(account)
    told = exhibit.collect(*CONTROL)
    assert sorted(row["event_id"] for row in rows(exhibit, "cloudtrail_event")) == sorted(wanted)
    windows = {row["region"]: row for row in rows(exhibit, "cloudtrail_event_window")}
    assert set(windows) == {"us-east-1", SECOND} and all(w["complete"] for w in windows.values())
    assert (windows["us-east-1"]["events"], windows[SECOND]["events"]) == (len(wanted), 0)
    assert windows[SECOND]["to_at"] == told["snapshot"]["opened_at"] and told["snapshot"]["event_days"] == 90
    exhibit.collect(*CONTROL)
    assert exhibit.run("reperform").code == 0


def test_pages_to_the_end(exhibit, account):
    wanted = history(account, 120)
    exhibit.collect(*CONTROL)
    assert len(rows(exhibit, "cloudtrail_event")) == len(wanted)
    assert len(lookups(exhibit)) == 3 * 2 + 2
    assert exhibit.run("reperform").code == 0


def test_the_home_of_the_partition_is_read_in_every_scope(exhibit, account):
    """What root and IAM do stands in us-east-1 alone, whatever regions are in scope; what belongs to that region is left out."""
    wanted = history(account)
    events.state(account, events.event(account, "ec2", "RunInstances", events.iam_user(account.number, "alice.meyer")))
    exhibit.config(f'organization = "H"\n[scope]\nregions = ["{SECOND}"]\n')
    told = exhibit.collect(*CONTROL, "--control", "iam-provisioning-authorised")
    assert (told["snapshot"]["accounts"][0]["regions"], told["snapshot"]["accounts"][0]["events_home"]) == ([SECOND], "us-east-1")
    assert sorted(row["event_id"] for row in rows(exhibit, "cloudtrail_event")) == sorted(wanted)
    assert {row["region"] for row in rows(exhibit, "cloudtrail_event_window")} == {"us-east-1", SECOND}
    found = exhibit.test(*CONTROL, "--control", "iam-provisioning-authorised")
    assert found["root-use-restricted"]["verdict"] == "fail"
    assert found["iam-provisioning-authorised"]["verdict"] == "not-tested" and found["iam-provisioning-authorised"]["counts"]["population"] == 3
    assert exhibit.run("reperform").code == 0


def test_fewer_days(exhibit, account):
    history(account)
    exhibit.config('organization = "H"\n[collect]\nevent_days = 2\n')
    told = exhibit.collect(*CONTROL)
    assert told["snapshot"]["event_days"] == 2
    assert len(rows(exhibit, "cloudtrail_event")) == 2
    assert exhibit.run("reperform").code == 0


def test_an_event_that_cannot_be_read_is_a_gap(exhibit, account):
    history(account)
    broken = events.event(account, "iam", "CreateUser", events.iam_user(account.number, "alice.meyer"), days=3, raw="{")
    events.state(account, broken)
    told = exhibit.collect(*CONTROL, code=INCOMPLETE)
    assert [(gap["operation"], gap["resource"]) for gap in told["gaps"]] == [("cloudtrail:LookupEvents", broken["eventID"])]
    assert exhibit.test(*CONTROL)["root-use-restricted"]["verdict"] in ("not-tested", "fail")


def test_a_list_without_an_end_is_a_gap(exhibit, account, cli_endpoint):
    history(account)
    post(cli_endpoint, "/exhibit/page-size", n=2, quirk="repeat")
    try:
        told = exhibit.collect(*CONTROL, code=INCOMPLETE)
    finally:
        post(cli_endpoint, "/exhibit/page-size", n=0)
    assert {(g["operation"], g["region"]) for g in told["gaps"] if g["operation"].startswith("cloudtrail")} == {("cloudtrail:LookupEvents", "us-east-1")}
    windows = {row["region"]: row["complete"] for row in rows(exhibit, "cloudtrail_event_window")}
    assert windows == {"us-east-1": False, SECOND: True}


@pytest.mark.parametrize("days", ["0", "91", '"all"'])
def test_days_that_cannot_be(exhibit, days):
    exhibit.config(f'organization = "H"\n[collect]\nevent_days = {days}\n')
    complains(exhibit.run("collect"), USAGE, "collect.event_days", lines=6)


def test_identity_center(exhibit, account):
    """Users, groups, permission sets and who has them; a member of the organization is told apart from a refusal."""
    instance = {"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1234567890", "OwnerAccountId": account.number, "Status": "ACTIVE"}
    account.answers("sso-admin", "ListInstances", {"Instances": [instance]}, region="us-east-1")
    store = account.client("identitystore")
    user = store.create_user(IdentityStoreId="d-1234567890", UserName="alice", DisplayName="Alice", Name={"GivenName": "Alice", "FamilyName": "Meyer"},
                             Emails=[{"Value": "alice@example.com", "Primary": True}])["UserId"]
    group = store.create_group(IdentityStoreId="d-1234567890", DisplayName="admins")["GroupId"]
    store.create_group_membership(IdentityStoreId="d-1234567890", GroupId=group, MemberId={"UserId": user})
    exhibit.collect("--control", "idp-authentication-controls", "--control", "iam-provisioning-authorised", code=0)
    assert [(u["id"], u["user_name"], u["email"]) for u in rows(exhibit, "identitystore_user")] == [(user, "alice", "alice@example.com")]
    assert [(m["group_id"], m["user_id"]) for m in rows(exhibit, "identitystore_membership")] == [(group, user)]
    found = exhibit.test("--control", "idp-authentication-controls")["idp-authentication-controls"]
    assert (found["verdict"], found["code"]) == ("not-tested", "evidence-missing")
    assert exhibit.run("reperform").code == 0
    refused = {"code": "AccessDeniedException", "message": "not yours", "status": 400}
    account.answers("sso-admin", "ListInstances", {"Instances": [instance | {"OwnerAccountId": "999988887777"}]}, region="us-east-1")
    for service, operation in (("sso-admin", "ListPermissionSets"), ("identitystore", "ListUsers"), ("identitystore", "ListGroups")):
        account.answers(service, operation, error=refused)
    exhibit.collect("--control", "idp-authentication-controls", "--control", "iam-provisioning-authorised")
    assert rows(exhibit, "sso_instance") and not rows(exhibit, "identitystore_user")


def test_pipelines_tell_of_the_window_only(exhibit, account):
    def ago(days: float) -> str:
        return events.at(account, days)

    stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/web/1"
    account.answers("codepipeline", "ListPipelines", {"pipelines": [{"name": "web"}]}, region="us-east-1")
    account.answers("codepipeline", "ListPipelineExecutions", {"pipelineExecutionSummaries": [
        {"pipelineExecutionId": f"x-{days}", "status": "Succeeded", "startTime": ago(days), "trigger": {"triggerType": "Webhook", "triggerDetail": "main"},
         "sourceRevisions": [{"actionName": "Source", "revisionId": "abc"}]} for days in (1, 100)]}, region="us-east-1")
    account.answers("cloudformation", "ListStacks", {"StackSummaries": [
        {"StackId": stack, "StackName": "web", "CreationTime": ago(400), "LastUpdatedTime": ago(2), "StackStatus": "UPDATE_COMPLETE"}]}, region="us-east-1")
    account.answers("cloudformation", "DescribeStackEvents", {"StackEvents": [
        {"StackId": stack, "EventId": f"{what}-{days}", "StackName": "web", "PhysicalResourceId": what, "Timestamp": ago(days), "ResourceStatus": "UPDATE_COMPLETE"}
        for days in (2, 300) for what in (stack, "i-1")]}, region="us-east-1")
    account.answers("codedeploy", "ListDeployments", {"deployments": ["d-1"]}, region="us-east-1")
    account.answers("codedeploy", "GetDeployment", {"deploymentInfo": {"deploymentId": "d-1", "applicationName": "web", "creator": "user", "createTime": ago(3)}})
    exhibit.collect("--control", "change-events-traceable")
    assert [(x["id"], x["revisions"]) for x in rows(exhibit, "codepipeline_execution")] == [("x-1", ["Source abc"])]
    assert [x["id"] for x in rows(exhibit, "cloudformation_stack_event")] == [f"{stack}-2"]
    assert [(x["id"], x["application"]) for x in rows(exhibit, "codedeploy_deployment")] == [("d-1", "web")]
    assert exhibit.run("reperform").code == 0


def test_a_refused_hint_leaves_no_verdict_open(exhibit, account):
    exhibit.config('organization = "H"\n[parameters.change-events-traceable]\npipeline_principals = ["arn:aws:iam::1:role/d"]\nby = "a"\nwhy = "b"\n')
    account.answers("codepipeline", "ListPipelines", error={"code": "AccessDeniedException", "message": "no", "status": 400})
    exhibit.collect("--control", "change-events-traceable", code=INCOMPLETE)
    assert exhibit.test("--control", "change-events-traceable")["change-events-traceable"]["verdict"] == "na"


def test_a_member_of_an_organization(exhibit, account):
    """It sees the organization, but not its policies."""
    organization = {"Id": "o-1", "Arn": "arn:aws:organizations::999988887777:organization/o-1", "FeatureSet": "ALL", "MasterAccountId": "999988887777"}
    account.answers("organizations", "DescribeOrganization", {"Organization": organization})
    account.answers("organizations", "ListRoots", error={"code": "AccessDeniedException", "message": "no", "status": 400})
    exhibit.collect("--control", "org-guardrails")
    found = exhibit.test("--control", "org-guardrails")["org-guardrails"]
    assert (found["verdict"], found["code"]) == ("not-tested", "needs-other-account")
