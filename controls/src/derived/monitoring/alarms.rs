//! What comes of a metric filter: the alarm on its metric, and whether it tells anybody in time.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;
use serde_json::Value as Json;

use super::filters::{Filter, filters};
use super::{accounts, number};
use crate::derived::row::Cell;
use crate::derived::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, json, list, text};
use crate::monitoring::alarm_rule::{Rule, State};

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("log_group_name", "Log group of the filter."),
    text("filter", "Metric filter."),
    integer("position", "Number of the transformation in the filter, from 1."),
    text("pattern", "Its pattern."),
    text(
        "pattern_error",
        "Why it cannot be told what the filter matches; null if it can.",
    ),
    boolean(
        "fires_on_everything",
        "It also matches an everyday event, a role that lists instances; null if that is not known.",
    ),
    json(
        "excluded_callers",
        "Callers that the pattern leaves out by name, sorted.",
    ),
    text("metric_name", "Metric."),
    text("metric_namespace", "Namespace of the metric."),
    boolean(
        "counts",
        "What a matching event adds to the metric is a number above 0.",
    ),
    text("alarm_arn", "ARN of an alarm on the metric; null if there is none."),
    text("alarm_name", "Its name."),
    boolean(
        "same_dimensions",
        "The alarm looks at the metric with the dimensions that the filter gives it; null for metric math.",
    ),
    text("statistic", "What the alarm makes of a period; null for metric math."),
    text("comparison_operator", "How it compares that with the threshold."),
    text("threshold", "Threshold."),
    integer(
        "datapoints_to_alarm",
        "Periods that must breach; as many as are looked at where the alarm does not say.",
    ),
    integer(
        "events_needed",
        "Events in one period that set off the alarm; null if no number of them does, or if it is not known.",
    ),
    boolean("actions_enabled", "The alarm's own actions are enabled."),
    json(
        "actions",
        "What is notified: the alarm's actions, and those of composite alarms behind it, sorted.",
    ),
    json(
        "composites",
        "Names of composite alarms with actions that this alarm alone sets off, sorted.",
    ),
    integer("period", "Length of a period in seconds."),
    text("treat_missing_data", "What a period without data counts as."),
    text("state_value", "State of the alarm."),
    text("state_updated_at", "When its state was last updated."),
    boolean(
        "live",
        "Somebody is told if `events_needed` events are matched; null if that is not known.",
    ),
    text("fault", "Why it is not live, or why that is not known."),
];

pub(in super::super) const METRIC_FILTER_ALARM: DerivedTable = DerivedTable {
    name: "metric_filter_alarm",
    doc: "A metric filter on a log group that a trail streams to, and an alarm on its metric: one row per transformation and alarm, and one without an alarm where there is none.",
    columns: COLUMNS,
    from: &[
        "account",
        "cloudtrail_trail",
        "logs_metric_filter",
        "cloudwatch_alarm",
        "cloudwatch_composite_alarm",
    ],
};

pub(in super::super) fn metric_filter_alarms(snapshot: &Snapshot) -> Vec<Cells> {
    let mut rows = Vec::new();
    for account in accounts(snapshot) {
        for filter in filters(snapshot, &account) {
            for transformation in &filter.rows {
                let alarms = snapshot.rows("cloudwatch_alarm").iter();
                let of_place = alarms.filter(|a| a.account() == account.id && a.region() == transformation.region());
                let links: Vec<_> = of_place.filter_map(|alarm| Link::of(transformation, alarm)).collect();
                if links.is_empty() {
                    rows.push(without_alarm(&filter, transformation));
                }
                for link in links {
                    rows.push(with_alarm(&filter, &link, snapshot));
                }
            }
        }
    }
    rows
}

