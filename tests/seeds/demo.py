"""The sample: Harborlight Robotics, an invented SaaS company; so are its people.

`before` is the account at the end of the first period: most controls find something. `after` goes
on top of it half a year later (or at once: ages count from the emulator's clock): much is fixed,
some is not, some is new. A few names are hostile on purpose (markup, quotes, a comma, right-to-left
marks, emoji), because AWS lets people write them.
"""

from __future__ import annotations

from .build import HOME, SECOND, Builder, document, public_read, statement, tls_only

COMPANY = "Harborlight Robotics"
HOSTILE = "<script>alert(1)</script>"
RIGHT_TO_LEFT = "\u202eתיוצרים\u202c reports"
PARTNER = "210987654321"


def _arn(b: Builder, kind: str, name: str) -> str:
    return f"arn:aws:iam::{b.account.number}:{kind}/{name}"


def before(b: Builder) -> dict:
    b.regions()
    b.iam().create_account_alias(AccountAlias="harborlight-prod")
    b.account.control("root", mfa="none", password=1, access_keys=1, last_used_days=12)
    _people(b)
    _machines(b)
    _network(b)
    _keys(b)
    _buckets(b)
    b.trail("org-activity", "harborlight-trail-logs", days=620, validation=False)
    return _summary(b, "before")


def _people(b: Builder) -> None:
    b.password_policy(8, strong=False)
    workbench = b.policy("developer-workbench", document(
        statement(action=["ec2:Describe*", "logs:Get*", "logs:FilterLogEvents"]),
        statement(action=["s3:GetObject", "s3:PutObject"], resource="arn:aws:s3:::harborlight-app-data/*"),
        statement("Deny", "iam:*", Sid="NoIdentityChanges")), days=640)
    b.policy("old-unattached-admin", document(statement()), days=900)
    b.group("platform-admins", managed=("AdministratorAccess",), days=900)
    b.group("developers", managed=(workbench,), days=900)
    b.group("security-auditors", managed=("SecurityAudit", "ReadOnlyAccess"), days=800)
    b.group("deployers", inline={"deploy": document(statement(action=["ecs:UpdateService", "ecr:*"], resource="*"))}, days=700)
    b.group("billing-readers", days=500)  # neither members nor policies
    b.user("alice.meyer", 880, console=60, used=1, mfa="virtual", groups=("platform-admins",), keys=((40, 1),), tags={"team": "platform", "title": "Head of Platform"})
    b.user("b.okafor", 640, console=200, used=3, mfa="fido", groups=("developers",), tags={"team": "robots & \"friends\""})
    b.user("carla.ruiz", 420, console=420, used=2, groups=("developers",))  # no MFA
    b.user("d.lindqvist", 390, console=80, used=6, mfa="virtual", groups=("security-auditors",))
    b.user("emre.tanaka", 700, console=700, used=140, mfa="virtual", groups=("developers",))  # gone quiet
    b.user("f.oneill", 300, console=90, used=4, mfa="virtual", groups=("developers",))
    b.iam().attach_user_policy(UserName="f.oneill", PolicyArn=b.policy_arn("AmazonS3FullAccess"))
    b.iam().put_user_policy(UserName="f.oneill", PolicyName="temporary-x-remove-me", PolicyDocument=document(statement(action="sqs:*")))
    b.user("g.haddad", 260, keys=((260, 35),), tags={"note": "contractor; access until \"end of quarter\""})  # no group
    b.user("ops.breakglass", 880, console=880, mfa="hardware", groups=("platform-admins",), tags={"purpose": "emergency only"})  # never used


def _machines(b: Builder) -> None:
    b.user("svc-ci-deploy", 600, keys=((210, 0.2),), groups=("deployers",), tags={"owner": "platform"})
    b.user("svc-backup", 500, keys=((60, 1),), groups=("deployers",))
    b.user("svc,reporting", 210, keys=((30, 3),), groups=("deployers",), tags={"purpose": HOSTILE, "label": RIGHT_TO_LEFT})
    b.user("svc-legacy-etl", 800, keys=((300, None), (5, 1)), groups=("deployers",))  # one never used, two active
    everything = b.policy("ops-everything", document(statement(Sid="AllowAll")), days=620)
    b.role("app-runtime", {"Service": "ec2.amazonaws.com"}, managed=("CloudWatchAgentServerPolicy",), days=620, about="Runs the fleet API 🤖")
    b.role("ops-runbooks", {"AWS": f"arn:aws:iam::{b.account.number}:root"}, managed=(everything,), days=600)
    b.role("data-pipeline", {"Service": "lambda.amazonaws.com"}, inline={"pipeline": document(statement(action="*:*"))}, days=400, about=RIGHT_TO_LEFT)
    b.role("external-auditor", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, managed=("SecurityAudit",), days=90, about=f"Read-only for the audit firm {HOSTILE}")
    b.iam(500).create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")


