//! Trusted Advisor, AWS Health, Incident Manager and AWS Artifact.

use aws_sdk_health::types::{EventFilter, EventTypeCategory};
use evidence::clock::Timestamp;
use evidence::record::{
    ArtifactReport, HealthAccess, HealthEvent, SsmIncidentsResponsePlan, SupportAccess, SupportTrustedAdvisorCheck,
    SupportTrustedAdvisorFlagged, SupportTrustedAdvisorSummary,
};

use crate::convert::{text, time};
use crate::failure::Failure;
use crate::source::{Context, Scope, Source, token};

pub(super) static TRUSTED_ADVISOR: Source = Source {
    id: "support.trusted-advisor",
    operations: &[
        "support:DescribeTrustedAdvisorCheckResult",
        "support:DescribeTrustedAdvisorCheckSummaries",
        "support:DescribeTrustedAdvisorChecks",
    ],
    scope: Scope::Global,
    tables: &[
        "support_access",
        "support_trusted_advisor_check",
        "support_trusted_advisor_flagged",
        "support_trusted_advisor_summary",
    ],
    collect: |context| Box::pin(trusted_advisor(context)),
};

pub(super) static HEALTH: Source = Source {
    id: "health.events",
    operations: &["health:DescribeEvents"],
    scope: Scope::Global,
    tables: &["health_access", "health_event"],
    collect: |context| Box::pin(health(context)),
};

pub(super) static RESPONSE_PLANS: Source = Source {
    id: "ssm-incidents.response-plans",
    operations: &["ssm-incidents:ListResponsePlans"],
    scope: Scope::Regional,
    tables: &["ssm_incidents_response_plan"],
    collect: |context| Box::pin(response_plans(context)),
};

pub(super) static REPORTS: Source = Source {
    id: "artifact.reports",
    operations: &["artifact:ListReports"],
    scope: Scope::Global,
    tables: &["artifact_report"],
    collect: |context| Box::pin(reports(context)),
};

/// AWS says that the support plan lacks the API: an answer about the plan, no refusal.
fn plan_lacks_it(failure: &Failure) -> bool {
    failure.is(&["SubscriptionRequiredException"])
        || failure.is(&["AccessDeniedException"]) && failure.message.contains("Premium Support Subscription")
}

/// Checks of one call for their numbers; AWS takes a hundred.
const AT_ONCE: usize = 100;

async fn trusted_advisor(context: &Context<'_>) {
    const CHECKS: &str = "support:DescribeTrustedAdvisorChecks";
    const SUMMARIES: &str = "support:DescribeTrustedAdvisorCheckSummaries";
    let client = context.session.support(context.client_region);
    let mut access = SupportAccess {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: 0,
        present: true,
        message: None,
    };
    let listed = match context
        .ask(client.describe_trusted_advisor_checks().language("en").send())
        .await
    {
        Ok(listed) => listed,
        Err(failure) if plan_lacks_it(&failure) => {
            access.source = failure.exchange.unwrap_or_default();
            access.present = false;
            access.message = Some(failure.message);
            return context.put(&access);
        }
        Err(failure) => return context.gap(CHECKS, None, &failure),
    };
    access.source = listed.exchange;
    context.put(&access);
    let mut ids = Vec::new();
    for check in listed.output.checks() {
        context.put(&SupportTrustedAdvisorCheck {
            account: context.account.to_owned(),
            region: "global".to_owned(),
            key: check.id().to_owned(),
            source: listed.exchange,
            id: check.id().to_owned(),
            name: check.name().to_owned(),
            category: check.category().to_owned(),
        });
        ids.push(check.id().to_owned());
    }
    let mut flagged = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let call = client
            .describe_trusted_advisor_check_summaries()
            .set_check_ids(Some(some.iter().cloned().map(Some).collect()));
        let answer = match context.ask(call.send()).await {
            Ok(answer) => answer,
            Err(failure) => {
                context.gap(SUMMARIES, None, &failure);
                continue;
            }
        };
        for summary in answer.output.summaries() {
            let resources = summary.resources_summary();
            context.put(&SupportTrustedAdvisorSummary {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: summary.check_id().to_owned(),
                source: answer.exchange,
                check_id: summary.check_id().to_owned(),
                refreshed_at: moment(summary.timestamp()),
                status: text(Some(summary.status())),
                has_flagged_resources: summary.has_flagged_resources(),
                resources_processed: resources.map(|r| r.resources_processed()),
                resources_flagged: resources.map(|r| r.resources_flagged()),
                resources_suppressed: resources.map(|r| r.resources_suppressed()),
            });
            if summary.has_flagged_resources() {
                flagged.push(summary.check_id().to_owned());
            }
        }
    }
    let client = &client;
    context.each(&flagged, |check| result(context, client, check)).await;
}

