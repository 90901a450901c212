//! For eyes and stopwatches: writes a binder, a bundle and the pages. Not run by default.
//!
//! `cargo test --release -p report --test it show -- --ignored --nocapture`

use std::time::Instant;

use crate::trial::{Size, Trial};

fn write(trial: &Trial, name: &str) {
    let start = Instant::now();
    let binding = trial.bind();
    println!(
        "{name}: {} pages, binder {} kB, bundle {} kB, {} pages of the site, {:?}, missing {:?}",
        binding.pages,
        binding.binder_pdf.len() / 1024,
        binding.bundle_zip.len() / 1024,
        binding.site.len(),
        start.elapsed(),
        binding.missing_glyphs,
    );
    let out = std::env::temp_dir().join(format!("exhibit-show-{name}"));
    let _ = std::fs::remove_dir_all(&out);
    let files = binding.site.iter().map(|(path, bytes)| (path.as_str(), bytes));
    for (path, bytes) in files.chain([("binder.pdf", &binding.binder_pdf), ("bundle.zip", &binding.bundle_zip)]) {
        let path = out.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    println!("{}", out.display());
}

#[test]
#[ignore = "writes files for looking at"]
fn small() {
    write(&Trial::small(), "small");
}

#[test]
#[ignore = "writes files for looking at"]
fn period() {
    write(
        &Trial::period(
            Size {
                users: 60,
                groups: 40,
                buckets: 8,
            },
            &crate::trial::HOSTILE,
        ),
        "period",
    );
}

#[test]
#[ignore = "a measurement"]
fn large() {
    let size = Size {
        users: 500,
        groups: 500,
        buckets: 100,
    };
    write(&Trial::made(size, &["2025-06-30T00:00:00Z"], &[], None), "large");
}

#[test]
#[ignore = "writes files for looking at"]
fn recorded() {
    let locker = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/locker");
    let period = evidence::period::Period {
        name: "2026-Q2".into(),
        r#type: evidence::period::PeriodType::TypeII,
        start: "2026-04-01".parse().unwrap(),
        end: "2026-07-01".parse().unwrap(),
        closed: false,
    };
    let settings = controls::settings::Settings::default();
    write(&Trial::on_disk(&locker, Some(period), &settings), "recorded");
}
