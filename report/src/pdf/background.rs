//! Draws what stands behind text: panels, row fills and rules, labels.

use super::paginate::{Content, Page};
use super::paint::Painter;
use super::piece::{Body, Panel, Row, Text, stack};
use super::sink::{Area, Shape, Sink, Tag};
use super::style::Color;

impl<S: Sink> Painter<'_, S> {
    /// What stands behind the text of a page.
    pub fn backgrounds(&mut self, page: &Page) {
        self.sink.tag(Tag::Artifact);
        let mut open: Option<(Panel, f32, f32)> = None;
        for item in &page.items {
            let (panel, height) = match &item.content {
                Content::Piece(piece) => (piece.panel, piece.height),
                Content::Repeated(..) => (None, 0.0),
            };
            open = match (open, panel) {
                (Some((was, top, _)), Some(now)) if was.id == now.id => Some((was, top, item.y + height)),
                (was, now) => {
                    if let Some((panel, top, bottom)) = was {
                        self.panel(panel, top, bottom);
                    }
                    now.map(|p| (p, item.y, item.y + height))
                }
            };
        }
        if let Some((panel, top, bottom)) = open {
            self.panel(panel, top, bottom);
        }
        for item in &page.items {
            match &item.content {
                Content::Piece(piece) => match &piece.body {
                    Body::Row(row) => self.row_background(row, item.y, piece.height),
                    Body::Text(text) => self.pills(text, item.y),
                    _ => {}
                },
                Content::Repeated(row, height) => self.row_background(row, item.y, *height),
            }
        }
    }

    fn panel(&mut self, panel: Panel, top: f32, bottom: f32) {
        let area = Area {
            x: panel.x,
            y: top,
            width: panel.width,
            height: bottom - top,
        };
        self.rect(area, 0.0, panel.fill);
        if let Some(bar) = panel.bar {
            self.rect(Area { width: 2.4, ..area }, 0.0, bar);
        }
    }

    pub fn rect(&mut self, area: Area, radius: f32, fill: Color) {
        self.sink.shape(&Shape::Rect { area, radius, fill });
    }

    fn row_background(&mut self, row: &Row, y: f32, height: f32) {
        let area = Area {
            x: row.x,
            y,
            width: row.width,
            height,
        };
        if let Some(fill) = row.fill {
            self.rect(area, 0.0, fill);
        }
        for (rule, at) in [(row.above, y), (row.below, y + height)] {
            if let Some((color, width)) = rule {
                self.sink.shape(&Shape::Line {
                    from: (row.x, at),
                    to: (row.x + row.width, at),
                    color,
                    width,
                });
            }
        }
        for cell in &row.cells {
            for (top, piece) in stack(&cell.pieces) {
                let y = y + row.pad + cell.drop + top;
                if let Some(panel) = piece.panel {
                    self.panel(panel, y, y + piece.height);
                }
                if let Body::Text(text) = &piece.body {
                    self.pills(text, y);
                }
            }
        }
    }

    /// Backgrounds of the labels on a line.
    fn pills(&mut self, text: &Text, y: f32) {
        let mut parts = text.line.parts.iter().peekable();
        while let Some(first) = parts.next() {
            let Some((tone, number)) = first.atom.ink.pill else {
                continue;
            };
            let mut last = first;
            while let Some(next) = parts.peek().filter(|p| p.atom.ink.pill == Some((tone, number))) {
                last = next;
                parts.next();
            }
            let size = first.atom.ink.size;
            let baseline = y + text.baseline;
            let top = baseline - size * 0.97;
            let area = Area {
                x: text.x + first.x,
                y: top,
                width: last.x + last.atom.width - first.x,
                height: size * 1.30,
            };
            self.rect(area, area.height / 2.0, tone.label().0);
        }
    }
}
