//! Writing a file so that it is there whole, or not at all, and never replaces another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes a folder that only its owner may enter; an existing one is left alone.
pub fn make_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// A new file that only its owner may read and write.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Puts the bytes at `to` by way of `tmp`: written, synced, then linked to its name.
///
/// The link fails if the name is taken, so nothing is ever replaced.
pub fn put(tmp: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = to
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let draft = tmp.join(name);
    let mut file = create(&draft)?;
    file.write_all(bytes)?;
    publish(file, &draft, to)
}

/// Syncs a finished draft and gives it its name.
pub fn publish(file: File, draft: &Path, to: &Path) -> io::Result<()> {
    file.sync_all()?;
    drop(file);
    fs::hard_link(draft, to)?;
    to.parent().map_or(Ok(()), sync_dir)?;
    fs::remove_file(draft)
}

/// Makes the names in a folder durable. Windows has no such call, and needs none.
pub fn sync_dir(path: &Path) -> io::Result<()> {
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
