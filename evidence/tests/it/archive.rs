//! Zip files of others, with a digest that fits: whoever changes an archive can also redo its comment.

use std::io::{Cursor, Write};
use std::process::Command;

use evidence::archive::{Archive, ArchiveError, ArchiveWriter};
use evidence::digest::Digest;
use proptest::prelude::*;

/// An entry as a forger writes it; `Forged::default()` is as exhibit writes it.
#[derive(Clone)]
struct Forged {
    name: Vec<u8>,
    local_name: Option<Vec<u8>>,
    packed: Vec<u8>,
    made_by: u16,
    needed: u16,
    flags: u16,
    method: u16,
    time: u16,
    date: u16,
    crc: u32,
    packed_size: u32,
    size: u32,
    local_extra: Vec<u8>,
    central_extra: Vec<u8>,
    comment: Vec<u8>,
    disk: u16,
    internal: u16,
    mode: u32,
    offset: Option<u32>,
    /// Bytes after the entry.
    after: Vec<u8>,
}

/// `hello` in one stored block, so that the tests need no compressor.
fn file(name: &str) -> Forged {
    let packed = [b"\x01\x05\x00\xfa\xff".as_slice(), b"hello"].concat();
    Forged {
        name: name.as_bytes().to_vec(),
        local_name: None,
        packed_size: packed.len() as u32,
        packed,
        made_by: 0x0314,
        needed: 20,
        flags: 0,
        method: 8,
        time: 0,
        date: 0x21,
        crc: 0x3610_a686,
        size: 5,
        local_extra: Vec::new(),
        central_extra: Vec::new(),
        comment: Vec::new(),
        disk: 0,
        internal: 0,
        mode: 0o100_644 << 16,
        offset: None,
        after: Vec::new(),
    }
}

fn zip64(values: &[u64]) -> Vec<u8> {
    let head = [1_u16, 8 * values.len() as u16];
    let head = head.iter().flat_map(|v| v.to_le_bytes());
    head.chain(values.iter().flat_map(|v| v.to_le_bytes())).collect()
}

/// A zip file up to its comment.
#[derive(Clone)]
struct Zip {
    before: Vec<u8>,
    body: Vec<u8>,
    between: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    fn of(entries: &[Forged]) -> Self {
        Self::after(b"", entries)
    }

    /// With bytes before the first entry; offsets allow for them.
    fn after(before: &[u8], entries: &[Forged]) -> Self {
        let (mut body, mut directory) = (Vec::new(), Vec::new());
        for e in entries {
            let offset = e.offset.unwrap_or((before.len() + body.len()) as u32);
            let local_name = e.local_name.as_ref().unwrap_or(&e.name);
            let shorts = [e.needed, e.flags, e.method, e.time, e.date]
                .map(u16::to_le_bytes)
                .concat();
            let longs = [e.crc, e.packed_size, e.size].map(u32::to_le_bytes).concat();
            let lengths =
                |name: &[u8], extra: &[u8]| [name.len() as u16, extra.len() as u16].map(u16::to_le_bytes).concat();
            body.extend(
                [
                    b"PK\x03\x04".as_slice(),
                    &shorts,
                    &longs,
                    &lengths(local_name, &e.local_extra),
                ]
                .concat(),
            );
            body.extend(
                [local_name, &e.local_extra, &e.packed, &e.after]
                    .map(Vec::as_slice)
                    .concat(),
            );
            let rest = [e.comment.len() as u16, e.disk, e.internal]
                .map(u16::to_le_bytes)
                .concat();
            let ends = [e.mode, offset].map(u32::to_le_bytes).concat();
            directory.extend(b"PK\x01\x02");
            directory.extend(e.made_by.to_le_bytes());
            directory.extend([shorts, longs, lengths(&e.name, &e.central_extra), rest, ends].concat());
            directory.extend([&e.name, &e.central_extra, &e.comment].map(Vec::as_slice).concat());
        }
        Self {
            before: before.to_vec(),
            body,
            between: Vec::new(),
            directory,
            count: entries.len() as u16,
        }
    }

