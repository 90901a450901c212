//! The only source of chance.
//!
//! Evidence is a pure function of what was recorded. Three things must not be: a new private key,
//! the nonce by which the answer of a time-stamp authority is told from an older one, and the secret
//! of a run, from which the salts of its redactions come. All come from the operating system, here
//! and nowhere else.

use ring::rand::{SecureRandom, SystemRandom};

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoEntropy;

/// Random bytes, good enough for keys.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "the one place of chance")]
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn never_twice_the_same() {
        assert_ne!(super::bytes::<32>().unwrap(), super::bytes::<32>().unwrap());
    }
}
