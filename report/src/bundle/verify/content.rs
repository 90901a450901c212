//! What a bundle holds: the digest of every file, and the text of the few that are read.

use std::collections::BTreeMap;
use std::io::{self, Write};

use evidence::archive::{Archive, ArchiveError, Copier, ReadAt, check_digest};
use evidence::digest::{Digest, Hasher};
use evidence::locker::{Fault, Verification};
use rayon::prelude::*;

use super::exchanges::Exchanges;
use super::{BUNDLE, zip_structure};

/// Texts larger than this are not read: no log or manifest is.
const TEXT: u64 = 1 << 30;

/// A file of the bundle.
pub(super) struct Held {
    /// SHA-256.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Line feeds, in a `.jsonl`.
    pub lines: u64,
    /// What it says, where it is a list of exchanges.
    pub exchanges: Option<Box<Exchanges>>,
    text: Option<Vec<u8>>,
}

/// All files, by path inside the top folder.
#[derive(Default)]
pub(super) struct Content {
    /// The files.
    pub files: BTreeMap<String, Held>,
}

impl Content {
    /// Reads every file of a bundle to its end; whatever cannot be read is a fault of the file it is.
    ///
    /// The whole is hashed at the same time, and the files on as many threads as there are processors.
    pub fn read<S: ReadAt + Sync>(from: &S, found: &mut Verification) -> Option<Self> {
        let mut faults = Verification::default();
        let (whole, content) = rayon::join(
            || check_digest(from),
            || Ok(Self::of(&Archive::open_unchecked(from)?, &mut faults)),
        );
        found.add(faults);
        let (content, error) = match content {
            Ok(content) => (Some(content), None),
            // Even of a bundle of another form whatever can be read is looked at, to name what was changed.
            Err(e) => (zip_structure::read(from, found), Some(e)),
        };
        // Where the bytes have changed, that explains an odd form.
        if let Some(e) = whole.err().or(error) {
            let code = match e {
                ArchiveError::Changed { .. } | ArchiveError::NoDigest => "changed",
                ArchiveError::Name(_) | ArchiveError::Twice(_) => "unexpected",
                _ => "unreadable",
            };
            found.faults.push(Fault::new(BUNDLE, code, e));
        }
        content
    }

    fn of<S: ReadAt + Sync>(archive: &Archive<S>, found: &mut Verification) -> Self {
        let mut top = TopFolder::default();
        let sizes = archive.sizes();
        let names = archive.names().into_iter().enumerate();
        let inside: Vec<_> = names
            .filter_map(|(index, name)| Some((index, top.inside(name, found)?)))
            .collect();
        let read = |copier: &mut Copier<'_, S>, (index, path): &(usize, &str)| {
            let mut reading = Reading::new(path, sizes[*index]);
            copier.copy(*index, &mut reading).map(|()| reading.finish())
        };
        let read: Vec<_> = inside.par_iter().map_init(|| archive.copier(), read).collect();
        let mut content = Self::default();
        for ((_, path), held) in inside.into_iter().zip(read) {
            match held {
                Ok(held) => {
                    content.files.insert(path.to_owned(), held);
                }
                Err(e) => found.faults.push(Fault::new(path, "changed", e)),
            }
        }
        content
    }

    /// The text of a file, or the code and the message of what is wrong with it.
    pub fn text(&self, path: &str) -> Result<&str, (&'static str, String)> {
        let Some(file) = self.files.get(path) else {
            return Err(("missing", "it is missing".to_owned()));
        };
        let bytes = file.text.as_ref().ok_or(("unreadable", "it is too large".to_owned()))?;
        std::str::from_utf8(bytes).map_err(|_| ("unreadable", "it is not UTF-8".to_owned()))
    }
}

impl Held {
    /// The bytes, where they were kept.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }
}

/// The one folder in which all files of a bundle lie.
#[derive(Default)]
pub(super) struct TopFolder(Option<String>);

impl TopFolder {
    /// The path inside it; that there is none is a fault.
    pub fn inside<'a>(&mut self, name: &'a str, found: &mut Verification) -> Option<&'a str> {
        let split = name
            .split_once('/')
            .filter(|_| evidence::archive::check_name(name).is_ok());
        let problem = match split {
            None => "no bundle has a file of this name",
            Some((folder, path)) if self.0.get_or_insert_with(|| folder.to_owned()) == folder => return Some(path),
            Some(_) => "it lies outside the top folder",
        };
        found.faults.push(Fault::new(name, "unexpected", problem));
        None
    }
}

/// Takes a file's bytes; its text is kept only where it is needed.
#[derive(Default)]
pub(super) struct Reading {
    hasher: Hasher,
    size: u64,
    has_lines: bool,
    lines: u64,
    exchanges: Option<Box<Exchanges>>,
    text: Option<Vec<u8>>,
}

impl Reading {
    /// Of the file at this path, with the length that the zip's directory says.
    pub fn new(path: &str, declared: u64) -> Self {
        Self {
            has_lines: path.ends_with(".jsonl"),
            exchanges: is_list_of_exchanges(path).then(Box::default),
            text: (declared <= TEXT && is_read(path)).then(Vec::new),
            ..Self::default()
        }
    }

    /// All bytes have been written.
    pub fn finish(self) -> Held {
        Held {
            digest: self.hasher.finish(),
            size: self.size,
            lines: self.lines,
            exchanges: self.exchanges.map(|read| Box::new(read.finish())),
            text: self.text,
        }
    }
}

impl Write for Reading {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.write_all(bytes)?;
        self.size += bytes.len() as u64;
        if self.has_lines {
            self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        }
        if let Some(exchanges) = &mut self.exchanges {
            exchanges.take(bytes);
        }
        if let Some(text) = &mut self.text {
            text.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_list_of_exchanges(path: &str) -> bool {
    path.starts_with("data/evidence/") && path.ends_with("/exchanges.jsonl")
}

fn is_read(path: &str) -> bool {
    let is_meta = path.starts_with("data/evidence/") && path.ends_with("/snapshot.json");
    !path.starts_with("data/") || path.starts_with("data/log/") || path == "data/locker.json" || is_meta
}
