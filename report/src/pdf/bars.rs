//! Stacked bars of counts, and the legend that timelines share.

use super::contents::inline;
use super::figure::Bars;
use super::fonts::Face;
use super::para::Setter;
use super::piece::{Body, Drawing, Piece};
use super::sink::{Area, Shape};
use super::structure::NodeId;
use super::style::{FIGURE, MUTED, TextBase, Tone, WHITE};
use super::wrap::{TextLine, Wrap, wrap};

const BAR: f32 = 11.0;
const TOTAL: f32 = 34.0;
const GAP: f32 = 8.0;
/// A count is written into its part only if this much room is left beside it.
const COUNT_PAD: f32 = 5.0;

/// A label longer than this could outgrow the page.
const LABEL: usize = 160;

/// Sets one line of text, or several in a narrow room.
pub(super) fn lines(setter: &mut Setter, text: &str, base: TextBase, room: f32, node: NodeId) -> Vec<TextLine> {
    let short = match text.char_indices().nth(LABEL) {
        Some((end, _)) => inline(&format!("{}\u{2026}", &text[..end])),
        None => inline(text),
    };
    let ready = setter.preparer.prepare(&short, base, node, &mut setter.structure);
    wrap(&ready, room, Wrap::default(), &mut setter.preparer)
}

/// The width of the label column: what the labels need, up to a share of the width.
pub(super) fn label_column<'a>(
    setter: &mut Setter,
    labels: impl Iterator<Item = &'a str>,
    width: f32,
    node: NodeId,
) -> f32 {
    let widest = labels
        .filter(|l| !l.is_empty())
        .map(|l| {
            let set = lines(setter, l, FIGURE, f32::MAX, node);
            set.iter().map(|l| l.width).fold(0.0, f32::max)
        })
        .fold(0.0, f32::max);
    if widest == 0.0 {
        0.0
    } else {
        (widest + 1.0).min(width * 0.3) + GAP
    }
}

pub(super) fn set(bars: &Bars, setter: &mut Setter, x: f32, width: f32, node: NodeId, pieces: &mut Vec<Piece>) {
    let labels = label_column(setter, bars.bars.iter().map(|b| b.label.as_str()), width, node);
    let left = x + labels;
    let room = width - labels - TOTAL - GAP;
    let most = bars
        .bars
        .iter()
        .map(|b| b.parts.iter().map(|p| u64::from(p.count)).sum::<u64>())
        .max()
        .unwrap_or(0)
        .max(1);
    let start = pieces.len();
    for bar in &bars.bars {
        let mut drawing = Drawing {
            node: Some(node),
            ..Drawing::default()
        };
        let label = lines(setter, &bar.label, FIGURE, (labels - GAP).max(1.0), node);
        let height = (label.len() as f32 * FIGURE.leading).max(BAR) + 5.0;
        for (i, line) in label.into_iter().enumerate() {
            let y = i as f32 * FIGURE.leading + FIGURE.baseline() + 2.5;
            drawing.texts.push((x, y, line));
        }
        let top = 2.5;
        let baseline = top + BAR / 2.0 + FIGURE.size * 0.36;
        let mut at = left;
        let total: u64 = bar.parts.iter().map(|p| u64::from(p.count)).sum();
        for part in bar.parts.iter().filter(|p| p.count > 0) {
            let wide = room * (f64::from(part.count) / most as f64) as f32;
            drawing.shapes.push(Shape::Rect {
                area: Area {
                    x: at,
                    y: top,
                    width: wide,
                    height: BAR,
                },
                radius: 0.0,
                fill: part.tone.solid(),
            });
            let dark = matches!(part.tone, Tone::NotApplicable | Tone::NotTested | Tone::Accepted);
            let base = FIGURE
                .faced(Face::Bold)
                .colored(if dark { FIGURE.color } else { WHITE });
            let count = lines(setter, &part.count.to_string(), base, f32::MAX, node);
            for line in count {
                if line.width + COUNT_PAD <= wide {
                    drawing.texts.push((at + (wide - line.width) / 2.0, baseline, line));
                }
            }
            at += wide;
        }
        for line in lines(setter, &total.to_string(), FIGURE.colored(MUTED), f32::MAX, node) {
            drawing.texts.push((at + 5.0, baseline, line));
        }
        let mut piece = Piece::new(height, Body::Drawing(Box::new(drawing)));
        piece.keep = bars.bars.len() <= 12;
        pieces.push(piece);
    }
    if bars.legend {
        let tones = bars.bars.iter().flat_map(|b| &b.parts).filter(|p| p.count > 0);
        legend(setter, tones.map(|p| p.tone), left, x + width, node, pieces);
    }
    if let Some(first) = pieces.get_mut(start) {
        first.keep = true;
    }
}

/// One swatch and title per tone, wrapped to as many lines as needed.
pub(super) fn legend(
    setter: &mut Setter,
    tones: impl Iterator<Item = Tone>,
    left: f32,
    right: f32,
    node: NodeId,
    pieces: &mut Vec<Piece>,
) {
    let mut tones: Vec<Tone> = tones.collect();
    tones.sort_unstable();
    tones.dedup();
    let mut rows: Vec<Drawing> = Vec::new();
    let mut x = right;
    for tone in tones {
        for line in lines(setter, tone.title(), FIGURE.colored(MUTED), f32::MAX, node) {
            let wide = 11.0 + line.width + 14.0;
            if x + wide > right {
                rows.push(Drawing {
                    node: Some(node),
                    ..Drawing::default()
                });
                x = left;
            }
            let Some(row) = rows.last_mut() else { continue };
            row.shapes.push(Shape::Rect {
                area: Area {
                    x,
                    y: 6.0,
                    width: 7.0,
                    height: 7.0,
                },
                radius: 1.2,
                fill: tone.solid(),
            });
            row.texts.push((x + 11.0, 12.3, line));
            x += wide;
        }
    }
    for row in rows {
        let mut piece = Piece::new(14.0, Body::Drawing(Box::new(row)));
        piece.keep = true;
        pieces.push(piece);
    }
}
