//! `exhibit collect`: takes a snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use collector::progress::Progress;
use collector::source::HistoryReached;
use collector::{Collected, Request};
use evidence::clock::{Clock, SystemClock};
use evidence::gap::{Gap, ReasonCode};
use evidence::locker::{Locker, Writer};
use evidence::snapshot::{Status, Tool};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::args::{self, Global};
use crate::custody;
use crate::exit::{Exit, Stop};
use crate::ui::{bold, complain, cut, dim, emit_json, plural, safe, say};

/// Kinds of gaps shown; `exhibit status` and the binder have them all.
const SHOWN: usize = 12;

/// The program, as the evidence names it.
pub fn tool() -> Tool {
    Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Deleted things that are named, at most.
const GONE: usize = 5;

/// Runs the command.
pub fn run(global: &Global, args: &args::Collect) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    let sources = super::sources(&config, &args.controls)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let custody = custody::open(global, &config)?;
    let writer = if Locker::exists(&global.locker) {
        Writer::open(&global.locker)?
    } else {
        Writer::create(&global.locker, &config.organization, &tool(), clock.now())?
    };
    let writer = custody::vouched(writer, custody.as_ref())?;
    let (writer, recovered) = writer.recover(clock.now())?;
    for recovery in recovered {
        complain(&format!(
            "Run {} had been cut short: {}.",
            recovery.run, recovery.outcome
        ));
    }
    if let Some(note) = collector::credentials_note().filter(|_| !global.quiet) {
        complain(&note);
    }
    let progress = Arc::new(Bar::new(global));
    let request = Request {
        targets: config.targets.clone(),
        regions: config.regions.clone(),
        sources,
        controls: super::chosen(&config, &args.controls)?,
        event_days: config.event_days,
        timeout: Duration::from_secs(args.timeout),
        tool: tool(),
        clock,
        progress: progress.clone(),
    };
    let runtime = collector::Runtime::new()?;
    let outcome = runtime.block_on(collector::collect(writer, request, interrupted()))?;
    progress.bar.finish_and_clear();
    drop(runtime);
    let collected = match outcome {
        Ok(collected) => collected,
        Err(e) => {
            custody::tell(custody.as_ref(), Exit::Ok);
            return Err(e.into());
        }
    };
    if global.json() {
        emit_json(&json!({
            "schema": "exhibit.collect/1",
            "locker": global.locker,
            "snapshot": collected.meta,
            "gaps": collected.gaps,
        }))?;
    } else {
        print(global, &collected)?;
    }
    let whole = !collected.gaps.iter().any(|gap| gap.code.leaves_open()) && collected.meta.status == Status::Complete;
    let exit = if whole { Exit::Ok } else { Exit::Incomplete };
    Ok(custody::tell(custody.as_ref(), exit))
}

