//! Zip files that are a pure function of their content, and that notice any changed byte.
//!
//! The zip comment holds `sha256:` and the digest of every byte before the comment's text, so
//! `head -c -71 FILE | sha256sum` re-computes what `tail -c 64 FILE` says.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::digest::Digest;

mod careful;
mod structure;

use careful::{Careful, Failure};
use structure::{Entry, Names};

const LABEL: &str = "sha256:";
/// Length of the comment: the label and 64 hexadecimal digits.
const COMMENT: usize = LABEL.len() + 64;
/// Length of the end-of-central-directory record without a comment (APPNOTE 4.3.16).
const END_RECORD: u64 = 22;

/// The archive is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The zip file could not be written.
    #[error("cannot write the zip file: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// There is no digest at the end.
    #[error("the file does not end in a digest: it was cut off, or exhibit did not write it")]
    NoDigest,
    /// Some byte is not as written.
    #[error("the file's bytes have changed: its digest says {says}, its bytes give {gives}")]
    Changed {
        /// The digest in the comment.
        says: Digest,
        /// The digest of the bytes.
        gives: Digest,
    },
    /// A name that other systems would refuse or confuse.
    #[error("`{0}` is no allowed name in an archive")]
    Name(String),
    /// Two entries of one name.
    #[error("two entries are named `{0}`, perhaps in other letter case")]
    Twice(String),
    /// Two names that some systems cannot keep apart, at least one of them of a folder.
    #[error("`{0}` lies in a file, is a folder too, or lies in a folder that is also written in other letter case")]
    Clash(String),
    /// The directory is not where the end of the file says, or not as long.
    #[error("its directory does not lie where its end record says")]
    Directory,
    /// A field of the records at the end.
    #[error("its end record is not as exhibit writes it: {0}")]
    End(&'static str),
    /// A field of an entry in the directory.
    #[error("the entry `{name}` is not as exhibit writes it: {field}")]
    Header {
        /// The entry.
        name: String,
        /// The field.
        field: &'static str,
    },
    /// The header before an entry's content says something else than the directory.
    #[error("the header of `{name}` is not the one that its directory entry asks for: {field}")]
    Local {
        /// The entry.
        name: String,
        /// The field.
        field: &'static str,
    },
    /// A link, a folder, or a file with other permissions.
    #[error("the entry `{name}` is no plain file (mode {mode:o})")]
    NotAFile {
        /// The entry.
        name: String,
        /// Its Unix mode.
        mode: u32,
    },
    /// An entry does not begin where the one before ends, or reaches into the directory.
    #[error("the entry `{0}` does not follow the one before: they overlap, or there are bytes between them")]
    Misplaced(String),
    /// Bytes before the directory that belong to no entry.
    #[error("there are bytes before the directory that belong to no entry")]
    Unlisted,
    /// 64-bit lengths or offsets where 32 bits are enough, or the other way round.
    #[error("the entry `{0}` has a zip64 field that exhibit would not write")]
    Zip64(String),
    /// More entries than any archive of exhibit has.
    #[error("it says it has {0} entries; more than 500,000 are refused")]
    TooMany(u64),
    /// An entry that says it unpacks to more than deflate can pack.
    #[error("the entry `{0}` says it unpacks to more than 1,100 times its size")]
    Ratio(String),
    /// An archive that says it unpacks to far more than evidence does.
    #[error("it says it unpacks to {0} bytes, more than 200 times its size")]
    Bomb(u64),
    /// An entry does not unpack, byte for byte, to the length and the checksum it says.
    #[error("the entry `{0}` does not unpack to what it says")]
    Content(String),
    /// There is no entry of this name.
    #[error("there is no `{0}` in it")]
    Missing(String),
}

/// Writes an archive. Entries appear in the order in which they are added.
pub struct ArchiveWriter<W: Read + Write + Seek> {
    zip: ZipWriter<Careful<W>>,
    failure: Failure,
    names: Names,
}

impl<W: Read + Write + Seek> ArchiveWriter<W> {
    /// An empty archive on an empty file.
    pub fn new(to: W) -> Self {
        let (to, failure) = Careful::new(to);
        Self {
            zip: ZipWriter::new(to),
            failure,
            names: Names::default(),
        }
    }

    /// Adds an entry.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.names.add(name)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(bytes.len() >= u32::MAX as usize);
        let added = self.zip.start_file(name, options);
        let written = self.zip.write_all(bytes);
        // The disk's word comes before what the zip writer makes of it.
        careful::take(&self.failure)?;
        added?;
        Ok(written?)
    }

    /// Writes the directory and the digest; gives the file back.
    pub fn finish(self) -> Result<W, ArchiveError> {
        let finished = self.zip.finish();
        careful::take(&self.failure)?;
        let mut file = finished?.inner;
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length - 2))?;
        file.write_all(&(COMMENT as u16).to_le_bytes())?;
        file.seek(SeekFrom::Start(0))?;
        let digest = Digest::of_reader((&mut file).take(length))?;
        file.seek(SeekFrom::Start(length))?;
        write!(file, "{LABEL}{digest}")?;
        file.flush()?;
        // What could not be opened again must not be written.
        structure::check(&mut file, |_| ())?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }
}

