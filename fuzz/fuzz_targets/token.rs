//! Of all tokens only those are believed that say what the genuine ones say.
#![no_main]

use std::sync::LazyLock;

use evidence::custody::timestamp::{CertificateDer, check, read, roots};
use evidence::digest::Digest;
use libfuzzer_sys::fuzz_target;

const DATA: &str = "exhibit/acme/01234567\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";

static ROOTS: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| roots(include_bytes!("../fixtures/root.pem")).expect("a certificate"));
/// Times and serials of the tokens that the fixture's authority has made.
static GENUINE: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    [&include_bytes!("../fixtures/p256.tsr")[..], include_bytes!("../fixtures/rsa.tsr")]
        .iter()
        .map(|response| {
            let token = read(response).expect("granted").token;
            let verified = check(&token, &Digest::of(DATA), None, &ROOTS).expect("a good token");
            (verified.gen_time.to_string(), verified.serial)
        })
        .collect()
});

fuzz_target!(|data: &[u8]| {
    let Ok(reply) = read(data) else { return };
    if let Ok(verified) = check(&reply.token, &Digest::of(DATA), None, &ROOTS) {
        let said = (verified.gen_time.to_string(), verified.serial);
        assert!(GENUINE.contains(&said), "{said:?}");
    }
    assert!(check(&reply.token, &Digest::of("other data"), None, &ROOTS).is_err());
});
