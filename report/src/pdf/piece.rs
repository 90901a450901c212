//! Pieces: what the layout makes of blocks and the paginator puts on pages.
//!
//! All `x` are measured from the left edge of the page; all heights from the top of the piece.

use std::rc::Rc;

use super::document::Anchor;
use super::sink::Shape;
use super::structure::NodeId;
use super::style::Color;
use super::wrap::TextLine;

/// A vertical slice of the document that is never divided, except a row taller than a page.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub height: f32,
    /// Least space above it, dropped at the top of a page.
    pub before: f32,
    /// Least space below it.
    pub after: f32,
    /// Must not be the last piece of a page.
    pub keep: bool,
    pub fresh_page: bool,
    pub body: Body,
    pub panel: Option<Panel>,
    pub anchors: Vec<Anchor>,
    /// Index of the heading that begins here.
    pub heading: Option<usize>,
    /// Index of the table whose head is repeated if a page begins here.
    pub table: Option<usize>,
}

impl Piece {
    pub fn new(height: f32, body: Body) -> Self {
        Self {
            height,
            before: 0.0,
            after: 0.0,
            keep: false,
            fresh_page: false,
            body,
            panel: None,
            anchors: Vec::new(),
            heading: None,
            table: None,
        }
    }

    /// The least height that makes sense at the bottom of a page.
    pub fn least(&self, page: f32) -> f32 {
        match &self.body {
            Body::Row(row) if self.height > page => row.first_line(),
            _ => self.height,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Gap,
    Text(Text),
    Row(Box<Row>),
    Contents(Box<ContentsLine>),
    Drawing(Box<Drawing>),
    /// Replaced by the lines of the table of contents once all headings are known.
    ContentsHere {
        title: String,
        depth: u8,
    },
}

/// A line of text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub x: f32,
    pub baseline: f32,
    pub line: TextLine,
    /// Bullet or number, left of the line.
    pub marker: Option<Box<(f32, TextLine)>>,
    /// Drawn left of a line that continues one broken to fit.
    pub hook: Option<f32>,
}

/// A background behind consecutive pieces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Panel {
    pub id: u32,
    pub x: f32,
    pub width: f32,
    pub fill: Color,
    pub bar: Option<Color>,
}

/// A row of a table or of a key-value list.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub x: f32,
    pub width: f32,
    pub pad: f32,
    pub cells: Vec<Cell>,
    pub fill: Option<Color>,
    pub above: Option<(Color, f32)>,
    pub below: Option<(Color, f32)>,
    pub node: NodeId,
}

/// A cell and its lines.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub node: NodeId,
    pub pieces: Vec<Piece>,
    /// Shift of the content to the bottom of the row.
    pub drop: f32,
}

impl Cell {
    pub fn height(&self) -> f32 {
        stack(&self.pieces).map(|(y, p)| y + p.height).fold(0.0, f32::max)
    }
}

/// The pieces of a cell with their distance from its top.
pub(super) fn stack(pieces: &[Piece]) -> impl Iterator<Item = (f32, &Piece)> {
    let (mut y, mut after) = (0.0f32, None::<f32>);
    pieces.iter().map(move |piece| {
        if let Some(after) = after {
            y += piece.before.max(after);
        }
        let top = y;
        y += piece.height;
        after = Some(piece.after);
        (top, piece)
    })
}

impl Row {
    pub fn height(&self) -> f32 {
        let content = self.cells.iter().map(Cell::height).fold(0.0, f32::max);
        content + 2.0 * self.pad
    }

    fn first_line(&self) -> f32 {
        let first = self
            .cells
            .iter()
            .filter_map(|c| c.pieces.first())
            .map(|p| p.height)
            .fold(0.0, f32::max);
        // A few lines more than one, so that the beginning of a long row is no orphan.
        first * 3.0 + 2.0 * self.pad
    }

    /// Takes off what fits into `room`; `None` if not a single line does.
    pub fn split(&mut self, room: f32) -> Option<Row> {
        let room = room - 2.0 * self.pad;
        let mut taken = false;
        let cells = self
            .cells
            .iter_mut()
            .map(|cell| {
                let fitting = stack(&cell.pieces).take_while(|(y, p)| y + p.height <= room).count();
                taken |= fitting > 0;
                let rest = cell.pieces.split_off(fitting);
                Cell {
                    node: cell.node,
                    pieces: std::mem::replace(&mut cell.pieces, rest),
                    drop: 0.0,
                }
            })
            .collect();
        taken.then_some(Row {
            x: self.x,
            width: self.width,
            pad: self.pad,
            cells,
            fill: self.fill,
            above: self.above,
            below: self.below,
            node: self.node,
        })
    }
}

/// An entry of the table of contents.
#[derive(Debug, Clone)]
pub(super) struct ContentsLine {
    pub x: f32,
    pub baseline: f32,
    pub line: TextLine,
    pub heading: usize,
    /// The last line has the leader and the page number.
    pub last: bool,
    /// Node of the link.
    pub node: NodeId,
}

/// A slice of a figure.
#[derive(Debug, Clone, Default)]
pub(super) struct Drawing {
    pub shapes: Vec<Shape>,
    /// Left end, baseline and line.
    pub texts: Vec<(f32, f32, TextLine)>,
    /// Node of the figure; without one the drawing is decoration.
    pub node: Option<NodeId>,
}

/// The head of a table, repeated on every page the table reaches.
#[derive(Debug)]
pub(super) struct Head {
    pub rows: Vec<Rc<Row>>,
    pub height: f32,
}
