//! What people supply is kept, named by the log, and checked.

use std::fs;
use std::path::Path;

use evidence::clock::Timestamp;
use evidence::locker::{Locker, Writer};
use evidence::manual::{Decision, Fact, FileRef, ManualEvidence, ReviewBody};
use evidence::snapshot::Tool;
use serde_json::json;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn record(files: &[(&str, &[u8])], replaces: Option<&str>) -> ManualEvidence {
    let data = json!({"role": "Head of IT"}).as_object().unwrap().clone();
    ManualEvidence {
        control: "root-password-vaulted".into(),
        account: None,
        title: "Vault".into(),
        statement: "The log was read.".into(),
        owner: "Head of IT".into(),
        performed_on: "2025-06-30".parse().unwrap(),
        performer: "Ann".into(),
        reviewer: "Bo".into(),
        period_from: "2025-01-01".parse().unwrap(),
        period_to: "2025-06-30".parse().unwrap(),
        source_system: None,
        comment: None,
        files: files.iter().map(|(name, bytes)| FileRef::of(name, bytes)).collect(),
        facts_file: None,
        facts: vec![Fact {
            kind: "custodian".into(),
            subject: "Ann".into(),
            account: None,
            data,
        }],
        replaces: replaces.map(str::to_owned),
    }
}

fn locker(dir: &Path) -> Writer {
    let tool = Tool {
        name: "exhibit".into(),
        version: "0.0.0".into(),
    };
    Writer::create(dir, "Example", &tool, at("2025-06-30T00:00:00Z")).unwrap()
}

fn attach(writer: &mut Writer, files: &[(&str, &[u8])], replaces: Option<&str>) -> String {
    let contents: Vec<_> = files.iter().map(|(_, bytes)| bytes.to_vec()).collect();
    let made = writer.attach(at("2025-07-01T00:00:00Z"), &record(files, replaces), &contents);
    made.unwrap().id
}

fn faults(dir: &Path) -> Vec<(String, String)> {
    let found = Locker::verify(dir).unwrap();
    found.faults.into_iter().map(|f| (f.file, f.code)).collect()
}

#[test]
fn what_was_attached_comes_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = locker(dir.path());
    let first = attach(&mut writer, &[("log.csv", b"a,b"), ("copy.csv", b"a,b")], None);
    let second = attach(&mut writer, &[("log.csv", b"a,c")], Some(&first));
    let review = ReviewBody {
        control: None,
        period: None,
        reviewer: "Cy".into(),
        decision: Decision::Rejected,
        comment: "Again".into(),
    };
    writer.review(at("2025-07-02T00:00:00Z"), &review).unwrap();
    drop(writer);
    let locker = Locker::open(dir.path()).unwrap();
    let all = locker.attachments().unwrap();
    assert_eq!([first.as_str(), second.as_str()], ["A2", "A3"]);
    assert_eq!(all[0].replaced_by.as_deref(), Some("A3"));
    assert_eq!(all[1].evidence, record(&[("log.csv", b"a,c")], Some("A2")));
    assert_eq!(locker.object(&all[1].evidence.files[0]).unwrap(), b"a,c");
    assert_eq!(locker.reviews().unwrap()[0].review, review);
    let found = Locker::verify(dir.path()).unwrap();
    assert_eq!(found.faults, []);
    assert_eq!((found.checked["attachments"], found.checked["objects"]), (2, 2));
    assert_eq!((found.checked["reviews"], found.checked["checkpoints"]), (1, 3));
}

#[test]
fn a_changed_or_missing_object_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = locker(dir.path());
    attach(&mut writer, &[("log.csv", b"a,b")], None);
    drop(writer);
    let name = FileRef::of("log.csv", b"a,b").object();
    let path = dir.path().join(&name);
    fs::write(&path, b"a,x").unwrap();
    assert_eq!(faults(dir.path()), [(name.clone(), "changed".to_owned())]);
    fs::remove_file(&path).unwrap();
    assert_eq!(faults(dir.path()), [(name, "missing".to_owned())]);
}

#[test]
fn an_object_without_an_entry_is_a_note_unless_it_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    drop(locker(dir.path()));
    let name = FileRef::of("x", b"left behind").object();
    let path = dir.path().join(&name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"left behind").unwrap();
    let found = Locker::verify(dir.path()).unwrap();
    assert_eq!((found.faults.len(), found.notes.len()), (0, 1));
    fs::write(&path, b"else").unwrap();
    assert_eq!(faults(dir.path()), [(name, "changed".to_owned())]);
}

#[test]
fn a_crash_before_the_checkpoint_is_made_good() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = locker(dir.path());
    attach(&mut writer, &[("log.csv", b"a,b")], None);
    drop(writer);
    let checkpoint = dir.path().join("checkpoints/000000002.checkpoint");
    fs::remove_file(&checkpoint).unwrap();
    drop(Writer::open(dir.path()).unwrap());
    assert!(checkpoint.is_file());
    // An object that was changed meanwhile does not become part of a new entry.
    fs::write(dir.path().join(FileRef::of("x", b"a,b").object()), b"x").unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    let files: &[(&str, &[u8])] = &[("log.csv", b"a,b")];
    let refused = writer.attach(at("2025-07-01T00:00:00Z"), &record(files, None), &[b"a,b".to_vec()]);
    assert!(refused.unwrap_err().to_string().contains("SHA-256"));
}
