//! From the SDK's types to the record's: times, tags, policy documents.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use evidence::clock::Timestamp;
use evidence::record::Tag;
use percent_encoding::percent_decode_str;

/// A time as AWS gave it, to the second.
pub fn time(at: Option<&DateTime>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::from_unix(at.secs()))
}

/// Tags in a fixed order.
pub fn tags<'a>(tags: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = tags
        .into_iter()
        .map(|(key, value)| Tag {
            key: key.unwrap_or_default().to_owned(),
            value: value.unwrap_or_default().to_owned(),
        })
        .collect();
    tags.sort();
    tags
}

/// A text that may be missing; AWS writes some missing texts as empty ones.
pub fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A policy document. IAM percent-encodes it (RFC 3986); a plain one has no percent sign
/// outside of JSON strings, so only what begins as encoded JSON is decoded.
pub fn document(text: Option<&str>) -> Option<String> {
    let text = text?;
    if text.trim_start().starts_with('{') {
        return Some(text.to_owned());
    }
    Some(percent_decode_str(text).decode_utf8_lossy().into_owned())
}

/// A time that AWS gives as text (RFC 3339), to the second.
pub fn instant(text: &str) -> Option<Timestamp> {
    let at = DateTime::from_str(text, Format::DateTimeWithOffset).ok()?;
    time(Some(&at))
}
