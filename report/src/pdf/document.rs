//! The document between parsing and layout: blocks, inline text and tables, all checked.

use super::figure::Figure;
use super::style::Tone;

/// A checked document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub cover: Vec<Block>,
    pub body: Vec<Block>,
    /// Names of the destinations; an [`Anchor`] is an index into it.
    pub anchors: Vec<String>,
    pub links: Vec<Target>,
}

/// An element's id, as an index into [`Document::anchors`].
pub(super) type Anchor = u32;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A named destination of this document.
    Anchor(u32),
    /// A heading of this document, counted from 0.
    Heading(u32),
    /// An address outside.
    Uri(String),
}

#[derive(Debug)]
pub(super) enum Block {
    Toc {
        title: String,
        depth: u8,
    },
    Heading {
        level: u8,
        anchor: Option<Anchor>,
        fresh_page: bool,
        text: Inline,
    },
    Paragraph {
        kind: Kind,
        anchor: Option<Anchor>,
        text: Inline,
    },
    List {
        ordered: bool,
        items: Vec<Item>,
    },
    Table(Table),
    Pre {
        anchor: Option<Anchor>,
        text: Inline,
    },
    KeyValues(Vec<KeyValue>),
    Figure {
        anchor: Option<Anchor>,
        figure: Figure,
    },
    Rule,
    PageBreak,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Lead,
    Muted,
    Small,
    Note,
}

/// An entry of a list.
#[derive(Debug)]
pub(super) struct Item {
    pub anchor: Option<Anchor>,
    pub blocks: Vec<Block>,
}

/// An entry of a two-column list.
#[derive(Debug)]
pub(super) struct KeyValue {
    pub anchor: Option<Anchor>,
    pub key: Inline,
    pub value: Vec<Block>,
}

/// Text with marks; white space is already collapsed where it is not data.
pub(super) type Inline = Vec<Span>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Span {
    Text(String, Mark),
    Break,
}

/// What inline tags say about a stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub bold: bool,
    pub italic: bool,
    pub mono: bool,
    pub muted: bool,
    /// Tone and number of a label; two labels side by side differ in the number.
    pub pill: Option<(Tone, u32)>,
    /// Index into [`Document::links`].
    pub link: Option<u32>,
}

/// The text without marks, as an outline or a running header shows it.
pub(super) fn plain(text: &Inline) -> String {
    text.iter()
        .map(|s| match s {
            Span::Text(t, _) => t.as_str(),
            Span::Break => " ",
        })
        .collect()
}

#[derive(Debug)]
pub(super) struct Table {
    pub anchor: Option<Anchor>,
    pub small: bool,
    pub columns: Vec<Column>,
    pub head: Vec<Row>,
    pub body: Vec<Row>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Column {
    pub width: Width,
    pub class: CellClass,
}

/// How wide a column wants to be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Width {
    #[default]
    Auto,
    /// Share of the text width, 0 to 1.
    Share(f32),
    /// Share of what the other columns leave.
    Fraction(f32),
}

/// Hints on a cell or, in the head, on its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CellClass {
    pub nowrap: bool,
    pub anywhere: bool,
    pub num: bool,
    pub center: bool,
    pub mono: bool,
    pub small: bool,
    pub muted: bool,
}

impl CellClass {
    /// Both sets of hints together.
    pub fn with(self, other: CellClass) -> CellClass {
        CellClass {
            nowrap: self.nowrap || other.nowrap,
            anywhere: self.anywhere || other.anywhere,
            num: self.num || other.num,
            center: self.center || other.center,
            mono: self.mono || other.mono,
            small: self.small || other.small,
            muted: self.muted || other.muted,
        }
    }
}

#[derive(Debug)]
pub(super) struct Row {
    pub anchor: Option<Anchor>,
    pub kind: RowKind,
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    Normal,
    /// A band that names the rows below it.
    Group,
    /// A sum.
    Total,
}

#[derive(Debug)]
pub(super) struct Cell {
    pub header: bool,
    pub span: usize,
    pub class: CellClass,
    pub width: Width,
    pub blocks: Vec<Block>,
}
