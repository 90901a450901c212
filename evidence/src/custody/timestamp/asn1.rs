//! Strict DER as slices of the received bytes: what is hashed or signed is never encoded again.

use chrono::{DateTime, NaiveDate, Utc};
use der::oid::ObjectIdentifier;
use der::{Decode, Header, Reader, SliceReader, Tag, TagNumber};

/// The bytes are not strict DER of the expected structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotDer;

impl From<der::Error> for NotDer {
    fn from(_: der::Error) -> Self {
        Self
    }
}

pub(super) type Der<T> = Result<T, NotDer>;

/// One value with its tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) value: &'a [u8],
    /// Tag, length and value.
    pub(super) raw: &'a [u8],
}

/// `[n]` around other elements (EXPLICIT tags, and IMPLICIT ones of constructed types).
pub(super) fn around(n: u32) -> Tag {
    TagNumber(n).context_specific(true)
}

/// `[n]` in place of the tag of a primitive type.
pub(super) fn instead(n: u32) -> Tag {
    TagNumber(n).context_specific(false)
}

impl<'a> Element<'a> {
    /// The only element in these bytes.
    pub(super) fn only(bytes: &'a [u8]) -> Der<Self> {
        let mut fields = Fields(bytes);
        let element = fields.next()?;
        fields.end()?;
        Ok(element)
    }

    pub(super) fn expect(self, tag: Tag) -> Der<Self> {
        if self.tag == tag { Ok(self) } else { Err(NotDer) }
    }

    pub(super) fn sequence(self) -> Der<Fields<'a>> {
        Ok(Fields(self.expect(Tag::Sequence)?.value))
    }

    pub(super) fn set(self) -> Der<Fields<'a>> {
        Ok(Fields(self.expect(Tag::Set)?.value))
    }

    pub(super) fn oid(self) -> Der<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.expect(Tag::ObjectIdentifier)?.value).map_err(|_| NotDer)
    }

    /// The bytes of an INTEGER, two's complement.
    pub(super) fn integer(self) -> Der<&'a [u8]> {
        let value = self.expect(Tag::Integer)?.value;
        minimal(value).then_some(value).ok_or(NotDer)
    }

    pub(super) fn uint(self) -> Der<u64> {
        uint(self.integer()?)
    }

    pub(super) fn octets(self) -> Der<&'a [u8]> {
        Ok(self.expect(Tag::OctetString)?.value)
    }

    /// The bytes of a BIT STRING, and how many bits at the end do not count.
    pub(super) fn bits(self) -> Der<(&'a [u8], u8)> {
        let (unused, bits) = self.expect(Tag::BitString)?.value.split_first().ok_or(NotDer)?;
        match (*unused, bits.last()) {
            (0, None) => Ok((bits, 0)),
            (1..=7, Some(last)) if last.trailing_zeros() >= u32::from(*unused) => Ok((bits, *unused)),
            (0, Some(_)) => Ok((bits, 0)),
            _ => Err(NotDer),
        }
    }

    pub(super) fn boolean(self) -> Der<bool> {
        match self.expect(Tag::Boolean)?.value {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(NotDer),
        }
    }

    /// UTCTime or GeneralizedTime of a certificate (RFC 5280 §4.1.2.5), without fractions.
    pub(super) fn time(self) -> Der<DateTime<Utc>> {
        let text = zulu(self.value)?;
        match self.tag {
            Tag::UtcTime if text < "50" => moment(&format!("20{text}")),
            Tag::UtcTime => moment(&format!("19{text}")),
            Tag::GeneralizedTime => moment(text),
            _ => Err(NotDer),
        }
    }

    /// GeneralizedTime of a time stamp (RFC 3161 §2.4.2); its fraction is checked and dropped.
    pub(super) fn time_with_fraction(self) -> Der<DateTime<Utc>> {
        let text = zulu(self.expect(Tag::GeneralizedTime)?.value)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "1"));
        if fraction.is_empty() || fraction.ends_with('0') || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotDer);
        }
        moment(whole)
    }
}

fn zulu(value: &[u8]) -> Der<&str> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.strip_suffix('Z'))
        .ok_or(NotDer)
}

