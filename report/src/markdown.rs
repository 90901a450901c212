//! The prose of control pages: Markdown to the tags that the binder and the web pages share.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::escape::Dialect;

/// The prose as tags; everything that is no prose (raw HTML, images, odd links) becomes text.
pub(crate) fn prose(text: &str, dialect: Dialect) -> String {
    let mut out = String::new();
    // Whether the open links were written: a binder takes web addresses only.
    let mut links = Vec::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(tag) => match tag {
                Tag::Link { dest_url, .. } => {
                    let safe = ["https://", "http://", "mailto:"]
                        .iter()
                        .any(|s| dest_url.starts_with(s))
                        && !dest_url.contains(char::is_control);
                    links.push(safe);
                    if safe {
                        out.push_str(&format!("<a href=\"{}\">", dialect.escape(&dest_url)));
                    }
                }
                tag => out.push_str(&element(&tag.to_end()).map_or_else(String::new, |name| format!("<{name}>"))),
            },
            Event::End(TagEnd::Link) => out.push_str(if links.pop() == Some(true) { "</a>" } else { "" }),
            Event::End(tag) => {
                if let Some(name) = element(&tag) {
                    out.push_str(&format!("</{name}>"));
                }
            }
            Event::Code(code) => out.push_str(&format!("<code>{}</code>", dialect.escape(&code))),
            Event::Text(text) => {
                // The lines of a block of code are layout.
                let lines: Vec<_> = text.split('\n').map(|line| dialect.escape(line)).collect();
                out.push_str(&lines.join("\n"));
            }
            Event::Html(raw) | Event::InlineHtml(raw) => {
                out.push_str(&dialect.escape(raw.trim_end()));
                out.push_str(if raw.ends_with('\n') { "\n" } else { "" });
            }
            Event::SoftBreak => out.push('\n'),
            Event::HardBreak => out.push_str("<br/>"),
            _ => {}
        }
    }
    out
}

/// One line of text with `code` in it.
pub(crate) fn ticks(text: &str, dialect: Dialect) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick without a partner is itself.
    if parts.len().is_multiple_of(2) {
        return dialect.escape(text);
    }
    let tag = |(at, part): (usize, &&str)| {
        let escaped = dialect.escape(part);
        if at % 2 == 1 {
            format!("<code>{escaped}</code>")
        } else {
            escaped
        }
    };
    parts.iter().enumerate().map(tag).collect()
}

fn element(tag: &TagEnd) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Paragraph | TagEnd::HtmlBlock => "p",
        TagEnd::Heading(_) => "h4",
        TagEnd::List(true) => "ol",
        TagEnd::List(false) => "ul",
        TagEnd::Item => "li",
        TagEnd::CodeBlock => "pre",
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_becomes_tags() {
        let text = "Use `a<b` and *care*.\n\n- one\n- two [x](https://e.example/?a&b)\n";
        let tags = prose(text, Dialect::Tags);
        assert_eq!(
            tags,
            "<p>Use <code>a&lt;b</code> and <em>care</em>.</p><ul><li>one</li><li>two \
             <a href=\"https://e.example/?a&amp;b\">x</a></li></ul>"
        );
    }

    #[test]
    fn ticks_are_code() {
        assert_eq!(ticks("a `<b>` c", Dialect::Html), "a <code>&lt;b&gt;</code> c");
        assert_eq!(ticks("a ` <c", Dialect::Html), "a ` &lt;c");
    }

    #[test]
    fn raw_html_is_text() {
        let tags = prose(
            "<script>x</script>\n\nA <b>b</b> [j](javascript:alert(1))",
            Dialect::Html,
        );
        assert!(
            !tags.contains("<script") && !tags.contains("<b>") && !tags.contains("javascript"),
            "{tags}"
        );
    }
}
