//! A strict little parser for the closed set of tags.
//!
//! An HTML5 parser would silently move unknown tags out of tables and close what is left
//! open; here both are errors, so that a slip in a template cannot lose evidence.

use super::error::PdfError;

/// Tags may be nested this deep.
const DEPTH: usize = 24;

macro_rules! tags {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// A tag of the closed set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Tag { Root, $($variant),* }

        impl Tag {
            fn from_name(name: &str) -> Option<Tag> {
                match name { $($name => Some(Tag::$variant),)* _ => None }
            }

            pub const fn name(self) -> &'static str {
                match self { Tag::Root => "document", $(Tag::$variant => $name),* }
            }
        }
    };
}

tags! {
    Cover "cover", Toc "toc", H1 "h1", H2 "h2", H3 "h3", H4 "h4", P "p", Ul "ul", Ol "ol",
    Li "li", Table "table", Thead "thead", Tbody "tbody", Tr "tr", Th "th", Td "td", Pre "pre",
    Code "code", B "b", Strong "strong", Em "em", Span "span", A "a", Dl "dl", Dt "dt", Dd "dd",
    Figure "figure", Hr "hr", PageBreak "pagebreak", Br "br",
}

impl Tag {
    /// Tags that have no content and need no closing tag.
    const fn is_void(self) -> bool {
        matches!(self, Tag::Toc | Tag::Hr | Tag::PageBreak | Tag::Br)
    }
}

/// An element with its attributes and children.
#[derive(Debug)]
pub(super) struct Element {
    pub tag: Tag,
    pub line: u32,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// What an element contains.
#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
    /// A control character written as a reference: data, not layout of the template.
    Control(char),
}

/// Parses a whole document; the result is the invisible root element.
pub(super) fn parse(input: &str) -> Result<Element, PdfError> {
    let mut parser = Parser { rest: input, line: 1 };
    let mut open = vec![element(Tag::Root, 1)];
    while !parser.rest.is_empty() {
        if !parser.rest.starts_with('<') {
            let end = parser.rest.find('<').unwrap_or(parser.rest.len());
            let (text, rest) = parser.rest.split_at(end);
            parser.text(text, &mut last(&mut open)?.children)?;
            parser.advance(text, rest);
        } else if let Some(comment) = parser.rest.strip_prefix("<!--") {
            let end = comment
                .find("-->")
                .ok_or_else(|| parser.malformed("a comment that never ends"))?;
            parser.advance(&comment[..end], &comment[end + 3..]);
        } else if parser.rest.starts_with("</") {
            parser.close(&mut open)?;
        } else {
            parser.open(&mut open)?;
        }
    }
    match open.pop() {
        Some(root) if open.is_empty() => Ok(root),
        Some(element) => Err(PdfError::Unclosed {
            line: element.line,
            tag: element.tag.name(),
        }),
        None => Err(parser.malformed("nothing")),
    }
}

fn element(tag: Tag, line: u32) -> Element {
    Element {
        tag,
        line,
        attributes: Vec::new(),
        children: Vec::new(),
    }
}

fn last(open: &mut [Element]) -> Result<&mut Element, PdfError> {
    open.last_mut().ok_or_else(|| PdfError::Malformed {
        line: 0,
        what: "content after the end".to_owned(),
    })
}

