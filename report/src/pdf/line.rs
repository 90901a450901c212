//! Text made ready for line breaking: words and the pieces of long identifiers, shaped.

use std::collections::BTreeSet;
use std::rc::Rc;

use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{GraphemeClusterSegmenter, LineSegmenter};

use super::document::{Inline, Mark, Span};
use super::escape::{Stretch, escaped, stretches};
use super::fonts::Face;
use super::shape::{Shaped, Shaper};
use super::structure::{NodeId, Role, Structure};
use super::style::{Color, ESCAPE, LINK, MUTED, TextBase, Tone};

/// How a stretch of text is drawn and what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink {
    pub(super) size: f32,
    pub(super) color: Color,
    /// Tone, number and size of a label.
    pub(super) pill: Option<(Tone, u32)>,
    /// Index into the document's links.
    pub(super) link: Option<u32>,
    pub(super) node: NodeId,
}

/// How good a place the end of an atom is to break the line, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// Only if nothing else is possible.
    Never,
    /// Between two characters of a long token.
    Cluster,
    /// After a punctuation mark inside a token.
    Piece,
    /// Between words.
    Word,
    /// Here the line ends.
    Line,
}

/// The smallest unit of line breaking.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    pub shaped: Rc<Shaped>,
    pub ink: Ink,
    /// Width without the spaces after it, with the padding of a label.
    pub width: f32,
    pub spaces: u16,
    /// Width of those spaces.
    pub space: f32,
    /// Padding of a label before and after the text.
    pub pad: (f32, f32),
    pub after: Break,
}

/// A paragraph's atoms and what the column widths need to know of them.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub atoms: Vec<Atom>,
    /// Width of the longest line if there were room for it.
    pub total: f32,
    /// Width of the longest word.
    pub word: f32,
    /// Width of the longest piece between places where a token may be broken.
    pub piece: f32,
}

/// Horizontal padding of a label.
pub(super) const PILL_PAD: f32 = 4.0;
/// The text of a label is this much smaller than the text around it.
const PILL_SCALE: f32 = 0.86;
/// A token longer than this without punctuation is cut into clusters.
const LONG: usize = 16;

/// Turns inline text into atoms.
pub(super) struct Preparer {
    pub shaper: Shaper,
    pub missing: BTreeSet<char>,
    words: icu_segmenter::LineSegmenterBorrowed<'static>,
    clusters: icu_segmenter::GraphemeClusterSegmenterBorrowed<'static>,
}

/// A stretch of the flat text in one face and ink.
struct Run {
    end: usize,
    face: Face,
    ink: Ink,
}

impl Preparer {
    pub fn new(shaper: Shaper) -> Self {
        Self {
            shaper,
            missing: BTreeSet::new(),
            words: LineSegmenter::new_for_non_complex_scripts(LineBreakOptions::default()),
            clusters: GraphemeClusterSegmenter::new(),
        }
    }

    /// Prepares inline text that belongs to `node`; links get nodes of their own below it.
    pub fn prepare(&mut self, text: &Inline, base: TextBase, node: NodeId, structure: &mut Structure) -> Prepared {
        let mut prepared = Prepared::default();
        let mut flat = String::new();
        let mut runs = Vec::new();
        let mut link_node: Option<(u32, NodeId)> = None;
        for span in text {
            match span {
                Span::Break => {
                    self.atoms(&flat, &runs, &mut prepared.atoms);
                    if let Some(last) = prepared.atoms.last_mut().filter(|a| a.after != Break::Line)
                        && !flat.is_empty()
                    {
                        last.after = Break::Line;
                    } else {
                        let empty = self.shaper.shape(base.face, "");
                        prepared.atoms.push(empty_line(empty, base, node));
                    }
                    flat.clear();
                    runs.clear();
                }
                Span::Text(t, mark) => {
                    let node = match (mark.link, link_node) {
                        (Some(link), Some((l, n))) if l == link => n,
                        (Some(link), _) => {
                            let n = structure.add(node, Role::Link);
                            link_node = Some((link, n));
                            n
                        }
                        (None, _) => node,
                    };
                    self.run(t, *mark, base, node, &mut flat, &mut runs);
                }
            }
        }
        self.atoms(&flat, &runs, &mut prepared.atoms);
        pad_pills(&mut prepared.atoms);
        measure(&mut prepared);
        prepared
    }

