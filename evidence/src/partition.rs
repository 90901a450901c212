//! AWS's partitions: closed worlds with regions, ARNs and credentials of their own.
//!
//! Which one an account is in says the ARN of any of its things, the caller's above all; nothing is
//! spelled by hand and none is the default. The table has only what no answer of AWS tells. A
//! partition that it lacks works the same, from the region that the caller asks in.
//!
//! Sources: <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>, and
//! `partitions.json` of AWS's SDKs, with which a test of the collector compares the table.

/// What is known of a partition beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// As it stands in ARNs.
    pub name: &'static str,
    /// The region that signs for its global services (IAM, Organizations) and has their events.
    pub home: &'static str,
    /// Another of its regions, where it has one.
    pub other: Option<&'static str>,
    /// What the names of its endpoints end in.
    pub dns_suffix: &'static str,
    /// Whether it has CloudFront: GovCloud and the isolated ones have none, and AWS's name for it leads into the
    /// commercial partition (<https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/setting-up-cloudfront.html>).
    pub cloudfront: bool,
    /// Where CloudFront takes its certificates from ACM
    /// (<https://docs.aws.amazon.com/acm/latest/userguide/acm-regions.html>); China's takes those of IAM.
    pub cloudfront_certificates: Option<&'static str>,
}

/// The partitions that AWS names publicly.
pub static KNOWN: &[Partition] = &[
    known("aws", "us-east-1", Some("eu-west-1"), "amazonaws.com").with_cloudfront(Some("us-east-1")),
    known("aws-cn", "cn-north-1", Some("cn-northwest-1"), "amazonaws.com.cn").with_cloudfront(None),
    known("aws-eusc", "eusc-de-east-1", None, "amazonaws.eu").with_cloudfront(Some("eusc-de-east-1")),
    known("aws-iso", "us-iso-east-1", Some("us-iso-west-1"), "c2s.ic.gov"),
    known("aws-iso-b", "us-isob-east-1", Some("us-isob-west-1"), "sc2s.sgov.gov"),
    known("aws-iso-e", "eu-isoe-west-1", None, "cloud.adc-e.uk"),
    known("aws-iso-f", "us-isof-south-1", Some("us-isof-east-1"), "csp.hci.ic.gov"),
    known("aws-us-gov", "us-gov-west-1", Some("us-gov-east-1"), "amazonaws.com"),
];

const fn known(
    name: &'static str,
    home: &'static str,
    other: Option<&'static str>,
    dns_suffix: &'static str,
) -> Partition {
    Partition {
        name,
        home,
        other,
        dns_suffix,
        cloudfront: false,
        cloudfront_certificates: None,
    }
}

impl Partition {
    const fn with_cloudfront(self, certificates: Option<&'static str>) -> Self {
        Self {
            cloudfront: true,
            cloudfront_certificates: certificates,
            ..self
        }
    }
}

/// Commercial regions that every account has; the others are opted into, and refuse tokens that
/// are for the default regions alone (AWS General Reference, "Managing AWS Regions"; IAM User
/// Guide, "Manage AWS STS in an AWS Region").
static DEFAULT_REGIONS: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Starts of the names of regions that are of other partitions than the commercial one.
const ELSEWHERE: &[&str] = &["cn-", "eu-isoe-", "eusc-", "us-gov-", "us-iso"];

/// Whether this is a region of the commercial partition that an account has to opt into.
///
/// ```
/// use evidence::partition::is_opted_into;
///
/// assert!(is_opted_into("eu-south-1"));
/// assert!(!is_opted_into("eu-west-1") && !is_opted_into("us-gov-west-1"));
/// ```
pub fn is_opted_into(region: &str) -> bool {
    !ELSEWHERE.iter().any(|start| region.starts_with(start)) && !DEFAULT_REGIONS.contains(&region)
}

/// The partition of that name, if it is known.
pub fn named(name: &str) -> Option<&'static Partition> {
    KNOWN.iter().find(|partition| partition.name == name)
}

/// The partition that an ARN names.
///
/// ```
/// use evidence::partition::of_arn;
///
/// assert_eq!(of_arn("arn:aws-us-gov:iam::111122223333:role/auditor"), Some("aws-us-gov"));
/// assert_eq!(of_arn("arn::iam::111122223333:root"), None);
/// assert_eq!(of_arn("alias/aws/s3"), None);
/// ```
pub fn of_arn(arn: &str) -> Option<&str> {
    let (partition, _) = arn.strip_prefix("arn:")?.split_once(':')?;
    Some(partition).filter(|name| !name.is_empty())
}

/// The region in which global services of a partition are asked: of one that is not known, the
/// region that the caller has chosen.
pub fn home<'a>(partition: &str, chosen: &'a str) -> &'a str {
    named(partition).map_or(chosen, |known| known.home)
}

/// A bucket's ARN.
pub fn bucket_arn(partition: &str, bucket: &str) -> String {
    format!("arn:{partition}:s3:::{bucket}")
}

/// The bucket that an ARN names, in whichever partition.
pub fn bucket_of(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:")?.split_once(':')?.1;
    rest.strip_prefix("s3:::")
}