/// Up to `counts`.
fn head(filter: &Filter<'_>, transformation: &Row, alarm: Option<&Row>) -> Cells {
    let column = |name: &str| transformation.text(name).unwrap_or_default().to_owned();
    let position = number(transformation, "position");
    let (group, name) = (column("log_group_name"), column("name"));
    let alarm = alarm.and_then(|alarm| alarm.text("name")).unwrap_or_default();
    let mut cells = transformation.envelope(format!("{group} {name} {} {alarm}", position.unwrap_or(1)));
    cells.extend([
        group.into(),
        name.into(),
        position.into(),
        column("pattern").into(),
        filter.pattern.as_ref().err().cloned().into(),
        filter.everyday.into(),
        list(
            &filter
                .pattern
                .as_ref()
                .map_or_else(|_| Vec::new(), |p| p.excluded_callers()),
        ),
        transformation.text("metric_name").map(str::to_owned).into(),
        transformation.text("metric_namespace").map(str::to_owned).into(),
        value_of(transformation).is_some().into(),
    ]);
    cells
}

/// What a matching event adds to the metric.
fn value_of(transformation: &Row) -> Option<f64> {
    let value: f64 = transformation.text("metric_value")?.trim().parse().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

fn without_alarm(filter: &Filter<'_>, transformation: &Row) -> Cells {
    let mut cells = head(filter, transformation, None);
    cells.resize(COLUMNS.len() - 2, Value::Null);
    cells.extend([
        false.into(),
        "no alarm of its region looks at its metric".to_owned().into(),
    ]);
    cells
}

/// An alarm on a transformation's metric.
struct Link<'a> {
    transformation: &'a Row,
    alarm: &'a Row,
    /// `None` for metric math.
    metric: Option<Metric>,
}

/// The metric as an alarm looks at it.
struct Metric {
    statistic: Option<String>,
    period: Option<i64>,
    dimensions: BTreeSet<String>,
}

impl<'a> Link<'a> {
    fn of(transformation: &'a Row, alarm: &'a Row) -> Option<Self> {
        let (name, space) = (
            transformation.text("metric_name")?,
            transformation.text("metric_namespace")?,
        );
        let link = |metric| {
            Some(Self {
                transformation,
                alarm,
                metric,
            })
        };
        if let Some(looked_at) = alarm.text("metric_name") {
            let same = looked_at == name && alarm.text("namespace") == Some(space);
            return same.then(|| Self {
                transformation,
                alarm,
                metric: Some(Metric {
                    statistic: alarm
                        .text("statistic")
                        .or(alarm.text("extended_statistic"))
                        .map(str::to_owned),
                    period: number(alarm, "period"),
                    dimensions: dimensions(alarm.get("dimensions")),
                }),
            });
        }
        let metrics: Vec<&Row> = alarm
            .get("metrics")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_object)
            .collect();
        let here = |metric: &&&Row| {
            let elsewhere = metric
                .text("account_id")
                .is_some_and(|account| account != alarm.account());
            metric.text("metric_name") == Some(name) && metric.text("namespace") == Some(space) && !elsewhere
        };
        let searches = |metric: &&&Row| {
            // SEARCH and SELECT name the metric in their text.
            metric.text("expression").is_some_and(|text| text.contains(name))
        };
        match metrics.iter().find(here) {
            Some(metric) if metrics.len() == 1 && metric.text("expression").is_none() => link(Some(Metric {
                statistic: metric.text("stat").map(str::to_owned),
                period: number(metric, "period"),
                dimensions: dimensions(metric.get("dimensions")),
            })),
            Some(_) => link(None),
            None if metrics.iter().any(|m| searches(&m)) => link(None),
            None => None,
        }
    }
}

/// The names of dimensions. A filter gives each the value of a field, so values cannot be compared.
fn dimensions(list: Option<&Json>) -> BTreeSet<String> {
    let list = list.and_then(Json::as_array).into_iter().flatten();
    list.filter_map(|d| d.get("name").and_then(Json::as_str).map(str::to_owned))
        .collect()
}

