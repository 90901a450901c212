//! Taking secrets out of an answer leaves the JSON that it was, and nothing to take out.
#![no_main]

use exhibit_fuzz::redaction::{RULES, redact};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((number, body)) = data.split_first() else { return };
    let rule = &RULES[usize::from(*number) % RULES.len()];
    let operation = rule.operations[0];
    let Some(redacted) = redact(rule.service, operation, body) else { return };
    assert!(!redacted.withheld.is_empty());
    let again = redact(rule.service, operation, &redacted.body);
    let is_json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    if is_json(body) {
        assert!(is_json(&redacted.body));
        assert!(again.is_none(), "{}", String::from_utf8_lossy(&redacted.body));
    }
});
