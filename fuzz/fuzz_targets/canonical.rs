//! There is one canonical spelling, and reading undoes writing.
#![no_main]

use evidence::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parsed = canonical::parse(text);
    if let Ok(value) = &parsed {
        assert_eq!(canonical::to_string(value).expect("it was canonical"), text);
    }
    // Any JSON that has a canonical form has one that reads back to the same value.
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        assert!(parsed.is_err(), "canonical but no JSON: {text}");
        return;
    };
    let Ok(line) = canonical::to_line(&value) else { return };
    let line = line.strip_suffix('\n').expect("a line");
    assert!(!line.contains('\n'));
    assert_eq!(canonical::parse(line).expect("canonical"), value);
});
