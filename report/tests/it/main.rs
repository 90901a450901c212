//! Binder, pages and bundle: one binary, one module per thing that is tested.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::disallowed_methods, reason = "a test lays out its own folders")]

mod bundle;
mod pdf_file;
mod pdf_language;
mod pdf_layout;
mod pdf_random;
mod pdf_show;
mod pdf_support;
mod report;
mod show;
mod trial;

/// The usual number of cases of a property, or `PROPTEST_CASES` (`make fuzz`).
fn cases(usual: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(usual)
}