    /// Appends one span to the flat text, escaping what cannot be drawn.
    fn run(&mut self, text: &str, mark: Mark, base: TextBase, node: NodeId, flat: &mut String, runs: &mut Vec<Run>) {
        let (face, ink) = resolve(mark, base, node);
        let fonts = self.shaper.fonts;
        for stretch in stretches(fonts, face, text, &mut self.missing) {
            match stretch {
                Stretch::Plain(plain) => {
                    let mut current = face;
                    for c in plain.chars() {
                        // Marks stay with their base; both are in its face.
                        if !super::escape::is_mark(c) && !c.is_ascii() {
                            let covering = fonts.covering(face, c).unwrap_or(face);
                            if covering != current {
                                close(runs, flat.len(), current, ink);
                                current = covering;
                            }
                        } else if c.is_ascii() && current != face {
                            close(runs, flat.len(), current, ink);
                            current = face;
                        }
                        flat.push(c);
                    }
                    close(runs, flat.len(), current, ink);
                }
                Stretch::Escape(c) => {
                    flat.push_str(&escaped(c));
                    let ink = Ink {
                        color: ESCAPE,
                        size: ink.size * 0.92,
                        ..ink
                    };
                    close(runs, flat.len(), Face::Mono, ink);
                }
            }
        }
    }

    /// Cuts the flat text of one line of input into shaped atoms.
    fn atoms(&mut self, flat: &str, runs: &[Run], atoms: &mut Vec<Atom>) {
        let mut start = 0;
        let mut cuts = Vec::new();
        self.cuts(flat, runs, &mut cuts);
        let mut runs = runs.iter().peekable();
        for (end, after) in cuts {
            while runs.peek().is_some_and(|r| r.end <= start) {
                runs.next();
            }
            let Some(run) = runs.peek() else { break };
            let slice = &flat[start..end];
            start = end;
            let text = slice.trim_end_matches(' ');
            let spaces = (slice.len() - text.len()) as u16;
            let shaped = self.shaper.shape(run.face, text);
            let space = if spaces == 0 {
                0.0
            } else {
                f32::from(spaces) * self.shaper.space(run.face, run.ink.size)
            };
            atoms.push(Atom {
                width: shaped.advance as f32 * run.ink.size / 1000.0,
                shaped,
                ink: run.ink,
                spaces,
                space,
                pad: (0.0, 0.0),
                after,
            });
        }
    }

    /// Places where the text is cut, in order, each with its worth as a line break.
    fn cuts(&self, flat: &str, runs: &[Run], cuts: &mut Vec<(usize, Break)>) {
        if flat.is_empty() {
            return;
        }
        let bytes = flat.as_bytes();
        let mut word_start = 0;
        for end in self.words.segment_str(flat).filter(|e| *e > 0) {
            let spaced = bytes[end - 1] == b' ';
            // Inside an identifier only its punctuation counts, so that it stays whole
            // where it can.
            if end < flat.len() && !spaced && is_identifier(token(flat, end)) {
                continue;
            }
            self.pieces(flat, word_start, end, cuts);
            cuts.push((end, Break::Word));
            word_start = end;
        }
        for run in runs {
            cuts.push((run.end, Break::Never));
        }
        // Of two cuts at one place the better break counts.
        cuts.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        cuts.dedup_by_key(|c| c.0);
    }

    fn pieces(&self, flat: &str, start: usize, end: usize, cuts: &mut Vec<(usize, Break)>) {
        let word = flat[start..end].trim_end_matches(' ');
        let mut from = 0;
        let long = word.len() > LONG;
        for (at, byte) in word.bytes().enumerate() {
            let next = word.as_bytes().get(at + 1);
            let joint = is_joint(byte) && next.is_some_and(|n| !is_joint(*n));
            // Names such as AWSServiceRoleForSupport are read by their capitals.
            let hump =
                long && byte.is_ascii_lowercase() && next.is_some_and(u8::is_ascii_uppercase) && at + 1 - from >= 3;
            if joint || hump {
                self.clusters(word, start, from, at + 1, cuts);
                cuts.push((start + at + 1, Break::Piece));
                from = at + 1;
            }
        }
        self.clusters(word, start, from, word.len(), cuts);
    }

