//! What a back end must be able to do; the layout knows nothing else of PDF.

use super::document::Target;
use super::fonts::Face;
use super::shape::Shaped;
use super::structure::NodeId;
use super::style::Color;

/// A rectangle, measured from the top left corner of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A drawn shape, measured from the top left corner of the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A rectangle with corners of the given radius.
    Rect {
        /// Where.
        area: Area,
        /// Radius of the corners.
        radius: f32,
        /// Colour inside.
        fill: Color,
    },
    /// A straight line.
    Line {
        /// Begin.
        from: (f32, f32),
        /// End.
        to: (f32, f32),
        /// Colour.
        color: Color,
        /// Thickness.
        width: f32,
    },
    /// A filled polygon.
    Polygon {
        /// Corners.
        points: Vec<(f32, f32)>,
        /// Colour inside.
        fill: Color,
    },
}

impl Shape {
    /// The shape moved down.
    #[must_use]
    pub fn lowered(&self, by: f32) -> Shape {
        let mut shape = self.clone();
        match &mut shape {
            Shape::Rect { area, .. } => area.y += by,
            Shape::Line { from, to, .. } => {
                from.1 += by;
                to.1 += by;
            }
            Shape::Polygon { points, .. } => points.iter_mut().for_each(|p| p.1 += by),
        }
        shape
    }
}

/// Shaped text with the spaces after it.
#[derive(Debug, Clone, Copy)]
pub struct Glyphs<'a> {
    /// The glyphs.
    pub shaped: &'a Shaped,
    /// Spaces after them.
    pub spaces: u16,
}

/// A run of glyphs in one face, size and colour on one baseline.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The face.
    pub face: Face,
    /// Size in points.
    pub size: f32,
    /// Colour.
    pub color: Color,
    /// Left end.
    pub x: f32,
    /// Baseline, from the top of the page.
    pub y: f32,
    /// Width without spaces at the end.
    pub width: f32,
    /// Line height, for a reader of boxes.
    pub height: f32,
    /// The glyphs from left to right.
    pub glyphs: &'a [Glyphs<'a>],
}

/// What the following drawing belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// A node of the structure.
    Node(NodeId),
    /// Decoration, or a repeated head.
    Artifact,
    /// Header and footer.
    Pagination,
}

/// Draws pages in order.
pub trait Sink {
    /// Begins a page.
    fn page(&mut self, width: f32, height: f32);
    /// What follows belongs to `tag`.
    fn tag(&mut self, tag: Tag);
    /// The node has its place here even if it has no content.
    fn place(&mut self, node: NodeId);
    /// Draws text.
    fn text(&mut self, run: &Run<'_>);
    /// Draws a shape.
    fn shape(&mut self, shape: &Shape);
    /// Makes an area lead somewhere; `words` says where to.
    fn link(&mut self, area: Area, target: &Target, node: NodeId, words: &str);
    /// Names a place on the current page.
    fn destination(&mut self, name: &str, y: f32);
    /// Adds an entry to the outline, for a place on the current page.
    fn outline(&mut self, level: u8, title: &str, y: f32);
}