/// Reads an archive whose every byte has been checked.
pub struct Archive<R: Read + Seek> {
    from: R,
    entries: Vec<Entry>,
    by_name: BTreeMap<String, usize>,
}

impl Archive<Cursor<Vec<u8>>> {
    /// Of these bytes.
    pub fn of(bytes: Vec<u8>) -> Result<Self, ArchiveError> {
        Self::open(Cursor::new(bytes))
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Checks the digest, then the form of everything but the content.
    pub fn open(mut from: R) -> Result<Self, ArchiveError> {
        check_digest(&mut from)?;
        let mut entries = Vec::new();
        structure::check(&mut from, |entry| entries.push(entry))?;
        let by_name = entries.iter().enumerate().map(|(i, e)| (e.name.clone(), i)).collect();
        Ok(Self { from, entries, by_name })
    }

    /// The names of all entries, in order.
    pub fn names(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.name.clone()).collect()
    }

    /// The content of an entry.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>, ArchiveError> {
        let missing = || ArchiveError::Missing(name.to_owned());
        let entry = self
            .by_name
            .get(name)
            .and_then(|i| self.entries.get(*i))
            .ok_or_else(missing)?;
        self.from.seek(SeekFrom::Start(entry.data()))?;
        let mut inflate = DeflateDecoder::new(BufReader::new((&mut self.from).take(entry.packed)));
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size.min(1 << 24)).unwrap_or(0));
        // One byte more than it says is enough to know.
        let read = (&mut inflate)
            .take(entry.size.saturating_add(1))
            .read_to_end(&mut bytes);
        let mut crc = Crc::new();
        crc.update(&bytes);
        let fits = bytes.len() as u64 == entry.size && u64::from(crc.sum()) == entry.crc;
        // Nothing may lie hidden behind the end of the packed stream.
        if read.is_ok() && fits && inflate.total_in() == entry.packed {
            Ok(bytes)
        } else {
            Err(ArchiveError::Content(name.to_owned()))
        }
    }
}

/// Does the digest at the end fit the bytes before it?
fn check_digest<R: Read + Seek>(from: &mut R) -> Result<(), ArchiveError> {
    let length = from.seek(SeekFrom::End(0))?;
    let Some(covered) = length.checked_sub(COMMENT as u64).filter(|n| *n >= END_RECORD) else {
        return Err(ArchiveError::NoDigest);
    };
    from.seek(SeekFrom::Start(covered))?;
    let mut comment = [0; COMMENT];
    from.read_exact(&mut comment)?;
    let says = std::str::from_utf8(&comment)
        .ok()
        .and_then(|text| text.strip_prefix(LABEL))
        .and_then(|hex| hex.parse().ok())
        .ok_or(ArchiveError::NoDigest)?;
    from.seek(SeekFrom::Start(0))?;
    let gives = Digest::of_reader(from.take(covered))?;
    if says == gives {
        Ok(())
    } else {
        Err(ArchiveError::Changed { says, gives })
    }
}

/// Names that unzip, Explorer and Finder all take: `[A-Za-z0-9._-]`, at most 100 characters a
/// part and 180 in all, no part that is or ends in a dot, or names a device of Windows.
pub fn check_name(name: &str) -> Result<(), ArchiveError> {
    let part_ok = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && !part.ends_with('.')
            && !is_device(part)
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if name.len() <= 180 && name.split('/').all(part_ok) {
        Ok(())
    } else {
        Err(ArchiveError::Name(name.to_owned()))
    }
}

/// `con`, `NUL.txt`, `com1`: Windows opens a device, whatever the folder and the extension.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    ["con", "prn", "aux", "nul"].contains(&stem.as_str())
        || port.is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<u8> {
        let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
        archive.add("a.txt", b"hello").unwrap();
        archive.add("b/c.json", "x".repeat(1000).as_bytes()).unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn same_content_same_bytes_and_readable() {
        let bytes = sample();
        assert_eq!(bytes, sample());
        let mut archive = Archive::of(bytes).unwrap();
        assert_eq!(archive.names(), ["a.txt", "b/c.json"]);
        assert_eq!(archive.read("a.txt").unwrap(), b"hello");
    }

    #[test]
    fn names_that_travel_badly_are_refused() {
        let long = "x".repeat(101);
        for name in [
            "",
            "/a",
            "../a",
            "a/./b",
            "a b",
            "a:b",
            "é",
            "a.",
            "a//b",
            "b/NUL.txt",
            "com1",
            long.as_str(),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
        archive.add("a", b"").unwrap();
        assert!(matches!(archive.add("A", b""), Err(ArchiveError::Twice(_))));
        archive.add("f/a", b"").unwrap();
        for name in ["F", "a/b", "F/b"] {
            assert!(matches!(archive.add(name, b""), Err(ArchiveError::Clash(_))), "{name}");
        }
        archive.add("f/auxiliary", b"").unwrap();
    }

    proptest! {
        #[test]
        fn any_flipped_bit_and_any_cut_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
            let good = sample();
            let mut bad = good.clone();
            bad[at.index(good.len())] ^= 1_u8 << bit;
            prop_assert!(Archive::of(bad).is_err());
            prop_assert!(Archive::of(good[..at.index(good.len())].to_vec()).is_err());
        }
    }
}
