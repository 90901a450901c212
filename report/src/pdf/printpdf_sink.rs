//! The shipped back end: printpdf's page operations. What printpdf cannot say (tags, outline,
//! destinations) is noted here and added by [`super::finish`].

use std::collections::BTreeMap;

use printpdf::{
    Color as PdfColor, DictItem, Line, LinePoint, Op, PaintMode, PdfFontHandle, PdfPage, Point, Polygon, PolygonRing,
    Pt, Rect, Rgb, TextMatrix, WindingOrder,
};

use super::document::Target;
use super::escape::revealed;
use super::fonts::{Face, Fonts};
use super::sink::{Area, Glyphs, Run, Shape, Sink, Tag};
use super::structure::NodeId;
use super::style::Color;
use super::subset::{Used, font_id};

/// Content or an empty place of a structure node, in drawing order.
#[derive(Debug)]
pub(super) struct Marked {
    pub node: NodeId,
    pub page: usize,
    /// Number of the marked content on its page.
    pub content: Option<i64>,
    /// Index of a link.
    pub link: Option<usize>,
}

#[derive(Debug)]
pub(super) struct LinkArea {
    pub page: usize,
    /// Left, bottom, right, top, from the bottom left corner.
    pub rect: [f32; 4],
    pub target: Target,
    pub words: String,
}

#[derive(Debug)]
pub(super) struct OutlineEntry {
    pub level: u8,
    pub title: String,
    pub page: usize,
    pub y: f32,
}

/// Collects page operations and everything that is added afterwards.
pub(super) struct PrintpdfSink {
    pub fonts: &'static Fonts,
    pub pages: Vec<PdfPage>,
    pub used: [Used; 4],
    pub marked: Vec<Marked>,
    pub links: Vec<LinkArea>,
    pub outline: Vec<OutlineEntry>,
    /// Page and height of every named destination.
    pub destinations: BTreeMap<String, (usize, f32)>,
    height: f32,
    pub ops: Vec<Op>,
    open: Option<Tag>,
    wanted: Tag,
    contents: i64,
    in_text: bool,
    font: Option<(Face, f32)>,
    fill: Option<Color>,
    stroke: Option<(Color, f32)>,
}

