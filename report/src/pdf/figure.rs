//! Drawings described by a small JSON object: timelines and stacked bars.

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Deserializer, de};

use super::error::PdfError;
use super::para::Setter;
use super::parse::{Element, excerpt};
use super::piece::Piece;
use super::structure::NodeId;
use super::style::Tone;

/// A drawing and, if given, its meaning in words.
#[derive(Debug)]
pub(super) struct Figure {
    alt: Option<String>,
    pub kind: FigureKind,
}

#[derive(Debug)]
pub(super) enum FigureKind {
    Timeline(Timeline),
    Bars(Bars),
}

/// What happened when, on one or more lanes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeline {
    pub start: Moment,
    pub end: Moment,
    pub lanes: Vec<Lane>,
    #[serde(default = "yes")]
    pub legend: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lane {
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub spans: Vec<LaneSpan>,
    #[serde(default)]
    pub marks: Vec<LaneMark>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LaneSpan {
    pub from: Moment,
    pub to: Moment,
    #[serde(deserialize_with = "tone")]
    pub tone: Tone,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LaneMark {
    pub at: Moment,
    #[serde(default)]
    pub label: String,
}

/// Counts side by side, one bar per line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bars {
    pub bars: Vec<Bar>,
    #[serde(default = "yes")]
    pub legend: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bar {
    pub label: String,
    pub parts: Vec<BarPart>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BarPart {
    #[serde(deserialize_with = "tone")]
    pub tone: Tone,
    pub count: u32,
}

/// A day or an instant, in seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub i64);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = text.parse::<NaiveDate>().ok();
        let instant = || DateTime::parse_from_rfc3339(&text).ok();
        day.and_then(|d| d.and_hms_opt(0, 0, 0))
            .map(|t| t.and_utc().timestamp())
            .or_else(|| instant().map(|t| t.timestamp()))
            .map(Moment)
            .ok_or_else(|| de::Error::custom(format!("{:?} is no date", excerpt(&text))))
    }
}

fn tone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tone, D::Error> {
    let name = String::deserialize(deserializer)?;
    Tone::from_class(&name).ok_or_else(|| de::Error::custom(format!("{:?} is no tone", excerpt(&name))))
}

const fn yes() -> bool {
    true
}

impl Figure {
    pub fn read(e: &Element) -> Result<Figure, PdfError> {
        let json = e.attribute("data-json").unwrap_or_default();
        let bad = |attribute: &'static str, value: &str, reason: String| PdfError::BadValue {
            line: e.line,
            tag: "figure",
            attribute,
            value: excerpt(value),
            reason,
        };
        let wrong = |err: serde_json::Error| bad("data-json", json, err.to_string());
        for node in &e.children {
            super::build::blank(node, e)?;
        }
        let kind = match e.attribute("data-kind").unwrap_or_default() {
            "timeline" => {
                let timeline: Timeline = serde_json::from_str(json).map_err(wrong)?;
                if timeline.start >= timeline.end {
                    let reason = "start must be before end".to_owned();
                    return Err(bad("data-json", json, reason));
                }
                FigureKind::Timeline(timeline)
            }
            "bars" => FigureKind::Bars(serde_json::from_str(json).map_err(wrong)?),
            other => return Err(bad("data-kind", other, "must be timeline or bars".to_owned())),
        };
        Ok(Figure {
            alt: e.attribute("alt").map(str::to_owned),
            kind,
        })
    }

    /// The meaning in words, for those who cannot see the drawing.
    pub fn alt(&self) -> String {
        if let Some(alt) = &self.alt {
            return alt.clone();
        }
        match &self.kind {
            FigureKind::Timeline(t) => {
                let day = |m: &Moment| {
                    DateTime::from_timestamp(m.0, 0).map_or_else(String::new, |d| d.format("%Y-%m-%d").to_string())
                };
                let spans: usize = t.lanes.iter().map(|l| l.spans.len()).sum();
                let marks: usize = t.lanes.iter().map(|l| l.marks.len()).sum();
                format!(
                    "Timeline from {} to {}: {} lanes, {spans} spans, {marks} marks.",
                    day(&t.start),
                    day(&t.end),
                    t.lanes.len()
                )
            }
            FigureKind::Bars(b) => b
                .bars
                .iter()
                .map(|bar| {
                    let parts: Vec<String> = bar
                        .parts
                        .iter()
                        .map(|p| format!("{} {}", p.count, p.tone.title().to_lowercase()))
                        .collect();
                    format!("{}: {}.", bar.label, parts.join(", "))
                })
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// Sets the drawing as pieces that may be divided between lanes or bars.
    pub fn set(&self, setter: &mut Setter, x: f32, width: f32, node: NodeId, pieces: &mut Vec<Piece>) {
        let start = pieces.len();
        match &self.kind {
            FigureKind::Timeline(t) => super::timeline::set(t, setter, x, width, node, pieces),
            FigureKind::Bars(b) => super::bars::set(b, setter, x, width, node, pieces),
        }
        if let Some(first) = pieces.get_mut(start) {
            first.before = 8.0;
        }
        if let Some(last) = pieces.get_mut(start..).and_then(|p| p.last_mut()) {
            last.keep = false;
            last.after = 14.0;
        }
    }
}
