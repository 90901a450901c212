//! Checks the parsed elements against the closed set and builds the document.

use std::collections::BTreeMap;

use super::document::{Anchor, Block, Document, Item, KeyValue, Kind};
use super::error::PdfError;
use super::figure::Figure;
use super::inline::{Collector, Space, is_inline, is_space, unknown_class};
use super::parse::{Element, Node, Tag, excerpt};

/// Lists may be nested this deep.
const LIST_DEPTH: usize = 4;

/// Builds the document and remembers ids and links until all are known.
#[derive(Default)]
pub(super) struct Builder {
    pub document: Document,
    pub pills: u32,
    ids: BTreeMap<String, Anchor>,
    /// Per anchor: where it is defined, or where it is first referred to.
    defined: Vec<(bool, u32)>,
    lists: usize,
}

/// Builds a document from the root element.
pub(super) fn build(root: &Element) -> Result<Document, PdfError> {
    let mut builder = Builder::default();
    let mut begun = false;
    for node in &root.children {
        match node {
            Node::Element(e) if e.tag == Tag::Cover && !begun => {
                only(e, &[])?;
                let cover = builder.blocks(e, &COVER)?;
                builder.document.cover = cover;
                begun = true;
            }
            Node::Element(e) => {
                let block = builder.block(e, Tag::Root, &BODY)?;
                builder.document.body.push(block);
                begun = true;
            }
            other => blank(other, root)?,
        }
    }
    for (name, anchor) in &builder.ids {
        if let Some((false, line)) = builder.defined.get(*anchor as usize) {
            return Err(PdfError::DanglingLink {
                line: *line,
                id: excerpt(name),
            });
        }
    }
    Ok(builder.document)
}

const BODY: [Tag; 14] = [
    Tag::Toc,
    Tag::H1,
    Tag::H2,
    Tag::H3,
    Tag::H4,
    Tag::P,
    Tag::Ul,
    Tag::Ol,
    Tag::Table,
    Tag::Pre,
    Tag::Dl,
    Tag::Figure,
    Tag::Hr,
    Tag::PageBreak,
];
const COVER: [Tag; 5] = [Tag::H1, Tag::H2, Tag::P, Tag::Dl, Tag::Hr];
/// What may stand in a list item, a cell or a value besides inline content.
const FLOW: [Tag; 4] = [Tag::P, Tag::Ul, Tag::Ol, Tag::Pre];

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Refuses attributes other than those named.
pub(super) fn only(element: &Element, allowed: &[&str]) -> Result<(), PdfError> {
    match element.attributes.iter().find(|(n, _)| !allowed.contains(&n.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(PdfError::UnknownAttribute {
            line: element.line,
            tag: element.tag.name(),
            attribute: excerpt(name),
        }),
    }
}

/// The classes of an element.
pub(super) fn classes(element: &Element) -> impl Iterator<Item = &str> {
    element.attribute("class").unwrap_or_default().split_ascii_whitespace()
}

/// The one class of an element that takes at most one.
fn class<T: Copy>(element: &Element, known: &[(&str, T)], none: T) -> Result<T, PdfError> {
    let mut found = none;
    for name in classes(element) {
        found = known
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| *v)
            .ok_or_else(|| unknown_class(element, name))?;
    }
    Ok(found)
}

/// Accepts white space between blocks and nothing else.
pub(super) fn blank(node: &Node, parent: &Element) -> Result<(), PdfError> {
    let text = match node {
        Node::Text(t) if t.chars().all(is_space) => return Ok(()),
        Node::Text(t) => excerpt(t.trim()),
        Node::Control(c) => c.escape_unicode().to_string(),
        Node::Element(e) => {
            return Err(PdfError::Misplaced {
                line: e.line,
                tag: e.tag.name(),
                parent: parent.tag.name(),
            });
        }
    };
    Err(PdfError::StrayText {
        line: parent.line,
        parent: parent.tag.name(),
        text,
    })
}

impl Builder {
    fn intern(&mut self, id: &str, line: u32) -> Anchor {
        if let Some(anchor) = self.ids.get(id) {
            return *anchor;
        }
        let anchor = self.document.anchors.len() as Anchor;
        self.document.anchors.push(id.to_owned());
        self.defined.push((false, line));
        self.ids.insert(id.to_owned(), anchor);
        anchor
    }

    /// Notes a link to an id.
    pub fn refer(&mut self, id: &str, line: u32) -> Anchor {
        self.intern(id, line)
    }

