//! The items (functions, types, modules, imports) of one source file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::blank::blank;
use crate::path::{self, Path};

/// What an item is, as far as trimming cares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// `mod x;`: a file of its own.
    Module,
    /// `use …;`
    Import,
    /// An `impl` block, or anything else that no path can name.
    Unnamed,
    /// A function, type, trait, constant, macro or inline module.
    Named,
}

/// One item with the text before it (documentation, attributes, blank lines).
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
    pub(crate) names: Vec<String>,
    /// Paths before the first brace: what an `impl` block cannot exist without.
    pub(crate) head: BTreeSet<Path>,
    /// All paths, head and body.
    pub(crate) refs: BTreeSet<Path>,
}

/// A source file cut into items; what precedes the first range is the file's header.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) items: Vec<Item>,
    names: BTreeMap<String, Vec<usize>>,
}

impl Parsed {
    /// Cuts the source of `module` into items.
    pub(crate) fn new(text: String, module: &[String]) -> Self {
        let code = blank(&text);
        let mut items: Vec<Item> = ranges(&text, &code)
            .into_iter()
            .map(|range| {
                let (kind, names) = describe(&code[range.clone()]);
                Item {
                    range,
                    kind,
                    names,
                    head: BTreeSet::new(),
                    refs: BTreeSet::new(),
                }
            })
            .collect();
        let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            for name in &item.names {
                names.entry(name.clone()).or_default().push(at);
            }
        }
        let own: BTreeSet<String> = names.keys().cloned().collect();
        for item in items.iter_mut().filter(|i| i.kind != Kind::Module) {
            let body = &code[item.range.clone()];
            let brace = body.find('{').filter(|_| item.kind != Kind::Import);
            item.head = path::paths(&body[..brace.unwrap_or(body.len())], module, &own);
            item.refs = path::paths(body, module, &own);
        }
        Self {
            text,
            code,
            items,
            names,
        }
    }

    /// The items of that name: a trait and a function may share one.
    pub(crate) fn named(&self, name: &str) -> &[usize] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// The files that this one declares with `mod x;`.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        let modules = self.items.iter().filter(|i| i.kind == Kind::Module);
        modules.flat_map(|i| i.names.iter().map(String::as_str))
    }
}

