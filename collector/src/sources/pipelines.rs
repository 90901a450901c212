//! What brings changes into production, within the event history that the run asks for.

use std::collections::BTreeSet;

use aws_sdk_codedeploy::types::TimeRange;
use aws_smithy_types::DateTime;
use evidence::clock::Timestamp;
use evidence::record::{
    CloudformationStack, CloudformationStackEvent, CodedeployDeployment, CodepipelineExecution, CodepipelinePipeline,
};

use crate::convert::{text, time};
use crate::source::{Context, Next, Scope, Source, token};

pub(super) static CODEPIPELINE: Source = Source {
    id: "codepipeline.executions",
    operations: &["codepipeline:ListPipelineExecutions", "codepipeline:ListPipelines"],
    scope: Scope::Regional,
    tables: &["codepipeline_execution", "codepipeline_pipeline"],
    collect: |context| Box::pin(pipelines(context)),
};

pub(super) static CLOUDFORMATION: Source = Source {
    id: "cloudformation.stacks",
    operations: &["cloudformation:DescribeStackEvents", "cloudformation:ListStacks"],
    scope: Scope::Regional,
    tables: &["cloudformation_stack", "cloudformation_stack_event"],
    collect: |context| Box::pin(stacks(context)),
};

pub(super) static CODEDEPLOY: Source = Source {
    id: "codedeploy.deployments",
    operations: &["codedeploy:GetDeployment", "codedeploy:ListDeployments"],
    scope: Scope::Regional,
    tables: &["codedeploy_deployment"],
    collect: |context| Box::pin(deployments(context)),
};

/// From when on things are looked for.
fn beginning(context: &Context<'_>) -> Option<Timestamp> {
    context.events.map(|events| events.from)
}

/// Lists come newest first: a page whose last item is older than the beginning is the last needed.
fn until(context: &Context<'_>, last: Option<Timestamp>, next: Next) -> Next {
    match (last, beginning(context)) {
        (Some(last), Some(from)) if last < from => Ok(None),
        _ => next,
    }
}

async fn pipelines(context: &Context<'_>) {
    let client = context.session.codepipeline(context.client_region);
    let list = context
        .pages(
            |next| client.list_pipelines().set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        context.gap("codepipeline:ListPipelines", None, failure);
    }
    let mut names = Vec::new();
    for page in &list.pages {
        for pipeline in page.output.pipelines() {
            let name = pipeline.name().unwrap_or_default();
            context.put(&CodepipelinePipeline {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: name.to_owned(),
                source: page.exchange,
                name: name.to_owned(),
                created_at: time(pipeline.created()),
                updated_at: time(pipeline.updated()),
            });
            names.push(name);
        }
    }
    let client = &client;
    context.each(names, |name| executions(context, client, name)).await;
}

