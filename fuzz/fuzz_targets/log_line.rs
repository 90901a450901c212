//! A line that is read as an entry of the log, or as an exchange, is written again as it was.
#![no_main]

use evidence::canonical;
use evidence::exchange::Exchange;
use evidence::log::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(value) = canonical::parse(text) else { return };
    if let Ok(entry) = serde_json::from_value::<Entry>(value.clone()) {
        assert_eq!(entry.line().expect("it came from a line"), text);
    }
    if let Ok(exchange) = serde_json::from_value::<Exchange>(value) {
        let line = canonical::to_string(&exchange).expect("it came from a line");
        let again: Exchange = serde_json::from_str(&line).expect("what is written can be read");
        assert_eq!(again, exchange);
        assert_eq!(again.key(), exchange.key());
        let _ = exchange.body_path();
    }
});
