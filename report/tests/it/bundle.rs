//! The bundle holds what it says, and notices everything else.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::trial::{FEW, HOSTILE, SMALL, Size, Trial};
use evidence::archive::{Archive, ArchiveWriter};
use evidence::digest::Digest;
use evidence::locker::Verification;
use proptest::prelude::*;
use report::Binding;
use report::bundle::{BUNDLE, verify};

/// Two snapshots of a period, with hostile names.
static PERIOD: LazyLock<(Trial, Binding)> = LazyLock::new(|| {
    let trial = Trial::period(SMALL, &HOSTILE);
    let binding = trial.bind();
    (trial, binding)
});

/// A bundle as small as they get, for many flips.
static TINY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let size = Size {
        users: 1,
        groups: 1,
        buckets: 0,
    };
    Trial::made(size, &["2025-06-30T00:00:00Z"], &[], None)
        .only(&FEW)
        .bind()
        .bundle_zip
});

fn check(bytes: &[u8]) -> Verification {
    verify(bytes)
}

/// Entries by path inside the top folder, and its name.
fn entries(zip: &[u8]) -> (String, BTreeMap<String, Vec<u8>>) {
    let archive = Archive::of(zip.to_vec()).unwrap();
    let names = archive.names();
    let top = names[0].split_once('/').unwrap().0.to_owned();
    let read = |name: &str| (name[top.len() + 1..].to_owned(), archive.read(name).unwrap());
    let files = names.into_iter().map(read).collect();
    (top, files)
}

/// Writes a zip anew: sealed as if nothing had happened.
fn reseal(top: &str, files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        archive.add(&format!("{top}/{path}"), bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn manifest(files: &BTreeMap<String, Vec<u8>>, payload: bool) -> Vec<u8> {
    let mine = |path: &str| path.starts_with("data/") == payload && path != "tagmanifest-sha256.txt";
    let lines = files.iter().filter(|(path, _)| mine(path));
    lines
        .map(|(path, bytes)| format!("{}  {path}\n", Digest::of(bytes)))
        .collect::<String>()
        .into_bytes()
}

/// What somebody does who knows how a bundle is made.
fn with_manifests(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.insert("manifest-sha256.txt".to_owned(), manifest(&files, true));
    files.insert("tagmanifest-sha256.txt".to_owned(), manifest(&files, false));
    files
}

fn unpacked() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (top, files) = entries(&PERIOD.1.bundle_zip);
    let root = dir.path().join(top);
    for (path, bytes) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    (dir, root)
}

/// Runs a shell command in a folder; `None` if the program is not there.
fn shell(dir: &Path, program: &str, script: &str) -> Option<(bool, String)> {
    let there = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status();
    if !there.is_ok_and(|s| s.success()) {
        eprintln!("{program} is not installed: not tried");
        return None;
    }
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(dir)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}

#[test]
fn one_thread_and_several_find_the_same() {
    let (top, files) = entries(&TINY);
    let mut other = files.clone();
    other.values_mut().last().unwrap().push(b'\n');
    let mut flipped = TINY.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let cut = TINY[..middle].to_vec();
    for bytes in [TINY.clone(), reseal(&top, &other), flipped, cut] {
        let found = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| check(&bytes));
            (found.faults, found.notes, found.checked)
        };
        let one = found(1);
        assert_eq!(one.0.is_empty(), bytes == *TINY, "{:?}", one.0);
        assert_eq!(one, found(3));
    }
}

#[test]
fn a_bundle_as_written_has_no_fault() {
    let found = check(&PERIOD.1.bundle_zip);
    assert_eq!(found.faults, []);
    assert_eq!(found.checked["snapshots"], 6);
    assert!(found.checked["exchanges"] > 300 && found.checked["bodies"] == found.checked["exchanges"]);
    assert!(
        found.notes.iter().any(|n| n.contains("exhibit/example-sons-ltd/")),
        "{:?}",
        found.notes
    );
    assert_eq!(check(&TINY).faults, []);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let again = PERIOD.0.bind();
    assert_eq!(again.binder_pdf, PERIOD.1.binder_pdf);
    assert_eq!(again.bundle_zip, PERIOD.1.bundle_zip);
    assert_eq!(again.site, PERIOD.1.site);
}

