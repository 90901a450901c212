//! A zip that does not have the form of a bundle: what of it can be read, and what is odd about it.

use std::io::{self, Read};

use evidence::archive::{Place, ReadAt};
use evidence::locker::{Fault, Verification};
use zip::{CompressionMethod, ZipArchive};

use super::BUNDLE;
use super::content::{Content, Held, Reading, TopFolder};

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
pub(super) fn read<S: ReadAt>(from: &S, found: &mut Verification) -> Option<Content> {
    let mut zip = match ZipArchive::new(io::BufReader::new(Place::new(from, 0))) {
        Ok(zip) => zip,
        Err(e) => {
            found.faults.push(Fault::new(BUNDLE, "unreadable", e));
            return None;
        }
    };
    let directory = zip.central_directory_start();
    let mut content = Content::default();
    let mut listed = Vec::new();
    let mut top = TopFolder::default();
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
        let Some(path) = top.inside(&name, found) else { continue };
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
        match held(path, &mut entry, size) {
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
            start,
            crc,
            compressed,
            size,
            name,
        });
    }
    drop(zip);
    check_order(&mut listed, directory, found);
    for entry in &listed {
        if let Some(problem) = local_header(&mut Place::new(from, entry.start), entry) {
            let path = entry.name.split_once('/').map_or(entry.name.as_str(), |(_, path)| path);
            found.faults.push(Fault::new(path, "changed", problem));
        }
    }
    Some(content)
}

/// Reads a file that says it has so many bytes to its end.
fn held(path: &str, from: &mut impl Read, declared: u64) -> io::Result<Held> {
    let mut reading = Reading::new(path, declared);
    if io::copy(&mut from.take(declared.saturating_add(1)), &mut reading)? != declared {
        return Err(io::Error::other("its length is not the one in the zip's directory"));
    }
    Ok(reading.finish())
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
fn local_header(reader: &mut impl Read, entry: &Listed) -> Option<&'static str> {
    let mut header = [0; LOCAL as usize];
    let mut name = vec![0; entry.name.len()];
    let mut read = || -> std::io::Result<()> {
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
