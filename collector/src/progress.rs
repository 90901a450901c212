//! What a run tells while it goes on.

use evidence::gap::Gap;

use crate::source::HistoryReached;

/// Receives a run's progress; all methods may be called from any thread.
pub trait Progress: Send + Sync {
    /// So many reads (source × account × region) are planned.
    fn planned(&self, _reads: usize) {}
    /// A read has ended.
    fn read(&self, _source: &str, _account: &str, _region: &str) {}
    /// An exchange has been kept.
    fn exchange(&self, _i: u64) {}
    /// So far has an event history been read.
    fn history(&self, _reached: &HistoryReached) {}
    /// Something could not be seen.
    fn gap(&self, _gap: &Gap) {}
}

/// Says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {}
