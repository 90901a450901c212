"""The sample: Harborlight Robotics, an invented SaaS company; so are its people.

`before` is the account in January: about half of the controls find something. Each later state
(`february` to `june`) is what happened since the one before it; `after` is all of them at once. Ages
count from the emulator's clock, so the months can be played at their own dates, as samples/record.py
does, or in one go. A few names are hostile on purpose (markup, formulas, a comma, right-to-left marks,
emoji): AWS lets people write all of them.
"""

from __future__ import annotations

from .build import HOME, SECOND, Builder, document, public_read, statement, tls_only

COMPANY = "Harborlight Robotics"
HOSTILE = "<script>alert(1)</script>"
FORMULA = "=1+2;@SUM(1+9)*2 {{7*7}} ${HOME}"
RIGHT_TO_LEFT = "\u202eתיוצרים\u202c reports"
PARTNER = "210987654321"
COLLECTOR = "exhibit-collector"


def _arn(b: Builder, kind: str, name: str) -> str:
    return f"arn:aws:iam::{b.account.number}:{kind}/{name}"


def before(b: Builder) -> dict:
    b.iam().create_account_alias(AccountAlias="harborlight-prod")
    b.account.control("root", mfa="virtual", password=1, access_keys=0, last_used_days=230)
    _people(b)
    _machines(b)
    _unused_regions(b)
    _network(b)
    _keys(b)
    _buckets(b)
    b.trail("org-activity", "harborlight-trail-logs", days=620)
    _day(b)
    return _summary(b, "before")


def _day(b: Builder) -> None:
    """What happens without anybody changing anything: people sign in, programs use their keys, logs are delivered."""
    people = {user["UserName"] for user in b.iam().list_users()["Users"]}
    for name, used in (("alice.meyer", 0.9), ("b.okafor", 3), ("carla.ruiz", 1.8), ("d.lindqvist", 6), ("f.oneill", 3.6), ("j.novak", 0.7), ("k.mbeki", 1.1),
                       ("l.schmidt", 12), ("m.iwasaki", 0.6), ("n.castellano", 5.2), ("hana.suzuki", 0.8), ("ivo.petrov", 2)):
        if name in people:
            b.account.control("user", name=name, password_last_used_days=used)
    for name, used in (("alice.meyer", 1), ("svc-ci-deploy", 0.2), ("svc-backup", 0.7), ("svc,reporting", 3), ("svc-legacy-etl", 1.2), ("svc-robot-ota", 0.5)):
        keys = b.iam().list_access_keys(UserName=name)["AccessKeyMetadata"] if name in people else []
        if newest := max(range(len(keys)), key=lambda n: keys[n]["CreateDate"], default=-1) + 1:
            b.account.control("user", name=name, **{f"access_key_{newest}_last_used_days": used})
    b.account.control("trail", name="org-activity", delivery_hours_ago=0.1, digest_hours_ago=0.6)


def _passwords(b: Builder, **days: float) -> None:
    """They expire after 90 days; these were changed so long ago."""
    for name, ago in days.items():
        b.account.control("user", name=name.replace("_", "."), password_last_changed_days=ago)


def _people(b: Builder) -> None:
    b.password_policy(14)
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
    b.user("alice.meyer", 880, console=60, mfa="virtual", groups=("platform-admins",), keys=((40, 1),), tags={"team": "platform", "title": "Head of Platform"})
    b.user("b.okafor", 640, console=200, mfa="fido", groups=("developers",), tags={"team": "=robots+friends@work"})
    b.user("carla.ruiz", 420, console=420, groups=("developers",))  # no MFA
    b.user("d.lindqvist", 390, console=80, mfa="virtual", groups=("security-auditors",), tags={"title": "Security lead"})
    b.user("emre.tanaka", 700, console=700, used=140, mfa="virtual", groups=("developers",))  # gone quiet
    b.user("f.oneill", 300, console=90, mfa="virtual", groups=("developers",))
    b.iam().attach_user_policy(UserName="f.oneill", PolicyArn=b.policy_arn("AmazonS3FullAccess"))
    b.iam().put_user_policy(UserName="f.oneill", PolicyName="temporary-x-remove-me", PolicyDocument=document(statement(action="sqs:*")))
    b.user("g.haddad", 260, keys=((260, 35),), tags={"note": "contractor: access until the end of the quarter"})  # no group
    b.user("j.novak", 610, console=90, mfa="virtual", groups=("developers",))
    b.user("k.mbeki", 540, console=90, mfa="fido", groups=("developers",))
    b.user("l.schmidt", 460, console=90, mfa="virtual", groups=("security-auditors",))
    b.user("m.iwasaki", 350, console=90, mfa="virtual", groups=("developers",))
    b.user("n.castellano", 180, console=90, mfa="fido", groups=("developers",))
    b.user("ops.breakglass", 880, console=880, mfa="hardware", groups=("platform-admins",), tags={"purpose": "emergency only"})  # never used
    _passwords(b, alice_meyer=44, b_okafor=20, carla_ruiz=41, d_lindqvist=33, f_oneill=12, j_novak=8, k_mbeki=50, l_schmidt=27, m_iwasaki=38, n_castellano=25)