fn with_alarm(filter: &Filter<'_>, link: &Link<'_>, snapshot: &Snapshot) -> Cells {
    let Link {
        transformation,
        alarm,
        metric,
    } = link;
    let mut given = dimensions(transformation.get("dimensions"));
    given.extend(transformation.texts("system_dimensions").into_iter().map(str::to_owned));
    // With dimensions a filter feeds one metric for each value; which one an alarm looks at, only events tell.
    let same_dimensions = metric
        .as_ref()
        .map(|metric| metric.dimensions == given)
        .filter(|same| !same || given.is_empty());
    let dimensions_differ = metric.as_ref().is_some_and(|metric| metric.dimensions != given);
    let statistic = metric.as_ref().and_then(|metric| metric.statistic.clone());
    let operator = alarm.text("comparison_operator");
    let threshold = alarm.text("threshold").and_then(|text| text.parse::<f64>().ok());
    let value = value_of(transformation);
    let needed = Needed::of(statistic.as_deref(), operator, threshold, value);
    let datapoints = number(alarm, "datapoints_to_alarm").or_else(|| number(alarm, "evaluation_periods"));
    let enabled = alarm.flag("actions_enabled");
    let own: BTreeSet<String> = alarm.texts("alarm_actions").into_iter().map(str::to_owned).collect();
    let composites = Composites::of(alarm, snapshot);
    let own_told = enabled.map(|enabled| enabled && !own.is_empty());

    let fault = Fault::default()
        .no(value.is_none(), "a matching event adds no number above 0 to its metric")
        .no(dimensions_differ, "the alarm looks at its metric with other dimensions")
        .no(
            metric.is_some() && !matches!(statistic.as_deref(), Some("Sum" | "SampleCount" | "Maximum")),
            "the alarm looks neither at the sum nor at the number nor at the maximum",
        )
        .no(needed == Needed::Never, "the alarm's comparison is never met by events")
        .no(datapoints.is_some_and(|n| n > 1), "the alarm waits for several periods")
        .no(
            own_told == Some(false) && composites.set_off.is_empty() && composites.open.is_empty(),
            if own.is_empty() {
                "the alarm has no action"
            } else {
                "the alarm's actions are disabled"
            },
        )
        .open(metric.is_none(), "the alarm is on metric math, which is not judged")
        .open(
            metric.is_some() && same_dimensions.is_none(),
            "whether an event has the dimensions that the alarm looks at is not known",
        )
        .open(
            needed == Needed::Unknown || datapoints.is_none(),
            "a setting of the alarm is not recorded",
        )
        .open(
            own_told != Some(true) && composites.set_off.is_empty(),
            "whether a composite alarm passes it on is not known",
        );

    let mut actions = if enabled == Some(true) { own } else { BTreeSet::new() };
    actions.extend(composites.actions);
    let column = |name: &str| -> Value { alarm.text(name).map(str::to_owned).into() };
    let mut cells = head(filter, transformation, Some(alarm));
    cells.extend([
        column("arn"),
        column("name"),
        same_dimensions.into(),
        statistic.into(),
        column("comparison_operator"),
        column("threshold"),
        datapoints.into(),
        needed.events().into(),
        enabled.into(),
        list(&Vec::from_iter(actions)),
        list(&Vec::from_iter(composites.set_off)),
        metric.as_ref().and_then(|metric| metric.period).into(),
        column("treat_missing_data"),
        column("state_value"),
        column("state_updated_at"),
        fault.live().into(),
        fault.said.map(str::to_owned).into(),
    ]);
    cells
}

/// The first thing that keeps an alarm from telling anybody.
#[derive(Default)]
struct Fault {
    said: Option<&'static str>,
    certain: bool,
}

impl Fault {
    fn no(mut self, holds: bool, why: &'static str) -> Self {
        if holds && self.said.is_none() {
            self.said = Some(why);
            self.certain = true;
        }
        self
    }

    fn open(mut self, holds: bool, why: &'static str) -> Self {
        if holds && self.said.is_none() {
            self.said = Some(why);
        }
        self
    }

    fn live(&self) -> Option<bool> {
        match (self.said, self.certain) {
            (None, _) => Some(true),
            (Some(_), true) => Some(false),
            (Some(_), false) => None,
        }
    }
}

/// How many events set off an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed {
    Events(i64),
    Never,
    Unknown,
}