/// The summaries write RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

async fn result(context: &Context<'_>, client: &aws_sdk_support::Client, check: &str) {
    let call = client
        .describe_trusted_advisor_check_result()
        .check_id(check)
        .language("en");
    let answer = match context.ask(call.send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("support:DescribeTrustedAdvisorCheckResult", Some(check), &failure),
    };
    for resource in answer.output.result().iter().flat_map(|r| r.flagged_resources()) {
        context.put(&SupportTrustedAdvisorFlagged {
            account: context.account.to_owned(),
            region: "global".to_owned(),
            key: format!("{check} {}", resource.resource_id()),
            source: answer.exchange,
            check_id: check.to_owned(),
            resource_id: resource.resource_id().to_owned(),
            status: text(Some(resource.status())),
            resource_region: text(resource.region()),
            suppressed: resource.is_suppressed(),
            details: resource
                .metadata()
                .iter()
                .map(|cell| cell.clone().unwrap_or_default())
                .collect(),
        });
    }
}

async fn health(context: &Context<'_>) {
    let client = context.session.health(context.client_region);
    let issues = EventFilter::builder()
        .event_type_categories(EventTypeCategory::Issue)
        .build();
    let list = context
        .pages(
            |next| {
                client
                    .describe_events()
                    .filter(issues.clone())
                    .max_results(100)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    let access = |source, message: Option<String>| HealthAccess {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source,
        present: message.is_none(),
        message,
    };
    if let Some(first) = list.pages.first() {
        context.put(&access(first.exchange, None));
    }
    for page in &list.pages {
        for event in page.output.events() {
            let Some(arn) = text(event.arn()) else { continue };
            context.put(&HealthEvent {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: arn.clone(),
                source: page.exchange,
                arn,
                service: text(event.service()),
                event_type: text(event.event_type_code()),
                event_region: text(event.region()),
                started_at: time(event.start_time()),
                ended_at: time(event.end_time()),
                status: event.status_code().map(|status| status.as_str().to_owned()),
            });
        }
    }
    match list.failure {
        Some(failure) if list.pages.is_empty() && plan_lacks_it(&failure) => {
            context.put(&access(failure.exchange.unwrap_or_default(), Some(failure.message)));
        }
        Some(failure) => context.gap("health:DescribeEvents", None, &failure),
        None => {}
    }
}

async fn response_plans(context: &Context<'_>) {
    let client = context.session.ssm_incidents(context.client_region);
    let list = context
        .pages(
            |next| {
                client
                    .list_response_plans()
                    .max_results(100)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for plan in page.output.response_plan_summaries() {
            context.put(&SsmIncidentsResponsePlan {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: plan.arn().to_owned(),
                source: page.exchange,
                arn: plan.arn().to_owned(),
                name: plan.name().to_owned(),
            });
        }
    }
    match list.failure {
        // Without a replication set Incident Manager is not in use here.
        Some(failure) if failure.is(&["ResourceNotFoundException"]) => {}
        Some(failure) => context.gap("ssm-incidents:ListResponsePlans", None, &failure),
        None => {}
    }
}

async fn reports(context: &Context<'_>) {
    let client = context.session.artifact(context.client_region);
    let list = context
        .pages(
            |next| client.list_reports().max_results(300).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for report in page.output.reports() {
            let Some(id) = text(report.id()) else { continue };
            context.put(&ArtifactReport {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: id.clone(),
                source: page.exchange,
                id,
                name: text(report.name()),
                category: text(report.category()),
                series: text(report.series()),
                state: report.state().map(|state| state.as_str().to_owned()),
                period_start: time(report.period_start()),
                period_end: time(report.period_end()),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("artifact:ListReports", None, &failure);
    }
}
