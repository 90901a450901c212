//! The catalogue and its judgement, as the command line uses them: one binary, one module per thing that is tested.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::disallowed_methods, reason = "a test lays out its own folders")]

mod catalogue;
mod common;
mod examples;
mod handbook;
mod never_asked;
mod out_of_scope;
mod period;
mod period_events;
mod refused_examples;
mod speed;
mod verdicts;
