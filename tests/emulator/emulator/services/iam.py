"""IAM: the root user, the credential report, virtual MFA devices, authorization details.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

import copy
import csv
import datetime
import functools
import io
import json
import random
import string

import moto.iam.models as models
from moto.core.responses import ActionResult
from moto.core.serialize import url_encode
from moto.iam.responses import IamResponse

from .. import clock
from ..extend import Refusal, answers
from ..state import STATE, Root

_COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"
    "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
).split(",")
_ACCOUNT_AGE_DAYS = 1500

# moto keeps every account in each of AWS's partitions, with 1,485 managed policies each time (a second per account).
models.PARTITION_NAMES = ["aws"]


@functools.cache
def _managed_policies(partition: str) -> tuple[models.AWSManagedPolicy, ...]:
    """AWS's managed policies, read once: reading them for each account takes a quarter of a second."""
    known = json.loads(models.aws_managed_policies_data)
    return tuple(models.AWSManagedPolicy.from_data(name, "aws", partition, told) for name, told in known.items())


@answers(models.IAMBackend)
def _init_aws_policies(self) -> list[models.AWSManagedPolicy]:
    """Those of one account: who uses them differs, ids and texts do not."""
    policies = []
    for known in _managed_policies(self.region_name):
        policy = copy.copy(known)
        policy.account_id, policy.tags = self.account_id, {}
        policies.append(policy)
    return policies


def _date(value: datetime.datetime | None, absent: str = "N/A") -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S+00:00") if value else absent


def _flag(value: object) -> str:
    return "true" if value else "false"


def _certificates(user) -> dict[str, str]:
    row = {}
    certificates = list(user.signing_certificates.values()) if user else []
    for n in (1, 2):
        certificate = certificates[n - 1] if len(certificates) >= n else None
        row[f"cert_{n}_active"] = _flag(certificate and certificate.status == "Active")
        row[f"cert_{n}_last_rotated"] = _date(getattr(certificate, "upload_date", None))
    return row


@functools.cache
def _account_made(account: str) -> datetime.datetime:
    """It does not move when the clock does."""
    return clock.ago(_ACCOUNT_AGE_DAYS)


def _root_row(account: str, root: Root) -> dict[str, str]:
    created = _account_made(account)
    row = dict.fromkeys(_COLUMNS, "N/A") | _certificates(None)
    row |= {"user": "<root_account>", "arn": f"arn:aws:iam::{account}:root", "user_creation_time": _date(created),
            "password_enabled": _flag(root.password), "password_last_used": _date(root.last_used, "no_information"),
            "password_last_changed": _date(created), "password_next_rotation": "not_supported", "mfa_active": _flag(root.mfa != "none")}
    if STATE.report_root_old:
        row |= {"password_enabled": "not_supported", "password_last_changed": "not_supported"}
    for n in (1, 2):
        row[f"access_key_{n}_active"] = _flag(n <= root.access_keys)
        if n <= root.access_keys + root.inactive_access_keys:
            row[f"access_key_{n}_last_rotated"] = _date(created + datetime.timedelta(days=100))
    return row


def _user_row(user, policy) -> dict[str, str]:
    changed = getattr(user, "password_changed", None) or user.create_date
    row = dict.fromkeys(_COLUMNS, "N/A") | _certificates(user)
    row |= {"user": user.name, "arn": user.arn, "user_creation_time": _date(user.create_date),
            "password_enabled": _flag(user.password), "mfa_active": _flag(user.mfa_devices)}
    if user.password:
        row["password_last_used"] = _date(user.password_last_used, "no_information")
        row["password_last_changed"] = _date(changed)
        if policy and policy.max_password_age:
            row["password_next_rotation"] = _date(changed + datetime.timedelta(days=int(policy.max_password_age)))
    for n in (1, 2):
        key = user.access_keys[n - 1] if len(user.access_keys) >= n else None
        row[f"access_key_{n}_active"] = _flag(key and key.status == "Active")
        if key:
            row[f"access_key_{n}_last_rotated"] = _date(key.create_date)
        if key and key.last_used:
            row[f"access_key_{n}_last_used_date"] = _date(getattr(key.last_used, "_timestamp", None) or key.last_used.timestamp)
            row[f"access_key_{n}_last_used_region"] = key.last_used.region
            row[f"access_key_{n}_last_used_service"] = key.last_used.service
    row["additional_credentials_info"] = f"{len(user.access_keys)} access keys" if len(user.access_keys) > 2 else ""
    return row


def _report_text(backend) -> str:
    columns = _COLUMNS + (["additional_credentials_info"] if STATE.report_columns == 23 else [])
    rows = [_root_row(backend.account_id, STATE.roots[backend.account_id])]
    rows += [_user_row(user, backend.account_password_policy) for user in backend.users.values()]
    if not STATE.report_quotes:
        return "\n".join([",".join(columns)] + [",".join(row.get(c, "") for c in columns) for row in rows])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns] + [[row.get(c, "") for c in columns] for row in rows])
    return out.getvalue().rstrip("\n")


@answers(IamResponse)
def generate_credential_report(self) -> ActionResult:
    """A new report at most every `cache_hours`; AWS builds one at most every four hours."""
    report = STATE.reports[self.backend.account_id]
    if report.pending:
        report.pending -= 1
        return ActionResult({"State": "INPROGRESS"} if report.pending else {"State": "COMPLETE"})
    fresh = report.generated and clock.now() - report.generated < datetime.timedelta(hours=STATE.report_cache_hours)
    if report.generated and (fresh or report.announced):
        report.announced = False
        return ActionResult({"State": "COMPLETE"})
    report.text, report.generated, report.pending, report.announced = _report_text(self.backend), clock.now(), STATE.report_pending, not STATE.report_pending
    return ActionResult({"State": "STARTED", "Description": "No report exists. Starting a new report generation task"})


