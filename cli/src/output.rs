//! Writing results into a folder, without harming what is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
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
