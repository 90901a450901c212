//! EventBridge: the buses of a region, their rules, and where these send events. They are read together with the
//! alarms and the topics that both notify; see [`super::sns`].

use std::sync::{Mutex, PoisonError};

use aws_sdk_eventbridge::types::{EventBus, Rule, Target};
use evidence::record::{EventsBus, EventsRule, EventsTarget};

use crate::convert::text;
use crate::source::{Context, token};

/// Reads the rules of the region; gives the ARNs of their targets.
pub(super) async fn rules(context: &Context<'_>) -> Vec<String> {
    let events = context.session.events(context.client_region);
    let list = context
        .pages(
            |next| events.list_event_buses().limit(100).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut buses = Vec::new();
    for page in &list.pages {
        for bus in page.output.event_buses() {
            let row = described_bus(context, page.exchange, bus);
            context.put(&row);
            buses.push(row.name);
        }
    }
    if let Some(failure) = list.failure {
        context.gap("events:ListEventBuses", None, &failure);
    }
    let targets = Mutex::default();
    let of = Bus {
        context,
        events: &events,
        targets: &targets,
    };
    context.each(&buses, |bus| of.rules(bus)).await;
    targets.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn described_bus(context: &Context<'_>, exchange: u64, bus: &EventBus) -> EventsBus {
    let arn = bus.arn().unwrap_or_default();
    EventsBus {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: bus.name().unwrap_or_default().to_owned(),
        policy: text(bus.policy()),
    }
}

#[derive(Clone, Copy)]
struct Bus<'a> {
    context: &'a Context<'a>,
    events: &'a aws_sdk_eventbridge::Client,
    targets: &'a Mutex<Vec<String>>,
}

impl Bus<'_> {
    async fn rules(&self, bus: &str) {
        let Self { context, events, .. } = self;
        let list = context
            .pages(
                |next| {
                    events
                        .list_rules()
                        .event_bus_name(bus)
                        .limit(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        let mut rules = Vec::new();
        for page in &list.pages {
            for rule in page.output.rules() {
                let row = described_rule(context, page.exchange, bus, rule);
                context.put(&row);
                rules.push((row.name, row.arn));
            }
        }
        if let Some(failure) = list.failure {
            context.gap("events:ListRules", None, &failure);
        }
        context
            .each(&rules, |(name, arn)| self.targets_of(bus, name, arn))
            .await;
    }

    async fn targets_of(&self, bus: &str, name: &str, arn: &str) {
        let Self { context, events, .. } = self;
        let list = context
            .pages(
                |next| {
                    events
                        .list_targets_by_rule()
                        .event_bus_name(bus)
                        .rule(name)
                        .limit(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        for page in &list.pages {
            for target in page.output.targets() {
                context.put(&described_target(context, page.exchange, arn, target));
                self.targets
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(target.arn().to_owned());
            }
        }
        if let Some(failure) = list.failure {
            context.gap("events:ListTargetsByRule", Some(arn), &failure);
        }
    }
}

fn described_rule(context: &Context<'_>, exchange: u64, bus: &str, rule: &Rule) -> EventsRule {
    let arn = rule.arn().unwrap_or_default();
    EventsRule {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source: exchange,
        arn: arn.to_owned(),
        name: rule.name().unwrap_or_default().to_owned(),
        bus: bus.to_owned(),
        state: rule.state().map(|state| state.as_str().to_owned()),
        event_pattern: text(rule.event_pattern()),
        schedule_expression: text(rule.schedule_expression()),
        managed_by: text(rule.managed_by()),
    }
}

fn described_target(context: &Context<'_>, exchange: u64, rule: &str, target: &Target) -> EventsTarget {
    EventsTarget {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: format!("{rule} {}", target.id()),
        source: exchange,
        rule_arn: rule.to_owned(),
        target_id: target.id().to_owned(),
        arn: target.arn().to_owned(),
        role_arn: text(target.role_arn()),
        input: text(target.input()),
        input_path: text(target.input_path()),
        dead_letter_arn: target.dead_letter_config().and_then(|queue| text(queue.arn())),
    }
}
