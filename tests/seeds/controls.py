"""For each control the smallest state in which it passes (`good`) and in which it fails (`bad`).

A function builds either state and returns the resources that must fail, as (resource, name):
none in the good state. Resources are named as docs/adding-a-control.md says: the ARN where AWS gives one,
else AWS's id, the account id for an account. The account always has us-east-1 and eu-west-1.
"""

from __future__ import annotations

from . import (
    controls_alarms, controls_compute, controls_data, controls_detect, controls_events, controls_manual, controls_network, controls_storage, controls_watch,
)
from .build import ANYWHERE, HOME, SECOND, Builder, document, public_read, statement

Failing = list[tuple[str, str]]


def _root(b: Builder) -> Failing:
    return [(f"arn:aws:iam::{b.account.number}:root", "<root_account>")]


def _group(b: Builder) -> None:
    b.group("developers", managed=("ReadOnlyAccess",))


def root_mfa_enabled(b: Builder, bad: bool) -> Failing:
    b.account.control("root", mfa="none" if bad else "virtual", password=1, access_keys=0)
    return _root(b) if bad else []


def root_mfa_hardware(b: Builder, bad: bool) -> Failing:
    b.account.control("root", mfa="virtual" if bad else "hardware", password=1)
    return _root(b) if bad else []


def root_access_keys_absent(b: Builder, bad: bool) -> Failing:
    b.account.control("root", mfa="virtual", access_keys=1 if bad else 0)
    return _root(b) if bad else []


def iam_console_users_mfa(b: Builder, bad: bool) -> Failing:
    _group(b)
    b.user("alice.meyer", console=100, used=1, mfa="virtual", groups=("developers",))
    b.user("svc-deploy", keys=((10, 1),), groups=("developers",))
    return [(b.user("carla.ruiz", console=100, used=1, groups=("developers",)), "carla.ruiz")] if bad else []


def iam_password_policy(b: Builder, bad: bool) -> Failing:
    b.user("alice.meyer", console=100, used=1, mfa=None if bad else "virtual")
    b.password_policy(8 if bad else 14, strong=not bad)
    return [(b.account.number, b.account.number)] if bad else []


def iam_access_key_rotation(b: Builder, bad: bool) -> Failing:
    b.user("svc-backup", keys=((30, 1),))
    if not bad:
        return []
    b.user("svc-deploy", keys=((200, 1),))
    key = b.iam().list_access_keys(UserName="svc-deploy")["AccessKeyMetadata"][0]["AccessKeyId"]
    return [(key, "svc-deploy")]


def iam_unused_credentials(b: Builder, bad: bool) -> Failing:
    b.user("alice.meyer", console=300, used=5, mfa="virtual", keys=((30, 2),))
    if not bad:
        return []
    return [(b.user("emre.tanaka", console=300, used=200, mfa="virtual"), "emre.tanaka"), (b.user("svc-etl", keys=((150, None),)), "svc-etl")]


def iam_permissions_through_groups(b: Builder, bad: bool) -> Failing:
    _group(b)
    b.user("alice.meyer", console=100, used=1, mfa="virtual", groups=("developers",))
    if not bad:
        return []
    failing = [(b.user("f.oneill", console=100, used=1, mfa="virtual", groups=("developers",)), "f.oneill"), (b.user("g.haddad", keys=((10, 1),)), "g.haddad"),
               (b.group("billing-readers"), "billing-readers")]
    b.iam().attach_user_policy(UserName="f.oneill", PolicyArn=b.policy_arn("ReadOnlyAccess"))
    return failing


def iam_no_full_admin(b: Builder, bad: bool) -> Failing:
    b.policy("read-reports", document(statement(action="s3:GetObject", resource="arn:aws:s3:::reports/*")))
    b.role("reporting", {"Service": "ec2.amazonaws.com"}, managed=(f"arn:aws:iam::{b.account.number}:policy/read-reports",))
    b.policy("never-attached", document(statement()))
    if not bad:
        return []
    everything = b.policy("ops-everything", document(statement()))
    b.group("admins", managed=("AdministratorAccess",))
    return [(everything, "ops-everything"), (b.role("ops", {"Service": "ec2.amazonaws.com"}, managed=(everything,)), "ops"),
            (b.user("alice.meyer", console=100, used=1, mfa="virtual", groups=("admins",)), "alice.meyer")]