    fn start(&self) -> usize {
        self.before.len() + self.body.len() + self.between.len()
    }

    fn end_record(&self) -> Vec<u8> {
        let counts = [0, 0, self.count, self.count].map(u16::to_le_bytes).concat();
        let places = [self.directory.len() as u32, self.start() as u32]
            .map(u32::to_le_bytes)
            .concat();
        [b"PK\x05\x06".as_slice(), &counts, &places, &71_u16.to_le_bytes()].concat()
    }

    fn bytes(&self, end: &[u8]) -> Vec<u8> {
        seal(
            [&self.before, &self.body, &self.between, &self.directory]
                .map(Vec::as_slice)
                .concat(),
            end,
        )
    }

    fn opened(&self) -> Result<Archive<Vec<u8>>, ArchiveError> {
        Archive::of(self.bytes(&self.end_record()))
    }
}

/// Puts the digest after the bytes, as exhibit does.
fn seal(mut bytes: Vec<u8>, end: &[u8]) -> Vec<u8> {
    bytes.extend(end);
    let digest = Digest::of(&bytes);
    bytes.extend(format!("sha256:{digest}").bytes());
    bytes
}

/// The same with another comment's digest made to fit again.
fn resealed(bytes: &[u8]) -> Vec<u8> {
    seal(bytes[..bytes.len() - 71].to_vec(), b"")
}

fn written(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.add(name, bytes).expect("a good name");
    }
    archive.finish().expect("memory suffices").into_inner()
}

