//! Public keys and bare signatures: Ed25519 (RFC 8709) and ECDSA on P-256 (RFC 5656).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use p256::ecdsa::signature::Verifier as _;

use super::wire::{Reader, put_scalar, put_string};
use super::{SignatureError, error};
use crate::digest::Digest;

const ED25519: &str = "ssh-ed25519";
const P256: &str = "ecdsa-sha2-nistp256";
const CURVE: &[u8] = b"nistp256";

/// What precedes the key in a SubjectPublicKeyInfo (RFC 8410): 32 bytes.
const ED25519_SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What precedes the key in a SubjectPublicKeyInfo (RFC 5480): an uncompressed point, 65 bytes.
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key that signatures verify with.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Key);

#[derive(Clone, PartialEq, Eq)]
enum Key {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
}

/// What a private key made of a [`super::ToBeSigned`].
#[derive(Clone, Debug)]
pub struct Signature(Made);

#[derive(Clone, Debug)]
enum Made {
    Ed25519(ed25519_dalek::Signature),
    P256(p256::ecdsa::Signature),
}

/// The name of a public key: `SHA256:` and the unpadded base64 of its digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(Digest);

impl PublicKey {
    /// From the DER SubjectPublicKeyInfo that KMS `GetPublicKey` returns.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, SignatureError> {
        // Each kind of key has one encoding of one length, so a prefix does for a parser.
        if let Some(key) = der.strip_prefix(ED25519_SPKI) {
            Self::ed25519(key)
        } else if let Some(point) = der.strip_prefix(P256_SPKI) {
            Self::p256(point)
        } else {
            Err(SignatureError::Unsupported("this kind of public key".to_owned()))
        }
    }

    /// From SSH's encoding.
    pub fn from_blob(blob: &[u8]) -> Result<Self, SignatureError> {
        let broken = || SignatureError::PublicKey("its fields do not fit");
        let mut from = Reader::new(blob);
        let kind = from.string().ok_or_else(broken)?;
        let key = if kind == ED25519.as_bytes() {
            Self::ed25519(from.string().ok_or_else(broken)?)?
        } else if kind == P256.as_bytes() {
            if from.string() != Some(CURVE) {
                return Err(SignatureError::PublicKey("its curve is not nistp256"));
            }
            Self::p256(from.string().ok_or_else(broken)?)?
        } else {
            return Err(SignatureError::Unsupported(format!("the key `{}`", error::shown(kind))));
        };
        from.end().ok_or_else(broken)?;
        Ok(key)
    }

    /// In SSH's encoding.
    pub fn to_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        put_string(&mut blob, self.kind().as_bytes());
        match &self.0 {
            Key::Ed25519(key) => put_string(&mut blob, key.as_bytes()),
            Key::P256(key) => {
                put_string(&mut blob, CURVE);
                put_string(&mut blob, key.to_sec1_point(false).as_bytes());
            }
        }
        blob
    }

    /// `ssh-ed25519` or `ecdsa-sha2-nistp256`.
    pub fn kind(&self) -> &'static str {
        match self.0 {
            Key::Ed25519(_) => ED25519,
            Key::P256(_) => P256,
        }
    }

    /// The key's name, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Digest::of(self.to_blob()))
    }

    /// Is this the key's signature over exactly these bytes?
    pub fn verifies(&self, bytes: &[u8], signature: &Signature) -> bool {
        match (&self.0, &signature.0) {
            // Strict: no keys that any signature would fit, and no second spelling of a signature.
            (Key::Ed25519(key), Made::Ed25519(signature)) => key.verify_strict(bytes, signature).is_ok(),
            (Key::P256(key), Made::P256(signature)) => key.verify(bytes, signature).is_ok(),
            _ => false,
        }
    }

    fn ed25519(bytes: &[u8]) -> Result<Self, SignatureError> {
        let bytes = bytes
            .try_into()
            .map_err(|_| SignatureError::PublicKey("an Ed25519 key has 32 bytes"))?;
        ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .map(|key| Self(Key::Ed25519(key)))
            .map_err(|_| SignatureError::PublicKey("it is no point of Ed25519"))
    }

    fn p256(point: &[u8]) -> Result<Self, SignatureError> {
        // Compressed points would be a second spelling, which OpenSSH refuses too.
        if point.len() != 65 || point[0] != 4 {
            return Err(SignatureError::PublicKey("a P-256 key is an uncompressed point"));
        }
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(|key| Self(Key::P256(key)))
            .map_err(|_| SignatureError::PublicKey("it is no point of P-256"))
    }
}

