//! A crate as a tree of modules, read file by file as paths lead to them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::item::{Kind, Parsed};
use crate::path::Path;

/// The modules whose items are kept or dropped one by one; every other file is kept whole or
/// not at all. These are the files in which the SDK's code generator lists everything.
const INDEX: [&str; 15] = [
    "",
    "client",
    "client::customize",
    "error_meta",
    "error_type_registry",
    "event_stream_serde",
    "lens",
    "operation",
    "protocol_serde",
    "serde_util",
    "type_registry",
    "types",
    "types::builders",
    "types::error",
    "waiters",
];

/// Where source text comes from: a folder, or a trimmed crate in memory.
pub(crate) trait Files {
    /// The text of a file, named relative to the crate's folder.
    fn read(&self, file: &str) -> Option<String>;
}

/// Something that is kept or dropped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    /// A file that is kept whole.
    File(Path),
    /// The item of that number in an index file.
    Item(Path, usize),
}

/// A crate's modules.
pub(crate) struct Tree<'a> {
    files: &'a dyn Files,
    parsed: RefCell<BTreeMap<Path, Rc<Parsed>>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            parsed: RefCell::default(),
        }
    }

    /// A tree of other files, in which the whole files of this one are the same.
    pub(crate) fn with_files<'b>(&self, files: &'b dyn Files) -> Tree<'b> {
        let parsed = self.parsed.borrow();
        let whole = parsed.iter().filter(|(module, _)| !is_index(module));
        let parsed = whole
            .map(|(module, parsed)| (module.clone(), Rc::clone(parsed)))
            .collect();
        Tree {
            files,
            parsed: RefCell::new(parsed),
        }
    }

    /// The parsed file of a module.
    pub(crate) fn module(&self, path: &[String]) -> Result<Rc<Parsed>, String> {
        if let Some(parsed) = self.parsed.borrow().get(path) {
            return Ok(Rc::clone(parsed));
        }
        let file = file_of(path);
        let text = self.files.read(&file).ok_or_else(|| format!("there is no {file}"))?;
        let parsed = Rc::new(Parsed::new(text, path));
        self.parsed.borrow_mut().insert(path.to_vec(), Rc::clone(&parsed));
        Ok(parsed)
    }

    /// Everything that must be there for a path to be valid.
    pub(crate) fn resolve(&self, path: &[String]) -> Result<Vec<Node>, String> {
        let mut found = Vec::new();
        for depth in 0..path.len() {
            let module = &path[..depth];
            if !is_index(module) {
                found.push(Node::File(module.to_vec()));
                return Ok(found);
            }
            let parsed = self.module(module)?;
            let items = parsed.named(&path[depth]);
            let inside = items.iter().any(|&at| parsed.items[at].kind == Kind::Module);
            if items.is_empty() {
                return Err(format!("nothing is called crate::{}", path[..=depth].join("::")));
            }
            found.extend(items.iter().map(|&at| Node::Item(module.to_vec(), at)));
            if !inside {
                return Ok(found);
            }
        }
        Ok(found)
    }
}

/// Whether a module's items are kept or dropped one by one.
pub(crate) fn is_index(module: &[String]) -> bool {
    INDEX.contains(&module.join("::").as_str())
}

/// The file of a module, relative to the crate's folder.
pub(crate) fn file_of(module: &[String]) -> String {
    if module.is_empty() {
        "src/lib.rs".to_owned()
    } else {
        format!("src/{}.rs", module.join("/"))
    }
}

/// The module of a file: the reverse of `file_of`.
pub(crate) fn module_of_file(file: &str) -> Path {
    let module = file.trim_start_matches("src/").trim_end_matches(".rs");
    if module == "lib" {
        Vec::new()
    } else {
        module.split('/').map(str::to_owned).collect()
    }
}

/// The path of a child module.
pub(crate) fn child(module: &[String], name: &str) -> Path {
    [module, &[name.to_owned()]].concat()
}
