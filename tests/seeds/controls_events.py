"""Good and bad states of the controls that read events, identity providers, the organization and Access Analyzer."""

from __future__ import annotations

import json

from . import events
from .build import HOME, SECOND, Builder

Failing = list[tuple[str, str]]


def _approval(control: str, subject: str, **more: str) -> str:
    fields = {"subject": subject, "ticket": "OPS-17", "approver": "carla.ruiz", "date": "2020-01-01"} | more
    return "[[approval]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def _parameters(control: str, text: str) -> str:
    return f'[parameters.{control}]\nby = "Security lead"\nwhy = "It is so here"\n{text}\n'


def root_use_restricted(b: Builder, bad: bool) -> Failing:
    root, number = events.root(b.account.number), b.account.number
    b.account.control("root", mfa="virtual", last_used_days=200)
    service = events.event(b.account, "kms", "CreateGrant", root | {"invokedBy": "rds.amazonaws.com"}, days=4)
    change = events.event(b.account, "s3", "PutBucketVersioning", events.root(number, "ASIAROOT1"), days=2,
                          request={"VersioningConfiguration": {"Status": "Enabled", "MfaDelete": "Enabled"}})
    approved = events.sign_in(b.account, root, days=2, minutes=5)
    events.state(b.account, service, approved, change)
    b.records.append(_approval("root-use-restricted", change["eventID"], reason="MFA delete on the log bucket"))
    if not bad:
        return []
    entered = events.sign_in(b.account, root, days=6, minutes=10, sourceIPAddress="203.0.113.8")
    looked = events.event(b.account, "ec2", "DescribeRegions", events.root(number, "ASIAROOT2"), days=6, region=SECOND, readOnly=True, sourceIPAddress="203.0.113.8")
    events.state(b.account, entered, looked)
    return [(entered["eventID"], "root session")]


def iam_provisioning_authorised(b: Builder, bad: bool) -> Failing:
    alice = events.iam_user(b.account.number, "alice.meyer")
    asked = events.event(b.account, "iam", "CreateUser", alice, days=3, request={"userName": "new.joiner"})
    refused = events.event(b.account, "iam", "CreateUser", alice, days=2, request={"userName": "x"}, errorCode="AccessDenied")
    events.state(b.account, asked, refused)
    b.records.append(_approval("iam-provisioning-authorised", asked["eventID"]))
    if not bad:
        return []
    unasked = events.event(b.account, "iam", "CreateAccessKey", alice, days=3, request={"userName": "new.joiner"})
    events.state(b.account, unasked)
    left = b.user("f.oneill", keys=((100, 1),))
    b.records.append('[[leaver]]\nsubject = "f.oneill"\nleft = "2020-01-01"\n')
    return [(unasked["eventID"], "CreateAccessKey new.joiner"), (left, "leaver f.oneill")]


def kms_key_deletion_controlled(b: Builder, bad: bool) -> Failing:
    b.key("app-data")
    off = b.key("old", SECOND)
    b.kms(SECOND).disable_key(KeyId=off)
    called = events.event(b.account, "kms", "DisableKey", events.iam_user(b.account.number, "alice.meyer"), region=SECOND, request={"keyId": off})
    events.state(b.account, called)
    b.records.append(_approval("kms-key-deletion-controlled", off))
    if not bad:
        return []
    gone = b.key("gone")
    b.kms().schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    wanted = events.event(b.account, "kms", "ScheduleKeyDeletion", events.iam_user(b.account.number, "alice.meyer"),
                          request={"keyId": gone, "pendingWindowInDays": 7}, response={"keyId": gone})
    events.state(b.account, wanted)
    return [(gone, "alias/gone"), (wanted["eventID"], "ScheduleKeyDeletion")]


