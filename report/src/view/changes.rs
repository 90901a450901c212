//! What changed between two moments or periods: verdicts first, then records.

use controls::compare::{self, LostCall, Standout};
use evidence::diff::TableDiff;
use serde::Serialize;
use serde_json::Value;

use super::{Pill, minute, moment};
use crate::{Changes, Engagement};

/// Rows of a table's changes that are printed.
const PRINTED: usize = 200;
/// Characters of a changed value that are printed.
const VALUE: usize = 160;

/// What changed: the view of `changes.html`.
#[derive(Clone, Debug, Serialize)]
pub struct ChangesView {
    /// What the earlier side is called.
    pub earlier: String,
    /// What the later side is called.
    pub later: String,
    /// Moment of the earlier side's last snapshot.
    pub then: String,
    /// Moment of the later side's.
    pub now: String,
    /// The control pages are not the same.
    pub catalogue_changed: bool,
    /// Changes in what was looked at, one sentence each.
    pub coverage: Vec<String>,
    /// Controls in which something changed.
    pub controls: Vec<ControlChange>,
    /// Controls in which nothing did.
    pub unchanged: usize,
    /// Tables in which something changed.
    pub tables: Vec<TableChange>,
    /// Rows added, removed, changed and not seen.
    pub added: usize,
    /// Rows removed.
    pub removed: usize,
    /// Rows changed.
    pub changed: usize,
    /// Rows that one side could not look at.
    pub not_seen: usize,
}

/// What became of a control.
#[derive(Clone, Debug, Serialize)]
pub struct ControlChange {
    /// Control id.
    pub id: String,
    /// Title.
    pub title: String,
    /// The criterion that its workpaper is filed under; empty if there is none now.
    pub primary: String,
    /// Verdict then; `new` if there was none.
    pub then: Pill,
    /// Verdict now; `gone` if there is none.
    pub now: Pill,
    /// The verdicts mean the same.
    pub comparable: bool,
    /// Why they do not, or empty.
    pub differs: String,
    /// What stands out, with what became of it.
    pub standouts: Vec<StandoutRow>,
    /// Members that are new.
    pub appeared: usize,
    /// Members that are gone.
    pub vanished: usize,
}

/// A resource that fails or failed.
#[derive(Clone, Debug, Serialize)]
pub struct StandoutRow {
    /// `new fail`, `still failing`, `fixed` or `not seen`.
    pub what: Pill,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name.
    pub name: String,
    /// ARN or id; empty where it is the name.
    pub resource: String,
    /// Why it failed, last we know.
    pub reason: String,
    /// First failure seen.
    pub first_seen: String,
    /// Whole days since.
    pub days: i64,
}

/// What changed in a table.
#[derive(Clone, Debug, Serialize)]
pub struct TableChange {
    /// Table.
    pub table: String,
    /// Rows added.
    pub added: usize,
    /// Rows removed.
    pub removed: usize,
    /// Rows changed.
    pub changed: usize,
    /// Rows that one side could not look at.
    pub not_seen: usize,
    /// The first of them.
    pub rows: Vec<RowChange>,
    /// How many more there are.
    pub more: usize,
}

/// A row that changed.
#[derive(Clone, Debug, Serialize)]
pub struct RowChange {
    /// `added`, `removed`, `changed` or `not seen`.
    pub what: &'static str,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Key.
    pub key: String,
    /// `column: before → after`, or why it was not seen.
    pub details: Vec<String>,
}

pub(super) fn changes(engagement: &Engagement<'_>, changes: &Changes<'_>) -> ChangesView {
    let comparison = changes.comparison;
    let all: Vec<_> = comparison
        .controls
        .iter()
        .map(|change| control(engagement, change))
        .collect();
    let unchanged = all.iter().filter(|c| c.is_none()).count();
    let [added, removed, changed, not_seen] = changes.diff.counts();
    ChangesView {
        earlier: changes.earlier.to_owned(),
        later: changes.later.to_owned(),
        then: moment(comparison.then),
        now: moment(comparison.now),
        catalogue_changed: comparison.catalogue_changed,
        coverage: coverage(&comparison.coverage),
        controls: all.into_iter().flatten().collect(),
        unchanged,
        tables: changes.diff.tables.iter().map(table).collect(),
        added,
        removed,
        changed,
        not_seen,
    }
}

