//! Breaks prepared text into lines.

use super::line::{Atom, Break, Prepared, Preparer};

/// A line of text; positions are measured from its left end.
#[derive(Debug, Clone, Default)]
pub(super) struct TextLine {
    pub parts: Vec<Part>,
    pub width: f32,
    /// The line before it was broken to fit, not by the author.
    pub continued: bool,
}

/// An atom with its place on the line.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub x: f32,
    pub atom: Atom,
}

/// How text may be broken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wrap {
    /// Punctuation inside a token is as good as a space.
    pub anywhere: bool,
    /// Lines that continue one broken to fit begin further right.
    pub indent: f32,
}

/// Widths are sums of rounded numbers; do not break a line over less than this.
const SLACK: f32 = 0.01;
/// Breaking after punctuation must fill at least this share of the line.
const FILL: f32 = 0.35;

/// Breaks text into lines no wider than `width`.
pub(super) fn wrap(text: &Prepared, width: f32, mode: Wrap, preparer: &mut Preparer) -> Vec<TextLine> {
    let mut breaker = Breaker {
        width,
        mode,
        lines: Vec::new(),
        line: TextLine::default(),
        x: 0.0,
        back: Vec::new(),
    };
    let mut atoms = text.atoms.iter();
    while let Some(atom) = breaker.back.pop().or_else(|| atoms.next().cloned()) {
        breaker.place(atom, preparer);
    }
    if !breaker.line.parts.is_empty() {
        breaker.end(false);
    }
    breaker.lines
}

struct Breaker {
    width: f32,
    mode: Wrap,
    lines: Vec<TextLine>,
    line: TextLine,
    x: f32,
    /// Atoms returned by a break, the next one last.
    back: Vec<Atom>,
}

impl Breaker {
    fn room(&self) -> f32 {
        if self.line.continued {
            self.width - self.mode.indent
        } else {
            self.width
        }
    }

    fn place(&mut self, atom: Atom, preparer: &mut Preparer) {
        if self.x + atom.width <= self.room() + SLACK {
            self.push(atom);
            return;
        }
        if let Some(at) = self.best(Break::Word) {
            self.back.push(atom);
            self.cut(at);
            return;
        }
        if let Some(at) = self.best(Break::Piece)
            && self.end_of(at) >= self.room() * FILL
        {
            self.back.push(atom);
            self.cut(at);
            return;
        }
        let room = self.room() - self.x;
        let must = self.line.parts.is_empty();
        match split(&atom, room, must, preparer) {
            Some((head, tail)) => {
                self.back.extend(tail);
                self.push(head);
                if !self.line.parts.is_empty() && !self.back.is_empty() {
                    self.end(true);
                }
            }
            // Nothing of it fits behind what is on the line.
            None => {
                self.back.push(atom);
                self.end(true);
            }
        }
    }

    fn push(&mut self, atom: Atom) {
        let after = atom.after;
        let x = self.x;
        self.x += atom.width + atom.space;
        self.line.parts.push(Part { x, atom });
        if after == Break::Line {
            self.end(false);
        }
    }

    /// The last part after which a break of at least this worth is possible.
    fn best(&self, wanted: Break) -> Option<usize> {
        let wanted = if self.mode.anywhere { Break::Piece } else { wanted };
        self.line
            .parts
            .iter()
            .rposition(|p| p.atom.after >= wanted)
            .filter(|at| self.end_of(*at) > 0.0)
    }

    fn end_of(&self, at: usize) -> f32 {
        self.line.parts.get(at).map_or(0.0, |p| p.x + p.atom.width)
    }

    /// Ends the line after part `at` and returns the rest.
    fn cut(&mut self, at: usize) {
        let rest = self.line.parts.split_off(at + 1);
        self.back.extend(rest.into_iter().rev().map(|p| p.atom));
        self.end(true);
    }

    fn end(&mut self, broken: bool) {
        let mut line = std::mem::take(&mut self.line);
        line.width = line.parts.last().map_or(0.0, |p| p.x + p.atom.width);
        self.lines.push(line);
        self.line.continued = broken;
        self.x = 0.0;
    }
}

/// Splits an atom so that its head fits into `room`; with `must`, the head has at least one
/// cluster however wide.
fn split(atom: &Atom, room: f32, must: bool, preparer: &mut Preparer) -> Option<(Atom, Option<Atom>)> {
    let text = atom.shaped.text.clone();
    let scale = atom.ink.size / 1000.0;
    let mut fitting = None;
    for at in preparer.cluster_ends(&text) {
        let advance: i32 = atom
            .shaped
            .glyphs
            .iter()
            .filter(|g| g.start < at)
            .map(|g| g.advance)
            .sum();
        let fits = atom.pad.0 + advance as f32 * scale <= room + SLACK;
        if fits || (must && fitting.is_none()) {
            fitting = Some(at);
        }
        if !fits {
            break;
        }
    }
    let Some(at) = fitting else {
        return must.then(|| (atom.clone(), None));
    };
    let face = atom.shaped.face;
    let mut part = |text: &str, pad: (f32, f32)| {
        let shaped = preparer.shaper.shape(face, text);
        Atom {
            width: shaped.advance as f32 * scale + pad.0 + pad.1,
            shaped,
            ink: atom.ink,
            spaces: 0,
            space: 0.0,
            pad,
            after: Break::Cluster,
        }
    };
    let head = part(&text[..at], (atom.pad.0, 0.0));
    let mut tail = part(&text[at..], (0.0, atom.pad.1));
    tail.spaces = atom.spaces;
    tail.space = atom.space;
    tail.after = atom.after;
    Some((head, Some(tail)))
}
