//! How each service says that a thing which it listed is not there any more.
//!
//! What is absent *about* a thing (no bucket policy, no login profile) is an answer, which the
//! sources read; it never comes here. The codes are those of the operations' pages in the API
//! references, as botocore's models have them too.

use super::Failure;

/// By service as in `operations.toml`: the codes.
const CODES: &[(&str, &[&str])] = &[
    ("accessanalyzer", &["ResourceNotFoundException"]),
    ("acm", &["ResourceNotFoundException"]),
    ("apigateway", &["NotFoundException"]),
    ("autoscaling", &["ResourceNotFoundException"]),
    ("backup", &["ResourceNotFoundException"]),
    ("cloudfront", &["NoSuchDistribution"]),
    ("cloudtrail", &["TrailNotFoundException"]),
    ("cloudwatch", &["ResourceNotFound", "ResourceNotFoundException"]),
    (
        "codedeploy",
        &[
            "ApplicationDoesNotExistException",
            "DeploymentDoesNotExistException",
            "DeploymentGroupDoesNotExistException",
        ],
    ),
    ("codepipeline", &["PipelineNotFoundException"]),
    (
        "config",
        &["NoSuchConfigurationRecorderException", "NoSuchDeliveryChannelException"],
    ),
    ("dlm", &["ResourceNotFoundException"]),
    ("dynamodb", &["ResourceNotFoundException", "TableNotFoundException"]),
    ("ecr", &["RepositoryNotFoundException"]),
    ("efs", &["FileSystemNotFound"]),
    (
        "elasticache",
        &[
            "CacheClusterNotFound",
            "CacheClusterNotFoundFault",
            "ReplicationGroupNotFoundFault",
            "ServerlessCacheNotFoundFault",
        ],
    ),
    ("elb", &["AccessPointNotFound", "LoadBalancerNotFound"]),
    (
        "elbv2",
        &[
            "ListenerNotFound",
            "LoadBalancerNotFound",
            "RuleNotFound",
            "TargetGroupNotFound",
        ],
    ),
    ("events", &["ResourceNotFoundException"]),
    ("fsx", &["FileSystemNotFound"]),
    ("guardduty", &["ResourceNotFoundException"]),
    ("iam", &["NoSuchEntity", "NoSuchEntityException"]),
    ("identitystore", &["ResourceNotFoundException"]),
    ("kms", &["NotFoundException"]),
    ("logs", &["ResourceNotFoundException"]),
    ("network-firewall", &["ResourceNotFoundException"]),
    ("opensearch", &["ResourceNotFoundException"]),
    (
        "organizations",
        &[
            "AccountNotFoundException",
            "ChildNotFoundException",
            "OrganizationalUnitNotFoundException",
            "PolicyNotFoundException",
            "TargetNotFoundException",
        ],
    ),
    (
        "rds",
        &[
            "DBClusterNotFoundFault",
            "DBClusterSnapshotNotFoundFault",
            "DBInstanceNotFound",
            "DBSnapshotNotFound",
            "DBSubnetGroupNotFoundFault",
            "GlobalClusterNotFoundFault",
        ],
    ),
    ("redshift", &["ClusterNotFound"]),
    ("s3", &["NoSuchBucket"]),
    ("s3control", &["NoSuchAccessPoint", "NoSuchBucket"]),
    ("secretsmanager", &["ResourceNotFoundException"]),
    ("sns", &["NotFound", "NotFoundException"]),
    ("ssm", &["InvalidInstanceId"]),
    ("ssm-incidents", &["ResourceNotFoundException"]),
    ("sso-admin", &["ResourceNotFoundException"]),
    ("transfer", &["ResourceNotFoundException"]),
    // Of GetWebACLForResource: "because your resource doesn't exist". One without a web ACL is answered without one.
    ("wafv2", &["WAFNonexistentItemException"]),
];

/// Services that have one code for much, and say it in the message: the code, and the words.
const MESSAGES: &[(&str, &str, &str)] = &[
    ("cloudformation", "ValidationError", "does not exist"),
    // "The request is rejected because the input detectorId is not owned by the current account."
    (
        "guardduty",
        "BadRequestException",
        "is not owned by the current account",
    ),
    ("storagegateway", "InvalidGatewayRequestException", "was not found"),
];

/// Whether the call of `service:Operation` failed because the thing it is about is not there.
pub(super) fn is_gone(operation: &str, failure: &Failure) -> bool {
    let (Some((service, _)), Some(code)) = (operation.split_once(':'), failure.error_code.as_deref()) else {
        return false;
    };
    // `InvalidSnapshot.NotFound`, `InvalidPrefixListID.NotFound`, one for each kind of thing.
    (service == "ec2" && code.starts_with("Invalid") && code.ends_with(".NotFound"))
        || CODES
            .iter()
            .any(|(name, codes)| *name == service && codes.contains(&code))
        || MESSAGES
            .iter()
            .any(|(name, its, words)| *name == service && *its == code && failure.message.contains(words))
}

#[cfg(test)]
mod tests {
    use evidence::gap::ReasonCode;

    use super::*;

    #[test]
    fn a_thing_that_is_not_there_is_told_from_what_it_does_not_have() {
        for (operation, code) in [
            ("s3:GetBucketAcl", "NoSuchBucket"),
            ("iam:ListAccessKeys", "NoSuchEntity"),
            ("kms:DescribeKey", "NotFoundException"),
            ("dynamodb:DescribeContinuousBackups", "TableNotFoundException"),
            ("opensearch:ListTags", "ResourceNotFoundException"),
            ("acm:DescribeCertificate", "ResourceNotFoundException"),
            ("backup:GetBackupPlan", "ResourceNotFoundException"),
            ("efs:DescribeFileSystemPolicy", "FileSystemNotFound"),
            ("cloudtrail:GetTrailStatus", "TrailNotFoundException"),
            ("ec2:DescribeSnapshotAttribute", "InvalidSnapshot.NotFound"),
            ("ec2:GetManagedPrefixListEntries", "InvalidPrefixListID.NotFound"),
            ("rds:DescribeDBSnapshotAttributes", "DBSnapshotNotFound"),
            ("elbv2:DescribeTargetHealth", "TargetGroupNotFound"),
        ] {
            assert!(is_gone(operation, &Failure::answered(code, "")), "{operation} {code}");
            assert_eq!(Failure::answered(code, "").about_one(operation), ReasonCode::Gone);
        }
        for (operation, code) in [
            ("s3:GetBucketPolicy", "NoSuchBucketPolicy"),
            ("s3:GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
            ("efs:DescribeFileSystemPolicy", "PolicyNotFound"),
            ("kms:DescribeKey", "KMSInvalidStateException"),
            ("ec2:DescribeSnapshotAttribute", "InvalidParameterValue"),
            ("s3:GetBucketAcl", "AccessDenied"),
            // Another service's code says nothing.
            ("kms:DescribeKey", "NoSuchBucket"),
            ("account:GetAlternateContact", "ResourceNotFoundException"),
        ] {
            assert!(!is_gone(operation, &Failure::answered(code, "")), "{operation} {code}");
        }
        let stack = "cloudformation:DescribeStackEvents";
        assert!(is_gone(
            stack,
            &Failure::answered("ValidationError", "Stack [web] does not exist")
        ));
        assert!(!is_gone(
            stack,
            &Failure::answered("ValidationError", "1 validation error detected")
        ));
    }
}
