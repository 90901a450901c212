//! What the named operations reach.

use std::collections::BTreeSet;

use crate::item::{Item, Kind};
use crate::path::Path;
use crate::tree::{Node, Tree, child, is_index};

/// Items that list everything of their kind: they are kept, but do not keep what they list.
/// Their lists are pruned afterwards (see `prune`).
const LISTS: [(&str, &str); 3] = [
    ("error_meta", "Error"),
    ("error_type_registry", "REGISTRY"),
    ("type_registry", "REGISTRY"),
];

/// Whether an item of a module lists more than the operations reach.
pub(crate) fn is_list(module: &[String], item: &Item) -> bool {
    LISTS
        .iter()
        .any(|(m, name)| *module == [*m] && item.names.iter().any(|n| n == name))
}

/// Everything that is kept.
pub(crate) struct Reach<'a> {
    tree: &'a Tree<'a>,
    kept: BTreeSet<Node>,
    todo: Vec<Node>,
    /// Index modules met so far, whose `impl` blocks and imports wait for what they need.
    indexes: Vec<Path>,
}

/// Follows the code from the crate's root and from the modules named in `operations`.
pub(crate) fn reach<'a>(tree: &'a Tree<'a>, operations: &[String]) -> Result<Reach<'a>, String> {
    let mut reach = Reach {
        tree,
        kept: BTreeSet::new(),
        todo: Vec::new(),
        indexes: Vec::new(),
    };
    reach.open(Vec::new())?;
    let root = tree.module(&[])?;
    for at in 0..root.items.len() {
        reach.keep(Node::Item(Vec::new(), at));
    }
    for operation in operations {
        reach.keep_path(&["operation".to_owned(), operation.clone()])?;
    }
    reach.follow()?;
    Ok(reach)
}

impl Reach<'_> {
    pub(crate) fn has(&self, node: &Node) -> bool {
        self.kept.contains(node)
    }

    /// Whether everything that a path needs is kept.
    pub(crate) fn has_path(&self, path: &[String]) -> Result<bool, String> {
        Ok(self.tree.resolve(path)?.iter().all(|node| self.has(node)))
    }

    /// The index modules, whose files are edited.
    pub(crate) fn indexes(&self) -> &[Path] {
        &self.indexes
    }

    /// The files that are kept whole.
    pub(crate) fn whole(&self) -> impl Iterator<Item = &Path> {
        self.kept.iter().filter_map(|node| match node {
            Node::File(module) => Some(module),
            Node::Item(..) => None,
        })
    }

    fn keep(&mut self, node: Node) {
        if self.kept.insert(node.clone()) {
            self.todo.push(node);
        }
    }

    fn keep_path(&mut self, path: &[String]) -> Result<(), String> {
        for node in self.tree.resolve(path)? {
            self.keep(node);
        }
        Ok(())
    }

    fn follow(&mut self) -> Result<(), String> {
        loop {
            while let Some(node) = self.todo.pop() {
                match node {
                    Node::File(module) => self.follow_file(&module)?,
                    Node::Item(module, at) => self.follow_item(&module, at)?,
                }
            }
            self.wake()?;
            if self.todo.is_empty() {
                return Ok(());
            }
        }
    }

    fn follow_file(&mut self, module: &Path) -> Result<(), String> {
        let parsed = self.tree.module(module)?;
        for name in parsed.modules() {
            self.keep(Node::File(child(module, name)));
        }
        for path in parsed.items.iter().flat_map(|i| &i.refs) {
            self.keep_path(path)
                .map_err(|e| format!("{}: {e}", module.join("::")))?;
        }
        Ok(())
    }

    fn follow_item(&mut self, module: &Path, at: usize) -> Result<(), String> {
        let parsed = self.tree.module(module)?;
        let item = &parsed.items[at];
        if item.kind == Kind::Module {
            return self.follow_module(module, &item.names[0]);
        }
        if is_list(module, item) {
            return Ok(());
        }
        for path in &item.refs {
            self.keep_path(path)
                .map_err(|e| format!("{}: {e}", module.join("::")))?;
        }
        Ok(())
    }

    fn follow_module(&mut self, module: &Path, name: &str) -> Result<(), String> {
        let inner = child(module, name);
        if is_index(&inner) {
            return self.open(inner);
        }
        // The operation's `send_with` calls the client's method, which no path names.
        if *module == ["operation"] {
            self.keep_path(&["client".to_owned(), name.to_owned()])?;
        }
        self.keep(Node::File(inner));
        Ok(())
    }

    /// Enters an index module. The lists in it (`types::error`) are there even when empty.
    fn open(&mut self, module: Path) -> Result<(), String> {
        let parsed = self.tree.module(&module)?;
        for (at, item) in parsed.items.iter().enumerate().filter(|(_, i)| i.kind == Kind::Module) {
            if is_index(&child(&module, &item.names[0])) {
                self.keep(Node::Item(module.clone(), at));
            }
        }
        self.indexes.push(module);
        Ok(())
    }

    /// Keeps the `impl` blocks and imports whose needs are all kept by now.
    fn wake(&mut self) -> Result<(), String> {
        for module in self.indexes.clone() {
            let parsed = self.tree.module(&module)?;
            for (at, item) in parsed.items.iter().enumerate() {
                let node = Node::Item(module.clone(), at);
                let waits = matches!(item.kind, Kind::Unnamed | Kind::Import);
                if waits && !self.has(&node) && self.has_all(&item.head)? {
                    self.keep(node);
                }
            }
        }
        Ok(())
    }

    /// Whether everything that the paths need is kept.
    pub(crate) fn has_all(&self, paths: &BTreeSet<Path>) -> Result<bool, String> {
        for path in paths {
            if !self.has_path(path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
