//! Amazon GuardDuty: detectors, findings, and what hides or exports findings.

use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::types::{Condition, FindingCriteria};
use evidence::record::{
    GuarddutyAdministrator, GuarddutyDetector, GuarddutyFilter, GuarddutyFinding, GuarddutyPublishingDestination,
};

use super::ec2::row;
use crate::convert::{instant, text};
use crate::source::{Context, Scope, Source, token};

pub(super) static DETECTORS: Source = Source {
    id: "guardduty.detectors",
    operations: &[
        "guardduty:GetAdministratorAccount",
        "guardduty:GetDetector",
        "guardduty:GetFilter",
        "guardduty:GetFindings",
        "guardduty:ListDetectors",
        "guardduty:ListFilters",
        "guardduty:ListFindings",
        "guardduty:ListPublishingDestinations",
    ],
    scope: Scope::Regional,
    tables: &[
        "guardduty_administrator",
        "guardduty_detector",
        "guardduty_filter",
        "guardduty_finding",
        "guardduty_publishing_destination",
    ],
    collect: |context| Box::pin(detectors(context)),
};

/// Findings from here on are read; below are GuardDuty's low ones.
const MEDIUM: i64 = 4;

/// Most findings that one call gives.
const AT_ONCE: usize = 50;

async fn detectors(context: &Context<'_>) {
    let client = context.session.guardduty(context.client_region);
    let list = context
        .pages(
            |next| client.list_detectors().max_results(50).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    let ids: Vec<&str> = list
        .pages
        .iter()
        .flat_map(|page| page.output.detector_ids())
        .map(String::as_str)
        .collect();
    if let Some(failure) = &list.failure {
        context.gap("guardduty:ListDetectors", None, failure);
    }
    let client = &client;
    context
        .each(ids, |id| async move {
            let detector = Detector { context, client, id };
            detector.settings().await;
            detector.administrator().await;
            detector.findings().await;
            detector.filters().await;
            detector.destinations().await;
        })
        .await;
}

/// One detector.
struct Detector<'a> {
    context: &'a Context<'a>,
    client: &'a Client,
    id: &'a str,
}

