//! REST APIs of API Gateway.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A REST API.
    "apigateway_rest_api" ApigatewayRestApi from ["apigateway:GetRestApis"] volatile [] {
        /// API id.
        id: String,
        /// Name.
        name: Option<String>,
        /// `EDGE`, `REGIONAL` or `PRIVATE`, sorted.
        endpoint_types: Vec<String>,
        /// Whether its default endpoint is off.
        default_endpoint_disabled: Option<bool>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A stage of a REST API.
    "apigateway_stage" ApigatewayStage from ["apigateway:GetRestApis", "apigateway:GetStages"] volatile [] {
        /// ARN.
        arn: String,
        /// API id.
        api_id: String,
        /// Name of the stage.
        name: String,
        /// ARN of its web ACL, if any.
        web_acl_arn: Option<String>,
        /// ARN of the log group or stream for access logs, if any.
        access_log_destination: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// The web ACL of a stage that names one.
    "wafv2_stage_acl" Wafv2StageAcl
        from ["apigateway:GetRestApis", "apigateway:GetStages", "wafv2:GetWebACLForResource"] volatile [] {
        /// ARN of the stage.
        stage_arn: String,
        /// False if AWS finds none.
        present: bool,
        /// ARN of the web ACL.
        acl_arn: Option<String>,
        /// Name of the web ACL.
        acl_name: Option<String>,
        /// Number of its rules.
        rules: Option<i64>,
        /// Number of rule groups that Firewall Manager puts before and after them.
        manager_rules: Option<i64>,
    }
}
