//! `exhibit reperform --live`: some of a snapshot's questions, put to AWS again today.
//!
//! A change is no fault: the account may have changed since. What could not be asked is said so
//! and never counts as the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use collector::repeat::{Reach, is_repeatable, repeat};
use collector::{Held, Runtime};
use evidence::clock::SystemClock;
use evidence::digest::Digest;
use evidence::exchange::{Exchange, Outcome};
use evidence::locker::Locker;
use evidence::record::Row;
use evidence::snapshot::{Bodies, Snapshot};
use serde::Serialize;
use serde_json::json;

use super::volatile;
use crate::args::{self, Global};
use crate::commands::collect::interrupted;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

/// Rows shown per question; the JSON document has them all.
const SHOWN: usize = 8;

/// A question put again.
#[derive(Debug, Serialize)]
struct Question {
    exchange: u64,
    account: String,
    region: String,
    operation: String,
    /// `same`, `changed` or `refused`.
    outcome: &'static str,
    /// What was compared: `body`, `body without request ids`, `records`; null where nothing was.
    compared: Option<&'static str>,
    /// Why it was refused, or what else there is to say; empty if nothing.
    why: String,
    /// Rows that come out otherwise today.
    rows: Vec<Changed>,
    request_id: Option<String>,
    body_sha256: Option<Digest>,
}

/// A row that comes out otherwise.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Changed {
    table: String,
    account: String,
    region: String,
    key: String,
    /// `added`, `removed` or `changed`.
    what: &'static str,
    /// Names of the columns that changed.
    fields: Vec<String>,
}

/// Runs the command.
pub fn run(global: &Global, args: &args::Reperform, path: &Path, runtime: &Runtime) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let (snapshot, zip) = open(path, args.snapshot.as_deref(), runtime)?;
    let (chosen, of) = choose(&snapshot, &args.seed, args.sample as usize);
    let reach = Reach {
        targets: config.targets,
        timeout: Duration::from_secs(30),
        clock: Arc::new(SystemClock::default()),
    };
    let done = runtime.block_on(async {
        tokio::select! {
            done = repeat(&snapshot, zip.clone(), chosen.clone(), &reach) => done.map(Some),
            () = interrupted() => Ok(None),
        }
    })?;
    let Some(done) = done? else {
        return Err(Stop {
            exit: Exit::Incomplete,
            message: "interrupted: nothing was compared".to_owned(),
        });
    };
    let bodies = Bodies::of(zip.clone()).map_err(Stop::failure)?;
    let mut questions = Vec::new();
    for i in chosen {
        let Some(exchange) = snapshot.exchange(i) else { continue };
        let answer = done.answers.get(&i);
        let question = match (answer, done.refused.get(&exchange.account)) {
            (Some(held), _) => judge(&snapshot, &zip, exchange, held, &bodies, runtime)?,
            (None, Some(why)) => refused(exchange, None, why.clone()),
            (None, None) => refused(exchange, None, "it was not asked again".to_owned()),
        };
        questions.push(question);
    }
    let count = |outcome: &str| questions.iter().filter(|q| q.outcome == outcome).count();
    let (same, changed, unasked) = (count("same"), count("changed"), count("refused"));
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.reperform-live/1",
            "path": path,
            "snapshot": snapshot.meta.run,
            "seed": args.seed,
            "repeatable": of,
            "callers": done.callers,
            "counts": { "same": same, "changed": changed, "refused": unasked },
            "questions": questions,
        }))?;
    } else {
        say!(
            "{}",
            bold(&format!(
                "{} of {} reads of snapshot {}, asked again today:",
                questions.len(),
                of,
                snapshot.meta.run
            ))
        );
        for question in &questions {
            print(question)?;
        }
        say!("{same} the same, {changed} changed since, {unasked} could not be asked");
        say!(
            "{}",
            dim(&format!(
                "Chosen by seed `{}`: the lowest SHA-256 of the lines seed, run, number.",
                safe(&args.seed)
            ))
        );
    }
    Ok(if unasked > 0 { Exit::Incomplete } else { Exit::Ok })
}

fn print(question: &Question) -> Result<(), Stop> {
    let compared = question.compared.map_or_else(String::new, |what| format!(" ({what})"));
    say!(
        "  {:<8} {:>6}  {} in {} of {}{compared}{}",
        question.outcome,
        question.exchange,
        question.operation,
        question.region,
        question.account,
        if question.why.is_empty() {
            String::new()
        } else {
            format!(": {}", safe(&question.why))
        }
    );
    for row in question.rows.iter().take(SHOWN) {
        let fields = if row.fields.is_empty() {
            String::new()
        } else {
            format!(": {}", row.fields.join(", "))
        };
        say!("{:>19}{} {} {}{fields}", "", row.what, row.table, safe(&row.key));
    }
    if question.rows.len() > SHOWN {
        say!("{:>19}and {} more", "", plural(question.rows.len() - SHOWN, "row"));
    }
    Ok(())
}

/// The snapshot that is asked about: the one named, else the latest complete one.
fn open(path: &Path, only: Option<&str>, runtime: &Runtime) -> Result<(Snapshot, Vec<u8>), Stop> {
    let none = || Stop::usage("there is no such complete snapshot; `exhibit status` lists them");
    if !path.is_dir() {
        return super::bundle::one(path, only, runtime)?.ok_or_else(none);
    }
    let locker = Locker::open(path)?;
    let all = locker.snapshots()?;
    let entry = all
        .iter()
        .rev()
        .filter(|entry| entry.status == "complete")
        .find(|entry| only.is_none_or(|run| entry.run.starts_with(run)))
        .ok_or_else(none)?;
    Ok((locker.load(&entry.run)?, locker.snapshot_bytes(entry)?))
}

