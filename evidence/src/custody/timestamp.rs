//! Time-stamp tokens of RFC 3161.
