//! AWS's partitions, and the region that each is governed from.

/// The region of a partition in which its global services are asked, and in whose event history their events stand:
/// IAM, sign-ins of the root user, Organizations, CloudFront and the like.
///
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events>
pub fn home_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

/// The partition in an ARN, `aws` where it names none.
pub fn of_arn(arn: &str) -> &str {
    arn.split(':')
        .nth(1)
        .filter(|partition| !partition.is_empty())
        .unwrap_or("aws")
}
