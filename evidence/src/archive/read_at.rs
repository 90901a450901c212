//! Bytes that several threads may read, each at a place of its own.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// A file, or bytes in memory.
pub trait ReadAt {
    /// Reads from this offset on; 0 is the end, and fewer bytes than asked for are no error.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// How many bytes there are.
    fn length(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, at)
    }

    #[cfg(windows)]
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, into, at)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or(&[]);
        let n = rest.len().min(into.len());
        into[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(at, into)
    }

    fn length(&self) -> io::Result<u64> {
        self.as_slice().length()
    }
}

impl<S: ReadAt + ?Sized> ReadAt for &S {
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(at, into)
    }

    fn length(&self) -> io::Result<u64> {
        (**self).length()
    }
}

/// One reader's place in such bytes.
pub struct Place<S> {
    from: S,
    at: u64,
}

impl<S: ReadAt> Place<S> {
    /// At this offset.
    pub fn new(from: S, at: u64) -> Self {
        Self { from, at }
    }
}

impl<S: ReadAt> Read for Place<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read_at(self.at, into)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<S: ReadAt> Seek for Place<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.from.length()?.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
