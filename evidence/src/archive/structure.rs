//! The one form of an archive.
//!
//! Programs disagree about odd zip files: one shows the first of two entries of a name and another the last, one
//! believes the local header and another the directory. So nothing odd is let through. Of an entry that exhibit
//! wrote, the name, the checksum and the two lengths are free; all other bytes of its headers follow from these, as
//! [`Entry`] lists them, and must be there. Field names are those of APPNOTE 4.3 and 4.5.3.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};

use super::{ArchiveError, COMMENT, END_RECORD, check_name};

/// More entries than any bundle has.
pub(super) const MAX_ENTRIES: u64 = 500_000;
/// Above this size [`MAX_RATIO`] holds.
const SMALL: u64 = 1 << 20;
/// Deflate packs at most 1,032 bytes into one: a header that says more is made up.
const MAX_RATIO: u64 = 1_100;
/// Above this sum of sizes [`MAX_TOTAL_RATIO`] holds for the archive as a whole.
const SMALL_TOTAL: u64 = 256 << 20;
/// Evidence is full of digests and request ids; no honest archive packs as well as this.
const MAX_TOTAL_RATIO: u64 = 200;

const LOCAL_HEADER: usize = 30;
const CENTRAL_HEADER: usize = 46;
const ZIP64_RECORD: u64 = 56;
const ZIP64_LOCATOR: u64 = 20;
/// Longest name that [`check_name`] takes.
const MAX_NAME: usize = 180;
/// Longest extra field: both sizes and the offset.
const MAX_EXTRA: usize = 28;
/// Stands in 32 bits for a value in the zip64 field.
const ELSEWHERE: u64 = u32::MAX as u64;

/// Name, width in bytes and value of a field.
type Field = (&'static str, usize, u64);

/// What an entry's headers say.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) crc: u64,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its local header begins.
    offset: u64,
}

impl Entry {
    /// Where its content begins.
    pub(super) fn data(&self) -> u64 {
        self.offset + (LOCAL_HEADER + self.name.len() + extra(&self.local_extra()).len()) as u64
    }

    fn is_large(&self) -> bool {
        self.size >= ELSEWHERE
    }

    fn version(&self) -> u64 {
        if self.is_large() { 45 } else { 20 }
    }

    /// A length as it stands in the header itself.
    fn short(&self, length: u64) -> u64 {
        if self.is_large() { ELSEWHERE } else { length }
    }

    /// The values in the zip64 field.
    fn local_extra(&self) -> Vec<u64> {
        if self.is_large() {
            vec![self.size, self.packed]
        } else {
            Vec::new()
        }
    }

    fn central_extra(&self) -> Vec<u64> {
        let mut values = self.local_extra();
        if self.offset >= ELSEWHERE {
            values.push(self.offset);
        }
        values
    }

    fn local(&self) -> [Field; 11] {
        [
            ("signature", 4, 0x0403_4b50),
            ("version needed to extract", 2, self.version()),
            ("general purpose bit flag", 2, 0),
            ("compression method", 2, 8),
            ("last mod file time", 2, 0),
            ("last mod file date", 2, 0x21),
            ("crc-32", 4, self.crc),
            ("compressed size", 4, self.short(self.packed)),
            ("uncompressed size", 4, self.short(self.size)),
            ("file name length", 2, self.name.len() as u64),
            ("extra field length", 2, extra(&self.local_extra()).len() as u64),
        ]
    }

    fn central(&self) -> [Field; 17] {
        [
            ("signature", 4, 0x0201_4b50),
            ("version made by", 2, 0x0300 | self.version()),
            ("version needed to extract", 2, self.version()),
            ("general purpose bit flag", 2, 0),
            ("compression method", 2, 8),
            ("last mod file time", 2, 0),
            ("last mod file date", 2, 0x21),
            ("crc-32", 4, self.crc),
            ("compressed size", 4, self.short(self.packed)),
            ("uncompressed size", 4, self.short(self.size)),
            ("file name length", 2, self.name.len() as u64),
            ("extra field length", 2, extra(&self.central_extra()).len() as u64),
            ("file comment length", 2, 0),
            ("disk number start", 2, 0),
            ("internal file attributes", 2, 0),
            (MODE, 4, 0o100_644 << 16),
            (OFFSET, 4, self.offset.min(ELSEWHERE)),
        ]
    }
}

const MODE: &str = "external file attributes";
const OFFSET: &str = "relative offset of local header";

/// The zip64 field with these values; nothing without values.
fn extra(values: &[u64]) -> Vec<u8> {
    if values.is_empty() {
        return Vec::new();
    }
    let head = [1_u16, 8 * values.len() as u16];
    let head = head.iter().flat_map(|v| v.to_le_bytes());
    head.chain(values.iter().flat_map(|v| v.to_le_bytes())).collect()
}