fn coverage(change: &compare::CoverageChange) -> Vec<String> {
    let mut said = Vec::new();
    let mut list = |what: &str, items: &[String]| {
        if !items.is_empty() {
            said.push(format!("{what}: {}.", items.join(", ")));
        }
    };
    list("Accounts looked at only now", &change.accounts_added);
    list("Accounts looked at only then", &change.accounts_removed);
    list("Regions looked at only now", &change.regions_added);
    list("Regions looked at only then", &change.regions_removed);
    let calls = |calls: &[LostCall]| -> Vec<String> {
        calls
            .iter()
            .map(|c| format!("{} in {} {} ({})", c.operation, c.account, c.region, c.code))
            .collect()
    };
    list("Calls that fail only now", &calls(&change.calls_lost));
    list("Calls that failed only then", &calls(&change.calls_gained));
    said
}

fn control(engagement: &Engagement<'_>, change: &compare::ControlChange) -> Option<ControlChange> {
    let side = |standing: &Option<compare::Standing>, none| {
        standing
            .as_ref()
            .map_or(Pill { tone: "na", word: none }, |s| Pill::control(s.verdict, false))
    };
    let (then, now) = (side(&change.then, "new"), side(&change.now, "gone"));
    let mut differs = Vec::new();
    if change.page_changed {
        differs.push("the control page was changed".to_owned());
    }
    for p in &change.parameters {
        let why = p.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        differs.push(format!("{}: {} → {}{why}", p.name, p.then, p.now));
    }
    let rows = |what: Pill, standouts: &[Standout]| -> Vec<StandoutRow> {
        let row = |s: &Standout| StandoutRow {
            what,
            account: s.identity.account.clone(),
            region: s.identity.region.clone(),
            resource: if s.identity.resource == s.identity.name {
                String::new()
            } else {
                s.identity.resource.clone()
            },
            name: s.identity.name.clone(),
            reason: s.reason.clone(),
            first_seen: minute(s.first_seen),
            days: s.days,
        };
        standouts.iter().map(row).collect()
    };
    let mut standouts = rows(
        Pill {
            tone: "fail",
            word: "new",
        },
        &change.new_fails,
    );
    standouts.extend(rows(
        Pill {
            tone: "fail",
            word: "still open",
        },
        &change.still_failing,
    ));
    standouts.extend(rows(
        Pill {
            tone: "not-tested",
            word: "not seen",
        },
        &change.not_seen,
    ));
    standouts.extend(rows(
        Pill {
            tone: "pass",
            word: "fixed",
        },
        &change.fixed,
    ));
    let same = then == now
        && standouts.is_empty()
        && differs.is_empty()
        && change.appeared.is_empty()
        && change.vanished.is_empty();
    let filed = engagement
        .assessment
        .controls
        .iter()
        .find(|c| c.control.page.id == change.id);
    (!same).then(|| ControlChange {
        primary: filed
            .and_then(|c| c.control.page.criteria.first())
            .cloned()
            .unwrap_or_default(),
        id: change.id.clone(),
        title: change.title.clone(),
        then,
        now,
        comparable: change.comparable,
        differs: differs.join("; "),
        standouts,
        appeared: change.appeared.len(),
        vanished: change.vanished.len(),
    })
}

fn table(diff: &TableDiff) -> TableChange {
    let row = |what, id: &evidence::diff::Identity, details| RowChange {
        what,
        account: id.account.clone(),
        region: id.region.clone(),
        key: id.key.clone(),
        details,
    };
    let changed = diff.changed.iter().map(|c| {
        let fields = c
            .fields
            .iter()
            .map(|f| format!("{}: {} → {}", f.field, value(&f.before), value(&f.after)));
        row("changed", &c.row, fields.collect())
    });
    let removed = diff.removed.iter().map(|id| row("removed", id, Vec::new()));
    let added = diff.added.iter().map(|id| row("added", id, Vec::new()));
    let not_seen = diff
        .not_seen
        .iter()
        .map(|n| row("not seen", &n.row, vec![format!("{} side: {}", n.side, n.reason)]));
    let total = diff.changed.len() + diff.removed.len() + diff.added.len() + diff.not_seen.len();
    let rows: Vec<_> = changed
        .chain(removed)
        .chain(added)
        .chain(not_seen)
        .take(PRINTED)
        .collect();
    TableChange {
        table: diff.table.clone(),
        added: diff.added.len(),
        removed: diff.removed.len(),
        changed: diff.changed.len(),
        not_seen: diff.not_seen.len(),
        more: total - rows.len(),
        rows,
    }
}

fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(VALUE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
