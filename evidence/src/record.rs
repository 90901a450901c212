//! Records: one row about one thing, normalised from a response, in tables.
//!
//! From one definition come the struct the collector fills, the JSON Lines in a snapshot, the
//! SQLite table in `evidence.db` and the data dictionary in the binder. A value that AWS did
//! not give is null, never a default.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;

mod accessanalyzer;
mod account;
mod apigateway;
mod autoscaling;
mod backup;
mod certificates;
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
mod config;
mod contacts;
mod dlm;
mod dynamodb;
mod ec2;
mod ec2_instance;
mod ec2_routing;
mod ec2_storage;
mod ecr;
mod efs;
mod efs_copies;
mod elasticache;
mod elb;
mod elbv2;
mod eventbridge;
mod events;
mod file_services;
mod guardduty;
mod iam;
mod identity_center;
mod inspector2;
mod kms;
mod logs;
mod macie2;
mod network_firewall;
mod opensearch;
mod organizations;
mod pipelines;
mod rds;
mod redshift;
mod s3;
mod s3_data;
mod scaling;
mod secretsmanager;
mod securityhub;
mod sns;
mod ssm;
mod tagging;

pub use accessanalyzer::{AccessanalyzerAnalyzer, AccessanalyzerFinding};
pub use account::{Account, Region};
pub use apigateway::{ApigatewayRestApi, ApigatewayStage, Wafv2StageAcl};
pub use autoscaling::{AutoscalingGroup, AutoscalingInstance};
pub use backup::{
    BackupCopyJob, BackupJob, BackupPlan, BackupPlanRule, BackupProtectedResource, BackupRecoveryPoint,
    BackupRestoreJob, BackupRestoreTestingPlan, BackupSelection, BackupVault,
};
pub use certificates::{AcmCertificate, IamServerCertificate};
pub use cloudfront::{CloudfrontBehavior, CloudfrontDistribution, Wafv2DistributionAcl};
pub use cloudtrail::{CloudtrailEventSelector, CloudtrailLogGroupDelivery, CloudtrailTrail, CloudtrailTrailStatus};
pub use cloudwatch::{
    AlarmMetric, CloudwatchAlarm, CloudwatchAlarmHistory, CloudwatchCompositeAlarm, CloudwatchLogAlarm,
};
pub use config::{
    ConfigDeliveryChannel, ConfigDeliveryStatus, ConfigRecorder, ConfigRecorderStatus, ConfigResourceCount,
};
pub use dlm::{DlmPolicy, DlmSchedule};
pub use dynamodb::{DynamodbContinuousBackups, DynamodbReplica, DynamodbTable, DynamodbTableTags, DynamodbTtl};
pub use guardduty::{
    GuarddutyAdministrator, GuarddutyDetector, GuarddutyFilter, GuarddutyFinding, GuarddutyPublishingDestination,
};
pub use securityhub::{SecurityhubFinding, SecurityhubHub, SecurityhubHubV2, SecurityhubStandard};
mod support;

