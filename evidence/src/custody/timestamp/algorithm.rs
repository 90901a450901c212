//! The accepted hash and signature algorithms, and the object identifiers that name them.

use der::oid::ObjectIdentifier;
use ring::digest;
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::ring as alg;

use super::TimestampError;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

pub(super) const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
pub(super) const TST_INFO: ObjectIdentifier = oid("1.2.840.113549.1.9.16.1.4");

pub(super) const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
pub(super) const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
pub(super) const SIGNING_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.12");
pub(super) const SIGNING_CERTIFICATE_V2: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.47");

pub(super) const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
pub(super) const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");
pub(super) const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
pub(super) const EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");
pub(super) const TIME_STAMPING: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.8");

pub(super) const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");

const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const SHA256_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
const SHA384_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
const SHA512_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");

/// The hash function of that name.
pub(super) fn hash(oid: ObjectIdentifier) -> Result<&'static digest::Algorithm, TimestampError> {
    match oid {
        SHA256 => Ok(&digest::SHA256),
        SHA384 => Ok(&digest::SHA384),
        SHA512 => Ok(&digest::SHA512),
        other => Err(TimestampError::HashAlgorithm(other)),
    }
}

type Verifier = &'static dyn SignatureVerificationAlgorithm;

/// How to check a signature of that name over that hash; which one applies depends on the key.
/// Empty: not at all.
///
/// In CMS "rsaEncryption" alone is as good as "sha256WithRSAEncryption": the hash stands beside
/// it (RFC 3370 §3.2). A name that includes another hash than the one beside it is refused.
pub(super) fn signature(signature: ObjectIdentifier, hash: ObjectIdentifier) -> Vec<Verifier> {
    match (signature, hash) {
        (RSA | SHA256_RSA, SHA256) => vec![alg::RSA_PKCS1_2048_8192_SHA256],
        (RSA | SHA384_RSA, SHA384) => vec![alg::RSA_PKCS1_2048_8192_SHA384],
        (RSA | SHA512_RSA, SHA512) => vec![alg::RSA_PKCS1_2048_8192_SHA512],
        (ECDSA_SHA256, SHA256) => vec![alg::ECDSA_P256_SHA256, alg::ECDSA_P384_SHA256],
        (ECDSA_SHA384, SHA384) => vec![alg::ECDSA_P256_SHA384, alg::ECDSA_P384_SHA384],
        _ => Vec::new(),
    }
}

/// The signatures accepted on certificates.
pub(super) static ON_CERTIFICATES: &[Verifier] = &[
    alg::RSA_PKCS1_2048_8192_SHA256,
    alg::RSA_PKCS1_2048_8192_SHA384,
    alg::RSA_PKCS1_2048_8192_SHA512,
    alg::ECDSA_P256_SHA256,
    alg::ECDSA_P256_SHA384,
    alg::ECDSA_P384_SHA256,
    alg::ECDSA_P384_SHA384,
];