struct Parser<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Parser<'a> {
    fn malformed(&self, what: impl Into<String>) -> PdfError {
        PdfError::Malformed {
            line: self.line,
            what: what.into(),
        }
    }

    fn advance(&mut self, seen: &str, rest: &'a str) {
        self.line += seen.bytes().filter(|b| *b == b'\n').count() as u32;
        self.rest = rest;
    }

    fn close(&mut self, open: &mut Vec<Element>) -> Result<(), PdfError> {
        let inner = &self.rest[2..];
        let end = inner.find('>').ok_or_else(|| self.malformed("a tag that never ends"))?;
        let name = inner[..end].trim();
        let tag = Tag::from_name(name).ok_or_else(|| self.unknown(name))?;
        if !tag.is_void() {
            let closed = open.pop().filter(|e| e.tag != Tag::Root);
            match closed {
                Some(element) if element.tag == tag => {
                    last(open)?.children.push(Node::Element(element));
                }
                other => {
                    return Err(PdfError::Mismatch {
                        line: self.line,
                        tag: name.to_owned(),
                        open: other.as_ref().map_or("document", |e| e.tag.name()).into(),
                        opened: other.map_or(1, |e| e.line),
                    });
                }
            }
        }
        self.advance(&inner[..end], &inner[end + 1..]);
        Ok(())
    }

    fn unknown(&self, name: &str) -> PdfError {
        PdfError::UnknownTag {
            line: self.line,
            tag: excerpt(name),
        }
    }

    fn open(&mut self, open: &mut Vec<Element>) -> Result<(), PdfError> {
        let inner = &self.rest[1..];
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
        let name = &inner[..end];
        if name.is_empty() {
            return Err(self.malformed("a bare '<'; text must be escaped"));
        }
        let tag = Tag::from_name(name).ok_or_else(|| self.unknown(name))?;
        let mut new = element(tag, self.line);
        self.rest = &inner[end..];
        let closed = self.attributes(&mut new)?;
        if tag.is_void() || closed {
            last(open)?.children.push(Node::Element(new));
        } else {
            if open.len() >= DEPTH {
                return Err(PdfError::TooDeep {
                    line: self.line,
                    tag: tag.name(),
                    limit: DEPTH,
                });
            }
            open.push(new);
        }
        Ok(())
    }

    /// Reads attributes up to the end of the tag; true if the tag closes itself.
    fn attributes(&mut self, element: &mut Element) -> Result<bool, PdfError> {
        loop {
            let trimmed = self.rest.trim_start();
            let blank = &self.rest[..self.rest.len() - trimmed.len()];
            self.advance(blank, trimmed);
            if let Some(rest) = trimmed.strip_prefix("/>") {
                self.rest = rest;
                return Ok(true);
            }
            if let Some(rest) = trimmed.strip_prefix('>') {
                self.rest = rest;
                return Ok(false);
            }
            let end = trimmed
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .unwrap_or(trimmed.len());
            let name = &trimmed[..end];
            if name.is_empty() {
                return Err(self.malformed(format!("<{}> is not well formed", element.tag.name())));
            }
            let value = trimmed[end..].strip_prefix("=\"").ok_or_else(|| {
                self.malformed(format!(
                    "attribute {name:?} of <{}> needs a value in double quotes",
                    element.tag.name()
                ))
            })?;
            let end = value
                .find('"')
                .ok_or_else(|| self.malformed(format!("attribute {name:?} has no closing quote")))?;
            let mut nodes = Vec::new();
            self.text(&value[..end], &mut nodes)?;
            let decoded = nodes
                .iter()
                .map(|n| match n {
                    Node::Text(t) => t.clone(),
                    Node::Control(c) => c.to_string(),
                    Node::Element(_) => String::new(),
                })
                .collect();
            element.attributes.push((name.to_owned(), decoded));
            self.advance(&value[..end], &value[end + 1..]);
        }
    }

    /// Decodes character references and appends the text.
    fn text(&self, text: &str, nodes: &mut Vec<Node>) -> Result<(), PdfError> {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            plain.push_str(&rest[..at]);
            let reference = &rest[at + 1..];
            let is_one = reference.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '#');
            let end = reference.find(';').filter(|_| is_one);
            let Some(end) = end else {
                if is_one {
                    return Err(self.malformed("a bare '&'; text must be escaped"));
                }
                plain.push('&');
                rest = reference;
                continue;
            };
            let c = decode(&reference[..end]).ok_or_else(|| {
                self.malformed(format!("unknown character reference &{};", excerpt(&reference[..end])))
            })?;
            if c.is_control() {
                if !plain.is_empty() {
                    nodes.push(Node::Text(std::mem::take(&mut plain)));
                }
                nodes.push(Node::Control(c));
            } else {
                plain.push(c);
            }
            rest = &reference[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            nodes.push(Node::Text(plain));
        }
        Ok(())
    }
}

fn decode(reference: &str) -> Option<char> {
    if let Some(number) = reference.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "ndash" => Some('\u{2013}'),
        "mdash" => Some('\u{2014}'),
        "middot" => Some('\u{b7}'),
        "hellip" => Some('\u{2026}'),
        "rarr" => Some('\u{2192}'),
        _ => None,
    }
}

/// The beginning of a text, short enough for a message.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(input: &str) -> String {
        parse(input).expect_err("must not parse").to_string()
    }

    #[test]
    fn unknown_tags_are_named_with_their_line() {
        assert_eq!(error("<p>a</p>\n<script>"), "line 2: unknown tag <script>");
    }

    #[test]
    fn broken_nesting_is_an_error() {
        assert_eq!(
            error("<p><b>a</p></b>"),
            "line 1: </p> found while <b> of line 1 is open"
        );
        assert_eq!(error("<p>a"), "line 1: <p> is never closed");
        assert!(error("</p>").contains("while <document>"));
    }

    #[test]
    fn bare_markup_characters_are_errors() {
        assert!(error("<p>a < b</p>").contains("bare '<'"));
        assert!(error("<p>a &lt b</p>").contains("bare '&'"));
        assert!(error("<p>&bogus;</p>").contains("&bogus;"));
    }

    #[test]
    fn references_are_decoded_and_controls_kept_apart() {
        let root = parse("<p>&lt;a&#10;b & c</p>").expect("parses");
        let Some(Node::Element(p)) = root.children.first() else {
            panic!("no paragraph");
        };
        let shown: Vec<String> = p.children.iter().map(|n| format!("{n:?}")).collect();
        assert_eq!(shown, ["Text(\"<a\")", "Control('\\n')", "Text(\"b & c\")"]);
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(error(&"<b>".repeat(100)).contains("nested more than"));
    }
}