def _network(b: Builder) -> None:
    vpc, subnet = b.vpc("10.20.0.0/16", "harborlight-prod")
    edge, edge_subnet = b.vpc("10.40.0.0/16", f"harborlight-edge \"eu\" {HOSTILE}", SECOND)
    offices = b.prefix_list("office-networks", ("198.51.100.0/24", "203.0.113.0/24", "0.0.0.0/0"))
    narrow = (b.rule(443, source="10.20.0.0/16"),)
    web = b.security_group("web-alb", vpc, (b.rule(80), b.rule(443), b.rule(443, source="::/0")), subnet=subnet, about="Public load balancer")
    app = b.security_group("app", vpc, (b.rule(8080, source=web),), egress=narrow, subnet=subnet)
    b.security_group("db-postgres", vpc, (b.rule(5432, about="temporary, ask Emre"), b.rule(5432, source=app)), egress=(), subnet=subnet)
    b.security_group("bastion", vpc, (b.rule(22),), subnet=subnet, tags={"Name": HOSTILE, "ticket": "OPS-118"})
    b.security_group("robot-telemetry", vpc, (b.rule(20, 30), b.rule(8883)), subnet=subnet, about="MQTT, and a range too wide")
    b.security_group("windows-tools", vpc, (b.rule(3389, source="::/0"),), tags={"label": RIGHT_TO_LEFT})
    b.security_group("office-admin", vpc, (b.rule(22, source=offices),), egress=narrow, subnet=subnet)
    b.security_group("redis", vpc, (b.rule(6379, source=app),), egress=(), subnet=subnet)
    b.security_group("half-the-internet", vpc, (b.rule(22, source="0.0.0.0/1"), b.rule(22, source="128.0.0.0/1")))
    b.security_group("legacy-open", vpc, (b.rule(None, protocol="-1"),), about="unattached since the migration")
    b.security_group("monitoring", vpc, (b.rule(9100, source="10.0.0.0/8"), b.rule(-1, -1, protocol="icmp")), egress=narrow, subnet=subnet)
    b.security_group("edge-web", edge, (b.rule(443),), region=SECOND, subnet=edge_subnet)
    b.security_group("edge-api", edge, (b.rule(8443, source="10.40.0.0/16"),), egress=(b.rule(443, source="10.40.0.0/16"),), region=SECOND, subnet=edge_subnet)
    b.ec2().authorize_security_group_ingress(GroupId=b.group_id("default", vpc=vpc), IpPermissions=[b.rule(22, source="10.20.0.0/16")])
    b.close(b.group_id("default", SECOND, edge), SECOND)
    acl = b.ec2().create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    for number, action, low, high in ((100, "deny", 22, 22), (200, "allow", 0, 65535)):
        b.ec2().create_network_acl_entry(NetworkAclId=acl, RuleNumber=number, Protocol="6", RuleAction=action, Egress=False, CidrBlock="0.0.0.0/0",
                                         PortRange={"From": low, "To": high})


