//! Amazon Inspector: what it scans.

use super::record;
use crate::clock::Timestamp;

record! {
    /// Whether Inspector scans, by kind of resource: `ENABLING`, `ENABLED`, `DISABLING`, `DISABLED`,
    /// `SUSPENDING` or `SUSPENDED`.
    "inspector2_account_status" Inspector2AccountStatus from ["inspector2:BatchGetAccountStatus"] volatile [] {
        /// Of Inspector as a whole.
        status: Option<String>,
        /// Of scans of EC2 instances.
        ec2: Option<String>,
        /// Of scans of container images.
        ecr: Option<String>,
        /// Of scans of Lambda functions.
        lambda: Option<String>,
        /// Of scans of the code of Lambda functions.
        lambda_code: Option<String>,
    }
}

record! {
    /// A resource that Inspector knows; asked only where Inspector is not off.
    "inspector2_coverage" Inspector2Coverage
        from ["inspector2:BatchGetAccountStatus", "inspector2:ListCoverage"] volatile ["last_scanned_at"] {
        /// Id of the resource.
        resource_id: String,
        /// `AWS_EC2_INSTANCE`, `AWS_ECR_REPOSITORY`, `AWS_ECR_CONTAINER_IMAGE`, `AWS_LAMBDA_FUNCTION`, …
        resource_type: String,
        /// Account of the resource.
        resource_account: String,
        /// `PACKAGE`, `NETWORK` or `CODE`.
        scan_type: String,
        /// `ACTIVE` or `INACTIVE`.
        status: Option<String>,
        /// Why.
        reason: Option<String>,
        /// When it was last scanned.
        last_scanned_at: Option<Timestamp>,
    }
}

record! {
    /// An open or suppressed finding of severity critical or high.
    "inspector2_finding" Inspector2Finding
        from ["inspector2:BatchGetAccountStatus", "inspector2:ListFindings"] volatile ["updated_at"] {
        /// ARN.
        arn: String,
        /// Title.
        title: Option<String>,
        /// Account it is about.
        finding_account: Option<String>,
        /// `CRITICAL` or `HIGH`.
        severity: Option<String>,
        /// `ACTIVE`, `SUPPRESSED` or `CLOSED`.
        status: Option<String>,
        /// When first seen.
        first_observed_at: Option<Timestamp>,
        /// When it last changed.
        updated_at: Option<Timestamp>,
        /// Ids of what it is about.
        resources: Vec<String>,
    }
}