pub use contacts::{AccountAlternateContact, AccountContact, AccountPrimaryEmail};
pub use ec2::{
    Ec2NetworkAcl, Ec2NetworkAclEntry, Ec2NetworkInterface, Ec2NetworkInterfaceGroup, Ec2PrefixList,
    Ec2PrefixListEntry, Ec2SecurityGroup, Ec2SecurityGroupRule, Ec2Vpc,
};
pub use ec2_instance::{
    Ec2AllowedImagesSettings, Ec2Image, Ec2Instance, Ec2InstanceImage, Ec2InstanceMetadataDefaults, Ec2UsedImage,
};
pub use ec2_routing::{
    Ec2FlowLog, Ec2InternetGateway, Ec2NatGateway, Ec2Route, Ec2RouteTable, Ec2RouteTableAssociation, Ec2Subnet,
};
pub use ec2_storage::{Ec2EbsEncryptionDefault, Ec2PublicSnapshot, Ec2Snapshot, Ec2SnapshotPermission, Ec2Volume};
pub use ecr::{EcrRegistryScanning, EcrRegistryScanningRule, EcrRepository};
pub use efs::{EfsFileSystem, EfsFileSystemPolicy};
pub use efs_copies::{EfsBackupPolicy, EfsReplication};
pub use elasticache::{ElasticacheReplicationGroup, ElasticacheReplicationGroupTags};
pub use elb::{ElbListener, ElbLoadBalancer};
pub use elbv2::{
    Elbv2Listener, Elbv2LoadBalancer, Elbv2Rule, Elbv2SslPolicy, Elbv2TargetGroup, Elbv2TargetHealth, ListenerAction,
    Wafv2LoadBalancerAcl,
};
pub use eventbridge::{EventsBus, EventsRule, EventsTarget};
pub use events::{CloudtrailEvent, CloudtrailEventWindow};
pub use file_services::{
    FsxFileSystem, StoragegatewayFileShare, StoragegatewayNfsFileShare, StoragegatewaySmbFileShare, TransferServer,
};
pub use iam::{
    IamAccessKey, IamAccountAlias, IamAccountSummary, IamCredential, IamCredentialReport, IamGroup, IamGroupMember,
    IamInlinePolicy, IamLoginProfile, IamMfaDevice, IamPasswordPolicy, IamPolicy, IamPolicyAttachment, IamRole,
    IamUser, IamUserDetail, IamVirtualMfaDevice,
};
pub use identity_center::{
    IamOidcProvider, IamSamlProvider, IdentitystoreGroup, IdentitystoreMembership, IdentitystoreUser,
    SsoAccountAssignment, SsoInstance, SsoPermissionSet, SsoPermissionSetDetail,
};
pub use inspector2::{Inspector2AccountStatus, Inspector2Coverage, Inspector2Finding};
pub use kms::{KmsAlias, KmsGrant, KmsKey, KmsKeyPolicy, KmsKeyRotationStatus, KmsKeyTag, KmsRotation};
pub use logs::{LogsLogGroup, LogsMetricFilter, MetricDimension};
pub use macie2::{Macie2AutomatedDiscovery, Macie2Bucket, Macie2Session};
pub use network_firewall::{NetworkFirewall, NetworkFirewallEndpoint, NetworkFirewallLogging, NetworkFirewallPolicy};
pub use opensearch::{OpensearchDomain, OpensearchDomainTags};
pub use organizations::{
    OrganizationsAccount, OrganizationsOrganization, OrganizationsParent, OrganizationsPolicy,
    OrganizationsPolicyTarget, OrganizationsRoot,
};
pub use pipelines::{
    CloudformationStack, CloudformationStackEvent, CodedeployDeployment, CodepipelineExecution, CodepipelinePipeline,
};
pub use rds::{
    RdsBackupEvent, RdsDbCluster, RdsDbClusterSnapshot, RdsDbClusterSnapshotAttribute, RdsDbInstance, RdsDbSnapshot,
    RdsDbSnapshotAttribute, RdsDbSubnetGroup, RdsGlobalClusterMember,
};
pub use redshift::RedshiftCluster;
pub use s3::{
    S3AccessPoint, S3AccessPointPolicyStatus, S3AccountPublicAccessBlock, S3Bucket, S3BucketAclGrant,
    S3BucketOwnership, S3BucketPolicy, S3BucketPolicyStatus, S3BucketPublicAccessBlock, S3BucketVersioning,
    S3ObjectLock,
};
pub use s3_data::{
    S3BucketEncryption, S3BucketLifecycle, S3BucketLifecycleRule, S3BucketLocation, S3BucketLogging,
    S3BucketReplication, S3BucketReplicationRule, S3BucketTagging, S3LogBucketLevel,
};
pub use scaling::{ApplicationAutoscalingTarget, AutoscalingPolicy};
pub use secretsmanager::SecretsmanagerSecret;
pub use sns::{SnsSubscription, SnsTopic};
pub use ssm::{SsmInstance, SsmPatchState};
pub use support::{
    ArtifactReport, HealthAccess, HealthEvent, SsmIncidentsResponsePlan, SupportAccess, SupportTrustedAdvisorCheck,
    SupportTrustedAdvisorFlagged, SupportTrustedAdvisorSummary,
};
pub use tagging::TaggedResource;

