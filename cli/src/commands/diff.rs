//! `exhibit diff`: what changed between two snapshots.

use evidence::diff::{Diff, FieldChange, Identity};
use evidence::locker::Locker;
use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::assessing::Subject;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, columns, complain, cut, dim, emit_json, plural, say};

/// Runs the command.
pub fn run(global: &Global, args: &args::Diff) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let locker = Locker::open(&global.locker)?;
    let all = locker.snapshots()?;
    // A run for some controls has not seen the rest: as a side of a comparison it must be named.
    let whole: Vec<_> = all.iter().filter(|entry| entry.controls.is_none()).collect();
    let open = [&args.before, &args.after].iter().filter(|name| name.is_none()).count();
    let enough = whole.len() >= open || whole.len() == all.len();
    let comparable = if enough { whole } else { all.iter().collect() };
    if !enough {
        complain(
            "Too few snapshots are of all controls, so one is compared that was collected for some: of the others' \
             tables it has seen nothing.",
        );
    }
    let named = |name: &Option<String>, from_end: usize| match name {
        Some(name) => Subject::named(name, &config, &locker),
        None => comparable
            .iter()
            .rev()
            .nth(from_end)
            .copied()
            .cloned()
            .map(Subject::Snapshot)
            .ok_or_else(|| {
                Stop::usage(format!(
                    "the locker has only {} to compare; name two",
                    plural(comparable.len(), "snapshot")
                ))
            }),
    };
    let after = named(&args.after, 0)?.last(&locker)?;
    let before = named(&args.before, 1)?.last(&locker)?;
    let diff = Diff::of(&before, &after);
    if global.json() {
        let [added, removed, changed, not_seen] = diff.counts();
        let counts = json!({ "added": added, "removed": removed, "changed": changed, "not_seen": not_seen });
        emit_json(&json!({
            "schema": "exhibit.diff/1", "before": diff.before, "after": diff.after, "counts": counts, "tables": diff.tables,
        }))?;
    } else {
        print(&diff)?;
    }
    Ok(if diff.counts()[3] > 0 {
        Exit::Incomplete
    } else {
        Exit::Ok
    })
}

fn print(diff: &Diff) -> Result<(), Stop> {
    say!("{} to {}", bold(&format!("From {}", diff.before)), diff.after);
    for table in &diff.tables {
        say!();
        say!("{}", bold(&table.table));
        for row in &table.added {
            say!("  + {}", name(row));
        }
        for row in &table.removed {
            say!("  - {}", name(row));
        }
        for change in &table.changed {
            say!("  ~ {}", name(&change.row));
            for field in &change.fields {
                say!("      {}", cut(&field_line(field), columns() - 6));
            }
        }
        for row in &table.not_seen {
            let line = format!("? {}: not seen {} ({})", name(&row.row), row.side, row.reason);
            say!("  {}", cut(&line, columns() - 2));
        }
    }
    let [added, removed, changed, not_seen] = diff.counts();
    say!();
    say!("{added} added, {removed} removed, {changed} changed, {not_seen} not seen on one side");
    say!(
        "{}",
        dim("Dates of last use and of last delivery are not compared; `--format json` has every value.")
    );
    Ok(())
}

fn name(row: &Identity) -> String {
    let place = if row.region == "global" {
        String::new()
    } else {
        format!("{}  ", row.region)
    };
    cut(&format!("{place}{}", row.key), columns() - 4)
}

fn field_line(change: &FieldChange) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "(unknown)".to_owned(),
        other => other.to_string(),
    };
    format!("{}: {} → {}", change.field, text(&change.before), text(&change.after))
}