/// `YYYYMMDDhhmmss`.
fn moment(text: &str) -> Der<DateTime<Utc>> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotDer);
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().map_err(|_| NotDer);
    let year = i32::try_from(part(0, 4)?).map_err(|_| NotDer)?;
    NaiveDate::from_ymd_opt(year, part(4, 6)?, part(6, 8)?)
        .and_then(|day| day.and_hms_opt(part(8, 10).ok()?, part(10, 12).ok()?, part(12, 14).ok()?))
        .map(|at| at.and_utc())
        .ok_or(NotDer)
}

fn minimal(integer: &[u8]) -> bool {
    !matches!(integer, [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..])
}

/// The content of a non-negative INTEGER of at most 64 bits, whatever its tag was.
pub(super) fn uint(value: &[u8]) -> Der<u64> {
    if !minimal(value) || value[0] >= 0x80 || value.len() > 9 || (value.len() == 9 && value[0] != 0) {
        return Err(NotDer);
    }
    Ok(value.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// What is left of a SEQUENCE, a SET or a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn next(&mut self) -> Der<Element<'a>> {
        let mut reader = SliceReader::new(self.0)?;
        let header = Header::decode(&mut reader)?;
        let value = reader.read_slice(header.length())?;
        let (raw, rest) = self
            .0
            .split_at_checked(usize::try_from(reader.position())?)
            .ok_or(NotDer)?;
        self.0 = rest;
        Ok(Element {
            tag: header.tag(),
            value,
            raw,
        })
    }

    /// The next element, if it has this tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Der<Option<Element<'a>>> {
        let mut ahead = *self;
        if self.is_empty() || ahead.next()?.tag != tag {
            return Ok(None);
        }
        self.next().map(Some)
    }

    pub(super) fn end(self) -> Der<()> {
        if self.is_empty() { Ok(()) } else { Err(NotDer) }
    }

    /// The same reading of every element up to the end.
    pub(super) fn each<T>(mut self, mut read: impl FnMut(Element<'a>) -> Der<T>) -> Der<Vec<T>> {
        let mut all = Vec::new();
        while !self.is_empty() {
            all.push(read(self.next()?)?);
        }
        Ok(all)
    }
}

/// More levels than any certificate has; fewer than a stack can bear.
const DEEPEST: usize = 32;

/// Walks through everything, including what no other function looks at: a token that one tool
/// can read and another cannot is no evidence.
///
/// SET OF need not be sorted: authorities send their certificates in the order of the chain.
pub(super) fn well_formed(bytes: &[u8]) -> Der<()> {
    fn walk(bytes: &[u8], depth: usize) -> Der<()> {
        if depth > DEEPEST {
            return Err(NotDer);
        }
        Fields(bytes).each(|element| primitive_or(element, depth)).map(drop)
    }
    fn primitive_or(element: Element<'_>, depth: usize) -> Der<()> {
        match element.tag {
            tag if tag.is_constructed() => walk(element.value, depth + 1),
            Tag::Boolean => element.boolean().map(drop),
            Tag::Integer | Tag::Enumerated => minimal(element.value).then_some(()).ok_or(NotDer),
            Tag::BitString => element.bits().map(drop),
            Tag::Null => element.value.is_empty().then_some(()).ok_or(NotDer),
            Tag::ObjectIdentifier => oid_form(element.value),
            Tag::Utf8String => std::str::from_utf8(element.value).map(drop).map_err(|_| NotDer),
            Tag::BmpString => element.value.len().is_multiple_of(2).then_some(()).ok_or(NotDer),
            _ => Ok(()),
        }
    }
    walk(bytes, 0)
}

/// Arcs of any size: certificates may hold identifiers longer than those read here.
fn oid_form(value: &[u8]) -> Der<()> {
    let mut at_start = true;
    for byte in value {
        if at_start && *byte == 0x80 {
            return Err(NotDer);
        }
        at_start = byte & 0x80 == 0;
    }
    (at_start && !value.is_empty()).then_some(()).ok_or(NotDer)
}

/// AlgorithmIdentifier whose parameters are absent or NULL, as for every algorithm accepted here.
pub(super) fn algorithm(element: Element<'_>) -> Der<ObjectIdentifier> {
    let mut fields = element.sequence()?;
    let oid = fields.next()?.oid()?;
    fields.optional(Tag::Null)?;
    fields.end()?;
    Ok(oid)
}