/// The first field that is not as it has to be.
fn difference(fields: &[Field], found: &[u8]) -> Option<&'static str> {
    let mut rest = found;
    for (name, width, value) in fields {
        match rest.split_at_checked(*width) {
            Some((bytes, after)) if bytes == &value.to_le_bytes()[..*width] => rest = after,
            _ => return Some(name),
        }
    }
    None
}

/// The little-endian number of `width` bytes at `at`; the caller has made sure that it is there.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes[at..at + width]
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn read_at<R: Read + Seek>(from: &mut R, at: u64, bytes: &mut [u8]) -> Result<(), ArchiveError> {
    from.seek(SeekFrom::Start(at))?;
    Ok(from.read_exact(bytes)?)
}

/// What the end of the file says about the directory.
struct Directory {
    count: u64,
    start: u64,
    /// Where it ends, and the records about it begin.
    end: u64,
}

impl Directory {
    fn read<R: Read + Seek>(from: &mut R) -> Result<Self, ArchiveError> {
        let length = from.seek(SeekFrom::End(0))?;
        let record = length
            .checked_sub(END_RECORD + COMMENT as u64)
            .ok_or(ArchiveError::NoDigest)?;
        let mut bytes = [0; END_RECORD as usize];
        read_at(from, record, &mut bytes)?;
        let (count, start, size, end) = if number(&bytes, 12, 4) == ELSEWHERE {
            let end = record.checked_sub(ZIP64_RECORD + ZIP64_LOCATOR);
            let end = end.ok_or(ArchiveError::End("size of the central directory"))?;
            let mut bytes = [0; ZIP64_RECORD as usize];
            read_at(from, end, &mut bytes)?;
            (number(&bytes, 32, 8), number(&bytes, 48, 8), number(&bytes, 40, 8), end)
        } else {
            (
                number(&bytes, 10, 2),
                number(&bytes, 16, 4),
                number(&bytes, 12, 4),
                record,
            )
        };
        if start.checked_add(size) != Some(end) {
            return Err(ArchiveError::Directory);
        }
        Ok(Self { count, start, end })
    }

    /// The records at the end; `version` is the greatest of all entries.
    fn records(&self, version: u64) -> Vec<Field> {
        let size = self.end - self.start;
        let is_large = self.count > u64::from(u16::MAX) || self.start.max(size) > ELSEWHERE;
        let mut fields = Vec::new();
        if is_large {
            fields.extend([
                ("zip64 end record: signature", 4, 0x0606_4b50),
                ("zip64 end record: size", 8, ZIP64_RECORD - 12),
                ("zip64 end record: version made by", 2, version),
                ("zip64 end record: version needed to extract", 2, version),
                ("zip64 end record: number of this disk", 4, 0),
                ("zip64 end record: disk of the central directory", 4, 0),
                ("zip64 end record: entries on this disk", 8, self.count),
                ("zip64 end record: entries", 8, self.count),
                ("zip64 end record: size of the central directory", 8, size),
                ("zip64 end record: offset of the central directory", 8, self.start),
                ("zip64 end locator: signature", 4, 0x0706_4b50),
                ("zip64 end locator: disk of the end record", 4, 0),
                ("zip64 end locator: offset of the end record", 8, self.end),
                ("zip64 end locator: number of disks", 4, 1),
            ]);
        }
        let count = self.count.min(u64::from(u16::MAX));
        fields.extend([
            ("signature", 4, 0x0605_4b50),
            ("number of this disk", 2, 0),
            ("disk of the central directory", 2, 0),
            ("entries on this disk", 2, count),
            ("entries", 2, count),
            (
                "size of the central directory",
                4,
                if is_large { ELSEWHERE } else { size },
            ),
            ("offset of the central directory", 4, self.start.min(ELSEWHERE)),
            ("comment length", 2, COMMENT as u64),
        ]);
        fields
    }
}

/// Refuses every archive that does not have the one form. Nothing is inflated; apart from the names, memory does not
/// grow with the file. The comment itself has been checked.
pub(super) fn check<R: Read + Seek>(from: &mut R, mut found: impl FnMut(Entry)) -> Result<(), ArchiveError> {
    let directory = Directory::read(from)?;
    if directory.count > MAX_ENTRIES {
        return Err(ArchiveError::TooMany(directory.count));
    }
    let mut names = Names::default();
    let (mut at, mut offset, mut total, mut version) = (directory.start, 0_u64, 0_u64, 10);
    for _ in 0..directory.count {
        let (entry, length) = read_central(from, at, directory.end, offset)?;
        names.add(&entry.name)?;
        let end = read_local(from, &entry, directory.start)?;
        if entry.size > SMALL && entry.size / MAX_RATIO > entry.packed {
            return Err(ArchiveError::Ratio(entry.name));
        }
        (at, offset) = (at + length, end);
        total = total.saturating_add(entry.size);
        version = version.max(entry.version());
        found(entry);
    }
    if at != directory.end {
        return Err(ArchiveError::Directory);
    }
    if offset != directory.start {
        return Err(ArchiveError::Unlisted);
    }
    if total > SMALL_TOTAL && total / MAX_TOTAL_RATIO > directory.end {
        return Err(ArchiveError::Bomb(total));
    }
    let length = from.seek(SeekFrom::End(0))? - directory.end - COMMENT as u64;
    let mut end = vec![0; usize::try_from(length).unwrap_or(0)];
    read_at(from, directory.end, &mut end)?;
    let fields = directory.records(version);
    match difference(&fields, &end) {
        Some(field) => Err(ArchiveError::End(field)),
        None if fields.iter().map(|(_, width, _)| width).sum::<usize>() == end.len() => Ok(()),
        None => Err(ArchiveError::Directory),
    }
}

