"""Good and bad states of the controls on databases, caches, search domains, file systems and backups."""

from __future__ import annotations

import datetime

from . import events
from .build import HOME, SECOND, Builder, document, statement

Failing = list[tuple[str, str]]

PRODUCTION = [{"Key": "env", "Value": "production"}]


def _set(b: Builder, control: str, line: str) -> None:
    """A parameter of the control."""
    b.settings += f'[parameters.{control}]\nby = "C. Ruiz"\nwhy = "as we run it"\n{line}\n'


def _ago(b: Builder, days: float) -> datetime.datetime:
    return b.account.now() - datetime.timedelta(days=days)


def database(b: Builder, name: str, region: str = HOME, tags: list[dict] = PRODUCTION, **settings) -> str:
    """An RDS instance as it should be, and its ARN."""
    told = {"StorageEncrypted": True, "MultiAZ": True, "BackupRetentionPeriod": 14, "PubliclyAccessible": False} | settings
    made = b.account.client("rds", region).create_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.m7g.large", Engine="postgres", AllocatedStorage=20, MasterUsername="owner",
        MasterUserPassword="not-a-real-password", Tags=tags, **told)
    return made["DBInstance"]["DBInstanceArn"]


def table(b: Builder, name: str, region: str = HOME, recovery: bool = True, tags: list[dict] = PRODUCTION) -> str:
    """A DynamoDB table and its ARN."""
    dynamodb = b.account.client("dynamodb", region)
    made = dynamodb.create_table(TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST", Tags=tags,
                                 AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    if recovery:
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    return made["TableDescription"]["TableArn"]


def file_system(b: Builder, name: str, region: str = HOME, **settings) -> str:
    tags = [*PRODUCTION, {"Key": "Name", "Value": name}]
    made = b.account.client("efs", region).create_file_system(CreationToken=name, Tags=tags, **({"Encrypted": True} | settings))
    return made["FileSystemArn"]


def cache(b: Builder, name: str, region: str = HOME, **settings) -> str:
    told = {"AtRestEncryptionEnabled": True, "MultiAZEnabled": True, "AutomaticFailoverEnabled": True, "SnapshotRetentionLimit": 14} | settings
    made = b.account.client("elasticache", region).create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription=name, Engine="redis", CacheNodeType="cache.m7g.large", NumCacheClusters=2, Tags=PRODUCTION, **told)
    return made["ReplicationGroup"]["ARN"]


def domain(b: Builder, name: str, *statements: dict, region: str = HOME, **settings) -> str:
    made = b.account.client("opensearch", region).create_domain(
        DomainName=name, AccessPolicies=document(*statements), TagList=PRODUCTION, **({"EncryptionAtRestOptions": {"Enabled": True}} | settings))
    return made["DomainStatus"]["ARN"]


def warehouse(b: Builder, name: str, region: str = HOME, **settings) -> str:
    told = {"Encrypted": True, "PubliclyAccessible": False, "AutomatedSnapshotRetentionPeriod": 14} | settings
    b.account.client("redshift", region).create_cluster(ClusterIdentifier=name, NodeType="ra3.large", MasterUsername="owner",
                                                        MasterUserPassword="Not-a-real-1-password", Tags=PRODUCTION, **told)
    return f"arn:aws:redshift:{region}:{b.account.number}:cluster:{name}"


def own(b: Builder) -> dict:
    return statement(action="es:*", Principal={"AWS": f"arn:aws:iam::{b.account.number}:root"})


def databases_encrypted(b: Builder, bad: bool) -> Failing:
    database(b, "orders")
    table(b, "carts", SECOND)
    file_system(b, "documents")
    cache(b, "sessions", SECOND)
    domain(b, "search", own(b))
    warehouse(b, "sales")
    if not bad:
        return []
    plain = database(b, "legacy", SECOND, StorageEncrypted=False)
    b.account.client("rds", SECOND).create_db_snapshot(DBInstanceIdentifier="legacy", DBSnapshotIdentifier="before-migration")
    return [(plain, "legacy"), (f"arn:aws:rds:{SECOND}:{b.account.number}:snapshot:before-migration", "before-migration"),
            (file_system(b, "scratch", SECOND, Encrypted=False), "scratch"), (cache(b, "queue", AtRestEncryptionEnabled=False), "queue"),
            (domain(b, "logs", own(b), region=SECOND, EncryptionAtRestOptions={"Enabled": False}), "logs"),
            (warehouse(b, "trial", SECOND, Encrypted=False), "trial")]