def _keys(b: Builder) -> None:
    b.key("app-data", days=640, tags={"owner": "alice.meyer"}, Description=f"Customer data {HOSTILE}")
    b.key("cloudtrail-logs", days=620, rotation=None, tags={"owner": "d.lindqvist"})  # never rotated
    analytics = b.key("analytics", days=400, rotation=730)
    b.key("release-signing", days=300, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Description="firmware 🚀")
    b.key("webhook-hmac", days=300, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    imported = b.key("customer-byok", days=350, rotation=None, Origin="EXTERNAL")
    b.import_material(imported, expires_in=20)
    shared = b.key("global-config", days=200, MultiRegion=True)
    b.kms(days=200).replicate_key(KeyId=shared.rsplit("/", 1)[1], ReplicaRegion=SECOND)
    b.kms(days=9).schedule_key_deletion(KeyId=b.key("old-mobile-app", days=900, rotation=None), PendingWindowInDays=30)
    open_to_all = statement(action=["kms:Decrypt", "kms:DescribeKey"], Sid="partners", Principal={"AWS": "*"})
    b.key("partner-exchange", SECOND, days=260, Policy=b.own_key_policy(open_to_all))
    manual = b.key("invoices", SECOND, days=500, rotation=None)
    b.account.control("kms-rotation", region=SECOND, key=manual.rsplit("/", 1)[1], days_ago=100, type="ON_DEMAND")
    b.kms().create_grant(KeyId=analytics, GranteePrincipal=f"arn:aws:iam::{PARTNER}:role/warehouse", Operations=["Decrypt"], Name="warehouse")
    for region, alias in ((HOME, "ebs"), (HOME, "s3"), (SECOND, "ebs")):
        b.kms(region, 600).describe_key(KeyId=f"alias/aws/{alias}")  # makes the AWS managed key


def _buckets(b: Builder) -> None:
    b.trail_bucket("harborlight-trail-logs", days=630)
    b.bucket("harborlight-app-data", days=640, versioning=True)
    b.bucket("harborlight-backups-eu", SECOND, days=600, versioning=True)
    b.bucket("harborlight-website", days=700, blocked=False, policy=(public_read("harborlight-website"),))
    b.bucket("harborlight-exports", days=900, blocked=False, ownership="ObjectWriter", acl="public-read", tls=False)
    b.bucket("harborlight-firmware", days=300, policy=(public_read("harborlight-firmware", Condition={"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}),), blocked=False)
    b.bucket("harborlight-analytics", days=400, tls=False)
    b.bucket("harborlight-terraform-state", days=650, versioning=True)
    b.bucket("harborlight-invoices-eu", SECOND, days=500)
    b.bucket("harborlight-scratch", days=100, tls=False)
    b.bucket("harborlight-audit-archive", days=200, lock_days=400)
    points = b.account.client("s3control")
    points.create_access_point(AccountId=b.account.number, Name="analytics-readers", Bucket="harborlight-analytics")
    points.put_access_point_policy(AccountId=b.account.number, Name="analytics-readers", Policy=document(
        statement(action="s3:GetObject", resource=f"arn:aws:s3:{HOME}:{b.account.number}:accesspoint/analytics-readers/object/*",
                  Principal={"AWS": _arn(b, "role", "data-pipeline")})))


def after(b: Builder) -> dict:
    b.account.control("root", mfa="virtual", access_keys=0, last_used_days=170)
    _people_later(b)
    _network_later(b)
    _keys_later(b)
    _buckets_later(b)
    b.trails().update_trail(Name="org-activity", EnableLogFileValidation=True)
    b.account.control("trail", name="org-activity", delivery_hours_ago=0.2, digest_hours_ago=0.6)
    return _summary(b, "after")


def _people_later(b: Builder) -> None:
    iam = b.iam()
    b.password_policy(14)
    b.mfa("carla.ruiz", "virtual", 30)
    iam.delete_login_profile(UserName="emre.tanaka")
    iam.detach_user_policy(UserName="f.oneill", PolicyArn=b.policy_arn("AmazonS3FullAccess"))
    iam.delete_user_policy(UserName="f.oneill", PolicyName="temporary-x-remove-me")
    old = iam.list_access_keys(UserName="g.haddad")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="g.haddad", AccessKeyId=old)
    iam.delete_user(UserName="g.haddad")
    old = iam.list_access_keys(UserName="svc-ci-deploy")["AccessKeyMetadata"][0]["AccessKeyId"]
    b.iam(20).create_access_key(UserName="svc-ci-deploy")
    iam.update_access_key(UserName="svc-ci-deploy", AccessKeyId=old, Status="Inactive")
    b.account.control("user", name="svc-ci-deploy", access_key_2_last_used_days=0.1)
    never = iam.list_access_keys(UserName="svc-legacy-etl")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.update_access_key(UserName="svc-legacy-etl", AccessKeyId=never, Status="Inactive")
    iam.delete_group(GroupName="billing-readers")
    for name, age in (("alice.meyer", 50), ("svc-backup", 20), ("svc,reporting", 80)):
        b.rotate(name, age, used=1)
    for name, days in (("alice.meyer", 0.5), ("b.okafor", 2), ("carla.ruiz", 1), ("d.lindqvist", 9), ("f.oneill", 3)):
        b.account.control("user", name=name, password_last_used_days=days)
    b.account.control("user", name="svc-legacy-etl", access_key_2_last_used_days=1)
    b.user("hana.suzuki", 6, console=6, used=1, groups=("developers",), tags={"team": "robots"})  # new, no MFA yet
    b.user("ivo.petrov", 45, console=45, used=2, mfa="fido", groups=("developers", "security-auditors"))
    b.user("svc-robot-ota", 130, keys=((130, 0.5),), groups=("deployers",))  # new, already too old a key
    narrower = document(statement(action=["ssm:StartAutomationExecution", "ec2:RebootInstances"], resource="*"))
    iam.create_policy_version(PolicyArn=_arn(b, "policy", "ops-everything"), PolicyDocument=narrower, SetAsDefault=True)


def _network_later(b: Builder) -> None:
    ec2, eu = b.ec2(), b.ec2(SECOND)
    bastion, postgres, telemetry = b.group_id("bastion"), b.group_id("db-postgres"), b.group_id("robot-telemetry")
    ec2.revoke_security_group_ingress(GroupId=bastion, IpPermissions=[b.rule(22)])
    ec2.authorize_security_group_ingress(GroupId=bastion, IpPermissions=[b.rule(22, source="203.0.113.0/24", about="office")])
    ec2.revoke_security_group_ingress(GroupId=postgres, IpPermissions=[b.rule(5432)])
    ec2.revoke_security_group_ingress(GroupId=telemetry, IpPermissions=[b.rule(20, 30)])
    ec2.delete_security_group(GroupId=b.group_id("legacy-open"))
    listed = next(p for p in ec2.describe_managed_prefix_lists()["PrefixLists"] if p["PrefixListName"] == "office-networks")
    ec2.modify_managed_prefix_list(PrefixListId=listed["PrefixListId"], CurrentVersion=listed["Version"], RemoveEntries=[{"Cidr": "0.0.0.0/0"}])
    for group in b.default_groups():
        b.close(group)  # the default groups of us-east-1; one in eu-west-1 stays as it is
    edge = eu.describe_security_groups(GroupIds=[b.group_id("edge-web", SECOND)])["SecurityGroups"][0]["VpcId"]
    b.security_group("edge-debug", edge, (b.rule(22), b.rule(6379)), region=SECOND, about="opened during the incident of March")


def _keys_later(b: Builder) -> None:
    b.kms(days=120).enable_key_rotation(KeyId=_key(b, "cloudtrail-logs"), RotationPeriodInDays=365)
    b.import_material(_key(b, "customer-byok"), expires_in=400)
    b.kms(SECOND).put_key_policy(KeyId=_key(b, "partner-exchange", SECOND), PolicyName="default", Policy=b.own_key_policy(
        statement(action=["kms:Decrypt", "kms:DescribeKey"], Sid="partners", Principal={"AWS": "*"},
                  Condition={"StringEquals": {"kms:CallerAccount": b.account.number}})))
    b.key("robot-identity", SECOND, days=70, rotation=None, Description="device certificates; rotation to be decided")


def _key(b: Builder, alias: str, region: str = HOME) -> str:
    return b.kms(region).describe_key(KeyId=f"alias/{alias}")["KeyMetadata"]["KeyId"]


def _buckets_later(b: Builder) -> None:
    s3 = b.s3()
    s3.put_bucket_acl(Bucket="harborlight-exports", ACL="private")
    s3.put_bucket_ownership_controls(Bucket="harborlight-exports", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    s3.put_public_access_block(Bucket="harborlight-exports", PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
    for name in ("harborlight-exports", "harborlight-analytics"):
        s3.put_bucket_policy(Bucket=name, Policy=document(tls_only(name)))
    b.bucket("harborlight-robot-logs", days=90, tls=False)  # new, and plain HTTP allowed
    b.account_block("BlockPublicAcls", "IgnorePublicAcls")  # the website still needs its public policy
    b.mfa_delete("harborlight-trail-logs")


def _summary(b: Builder, state: str) -> dict:
    """What the sample's exhibit.toml names: approved administrators and the bucket meant to be public."""
    return {"company": COMPANY, "state": state, "account": b.account.number, "regions": [HOME, SECOND],
            "approved_admins": [_arn(b, "user", "alice.meyer"), _arn(b, "user", "ops.breakglass")],
            "approved_public_buckets": ["harborlight-website"],
            "accepted": [{"control": "s3-buckets-not-public", "resource": "arn:aws:s3:::harborlight-website", "name": "harborlight-website"},
                         {"control": "sg-admin-ports-closed", "resource": b.group_id("windows-tools"), "name": "windows-tools"}]}
