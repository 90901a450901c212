//! Checks tables: head and body, spans, and the hints of the columns.

use super::build::{Builder, blank, classes, only};
use super::document::{Cell, CellClass, Column, Row, RowKind, Table, Width};
use super::error::PdfError;
use super::inline::unknown_class;
use super::parse::{Element, Node, Tag, excerpt};

/// More columns than this leave no room for an escape of one character.
const COLUMNS: usize = 14;

impl Builder {
    pub fn table(&mut self, e: &Element) -> Result<Table, PdfError> {
        only(e, &["id", "class"])?;
        let mut table = Table {
            anchor: self.anchor(e)?,
            small: false,
            columns: Vec::new(),
            head: Vec::new(),
            body: Vec::new(),
        };
        for class in classes(e) {
            match class {
                "small" => table.small = true,
                other => return Err(unknown_class(e, other)),
            }
        }
        for node in &e.children {
            match node {
                Node::Element(part) if matches!(part.tag, Tag::Thead | Tag::Tbody) => {
                    only(part, &[])?;
                    for node in &part.children {
                        match node {
                            Node::Element(tr) if tr.tag == Tag::Tr => {
                                let row = self.row(tr)?;
                                if part.tag == Tag::Thead {
                                    table.head.push(row);
                                } else {
                                    table.body.push(row);
                                }
                            }
                            other => blank(other, part)?,
                        }
                    }
                }
                Node::Element(tr) if tr.tag == Tag::Tr => {
                    let row = self.row(tr)?;
                    table.body.push(row);
                }
                other => blank(other, e)?,
            }
        }
        table.columns = columns(&table, e.line)?;
        Ok(table)
    }

    fn row(&mut self, e: &Element) -> Result<Row, PdfError> {
        only(e, &["id", "class"])?;
        let mut row = Row {
            anchor: self.anchor(e)?,
            kind: RowKind::Normal,
            cells: Vec::new(),
        };
        for class in classes(e) {
            row.kind = match class {
                "group" => RowKind::Group,
                "total" => RowKind::Total,
                other => return Err(unknown_class(e, other)),
            };
        }
        for node in &e.children {
            match node {
                Node::Element(c) if matches!(c.tag, Tag::Td | Tag::Th) => {
                    let cell = self.cell(c)?;
                    row.cells.push(cell);
                }
                other => blank(other, e)?,
            }
        }
        Ok(row)
    }

    fn cell(&mut self, e: &Element) -> Result<Cell, PdfError> {
        only(e, &["class", "width", "colspan"])?;
        let span = e.attribute("colspan").unwrap_or("1");
        let span = match span.parse() {
            Ok(n @ 1..=COLUMNS) => n,
            _ => return Err(bad(e, "colspan", span, "must be 1 to 14")),
        };
        let mut class = CellClass::default();
        for name in classes(e) {
            match name {
                "nowrap" => class.nowrap = true,
                "anywhere" => class.anywhere = true,
                "num" => class.num = true,
                "center" => class.center = true,
                "mono" => class.mono = true,
                "small" => class.small = true,
                "muted" => class.muted = true,
                other => return Err(unknown_class(e, other)),
            }
        }
        Ok(Cell {
            header: e.tag == Tag::Th,
            span,
            class,
            width: match e.attribute("width") {
                Some(value) => width(e, value)?,
                None => Width::Auto,
            },
            blocks: self.flow(e)?,
        })
    }
}

fn bad(e: &Element, attribute: &'static str, value: &str, reason: &str) -> PdfError {
    PdfError::BadValue {
        line: e.line,
        tag: e.tag.name(),
        attribute,
        value: excerpt(value),
        reason: reason.to_owned(),
    }
}

fn width(e: &Element, value: &str) -> Result<Width, PdfError> {
    let number = |text: &str| {
        text.parse::<f32>()
            .ok()
            .filter(|n| n.is_finite() && *n > 0.0 && *n <= 100.0)
    };
    let parsed = if value == "auto" {
        Some(Width::Auto)
    } else if let Some(percent) = value.strip_suffix('%') {
        number(percent).map(|n| Width::Share(n / 100.0))
    } else {
        value.strip_suffix("fr").and_then(number).map(Width::Fraction)
    };
    parsed.ok_or_else(|| bad(e, "width", value, "must be auto, or above 0 to 100 with % or fr"))
}

/// The columns: as many as the widest row has, with the hints of the first rows' cells.
fn columns(table: &Table, line: u32) -> Result<Vec<Column>, PdfError> {
    let rows = || table.head.iter().chain(&table.body);
    let count = rows().map(|r| r.cells.iter().map(|c| c.span).sum()).max().unwrap_or(0);
    if count > COLUMNS {
        return Err(PdfError::TooManyColumns {
            line,
            columns: count,
            limit: COLUMNS,
        });
    }
    let mut columns = vec![Column::default(); count];
    let hinting = table.head.len().max(1);
    for row in rows().take(hinting) {
        let mut at = 0;
        for cell in &row.cells {
            if cell.span == 1
                && let Some(column) = columns.get_mut(at)
            {
                // A body row may be the first one; its classes are then its own.
                if !table.head.is_empty() {
                    column.class = column.class.with(cell.class);
                }
                if cell.width != Width::Auto {
                    column.width = cell.width;
                }
            }
            at += cell.span;
        }
    }
    Ok(columns)
}
