//! Shaping: text and a face in, positioned glyphs out, each piece of text shaped once.

use std::cell::Cell;
use std::rc::Rc;

use harfrust::{Buffer, ClusterLevel, Direction, Feature, Script, ShapeOptions, ShapePlan, ShaperFont, Tag, shape};

use super::fonts::{Face, Fonts};

/// A glyph; lengths are thousandths of the em.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// Glyph of the embedded font, before it is subset.
    pub id: u16,
    /// How far the pen moves, kerning included.
    pub advance: i32,
    /// How far the pen would move without kerning.
    pub nominal: i32,
    /// Shift to the right of the pen.
    pub dx: i32,
    /// Shift above the baseline.
    pub dy: i32,
    /// Where its text begins, in bytes of [`Shaped::text`].
    pub start: usize,
}

/// A piece of text in one face, shaped.
#[derive(Debug)]
pub struct Shaped {
    /// The face that has its glyphs.
    pub face: Face,
    /// The text.
    pub text: Box<str>,
    /// Its glyphs from left to right.
    pub glyphs: Box<[Glyph]>,
    /// Sum of the advances.
    pub advance: i32,
    /// Every glyph is the nominal one of its character, and none is kerned or shifted.
    pub plain: bool,
    /// Set once the back end has noted its glyphs.
    pub(super) noted: Cell<bool>,
}

impl Shaped {
    /// The text of the glyph at `index`.
    pub fn text_of(&self, index: usize) -> &str {
        let Some(glyph) = self.glyphs.get(index) else {
            return "";
        };
        let end = self.glyphs[index..]
            .iter()
            .map(|g| g.start)
            .find(|s| *s > glyph.start)
            .unwrap_or(self.text.len());
        &self.text[glyph.start..end]
    }
}

/// What has been shaped in one face, by its text.
#[expect(
    clippy::disallowed_types,
    reason = "asked for each word of a binder, walked by nobody"
)]
type Cache = std::collections::HashMap<Box<str>, Rc<Shaped>>;

/// Shapes text, remembering what it has shaped.
pub(super) struct Shaper {
    pub fonts: &'static Fonts,
    shapers: Vec<ShaperFont<'static, 'static>>,
    plans: Vec<(Face, Option<Script>, ShapePlan)>,
    cache: [Cache; 4],
    buffer: Buffer,
    features: [Feature; 4],
}

impl Shaper {
    pub fn new(fonts: &'static Fonts) -> Self {
        // Ligatures would hide which characters a name has.
        let off = |tag: &[u8; 4]| Feature::new(Tag::new(tag), 0, ..);
        Self {
            fonts,
            shapers: Face::ALL
                .iter()
                .map(|f| ShaperFont::new(&fonts.face(*f).font))
                .collect(),
            plans: Vec::new(),
            cache: Default::default(),
            buffer: Buffer::new(),
            features: [off(b"liga"), off(b"clig"), off(b"calt"), off(b"dlig")],
        }
    }

    /// Shapes text that the face covers.
    pub fn shape(&mut self, face: Face, text: &str) -> Rc<Shaped> {
        if let Some(found) = self.cache[face.index()].get(text) {
            return Rc::clone(found);
        }
        let shaped = Rc::new(self.shape_anew(face, text));
        self.cache[face.index()].insert(text.into(), Rc::clone(&shaped));
        shaped
    }

    /// The advance of a space in points.
    pub fn space(&self, face: Face, size: f32) -> f32 {
        let loaded = self.fonts.face(face);
        let units = loaded.glyph(' ').map_or(260, |g| loaded.width(g));
        f32::from(units) * size / 1000.0
    }

    fn shape_anew(&mut self, face: Face, text: &str) -> Shaped {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.push_str(text);
        buffer.set_cluster_level(ClusterLevel::MonotoneCharacters);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let script = buffer.script();
        let at = match self.plans.iter().position(|(f, s, _)| *f == face && *s == script) {
            Some(at) => at,
            None => {
                let font = &self.fonts.face(face).font;
                let plan = ShapePlan::new(font, Direction::LeftToRight, script, buffer.language(), &self.features);
                self.plans.push((face, script, plan));
                self.plans.len() - 1
            }
        };
        let options = ShapeOptions::new()
            .plan(Some(&self.plans[at].2))
            .features(&self.features);
        let shaped = shape(&self.shapers[face.index()], &mut buffer, options);
        let result = match shaped {
            Ok(()) if buffer.glyph_infos().iter().all(|g| g.glyph_id != 0) => self.collect(face, text, &buffer),
            // A box instead of a letter would hide evidence; nominal glyphs are always there.
            _ => self.nominal(face, text),
        };
        self.buffer = buffer;
        result
    }

    fn collect(&self, face: Face, text: &str, buffer: &Buffer) -> Shaped {
        let loaded = self.fonts.face(face);
        let glyphs: Box<[Glyph]> = buffer
            .glyph_infos()
            .iter()
            .zip(buffer.glyph_positions())
            .map(|(info, pos)| {
                let id = info.glyph_id as u16;
                Glyph {
                    id,
                    advance: pos.x_advance,
                    nominal: i32::from(loaded.width(id)),
                    dx: pos.x_offset,
                    dy: pos.y_offset,
                    start: info.cluster as usize,
                }
            })
            .collect();
        Self::finish(self.fonts, face, text, glyphs)
    }

    fn nominal(&self, face: Face, text: &str) -> Shaped {
        let loaded = self.fonts.face(face);
        let glyphs = text
            .char_indices()
            .map(|(start, c)| {
                let id = loaded.glyph(c).unwrap_or(0);
                let width = i32::from(loaded.width(id));
                Glyph {
                    id,
                    advance: width,
                    nominal: width,
                    dx: 0,
                    dy: 0,
                    start,
                }
            })
            .collect();
        Self::finish(self.fonts, face, text, glyphs)
    }

    fn finish(fonts: &Fonts, face: Face, text: &str, glyphs: Box<[Glyph]>) -> Shaped {
        let loaded = fonts.face(face);
        let advance = glyphs.iter().map(|g| g.advance).sum();
        let plain = glyphs.len() == text.chars().count()
            && glyphs
                .iter()
                .zip(text.chars())
                .all(|(g, c)| loaded.glyph(c) == Some(g.id) && g.advance == g.nominal && g.dx == 0 && g.dy == 0);
        Shaped {
            face,
            text: text.into(),
            glyphs,
            advance,
            plain,
            noted: Cell::new(false),
        }
    }
}
