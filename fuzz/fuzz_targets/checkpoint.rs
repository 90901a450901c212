//! The tree root of the log, against a second way to compute it.
#![no_main]

use evidence::digest::Digest;
use evidence::log;
use libfuzzer_sys::fuzz_target;

/// Leaf by leaf with a stack of whole subtrees, as RFC 9162 §2.1.2 does it.
fn root(lines: &[&[u8]]) -> Digest {
    let mut stack: Vec<Digest> = Vec::new();
    let node = |left: Digest, right: Digest| Digest::of_parts([&[1][..], left.bytes(), right.bytes()]);
    for (n, line) in lines.iter().enumerate() {
        stack.push(Digest::of_parts([&[0][..], line]));
        for _ in 0..n.trailing_ones() {
            let right = stack.pop().expect("two subtrees of one size");
            let left = stack.pop().expect("two subtrees of one size");
            stack.push(node(left, right));
        }
    }
    let Some(mut right) = stack.pop() else { return Digest::of(b"") };
    while let Some(left) = stack.pop() {
        right = node(left, right);
    }
    right
}

fuzz_target!(|data: &[u8]| {
    let lines: Vec<&[u8]> = data.split(|b| *b == b'\n').collect();
    for size in [lines.len(), lines.len() / 2] {
        assert_eq!(log::root(&lines[..size]), root(&lines[..size]));
    }
    let text = log::checkpoint("exhibit/acme/01234567", &lines);
    assert_eq!(text.lines().count(), 3);
});
