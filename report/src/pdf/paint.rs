//! Draws laid-out pages on a sink: backgrounds first, then tagged content, then header and footer.

use super::DocumentMeta;
use super::contents::entry_base;
use super::document::{Document, Target};
use super::flow::{Heading, Layout};
use super::line::Ink;
use super::paginate::{Content, Page, Placed};
use super::para::Setter;
use super::piece::{Body, ContentsLine, Piece, Row, Text, stack};
use super::sink::{Area, Glyphs, Run, Shape, Sink, Tag};
use super::style::{BODY_WIDTH, FAINT, FIGURE, MARGIN_SIDE, PAGE_HEIGHT, PAGE_WIDTH};
use super::wrap::{Part, TextLine};

/// Draws all pages.
pub(super) fn paint<S: Sink>(layout: &mut Layout, document: &Document, meta: &DocumentMeta, sink: &mut S) {
    let pages = std::mem::take(&mut layout.pages);
    let mut painter = Painter {
        document,
        headings: &layout.headings,
        numbers: numbers(&pages, layout.headings.len()),
        setter: &mut layout.setter,
        sink,
    };
    let total = pages.len();
    let mut section = String::new();
    for (index, page) in pages.iter().enumerate() {
        painter.sink.page(PAGE_WIDTH, PAGE_HEIGHT);
        section = painter.section(page, section);
        painter.backgrounds(page);
        for item in &page.items {
            painter.item(item);
        }
        if !page.cover {
            painter.running(meta, &section, index + 1, total);
        }
    }
}

/// The page of each heading, from 1.
fn numbers(pages: &[Page], headings: usize) -> Vec<usize> {
    let mut numbers = vec![0; headings];
    for (index, page) in pages.iter().enumerate() {
        for item in &page.items {
            if let Content::Piece(piece) = &item.content
                && let Some(slot) = piece.heading.and_then(|h| numbers.get_mut(h))
            {
                *slot = index + 1;
            }
        }
    }
    numbers
}

/// Draws pages one after the other.
pub(super) struct Painter<'a, S> {
    document: &'a Document,
    headings: &'a [Heading],
    numbers: Vec<usize>,
    pub setter: &'a mut Setter,
    pub sink: &'a mut S,
}

