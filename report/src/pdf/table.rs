//! Tables and key-value lists: rows of cells in computed columns.

use std::rc::Rc;

use super::columns::{Demand, SAMPLE, widths};
use super::document::{self, CellClass, KeyValue, RowKind, Table};
use super::fonts::Face;
use super::paginate::HEAD_SHARE;
use super::para::{Align, Around, Para, Setter};
use super::piece::{Body, Cell, Head, Piece, Row};
use super::structure::{NodeId, Role};
use super::style::{
    BODY, BODY_HEIGHT, CELL, CELL_SMALL, Color, GROUP_FILL, HEAD_FILL, INK, MUTED, NAVY, RULE, TextBase,
};

/// Space left and right of a cell's text together.
const PAD_X: f32 = 9.0;
/// Space above a cell's text, and below it.
const PAD_Y: f32 = 3.2;
const PAD_Y_SMALL: f32 = 2.4;
/// A row up to this height takes the row before it along to a new page.
const LOW: f32 = 80.0;

/// A row whose text is ready and whose columns have no width yet.
struct Ready {
    node: NodeId,
    cells: Vec<(NodeId, usize, Vec<Para>)>,
}

impl Setter {
    /// Sets a table; its head is remembered in `heads`.
    pub fn table(
        &mut self,
        table: &Table,
        x: f32,
        width: f32,
        node: NodeId,
        heads: &mut Vec<Head>,
        pieces: &mut Vec<Piece>,
    ) {
        let count = table.columns.len();
        let node = self.structure.add(node, Role::Table);
        let ready = |rows: &[document::Row], head: bool, setter: &mut Setter| -> Vec<Ready> {
            rows.iter().map(|row| setter.ready(row, table, head, node)).collect()
        };
        let head = ready(&table.head, true, self);
        let body = ready(&table.body, false, self);
        let demands = demands(count, &head, &body);
        let widths = widths(&table.columns, &demands, PAD_X, width);
        let total: f32 = widths.iter().sum();
        let pad = if table.small { PAD_Y_SMALL } else { PAD_Y };

        let head: Vec<Row> = head
            .into_iter()
            .map(|r| self.row(r, &widths, x, total, pad, Dress::HEAD))
            .collect();
        let height: f32 = head.iter().map(Row::height).sum();
        let repeats = height <= BODY_HEIGHT * HEAD_SHARE;
        let index = heads.len();
        let start = pieces.len();
        let head: Vec<Rc<Row>> = head.into_iter().map(Rc::new).collect();
        for row in &head {
            let mut piece = Piece::new(row.height(), Body::Row(Box::new(Row::clone(row))));
            piece.keep = repeats;
            pieces.push(piece);
        }
        heads.push(Head { rows: head, height });

        for (row, source) in body.into_iter().zip(&table.body) {
            let dress = match source.kind {
                RowKind::Normal => Dress::NORMAL,
                RowKind::Group => Dress::GROUP,
                RowKind::Total => Dress::TOTAL,
            };
            let row = self.row(row, &widths, x, total, pad, dress);
            let mut piece = Piece::new(row.height(), Body::Row(Box::new(row)));
            // A band stays with its rows.
            piece.keep = source.kind == RowKind::Group;
            piece.anchors.extend(source.anchor);
            piece.table = Some(index);
            pieces.push(piece);
        }
        if let Some(first) = pieces.get_mut(start) {
            first.before = 5.0;
            first.anchors.extend(table.anchor);
        }
        if let Some([.., before, last]) = pieces.get_mut(start..) {
            // A low last row does not stand alone on a page.
            before.keep |= last.height <= LOW;
        }
        if let Some(last) = pieces.get_mut(start..).and_then(|p| p.last_mut()) {
            last.keep = false;
            last.after = 12.0;
        }
    }

    fn ready(&mut self, row: &document::Row, table: &Table, head: bool, parent: NodeId) -> Ready {
        let node = self.structure.add(parent, Role::Row);
        let mut at = 0;
        let cells = row
            .cells
            .iter()
            .map(|cell| {
                let span = cell.span;
                let role = if cell.header {
                    Role::Header { of_row: !head, span }
                } else {
                    Role::Cell { span }
                };
                let node = self.structure.add(node, role);
                let column = match table.columns.get(at) {
                    Some(column) if span == 1 => column.class,
                    _ => CellClass::default(),
                };
                at += span;
                let class = cell.class.with(column);
                let around = Around {
                    base: base(cell, class, row.kind, head, table.small),
                    tight: true,
                    anywhere: class.anywhere,
                    align: if class.num {
                        Align::Right
                    } else if class.center {
                        Align::Center
                    } else {
                        Align::Left
                    },
                };
                (node, span, self.paras(&cell.blocks, around, node))
            })
            .collect();
        Ready { node, cells }
    }

    fn row(&mut self, ready: Ready, widths: &[f32], x: f32, width: f32, pad: f32, dress: Dress) -> Row {
        let mut at = 0;
        let mut left = x;
        let cells = ready
            .cells
            .into_iter()
            .map(|(node, span, paras)| {
                let width: f32 = widths.iter().skip(at).take(span).sum();
                at += span;
                let mut pieces = Vec::new();
                self.set(paras, left + PAD_X / 2.0, width - PAD_X, &mut pieces);
                left += width;
                Cell {
                    node,
                    pieces,
                    drop: 0.0,
                }
            })
            .collect();
        let mut row = Row {
            x,
            width,
            pad,
            cells,
            fill: dress.fill,
            above: dress.above,
            below: dress.below,
            node: ready.node,
        };
        if dress.bottom {
            let height = row.height() - 2.0 * pad;
            for cell in &mut row.cells {
                cell.drop = height - cell.height();
            }
        }
        row
    }

