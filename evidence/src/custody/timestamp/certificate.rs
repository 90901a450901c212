//! What a time stamp's checks need to know of an X.509 certificate (RFC 5280 §4.1) beyond what
//! webpki looks at.

use chrono::{DateTime, Utc};
use der::Tag;
use der::oid::ObjectIdentifier;
use rustls_pki_types::CertificateDer;

use super::TimestampError;
use super::algorithm::{BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE, SUBJECT_ALT_NAME, TIME_STAMPING};
use super::asn1::{Der, Element, Fields, NotDer, around, instead, well_formed};
use super::name::Name;
use crate::clock::Timestamp;

/// keyCertSign, counted from the left in the first byte of KeyUsage.
const CERTIFICATES: u8 = 0x80 >> 5;
/// digitalSignature and nonRepudiation.
const SIGNING: u8 = 0x80 | 0x80 >> 1;

/// A certificate whose every field could be read.
#[derive(Clone, Debug)]
pub(super) struct Certificate<'a> {
    pub(super) der: CertificateDer<'a>,
    pub(super) serial: &'a [u8],
    pub(super) issuer: Name<'a>,
    pub(super) subject: Name<'a>,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    version: u64,
    extensions: Vec<Extension<'a>>,
}

/// One extension (RFC 5280 §4.2), also of a time stamp.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extension<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) critical: bool,
    value: &'a [u8],
}

impl<'a> Extension<'a> {
    pub(super) fn read(element: Element<'a>) -> Der<Self> {
        let mut fields = element.sequence()?;
        let oid = fields.next()?.oid()?;
        let critical = match fields.optional(Tag::Boolean)? {
            Some(critical) => critical.boolean()?,
            None => false,
        };
        let value = fields.next()?.octets()?;
        fields.end()?;
        Ok(Self { oid, critical, value })
    }
}

impl<'a> Certificate<'a> {
    pub(super) fn read(element: Element<'a>) -> Der<Self> {
        well_formed(element.raw)?;
        let mut outer = element.sequence()?;
        let mut fields = outer.next()?.sequence()?;
        algorithm_of_any_kind(outer.next()?)?;
        outer.next()?.bits()?;
        outer.end()?;

        let version = match fields.optional(around(0))? {
            Some(version) => match Element::only(version.value)?.uint()? {
                written @ 1..=2 => written + 1,
                _ => return Err(NotDer),
            },
            None => 1,
        };
        let serial = fields.next()?.integer()?;
        algorithm_of_any_kind(fields.next()?)?;
        let issuer = Name::read(fields.next()?)?;
        let mut validity = fields.next()?.sequence()?;
        let (not_before, not_after) = (validity.next()?.time()?, validity.next()?.time()?);
        validity.end()?;
        let subject = Name::read(fields.next()?)?;
        let mut key = fields.next()?.sequence()?;
        algorithm_of_any_kind(key.next()?)?;
        key.next()?.bits()?;
        key.end()?;
        fields.optional(instead(1))?;
        fields.optional(instead(2))?;
        let extensions = match fields.optional(around(3))? {
            Some(list) => Element::only(list.value)?.sequence()?.each(Extension::read)?,
            None => Vec::new(),
        };
        fields.end()?;
        let repeated = |(i, one): (usize, &Extension<'_>)| extensions[..i].iter().any(|other| other.oid == one.oid);
        if extensions.iter().enumerate().any(repeated) {
            return Err(NotDer);
        }
        Ok(Self {
            der: CertificateDer::from(element.raw),
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            version,
            extensions,
        })
    }

    fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    pub(super) fn is_valid(&self, at: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&at.utc())
    }

