//! All sources, one file per AWS service, in the order in which they are read out.

use std::collections::BTreeSet;

use crate::source::{Scope, Source};

mod accessanalyzer;
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
mod identity_providers;
mod inspector2;
mod kms;
mod logs;
mod macie2;
mod network_firewall;
mod opensearch;
mod organizations;
mod pipelines;
mod put;
mod rds;
mod redshift;
mod rows;
mod s3;
mod s3control;
mod scaling;
mod secretsmanager;
mod securityhub;
mod sns;
mod ssm;
mod support;
mod tagging;
mod wafv2;

pub(crate) use identity_center::{IDENTITY_CENTER, count_once};

pub use events::{EVENTS, unread_days};

/// Every source. The first two are read before all others: they tell whom and where to ask.
pub static SOURCES: &[&Source] = &[
    &IDENTITY,
    &REGIONS,
    &EVENTS,
    &accessanalyzer::ANALYZERS,
    &apigateway::REST_APIS,
    &autoscaling::GROUPS,
    &autoscaling::INSTANCES,
    &backup::COPY_JOBS,
    &backup::JOBS,
    &backup::PLANS,
    &backup::PROTECTED_RESOURCES,
    &backup::RESTORE_JOBS,
    &backup::RESTORE_TESTING_PLANS,
    &backup::VAULTS,
    &certificates::ACM,
    &certificates::IAM,
    &cloudfront::DISTRIBUTIONS,
    &cloudtrail::TRAILS,
    &cloudwatch::ALARM_HISTORY,
    &config::RECORDERS,
    &config::RESOURCE_COUNTS,
    &contacts::CONTACTS,
    &contacts::PRIMARY_EMAIL,
    &dlm::POLICIES,
    &dynamodb::TABLES,
    &ec2::NETWORK_ACLS,
    &ec2::NETWORK_INTERFACES,
    &ec2::PREFIX_LISTS,
    &ec2::SECURITY_GROUPS,
    &ec2::SECURITY_GROUP_RULES,
    &ec2::VPCS,
    &ec2_instance::ALLOWED_IMAGES,
    &ec2_instance::IMAGES,
    &ec2_instance::INSTANCES,
    &ec2_instance::METADATA_DEFAULTS,
    &ec2_routing::FLOW_LOGS,
    &ec2_routing::INTERNET_GATEWAYS,
    &ec2_routing::NAT_GATEWAYS,
    &ec2_routing::ROUTE_TABLES,
    &ec2_routing::SUBNETS,
    &ec2_storage::ENCRYPTION_DEFAULT,
    &ec2_storage::SNAPSHOTS,
    &ec2_storage::VOLUMES,
    &ecr::REGISTRY_SCANNING,
    &ecr::REPOSITORIES,
    &efs::FILE_SYSTEMS,
    &efs_copies::REPLICATIONS,
    &elasticache::REPLICATION_GROUPS,
    &elb::LOAD_BALANCERS,
    &elbv2::LOAD_BALANCERS,
    &elbv2::SSL_POLICIES,
    &elbv2::TARGET_GROUPS,
    &file_services::FILE_SHARES,
    &file_services::FSX_FILE_SYSTEMS,
    &file_services::TRANSFER_SERVERS,
    &guardduty::DETECTORS,
    &iam::ACCOUNT,
    &iam::AUTHORIZATION,
    &iam::USERS,
    &iam::VIRTUAL_MFA_DEVICES,
    &IDENTITY_CENTER,
    &identity_providers::PROVIDERS,
    &inspector2::SCANNING,
    &kms::ALIASES,
    &kms::KEYS,
    &logs::LOG_GROUPS,
    &logs::METRIC_FILTERS,
    &macie2::MACIE,
    &network_firewall::FIREWALLS,
    &opensearch::DOMAINS,
    &organizations::ORGANIZATION,
    &pipelines::CLOUDFORMATION,
    &pipelines::CODEDEPLOY,
    &pipelines::CODEPIPELINE,
    &rds::CLUSTERS,
    &rds::CLUSTER_SNAPSHOTS,
    &rds::EVENTS,
    &rds::GLOBAL_CLUSTERS,
    &rds::INSTANCES,
    &rds::SNAPSHOTS,
    &rds::SUBNET_GROUPS,
    &redshift::CLUSTERS,
    &s3::BUCKETS,
    &s3control::ACCESS_POINTS,
    &s3control::ACCOUNT_PUBLIC_ACCESS_BLOCK,
    &scaling::POLICIES,
    &scaling::SCALABLE_TARGETS,
    &secretsmanager::SECRETS,
    &securityhub::HUB,
    &securityhub::HUB_V2,
    &sns::NOTIFICATIONS,
    &ssm::MANAGED_INSTANCES,
    &support::HEALTH,
    &support::REPORTS,
    &support::RESPONSE_PLANS,
    &support::TRUSTED_ADVISOR,
    &tagging::RESOURCES,
];

/// Who collects, in which account. Always read; see `run`.
pub static IDENTITY: Source = Source {
    id: "sts.identity",
    operations: &["sts:GetCallerIdentity"],
    scope: Scope::Global,
    tables: &["account"],
    collect: |_| Box::pin(async {}),
};

/// The account's regions. Always read; see `region`.
pub static REGIONS: Source = Source {
    id: "account.regions",
    operations: &["account:ListRegions", "ec2:DescribeRegions"],
    scope: Scope::Global,
    tables: &["region"],
    collect: |_| Box::pin(async {}),
};

/// The sources needed for these operations, with the two that are always read.
pub fn for_operations(operations: &BTreeSet<String>) -> Vec<&'static Source> {
    SOURCES
        .iter()
        .copied()
        .filter(|source| {
            [IDENTITY.id, REGIONS.id].contains(&source.id)
                || source
                    .operations
                    .iter()
                    .any(|operation| operations.contains(*operation))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use evidence::record::TABLES;

    use super::*;

    #[test]
    fn sources_tables_and_operations_agree() {
        let listed: BTreeSet<String> = crate::operations::all().into_iter().collect();
        let asked: BTreeSet<String> = SOURCES
            .iter()
            .flat_map(|s| s.operations.iter().map(|o| (*o).to_owned()))
            .collect();
        assert_eq!(asked, listed, "operations.toml and the sources");
        for table in TABLES {
            let filling: Vec<_> = SOURCES.iter().filter(|s| s.tables.contains(&table.name)).collect();
            assert_eq!(filling.len(), 1, "table {} must be filled by one source", table.name);
            for operation in table.operations {
                assert!(
                    filling[0].operations.contains(operation),
                    "{} needs {operation}",
                    table.name
                );
            }
        }
        for source in SOURCES {
            for table in source.tables {
                assert!(
                    evidence::record::table(table).is_some(),
                    "{} fills unknown table {table}",
                    source.id
                );
            }
        }
        let ids: BTreeSet<_> = SOURCES.iter().map(|s| s.id).collect();
        assert_eq!(ids.len(), SOURCES.len());
    }
}
