//! AWS Security Hub: the hub, its standards, and its open findings that weigh most.

use aws_sdk_securityhub::types::{AwsSecurityFinding, AwsSecurityFindingFilters, StringFilter, StringFilterComparison};
use evidence::record::{SecurityhubFinding, SecurityhubHub, SecurityhubHubV2, SecurityhubStandard};

use super::ec2::{read, row};
use crate::convert::{instant, text};
use crate::source::{Context, Scope, Source, token};

pub(super) static HUB: Source = Source {
    id: "securityhub.hub",
    operations: &[
        "securityhub:DescribeHub",
        "securityhub:GetEnabledStandards",
        "securityhub:GetFindings",
    ],
    scope: Scope::Regional,
    tables: &["securityhub_finding", "securityhub_hub", "securityhub_standard"],
    collect: |context| Box::pin(hub(context)),
};

pub(super) static HUB_V2: Source = Source {
    id: "securityhub.hub-v2",
    operations: &["securityhub:DescribeSecurityHubV2"],
    scope: Scope::Regional,
    tables: &["securityhub_hub_v2"],
    collect: |context| Box::pin(hub_v2(context)),
};

/// How AWS says that Security Hub is not on: controls.md §1, and
/// <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html>
const OFF: &[&str] = &["InvalidAccessException", "ResourceNotFoundException"];

async fn hub(context: &Context<'_>) {
    let client = context.session.securityhub(context.client_region);
    let (arn, subscribed_at, source) = match context.ask(client.describe_hub().send()).await {
        Ok(answer) => (
            text(answer.output.hub_arn()),
            text(answer.output.subscribed_at()),
            answer.exchange,
        ),
        Err(failure) if failure.is(OFF) => {
            let source = failure.exchange.unwrap_or_default();
            return row!(SecurityhubHub, context, context.region.to_owned(), source, {
                present: false,
                arn: None,
                subscribed_at: None,
            });
        }
        Err(failure) => return context.gap("securityhub:DescribeHub", None, &failure),
    };
    row!(SecurityhubHub, context, context.region.to_owned(), source, {
        present: true,
        arn,
        subscribed_at,
    });
    read!(
        context,
        "securityhub:GetEnabledStandards",
        |next| client
            .get_enabled_standards()
            .max_results(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for standard in page.standards_subscriptions() {
                let arn = standard.standards_subscription_arn().unwrap_or_default().to_owned();
                row!(SecurityhubStandard, context, arn.clone(), source, {
                    arn,
                    standard_arn: standard.standards_arn().unwrap_or_default().to_owned(),
                    status: standard.standards_status().map(|s| s.as_str().to_owned()),
                    status_reason: standard
                        .standards_status_reason()
                        .and_then(|r| r.status_reason_code())
                        .map(|c| c.as_str().to_owned()),
                });
            }
        }
    );
    // An administrator would be told of its members, an aggregation region of the others.
    let filters = AwsSecurityFindingFilters::builder()
        .aws_account_id(equals(context.account))
        .region(equals(context.region))
        .record_state(equals("ACTIVE"))
        .severity_label(equals("CRITICAL"))
        .severity_label(equals("HIGH"))
        .build();
    read!(
        context,
        "securityhub:GetFindings",
        |next| client
            .get_findings()
            .filters(filters.clone())
            .max_results(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for finding in page.findings() {
                put(context, finding, source);
            }
        }
    );
}

fn equals(value: &str) -> StringFilter {
    StringFilter::builder()
        .value(value)
        .comparison(StringFilterComparison::Equals)
        .build()
}

fn put(context: &Context<'_>, finding: &AwsSecurityFinding, source: u64) {
    let id = finding.id().unwrap_or_default().to_owned();
    let mut resources: Vec<String> = finding.resources().iter().filter_map(|r| text(r.id())).collect();
    resources.sort();
    // The id is unique within a product only.
    let key = format!("{} {id}", finding.product_arn().unwrap_or_default());
    row!(SecurityhubFinding, context, key, source, {
        id,
        title: text(finding.title()),
        product: text(finding.product_name()),
        finding_account: text(finding.aws_account_id()),
        finding_region: text(finding.region()),
        severity: finding.severity().and_then(|s| s.label()).map(|l| l.as_str().to_owned()),
        workflow: finding.workflow().and_then(|w| w.status()).map(|s| s.as_str().to_owned()),
        record_state: finding.record_state().map(|s| s.as_str().to_owned()),
        first_observed_at: finding.first_observed_at().and_then(instant),
        created_at: finding.created_at().and_then(instant),
        updated_at: finding.updated_at().and_then(instant),
        note: finding.note().and_then(|n| text(n.text())),
        resources,
    });
}

async fn hub_v2(context: &Context<'_>) {
    let client = context.session.securityhub(context.client_region);
    let (present, arn, source) = match context.ask(client.describe_security_hub_v2().send()).await {
        Ok(answer) => (true, text(answer.output.hub_v2_arn()), answer.exchange),
        Err(failure) if failure.is(OFF) => (false, None, failure.exchange.unwrap_or_default()),
        Err(failure) => return context.gap("securityhub:DescribeSecurityHubV2", None, &failure),
    };
    row!(SecurityhubHubV2, context, context.region.to_owned(), source, { present, arn });
}
