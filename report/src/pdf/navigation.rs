//! Links, named destinations and the nested outline.

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::document::Target;
use super::error::PdfError;
use super::printpdf_sink::PrintpdfSink;

/// Names per leaf of the destination tree.
const LEAF: usize = 64;
/// The outline opens this many levels only if it then has few entries.
const OPEN: usize = 24;

fn place(page: ObjectId, y: f32) -> Object {
    let top = Object::Real(y);
    vec![page.into(), "XYZ".into(), 0.into(), top, Object::Null].into()
}

/// Adds the annotations of all links to their pages; gives their objects in order.
pub(super) fn links(
    doc: &mut Document,
    sink: &PrintpdfSink,
    names: &[String],
    pages: &[ObjectId],
) -> Result<Vec<ObjectId>, PdfError> {
    let mut all = Vec::with_capacity(sink.links.len());
    let mut per_page: Vec<Vec<Object>> = vec![Vec::new(); pages.len()];
    for (index, link) in sink.links.iter().enumerate() {
        let mut annotation = dictionary! {
            "Type" => "Annot",
            "Subtype" => "Link",
            "Rect" => link.rect.iter().map(|v| Object::Real(*v)).collect::<Vec<_>>(),
            "Border" => vec![0.into(), 0.into(), 0.into()],
            "F" => 4,
            "Contents" => text_string(&link.words),
            "StructParent" => (pages.len() + index) as i64,
        };
        match &link.target {
            Target::Uri(uri) => annotation.set(
                "A",
                dictionary! {
                    "Type" => "Action",
                    "S" => "URI",
                    "URI" => Object::string_literal(ascii(uri)),
                },
            ),
            Target::Anchor(anchor) => {
                if let Some(name) = names.get(*anchor as usize) {
                    annotation.set("Dest", text_string(name));
                }
            }
            Target::Heading(heading) => {
                if let Some(entry) = sink.outline.get(*heading as usize)
                    && let Some(page) = pages.get(entry.page)
                {
                    annotation.set("Dest", place(*page, entry.y));
                }
            }
        }
        let id = doc.add_object(annotation);
        all.push(id);
        if let Some(page) = per_page.get_mut(link.page) {
            page.push(id.into());
        }
    }
    for (page, annotations) in pages.iter().zip(per_page) {
        let page = doc.get_dictionary_mut(*page)?;
        if annotations.is_empty() {
            page.remove(b"Annots");
        } else {
            page.set("Annots", annotations);
            page.set("Tabs", "S");
        }
    }
    Ok(all)
}

/// An address as the URI dictionary wants it: ASCII, everything else percent-encoded.
fn ascii(uri: &str) -> String {
    uri.bytes()
        .map(|b| {
            if (0x21..0x7f).contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// The name tree of all destinations.
pub(super) fn destinations(doc: &mut Document, sink: &PrintpdfSink, pages: &[ObjectId]) -> Option<Object> {
    let mut named: Vec<(Vec<u8>, Object, Object)> = sink
        .destinations
        .iter()
        .filter_map(|(name, (page, y))| {
            let key = text_string(name);
            let bytes = key.as_str().ok()?.to_vec();
            Some((bytes, key, place(*pages.get(*page)?, *y)))
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    // The tree is sorted by the bytes of the keys as they are written.
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let kids: Vec<Object> = named
        .chunks(LEAF)
        .map(|leaf| {
            let limits: Vec<Object> = leaf
                .first()
                .into_iter()
                .chain(leaf.last())
                .map(|(_, key, _)| key.clone())
                .collect();
            let names: Vec<Object> = leaf.iter().flat_map(|(_, key, at)| [key.clone(), at.clone()]).collect();
            doc.add_object(dictionary! { "Limits" => limits, "Names" => names })
                .into()
        })
        .collect();
    Some(doc.add_object(dictionary! { "Kids" => kids }).into())
}

/// The outline; headings nest by their level.
pub(super) fn outline(doc: &mut Document, sink: &PrintpdfSink, pages: &[ObjectId]) -> Option<ObjectId> {
    if sink.outline.is_empty() {
        return None;
    }
    let root = doc.new_object_id();
    let ids: Vec<ObjectId> = sink.outline.iter().map(|_| doc.new_object_id()).collect();
    // For each entry its parent; a level that was skipped does not matter.
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(ids.len());
    let mut open: Vec<usize> = Vec::new();
    for (index, entry) in sink.outline.iter().enumerate() {
        while open.last().is_some_and(|last| sink.outline[*last].level >= entry.level) {
            open.pop();
        }
        parents.push(open.last().copied());
        open.push(index);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); ids.len()];
    let mut top = Vec::new();
    for (index, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(index),
            None => top.push(index),
        }
    }
    let expanded = ids.len() <= OPEN;
    let mut shown = vec![0i64; ids.len()];
    for index in (0..ids.len()).rev() {
        shown[index] = children[index].iter().map(|c| 1 + shown[*c].max(0)).sum();
        if !expanded {
            shown[index] = -(children[index].len() as i64);
        }
    }
    for (index, entry) in sink.outline.iter().enumerate() {
        let mut item = dictionary! {
            "Title" => text_string(&entry.title),
            "Parent" => parents[index].map_or(root, |p| ids[p]),
        };
        if let Some(page) = pages.get(entry.page) {
            item.set("Dest", place(*page, entry.y));
        }
        let siblings = parents[index].map_or(&top, |p| &children[p]);
        if let Ok(at) = siblings.binary_search(&index) {
            if at > 0 {
                item.set("Prev", ids[siblings[at - 1]]);
            }
            if let Some(next) = siblings.get(at + 1) {
                item.set("Next", ids[*next]);
            }
        }
        span(&mut item, &children[index], &ids, shown[index]);
        doc.objects.insert(ids[index], item.into());
    }
    let mut item = dictionary! { "Type" => "Outlines" };
    let visible = top.iter().map(|t| 1 + shown[*t].max(0)).sum();
    span(&mut item, &top, &ids, visible);
    doc.objects.insert(root, item.into());
    Some(root)
}

fn span(item: &mut Dictionary, children: &[usize], ids: &[ObjectId], count: i64) {
    if let (Some(first), Some(last)) = (children.first(), children.last()) {
        item.set("First", ids[*first]);
        item.set("Last", ids[*last]);
        item.set("Count", count);
    }
}