def _machines(b: Builder) -> None:
    b.user("svc-ci-deploy", 600, keys=((210, 0.2),), groups=("deployers",), tags={"owner": "platform"})
    b.user("svc-backup", 500, keys=((60, 1),), groups=("deployers",))
    b.user("svc,reporting", 210, keys=((30, 3),), groups=("deployers",), tags={"purpose": "=2+5@reports"})
    b.user("svc-legacy-etl", 800, keys=((300, None), (15, 1)), groups=("deployers",))  # one never used, two active
    everything = b.policy("ops-everything", document(statement(Sid="AllowAll")), days=620)
    b.role("app-runtime", {"Service": "ec2.amazonaws.com"}, managed=("CloudWatchAgentServerPolicy",), days=620, about="Runs the fleet API")
    b.role("ops-runbooks", {"AWS": f"arn:aws:iam::{b.account.number}:root"}, managed=(everything,), days=600)
    b.role("data-pipeline", {"Service": "lambda.amazonaws.com"}, inline={"pipeline": document(statement(action="*:*"))}, days=400, about="Nightly exports")
    b.role("external-auditor", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, managed=("SecurityAudit",), days=90, about=f"Read-only for the audit firm {HOSTILE}")
    b.role(COLLECTOR, {"AWS": f"arn:aws:iam::{b.account.number}:root"}, managed=("SecurityAudit",), days=30, about="Reads the configuration for the SOC 2 evidence")
    b.iam(500).create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")


def _unused_regions(b: Builder) -> None:
    """Years ago somebody removed the default VPC of every region but two."""
    for region in sorted(r["RegionName"] for r in b.ec2().describe_regions()["Regions"]):
        if region in (HOME, SECOND):
            continue
        ec2 = b.ec2(region)
        for vpc in ec2.describe_vpcs()["Vpcs"]:
            for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]:
                ec2.delete_subnet(SubnetId=subnet["SubnetId"])
            ec2.delete_vpc(VpcId=vpc["VpcId"])


