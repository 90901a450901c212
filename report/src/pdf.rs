//! The binder's PDF: a document in a closed set of semantic tags in, a tagged and repeatable
//! file out.
//!
//! ```text
//! tags ─► parse ─► build ─► document ─► flow (para, table, figure) ─► pieces ─► paginate ─► pages
//!                                                                                          │
//!                    bytes ◄─ finish (tags, outline, metadata) ◄─ printpdf_sink ◄─ paint ◄─┘
//! ```
//!
//! The tags, their classes and attributes are listed in `docs/pdf-tags.md`. Anything else is an
//! error that names the tag: a template that goes wrong must not lose evidence. The layout draws
//! on a [`Sink`], so that the back end can be changed, and tests can read boxes.
//!
//! The same input gives the same bytes: the only time in the file is the one in
//! [`DocumentMeta`], the only fonts are those compiled in, and `/ID` is a hash of the content.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

mod attach;
mod background;
mod bars;
mod build;
mod build_table;
mod columns;
mod contents;
mod document;
mod error;
mod escape;
mod figure;
mod finish;
mod flow;
mod fonts;
mod inline;
mod line;
mod metadata;
mod navigation;
mod paginate;
mod paint;
mod para;
mod parse;
mod piece;
mod printpdf_sink;
mod printpdf_text;
mod running;
mod shape;
mod sink;
mod structure;
mod style;
mod subset;
mod table;
mod tags;
mod timeline;
mod wrap;

pub use document::Target;
pub use error::PdfError;
pub use fonts::Face;
pub use shape::{Glyph, Shaped};
pub use sink::{Area, Glyphs, Run, Shape, Sink, Tag};
pub use structure::NodeId;
pub use style::{BODY_HEIGHT, BODY_WIDTH, Color, MARGIN_BOTTOM, MARGIN_SIDE, MARGIN_TOP, PAGE_HEIGHT, PAGE_WIDTH};

/// What is said about a document, beside its text.
#[derive(Debug, Clone)]
pub struct DocumentMeta {
    /// Title of the file.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// What it is about.
    pub subject: String,
    /// Left half of the running header; the right half names the current chapter.
    pub header: String,
    /// Left half of the footer; the right half counts pages.
    pub footer: String,
    /// The only time in the file.
    pub created: DateTime<Utc>,
    /// Files carried inside.
    pub attachments: Vec<Attachment>,
}

/// A file carried inside the PDF.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Media type, such as `text/csv`.
    pub mime: String,
    /// What it is.
    pub description: String,
    /// When it was last changed.
    pub modified: DateTime<Utc>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A finished PDF.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// Characters that are not drawn as themselves: no font has them, or they show nothing.
    /// Each stands in the text as a visible escape such as `⟨U+202E⟩`.
    pub missing: BTreeSet<char>,
}

/// Renders a document written in the closed set of tags.
///
/// ```
/// use report::pdf::{DocumentMeta, render};
///
/// let meta = DocumentMeta {
///     title: "Binder".into(),
///     author: String::new(),
///     subject: String::new(),
///     header: "Binder".into(),
///     footer: String::new(),
///     created: Default::default(),
///     attachments: Vec::new(),
/// };
/// let binder = render("<h1 id=\"scope\">Scope</h1><p>One account.</p>", &meta)?;
/// assert_eq!(binder.pages, 1);
/// assert!(render("<script>", &meta).is_err());
/// # Ok::<(), report::pdf::PdfError>(())
/// ```
pub fn render(tags: &str, meta: &DocumentMeta) -> Result<Rendered, PdfError> {
    let fonts = embedded()?;
    let mut sink = printpdf_sink::PrintpdfSink::new(fonts);
    let drawn = draw_on(tags, meta, fonts, &mut sink)?;
    let pages = sink.pages.len();
    Ok(Rendered {
        bytes: finish::finish(sink, &drawn.structure, &drawn.anchors, meta)?,
        pages,
        missing: drawn.missing,
    })
}

/// Lays out a document and draws it on any sink; gives the characters that had to be escaped.
pub fn draw<S: Sink>(tags: &str, meta: &DocumentMeta, sink: &mut S) -> Result<BTreeSet<char>, PdfError> {
    Ok(draw_on(tags, meta, embedded()?, sink)?.missing)
}

fn embedded() -> Result<&'static fonts::Fonts, PdfError> {
    fonts::Fonts::get().ok_or_else(|| PdfError::Font("a font file cannot be read".to_owned()))
}

struct Drawn {
    structure: structure::Structure,
    anchors: Vec<String>,
    missing: BTreeSet<char>,
}

fn draw_on<S: Sink>(
    tags: &str,
    meta: &DocumentMeta,
    fonts: &'static fonts::Fonts,
    sink: &mut S,
) -> Result<Drawn, PdfError> {
    let document = build::build(&parse::parse(tags)?)?;
    let preparer = line::Preparer::new(shape::Shaper::new(fonts));
    let mut layout = flow::layout(&document, para::Setter::new(preparer));
    paint::paint(&mut layout, &document, meta, sink);
    Ok(Drawn {
        structure: layout.setter.structure,
        anchors: document.anchors,
        missing: layout.setter.preparer.missing,
    })
}
