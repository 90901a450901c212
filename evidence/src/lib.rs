//! What is known: exchanges, records, gaps, snapshots and the locker that keeps them.
//!
//! Pure: no network, no AWS SDK, no clock but [`clock::Clock`]. One noun per arrow:
//! `exchange → record → snapshot → locker`.

pub mod archive;
pub mod canonical;
pub mod clock;
pub mod custody;
pub mod diff;
pub mod digest;
pub mod exchange;
pub mod gap;
pub mod locker;
pub mod log;
pub mod manual;
pub mod period;
pub mod reconcile;
pub mod record;
pub mod secrets;
pub mod snapshot;
