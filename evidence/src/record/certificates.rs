//! TLS certificates, in ACM and in IAM.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A certificate in ACM. Columns other than `arn` and `domain_name` are null where DescribeCertificate failed.
    "acm_certificate" AcmCertificate from ["acm:ListCertificates", "acm:DescribeCertificate"] volatile [] {
        /// ARN.
        arn: String,
        /// Domain name.
        domain_name: Option<String>,
        /// `ISSUED`, `EXPIRED`, `PENDING_VALIDATION`, …
        status: Option<String>,
        /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
        certificate_type: Option<String>,
        /// Key algorithm.
        key_algorithm: Option<String>,
        /// When issued.
        issued_at: Option<Timestamp>,
        /// End of its validity.
        not_after: Option<Timestamp>,
        /// `ELIGIBLE` if ACM renews it by itself.
        renewal_eligibility: Option<String>,
        /// `PENDING_AUTO_RENEWAL`, `PENDING_VALIDATION`, `SUCCESS` or `FAILED`, once a renewal was tried.
        renewal_status: Option<String>,
        /// Why the renewal failed.
        renewal_reason: Option<String>,
        /// ARNs of what uses it, sorted.
        in_use_by: Option<Vec<String>>,
    }
}

record! {
    /// A server certificate in IAM.
    "iam_server_certificate" IamServerCertificate from ["iam:ListServerCertificates"] volatile [] {
        /// ARN.
        arn: String,
        /// Certificate id.
        id: String,
        /// Name.
        name: String,
        /// When uploaded.
        uploaded_at: Option<Timestamp>,
        /// End of its validity.
        expires_at: Option<Timestamp>,
    }
}