@answers(IamResponse)
def get_credential_report(self) -> ActionResult:
    report = STATE.reports[self.backend.account_id]
    if not report.generated:
        raise Refusal("CredentialReportNotPresentException", "No report exists. Starting a new report generation task")
    if report.pending:
        raise Refusal("CredentialReportNotReadyException", "Credential report is still being generated")
    return ActionResult({"Content": report.text, "ReportFormat": "text/csv", "GeneratedTime": report.generated})


@answers(IamResponse)
def get_account_summary(self) -> ActionResult:
    root = STATE.roots[self.backend.account_id]
    summary = dict(self.backend.get_account_summary().summary_map)
    summary |= {"AccountMFAEnabled": int(root.mfa != "none"), "AccountPasswordPresent": int(root.password),
                "AccountAccessKeysPresent": int(root.access_keys + root.inactive_access_keys > 0)}
    if root.mfa == "virtual":
        summary["MFADevices"] += 1
        summary["MFADevicesInUse"] += 1
    return ActionResult({"SummaryMap": summary})


@answers(IamResponse)
def list_virtual_mfa_devices(self) -> ActionResult:
    """The root user's virtual device is listed too; its hardware devices are not."""
    wanted = self._get_param("AssignmentStatus", "Any")
    account = self.backend.account_id
    root = STATE.roots[account]
    devices: list = []
    if root.mfa == "virtual":
        user = {"UserId": account, "Arn": f"arn:aws:iam::{account}:root", "CreateDate": _account_made(account)}
        if root.last_used:
            user["PasswordLastUsed"] = root.last_used
        devices.append({"SerialNumber": f"arn:aws:iam::{account}:mfa/root-account-mfa-device", "User": user,
                        "EnableDate": _account_made(account) + datetime.timedelta(days=1)})
    for device in self.backend.virtual_mfa_devices.values():
        entry = {"SerialNumber": device.serial_number, "EnableDate": device.enable_date}
        if device.user:
            entry["User"] = {"Path": device.user.path, "UserName": device.user.name, "UserId": device.user.id, "Arn": device.user.arn,
                             "CreateDate": device.user.create_date, "PasswordLastUsed": device.user.password_last_used}
        devices.append(entry)
    assigned = {"Assigned": [True], "Unassigned": [False]}.get(wanted, [True, False])
    return ActionResult({"VirtualMFADevices": [d for d in devices if bool(d.get("EnableDate")) in assigned]})


def _policy_detail(policy) -> dict:
    detail = {"PolicyName": policy.name, "PolicyId": policy.id, "Arn": policy.arn, "Path": policy.path, "DefaultVersionId": policy.default_version_id,
              "AttachmentCount": policy.attachment_count, "PermissionsBoundaryUsageCount": 0, "IsAttachable": policy.is_attachable,
              "CreateDate": policy.create_date, "UpdateDate": policy.update_date, "PolicyVersionList": policy.policy_version_list}
    return detail | ({"Description": policy.description} if policy.description else {})


# Policy documents come percent-encoded; moto forgets this one.
IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER["GetAccountAuthorizationDetailsResponse.RoleDetailList.RoleDetail.AssumeRolePolicyDocument"] = url_encode


@answers(IamResponse)
def get_account_authorization_details(self) -> ActionResult:
    """In one stable order; of the AWS managed policies only those that are attached."""
    wanted = self._get_param("Filter", []) or ["User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"]
    policies = []
    for policy in self.backend.managed_policies.values():
        aws_managed = isinstance(policy, models.AWSManagedPolicy)
        if ("AWSManagedPolicy" in wanted and policy.attachment_count > 0) if aws_managed else ("LocalManagedPolicy" in wanted):
            policies.append(_policy_detail(policy))
    pick = {"UserDetailList": ("User", self.backend.users), "GroupDetailList": ("Group", self.backend.groups), "RoleDetailList": ("Role", self.backend.roles)}
    result: dict = {key: list(things.values()) if kind in wanted else [] for key, (kind, things) in pick.items()}
    return ActionResult(result | {"Policies": policies})


@answers(IamResponse)
def get_login_profile(self) -> ActionResult:
    user = self.backend.get_login_profile(self._get_param("UserName"))
    return ActionResult({"LoginProfile": {"UserName": user.name, "CreateDate": getattr(user, "password_created", user.create_date),
                                          "PasswordResetRequired": user.password_reset_required}})


@answers(models.IAMBackend)
def create_login_profile(self, user_name: str, password: str):
    user = create_login_profile.original(self, user_name, password)
    user.password_changed = user.password_created = clock.now()
    return user


@answers(models.IAMBackend)
def update_login_profile(self, user_name: str, password: str, password_reset_required: bool):
    user = update_login_profile.original(self, user_name, password, password_reset_required)
    user.password_changed = clock.now()
    return user


@answers(models.IAMBackend)
def delete_login_profile(self, user_name: str) -> None:
    delete_login_profile.original(self, user_name)
    self.get_user(user_name).password_last_used = None


def _unique_id(prefix: str) -> str:
    return prefix + "".join(random.choices(string.ascii_uppercase + string.digits, k=17))


def _identify(owner, prefix: str) -> None:
    """Unique ids as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html has them."""
    original = owner.__init__

    @functools.wraps(original)
    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.id = _unique_id(prefix)

    owner.__init__ = __init__


for _owner, _prefix in ((models.User, "AIDA"), (models.Group, "AGPA"), (models.Policy, "ANPA")):
    _identify(_owner, _prefix)
