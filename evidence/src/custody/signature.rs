//! Signatures in OpenSSH's SSHSIG format (`PROTOCOL.sshsig`), which `ssh-keygen -Y verify` checks.
//!
//! `message → ToBeSigned → Signature → armoured text`, and back through [`verify`]. Keys are Ed25519
//! or ECDSA on P-256. Everything is read strictly: what this module accepts, `ssh-keygen` accepts,
//! while it refuses some spellings that `ssh-keygen` lets pass.
//!
//! A namespace says what a signature is for, so that one for a checkpoint is none for a bundle.

mod allowed;
mod armour;
mod blob;
mod error;
mod pattern;
mod private;
mod public;
mod validity;
mod wire;

use crate::clock::Timestamp;

pub use allowed::AllowedSigners;
pub use blob::ToBeSigned;
pub use error::SignatureError;
pub use private::PrivateKey;
pub use public::{Fingerprint, PublicKey, Signature};

/// What signatures over checkpoints of the log are for.
pub const CHECKPOINT_NAMESPACE: &str = "evidence-checkpoint@exhibit.v1";

/// What signatures over an auditor's bundle are for.
pub const BUNDLE_NAMESPACE: &str = "evidence-bundle@exhibit.v1";

/// Something that holds a private key and answers at once.
///
/// A key behind a network answers later: [`prepare`] gives the bytes to send, and
/// [`ToBeSigned::finish`] takes the reply.
pub trait Signer {
    /// The key that its signatures verify with.
    fn public_key(&self) -> PublicKey;

    /// Signs the bytes of a [`ToBeSigned`].
    fn sign(&self, to_be_signed: &[u8]) -> Result<Signature, SignatureError>;
}

/// A signature that holds, by a key that was allowed to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The key, as `ssh-keygen -l` prints it.
    pub fingerprint: Fingerprint,
    /// Who signed, as asked for.
    pub identity: String,
}

/// The bytes that a key signs to vouch for the message: 120 or so, however long the message.
pub fn prepare(namespace: &str, message: &[u8]) -> Result<ToBeSigned, SignatureError> {
    ToBeSigned::new(namespace, message)
}

/// Signs the message; the text is what `ssh-keygen -Y sign` would write, byte for byte with Ed25519.
pub fn sign(signer: &dyn Signer, namespace: &str, message: &[u8]) -> Result<String, SignatureError> {
    let to_be_signed = prepare(namespace, message)?;
    let signature = signer.sign(to_be_signed.bytes())?;
    to_be_signed.armour(&signer.public_key(), &signature)
}

/// The key whose signature over the message, for this namespace, `armoured` holds. Whether that key
/// was allowed to make it is for the caller to ask.
pub fn signed_by(message: &[u8], armoured: &str, namespace: &str) -> Result<PublicKey, SignatureError> {
    let found = blob::SignedBlob::read(armoured)?;
    if found.namespace != namespace.as_bytes() {
        return Err(SignatureError::Namespace {
            expected: namespace.to_owned(),
            found: error::shown(&found.namespace),
        });
    }
    let to_be_signed = ToBeSigned::with_hash(namespace, message, found.hash)?;
    if !found.key.verifies(to_be_signed.bytes(), &found.signature) {
        return Err(SignatureError::Mismatch {
            fingerprint: found.key.fingerprint(),
        });
    }
    Ok(found.key)
}

/// Does `armoured` hold a signature over the message, for this namespace, by a key that the list
/// allows to sign as `identity` at that time?
///
/// As `ssh-keygen -Y verify -f LIST -I IDENTITY -n NAMESPACE -s ARMOURED -Overify-time=AT`. The time
/// is the caller's to prove (a signature holds none): take it from a time-stamp token.
pub fn verify(
    message: &[u8],
    armoured: &str,
    namespace: &str,
    allowed: &AllowedSigners,
    identity: &str,
    at: Timestamp,
) -> Result<Verified, SignatureError> {
    let key = signed_by(message, armoured, namespace)?;
    allowed.check(&key, identity, namespace, at)?;
    Ok(Verified {
        fingerprint: key.fingerprint(),
        identity: identity.to_owned(),
    })
}
