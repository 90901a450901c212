//! Inline content: marks, collapsed white space, links and labels.

use super::build::{Builder, classes, only};
use super::document::{Inline, Mark, Span, Target};
use super::error::PdfError;
use super::parse::{Element, Node, Tag, excerpt};
use super::style::Tone;

/// How white space in the input is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Runs of white space are one space.
    Collapse,
    /// `<code>`: the content is data, spaces count and line breaks are escaped.
    Data,
    /// `<pre>`: spaces and line breaks count.
    Lines,
}

/// Collects inline content of one block.
pub(super) struct Collector {
    spans: Inline,
    space: Space,
    /// A collapsed space waits for the text after it.
    pending: Option<Mark>,
    /// Nothing but white space so far on this line.
    fresh: bool,
}

impl Collector {
    pub fn new(space: Space) -> Self {
        Self {
            spans: Vec::new(),
            space,
            pending: None,
            fresh: true,
        }
    }

    /// The text; `<pre>` loses the line breaks next to its tags.
    pub fn finish(mut self) -> Inline {
        if self.space == Space::Lines {
            while self.spans.last() == Some(&Span::Break) {
                self.spans.pop();
            }
            if self.spans.first() == Some(&Span::Break) {
                self.spans.remove(0);
            }
        }
        self.spans
    }

    pub fn is_blank(&self) -> bool {
        self.spans.is_empty()
    }

    fn push(&mut self, text: &str, mark: Mark) {
        if text.is_empty() {
            return;
        }
        if let Some(Span::Text(last, m)) = self.spans.last_mut()
            && *m == mark
        {
            last.push_str(text);
        } else {
            self.spans.push(Span::Text(text.to_owned(), mark));
        }
        self.fresh = false;
    }

    fn settle(&mut self) {
        if let Some(mark) = self.pending.take()
            && !self.fresh
        {
            self.push(" ", mark);
        }
    }

    pub fn line_break(&mut self) {
        self.pending = None;
        self.spans.push(Span::Break);
        self.fresh = true;
    }

    /// A character that no template lays out with.
    pub fn control(&mut self, c: char, mark: Mark) {
        self.settle();
        self.push(c.encode_utf8(&mut [0; 4]), mark);
    }

    pub fn text(&mut self, text: &str, mark: Mark) {
        match self.space {
            Space::Collapse => {
                let mut rest = text;
                while !rest.is_empty() {
                    let end = rest.find(is_space).unwrap_or(rest.len());
                    if end > 0 {
                        self.settle();
                        self.push(&rest[..end], mark);
                    }
                    let after = rest[end..].trim_start_matches(is_space);
                    if after.len() < rest.len() - end {
                        self.pending.get_or_insert(mark);
                    }
                    rest = after;
                }
            }
            Space::Data => {
                self.settle();
                self.push(text, mark);
            }
            Space::Lines => {
                for (i, line) in text.split('\n').enumerate() {
                    if i > 0 {
                        self.line_break();
                    }
                    let line = line.strip_suffix('\r').unwrap_or(line);
                    self.push(&line.replace('\t', "    "), mark);
                }
            }
        }
    }
}

/// White space that a template uses for its own layout.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// True for the tags this module understands.
pub(super) const fn is_inline(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Code | Tag::B | Tag::Strong | Tag::Em | Tag::Span | Tag::A | Tag::Br
    )
}

impl Builder {
    /// The inline content of an element that has nothing else.
    pub fn inline(&mut self, element: &Element, space: Space) -> Result<Inline, PdfError> {
        let mut collector = Collector::new(space);
        self.collect(element, Mark::default(), &mut collector)?;
        Ok(collector.finish())
    }

    fn collect(&mut self, element: &Element, mark: Mark, to: &mut Collector) -> Result<(), PdfError> {
        for node in &element.children {
            match node {
                Node::Text(text) => to.text(text, mark),
                Node::Control(c) => to.control(*c, mark),
                Node::Element(child) => self.inline_element(child, element.tag, mark, to)?,
            }
        }
        Ok(())
    }