/// The place after the bracket that closes the one at `open`.
pub(crate) fn close(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The first `wanted` at or after `from` that is in no bracket opened after `from`.
pub(crate) fn find_outside(code: &str, from: usize, wanted: &[u8]) -> Option<usize> {
    let mut at = from;
    while at < code.len() {
        let byte = code.as_bytes()[at];
        if wanted.contains(&byte) {
            return Some(at);
        }
        at = if b"([{".contains(&byte) {
            close(code, at)?
        } else {
            at + 1
        };
    }
    None
}

fn ranges(text: &str, code: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = header(text, code);
    while let Some(end) = item_end(code, start) {
        let line = code[end..].find('\n').map_or(code.len(), |n| end + n + 1);
        // Anything else on the line belongs to the next item.
        let end = if code[end..line].trim().is_empty() { line } else { end };
        found.push(start..end);
        start = end;
    }
    found
}

/// An item ends with its `;`, or with its braces if no `;` follows them.
fn item_end(code: &str, start: usize) -> Option<usize> {
    let at = find_outside(code, start, b";{")?;
    if code.as_bytes()[at] == b';' {
        return Some(at + 1);
    }
    let end = close(code, at)?;
    match keyword(&code[start..at]).1 {
        "use" | "const" | "static" => Some(find_outside(code, end, b";")? + 1),
        _ => Some(end),
    }
}

/// Inner attributes and the comment that opens the file belong to no item.
fn header(text: &str, code: &str) -> usize {
    let mut end = 0;
    while end < text.len() {
        let line = text[end..].find('\n').map_or(text.len(), |n| end + n + 1);
        let words = text[end..line].trim_start();
        let comment = words.starts_with("//") && !is_outer_doc(words);
        if words.starts_with("#![") {
            let open = end + text[end..].find('[').unwrap_or(0);
            let after = close(code, open).unwrap_or(line);
            end = code[after..].find('\n').map_or(text.len(), |n| after + n + 1);
        } else if comment || words.is_empty() {
            end = line;
        } else {
            break;
        }
    }
    end
}

fn is_outer_doc(line: &str) -> bool {
    line.starts_with("///") && !line.starts_with("////")
}

/// The kind of the (blanked) item and the names by which a path can reach it.
fn describe(code: &str) -> (Kind, Vec<String>) {
    let (after, word) = keyword(code);
    let named = path::words(&code[after..]).map(|(_, w)| w).find(|&w| w != "mut");
    let names = || named.map(str::to_owned).into_iter().collect();
    match word {
        "mod" if code.trim_end().ends_with(';') => (Kind::Module, names()),
        "use" => (Kind::Import, import_names(code, after)),
        "" | "impl" | "extern" => (Kind::Unnamed, Vec::new()),
        _ => (Kind::Named, names()),
    }
}

/// The word that says what the item is, and the place after it.
fn keyword(code: &str) -> (usize, &str) {
    let start = after_attributes(code);
    let mut words = path::words(&code[start..]).peekable();
    while let Some((at, word)) = words.next() {
        let function = words.peek().is_some_and(|&(_, next)| matches!(next, "fn" | "unsafe"));
        match word {
            "const" if function => {}
            "mod" | "use" | "impl" | "extern" | "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const"
            | "static" | "macro_rules" => {
                return (start + at + word.len(), word);
            }
            _ => {} // `pub`, `pub(crate)`, `async`, `unsafe`
        }
    }
    (code.len(), "")
}

fn after_attributes(code: &str) -> usize {
    let mut at = 0;
    loop {
        let next = at + (code.len() - at - code[at..].trim_start().len());
        match code[next..].starts_with('#').then(|| close(code, next + 1)) {
            Some(Some(end)) => at = end,
            _ => return next,
        }
    }
}

fn import_names(code: &str, after_use: usize) -> Vec<String> {
    let rest = &code[after_use..];
    let Some(start) = rest.find(|c: char| c.is_ascii() && crate::blank::is_ident(c as u8)) else {
        return Vec::new();
    };
    let leaves = path::use_tree(rest, start).into_iter();
    leaves
        .filter_map(|leaf| leaf.alias.or(leaf.path.last().cloned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Parsed};

    const SOURCE: &str = r#"#![forbid(unsafe_code)]
// Generated.
pub use crate::a::{B, C as D};

/// Not `crate::x::Y`.
#[cfg(x)]
pub mod e;

pub(crate) fn f<T>(x: T) -> [u8; 2]
where
    T: G,
{
    h(crate::i::J)
}
impl From<crate::k::L> for M {
    fn n() { crate::o::P }
}
static Q: R = S::new(|| { crate::t::U });
#[cfg(feature = "y")]
struct V {}
pub const fn w() {}
"#;

    fn parsed() -> Parsed {
        Parsed::new(SOURCE.to_owned(), &[])
    }

    #[test]
    fn items_are_told_apart_and_tile_the_file() {
        let parsed = parsed();
        let kinds: Vec<Kind> = parsed.items.iter().map(|i| i.kind).collect();
        let names: Vec<String> = parsed.items.iter().map(|i| i.names.join(",")).collect();
        use Kind::{Import, Module, Named, Unnamed};
        assert_eq!(kinds, [Import, Module, Named, Unnamed, Named, Named, Named]);
        assert_eq!(names, ["B,D", "e", "f", "", "Q", "V", "w"]);
        assert!(SOURCE[..parsed.items[0].range.start].ends_with("// Generated.\n"));
        for pair in parsed.items.windows(2) {
            assert_eq!(pair[0].range.end, pair[1].range.start);
        }
        assert_eq!(parsed.items[6].range.end, SOURCE.len());
    }

    #[test]
    fn the_head_of_an_impl_is_apart_from_its_body() {
        let parsed = parsed();
        let block = &parsed.items[3];
        let path = |s: &str| s.split("::").map(str::to_owned).collect::<Vec<_>>();
        assert!(block.head.contains(&path("k::L")) && !block.head.contains(&path("o::P")));
        assert!(block.refs.contains(&path("o::P")));
        assert!(parsed.items[4].refs.contains(&path("t::U")));
    }

    #[test]
    fn documentation_names_nothing() {
        assert!(parsed().items.iter().all(|i| i.refs.iter().all(|p| p[0] != "x")));
    }
}
