//! The parsers that read what a stranger wrote, compiled on their own: without the rest, fuzzing
//! starts in seconds.

#![allow(missing_docs)]

#[path = "../../controls/src/monitoring"]
pub mod monitoring {
    pub mod event_pattern;
    pub mod filter_pattern;
    #[allow(dead_code)]
    mod wildcard;
}

#[path = "../../collector/src/transport"]
mod transport {
    #[allow(dead_code)]
    pub mod redaction;
}
pub use transport::redaction;

/// What a fuzzer made: a pattern, and below the first NUL an event.
pub fn parts(data: &[u8]) -> Option<(&str, serde_json::Value)> {
    let text = std::str::from_utf8(data).ok()?;
    let (pattern, event) = text.split_once('\0').unwrap_or((text, "{}"));
    let event = serde_json::from_str(event).unwrap_or_else(|_| serde_json::json!({ "eventName": "ConsoleLogin" }));
    Some((pattern, event))
}
