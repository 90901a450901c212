//! A bundle opened for reading: strictly, and without unpacking it to disk.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use evidence::archive::Archive;

use crate::exit::Stop;

/// A bundle whose zip is as exhibit writes it; what its files say is not yet judged.
pub struct Bag {
    archive: Archive<File>,
    top: String,
    names: BTreeSet<String>,
}

impl Bag {
    /// Opens it, and checks the zip's digest and structure.
    pub fn open(path: &Path) -> Result<Self, Stop> {
        let file = File::open(path).map_err(|e| Stop::usage(format!("cannot read {}: {e}", path.display())))?;
        let damaged = |e: String| Stop::damaged(format!("{}: {e}; `exhibit verify` lists every fault", path.display()));
        let archive = Archive::open(file).map_err(|e| damaged(e.to_string()))?;
        let mut top: Option<String> = None;
        let mut names = BTreeSet::new();
        for name in archive.names() {
            let Some((folder, inside)) = name.split_once('/') else {
                return Err(Stop::usage(format!(
                    "{} is no bundle: `{name}` lies in no folder; for a snapshot, name its locker",
                    path.display()
                )));
            };
            if top.get_or_insert_with(|| folder.to_owned()) != folder {
                return Err(damaged(format!("`{name}` lies outside of the top folder")));
            }
            names.insert(inside.to_owned());
        }
        Ok(Self {
            archive,
            top: top.unwrap_or_default(),
            names,
        })
    }

    /// The paths of all files inside the top folder.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// A file's bytes; `None` where there is none.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Stop> {
        if !self.names.contains(path) {
            return Ok(None);
        }
        let bytes = self.archive.read(&format!("{}/{path}", self.top));
        bytes.map(Some).map_err(|e| Stop::damaged(format!("{path}: {e}")))
    }

    /// A file's text; `None` where there is none.
    pub fn text(&self, path: &str) -> Result<Option<String>, Stop> {
        match self.read(path)? {
            None => Ok(None),
            Some(bytes) => String::from_utf8(bytes)
                .map(Some)
                .map_err(|_| Stop::damaged(format!("{path} is not UTF-8"))),
        }
    }
}
