//! Who vouches for a checkpoint, and since when: signatures (SSHSIG) and time-stamp tokens
//! (RFC 3161), in the formats that `ssh-keygen` and `openssl ts` check.
//!
//! `Custody` vouches, [`examine`] checks; the keys that count are in the log ([`keys`]).

mod custodian;
pub mod entropy;
pub mod examine;
pub mod keys;
pub mod signature;
pub mod timestamp;
pub(crate) mod voucher;

pub use custodian::{Custody, KeyFile, Sign, Stamp, Trouble, Unavailable};
pub use voucher::{Voucher, VoucherFile, VoucherToken, is_authority};