/// Every table, in the order in which they are printed and built.
pub static TABLES: &[&Table] = &[
    &Account::TABLE,
    &Region::TABLE,
    &AccessanalyzerAnalyzer::TABLE,
    &AccessanalyzerFinding::TABLE,
    &AccountAlternateContact::TABLE,
    &AccountContact::TABLE,
    &AccountPrimaryEmail::TABLE,
    &AcmCertificate::TABLE,
    &ApigatewayRestApi::TABLE,
    &ApigatewayStage::TABLE,
    &ApplicationAutoscalingTarget::TABLE,
    &ArtifactReport::TABLE,
    &AutoscalingGroup::TABLE,
    &AutoscalingInstance::TABLE,
    &AutoscalingPolicy::TABLE,
    &BackupCopyJob::TABLE,
    &BackupJob::TABLE,
    &BackupPlan::TABLE,
    &BackupPlanRule::TABLE,
    &BackupProtectedResource::TABLE,
    &BackupRecoveryPoint::TABLE,
    &BackupRestoreJob::TABLE,
    &BackupRestoreTestingPlan::TABLE,
    &BackupSelection::TABLE,
    &BackupVault::TABLE,
    &CloudformationStack::TABLE,
    &CloudformationStackEvent::TABLE,
    &CloudfrontBehavior::TABLE,
    &CloudfrontDistribution::TABLE,
    &CloudtrailEvent::TABLE,
    &CloudtrailEventSelector::TABLE,
    &CloudtrailEventWindow::TABLE,
    &CloudtrailLogGroupDelivery::TABLE,
    &CloudtrailTrail::TABLE,
    &CloudtrailTrailStatus::TABLE,
    &CloudwatchAlarm::TABLE,
    &CloudwatchAlarmHistory::TABLE,
    &CloudwatchCompositeAlarm::TABLE,
    &CloudwatchLogAlarm::TABLE,
    &CodedeployDeployment::TABLE,
    &CodepipelineExecution::TABLE,
    &CodepipelinePipeline::TABLE,
    &ConfigDeliveryChannel::TABLE,
    &ConfigDeliveryStatus::TABLE,
    &ConfigRecorder::TABLE,
    &ConfigRecorderStatus::TABLE,
    &ConfigResourceCount::TABLE,
    &DlmPolicy::TABLE,
    &DlmSchedule::TABLE,
    &DynamodbContinuousBackups::TABLE,
    &DynamodbReplica::TABLE,
    &DynamodbTable::TABLE,
    &DynamodbTableTags::TABLE,
    &DynamodbTtl::TABLE,
    &Ec2AllowedImagesSettings::TABLE,
    &Ec2EbsEncryptionDefault::TABLE,
    &Ec2FlowLog::TABLE,
    &Ec2Image::TABLE,
    &Ec2Instance::TABLE,
    &Ec2InstanceImage::TABLE,
    &Ec2InstanceMetadataDefaults::TABLE,
    &Ec2InternetGateway::TABLE,
    &Ec2NatGateway::TABLE,
    &Ec2NetworkAcl::TABLE,
    &Ec2NetworkAclEntry::TABLE,
    &Ec2NetworkInterface::TABLE,
    &Ec2NetworkInterfaceGroup::TABLE,
    &Ec2PrefixList::TABLE,
    &Ec2PrefixListEntry::TABLE,
    &Ec2PublicSnapshot::TABLE,
    &Ec2Route::TABLE,
    &Ec2RouteTable::TABLE,
    &Ec2RouteTableAssociation::TABLE,
    &Ec2SecurityGroup::TABLE,
    &Ec2SecurityGroupRule::TABLE,
    &Ec2Snapshot::TABLE,
    &Ec2SnapshotPermission::TABLE,
    &Ec2Subnet::TABLE,
    &Ec2UsedImage::TABLE,
    &Ec2Volume::TABLE,
    &Ec2Vpc::TABLE,
    &EcrRegistryScanning::TABLE,
    &EcrRegistryScanningRule::TABLE,
    &EcrRepository::TABLE,
    &EfsBackupPolicy::TABLE,
    &EfsFileSystem::TABLE,
    &EfsFileSystemPolicy::TABLE,
    &EfsReplication::TABLE,
    &ElasticacheReplicationGroup::TABLE,
    &ElasticacheReplicationGroupTags::TABLE,
    &ElbListener::TABLE,
    &ElbLoadBalancer::TABLE,
    &Elbv2Listener::TABLE,
    &Elbv2LoadBalancer::TABLE,
    &Elbv2Rule::TABLE,
    &Elbv2SslPolicy::TABLE,
    &Elbv2TargetGroup::TABLE,
    &Elbv2TargetHealth::TABLE,
    &EventsBus::TABLE,
    &EventsRule::TABLE,
    &EventsTarget::TABLE,
    &FsxFileSystem::TABLE,
    &GuarddutyAdministrator::TABLE,
    &GuarddutyDetector::TABLE,
    &GuarddutyFilter::TABLE,
    &GuarddutyFinding::TABLE,
    &GuarddutyPublishingDestination::TABLE,
    &HealthAccess::TABLE,
    &HealthEvent::TABLE,
    &IamAccessKey::TABLE,
    &IamAccountAlias::TABLE,
    &IamAccountSummary::TABLE,
    &IamCredential::TABLE,
    &IamCredentialReport::TABLE,
    &IamGroup::TABLE,
    &IamGroupMember::TABLE,
    &IamInlinePolicy::TABLE,
    &IamLoginProfile::TABLE,
    &IamMfaDevice::TABLE,
    &IamOidcProvider::TABLE,
    &IamPasswordPolicy::TABLE,
    &IamPolicy::TABLE,
    &IamPolicyAttachment::TABLE,
    &IamRole::TABLE,
    &IamSamlProvider::TABLE,
    &IamServerCertificate::TABLE,
    &IamUser::TABLE,
    &IamUserDetail::TABLE,
    &IamVirtualMfaDevice::TABLE,
    &IdentitystoreGroup::TABLE,
    &IdentitystoreMembership::TABLE,
    &IdentitystoreUser::TABLE,
    &Inspector2AccountStatus::TABLE,
    &Inspector2Coverage::TABLE,
    &Inspector2Finding::TABLE,
    &KmsAlias::TABLE,
    &KmsGrant::TABLE,
    &KmsKey::TABLE,
    &KmsKeyPolicy::TABLE,
    &KmsKeyRotationStatus::TABLE,
    &KmsKeyTag::TABLE,
    &KmsRotation::TABLE,
    &LogsLogGroup::TABLE,
    &LogsMetricFilter::TABLE,
    &Macie2AutomatedDiscovery::TABLE,
    &Macie2Bucket::TABLE,
    &Macie2Session::TABLE,
    &NetworkFirewall::TABLE,
    &NetworkFirewallEndpoint::TABLE,
    &NetworkFirewallLogging::TABLE,
    &NetworkFirewallPolicy::TABLE,
    &OpensearchDomain::TABLE,
    &OpensearchDomainTags::TABLE,
    &OrganizationsAccount::TABLE,
    &OrganizationsOrganization::TABLE,
    &OrganizationsParent::TABLE,
    &OrganizationsPolicy::TABLE,
    &OrganizationsPolicyTarget::TABLE,
    &OrganizationsRoot::TABLE,
    &RdsBackupEvent::TABLE,
    &RdsDbCluster::TABLE,
    &RdsDbClusterSnapshot::TABLE,
    &RdsDbClusterSnapshotAttribute::TABLE,
    &RdsDbInstance::TABLE,
    &RdsDbSnapshot::TABLE,
    &RdsDbSnapshotAttribute::TABLE,
    &RdsDbSubnetGroup::TABLE,
    &RdsGlobalClusterMember::TABLE,
    &RedshiftCluster::TABLE,
    &S3AccessPoint::TABLE,
    &S3AccessPointPolicyStatus::TABLE,
    &S3AccountPublicAccessBlock::TABLE,
    &S3Bucket::TABLE,
    &S3BucketAclGrant::TABLE,
    &S3BucketEncryption::TABLE,
    &S3BucketLifecycle::TABLE,
    &S3BucketLifecycleRule::TABLE,
    &S3BucketLocation::TABLE,
    &S3BucketLogging::TABLE,
    &S3BucketOwnership::TABLE,
    &S3BucketPolicy::TABLE,
    &S3BucketPolicyStatus::TABLE,
    &S3BucketPublicAccessBlock::TABLE,
    &S3BucketReplication::TABLE,
    &S3BucketReplicationRule::TABLE,
    &S3BucketTagging::TABLE,
    &S3BucketVersioning::TABLE,
    &S3LogBucketLevel::TABLE,
    &S3ObjectLock::TABLE,
    &SecretsmanagerSecret::TABLE,
    &SecurityhubFinding::TABLE,
    &SecurityhubHub::TABLE,
    &SecurityhubHubV2::TABLE,
    &SecurityhubStandard::TABLE,
    &SnsSubscription::TABLE,
    &SnsTopic::TABLE,
    &SsmIncidentsResponsePlan::TABLE,
    &SsmInstance::TABLE,
    &SsmPatchState::TABLE,
    &SsoAccountAssignment::TABLE,
    &SsoInstance::TABLE,
    &SsoPermissionSet::TABLE,
    &SsoPermissionSetDetail::TABLE,
    &StoragegatewayFileShare::TABLE,
    &StoragegatewayNfsFileShare::TABLE,
    &StoragegatewaySmbFileShare::TABLE,
    &SupportAccess::TABLE,
    &SupportTrustedAdvisorCheck::TABLE,
    &SupportTrustedAdvisorFlagged::TABLE,
    &SupportTrustedAdvisorSummary::TABLE,
    &TaggedResource::TABLE,
    &TransferServer::TABLE,
    &Wafv2DistributionAcl::TABLE,
    &Wafv2LoadBalancerAcl::TABLE,
    &Wafv2StageAcl::TABLE,
];

