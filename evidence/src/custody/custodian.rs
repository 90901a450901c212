//! What vouches for checkpoints: a key and time-stamp authorities, wherever they are.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::signature::{self, PrivateKey, PublicKey, Signer};
use crate::clock::{Clock, Timestamp};
use crate::digest::Digest;

/// A private key, here or behind a network. Reasons why it does not sign are for a person.
pub trait Sign: Send + Sync {
    /// The key that its signatures verify with.
    fn public_key(&self) -> Result<PublicKey, String>;

    /// An armoured signature over the message.
    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, String>;
}

/// A time-stamp authority.
pub trait Stamp: Send + Sync {
    /// Its name in file names and in the log.
    fn name(&self) -> &str;

    /// Its answer (RFC 3161 TimeStampResp) for the digest, looked at as far as it can be without
    /// knowing whom the reader will trust.
    fn stamp(&self, digest: &Digest) -> Result<Vec<u8>, String>;
}

/// An Ed25519 key that was read from a file.
#[derive(Debug)]
pub struct KeyFile(pub PrivateKey);

impl Sign for KeyFile {
    fn public_key(&self) -> Result<PublicKey, String> {
        Ok(self.0.public_key())
    }

    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, String> {
        signature::sign(&self.0, namespace, message).map_err(|e| e.to_string())
    }
}

/// A key that is configured and cannot be had, and why.
#[derive(Debug)]
pub struct Unavailable(pub String);

impl Sign for Unavailable {
    fn public_key(&self) -> Result<PublicKey, String> {
        Err(self.0.clone())
    }

    fn sign(&self, _: &str, _: &[u8]) -> Result<String, String> {
        Err(self.0.clone())
    }
}

/// Something that should have been vouched for, and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What was to be vouched for, such as `checkpoint 5`.
    pub what: String,
    /// The authority; `None` where the signature failed.
    pub authority: Option<String>,
    /// Why, for a person.
    pub reason: String,
}

/// `[custody]` of `exhibit.toml`, at work.
pub struct Custody {
    principal: String,
    key: Option<Box<dyn Sign>>,
    authorities: Vec<Box<dyn Stamp>>,
    clock: Arc<dyn Clock>,
    troubles: Mutex<Vec<Trouble>>,
}

impl fmt::Debug for Custody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custody")
            .field("principal", &self.principal)
            .field("signs", &self.key.is_some())
            .field("authorities", &self.authorities())
            .finish_non_exhaustive()
    }
}

impl Custody {
    /// Of a key, authorities or both.
    pub fn new(
        principal: String,
        key: Option<Box<dyn Sign>>,
        authorities: Vec<Box<dyn Stamp>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            principal,
            key,
            authorities,
            clock,
            troubles: Mutex::default(),
        }
    }

    /// Who signs, as the auditor's list of allowed signers calls him.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// Whether a key is configured.
    pub fn signs(&self) -> bool {
        self.key.is_some()
    }

    /// Whether an authority is configured.
    pub fn stamps(&self) -> bool {
        !self.authorities.is_empty()
    }

    /// The key that signs.
    pub fn public_key(&self) -> Result<PublicKey, String> {
        match &self.key {
            Some(key) => key.public_key(),
            None => Err("[custody] of exhibit.toml names no key".to_owned()),
        }
    }

    /// Signs; `None` where no key is configured.
    pub fn sign(&self, namespace: &str, message: &[u8]) -> Option<Result<String, String>> {
        self.key.as_ref().map(|key| key.sign(namespace, message))
    }

    /// The names of the authorities.
    pub fn authorities(&self) -> Vec<&str> {
        self.authorities.iter().map(|authority| authority.name()).collect()
    }

    /// Asks one of the authorities.
    pub fn stamp(&self, authority: &str, digest: &Digest) -> Result<Vec<u8>, String> {
        match self.authorities.iter().find(|known| known.name() == authority) {
            Some(known) => known.stamp(digest),
            None => Err("it is no longer in [custody] of exhibit.toml".to_owned()),
        }
    }

    /// The time, by the program's one clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Keeps a failure, to be told at the end.
    pub fn trouble(&self, trouble: Trouble) {
        self.troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(trouble);
    }

    /// The failures so far; they are given once.
    pub fn troubles(&self) -> Vec<Trouble> {
        std::mem::take(&mut *self.troubles.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
