//! `exhibit status`: what the locker holds.

use evidence::locker::{Locker, Reconciled, SnapshotEntry};
use evidence::manual::{Attachment, Review};
use evidence::reconcile::Class;
use evidence::secrets::{self, Suspicion};
use evidence::snapshot::{Bodies, Snapshot};
use serde::Serialize;
use serde_json::json;

use crate::args::Global;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, dim, emit_json, plural, safe, say};

/// Runs the command.
pub fn run(global: &Global) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let locker = Locker::open(&global.locker)?;
    let snapshots = locker.snapshots()?;
    let unclosed: Vec<&str> = locker
        .unclosed_runs()
        .iter()
        .filter_map(|entry| entry.text("run"))
        .collect();
    let attachments = locker.attachments()?;
    let reviews = locker.reviews()?;
    let reconciliations = locker.reconciliations()?;
    let vouched = locker.vouched()?;
    let (suspicions, unread) = suspicions(&locker, &snapshots);
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.status/1",
            "locker": locker.identity(),
            "log_entries": locker.entries().len(),
            "known_until": locker.known_until(),
            "checkpoint": locker.checkpoint(),
            "signed": vouched.signed_json(),
            "not_vouched": locker.not_vouched().into_iter().map(|(what, reason)| json!({ "what": what, "reason": reason })).collect::<Vec<_>>(),
            "snapshots": snapshots,
            "unclosed_runs": unclosed,
            "attachments": attachments,
            "reviews": reviews,
            "reconciliations": reconciliations.iter().map(|one| json!({
                "entry": one.seq, "at": one.at, "runs": one.body.runs, "source": one.body.source, "counts": one.body.counts,
            })).collect::<Vec<_>>(),
            "suspected_secrets": suspicions,
            "not_scanned": unread,
            "periods": config.periods.iter().map(|period| json!({
                "period": period,
                "snapshots": snapshots.iter().filter(|s| period.contains(s.opened_at)).map(|s| &s.run).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Ok);
    }
    say!(
        "{} of {}",
        bold(&format!("Locker {}", locker.dir().display())),
        safe(&locker.identity().organization)
    );
    say!(
        "  {} in the log, {}; head:",
        plural(locker.entries().len(), "entr")
            .replace("entrs", "entries")
            .replace("1 entr", "1 entry"),
        safe(&vouched.describe())
    );
    for (what, reason) in locker.not_vouched() {
        say!("  {} {}: {}", bold("NOT"), what, safe(&reason));
    }
    for line in locker.checkpoint().lines() {
        say!("    {}", dim(line));
    }
    say!();
    if snapshots.is_empty() {
        supplied(&attachments, &reviews)?;
        say!("No snapshot yet. Next: `exhibit collect`.");
        return Ok(Exit::Ok);
    }
    say!(
        "{}",
        bold(&format!(
            "{:<26} {:<21} {:<9} {:>9} {:>5}  period",
            "snapshot", "taken at", "status", "exchanges", "gaps"
        ))
    );
    for snapshot in &snapshots {
        let entry = locker.entries().iter().find(|entry| entry.seq == snapshot.seq);
        let number = |field: &str| entry.and_then(|e| e.body.get(field)?.as_u64()).unwrap_or_default();
        let periods: Vec<String> = config
            .periods
            .iter()
            .filter(|p| p.contains(snapshot.opened_at))
            .map(|p| safe(&p.name))
            .collect();
        say!(
            "{:<26} {:<21} {:<9} {:>9} {:>5}  {}",
            snapshot.run,
            snapshot.opened_at.to_string(),
            snapshot.status,
            number("exchanges"),
            number("gaps"),
            periods.join(", ")
        );
        if let Some(chosen) = &snapshot.controls {
            let ids: Vec<_> = chosen.ids.iter().take(3).map(|id| safe(id)).collect();
            let more = if chosen.ids.len() > 3 { ", …" } else { "" };
            say!("  {} for {chosen}: {}{more}", snapshot.status, ids.join(", "));
        }
    }
    for run in unclosed {
        say!("Run {run} is in progress or was cut short; the next `exhibit collect` seals what there is.");
    }
    supplied(&attachments, &reviews)?;
    reconciled(&snapshots, &reconciliations)?;
    suspected(&suspicions)?;
    for run in &unread {
        say!("Snapshot {run} could not be read, so nobody looked for secrets in it: see `exhibit verify`.");
    }
    for period in &config.periods {
        if !snapshots.iter().any(|s| period.contains(s.opened_at)) {
            say!("Period {} has no snapshot.", safe(&period.name));
        }
    }
    say!("Next: `exhibit test`, or `exhibit verify` to check every byte.");
    Ok(Exit::Ok)
}

