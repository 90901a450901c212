//! Paths into the crate (`crate::types::Vpc`) that a piece of code names.

use std::collections::BTreeSet;

use crate::blank::is_ident;

/// A path below the crate root, one segment each; a glob ends in `*`.
pub(crate) type Path = Vec<String>;

/// One leaf of a `use` tree or one path in an expression.
#[derive(Debug, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) path: Path,
    pub(crate) alias: Option<String>,
}

/// The paths that `code` (blanked) names: those from `crate::`, from `self::` and those that
/// start with one of the module's own names.
pub(crate) fn paths(code: &str, module: &[String], names: &BTreeSet<String>) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    for (start, word) in words(code) {
        let mut root = module.to_vec();
        if continues(&code[..start]) {
            continue;
        }
        let next = start + word.len();
        match word {
            "crate" => root.clear(),
            "self" if code[next..].starts_with("::") => {}
            _ if names.contains(word) => root.push(word.to_owned()),
            _ => continue,
        }
        if word == "crate" && !code[next..].trim_start().starts_with("::") {
            continue; // `pub(crate)`
        }
        found.extend(tail(code, next, root).0.into_iter().map(|leaf| leaf.path));
    }
    found
}

/// The leaves of the `use` tree that starts at `start`.
pub(crate) fn use_tree(code: &str, start: usize) -> Vec<Leaf> {
    let word = word_at(code, start);
    tail(code, start + word.len(), vec![word.to_owned()]).0
}

/// Every word with its place.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = code.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_ident(bytes[at]) {
            at += 1;
        }
        let word = word_at(code, at);
        let start = at;
        at += word.len();
        (!word.is_empty()).then_some((start, word))
    })
}

/// The word that starts at `at`, or an empty one.
pub(crate) fn word_at(code: &str, at: usize) -> &str {
    let rest = &code[at..];
    let end = rest.bytes().position(|b| !is_ident(b));
    &rest[..end.unwrap_or(rest.len())]
}

/// Whether the next word continues a path or is a field or method.
fn continues(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("::") || (before.ends_with('.') && !before.ends_with(".."))
}

/// Reads what follows a path's first segments: `::a::b`, `::{a, b}`, `::*`, `as c`.
fn tail(code: &str, mut at: usize, mut path: Path) -> (Vec<Leaf>, usize) {
    loop {
        let next = skip_space(code, at);
        if !code[next..].starts_with("::") {
            return alias(code, at, path);
        }
        let next = skip_space(code, next + 2);
        let word = word_at(code, next);
        if !word.is_empty() {
            at = next + word.len();
            if word != "self" {
                path.push(word.to_owned());
            }
        } else if code[next..].starts_with('{') {
            return group(code, next + 1, &path);
        } else if code[next..].starts_with('*') {
            path.push("*".to_owned());
            return (vec![Leaf { path, alias: None }], next + 1);
        } else {
            return (vec![Leaf { path, alias: None }], next); // `::<T>`
        }
    }
}

fn alias(code: &str, at: usize, path: Path) -> (Vec<Leaf>, usize) {
    let next = skip_space(code, at);
    if word_at(code, next) != "as" {
        return (vec![Leaf { path, alias: None }], at);
    }
    let start = skip_space(code, next + 2);
    let word = word_at(code, start);
    let alias = Some(word.to_owned());
    (vec![Leaf { path, alias }], start + word.len())
}

fn group(code: &str, mut at: usize, prefix: &[String]) -> (Vec<Leaf>, usize) {
    let mut leaves = Vec::new();
    loop {
        at = skip_space(code, at);
        match code.as_bytes().get(at) {
            None => return (leaves, at),
            Some(b'}') => return (leaves, at + 1),
            Some(b'*') => {
                let path = [prefix, &["*".to_owned()]].concat();
                leaves.push(Leaf { path, alias: None });
                at += 1;
            }
            Some(&b) if is_ident(b) => {
                let word = word_at(code, at);
                let mut path = prefix.to_vec();
                if word != "self" {
                    path.push(word.to_owned());
                }
                let (more, end) = tail(code, at + word.len(), path);
                leaves.extend(more);
                at = end;
            }
            Some(_) => at += 1,
        }
    }
}

fn skip_space(code: &str, at: usize) -> usize {
    at + (code.len() - at - code[at..].trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::{paths, use_tree};
    use std::collections::BTreeSet;

    fn found(code: &str, names: &[&str]) -> Vec<String> {
        let names: BTreeSet<String> = names.iter().map(|&n| n.to_owned()).collect();
        let module = ["m".to_owned()];
        let mut all: Vec<String> = paths(code, &module, &names).into_iter().map(|p| p.join("::")).collect();
        all.sort();
        all
    }

    #[test]
    fn crate_paths_are_found_and_others_are_not() {
        let code = "pub(crate) fn f(x: Option<crate::types::Vpc>) { ::std::mem::drop(x) }";
        assert_eq!(found(code, &[]), ["types::Vpc"]);
    }

    #[test]
    fn own_names_count_only_at_the_start_of_a_path() {
        assert_eq!(found("Error::A(x) => y.Error, a::Error", &["Error"]), ["m::Error::A"]);
        assert_eq!(found("self.x; self::y::z(..w)", &["w"]), ["m::w", "m::y::z"]);
    }

    #[test]
    fn groups_globs_and_aliases_are_read() {
        let code = "use crate::{a::{B, c::*, self}, d as e};";
        assert_eq!(found(code, &[]), ["a", "a::B", "a::c::*", "d"]);
        let leaves = use_tree("crate::{a::B, d as e}", 0);
        assert_eq!(leaves[1].alias.as_deref(), Some("e"));
    }
}
