//! Paragraphs inside anything: text, lists and code made ready, then set in a given width.

use super::document::{Anchor, Block, Inline, Kind};
use super::fonts::Face;
use super::line::{Prepared, Preparer};
use super::piece::{Body, Panel, Piece, Text};
use super::structure::{NodeId, Role, Structure};
use super::style::{CODE, LEAD, MUTED, NAVY, NOTE_FILL, PRE_FILL, SMALL, TextBase};
use super::wrap::{TextLine, Wrap, wrap};

/// Text whose atoms are ready and whose width is not yet known.
#[derive(Debug)]
pub(super) struct Para {
    pub text: Prepared,
    pub base: TextBase,
    pub indent: f32,
    pub marker: Option<Prepared>,
    pub before: f32,
    pub after: f32,
    pub wrap: Wrap,
    pub align: Align,
    pub look: Look,
    pub anchors: Vec<Anchor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Align {
    #[default]
    Left,
    Center,
    Right,
}

/// What stands behind a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Note,
    Code,
}

/// Indent of a list entry.
const LIST_INDENT: f32 = 14.0;
/// Inner distance of a panel to its text.
const PANEL_PAD: (f32, f32) = (9.0, 6.0);
/// Indent of a code line that continues one broken to fit.
const CODE_INDENT: f32 = 14.0;

/// What the text around a paragraph is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub base: TextBase,
    /// Inside a cell spaces are tighter.
    pub tight: bool,
    pub anywhere: bool,
    pub align: Align,
}

/// Makes paragraphs of blocks and sets them.
pub(super) struct Setter {
    pub preparer: Preparer,
    pub structure: Structure,
    panels: u32,
}

impl Setter {
    pub fn new(preparer: Preparer) -> Self {
        Self {
            preparer,
            structure: Structure::default(),
            panels: 0,
        }
    }

    /// The paragraphs of blocks that stand in `node`.
    pub fn paras(&mut self, blocks: &[Block], around: Around, node: NodeId) -> Vec<Para> {
        let mut paras = Vec::new();
        // A lone paragraph needs no node of its own.
        let lone = matches!(blocks, [Block::Paragraph { .. }]);
        self.collect(blocks, around, node, lone && node != Structure::ROOT, 0.0, &mut paras);
        paras
    }

    fn collect(
        &mut self,
        blocks: &[Block],
        around: Around,
        node: NodeId,
        lone: bool,
        indent: f32,
        paras: &mut Vec<Para>,
    ) {
        for block in blocks {
            match block {
                Block::Paragraph { kind, anchor, text } => {
                    let node = if lone {
                        node
                    } else {
                        self.structure.add(node, Role::Paragraph)
                    };
                    let mut para = self.paragraph(*kind, text, around, node);
                    para.indent = indent;
                    para.anchors.extend(*anchor);
                    paras.push(para);
                }
                Block::Pre { anchor, text } => {
                    let node = self.structure.add(node, Role::Paragraph);
                    let base = if around.tight {
                        TextBase {
                            size: around.base.size * 0.9,
                            ..around.base.faced(Face::Mono)
                        }
                    } else {
                        CODE
                    };
                    let mut para = self.para(text, base, node);
                    para.indent = indent;
                    para.wrap.indent = CODE_INDENT;
                    para.look = Look::Code;
                    (para.before, para.after) = if around.tight { (2.0, 2.0) } else { (6.0, 10.0) };
                    para.anchors.extend(*anchor);
                    paras.push(para);
                }
                Block::List { ordered, items } => {
                    let list = self.structure.add(node, Role::List);
                    for (i, item) in items.iter().enumerate() {
                        self.item(i, *ordered, item, around, list, indent, paras);
                    }
                }
                // The builder lets no other block stand inside text.
                _ => {}
            }
        }
    }

    #[expect(clippy::too_many_arguments)]
    fn item(
        &mut self,
        index: usize,
        ordered: bool,
        item: &super::document::Item,
        around: Around,
        list: NodeId,
        indent: f32,
        paras: &mut Vec<Para>,
    ) {
        let node = self.structure.add(list, Role::Item);
        let label = self.structure.add(node, Role::Label);
        let body = self.structure.add(node, Role::ItemBody);
        let marker = if ordered {
            format!("{}.", index + 1)
        } else {
            "\u{2022}".to_owned()
        };
        let marker = vec![super::document::Span::Text(marker, Default::default())];
        let base = around.base.colored(MUTED);
        let marker = self.preparer.prepare(&marker, base, label, &mut self.structure);
        let at = paras.len();
        let lone = matches!(item.blocks.as_slice(), [Block::Paragraph { .. }]);
        let deeper = indent + LIST_INDENT;
        self.collect(&item.blocks, around, body, lone, deeper, paras);
        if paras.len() == at {
            let mut empty = self.para(&Vec::new(), around.base, body);
            empty.indent = deeper;
            paras.push(empty);
        }
        if let Some(first) = paras.get_mut(at) {
            first.marker = Some(marker);
            first.anchors.extend(item.anchor);
            first.before = first.before.min(2.5);
        }
        for para in &mut paras[at..] {
            para.after = para.after.min(2.5);
        }
        if let Some(last) = paras.last_mut()
            && indent == 0.0
            && !around.tight
        {
            last.after = last.after.max(3.0);
        }
    }

