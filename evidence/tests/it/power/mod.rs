//! A file system whose power can be cut: it notes every call, and lays out what a disk may hold
//! after a cut at any of them.
//!
//! The rules are POSIX's, which promise little: bytes last once their file was synced, names once
//! their folder was; whatever was not synced is there, is not there, or is there in part.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use evidence::locker::disk::{Disk, DiskFile, RealDisk};

pub mod states;

/// A file, whatever its names are.
pub type Inode = usize;

/// What was asked of the disk. Paths are relative to its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    CreateDir(PathBuf),
    Create(PathBuf, Inode),
    /// Bytes put in one after the other, with nothing between.
    Write(Inode, Vec<(u64, Vec<u8>)>),
    Sync(Inode),
    Link(Inode, PathBuf),
    RemoveFile(PathBuf),
    RemoveDir(PathBuf),
    SyncDir(PathBuf),
    /// Not a call: from here on the log has this many lines that were acknowledged.
    Acknowledged(usize),
}

#[derive(Debug, Default)]
struct Recorded {
    ops: Vec<Op>,
    names: BTreeMap<PathBuf, Inode>,
    inodes: usize,
}

/// Does everything to a real folder, without syncing it, and notes what it did.
#[derive(Clone, Debug)]
pub struct SimDisk {
    root: PathBuf,
    recorded: Arc<Mutex<Recorded>>,
}

impl SimDisk {
    /// Of a folder that holds this tree; files that are made there get numbers from `inodes` on.
    pub fn new(root: &Path, tree: &Tree, inodes: Inode) -> Self {
        let mut recorded = Recorded {
            inodes,
            ..Recorded::default()
        };
        for (path, node) in tree {
            if let Node::File(inode, _) = node {
                recorded.names.insert(path.to_path_buf(), *inode);
            }
        }
        Self {
            root: root.to_owned(),
            recorded: Arc::new(Mutex::new(recorded)),
        }
    }

    /// What was done so far.
    pub fn ops(&self) -> Vec<Op> {
        self.recorded.lock().unwrap().ops.clone()
    }

    /// Tells that so many lines of the log are promised now.
    pub fn acknowledge(&self, lines: usize) {
        self.note(Op::Acknowledged(lines));
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root)
            .expect("nothing is written outside the locker")
            .to_owned()
    }

    fn note(&self, op: Op) {
        self.recorded.lock().unwrap().ops.push(op);
    }

    fn file(&self, inode: Inode, inner: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(SimFile {
            disk: self.clone(),
            inode,
            inner,
        })
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)?;
        self.note(Op::CreateDir(self.relative(path)));
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inner = RealDisk.create(path)?;
        let mut recorded = self.recorded.lock().unwrap();
        let inode = recorded.inodes;
        recorded.inodes += 1;
        recorded.names.insert(self.relative(path), inode);
        recorded.ops.push(Op::Create(self.relative(path), inode));
        drop(recorded);
        Ok(self.file(inode, inner))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inner = RealDisk.open(path)?;
        let inode = self.recorded.lock().unwrap().names[&self.relative(path)];
        Ok(self.file(inode, inner))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.link(from, to)?;
        let mut recorded = self.recorded.lock().unwrap();
        let inode = recorded.names[&self.relative(from)];
        recorded.names.insert(self.relative(to), inode);
        recorded.ops.push(Op::Link(inode, self.relative(to)));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_file(path)?;
        let mut recorded = self.recorded.lock().unwrap();
        recorded.names.remove(&self.relative(path));
        recorded.ops.push(Op::RemoveFile(self.relative(path)));
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)?;
        self.note(Op::RemoveDir(self.relative(path)));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // The folder above the locker is not the locker's.
        if let Ok(path) = path.strip_prefix(&self.root) {
            self.note(Op::SyncDir(path.to_owned()));
        }
        Ok(())
    }
}

struct SimFile {
    disk: SimDisk,
    inode: Inode,
    inner: Box<dyn DiskFile>,
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {}", self.inode)
    }
}

impl Read for SimFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}