/// The entry whose header in the directory begins at `at`, and the length of that header.
fn read_central<R: Read + Seek>(from: &mut R, at: u64, end: u64, offset: u64) -> Result<(Entry, u64), ArchiveError> {
    let mut buffer = [0; CENTRAL_HEADER + MAX_NAME + MAX_EXTRA];
    let there = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
    let found = &mut buffer[..there];
    read_at(from, at, found)?;
    let found = &*found;
    if found.len() < CENTRAL_HEADER {
        return Err(ArchiveError::Directory);
    }
    let (head, rest) = found.split_at(CENTRAL_HEADER);
    if number(head, 0, 4) != 0x0201_4b50 {
        return Err(ArchiveError::Directory);
    }
    let name_length = number(head, 28, 2) as usize;
    let (name, rest) = rest.split_at_checked(name_length).unwrap_or((rest, &[]));
    let name = String::from_utf8_lossy(name).into_owned();
    if name_length > MAX_NAME {
        return Err(ArchiveError::Name(name));
    }
    check_name(&name)?;
    let Some(rest) = rest.get(..number(head, 30, 2) as usize) else {
        return Err(ArchiveError::Header {
            name,
            field: "extra field length",
        });
    };
    let (mut packed, mut size) = (number(head, 20, 4), number(head, 24, 4));
    if packed.max(size) == ELSEWHERE {
        // Only the size of a large entry stands elsewhere: a small one has one way to be written.
        if rest.len() < 20 || number(rest, 4, 8) < ELSEWHERE {
            return Err(ArchiveError::Zip64(name));
        }
        (size, packed) = (number(rest, 4, 8), number(rest, 12, 8));
    }
    let entry = Entry {
        name,
        crc: number(head, 16, 4),
        packed,
        size,
        offset,
    };
    match difference(&entry.central(), head) {
        Some(MODE) => Err(ArchiveError::NotAFile {
            name: entry.name,
            mode: number(head, 40, 2) as u32,
        }),
        Some(OFFSET) => Err(ArchiveError::Misplaced(entry.name)),
        Some(field) => Err(ArchiveError::Header {
            name: entry.name,
            field,
        }),
        None if rest != extra(&entry.central_extra()) => Err(ArchiveError::Zip64(entry.name)),
        None => Ok((entry, (CENTRAL_HEADER + name_length + rest.len()) as u64)),
    }
}

/// Checks the local header of an entry; tells where the entry ends.
fn read_local<R: Read + Seek>(from: &mut R, entry: &Entry, limit: u64) -> Result<u64, ArchiveError> {
    let extra = extra(&entry.local_extra());
    let length = LOCAL_HEADER + entry.name.len() + extra.len();
    let end = (entry.offset + length as u64).checked_add(entry.packed);
    let Some(end) = end.filter(|end| *end <= limit) else {
        return Err(ArchiveError::Misplaced(entry.name.clone()));
    };
    let mut found = vec![0; length];
    read_at(from, entry.offset, &mut found)?;
    let (head, rest) = found.split_at(LOCAL_HEADER);
    let differs = |field| ArchiveError::Local {
        name: entry.name.clone(),
        field,
    };
    match difference(&entry.local(), head) {
        Some(field) => Err(differs(field)),
        None if !rest.starts_with(entry.name.as_bytes()) => Err(differs("file name")),
        None if !rest.ends_with(&extra) => Err(differs("extra field")),
        None => Ok(end),
    }
}