/// The answer to the first call of a run, whichever that is.
fn first_body(files: &BTreeMap<String, Vec<u8>>, run: &str) -> String {
    let start = format!("data/evidence/{run}/bodies/000001.");
    let found = files.keys().find(|path| path.starts_with(&start));
    found.cloned().unwrap_or(start)
}

#[test]
fn the_layout_is_the_one_described() {
    let (top, files) = entries(&PERIOD.1.bundle_zip);
    assert_eq!(
        (top.as_str(), top.as_str()),
        ("example-sons-ltd-2025-h1", PERIOD.1.name.as_str())
    );
    let run = |n: usize| &PERIOD.0.loaded[n].snapshot.meta.run;
    for path in [
        "bagit.txt".to_owned(),
        "README.txt".to_owned(),
        "index.html".to_owned(),
        "data/index.html".to_owned(),
        "data/binder.pdf".to_owned(),
        "data/evidence.db".to_owned(),
        "data/changes.html".to_owned(),
        "data/changes.json".to_owned(),
        "data/gaps.csv".to_owned(),
        "data/request-list.csv".to_owned(),
        "data/log/log.jsonl".to_owned(),
        "data/locker.json".to_owned(),
        "data/controls/root-mfa-enabled.md".to_owned(),
        "data/criteria/CC1.1/index.html".to_owned(),
        "data/criteria/CC6.1/iam-console-users-mfa/index.html".to_owned(),
        "data/criteria/CC6.1/iam-console-users-mfa/population.csv".to_owned(),
        "data/criteria/CC6.1/iam-console-users-mfa/test.sql".to_owned(),
        "data/criteria/CC6.1/iam-console-users-mfa/result.json".to_owned(),
        format!("data/evidence/{}/evidence.db", run(0)),
        format!("data/evidence/{}/tests/root-mfa-enabled.sql", run(0)),
        format!("data/evidence/{}/exchanges.jsonl", run(5)),
        first_body(&files, run(5)),
    ] {
        assert!(files.contains_key(&path), "{path}");
    }
    let criteria = files
        .keys()
        .filter(|p| p.starts_with("data/criteria/") && p.matches('/').count() == 3)
        .count();
    assert_eq!(criteria, 61);
    let value: serde_json::Value =
        serde_json::from_slice(&files["data/criteria/CC6.1/iam-console-users-mfa/result.json"]).unwrap();
    assert_eq!(
        (value["schema"].as_str(), value["verdict"].as_str()),
        (Some("exhibit.workpaper/1"), Some("fail"))
    );
    for loaded in &PERIOD.0.loaded {
        let zip = Archive::of(loaded.zip.clone()).unwrap();
        for name in zip.names() {
            let path = format!("data/evidence/{}/{name}", loaded.snapshot.meta.run);
            assert_eq!(files[&path], zip.read(name).unwrap(), "{path}");
        }
    }
}

#[test]
fn links_of_the_pages_lead_somewhere() {
    let (_, bundled) = entries(&PERIOD.1.bundle_zip);
    let beside: BTreeMap<String, Vec<u8>> = PERIOD.1.site.clone();
    let also = ["binder.pdf", "bundle.zip"];
    let is_page = |path: &&String| path.ends_with(".html");
    let mut links = 0;
    for (files, path) in bundled
        .keys()
        .filter(is_page)
        .map(|p| (&bundled, p))
        .chain(beside.keys().filter(is_page).map(|p| (&beside, p)))
    {
        let text = String::from_utf8(files[path].clone()).unwrap();
        for link in text
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            let (target, _) = link.split_once('#').unwrap_or((link, ""));
            if target.is_empty() || target.starts_with("https:") {
                continue;
            }
            let mut parts: Vec<&str> = path.split('/').collect();
            parts.pop();
            for part in target.split('/') {
                if part == ".." {
                    assert!(parts.pop().is_some(), "{path}: {link}")
                } else {
                    parts.push(part)
                }
            }
            let target = parts.join("/");
            assert!(
                files.contains_key(&target) || also.contains(&target.as_str()),
                "{path}: {link}"
            );
            links += 1;
        }
    }
    assert!(links > 1000);
}

