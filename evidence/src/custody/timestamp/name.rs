//! Distinguished names, compared as OpenSSL does: without regard to string type, case of ASCII
//! letters and amount of white space.

use std::fmt;

use der::Tag;
use der::oid::ObjectIdentifier;

use super::asn1::{Der, Element, NotDer};

/// One type and value, such as `CN=Example`.
#[derive(Clone, Debug)]
struct Attribute<'a> {
    oid: ObjectIdentifier,
    value: Element<'a>,
}

/// A distinguished name (RFC 5280 §4.1.2.4).
#[derive(Clone, Debug)]
pub(super) struct Name<'a>(Vec<Vec<Attribute<'a>>>);

impl<'a> Name<'a> {
    pub(super) fn read(element: Element<'a>) -> Der<Self> {
        let relative = |set: Element<'a>| {
            let attributes = set.set()?.each(Attribute::read)?;
            if attributes.is_empty() {
                Err(NotDer)
            } else {
                Ok(attributes)
            }
        };
        element.sequence()?.each(relative).map(Self)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Vec<_>, &Vec<_>)| comparable(a) == comparable(b);
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

/// Type, and text or else the bytes.
type Comparable<'a> = (&'a [u8], Result<String, &'a [u8]>);

/// Of several attributes in one place, the order does not count.
fn comparable<'a>(set: &'a [Attribute<'_>]) -> Vec<Comparable<'a>> {
    let mut set: Vec<_> = set.iter().map(Attribute::comparable).collect();
    set.sort();
    set
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, attribute) in self.0.iter().flatten().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{attribute}")?;
        }
        Ok(())
    }
}

impl<'a> Attribute<'a> {
    fn read(element: Element<'a>) -> Der<Self> {
        let mut fields = element.sequence()?;
        let (oid, value) = (fields.next()?.oid()?, fields.next()?);
        fields.end()?;
        // What OpenSSL takes; a name in another type would be read by some tools only.
        match value.tag {
            Tag::Utf8String
            | Tag::PrintableString
            | Tag::Ia5String
            | Tag::TeletexString
            | Tag::NumericString
            | Tag::BmpString
            | Tag::BitString => Ok(Self { oid, value }),
            _ => Err(NotDer),
        }
    }

    fn text(&self) -> Option<String> {
        let bytes = self.value.value;
        match self.value.tag {
            Tag::Utf8String => std::str::from_utf8(bytes).ok().map(str::to_owned),
            // Sent as Latin-1 when it is not ASCII, and read so by OpenSSL.
            Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => {
                Some(bytes.iter().map(|byte| char::from(*byte)).collect())
            }
            Tag::BmpString => {
                let units: Vec<u16> = bytes
                    .chunks(2)
                    .map(|pair| pair.iter().fold(0, |u, b| u << 8 | u16::from(*b)))
                    .collect();
                String::from_utf16(&units).ok()
            }
            _ => None,
        }
    }

    fn comparable(&self) -> Comparable<'_> {
        let folded = |text: String| {
            text.to_ascii_lowercase()
                .split_ascii_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        (self.oid.as_bytes(), self.text().map(folded).ok_or(self.value.raw))
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHORT: [(&str, &str); 9] = [
            ("2.5.4.3", "CN"),
            ("2.5.4.5", "serialNumber"),
            ("2.5.4.6", "C"),
            ("2.5.4.7", "L"),
            ("2.5.4.8", "ST"),
            ("2.5.4.10", "O"),
            ("2.5.4.11", "OU"),
            ("0.9.2342.19200300.100.1.25", "DC"),
            ("1.2.840.113549.1.9.1", "emailAddress"),
        ];
        let dotted = self.oid.to_string();
        let short = SHORT
            .iter()
            .find(|(known, _)| *known == dotted)
            .map_or(dotted.as_str(), |(_, short)| short);
        match self.text() {
            Some(text) => write!(f, "{short}={}", printable(&text)),
            None => write!(f, "{short}=#{}", hex::encode(self.value.raw)),
        }
    }
}

/// Without control characters: names and messages from others must not steer a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
        out
    })
}
