//! TimeStampResp (RFC 3161 §2.4.2): granted, or why not.

use der::Tag;

use super::asn1::{Der, Element, Fields, NotDer};
use super::{LONGEST, Refusal, TimestampError};

/// A granted time stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The token: a CMS ContentInfo in DER, not yet checked.
    pub token: Vec<u8>,
    /// The authority granted something else than what was asked for ("grantedWithMods").
    pub modified: bool,
}

/// Reads the answer of a time-stamp authority; a bare token is an answer too.
pub fn read(response: &[u8]) -> Result<Reply, TimestampError> {
    const MALFORMED: TimestampError = TimestampError::Malformed("the response");
    if response.len() > LONGEST {
        return Err(MALFORMED);
    }
    let parts = parts(response).map_err(|_| MALFORMED)?;
    match parts {
        (Status::BareToken, token) => Ok((token, false)),
        (Status::Granted { modified }, Some(token)) => Ok((Some(token), modified)),
        (Status::Granted { .. }, None) => Err(TimestampError::NoToken),
        (Status::Refused(refusal), _) => Err(TimestampError::Refused(refusal)),
    }
    .and_then(|(token, modified)| {
        let token = token.ok_or(TimestampError::NoToken)?.to_vec();
        Ok(Reply { token, modified })
    })
}

enum Status {
    BareToken,
    Granted { modified: bool },
    Refused(Refusal),
}

fn parts(response: &[u8]) -> Der<(Status, Option<&[u8]>)> {
    let whole = Element::only(response)?;
    let mut fields = whole.sequence()?;
    let first = fields.next()?;
    if first.tag == Tag::ObjectIdentifier {
        return Ok((Status::BareToken, Some(whole.raw)));
    }
    let status = status(first.sequence()?)?;
    let token = fields.optional(Tag::Sequence)?.map(|token| token.raw);
    fields.end()?;
    Ok((status, token))
}

fn status(mut fields: Fields<'_>) -> Der<Status> {
    let status = fields.next()?.uint()?;
    let text = match fields.optional(Tag::Sequence)? {
        Some(lines) => lines.sequence()?.each(line)?,
        None => Vec::new(),
    };
    let failures = match fields.optional(Tag::BitString)? {
        Some(bits) => failures(bits.bits()?.0),
        None => Vec::new(),
    };
    fields.end()?;
    Ok(match status {
        0 | 1 => Status::Granted { modified: status == 1 },
        _ => Status::Refused(Refusal { status, text, failures }),
    })
}

/// The text comes from the network and ends on a terminal.
fn line(element: Element<'_>) -> Der<String> {
    let text = std::str::from_utf8(element.expect(Tag::Utf8String)?.value).map_err(|_| NotDer)?;
    Ok(super::name::printable(text))
}

fn failures(bits: &[u8]) -> Vec<&'static str> {
    const MEANINGS: [(usize, &str); 8] = [
        (0, "the algorithm is not supported"),
        (2, "the request is not permitted or supported"),
        (5, "the request has the wrong format"),
        (14, "the time source is not available"),
        (15, "the requested policy is not supported"),
        (16, "a requested extension is not supported"),
        (17, "requested additional information is not available"),
        (25, "the system failed"),
    ];
    let set = |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
    MEANINGS
        .into_iter()
        .filter(|(bit, _)| set(*bit))
        .map(|(_, meaning)| meaning)
        .collect()
}