    /// Sets a two-column list of keys and values.
    pub fn key_values(&mut self, entries: &[KeyValue], x: f32, width: f32, node: NodeId, pieces: &mut Vec<Piece>) {
        let list = self.structure.add(node, Role::List);
        let rows: Vec<Ready> = entries
            .iter()
            .map(|entry| {
                let node = self.structure.add(list, Role::Item);
                let label = self.structure.add(node, Role::Label);
                let body = self.structure.add(node, Role::ItemBody);
                let base = TextBase {
                    leading: BODY.leading,
                    ..CELL.colored(MUTED)
                };
                let key = self.para(&entry.key, base, label);
                let around = Around {
                    base: BODY,
                    tight: true,
                    anywhere: false,
                    align: Align::Left,
                };
                let value = self.paras(&entry.value, around, body);
                Ready {
                    node,
                    cells: vec![(label, 1, vec![key]), (body, 1, value)],
                }
            })
            .collect();
        let widest = rows
            .iter()
            .filter_map(|r| r.cells.first())
            .flat_map(|(_, _, paras)| paras.iter().map(|p| p.wishes().0))
            .fold(0.0, f32::max);
        let key = (widest + PAD_X + 8.0).clamp(70.0f32.min(width * 0.3), width * 0.34);
        let widths = [key, width - key];
        let start = pieces.len();
        let last = rows.len().saturating_sub(1);
        for (i, (ready, entry)) in rows.into_iter().zip(entries).enumerate() {
            let mut row = self.row(ready, &widths, x, width, 2.6, Dress::NORMAL);
            if i == 0 {
                row.above = Dress::NORMAL.below;
            }
            let mut piece = Piece::new(row.height(), Body::Row(Box::new(row)));
            piece.keep = last > 0 && (i == 0 || i + 1 == last);
            piece.anchors.extend(entry.anchor);
            pieces.push(piece);
        }
        if let Some(first) = pieces.get_mut(start) {
            first.before = 3.0;
        }
        if let Some(last) = pieces.get_mut(start..).and_then(|p| p.last_mut()) {
            last.keep = false;
            last.after = 11.0;
        }
    }
}

/// Background and rules of a row.
#[derive(Clone, Copy)]
struct Dress {
    fill: Option<Color>,
    above: Option<(Color, f32)>,
    below: Option<(Color, f32)>,
    /// Cells end, rather than begin, on one line.
    bottom: bool,
}

impl Dress {
    const NORMAL: Dress = Dress {
        fill: None,
        above: None,
        below: Some((RULE, 0.5)),
        bottom: false,
    };
    const HEAD: Dress = Dress {
        fill: Some(HEAD_FILL),
        above: None,
        below: Some((NAVY, 0.9)),
        bottom: true,
    };
    const GROUP: Dress = Dress {
        fill: Some(GROUP_FILL),
        ..Dress::NORMAL
    };
    const TOTAL: Dress = Dress {
        above: Some((INK, 0.8)),
        ..Dress::NORMAL
    };
}

fn base(cell: &document::Cell, class: CellClass, kind: RowKind, head: bool, small: bool) -> TextBase {
    let mut base = if small || (class.small && !head) {
        CELL_SMALL
    } else {
        CELL
    };
    if head || kind == RowKind::Group {
        base = base.faced(Face::Bold).colored(NAVY);
        if head {
            base.size *= 0.94;
        }
    } else if cell.header || kind == RowKind::Total {
        base = base.faced(Face::Bold);
    } else if class.mono {
        base = base.faced(Face::Mono);
        base.size *= 0.92;
    }
    if class.muted && !head {
        base = base.colored(MUTED);
    }
    base
}

fn demands(count: usize, head: &[Ready], body: &[Ready]) -> Vec<Demand> {
    let mut demands = vec![Demand::default(); count];
    let step = body.len().div_ceil(SAMPLE).max(1);
    let samples = head.len() + body.len().div_ceil(step);
    for demand in &mut demands {
        demand.sample = vec![0.0; samples];
    }
    for (i, row) in head.iter().chain(body).enumerate() {
        let sample = if i < head.len() {
            Some(i)
        } else {
            let i = i - head.len();
            i.is_multiple_of(step).then(|| head.len() + i / step)
        };
        let mut at = 0;
        for (_, span, paras) in &row.cells {
            if *span == 1
                && let Some(demand) = demands.get_mut(at)
            {
                let mut sum = 0.0;
                for para in paras {
                    let (total, word, piece) = para.wishes();
                    demand.total = demand.total.max(total);
                    demand.word = demand.word.max(word);
                    demand.piece = demand.piece.max(piece);
                    sum += total;
                }
                if let Some(slot) = sample.and_then(|s| demand.sample.get_mut(s)) {
                    *slot = sum;
                }
            }
            at += span;
        }
    }
    demands
}
