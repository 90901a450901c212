//! The look of the page: sizes and spaces in points, and a restrained palette.

use super::fonts::Face;

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

/// Width of an A4 page.
pub const PAGE_WIDTH: f32 = 595.28;
/// Height of an A4 page.
pub const PAGE_HEIGHT: f32 = 841.89;
/// White space left and right of the text.
pub const MARGIN_SIDE: f32 = 48.0;
/// Distance from the top edge to the text.
pub const MARGIN_TOP: f32 = 70.0;
/// Distance from the bottom edge to the text.
pub const MARGIN_BOTTOM: f32 = 60.0;
/// Width of the text.
pub const BODY_WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN_SIDE;
/// Height of the text.
pub const BODY_HEIGHT: f32 = PAGE_HEIGHT - MARGIN_TOP - MARGIN_BOTTOM;

pub(super) const INK: Color = Color(0x1f, 0x24, 0x2b);
pub(super) const NAVY: Color = Color(0x14, 0x2c, 0x4c);
pub(super) const MUTED: Color = Color(0x62, 0x6b, 0x78);
pub(super) const FAINT: Color = Color(0x9a, 0xa3, 0xaf);
pub(super) const LINK: Color = Color(0x1c, 0x4f, 0x8f);
pub(super) const RULE: Color = Color(0xd5, 0xda, 0xe1);
pub(super) const HEAD_FILL: Color = Color(0xec, 0xf0, 0xf5);
pub(super) const GROUP_FILL: Color = Color(0xf4, 0xf6, 0xf9);
pub(super) const PRE_FILL: Color = Color(0xf5, 0xf6, 0xf8);
pub(super) const NOTE_FILL: Color = Color(0xf2, 0xf6, 0xfb);
pub(super) const WHITE: Color = Color(0xff, 0xff, 0xff);
/// Visible escapes: a colour that no other text has.
pub(super) const ESCAPE: Color = Color(0xa0, 0x1f, 0x62);

/// Text of one block before inline marks: face, size, line height and colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TextBase {
    pub face: Face,
    pub size: f32,
    pub leading: f32,
    pub color: Color,
}

impl TextBase {
    pub const fn new(face: Face, size: f32, leading: f32, color: Color) -> Self {
        Self {
            face,
            size,
            leading,
            color,
        }
    }

    pub const fn colored(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub const fn faced(self, face: Face) -> Self {
        Self { face, ..self }
    }

    /// Distance from the top of a line to its baseline, so that the x-height looks centred.
    pub fn baseline(&self) -> f32 {
        self.leading / 2.0 + self.size * 0.34
    }
}

pub(super) const BODY: TextBase = TextBase::new(Face::Regular, 9.5, 13.6, INK);
pub(super) const LEAD: TextBase = TextBase::new(Face::Regular, 11.5, 16.6, INK);
pub(super) const SMALL: TextBase = TextBase::new(Face::Regular, 8.0, 11.4, MUTED);
pub(super) const CELL: TextBase = TextBase::new(Face::Regular, 8.5, 11.6, INK);
pub(super) const CELL_SMALL: TextBase = TextBase::new(Face::Regular, 7.2, 9.8, INK);
pub(super) const CODE: TextBase = TextBase::new(Face::Mono, 7.8, 11.2, INK);
pub(super) const RUNNING: TextBase = TextBase::new(Face::Regular, 7.6, 10.0, MUTED);
pub(super) const FIGURE: TextBase = TextBase::new(Face::Regular, 7.6, 10.4, INK);

/// The text, the space before and the space after a heading of level 1 to 4.
pub(super) const fn heading(level: u8) -> (TextBase, f32, f32) {
    match level {
        1 => (TextBase::new(Face::Bold, 19.0, 25.0, NAVY), 26.0, 5.0),
        2 => (TextBase::new(Face::Bold, 13.0, 18.0, NAVY), 20.0, 6.0),
        3 => (TextBase::new(Face::Bold, 10.5, 15.0, NAVY), 14.0, 4.0),
        _ => (TextBase::new(Face::Bold, 9.5, 13.6, MUTED), 10.0, 3.0),
    }
}

/// What a coloured label or a span of a drawing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Tone {
    Pass,
    Fail,
    NotTested,
    NotApplicable,
    Accepted,
    Observe,
}

impl Tone {
    pub const ALL: [(&'static str, Tone); 6] = [
        ("pass", Tone::Pass),
        ("fail", Tone::Fail),
        ("not-tested", Tone::NotTested),
        ("na", Tone::NotApplicable),
        ("accepted", Tone::Accepted),
        ("observe", Tone::Observe),
    ];

    pub fn from_class(class: &str) -> Option<Tone> {
        Self::ALL.iter().find(|(n, _)| *n == class).map(|(_, t)| *t)
    }

    /// The words of a legend.
    pub const fn title(self) -> &'static str {
        match self {
            Tone::Pass => "Pass",
            Tone::Fail => "Fail",
            Tone::NotTested => "Not tested",
            Tone::NotApplicable => "Not applicable",
            Tone::Accepted => "Accepted exception",
            Tone::Observe => "Observation",
        }
    }

    /// Background and text of a label.
    pub const fn label(self) -> (Color, Color) {
        match self {
            Tone::Pass => (Color(0xdf, 0xf0, 0xe5), Color(0x17, 0x61, 0x36)),
            Tone::Fail => (Color(0xfa, 0xe1, 0xdf), Color(0x9b, 0x1c, 0x17)),
            Tone::NotTested => (Color(0xe6, 0xe8, 0xec), Color(0x42, 0x4b, 0x58)),
            Tone::NotApplicable => (Color(0xf1, 0xf2, 0xf4), Color(0x6a, 0x72, 0x7e)),
            Tone::Accepted => (Color(0xfb, 0xec, 0xcc), Color(0x7a, 0x50, 0x00)),
            Tone::Observe => (Color(0xdf, 0xea, 0xf8), Color(0x1b, 0x4a, 0x87)),
        }
    }

    /// The colour of a bar or span.
    pub const fn solid(self) -> Color {
        match self {
            Tone::Pass => Color(0x5b, 0xa3, 0x77),
            Tone::Fail => Color(0xc9, 0x50, 0x48),
            Tone::NotTested => Color(0xa9, 0xb1, 0xbc),
            Tone::NotApplicable => Color(0xd9, 0xdd, 0xe3),
            Tone::Accepted => Color(0xe0, 0xab, 0x4a),
            Tone::Observe => Color(0x6c, 0x99, 0xd1),
        }
    }
}
