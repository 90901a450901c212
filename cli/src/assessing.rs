//! From a locker to an assessment: which snapshots, their verdicts, and what they say together.

use controls::catalogue::Catalogue;
use controls::evaluate::evaluate_in;
use controls::manual::Frame;
use controls::period::{Assessment, Tested, assess_period, assess_snapshot, select};
use controls::result::SnapshotResults;
use controls::settings::Settings;
use evidence::locker::{Locker, SnapshotEntry};
use evidence::period::Period;
use evidence::snapshot::{Snapshot, SnapshotMeta};
use report::SnapshotInput;

use crate::args::Selection;
use crate::config::Config;
use crate::exit::Stop;
use crate::ui::complain;

/// A snapshot of the locker in memory.
pub struct Loaded {
    /// Its entry in the log.
    pub entry: SnapshotEntry,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The zip as it lies in the locker.
    pub zip: Vec<u8>,
    /// The verdicts on it.
    pub results: SnapshotResults,
    /// Its `evidence.db`.
    pub database: Vec<u8>,
}

impl Loaded {
    /// As a report takes it.
    pub fn input(&self) -> SnapshotInput<'_> {
        SnapshotInput {
            entry: &self.entry,
            snapshot: &self.snapshot,
            zip: &self.zip,
            results: &self.results,
            database: &self.database,
        }
    }
}

/// An assessment and what it rests on.
pub struct Assessed {
    /// What is said.
    pub assessment: Assessment,
    /// The snapshots, oldest first.
    pub snapshots: Vec<Loaded>,
}

/// What was asked for, resolved against locker and configuration.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A period.
    Period(Period),
    /// One snapshot.
    Snapshot(SnapshotEntry),
}

impl Subject {
    /// What is to be judged: as [`Self::of`], with a word where it was not collected for all that is judged.
    pub fn to_judge(selection: &Selection, config: &Config, locker: &Locker) -> Result<Self, Stop> {
        let subject = Self::of(selection, config, locker)?;
        let wanted = &selection.controls;
        if let Self::Snapshot(latest) = &subject
            && selection.snapshot.is_none()
            && let Some(chosen) = &latest.controls
            && (wanted.is_empty() || wanted.iter().any(|id| !chosen.ids.contains(id)))
        {
            complain(&format!(
                "There is no snapshot of all controls: {} was collected for {chosen}, and the others are not tested. \
                 `exhibit collect` without --control asks for all.",
                latest.run
            ));
        }
        Ok(subject)
    }

    /// By `--period` or `--snapshot`, else the newest full snapshot: complete, and for all controls in scope. Where
    /// there is none, the newest complete one.
    pub fn of(selection: &Selection, config: &Config, locker: &Locker) -> Result<Self, Stop> {
        if let Some(name) = &selection.period {
            return config.period(name).cloned().map(Self::Period);
        }
        let all = locker.snapshots()?;
        if let Some(run) = &selection.snapshot {
            return find(&all, run).map(Self::Snapshot);
        }
        let Some(latest) = newest(&all) else {
            return Err(Stop::usage(format!(
                "{} has no snapshot yet; run `exhibit collect`",
                locker.dir().display()
            )));
        };
        Ok(Self::Snapshot(latest.clone()))
    }

    /// By name: a period's, or a run id.
    pub fn named(name: &str, config: &Config, locker: &Locker) -> Result<Self, Stop> {
        if let Some(period) = config.periods.iter().find(|p| p.name == name) {
            return Ok(Self::Period(period.clone()));
        }
        let all = locker.snapshots()?;
        find(&all, name).map(Self::Snapshot).map_err(|_| {
            Stop::usage(format!(
                "`{name}` is neither a period of exhibit.toml nor a snapshot; `exhibit status` lists both"
            ))
        })
    }

    /// The period, if it is one.
    pub fn period(&self) -> Option<&Period> {
        match self {
            Self::Period(period) => Some(period),
            Self::Snapshot(_) => None,
        }
    }

    /// A name for people.
    pub fn label(&self) -> String {
        match self {
            Self::Period(period) => period.name.clone(),
            Self::Snapshot(entry) => entry.run.clone(),
        }
    }

