//! Who vouches for a checkpoint, and since when: signatures (SSHSIG) and time-stamp tokens
//! (RFC 3161), in the formats that `ssh-keygen` and `openssl ts` check.

pub mod signature;
pub mod timestamp;
