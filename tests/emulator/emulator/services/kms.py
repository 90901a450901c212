"""KMS: rotation with its period, imported and AWS managed keys, grants and aliases as documented.

https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyRotations.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

import datetime
import json
import os

import moto.kms.models as models
import moto.kms.responses as responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.kms.responses import KmsResponse
from moto.kms.utils import RESERVED_ALIASES

from .. import clock
from ..extend import Refusal, answers

responses.validate_policy = lambda key, action: None  # moto takes a conditional Deny for a plain one


def _key(self):
    wanted = self._get_param("KeyId")
    self._validate_key_id(wanted)
    return self.kms_backend.keys[self.kms_backend.any_id_to_key_id(wanted)]


def _moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def _metadata(key) -> dict:
    found = key.to_dict()["KeyMetadata"]
    found.pop("MultiRegionConfiguration", None)
    if key.key_spec.startswith("HMAC"):
        found["MacAlgorithms"] = [key.key_spec.replace("HMAC", "HMAC_SHA")]
        found["SigningAlgorithms"] = found["EncryptionAlgorithms"] = None
    if key.multi_region:
        primary = key.multi_region_configuration["PrimaryKey"]
        found["MultiRegionConfiguration"] = {
            "MultiRegionKeyType": "PRIMARY" if primary["Arn"] == key.arn else "REPLICA", "PrimaryKey": primary,
            "ReplicaKeys": key.multi_region_configuration["ReplicaKeys"]}
    if key.origin == "EXTERNAL" and key.key_state != "PendingImport":
        found["ExpirationModel"] = getattr(key, "expiration_model", "KEY_MATERIAL_DOES_NOT_EXPIRE")
        if valid_to := getattr(key, "valid_to", None):
            found["ValidTo"] = valid_to
    return found


@answers(KmsResponse)
def describe_key(self) -> ActionResult:
    return ActionResult({"KeyMetadata": _metadata(_key(self))})


@answers(KmsResponse)
def list_keys(self) -> ActionResult:
    """A key whose waiting period is over is gone."""
    for key in list(self.kms_backend.list_keys()):
        if key.key_state == "PendingDeletion" and key.deletion_date <= clock.now():
            self.kms_backend.delete_key(key.id)
    return ActionResult({"Keys": [{"KeyArn": key.arn, "KeyId": key.id} for key in self.kms_backend.list_keys()]})


@answers(KmsResponse)
def list_aliases(self) -> ActionResult:
    """Predefined aliases without a key yet have no TargetKeyId."""
    only = self._get_param("KeyId") and _key(self).id
    found = [{"AliasName": a.alias_name, "AliasArn": a.alias_arn, "TargetKeyId": a.target_key_id, "CreationDate": a.created, "LastUpdatedDate": a.created}
             for a in self.kms_backend.list_aliases(key_id=only)]
    if not only:
        taken = {alias["AliasName"] for alias in found}
        found += [{"AliasName": name, "AliasArn": f"arn:aws:kms:{self.region}:{self.current_account}:{name}"} for name in RESERVED_ALIASES if name not in taken]
    return ActionResult({"Aliases": sorted(found, key=lambda alias: alias["AliasName"])})


@answers(models.Alias)
def __init__(self, *args, **kwargs):  # noqa: N807
    __init__.original(self, *args, **kwargs)
    self.created = clock.now()


@answers(KmsResponse)
def list_resource_tags(self) -> ActionResult:
    return ActionResult({"Tags": self.kms_backend.list_resource_tags(_key(self).id)["Tags"]})


@answers(KmsResponse)
def create_grant(self) -> str:
    answer = create_grant.original(self)
    grant = self.kms_backend.describe_key(self._get_param("KeyId")).grants[json.loads(answer)["GrantId"]]
    grant.created, grant.account = clock.now(), self.current_account
    return answer


@answers(KmsResponse)
def list_grants(self) -> ActionResult:
    key = _key(self)
    by, grant_id, grants = self._get_param("GranteePrincipal"), self._get_param("GrantId"), []
    for grant in key.list_grants(grant_id):
        if by and grant.grantee_principal != by:
            continue
        grants.append({name: value for name, value in (grant.to_json() | {
            "KeyId": key.arn, "CreationDate": grant.created, "IssuingAccount": f"arn:aws:iam::{grant.account}:root"}).items() if value})
    return ActionResult({"Grants": grants})


def _rotatable(key) -> None:
    if key.key_spec != "SYMMETRIC_DEFAULT":
        raise Refusal("UnsupportedOperationException", f"{key.arn} key spec {key.key_spec} is not supported for this operation.")


@answers(KmsResponse)
def enable_key_rotation(self) -> ActionResult:
    key, period = _key(self), self._get_param("RotationPeriodInDays") or 365
    _rotatable(key)
    if key.origin != "AWS_KMS":
        raise Refusal("UnsupportedOperationException", f"{key.arn} origin is {key.origin} which is not valid for this operation.")
    if not 90 <= period <= 2560:
        raise Refusal("ValidationException", "RotationPeriodInDays must be between 90 and 2560")
    key.key_rotation_status, key.rotation_period, key.rotation_since = True, period, clock.now()
    return EmptyResult()


def _automatic(key) -> tuple[list[datetime.datetime], datetime.datetime | None]:
    """When KMS rotated the key by itself since rotation was switched on, and when it will next."""
    if not key.key_rotation_status or key.key_state == "PendingDeletion":
        return [], None
    step = datetime.timedelta(days=getattr(key, "rotation_period", 365))
    done, at = [], key.rotation_since + step
    while at <= clock.now():
        done.append(at)
        at += step
    return done, at


@answers(KmsResponse)
def get_key_rotation_status(self) -> ActionResult:
    key = _key(self)
    _rotatable(key)
    _, following = _automatic(key)
    result = {"KeyId": key.arn, "KeyRotationEnabled": following is not None}
    if following:
        result |= {"RotationPeriodInDays": getattr(key, "rotation_period", 365), "NextRotationDate": following}
    return ActionResult(result)


@answers(KmsResponse)
def list_key_rotations(self) -> ActionResult:
    key = _key(self)
    _rotatable(key)
    told = [(_moment(r["RotationDate"]).replace(tzinfo=None), r["RotationType"]) for r in key.rotations]
    told += [(when, "AUTOMATIC") for when in _automatic(key)[0]]
    return ActionResult({"Rotations": [{"KeyId": key.arn, "RotationDate": when, "RotationType": kind} for when, kind in sorted(told)]})


def add_rotation(account: str, region: str, key_id: str, when: datetime.datetime, kind: str) -> None:
    """A rotation that happened earlier (control endpoint)."""
    backend = models.kms_backends[account][region]
    key = backend.keys[backend.any_id_to_key_id(key_id)]
    key.rotations.append({"KeyId": key.id, "RotationDate": unix_time(when), "RotationType": kind})


@answers(models.KmsBackend)
def create_key(self, *args, **kwargs):
    key = create_key.original(self, *args, **kwargs)
    key.multi_region = bool(key.multi_region)
    key.key_usage = key.key_usage or "ENCRYPT_DECRYPT"
    if key.origin == "EXTERNAL":
        key.key_state, key.enabled = "PendingImport", False
    return key


@answers(KmsResponse)
def get_public_key(self) -> ActionResult:
    """With `KeySpec`, and the key's ARN for its id."""
    key = _key(self)
    if key.key_spec == "SYMMETRIC_DEFAULT":
        raise Refusal("UnsupportedOperationException", f"{key.arn} key spec {key.key_spec} is not supported for this operation.")
    return ActionResult({"KeyId": key.arn, "PublicKey": key.private_key.public_key(), "KeySpec": key.key_spec, "CustomerMasterKeySpec": key.key_spec,
                         "KeyUsage": key.key_usage, "SigningAlgorithms": key.signing_algorithms})