def data_stores_not_public(b: Builder, bad: bool) -> Failing:
    office = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}
    database(b, "orders")
    domain(b, "search", statement(action="es:ESHttp*", Principal={"AWS": "*"}, Condition=office))
    ec2 = b.ec2(SECOND)
    volume = ec2.create_volume(AvailabilityZone=SECOND + "a", Size=8)["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)
    if not bad:
        return []
    rds = b.account.client("rds", SECOND)
    failing = [(database(b, "partners", SECOND, PubliclyAccessible=True), "partners"), (warehouse(b, "trial", PubliclyAccessible=True), "trial"),
               (domain(b, "demo", statement(action="es:*", Principal="*"), region=SECOND), "demo")]
    rds.create_db_snapshot(DBInstanceIdentifier="partners", DBSnapshotIdentifier="for-everyone")
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="for-everyone", AttributeName="restore", ValuesToAdd=["all"])
    image = b.ec2().register_image(Name="appliance", RootDeviceName="/dev/sda1")["ImageId"]
    b.ec2().modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
    return [*failing, (f"arn:aws:rds:{SECOND}:{b.account.number}:snapshot:for-everyone", "for-everyone"), (image, "appliance")]


def databases_multi_az(b: Builder, bad: bool) -> Failing:
    database(b, "orders")
    database(b, "sandbox", tags=[{"Key": "env", "Value": "test"}], MultiAZ=False)
    table(b, "carts")
    cache(b, "sessions")
    file_system(b, "documents", SECOND)
    domain(b, "search", own(b), ClusterConfig={"InstanceCount": 2, "ZoneAwarenessEnabled": True})
    if not bad:
        return []
    return [(database(b, "legacy", SECOND, MultiAZ=False), "legacy"), (cache(b, "queue", SECOND, MultiAZEnabled=False), "queue"),
            (file_system(b, "scratch", AvailabilityZoneName=HOME + "a"), "scratch"), (domain(b, "logs", own(b)), "logs"), (warehouse(b, "sales"), "sales")]


def data_cross_region_replicas(b: Builder, bad: bool) -> Failing:
    _set(b, "data-cross-region-replicas", 'critical_tag = { env = "production" }')
    files = file_system(b, "documents")
    b.account.answers("efs", "DescribeReplicationConfigurations", {"Replications": [{
        "SourceFileSystemId": files.rsplit("/", 1)[1], "SourceFileSystemRegion": HOME, "SourceFileSystemArn": files, "OriginalSourceFileSystemArn": files,
        "CreationTime": _ago(b, 300), "Destinations": [{"Status": "ENABLED", "FileSystemId": "fs-0123456789abcdef0", "Region": SECOND, "LastReplicatedTimestamp": _ago(b, 0.05)}]}]}, region=HOME)
    orders = database(b, "orders")
    vault = f"arn:aws:backup:{SECOND}:{b.account.number}:backup-vault:recovery"
    b.account.answers("backup", "ListCopyJobs", {"CopyJobs": [{
        "CopyJobId": "copy-1", "ResourceArn": orders, "ResourceType": "RDS", "State": "COMPLETED", "DestinationBackupVaultArn": vault,
        "SourceBackupVaultArn": vault.replace(SECOND, HOME), "CreationDate": _ago(b, 0.6), "CompletionDate": _ago(b, 0.5)}]}, region=HOME)
    table(b, "scratch", tags=[])
    b.bucket(f"exhibit-notes-{b.account.number}")
    return [(table(b, "carts"), "carts"), (database(b, "legacy", SECOND), "legacy")] if bad else []


def _vault(b: Builder, *points: dict, region: str = HOME) -> None:
    """A locked vault and the recovery points in it."""
    arn = f"arn:aws:backup:{region}:{b.account.number}:backup-vault:main"
    b.account.answers("backup", "ListBackupVaults", {"BackupVaultList": [{
        "BackupVaultName": "main", "BackupVaultArn": arn, "VaultType": "BACKUP_VAULT", "Locked": True, "NumberOfRecoveryPoints": len(points),
        "CreationDate": _ago(b, 400)}]}, region=region)
    b.account.answers("backup", "ListRecoveryPointsByBackupVault", {"RecoveryPoints": [
        {"RecoveryPointArn": f"arn:aws:backup:{region}:{b.account.number}:recovery-point:{number}", "BackupVaultName": "main", "BackupVaultArn": arn,
         "Status": "COMPLETED", "IsEncrypted": True, "Lifecycle": {"DeleteAfterDays": 35}} | point for number, point in enumerate(points)]}, region=region)


def backup_coverage(b: Builder, bad: bool) -> Failing:
    database(b, "orders")
    table(b, "carts")
    cache(b, "sessions")
    b.bucket("exhibit-documents", versioning=True)
    files = file_system(b, "documents")
    _vault(b, {"ResourceArn": files, "ResourceType": "EFS", "CreationDate": _ago(b, 0.5)})
    if not bad:
        return []
    forgotten = file_system(b, "forgotten", SECOND)
    told = b.account.client("efs", SECOND).describe_file_systems()["FileSystems"]
    # moto makes every file system now.
    b.account.answers("efs", "DescribeFileSystems", {"FileSystems": [one | {"CreationTime": _ago(b, 400)} for one in told]}, region=SECOND)
    return [(database(b, "legacy", SECOND, BackupRetentionPeriod=1), "legacy"), (table(b, "scratch", recovery=False), "scratch"),
            (cache(b, "queue", SECOND, SnapshotRetentionLimit=0), "queue"), (b.bucket("exhibit-scratch"), "exhibit-scratch"),
            (forgotten, "forgotten")]


