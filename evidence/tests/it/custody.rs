//! A locker in custody: what is signed and when, what is told when it cannot be, and what verify
//! makes of it. Time stamps need a real authority, and are tested through the binary.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use evidence::clock::{FixedClock, Timestamp};
use evidence::custody::examine::Trust;
use evidence::custody::keys::{KeyAdd, KeyRevoke, KeySource};
use evidence::custody::signature::{AllowedSigners, PrivateKey, PublicKey, Signer};
use evidence::custody::{Custody, KeyFile, Sign, Stamp};
use evidence::digest::Digest;
use evidence::locker::{Locker, Writer};
use evidence::log::EntryType;
use evidence::snapshot::{Plan, Tool};
use tempfile::TempDir;

fn at() -> Timestamp {
    "2026-07-01T00:00:00Z".parse().unwrap()
}

fn tool() -> Tool {
    Tool {
        name: "exhibit".into(),
        version: "0.0.0".into(),
    }
}

/// A key that can be switched off.
struct Moody(KeyFile, Arc<AtomicBool>);

impl Sign for Moody {
    fn public_key(&self) -> Result<PublicKey, String> {
        self.0.public_key()
    }

    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, String> {
        match self.1.load(Ordering::Relaxed) {
            true => self.0.sign(namespace, message),
            false => Err("denied".into()),
        }
    }
}

/// An authority that is never there.
struct Nobody;

impl Stamp for Nobody {
    fn name(&self) -> &str {
        "nobody"
    }

    fn stamp(&self, _: &Digest) -> Result<Vec<u8>, String> {
        Err("no\nanswer".into())
    }
}

fn custody(seed: u8, stamps: bool) -> (Arc<Custody>, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(true));
    let key = Moody(KeyFile(PrivateKey::generate(&[seed; 32])), on.clone());
    let authorities: Vec<Box<dyn Stamp>> = if stamps { vec![Box::new(Nobody)] } else { Vec::new() };
    let made = Custody::new(
        "owner@acme".into(),
        Some(Box::new(key)),
        authorities,
        Arc::new(FixedClock(at())),
    );
    (Arc::new(made), on)
}

fn key(seed: u8) -> KeyAdd {
    let key = PrivateKey::generate(&[seed; 32]).public_key();
    KeyAdd {
        key: key.to_string(),
        fingerprint: key.fingerprint().to_string(),
        principal: "owner@acme".into(),
        source: KeySource::File,
        valid_after: at(),
    }
}

