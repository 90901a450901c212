//! Why a time stamp is not believed: one variant, one sentence per reason.

use std::fmt;

use der::oid::ObjectIdentifier;

use crate::clock::Timestamp;

/// Why a response could not be read, or a token not be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The bytes are not what RFC 3161, RFC 5652 or RFC 5280 describe, in DER.
    #[error("{0} is not well-formed DER of the expected structure")]
    Malformed(&'static str),
    /// The time-stamp authority answered, but with a refusal.
    #[error("the time-stamp authority refused: {0}")]
    Refused(Refusal),
    /// The response says "granted" but holds no token.
    #[error("the response says that a time stamp was granted, but holds none")]
    NoToken,
    /// The outermost object is something else than CMS SignedData.
    #[error("the token is not CMS SignedData but {0}")]
    NotSignedData(ObjectIdentifier),
    /// Something else than a time stamp was signed.
    #[error("the signed content is not a time stamp (TSTInfo) but {0}")]
    NotTimeStamp(ObjectIdentifier),
    /// A version number other than the one the RFCs prescribe.
    #[error("{what} has version {found} instead of {expected}")]
    Version {
        /// Which structure.
        what: &'static str,
        /// The prescribed version.
        expected: u64,
        /// The version found.
        found: u64,
    },
    /// RFC 3161 §2.4.2: the token must bear the signature of the authority and no other.
    #[error("the token has {0} signatures instead of one")]
    SignatureCount(usize),
    /// The signer is named by a key identifier, which time-stamp tools do not resolve.
    #[error("the signer is not named by issuer and serial number")]
    SignerNotNamed,
    /// A hash other than SHA-256, SHA-384 or SHA-512.
    #[error("{0} is not an accepted hash algorithm (SHA-256, SHA-384, SHA-512)")]
    HashAlgorithm(ObjectIdentifier),
    /// RFC 5652 §5.1: the hashes in use are listed up front.
    #[error("the signer's hash algorithm is missing from the token's list of hash algorithms")]
    HashNotListed,
    /// A signature algorithm, or a key that does not go with it, that is not accepted.
    #[error("signature algorithm {0} is not accepted with this hash and this key")]
    SignatureAlgorithm(ObjectIdentifier),
    /// The time stamp is over another hash than SHA-256.
    #[error("the time stamp is over a hash of algorithm {0}, not SHA-256")]
    ImprintAlgorithm(ObjectIdentifier),
    /// The time stamp is for other data.
    #[error("the time stamp is for other data: it covers SHA-256 {0}")]
    OtherData(String),
    /// A nonce was sent but did not come back.
    #[error("the time stamp does not repeat the nonce of the request")]
    NonceMissing,
    /// Another nonce came back: an answer to another request.
    #[error("the time stamp answers another request: its nonce differs")]
    OtherNonce,
    /// An extension that must be understood, and is not.
    #[error("the time stamp has the unknown critical extension {0}")]
    CriticalExtension(ObjectIdentifier),
    /// A signed attribute that must be there, and is not.
    #[error("the signed attribute {0} is missing")]
    AttributeMissing(&'static str),
    /// A signed attribute that may be there only once, with one value.
    #[error("the signed attribute {0} occurs more than once or without exactly one value")]
    AttributeRepeated(&'static str),
    /// The signed content type is not the type of the content.
    #[error("the signed content-type attribute names another type than a time stamp")]
    ContentTypeAttribute,
    /// The content is not what was signed.
    #[error("the content differs from the signed message digest")]
    MessageDigest,
    /// No certificate with the signer's issuer and serial number is in the token.
    #[error("the token does not hold the certificate of its signer")]
    SignerCertificateMissing,
    /// RFC 5816 §2.2.1: the signature binds the certificate it is to be checked with.
    #[error("the signed attribute {0} names another certificate than the signer's")]
    OtherCertificate(&'static str),
    /// RFC 2634 §5.4: further certificates named there limit the chain.
    #[error("the signed attribute {0} names a certificate that is not in the signer's chain")]
    CertificateOutsideChain(&'static str),
    /// The name of the authority in the time stamp is not the signer's.
    #[error("the authority named in the time stamp is not a subject of the signer's certificate")]
    AuthorityName,
    /// RFC 3161 §2.3: id-kp-timeStamping must be the only extended key usage.
    #[error("the signer's certificate is not for time stamping alone")]
    NotForTimeStamping,
    /// RFC 3161 §2.3: the extended key usage must be critical.
    #[error("the extended key usage of the signer's certificate is not critical")]
    UsageNotCritical,
    /// The key usage of the signer's certificate allows other things than signing, or not even that.
    #[error("the key usage of the signer's certificate is not signing alone")]
    KeyUsage,
    /// The signer's certificate was not valid when the time stamp was given.
    #[error("the signer's certificate was valid from {from} to {to}, not at {at}")]
    SignerNotValid {
        /// The time of the time stamp.
        at: Timestamp,
        /// Start of validity.
        from: Timestamp,
        /// End of validity.
        to: Timestamp,
    },
    /// The signature over the signed attributes is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// What was given as roots is not a list of PEM certificates.
    #[error("the roots are not certificates in PEM form: {0}")]
    Roots(String),
    /// None of the given roots could be one.
    #[error("none of the roots is a self-issued certificate authority valid at {0}")]
    NoRoot(Timestamp),
    /// No chain leads from the signer to a root.
    #[error("no chain of certificates leads from the signer to one of the roots")]
    Untrusted,
    /// A chain leads to a root, but breaks a rule of RFC 5280.
    #[error("the chain of certificates to the root is not valid: {0}")]
    Chain(String),
}

/// How a time-stamp authority said no (RFC 3161 §2.4.2, PKIStatusInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// PKIStatus: 2 rejection, 3 waiting, 4 revocation warning, 5 revocation.
    pub status: u64,
    /// The authority's own words, control characters escaped.
    pub text: Vec<String>,
    /// What PKIFailureInfo says, one sentence for each bit.
    pub failures: Vec<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            2 => f.write_str("rejection")?,
            3 => f.write_str("waiting")?,
            4 => f.write_str("revocation warning")?,
            5 => f.write_str("revocation")?,
            other => write!(f, "status {other}")?,
        }
        let said = self
            .failures
            .iter()
            .copied()
            .chain(self.text.iter().map(String::as_str));
        said.into_iter().try_for_each(|said| write!(f, "; {said}"))
    }
}
