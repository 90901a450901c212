//! `exhibit reconcile`: holds the kept exchanges against CloudTrail, in both directions.

use evidence::clock::{Clock, SystemClock};
use evidence::locker::{Locker, Reconciled, Writer};
use evidence::reconcile::{Class, Coverage, Reconciliation, Row, SCHEMA, Scene, join};
use serde_json::json;

use crate::args::{self, Global, Selection};
use crate::assessing::Subject;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, cut, dim, emit_json, plural, safe, say};

mod history;
mod logs;
mod scope;

use scope::Scope;

/// Rows shown per class; the object in the locker has them all.
const SHOWN: usize = 10;

/// What a reconciliation shows, in the words of binder and terminal.
pub const SHOWS: &str = "CloudTrail shows that the calls were made, by whom and when; not what they returned.";

/// Runs the command.
pub fn run(global: &Global, args: &args::Reconcile) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let locker = Locker::open(&global.locker)?;
    let selection = Selection {
        period: args.period.clone(),
        snapshot: args.snapshot.clone(),
        controls: Vec::new(),
    };
    let subject = Subject::of(&selection, &config, &locker)?;
    let at = SystemClock::default().now();
    let scope = Scope::of(&locker, &subject, at)?;
    let found = if args.cloudtrail.is_empty() {
        history::ask(&scope, &config)?
    } else {
        logs::read(&scope, &args.cloudtrail, &args.public_key)?
    };
    let coverage = Coverage::builtin().map_err(Stop::failure)?;
    let known = scope::Known::of(&locker, &scope, &found.source.request_ids)?;
    let covered = |account: &str, region: &str, at| found.covers(account, region, at);
    let rows = join(
        &scope.calls,
        &found.events,
        &Scene {
            coverage: &coverage,
            asked_at: args.cloudtrail.is_empty().then_some(at),
            covered: &covered,
            refused: &found.refused,
            elsewhere: &known.elsewhere,
            lookups: &known.lookups,
            sessions: &known.sessions,
            aborted: &known.aborted,
            signs_with_kms: known.signs_with_kms,
        },
    );
    let result = Reconciliation {
        schema: SCHEMA.to_owned(),
        at,
        runs: scope.runs.clone(),
        from: scope.from,
        to: scope.to,
        source: found.source,
        counts: Reconciliation::count(&rows),
        rows,
    };
    let mut writer = Writer::open(&global.locker)?;
    let kept = writer.reconcile(at, result)?;
    if global.json() {
        emit_json(&json!({
            "schema": SCHEMA,
            "locker": global.locker,
            "entry": kept.seq,
            "sha256": kept.body.sha256,
            "checkpoint": writer.locker().checkpoint(),
            "at": kept.result.at,
            "runs": kept.result.runs,
            "from": kept.result.from,
            "to": kept.result.to,
            "source": kept.result.source,
            "counts": kept.result.counts,
            "rows": kept.result.rows,
        }))?;
    } else {
        print(&kept)?;
    }
    Ok(exit(&kept.result))
}

/// A contradiction outranks what could not be looked at.
fn exit(result: &Reconciliation) -> Exit {
    let digests = result.source.digests.as_ref();
    let refused = result.source.looked_up.iter().any(|place| place.refused.is_some());
    if result.number(Class::is_contradiction) > 0 || digests.is_some_and(|found| !found.faults.is_empty()) {
        Exit::VerificationFailed
    } else if result.number(Class::is_open) > 0 || refused || digests.is_some_and(|found| !found.missing.is_empty()) {
        Exit::Incomplete
    } else {
        Exit::Ok
    }
}

/// What a class means, for a person.
fn meaning(class: Class) -> &'static str {
    match class {
        Class::Mismatched => "CloudTrail has the call, but not as the locker tells it",
        Class::LockerOnly => "CloudTrail should have the call, and has not",
        Class::CloudtrailOnly => "calls by the same caller that no run of this locker has",
        Class::NotLookedUp => "could not be looked up",
        Class::TooRecent => "CloudTrail may still write the event: reconcile again",
        Class::OutOfRetention => "CloudTrail's event history does not go back that far",
        Class::NotExpected => "CloudTrail is not expected to have them",
        Class::Accounted => "events that the log accounts for",
        Class::Matched => "both have it, and they agree",
    }
}

fn print(kept: &Reconciled) -> Result<(), Stop> {
    let result = &kept.result;
    let calls = result.rows.iter().filter(|row| row.exchange.is_some()).count();
    let from = match result.source.kind.as_str() {
        "log-files" => plural(result.source.files.len(), "log file"),
        _ => "LookupEvents".to_owned(),
    };
    say!(
        "{}",
        bold(&format!(
            "{} of {} held against CloudTrail ({from}):",
            plural(calls, "exchange"),
            plural(result.runs.len(), "run")
        ))
    );
    for class in Class::ALL.into_iter().rev() {
        let rows: Vec<&Row> = result.rows.iter().filter(|row| row.class == class).collect();
        if rows.is_empty() && !class.is_contradiction() {
            continue;
        }
        say!("  {:>6}  {:<17} {}", rows.len(), class.as_str(), meaning(class));
        if class.is_contradiction() {
            for row in rows.iter().take(SHOWN) {
                let exchange = row.exchange.map_or_else(String::new, |i| format!(" exchange {i}:"));
                let line = format!("{} {} in {}:{exchange} {}", row.at, row.operation, row.region, row.why);
                say!("          {}", cut(&line, crate::ui::columns() - 10));
            }
            if rows.len() > SHOWN {
                say!("          {}", dim(&format!("and {} more", rows.len() - SHOWN)));
            }
        }
    }
    for place in result.source.looked_up.iter().filter(|place| place.refused.is_some()) {
        let why = place.refused.as_deref().unwrap_or_default();
        let line = format!("{} of {} could not be looked up: {why}", place.region, place.account);
        say!("  {}", cut(&line, crate::ui::columns() - 2));
    }
    if let Some(digests) = &result.source.digests {
        say!(
            "  {}: {} with a checked signature, {} without",
            plural(digests.files as usize, "digest file"),
            digests.signed,
            digests.unsigned
        );
        for fault in &digests.faults {
            say!("    {}", safe(fault));
        }
        if !digests.missing.is_empty() {
            say!(
                "    {} that a digest names were not given",
                plural(digests.missing.len(), "log file")
            );
        }
    }
    say!("{}", dim(SHOWS));
    say!("Kept as entry {} of the log.", kept.seq);
    Ok(())
}
