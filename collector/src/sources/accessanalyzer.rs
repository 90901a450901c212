//! IAM Access Analyzer: analyzers, and what those for external access have found.

use aws_sdk_accessanalyzer::types::Criterion;
use evidence::record::{AccessanalyzerAnalyzer, AccessanalyzerFinding};

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static ANALYZERS: Source = Source {
    id: "accessanalyzer.analyzers",
    operations: &["accessanalyzer:ListAnalyzers", "accessanalyzer:ListFindingsV2"],
    scope: Scope::Regional,
    tables: &["accessanalyzer_analyzer", "accessanalyzer_finding"],
    collect: |context| Box::pin(analyzers(context)),
};

async fn analyzers(context: &Context<'_>) {
    let client = context.session.accessanalyzer(context.client_region);
    let list = context
        .pages(
            |next| client.list_analyzers().max_results(100).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut looking = Vec::new();
    for page in &list.pages {
        for analyzer in page.output.analyzers() {
            let (kind, status) = (analyzer.r#type().as_str(), analyzer.status().as_str());
            context.put(&AccessanalyzerAnalyzer {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: analyzer.arn().to_owned(),
                source: page.exchange,
                arn: analyzer.arn().to_owned(),
                name: analyzer.name().to_owned(),
                analyzer_type: kind.to_owned(),
                status: status.to_owned(),
                created_at: time(Some(analyzer.created_at())),
            });
            if status == "ACTIVE" && ["ACCOUNT", "ORGANIZATION"].contains(&kind) {
                looking.push(analyzer.arn());
            }
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("accessanalyzer:ListAnalyzers", None, failure);
    }
    let client = &client;
    context.each(looking, |arn| findings(context, client, arn)).await;
}

async fn findings(context: &Context<'_>, client: &aws_sdk_accessanalyzer::Client, analyzer: &str) {
    let active = Criterion::builder().eq("ACTIVE").build();
    let list = context
        .pages(
            |next| {
                client
                    .list_findings_v2()
                    .analyzer_arn(analyzer)
                    .filter("status", active.clone())
                    .max_results(100)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for finding in page.output.findings() {
            context.put(&AccessanalyzerFinding {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: format!("{analyzer} {}", finding.id()),
                source: page.exchange,
                id: finding.id().to_owned(),
                analyzer_arn: analyzer.to_owned(),
                finding_type: finding.finding_type().map(|kind| kind.as_str().to_owned()),
                resource: text(finding.resource()),
                resource_type: finding.resource_type().as_str().to_owned(),
                resource_owner: finding.resource_owner_account().to_owned(),
                status: finding.status().as_str().to_owned(),
                created_at: time(Some(finding.created_at())),
            });
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("accessanalyzer:ListFindingsV2", Some(analyzer), failure);
    }
}
