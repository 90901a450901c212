//! Writing for people: results, settings, keys; never harming what is there. A locker writes itself.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place of the command line that writes files"
)]

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::exit::Stop;

/// Makes the folder; one that holds anything is refused.
pub fn claim(dir: &Path) -> Result<(), Stop> {
    match fs::read_dir(dir) {
        Ok(mut items) => match items.next() {
            None => Ok(()),
            Some(_) => Err(Stop::usage(format!(
                "{} is not empty, and nothing is ever overwritten; name a new folder with --out",
                dir.display()
            ))),
        },
        Err(e) if e.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(dir).map_err(|e| Stop::usage(format!("cannot make {}: {e}", dir.display())))
        }
        Err(e) => Err(Stop::usage(format!("cannot write to {}: {e}", dir.display()))),
    }
}

/// Writes the files; each appears under its name only when it is whole.
pub fn write_all(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Stop> {
    for (name, bytes) in files {
        let to = dir.join(name);
        let partial = dir.join(format!("{name}.partial"));
        let write = || {
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&partial, bytes)?;
            fs::rename(&partial, &to)
        };
        write().map_err(|e| Stop::failure(format!("cannot write {}: {e}", to.display())))?;
    }
    Ok(())
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// As the user's settings say.
    Usual,
    /// Everybody.
    All,
    /// Its owner.
    Owner,
}

/// Writes a new file, durable when this returns. A name that is taken is a mistake, and that file is not changed.
pub fn write_new(path: &Path, readers: Readers, bytes: &[u8]) -> Result<(), Stop> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    match readers {
        Readers::Usual => &mut options,
        Readers::All => std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644),
        Readers::Owner => std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600),
    };
    #[cfg(not(unix))]
    let _ = readers;
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e: io::Error| match e.kind() {
        ErrorKind::AlreadyExists => Stop::usage(format!("{} exists already; it was not changed", path.display())),
        _ => Stop::failure(format!("cannot write {}: {e}", path.display())),
    })
}

/// Makes a folder and those above it. With [`Readers::Owner`], new ones are closed to others.
pub fn make_folder(path: &Path, readers: Readers) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    #[cfg(not(unix))]
    let _ = readers;
    builder.create(path)
}

/// Removes a folder with all that is in it: for what exhibit itself has put there and may replace.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)
}
