//! The official crates: their versions in `Cargo.lock`, their sources in cargo's registry folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tree::Files;

/// The folder of an official crate.
pub(crate) struct Upstream {
    pub(crate) folder: PathBuf,
}

impl Files for Upstream {
    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }
}

/// The version of a crate in the text of `Cargo.lock`.
pub(crate) fn locked_version(lock: &str, name: &str) -> Result<String, String> {
    let start = format!("\nname = \"{name}\"\n");
    let versions = lock.split("[[package]]").filter_map(|p| p.strip_prefix(&start));
    let versions: Vec<&str> = versions
        .filter_map(|p| p.strip_prefix("version = \"")?.split('"').next())
        .collect();
    match versions[..] {
        [version] => Ok(version.to_owned()),
        [] => Err("it is not in Cargo.lock".to_owned()),
        _ => Err(format!("Cargo.lock has several versions: {}", versions.join(", "))),
    }
}

/// The crate's sources, which `cargo fetch` gets if they are not there yet.
pub(crate) fn find(name: &str, version: &str, fetched: &mut bool) -> Result<Upstream, String> {
    if let Some(found) = in_registry(name, version) {
        return Ok(found);
    }
    if !*fetched {
        *fetched = true;
        fetch()?;
    }
    let missing = || format!("{name}-{version} is not in cargo's registry folder");
    in_registry(name, version).ok_or_else(missing)
}

/// Looks in every registry's folder: a mirror has a folder of its own.
fn in_registry(name: &str, version: &str) -> Option<Upstream> {
    let registries = fs::read_dir(cargo_home()?.join("registry/src")).ok()?;
    let folders = registries.flatten().map(|r| r.path().join(format!("{name}-{version}")));
    folders
        .into_iter()
        .find(|f| f.join("src/lib.rs").is_file())
        .map(|folder| Upstream { folder })
}

fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from);
    set.or_else(|| env::home_dir().map(|home| Path::new(&home).join(".cargo")))
}

fn fetch() -> Result<(), String> {
    // `cargo run` says which cargo it is; started by hand, the one on the path will do.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["fetch", "--locked"]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo fetch --locked: {status}")),
        Err(error) => Err(format!("cargo fetch --locked: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\n\
        [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"b\"\n\
        version = \"2.0.0\"\ndependencies = [\n \"a\",\n]\n";

    #[test]
    fn the_locked_version_is_exact() {
        assert_eq!(locked_version(LOCK, "a").as_deref(), Ok("1.2.3"));
    }

    #[test]
    fn a_missing_or_ambiguous_version_is_refused() {
        assert!(locked_version(LOCK, "c").is_err());
        assert!(locked_version(LOCK, "b").is_err_and(|e| e.contains("1.0.0, 2.0.0")));
    }
}