def _groups(b: Builder, bad: bool, name: str, *rules: dict) -> Failing:
    vpc, subnet = b.default_vpc()
    b.security_group("web", vpc, (b.rule(443), b.rule(80)), subnet=subnet)
    return [(b.security_group(name, vpc, rules, subnet=subnet), name)] if bad else []


def sg_admin_ports_closed(b: Builder, bad: bool) -> Failing:
    failing = _groups(b, bad, "bastion", b.rule(22))
    if bad:
        vpc, _ = b.default_vpc(SECOND)
        failing.append((b.security_group("range", vpc, (b.rule(20, 30, "::/0"),), region=SECOND), "range"))
        listed = b.prefix_list("offices", ("203.0.113.0/24", ANYWHERE))
        failing.append((b.security_group("offices", b.default_vpc()[0], (b.rule(3389, source=listed),)), "offices"))
    return failing


def sg_sensitive_ports_closed(b: Builder, bad: bool) -> Failing:
    return _groups(b, bad, "database", b.rule(5432))


def sg_egress_restricted(b: Builder, bad: bool) -> Failing:
    vpc, subnet = b.default_vpc()
    b.security_group("batch", vpc, egress=(b.rule(443, source="10.0.0.0/8"),), subnet=subnet)
    return [(b.security_group("web", vpc, (b.rule(443),), subnet=subnet), "web")] if bad else []


def default_sg_closed(b: Builder, bad: bool) -> Failing:
    groups = [(group, region) for region in (HOME, SECOND) for group in b.default_groups(region)]
    if bad:
        return [(group, "default") for group, _ in groups]
    for group, region in groups:
        b.close(group, region)
    return []


