//! CMS SignedData with one signer (RFC 5652 §5), as RFC 3161 §2.4.2 narrows it.

use der::Tag;
use der::oid::ObjectIdentifier;
use ring::digest;
use webpki::EndEntityCert;

use super::TimestampError;
use super::algorithm::{self, CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA, TST_INFO};
use super::asn1::{self, Der, Element, Fields, around, instead};
use super::attribute::Attribute;
use super::certificate::Certificate;
use super::name::Name;

/// The token's envelope.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    version: u64,
    hashes: Vec<ObjectIdentifier>,
    content_type: ObjectIdentifier,
    /// TSTInfo, in DER.
    pub(super) content: &'a [u8],
    pub(super) certificates: Vec<Certificate<'a>>,
    signer: Signer<'a>,
}

#[derive(Debug)]
struct Signer<'a> {
    version: u64,
    issuer: Name<'a>,
    serial: &'a [u8],
    hash: ObjectIdentifier,
    /// The bytes after the tag `[0]`, which counts as SET OF when it comes to the signature.
    attributes: Element<'a>,
    signature_algorithm: ObjectIdentifier,
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(super) fn read(token: &'a [u8]) -> Result<Self, TimestampError> {
        const MALFORMED: TimestampError = TimestampError::Malformed("the token");
        asn1::well_formed(token).map_err(|_| MALFORMED)?;
        let (content_type, content) = content_info(token).map_err(|_| MALFORMED)?;
        if content_type != SIGNED_DATA {
            return Err(TimestampError::NotSignedData(content_type));
        }
        let parts = Parts::read(content).map_err(|_| MALFORMED)?;
        if parts.content_type != TST_INFO {
            return Err(TimestampError::NotTimeStamp(parts.content_type));
        }
        let [signer] = parts.signers[..] else {
            return Err(TimestampError::SignatureCount(parts.signers.len()));
        };
        let certificates = parts.certificates.each(Certificate::read);
        Ok(Self {
            version: parts.version,
            hashes: parts.hashes,
            content_type: parts.content_type,
            content: parts.content,
            certificates: certificates.map_err(|_| TimestampError::Malformed("a certificate in the token"))?,
            signer: Signer::read(signer)?,
        })
    }

    /// RFC 5652 §5.1 and §5.3, as far as they concern versions and lists.
    pub(super) fn keeps_the_form(&self) -> Result<(), TimestampError> {
        let wrong = |what, expected, found| Err(TimestampError::Version { what, expected, found });
        if self.version != 3 {
            return wrong("SignedData", 3, self.version);
        }
        if self.signer.version != 1 {
            return wrong("SignerInfo", 1, self.signer.version);
        }
        if !self.hashes.contains(&self.signer.hash) {
            return Err(TimestampError::HashNotListed);
        }
        Ok(())
    }

    /// The certificate with the issuer and serial number that the signer names.
    pub(super) fn signer(&self) -> Result<&Certificate<'a>, TimestampError> {
        let named = |one: &&Certificate<'_>| one.serial == self.signer.serial && one.issuer == self.signer.issuer;
        self.certificates
            .iter()
            .find(named)
            .ok_or(TimestampError::SignerCertificateMissing)
    }

    pub(super) fn attributes(&self) -> Result<Vec<Attribute<'a>>, TimestampError> {
        Fields(self.signer.attributes.value)
            .each(Attribute::read)
            .map_err(|_| TimestampError::Malformed("a signed attribute"))
    }

    /// The content is what the attributes say, and the attributes are what the key signed.
    pub(super) fn is_signed_by(&self, signer: &Certificate<'_>) -> Result<(), TimestampError> {
        let attributes = self.attributes()?;
        let value = |oid, name| Attribute::one(&attributes, oid, name)?.ok_or(TimestampError::AttributeMissing(name));
        let content_type = value(CONTENT_TYPE, "content-type")?;
        if content_type.oid() != Ok(self.content_type) {
            return Err(TimestampError::ContentTypeAttribute);
        }
        let hash = algorithm::hash(self.signer.hash)?;
        let signed = value(MESSAGE_DIGEST, "message-digest")?;
        if signed.octets() != Ok(digest::digest(hash, self.content).as_ref()) {
            return Err(TimestampError::MessageDigest);
        }

        let unusable = TimestampError::SignatureAlgorithm(self.signer.signature_algorithm);
        let candidates = algorithm::signature(self.signer.signature_algorithm, self.signer.hash);
        // The one byte of the message that is not as received: RFC 5652 §5.4.
        let mut message = self.signer.attributes.raw.to_vec();
        message[0] = 0x31;
        let certificate = EndEntityCert::try_from(&signer.der)
            .map_err(|error| TimestampError::Chain(format!("the signer's certificate: {error}")))?;
        for candidate in candidates {
            match certificate.verify_signature(candidate, &message, self.signer.signature) {
                Ok(()) => return Ok(()),
                Err(webpki::Error::InvalidSignatureForPublicKey) => return Err(TimestampError::Signature),
                // The key is of another kind or curve.
                Err(_) => {}
            }
        }
        Err(unusable)
    }
}

