//! Rules of EventBridge on CloudTrail's events.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;

use super::{Account, MADE, Made, accounts, catalogue};
use crate::derived::gaps::Gaps;
use crate::derived::row::Cell;
use crate::derived::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};
use crate::monitoring::event_pattern::Pattern;
use crate::monitoring::events::{Event, everyday, wrapped};

const TARGET_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("rule_arn", "ARN of the rule."),
    text("name", "Name."),
    text("bus", "Bus it is on."),
    boolean("enabled", "The rule is enabled."),
    boolean("reads", "It gets management events that only read, too."),
    text(
        "pattern_error",
        "Why it cannot be told what the rule matches; null if it can.",
    ),
    boolean(
        "fires_on_everything",
        "It also matches an everyday event, a role that lists instances; null if that is not known.",
    ),
    json(
        "excluded_callers",
        "Callers that the pattern leaves out by name, sorted.",
    ),
    json("targets", "ARNs of its targets, sorted."),
    boolean(
        "alerts",
        "A target tells people or a system that does, or is another account's bus; null if the targets were not read.",
    ),
];

pub(in super::super) const EVENT_RULE_TARGET: DerivedTable = DerivedTable {
    name: "event_rule_target",
    doc: "A rule with an event pattern, and whether it tells anybody.",
    columns: TARGET_COLUMNS,
    from: &["account", "events_rule", "events_target"],
};

const EVENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("rule_arn", "ARN of the rule that alerts."),
    text("name", "Its name."),
    MADE[0],
    MADE[1],
    MADE[2],
    MADE[3],
    text(
        "via",
        "Name of the rule on the default bus that forwards the event to it; null if it is on that bus itself.",
    ),
    boolean(
        "alerts",
        "1; null if it is not known whether the rule tells anybody, or where it forwards to.",
    ),
    boolean("fires_on_everything", "It also matches an everyday event."),
];

pub(in super::super) const RULE_EVENT: DerivedTable = DerivedTable {
    name: "rule_event",
    doc: "A form of a monitored event that a rule gets, matches and passes on, by itself or by forwarding it to another bus of the account.",
    columns: EVENT_COLUMNS,
    from: &["account", "region", "events_rule", "events_target"],
};

/// The regions in which an event may happen: each has rules of its own.
pub(super) fn regions_of<'a>(event: &Event, account: &Account<'a>) -> Vec<&'a str> {
    if event.global(true) {
        vec![account.home]
    } else {
        account.in_scope.iter().copied().collect()
    }
}

struct Rule<'a> {
    row: &'a Row,
    arn: &'a str,
    bus: &'a str,
    enabled: bool,
    /// Gets events that only read, too.
    reads: bool,
    pattern: Result<Pattern, String>,
    everyday: Option<bool>,
    targets: BTreeSet<&'a str>,
    alerts: Option<bool>,
}

/// The rules with a pattern of an account.
fn rules<'a>(snapshot: &'a Snapshot, account: &Account<'_>) -> Vec<Rule<'a>> {
    let unread = Gaps::of(snapshot, "events:ListTargetsByRule");
    let mut targets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for target in snapshot
        .rows("events_target")
        .iter()
        .filter(|t| t.account() == account.id)
    {
        if let (Some(rule), Some(arn)) = (target.text("rule_arn"), target.text("arn")) {
            targets.entry(rule).or_default().insert(arn);
        }
    }
    let of_account = snapshot
        .rows("events_rule")
        .iter()
        .filter(|r| r.account() == account.id);
    of_account
        .filter_map(|row| {
            let pattern = row.text("event_pattern")?;
            let arn = row.text("arn").unwrap_or_default();
            let state = row.text("state").unwrap_or_default();
            let targets = targets.remove(arn).unwrap_or_default();
            let managed = row.text("managed_by").is_some_and(|by| !by.is_empty());
            let alerts = targets.iter().any(|target| alerts(target, account.id, managed));
            let missed = unread.cover(account.id, row.region(), arn);
            let pattern = Pattern::parse(pattern).map_err(|e| e.to_string());
            let usual = wrapped(&everyday(account.place(row.region())), row.region());
            Some(Rule {
                row,
                arn,
                bus: row.text("bus").unwrap_or("default"),
                enabled: state.starts_with("ENABLED"),
                reads: state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
                everyday: pattern
                    .as_ref()
                    .ok()
                    .map(|p| usual.iter().any(|event| p.matches(event))),
                pattern,
                targets,
                alerts: if alerts || !missed { Some(alerts) } else { None },
            })
        })
        .collect()
}

/// Does a target tell people, or something that does? A service's own rules serve that service
/// unless they notify a topic.
fn alerts(target: &str, account: &str, managed: bool) -> bool {
    let mut parts = target.split(':').skip(2);
    let (service, _, owner) = (parts.next(), parts.next(), parts.next());
    let rest = parts.next().unwrap_or_default();
    match service {
        Some("sns") => true,
        Some("lambda" | "sqs" | "states" | "ssm" | "ssm-incidents" | "chatbot") => !managed,
        Some("events") if rest.starts_with("api-destination/") => !managed,
        Some("events") => rest.starts_with("event-bus/") && owner != Some(account),
        _ => false,
    }
}