impl Seek for SimFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl Write for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = self.inner.stream_position()?;
        self.inner.write_all(bytes)?;
        let mut recorded = self.disk.recorded.lock().unwrap();
        let patch = (at, bytes.to_vec());
        match recorded.ops.last_mut() {
            // A cut between two of these is one that tears them.
            Some(Op::Write(inode, patches)) if *inode == self.inode => patches.push(patch),
            _ => recorded.ops.push(Op::Write(self.inode, vec![patch])),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskFile for SimFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.note(Op::Sync(self.inode));
        Ok(())
    }
}

/// A disk one of whose calls fails.
#[derive(Clone, Debug)]
pub struct FailingDisk {
    inner: SimDisk,
    state: Arc<Mutex<Failing>>,
}

#[derive(Debug)]
struct Failing {
    only_syncs: bool,
    /// Calls until the one that fails.
    left: usize,
    after: usize,
}

impl FailingDisk {
    /// The call of this number fails, counted from 0; or the sync of this number.
    pub fn new(inner: SimDisk, number: usize, only_syncs: bool) -> Self {
        let state = Failing {
            only_syncs,
            left: number + 1,
            after: 0,
        };
        Self {
            inner,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Whether a call failed, and how many came after it.
    pub fn failed(&self) -> Option<usize> {
        let state = self.state.lock().unwrap();
        (state.left == 0).then_some(state.after)
    }

    fn call<T>(&self, is_sync: bool, call: impl FnOnce(&SimDisk) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state.lock().unwrap();
        if state.left == 0 {
            state.after += 1;
        } else if is_sync || !state.only_syncs {
            state.left -= 1;
            if state.left == 0 {
                // EIO: what a broken disk says, to fsync most of all.
                return Err(io::Error::from_raw_os_error(5));
            }
        }
        drop(state);
        call(&self.inner)
    }

    fn file(&self, inner: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FailingFile {
            disk: self.clone(),
            inner,
        })
    }
}

impl Disk for FailingDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.call(false, |disk| disk.create_dir(path))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.file(self.call(false, |disk| disk.create(path))?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.file(self.call(false, |disk| disk.open(path))?))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(false, |disk| disk.link(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call(false, |disk| disk.remove_file(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.call(false, |disk| disk.remove_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.call(true, |disk| disk.sync_dir(path))
    }
}

#[derive(Debug)]
struct FailingFile {
    disk: FailingDisk,
    inner: Box<dyn DiskFile>,
}

impl Read for FailingFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}

impl Seek for FailingFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl Write for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let half = &bytes[..bytes.len() / 2];
        let (disk, inner) = (self.disk.clone(), &mut self.inner);
        let done = disk.call(false, |_| Ok(()));
        // A write that fails may have begun.
        inner.write_all(if done.is_ok() { bytes } else { half })?;
        done.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskFile for FailingFile {
    fn sync(&mut self) -> io::Result<()> {
        let (disk, inner) = (self.disk.clone(), &mut self.inner);
        disk.call(true, |_| inner.sync())
    }
}

/// The real disk, but nothing is synced: for laying out thousands of states.
#[derive(Debug)]
pub struct UnsyncedDisk;

#[derive(Debug)]
struct Unsynced(File);

impl Read for Unsynced {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Seek for Unsynced {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Write for Unsynced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for Unsynced {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for UnsyncedDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Unsynced(RealDisk::new_file(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Unsynced(File::options().read(true).write(true).open(path)?)))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// What a folder holds: paths relative to it, folders before what is in them.
pub type Tree = BTreeMap<Arc<Path>, Node>;

/// A name in a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    Dir,
    File(Inode, Arc<[u8]>),
}

/// Writes a tree into an empty folder.
pub fn lay_out(tree: &Tree, root: &Path) {
    let mut written: BTreeMap<Inode, &Path> = BTreeMap::new();
    for (path, node) in tree {
        let to = root.join(path);
        match node {
            Node::Dir => fs::create_dir(&to).unwrap(),
            Node::File(inode, bytes) => match written.get(inode) {
                Some(other) => fs::hard_link(root.join(other), &to).unwrap(),
                None => {
                    fs::write(&to, bytes).unwrap();
                    written.insert(*inode, path);
                }
            },
        }
    }
}
