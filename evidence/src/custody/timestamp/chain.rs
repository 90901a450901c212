//! The chain from the signer's certificate to one of the given roots (RFC 5280 §6).
//!
//! Certificates come from the token and from the caller, never from another token: mixing those
//! once let one authority's chain vouch for another's time (TOB-SIGSTORE-11).

use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use super::TimestampError;
use super::algorithm::{ON_CERTIFICATES, TIME_STAMPING};
use super::asn1::Element;
use super::certificate::Certificate;
use crate::clock::Timestamp;

/// The certificates in a PEM file, such as the one given to `openssl ts -verify -CAfile`.
///
/// Self-issued ones are roots; others only help to complete a chain.
pub fn roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TimestampError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| TimestampError::Roots(error.to_string()))?;
    if all.is_empty() {
        return Err(TimestampError::Roots("there are none".into()));
    }
    certificates(&all)?;
    Ok(all)
}

fn certificates<'a>(all: &'a [CertificateDer<'_>]) -> Result<Vec<Certificate<'a>>, TimestampError> {
    let read = |(i, one): (usize, &'a CertificateDer<'_>)| {
        Element::only(one)
            .and_then(Certificate::read)
            .map_err(|_| TimestampError::Roots(format!("number {} is not a certificate", i + 1)))
    };
    all.iter().enumerate().map(read).collect()
}

/// The chain, from the signer up to the root, that was valid at that time.
pub(super) fn find<'a>(
    signer: &Certificate<'a>,
    in_token: &[Certificate<'a>],
    given: &'a [CertificateDer<'_>],
    at: Timestamp,
) -> Result<Vec<Certificate<'a>>, TimestampError> {
    let given = certificates(given)?;
    let (roots, helpers): (Vec<_>, Vec<_>) = given.into_iter().partition(Certificate::is_self_issued);
    // Roots have dates and limits too, though webpki takes only their names and keys.
    let usable = |root: &Certificate<'_>| root.is_valid(at) && root.may_issue();
    let roots: Vec<_> = roots.into_iter().filter(usable).collect();
    let anchor = |root: &'_ Certificate<'a>| Some((root.clone(), anchor_from_trusted_cert(&root.der).ok()?.to_owned()));
    let (roots, anchors): (Vec<_>, Vec<_>) = roots.iter().filter_map(anchor).unzip();
    if anchors.is_empty() {
        return Err(TimestampError::NoRoot(at));
    }
    let links: Vec<_> = in_token
        .iter()
        .chain(&helpers)
        .filter(|link| link.may_issue())
        .cloned()
        .collect();
    let intermediates: Vec<_> = links.iter().map(|link| link.der.clone()).collect();
    let time = u64::try_from(at.unix()).map_err(|_| TimestampError::Malformed("the time of the time stamp"))?;

    let root_of = |path: &VerifiedPath<'_>| {
        let between = path.intermediate_certificates().count();
        let fits = |(root, anchor): &(&Certificate<'_>, &TrustAnchor<'_>)| {
            *anchor == path.anchor() && root.allows_intermediates(between)
        };
        roots.iter().zip(&anchors).find(fits).map(|(root, _)| root.clone())
    };
    let end = EndEntityCert::try_from(&signer.der).map_err(broken)?;
    let path = end
        .verify_for_usage(
            ON_CERTIFICATES,
            &anchors,
            &intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(time)),
            // That the signer has it, critical and alone, is checked elsewhere; here it is about
            // the authorities in between.
            KeyUsage::required_if_present(TIME_STAMPING.as_bytes()),
            None,
            Some(&|path| root_of(path).map(drop).ok_or(Error::PathLenConstraintViolated)),
        )
        .map_err(|error| match error {
            Error::UnknownIssuer => TimestampError::Untrusted,
            other => broken(other),
        })?;
    let between = path
        .intermediate_certificates()
        .filter_map(|one| links.iter().find(|link| link.der == one.der()));
    let chain = std::iter::once(signer).chain(between).cloned();
    Ok(chain.chain(root_of(&path)).collect())
}

fn broken(error: Error) -> TimestampError {
    TimestampError::Chain(error.to_string())
}
