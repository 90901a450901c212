//! Source text with comments and literals blanked out, so that what is left is code.

/// Returns text of the same length in which every comment, string and character literal is
/// spaces (line breaks stay): doc comments name types that the code does not use.
pub(crate) fn blank(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped_end(bytes, at);
        if end > at {
            out.extend(bytes[at..end].iter().map(|&b| if b == b'\n' { b'\n' } else { b' ' }));
            at = end;
        } else {
            // Code outside literals is ASCII; anything else cannot be part of a path.
            out.push(if bytes[at].is_ascii() { bytes[at] } else { b' ' });
            at += 1;
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Whether a byte can be part of an identifier. A table, because millions of bytes are asked
/// about and the trimmer usually runs unoptimised.
pub(crate) fn is_ident(byte: u8) -> bool {
    IDENT[byte as usize]
}

static IDENT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// The end of the comment or literal that starts at `at`; `at` itself if none does.
fn skipped_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let starts_word = at == 0 || !is_ident(bytes[at - 1]);
    match rest[0] {
        b'/' if rest.starts_with(b"//") => at + until(rest, b'\n'),
        b'/' if rest.starts_with(b"/*") => at + block_comment(rest),
        b'"' => at + quoted(rest, b'"'),
        b'\'' => at + character(rest),
        b'r' if starts_word => at + raw_string(rest, 1),
        b'b' | b'c' if starts_word && rest.get(1) == Some(&b'r') => at + raw_string(rest, 2),
        _ => at,
    }
}

fn until(rest: &[u8], byte: u8) -> usize {
    rest.iter().position(|&b| b == byte).unwrap_or(rest.len())
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A character literal, as opposed to a lifetime, which has no closing quote.
fn character(rest: &[u8]) -> usize {
    match rest.get(1) {
        Some(b'\\') => quoted(rest, b'\''),
        Some(&first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if rest.get(1 + width) == Some(&b'\'') {
                width + 2
            } else {
                0
            }
        }
        None => 0,
    }
}

/// `r"…"` and `r#"…"#`; nothing for an identifier such as `ready` or `r#type`.
fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|&&b| b == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return 0;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = &rest[open + 1..];
    let length = body.windows(close.len()).position(|w| w == close);
    length.map_or(rest.len(), |n| open + 1 + n + close.len())
}

#[cfg(test)]
mod tests {
    use super::blank;

    fn code(source: &str) -> String {
        let blanked = blank(source);
        assert_eq!(blanked.len(), source.len());
        blanked.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go_and_code_stays() {
        assert_eq!(code("a /* x /* y */ z */ b // c\nd"), "a b d");
        assert_eq!(code("/// [`X`](crate::types::X)\nfn f() {}"), "fn f() {}");
    }

    #[test]
    fn literals_go_and_lifetimes_stay() {
        assert_eq!(code(r##"f("a\"{", r#"}"{"#, '{', '\'', b"é")"##), "f( , , , , b )");
        assert_eq!(
            code("fn f<'a>(x: &'a str, y: r#type)"),
            "fn f<'a>(x: &'a str, y: r#type)"
        );
        assert_eq!(code("('é', ready)"), "( , ready)");
    }
}
