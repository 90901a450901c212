//! `docs/controls.md` says what the pages say, and every practice has a control.

use controls::catalogue::Catalogue;
use controls::{handbook, practice};

/// After a change of a page: `make renew`, or `UPDATE=1 cargo test -p controls --test it handbook`.
#[test]
fn the_handbook_is_up_to_date() {
    let text = handbook::markdown(&Catalogue::builtin().unwrap());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/controls.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    for (n, (is, was)) in text.lines().zip(written.lines()).enumerate() {
        assert!(
            is == was,
            "docs/controls.md, line {}, is not what the pages say: `make renew` writes it anew",
            n + 1
        );
    }
    assert_eq!(
        text.lines().count(),
        written.lines().count(),
        "docs/controls.md: `make renew` writes it anew"
    );
}

#[test]
fn every_practice_has_a_control_and_every_control_a_known_practice() {
    let catalogue = Catalogue::builtin().unwrap();
    let known = practice::all();
    for practice in &known {
        assert!(
            catalogue.controls().any(|c| c.page.practices.contains(&practice.code)),
            "no control tests {}",
            practice.code
        );
    }
    for control in catalogue.controls() {
        for code in &control.page.practices {
            assert!(known.iter().any(|p| p.code == *code), "{}: {code}", control.page.id);
        }
    }
}
