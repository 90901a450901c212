//! Who would be told of the events that must set off an alarm: by metric filters and alarms of
//! CloudWatch, and by rules of EventBridge.
//!
//! The events of [`crate::monitoring::events`] are evaluated with every pattern that an account's
//! trails and buses feed. Only matches become rows, so that the tables stay small however many
//! filters there are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use evidence::partition;
use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, text};
use crate::monitoring::events::{self, Event, Form, Place};

mod alarms;
mod filters;
mod rules;

pub(super) use alarms::{METRIC_FILTER_ALARM, metric_filter_alarms};
pub(super) use filters::{FILTER_EVENT, filter_events};
pub(super) use rules::{EVENT_RULE_TARGET, RULE_EVENT, event_rule_targets, rule_events};

const EVENT_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("mechanism", "`cloudwatch` or `eventbridge`."),
    text("control", "Control that wants an alarm on it."),
    text(
        "event",
        "The event: `service:eventName`, or more where there are several of that name.",
    ),
    text("name", "What a person calls it."),
    text(
        "level",
        "From which level of the control on it is required: `seed`, `cis`, `extended`.",
    ),
    text(
        "form",
        "Who calls, and what: each form of an event must set off the alarm.",
    ),
];

pub(super) const MONITORED_EVENT: DerivedTable = DerivedTable {
    name: "monitored_event",
    doc: "A form of an event that must set off an alarm, and the region in which it happens: two regions stand for all where one trail sees all of them (`cloudwatch`); each region in scope counts where each has its own rules (`eventbridge`).",
    columns: EVENT_COLUMNS,
    from: &["account", "region"],
};

pub(super) fn monitored_events(snapshot: &Snapshot) -> Vec<Cells> {
    let events = catalogue();
    let mut rows = Vec::new();
    for account in accounts(snapshot) {
        for event in events {
            for (mechanism, regions) in [
                ("cloudwatch", filters::regions_of(event, &account)),
                ("eventbridge", rules::regions_of(event, &account)),
            ] {
                for region in regions {
                    for title in event.titles() {
                        rows.push(vec![
                            account.id.to_owned().into(),
                            region.to_owned().into(),
                            format!("{mechanism} {} {} {title}", event.control, event.id).into(),
                            account.row.get("source").and_then(serde_json::Value::as_i64).into(),
                            mechanism.to_owned().into(),
                            event.control.clone().into(),
                            event.id.clone().into(),
                            event.name.clone().into(),
                            event.level.as_str().to_owned().into(),
                            title.into(),
                        ]);
                    }
                }
            }
        }
    }
    rows
}

/// The events; that they can be read is tested.
fn catalogue() -> &'static [Event] {
    static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| events::all().unwrap_or_default());
    &EVENTS
}

/// An account and where it is.
struct Account<'a> {
    row: &'a Row,
    id: &'a str,
    partition: &'a str,
    /// The region in which global services write their events.
    home: &'a str,
    /// Another region, where the partition has one.
    other: Option<&'a str>,
    /// Enabled and in scope.
    in_scope: BTreeSet<&'a str>,
}

fn accounts(snapshot: &Snapshot) -> Vec<Account<'_>> {
    let rows = snapshot.rows("account").iter();
    rows.map(|row| {
        let partition = row.text("partition").unwrap_or_default();
        let regions = snapshot.rows("region").iter();
        let in_scope: BTreeSet<_> = regions
            .filter(|r| {
                r.account() == row.account() && r.flag("enabled") == Some(true) && r.flag("in_scope") == Some(true)
            })
            .filter_map(|r| r.text("name"))
            .collect();
        let first = in_scope.first().copied();
        let home = snapshot.home(row.account()).or(first).unwrap_or_default();
        let another = in_scope.iter().copied().find(|region| *region != home);
        Account {
            row,
            id: row.account(),
            partition,
            home,
            other: partition::named(partition).and_then(|known| known.other).or(another),
            in_scope,
        }
    })
    .collect()
}

impl<'a> Account<'a> {
    fn place<'b>(&'b self, region: &'b str) -> Place<'b>
    where
        'a: 'b,
    {
        Place {
            account: self.id,
            partition: self.partition,
            region,
        }
    }
}

/// A form of an event, made up.
struct Made<'a> {
    event: &'a Event,
    form: Form,
    region: String,
}

impl Made<'_> {
    /// What a row of a match says of the event.
    fn cells(&self) -> [Value; 4] {
        [
            self.region.clone().into(),
            self.event.control.clone().into(),
            self.event.id.clone().into(),
            self.form.title.clone().into(),
        ]
    }
}

/// The columns of [`Made::cells`].
const MADE: [Column; 4] = [
    text("event_region", "Region in which the event happens."),
    text("control", "Control that wants an alarm on the event."),
    text("event", "The event, as in `monitored_event`."),
    text("form", "The form of it, as in `monitored_event`."),
];

/// A number of a JSON cell.
fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column).and_then(serde_json::Value::as_i64)
}

#[cfg(test)]
mod tests;