#[test]
fn stock_tools_agree() {
    let (_dir, root) = unpacked();
    let sums = "sha256sum --strict --quiet -c tagmanifest-sha256.txt manifest-sha256.txt";
    if let Some((ok, text)) = shell(&root, "sha256sum", sums) {
        assert!(ok && text.is_empty(), "{text}");
    }
    let added = "{ cut -c 67- manifest-sha256.txt tagmanifest-sha256.txt; echo tagmanifest-sha256.txt; } | LC_ALL=C sort > ../list; \
                 find . -type f | cut -c 3- | LC_ALL=C sort | diff - ../list";
    if let Some((ok, text)) = shell(&root, "diff", added) {
        assert!(ok && text.is_empty(), "{text}");
    }
    let chain = "p=$(printf %064d 0); while IFS= read -r l; do case $l in *'\"prev\":\"'$p'\"'*) ;; *) echo \"broken: $l\"; break;; esac; \
                 p=$(printf %s \"$l\" | sha256sum | cut -c 1-64); done < data/log/log.jsonl; [ \"$l\" ] || echo ok";
    if let Some((_, text)) = shell(&root, "sha256sum", chain) {
        assert_eq!(text, "ok\n");
    }
    let zip = root.join("../bundle.zip");
    std::fs::write(&zip, &PERIOD.1.bundle_zip).unwrap();
    if let Some((ok, text)) = shell(&root, "unzip", "unzip -tq ../bundle.zip >/dev/null") {
        assert!(ok, "{text}");
    }
    let seal = "head -c -71 ../bundle.zip | sha256sum | cut -c 1-64; tail -c 64 ../bundle.zip";
    if let Some((_, text)) = shell(&root, "sha256sum", seal) {
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], lines[1]);
    }
}

#[test]
fn stock_sqlite_gives_the_same_verdicts() {
    let (_dir, root) = unpacked();
    let data = root.join("data");
    for control in &PERIOD.0.assessment.controls {
        let page = &control.control.page;
        let script = format!(
            "sqlite3 -json evidence.db < criteria/{}/{}/test.sql",
            page.criteria[0], page.id
        );
        let Some((ok, text)) = shell(&data, "sqlite3", &script) else {
            return;
        };
        assert!(ok, "{}: {text}", page.id);
        let rows: Vec<serde_json::Value> = if text.is_empty() {
            Vec::new()
        } else {
            serde_json::from_str(&text).unwrap()
        };
        let rows: Vec<_> = rows
            .iter()
            .map(|r| {
                ["account", "region", "resource", "name", "verdict", "reason"]
                    .map(|c| r[c].as_str().unwrap().to_owned())
            })
            .collect();
        let expected: Vec<_> = control
            .latest
            .resources
            .iter()
            .map(|r| {
                [
                    &r.account,
                    &r.region,
                    &r.resource,
                    &r.name,
                    r.verdict.as_str(),
                    &r.reason,
                ]
                .map(str::to_owned)
            })
            .collect();
        assert_eq!(rows, expected, "{}", page.id);
    }
    let earlier = data.join("evidence").join(&PERIOD.0.loaded[0].snapshot.meta.run);
    let (ok, text) = shell(
        &earlier,
        "sqlite3",
        "sqlite3 evidence.db < tests/iam-console-users-mfa.sql",
    )
    .unwrap();
    let fails = text.lines().filter(|l| l.contains("|fail|")).count();
    assert!(
        ok && fails == PERIOD.0.loaded[0].results.controls["iam-console-users-mfa"].counts.fail,
        "{text}"
    );
}

