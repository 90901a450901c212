//! The cargo configuration that puts the trimmed crates in place of the official ones.

use std::path::{Path, PathBuf};

/// The value for `cargo --config`.
pub(crate) fn paths(folders: &[PathBuf]) -> String {
    let folders: Vec<String> = folders.iter().map(|f| string(&f.to_string_lossy())).collect();
    format!("paths=[{}]", folders.join(", "))
}

/// The configuration file. Cargo compiles folders incrementally, as if somebody edited them;
/// for code that stays as it is, that only costs time and disk.
pub(crate) fn file(folders: &[PathBuf]) -> String {
    let mut text = format!("# Written by sdk-trim.\n{}\n", paths(folders));
    for name in folders.iter().filter_map(|f| Path::file_name(f)) {
        let name = string(&name.to_string_lossy());
        text.push_str(&format!("\n[profile.dev.package.{name}]\nincremental = false\n"));
    }
    text
}

/// A TOML string.
fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{file, paths};
    use std::path::PathBuf;

    #[test]
    fn folders_become_a_toml_array() {
        assert_eq!(paths(&[]), "paths=[]");
        let folders = [PathBuf::from("/a b/c"), PathBuf::from("/d\"e")];
        assert_eq!(paths(&folders), r#"paths=["/a b/c", "/d\"e"]"#);
        assert!(file(&folders).contains("[profile.dev.package.\"c\"]\nincremental = false\n"));
    }
}
