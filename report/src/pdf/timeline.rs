//! Timelines: lanes of coloured spans and labelled marks over an axis of months or days.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate};

use super::bars::{label_column, legend, lines};
use super::figure::{Lane, Moment, Timeline};
use super::para::Setter;
use super::piece::{Body, Drawing, Piece};
use super::sink::{Area, Shape};
use super::structure::NodeId;
use super::style::{FAINT, FIGURE, INK, MUTED, NAVY, RULE, WHITE};

const BAND: f32 = 9.0;
const LABEL_ROWS: usize = 4;
/// Least distance between two labels on one row.
const APART: f32 = 6.0;

/// Maps moments to the page.
struct Scale {
    start: i64,
    end: i64,
    left: f32,
    width: f32,
}

impl Scale {
    fn x(&self, moment: Moment) -> f32 {
        let at = moment.0.clamp(self.start, self.end) - self.start;
        self.left + self.width * (at as f64 / (self.end - self.start) as f64) as f32
    }

    fn shows(&self, moment: Moment) -> bool {
        (self.start..=self.end).contains(&moment.0)
    }
}

pub(super) fn set(timeline: &Timeline, setter: &mut Setter, x: f32, width: f32, node: NodeId, pieces: &mut Vec<Piece>) {
    let labels = label_column(setter, timeline.lanes.iter().map(|l| l.label.as_str()), width, node);
    let scale = Scale {
        start: timeline.start.0,
        end: timeline.end.0,
        left: x + labels,
        width: width - labels,
    };
    let ticks = ticks(&scale);
    for lane in &timeline.lanes {
        let mut piece = lane_piece(lane, &scale, &ticks, setter, x, labels, node);
        piece.keep = true;
        pieces.push(piece);
    }
    pieces.push(axis(&scale, &ticks, setter, node));
    if timeline.legend {
        let tones = timeline.lanes.iter().flat_map(|l| &l.spans).map(|s| s.tone);
        legend(setter, tones, scale.left, x + width, node, pieces);
    }
}

fn lane_piece(
    lane: &Lane,
    scale: &Scale,
    ticks: &[(Moment, String)],
    setter: &mut Setter,
    x: f32,
    labels: f32,
    node: NodeId,
) -> Piece {
    let mut drawing = Drawing {
        node: Some(node),
        ..Drawing::default()
    };
    // Labels of marks stand in rows above the band, each in the lowest row with room.
    let mut ends = [f32::MIN; LABEL_ROWS];
    let mut placed = Vec::new();
    let mut marks: Vec<_> = lane.marks.iter().filter(|m| scale.shows(m.at)).collect();
    marks.sort_by_key(|m| m.at);
    for mark in &marks {
        let at = scale.x(mark.at);
        let set = lines(setter, &mark.label, FIGURE.colored(MUTED), f32::MAX, node);
        let Some(line) = set.into_iter().next() else { continue };
        let room = scale.left + scale.width;
        let left = (at - line.width / 2.0).clamp(scale.left, (room - line.width).max(scale.left));
        if line.width > scale.width {
            continue;
        }
        let row = ends.iter().position(|end| left >= end + APART);
        if let Some(row) = row {
            ends[row] = left + line.width;
            placed.push((row, at, left, line));
        }
    }
    let rows = placed.iter().map(|(row, ..)| row + 1).max().unwrap_or(0);
    let top = 3.0 + rows as f32 * FIGURE.leading + if rows > 0 { 4.0 } else { 0.0 };
    let label = if lane.label.is_empty() {
        Vec::new()
    } else {
        lines(setter, &lane.label, FIGURE, (labels - 8.0).max(1.0), node)
    };
    let label_top = (top + BAND / 2.0 - label.len() as f32 * FIGURE.leading / 2.0).max(0.0);
    let height = (top + BAND + 4.0).max(label_top + label.len() as f32 * FIGURE.leading + 2.0);
    for (tick, _) in ticks {
        drawing.shapes.push(Shape::Line {
            from: (scale.x(*tick), top - 2.0),
            to: (scale.x(*tick), height),
            color: RULE,
            width: 0.4,
        });
    }
    drawing.shapes.push(Shape::Rect {
        area: Area {
            x: scale.left,
            y: top + BAND / 2.0 - 0.4,
            width: scale.width,
            height: 0.8,
        },
        radius: 0.0,
        fill: RULE,
    });
    for span in &lane.spans {
        let (from, to) = (scale.x(span.from), scale.x(span.to));
        if span.to.0 < scale.start || span.from.0 > scale.end || to < from {
            continue;
        }
        // A span of an hour must still be seen in a year.
        let wide = (to - from).max(1.2).min(scale.left + scale.width - from);
        drawing.shapes.push(Shape::Rect {
            area: Area {
                x: from,
                y: top,
                width: wide,
                height: BAND,
            },
            radius: 0.0,
            fill: span.tone.solid(),
        });
    }
    let (mut leaders, mut plates) = (Vec::new(), Vec::new());
    for (row, at, left, line) in placed {
        let baseline = top - 5.0 - row as f32 * FIGURE.leading;
        leaders.push(Shape::Line {
            from: (at, baseline + 2.0),
            to: (at, top),
            color: FAINT,
            width: 0.4,
        });
        // A leader to a higher label must not cross the words of a lower one.
        plates.push(Shape::Rect {
            area: Area {
                x: left - 1.5,
                y: baseline - FIGURE.size,
                width: line.width + 3.0,
                height: FIGURE.leading - 0.6,
            },
            radius: 0.0,
            fill: WHITE,
        });
        drawing.texts.push((left, baseline, line));
    }
    drawing.shapes.append(&mut leaders);
    drawing.shapes.append(&mut plates);
    for mark in &marks {
        let (at, y, r) = (scale.x(mark.at), top + BAND / 2.0, 3.4);
        drawing.shapes.push(Shape::Polygon {
            points: vec![(at, y - r), (at + r, y), (at, y + r), (at - r, y)],
            fill: NAVY,
        });
    }
    for (i, line) in label.into_iter().enumerate() {
        let y = label_top + i as f32 * FIGURE.leading + FIGURE.baseline();
        drawing.texts.push((x, y, line));
    }
    Piece::new(height, Body::Drawing(Box::new(drawing)))
}