def change_events_traceable(b: Builder, bad: bool) -> Failing:
    number = b.account.number
    b.settings += _parameters("change-events-traceable", f'pipeline_principals = ["arn:aws:iam::{number}:role/deploy"]')
    deploy, alice = events.role(number, "deploy"), events.iam_user(number, "alice.meyer", "AKIAALICE")
    through = [events.event(b.account, "lambda", "UpdateFunctionCode20150331v2", deploy, days=n) for n in (1, 2)]
    helped = events.event(b.account, "ec2", "RunInstances", events.role(number, "scaling") | {"invokedBy": "autoscaling.amazonaws.com"}, region=SECOND)
    noted = events.event(b.account, "ec2", "StopInstances", alice, days=3)
    events.state(b.account, *through, helped, noted)
    b.records.append(_approval("change-events-traceable", noted["eventID"]))
    if not bad:
        return []
    by_hand = events.event(b.account, "ec2", "AuthorizeSecurityGroupIngress", alice, days=4)
    events.state(b.account, by_hand)
    return [(by_hand["eventID"], "AuthorizeSecurityGroupIngress")]


def idp_authentication_controls(b: Builder, bad: bool) -> Failing:
    metadata = "<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"
    saml = b.iam().create_saml_provider(Name="okta", SAMLMetadataDocument=metadata)["SAMLProviderArn"]
    b.iam().create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com", ThumbprintList=["a" * 40], ClientIDList=["sts.amazonaws.com"])
    b.records.append(f'[[provider]]\nsubject = "{saml}"\nmfa_enforced = "{"no" if bad else "yes"}"\npassword_rules_met = "yes"\n')
    return [(saml, "okta")] if bad else []


def org_guardrails(b: Builder, bad: bool) -> Failing:
    organizations = b.account.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    shop = organizations.create_account(AccountName="shop", Email="shop@example.com")["CreateAccountStatus"]["AccountId"]
    organizations.move_account(AccountId=shop, SourceParentId=root, DestinationParentId=unit)
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    actions = ["organizations:LeaveOrganization", "cloudtrail:*", "config:StopConfigurationRecorder"]
    for name, denied, target in (("basics", actions, root), ("detection", ["guardduty:*"], unit)):
        if name == "detection" and bad:
            continue
        text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": denied, "Resource": "*"}]})
        policy = organizations.create_policy(Name=name, Description=name, Content=text, Type="SERVICE_CONTROL_POLICY")["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=policy, TargetId=target)
    return [(shop, "shop")] if bad else []


def access_analyzer_external_access(b: Builder, bad: bool) -> Failing:
    for region in (HOME, SECOND):
        arn = f"arn:aws:access-analyzer:{region}:{b.account.number}:analyzer/main"
        analyzer = {"arn": arn, "name": "main", "type": "ACCOUNT", "createdAt": "2024-01-01T00:00:00Z", "status": "ACTIVE"}
        b.account.answers("accessanalyzer", "ListAnalyzers", {"analyzers": [analyzer]}, region=region)
        found = [{"id": "11111111-2222-3333-4444-555555555555", "analyzedAt": "2024-01-01T00:00:00Z", "createdAt": "2024-01-01T00:00:00Z",
                  "updatedAt": "2024-01-01T00:00:00Z", "resource": "arn:aws:s3:::open", "resourceType": "AWS::S3::Bucket",
                  "resourceOwnerAccount": b.account.number, "status": "ACTIVE", "findingType": "ExternalAccess"}]
        b.account.answers("accessanalyzer", "ListFindingsV2", {"findings": found if bad and region == SECOND else []}, region=region)
    return [(SECOND, SECOND)] if bad else []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    root_use_restricted, iam_provisioning_authorised, kms_key_deletion_controlled, change_events_traceable, idp_authentication_controls,
    org_guardrails, access_analyzer_external_access)}

FAILING = {
    "root-use-restricted": ["root session"], "iam-provisioning-authorised": ["CreateAccessKey new.joiner", "leaver f.oneill"],
    "kms-key-deletion-controlled": ["alias/gone", "ScheduleKeyDeletion"], "change-events-traceable": ["AuthorizeSecurityGroupIngress"],
    "idp-authentication-controls": ["okta"], "org-guardrails": ["shop"], "access-analyzer-external-access": [SECOND],
}
