//! Metric filters on the events of trails.

use std::collections::BTreeMap;

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;

use super::{Account, MADE, Made, accounts, catalogue};
use crate::derived::row::Cell;
use crate::derived::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, text};
use crate::monitoring::events::{Event, everyday};
use crate::monitoring::filter_pattern::Pattern;

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("log_group_name", "Log group."),
    text("filter", "Metric filter."),
    MADE[0],
    MADE[1],
    MADE[2],
    MADE[3],
    boolean(
        "matched",
        "1; null where that is not known for certain. There is no row for an event that is not matched.",
    ),
];

pub(in super::super) const FILTER_EVENT: DerivedTable = DerivedTable {
    name: "filter_event",
    doc: "A form of a monitored event that a metric filter matches.",
    columns: COLUMNS,
    from: &["account", "cloudtrail_trail", "logs_metric_filter"],
};

/// The regions in which an event is made up: a trail of all regions puts all into one log group,
/// so the filter must not depend on where it happened.
pub(super) fn regions_of<'a>(event: &Event, account: &Account<'a>) -> Vec<&'a str> {
    let elsewhere = account.other.filter(|_| !event.global(false));
    std::iter::once(account.home).chain(elsewhere).collect()
}

/// A metric filter on a log group that a trail streams to.
pub(super) struct Filter<'a> {
    /// One row per transformation.
    pub(super) rows: Vec<&'a Row>,
    pub(super) pattern: Result<Pattern, String>,
    /// Does it match what happens every minute?
    pub(super) everyday: Option<bool>,
}

impl Filter<'_> {
    pub(super) fn first(&self) -> &Row {
        self.rows[0]
    }
}

/// The filters of an account that see its trails' events.
pub(super) fn filters<'a>(snapshot: &'a Snapshot, account: &Account<'_>) -> Vec<Filter<'a>> {
    let fed = |row: &Row| {
        let name = row.text("log_group_name").unwrap_or_default();
        snapshot.rows("cloudtrail_trail").iter().any(|trail| {
            trail.account() == account.id
                && trail.text("log_group_arn").and_then(log_group) == Some((row.region(), row.account(), name))
        })
    };
    let mut found: BTreeMap<(&str, &str, &str), Vec<&Row>> = BTreeMap::new();
    for row in snapshot.rows("logs_metric_filter") {
        if row.account() == account.id && fed(row) {
            let (group, name) = (row.text("log_group_name"), row.text("name"));
            let key = (row.region(), group.unwrap_or_default(), name.unwrap_or_default());
            found.entry(key).or_default().push(row);
        }
    }
    let usual = everyday(account.place(account.home));
    found
        .into_values()
        .map(|rows| {
            let pattern = pattern(rows[0]);
            let everyday = pattern.as_ref().ok().and_then(|pattern| pattern.matches(&usual));
            Filter {
                rows,
                pattern,
                everyday,
            }
        })
        .collect()
}

/// Region, account and name of a log group's ARN.
fn log_group(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(7, ':');
    let (region, account) = (parts.nth(3)?, parts.next()?);
    let rest = parts.nth(1)?;
    Some((region, account, rest.strip_suffix(":*").unwrap_or(rest)))
}

fn pattern(row: &Row) -> Result<Pattern, String> {
    if row.flag("apply_on_transformed_logs") == Some(true) {
        return Err("it looks at entries that a transformer has changed".to_owned());
    }
    if row
        .text("field_selection_criteria")
        .is_some_and(|criteria| !criteria.trim().is_empty())
    {
        return Err("it looks only at entries that its field selection lets through".to_owned());
    }
    Pattern::parse(row.text("pattern").unwrap_or_default()).map_err(|e| e.to_string())
}

pub(in super::super) fn filter_events(snapshot: &Snapshot) -> Vec<Cells> {
    let events = catalogue();
    let mut rows = Vec::new();
    for account in accounts(snapshot) {
        let filters = filters(snapshot, &account);
        if filters.is_empty() {
            continue;
        }
        for event in events {
            for region in regions_of(event, &account) {
                for form in event.forms(account.place(region)) {
                    let made = Made {
                        event,
                        form,
                        region: region.to_owned(),
                    };
                    let written = made.form.event.to_string();
                    for filter in &filters {
                        let Ok(pattern) = &filter.pattern else { continue };
                        let matched = pattern.matches_written(&made.form.event, &written);
                        if matched != Some(false) {
                            rows.push(cells(filter.first(), &made, matched));
                        }
                    }
                }
            }
        }
    }
    rows
}

fn cells(filter: &Row, made: &Made<'_>, matched: Option<bool>) -> Cells {
    let column = |name: &str| filter.text(name).unwrap_or_default().to_owned();
    let (group, name) = (column("log_group_name"), column("name"));
    let key = format!(
        "{group} {name} {} {} {}",
        made.event.control, made.event.id, made.form.title
    );
    let mut cells = filter.envelope(format!("{key} {}", made.region));
    cells.extend([group.into(), name.into()]);
    cells.extend(made.cells());
    cells.push(matched.into());
    cells
}
