//! A zip that our strict reader takes is one that the common reader takes too, with the same files.
#![no_main]

use std::io::{Cursor, Read};

use evidence::archive::Archive;
use evidence::digest::Digest;
use libfuzzer_sys::fuzz_target;
use zip::ZipArchive;

fuzz_target!(|data: &[u8]| {
    // The digest at the end would keep a fuzzer out: it is put right first.
    let mut sealed = data.to_vec();
    sealed.extend_from_slice(b"sha256:");
    let digest = Digest::of(&sealed[..data.len()]);
    sealed.extend_from_slice(digest.to_string().as_bytes());

    let Ok(ours) = Archive::of(sealed.clone()) else { return };
    let mut theirs = ZipArchive::new(Cursor::new(sealed)).expect("the common reader opens it");
    let names = ours.names();
    assert_eq!(theirs.len(), names.len());
    for (n, name) in names.iter().enumerate() {
        let bytes = ours.read(name);
        let mut entry = theirs.by_index(n).expect("the common reader finds it");
        assert_eq!(entry.name().expect("a name"), *name);
        let mut other = Vec::new();
        // The common reader may take more (bytes behind the packed stream), but never less.
        if let Ok(bytes) = bytes {
            entry.read_to_end(&mut other).expect("the common reader unpacks it");
            assert_eq!(other, bytes, "{name}");
        }
    }
});