/// The table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// Description of a table.
#[derive(Debug)]
pub struct Table {
    /// Name, as in `records/<name>.jsonl` and in `evidence.db`.
    pub name: &'static str,
    /// What one row is.
    pub doc: &'static str,
    /// The AWS operations a row is made of: a gap in one of them is a gap in this table.
    pub operations: &'static [&'static str],
    /// All columns, envelope first.
    pub columns: &'static [Column],
    /// Columns that change without anybody changing anything; left out when comparing.
    pub volatile: &'static [&'static str],
    /// Whether a row is of the table's type, and if not, why.
    pub fits: fn(&Row) -> Result<(), String>,
}

/// Description of a column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in JSON and in SQL.
    pub name: &'static str,
    /// What it holds.
    pub doc: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; times are text as RFC 3339 in UTC.
    Text,
    /// Integer.
    Integer,
    /// `0` or `1` in SQL.
    Boolean,
    /// A JSON list, as text in SQL.
    Json,
}

impl Kind {
    /// The column type in `evidence.db`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text | Self::Json => "TEXT",
            Self::Integer | Self::Boolean => "INTEGER",
        }
    }
}

/// A Rust type that can stand in a column.
pub trait ColumnType {
    /// Its kind.
    const KIND: Kind;
}
impl ColumnType for String {
    const KIND: Kind = Kind::Text;
}
impl ColumnType for Timestamp {
    const KIND: Kind = Kind::Text;
}
impl ColumnType for i64 {
    const KIND: Kind = Kind::Integer;
}
impl ColumnType for u64 {
    const KIND: Kind = Kind::Integer;
}
impl ColumnType for bool {
    const KIND: Kind = Kind::Boolean;
}
impl<T: ColumnType> ColumnType for Option<T> {
    const KIND: Kind = T::KIND;
}
impl<T> ColumnType for Vec<T> {
    const KIND: Kind = Kind::Json;
}