/// Ends on Ctrl-C or a polite kill.
pub async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where signals cannot be had the run goes on to its end.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn print(global: &Global, collected: &Collected) -> Result<(), Stop> {
    let meta = &collected.meta;
    let partial = match (meta.status, &meta.controls) {
        (Status::Partial, None) => " (partial: the run was interrupted)".to_owned(),
        (Status::Partial, Some(chosen)) => format!(" (partial: the run, for {chosen}, was interrupted)"),
        (Status::Complete, Some(chosen)) => format!(" (complete for {chosen})"),
        (Status::Complete, None) => String::new(),
    };
    say!("{}{partial}", bold(&format!("Snapshot {}", meta.run)));
    for scope in &meta.accounts {
        let regions = plural(scope.regions.len(), "region");
        say!(
            "  Account {}, {regions}, collected as {}",
            scope.account,
            scope.caller_arn
        );
    }
    let rows: u64 = meta.records.values().map(|lines| lines.count).sum();
    let seconds = meta.closed_at.unix() - meta.opened_at.unix();
    say!(
        "  {} exchanges, {rows} records in {} tables, {seconds} s",
        meta.exchanges.count,
        meta.records.len()
    );
    if meta.max_clock_skew_s > evidence::custody::examine::SKEW {
        say!(
            "  This machine's clock is {} s off AWS's: set it right before you collect again.",
            meta.max_clock_skew_s
        );
    }
    let of = |wanted: &dyn Fn(ReasonCode) -> bool| -> Vec<Gap> {
        let gaps = collected.gaps.iter();
        gaps.filter(|gap| wanted(gap.code)).cloned().collect()
    };
    let open = of(&ReasonCode::leaves_open);
    if !open.is_empty() {
        print_gaps(&open)?;
    }
    let gone: BTreeSet<_> = of(&|code| code == ReasonCode::Gone)
        .into_iter()
        .filter_map(|gap| gap.resource)
        .collect();
    if !gone.is_empty() {
        let named: Vec<String> = gone.iter().take(GONE).map(|resource| safe(resource)).collect();
        let more = match gone.len().saturating_sub(GONE) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        say!("  Deleted while exhibit looked: {}{more}", named.join(", "));
    }
    let absent = of(&|code| code == ReasonCode::NotOffered);
    let places: BTreeSet<(&str, &str)> = absent
        .iter()
        .map(|gap| (gap.operation.split(':').next().unwrap_or_default(), gap.region.as_str()))
        .collect();
    if !places.is_empty() {
        let places: Vec<String> = places
            .iter()
            .map(|(service, region)| format!("{service} in {region}"))
            .collect();
        say!("  Not offered by AWS: {}", places.join(", "));
    }
    say!(
        "  Kept in {}",
        global
            .locker
            .join("snapshots")
            .join(format!("{}.zip", meta.run))
            .display()
    );
    match &meta.controls {
        None => say!("Next: `exhibit test` judges it."),
        Some(chosen) => {
            say!("  The other controls were not asked for: by itself no period and no binder can rest on it.");
            let controls: Vec<_> = chosen.ids.iter().map(|id| format!(" --control {id}")).collect();
            say!(
                "Next: `exhibit test --snapshot {}{}` judges it.",
                meta.run,
                controls.concat()
            );
        }
    }
    Ok(())
}

fn print_gaps(gaps: &[Gap]) -> Result<(), Stop> {
    say!(
        "  {}",
        bold(&format!("{} could not be seen:", plural(gaps.len(), "thing")))
    );
    let mut kinds: BTreeMap<(&str, String, String), (usize, &Gap)> = BTreeMap::new();
    for gap in gaps {
        let key = (gap.operation.as_str(), gap.code.to_string(), gap.message.clone());
        kinds.entry(key).or_insert((0, gap)).0 += 1;
    }
    for ((operation, code, message), (n, gap)) in kinds.iter().take(SHOWN) {
        let times = if *n > 1 { format!(" ({n} times)") } else { String::new() };
        let place = gap.resource.as_deref().unwrap_or(&gap.region);
        let line = format!("{operation} in {place}{times}: {code}, {message}");
        say!("    {}", cut(&line, crate::ui::columns() - 4));
    }
    if kinds.len() > SHOWN {
        say!("    {}", dim(&format!("and {} other kinds", kinds.len() - SHOWN)));
    }
    Ok(())
}

/// Progress on stderr, when somebody is there to see it.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new(global: &Global) -> Self {
        let visible = std::io::stderr().is_terminal() && !global.quiet;
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} reads, {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl Progress for Bar {
    fn planned(&self, reads: usize) {
        self.bar.set_length(reads as u64);
    }

    fn read(&self, source: &str, account: &str, region: &str) {
        self.bar.inc(1);
        tracing::info!(source, account, region, "read");
    }

    fn exchange(&self, i: u64) {
        self.bar.set_message(format!("{i} exchanges"));
    }

    fn history(&self, reached: &HistoryReached) {
        let left = plural(usize::try_from(reached.minutes_left()).unwrap_or(usize::MAX), "minute");
        let text = format!(
            "events of {} back to {}, about {left} more",
            reached.region,
            reached.back_to.day()
        );
        tracing::info!(pages = reached.pages, "{text}");
        if reached.minutes_left() > 0 {
            self.bar.set_message(text);
        }
    }

    fn gap(&self, gap: &Gap) {
        tracing::warn!(operation = gap.operation, region = gap.region, code = %gap.code, "{}", gap.message);
    }
}