    fn paragraph(&mut self, kind: Kind, text: &Inline, around: Around, node: NodeId) -> Para {
        let base = match kind {
            Kind::Normal | Kind::Note => around.base,
            Kind::Lead => LEAD,
            Kind::Muted => around.base.colored(MUTED),
            Kind::Small if around.tight => TextBase {
                size: around.base.size * 0.86,
                ..around.base.colored(MUTED)
            },
            Kind::Small => SMALL,
        };
        let mut para = self.para(text, base, node);
        para.wrap.anywhere = around.anywhere;
        para.align = around.align;
        (para.before, para.after) = match (around.tight, kind) {
            (true, _) => (0.0, 2.0),
            (_, Kind::Note) => (6.0, 10.0),
            (_, Kind::Lead) => (0.0, 10.0),
            _ => (0.0, 6.5),
        };
        if kind == Kind::Note && !around.tight {
            para.look = Look::Note;
        }
        para
    }

    pub fn para(&mut self, text: &Inline, base: TextBase, node: NodeId) -> Para {
        Para {
            text: self.preparer.prepare(text, base, node, &mut self.structure),
            base,
            indent: 0.0,
            marker: None,
            before: 0.0,
            after: 0.0,
            wrap: Wrap::default(),
            align: Align::Left,
            look: Look::Plain,
            anchors: Vec::new(),
        }
    }

    /// Sets paragraphs in a width; positions are absolute from `x` on.
    pub fn set(&mut self, paras: Vec<Para>, x: f32, width: f32, pieces: &mut Vec<Piece>) {
        for para in paras {
            self.set_one(para, x, width, pieces);
        }
    }

    fn set_one(&mut self, para: Para, x: f32, width: f32, pieces: &mut Vec<Piece>) {
        // In a narrow cell a fixed indent would leave no room for the text.
        let indent = para.indent.min(width * 0.4);
        let (mut left, mut room) = (x + indent, width - indent);
        let panel = self.panel(para.look, left, room);
        if panel.is_some() {
            let pad = PANEL_PAD.0.min(room * 0.1);
            left += pad;
            room -= 2.0 * pad;
        }
        let mode = Wrap {
            indent: para.wrap.indent.min(room * 0.2),
            ..para.wrap
        };
        let mut lines = wrap(&para.text, room, mode, &mut self.preparer);
        if lines.is_empty() {
            lines.push(TextLine::default());
        }
        let mut marker = para.marker.map(|m| {
            let mut set = wrap(&m, f32::MAX, Wrap::default(), &mut self.preparer);
            let line = if set.is_empty() {
                TextLine::default()
            } else {
                set.swap_remove(0)
            };
            let at = (left - line.width - 4.5).max(x);
            Box::new((at, line))
        });
        let count = lines.len();
        let start = pieces.len();
        if let Some((at, line)) = marker.take_if(|m| m.0 + m.1.width > left - 1.0).map(|m| *m) {
            // No room beside the text, in a very narrow cell: the marker gets its own line.
            pieces.push(Piece::new(
                para.base.leading,
                Body::Text(Text {
                    x: at,
                    baseline: para.base.baseline(),
                    line,
                    marker: None,
                    hook: None,
                }),
            ));
        }
        for (i, line) in lines.into_iter().enumerate() {
            let shift = match para.align {
                Align::Left => 0.0,
                Align::Center => (room - line.width) / 2.0,
                Align::Right => room - line.width,
            };
            let continued = line.continued && mode.indent > 0.0;
            let shift = if continued { mode.indent } else { shift };
            let mut piece = Piece::new(
                para.base.leading,
                Body::Text(Text {
                    x: left + shift.max(0.0),
                    baseline: para.base.baseline(),
                    line,
                    marker: marker.take(),
                    hook: continued.then_some(left + mode.indent - 4.0),
                }),
            );
            // Neither the first nor the last line of a paragraph stands alone on a page.
            piece.keep = count > 1 && (i == 0 || i + 2 == count) && para.look != Look::Code;
            piece.panel = panel;
            pieces.push(piece);
        }
        if panel.is_some() {
            let pad = || {
                let mut gap = Piece::new(PANEL_PAD.1, Body::Gap);
                gap.panel = panel;
                gap
            };
            let mut top = pad();
            top.keep = true;
            if let Some(last) = pieces.last_mut() {
                last.keep = true;
            }
            pieces.push(pad());
            pieces.insert(start, top);
        }
        if let Some(first) = pieces.get_mut(start) {
            first.before = para.before;
            first.anchors = para.anchors;
        }
        if let Some(last) = pieces.last_mut() {
            last.after = para.after;
        }
    }

    fn panel(&mut self, look: Look, x: f32, width: f32) -> Option<Panel> {
        self.panels += 1;
        let (fill, bar) = match look {
            Look::Plain => return None,
            Look::Note => (NOTE_FILL, Some(NAVY)),
            Look::Code => (PRE_FILL, None),
        };
        Some(Panel {
            id: self.panels,
            x,
            width,
            fill,
            bar,
        })
    }
}

impl Para {
    /// Widths the text would like to have: all on one line, and its widest word.
    pub fn wishes(&self) -> (f32, f32, f32) {
        let pad = if self.look == Look::Plain {
            0.0
        } else {
            2.0 * PANEL_PAD.0
        };
        let extra = self.indent + pad;
        (self.text.total + extra, self.text.word + extra, self.text.piece + extra)
    }
}
