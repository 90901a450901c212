//! The four faces compiled into the binary; fonts of the machine are never looked at.

use std::sync::LazyLock;

use harfrust::Font;
use harfrust::font::metrics::GlyphMetrics;

/// A face of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Face {
    /// Noto Sans.
    Regular,
    /// Noto Sans Bold.
    Bold,
    /// Noto Sans Italic.
    Italic,
    /// Noto Sans Mono.
    Mono,
}

impl Face {
    /// Every face, in the order of its index.
    pub const ALL: [Face; 4] = [Face::Regular, Face::Bold, Face::Italic, Face::Mono];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The font file.
    pub(super) const fn data(self) -> &'static [u8] {
        match self {
            Face::Regular => include_bytes!("../../fonts/NotoSans-Regular.ttf"),
            Face::Bold => include_bytes!("../../fonts/NotoSans-Bold.ttf"),
            Face::Italic => include_bytes!("../../fonts/NotoSans-Italic.ttf"),
            Face::Mono => include_bytes!("../../fonts/NotoSansMono-Regular.ttf"),
        }
    }

    pub(super) const fn postscript_name(self) -> &'static str {
        match self {
            Face::Regular => "NotoSans-Regular",
            Face::Bold => "NotoSans-Bold",
            Face::Italic => "NotoSans-Italic",
            Face::Mono => "NotoSansMono-Regular",
        }
    }

    /// Where a character is looked for: the face itself, then faces that hold more symbols.
    const fn chain(self) -> &'static [Face] {
        match self {
            Face::Regular => &[Face::Regular, Face::Mono],
            Face::Bold => &[Face::Bold, Face::Regular, Face::Mono],
            Face::Italic => &[Face::Italic, Face::Regular, Face::Mono],
            Face::Mono => &[Face::Mono, Face::Regular],
        }
    }
}

/// A glyph wider than this does not fit the narrowest column; its character is escaped.
const WIDEST: u16 = 1600;

/// One parsed face with the glyph of every character of the basic plane.
pub(super) struct Loaded {
    pub font: Font,
    glyphs: Box<[u16]>,
    widths: Box<[u16]>,
}

/// All faces, parsed once per process.
pub(super) struct Fonts {
    faces: Vec<Loaded>,
}

static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(Fonts::parse);

impl Fonts {
    /// The compiled-in fonts; `None` only if the files in `fonts/` are broken.
    pub fn get() -> Option<&'static Fonts> {
        FONTS.as_ref()
    }

    fn parse() -> Option<Fonts> {
        let faces = Face::ALL
            .iter()
            .map(|face| {
                let font = Font::new(face.data(), 0)?;
                let metrics: GlyphMetrics<'_> = font.glyph_metrics();
                let widths: Box<[u16]> = (0..font.num_glyphs())
                    .map(|id| metrics.h_advance(id.into()).max(0.0) as u16)
                    .collect();
                let mut glyphs = vec![0u16; 0x1_0000].into_boxed_slice();
                for (code, glyph) in font.charmap().unicodes() {
                    let id = glyph.to_u32();
                    if let (Some(slot), Ok(id)) = (glyphs.get_mut(code as usize), u16::try_from(id))
                        && widths.get(usize::from(id)).is_some_and(|w| *w <= WIDEST)
                    {
                        *slot = id;
                    }
                }
                Some(Loaded { font, glyphs, widths })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Fonts { faces })
    }

    pub fn face(&self, face: Face) -> &Loaded {
        &self.faces[face.index()]
    }

    /// The face of the chain that has a glyph for the character.
    pub fn covering(&self, face: Face, c: char) -> Option<Face> {
        face.chain().iter().copied().find(|f| self.face(*f).glyph(c).is_some())
    }
}

impl Loaded {
    /// The nominal glyph of a character.
    pub fn glyph(&self, c: char) -> Option<u16> {
        match self.glyphs.get(c as usize) {
            Some(0) | None => None,
            Some(id) => Some(*id),
        }
    }

    /// The advance of a glyph in thousandths of the em, as the PDF's `/W` will have it.
    pub fn width(&self, glyph: u16) -> u16 {
        self.widths.get(usize::from(glyph)).copied().unwrap_or(0)
    }
}