#[test]
fn what_a_knowing_hand_changes_is_found() {
    let (top, files) = entries(&PERIOD.1.bundle_zip);
    let run = &PERIOD.0.loaded[0].snapshot.meta.run;
    let changed = |path: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = files.clone();
        change(files.get_mut(path).unwrap());
        check(&reseal(&top, &with_manifests(files)))
    };
    let named = |found: &Verification, file: &str, code: &str| {
        assert!(
            found.faults.iter().any(|f| f.file == file && f.code == code),
            "{file} {code}: {:?}",
            found.faults
        );
    };
    let flip: &dyn Fn(&mut Vec<u8>) = &|bytes| bytes[20] ^= 1;
    let body = first_body(&files, run);
    named(&changed(&body, flip), &body, "changed");
    let snapshot = format!("data/evidence/{run}/snapshot.json");
    named(&changed(&snapshot, &|b| b.push(b'\n')), &snapshot, "changed");
    let records = format!("data/evidence/{run}/records/iam_user.jsonl");
    named(&changed(&records, flip), &records, "changed");
    let exchanges = format!("data/evidence/{run}/exchanges.jsonl");
    named(
        &changed(&exchanges, &|b| b.truncate(b.len() / 2)),
        &exchanges,
        "changed",
    );
    named(&changed("data/log/log.jsonl", flip), "data/log/log.jsonl", "chain");
    let checkpoint = "data/log/checkpoints/000000002.checkpoint";
    named(&changed(checkpoint, flip), checkpoint, "checkpoint");
    named(&changed("data/locker.json", flip), "data/locker.json", "changed");
    // A page that was changed together with its manifests is not evidence, but its length is declared.
    named(
        &changed("data/index.html", &|b| b.push(b' ')),
        "bag-info.txt",
        "changed",
    );

    let mut cut = files.clone();
    let log = String::from_utf8(cut["data/log/log.jsonl"].clone()).unwrap();
    let lines: Vec<_> = log.lines().collect();
    cut.insert(
        "data/log/log.jsonl".to_owned(),
        format!("{}\n", lines[..lines.len() - 2].join("\n")).into_bytes(),
    );
    let last = &PERIOD.0.loaded[5].snapshot.meta.run;
    named(
        &check(&reseal(&top, &with_manifests(cut))),
        &format!("data/evidence/{last}/snapshot.json"),
        "unexpected",
    );

    let mut without = files.clone();
    without.remove(&body);
    named(&check(&reseal(&top, &with_manifests(without))), &body, "missing");
    let mut more = files.clone();
    let extra = format!("data/evidence/{run}/bodies/999999.extra.xml");
    more.insert(extra.clone(), b"<x/>".to_vec());
    named(&check(&reseal(&top, &with_manifests(more))), &extra, "unexpected");
    let mut aside = files.clone();
    aside.insert("EXTRA.sh".to_owned(), b"echo ok".to_vec());
    named(&check(&reseal(&top, &aside)), "EXTRA.sh", "unexpected");
}

#[test]
fn what_is_no_bundle_is_no_panic() {
    for bytes in [
        b"".as_slice(),
        b"PK\x05\x06",
        b"not a zip",
        &TINY[..TINY.len() / 2],
        &TINY[1..],
    ] {
        assert!(check(bytes).faults.iter().any(|f| f.file == BUNDLE));
    }
    // The same zip with another byte behind its end, or before its start.
    let mut longer = TINY.clone();
    longer.push(0);
    assert!(!check(&longer).faults.is_empty());
    let mut shifted = Vec::new();
    shifted.write_all(b"#!/bin/sh\n").unwrap();
    shifted.write_all(&TINY).unwrap();
    assert!(!check(&shifted).faults.is_empty());
}

/// Names in the zip's directory and where each entry's bytes are.
fn spans(zip: &[u8]) -> Vec<(String, std::ops::Range<usize>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    (0..archive.len())
        .map(|at| {
            let entry = archive.by_index_raw(at).unwrap();
            let start = entry.data_start().unwrap() as usize;
            let name = entry.name().unwrap().split_once('/').unwrap().1.to_owned();
            (name, start..start + entry.compressed_size() as usize)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::cases(96), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_bit_is_found(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut bad = TINY.clone();
        let at = at.index(bad.len());
        bad[at] ^= 1 << bit;
        let found = check(&bad);
        prop_assert!(found.faults.iter().any(|f| f.file == BUNDLE), "byte {at}: {:?}", found.faults);
        let inside = spans(&TINY).into_iter().find(|(_, span)| span.contains(&at));
        if let Some((name, _)) = inside {
            prop_assert!(found.faults.iter().any(|f| f.file == name), "{name}, byte {at}: {:?}", found.faults);
        }
    }

    #[test]
    fn flips_near_the_end_never_panic(at in 0_usize..40_000, bits in 1_u8..=255) {
        let mut bad = TINY.clone();
        let at = bad.len().saturating_sub(1 + at);
        bad[at] ^= bits;
        prop_assert!(!check(&bad).faults.is_empty());
    }
}