fn sample() -> Vec<u8> {
    let digits: Vec<u8> = (0..3000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
    written(&[
        ("snapshot.json".to_owned(), b"{}".to_vec()),
        ("records/iam_user.jsonl".to_owned(), digits),
        ("empty".to_owned(), Vec::new()),
    ])
}

/// The error of an archive of two files of which the second was changed.
fn refused(change: impl FnOnce(&mut Forged)) -> String {
    let mut second = file("b/c");
    change(&mut second);
    match Zip::of(&[file("a"), second]).opened() {
        Ok(_) => panic!("it was opened"),
        Err(e) => format!("{e:?}"),
    }
}

#[test]
fn the_forger_can_write_what_exhibit_accepts() {
    let archive = Zip::of(&[file("a"), file("b/c")]).opened().unwrap();
    assert_eq!(archive.names(), ["a", "b/c"]);
    assert_eq!(archive.read("b/c").unwrap(), b"hello");
}

#[test]
fn every_field_of_both_headers_is_held_to_the_form() {
    let header = |field: &str| format!("Header {{ name: \"b/c\", field: \"{field}\" }}");
    assert_eq!(refused(|e| e.made_by = 0x0014), header("version made by"));
    assert_eq!(refused(|e| e.needed = 10), header("version needed to extract"));
    assert_eq!(
        refused(|e| e.flags = 1),
        header("general purpose bit flag"),
        "encrypted"
    );
    assert_eq!(
        refused(|e| e.flags = 8),
        header("general purpose bit flag"),
        "lengths after the content"
    );
    assert_eq!(
        refused(|e| e.flags = 0x0800),
        header("general purpose bit flag"),
        "UTF-8"
    );
    assert_eq!(refused(|e| e.method = 0), header("compression method"));
    assert_eq!(refused(|e| e.time = 1), header("last mod file time"));
    assert_eq!(refused(|e| e.date = 0x5b7a), header("last mod file date"));
    assert_eq!(refused(|e| e.comment = b"c".to_vec()), header("file comment length"));
    assert_eq!(refused(|e| e.disk = 1), header("disk number start"));
    assert_eq!(refused(|e| e.internal = 1), header("internal file attributes"));
    assert_eq!(
        refused(|e| e.mode = 0o120_777 << 16),
        "NotAFile { name: \"b/c\", mode: 41471 }",
        "link"
    );
    assert_eq!(
        refused(|e| e.mode = 0o040_755 << 16),
        "NotAFile { name: \"b/c\", mode: 16877 }",
        "folder"
    );
    assert_eq!(
        refused(|e| e.mode = 0o104_755 << 16),
        "NotAFile { name: \"b/c\", mode: 35309 }",
        "setuid"
    );
    assert_eq!(
        refused(|e| e.mode |= 1),
        "NotAFile { name: \"b/c\", mode: 33188 }",
        "read-only on Windows"
    );
    let time = [b"UT\x05\x00\x01".as_slice(), &[0; 4]].concat();
    assert_eq!(
        refused(|e| e.central_extra = time.clone()),
        header("extra field length")
    );
    assert_eq!(
        refused(|e| e.central_extra = [0; 100].to_vec()),
        header("extra field length")
    );
    let local = |field: &str| format!("Local {{ name: \"b/c\", field: \"{field}\" }}");
    assert_eq!(refused(|e| e.local_extra = time.clone()), local("extra field length"));
    assert_eq!(refused(|e| e.local_name = Some(b"b/d".to_vec())), local("file name"));
    assert_eq!(
        refused(|e| e.local_name = Some(b"b/cd".to_vec())),
        local("file name length")
    );
}

#[test]
fn names_are_plain_and_stand_once() {
    for name in [
        "../c", "/c", "c/", "C:c", "b\\c", "b//c", "b/./c", "c\0", "é", "aux", "",
    ] {
        assert!(refused(|e| e.name = name.into()).starts_with("Name("), "{name}");
    }
    assert!(
        refused(|e| e.name = b"\xff\xfe".to_vec()).starts_with("Name("),
        "not UTF-8"
    );
    assert!(refused(|e| e.name = vec![b'x'; 60_000]).starts_with("Name("), "long");
    assert_eq!(refused(|e| e.name = b"a".to_vec()), "Twice(\"a\")");
    assert_eq!(refused(|e| e.name = b"A".to_vec()), "Twice(\"A\")");
    assert_eq!(refused(|e| e.name = b"a/b".to_vec()), "Clash(\"a/b\")");
    assert!(matches!(
        Zip::of(&[file("a/b"), file("a")]).opened(),
        Err(ArchiveError::Clash(_))
    ));
    assert!(matches!(
        Zip::of(&[file("a/b"), file("A/c")]).opened(),
        Err(ArchiveError::Clash(_))
    ));
}

#[test]
fn entries_lie_one_after_the_other() {
    let misplaced = "Misplaced(\"b/c\")";
    assert_eq!(refused(|e| e.offset = Some(0)), misplaced, "over the first");
    assert_eq!(refused(|e| e.offset = Some(5)), misplaced, "inside the first");
    assert_eq!(
        refused(|e| (e.packed_size, e.size) = (4000, 4000)),
        misplaced,
        "into the directory"
    );
    let mut first = file("a");
    first.after = b"hidden".to_vec();
    assert!(matches!(Zip::of(&[first.clone(), file("b")]).opened(), Err(ArchiveError::Misplaced(name)) if name == "b"));
    assert!(
        matches!(Zip::of(&[file("b"), first]).opened(), Err(ArchiveError::Unlisted)),
        "after the last"
    );
    assert!(matches!(
        Zip::after(b"#!/bin/sh\n", &[file("a")]).opened(),
        Err(ArchiveError::Misplaced(_))
    ));
    let mut unlisted = Zip::of(&[file("a"), file("b")]);
    unlisted.directory.truncate(unlisted.directory.len() / 2);
    unlisted.count = 1;
    assert!(
        matches!(unlisted.opened(), Err(ArchiveError::Unlisted)),
        "an entry the directory does not name"
    );
    let (a, b) = (Zip::of(&[file("a"), file("b")]), file("b"));
    let mut swapped = Zip::of(&[
        Forged {
            offset: Some(a.body.len() as u32 / 2),
            ..b
        },
        Forged {
            offset: Some(0),
            ..file("a")
        },
    ]);
    swapped.body = a.body;
    assert!(
        matches!(swapped.opened(), Err(ArchiveError::Misplaced(_))),
        "in another order"
    );
}

#[test]
fn the_end_is_where_it_should_be() {
    let zip = Zip::of(&[file("a"), file("b")]);
    let good = zip.end_record();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut end = good.clone();
        change(&mut end);
        Archive::of(zip.bytes(&end)).map(|_| ()).unwrap_err()
    };
    assert!(
        matches!(refused(&|end| drop(end.splice(..0, *b"gap"))), ArchiveError::Directory),
        "bytes before the record"
    );
    assert!(
        matches!(refused(&|end| end.extend(b"more")), ArchiveError::Directory),
        "and after"
    );
    for (at, field) in [
        (0, "signature"),
        (4, "number of this disk"),
        (6, "disk of the central directory"),
        (8, "entries on this disk"),
        (20, "comment length"),
    ] {
        assert!(
            matches!(refused(&|end| end[at] ^= 1), ArchiveError::End(name) if name == field),
            "{field}"
        );
    }
    for (at, what) in [(10, "entries"), (12, "size"), (16, "offset")] {
        let e = refused(&|end| end[at] ^= 3);
        assert!(
            matches!(e, ArchiveError::Directory | ArchiveError::Unlisted),
            "{what}: {e:?}"
        );
    }
    let mut moved = zip.clone();
    moved.between = b"gap".to_vec();
    assert!(
        matches!(moved.opened(), Err(ArchiveError::Unlisted)),
        "a gap before the directory"
    );
    let mut prefixed = zip.bytes(&good);
    prefixed.splice(..0, *b"MZ");
    assert!(
        matches!(Archive::of(resealed(&prefixed)), Err(ArchiveError::Directory)),
        "bytes before, offsets as they were"
    );
}

