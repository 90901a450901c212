//! TSTInfo: what the authority states (RFC 3161 §2.4.2).

use std::time::Duration;

use chrono::{DateTime, Utc};
use der::Tag;
use der::oid::ObjectIdentifier;

use super::TimestampError;
use super::algorithm::SHA256;
use super::asn1::{Der, Element, Fields, NotDer, algorithm, around, instead, uint, well_formed};
use super::certificate::Extension;
use super::request::integer;
use crate::digest::Digest;

/// The statement, read but not compared with anything.
#[derive(Debug)]
pub(super) struct Info<'a> {
    version: u64,
    pub(super) policy: ObjectIdentifier,
    imprint_algorithm: ObjectIdentifier,
    imprint: &'a [u8],
    pub(super) serial: &'a [u8],
    pub(super) gen_time: DateTime<Utc>,
    pub(super) accuracy: Option<Duration>,
    nonce: Option<&'a [u8]>,
    /// A GeneralName.
    pub(super) authority: Option<Element<'a>>,
    extensions: Vec<Extension<'a>>,
}

impl<'a> Info<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Der<Self> {
        well_formed(bytes)?;
        let mut fields = Element::only(bytes)?.sequence()?;
        let version = fields.next()?.uint()?;
        let policy = fields.next()?.oid()?;
        let mut imprint = fields.next()?.sequence()?;
        let (imprint_algorithm, hashed) = (algorithm(imprint.next()?)?, imprint.next()?.octets()?);
        imprint.end()?;
        let serial = fields.next()?.integer()?;
        if serial[0] >= 0x80 {
            return Err(NotDer);
        }
        let gen_time = fields.next()?.time_with_fraction()?;
        let accuracy = fields
            .optional(Tag::Sequence)?
            .map(|a| accuracy(a.sequence()?))
            .transpose()?;
        // `ordering` says something about other time stamps of the same authority only.
        if fields.optional(Tag::Boolean)?.map(Element::boolean).transpose()? == Some(false) {
            // DER leaves out what is the default.
            return Err(NotDer);
        }
        let nonce = fields.optional(Tag::Integer)?.map(Element::integer).transpose()?;
        let authority = fields
            .optional(around(0))?
            .map(|name| Element::only(name.value))
            .transpose()?;
        let extensions = match fields.optional(around(1))? {
            Some(list) => Fields(list.value).each(Extension::read)?,
            None => Vec::new(),
        };
        fields.end()?;
        Ok(Self {
            version,
            policy,
            imprint_algorithm,
            imprint: hashed,
            serial,
            gen_time,
            accuracy,
            nonce,
            authority,
            extensions,
        })
    }

    /// Whether this states what was asked.
    pub(super) fn answers(&self, digest: &Digest, nonce: Option<u64>) -> Result<(), TimestampError> {
        if self.version != 1 {
            return Err(TimestampError::Version {
                what: "the time stamp",
                expected: 1,
                found: self.version,
            });
        }
        if self.imprint_algorithm != SHA256 {
            return Err(TimestampError::ImprintAlgorithm(self.imprint_algorithm));
        }
        if self.imprint != digest.bytes() {
            return Err(TimestampError::OtherData(hex::encode(self.imprint)));
        }
        if let Some(sent) = nonce {
            let received = self.nonce.ok_or(TimestampError::NonceMissing)?;
            if received != integer(sent) {
                return Err(TimestampError::OtherNonce);
            }
        }
        match self.extensions.iter().find(|extension| extension.critical) {
            Some(unknown) => Err(TimestampError::CriticalExtension(unknown.oid)),
            None => Ok(()),
        }
    }
}

fn accuracy(mut fields: Fields<'_>) -> Der<Duration> {
    let seconds = fields.optional(Tag::Integer)?.map_or(Ok(0), Element::uint)?;
    let mut thousandths = |n: u32| match fields.optional(instead(n))? {
        Some(part) => match uint(part.value)? {
            part @ 1..=999 => Ok(part),
            _ => Err(NotDer),
        },
        None => Ok(0),
    };
    // Some four billion seconds are more than any authority admits.
    let seconds = u32::try_from(seconds).map_err(|_| NotDer)?;
    let micros = thousandths(0)? * 1000 + thousandths(1)?;
    fields.end()?;
    Ok(Duration::from_secs(seconds.into()) + Duration::from_micros(micros))
}