fn axis(scale: &Scale, ticks: &[(Moment, String)], setter: &mut Setter, node: NodeId) -> Piece {
    let mut drawing = Drawing {
        node: Some(node),
        ..Drawing::default()
    };
    drawing.shapes.push(Shape::Line {
        from: (scale.left, 0.5),
        to: (scale.left + scale.width, 0.5),
        color: INK,
        width: 0.6,
    });
    let mut end = f32::MIN;
    for (tick, title) in ticks {
        let at = scale.x(*tick);
        drawing.shapes.push(Shape::Line {
            from: (at, 0.5),
            to: (at, 3.5),
            color: INK,
            width: 0.6,
        });
        for line in lines(setter, title, FIGURE.colored(MUTED), f32::MAX, node) {
            let right = scale.left + scale.width - line.width;
            if at >= end + APART && at + 2.0 <= right {
                end = at + 2.0 + line.width;
                drawing.texts.push((at + 2.0, 10.6, line));
            }
        }
    }
    let mut piece = Piece::new(14.0, Body::Drawing(Box::new(drawing)));
    piece.keep = true;
    piece
}

/// Begins of days, months, quarters or years, at most about a dozen.
fn ticks(scale: &Scale) -> Vec<(Moment, String)> {
    let day = |seconds: i64| DateTime::from_timestamp(seconds, 0).map(|t| t.date_naive());
    let (Some(first), Some(last)) = (day(scale.start), day(scale.end)) else {
        return Vec::new();
    };
    let days = (last - first).num_days();
    type Step = fn(NaiveDate, i64) -> Option<NaiveDate>;
    let months: Step = |d, n| d.checked_add_months(Months::new(n as u32));
    let (from, step, count, format): (_, Step, i64, _) = if days <= 14 {
        (Some(first), |d, n| d.checked_add_signed(Duration::days(n)), 1, "%d %b")
    } else if days <= 62 {
        (Some(first), |d, n| d.checked_add_signed(Duration::days(n)), 7, "%d %b")
    } else if days <= 430 {
        (first.with_day(1), months, 1, "%b %y")
    } else if days <= 1300 {
        (
            first.with_day(1).and_then(|d| d.with_month(d.month0() / 3 * 3 + 1)),
            months,
            3,
            "%b %y",
        )
    } else {
        (
            NaiveDate::from_ymd_opt(first.year(), 1, 1),
            months,
            12 * (1 + days / 4380),
            "%Y",
        )
    };
    let mut ticks = Vec::new();
    let mut at = from;
    while let Some(date) = at.filter(|d| *d <= last && ticks.len() < 64) {
        let moment = date.and_hms_opt(0, 0, 0).map(|t| Moment(t.and_utc().timestamp()));
        if let Some(moment) = moment.filter(|m| scale.shows(*m)) {
            ticks.push((moment, date.format(format).to_string()));
        }
        at = step(date, count);
    }
    ticks
}
