//! CloudFront distributions.

use super::record;

record! {
    /// A distribution.
    "cloudfront_distribution" CloudfrontDistribution from ["cloudfront:ListDistributions"] volatile ["status"] {
        /// Distribution id.
        id: String,
        /// ARN.
        arn: String,
        /// Its domain name at CloudFront.
        domain_name: Option<String>,
        /// Its own domain names, sorted.
        aliases: Vec<String>,
        /// Description.
        comment: Option<String>,
        /// Whether it serves viewers.
        enabled: Option<bool>,
        /// `Deployed` or `InProgress`.
        status: Option<String>,
        /// ARN of its web ACL, or the id of one of WAF Classic.
        web_acl_id: Option<String>,
        /// Domain names of its origins, sorted.
        origins: Vec<String>,
        /// Whether it uses CloudFront's own certificate.
        default_certificate: Option<bool>,
        /// ARN of its certificate in ACM, if any.
        acm_certificate_arn: Option<String>,
        /// Id of its certificate in IAM, if any.
        iam_certificate_id: Option<String>,
        /// Least TLS version and the year of its cipher list, such as `TLSv1.2_2021`.
        minimum_protocol_version: Option<String>,
    }
}

record! {
    /// How a distribution treats requests for a path.
    "cloudfront_behavior" CloudfrontBehavior from ["cloudfront:ListDistributions"] volatile [] {
        /// ARN of the distribution.
        distribution_arn: String,
        /// Order; 0 is the default behaviour, which comes last.
        position: i64,
        /// Path pattern; `*` for the default behaviour.
        path: String,
        /// `allow-all`, `https-only` or `redirect-to-https`.
        viewer_protocol_policy: Option<String>,
        /// Origin or origin group.
        target: Option<String>,
    }
}

record! {
    /// A web ACL that a distribution uses.
    "wafv2_distribution_acl" Wafv2DistributionAcl from ["cloudfront:ListDistributions", "wafv2:GetWebACL"] volatile [] {
        /// ARN of the web ACL, as the distribution names it.
        acl_arn: String,
        /// False if there is no such web ACL.
        present: bool,
        /// Name.
        acl_name: Option<String>,
        /// Number of its rules.
        rules: Option<i64>,
        /// Number of rule groups that Firewall Manager puts before and after them.
        manager_rules: Option<i64>,
    }
}
