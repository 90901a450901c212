//! The structure tree: what every drawn stretch is, for screen readers and text extraction.

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::error::PdfError;
use super::escape::revealed;
use super::printpdf_sink::PrintpdfSink;
use super::structure::{NodeId, Role, Structure};

/// Page numbers per leaf of the parent tree.
const LEAF: usize = 256;

/// A child of a node: another node, marked content, or an annotation.
enum Kid {
    Node(NodeId),
    Content(usize, i64),
    Annotation(usize, usize),
}

/// Writes the structure tree and its way back from content to nodes.
pub(super) fn tags(
    doc: &mut Document,
    sink: &PrintpdfSink,
    structure: &Structure,
    pages: &[ObjectId],
    annotations: &[ObjectId],
) -> Result<(), PdfError> {
    let count = structure.nodes.len();
    let mut kids: Vec<Vec<Kid>> = Vec::new();
    kids.resize_with(count, Vec::new);
    let mut attached = vec![false; count];
    attached[0] = true;
    let mut by_page: Vec<Vec<NodeId>> = vec![Vec::new(); pages.len()];
    let mut by_link: Vec<NodeId> = vec![0; annotations.len()];
    for mark in &sink.marked {
        // A node takes its place among its siblings when it is first drawn.
        let mut node = mark.node;
        while !attached[node as usize] {
            attached[node as usize] = true;
            let parent = structure.nodes[node as usize].parent;
            kids[parent as usize].push(Kid::Node(node));
            node = parent;
        }
        let own = &mut kids[mark.node as usize];
        if let Some(content) = mark.content {
            own.push(Kid::Content(mark.page, content));
            // Numbers on a page are given in order, so the place in the list is the number.
            if let Some(list) = by_page.get_mut(mark.page) {
                list.push(mark.node);
            }
        }
        if let Some(link) = mark.link {
            own.push(Kid::Annotation(mark.page, link));
            if let Some(slot) = by_link.get_mut(link) {
                *slot = mark.node;
            }
        }
    }

    let root = doc.new_object_id();
    let ids: Vec<Option<ObjectId>> = attached.iter().map(|a| a.then(|| doc.new_object_id())).collect();
    let id = |node: NodeId| ids.get(node as usize).copied().flatten().unwrap_or(root);
    for (index, node) in structure.nodes.iter().enumerate() {
        let Some(own) = ids[index] else { continue };
        let mut element = dictionary! {
            "S" => standard(&node.role),
            "P" => if index == 0 { root } else { id(node.parent) },
        };
        let content = &kids[index];
        // Content on the element's own page is written as a bare number.
        let home = content.iter().find_map(|k| match k {
            Kid::Content(page, _) => Some(*page),
            _ => None,
        });
        if let Some(page) = home.and_then(|p| pages.get(p)) {
            element.set("Pg", *page);
        }
        let mut list: Vec<Object> = content
            .iter()
            .map(|kid| match kid {
                Kid::Node(node) => id(*node).into(),
                Kid::Content(page, number) if Some(*page) == home => (*number).into(),
                Kid::Content(page, number) => dictionary! {
                    "Type" => "MCR",
                    "Pg" => pages.get(*page).map_or(Object::Null, |p| (*p).into()),
                    "MCID" => *number,
                }
                .into(),
                Kid::Annotation(page, link) => dictionary! {
                    "Type" => "OBJR",
                    "Pg" => pages.get(*page).map_or(Object::Null, |p| (*p).into()),
                    "Obj" => annotations.get(*link).map_or(Object::Null, |a| (*a).into()),
                }
                .into(),
            })
            .collect();
        match list.len() {
            0 => {}
            1 => element.set("K", list.swap_remove(0)),
            _ => element.set("K", list),
        }
        details(&node.role, &mut element);
        doc.objects.insert(own, element.into());
    }

    let mut numbers: Vec<(i64, Object)> = Vec::new();
    for (index, nodes) in by_page.iter().enumerate() {
        let list: Vec<Object> = nodes.iter().map(|n| id(*n).into()).collect();
        numbers.push((index as i64, doc.add_object(list).into()));
        doc.get_dictionary_mut(pages[index])?.set("StructParents", index as i64);
    }
    for (index, node) in by_link.iter().enumerate() {
        numbers.push(((pages.len() + index) as i64, id(*node).into()));
    }
    let next = numbers.len() as i64;
    let leaves: Vec<Object> = numbers
        .chunks(LEAF)
        .map(|leaf| {
            let limits: Vec<Object> = leaf
                .first()
                .into_iter()
                .chain(leaf.last())
                .map(|(n, _)| (*n).into())
                .collect();
            let nums: Vec<Object> = leaf.iter().flat_map(|(n, o)| [(*n).into(), o.clone()]).collect();
            doc.add_object(dictionary! { "Limits" => limits, "Nums" => nums })
                .into()
        })
        .collect();
    let parent_tree = doc.add_object(dictionary! { "Kids" => leaves });
    doc.objects.insert(
        root,
        dictionary! {
            "Type" => "StructTreeRoot",
            "K" => id(Structure::ROOT),
            "ParentTree" => parent_tree,
            "ParentTreeNextKey" => next,
        }
        .into(),
    );
    doc.catalog_mut()?.set("StructTreeRoot", root);
    Ok(())
}

/// The standard structure type of a role.
fn standard(role: &Role) -> &'static str {
    match role {
        Role::Document => "Document",
        Role::Heading(1) => "H1",
        Role::Heading(2) => "H2",
        Role::Heading(3) => "H3",
        Role::Heading(_) => "H4",
        Role::Paragraph => "P",
        Role::List => "L",
        Role::Item => "LI",
        Role::Label => "Lbl",
        Role::ItemBody => "LBody",
        Role::Table => "Table",
        Role::Row => "TR",
        Role::Header { .. } => "TH",
        Role::Cell { .. } => "TD",
        Role::Link => "Link",
        Role::Figure { .. } => "Figure",
        Role::Contents => "TOC",
        Role::ContentsItem => "TOCI",
    }
}

/// What the type alone does not say.
fn details(role: &Role, element: &mut Dictionary) {
    let table = |scope: Option<&str>, span: usize| {
        let mut attributes = dictionary! { "O" => "Table" };
        if let Some(scope) = scope {
            attributes.set("Scope", scope);
        }
        if span > 1 {
            attributes.set("ColSpan", span as i64);
        }
        attributes
    };
    match role {
        Role::Header { of_row, span } => {
            let scope = if *of_row { "Row" } else { "Column" };
            element.set("A", table(Some(scope), *span));
        }
        Role::Cell { span } if *span > 1 => element.set("A", table(None, *span)),
        Role::Figure { alt } => element.set("Alt", text_string(&revealed(alt))),
        _ => {}
    }
}
