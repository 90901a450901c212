//! Files carried inside the PDF, associated with the document.

use lopdf::{Dictionary, Document, Object, Stream, dictionary, text_string};

use super::Attachment;
use super::metadata::date;

/// Embeds the files; gives the name tree and the list of associated files.
pub(super) fn attach(doc: &mut Document, files: &[Attachment]) -> (Option<Object>, Vec<Object>) {
    let mut sorted: Vec<&Attachment> = files.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names = Vec::new();
    let mut associated = Vec::new();
    for file in sorted {
        let mut stream = Stream::new(
            dictionary! {
                "Type" => "EmbeddedFile",
                "Subtype" => Object::Name(file.mime.as_bytes().to_vec()),
                "Params" => dictionary! {
                    "Size" => file.bytes.len() as i64,
                    "ModDate" => date(file.modified),
                },
            },
            file.bytes.clone(),
        );
        stream.allows_compression = true;
        let stream = doc.add_object(stream);
        let spec = doc.add_object(dictionary! {
            "Type" => "Filespec",
            "F" => text_string(&file.name),
            "UF" => text_string(&file.name),
            "Desc" => text_string(&file.description),
            "AFRelationship" => "Supplement",
            "EF" => dictionary! { "F" => stream, "UF" => stream },
        });
        names.push(text_string(&file.name));
        names.push(Object::Reference(spec));
        associated.push(Object::Reference(spec));
    }
    if names.is_empty() {
        return (None, associated);
    }
    let mut tree = Dictionary::new();
    tree.set("Names", names);
    (Some(Object::Reference(doc.add_object(tree))), associated)
}
