//! A file that lets its user finish in peace after a write has failed.
//!
//! The zip writer tidies up when it is dropped, and is confused (it complains on stderr, or panics)
//! if what it wrote is not there. So after the first failure it is told that all is well, while
//! nothing is written any more; the failure waits in [`Careful::failure`].

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the first failure is kept.
pub(super) type Failure = Arc<Mutex<Option<io::Error>>>;

/// Takes the failure, if there was one.
pub(super) fn take(failure: &Failure) -> io::Result<()> {
    match failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(e) => Err(e),
        None => Ok(()),
    }
}

pub(super) struct Careful<W> {
    pub(super) inner: W,
    failure: Failure,
    failed: bool,
    at: u64,
    end: u64,
}

impl<W> Careful<W> {
    pub(super) fn new(inner: W) -> (Self, Failure) {
        let failure = Failure::default();
        let careful = Self {
            inner,
            failure: failure.clone(),
            failed: false,
            at: 0,
            end: 0,
        };
        (careful, failure)
    }

    fn fail(&mut self, error: io::Error) {
        self.failed = true;
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn advance(&mut self, n: usize) -> usize {
        self.at += n as u64;
        self.end = self.end.max(self.at);
        n
    }
}

impl<W: Write> Write for Careful<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(self.advance(bytes.len()));
        }
        match self.inner.write(bytes) {
            Ok(0) if !bytes.is_empty() => self.fail(io::ErrorKind::WriteZero.into()),
            Ok(n) => return Ok(self.advance(n)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
            Err(e) => self.fail(e),
        }
        Ok(self.advance(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.failed
            && let Err(e) = self.inner.flush()
        {
            self.fail(e);
        }
        Ok(())
    }
}

impl<W: Seek> Seek for Careful<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if !self.failed {
            match self.inner.seek(to) {
                Ok(at) => {
                    self.at = at;
                    self.end = self.end.max(at);
                    return Ok(at);
                }
                Err(e) => self.fail(e),
            }
        }
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl<W: Read> Read for Careful<W> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}
