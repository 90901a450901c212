//! TimeStampReq (RFC 3161 §2.4.1).

use crate::digest::Digest;

/// SEQUENCE { algorithm SHA-256, parameters NULL } and the head of the 32 octets that follow.
const SHA256_THEN: [u8; 17] = *b"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

/// The request, in DER, to time-stamp these bytes: SHA-256, a nonce, and the authority's
/// certificate wanted in the token.
pub fn request(digest: &Digest, nonce: u64) -> Vec<u8> {
    let mut inside = vec![0x02, 1, 1];
    inside.extend([0x30, 49]);
    inside.extend(SHA256_THEN);
    inside.extend(digest.bytes());
    let nonce = integer(nonce);
    inside.push(0x02);
    inside.push(nonce.len() as u8);
    inside.extend(nonce);
    // certReq TRUE
    inside.extend([0x01, 1, 0xff]);

    let mut request = vec![0x30, inside.len() as u8];
    request.extend(inside);
    request
}

/// The content of a DER INTEGER: as short as can be, with a zero in front of a high bit.
pub(super) fn integer(value: u64) -> Vec<u8> {
    let bytes = u128::from(value).to_be_bytes();
    // Of 64 bits at most, the first of the 16 bytes are always zero.
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let first = if bytes[first] >= 0x80 { first - 1 } else { first };
    bytes[first..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_minimal() {
        assert_eq!(integer(0), [0]);
        assert_eq!(integer(0x7f), [0x7f]);
        assert_eq!(integer(0x80), [0, 0x80]);
        assert_eq!(integer(u64::MAX), [0, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(request(&Digest::of("x"), u64::MAX).len(), 70);
    }
}
