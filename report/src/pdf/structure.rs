//! The tree of tags that tells a reader program what is a heading, a table or a link.

/// A node of the tree; 0 is the document.
pub type NodeId = u32;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The root.
    Document,
    /// A heading of level 1 to 4.
    Heading(u8),
    /// A paragraph.
    Paragraph,
    /// A list.
    List,
    /// An entry of a list.
    Item,
    /// The bullet, number or key of an entry.
    Label,
    /// The content of an entry.
    ItemBody,
    /// A table.
    Table,
    /// A row.
    Row,
    /// A header cell: of its row, or of its column.
    Header {
        /// True for the first cells of rows.
        of_row: bool,
        /// Columns it covers.
        span: usize,
    },
    /// A cell.
    Cell {
        /// Columns it covers.
        span: usize,
    },
    /// A link.
    Link,
    /// A drawing, with its meaning in words.
    Figure {
        /// The words.
        alt: String,
    },
    /// The table of contents.
    Contents,
    /// An entry of the table of contents.
    ContentsItem,
}

/// A node and its parent.
#[derive(Debug)]
pub struct Node {
    /// The node above it; the document is its own.
    pub parent: NodeId,
    /// What it is.
    pub role: Role,
}

/// The tree; children follow their parents.
#[derive(Debug)]
pub struct Structure {
    /// All nodes; a [`NodeId`] is an index into it.
    pub nodes: Vec<Node>,
}

impl Default for Structure {
    fn default() -> Self {
        Self {
            nodes: vec![Node {
                parent: 0,
                role: Role::Document,
            }],
        }
    }
}

impl Structure {
    /// The document's node.
    pub const ROOT: NodeId = 0;

    /// Adds a node; it gets its place among its siblings when its content is drawn.
    pub fn add(&mut self, parent: NodeId, role: Role) -> NodeId {
        self.nodes.push(Node { parent, role });
        (self.nodes.len() - 1) as NodeId
    }
}