impl<S: Sink> Painter<'_, S> {
    /// The chapter a reader is in at the top of the page's own text.
    fn section(&self, page: &Page, before: String) -> String {
        let chapter = |piece: &Piece| {
            let heading = self.headings.get(piece.heading?)?;
            (heading.level == 1).then(|| heading.text.clone())
        };
        let begun = page.items.iter().find_map(|item| match &item.content {
            Content::Piece(piece) => chapter(piece),
            Content::Repeated(..) => None,
        });
        begun.unwrap_or(before)
    }

    fn item(&mut self, item: &Placed) {
        match &item.content {
            Content::Piece(piece) => self.piece(piece, item.y),
            Content::Repeated(row, _) => {
                self.sink.tag(Tag::Artifact);
                self.row(row, item.y, true);
            }
        }
    }

    fn piece(&mut self, piece: &Piece, y: f32) {
        for anchor in &piece.anchors {
            if let Some(name) = self.document.anchors.get(*anchor as usize) {
                self.sink.destination(name, y);
            }
        }
        if let Some(heading) = piece.heading.and_then(|h| self.headings.get(h)) {
            self.sink.outline(heading.level, &heading.text, y);
        }
        match &piece.body {
            Body::Gap | Body::ContentsHere { .. } => {}
            Body::Text(text) => self.text(text, y, piece.height, false),
            Body::Row(row) => self.row(row, y, false),
            Body::Contents(line) => self.contents(line, y, piece.height),
            Body::Drawing(drawing) => {
                self.sink.tag(drawing.node.map_or(Tag::Artifact, Tag::Node));
                for shape in &drawing.shapes {
                    self.sink.shape(&shape.lowered(y));
                }
                for (x, baseline, line) in &drawing.texts {
                    self.line(line, *x, y + baseline, FIGURE.leading, true);
                }
            }
        }
    }

    fn row(&mut self, row: &Row, y: f32, artifact: bool) {
        if !artifact {
            self.sink.place(row.node);
        }
        for cell in &row.cells {
            if !artifact {
                self.sink.place(cell.node);
            }
            for (top, piece) in stack(&cell.pieces) {
                let y = y + row.pad + cell.drop + top;
                if artifact {
                    if let Body::Text(text) = &piece.body {
                        self.text(text, y, piece.height, true);
                    }
                } else {
                    self.piece(piece, y);
                }
            }
        }
    }

    fn text(&mut self, text: &Text, y: f32, height: f32, artifact: bool) {
        let baseline = y + text.baseline;
        if let Some(marker) = &text.marker {
            self.line(&marker.1, marker.0, baseline, height, artifact);
        }
        if let Some(x) = text.hook {
            self.hook(x, baseline);
        }
        self.line(&text.line, text.x, baseline, height, artifact);
    }

    /// The mark of a continued code line: a small hooked arrow, drawn so that it is not copied
    /// with the text.
    fn hook(&mut self, x: f32, baseline: f32) {
        self.sink.tag(Tag::Artifact);
        let y = baseline - 2.4;
        let stroke = |from, to| Shape::Line {
            from,
            to,
            color: FAINT,
            width: 0.6,
        };
        self.sink.shape(&stroke((x - 6.5, y - 4.0), (x - 6.5, y)));
        self.sink.shape(&stroke((x - 6.5, y), (x - 1.5, y)));
        self.sink.shape(&Shape::Polygon {
            points: vec![(x, y), (x - 2.4, y - 1.6), (x - 2.4, y + 1.6)],
            fill: FAINT,
        });
    }

    /// A line of text; inside an artifact or a figure its own nodes are not used.
    pub fn line(&mut self, line: &TextLine, x: f32, baseline: f32, height: f32, plain: bool) {
        let mut start = 0;
        while let Some(first) = line.parts.get(start) {
            let same = |p: &&Part| p.atom.ink == first.atom.ink && p.atom.shaped.face == first.atom.shaped.face;
            let count = line.parts[start..].iter().take_while(same).count();
            let parts = &line.parts[start..start + count];
            start += count;
            self.run(parts, x, baseline, height, plain);
        }
    }

    fn run(&mut self, parts: &[Part], x: f32, baseline: f32, height: f32, plain: bool) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return;
        };
        let ink = first.atom.ink;
        let left = x + first.x + first.atom.pad.0;
        let right = x + last.x + last.atom.width - last.atom.pad.1;
        let glyphs: Vec<Glyphs<'_>> = parts
            .iter()
            .map(|p| Glyphs {
                shaped: &p.atom.shaped,
                spaces: p.atom.spaces,
            })
            .collect();
        if !plain {
            self.sink.tag(Tag::Node(ink.node));
        }
        self.sink.text(&Run {
            face: first.atom.shaped.face,
            size: ink.size,
            color: ink.color,
            x: left,
            y: baseline,
            width: right - left,
            height,
            glyphs: &glyphs,
        });
        if let Some(link) = ink.link.filter(|_| !plain) {
            self.link(link, ink, left, right, baseline, parts);
        }
    }

    fn link(&mut self, link: u32, ink: Ink, left: f32, right: f32, baseline: f32, parts: &[Part]) {
        let Some(target) = self.document.links.get(link as usize) else {
            return;
        };
        let words: String = parts.iter().map(|p| &*p.atom.shaped.text).collect();
        let area = Area {
            x: left,
            y: baseline - ink.size,
            width: right - left,
            height: ink.size * 1.3,
        };
        let words = match target {
            Target::Uri(uri) => uri.clone(),
            _ => words,
        };
        self.sink.link(area, target, ink.node, &words);
    }

    fn contents(&mut self, entry: &ContentsLine, y: f32, height: f32) {
        let baseline = y + entry.baseline;
        self.line(&entry.line, entry.x, baseline, height, false);
        let right = MARGIN_SIDE + BODY_WIDTH;
        let Some(heading) = self.headings.get(entry.heading) else {
            return;
        };
        if entry.last {
            let number = self.numbers.get(entry.heading).copied().unwrap_or(0);
            let base = entry_base(heading.level);
            let number = self.single(&number.to_string(), base, entry.node);
            self.leader(entry.x + entry.line.width + 5.0, right - number.width - 5.0, baseline);
            self.line(&number, right - number.width, baseline, height, false);
        }
        let words = heading.text.clone();
        let area = Area {
            x: entry.x,
            y,
            width: right - entry.x,
            height,
        };
        let target = Target::Heading(entry.heading as u32);
        self.sink.link(area, &target, entry.node, &words);
    }

    /// Dots on a grid shared by all entries.
    fn leader(&mut self, from: f32, to: f32, baseline: f32) {
        const EVERY: f32 = 4.2;
        self.sink.tag(Tag::Artifact);
        let mut x = (from / EVERY).ceil() * EVERY;
        while x + 0.8 <= to {
            let area = Area {
                x,
                y: baseline - 0.9,
                width: 0.8,
                height: 0.8,
            };
            self.rect(area, 0.0, FAINT);
            x += EVERY;
        }
    }
}
