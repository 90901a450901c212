//! For eyes and stopwatches: writes the sample binder and times a big one. Not run by default.
//!
//! `cargo test --release -p report --test it pdf_show -- --ignored --nocapture`

use std::time::Instant;

use crate::pdf_support::Boxes;
use report::pdf::{draw, render};

#[test]
#[ignore = "writes a file for looking at"]
fn sample() {
    let out = std::env::temp_dir().join("exhibit-sample.pdf");
    let start = Instant::now();
    let binder = render(&crate::pdf_support::binder(300), &crate::pdf_support::meta()).expect("renders");
    println!(
        "{} pages, {} bytes, {:?}, missing {:?}",
        binder.pages,
        binder.bytes.len(),
        start.elapsed(),
        binder.missing
    );
    std::fs::write(&out, binder.bytes).expect("writes");
    println!("{}", out.display());
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    for rows in [4_000, 12_000] {
        let tags = crate::pdf_support::binder(rows);
        let start = Instant::now();
        draw(&tags, &crate::pdf_support::meta(), &mut Boxes::default()).expect("draws");
        let layout = start.elapsed();
        let start = Instant::now();
        let binder = render(&tags, &crate::pdf_support::meta()).expect("renders");
        println!(
            "{rows} rows: {} pages, {} bytes, {:?}, of which layout {layout:?}",
            binder.pages,
            binder.bytes.len(),
            start.elapsed()
        );
    }
}
