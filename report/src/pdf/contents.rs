//! The table of contents: one entry per heading, leaders and page numbers come when painting.

use super::document::{Mark, Span};
use super::flow::Heading;
use super::fonts::Face;
use super::para::Setter;
use super::piece::{Body, ContentsLine, Piece};
use super::structure::{Role, Structure};
use super::style::{BODY, BODY_WIDTH, INK, MARGIN_SIDE, MUTED, NAVY, TextBase, heading};
use super::wrap::{Wrap, wrap};

/// Room at the right for a short leader and the page number.
const NUMBER: f32 = 46.0;
const INDENT: f32 = 15.0;

/// Replaces the placeholders of contents by their lines.
pub(super) fn expand(pieces: Vec<Piece>, headings: &[Heading], setter: &mut Setter) -> Vec<Piece> {
    let mut expanded = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match &piece.body {
            Body::ContentsHere { title, depth } => {
                let (title, depth) = (title.clone(), *depth);
                entries(piece, &title, depth, headings, setter, &mut expanded);
            }
            _ => expanded.push(piece),
        }
    }
    expanded
}

fn entries(here: Piece, title: &str, depth: u8, headings: &[Heading], setter: &mut Setter, pieces: &mut Vec<Piece>) {
    let (base, _, _) = heading(1);
    let node = setter.structure.add(Structure::ROOT, Role::Heading(1));
    let mut para = setter.para(&inline(title), base, node);
    para.after = 16.0;
    let start = pieces.len();
    setter.set(vec![para], MARGIN_SIDE, BODY_WIDTH, pieces);
    for piece in &mut pieces[start..] {
        piece.keep = true;
    }
    if let Some(first) = pieces.get_mut(start) {
        first.fresh_page = true;
        first.heading = here.heading;
    }
    let node = setter.structure.add(Structure::ROOT, Role::Contents);
    for (index, heading) in headings.iter().enumerate() {
        if !heading.listed || heading.level > depth {
            continue;
        }
        let base = entry_base(heading.level);
        let x = MARGIN_SIDE + INDENT * f32::from(heading.level - 1);
        let width = MARGIN_SIDE + BODY_WIDTH - x - NUMBER;
        let item = setter.structure.add(node, Role::ContentsItem);
        let link = setter.structure.add(item, Role::Link);
        let text = inline(&heading.text);
        let ready = setter.preparer.prepare(&text, base, link, &mut setter.structure);
        let mut lines = wrap(&ready, width, Wrap::default(), &mut setter.preparer);
        if lines.is_empty() {
            lines.push(Default::default());
        }
        let count = lines.len();
        for (i, line) in lines.into_iter().enumerate() {
            let mut piece = Piece::new(
                base.leading,
                Body::Contents(Box::new(ContentsLine {
                    x,
                    baseline: base.baseline(),
                    line,
                    heading: index,
                    last: i + 1 == count,
                    node: link,
                })),
            );
            piece.keep = i + 1 < count;
            if i == 0 && heading.level == 1 {
                piece.before = 5.5;
            }
            pieces.push(piece);
        }
    }
}

pub(super) const fn entry_base(level: u8) -> TextBase {
    match level {
        1 => BODY.faced(Face::Bold).colored(NAVY),
        2 => BODY.colored(INK),
        _ => BODY.colored(MUTED),
    }
}

pub(super) fn inline(text: &str) -> Vec<Span> {
    vec![Span::Text(text.to_owned(), Mark::default())]
}
