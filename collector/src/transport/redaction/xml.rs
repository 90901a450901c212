//! Finding texts in XML without changing a byte of the rest.

use super::{Hit, Rule, replacement, ruled};

/// What the rules say of this body, and how far it could be read: to its end, if it is XML.
pub(super) fn hits(body: &[u8], rules: &[(usize, &Rule)]) -> (Vec<Hit>, usize) {
    let mut hits = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let rest = &body[at..];
        if rest[0] != b'<' {
            let length = rest.iter().position(|b| *b == b'<').unwrap_or(rest.len());
            if let Some(hit) = judged(&body[at..at + length], at, &path, rules) {
                hits.push(hit);
            }
            at += length;
            continue;
        }
        let Some(length) = markup(rest) else { return (hits, at) };
        if let Some(data) = rest.strip_prefix(b"<![CDATA[") {
            let inside = &data[..length - b"<![CDATA[]]>".len()];
            if let Some(hit) = judged(inside, at + b"<![CDATA[".len(), &path, rules) {
                hits.push(hit);
            }
        } else if rest.starts_with(b"</") {
            if path.pop().is_none() {
                return (hits, at);
            }
        } else if !rest.starts_with(b"<?") && !rest.starts_with(b"<!") && !rest[..length].ends_with(b"/>") {
            path.push(name(&rest[1..length - 1]));
        }
        at += length;
    }
    (hits, body.len())
}

/// The element's name without its prefix.
fn name(tag: &[u8]) -> String {
    let end = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
    let name = String::from_utf8_lossy(&tag[..end]);
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The length of a tag, a comment or whatever else begins with `<`.
fn markup(rest: &[u8]) -> Option<usize> {
    let until = |end: &[u8]| {
        let found = rest.windows(end.len()).position(|window| window == end)?;
        Some(found + end.len())
    };
    if rest.starts_with(b"<!--") {
        return until(b"-->").filter(|length| *length >= b"<!---->".len());
    }
    if rest.starts_with(b"<![CDATA[") {
        return until(b"]]>");
    }
    let mut quote = None;
    for (n, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(n + 1),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            _ => {}
        }
    }
    None
}

fn judged(text: &[u8], at: usize, path: &[String], rules: &[(usize, &Rule)]) -> Option<Hit> {
    let trimmed = text.trim_ascii();
    if trimmed.is_empty() {
        return None;
    }
    let (rule, what) = ruled(path, rules)?;
    let with = replacement(&String::from_utf8_lossy(trimmed), what)?;
    let start = at + (text.len() - text.trim_ascii_start().len());
    Some(Hit {
        span: start..start + trimmed.len(),
        rule,
        with: with.replace('&', "&amp;").replace('<', "&lt;"),
    })
}
