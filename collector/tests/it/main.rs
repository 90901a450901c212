//! The collector without AWS: one binary, one module per thing that is tested.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::disallowed_methods, reason = "a test lays out its own folders")]

mod full_answers;
mod replay;
mod service_authorization;
