//! Hostile text: names come from whoever may make a resource, so every output escapes them.

use std::io::{self, Write};

/// What a text is escaped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The closed set of tags of the binder; the PDF engine makes hidden characters visible.
    Tags,
    /// A web page.
    Html,
    /// Plain text.
    Text,
}

impl Dialect {
    /// The escaped text.
    pub fn escape(self, text: &str) -> String {
        let mut out = Vec::with_capacity(text.len() + 16);
        // Writing to memory cannot fail.
        let _ = match self {
            Self::Tags => tags(text, &mut out),
            Self::Html => html(text, &mut out),
            Self::Text => plain(text, &mut out),
        };
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn markup(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

fn each(
    text: &str,
    out: &mut dyn Write,
    replace: impl Fn(char, &mut dyn Write) -> Option<io::Result<()>>,
) -> io::Result<()> {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if c.is_ascii_alphanumeric() {
            continue;
        }
        let head = |out: &mut dyn Write| out.write_all(&text.as_bytes()[from..at]);
        let mut buffer = Vec::new();
        if let Some(written) = replace(c, &mut buffer) {
            written?;
            head(out)?;
            out.write_all(&buffer)?;
            from = at + c.len_utf8();
        }
    }
    out.write_all(&text.as_bytes()[from..])
}

/// For the binder: a control character is data and goes as a reference, not as layout.
pub(crate) fn tags(text: &str, out: &mut dyn Write) -> io::Result<()> {
    each(text, out, |c, out| match markup(c) {
        Some(escaped) => Some(out.write_all(escaped.as_bytes())),
        None if c.is_control() => Some(write!(out, "&#{};", u32::from(c))),
        None => None,
    })
}

/// For web pages: what shows nothing, or turns the text around, is shown as its code.
pub(crate) fn html(text: &str, out: &mut dyn Write) -> io::Result<()> {
    each(text, out, |c, out| match markup(c) {
        Some(escaped) => Some(out.write_all(escaped.as_bytes())),
        None if is_hidden(c) => Some(write!(out, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c))),
        None => None,
    })
}

/// For plain text: what shows nothing is shown as its code.
pub(crate) fn plain(text: &str, out: &mut dyn Write) -> io::Result<()> {
    each(text, out, |c, out| {
        is_hidden(c).then(|| write!(out, "<U+{:04X}>", u32::from(c)))
    })
}

/// Control, bidirectional, zero-width and tag characters.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb | 0xe_0000..=0xe_0fff)
}

/// A name made of lower-case letters, digits and hyphens, for files.
pub(crate) fn slug(text: &str, limit: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    let mut slug = spaced.split_whitespace().collect::<Vec<_>>().join("-");
    slug.truncate(limit);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_markup_or_hidden() {
        let hostile = "<b a=\"1\">&'\u{202e}\n\u{200b}é";
        assert_eq!(
            Dialect::Tags.escape(hostile),
            "&lt;b a=&quot;1&quot;&gt;&amp;&#39;\u{202e}&#10;\u{200b}é"
        );
        assert_eq!(
            Dialect::Html.escape(hostile),
            "&lt;b a=&quot;1&quot;&gt;&amp;&#39;⟨U+202E⟩⟨U+000A⟩⟨U+200B⟩é"
        );
        assert_eq!(Dialect::Text.escape("a\u{1b}[31m"), "a<U+001B>[31m");
    }

    #[test]
    fn slugs_are_safe_names() {
        assert_eq!(slug("Meridian Payments, Ltd. (UK)", 40), "meridian-payments-ltd-uk");
        assert_eq!(slug("a-b c", 2), "a");
        assert_eq!(slug("日本", 9), "");
    }
}
