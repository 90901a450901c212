//! For tests: the recorded account that has something of everything, and what it would be had one answer been another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use collector::source::Source;
use collector::{Derived, SOURCES};
use controls::catalogue::Catalogue;
use controls::evaluate::evaluate;
use controls::result::ControlResult;
use controls::settings::Settings;
use evidence::locker::Locker;
use evidence::snapshot::Snapshot;

use crate::config::Config;

/// `samples/everything`, as it was recorded and judged.
pub(crate) struct Everything {
    pub(crate) catalogue: Catalogue,
    pub(crate) settings: Settings,
    pub(crate) snapshot: Snapshot,
    pub(crate) zip: Vec<u8>,
    pub(crate) before: BTreeMap<String, ControlResult>,
}

impl Everything {
    pub(crate) fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/everything");
        let config = Config::read(&folder.join("exhibit.toml"), true).unwrap();
        let catalogue = config.catalogue().unwrap();
        let locker = Locker::open(&folder.join("locker")).unwrap();
        let entry = locker.snapshots().unwrap().pop().unwrap();
        let snapshot = locker.load(&entry.run).unwrap();
        let before = evaluate(&catalogue, &config.settings, &snapshot).unwrap();
        Self {
            zip: locker.snapshot_bytes(&entry).unwrap(),
            catalogue,
            settings: config.settings,
            snapshot,
            before: before.results.controls,
        }
    }
}

/// The sources that make a call of the operation, which alone need to be read again.
pub(crate) fn sources_of(operation: &str) -> Vec<&'static Source> {
    let sources = SOURCES.iter().copied();
    sources.filter(|s| s.operations.contains(&operation)).collect()
}

/// Puts what these sources give now in place of what they gave.
pub(crate) fn put(snapshot: &mut Snapshot, sources: &[&Source], mut derived: Derived) {
    let made: BTreeSet<&str> = sources.iter().flat_map(|s| s.operations).copied().collect();
    for table in sources.iter().flat_map(|s| s.tables) {
        match derived.tables.remove(*table) {
            Some(rows) => snapshot.tables.insert((*table).to_owned(), rows),
            None => snapshot.tables.remove(*table),
        };
    }
    snapshot.gaps.retain(|gap| !made.contains(gap.operation.as_str()));
    snapshot.gaps.extend(derived.gaps);
    snapshot.gaps.sort();
}

/// Tries each operation, on all processors; none may have a surprise.
pub(crate) fn walk(operations: Vec<String>, surprises: impl Fn(&str) -> Vec<String> + Sync) -> Vec<String> {
    let (left, wrong) = (Mutex::new(operations), Mutex::new(Vec::new()));
    let work = || {
        let take = || left.lock().unwrap().pop();
        while let Some(operation) = take() {
            let found = surprises(&operation);
            wrong.lock().unwrap().extend(found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    wrong
}