#[test]
fn zip64_stands_only_where_it_must() {
    let max = u32::MAX;
    let sizes = |e: &mut Forged, values: &[u64]| {
        (e.size, e.packed_size, e.needed, e.made_by) = (max, max, 45, 0x032d);
        (e.local_extra, e.central_extra) = (zip64(values), zip64(values));
    };
    assert_eq!(
        refused(|e| sizes(e, &[5, 10])),
        "Zip64(\"b/c\")",
        "small lengths in 64 bits"
    );
    assert_eq!(refused(|e| sizes(e, &[5])), "Zip64(\"b/c\")");
    assert_eq!(refused(|e| sizes(e, &[])), "Zip64(\"b/c\")");
    assert!(refused(|e| e.size = max).starts_with("Zip64"), "one length only");
    assert_eq!(
        refused(|e| sizes(e, &[1 << 40, u64::MAX])),
        "Misplaced(\"b/c\")",
        "a length that wraps around"
    );
    assert_eq!(refused(|e| sizes(e, &[1 << 40, 10])), "Ratio(\"b/c\")");
    assert_eq!(
        refused(|e| e.central_extra = zip64(&[0])),
        "Header { name: \"b/c\", field: \"extra field length\" }"
    );
    assert!(refused(|e| (e.offset, e.central_extra) = (Some(max), zip64(&[0]))).starts_with("Header"));

    // A second end record in 64 bits, which names another directory.
    let (zip, other) = (Zip::of(&[file("a")]), Zip::of(&[file("b")]));
    let place = |zip: &Zip, start: u64| {
        let record = [
            b"PK\x06\x06".as_slice(),
            &44_u64.to_le_bytes(),
            &[20, 0, 20, 0],
            &[0; 8],
            &1_u64.to_le_bytes(),
            &1_u64.to_le_bytes(),
        ]
        .concat();
        let places = [zip.directory.len() as u64, start].map(u64::to_le_bytes).concat();
        let end = start + zip.directory.len() as u64;
        [
            record,
            places,
            b"PK\x06\x07\0\0\0\0".to_vec(),
            end.to_le_bytes().to_vec(),
            1_u32.to_le_bytes().to_vec(),
        ]
        .concat()
    };
    let mut both = zip.clone();
    both.directory.extend(place(&other, zip.start() as u64));
    assert!(matches!(both.opened(), Err(ArchiveError::Directory)));
    let mut end = place(&zip, zip.start() as u64);
    end.extend(zip.end_record());
    let at = end.len() - 22 + 12;
    end[at..at + 4].copy_from_slice(&max.to_le_bytes());
    assert!(
        matches!(Archive::of(zip.bytes(&end)), Err(ArchiveError::End(_))),
        "64 bits without need"
    );
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    assert_eq!(refused(|e| e.size = 2 << 20), "Ratio(\"b/c\")");
    // Within deflate's ratio, but far beyond that of evidence.
    let bombs: Vec<_> = (0..4)
        .map(|n| {
            let mut bomb = file(&n.to_string());
            bomb.packed = vec![0; 100_000];
            (bomb.packed_size, bomb.size) = (100_000, 100_000_000);
            bomb
        })
        .collect();
    assert!(matches!(Zip::of(&bombs).opened(), Err(ArchiveError::Bomb(400_000_000))));
    // Too many entries: 64-bit end record with a count and a directory that does not exist.
    let zip = Zip::of(&[]);
    let mut end = [
        b"PK\x06\x06".as_slice(),
        &44_u64.to_le_bytes(),
        &[20, 0, 20, 0],
        &[0; 8],
    ]
    .concat();
    end.extend([1_u64 << 40, 1 << 40, 0, 0].map(u64::to_le_bytes).concat());
    end.extend([b"PK\x06\x07\0\0\0\0".as_slice(), &[0; 8], &[1, 0, 0, 0]].concat());
    end.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &[0xff; 8], &[0; 4], &[71, 0]].concat());
    assert!(matches!(Archive::of(zip.bytes(&end)), Err(ArchiveError::TooMany(count)) if count == 1 << 40));
    // Bytes behind the end of the packed stream, which no program shows.
    let mut hiding = file("a");
    hiding.packed.extend(b"hidden");
    hiding.packed_size += 6;
    assert!(matches!(
        Zip::of(&[hiding]).opened().unwrap().read("a"),
        Err(ArchiveError::Content(_))
    ));
    // The length an entry says is the length it has, whichever way it is wrong.
    for size in [0, 4, 6, 1000] {
        let archive = Zip::of(&[Forged { size, ..file("a") }]).opened().unwrap();
        assert!(archive.read("a").is_err(), "{size}");
    }
}

