//! What the sources of load balancers, stages and distributions ask of WAF.

use aws_sdk_wafv2::Client;
use aws_sdk_wafv2::types::{Scope, WebAcl};

use crate::convert::text;
use crate::source::Context;

/// A web ACL, or that there is none.
pub(super) struct Acl {
    pub(super) present: bool,
    pub(super) arn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) rules: Option<i64>,
    pub(super) manager_rules: Option<i64>,
}

impl Acl {
    fn of(acl: Option<&WebAcl>) -> Self {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        Self {
            present: acl.is_some(),
            arn: acl.and_then(|acl| text(Some(acl.arn()))),
            name: acl.and_then(|acl| text(Some(acl.name()))),
            rules: acl.map(|acl| count(acl.rules().len())),
            manager_rules: acl.map(|acl| {
                count(acl.pre_process_firewall_manager_rule_groups().len())
                    + count(acl.post_process_firewall_manager_rule_groups().len())
            }),
        }
    }

    /// The one in front of a load balancer or a stage, and the exchange that tells.
    pub(super) async fn of_resource(context: &Context<'_>, waf: &Client, arn: &str) -> Option<(Self, u64)> {
        match context
            .ask(waf.get_web_acl_for_resource().resource_arn(arn).send())
            .await
        {
            Ok(answer) => Some((Self::of(answer.output.web_acl()), answer.exchange)),
            Err(failure) => {
                context.gap("wafv2:GetWebACLForResource", Some(arn), &failure);
                None
            }
        }
    }

    /// The one that a distribution names: `arn:aws:wafv2:us-east-1:…:global/webacl/<name>/<id>`.
    pub(super) async fn of_distributions(context: &Context<'_>, waf: &Client, arn: &str) -> Option<(Self, u64)> {
        let mut parts = arn.rsplit('/');
        let (id, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let call = waf.get_web_acl().scope(Scope::Cloudfront).name(name).id(id);
        match context.ask(call.send()).await {
            Ok(answer) => Some((Self::of(answer.output.web_acl()), answer.exchange)),
            Err(failure) if failure.is(&["WAFNonexistentItemException"]) => {
                Some((Self::of(None), failure.exchange.unwrap_or_default()))
            }
            Err(failure) => {
                context.gap("wafv2:GetWebACL", Some(arn), &failure);
                None
            }
        }
    }
}
