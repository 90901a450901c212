//! CloudFront distributions and their web ACLs.

use std::collections::BTreeSet;

use evidence::gap::ReasonCode;
use evidence::partition;
use evidence::record::{CloudfrontBehavior, CloudfrontDistribution, Wafv2DistributionAcl};

use super::put::{list, put, sorted};
use super::wafv2::Acl;
use crate::Failure;
use crate::convert::text;
use crate::source::{Context, Scope, Source, marker};

pub(super) static DISTRIBUTIONS: Source = Source {
    id: "cloudfront.distributions",
    operations: &["cloudfront:ListDistributions", "wafv2:GetWebACL"],
    scope: Scope::Global,
    tables: &[
        "cloudfront_behavior",
        "cloudfront_distribution",
        "wafv2_distribution_acl",
    ],
    collect: |context| Box::pin(distributions(context)),
};

async fn distributions(context: &Context<'_>) {
    let partition = context.session.partition();
    // The SDK knows one endpoint of it, that of the commercial partition, which does not know the caller of another.
    if partition::named(partition).is_some_and(|known| !known.cloudfront) {
        let failure = Failure {
            code: ReasonCode::NotOffered,
            error_code: None,
            message: format!("CloudFront is not offered in the partition {partition}"),
            exchange: None,
        };
        return context.gap("cloudfront:ListDistributions", None, &failure);
    }
    let cloudfront = context.session.cloudfront(context.client_region);
    let mut acls = BTreeSet::new();
    list!(
        context,
        "cloudfront:ListDistributions",
        None,
        |next| cloudfront.list_distributions().set_marker(next).send(),
        |page| {
            let list = page.distribution_list();
            marker(
                list.is_some_and(|l| l.is_truncated()),
                list.and_then(|l| l.next_marker()),
            )
        },
        |page, source| {
            for distribution in page.distribution_list().map(|list| list.items()).unwrap_or_default() {
                let arn = distribution.arn().to_owned();
                let certificate = distribution.viewer_certificate();
                let acl = text(Some(distribution.web_acl_id()));
                acls.extend(acl.clone().filter(|acl| acl.starts_with("arn:")));
                let origins = distribution.origins().map(|o| o.items()).unwrap_or_default();
                put!(context, CloudfrontDistribution, arn.clone(), source, {
                    id: distribution.id().to_owned(),
                    arn: arn.clone(),
                    domain_name: text(Some(distribution.domain_name())),
                    aliases: sorted(distribution.aliases().map(|a| a.items()).unwrap_or_default()),
                    comment: text(Some(distribution.comment())),
                    // To the SDK a missing flag is false; AWS leaves it out only where it leaves out the rest.
                    enabled: distribution.default_cache_behavior().map(|_| distribution.enabled()),
                    status: text(Some(distribution.status())),
                    web_acl_id: acl,
                    origins: sorted(origins.iter().map(|origin| origin.domain_name())),
                    default_certificate: certificate.and_then(|c| c.cloud_front_default_certificate()),
                    acm_certificate_arn: certificate.and_then(|c| text(c.acm_certificate_arn())),
                    iam_certificate_id: certificate.and_then(|c| text(c.iam_certificate_id())),
                    minimum_protocol_version: certificate
                        .and_then(|c| c.minimum_protocol_version())
                        .map(|version| version.as_str().to_owned()),
                });
                if let Some(behavior) = distribution.default_cache_behavior() {
                    put!(context, CloudfrontBehavior, format!("{arn} *default"), source, {
                        distribution_arn: arn.clone(),
                        position: 0,
                        path: "*".to_owned(),
                        viewer_protocol_policy: Some(behavior.viewer_protocol_policy().as_str().to_owned()),
                        target: text(Some(behavior.target_origin_id())),
                    });
                }
                let behaviors = distribution.cache_behaviors().map(|b| b.items()).unwrap_or_default();
                for (position, behavior) in (1..).zip(behaviors) {
                    let path = behavior.path_pattern();
                    put!(context, CloudfrontBehavior, format!("{arn} {path}"), source, {
                        distribution_arn: arn.clone(),
                        position,
                        path: path.to_owned(),
                        viewer_protocol_policy: Some(behavior.viewer_protocol_policy().as_str().to_owned()),
                        target: text(Some(behavior.target_origin_id())),
                    });
                }
            }
        }
    );
    let waf = &context.session.wafv2(context.client_region);
    context
        .each(&acls, |arn| async move {
            if let Some((acl, source)) = Acl::of_distributions(context, waf, arn).await {
                put!(context, Wafv2DistributionAcl, arn.clone(), source, {
                    acl_arn: arn.clone(),
                    present: acl.present,
                    acl_name: acl.name,
                    rules: acl.rules,
                    manager_rules: acl.manager_rules,
                });
            }
        })
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answering;

    #[tokio::test]
    async fn where_there_is_no_cloudfront_nobody_is_asked() {
        for partition in ["aws-us-gov", "aws-iso"] {
            let session = answering::session(|operation| panic!("{operation} was asked"));
            let session = session.of_account("111122223333", partition);
            let context = Context::new(&session, "111122223333", "global", "home-1", &[]);
            distributions(&context).await;
            let codes: Vec<_> = context.into_batch().gaps.iter().map(|gap| gap.code).collect();
            assert_eq!(codes, [ReasonCode::NotOffered]);
        }
    }
}
