//! Signatures in OpenSSH's SSHSIG format.
