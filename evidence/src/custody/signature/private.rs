//! Ed25519 private keys in OpenSSH's own file format (`PROTOCOL.key`), without a passphrase.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use p256::elliptic_curve::zeroize::Zeroizing;

use super::wire::{Reader, put_string};
use super::{PublicKey, Signature, SignatureError, Signer, armour, error};
use crate::digest::Digest;

const LABEL: &str = "OPENSSH PRIVATE KEY";
const MAGIC: &[u8] = b"openssh-key-v1\0";
const KIND: &[u8] = b"ssh-ed25519";
/// The private half is padded to blocks of this size when no cipher sets another.
const BLOCK: usize = 8;

/// An Ed25519 private key, wiped from memory when dropped.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// A new key from 32 bytes of the caller's good randomness; whoever knows them has the key.
    pub fn generate(random: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(random))
    }

    /// From the text of a file that `ssh-keygen -t ed25519 -N ''` writes.
    ///
    /// The text stays with the caller, who should wipe it.
    pub fn from_openssh(text: &str) -> Result<Self, SignatureError> {
        // Mail and editors change line ends; unlike in a signature, nothing hangs on them here.
        let mut unix = Zeroizing::new(String::with_capacity(text.len()));
        for part in text.trim().split("\r\n") {
            if !unix.is_empty() {
                unix.push('\n');
            }
            unix.push_str(part);
        }
        let file = armour::read(LABEL, &unix).map_err(SignatureError::PrivateKey)?;
        let (cipher, public, private) = outer(&file).ok_or(broken())?;
        if cipher != b"none" {
            return Err(SignatureError::Encrypted {
                cipher: error::shown(cipher),
            });
        }
        // Refuses other kinds of keys by name, before their private half is looked at.
        let public = PublicKey::from_blob(public)?;
        if public.kind().as_bytes() != KIND {
            return Err(SignatureError::Unsupported(format!(
                "a private key of kind `{}` in a file",
                public.kind()
            )));
        }
        let key = Self(inner(private).ok_or(broken())?);
        if key.public_key() != public {
            return Err(SignatureError::PrivateKey("its two halves do not belong together"));
        }
        Ok(key)
    }

    /// The text of a private key file. Put it where only its owner may read, and drop it.
    pub fn to_openssh(&self, comment: &str) -> Zeroizing<String> {
        let public = self.public_key().to_blob();
        // Capacities are set ahead: a vector that grows would leave its old place behind unwiped.
        let mut private = Zeroizing::new(Vec::with_capacity(256 + comment.len()));
        // Twice the same number, by which OpenSSH notices a wrong passphrase; here there is none.
        let digest = Digest::of(&public);
        let (check, _) = digest.bytes().split_at(4);
        private.extend_from_slice(check);
        private.extend_from_slice(check);
        put_string(&mut private, KIND);
        put_string(&mut private, self.0.verifying_key().as_bytes());
        put_string(&mut private, &*Zeroizing::new(self.0.to_keypair_bytes()));
        put_string(&mut private, comment.as_bytes());
        let missing = private.len().next_multiple_of(BLOCK) - private.len();
        private.extend_from_slice(&PADDING[..missing]);

        let mut file = Zeroizing::new(Vec::with_capacity(512 + comment.len()));
        file.extend_from_slice(MAGIC);
        put_string(&mut file, b"none");
        put_string(&mut file, b"none");
        put_string(&mut file, b"");
        file.extend_from_slice(&1u32.to_be_bytes());
        put_string(&mut file, &public);
        put_string(&mut file, &private);
        armour::write(LABEL, &file)
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> PublicKey {
        PublicKey::from(&self.0.verifying_key())
    }

    fn sign(&self, to_be_signed: &[u8]) -> Result<Signature, SignatureError> {
        Ok(Signature::from(self.0.sign(to_be_signed)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public_key().fingerprint())
    }
}

fn broken() -> SignatureError {
    SignatureError::PrivateKey("its fields do not fit")
}

/// Cipher, public key and private half.
fn outer(file: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut from = Reader::new(file);
    if from.bytes(MAGIC.len())? != MAGIC {
        return None;
    }
    let cipher = from.string()?;
    let (derivation, options) = (from.string()?, from.string()?);
    if from.number()? != 1 {
        return None;
    }
    let (public, private) = (from.string()?, from.string()?);
    if cipher == b"none" {
        if derivation != b"none" || !options.is_empty() {
            return None;
        }
        // With some ciphers a tag follows, but those go no further anyway.
        from.end()?;
    }
    Some((cipher, public, private))
}

const PADDING: [u8; BLOCK - 1] = [1, 2, 3, 4, 5, 6, 7];

/// The key in a private half that is not encrypted.
fn inner(private: &[u8]) -> Option<SigningKey> {
    let mut from = Reader::new(private);
    if !private.len().is_multiple_of(BLOCK) || from.number()? != from.number()? || from.string()? != KIND {
        return None;
    }
    let public = from.string()?;
    let pair = from.string()?;
    let _comment = from.string()?;
    if !PADDING.starts_with(from.rest()) || pair.get(32..)? != public {
        return None;
    }
    SigningKey::from_keypair_bytes(pair.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for comment in ["", "a", "owner@acme", "longer than a block"] {
            let key = PrivateKey::generate(&[9; 32]);
            let text = key.to_openssh(comment);
            assert_eq!(PrivateKey::from_openssh(&text).unwrap().public_key(), key.public_key());
            let windows = text.replace('\n', "\r\n");
            assert!(PrivateKey::from_openssh(&windows).is_ok());
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let key = PrivateKey::generate(&[9; 32]);
        let shown = format!("{key:?} {key:#?}");
        assert!(shown.starts_with("PrivateKey(of SHA256:"), "{shown}");
        assert!(!shown.contains("9, 9") && !shown.contains("0909"));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let file = armour::read(LABEL, &PrivateKey::generate(&[9; 32]).to_openssh("")).unwrap();
        for bit in 0..file.len() * 8 {
            let mut changed = file.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                PrivateKey::from_openssh(&armour::write(LABEL, &changed)).is_err(),
                "{bit}"
            );
        }
    }

    #[test]
    fn other_files_are_refused() {
        for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(matches!(
                PrivateKey::from_openssh(text),
                Err(SignatureError::PrivateKey(_))
            ));
        }
    }
}