/// A tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Tag key.
    pub key: String,
    /// Tag value.
    pub value: String,
}

/// A row of a known table.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// Its table.
    const TABLE: Table;
    /// Identity within account, region and table; stable between periods.
    fn key(&self) -> &str;
}

/// A row whose type is known only by its table's name.
pub type Row = serde_json::Map<String, Value>;

fn fits<R: Record>(row: &Row) -> Result<(), String> {
    serde_json::from_value::<R>(row.clone().into())
        .map(drop)
        .map_err(|e| e.to_string())
}

/// Defines a table and the struct of its rows. The envelope (`account`, `region`, `key`,
/// `source`) comes first in every one.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $name:literal $type:ident from [$($operation:literal),+ $(,)?] volatile [$($volatile:literal),* $(,)?] {
            $( $(#[doc = $field_doc:literal])+ $field:ident : $field_type:ty, )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $type {
            /// AWS account id.
            pub account: String,
            /// Region, or `global`.
            pub region: String,
            /// Identity within account, region and table; stable between periods.
            pub key: String,
            /// Number of the exchange whose response this row is made of.
            pub source: u64,
            $( $(#[doc = $field_doc])+ pub $field: $field_type, )*
        }

        impl $crate::record::Record for $type {
            const TABLE: $crate::record::Table = $crate::record::Table {
                name: $name,
                doc: concat!($($doc),+),
                operations: &[$($operation),+],
                columns: &[
                    $crate::record::Column { name: "account", doc: " AWS account id.", kind: $crate::record::Kind::Text },
                    $crate::record::Column { name: "region", doc: " Region, or `global`.", kind: $crate::record::Kind::Text },
                    $crate::record::Column { name: "key", doc: " Identity within account, region and table; stable between periods.", kind: $crate::record::Kind::Text },
                    $crate::record::Column { name: "source", doc: " Number of the exchange whose response this row is made of.", kind: $crate::record::Kind::Integer },
                    $( $crate::record::Column {
                        name: stringify!($field),
                        doc: concat!($($field_doc),+),
                        kind: <$field_type as $crate::record::ColumnType>::KIND,
                    }, )*
                ],
                volatile: &[$($volatile),*],
                fits: $crate::record::fits::<$type>,
            };

            fn key(&self) -> &str {
                &self.key
            }
        }
    };
}
use record;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tables_are_described_and_sorted() {
        let names: Vec<_> = TABLES.iter().map(|t| t.name).collect();
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "two tables of one name");
        for table in TABLES {
            assert!(!table.doc.trim().is_empty(), "{}", table.name);
            for column in table.columns {
                assert!(!column.doc.trim().is_empty(), "{}.{}", table.name, column.name);
            }
            for name in table.volatile {
                assert!(table.columns.iter().any(|c| c.name == *name), "{}.{name}", table.name);
            }
        }
    }
}
