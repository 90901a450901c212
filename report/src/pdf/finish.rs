//! The finishing pass over printpdf's document: everything that makes it a tagged, navigable,
//! archivable and repeatable file.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::{Dictionary, Document, Object, SaveOptions, Stream, StringFormat, dictionary};
use printpdf::{PdfDocument, PdfSaveOptions};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::DocumentMeta;
use super::attach::attach;
use super::error::PdfError;
use super::fonts::Face;
use super::metadata::describe;
use super::navigation::{destinations, links, outline};
use super::printpdf_sink::PrintpdfSink;
use super::structure::Structure;
use super::subset::font_id;
use super::tags::tags;

/// Objects per object stream: larger ones compress better, smaller ones open faster.
const PACK: usize = 200;

/// Turns the collected pages into the bytes of a file.
pub(super) fn finish(
    mut sink: PrintpdfSink,
    structure: &Structure,
    names: &[String],
    meta: &DocumentMeta,
) -> Result<Vec<u8>, PdfError> {
    sink.end_page();
    let mut pdf = PdfDocument::new(&meta.title);
    for face in Face::ALL {
        if let Some(font) = sink.used[face.index()].font(face)? {
            pdf.resources.fonts.map.insert(font_id(face), font);
        }
    }
    pdf.pages = std::mem::take(&mut sink.pages);
    let options = PdfSaveOptions {
        optimize: false,
        subset_fonts: false,
        secure: true,
        image_optimization: None,
    };
    let mut doc = pdf.to_lopdf_document(&options, &mut Vec::new());
    drop(pdf);
    doc.version = "1.7".to_owned();

    let pages: Vec<lopdf::ObjectId> = doc.page_iter().collect();
    let annotations = links(&mut doc, &sink, names, &pages)?;
    tags(&mut doc, &sink, structure, &pages, &annotations)?;
    let entries = outline(&mut doc, &sink, &pages);
    let named = destinations(&mut doc, &sink, &pages);
    let (files, associated) = attach(&mut doc, &meta.attachments);
    let metadata = describe(&mut doc, meta)?;
    let intent = output_intent(&mut doc);

    let catalog = doc.catalog_mut()?;
    let mut names = Dictionary::new();
    if let Some(named) = named {
        names.set("Dests", named);
    }
    if let Some(files) = files {
        names.set("EmbeddedFiles", files);
        catalog.set("AF", associated);
    }
    if !names.is_empty() {
        catalog.set("Names", names);
    }
    if let Some(entries) = entries {
        catalog.set("Outlines", entries);
        catalog.set("PageMode", "UseOutlines");
    }
    catalog.set("Metadata", metadata);
    catalog.set("OutputIntents", vec![intent]);
    catalog.set("Lang", Object::string_literal("en"));
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    write(doc)
}

/// Compresses, gives the file its identity and writes it.
fn write(mut doc: Document) -> Result<Vec<u8>, PdfError> {
    let streams: Vec<&mut Stream> = doc
        .objects
        .values_mut()
        .filter_map(|o| match o {
            Object::Stream(s) => Some(s),
            _ => None,
        })
        .collect();
    streams.into_par_iter().try_for_each(|stream| -> Result<(), PdfError> {
        let plain = !stream.dict.has(b"Filter") && stream.allows_compression;
        if plain && stream.content.len() > 64 {
            let packed = deflate(&stream.content)?;
            stream.dict.set("Filter", "FlateDecode");
            stream.set_content(packed);
        } else {
            stream.dict.set("Length", stream.content.len() as i64);
        }
        Ok(())
    })?;
    let id = Object::String(UNKNOWN_ID.to_vec(), StringFormat::Hexadecimal);
    doc.trailer.set("ID", vec![id.clone(), id]);
    let options = SaveOptions::builder()
        .use_object_streams(true)
        .use_xref_streams(true)
        .max_objects_per_stream(PACK)
        .compression_level(6)
        .build();
    let mut bytes = Vec::new();
    doc.save_with_options(&mut bytes, options)?;
    identify(&mut bytes);
    Ok(bytes)
}

/// Stands for the identity until the file is known.
const UNKNOWN_ID: &[u8; 16] = b"exhibit-file--id";

/// Makes the file's identity the hash of its bytes. The trailer stands at the end.
fn identify(bytes: &mut [u8]) {
    let hex = |id: &[u8]| -> String { id.iter().map(|b| format!("{b:02X}")).collect() };
    let id = hex(&Sha256::digest(&*bytes)[..16]);
    let unknown = hex(UNKNOWN_ID).into_bytes();
    for _ in 0..2 {
        if let Some(at) = bytes.windows(unknown.len()).rposition(|w| w == unknown) {
            bytes[at..at + unknown.len()].copy_from_slice(id.as_bytes());
        }
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, PdfError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Colours are sRGB, says an output intent with the profile.
fn output_intent(doc: &mut Document) -> Object {
    let profile = include_bytes!("../../fonts/sRGB-v2-magic.icc");
    let profile = doc.add_object(Stream::new(
        dictionary! { "N" => 3, "Alternate" => "DeviceRGB" },
        profile.to_vec(),
    ));
    Object::Dictionary(dictionary! {
        "Type" => "OutputIntent",
        "S" => "GTS_PDFA1",
        "OutputConditionIdentifier" => Object::string_literal("sRGB"),
        "RegistryName" => Object::string_literal("http://www.color.org"),
        "Info" => Object::string_literal("sRGB IEC61966-2.1"),
        "DestOutputProfile" => profile,
    })
}
