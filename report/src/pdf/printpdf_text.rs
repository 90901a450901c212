//! Glyphs as printpdf's text operations: plain text where it can be, kerning and marks where not.

use printpdf::{Codepoint, Op, TextItem};

use super::printpdf_sink::{PrintpdfSink, rounded};
use super::sink::Run;
use super::subset::nominal;

impl PrintpdfSink {
    /// Shows the glyphs, with kerning and shifted marks.
    pub fn show(&mut self, run: &Run<'_>) {
        let fonts = self.fonts;
        let face = run.face.index();
        let mut text = String::new();
        let mut items = Vec::new();
        for part in run.glyphs {
            let shaped = part.shaped;
            self.used[face].note(fonts, shaped);
            if shaped.plain {
                text.push_str(&shaped.text);
            } else {
                for (index, glyph) in shaped.glyphs.iter().enumerate() {
                    let rise = glyph.dy as f32 * run.size / 1000.0;
                    if glyph.dy != 0 {
                        flush(&mut text, &mut items);
                        self.emit(&mut items);
                        self.rise(rise);
                    }
                    if glyph.dx != 0 {
                        flush(&mut text, &mut items);
                        items.push(TextItem::Offset(-glyph.dx as f32));
                    }
                    match nominal(fonts, shaped, index) {
                        Some(c) => text.push(c),
                        None => {
                            flush(&mut text, &mut items);
                            items.push(TextItem::GlyphIds(vec![Codepoint::with_cid(
                                self.used[face].renumbered(glyph.id),
                                0.0,
                                shaped.text_of(index).to_owned(),
                            )]));
                        }
                    }
                    let back = glyph.dx + glyph.nominal - glyph.advance;
                    if back != 0 {
                        flush(&mut text, &mut items);
                        items.push(TextItem::Offset(back as f32));
                    }
                    if glyph.dy != 0 {
                        flush(&mut text, &mut items);
                        self.emit(&mut items);
                        self.rise(0.0);
                    }
                }
            }
            if part.spaces > 0 {
                self.used[face].note_space(fonts, run.face);
                text.extend(std::iter::repeat_n(' ', usize::from(part.spaces)));
            }
        }
        flush(&mut text, &mut items);
        self.emit(&mut items);
    }

    fn emit(&mut self, items: &mut Vec<TextItem>) {
        if !items.is_empty() {
            self.ops.push(Op::ShowText {
                items: std::mem::take(items),
            });
        }
    }

    fn rise(&mut self, by: f32) {
        self.ops.push(Op::SetLineOffset {
            multiplier: rounded(by),
        });
    }
}

fn flush(text: &mut String, items: &mut Vec<TextItem>) {
    if !text.is_empty() {
        items.push(TextItem::Text(std::mem::take(text)));
    }
}
