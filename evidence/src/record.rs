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
mod autoscaling;
mod cloudtrail;
mod contacts;
mod ec2;
mod ec2_instance;
mod ec2_storage;
mod ecr;
mod events;
mod iam;
mod identity_center;
mod inspector2;
mod kms;
mod organizations;
mod pipelines;
mod s3;
mod secretsmanager;
mod ssm;
mod support;

pub use accessanalyzer::{AccessanalyzerAnalyzer, AccessanalyzerFinding};
pub use account::{Account, Region};
pub use autoscaling::{AutoscalingGroup, AutoscalingInstance};
pub use cloudtrail::{CloudtrailEventSelector, CloudtrailTrail, CloudtrailTrailStatus};
pub use contacts::{AccountAlternateContact, AccountContact, AccountPrimaryEmail};
pub use ec2::{
    Ec2NetworkAcl, Ec2NetworkAclEntry, Ec2NetworkInterface, Ec2NetworkInterfaceGroup, Ec2PrefixList,
    Ec2PrefixListEntry, Ec2SecurityGroup, Ec2SecurityGroupRule, Ec2Vpc,
};
pub use ec2_instance::{
    Ec2AllowedImagesSettings, Ec2Image, Ec2Instance, Ec2InstanceImage, Ec2InstanceMetadataDefaults, Ec2UsedImage,
};
pub use ec2_storage::{Ec2EbsEncryptionDefault, Ec2PublicSnapshot, Ec2Snapshot, Ec2SnapshotPermission, Ec2Volume};
pub use ecr::{EcrRegistryScanning, EcrRegistryScanningRule, EcrRepository};
pub use events::{CloudtrailEvent, CloudtrailEventWindow};
pub use iam::{
    IamAccessKey, IamAccountAlias, IamAccountSummary, IamCredential, IamCredentialReport, IamGroup, IamGroupMember,
    IamInlinePolicy, IamLoginProfile, IamMfaDevice, IamPasswordPolicy, IamPolicy, IamPolicyAttachment, IamRole,
    IamUser, IamUserDetail, IamVirtualMfaDevice,
};
pub use identity_center::{
    IamOidcProvider, IamSamlProvider, IdentitystoreGroup, IdentitystoreMembership, IdentitystoreUser,
    SsoAccountAssignment, SsoInstance, SsoPermissionSet, SsoPermissionSetDetail,
};
pub use inspector2::{Inspector2AccountStatus, Inspector2Coverage};
pub use kms::{KmsAlias, KmsGrant, KmsKey, KmsKeyPolicy, KmsKeyRotationStatus, KmsKeyTag, KmsRotation};
pub use organizations::{
    OrganizationsAccount, OrganizationsOrganization, OrganizationsParent, OrganizationsPolicy,
    OrganizationsPolicyTarget, OrganizationsRoot,
};
pub use pipelines::{
    CloudformationStack, CloudformationStackEvent, CodedeployDeployment, CodepipelineExecution, CodepipelinePipeline,
};
pub use s3::{
    S3AccessPoint, S3AccessPointPolicyStatus, S3AccountPublicAccessBlock, S3Bucket, S3BucketAclGrant,
    S3BucketOwnership, S3BucketPolicy, S3BucketPolicyStatus, S3BucketPublicAccessBlock, S3BucketVersioning,
    S3ObjectLock,
};
pub use secretsmanager::SecretsmanagerSecret;
pub use ssm::{SsmInstance, SsmPatchState};
pub use support::{
    ArtifactReport, HealthAccess, HealthEvent, SsmIncidentsResponsePlan, SupportAccess, SupportTrustedAdvisorCheck,
    SupportTrustedAdvisorFlagged, SupportTrustedAdvisorSummary,
};

