"""One account with the good states of all controls, so that every operation is asked and every control has something to judge."""

from __future__ import annotations

import datetime
import json

import botocore.exceptions

from . import controls, controls_data, controls_manual, controls_network
from .build import HOME, Builder

# Other states cannot change a bucket that needs MFA for it.
_LAST = ("cloudtrail-bucket-mfa-delete",)


def seed(b: Builder) -> None:
    """What a state makes that an earlier one has made already is left as it is."""
    for control in sorted(controls.CONTROLS, key=lambda control: control in _LAST):
        try:
            controls.CONTROLS[control](b, False)
        except botocore.exceptions.ClientError as refused:
            if not any(word in refused.response["Error"]["Code"] for word in ("Already", "Duplicate")):
                raise
    _whatever_is_left(b)


def _whatever_is_left(b: Builder) -> None:
    """Things that no good state has, or that one left out because an earlier one had made its name: their operations are to be asked."""
    number, client, answers = b.account.number, b.account.client, b.account.answers
    recently = b.account.now() - datetime.timedelta(days=1)

    # Backup: a plan with a selection, a vault with a recovery point; a lifecycle policy of EBS.
    plan = client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "everything", "Rules": [
        {"RuleName": "daily", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 ? * * *)"}]})["BackupPlanId"]
    answers("backup", "ListBackupSelections", {"BackupSelectionsList": [{"SelectionId": "s-1", "SelectionName": "all", "BackupPlanId": plan}]}, region=HOME)
    answers("backup", "GetBackupSelection", {"SelectionId": "s-1", "BackupPlanId": plan, "BackupSelection": {
        "SelectionName": "all", "IamRoleArn": f"arn:aws:iam::{number}:role/backup", "Resources": ["*"]}}, region=HOME)
    files = controls_data.file_system(b, "everything")
    controls_data._vault(b, {"ResourceArn": files, "ResourceType": "EFS", "CreationDate": recently})
    policy = {"PolicyId": "policy-0123456789abcdef0", "Description": "daily", "State": "ENABLED"}
    answers("dlm", "GetLifecyclePolicies", {"Policies": [policy | {"PolicyType": "EBS_SNAPSHOT_MANAGEMENT"}]}, region=HOME)
    answers("dlm", "GetLifecyclePolicy", {"Policy": policy | {"PolicyDetails": {"PolicyType": "EBS_SNAPSHOT_MANAGEMENT",
        "ResourceTypes": ["VOLUME"], "TargetTags": [{"Key": "backup", "Value": "yes"}], "Schedules": [
            {"Name": "daily", "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]}, "RetainRule": {"Count": 7}}]}}}, region=HOME)

    # Changes: a stack, a deployment, a pipeline.
    stack = f"arn:aws:cloudformation:{HOME}:{number}:stack/everything/11111111-2222-3333-4444-555555555555"
    answers("cloudformation", "ListStacks", {"StackSummaries": [{
        "StackId": stack, "StackName": "everything", "CreationTime": recently, "LastUpdatedTime": recently, "StackStatus": "UPDATE_COMPLETE"}]}, region=HOME)
    answers("cloudformation", "DescribeStackEvents", {"StackEvents": [{
        "StackId": stack, "EventId": "e-1", "StackName": "everything", "LogicalResourceId": "everything", "PhysicalResourceId": stack,
        "ResourceType": "AWS::CloudFormation::Stack", "Timestamp": recently, "ResourceStatus": "UPDATE_COMPLETE"}]}, region=HOME)
    answers("codedeploy", "ListDeployments", {"deployments": ["d-EVERYTHING"]}, region=HOME)
    answers("codedeploy", "GetDeployment", {"deploymentInfo": {
        "applicationName": "shop", "deploymentGroupName": "web", "deploymentId": "d-EVERYTHING", "status": "Succeeded", "createTime": recently,
        "completeTime": recently, "creator": "user"}}, region=HOME)
    answers("codepipeline", "ListPipelines", {"pipelines": [{"name": "release", "version": 1, "created": recently, "updated": recently}]}, region=HOME)
    answers("codepipeline", "ListPipelineExecutions", {"pipelineExecutionSummaries": [
        {"pipelineExecutionId": "11111111-2222-3333-4444-555555555555", "status": "Succeeded", "startTime": recently, "lastUpdateTime": recently}]}, region=HOME)

    # Network: a prefix list, a target group, a distribution with a web ACL, a rule that calls somebody.
    b.prefix_list("everything", ("203.0.113.0/24",))
    vpc = b.ec2().describe_vpcs()["Vpcs"][0]["VpcId"]
    group = client("elbv2").create_target_group(Name="everything", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    balancer = client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    client("elbv2").create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=8080, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    controls_network._distributions(b, {"name": "everything", "acl": controls_network._acl(b, "everything", "CLOUDFRONT")})
    topic = client("sns").create_topic(Name="everything")["TopicArn"]
    client("events").put_rule(Name="everything", EventPattern=json.dumps({"source": ["aws.ec2"], "detail": {"eventName": ["RunInstances"]}}))
    client("events").put_targets(Rule="everything", Targets=[{"Id": "1", "Arn": topic}])

    # Data: snapshots that others could be let in to, an access point, Macie.
    controls_data.database(b, "everything")
    client("rds").create_db_snapshot(DBInstanceIdentifier="everything", DBSnapshotIdentifier="everything")
    client("rds").create_db_cluster(DBClusterIdentifier="everything-cluster", Engine="aurora-postgresql", MasterUsername="root",
                                    MasterUserPassword="not-a-real-password", StorageEncrypted=True)
    client("rds").create_db_cluster_snapshot(DBClusterIdentifier="everything-cluster", DBClusterSnapshotIdentifier="everything-cluster")
    volume = b.ec2().create_volume(AvailabilityZone=f"{HOME}a", Size=1, Encrypted=False)["VolumeId"]
    snapshot = b.ec2().create_snapshot(VolumeId=volume)["SnapshotId"]
    b.ec2().modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
    b.bucket("exhibit-everything")
    client("s3control").create_access_point(AccountId=number, Name="everything", Bucket="exhibit-everything")
    answers("macie2", "GetMacieSession", {"status": "ENABLED", "createdAt": "2025-01-01T00:00:00Z", "findingPublishingFrequency": "ONE_HOUR"}, region=HOME)
    answers("macie2", "GetAutomatedDiscoveryConfiguration", {"status": "ENABLED"}, region=HOME)
    answers("macie2", "DescribeBuckets", {"buckets": [{"bucketName": "exhibit-everything", "accountId": number, "region": HOME, "sensitivityScore": 1,
                                                      "automatedDiscoveryMonitoringStatus": "MONITORED"}]}, region=HOME)

    # People: Identity Center with everything it has, and a user who is younger than the credential report.
    instance, directory = "arn:aws:sso:::instance/ssoins-0123456789abcdef", "d-0123456789"
    permissions = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"
    person, people = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
    answers("sso-admin", "ListInstances", {"Instances": [{
        "InstanceArn": instance, "IdentityStoreId": directory, "OwnerAccountId": number, "Name": "everything", "CreatedDate": recently, "Status": "ACTIVE"}]}, region=HOME)
    answers("sso-admin", "ListPermissionSets", {"PermissionSets": [permissions]}, region=HOME)
    answers("sso-admin", "DescribePermissionSet", {"PermissionSet": {
        "Name": "ReadOnly", "PermissionSetArn": permissions, "CreatedDate": recently, "SessionDuration": "PT1H"}}, region=HOME)
    answers("sso-admin", "ListAccountAssignments", {"AccountAssignments": [
        {"AccountId": number, "PermissionSetArn": permissions, "PrincipalType": "GROUP", "PrincipalId": people}]}, region=HOME)
    answers("identitystore", "ListUsers", {"Users": [{"UserName": "ada", "UserId": person, "IdentityStoreId": directory, "DisplayName": "Ada"}]}, region=HOME)
    answers("identitystore", "ListGroups", {"Groups": [{"GroupId": people, "DisplayName": "Readers", "IdentityStoreId": directory}]}, region=HOME)
    answers("identitystore", "ListGroupMemberships", {"GroupMemberships": [
        {"IdentityStoreId": directory, "MembershipId": "33333333-3333-3333-3333-333333333333", "GroupId": people, "MemberId": {"UserId": person}}]}, region=HOME)
    controls_manual.trusted_advisor(b, days=1, flagged=("everything",))
    client("iam").generate_credential_report()
    client("iam").create_user(UserName="newcomer")
    client("iam").create_login_profile(UserName="newcomer", Password="Not-A-Real-Passw0rd!")