def _job(b: Builder, name: str, arn: str, state: str, days: float, **more) -> dict:
    return {"BackupJobId": name, "ResourceArn": arn, "ResourceType": "RDS", "BackupVaultName": "main", "State": state, "CreationDate": _ago(b, days),
            "CompletionDate": _ago(b, days - 0.05)} | more


def backup_jobs_succeed(b: Builder, bad: bool) -> Failing:
    orders, legacy = database(b, "orders"), database(b, "legacy", BackupRetentionPeriod=0)
    b.account.client("backup").create_backup_vault(BackupVaultName="main")
    plan = b.account.client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [
        {"RuleName": "every-night", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 ? * * *)", "Lifecycle": {"DeleteAfterDays": 35}}]})["BackupPlanId"]
    b.account.answers("backup", "ListBackupSelections", {"BackupSelectionsList": [{"SelectionId": "s-1", "SelectionName": "production", "BackupPlanId": plan}]},
                      region=HOME, BackupPlanId=plan)
    b.account.answers("backup", "GetBackupSelection", {"SelectionId": "s-1", "BackupPlanId": plan, "BackupSelection": {
        "SelectionName": "production", "IamRoleArn": f"arn:aws:iam::{b.account.number}:role/backup",
        "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "env", "ConditionValue": "production"}]}}, region=HOME)
    jobs = [_job(b, "job-1", orders, "COMPLETED", 1), _job(b, "job-2", orders, "FAILED", 10, StatusMessage="Access denied"), _job(b, "job-3", orders, "COMPLETED", 9),
            _job(b, "job-4", legacy, "ABORTED", 12), _job(b, "job-5", legacy, "COMPLETED", 20)]
    b.records.append(f'[[approval]]\nsubject = "job-4"\nticket = "OPS-17"\napprover = "head of operations"\ndate = "{b.account.now():%Y-%m-%d}"\n')
    if not bad:
        jobs.append(_job(b, "job-6", legacy, "COMPLETED", 1))
    else:
        jobs.append(_job(b, "job-7", orders, "EXPIRED", 5))
    b.account.answers("backup", "ListBackupJobs", {"BackupJobs": jobs}, region=HOME)
    return [("job-7", orders), (f"{legacy} in plan", "legacy")] if bad else []


def restore_tested(b: Builder, bad: bool) -> Failing:
    database(b, "orders")
    table(b, "carts")
    b.bucket("exhibit-archive", versioning=True)
    number = b.account.number
    tested = {"RestoreJobId": "restore-1", "ResourceType": "RDS", "Status": "COMPLETED", "CreatedResourceArn": f"arn:aws:rds:{HOME}:{number}:db:restored",
              "CreationDate": _ago(b, 30), "CompletionDate": _ago(b, 30), "ValidationStatus": "FAILED" if bad else "SUCCESSFUL",
              "CreatedBy": {"RestoreTestingPlanArn": f"arn:aws:backup:{HOME}:{number}:restore-testing-plan:quarterly"}}
    b.account.answers("backup", "ListRestoreJobs", {"RestoreJobs": [tested]}, region=HOME)
    called = events.event(b.account, "dynamodb", "RestoreTableToPointInTime", events.iam_user(number, "alice.meyer"), days=20,
                          request={"sourceTableName": "carts", "targetTableName": "carts-drill"})
    events.state(b.account, called)
    day = f"{_ago(b, 20):%Y-%m-%d}"
    told = [("carts-drill", "DynamoDB", "row counts, sample of 20 rows"), ("exhibit-archive-drill", "S3", "hashes of 100 objects")]
    for subject, kind, check in told[: 1 if bad else 2]:
        b.records.append(f'[[restore_test]]\nsubject = "{subject}"\nstore_kind = "{kind}"\ndate = "{day}"\nminutes = 35\ndata_check = "{check}"\n')
    return [(f"{number} {kind}", kind) for kind in ("RDS/Aurora", "S3")] if bad else []


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    databases_encrypted, data_stores_not_public, databases_multi_az, data_cross_region_replicas, backup_coverage, backup_jobs_succeed, restore_tested)}

# What fails in the bad state, by name.
FAILING = {
    "databases-encrypted": ["legacy", "before-migration", "scratch", "queue", "logs", "trial"],
    "data-stores-not-public": ["partners", "trial", "demo", "for-everyone", "appliance"],
    "databases-multi-az": ["legacy", "queue", "scratch", "logs", "sales"], "data-cross-region-replicas": ["carts", "legacy"],
    "backup-coverage": ["legacy", "scratch", "queue", "exhibit-scratch", "forgotten"], "backup-jobs-succeed": ["orders", "legacy"],
    "restore-tested": ["RDS/Aurora", "S3"],
}
