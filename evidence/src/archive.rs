//! Zip files that are a pure function of their content, and that notice any changed byte.
//!
//! The zip comment holds `sha256:` and the digest of every byte before the comment's text, so
//! `head -c -71 FILE | sha256sum` re-computes what `tail -c 64 FILE` says.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::digest::Digest;

mod careful;
mod read_at;
mod structure;

use careful::{Careful, Failure};
pub use read_at::{Place, ReadAt};
use structure::{Entry, Names};

const LABEL: &str = "sha256:";
/// Length of the comment: the label and 64 hexadecimal digits.
const COMMENT: usize = LABEL.len() + 64;
/// Length of the end-of-central-directory record without a comment (APPNOTE 4.3.16).
const END_RECORD: u64 = 22;
/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

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
        self.entry(name, bytes.len() as u64, |zip| zip.write_all(bytes))
    }

    /// Adds an entry of that size, as it is read.
    pub fn add_from(&mut self, name: &str, size: u64, mut bytes: impl Read) -> Result<(), ArchiveError> {
        self.entry(name, size, |zip| std::io::copy(&mut bytes, zip).map(|_| ()))
    }

    fn entry(
        &mut self,
        name: &str,
        size: u64,
        write: impl FnOnce(&mut ZipWriter<Careful<W>>) -> std::io::Result<()>,
    ) -> Result<(), ArchiveError> {
        self.names.add(name)?;
        let added = put(&mut self.zip, name, size, write);
        // The disk's word comes before what the zip writer makes of it.
        careful::take(&self.failure)?;
        added
    }

    /// Adds entries that have been packed already.
    pub fn add_packed(&mut self, packed: Packed) -> Result<(), ArchiveError> {
        for name in &packed.names {
            self.names.add(name)?;
        }
        let merged = self.zip.merge_archive(ZipArchive::new(Cursor::new(packed.zip))?);
        careful::take(&self.failure)?;
        Ok(merged?)
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

/// Entries packed apart from the archive that they go into, so that several threads can pack at once.
pub struct Packed {
    names: Vec<String>,
    zip: Vec<u8>,
}

impl Packed {
    /// Of these entries, by name.
    pub fn of<'a>(entries: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, ArchiveError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut names = Vec::new();
        for (name, bytes) in entries {
            check_name(name)?;
            put(&mut zip, name, bytes.len() as u64, |zip| zip.write_all(bytes))?;
            names.push(name.to_owned());
        }
        let zip = zip.finish()?.into_inner();
        Ok(Self { names, zip })
    }
}

/// Writes an entry in the one form.
fn put<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    size: u64,
    write: impl FnOnce(&mut ZipWriter<W>) -> std::io::Result<()>,
) -> Result<(), ArchiveError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .large_file(size >= u64::from(u32::MAX));
    let started = zip.start_file(name, options);
    let written = write(zip);
    started?;
    Ok(written?)
}

/// Reads an archive; several threads may do so at once.
pub struct Archive<S> {
    from: S,
    entries: Vec<Entry>,
    /// Places in `entries`, by name.
    by_name: Vec<usize>,
}

impl Archive<Vec<u8>> {
    /// Of these bytes.
    pub fn of(bytes: Vec<u8>) -> Result<Self, ArchiveError> {
        Self::open(bytes)
    }
}

impl<S: ReadAt> Archive<S> {
    /// Checks the digest, then the form of everything but the content.
    pub fn open(from: S) -> Result<Self, ArchiveError> {
        check_digest(&from)?;
        Self::open_unchecked(from)
    }

    /// Checks the form of everything but the content, for those who call [`check_digest`] themselves.
    pub fn open_unchecked(from: S) -> Result<Self, ArchiveError> {
        let mut entries = Vec::new();
        structure::check(&mut Place::new(&from, 0), |entry| entries.push(entry))?;
        let mut by_name: Vec<usize> = (0..entries.len()).collect();
        by_name.sort_unstable_by_key(|i| entries[*i].name.as_str());
        Ok(Self { from, entries, by_name })
    }

    /// How long each entry says its content is, in order.
    pub fn sizes(&self) -> Vec<u64> {
        self.entries.iter().map(|entry| entry.size).collect()
    }

