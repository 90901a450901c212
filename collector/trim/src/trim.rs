//! A trimmed crate: which files it has and what is in them.

use std::collections::BTreeMap;

use crate::item::Parsed;
use crate::manifest;
use crate::path::Path;
use crate::prune;
use crate::reach::{self, Reach};
use crate::tree::{Files, Node, Tree, child, file_of, module_of_file};

/// Files that every copy has besides its sources and its manifest.
const EXTRA: [&str; 2] = ["LICENSE", "README.md"];

/// Operations that are needed without being in the list. They serve to get credentials:
/// S3 opens a session for buckets of S3 Express (directory buckets) before other calls, by a
/// method that no path names; `aws-config` is built with the same copies and takes on roles.
const INTERNAL: [(&str, &str); 5] = [
    ("aws-sdk-s3", "CreateSession"),
    ("aws-sdk-sso", "GetRoleCredentials"),
    ("aws-sdk-ssooidc", "CreateToken"),
    ("aws-sdk-sts", "AssumeRole"),
    ("aws-sdk-sts", "AssumeRoleWithWebIdentity"),
];

/// The files of a trimmed crate by their name relative to its folder.
pub(crate) type Trimmed = BTreeMap<String, String>;

impl Files for Trimmed {
    fn read(&self, file: &str) -> Option<String> {
        self.get(file).cloned()
    }
}

/// Cuts a crate down to the named operations, or says why it cannot.
pub(crate) fn trim(crate_name: &str, files: &dyn Files, operations: &[String]) -> Result<Trimmed, String> {
    let tree = Tree::new(files);
    let internal = INTERNAL.iter().filter(|(name, _)| *name == crate_name);
    let wanted = operations.iter().map(String::as_str).chain(internal.map(|(_, op)| *op));
    let modules: Vec<String> = wanted.map(|op| module_of(&tree, op)).collect::<Result<_, _>>()?;
    let reach = reach::reach(&tree, &modules)?;
    let mut trimmed = Trimmed::new();
    for module in reach.whole() {
        trimmed.insert(file_of(module), tree.module(module)?.text.clone());
    }
    for module in reach.indexes() {
        let parsed = tree.module(module)?;
        trimmed.insert(file_of(module), index_text(&parsed, module, &reach)?);
    }
    check(&trimmed, &tree.with_files(&trimmed))?;
    let manifest = files.read("Cargo.toml").ok_or("there is no Cargo.toml")?;
    trimmed.insert("Cargo.toml".to_owned(), manifest::quiet(&manifest));
    for name in EXTRA {
        trimmed.extend(files.read(name).map(|text| (name.to_owned(), text)));
    }
    Ok(trimmed)
}

/// The module of an operation: `ListMFADevices` is in `list_mfa_devices`. Compared without
/// underscores, because the generator has its own idea of where words end.
fn module_of(tree: &Tree<'_>, operation: &str) -> Result<String, String> {
    let parsed = tree.module(&["operation".to_owned()])?;
    let same = |name: &&str| name.replace('_', "") == operation.to_lowercase();
    let found: Vec<&str> = parsed.modules().filter(same).collect();
    match found[..] {
        [name] => Ok(name.to_owned()),
        _ => Err(format!("the crate has {} operations called {operation}", found.len())),
    }
}

/// The text of an index file without what is not kept.
fn index_text(parsed: &Parsed, module: &Path, reach: &Reach<'_>) -> Result<String, String> {
    let mut cuts = prune::cuts(parsed, module, reach)?;
    for (at, item) in parsed.items.iter().enumerate() {
        if !reach.has(&Node::Item(module.clone(), at)) {
            cuts.push(item.range.clone());
        }
    }
    cuts.sort_by_key(|cut| cut.start);
    let (mut text, mut at) = (String::new(), 0);
    for cut in cuts {
        text.push_str(parsed.text.get(at..cut.start).ok_or("cuts that overlap")?);
        at = cut.end;
    }
    text.push_str(&parsed.text[at..]);
    Ok(text)
}

/// Checks that every path in the trimmed crate leads somewhere in it.
fn check(trimmed: &Trimmed, tree: &Tree<'_>) -> Result<(), String> {
    for file in trimmed.keys() {
        let module = module_of_file(file);
        let parsed = tree.module(&module)?;
        for name in parsed.modules() {
            tree.module(&child(&module, name))?;
        }
        for path in parsed.items.iter().flat_map(|i| &i.refs) {
            tree.resolve(path).map_err(|e| format!("after trimming {file}: {e}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
