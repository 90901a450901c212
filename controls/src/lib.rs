//! What it means: control pages, `evidence.db`, and the verdicts of their queries on it.
//!
//! ```
//! use controls::catalogue::Catalogue;
//! use controls::evaluate::evaluate;
//! use controls::settings::Settings;
//! use evidence::locker::Locker;
//!
//! let locker = Locker::open("../samples/tiny".as_ref())?;
//! let snapshot = locker.load(&locker.snapshots()?[0].run)?;
//! let evaluation = evaluate(&Catalogue::builtin()?, &Settings::default(), &snapshot)?;
//!
//! let control = &evaluation.results.controls["root-mfa-enabled"];
//! println!("{}: {}", control.verdict, control.reason);
//! // What was run: `sqlite3 evidence.db < test.sql` gives the same rows.
//! assert!(control.sql.starts_with("-- Control: root-mfa-enabled"));
//! let database: Vec<u8> = evaluation.database.bytes()?;
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

pub mod asked;
pub mod catalogue;
pub mod compare;
pub mod criteria;
pub mod database;
pub mod derived;
pub mod evaluate;
pub mod examples;
mod gone;
pub mod handbook;
pub mod manual;
pub mod monitoring;
pub mod nearest;
pub mod page;
pub mod period;
mod policy;
pub mod practice;
pub mod query;
pub mod result;
mod schedule;
pub mod settings;
pub mod sql;