    /// The names of all entries, in order.
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// The content of an entry.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ArchiveError> {
        let at = self
            .by_name
            .binary_search_by_key(&name, |i| self.entries[*i].name.as_str())
            .map_err(|_| ArchiveError::Missing(name.to_owned()))?;
        let index = self.by_name[at];
        // The size is only what it says.
        let size = usize::try_from(self.entries[index].size).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(size.min(1 << 24));
        self.copier().copy(index, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads entries one after the other; each thread has its own.
    pub fn copier(&self) -> Copier<'_, S> {
        Copier {
            archive: self,
            inflate: Decompress::new(false),
            packed: vec![0; BUFFER],
            content: vec![0; BUFFER],
        }
    }
}

/// Reads entries one after the other, with the same buffers.
pub struct Copier<'a, S> {
    archive: &'a Archive<S>,
    inflate: Decompress,
    packed: Vec<u8>,
    content: Vec<u8>,
}

impl<S: ReadAt> Copier<'_, S> {
    /// Writes out the content of an entry, by its place in [`Archive::names`]. Only at the end, and only if this is no
    /// error, is it known to be what the archive says.
    pub fn copy(&mut self, index: usize, to: &mut impl Write) -> Result<(), ArchiveError> {
        let missing = || ArchiveError::Missing(format!("entry {}", index + 1));
        let entry = self.archive.entries.get(index).ok_or_else(missing)?;
        let changed = || ArchiveError::Content(entry.name.clone());
        let (mut at, end) = (entry.data(), entry.data() + entry.packed);
        let (mut crc, mut ready, mut status) = (Crc::new(), 0..0, Status::Ok);
        self.inflate.reset(false);
        while status != Status::StreamEnd {
            if ready.is_empty() {
                let want = BUFFER.min(usize::try_from(end - at).unwrap_or(BUFFER));
                let n = self.archive.from.read_at(at, &mut self.packed[..want])?;
                at += n as u64;
                ready = 0..n;
            }
            let (read, made) = (self.inflate.total_in(), self.inflate.total_out());
            status = self
                .inflate
                .decompress(&self.packed[ready.clone()], &mut self.content, FlushDecompress::None)
                .map_err(|_| changed())?;
            let (read, made) = (self.inflate.total_in() - read, self.inflate.total_out() - made);
            // More than it says, or no end to come: what is there is enough to know.
            if self.inflate.total_out() > entry.size || (read, made) == (0, 0) && status != Status::StreamEnd {
                return Err(changed());
            }
            ready.start += read as usize;
            let content = &self.content[..made as usize];
            crc.update(content);
            to.write_all(content)?;
        }
        let whole = (self.inflate.total_out(), self.inflate.total_in()) == (entry.size, entry.packed);
        // Nothing may lie hidden behind the end of the packed stream.
        if whole && u64::from(crc.sum()) == entry.crc {
            Ok(())
        } else {
            Err(changed())
        }
    }
}

/// Does the digest at the end fit the bytes before it?
pub fn check_digest(from: impl ReadAt) -> Result<(), ArchiveError> {
    let length = from.length()?;
    let Some(covered) = length.checked_sub(COMMENT as u64).filter(|n| *n >= END_RECORD) else {
        return Err(ArchiveError::NoDigest);
    };
    let mut comment = [0; COMMENT];
    Place::new(&from, covered).read_exact(&mut comment)?;
    let says = std::str::from_utf8(&comment)
        .ok()
        .and_then(|text| text.strip_prefix(LABEL))
        .and_then(|hex| hex.parse().ok())
        .ok_or(ArchiveError::NoDigest)?;
    let gives = Digest::of_reader(Place::new(&from, 0).take(covered))?;
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
        let archive = Archive::of(bytes).unwrap();
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
        fn packed_before_or_not_gives_the_same_bytes(files in prop::collection::btree_map("f[a-z]{1,3}/f[a-z0-9]{1,8}", prop::collection::vec(any::<u8>(), 0..3000), 0..12), at in any::<prop::sample::Index>()) {
            let entries: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            let (first, rest) = entries.split_at(at.index(entries.len() + 1));
            let mut one = ArchiveWriter::new(Cursor::new(Vec::new()));
            let mut other = ArchiveWriter::new(Cursor::new(Vec::new()));
            for (name, bytes) in &entries {
                one.add(name, bytes).unwrap();
            }
            other.add_packed(Packed::of(first.iter().copied()).unwrap()).unwrap();
            if let [(name, bytes), packed @ ..] = rest {
                other.add(name, bytes).unwrap();
                other.add_packed(Packed::of(packed.iter().copied()).unwrap()).unwrap();
            }
            prop_assert_eq!(one.finish().unwrap().into_inner(), other.finish().unwrap().into_inner());
        }

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
