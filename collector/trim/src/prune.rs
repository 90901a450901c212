//! Shortens the items that list everything: the service's error type and the registries.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::item::{Item, Parsed, close, find_outside};
use crate::path::{self, Path};
use crate::reach::{Reach, is_list};
use crate::tree::Node;

/// The ranges to cut from the kept items of an index file.
pub(crate) fn cuts(parsed: &Parsed, module: &Path, reach: &Reach<'_>) -> Result<Vec<Range<usize>>, String> {
    let mut cuts = Vec::new();
    let kept = |at: usize| reach.has(&Node::Item(module.clone(), at));
    let lists = |(at, item): &(usize, &Item)| kept(*at) && is_list(module, item);
    for (_, list) in parsed.items.iter().enumerate().filter(lists) {
        let code = &parsed.code;
        let links = links(code, &list.range)?;
        if !links.is_empty() {
            cuts.extend(unreached(code, module, links, reach)?);
            continue;
        }
        let variants = unreached(code, module, variants(code, &list.range)?, reach)?;
        let names = variants.iter().filter_map(|v| variant_name(&code[v.clone()]));
        let names: BTreeSet<&str> = names.collect();
        for (at, item) in parsed.items.iter().enumerate() {
            if kept(at) && item.range != list.range {
                cuts.extend(arms(code, &item.range, &list.names[0], &names)?);
            }
        }
        cuts.extend(variants);
    }
    Ok(cuts)
}

/// The entries that name something which is not kept.
fn unreached(
    code: &str,
    module: &Path,
    entries: Vec<Range<usize>>,
    reach: &Reach<'_>,
) -> Result<Vec<Range<usize>>, String> {
    let mut found = Vec::new();
    for entry in entries {
        let paths = path::paths(&code[entry.clone()], module, &BTreeSet::new());
        if !reach.has_all(&paths)? {
            found.push(entry);
        }
    }
    Ok(found)
}

/// The `.insert_shape(…)` calls of a registry, each with the space before it.
fn links(code: &str, item: &Range<usize>) -> Result<Vec<Range<usize>>, String> {
    let mut found = Vec::new();
    for (at, word) in path::words(&code[item.clone()]) {
        let open = item.start + at + word.len();
        if !matches!(word, "insert_shape" | "insert_error_shape") {
            continue;
        }
        let before = code[..item.start + at].trim_end();
        let before = before.strip_suffix('.').ok_or("a registry of another form")?;
        let end = close(code, open).ok_or("an open bracket in a registry")?;
        found.push(before.trim_end().len()..end);
    }
    Ok(found)
}

/// The variants of an enumeration, each with its documentation and comma.
fn variants(code: &str, item: &Range<usize>) -> Result<Vec<Range<usize>>, String> {
    let open = find_outside(code, item.start, b"{").ok_or("an enumeration without body")?;
    let end = close(code, open).ok_or("an enumeration without end")? - 1;
    let mut start = open + 1;
    let mut found = Vec::new();
    while let Some(comma) = find_outside(&code[..end], start, b",") {
        found.push(start..comma + 1);
        start = comma + 1;
    }
    Ok(found)
}

fn variant_name(code: &str) -> Option<&str> {
    let open = find_outside(code, 0, b",").unwrap_or(code.len());
    let name = code[..open].rfind('(').unwrap_or(open);
    path::words(&code[..name]).last().map(|(_, word)| word)
}

/// The match arms for the variants `names`, each with the space before it.
fn arms(code: &str, item: &Range<usize>, list: &str, names: &BTreeSet<&str>) -> Result<Vec<Range<usize>>, String> {
    let mut found = Vec::new();
    for (at, word) in path::words(&code[item.clone()]) {
        let at = item.start + at;
        let scope = [list, "Self"]
            .iter()
            .find_map(|s| code[..at].strip_suffix("::").and_then(|before| before.strip_suffix(s)));
        let Some(before) = scope.filter(|_| names.contains(word)) else {
            continue;
        };
        let end = arm_end(code, at + word.len()).ok_or_else(|| format!("a use of {word}"))?;
        found.push(before.trim_end().len()..end);
    }
    Ok(found)
}

/// The end of the arm whose pattern's bracket is at `open`; nothing if it is no arm.
fn arm_end(code: &str, open: usize) -> Option<usize> {
    let pattern = code[open..].starts_with('(').then(|| close(code, open))??;
    let arrow = code[pattern..].trim_start().strip_prefix("=>")?.trim_start();
    let value = code.len() - arrow.len();
    if !arrow.starts_with('{') {
        return Some(find_outside(code, value, b",")? + 1);
    }
    let end = close(code, value)?;
    Some(if code[end..].starts_with(',') { end + 1 } else { end })
}

#[cfg(test)]
mod tests {
    use super::{arms, links, variant_name, variants};
    use std::collections::BTreeSet;
    use std::ops::Range;

    fn cut(code: &str, ranges: Vec<Range<usize>>) -> String {
        let mut code = code.to_owned();
        for range in ranges.into_iter().rev() {
            code.replace_range(range, "");
        }
        code
    }

    #[test]
    fn a_variant_goes_with_its_arms() {
        let code = "enum Error {\n    A(crate::A),\n    #[x(y)]\n    B(crate::B),\n}";
        let found = variants(code, &(0..code.len())).expect("an enumeration");
        let names: Vec<_> = found.iter().filter_map(|v| variant_name(&code[v.clone()])).collect();
        assert_eq!(names, ["A", "B"]);
        assert_eq!(cut(code, found[1..].to_vec()), "enum Error {\n    A(crate::A),\n}");
        let code = "match e {\n  Error::A(i) => i.f(x, y),\n  Self::B(i) => {\n    i\n  }\n  \
                    Error::BB(i) => i,\n}";
        let found = arms(code, &(0..code.len()), "Error", &BTreeSet::from(["A", "B"]));
        assert_eq!(cut(code, found.expect("arms")), "match e {\n  Error::BB(i) => i,\n}");
    }

    #[test]
    fn a_dropped_variant_that_is_built_is_refused() {
        let code = "fn f() -> Error { Error::A(inner) }";
        assert!(arms(code, &(0..code.len()), "Error", &BTreeSet::from(["A"])).is_err());
    }

    #[test]
    fn a_registry_loses_calls() {
        let code = "X::builder()\n  .insert_shape(A, |d| f(d))\n.insert_shape(B).build()";
        let found = links(code, &(0..code.len())).expect("calls");
        assert_eq!(found.len(), 2);
        assert_eq!(cut(code, found[..1].to_vec()), "X::builder()\n.insert_shape(B).build()");
    }
}
