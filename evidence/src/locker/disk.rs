//! What writing to a locker asks of a file system, and nothing more: few calls, so that a test can
//! stand in for all of them and enumerate what a power cut may leave ([`Disk`]).
//!
//! Reading needs no stand-in: a test lays out a state in a real folder and reads that.

#![expect(clippy::disallowed_methods, reason = "the one place that writes to a locker")]

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file that is being written.
pub trait DiskFile: Read + Write + Seek + Send + fmt::Debug {
    /// Makes the bytes durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The calls that change a file system.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes one folder that only its owner may enter.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// A new file that only its owner may read and write.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to go on with it.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file a second name; fails if the name is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a name away.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl RealDisk {
    /// A new file that only its owner may read and write.
    pub fn new_file(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    /// Opens a file that is there, to read and to write.
    pub fn open_file(path: &Path) -> io::Result<File> {
        File::options().read(true).write(true).open(path)
    }
}

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Self::new_file(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Self::open_file(path)?))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    // Windows has no such call, and needs none.
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) {
            let path = if path.as_os_str().is_empty() {
                Path::new(".")
            } else {
                path
            };
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }
}

/// A disk that is not written to any more once a call has failed.
///
/// After a failed sync nobody knows what is on the disk: only reading it anew at the next start can
/// tell, so whatever this process would still write may build on sand. A full disk is the same case.
#[derive(Clone, Debug)]
pub(super) struct Fused {
    inner: Arc<dyn Disk>,
    fuse: Fuse,
}

#[derive(Clone, Debug, Default)]
struct Fuse(Arc<AtomicBool>);

impl Fuse {
    /// Does it, unless something failed before.
    fn attempt<T>(&self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.0.load(Ordering::SeqCst) {
            return Err(io::Error::other(
                "an earlier write failed, so nothing more is written; run exhibit again",
            ));
        }
        let done = call();
        // Two failures tell for certain that nothing was done.
        let certain = [io::ErrorKind::AlreadyExists, io::ErrorKind::NotFound];
        if done.as_ref().is_err_and(|e| !certain.contains(&e.kind())) {
            self.0.store(true, Ordering::SeqCst);
        }
        done
    }
}

impl Fused {
    pub(super) fn new(inner: Arc<dyn Disk>) -> Self {
        Self {
            inner,
            fuse: Fuse::default(),
        }
    }

    fn guarded(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FusedFile {
            inner: file,
            fuse: self.fuse.clone(),
        })
    }
}

impl Disk for Fused {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.create_dir(path))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.fuse.attempt(|| self.inner.create(path))?;
        Ok(self.guarded(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.fuse.attempt(|| self.inner.open(path))?;
        Ok(self.guarded(file))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.link(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.remove_file(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.remove_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.sync_dir(path))
    }
}

#[derive(Debug)]
struct FusedFile {
    inner: Box<dyn DiskFile>,
    fuse: Fuse,
}

impl DiskFile for FusedFile {
    fn sync(&mut self) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.sync())
    }
}

impl Write for FusedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.fuse.attempt(|| self.inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.fuse.attempt(|| self.inner.flush())
    }
}

impl Read for FusedFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}

impl Seek for FusedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