def _network(b: Builder) -> None:
    vpc, subnet = b.vpc("10.20.0.0/16", "harborlight-prod")
    edge, edge_subnet = b.vpc("10.40.0.0/16", f"harborlight-edge \"eu\" {HOSTILE}", SECOND)
    offices = b.prefix_list("office-networks", ("198.51.100.0/24", "203.0.113.0/24", "0.0.0.0/0"))
    narrow = (b.rule(443, source="10.20.0.0/16"),)
    web = b.security_group("web-alb", vpc, (b.rule(80), b.rule(443), b.rule(443, source="::/0")), subnet=subnet, about="Public load balancer")
    app = b.security_group("app", vpc, (b.rule(8080, source=web),), egress=narrow, subnet=subnet)
    b.security_group("db-postgres", vpc, (b.rule(5432, about="temporary, ask Emre"), b.rule(5432, source=app)), egress=(), subnet=subnet)
    b.security_group("bastion", vpc, (b.rule(22, source="203.0.113.0/24", about="office"),), egress=narrow, subnet=subnet, tags={"Name": HOSTILE, "ticket": "OPS-118"})
    b.security_group("robot-telemetry", vpc, (b.rule(20, 30), b.rule(8883)), subnet=subnet, about="MQTT, and a range too wide")
    b.security_group("windows-tools", vpc, (b.rule(3389, source="::/0"),), tags={"label": RIGHT_TO_LEFT})
    b.security_group("office-admin", vpc, (b.rule(22, source=offices),), egress=narrow, subnet=subnet)
    b.security_group("redis", vpc, (b.rule(6379, source=app),), egress=(), subnet=subnet)
    b.security_group("half-the-internet", vpc, (b.rule(22, source="0.0.0.0/1"), b.rule(22, source="128.0.0.0/1")), about=FORMULA)
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
    b.key("cloudtrail-logs", days=620, tags={"owner": "d.lindqvist"})
    analytics = b.key("analytics", days=400, rotation=180)
    b.key("release-signing", days=300, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Description="firmware 🚀")
    b.key("webhook-hmac", days=300, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    imported = b.key("customer-byok", days=350, rotation=None, Origin="EXTERNAL", Description="A customer's own key material")
    b.import_material(imported, expires_in=400)
    shared = b.key("global-config", days=200, MultiRegion=True)
    b.kms(days=200).replicate_key(KeyId=shared.rsplit("/", 1)[1], ReplicaRegion=SECOND)
    b.kms().disable_key(KeyId=b.key("old-mobile-app", days=900, rotation=None))
    partner = statement(action=["kms:Decrypt", "kms:DescribeKey"], Sid="partner", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": PARTNER}})
    b.key("partner-exchange", SECOND, days=260, Policy=b.own_key_policy(partner))
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
    b.bucket("harborlight-exports", days=900, blocked=False, ownership="ObjectWriter", acl="public-read")
    b.bucket("harborlight-firmware", days=300, policy=(public_read("harborlight-firmware", Condition={"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}),), blocked=False)
    b.bucket("harborlight-analytics", days=400)
    b.bucket("harborlight-terraform-state", days=650, versioning=True)
    b.bucket("harborlight-invoices-eu", SECOND, days=500)
    b.bucket("harborlight-robot-logs", days=100, tls=False)  # the first generation of robots uploads by plain HTTP
    b.bucket("harborlight-audit-archive", days=200, lock_days=400)
    points = b.account.client("s3control")
    points.create_access_point(AccountId=b.account.number, Name="analytics-readers", Bucket="harborlight-analytics")
    points.put_access_point_policy(AccountId=b.account.number, Name="analytics-readers", Policy=document(
        statement(action="s3:GetObject", resource=f"arn:aws:s3:{HOME}:{b.account.number}:accesspoint/analytics-readers/object/*",
                  Principal={"AWS": _arn(b, "role", "data-pipeline")})))


def february(b: Builder) -> dict:
    """The office list is put right; a bastion is opened in a hurry."""
    listed = next(p for p in b.ec2().describe_managed_prefix_lists()["PrefixLists"] if p["PrefixListName"] == "office-networks")
    b.ec2().modify_managed_prefix_list(PrefixListId=listed["PrefixListId"], CurrentVersion=listed["Version"], RemoveEntries=[{"Cidr": "0.0.0.0/0"}])
    b.ec2().authorize_security_group_ingress(GroupId=b.group_id("bastion"), IpPermissions=[b.rule(22, about="OPS-431 on call from the train")])
    b.rotate("alice.meyer", 20, used=1)
    _day(b)
    return _summary(b, "february")


def march(b: Builder) -> dict:
    """The bastion is closed, what the readiness review found is worked off."""
    ec2, iam, s3 = b.ec2(), b.iam(), b.s3()
    for group, rule in (("bastion", b.rule(22)), ("db-postgres", b.rule(5432))):
        ec2.revoke_security_group_ingress(GroupId=b.group_id(group), IpPermissions=[rule])
    for group in ("legacy-open", "half-the-internet"):
        ec2.delete_security_group(GroupId=b.group_id(group))
    b.mfa("carla.ruiz", "virtual", 17)
    iam.delete_login_profile(UserName="emre.tanaka")
    iam.detach_user_policy(UserName="f.oneill", PolicyArn=b.policy_arn("AmazonS3FullAccess"))
    iam.delete_user_policy(UserName="f.oneill", PolicyName="temporary-x-remove-me")
    old = iam.list_access_keys(UserName="svc-ci-deploy")["AccessKeyMetadata"][0]["AccessKeyId"]
    b.iam(20).create_access_key(UserName="svc-ci-deploy")
    iam.update_access_key(UserName="svc-ci-deploy", AccessKeyId=old, Status="Inactive")
    never = iam.list_access_keys(UserName="svc-legacy-etl")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.update_access_key(UserName="svc-legacy-etl", AccessKeyId=never, Status="Inactive")
    b.rotate("svc-backup", 10, used=1)
    _passwords(b, alice_meyer=14, carla_ruiz=17, d_lindqvist=5, k_mbeki=19, m_iwasaki=8)
    s3.put_bucket_acl(Bucket="harborlight-exports", ACL="private")
    s3.put_bucket_ownership_controls(Bucket="harborlight-exports", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    _block(b, "harborlight-exports")
    _day(b)
    return _summary(b, "march")


def april(b: Builder) -> dict:
    """The rest of the review, just before the second period; a new program and a new colleague."""
    iam, ec2 = b.iam(), b.ec2()
    b.account.control("root", mfa="hardware")
    b.mfa_delete("harborlight-trail-logs")
    ec2.revoke_security_group_ingress(GroupId=b.group_id("robot-telemetry"), IpPermissions=[b.rule(20, 30)])
    for region in (HOME, SECOND):
        for group in b.default_groups(region):
            b.close(group, region)
    _block(b, "harborlight-firmware")
    b.account_block("BlockPublicAcls", "IgnorePublicAcls")  # the website still needs its public policy
    old = iam.list_access_keys(UserName="g.haddad")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="g.haddad", AccessKeyId=old)
    iam.delete_user(UserName="g.haddad")
    iam.delete_group(GroupName="billing-readers")
    _passwords(b, b_okafor=22, f_oneill=11, j_novak=6, l_schmidt=25, n_castellano=24)
    for name, age in (("svc,reporting", 15), ("svc-legacy-etl", 8)):
        b.rotate(name, age, used=1)
    narrower = document(statement(action=["ssm:StartAutomationExecution", "ec2:RebootInstances"], resource="*"))
    iam.create_policy_version(PolicyArn=_arn(b, "policy", "ops-everything"), PolicyDocument=narrower, SetAsDefault=True)
    b.user("ivo.petrov", 18, console=18, mfa="fido", groups=("developers",))
    b.user("svc-robot-ota", 12, keys=((12, 0.5),), groups=("deployers",))
    _day(b)
    return _summary(b, "april")


def may(b: Builder) -> dict:
    """An incident leaves a port open, a newcomer has no MFA yet, a new key does not rotate; the robots speak TLS at last."""
    eu = b.ec2(SECOND)
    edge = eu.describe_security_groups(GroupIds=[b.group_id("edge-web", SECOND)])["SecurityGroups"][0]["VpcId"]
    b.security_group("edge-debug", edge, (b.rule(6379),), region=SECOND, about="opened during the incident of 28 April")
    b.user("hana.suzuki", 6, console=6, groups=("developers",), tags={"team": "robots"})
    b.key("robot-identity", SECOND, days=11, rotation=None, Description="device certificates; rotation to be decided")
    b.s3().put_bucket_policy(Bucket="harborlight-robot-logs", Policy=document(tls_only("harborlight-robot-logs")))
    b.rotate("alice.meyer", 10, used=1)
    _day(b)
    return _summary(b, "may")


def june(b: Builder) -> dict:
    """Cleaned up, but for one pipeline with too many rights and one key that does not rotate."""
    b.ec2(SECOND).delete_security_group(GroupId=b.group_id("edge-debug", SECOND))
    b.mfa("hana.suzuki", "fido", 24)
    for name, age in (("svc-ci-deploy", 6), ("svc-backup", 6), ("svc,reporting", 5), ("svc-legacy-etl", 5), ("svc-robot-ota", 5)):
        b.rotate(name, age, used=0.5)
    _passwords(b, alice_meyer=12, carla_ruiz=13, d_lindqvist=2, k_mbeki=16, m_iwasaki=6)
    b.egress(b.group_id("robot-telemetry"), (b.rule(443, source="10.20.0.0/16"),))
    b.kms().schedule_key_deletion(KeyId=_key(b, "old-mobile-app"), PendingWindowInDays=30)
    _day(b)
    return _summary(b, "june")


def july(b: Builder) -> dict:
    """Nothing changed."""
    _day(b)
    return _summary(b, "july")


STATES = {"before": before, "february": february, "march": march, "april": april, "may": may, "june": june, "july": july}


def after(b: Builder) -> dict:
    """All that happened since `before`."""
    for state in list(STATES.values())[1:]:
        state(b)
    return _summary(b, "after")


def _block(b: Builder, bucket: str) -> None:
    b.s3().put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})


def _key(b: Builder, alias: str, region: str = HOME) -> str:
    return b.kms(region).describe_key(KeyId=f"alias/{alias}")["KeyMetadata"]["KeyId"]


def _summary(b: Builder, state: str) -> dict:
    """What the sample's exhibit.toml names: approved administrators, the bucket meant to be public, exceptions."""
    return {"company": COMPANY, "state": state, "account": b.account.number, "regions": [HOME, SECOND], "collector": _arn(b, "role", COLLECTOR),
            "approved_admins": [_arn(b, "user", "alice.meyer"), _arn(b, "user", "ops.breakglass")],
            "approved_public_buckets": ["harborlight-website"],
            "accepted": [{"control": "s3-tls-only", "resource": "arn:aws:s3:::harborlight-robot-logs", "name": "harborlight-robot-logs"},
                         {"control": "iam-unused-credentials", "resource": _arn(b, "user", "ops.breakglass"), "name": "ops.breakglass"},
                         {"control": "sg-admin-ports-closed", "resource": b.group_id("windows-tools"), "name": "windows-tools"}]}
