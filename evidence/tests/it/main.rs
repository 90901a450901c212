//! The crate as its users see it: one binary, one module per thing that is tested.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::disallowed_methods, reason = "a test lays out its own folders")]

mod archive;
mod custody;
mod damaged;
mod locker;
mod manual;
mod power;
mod power_cut;
mod signature;
mod signature_hostile;
mod spelled;
mod timestamp;

/// The usual number of cases of a property, or `PROPTEST_CASES` (`make fuzz`).
fn cases(usual: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(usual)
}
