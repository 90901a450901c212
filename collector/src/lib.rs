//! How it is seen: AWS's answers, kept byte for byte and turned into records.
//!
//! tokio and the AWS SDK live only here. The collector judges nothing: it asks, keeps, and
//! names what it could not see. `docs/adding-a-source.md` shows how to add a read.

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
mod session;
pub mod source;
mod sources;
mod transport;

pub use failure::Failure;
pub use run::{
    CollectError, Collected, Derived, Regions, Request, Target, collect, collect_replayed, replay, replay_with,
};
pub use sources::{SOURCES, for_operations};
pub use transport::live::Held;
