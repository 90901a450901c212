//! What is known: exchanges, records, gaps, snapshots and the locker that keeps them.
//!
//! Pure: no network, no AWS SDK, no clock but [`clock::Clock`]. One noun per arrow:
//! `exchange → record → snapshot → locker`.
//!
//! What a locker holds, and whether it is as it was written:
//!
//! ```
//! use evidence::locker::Locker;
//!
//! let folder = "../samples/tiny".as_ref();
//! let locker = Locker::open(folder)?;
//! let snapshot = locker.load(&locker.snapshots()?[0].run)?;
//!
//! // Every row names the exchange that it came from, and the exchange the digest of the answer.
//! let user = &snapshot.rows("iam_user")[0];
//! let exchange = snapshot.exchange(user["source"].as_u64().ok_or("no source")?).ok_or("no exchange")?;
//! assert_eq!(exchange.call(), "iam:ListUsers");
//! assert!(exchange.body_sha256.is_some());
//!
//! assert!(Locker::verify(folder)?.faults.is_empty());
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
pub mod partition;
pub mod period;
pub mod reconcile;
pub mod record;
pub mod secrets;
pub mod snapshot;
