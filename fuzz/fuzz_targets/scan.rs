//! Looking for secrets ends, in order, and points into the bytes.
#![no_main]

use evidence::secrets::scan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let found = scan(data);
    assert!(found.iter().all(|place| place.at < data.len()));
    assert!(found.windows(2).all(|pair| pair[0].at < pair[1].at));
});