/// As in a `.pub` file, without a comment.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), STANDARD.encode(self.to_blob()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// From a line of a `.pub` file; a comment may follow the key.
impl FromStr for PublicKey {
    type Err = SignatureError;

    fn from_str(line: &str) -> Result<Self, SignatureError> {
        let mut words = line.split_ascii_whitespace();
        let (kind, base64) = words.next().zip(words.next()).ok_or(SignatureError::PublicKey(
            "a line has a kind of key, a key and perhaps a comment",
        ))?;
        let blob = STANDARD
            .decode(base64)
            .map_err(|_| SignatureError::PublicKey("its base64 is broken"))?;
        let key = Self::from_blob(&blob)?;
        if key.kind() != kind {
            return Err(SignatureError::PublicKey("it is of another kind than its line says"));
        }
        Ok(key)
    }
}

impl Signature {
    /// From a bare signature as KMS returns it: DER for P-256, 64 bytes for Ed25519.
    pub fn from_raw(key: &PublicKey, raw: &[u8]) -> Result<Self, SignatureError> {
        match &key.0 {
            Key::Ed25519(_) => Self::ed25519(raw),
            Key::P256(_) => p256::ecdsa::Signature::from_der(raw)
                .map(|signature| Self(Made::P256(signature)))
                .map_err(|_| SignatureError::Malformed("it is no ECDSA signature in DER")),
        }
    }

    pub(super) fn from_blob(blob: &[u8]) -> Result<Self, SignatureError> {
        let broken = || SignatureError::Malformed("the fields of the bare signature do not fit");
        let mut from = Reader::new(blob);
        let kind = from.string().ok_or_else(broken)?;
        let bare = from.string().ok_or_else(broken)?;
        from.end().ok_or_else(broken)?;
        if kind == ED25519.as_bytes() {
            Self::ed25519(bare)
        } else if kind == P256.as_bytes() {
            p256_scalars(bare).map(|made| Self(Made::P256(made))).ok_or_else(broken)
        } else {
            Err(SignatureError::Unsupported(format!(
                "the signature `{}`",
                error::shown(kind)
            )))
        }
    }

    pub(super) fn to_blob(&self) -> Vec<u8> {
        let (kind, bare) = match &self.0 {
            Made::Ed25519(signature) => (ED25519, signature.to_bytes().to_vec()),
            Made::P256(signature) => {
                let (r, s) = signature.split_bytes();
                let mut bare = Vec::new();
                put_scalar(&mut bare, &r);
                put_scalar(&mut bare, &s);
                (P256, bare)
            }
        };
        let mut blob = Vec::new();
        put_string(&mut blob, kind.as_bytes());
        put_string(&mut blob, &bare);
        blob
    }

    fn ed25519(bytes: &[u8]) -> Result<Self, SignatureError> {
        ed25519_dalek::Signature::from_slice(bytes)
            .map(|signature| Self(Made::Ed25519(signature)))
            .map_err(|_| SignatureError::Malformed("an Ed25519 signature has 64 bytes"))
    }
}

/// Two numbers, neither of them zero nor as large as the order of the curve.
fn p256_scalars(bare: &[u8]) -> Option<p256::ecdsa::Signature> {
    let mut from = Reader::new(bare);
    let (r, s) = (from.scalar()?, from.scalar()?);
    from.end()?;
    p256::ecdsa::Signature::from_scalars(r, s).ok()
}

impl From<&ed25519_dalek::VerifyingKey> for PublicKey {
    fn from(key: &ed25519_dalek::VerifyingKey) -> Self {
        Self(Key::Ed25519(*key))
    }
}

impl From<ed25519_dalek::Signature> for Signature {
    fn from(signature: ed25519_dalek::Signature) -> Self {
        Self(Made::Ed25519(signature))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0.bytes()))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
