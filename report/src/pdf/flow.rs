//! From the document to pages: sets every block in order, then puts the pieces on pages.

use super::document::{Block, Document, plain};
use super::fonts::Face;
use super::paginate::{Frame, Page, paginate};
use super::para::{Align, Around, Setter};
use super::piece::{Body, Drawing, Head, Panel, Piece};
use super::sink::{Area, Shape};
use super::structure::{NodeId, Role, Structure};
use super::style::{
    BODY, BODY_WIDTH, Color, MARGIN_BOTTOM, MARGIN_SIDE, NAVY, PAGE_HEIGHT, PAGE_WIDTH, RULE, TextBase, Tone, WHITE,
    heading,
};

/// A heading as the outline, the contents and the running header show it.
#[derive(Debug)]
pub(super) struct Heading {
    pub level: u8,
    pub text: String,
    /// The contents do not list their own title.
    pub listed: bool,
}

/// A document set on pages.
pub(super) struct Layout {
    pub pages: Vec<Page>,
    pub headings: Vec<Heading>,
    pub setter: Setter,
}

/// The cover's coloured field: its least height, and the space above and below its text.
const COVER_FIELD: (f32, f32, f32) = (330.0, 168.0, 44.0);
const COVER_TITLE: TextBase = TextBase::new(Face::Bold, 27.0, 34.0, WHITE);
const COVER_SUBTITLE: TextBase = TextBase::new(Face::Regular, 14.0, 21.0, Color(0xd3, 0xde, 0xec));
const COVER_TEXT: TextBase = TextBase::new(Face::Regular, 10.0, 15.0, Color(0xb9, 0xc9, 0xdd));

/// Sets a document.
pub(super) fn layout(document: &Document, setter: Setter) -> Layout {
    let mut flow = Flow {
        setter,
        heads: Vec::new(),
        headings: Vec::new(),
    };
    let mut pages = Vec::new();
    if !document.cover.is_empty() {
        let pieces = flow.cover(&document.cover);
        let frame = Frame {
            top: 0.0,
            height: PAGE_HEIGHT - MARGIN_BOTTOM,
            cover: true,
        };
        paginate(pieces, &flow.heads, frame, &mut pages);
    }
    let mut pieces = Vec::new();
    for block in &document.body {
        flow.block(block, Structure::ROOT, &mut pieces);
    }
    let pieces = super::contents::expand(pieces, &flow.headings, &mut flow.setter);
    paginate(pieces, &flow.heads, Frame::BODY, &mut pages);
    if pages.is_empty() {
        pages.push(Page::default());
    }
    Layout {
        pages,
        headings: flow.headings,
        setter: flow.setter,
    }
}

struct Flow {
    setter: Setter,
    heads: Vec<Head>,
    headings: Vec<Heading>,
}

const AROUND: Around = Around {
    base: BODY,
    tight: false,
    anywhere: false,
    align: Align::Left,
};

