//! The zip itself, read strictly: programs differ in what they make of an odd one.

use std::io::{Read, Seek, SeekFrom};

use evidence::archive::check_name;
use evidence::locker::{Fault, Verification};
use zip::{CompressionMethod, ZipArchive};

use super::BUNDLE;
use super::content::{Content, Held};

/// Length of a local header without name and extra field (APPNOTE 4.3.7).
const LOCAL: u64 = 30;

/// What the directory says about an entry.
struct Listed {
    name: String,
    start: u64,
    end: u64,
    crc: u32,
    compressed: u64,
    size: u64,
}

/// Reads all entries; whatever cannot be read is a fault of the file it is.
pub(super) fn read<R: Read + Seek>(reader: &mut R, found: &mut Verification) -> Option<Content> {
    let mut zip = match ZipArchive::new(&mut *reader) {
        Ok(zip) => zip,
        Err(e) => {
            found.faults.push(Fault::new(BUNDLE, "unreadable", e));
            return None;
        }
    };
    let directory = zip.central_directory_start();
    let mut content = Content::default();
    let mut listed = Vec::new();
    let mut top: Option<String> = None;
    for at in 0..zip.len() {
        let name = match zip.name_for_index(at) {
            Some(Ok(name)) => name.into_owned(),
            _ => {
                found.faults.push(Fault::new(
                    BUNDLE,
                    "unreadable",
                    format!("entry {} has no readable name", at + 1),
                ));
                continue;
            }
        };
        let split = name.split_once('/').filter(|_| check_name(&name).is_ok());
        let Some((folder, path)) = split else {
            found
                .faults
                .push(Fault::new(name, "unexpected", "no bundle has a file of this name"));
            continue;
        };
        if top.get_or_insert_with(|| folder.to_owned()) != folder {
            found
                .faults
                .push(Fault::new(&name, "unexpected", "it lies outside the top folder"));
            continue;
        }
        let mut entry = match zip.by_index(at) {
            Ok(entry) => entry,
            Err(e) => {
                found.faults.push(Fault::new(path, "changed", e));
                continue;
            }
        };
        if !entry.is_file() || entry.compression() != CompressionMethod::Deflated {
            found
                .faults
                .push(Fault::new(path, "changed", "it is not stored as a bundle stores files"));
        }
        let (start, data) = (entry.header_start(), entry.data_start().unwrap_or_default());
        let (crc, compressed, size) = (entry.crc32(), entry.compressed_size(), entry.size());
        match Held::read(path, &mut entry, size) {
            Ok(held) => {
                if content.files.insert(path.to_owned(), held).is_some() {
                    found
                        .faults
                        .push(Fault::new(path, "unexpected", "there are two of this name"));
                }
            }
            Err(e) => found.faults.push(Fault::new(path, "changed", e)),
        }
        listed.push(Listed {
            end: data.saturating_add(compressed),
            name,
            start,
            crc,
            compressed,
            size,
        });
    }
    drop(zip);
    check_order(&mut listed, directory, found);
    for entry in &listed {
        if let Some(problem) = local_header(reader, entry) {
            let path = entry.name.split_once('/').map_or(entry.name.as_str(), |(_, path)| path);
            found.faults.push(Fault::new(path, "changed", problem));
        }
    }
    Some(content)
}

/// Entries follow each other from the first byte to the directory, with nothing between.
fn check_order(listed: &mut [Listed], directory: u64, found: &mut Verification) {
    listed.sort_by_key(|entry| entry.start);
    let mut end = 0;
    for entry in &*listed {
        if entry.start != end {
            let message = format!("there are bytes before `{}` that belong to no file", entry.name);
            found.faults.push(Fault::new(BUNDLE, "unexpected", message));
        }
        end = entry.end;
    }
    if end != directory {
        found.faults.push(Fault::new(
            BUNDLE,
            "unexpected",
            "there are bytes before the directory that belong to no file",
        ));
    }
}

/// What in an entry's own header differs from the directory.
fn local_header<R: Read + Seek>(reader: &mut R, entry: &Listed) -> Option<&'static str> {
    let mut header = [0; LOCAL as usize];
    let mut name = vec![0; entry.name.len()];
    let mut read = || -> std::io::Result<()> {
        reader.seek(SeekFrom::Start(entry.start))?;
        reader.read_exact(&mut header)?;
        reader.read_exact(&mut name)
    };
    if read().is_err() {
        return Some("its header cannot be read");
    }
    let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    // Sizes beyond 32 bits stand in the extra field.
    let fits = |at: usize, value: u64| long(at) == u32::MAX || u64::from(long(at)) == value;
    if usize::from(short(26)) != entry.name.len() || name != entry.name.as_bytes() {
        Some("its name in the zip's directory is another one")
    } else if long(14) != entry.crc || !fits(18, entry.compressed) || !fits(22, entry.size) {
        Some("its checksum or length in the zip's directory is another one")
    } else if short(6) != 0 || short(8) != 8 || short(10) != 0 || short(12) != 0x21 {
        Some("its header is not as a bundle has it")
    } else {
        None
    }
}
