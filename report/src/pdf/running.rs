//! The running header and footer, and single lines that end in an ellipsis if they must.

use super::DocumentMeta;
use super::contents::inline;
use super::fonts::Face;
use super::paint::Painter;
use super::sink::{Shape, Sink, Tag};
use super::style::{BODY_WIDTH, MARGIN_SIDE, MUTED, PAGE_HEIGHT, RULE, RUNNING, TextBase};
use super::wrap::{TextLine, Wrap, wrap};

/// Baseline of the running header, and of the footer, from the top of the page.
const HEADER: f32 = 40.0;
const FOOTER: f32 = PAGE_HEIGHT - 32.0;

impl<S: Sink> Painter<'_, S> {
    pub fn single(&mut self, text: &str, base: TextBase, node: u32) -> TextLine {
        self.fitted(text, base, node, f32::MAX)
    }

    /// The first line of a text, with an ellipsis if there is more.
    fn fitted(&mut self, text: &str, base: TextBase, node: u32, room: f32) -> TextLine {
        let setter = &mut *self.setter;
        let mut set = |text: &str, room: f32| {
            let ready = setter
                .preparer
                .prepare(&inline(text), base, node, &mut setter.structure);
            wrap(&ready, room, Wrap::default(), &mut setter.preparer)
        };
        let lines = set(text, room);
        if lines.len() < 2 {
            return lines.into_iter().next().unwrap_or_default();
        }
        let mut first: String = String::new();
        if let Some(line) = set(text, room - base.size).into_iter().next() {
            for part in &line.parts {
                first.push_str(&part.atom.shaped.text);
                first.extend(std::iter::repeat_n(' ', usize::from(part.atom.spaces)));
            }
        }
        let short = format!("{}\u{2026}", first.trim_end());
        set(&short, f32::MAX).into_iter().next().unwrap_or_default()
    }

    /// Header and footer.
    pub fn running(&mut self, meta: &DocumentMeta, section: &str, page: usize, pages: usize) {
        self.sink.tag(Tag::Pagination);
        let right = MARGIN_SIDE + BODY_WIDTH;
        let half = BODY_WIDTH / 2.0 - 8.0;
        let count = format!("Page {page} of {pages}");
        for (baseline, left_text, right_text, rule, face) in [
            (HEADER, meta.header.as_str(), section, HEADER + 7.5, Face::Bold),
            (
                FOOTER,
                meta.footer.as_str(),
                count.as_str(),
                FOOTER - 13.0,
                Face::Regular,
            ),
        ] {
            self.sink.shape(&Shape::Line {
                from: (MARGIN_SIDE, rule),
                to: (right, rule),
                color: RULE,
                width: 0.5,
            });
            let base = RUNNING.faced(face).colored(MUTED);
            let set = self.fitted(left_text, base, 0, half);
            self.line(&set, MARGIN_SIDE, baseline, RUNNING.leading, true);
            let set = self.fitted(right_text, RUNNING, 0, half);
            self.line(&set, right - set.width, baseline, RUNNING.leading, true);
        }
    }
}
