//! Of all signatures only the genuine one over the genuine text is taken; lists and keys are read without harm.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::clock::Timestamp;
use evidence::custody::signature::{AllowedSigners, CHECKPOINT_NAMESPACE, PrivateKey, PublicKey, Signer, sign, verify};
use libfuzzer_sys::fuzz_target;

const MESSAGE: &[u8] = b"exhibit/acme/01234567\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";
const OWNER: &str = "owner@acme";

struct Genuine {
    blob: Vec<u8>,
    allowed: AllowedSigners,
    now: Timestamp,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let key = PrivateKey::generate(&[42; 32]);
    let armoured = sign(&key, CHECKPOINT_NAMESPACE, MESSAGE).expect("a key signs");
    Genuine {
        blob: blob(&armoured),
        allowed: AllowedSigners::parse(&format!("{OWNER} {}\n", key.public_key())).expect("a list"),
        now: "2025-06-30T12:00:00Z".parse().expect("a time"),
    }
});

fn blob(armoured: &str) -> Vec<u8> {
    let body: String = armoured.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap_or_default()
}

fn armoured(blob: &[u8]) -> String {
    format!(
        "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
        STANDARD.encode(blob)
    )
}

fn check(armoured: &str) {
    let genuine = &*GENUINE;
    if verify(MESSAGE, armoured, CHECKPOINT_NAMESPACE, &genuine.allowed, OWNER, genuine.now).is_ok() {
        assert_eq!(blob(armoured), genuine.blob, "{armoured}");
    }
    assert!(verify(b"another text", armoured, CHECKPOINT_NAMESPACE, &genuine.allowed, OWNER, genuine.now).is_err());
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(data);
    match kind % 5 {
        // As text, armour and all.
        0 => check(&text),
        // As the bytes inside the armour.
        1 => check(&armoured(data)),
        // The genuine one with bytes put in at a place and others taken out.
        2 => {
            let [at, gone, put_in @ ..] = data else { return };
            let mut blob = GENUINE.blob.clone();
            let at = usize::from(*at) % blob.len();
            blob.splice(at..(at + usize::from(*gone)).min(GENUINE.blob.len()), put_in.iter().copied());
            check(&armoured(&blob));
        }
        3 => {
            let _ = AllowedSigners::parse(&text);
        }
        _ => {
            let _ = PrivateKey::from_openssh(&text);
            let _ = PublicKey::from_spki_der(data);
            if let Ok(key) = PublicKey::from_blob(data) {
                assert_eq!(key.to_blob(), data);
            }
            if let Ok(key) = text.parse::<PublicKey>() {
                assert_eq!(key.to_string().parse::<PublicKey>().ok(), Some(key));
            }
        }
    }
});
