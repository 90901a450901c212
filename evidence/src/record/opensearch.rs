//! OpenSearch (and Elasticsearch) domains.

use super::{Tag, record};

record! {
    /// A domain. Columns other than `arn` and `name` are null or empty where DescribeDomains failed.
    "opensearch_domain" OpensearchDomain from ["opensearch:ListDomainNames", "opensearch:DescribeDomains"] volatile [] {
        /// ARN; made from account, region and name where DescribeDomains failed.
        arn: String,
        /// Name.
        name: String,
        /// Whether DescribeDomains told of it.
        described: bool,
        /// Engine and version.
        engine_version: Option<String>,
        /// It is being deleted.
        deleted: Option<bool>,
        /// Encryption at rest is on.
        encrypted_at_rest: Option<bool>,
        /// Key.
        kms_key_id: Option<String>,
        /// Traffic between nodes is encrypted.
        node_to_node_encrypted: Option<bool>,
        /// HTTPS is required.
        enforce_https: Option<bool>,
        /// TLS policy, such as `Policy-Min-TLS-1-2-PFS-2023-10`.
        tls_policy: Option<String>,
        /// VPC; null for a domain with an endpoint on the internet.
        vpc_id: Option<String>,
        /// Subnets, sorted.
        subnet_ids: Vec<String>,
        /// Security groups, sorted.
        security_group_ids: Vec<String>,
        /// Access policy, a document.
        access_policy: Option<String>,
        /// Fine-grained access control is on.
        fine_grained_access: Option<bool>,
        /// Data nodes are spread over zones.
        zone_awareness: Option<bool>,
        /// Multi-AZ with standby is on.
        multi_az_with_standby: Option<bool>,
        /// Data nodes.
        instance_count: Option<i64>,
    }
}

record! {
    /// The tags of a domain: one row per domain, with or without tags.
    "opensearch_domain_tags" OpensearchDomainTags
        from ["opensearch:ListDomainNames", "opensearch:DescribeDomains", "opensearch:ListTags"] volatile [] {
        /// ARN of the domain.
        domain_arn: String,
        /// Tags.
        tags: Vec<Tag>,
    }
}