fn types(locker: &Locker) -> Vec<EntryType> {
    locker.entries().iter().map(|e| e.r#type).collect()
}

fn trusting(seed: u8) -> Trust {
    let list = format!("owner@acme {}\n", key(seed).key);
    Trust {
        signers: Some(AllowedSigners::parse(&list).unwrap()),
        ..Trust::default()
    }
}

#[test]
fn what_cannot_be_signed_is_logged_once_and_made_up_for() {
    use EntryType::{BundleExport, Genesis, KeyAdd, RunAbort, RunOpen, TimestampFailed, Timestamped};
    let dir = TempDir::new().unwrap();
    let (held, on) = custody(1, false);
    let mut writer = Writer::create(dir.path(), "Acme", &tool(), at()).unwrap();
    writer = writer.in_custody_of(held.clone()).unwrap();
    writer.key_add(at(), &key(1)).unwrap();
    on.store(false, Ordering::Relaxed);
    let draft = writer.begin(at(), &tool(), Plan::default()).unwrap();
    let writer = draft.abort(at(), "nobody answers").unwrap();
    assert_eq!(held.troubles().len(), 2);
    let locker = writer.locker();
    assert_eq!(
        types(&locker),
        [
            Genesis,
            KeyAdd,
            Timestamped,
            RunOpen,
            TimestampFailed,
            RunAbort,
            TimestampFailed
        ]
    );
    assert_eq!(locker.not_vouched(), [("signed".to_owned(), "denied".to_owned())]);
    drop(writer);
    // Still denied: told again, but not logged again.
    let writer = Writer::open(dir.path()).unwrap().in_custody_of(held.clone()).unwrap();
    assert_eq!((held.troubles().len(), writer.locker().entries().len()), (1, 7));
    drop(writer);
    let found = Locker::verify_by(dir.path(), &trusting(1)).unwrap();
    let codes: Vec<_> = found
        .faults
        .iter()
        .map(|f| (f.code.as_str(), f.file.as_str()))
        .collect();
    assert_eq!(codes, [("unsigned", "checkpoints/000000006.checkpoint")]);

    on.store(true, Ordering::Relaxed);
    let mut writer = Writer::open(dir.path()).unwrap().in_custody_of(held.clone()).unwrap();
    let digest = Digest::of("x");
    for _ in 0..2 {
        writer.bundle_export(at(), "acme", 8, digest, digest, b"{}").unwrap();
    }
    let locker = writer.locker();
    assert_eq!(types(&locker)[7..], [Timestamped, BundleExport, BundleExport]);
    assert!(locker.not_vouched().is_empty());
    assert_eq!(locker.without_last_exports().entries().len(), 8);
    drop(writer);
    let found = Locker::verify_by(dir.path(), &trusting(1)).unwrap();
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    // The one in between stays unsigned; the newest covers it.
    assert!(
        found
            .notes
            .iter()
            .any(|n| n.contains("000000004.checkpoint: it has no signature (denied)"))
    );
    assert!(!dir.path().join("checkpoints/000000004.checkpoint.sig").exists());
    let found = Locker::verify_by(dir.path(), &trusting(2)).unwrap();
    assert!(found.faults.iter().any(|f| f.code == "unknown-signer"));
}

#[test]
fn an_authority_that_is_never_there_keeps_nothing_from_being_done() {
    let dir = TempDir::new().unwrap();
    let (held, _) = custody(1, true);
    let writer = Writer::create(dir.path(), "Acme", &tool(), at()).unwrap();
    let mut writer = writer.in_custody_of(held.clone()).unwrap();
    writer.key_add(at(), &key(1)).unwrap();
    let failed = writer
        .locker()
        .entries()
        .iter()
        .find(|e| e.r#type == EntryType::TimestampFailed)
        .cloned();
    assert_eq!(failed.unwrap().text("reason"), Some("noanswer"));
    drop(writer);
    assert!(Locker::verify(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn keys_count_from_their_entry_to_their_revocation() {
    let dir = TempDir::new().unwrap();
    let (first, _) = custody(1, false);
    let (second, _) = custody(2, false);
    let mut writer = Writer::create(dir.path(), "Acme", &tool(), at()).unwrap();
    writer = writer.in_custody_of(second.clone()).unwrap();
    // Not in the log yet: the key that is signs for itself only.
    writer.key_add(at(), &key(1)).unwrap();
    assert!(second.troubles()[0].reason.contains("is not in the log"));
    drop(writer);
    let mut writer = Writer::open(dir.path()).unwrap().in_custody_of(first.clone()).unwrap();
    writer.key_add(at(), &key(2)).unwrap();
    let revoke = KeyRevoke {
        fingerprint: key(1).fingerprint,
        reason: "stolen".into(),
    };
    writer.key_revoke(at(), &revoke).unwrap();
    // It vouches for its own end, and for nothing after it.
    assert!(first.troubles().is_empty());
    writer.key_add(at(), &key(3)).unwrap();
    assert!(first.troubles()[0].reason.contains("was revoked"));
    drop(writer);
    let found = Locker::verify(dir.path()).unwrap();
    assert!(found.faults.is_empty(), "{:?}", found.faults);

    // Whoever has the key still signs with it, by hand.
    let newest = Locker::open(dir.path()).unwrap().newest_checkpoint();
    let text = fs::read(dir.path().join(format!("checkpoints/{newest:09}.checkpoint"))).unwrap();
    let stolen = KeyFile(PrivateKey::generate(&[1; 32]));
    let signature = stolen
        .sign(evidence::custody::signature::CHECKPOINT_NAMESPACE, &text)
        .unwrap();
    let name = format!("{newest:09}.checkpoint.sig");
    fs::write(dir.path().join("checkpoints").join(&name), &signature).unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    let body = serde_json::json!({ "checkpoint": newest, "tokens": [], "signature": { "file": name, "sha256": Digest::of(&signature) } });
    writer.append(at(), EntryType::Timestamped, body).unwrap();
    let found = Locker::verify(dir.path()).unwrap();
    assert_eq!(found.faults.len(), 1, "{:?}", found.faults);
    assert_eq!(
        (found.faults[0].code.as_str(), found.faults[0].file.as_str()),
        ("key-not-valid", &*format!("checkpoints/{name}"))
    );
}

#[test]
fn nobody_vouches_and_nothing_changes() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for dir in [&one, &other] {
        let writer = Writer::create(dir.path(), "Acme", &tool(), at()).unwrap();
        writer
            .begin(at(), &tool(), Plan::default())
            .unwrap()
            .abort(at(), "x")
            .unwrap();
    }
    let lines = |dir: &TempDir| Locker::open(dir.path()).unwrap().lines().to_vec();
    assert_eq!(lines(&one), lines(&other));
    let found = Locker::verify(one.path()).unwrap();
    assert!(found.faults.is_empty() && !found.vouched.is_any() && found.vouched.describe() == "unsigned");
    assert_eq!(found.vouched.signed_json(), serde_json::json!(false));
}