    /// Notes the id of an element, if it has one.
    pub fn anchor(&mut self, element: &Element) -> Result<Option<Anchor>, PdfError> {
        let Some(id) = element.attribute("id") else {
            return Ok(None);
        };
        if id.is_empty() || id.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(PdfError::BadValue {
                line: element.line,
                tag: element.tag.name(),
                attribute: "id",
                value: excerpt(id),
                reason: "an id has no white space and is not empty".to_owned(),
            });
        }
        let anchor = self.intern(id, element.line);
        if let Some(defined) = self.defined.get_mut(anchor as usize) {
            if defined.0 {
                return Err(PdfError::DuplicateId {
                    line: element.line,
                    id: excerpt(id),
                });
            }
            defined.0 = true;
        }
        Ok(Some(anchor))
    }

    fn blocks(&mut self, parent: &Element, allowed: &[Tag]) -> Result<Vec<Block>, PdfError> {
        let mut blocks = Vec::new();
        for node in &parent.children {
            match node {
                Node::Element(e) => blocks.push(self.block(e, parent.tag, allowed)?),
                other => blank(other, parent)?,
            }
        }
        Ok(blocks)
    }

    /// The content of an item, a cell or a value: text, blocks, or both.
    pub fn flow(&mut self, parent: &Element) -> Result<Vec<Block>, PdfError> {
        let mut blocks = Vec::new();
        let mut text = Collector::new(Space::Collapse);
        for node in &parent.children {
            match node {
                Node::Text(t) => text.text(t, Default::default()),
                Node::Control(c) => text.control(*c, Default::default()),
                Node::Element(e) if is_inline(e.tag) => {
                    self.inline_element(e, parent.tag, Default::default(), &mut text)?;
                }
                Node::Element(e) => {
                    flush(&mut text, &mut blocks);
                    blocks.push(self.block(e, parent.tag, &FLOW)?);
                }
            }
        }
        flush(&mut text, &mut blocks);
        Ok(blocks)
    }

    fn block(&mut self, e: &Element, parent: Tag, allowed: &[Tag]) -> Result<Block, PdfError> {
        if !allowed.contains(&e.tag) {
            return Err(PdfError::Misplaced {
                line: e.line,
                tag: e.tag.name(),
                parent: parent.name(),
            });
        }
        match e.tag {
            Tag::Toc => toc(e),
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 => self.heading(e),
            Tag::P => {
                only(e, &["id", "class"])?;
                const KINDS: [(&str, Kind); 4] = [
                    ("lead", Kind::Lead),
                    ("muted", Kind::Muted),
                    ("small", Kind::Small),
                    ("note", Kind::Note),
                ];
                Ok(Block::Paragraph {
                    kind: class(e, &KINDS, Kind::Normal)?,
                    anchor: self.anchor(e)?,
                    text: self.inline(e, Space::Collapse)?,
                })
            }
            Tag::Ul | Tag::Ol => self.list(e),
            Tag::Table => self.table(e).map(Block::Table),
            Tag::Pre => {
                only(e, &["id"])?;
                Ok(Block::Pre {
                    anchor: self.anchor(e)?,
                    text: self.inline(e, Space::Lines)?,
                })
            }
            Tag::Dl => self.key_values(e),
            Tag::Figure => {
                only(e, &["id", "data-kind", "data-json", "alt"])?;
                Ok(Block::Figure {
                    anchor: self.anchor(e)?,
                    figure: Figure::read(e)?,
                })
            }
            Tag::Hr => only(e, &[]).map(|()| Block::Rule),
            _ => only(e, &[]).map(|()| Block::PageBreak),
        }
    }

    fn heading(&mut self, e: &Element) -> Result<Block, PdfError> {
        only(e, &["id", "class"])?;
        let level = match e.tag {
            Tag::H1 => 1,
            Tag::H2 => 2,
            Tag::H3 => 3,
            _ => 4,
        };
        let known: &[(&str, bool)] = if level == 1 { &[("inline", false)] } else { &[] };
        Ok(Block::Heading {
            level,
            anchor: self.anchor(e)?,
            fresh_page: class(e, known, level == 1)?,
            text: self.inline(e, Space::Collapse)?,
        })
    }

    fn list(&mut self, e: &Element) -> Result<Block, PdfError> {
        only(e, &[])?;
        if self.lists >= LIST_DEPTH {
            return Err(PdfError::TooDeep {
                line: e.line,
                tag: e.tag.name(),
                limit: LIST_DEPTH,
            });
        }
        self.lists += 1;
        let mut items = Vec::new();
        for node in &e.children {
            match node {
                Node::Element(li) if li.tag == Tag::Li => {
                    only(li, &["id"])?;
                    items.push(Item {
                        anchor: self.anchor(li)?,
                        blocks: self.flow(li)?,
                    });
                }
                other => blank(other, e)?,
            }
        }
        self.lists -= 1;
        Ok(Block::List {
            ordered: e.tag == Tag::Ol,
            items,
        })
    }

    fn key_values(&mut self, e: &Element) -> Result<Block, PdfError> {
        only(e, &[])?;
        let mut entries: Vec<KeyValue> = Vec::new();
        let mut open = false;
        for node in &e.children {
            match node {
                Node::Element(dt) if dt.tag == Tag::Dt && !open => {
                    only(dt, &["id"])?;
                    entries.push(KeyValue {
                        anchor: self.anchor(dt)?,
                        key: self.inline(dt, Space::Collapse)?,
                        value: Vec::new(),
                    });
                    open = true;
                }
                Node::Element(dd) if dd.tag == Tag::Dd && open => {
                    only(dd, &[])?;
                    let value = self.flow(dd)?;
                    if let Some(entry) = entries.last_mut() {
                        entry.value = value;
                    }
                    open = false;
                }
                other => blank(other, e)?,
            }
        }
        Ok(Block::KeyValues(entries))
    }
}

fn flush(text: &mut Collector, blocks: &mut Vec<Block>) {
    let done = std::mem::replace(text, Collector::new(Space::Collapse));
    if !done.is_blank() {
        blocks.push(Block::Paragraph {
            kind: Kind::Normal,
            anchor: None,
            text: done.finish(),
        });
    }
}

fn toc(e: &Element) -> Result<Block, PdfError> {
    only(e, &["depth", "title"])?;
    let depth = e.attribute("depth").unwrap_or("2");
    match depth.parse() {
        Ok(depth @ 1..=4) => Ok(Block::Toc {
            title: e.attribute("title").unwrap_or("Contents").to_owned(),
            depth,
        }),
        _ => Err(PdfError::BadValue {
            line: e.line,
            tag: "toc",
            attribute: "depth",
            value: excerpt(depth),
            reason: "must be 1 to 4".to_owned(),
        }),
    }
}
