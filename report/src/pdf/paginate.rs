//! Puts pieces on pages: keeps what belongs together, repeats table heads, splits giant rows.

use std::rc::Rc;

use super::piece::{Body, Head, Piece, Row};
use super::style::{BODY_HEIGHT, MARGIN_TOP};

/// Chains of kept pieces longer than this are broken anyway.
const CHAIN: usize = 64;
/// A head taller than this share of the page is not repeated.
pub(super) const HEAD_SHARE: f32 = 0.4;

/// A page and what stands on it.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub cover: bool,
    pub items: Vec<Placed>,
}

#[derive(Debug)]
pub(super) struct Placed {
    /// Top, from the top edge of the page.
    pub y: f32,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Piece(Piece),
    /// A row of a head that stands on an earlier page already.
    Repeated(Rc<Row>, f32),
}

/// Where a page's text begins and how much room it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub top: f32,
    pub height: f32,
    pub cover: bool,
}

impl Frame {
    pub const BODY: Frame = Frame {
        top: MARGIN_TOP,
        height: BODY_HEIGHT,
        cover: false,
    };
}

/// Appends pages with the pieces to `pages`.
pub(super) fn paginate(pieces: Vec<Piece>, heads: &[Head], frame: Frame, pages: &mut Vec<Page>) {
    let mut paginator = Paginator {
        heads,
        frame,
        pages,
        page: Page {
            cover: frame.cover,
            items: Vec::new(),
        },
        y: 0.0,
        after: None,
        begun: false,
    };
    // A queue, because a giant row comes back with what is left of it.
    let mut rest = pieces.into_iter().collect::<std::collections::VecDeque<_>>();
    while let Some(piece) = rest.pop_front() {
        let need = paginator.need(&piece, rest.iter().take(CHAIN));
        if let Some(left) = paginator.place(piece, need) {
            rest.push_front(left);
        }
    }
    if paginator.begun {
        paginator.turn();
    }
}

struct Paginator<'a> {
    heads: &'a [Head],
    frame: Frame,
    pages: &'a mut Vec<Page>,
    page: Page,
    y: f32,
    /// Space wanted below the last piece; none at the top of a page.
    after: Option<f32>,
    /// Something with a height stands on the page.
    begun: bool,
}

impl Paginator<'_> {
    /// The height of the piece and of all that must stay with it.
    fn need<'p>(&self, piece: &'p Piece, rest: impl Iterator<Item = &'p Piece>) -> f32 {
        let full = self.frame.height;
        let mut need = piece.least(full);
        let mut last = piece;
        for next in rest {
            if !last.keep || next.fresh_page {
                break;
            }
            need += last.after.max(next.before) + next.least(full);
            last = next;
        }
        if need <= full { need } else { piece.least(full) }
    }

    fn turn(&mut self) {
        let page = std::mem::take(&mut self.page);
        self.page.cover = page.cover;
        self.pages.push(page);
        self.y = 0.0;
        self.after = None;
        self.begun = false;
        // The coloured field of a cover reaches the edge of the paper, its second page does not.
        self.frame = Frame {
            cover: self.frame.cover,
            ..Frame::BODY
        };
    }

    fn gap(&self, piece: &Piece) -> f32 {
        self.after.map_or(0.0, |after| after.max(piece.before))
    }

    /// Places a piece, on a new page if it must; gives back what did not fit.
    fn place(&mut self, piece: Piece, need: f32) -> Option<Piece> {
        let full = self.frame.height;
        if self.begun && (piece.fresh_page || self.y + self.gap(&piece) + need > full + 0.01) {
            self.turn();
        }
        if !self.begun {
            self.repeat_head(&piece);
        }
        self.y += self.gap(&piece);
        let room = full - self.y;
        let mut piece = piece;
        if piece.height > room + 0.01
            && let Body::Row(row) = &mut piece.body
            && let Some(part) = row.split(room)
        {
            let height = part.height();
            let mut first = Piece::new(height, Body::Row(Box::new(part)));
            first.anchors = std::mem::take(&mut piece.anchors);
            first.table = piece.table;
            piece.height = row.height();
            self.put(first);
            self.turn();
            return Some(piece);
        }
        self.put(piece);
        None
    }

    fn put(&mut self, piece: Piece) {
        let top = self.frame.top + self.y;
        self.y += piece.height;
        self.after = Some(piece.after);
        self.begun |= piece.height > 0.0;
        self.page.items.push(Placed {
            y: top,
            content: Content::Piece(piece),
        });
    }

    fn repeat_head(&mut self, piece: &Piece) {
        let Some(head) = piece.table.and_then(|t| self.heads.get(t)) else {
            return;
        };
        if head.height > self.frame.height * HEAD_SHARE {
            return;
        }
        for row in &head.rows {
            let height = row.height();
            self.page.items.push(Placed {
                y: self.frame.top + self.y,
                content: Content::Repeated(Rc::clone(row), height),
            });
            self.y += height;
            self.begun = true;
        }
        self.after = Some(0.0);
    }
}