    /// The snapshots it rests on, oldest first.
    pub fn entries(&self, locker: &Locker) -> Result<Vec<SnapshotEntry>, Stop> {
        match self {
            Self::Snapshot(entry) => Ok(vec![entry.clone()]),
            Self::Period(period) => {
                let all = locker.snapshots()?;
                let inside: Vec<_> = all
                    .iter()
                    .filter(|entry| period.contains(entry.opened_at))
                    .cloned()
                    .collect();
                if inside.is_empty() {
                    // Says which snapshots are near.
                    let metas = all
                        .iter()
                        .map(|e| locker.load(&e.run).map(|s| s.meta))
                        .collect::<Result<Vec<_>, _>>()?;
                    select(period, &metas)?;
                }
                Ok(inside)
            }
        }
    }

    /// The last snapshot it rests on.
    pub fn last(&self, locker: &Locker) -> Result<Snapshot, Stop> {
        let entries = self.entries(locker)?;
        let last = newest(&entries);
        let run = last.map(|entry| entry.run.clone()).unwrap_or_default();
        Ok(locker.load(&run)?)
    }
}

/// The newest full snapshot, else the newest complete one, else the newest.
pub fn newest(all: &[SnapshotEntry]) -> Option<&SnapshotEntry> {
    let latest = |wanted: fn(&SnapshotEntry) -> bool| all.iter().rev().find(|entry| wanted(entry));
    latest(SnapshotEntry::is_full)
        .or_else(|| latest(|entry| entry.status == "complete"))
        .or(all.last())
}

fn find(all: &[SnapshotEntry], run: &str) -> Result<SnapshotEntry, Stop> {
    let found: Vec<_> = all.iter().filter(|entry| entry.run.starts_with(run)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(evidence::locker::LockerError::NoSuchSnapshot(run.to_owned()).into()),
        _ => Err(Stop::usage(format!(
            "`{run}` is the beginning of {} snapshots; write more of it",
            found.len()
        ))),
    }
}

/// A snapshot that is to be tested.
#[derive(Clone)]
pub struct Taken {
    /// Its entry in the log.
    pub entry: SnapshotEntry,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The zip as it lies in the locker.
    pub zip: Vec<u8>,
}

/// Tests the subject's snapshots and draws the conclusions.
pub fn assess(locker: &Locker, config: &Config, catalogue: &Catalogue, subject: &Subject) -> Result<Assessed, Stop> {
    let mut taken = Vec::new();
    for entry in subject.entries(locker)? {
        taken.push(Taken {
            zip: locker.snapshot_bytes(&entry)?,
            snapshot: locker.load(&entry.run)?,
            entry,
        });
    }
    conclude(locker, &config.settings, catalogue, subject.period(), taken)
}

/// Tests these snapshots, and says what they say together; of the locker only the log is read.
pub fn conclude(
    locker: &Locker,
    settings: &Settings,
    catalogue: &Catalogue,
    period: Option<&Period>,
    taken: Vec<Taken>,
) -> Result<Assessed, Stop> {
    let mut snapshots = Vec::new();
    let mut tested = Vec::new();
    let frame = Frame::of(period, locker.attachments()?);
    for Taken { entry, snapshot, zip } in taken {
        let evaluation = evaluate_in(catalogue, settings, &snapshot, &frame)?;
        let database = evaluation.database.bytes().map_err(Stop::failure)?;
        let results = evaluation.results;
        tested.push(Tested {
            meta: snapshot.meta.clone(),
            results: results.clone(),
        });
        snapshots.push(Loaded {
            entry,
            snapshot,
            zip,
            results,
            database,
        });
    }
    let assessment = match period {
        Some(period) => {
            let known = locker
                .known_until()
                .unwrap_or(evidence::clock::Timestamp::start_of(period.start));
            assess_period(catalogue, settings, period, &tested, known)?
        }
        None => match tested.pop() {
            Some(tested) => assess_snapshot(catalogue, settings, tested),
            None => return Err(Stop::failure("there is no snapshot to test")),
        },
    };
    // A Type I period rests on one snapshot, though more lie in it.
    let used: Vec<&SnapshotMeta> = assessment.snapshots.iter().collect();
    snapshots.retain(|loaded| used.iter().any(|meta| meta.run == loaded.entry.run));
    Ok(Assessed { assessment, snapshots })
}
