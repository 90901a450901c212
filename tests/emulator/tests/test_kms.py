"""KMS: kinds of keys, rotations, pages."""

from __future__ import annotations

from seeds.build import HOME, SECOND, Builder

from .calls import code, flat, pages


def test_kms_key_kinds(aws):
    b, kms = Builder(aws), aws.client("kms")
    plain = b.key("plain", days=400, rotation=180)
    data = kms.describe_key(KeyId=plain)["KeyMetadata"]
    assert (data["KeyManager"], data["Origin"], data["MultiRegion"], data["KeyState"], data["KeyUsage"]) == ("CUSTOMER", "AWS_KMS", False, "Enabled", "ENCRYPT_DECRYPT")
    assert (aws.now() - data["CreationDate"]).days in (399, 400)
    status = kms.get_key_rotation_status(KeyId=plain)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180) and status["NextRotationDate"] > aws.now()
    off = kms.get_key_rotation_status(KeyId=b.key(rotation=None))
    assert off["KeyRotationEnabled"] is False and "RotationPeriodInDays" not in off
    assert code(lambda: kms.get_key_rotation_status(KeyId=b.key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"))) == (400, "UnsupportedOperationException")
    managed = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS" and kms.get_key_rotation_status(KeyId=managed["KeyId"])["KeyRotationEnabled"]
    doomed = b.key()
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    data = kms.describe_key(KeyId=doomed)["KeyMetadata"]
    assert data["KeyState"] == "PendingDeletion" and data["DeletionDate"] > aws.now()
    assert kms.get_key_rotation_status(KeyId=doomed)["KeyRotationEnabled"] is False


def test_imported_keys(aws):
    b, kms = Builder(aws), aws.client("kms")
    key = b.key(rotation=None, Origin="EXTERNAL")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    b.import_material(key, expires_in=10)
    data = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (data["KeyState"], data["ExpirationModel"], (data["ValidTo"] - aws.now()).days) == ("Enabled", "KEY_MATERIAL_EXPIRES", 9)
    b.import_material(key)
    data = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert data["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in data


def test_multi_region_keys(aws):
    b = Builder(aws)
    key = b.key(MultiRegion=True).rsplit("/", 1)[1]
    aws.client("kms").replicate_key(KeyId=key, ReplicaRegion=SECOND)
    kinds = {region: aws.client("kms", region).describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"] for region in (HOME, SECOND, HOME)}
    assert (kinds[HOME]["MultiRegionKeyType"], kinds[SECOND]["MultiRegionKeyType"]) == ("PRIMARY", "REPLICA")
    assert kinds[SECOND]["PrimaryKey"]["Region"] == HOME and kinds[HOME]["ReplicaKeys"][0]["Region"] == SECOND


def test_key_rotations(aws):
    b, kms = Builder(aws), aws.client("kms")
    key = b.key(days=800, rotation=365)
    aws.control("kms-rotation", key=key.rsplit("/", 1)[1], days_ago=100, type="ON_DEMAND")
    rotations = flat(pages(kms.list_key_rotations, "Rotations", "Marker", "NextMarker", KeyId=key, Limit=1))
    assert [(r["RotationType"], (aws.now() - r["RotationDate"]).days) for r in rotations] == [("AUTOMATIC", 435), ("ON_DEMAND", 100), ("AUTOMATIC", 70)]


def test_kms_pages(aws):
    b, kms = Builder(aws), aws.client("kms")
    keys = [b.key(f"key-{n}", tags={"owner": "alice", "tier": "one", "x": "<b>"}) for n in range(3)]
    for n in range(3):
        kms.create_grant(KeyId=keys[0], GranteePrincipal=f"arn:aws:iam::{aws.number}:role/r{n}", Operations=["Decrypt", "DescribeKey"])
    aws.control("page-size", n=2)
    assert sorted(k["KeyArn"] for k in flat(pages(kms.list_keys, "Keys", "Marker", "NextMarker"))) == sorted(keys)
    grants = flat(pages(kms.list_grants, "Grants", "Marker", "NextMarker", KeyId=keys[0]))
    assert len(grants) == 3 and grants[0]["KeyId"] == keys[0] and grants[0]["CreationDate"]
    assert len(flat(pages(kms.list_resource_tags, "Tags", "Marker", "NextMarker", KeyId=keys[1]))) == 3
    aliases = flat(pages(kms.list_aliases, "Aliases", "Marker", "NextMarker"))
    assert len([a for a in aliases if a.get("TargetKeyId")]) == 3 and any("TargetKeyId" not in a for a in aliases)
    assert code(lambda: kms.list_keys(Marker="made-up")) == (400, "InvalidMarkerException")