/// Two decimals are a thousandth of a millimetre's third: enough, and the file stays small.
pub(super) fn rounded(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

fn pt(value: f32) -> Pt {
    Pt(rounded(value))
}

fn color(color: Color) -> PdfColor {
    let part = |v: u8| (f32::from(v) / 255.0 * 1000.0).round() / 1000.0;
    PdfColor::Rgb(Rgb {
        r: part(color.0),
        g: part(color.1),
        b: part(color.2),
        icc_profile: None,
    })
}

impl PrintpdfSink {
    pub fn new(fonts: &'static Fonts) -> Self {
        Self {
            fonts,
            pages: Vec::new(),
            used: Default::default(),
            marked: Vec::new(),
            links: Vec::new(),
            outline: Vec::new(),
            destinations: BTreeMap::new(),
            height: 0.0,
            ops: Vec::new(),
            open: None,
            wanted: Tag::Artifact,
            contents: 0,
            in_text: false,
            font: None,
            fill: None,
            stroke: None,
        }
    }

    /// Ends the last page.
    pub fn end_page(&mut self) {
        self.close_tag();
        self.leave_text();
        let ops = std::mem::take(&mut self.ops);
        if let Some(page) = self.pages.last_mut() {
            page.ops = ops;
        }
        self.contents = 0;
        self.font = None;
        self.fill = None;
        self.stroke = None;
    }

    fn close_tag(&mut self) {
        if self.open.take().is_some() {
            self.ops.push(Op::EndMarkedContent);
        }
    }

    fn leave_text(&mut self) {
        if self.in_text {
            self.ops.push(Op::EndTextSection);
            self.in_text = false;
        }
    }

    /// Opens the wanted tag; text and shapes of one node share it while nothing comes between.
    fn apply_tag(&mut self, text: bool) {
        if self.open == Some(self.wanted) && self.in_text == text {
            return;
        }
        // Marked content must be nested properly with text sections.
        let open = self.open;
        if self.in_text != text {
            self.close_tag();
            self.leave_text();
            if text {
                self.ops.push(Op::StartTextSection);
                self.in_text = true;
            }
        } else if open.is_some() {
            self.close_tag();
        }
        let op = match self.wanted {
            Tag::Artifact => Op::BeginMarkedContent {
                tag: "Artifact".to_owned(),
            },
            Tag::Pagination => Op::BeginMarkedContentWithProperties {
                tag: "Artifact".to_owned(),
                properties: dict("Type", DictItem::Name(b"Pagination".to_vec())),
            },
            Tag::Node(node) => {
                let number = self.contents;
                self.contents += 1;
                self.marked.push(Marked {
                    node,
                    page: self.page_index(),
                    content: Some(number),
                    link: None,
                });
                Op::BeginMarkedContentWithProperties {
                    tag: "Span".to_owned(),
                    properties: dict("MCID", DictItem::Int(number)),
                }
            }
        };
        self.ops.push(op);
        self.open = Some(self.wanted);
    }

    fn page_index(&self) -> usize {
        self.pages.len().saturating_sub(1)
    }

    fn set_fill(&mut self, fill: Color) {
        if self.fill != Some(fill) {
            self.ops.push(Op::SetFillColor { col: color(fill) });
            self.fill = Some(fill);
        }
    }

    fn point(&self, at: (f32, f32), bezier: bool) -> LinePoint {
        LinePoint {
            p: Point {
                x: pt(at.0),
                y: pt(self.height - at.1),
            },
            bezier,
        }
    }

    fn polygon(&mut self, points: Vec<LinePoint>) {
        self.ops.push(Op::DrawPolygon {
            polygon: Polygon {
                rings: vec![PolygonRing { points }],
                mode: PaintMode::Fill,
                winding_order: WindingOrder::NonZero,
            },
        });
    }

    fn rounded_rect(&self, area: Area, radius: f32) -> Vec<LinePoint> {
        let r = radius.min(area.height / 2.0).min(area.width / 2.0);
        let (l, t) = (area.x, area.y);
        let (right, b) = (area.x + area.width, area.y + area.height);
        // Distance of the control points that makes a Bézier curve look like a quarter circle.
        let k = r * 0.447_7;
        let curve = [
            ((l + r, t), false),
            ((right - r, t), false),
            ((right - k, t), true),
            ((right, t + k), true),
            ((right, t + r), false),
            ((right, b - r), false),
            ((right, b - k), true),
            ((right - k, b), true),
            ((right - r, b), false),
            ((l + r, b), false),
            ((l + k, b), true),
            ((l, b - k), true),
            ((l, b - r), false),
            ((l, t + r), false),
            ((l, t + k), true),
            ((l + k, t), true),
            ((l + r, t), false),
        ];
        curve.iter().map(|(p, c)| self.point(*p, *c)).collect()
    }
}

fn dict(key: &str, value: DictItem) -> DictItem {
    DictItem::Dict {
        map: BTreeMap::from([(key.to_owned(), value)]),
    }
}

impl Sink for PrintpdfSink {
    fn page(&mut self, width: f32, height: f32) {
        self.end_page();
        self.height = height;
        let sheet = Rect::from_wh(pt(width), pt(height));
        self.pages.push(PdfPage {
            media_box: sheet.clone(),
            trim_box: sheet.clone(),
            crop_box: sheet,
            ops: Vec::new(),
        });
    }

    fn tag(&mut self, tag: Tag) {
        self.wanted = tag;
    }

    fn place(&mut self, node: NodeId) {
        self.marked.push(Marked {
            node,
            page: self.page_index(),
            content: None,
            link: None,
        });
    }

    fn text(&mut self, run: &Run<'_>) {
        let nothing = |g: &Glyphs<'_>| g.shaped.text.is_empty() && g.spaces == 0;
        if run.glyphs.iter().all(nothing) {
            return;
        }
        self.apply_tag(true);
        self.set_fill(run.color);
        if self.font != Some((run.face, run.size)) {
            self.ops.push(Op::SetFont {
                font: PdfFontHandle::External(font_id(run.face)),
                size: Pt((run.size * 1000.0).round() / 1000.0),
            });
            self.font = Some((run.face, run.size));
        }
        self.ops.push(Op::SetTextMatrix {
            matrix: TextMatrix::Translate(pt(run.x), pt(self.height - run.y)),
        });
        self.show(run);
    }

    fn shape(&mut self, shape: &Shape) {
        self.apply_tag(false);
        match shape {
            Shape::Rect { area, radius, fill } => {
                self.set_fill(*fill);
                if *radius > 0.0 {
                    let points = self.rounded_rect(*area, *radius);
                    self.polygon(points);
                } else {
                    self.ops.push(Op::DrawRectangle {
                        rectangle: Rect {
                            x: pt(area.x),
                            y: pt(self.height - area.y - area.height),
                            width: pt(area.width),
                            height: pt(area.height),
                            mode: Some(PaintMode::Fill),
                            winding_order: None,
                        },
                    });
                }
            }
            Shape::Line {
                from,
                to,
                color: stroke,
                width,
            } => {
                if self.stroke != Some((*stroke, *width)) {
                    self.ops.push(Op::SetOutlineColor { col: color(*stroke) });
                    self.ops.push(Op::SetOutlineThickness { pt: Pt(*width) });
                    self.stroke = Some((*stroke, *width));
                }
                let points = vec![self.point(*from, false), self.point(*to, false)];
                self.ops.push(Op::DrawLine {
                    line: Line {
                        points,
                        is_closed: false,
                    },
                });
            }
            Shape::Polygon { points, fill } => {
                self.set_fill(*fill);
                let points = points.iter().map(|p| self.point(*p, false)).collect();
                self.polygon(points);
            }
        }
    }

    fn link(&mut self, area: Area, target: &Target, node: NodeId, words: &str) {
        let link = self.links.len();
        let page = self.page_index();
        let bottom = self.height - area.y - area.height;
        self.links.push(LinkArea {
            page,
            rect: [
                rounded(area.x),
                rounded(bottom),
                rounded(area.x + area.width),
                rounded(bottom + area.height),
            ],
            target: target.clone(),
            words: revealed(words),
        });
        self.marked.push(Marked {
            node,
            page,
            content: None,
            link: Some(link),
        });
    }

    fn destination(&mut self, name: &str, y: f32) {
        let at = (self.page_index(), rounded(self.height - y));
        self.destinations.entry(name.to_owned()).or_insert(at);
    }

    fn outline(&mut self, level: u8, title: &str, y: f32) {
        self.outline.push(OutlineEntry {
            level,
            title: revealed(title),
            page: self.page_index(),
            y: rounded(self.height - y),
        });
    }
}
