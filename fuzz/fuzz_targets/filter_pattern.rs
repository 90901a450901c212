#![no_main]

use exhibit_fuzz::monitoring::filter_pattern::Pattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((text, event)) = exhibit_fuzz::parts(data) else { return };
    let Ok(pattern) = Pattern::parse(text) else { return };
    let printed = pattern.to_string();
    let again = Pattern::parse(&printed).expect("what is printed can be read");
    assert_eq!(again, pattern, "{printed}");
    assert_eq!(again.matches(&event), pattern.matches(&event));
});