/// ContentInfo.
fn content_info(token: &[u8]) -> Der<(ObjectIdentifier, Element<'_>)> {
    let mut fields = Element::only(token)?.sequence()?;
    let content_type = fields.next()?.oid()?;
    let content = Element::only(fields.next()?.expect(around(0))?.value)?;
    fields.end()?;
    Ok((content_type, content))
}

struct Parts<'a> {
    version: u64,
    hashes: Vec<ObjectIdentifier>,
    content_type: ObjectIdentifier,
    content: &'a [u8],
    certificates: Fields<'a>,
    signers: Vec<Element<'a>>,
}

impl<'a> Parts<'a> {
    fn read(signed_data: Element<'a>) -> Der<Self> {
        let mut fields = signed_data.sequence()?;
        let version = fields.next()?.uint()?;
        let hashes = fields.next()?.set()?.each(asn1::algorithm)?;
        let mut content = fields.next()?.sequence()?;
        let content_type = content.next()?.oid()?;
        let octets = Element::only(content.next()?.expect(around(0))?.value)?.octets()?;
        content.end()?;
        let certificates = fields.optional(around(0))?.map_or(Fields(&[]), |set| Fields(set.value));
        // Revocation lists of the authority's choice prove nothing, and are not looked at.
        fields.optional(around(1))?;
        let signers = fields.next()?.set()?.each(Ok)?;
        fields.end()?;
        Ok(Self {
            version,
            hashes,
            content_type,
            content: octets,
            certificates,
            signers,
        })
    }
}

impl<'a> Signer<'a> {
    fn read(element: Element<'a>) -> Result<Self, TimestampError> {
        const MALFORMED: TimestampError = TimestampError::Malformed("the signer information");
        let mut fields = element.sequence().map_err(|_| MALFORMED)?;
        let start = |fields: &mut Fields<'a>| Ok((fields.next()?.uint()?, fields.next()?));
        let (version, named) = start(&mut fields).map_err(|_: asn1::NotDer| MALFORMED)?;
        if named.tag == instead(0) {
            return Err(TimestampError::SignerNotNamed);
        }
        Self::rest(version, named, fields).map_err(|_| MALFORMED)
    }

    fn rest(version: u64, named: Element<'a>, mut fields: Fields<'a>) -> Der<Self> {
        let mut named = named.sequence()?;
        let (issuer, serial) = (Name::read(named.next()?)?, named.next()?.integer()?);
        named.end()?;
        let hash = asn1::algorithm(fields.next()?)?;
        let attributes = fields.next()?.expect(around(0))?;
        let signature_algorithm = asn1::algorithm(fields.next()?)?;
        let signature = fields.next()?.expect(Tag::OctetString)?.value;
        if let Some(unsigned) = fields.optional(around(1))? {
            // Nobody vouches for these; they need only have the form.
            Fields(unsigned.value).each(Attribute::read)?;
        }
        fields.end()?;
        Ok(Self {
            version,
            issuer,
            serial,
            hash,
            attributes,
            signature_algorithm,
            signature,
        })
    }
}
