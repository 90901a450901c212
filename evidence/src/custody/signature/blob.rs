//! The two byte strings of SSHSIG: the one that is signed, and the one that is armoured.

use sha2::{Digest as _, Sha256, Sha512};

use super::wire::{Reader, put_string};
use super::{PublicKey, Signature, SignatureError, armour, error};

const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
const LABEL: &str = "SSH SIGNATURE";

/// How a message is hashed. We write SHA-512; others may have signed with `-Ohashalg=sha256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Sha256 => b"sha256",
            Self::Sha512 => b"sha512",
        }
    }

    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// What the key signs: a namespace and the hash of a message.
#[derive(Clone, Debug)]
pub struct ToBeSigned {
    namespace: String,
    hash: Hash,
    bytes: Vec<u8>,
}

impl ToBeSigned {
    pub(super) fn new(namespace: &str, message: &[u8]) -> Result<Self, SignatureError> {
        Self::with_hash(namespace, message, Hash::Sha512)
    }

    pub(super) fn with_hash(namespace: &str, message: &[u8], hash: Hash) -> Result<Self, SignatureError> {
        if !(1..=255).contains(&namespace.len()) || !namespace.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SignatureError::BadNamespace);
        }
        let mut bytes = MAGIC.to_vec();
        put_string(&mut bytes, namespace.as_bytes());
        put_string(&mut bytes, b"");
        put_string(&mut bytes, hash.name());
        put_string(&mut bytes, &hash.of(message));
        Ok(Self {
            namespace: namespace.to_owned(),
            hash,
            bytes,
        })
    }

    /// What to sign, as it is: KMS wants `MessageType=RAW` with `ECDSA_SHA_256` for a P-256 key, or
    /// with `ED25519_SHA_512` for an Ed25519 key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The armoured text, from a signature as KMS returns it: DER for P-256, 64 bytes for Ed25519.
    ///
    /// Refuses a signature that does not hold, so none is ever filed.
    pub fn finish(&self, key: &PublicKey, raw_signature: &[u8]) -> Result<String, SignatureError> {
        self.armour(key, &Signature::from_raw(key, raw_signature)?)
    }

    pub(super) fn armour(&self, key: &PublicKey, signature: &Signature) -> Result<String, SignatureError> {
        if !key.verifies(&self.bytes, signature) {
            return Err(SignatureError::Mismatch {
                fingerprint: key.fingerprint(),
            });
        }
        let mut blob = MAGIC.to_vec();
        blob.extend(VERSION.to_be_bytes());
        put_string(&mut blob, &key.to_blob());
        put_string(&mut blob, self.namespace.as_bytes());
        put_string(&mut blob, b"");
        put_string(&mut blob, self.hash.name());
        put_string(&mut blob, &signature.to_blob());
        Ok(armour::write(LABEL, &blob).to_string())
    }
}

/// What an armoured signature says, before any of it is believed.
#[derive(Debug)]
pub struct SignedBlob {
    pub key: PublicKey,
    pub namespace: Vec<u8>,
    pub hash: Hash,
    pub signature: Signature,
}

impl SignedBlob {
    pub fn read(armoured: &str) -> Result<Self, SignatureError> {
        let blob = armour::read(LABEL, armoured).map_err(SignatureError::Malformed)?;
        let [key, namespace, reserved, hash, signature] =
            fields(&blob).ok_or(SignatureError::Malformed("its fields do not fit"))?;
        // The protocol lets readers ignore this field. It is not signed, so a change in it would
        // go unnoticed.
        if !reserved.is_empty() {
            return Err(SignatureError::Malformed("its reserved field is in use"));
        }
        let hash = [Hash::Sha256, Hash::Sha512]
            .into_iter()
            .find(|known| known.name() == hash)
            .ok_or_else(|| SignatureError::Unsupported(format!("the hash `{}`", error::shown(hash))))?;
        Ok(Self {
            key: PublicKey::from_blob(key)?,
            namespace: namespace.to_vec(),
            hash,
            signature: Signature::from_blob(signature)?,
        })
    }
}

/// Public key, namespace, reserved, hash, signature.
fn fields(blob: &[u8]) -> Option<[&[u8]; 5]> {
    let mut from = Reader::new(blob);
    if from.bytes(MAGIC.len())? != MAGIC || from.number()? != VERSION {
        return None;
    }
    let fields = [
        from.string()?,
        from.string()?,
        from.string()?,
        from.string()?,
        from.string()?,
    ];
    from.end()?;
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::signature::{CHECKPOINT_NAMESPACE, PrivateKey};

    #[test]
    fn fits_what_kms_signs_raw() {
        let to_be_signed = ToBeSigned::new(CHECKPOINT_NAMESPACE, &[7; 100_000]).unwrap();
        assert_eq!(to_be_signed.bytes().len(), 6 + 4 + 30 + 4 + 4 + 6 + 4 + 64);
    }

    #[test]
    fn namespaces_are_plain() {
        for bad in ["", "a b", "a\0", "é", &"a".repeat(256)] {
            assert_eq!(ToBeSigned::new(bad, b"").unwrap_err(), SignatureError::BadNamespace);
        }
    }

    #[test]
    fn fields_that_ssh_keygen_ignores_are_refused() {
        let key = PrivateKey::generate(&[7; 32]);
        let armoured = crate::custody::signature::sign(&key, "n", b"text").unwrap();
        let blob = armour::read(LABEL, &armoured).unwrap();
        let changed = |at: usize, with: &[u8]| {
            let mut blob = blob.to_vec();
            blob.splice(at..at + with.len(), with.iter().copied());
            SignedBlob::read(&armour::write(LABEL, &blob)).unwrap_err()
        };
        assert!(matches!(changed(9, &[0]), SignatureError::Malformed(_)), "version 0");

        let reserved = 10 + 4 + 51 + 4 + 1;
        let mut longer = blob.to_vec();
        longer.splice(reserved..reserved + 4, [0, 0, 0, 1, b'x']);
        assert_eq!(
            SignedBlob::read(&armour::write(LABEL, &longer)).unwrap_err(),
            SignatureError::Malformed("its reserved field is in use")
        );
        assert!(matches!(
            changed(reserved + 4 + 4, b"md5..."),
            SignatureError::Unsupported(_)
        ));

        let mut longer = blob.to_vec();
        longer.push(0);
        assert!(
            SignedBlob::read(&armour::write(LABEL, &longer)).is_err(),
            "trailing byte"
        );
    }
}
