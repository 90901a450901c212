//! What can be wrong with a document; every message names the tag and its line.

/// Why a document could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A tag outside the closed set.
    #[error("line {line}: unknown tag <{tag}>")]
    UnknownTag {
        /// Line of the input.
        line: u32,
        /// The tag as written.
        tag: String,
    },
    /// A known tag where it cannot stand.
    #[error("line {line}: <{tag}> cannot stand inside <{parent}>")]
    Misplaced {
        /// Line of the input.
        line: u32,
        /// The tag.
        tag: &'static str,
        /// What it stands in.
        parent: &'static str,
    },
    /// Text where only tags can stand.
    #[error("line {line}: text cannot stand directly inside <{parent}>: {text:?}")]
    StrayText {
        /// Line of the input.
        line: u32,
        /// What it stands in.
        parent: &'static str,
        /// The beginning of the text.
        text: String,
    },
    /// An attribute the tag does not have.
    #[error("line {line}: <{tag}> has no attribute {attribute:?}")]
    UnknownAttribute {
        /// Line of the input.
        line: u32,
        /// The tag.
        tag: &'static str,
        /// The attribute as written.
        attribute: String,
    },
    /// A class the tag does not have.
    #[error("line {line}: <{tag}> has no class {class:?}")]
    UnknownClass {
        /// Line of the input.
        line: u32,
        /// The tag.
        tag: &'static str,
        /// The class as written.
        class: String,
    },
    /// An attribute with a value that makes no sense.
    #[error("line {line}: <{tag} {attribute}={value:?}>: {reason}")]
    BadValue {
        /// Line of the input.
        line: u32,
        /// The tag.
        tag: &'static str,
        /// The attribute.
        attribute: &'static str,
        /// The beginning of the value.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// A closing tag that does not close what is open.
    #[error("line {line}: </{tag}> found while <{open}> of line {opened} is open")]
    Mismatch {
        /// Line of the input.
        line: u32,
        /// The closing tag.
        tag: String,
        /// The innermost open tag.
        open: String,
        /// Its line.
        opened: u32,
    },
    /// The input ended, or the parent closed, before the tag was closed.
    #[error("line {line}: <{tag}> is never closed")]
    Unclosed {
        /// Line of the input.
        line: u32,
        /// The tag.
        tag: &'static str,
    },
    /// Something that is not markup of this language.
    #[error("line {line}: {what}")]
    Malformed {
        /// Line of the input.
        line: u32,
        /// What was found.
        what: String,
    },
    /// Tags nested deeper than any layout needs.
    #[error("line {line}: <{tag}> is nested more than {limit} deep")]
    TooDeep {
        /// Line of the input.
        line: u32,
        /// The tag.
        tag: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A table too wide for the page.
    #[error("line {line}: a table of {columns} columns; the page has room for {limit}")]
    TooManyColumns {
        /// Line of the input.
        line: u32,
        /// Columns of the table.
        columns: usize,
        /// The limit.
        limit: usize,
    },
    /// Two elements with one id.
    #[error("line {line}: id {id:?} is used twice")]
    DuplicateId {
        /// Line of the second.
        line: u32,
        /// The id.
        id: String,
    },
    /// An internal link to an id that no element has.
    #[error("line {line}: <a href=\"#{id}\"> points nowhere")]
    DanglingLink {
        /// Line of the first such link.
        line: u32,
        /// The id.
        id: String,
    },
    /// A compiled-in font is damaged.
    #[error("embedded font: {0}")]
    Font(String),
    /// The finished file could not be written.
    #[error("writing the PDF: {0}")]
    Write(#[from] std::io::Error),
    /// The page tree of the back end is not as expected.
    #[error("building the PDF: {0}")]
    Build(#[from] lopdf::Error),
}