def s3_account_public_access_block(b: Builder, bad: bool) -> Failing:
    b.account_block(*(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy") if bad else ()))
    return [(b.account.number, b.account.number)] if bad else []


def s3_buckets_not_public(b: Builder, bad: bool) -> Failing:
    b.bucket("exhibit-private")
    if not bad:
        return []
    open_policy = b.bucket("exhibit-open-policy", SECOND, blocked=False, policy=(public_read("exhibit-open-policy"),))
    open_acl = b.bucket("exhibit-open-acl", blocked=False, ownership="ObjectWriter", acl="public-read")
    return [(open_policy, "exhibit-open-policy"), (open_acl, "exhibit-open-acl")]


def s3_tls_only(b: Builder, bad: bool) -> Failing:
    b.bucket("exhibit-tls")
    return [(b.bucket("exhibit-plain", SECOND, tls=False), "exhibit-plain")] if bad else []


def kms_keys_origin_custody(b: Builder, bad: bool) -> Failing:
    b.key("app-data")
    if not bad:
        return []
    key = b.key("imported", SECOND, rotation=None, Origin="EXTERNAL")
    b.import_material(key, SECOND, expires_in=10)
    return [(key, "alias/imported")]


def kms_key_use_restricted(b: Builder, bad: bool) -> Failing:
    b.key("app-data")
    pinned = statement(action="kms:Decrypt", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": b.account.number}})
    b.key("pinned", Policy=b.own_key_policy(pinned))
    if not bad:
        return []
    failing = [(b.key("open", SECOND, Policy=b.own_key_policy(statement(action="kms:Decrypt", Principal="*"))), "alias/open")]
    lent = b.key("lent")
    b.kms().create_grant(KeyId=lent, GranteePrincipal="arn:aws:iam::999988887777:role/partner", Operations=["Decrypt"])
    return [*failing, (lent, "alias/lent")]


def kms_key_rotation(b: Builder, bad: bool) -> Failing:
    b.key("app-data", rotation=365)
    b.key("signing", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    return [(b.key("logs", SECOND, rotation=None), "alias/logs"), (b.key("slow", rotation=730), "alias/slow")] if bad else []


def cloudtrail_all_regions(b: Builder, bad: bool) -> Failing:
    b.trail_bucket("exhibit-trail")
    b.trail("main", "exhibit-trail", everywhere=not bad)
    return [(b.account.number, b.account.number)] if bad else []


def cloudtrail_log_validation(b: Builder, bad: bool) -> Failing:
    b.trail_bucket("exhibit-trail")
    trail = b.trail("main", "exhibit-trail", validation=not bad)
    return [(trail, "main")] if bad else []


def cloudtrail_bucket_mfa_delete(b: Builder, bad: bool) -> Failing:
    arn = b.trail_bucket("exhibit-trail")
    b.trail("main", "exhibit-trail")
    if bad:
        return [(arn, "exhibit-trail")]
    b.mfa_delete("exhibit-trail")
    return []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    root_mfa_enabled, root_mfa_hardware, root_access_keys_absent, iam_console_users_mfa, iam_password_policy, iam_access_key_rotation,
    iam_unused_credentials, iam_permissions_through_groups, iam_no_full_admin, sg_admin_ports_closed, sg_sensitive_ports_closed, sg_egress_restricted,
    default_sg_closed, s3_account_public_access_block, s3_buckets_not_public, s3_tls_only, kms_keys_origin_custody, kms_key_use_restricted,
    kms_key_rotation, cloudtrail_all_regions, cloudtrail_log_validation, cloudtrail_bucket_mfa_delete)}
# What fails in the bad state, by name; the ids are printed when the state is made.
FAILING = {
    "root-mfa-enabled": ["<root_account>"], "root-mfa-hardware": ["<root_account>"], "root-access-keys-absent": ["<root_account>"],
    "iam-console-users-mfa": ["carla.ruiz"], "iam-password-policy": ["123456789012"], "iam-access-key-rotation": ["svc-deploy"],
    "iam-unused-credentials": ["emre.tanaka", "svc-etl"], "iam-permissions-through-groups": ["f.oneill", "g.haddad", "billing-readers"],
    "iam-no-full-admin": ["ops-everything", "ops", "alice.meyer"], "sg-admin-ports-closed": ["bastion", "range", "offices"],
    "sg-sensitive-ports-closed": ["database"], "sg-egress-restricted": ["web"], "default-sg-closed": ["default", "default"],
    "s3-account-public-access-block": ["123456789012"], "s3-buckets-not-public": ["exhibit-open-policy", "exhibit-open-acl"],
    "s3-tls-only": ["exhibit-plain"], "kms-keys-origin-custody": ["alias/imported"], "kms-key-use-restricted": ["alias/open", "alias/lent"],
    "kms-key-rotation": ["alias/logs", "alias/slow"], "cloudtrail-all-regions": ["123456789012"], "cloudtrail-log-validation": ["main"],
    "cloudtrail-bucket-mfa-delete": ["exhibit-trail"],
}
_SLICES = (controls_alarms, controls_compute, controls_data, controls_detect, controls_events, controls_manual, controls_network, controls_storage, controls_watch)
for _slice in _SLICES:
    CONTROLS |= _slice.CONTROLS
    FAILING |= _slice.FAILING
# Controls whose good and bad state is a record, and not one of the account.
ATTACHED = [*controls_manual.ATTACHED]
# Those whose states take several steps: they have tests of their own.
RECORDED = [*controls_watch.RECORDED]


def seed(b: Builder, control: str, state: str) -> dict:
    b.regions()
    failing = CONTROLS[control](b, state == "bad")
    return {"control": control, "state": state, "account": b.account.number, "verdict": "fail" if failing else "pass",
            "failing": [{"resource": resource, "name": name} for resource, name in failing],
            "settings": b.settings, "records": b.records}
