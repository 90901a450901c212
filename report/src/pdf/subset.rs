//! Which glyphs of each face are used, renumbered as they are met, and the cut-down fonts.

use std::collections::BTreeMap;

use printpdf::{FontId, FontMetrics, FontType, ParsedFont, PdfFont, PdfFontMetricsStub};
use sha2::{Digest, Sha256};
use subsetter::GlyphRemapper;

use super::error::PdfError;
use super::fonts::{Face, Fonts};
use super::shape::Shaped;

/// The used glyphs of one face.
#[derive(Default)]
pub(super) struct Used {
    remapper: GlyphRemapper,
    /// New glyph of every character drawn by its nominal glyph.
    characters: BTreeMap<u32, u16>,
    /// Advance of every new glyph.
    widths: BTreeMap<u16, u16>,
}

impl Used {
    /// Notes the glyphs of a shaped text, once.
    pub fn note(&mut self, fonts: &Fonts, shaped: &Shaped) {
        if shaped.noted.replace(true) {
            return;
        }
        for (index, glyph) in shaped.glyphs.iter().enumerate() {
            let new = self.remapper.remap(glyph.id);
            self.widths.insert(new, glyph.nominal.max(0) as u16);
            if let Some(c) = nominal(fonts, shaped, index) {
                self.characters.insert(u32::from(c), new);
            }
        }
    }

    /// Notes the space, which is not shaped.
    pub fn note_space(&mut self, fonts: &Fonts, face: Face) {
        let loaded = fonts.face(face);
        if let Some(glyph) = loaded.glyph(' ') {
            let new = self.remapper.remap(glyph);
            self.widths.insert(new, loaded.width(glyph));
            self.characters.insert(u32::from(' '), new);
        }
    }

    /// The number a glyph has in the cut-down font.
    pub fn renumbered(&self, glyph: u16) -> u16 {
        self.remapper.get(glyph).unwrap_or(0)
    }

    /// The cut-down font for the back end; `None` if no glyph is used.
    pub fn font(&self, face: Face) -> Result<Option<PdfFont>, PdfError> {
        if self.widths.is_empty() {
            return Ok(None);
        }
        let bytes = subsetter::subset(face.data(), 0, &self.remapper)
            .map_err(|e| PdfError::Font(format!("{}: {e:?}", face.postscript_name())))?;
        // The tag names the selection of glyphs, so that two selections never share a name.
        let tag: String = Sha256::digest(&bytes)
            .iter()
            .take(6)
            .map(|b| char::from(b'A' + b % 26))
            .collect();
        let italic = face == Face::Italic;
        let parsed = ParsedFont {
            original_bytes: bytes,
            font_index: 0,
            font_name: Some(format!("{tag}+{}", face.postscript_name())),
            codepoint_to_glyph: self.characters.clone(),
            glyph_widths: self.widths.clone(),
            units_per_em: 1000,
            font_metrics: FontMetrics {
                ascent: 1069,
                descent: -293,
            },
            font_type: FontType::TrueType,
            pdf_font_metrics: PdfFontMetricsStub {
                units_per_em: 1000,
                x_min: -621,
                y_min: -389,
                x_max: 2800,
                y_max: 1067,
                caret_slope_rise: 1000,
                caret_slope_run: if italic { 213 } else { 0 },
                us_weight_class: if face == Face::Bold { 700 } else { 400 },
            },
        };
        Ok(Some(PdfFont::new(parsed)))
    }
}

/// The character a glyph alone stands for, if it is that character's nominal glyph.
pub(super) fn nominal(fonts: &Fonts, shaped: &Shaped, index: usize) -> Option<char> {
    let glyph = shaped.glyphs.get(index)?;
    let mut text = shaped.text_of(index).chars();
    let c = text.next().filter(|_| text.next().is_none())?;
    (fonts.face(shaped.face).glyph(c) == Some(glyph.id)).then_some(c)
}

/// The resource name of a face.
pub(super) fn font_id(face: Face) -> FontId {
    FontId(
        match face {
            Face::Regular => "FR",
            Face::Bold => "FB",
            Face::Italic => "FI",
            Face::Mono => "FM",
        }
        .to_owned(),
    )
}