@answers(KmsResponse)
def sign(self) -> ActionResult:
    """A digest is not hashed once more."""
    key, message, algorithm = _key(self), self._get_param("Message"), self._get_param("SigningAlgorithm")
    kind = self._get_param("MessageType") or "RAW"
    if key.key_usage != "SIGN_VERIFY":
        raise Refusal("InvalidKeyUsageException", f"{key.arn} key usage is {key.key_usage} which is not valid for Sign.")
    if algorithm not in key.signing_algorithms:
        raise Refusal("InvalidKeyUsageException", f"Algorithm {algorithm} and key spec {key.key_spec} are incompatible.")
    if not key.enabled:
        raise Refusal("DisabledException", f"{key.arn} is disabled.")
    if kind == "RAW":
        if not 1 <= len(message) <= 4096:
            raise Refusal("ValidationException", "1 validation error detected: Value at 'message' failed to satisfy constraint")
        return ActionResult({"KeyId": key.arn, "Signature": key.private_key.sign(message, algorithm), "SigningAlgorithm": algorithm})
    if algorithm != "ECDSA_SHA_256" or len(message) != 32:
        raise Refusal("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
    made = key.private_key.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
    return ActionResult({"KeyId": key.arn, "Signature": made, "SigningAlgorithm": algorithm})


def _takes_arn(name: str) -> None:
    """moto knows the key by its bare id only in these methods."""
    original = getattr(models.KmsBackend, name)
    setattr(models.KmsBackend, name, lambda self, key_id, *rest, **more: original(self, self.any_id_to_key_id(key_id), *rest, **more))


for _name in ("schedule_key_deletion", "cancel_key_deletion", "enable_key", "disable_key"):
    _takes_arn(_name)


@answers(KmsResponse)
def get_parameters_for_import(self) -> ActionResult:
    key = _key(self)
    return ActionResult({"KeyId": key.arn, "ImportToken": os.urandom(64), "PublicKey": os.urandom(294),
                         "ParametersValidTo": clock.now() + datetime.timedelta(days=1)})


@answers(KmsResponse)
def import_key_material(self) -> ActionResult:
    """Takes any bytes for key material."""
    key, valid_to = _key(self), self._get_param("ValidTo")
    if key.origin != "EXTERNAL":
        raise Refusal("UnsupportedOperationException", f"{key.arn} origin is {key.origin} which is not valid for this operation.")
    key.expiration_model = self._get_param("ExpirationModel") or "KEY_MATERIAL_EXPIRES"
    key.valid_to = _moment(float(valid_to)) if valid_to is not None and key.expiration_model == "KEY_MATERIAL_EXPIRES" else None
    key.key_state, key.enabled = "Enabled", True
    return ActionResult({"KeyId": key.arn})


@answers(models.KmsBackend)
def _generate_default_keys(self, alias_name: str):
    """The key behind alias/aws/*: managed by AWS, rotated yearly, usable through its service only."""
    key_id = _generate_default_keys.original(self, alias_name)
    if key_id:
        service = alias_name.rsplit("/", 1)[-1]
        key = self.keys[key_id]
        key.key_manager, key.key_rotation_status, key.rotation_since = "AWS", True, clock.now()
        key.description = f"Default key that protects my {service} data when no other key is defined"
        key.policy = json.dumps({"Version": "2012-10-17", "Id": f"auto-{service}-1", "Statement": [{
            "Sid": f"Allow access through {service}", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"], "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": self.account_id, "kms:ViaService": f"{service}.{self.region_name}.amazonaws.com"}}}]})
    return key_id