async fn executions(context: &Context<'_>, client: &aws_sdk_codepipeline::Client, pipeline: &str) {
    let list = context
        .pages(
            |next| {
                client
                    .list_pipeline_executions()
                    .pipeline_name(pipeline)
                    .max_results(100)
                    .set_next_token(next)
                    .send()
            },
            |page| {
                let last = page.pipeline_execution_summaries().last();
                until(
                    context,
                    last.and_then(|e| time(e.start_time())),
                    token(page.next_token()),
                )
            },
        )
        .await;
    for page in &list.pages {
        for execution in page.output.pipeline_execution_summaries() {
            let started_at = time(execution.start_time());
            if started_at < beginning(context) && started_at.is_some() {
                continue;
            }
            let id = execution.pipeline_execution_id().unwrap_or_default();
            let trigger = execution.trigger();
            let mut revisions: Vec<String> = execution
                .source_revisions()
                .iter()
                .map(|r| format!("{} {}", r.action_name(), r.revision_id().unwrap_or_default()))
                .collect();
            revisions.sort();
            context.put(&CodepipelineExecution {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: format!("{pipeline} {id}"),
                source: page.exchange,
                id: id.to_owned(),
                pipeline: pipeline.to_owned(),
                status: execution.status().map(|status| status.as_str().to_owned()),
                started_at,
                trigger_type: trigger
                    .and_then(|t| t.trigger_type())
                    .map(|kind| kind.as_str().to_owned()),
                trigger_detail: trigger.and_then(|t| text(t.trigger_detail())),
                revisions,
            });
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("codepipeline:ListPipelineExecutions", Some(pipeline), failure);
    }
}

async fn stacks(context: &Context<'_>) {
    let client = context.session.cloudformation(context.client_region);
    let list = context
        .pages(
            |next| client.list_stacks().set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        context.gap("cloudformation:ListStacks", None, failure);
    }
    // A stack that changes while it is listed may be on two pages.
    let mut seen = BTreeSet::new();
    let mut touched = Vec::new();
    for page in &list.pages {
        for stack in page.output.stack_summaries() {
            let arn = stack.stack_id().unwrap_or_default();
            if !seen.insert(arn) {
                continue;
            }
            let row = CloudformationStack {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: arn.to_owned(),
                source: page.exchange,
                arn: arn.to_owned(),
                name: stack.stack_name().unwrap_or_default().to_owned(),
                status: stack.stack_status().map(|status| status.as_str().to_owned()),
                created_at: time(stack.creation_time()),
                updated_at: time(stack.last_updated_time()),
                deleted_at: time(stack.deletion_time()),
            };
            context.put(&row);
            let last = [row.created_at, row.updated_at, row.deleted_at]
                .into_iter()
                .max()
                .flatten();
            if last >= beginning(context) {
                touched.push(arn);
            }
        }
    }
    let client = &client;
    context.each(touched, |arn| stack_events(context, client, arn)).await;
}

async fn stack_events(context: &Context<'_>, client: &aws_sdk_cloudformation::Client, arn: &str) {
    let list = context
        .pages(
            |next| {
                client
                    .describe_stack_events()
                    .stack_name(arn)
                    .set_next_token(next)
                    .send()
            },
            |page| {
                let last = page.stack_events().last();
                until(
                    context,
                    last.and_then(|e| time(e.timestamp())),
                    token(page.next_token()),
                )
            },
        )
        .await;
    for page in &list.pages {
        for event in page.output.stack_events() {
            let at = time(event.timestamp());
            if event.physical_resource_id() != Some(arn) || (at.is_some() && at < beginning(context)) {
                continue;
            }
            let id = event.event_id().unwrap_or_default();
            context.put(&CloudformationStackEvent {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: id.to_owned(),
                source: page.exchange,
                id: id.to_owned(),
                stack_arn: arn.to_owned(),
                at,
                status: event.resource_status().map(|status| status.as_str().to_owned()),
                client_request_token: text(event.client_request_token()),
            });
        }
    }
    if let Some(failure) = &list.failure {
        context.gap("cloudformation:DescribeStackEvents", Some(arn), failure);
    }
}

async fn deployments(context: &Context<'_>) {
    let client = context.session.codedeploy(context.client_region);
    let range = context.events.map(|events| {
        TimeRange::builder()
            .start(DateTime::from_secs(events.from.unix()))
            .end(DateTime::from_secs(events.to.unix()))
            .build()
    });
    let list = context
        .pages(
            |next| {
                client
                    .list_deployments()
                    .set_create_time_range(range.clone())
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        context.gap("codedeploy:ListDeployments", None, failure);
    }
    let ids: BTreeSet<&str> = list
        .pages
        .iter()
        .flat_map(|page| page.output.deployments())
        .map(String::as_str)
        .collect();
    let client = &client;
    context
        .each(ids, |id| async move {
            match context.ask(client.get_deployment().deployment_id(id).send()).await {
                Ok(answer) => {
                    let info = answer.output.deployment_info();
                    context.put(&CodedeployDeployment {
                        account: context.account.to_owned(),
                        region: context.region.to_owned(),
                        key: id.to_owned(),
                        source: answer.exchange,
                        id: id.to_owned(),
                        application: info.and_then(|i| text(i.application_name())),
                        deployment_group: info.and_then(|i| text(i.deployment_group_name())),
                        status: info.and_then(|i| i.status()).map(|status| status.as_str().to_owned()),
                        creator: info
                            .and_then(|i| i.creator())
                            .map(|creator| creator.as_str().to_owned()),
                        created_at: info.and_then(|i| time(i.create_time())),
                    });
                }
                Err(failure) => context.gap("codedeploy:GetDeployment", Some(id), &failure),
            }
        })
        .await;
}