impl Needed {
    fn of(statistic: Option<&str>, operator: Option<&str>, threshold: Option<f64>, value: Option<f64>) -> Self {
        let (Some(statistic), Some(operator), Some(threshold)) = (statistic, operator, threshold) else {
            return Self::Unknown;
        };
        let Some(value) = value else { return Self::Never };
        let value = if statistic == "SampleCount" { 1.0 } else { value };
        let times = threshold / value;
        let needed = match operator {
            "GreaterThanOrEqualToThreshold" => times.ceil(),
            "GreaterThanThreshold" => times.floor() + 1.0,
            _ => return Self::Never,
        };
        let needed = needed.max(1.0);
        match statistic {
            "Maximum" if needed > 1.0 => Self::Never,
            #[expect(clippy::cast_possible_truncation, reason = "held to a limit first")]
            _ => Self::Events(needed.min(1e15) as i64),
        }
    }

    fn events(self) -> Option<i64> {
        match self {
            Self::Events(events) => Some(events),
            Self::Never | Self::Unknown => None,
        }
    }
}

/// The composite alarms that an alarm sets off by itself.
#[derive(Default)]
struct Composites {
    set_off: BTreeSet<String>,
    /// Those of which it is not known.
    open: BTreeSet<String>,
    actions: BTreeSet<String>,
}

impl Composites {
    fn of(alarm: &Row, snapshot: &Snapshot) -> Self {
        let here: Vec<&Row> = snapshot
            .rows("cloudwatch_composite_alarm")
            .iter()
            .filter(|c| c.account() == alarm.account() && c.region() == alarm.region())
            .collect();
        let mut found = Self::default();
        if here.is_empty() {
            return found;
        }
        let rules: BTreeMap<&str, Option<Rule>> = here
            .iter()
            .flat_map(|c| {
                let rule = c.text("alarm_rule").and_then(Rule::parse);
                [c.text("name"), c.text("arn")]
                    .into_iter()
                    .flatten()
                    .map(move |name| (name, rule.clone()))
            })
            .collect();
        let mut named = BTreeSet::new();
        for name in [alarm.text("name"), alarm.text("arn")].into_iter().flatten() {
            named.insert(name);
        }
        let mentioned = here.iter().any(|composite| {
            let rule = composite.text("alarm_rule").unwrap_or_default();
            named.iter().any(|alarm| rule.contains(alarm))
        });
        for composite in here {
            let (Some(name), Some(true)) = (composite.text("name"), composite.flag("actions_enabled")) else {
                continue;
            };
            let actions = composite.texts("alarm_actions");
            if actions.is_empty() {
                continue;
            }
            // Quiet, it must be off; else it says nothing about this alarm.
            let alone = Situation {
                alarm: &named,
                rules: &rules,
            }
            .on(name, 0);
            let quiet = Situation {
                alarm: &BTreeSet::new(),
                rules: &rules,
            }
            .on(name, 0);
            match (alone, quiet) {
                (Some(true), Some(false)) => {
                    found.set_off.insert(name.to_owned());
                    found.actions.extend(actions.into_iter().map(str::to_owned));
                }
                // A rule that cannot be read, or rules in a circle, in which the alarm is named.
                (None, _) | (_, None) if mentioned => {
                    found.open.insert(name.to_owned());
                }
                _ => {}
            }
        }
        found
    }
}

/// All alarms are OK but one, known by its name and its ARN.
struct Situation<'a> {
    alarm: &'a BTreeSet<&'a str>,
    rules: &'a BTreeMap<&'a str, Option<Rule>>,
}

impl Situation<'_> {
    /// Composite alarms may be made of composite alarms.
    const DEPTH: usize = 10;

    fn on(&self, composite: &str, depth: usize) -> Option<bool> {
        if depth > Self::DEPTH {
            return None;
        }
        let rule = self.rules.get(composite)?.as_ref()?;
        rule.holds(&|name| {
            let on = match self.rules.get(name) {
                Some(_) => self.on(name, depth + 1)?,
                None => self.alarm.contains(name),
            };
            Some(if on { State::Alarm } else { State::Ok })
        })
    }
}
