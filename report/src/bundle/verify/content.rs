//! What a bundle holds: the digest of every file, and the text of the few that are read.

use std::collections::BTreeMap;
use std::io::{self, Read};

use evidence::digest::Digest;

/// Texts larger than this are not read: no log or list of exchanges is.
const TEXT: u64 = 1 << 30;

/// A file of the bundle.
pub(super) struct Held {
    /// SHA-256.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Line feeds.
    pub lines: u64,
    text: Option<Vec<u8>>,
}

/// All files, by path inside the top folder.
#[derive(Default)]
pub(super) struct Content {
    /// The files.
    pub files: BTreeMap<String, Held>,
}

impl Content {
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

    /// Reads a file to its end; the text is kept only where it is needed.
    pub fn read(path: &str, from: &mut impl Read, declared: u64) -> io::Result<Self> {
        let keep = declared <= TEXT && is_read(path);
        let mut tee = Tee {
            from: from.take(declared.saturating_add(1)),
            size: 0,
            lines: 0,
            text: keep.then(Vec::new),
        };
        let digest = Digest::of_reader(&mut tee)?;
        if tee.size != declared {
            return Err(io::Error::other("its length is not the one in the zip's directory"));
        }
        Ok(Self {
            digest,
            size: tee.size,
            lines: tee.lines,
            text: tee.text,
        })
    }
}

fn is_read(path: &str) -> bool {
    let evidence =
        path.starts_with("data/evidence/") && (path.ends_with("/snapshot.json") || path.ends_with("/exchanges.jsonl"));
    !path.starts_with("data/") || path.starts_with("data/log/") || path == "data/locker.json" || evidence
}

struct Tee<R> {
    from: R,
    size: u64,
    lines: u64,
    text: Option<Vec<u8>>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        let read = &buffer[..n];
        self.size += n as u64;
        self.lines += read.iter().filter(|b| **b == b'\n').count() as u64;
        if let Some(text) = &mut self.text {
            text.extend_from_slice(read);
        }
        Ok(n)
    }
}