    /// Adds one inline element.
    pub fn inline_element(
        &mut self,
        element: &Element,
        parent: Tag,
        mark: Mark,
        to: &mut Collector,
    ) -> Result<(), PdfError> {
        let mut mark = mark;
        match element.tag {
            Tag::Br => {
                only(element, &[])?;
                to.line_break();
                return Ok(());
            }
            Tag::B | Tag::Strong => {
                only(element, &[])?;
                mark.bold = true;
            }
            Tag::Em => {
                only(element, &[])?;
                mark.italic = true;
            }
            Tag::Code => {
                only(element, &[])?;
                mark.mono = true;
                let outer = to.space;
                if outer == Space::Collapse {
                    to.space = Space::Data;
                }
                let result = self.collect(element, mark, to);
                to.space = outer;
                return result;
            }
            Tag::Span => mark = self.span(element, mark)?,
            Tag::A => {
                if mark.link.is_some() {
                    return Err(misplaced(element, Tag::A));
                }
                mark.link = Some(self.link(element)?);
            }
            _ => return Err(misplaced(element, parent)),
        }
        self.collect(element, mark, to)
    }

    fn span(&mut self, element: &Element, mut mark: Mark) -> Result<Mark, PdfError> {
        only(element, &["class"])?;
        let (mut pill, mut tone) = (false, None);
        for class in classes(element) {
            match class {
                "pill" => pill = true,
                "muted" => mark.muted = true,
                other => match Tone::from_class(other) {
                    Some(t) => tone = Some(t),
                    None => return Err(unknown_class(element, other)),
                },
            }
        }
        match (pill, tone) {
            (true, Some(tone)) => {
                self.pills += 1;
                mark.pill = Some((tone, self.pills));
            }
            (true, None) => return Err(unknown_class(element, "pill")),
            (false, Some(_)) => {
                return Err(PdfError::BadValue {
                    line: element.line,
                    tag: "span",
                    attribute: "class",
                    value: classes(element).collect::<Vec<_>>().join(" "),
                    reason: "a tone needs the class pill too".to_owned(),
                });
            }
            (false, None) => {}
        }
        Ok(mark)
    }

    fn link(&mut self, element: &Element) -> Result<u32, PdfError> {
        only(element, &["href"])?;
        let href = element.attribute("href").unwrap_or_default();
        let target = if let Some(id) = href.strip_prefix('#').filter(|id| !id.is_empty()) {
            Target::Anchor(self.refer(id, element.line))
        } else if ["https://", "http://", "mailto:"]
            .iter()
            .any(|scheme| href.starts_with(scheme))
            && !href.contains(char::is_control)
        {
            Target::Uri(href.to_owned())
        } else {
            return Err(PdfError::BadValue {
                line: element.line,
                tag: "a",
                attribute: "href",
                value: excerpt(href),
                reason: "must be #id, https:, http: or mailto:".to_owned(),
            });
        };
        self.document.links.push(target);
        Ok(self.document.links.len() as u32 - 1)
    }
}

fn misplaced(element: &Element, parent: Tag) -> PdfError {
    PdfError::Misplaced {
        line: element.line,
        tag: element.tag.name(),
        parent: parent.name(),
    }
}

pub(super) fn unknown_class(element: &Element, class: &str) -> PdfError {
    PdfError::UnknownClass {
        line: element.line,
        tag: element.tag.name(),
        class: excerpt(class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_collapses_across_spans() {
        let mut c = Collector::new(Space::Collapse);
        let bold = Mark {
            bold: true,
            ..Mark::default()
        };
        c.text("  a \n", Mark::default());
        c.text(" b", bold);
        c.text("  ", Mark::default());
        assert_eq!(
            c.finish(),
            [
                Span::Text("a ".to_owned(), Mark::default()),
                Span::Text("b".to_owned(), bold)
            ]
        );
    }

    #[test]
    fn pre_keeps_lines_and_indentation() {
        let mut c = Collector::new(Space::Lines);
        c.text("a\n\tb", Mark::default());
        assert_eq!(
            c.finish(),
            [
                Span::Text("a".to_owned(), Mark::default()),
                Span::Break,
                Span::Text("    b".to_owned(), Mark::default())
            ]
        );
    }
}
