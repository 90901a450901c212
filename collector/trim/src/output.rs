//! Writes trimmed crates, touching no file that need not change: cargo rebuilds what is newer.

#![expect(clippy::disallowed_methods, reason = "a build tool: it writes no evidence")]

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::trim::Trimmed;

/// The file that says what a copy was made from and which files it has.
const STAMP: &str = ".sdk-trim";

/// Whether the copy in `folder` was made from these inputs and is complete.
pub(crate) fn is_current(folder: &Path, inputs: &str) -> bool {
    let Ok(stamp) = fs::read_to_string(folder.join(STAMP)) else {
        return false;
    };
    let Some(files) = stamp.strip_prefix(inputs) else {
        return false;
    };
    files.lines().all(|file| folder.join(file).is_file())
}

/// Makes `folder` hold the trimmed crate and nothing else.
pub(crate) fn write(folder: &Path, trimmed: &Trimmed, inputs: &str) -> io::Result<()> {
    let stamp = folder.join(STAMP);
    if stamp.exists() {
        // Whatever interrupts the writing, half a copy never counts as current.
        fs::remove_file(&stamp)?;
    }
    let wanted: BTreeSet<PathBuf> = trimmed.keys().map(|file| folder.join(file)).collect();
    if folder.exists() {
        remove_others(folder, &wanted)?;
    }
    for (file, text) in trimmed {
        write_if_changed(&folder.join(file), text)?;
    }
    let files: Vec<&str> = trimmed.keys().map(String::as_str).collect();
    fs::write(stamp, format!("{inputs}{}\n", files.join("\n")))
}

/// Writes a file unless it has this text already.
pub(crate) fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

fn remove_others(folder: &Path, wanted: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_current, write};
    use crate::trim::Trimmed;
    use std::fs;
    use std::path::PathBuf;
    use std::time::SystemTime;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sdk-trim-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        folder
    }

    fn files(names: &[&str]) -> Trimmed {
        names
            .iter()
            .map(|&name| (name.to_owned(), format!("// {name}\n")))
            .collect()
    }

    #[test]
    fn unchanged_files_are_not_touched_and_others_go() {
        let folder = folder("touch");
        write(&folder, &files(&["src/a.rs", "src/b.rs"]), "1\n").expect("written");
        let kept = folder.join("src/a.rs");
        let old = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        fs::File::options()
            .write(true)
            .open(&kept)
            .and_then(|f| f.set_modified(old))
            .expect("set");
        write(&folder, &files(&["src/a.rs", "src/c.rs"]), "2\n").expect("written");
        let modified = fs::metadata(&kept).and_then(|m| m.modified()).expect("a time");
        assert_eq!(modified, old);
        assert!(!folder.join("src/b.rs").exists() && folder.join("src/c.rs").exists());
        fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn a_copy_is_current_if_made_from_the_same_and_whole() {
        let folder = folder("current");
        assert!(!is_current(&folder, "1\n"));
        write(&folder, &files(&["src/a.rs"]), "1\n").expect("written");
        assert!(is_current(&folder, "1\n") && !is_current(&folder, "2\n"));
        fs::remove_file(folder.join("src/a.rs")).expect("removed");
        assert!(!is_current(&folder, "1\n"));
        fs::remove_dir_all(folder).expect("removed");
    }
}