/// Which snapshots were held against CloudTrail, and what the latest time showed.
fn reconciled(snapshots: &[SnapshotEntry], reconciliations: &[Reconciled]) -> Result<(), Stop> {
    let of = |run: &String| reconciliations.iter().rev().find(|one| one.body.runs.contains(run));
    let not = snapshots.iter().filter(|snapshot| of(&snapshot.run).is_none()).count();
    if let Some(last) = reconciliations.last() {
        let counts: Vec<String> = Class::ALL
            .iter()
            .rev()
            .filter_map(|class| Some((class, *last.body.counts.get(class.as_str())?)))
            .filter(|(class, n)| *n > 0 || class.is_contradiction())
            .map(|(class, n)| format!("{n} {class}"))
            .collect();
        say!(
            "CloudTrail: {} of {} reconciled on {}: {}",
            plural(last.body.runs.len(), "run"),
            snapshots.len(),
            last.at.day(),
            counts.join(", ")
        );
    }
    if not > 0 {
        say!(
            "CloudTrail: {} not reconciled; its event history keeps 90 days (`exhibit reconcile`).",
            plural(not, "snapshot")
        );
    }
    Ok(())
}

/// A place in a stored answer that looks like a secret; what stands there is not told.
#[derive(Serialize)]
struct Suspected {
    run: String,
    exchange: u64,
    /// `service:Operation`.
    operation: String,
    /// The body, inside the snapshot.
    file: String,
    #[serde(flatten)]
    place: Suspicion,
}

/// Looks through every stored answer; gives the runs of snapshots that could not be read, too.
fn suspicions(locker: &Locker, snapshots: &[SnapshotEntry]) -> (Vec<Suspected>, Vec<String>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for entry in snapshots {
        match scan(locker, entry) {
            Some(places) => found.extend(places),
            None => unread.push(entry.run.clone()),
        }
    }
    (found, unread)
}

/// The places in one snapshot; `None` where it cannot be read, which `exhibit verify` explains.
fn scan(locker: &Locker, entry: &SnapshotEntry) -> Option<Vec<Suspected>> {
    let bytes = locker.snapshot_bytes(entry).ok()?;
    let snapshot = Snapshot::read(bytes.clone()).ok()?;
    let bodies = Bodies::of(bytes).ok()?;
    let mut found = Vec::new();
    for exchange in &snapshot.exchanges {
        let Some(file) = &exchange.body else { continue };
        let body = bodies.read(file).ok()?;
        found.extend(secrets::scan(&body).into_iter().map(|place| Suspected {
            run: entry.run.clone(),
            exchange: exchange.i,
            operation: exchange.call(),
            file: file.clone(),
            place,
        }));
    }
    Some(found)
}

fn suspected(found: &[Suspected]) -> Result<(), Stop> {
    const MOST: usize = 20;
    if found.is_empty() {
        return Ok(());
    }
    let count = plural(found.len(), "place");
    say!("{count} in the answers of AWS may hold a secret; look at them before you give the evidence away:");
    for place in found.iter().take(MOST) {
        say!(
            "  {} in snapshot {}, exchange {} ({}), byte {}",
            place.place.kind.describe(),
            place.run,
            place.exchange,
            safe(&place.operation),
            place.place.at
        );
    }
    if found.len() > MOST {
        say!(
            "  and {} more: `exhibit status --format json` lists all",
            found.len() - MOST
        );
    }
    Ok(())
}

/// What people supplied.
fn supplied(attachments: &[Attachment], reviews: &[Review]) -> Result<(), Stop> {
    if !attachments.is_empty() {
        say!();
        say!(
            "{}",
            bold(&format!(
                "{:<10} {:<34} {:<10} {:<23} {:>5}  performer, reviewer",
                "attachment", "control", "performed", "covers", "files"
            ))
        );
    }
    for attachment in attachments {
        let evidence = &attachment.evidence;
        let replaced = attachment
            .replaced_by
            .as_ref()
            .map_or_else(String::new, |by| format!(" (replaced by {by})"));
        say!(
            "{:<10} {:<34} {:<10} {} – {} {:>5}  {}, {}{replaced}",
            attachment.id,
            evidence.control,
            evidence.performed_on.to_string(),
            evidence.period_from,
            evidence.period_to,
            evidence.files.len(),
            safe(&evidence.performer),
            safe(&evidence.reviewer)
        );
    }
    for review in reviews {
        let body = &review.review;
        say!(
            "Review {} of {}: {} {} {}: {}",
            review.id,
            review.at.day(),
            safe(&body.reviewer),
            body.decision.as_str(),
            safe(&super::review::subject(review)),
            safe(&body.comment)
        );
    }
    if !(attachments.is_empty() && reviews.is_empty()) {
        say!();
    }
    Ok(())
}
