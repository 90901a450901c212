//! Writing a file so that it is there whole, or not at all, and never replaces another.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::disk::{Disk, DiskFile};

/// Makes a folder that only its owner may enter, and those above it; an existing one is left alone.
pub fn make_dir(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_dir(disk, above)?;
    }
    match disk.create_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        done => done?,
    }
    disk.sync_dir(above.unwrap_or(Path::new(".")))
}

/// Puts the bytes at `to` by way of `tmp`: written, synced, then linked to its name.
///
/// The link fails if the name is taken, so nothing is ever replaced.
pub fn put(disk: &dyn Disk, tmp: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = to
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let draft = tmp.join(name);
    let mut file = disk.create(&draft)?;
    file.write_all(bytes)?;
    publish(disk, file, &draft, to)
}

/// Syncs a finished draft and gives it its name.
pub fn publish(disk: &dyn Disk, mut file: Box<dyn DiskFile>, draft: &Path, to: &Path) -> io::Result<()> {
    file.sync()?;
    drop(file);
    disk.link(draft, to)?;
    to.parent().map_or(Ok(()), |folder| disk.sync_dir(folder))?;
    disk.remove_file(draft)
}

/// Removes a folder with all it holds; one that is not there is no error.
pub fn remove_all(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let items = match fs::read_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        items => items?,
    };
    for item in items {
        let item = item?;
        if item.file_type()?.is_dir() {
            remove_all(disk, &item.path())?;
        } else {
            disk.remove_file(&item.path())?;
        }
    }
    disk.remove_dir(path)
}