    /// RFC 3161 §2.3, and what OpenSSL asks of the key usage: a key for time stamps alone.
    pub(super) fn is_for_time_stamping(&self, at: Timestamp) -> Result<(), TimestampError> {
        let usage = self
            .extension(EXTENDED_KEY_USAGE)
            .ok_or(TimestampError::NotForTimeStamping)?;
        let purposes = Element::only(usage.value).and_then(|list| list.sequence()?.each(Element::oid));
        if purposes != Ok(vec![TIME_STAMPING]) {
            return Err(TimestampError::NotForTimeStamping);
        }
        if !usage.critical {
            return Err(TimestampError::UsageNotCritical);
        }
        match self.key_usage() {
            Ok(None) => {}
            Ok(Some((first, others))) if first & SIGNING != 0 && first & !SIGNING == 0 && !others => {}
            _ => return Err(TimestampError::KeyUsage),
        }
        if !self.is_valid(at) {
            return Err(TimestampError::SignerNotValid {
                at,
                from: Timestamp::new(self.not_before),
                to: Timestamp::new(self.not_after),
            });
        }
        Ok(())
    }

    /// The first eight uses, and whether there are others.
    fn key_usage(&self) -> Der<Option<(u8, bool)>> {
        let Some(extension) = self.extension(KEY_USAGE) else {
            return Ok(None);
        };
        let (bits, _) = Element::only(extension.value)?.bits()?;
        let (first, others) = bits.split_first().ok_or(NotDer)?;
        Ok(Some((*first, others.iter().any(|byte| *byte != 0))))
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether this certificate may issue others. webpki checks the basic constraints of
    /// intermediates, but nobody's key usage, and nothing at all of roots.
    pub(super) fn may_issue(&self) -> bool {
        let constraints = self.constraints();
        let authority = matches!(constraints, Ok(Some((true, _)))) || (self.version == 1 && self.is_self_issued());
        let key_may = match self.key_usage() {
            Ok(None) => true,
            Ok(Some((first, _))) => first & CERTIFICATES != 0,
            Err(NotDer) => false,
        };
        authority && key_may
    }

    /// How many intermediates may come between this root and the signer.
    pub(super) fn allows_intermediates(&self, count: usize) -> bool {
        match self.constraints() {
            Ok(Some((_, Some(most)))) => u64::try_from(count).is_ok_and(|count| count <= most),
            other => other.is_ok(),
        }
    }

    fn constraints(&self) -> Der<Option<(bool, Option<u64>)>> {
        let Some(extension) = self.extension(BASIC_CONSTRAINTS) else {
            return Ok(None);
        };
        let mut fields = Element::only(extension.value)?.sequence()?;
        let authority = fields.optional(Tag::Boolean)?.map_or(Ok(false), Element::boolean)?;
        let most = fields.optional(Tag::Integer)?.map(Element::uint).transpose()?;
        fields.end()?;
        Ok(Some((authority, most)))
    }

    /// Whether a GeneralName is the subject or one of its alternative names.
    pub(super) fn is_called(&self, general: Element<'_>) -> Der<bool> {
        if directory_name(general)?.is_some_and(|name| name == self.subject) {
            return Ok(true);
        }
        match self.extension(SUBJECT_ALT_NAME) {
            Some(names) => {
                let names = Element::only(names.value)?.sequence()?.each(Ok)?;
                Ok(names.iter().any(|name| name.raw == general.raw))
            }
            None => Ok(false),
        }
    }
}

/// The distinguished name in a GeneralName, if it is one.
pub(super) fn directory_name(general: Element<'_>) -> Der<Option<Name<'_>>> {
    if general.tag != around(4) {
        return Ok(None);
    }
    Name::read(Element::only(general.value)?).map(Some)
}

/// AlgorithmIdentifier with parameters left to whoever uses the algorithm.
fn algorithm_of_any_kind(element: Element<'_>) -> Der<()> {
    let mut fields: Fields<'_> = element.sequence()?;
    fields.next()?.expect(Tag::ObjectIdentifier)?;
    if !fields.is_empty() {
        fields.next()?;
    }
    fields.end()
}
