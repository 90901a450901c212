//! ECR: private repositories and how their images are scanned.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A private repository.
    "ecr_repository" EcrRepository from ["ecr:DescribeRepositories"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// Images are scanned when they are pushed, by the repository's own setting.
        scan_on_push: Option<bool>,
        /// `MUTABLE`, `IMMUTABLE`, …
        tag_mutability: Option<String>,
        /// `AES256`, `KMS` or `KMS_DSSE`.
        encryption_type: Option<String>,
        /// When it was created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// How the region's registry scans.
    "ecr_registry_scanning" EcrRegistryScanning from ["ecr:GetRegistryScanningConfiguration"] volatile [] {
        /// `BASIC` or `ENHANCED` (by Inspector).
        scan_type: Option<String>,
    }
}

record! {
    /// A filter of a scanning rule of the registry: the repositories whose names match are scanned.
    "ecr_registry_scanning_rule" EcrRegistryScanningRule
        from ["ecr:GetRegistryScanningConfiguration"] volatile [] {
        /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`.
        frequency: String,
        /// Pattern of repository names.
        filter: String,
        /// `WILDCARD`.
        filter_type: String,
    }
}