    fn clusters(&self, word: &str, start: usize, from: usize, to: usize, cuts: &mut Vec<(usize, Break)>) {
        if to - from <= LONG {
            return;
        }
        let mut last = 0;
        for at in self.clusters.segment_str(&word[from..to]) {
            if at - last >= LONG / 2 && at < to - from {
                cuts.push((start + from + at, Break::Cluster));
                last = at;
            }
        }
    }

    /// Byte positions between the clusters of a text, without its ends.
    pub fn cluster_ends(&self, text: &str) -> Vec<usize> {
        self.clusters
            .segment_str(text)
            .filter(|at| *at > 0 && *at < text.len())
            .collect()
    }
}

fn empty_line(shaped: Rc<Shaped>, base: TextBase, node: NodeId) -> Atom {
    let (_, ink) = resolve(Mark::default(), base, node);
    Atom {
        shaped,
        ink,
        width: 0.0,
        spaces: 0,
        space: 0.0,
        pad: (0.0, 0.0),
        after: Break::Line,
    }
}

fn close(runs: &mut Vec<Run>, end: usize, face: Face, ink: Ink) {
    if end > runs.last().map_or(0, |r| r.end) {
        runs.push(Run { end, face, ink });
    }
}

fn resolve(mark: Mark, base: TextBase, node: NodeId) -> (Face, Ink) {
    let mut face = base.face;
    let mut size = base.size;
    let mut color = base.color;
    if mark.italic {
        face = Face::Italic;
    }
    if mark.bold {
        face = Face::Bold;
    }
    if mark.mono && face != Face::Mono {
        face = Face::Mono;
        size *= 0.92;
    }
    if mark.muted {
        color = MUTED;
    }
    if mark.link.is_some() {
        color = LINK;
    }
    if let Some((tone, _)) = mark.pill {
        face = Face::Bold;
        size *= PILL_SCALE;
        color = tone.label().1;
    }
    let ink = Ink {
        size,
        color,
        pill: mark.pill,
        link: mark.link,
        node,
    };
    (face, ink)
}

/// Punctuation after which an identifier is best broken.
const fn is_joint(byte: u8) -> bool {
    matches!(
        byte,
        b':' | b'/' | b'-' | b'_' | b'.' | b',' | b'=' | b'&' | b'?' | b'@' | b'|' | b'+' | b'#'
    )
}

/// The white-space delimited token around a position.
fn token(flat: &str, at: usize) -> &str {
    let start = flat[..at].rfind(' ').map_or(0, |i| i + 1);
    let end = flat[at..].find(' ').map_or(flat.len(), |i| at + i);
    &flat[start..end]
}

/// ARNs, addresses, paths: tokens that should not be broken like prose.
fn is_identifier(token: &str) -> bool {
    token.len() > 16 && token.bytes().filter(|b| matches!(b, b':' | b'/' | b'_' | b'=')).count() > 1
}

/// A label is one unbreakable atom sequence with padding at its ends.
fn pad_pills(atoms: &mut [Atom]) {
    for at in 0..atoms.len() {
        let Some(pill) = atoms[at].ink.pill else {
            continue;
        };
        let first = at == 0 || atoms[at - 1].ink.pill != Some(pill);
        let last = atoms.get(at + 1).is_none_or(|n| n.ink.pill != Some(pill));
        let atom = &mut atoms[at];
        if first {
            atom.pad.0 = PILL_PAD;
        }
        if last {
            atom.pad.1 = PILL_PAD;
        } else if atom.after != Break::Line {
            atom.after = Break::Never;
        }
        atom.width += atom.pad.0 + atom.pad.1;
    }
}

fn measure(prepared: &mut Prepared) {
    let (mut line, mut word, mut piece) = (0.0f32, 0.0f32, 0.0f32);
    for atom in &prepared.atoms {
        line += atom.width;
        word += atom.width;
        piece += atom.width;
        prepared.total = prepared.total.max(line);
        prepared.word = prepared.word.max(word);
        prepared.piece = prepared.piece.max(piece);
        line += atom.space;
        word += atom.space;
        piece += atom.space;
        match atom.after {
            Break::Line => (line, word, piece) = (0.0, 0.0, 0.0),
            Break::Word => (word, piece) = (0.0, 0.0),
            Break::Piece | Break::Cluster => piece = 0.0,
            Break::Never => {}
        }
    }
}
