//! The finished file: repeatable, navigable, tagged.

use std::process::Command;

use crate::pdf_support::{binder, meta};
use lopdf::{Dictionary, Document, Object};
use report::pdf::render;

fn open(tags: &str) -> Document {
    let bytes = render(tags, &meta()).expect("renders").bytes;
    Document::load_mem(&bytes).expect("a PDF")
}

fn dict<'a>(doc: &'a Document, object: &'a Object) -> &'a Dictionary {
    let (_, object) = doc.dereference(object).expect("an object");
    object.as_dict().expect("a dictionary")
}

fn get<'a>(doc: &'a Document, from: &'a Dictionary, key: &str) -> &'a Dictionary {
    dict(doc, from.get(key.as_bytes()).expect(key))
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let tags = binder(40);
    let first = render(&tags, &meta()).expect("renders").bytes;
    let second = render(&tags, &meta()).expect("renders").bytes;
    assert_eq!(first, second, "in one process");
    let hash = |bytes: &[u8]| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
            (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let mine = format!("bytes-hash {:016x}", hash(&first));
    println!("{mine}");
    // The child is this very test; it prints its hash and starts no child of its own.
    if std::env::var_os("EXHIBIT_PDF_CHILD").is_none() {
        let exe = std::env::current_exe().expect("this program");
        let out = Command::new(exe)
            .args([
                "--exact",
                "pdf_file::the_same_input_gives_the_same_bytes",
                "--nocapture",
            ])
            .env("EXHIBIT_PDF_CHILD", "1")
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.contains(&mine), "in another process: {said}");
    }
}

#[test]
fn another_text_has_another_identity() {
    let id = |tags: &str| format!("{:?}", open(tags).trailer.get(b"ID"));
    assert_ne!(id("<p>a</p>"), id("<p>b</p>"));
    assert_eq!(id("<p>a</p>"), id("<p>a</p>"));
}

#[test]
fn the_outline_nests_and_has_a_height() {
    let doc = open("<h1>One</h1><h2>Inner</h2><p>x</p><h2>Next</h2><h1>Two</h1><p>y</p>");
    let catalog = doc.catalog().expect("a catalog");
    let one = get(&doc, get(&doc, catalog, "Outlines"), "First");
    assert_eq!(one.get(b"Title").and_then(Object::as_str).ok(), Some(&b"One"[..]));
    let inner = get(&doc, one, "First");
    assert_eq!(inner.get(b"Title").and_then(Object::as_str).ok(), Some(&b"Inner"[..]));
    let at = inner.get(b"Dest").and_then(Object::as_array).expect("a place");
    assert!(at[3].as_float().expect("a height") > 100.0);
    let next = get(&doc, inner, "Next");
    assert_eq!(next.get(b"Title").and_then(Object::as_str).ok(), Some(&b"Next"[..]));
    let two = get(&doc, one, "Next");
    assert_eq!(two.get(b"Title").and_then(Object::as_str).ok(), Some(&b"Two"[..]));
}

#[test]
fn destinations_links_and_attachments_are_there() {
    let doc = open(&binder(5));
    let catalog = doc.catalog().expect("a catalog");
    let names = get(&doc, catalog, "Names");
    let mut found = Vec::new();
    let kids = get(&doc, names, "Dests").get(b"Kids").and_then(Object::as_array);
    for kid in kids.expect("leaves") {
        let leaf = dict(&doc, kid).get(b"Names").and_then(Object::as_array);
        for pair in leaf.expect("names").chunks(2) {
            found.push(String::from_utf8_lossy(pair[0].as_str().expect("a name")).into_owned());
        }
    }
    assert!(found.contains(&"matrix".to_owned()) && found.contains(&"wp-1".to_owned()));
    assert!(found.is_sorted());
    let (mut uris, mut inside) = (0, 0);
    for page in doc.get_pages().values() {
        for annotation in doc.get_page_annotations(*page).expect("annotations") {
            assert!(annotation.has(b"StructParent") && annotation.has(b"Contents"));
            if annotation.has(b"A") {
                uris += 1;
            } else {
                let dest = annotation.get(b"Dest").expect("a destination");
                if let Ok(name) = dest.as_str() {
                    assert!(found.contains(&String::from_utf8_lossy(name).into_owned()));
                }
                inside += 1;
            }
        }
    }
    assert!(uris >= 1 && inside > 60, "{uris} {inside}");
    assert!(get(&doc, names, "EmbeddedFiles").has(b"Names"));
    assert_eq!(
        catalog.get(b"AF").and_then(Object::as_array).map(Vec::len).ok(),
        Some(1)
    );
}

#[test]
fn the_file_is_tagged_and_described() {
    let doc = open(&binder(5));
    let catalog = doc.catalog().expect("a catalog");
    assert_eq!(doc.version, "1.7");
    assert_eq!(catalog.get(b"Lang").and_then(Object::as_str).ok(), Some(&b"en"[..]));
    let mut kinds = std::collections::BTreeMap::new();
    let (mut columns, mut rows, mut alts) = (0, 0, 0);
    for object in doc.objects.values() {
        let Ok(element) = object.as_dict() else { continue };
        let Ok(kind) = element.get(b"S").and_then(Object::as_name) else {
            continue;
        };
        *kinds.entry(String::from_utf8_lossy(kind).into_owned()).or_insert(0) += 1;
        if let Ok(attributes) = element.get(b"A").and_then(Object::as_dict) {
            match attributes.get(b"Scope").and_then(Object::as_name) {
                Ok(b"Column") => columns += 1,
                Ok(b"Row") => rows += 1,
                _ => {}
            }
        }
        alts += usize::from(element.has(b"Alt"));
    }
    for kind in [
        "Document", "H1", "H2", "P", "Table", "TR", "TH", "TD", "L", "LI", "Link", "TOC", "Figure",
    ] {
        assert!(kinds.contains_key(kind), "no {kind} in {kinds:?}");
    }
    assert!(columns > 20 && rows >= 61 && alts == 2);
    let metadata = catalog.get(b"Metadata").and_then(Object::as_reference).expect("XMP");
    let xmp = doc.get_object(metadata).and_then(Object::as_stream).expect("a stream");
    let xmp = String::from_utf8_lossy(&xmp.content).into_owned();
    assert!(xmp.contains("Meridian Payments Ltd.") && xmp.contains("2026-01-01T00:00:00Z"));
    assert!(catalog.has(b"OutputIntents") && catalog.has(b"MarkInfo"));
}

#[test]
fn text_can_be_found_again() {
    let text = "arn:aws:iam::123456789012:user/AVATAR.To+fi-ffl Ελλάδα é";
    let doc = open(&format!("<p>{text}</p>"));
    let page = doc.extract_text(&[1]).expect("text");
    assert!(page.replace('\n', " ").contains(text), "{page}");
}
