//! Time-stamp tokens of RFC 3161 (with RFC 5816), as `openssl ts` makes and checks them.
//!
//! Pure: the nonce comes from the caller, the bytes travel elsewhere, and a token is judged at
//! the time it states. What a token proves is that its authority saw the digest at that time; it
//! does not prove that the authority's key was not stolen later, so the log also pins
//! [`Verified::token_sha256`].

mod algorithm;
mod asn1;
mod attribute;
mod certificate;
mod chain;
mod error;
mod info;
mod name;
mod reply;
mod request;
mod signed;

use std::time::Duration;

pub use chain::roots;
pub use error::{Refusal, TimestampError};
pub use reply::{Reply, read};
pub use request::request;
pub use rustls_pki_types::CertificateDer;

use crate::clock::Timestamp;
use crate::digest::Digest;

/// Real responses have 3 to 10 KB; the limit keeps hostile ones cheap.
const LONGEST: usize = 1 << 16;

/// What a believable token states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When the authority saw the digest, without its fraction of a second.
    pub gen_time: Timestamp,
    /// How far the time may be off, if the authority says.
    pub accuracy: Option<Duration>,
    /// The authority's policy, a dotted object identifier.
    pub policy: String,
    /// The authority's number for this time stamp, in hexadecimal.
    pub serial: String,
    /// The subject of the certificate that signed.
    pub tsa_subject: String,
    /// The digest of the token: some of its bytes are covered by no signature.
    pub token_sha256: Digest,
}

/// Checks a token against the digest it should cover, the nonce that was sent, if one was, and
/// the [`roots`] that the checker trusts.
pub fn check(
    token: &[u8],
    digest: &Digest,
    nonce: Option<u64>,
    roots: &[CertificateDer<'_>],
) -> Result<Verified, TimestampError> {
    examine(token, digest, nonce, Some(roots))
}

/// Checks all of a token that can be checked without trusting anybody: its form, what it covers,
/// and its signature by the certificate in it. Whoever made that certificate, it may be anyone.
pub fn check_unproven(token: &[u8], digest: &Digest, nonce: Option<u64>) -> Result<Verified, TimestampError> {
    examine(token, digest, nonce, None)
}

fn examine(
    token: &[u8],
    digest: &Digest,
    nonce: Option<u64>,
    roots: Option<&[CertificateDer<'_>]>,
) -> Result<Verified, TimestampError> {
    if token.len() > LONGEST {
        return Err(TimestampError::Malformed("the token"));
    }
    let signed = signed::Signed::read(token)?;
    signed.keeps_the_form()?;
    let info = info::Info::read(signed.content).map_err(|_| TimestampError::Malformed("the time stamp"))?;
    info.answers(digest, nonce)?;
    let gen_time = Timestamp::new(info.gen_time);

    let signer = signed.signer()?;
    signed.is_signed_by(signer)?;
    signer.is_for_time_stamping(gen_time)?;
    if let Some(roots) = roots {
        let chain = chain::find(signer, &signed.certificates, roots, gen_time)?;
        attribute::name_the_chain(&signed.attributes()?, signer, &chain)?;
    }
    if let Some(authority) = info.authority {
        match signer.is_called(authority) {
            Ok(true) => {}
            Ok(false) => return Err(TimestampError::AuthorityName),
            Err(_) => return Err(TimestampError::Malformed("the authority's name")),
        }
    }
    Ok(Verified {
        gen_time,
        accuracy: info.accuracy,
        policy: info.policy.to_string(),
        serial: hex::encode(info.serial),
        tsa_subject: signer.subject.to_string(),
        token_sha256: Digest::of(token),
    })
}

impl TimestampError {
    /// Whether only the way from the token to the given roots is at fault, not the token itself.
    pub fn is_about_trust(&self) -> bool {
        matches!(
            self,
            Self::NoRoot(_) | Self::Untrusted | Self::Chain(_) | Self::CertificateOutsideChain(_)
        )
    }
}