/// Region and name of a bus of the account.
fn own_bus<'t>(target: &'t str, account: &str) -> Option<(&'t str, &'t str)> {
    let mut parts = target.split(':').skip(2);
    let (service, region, owner, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = rest.strip_prefix("event-bus/")?;
    (service == "events" && owner == account).then_some((region, name))
}

pub(in super::super) fn event_rule_targets(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    for account in accounts(snapshot) {
        for rule in rules(snapshot, &account) {
            let mut cells = rule.row.envelope(rule.arn.to_owned());
            cells.extend([
                rule.arn.to_owned().into(),
                rule.row.text("name").map(str::to_owned).into(),
                rule.bus.to_owned().into(),
                rule.enabled.into(),
                rule.reads.into(),
                rule.pattern.as_ref().err().cloned().into(),
                rule.everyday.into(),
                list(
                    &rule
                        .pattern
                        .as_ref()
                        .map_or_else(|_| Vec::new(), |p| p.excluded_callers()),
                ),
                list(&Vec::from_iter(rule.targets)),
                rule.alerts.into(),
            ]);
            rows.push(cells);
        }
    }
    rows
}

pub(in super::super) fn rule_events(snapshot: &Snapshot) -> Vec<Cells> {
    let events = catalogue();
    let mut rows = Vec::new();
    for account in accounts(snapshot) {
        let rules = rules(snapshot, &account);
        if rules.is_empty() {
            continue;
        }
        let heard: BTreeSet<&str> = rules.iter().map(|rule| rule.row.region()).collect();
        let buses = Buses {
            account: &account,
            rules: &rules,
        };
        for event in events {
            let regions = regions_of(event, &account).into_iter();
            for region in regions.filter(|region| heard.contains(region)) {
                for form in event.forms(account.place(region)) {
                    let made = Made {
                        event,
                        region: region.to_owned(),
                        form,
                    };
                    for (rule, found) in buses.told(&made) {
                        rows.push(cells(rule, &made, found));
                    }
                }
            }
        }
    }
    rows
}

/// What came of an event at a rule.
#[derive(Clone, Copy)]
struct Told<'a> {
    via: Option<&'a str>,
    alerts: Option<bool>,
}

fn cells(rule: &Rule<'_>, made: &Made<'_>, told: Told<'_>) -> Cells {
    let Made { event, form, region } = made;
    let key = format!("{} {} {} {} {region}", rule.arn, event.control, event.id, form.title);
    let mut cells = rule.row.envelope(key);
    cells.extend([
        rule.arn.to_owned().into(),
        rule.row.text("name").map(str::to_owned).into(),
    ]);
    cells.extend(made.cells());
    cells.extend([
        told.via.map(str::to_owned).into(),
        told.alerts.into(),
        rule.everyday.into(),
    ]);
    cells
}

struct Buses<'a> {
    account: &'a Account<'a>,
    rules: &'a [Rule<'a>],
}

impl<'a> Buses<'a> {
    /// How often an event may be forwarded.
    const HOPS: usize = 4;

    /// The rules by which somebody is told, or may be.
    fn told(&self, made: &Made<'_>) -> Vec<(&'a Rule<'a>, Told<'a>)> {
        let events = wrapped(&made.form.event, &made.region);
        let mut found: BTreeMap<&str, (&Rule<'_>, Told<'_>)> = BTreeMap::new();
        let mut waiting = vec![(made.region.as_str(), "default", None, 0)];
        let mut visited = BTreeSet::new();
        while let Some((region, bus, via, hops)) = waiting.pop() {
            if !visited.insert((region, bus)) {
                continue;
            }
            for rule in self.rules.iter().filter(|r| r.row.region() == region && r.bus == bus) {
                let gets = rule.enabled && (!made.form.read_only || rule.reads || hops > 0 && bus != "default");
                let Ok(pattern) = &rule.pattern else { continue };
                if !gets || !events.iter().any(|event| pattern.matches(event)) {
                    continue;
                }
                let mut note = |alerts| {
                    let told = found.entry(rule.arn).or_insert((rule, Told { via, alerts }));
                    // Known is better than not known, direct better than forwarded.
                    if told.1.alerts.is_none() {
                        told.1 = Told { via, alerts };
                    }
                };
                if rule.alerts != Some(false) {
                    note(rule.alerts);
                }
                for target in &rule.targets {
                    let Some((to, name)) = own_bus(target, self.account.id) else {
                        continue;
                    };
                    if !self.account.in_scope.contains(to) || hops == Self::HOPS {
                        // What happens there was not looked at.
                        note(None);
                        continue;
                    }
                    waiting.push((to, name, via.or(rule.row.text("name")), hops + 1));
                }
            }
        }
        found.into_values().collect()
    }
}
