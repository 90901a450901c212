//! Why a signature, a key or a list of signers was refused.

use super::Fingerprint;
use crate::clock::Timestamp;

/// Why something was refused. Text from the outside is shown escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The armour or the bytes in it break the format.
    #[error("not an SSH signature: {0}")]
    Malformed(&'static str),
    /// A key or signature of a kind that is not known here.
    #[error("{0} is not supported: use an Ed25519 key, or ECDSA on P-256")]
    Unsupported(String),
    /// The public key breaks the format.
    #[error("not a public key: {0}")]
    PublicKey(&'static str),
    /// The private key breaks the format.
    #[error("not an OpenSSH private key: {0}")]
    PrivateKey(&'static str),
    /// The private key needs a passphrase, and nobody here can be asked for one.
    #[error(
        "the private key is encrypted ({cipher}): decrypt a copy with `ssh-keygen -p -N '' -f COPY`, or keep the key in an agent or KMS"
    )]
    Encrypted {
        /// The cipher's name.
        cipher: String,
    },
    /// The namespace cannot be signed for.
    #[error("a namespace has 1 to 255 printable ASCII characters and no spaces")]
    BadNamespace,
    /// The signature was made for something else.
    #[error("the signature is for `{found}`, not for `{expected}`")]
    Namespace {
        /// What was asked for.
        expected: String,
        /// What the signature says.
        found: String,
    },
    /// The signature does not hold.
    #[error("the signature does not fit the text and the key {fingerprint}")]
    Mismatch {
        /// The key that the signature names.
        fingerprint: Fingerprint,
    },
    /// A line of the list of allowed signers cannot be used.
    #[error("allowed signers, line {line}: {why}")]
    AllowedSigners {
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No line of the list names this identity together with this key.
    #[error("the key {fingerprint} is not among the allowed signers as `{identity}`")]
    NotAllowed {
        /// Who should have signed.
        identity: String,
        /// The key that did.
        fingerprint: Fingerprint,
    },
    /// The list allows the key, but not for this.
    #[error("the key {fingerprint} may not sign for `{namespace}`")]
    NamespaceNotAllowed {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// What for.
        namespace: String,
    },
    /// The list allows the key, but only from a later moment on.
    #[error("the key {fingerprint} may sign from {valid_after} on, not at {at}")]
    NotYetValid {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// First second of its validity.
        valid_after: Timestamp,
        /// When it signed.
        at: Timestamp,
    },
    /// The list allows the key, but only up to an earlier moment.
    #[error("the key {fingerprint} might sign up to {valid_before}, not at {at}")]
    Expired {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// Last second of its validity.
        valid_before: Timestamp,
        /// When it signed.
        at: Timestamp,
    },
    /// The holder of the private key gave no signature.
    #[error("no signature: {0}")]
    Signer(String),
}

/// Bytes from the outside, safe to print: escaped, and cut after 80 characters.
pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().take(80).map(char::from).collect()
}
