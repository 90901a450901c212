//! AWS's answers, byte for byte, as it had given them in another partition.

use std::io::Cursor;

use evidence::archive::ArchiveWriter;
use evidence::snapshot::{Bodies, Snapshot};

use super::elsewhere::Elsewhere;

/// Is the call, the table or the host that begins so one of a service that the partition does not have? What is
/// recorded of it is not asked there.
pub fn is_lacking(to: &Elsewhere, name: &str) -> bool {
    let cloudfront = ["cloudfront:", "cloudfront_", "cloudfront."];
    to.partition == "aws-us-gov" && cloudfront.iter().any(|begin| name.starts_with(begin))
}

/// The snapshot and its bodies in another partition. `special` has the answers that need more than other texts, by
/// operation.
pub fn moved(
    recorded: &Snapshot,
    zip: &[u8],
    to: &Elsewhere,
    special: impl Fn(&str, &[u8]) -> Option<Vec<u8>>,
) -> (Snapshot, Vec<u8>) {
    let bodies = Bodies::of(zip.to_vec()).unwrap();
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()));
    let mut moved = to.snapshot(recorded);
    for exchange in &mut moved.exchanges {
        let Some(file) = &exchange.body else { continue };
        let body = bodies.read(file).unwrap();
        let kind = exchange.headers.get("content-type").map(String::as_str);
        let body = match special(&exchange.operation, &body) {
            Some(body) => body,
            None if kind.is_some_and(|kind| kind.starts_with("application/cbor")) => cbor(&body, to),
            None => to.text(std::str::from_utf8(&body).unwrap()).into_bytes(),
        };
        archive.add(file, &body).unwrap();
        // S3's client holds the body against it.
        let length = exchange.headers.get_mut("content-length");
        length.into_iter().for_each(|length| *length = body.len().to_string());
    }
    (moved, archive.finish().unwrap().into_inner())
}

/// CBOR is a row of heads; only texts have their length in front (RFC 8949, section 3).
fn cbor(body: &[u8], to: &Elsewhere) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < body.len() {
        let (major, low) = (body[at] >> 5, body[at] & 31);
        let extra = match low {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => 0,
        };
        let head = &body[at..=at + extra];
        at += head.len();
        if !matches!(major, 2 | 3) || low == 31 {
            out.extend(head);
            continue;
        }
        let length = match extra {
            0 => usize::from(low),
            _ => head[1..].iter().fold(0, |n, byte| n << 8 | usize::from(*byte)),
        };
        let text = &body[at..at + length];
        at += length;
        match std::str::from_utf8(text).map(|text| to.text(text)) {
            Ok(text) if major == 3 => {
                out.push(0x7a);
                out.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
                out.extend(text.bytes());
            }
            _ => out.extend(head.iter().chain(text)),
        }
    }
    out
}
