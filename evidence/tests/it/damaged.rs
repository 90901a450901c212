//! The damaged sample lockers: each damage is found, and the right file named.

use std::path::PathBuf;

use evidence::locker::{Locker, LockerError};

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../samples").join(name)
}

/// Files and codes of all faults.
fn faults(name: &str) -> Vec<(String, String)> {
    let found = Locker::verify(&sample(&format!("damaged/{name}"))).unwrap();
    found.faults.into_iter().map(|fault| (fault.file, fault.code)).collect()
}

#[test]
fn the_lockers_they_were_made_from_are_whole() {
    for name in ["tiny", "locker"] {
        assert_eq!(Locker::verify(&sample(name)).unwrap().faults, vec![], "{name}");
    }
}

#[test]
fn each_damage_is_found_where_it_is() {
    let cases: [(&str, &[(&str, &str)]); 7] = [
        (
            "broken-chain",
            &[("log/000000002.json", "chain"), ("log/000000003.json", "chain")],
        ),
        ("clock-backwards", &[("log/000000003.json", "time")]),
        ("extra-file", &[("snapshots/20260112T08", "unexpected")]),
        ("flipped-byte", &[("snapshots/", "changed")]),
        ("missing-snapshot", &[("snapshots/", "missing")]),
        (
            "reordered-log",
            &[("log/000000002.json", "changed"), ("log/000000003.json", "changed")],
        ),
        ("truncated-zip", &[("snapshots/", "changed")]),
    ];
    for (name, expected) in cases {
        let found = faults(name);
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for ((file, code), (expected_file, expected_code)) in found.iter().zip(expected) {
            // Run ids change when the sample is recorded again.
            assert!(file.starts_with(expected_file), "{name}: {file}");
            assert_eq!(code, expected_code, "{name}: {file}");
        }
    }
}

#[test]
fn what_cannot_be_verified_at_all_is_an_error() {
    let error = |name: &str| Locker::verify(&sample(&format!("damaged/{name}"))).unwrap_err();
    assert!(matches!(error("newer-format"), LockerError::Newer { .. }));
    assert!(matches!(error("not-a-locker"), LockerError::NotALocker(_)));
}