impl Detector<'_> {
    fn arn(&self) -> String {
        self.context.arn("guardduty", &format!("detector/{}", self.id))
    }

    async fn settings(&self) {
        let Self { context, client, id } = self;
        match context.ask(client.get_detector().detector_id(*id).send()).await {
            Ok(answer) => {
                let mut features: Vec<String> = answer
                    .output
                    .features()
                    .iter()
                    .filter(|f| f.status().is_some_and(|s| s.as_str() == "ENABLED"))
                    .filter_map(|f| f.name().map(|n| n.as_str().to_owned()))
                    .collect();
                features.sort();
                row!(GuarddutyDetector, context, (*id).to_owned(), answer.exchange, {
                    id: (*id).to_owned(),
                    status: answer.output.status().map(|s| s.as_str().to_owned()),
                    created_at: answer.output.created_at().and_then(instant),
                    features,
                });
            }
            Err(failure) => context.gap("guardduty:GetDetector", Some(&self.arn()), &failure),
        }
    }

    async fn administrator(&self) {
        let Self { context, client, id } = self;
        match context
            .ask(client.get_administrator_account().detector_id(*id).send())
            .await
        {
            Ok(answer) => {
                let administrator = answer.output.administrator();
                row!(GuarddutyAdministrator, context, (*id).to_owned(), answer.exchange, {
                    detector_id: (*id).to_owned(),
                    administrator_account: administrator.and_then(|a| text(a.account_id())),
                    relationship: administrator.and_then(|a| text(a.relationship_status())),
                });
            }
            Err(failure) => context.gap("guardduty:GetAdministratorAccount", Some(&self.arn()), &failure),
        }
    }

    async fn findings(&self) {
        let Self { context, client, id } = self;
        let own = Condition::builder().equals(context.account).build();
        let criteria = FindingCriteria::builder()
            .criterion("severity", Condition::builder().greater_than_or_equal(MEDIUM).build())
            .criterion("accountId", own)
            .build();
        let list = context
            .pages(
                |next| {
                    client
                        .list_findings()
                        .detector_id(*id)
                        .finding_criteria(criteria.clone())
                        .max_results(50)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        if let Some(failure) = &list.failure {
            context.gap("guardduty:ListFindings", None, failure);
        }
        let mut ids: Vec<String> = list
            .pages
            .iter()
            .flat_map(|p| p.output.finding_ids())
            .cloned()
            .collect();
        ids.sort();
        ids.dedup();
        for some in ids.chunks(AT_ONCE) {
            let call = client
                .get_findings()
                .detector_id(*id)
                .set_finding_ids(Some(some.to_vec()));
            match context.ask(call.send()).await {
                Ok(answer) => {
                    for finding in answer.output.findings() {
                        self.finding(finding, answer.exchange);
                    }
                }
                Err(failure) => context.gap("guardduty:GetFindings", None, &failure),
            }
        }
    }

    fn finding(&self, finding: &aws_sdk_guardduty::types::Finding, source: u64) {
        let context = self.context;
        let arn = finding.arn().unwrap_or_default().to_owned();
        let service = finding.service();
        // AWS gives tenths at most; a whole number fits the record's canonical form.
        #[expect(clippy::cast_possible_truncation, reason = "severities lie between 1 and 10")]
        let severity_tenths = finding.severity().map(|s| (s * 10.0).round() as i64);
        row!(GuarddutyFinding, context, arn.clone(), source, {
            arn,
            id: finding.id().unwrap_or_default().to_owned(),
            detector_id: self.id.to_owned(),
            finding_type: text(finding.r#type()),
            title: text(finding.title()),
            finding_account: text(finding.account_id()),
            severity_tenths,
            created_at: finding.created_at().and_then(instant),
            updated_at: finding.updated_at().and_then(instant),
            archived: service.and_then(|s| s.archived()),
            occurrences: service.and_then(|s| s.count()).map(i64::from),
        });
    }

    async fn filters(&self) {
        let Self { context, client, id } = self;
        let list = context
            .pages(
                |next| {
                    client
                        .list_filters()
                        .detector_id(*id)
                        .max_results(50)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        if let Some(failure) = &list.failure {
            context.gap("guardduty:ListFilters", None, failure);
        }
        let names: Vec<&String> = list.pages.iter().flat_map(|page| page.output.filter_names()).collect();
        context
            .each(names, |name| async move {
                match context
                    .ask(client.get_filter().detector_id(*id).filter_name(name).send())
                    .await
                {
                    Ok(answer) => {
                        let criteria = answer.output.finding_criteria().and_then(|c| c.criterion());
                        let mut finding_types: Vec<String> = criteria
                            .and_then(|c| c.get("type"))
                            .map(|c| c.equals().to_vec())
                            .unwrap_or_default();
                        finding_types.sort();
                        finding_types.dedup();
                        row!(GuarddutyFilter, context, format!("{id} {name}"), answer.exchange, {
                            detector_id: (*id).to_owned(),
                            name: name.clone(),
                            action: answer.output.action().map(|a| a.as_str().to_owned()),
                            description: text(answer.output.description()),
                            finding_types,
                            conditions: criteria.map_or(0, |c| i64::try_from(c.len()).unwrap_or(i64::MAX)),
                        });
                    }
                    Err(failure) => context.gap("guardduty:GetFilter", None, &failure),
                }
            })
            .await;
    }

    async fn destinations(&self) {
        let Self { context, client, id } = self;
        let list = context
            .pages(
                |next| {
                    client
                        .list_publishing_destinations()
                        .detector_id(*id)
                        .max_results(50)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        for page in &list.pages {
            for destination in page.output.destinations() {
                let destination_id = destination.destination_id().unwrap_or_default().to_owned();
                row!(GuarddutyPublishingDestination, context, format!("{id} {destination_id}"), page.exchange, {
                    detector_id: (*id).to_owned(),
                    id: destination_id,
                    destination_type: destination.destination_type().map(|t| t.as_str().to_owned()),
                    status: destination.status().map(|s| s.as_str().to_owned()),
                });
            }
        }
        if let Some(failure) = list.failure {
            context.gap("guardduty:ListPublishingDestinations", None, &failure);
        }
    }
}