/// The numbers of the exchanges to repeat, and how many could have been chosen: those whose
/// SHA-256 of the three lines seed, run and number are the lowest.
fn choose(snapshot: &Snapshot, seed: &str, sample: usize) -> (BTreeSet<u64>, usize) {
    let mut all: Vec<(Digest, u64)> = snapshot
        .exchanges
        .iter()
        .filter(|exchange| is_repeatable(exchange))
        .map(|exchange| {
            let text = format!("{seed}\n{}\n{}\n", snapshot.meta.run, exchange.i);
            (Digest::of(text), exchange.i)
        })
        .collect();
    all.sort();
    (all.iter().take(sample).map(|(_, i)| *i).collect(), all.len())
}

fn refused(exchange: &Exchange, held: Option<&Held>, why: String) -> Question {
    Question {
        exchange: exchange.i,
        account: exchange.account.clone(),
        region: exchange.region.clone(),
        operation: exchange.call(),
        outcome: "refused",
        compared: None,
        why,
        rows: Vec::new(),
        request_id: held.and_then(|held| held.exchange.request_id.clone()),
        body_sha256: held.and_then(|held| held.body.as_ref()).map(Digest::of),
    }
}

/// Compares today's answer with the one that is kept.
fn judge(
    snapshot: &Snapshot,
    zip: &[u8],
    exchange: &Exchange,
    held: &Held,
    bodies: &Bodies,
    runtime: &Runtime,
) -> Result<Question, Stop> {
    let answered = held.exchange.outcome == Outcome::Response;
    let today = match (&held.body, held.exchange.status) {
        (Some(body), Some(200..=299)) if answered => body,
        (_, status) => {
            let why = match (&held.exchange.transport_error, status) {
                (Some(error), _) => error.clone(),
                (None, Some(status)) => format!("HTTP {status}{}", volatile::error(held.body.as_deref())),
                (None, None) => "no answer".to_owned(),
            };
            return Ok(refused(exchange, Some(held), why));
        }
    };
    let question = |outcome, compared, why: &str, rows| Question {
        outcome,
        compared: Some(compared),
        why: why.to_owned(),
        rows,
        ..refused(exchange, Some(held), String::new())
    };
    let kept = match &exchange.body {
        Some(file) => bodies.read(file).map_err(Stop::failure)?,
        None => Vec::new(),
    };
    if kept == *today {
        return Ok(question("same", "body", "", Vec::new()));
    }
    if volatile::stable(&kept) == volatile::stable(today) {
        return Ok(question("same", "body without request ids", "", Vec::new()));
    }
    let again = runtime
        .block_on(collector::replay_with(
            snapshot,
            zip.to_vec(),
            (exchange.i, held.clone()),
        ))?
        .map_err(Stop::failure)?;
    let mut rows = changed(&snapshot.tables, &again.tables);
    rows.sort();
    let follows = |row: &Row| row.get("source").and_then(serde_json::Value::as_u64) == Some(exchange.i);
    let has_rows = snapshot.tables.values().flatten().any(follows);
    if !again.missing.is_empty() {
        // A page more, or a thing more to ask about: not the same, even if no row tells.
        let why = format!(
            "leads to {} that the snapshot did not ask",
            plural(again.missing.len(), "question")
        );
        return Ok(question("changed", "records", &why, rows));
    }
    Ok(match (rows.is_empty(), has_rows) {
        (false, _) => question("changed", "records", "", rows),
        (true, true) => question("same", "records", "the answer differs in what no record holds", rows),
        // Nothing is made of the answer alone, so the answer itself has to speak.
        (true, false) => question("changed", "body without request ids", "no record is made of it", rows),
    })
}

/// Rows that differ between what a snapshot has and what comes out with today's answer. Not
/// [`evidence::diff::Diff`], which compares two runs: it leaves out what changes by itself, and asks
/// the gaps of each.
fn changed(before: &BTreeMap<String, Vec<Row>>, after: &BTreeMap<String, Vec<Row>>) -> Vec<Changed> {
    let text = |row: &Row, name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let place = |row: &Row| (text(row, "account"), text(row, "region"), text(row, "key"));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for table in names {
        let index = |tables: &'_ BTreeMap<String, Vec<Row>>| -> BTreeMap<(String, String, String), Row> {
            let rows = tables.get(table).map(Vec::as_slice).unwrap_or_default();
            rows.iter().map(|row| (place(row), row.clone())).collect()
        };
        let (old, new) = (index(before), index(after));
        let all: BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
        for at in all {
            let (what, fields) = match (old.get(&at), new.get(&at)) {
                (Some(a), Some(b)) if a == b => continue,
                (Some(a), Some(b)) => {
                    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                    let fields = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
                    ("changed", fields.cloned().collect())
                }
                (None, _) => ("added", Vec::new()),
                (_, None) => ("removed", Vec::new()),
            };
            let (account, region, key) = at;
            found.push(Changed {
                table: table.clone(),
                account,
                region,
                key,
                what,
                fields,
            });
        }
    }
    found
}