/// Writes 4.4 GB, so it is not run every time.
#[test]
#[ignore = "slow: needs 5 GB of disk and some minutes"]
fn beyond_four_gigabytes() {
    let mut archive = ArchiveWriter::new(tempfile::tempfile().unwrap());
    let mut state = 1_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let words = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        });
        words.take(length / 8).flatten().collect()
    };
    archive.add("large", &noise(4_400_000_000)).unwrap();
    archive.add("after", b"hello").unwrap();
    let file = archive.finish().unwrap();
    let archive = Archive::open(file).unwrap();
    assert_eq!(archive.names(), ["large", "after"]);
    assert_eq!(archive.read("after").unwrap(), b"hello");
    assert_eq!(archive.read("large").unwrap().len(), 4_400_000_000);
}

#[test]
fn more_entries_than_sixteen_bits_can_count() {
    for count in [65_534_u32, 65_535, 65_536] {
        let files: Vec<_> = (0..count).map(|n| (format!("f/{n:05}"), Vec::new())).collect();
        let bytes = written(&files);
        assert_eq!(Archive::of(bytes).unwrap().names().len(), count as usize);
    }
}

/// Python's zipfile reads the same as we do.
#[test]
fn python_reads_the_same() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&sample()).unwrap();
    let script = "import sys, zipfile, hashlib\n\
        z = zipfile.ZipFile(sys.argv[1])\n\
        assert z.testzip() is None\n\
        for i in z.infolist(): print(i.filename, hashlib.sha256(z.read(i)).hexdigest(), oct(i.external_attr >> 16), *i.date_time, len(i.extra))";
    let output = match Command::new("python3").args(["-c", script]).arg(file.path()).output() {
        Ok(output) => output,
        Err(e) => return eprintln!("not compared with Python: {e}"),
    };
    let archive = Archive::of(sample()).unwrap();
    let ours: String = archive
        .names()
        .into_iter()
        .map(|name| {
            let digest = Digest::of(archive.read(name).unwrap());
            format!("{name} {digest} 0o100644 1980 1 1 0 0 0 0\n")
        })
        .collect();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        ours,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn contents() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        (any::<u8>(), 0_usize..200_000).prop_map(|(byte, n)| vec![byte; n]),
    ];
    prop::collection::btree_map("[a-z]{1,3}(/[a-z0-9._-]{1,8}[a-z0-9])?", bytes, 0..12)
        .prop_map(|files| files.into_iter().collect())
}

