//! Attributes of the signer, and the two that bind the signature to one certificate:
//! signing-certificate (RFC 2634 §5.4) and signing-certificate-v2 (RFC 5035 §3).

use der::Tag;
use der::oid::ObjectIdentifier;
use ring::digest;

use super::TimestampError;
use super::algorithm::{self, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2};
use super::asn1::{self, Der, Element, NotDer};
use super::certificate::{Certificate, directory_name};

/// One attribute and its values.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    oid: ObjectIdentifier,
    values: Vec<Element<'a>>,
}

impl<'a> Attribute<'a> {
    pub(super) fn read(element: Element<'a>) -> Der<Self> {
        let mut fields = element.sequence()?;
        let (oid, values) = (fields.next()?.oid()?, fields.next()?.set()?.each(Ok)?);
        fields.end()?;
        Ok(Self { oid, values })
    }

    /// The one value of the one attribute of that type (RFC 5652 §11).
    pub(super) fn one(
        all: &[Self],
        oid: ObjectIdentifier,
        name: &'static str,
    ) -> Result<Option<Element<'a>>, TimestampError> {
        let mut values = all
            .iter()
            .filter(|attribute| attribute.oid == oid)
            .map(|attribute| &attribute.values[..]);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some([value]), None) => Ok(Some(*value)),
            _ => Err(TimestampError::AttributeRepeated(name)),
        }
    }
}

/// Checks that the signed attributes name the signer's certificate first, and further on only
/// certificates of its chain. Where both versions are there, both must hold.
pub(super) fn name_the_chain(
    attributes: &[Attribute<'_>],
    signer: &Certificate<'_>,
    chain: &[Certificate<'_>],
) -> Result<(), TimestampError> {
    const OLD: &str = "signing-certificate";
    const NEW: &str = "signing-certificate-v2";
    let old = Attribute::one(attributes, SIGNING_CERTIFICATE, OLD)?;
    let new = Attribute::one(attributes, SIGNING_CERTIFICATE_V2, NEW)?;
    if old.is_none() && new.is_none() {
        return Err(TimestampError::AttributeMissing(NEW));
    }
    for (value, name, version) in [(old, OLD, Version::One), (new, NEW, Version::Two)] {
        let Some(value) = value else { continue };
        let ids = identifiers(value, version).map_err(|_| TimestampError::Malformed(name))?;
        let Some((first, others)) = ids.split_first() else {
            return Err(TimestampError::Malformed(name));
        };
        if !first.names(signer)? {
            return Err(TimestampError::OtherCertificate(name));
        }
        for other in others {
            if !chain
                .iter()
                .map(|link| other.names(link))
                .collect::<Result<Vec<_>, _>>()?
                .contains(&true)
            {
                return Err(TimestampError::CertificateOutsideChain(name));
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

/// ESSCertID or ESSCertIDv2.
struct Identifier<'a> {
    /// `None`: SHA-1, the only hash of the first version.
    algorithm: Option<ObjectIdentifier>,
    hash: &'a [u8],
    issuer_serial: Option<Element<'a>>,
}

fn identifiers(value: Element<'_>, version: Version) -> Der<Vec<Identifier<'_>>> {
    let mut fields = value.sequence()?;
    let ids = fields
        .next()?
        .sequence()?
        .each(|element| Identifier::read(element, version))?;
    // Policies are for whoever buys by policy.
    fields.optional(Tag::Sequence)?;
    fields.end()?;
    Ok(ids)
}

impl<'a> Identifier<'a> {
    fn read(element: Element<'a>, version: Version) -> Der<Self> {
        let mut fields = element.sequence()?;
        let algorithm = match version {
            Version::One => None,
            Version::Two => Some(match fields.optional(Tag::Sequence)? {
                Some(named) => asn1::algorithm(named)?,
                None => algorithm::SHA256,
            }),
        };
        let hash = fields.next()?.octets()?;
        let issuer_serial = fields.optional(Tag::Sequence)?;
        fields.end()?;
        Ok(Self {
            algorithm,
            hash,
            issuer_serial,
        })
    }

    fn names(&self, certificate: &Certificate<'_>) -> Result<bool, TimestampError> {
        let algorithm = match self.algorithm {
            Some(oid) => algorithm::hash(oid)?,
            // Whoever finds another certificate with this hash still lacks the key that signed.
            None => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        };
        if digest::digest(algorithm, &certificate.der).as_ref() != self.hash {
            return Ok(false);
        }
        match self.issuer_serial {
            Some(named) => issuer_serial(named, certificate).map_err(|_| TimestampError::Malformed("an issuer name")),
            None => Ok(true),
        }
    }
}

/// IssuerSerial with exactly one name, the issuer's (RFC 5035 §4).
fn issuer_serial(named: Element<'_>, certificate: &Certificate<'_>) -> Der<bool> {
    let mut fields = named.sequence()?;
    let issuer = directory_name(Element::only(fields.next()?.expect(Tag::Sequence)?.value)?)?.ok_or(NotDer)?;
    let serial = fields.next()?.integer()?;
    fields.end()?;
    Ok(issuer == certificate.issuer && serial == certificate.serial)
}
