//! Trusted Advisor, AWS Health, Incident Manager and AWS Artifact.

use super::record;
use crate::clock::Timestamp;

record! {
    /// Whether the account's support plan has an API for Trusted Advisor.
    "support_access" SupportAccess from ["support:DescribeTrustedAdvisorChecks"] volatile [] {
        /// It has.
        present: bool,
        /// AWS's message where it has not.
        message: Option<String>,
    }
}

record! {
    /// A check of Trusted Advisor.
    "support_trusted_advisor_check" SupportTrustedAdvisorCheck
        from ["support:DescribeTrustedAdvisorChecks"] volatile [] {
        /// Id.
        id: String,
        /// Name.
        name: String,
        /// `security`, `fault_tolerance`, `service_limits`, `performance`, `cost_optimizing` and others.
        category: String,
    }
}

record! {
    /// The latest result of a check, in numbers.
    "support_trusted_advisor_summary" SupportTrustedAdvisorSummary
        from ["support:DescribeTrustedAdvisorChecks", "support:DescribeTrustedAdvisorCheckSummaries"]
        volatile ["refreshed_at", "resources_processed"] {
        /// Id of the check.
        check_id: String,
        /// When it was last refreshed.
        refreshed_at: Option<Timestamp>,
        /// `ok`, `warning`, `error` or `not_available`.
        status: Option<String>,
        /// Whether it flagged anything.
        has_flagged_resources: bool,
        /// Resources that it looked at.
        resources_processed: Option<i64>,
        /// …that it flagged.
        resources_flagged: Option<i64>,
        /// …that it flagged and somebody told it to leave out.
        resources_suppressed: Option<i64>,
    }
}

record! {
    /// A resource that a check flagged.
    "support_trusted_advisor_flagged" SupportTrustedAdvisorFlagged
        from ["support:DescribeTrustedAdvisorChecks", "support:DescribeTrustedAdvisorCheckSummaries",
            "support:DescribeTrustedAdvisorCheckResult"]
        volatile [] {
        /// Id of the check.
        check_id: String,
        /// Trusted Advisor's id of the resource, the same in every result.
        resource_id: String,
        /// `warning` or `error`.
        status: Option<String>,
        /// Region of the resource.
        resource_region: Option<String>,
        /// Somebody told the check to leave it out.
        suppressed: bool,
        /// The columns of the check, in its order.
        details: Vec<String>,
    }
}

record! {
    /// Whether the account's support plan has the API of AWS Health.
    "health_access" HealthAccess from ["health:DescribeEvents"] volatile [] {
        /// It has.
        present: bool,
        /// AWS's message where it has not.
        message: Option<String>,
    }
}

record! {
    /// An issue of an AWS service that AWS Health told this account of.
    "health_event" HealthEvent from ["health:DescribeEvents"] volatile [] {
        /// ARN.
        arn: String,
        /// Service.
        service: Option<String>,
        /// Code of its type.
        event_type: Option<String>,
        /// Region that it was about.
        event_region: Option<String>,
        /// When it began.
        started_at: Option<Timestamp>,
        /// When it ended.
        ended_at: Option<Timestamp>,
        /// `open`, `upcoming` or `closed`.
        status: Option<String>,
    }
}

record! {
    /// A response plan of Incident Manager.
    "ssm_incidents_response_plan" SsmIncidentsResponsePlan from ["ssm-incidents:ListResponsePlans"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
    }
}

record! {
    /// A report that AWS Artifact offers.
    "artifact_report" ArtifactReport from ["artifact:ListReports"] volatile [] {
        /// Id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Category.
        category: Option<String>,
        /// Series.
        series: Option<String>,
        /// `PUBLISHED` or `UNPUBLISHED`.
        state: Option<String>,
        /// First day that it covers.
        period_start: Option<Timestamp>,
        /// Last day that it covers.
        period_end: Option<Timestamp>,
    }
}