/// Opens and reads everything; nothing may panic.
fn read_all(bytes: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
    let archive = Archive::of(bytes)?;
    let names = archive.names();
    names
        .into_iter()
        .map(|name| Ok((name.to_owned(), archive.read(name)?)))
        .collect()
}

/// The bytes of a good archive that are not content: everything the form covers.
fn covered(bytes: &[u8]) -> Vec<usize> {
    let number = |at: usize, width: usize| {
        bytes[at..at + width]
            .iter()
            .rev()
            .fold(0, |n, b| n << 8 | usize::from(*b))
    };
    let mut covered = Vec::new();
    let mut at = 0;
    while bytes[at..].starts_with(b"PK\x03\x04") {
        let header = 30 + number(at + 26, 2) + number(at + 28, 2);
        covered.extend(at..at + header);
        at += header + number(at + 18, 4);
    }
    covered.extend(at..bytes.len() - 71);
    covered
}

#[test]
fn every_byte_of_every_header_counts() {
    let good = sample();
    for at in covered(&good) {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut bad = good.clone();
            bad[at] ^= change;
            assert!(Archive::of(resealed(&bad)).is_err(), "byte {at} changed by {change}");
        }
    }
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(files in contents()) {
        let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
        let mut kept = Vec::new();
        for (name, bytes) in files {
            // Names may clash: `a` and `a/b`, or the name of a device.
            if archive.add(&name, &bytes).is_ok() {
                kept.push((name, bytes));
            }
        }
        let bytes = archive.finish().unwrap().into_inner();
        prop_assert_eq!(read_all(bytes).unwrap(), kept);
    }

    #[test]
    fn changed_content_is_noticed_or_the_same(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let good = sample();
        let mut bad = good.clone();
        bad[at.index(good.len() - 71)] = byte;
        if let Ok(files) = read_all(resealed(&bad)) {
            prop_assert_eq!(files, read_all(good).unwrap());
        }
    }

    #[test]
    fn inserted_and_removed_bytes_are_noticed(at in any::<prop::sample::Index>(), n in 1_usize..40, insert in any::<bool>()) {
        let good = sample();
        let at = at.index(good.len() - 71);
        let mut bad = good.clone();
        if insert {
            bad.splice(at..at, vec![b'P'; n]);
        } else {
            bad.drain(at..(at + n).min(good.len() - 71));
        }
        prop_assert!(Archive::of(resealed(&bad)).is_err());
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), end in any::<[u8; 14]>()) {
        let _ = read_all(bytes.clone());
        let _ = read_all(seal(bytes.clone(), b""));
        let _ = read_all(seal(bytes, &[b"PK\x05\x06".as_slice(), &end, &[0, 0, 71, 0]].concat()));
    }

    #[test]
    fn arbitrary_headers_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), 1_usize..9), 1..5)) {
        let mut bytes = sample();
        let covered = covered(&bytes);
        for (at, value, width) in changes {
            let at = covered[at.index(covered.len())];
            let end = (at + width).min(bytes.len() - 71);
            bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
        }
        if let Ok(files) = read_all(resealed(&bytes)) {
            prop_assert_eq!(files, read_all(sample()).unwrap());
        }
    }
}