/// Every table, in the order in which they are printed and built.
pub static TABLES: &[&Table] = &[
    &Account::TABLE,
    &Region::TABLE,
    &AutoscalingGroup::TABLE,
    &AutoscalingInstance::TABLE,
    &AccessanalyzerAnalyzer::TABLE,
    &AccessanalyzerFinding::TABLE,
    &AccountAlternateContact::TABLE,
    &AccountContact::TABLE,
    &AccountPrimaryEmail::TABLE,
    &ArtifactReport::TABLE,
    &CloudformationStack::TABLE,
    &CloudformationStackEvent::TABLE,
    &CloudtrailEvent::TABLE,
    &CloudtrailEventSelector::TABLE,
    &CloudtrailEventWindow::TABLE,
    &CloudtrailTrail::TABLE,
    &CloudtrailTrailStatus::TABLE,
    &Ec2AllowedImagesSettings::TABLE,
    &Ec2EbsEncryptionDefault::TABLE,
    &Ec2Image::TABLE,
    &Ec2Instance::TABLE,
    &Ec2InstanceImage::TABLE,
    &Ec2InstanceMetadataDefaults::TABLE,
    &CodedeployDeployment::TABLE,
    &CodepipelineExecution::TABLE,
    &CodepipelinePipeline::TABLE,
    &Ec2NetworkAcl::TABLE,
    &Ec2NetworkAclEntry::TABLE,
    &Ec2NetworkInterface::TABLE,
    &Ec2NetworkInterfaceGroup::TABLE,
    &Ec2PrefixList::TABLE,
    &Ec2PrefixListEntry::TABLE,
    &Ec2PublicSnapshot::TABLE,
    &Ec2SecurityGroup::TABLE,
    &Ec2SecurityGroupRule::TABLE,
    &Ec2Snapshot::TABLE,
    &Ec2SnapshotPermission::TABLE,
    &Ec2UsedImage::TABLE,
    &Ec2Volume::TABLE,
    &Ec2Vpc::TABLE,
    &EcrRegistryScanning::TABLE,
    &EcrRegistryScanningRule::TABLE,
    &EcrRepository::TABLE,
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
    &IamUser::TABLE,
    &IamUserDetail::TABLE,
    &IamVirtualMfaDevice::TABLE,
    &Inspector2AccountStatus::TABLE,
    &Inspector2Coverage::TABLE,
    &IdentitystoreGroup::TABLE,
    &IdentitystoreMembership::TABLE,
    &IdentitystoreUser::TABLE,
    &KmsAlias::TABLE,
    &KmsGrant::TABLE,
    &KmsKey::TABLE,
    &KmsKeyPolicy::TABLE,
    &KmsKeyRotationStatus::TABLE,
    &KmsKeyTag::TABLE,
    &KmsRotation::TABLE,
    &OrganizationsAccount::TABLE,
    &OrganizationsOrganization::TABLE,
    &OrganizationsParent::TABLE,
    &OrganizationsPolicy::TABLE,
    &OrganizationsPolicyTarget::TABLE,
    &OrganizationsRoot::TABLE,
    &S3AccessPoint::TABLE,
    &S3AccessPointPolicyStatus::TABLE,
    &S3AccountPublicAccessBlock::TABLE,
    &S3Bucket::TABLE,
    &S3BucketAclGrant::TABLE,
    &S3BucketOwnership::TABLE,
    &S3BucketPolicy::TABLE,
    &S3BucketPolicyStatus::TABLE,
    &S3BucketPublicAccessBlock::TABLE,
    &S3BucketVersioning::TABLE,
    &S3ObjectLock::TABLE,
    &SecretsmanagerSecret::TABLE,
    &SsmInstance::TABLE,
    &SsmPatchState::TABLE,
    &SsmIncidentsResponsePlan::TABLE,
    &SsoAccountAssignment::TABLE,
    &SsoInstance::TABLE,
    &SsoPermissionSet::TABLE,
    &SsoPermissionSetDetail::TABLE,
    &SupportAccess::TABLE,
    &SupportTrustedAdvisorCheck::TABLE,
    &SupportTrustedAdvisorFlagged::TABLE,
    &SupportTrustedAdvisorSummary::TABLE,
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