/// The names in an archive: no two may fall together where case does not count, be it as file or as folder.
#[derive(Default)]
pub(super) struct Names {
    files: BTreeSet<String>,
    /// As written, by its lower-case form.
    folders: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) -> Result<(), ArchiveError> {
        check_name(name)?;
        let lower = name.to_ascii_lowercase();
        if self.folders.contains_key(&lower) {
            return Err(ArchiveError::Clash(name.to_owned()));
        }
        for (at, _) in name.match_indices('/') {
            let twin = self
                .folders
                .get(&lower[..at])
                .is_some_and(|folder| *folder != name[..at]);
            if twin || self.files.contains(&lower[..at]) {
                return Err(ArchiveError::Clash(name.to_owned()));
            }
            if !self.folders.contains_key(&lower[..at]) {
                self.folders.insert(lower[..at].to_owned(), name[..at].to_owned());
            }
        }
        if self.files.insert(lower) {
            Ok(())
        } else {
            Err(ArchiveError::Twice(name.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of zeros as far as anybody looks, with a few bytes in it that are not.
    struct Sparse {
        parts: Vec<(u64, Vec<u8>)>,
        length: u64,
        at: u64,
    }

    impl Read for Sparse {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = usize::try_from(self.length - self.at)
                .unwrap_or(usize::MAX)
                .min(into.len());
            into[..n].fill(0);
            for (start, bytes) in &self.parts {
                for (at, byte) in bytes.iter().enumerate().map(|(i, byte)| (start + i as u64, byte)) {
                    if (self.at..self.at + n as u64).contains(&at) {
                        into[(at - self.at) as usize] = *byte;
                    }
                }
            }
            self.at += n as u64;
            Ok(n)
        }
    }

    impl Seek for Sparse {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::End(by) => self.length.saturating_add_signed(by),
                SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            };
            Ok(self.at)
        }
    }

    /// Little-endian numbers, by width.
    fn numbers(values: &[(usize, u64)]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|(width, value)| value.to_le_bytes()[..*width].to_vec())
            .collect()
    }

    /// An entry of 5 GB packed, one behind it, and the records at the end, by hand from APPNOTE.
    fn large(size: u64, packed: u64, offset: u64) -> Sparse {
        let versions = |n: u64| numbers(&[(2, n), (2, 0), (2, 8), (2, 0), (2, 0x21), (4, 0)]);
        let both = numbers(&[(4, ELSEWHERE), (4, ELSEWHERE), (2, 1)]);
        let sizes = numbers(&[(2, 1), (2, 16), (8, size), (8, packed)]);
        let none = numbers(&[(4, 2), (4, 0), (2, 1)]);
        let attributes = numbers(&[(2, 0), (2, 0), (2, 0), (4, 0o100_644 << 16)]);
        let first = [b"PK\x03\x04", &*versions(45), &both, b"\x14\0a", &sizes].concat();
        let start = first.len() as u64 + packed;
        let mut tail = [b"PK\x03\x04", &*versions(20), &none, b"\0\0b\x03\0"].concat();
        let directory = start + tail.len() as u64;
        tail.extend(
            [
                b"PK\x01\x02\x2d\x03",
                &*versions(45),
                &both,
                b"\x14\0",
                &attributes,
                &[0; 4],
                b"a",
                &sizes,
            ]
            .concat(),
        );
        let place = numbers(&[(2, 1), (2, 8), (8, offset)]);
        tail.extend(
            [
                b"PK\x01\x02\x14\x03",
                &*versions(20),
                &none,
                b"\x0c\0",
                &attributes,
                &[0xff; 4],
                b"b",
                &place,
            ]
            .concat(),
        );
        let end = start + tail.len() as u64;
        let counts = [
            (8, 44),
            (2, 45),
            (2, 45),
            (4, 0),
            (4, 0),
            (8, 2),
            (8, 2),
            (8, end - directory),
            (8, directory),
        ];
        tail.extend(
            [
                b"PK\x06\x06",
                &*numbers(&counts),
                b"PK\x06\x07\0\0\0\0",
                &end.to_le_bytes(),
                &[1, 0, 0, 0],
            ]
            .concat(),
        );
        tail.extend(
            [
                b"PK\x05\x06\0\0\0\0\x02\0\x02\0".as_slice(),
                &[0xff; 8],
                &[71, 0],
                &[b' '; COMMENT],
            ]
            .concat(),
        );
        let length = start + tail.len() as u64;
        Sparse {
            parts: vec![(0, first), (start, tail)],
            length,
            at: 0,
        }
    }

    #[test]
    fn lengths_and_offsets_beyond_32_bits() {
        let (size, packed) = (6_000_000_000, 5_000_000_000);
        check(&mut large(size, packed, packed + 51), |_| ()).unwrap();
        assert!(
            matches!(check(&mut large(size, packed, packed + 50), |_| ()), Err(ArchiveError::Zip64(name)) if name == "b")
        );
        assert!(
            matches!(check(&mut large(packed / 2, packed, packed + 51), |_| ()), Err(ArchiveError::Zip64(name)) if name == "a")
        );
        assert!(matches!(
            check(&mut large(size * 500, packed, packed + 51), |_| ()),
            Err(ArchiveError::Bomb(_))
        ));
    }
}
