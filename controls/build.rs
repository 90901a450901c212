//! Lists the control pages, so that adding a control touches its page and nothing else.

#![expect(clippy::disallowed_methods, reason = "a build script writes what is compiled in")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("pages");
    let mut pages = Vec::new();
    find(&root, "", &mut pages)?;
    pages.sort();

    let mut code = String::from("&[\n");
    for page in &pages {
        let _ = writeln!(
            code,
            "    ({page:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/pages/{page}\"))),"
        );
    }
    code.push_str("]\n");
    fs::write(
        PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("pages.rs"),
        code,
    )
}

/// Collects the paths of all pages below a folder, relative to the root and with `/`.
fn find(folder: &Path, prefix: &str, pages: &mut Vec<String>) -> io::Result<()> {
    // A folder's own time changes when a file is added or removed.
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}/{name}")
        };
        if entry.file_type()?.is_dir() {
            find(&entry.path(), &path, pages)?;
        } else if name.ends_with(".md") || path.starts_with("shared/") && name.ends_with(".sql") {
            println!("cargo::rerun-if-changed={}", entry.path().display());
            pages.push(path);
        }
    }
    Ok(())
}
