//! Whatever is fed to the readers of keys, signatures and lists, they answer and never panic.

use std::sync::LazyLock;

use evidence::clock::Timestamp;
use evidence::custody::signature::{AllowedSigners, PrivateKey, PublicKey, Signer, prepare, sign, verify};
use proptest::prelude::*;

use crate::signature::{decoded, encoded};

const OWNER: &str = "owner@acme";
const MESSAGE: &[u8] = b"what is signed";

fn now() -> Timestamp {
    "2025-06-30T12:00:00Z".parse().unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::generate(&[42; 32])
}

fn p256() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p256_public() -> PublicKey {
    let mut der = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    der.extend(p256().verifying_key().to_sec1_point(false).as_bytes());
    PublicKey::from_spki_der(&der).unwrap()
}

/// By the Ed25519 key and by the P-256 key, and the list that allows both.
static SIGNED: LazyLock<([Vec<u8>; 2], AllowedSigners)> = LazyLock::new(|| {
    let to_be_signed = prepare("n", MESSAGE).unwrap();
    let made: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&p256(), to_be_signed.bytes());
    let signed = [
        decoded(&sign(&key(), "n", MESSAGE).unwrap()),
        decoded(&to_be_signed.finish(&p256_public(), made.to_der().as_bytes()).unwrap()),
    ];
    let list = format!("* {}\n* {}", key().public_key(), p256_public());
    (signed, AllowedSigners::parse(&list).unwrap())
});

proptest! {
    #[test]
    fn hostile_text_does_no_harm(text in "\\PC{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, allowed) = &*SIGNED;
        let _ = AllowedSigners::parse(&text);
        let _ = PrivateKey::from_openssh(&text);
        let _ = text.parse::<PublicKey>();
        let _ = PublicKey::from_spki_der(&bytes);
        let _ = PublicKey::from_blob(&bytes);
        for armoured in [text.clone(), encoded(&bytes), encoded(&[b"SSHSIG\0\0\0\x01", &bytes[..]].concat())] {
            prop_assert!(verify(b"", &armoured, "n", allowed, OWNER, now()).is_err());
        }
        let _ = prepare("n", b"").unwrap().finish(&p256_public(), &bytes);
    }

    #[test]
    fn mangled_signatures_do_no_harm(
        cut in 0..400_usize, insert in proptest::collection::vec(any::<u8>(), 0..9), drop in 0..9_usize, p256: bool
    ) {
        let (signed, allowed) = &*SIGNED;
        let blob = &signed[usize::from(p256)];
        let at = cut % blob.len();
        let mut mangled = blob.clone();
        mangled.splice(at..(at + drop).min(blob.len()), insert);
        let verified = verify(MESSAGE, &encoded(&mangled), "n", allowed, OWNER, now());
        prop_assert_eq!(verified.is_ok(), &mangled == blob);
    }

    #[test]
    fn mangled_lists_do_no_harm(
        fields in proptest::collection::vec(prop_oneof![
            Just("owner@acme".to_owned()), Just("KEY".to_owned()), Just(" ".to_owned()), Just("\"".to_owned()),
            Just("namespaces=\"".to_owned()), Just("valid-after=\"2025".to_owned()), Just("\\\"".to_owned()),
            Just(",".to_owned()), Just("\n".to_owned()), Just("ssh-rsa ".to_owned()), "\\PC{0,3}",
        ], 0..12)
    ) {
        let text = fields.concat().replace("KEY", &key().public_key().to_string());
        let _ = AllowedSigners::parse(&text);
    }
}