impl Flow {
    fn block(&mut self, block: &Block, node: NodeId, pieces: &mut Vec<Piece>) {
        let start = pieces.len();
        match block {
            Block::Heading {
                level,
                anchor,
                fresh_page,
                text,
            } => {
                let (base, before, after) = heading(*level);
                let node = self.setter.structure.add(node, Role::Heading(*level));
                let mut para = self.setter.para(text, base, node);
                (para.before, para.after) = (before, after);
                para.anchors.extend(*anchor);
                self.setter.set(vec![para], MARGIN_SIDE, BODY_WIDTH, pieces);
                for piece in &mut pieces[start..] {
                    piece.keep = true;
                }
                if let Some(first) = pieces.get_mut(start) {
                    first.fresh_page = *fresh_page;
                    first.heading = Some(self.headings.len());
                }
                if *level == 1 {
                    pieces.push(rule_below());
                }
                self.headings.push(Heading {
                    level: *level,
                    text: plain(text),
                    listed: true,
                });
            }
            Block::Paragraph { .. } | Block::List { .. } | Block::Pre { .. } => {
                let paras = self.setter.paras(std::slice::from_ref(block), AROUND, node);
                self.setter.set(paras, MARGIN_SIDE, BODY_WIDTH, pieces);
                if let (Block::List { .. }, Some(last)) = (block, pieces.last_mut()) {
                    last.after = 8.0;
                }
            }
            Block::Table(table) => self
                .setter
                .table(table, MARGIN_SIDE, BODY_WIDTH, node, &mut self.heads, pieces),
            Block::KeyValues(entries) => {
                self.setter.key_values(entries, MARGIN_SIDE, BODY_WIDTH, node, pieces);
            }
            Block::Figure { anchor, figure } => {
                let role = Role::Figure { alt: figure.alt() };
                let node = self.setter.structure.add(node, role);
                figure.set(&mut self.setter, MARGIN_SIDE, BODY_WIDTH, node, pieces);
                if let Some(first) = pieces.get_mut(start) {
                    first.anchors.extend(*anchor);
                }
            }
            Block::Rule => pieces.push(rule()),
            Block::PageBreak => {
                let mut piece = Piece::new(0.0, Body::Gap);
                piece.fresh_page = true;
                piece.keep = true;
                pieces.push(piece);
            }
            Block::Toc { title, depth } => {
                let mut piece = Piece::new(
                    0.0,
                    Body::ContentsHere {
                        title: title.clone(),
                        depth: *depth,
                    },
                );
                piece.heading = Some(self.headings.len());
                pieces.push(piece);
                self.headings.push(Heading {
                    level: 1,
                    text: title.clone(),
                    listed: false,
                });
            }
        }
    }

    fn cover(&mut self, blocks: &[Block]) -> Vec<Piece> {
        let field = blocks
            .iter()
            .position(|b| !matches!(b, Block::Heading { .. } | Block::Paragraph { .. }))
            .unwrap_or(blocks.len());
        let (top, rest) = blocks.split_at(field);
        let mut pieces = vec![Piece::new(COVER_FIELD.1, Body::Gap)];
        for block in top {
            let (text, base, after) = match block {
                Block::Heading { level: 1, text, .. } => (text, COVER_TITLE, 10.0),
                Block::Heading { text, .. } => (text, COVER_SUBTITLE, 8.0),
                Block::Paragraph { text, .. } => (text, COVER_TEXT, 5.0),
                _ => continue,
            };
            let node = self.setter.structure.add(Structure::ROOT, Role::Paragraph);
            let mut para = self.setter.para(text, base, node);
            para.after = after;
            self.setter.set(vec![para], MARGIN_SIDE, BODY_WIDTH, &mut pieces);
        }
        let height: f32 = pieces.iter().map(|p| p.height + p.after).sum();
        let below = (COVER_FIELD.0 - height).max(COVER_FIELD.2);
        pieces.push(Piece::new(below, Body::Gap));
        for piece in &mut pieces {
            piece.panel = Some(Panel {
                id: u32::MAX,
                x: 0.0,
                width: PAGE_WIDTH,
                fill: NAVY,
                bar: None,
            });
        }
        pieces.push(decoration(
            3.0,
            Shape::Rect {
                area: Area {
                    x: 0.0,
                    y: 0.0,
                    width: PAGE_WIDTH,
                    height: 3.0,
                },
                radius: 0.0,
                fill: Tone::Observe.solid(),
            },
        ));
        pieces.push(Piece::new(34.0, Body::Gap));
        for block in rest {
            self.block(block, Structure::ROOT, &mut pieces);
        }
        pieces
    }
}

fn decoration(height: f32, shape: Shape) -> Piece {
    Piece::new(
        height,
        Body::Drawing(Box::new(Drawing {
            shapes: vec![shape],
            ..Drawing::default()
        })),
    )
}

fn line(width: f32, color: Color) -> Shape {
    Shape::Line {
        from: (MARGIN_SIDE, 0.0),
        to: (MARGIN_SIDE + BODY_WIDTH, 0.0),
        color,
        width,
    }
}

fn rule() -> Piece {
    let mut piece = decoration(1.0, line(0.6, RULE));
    piece.before = 10.0;
    piece.after = 10.0;
    piece
}

/// The line under a heading of the first level.
fn rule_below() -> Piece {
    let mut piece = decoration(1.0, line(1.1, NAVY));
    piece.keep = true;
    piece.before = 5.0;
    piece.after = 14.0;
    piece
}
