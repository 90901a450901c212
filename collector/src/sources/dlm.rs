//! Data Lifecycle Manager: policies that make and delete EBS snapshots.

use aws_sdk_dlm::types::Schedule;
use evidence::record::{DlmPolicy, DlmSchedule};

use super::rows::{put, sorted};
use crate::convert::{tags, text};
use crate::source::{Context, Scope, Source};

pub(super) static POLICIES: Source = Source {
    id: "dlm.policies",
    operations: &["dlm:GetLifecyclePolicies", "dlm:GetLifecyclePolicy"],
    scope: Scope::Regional,
    tables: &["dlm_policy", "dlm_schedule"],
    collect: |context| Box::pin(policies(context)),
};

async fn policies(context: &Context<'_>) {
    let client = &context.session.dlm(context.client_region);
    let answer = match context.ask(client.get_lifecycle_policies().send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("dlm:GetLifecyclePolicies", None, &failure),
    };
    let listed_in = answer.exchange;
    context
        .each(answer.output.policies(), |summary| async move {
            let id = summary.policy_id().unwrap_or_default();
            let (policy, source) = match context.ask(client.get_lifecycle_policy().policy_id(id).send()).await {
                Ok(answer) => (answer.output.policy().cloned(), answer.exchange),
                Err(failure) => {
                    context.gap("dlm:GetLifecyclePolicy", Some(id), &failure);
                    (None, listed_in)
                }
            };
            let details = policy.as_ref().and_then(|policy| policy.policy_details());
            let targets = details.iter().flat_map(|details| details.target_tags());
            put!(context, DlmPolicy, id.to_owned(), source, {
                id: id.to_owned(),
                arn: policy.as_ref().and_then(|policy| text(policy.policy_arn())),
                description: text(summary.description()),
                state: summary.state().map(|state| state.as_str().to_owned()),
                policy_type: summary.policy_type().map(|kind| kind.as_str().to_owned()),
                default_policy: summary.default_policy(),
                resource_types: sorted(
                    details.iter().flat_map(|details| details.resource_types()).map(|kind| kind.as_str()),
                ),
                target_tags: tags(targets.map(|tag| (tag.key(), tag.value()))),
                create_interval_days: details.and_then(|details| details.create_interval()).map(i64::from),
                retain_days: details.and_then(|details| details.retain_interval()).map(i64::from),
            });
            for (number, of) in (1..).zip(details.iter().flat_map(|details| details.schedules())) {
                context.put(&schedule(context, id, number, of, source));
            }
        })
        .await;
}

fn schedule(context: &Context<'_>, policy: &str, number: u64, schedule: &Schedule, source: u64) -> DlmSchedule {
    let create = schedule.create_rule();
    let retain = schedule.retain_rule();
    let days = |unit: &str| match unit {
        "DAYS" => Some(1),
        "WEEKS" => Some(7),
        "MONTHS" => Some(30),
        "YEARS" => Some(365),
        _ => None,
    };
    let name = schedule.name();
    DlmSchedule {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: format!("{policy} {}", name.map_or_else(|| number.to_string(), str::to_owned)),
        source,
        policy_id: policy.to_owned(),
        name: text(name),
        interval_hours: create.and_then(|rule| rule.interval()).map(i64::from),
        cron: create.and_then(|rule| text(rule.cron_expression())),
        retain_count: retain
            .and_then(|rule| rule.count())
            .filter(|count| *count > 0)
            .map(i64::from),
        retain_days: retain.and_then(|rule| {
            let interval = rule.interval().filter(|interval| *interval > 0)?;
            Some(i64::from(interval) * days(rule.interval_unit()?.as_str())?)
        }),
        copy_regions: sorted(
            schedule
                .cross_region_copy_rules()
                .iter()
                .filter_map(|rule| rule.target_region().or(rule.target())),
        ),
    }
}
