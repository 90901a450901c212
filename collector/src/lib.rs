//! How it is seen: AWS's answers, kept byte for byte and turned into records.
//!
//! tokio and the AWS SDK live only here. The collector judges nothing: it asks, keeps, and
//! names what it could not see. `docs/adding-a-source.md` shows how to add a read.
//!
//! Without AWS, the collector reads a recording: the same answers give the same rows.
//!
//! ```
//! use evidence::locker::Locker;
//!
//! let locker = Locker::open("../samples/tiny".as_ref())?;
//! let entry = &locker.snapshots()?[0];
//! let snapshot = locker.load(&entry.run)?;
//!
//! let runtime = collector::Runtime::new()?;
//! let derived = runtime.block_on(collector::replay(&snapshot, locker.snapshot_bytes(entry)?))??;
//! assert!(derived.missing.is_empty(), "a request that was not recorded");
//! assert_eq!(derived.tables["iam_user"].len(), snapshot.rows("iam_user").len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "a test lays out its own folders"
    )
)]

// A panic of one source is caught and becomes a gap; it must not end the process.
#[cfg(not(panic = "unwind"))]
compile_error!("exhibit must be built with panic = \"unwind\"");

mod convert;
pub mod custody;
mod environment;
mod failure;
pub mod lookup;
pub mod operations;
pub mod policy;
pub mod progress;
mod region;
pub mod repeat;
mod run;
mod runtime;
mod session;
pub mod source;
mod sources;
mod transport;

pub use environment::credentials::{Refused, note as credentials_note};
pub use failure::Failure;
pub use run::{
    CollectError, Collected, Derived, Regions, Request, Target, collect, collect_replayed, replay, replay_with,
};
pub use runtime::{CannotStart, Runtime, STACK};
pub use sources::{SOURCES, for_operations};
pub use transport::live::Held;
