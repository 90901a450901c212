//! Which characters are drawn, and how the others are made visible.

use std::collections::BTreeSet;

use super::fonts::{Face, Fonts};

/// More combining marks than this on one base would climb into the line above.
const MARKS: usize = 2;

/// A stretch of text that is drawn as it is, or an escape that stands for one character.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stretch<'a> {
    Plain(&'a str),
    Escape(char),
}

/// The visible form of a character that is not drawn.
pub(super) fn escaped(c: char) -> String {
    format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(c))
}

/// Splits text into what can be drawn and what must be escaped, and notes the latter.
pub(super) fn stretches<'a>(
    fonts: &Fonts,
    face: Face,
    text: &'a str,
    missing: &mut BTreeSet<char>,
) -> Vec<Stretch<'a>> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return vec![Stretch::Plain(text)];
    }
    let mut found = Vec::new();
    let mut start = 0;
    let mut marks = None;
    let mut base = None;
    for (at, c) in text.char_indices() {
        let drawn = if is_mark(c) {
            let free = marks.is_some_and(|n| n < MARKS);
            marks = marks.map(|n| n + 1);
            free && base.is_some_and(|f| fonts.face(f).glyph(c).is_some())
        } else {
            base = if is_hidden(c) { None } else { fonts.covering(face, c) };
            marks = (base.is_some() && c != ' ').then_some(0);
            base.is_some()
        };
        if !drawn {
            if start < at {
                found.push(Stretch::Plain(&text[start..at]));
            }
            found.push(Stretch::Escape(c));
            missing.insert(c);
            start = at + c.len_utf8();
            if !is_mark(c) {
                marks = None;
            }
        }
    }
    if start < text.len() {
        found.push(Stretch::Plain(&text[start..]));
    }
    found
}

/// Combining marks that a font may stack on a base.
pub(super) fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036f | 0x0483..=0x0489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff
        | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

/// Controls, bidirectional and zero-width formatting, exotic spaces, private use: characters
/// that show nothing, or something else than they are, and so could hide what a name says.
fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0x00..=0x1f | 0x7f..=0x9f | 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f
        | 0x8e2 | 0x115f..=0x1160 | 0x1680 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0x3164
        | 0xe000..=0xf8ff | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xffff
        | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe_0000..)
}

/// Text for places that a viewer draws with fonts of its own, such as the outline: only what
/// hides something is escaped.
pub(super) fn revealed(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.push_str(&escaped(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (String, Vec<char>) {
        let fonts = Fonts::get().expect("embedded fonts parse");
        let mut missing = BTreeSet::new();
        let shown = stretches(fonts, Face::Regular, text, &mut missing)
            .iter()
            .map(|s| match s {
                Stretch::Plain(t) => (*t).to_owned(),
                Stretch::Escape(c) => escaped(*c),
            })
            .collect();
        (shown, missing.into_iter().collect())
    }

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(
            shown("ab\u{202e}cd\u{200b}\u{7}"),
            (
                "ab⟨U+202E⟩cd⟨U+200B⟩⟨U+0007⟩".to_owned(),
                vec!['\u{7}', '\u{200b}', '\u{202e}']
            )
        );
    }

    #[test]
    fn letters_and_two_marks_are_drawn() {
        assert_eq!(shown("Ελλάδα e\u{301}\u{323} Đạt").1, Vec::<char>::new());
        assert_eq!(shown("e\u{301}\u{301}\u{301}").1, vec!['\u{301}']);
    }

    #[test]
    fn a_mark_without_base_is_escaped() {
        assert_eq!(shown("\u{301}a").0, "⟨U+0301⟩a");
        assert_eq!(shown("\u{1f600}\u{301}").0, "⟨U+1F600⟩⟨U+0301⟩");
    }

    #[test]
    fn an_outline_keeps_letters_and_reveals_tricks() {
        assert_eq!(revealed("日本\u{202e}x😀"), "日本⟨U+202E⟩x😀");
    }

    #[test]
    fn emoji_and_hebrew_are_escaped() {
        assert_eq!(shown("\u{1f600}\u{5d0}").0, "⟨U+1F600⟩⟨U+05D0⟩");
    }
}
