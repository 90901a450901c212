//! The tree root of the log, against a second way to compute it; and a checkpoint that somebody kept.
#![no_main]

use evidence::custody::examine::check_earlier;
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

const ORIGIN: &str = "exhibit/acme/01234567";
const LOG: [&str; 3] = ["one", "two", "three"];

/// Only the genuine lines are taken, whatever follows them and however a mail program ended them.
fn read(given: &str) {
    let Ok(size) = check_earlier(given, ORIGIN, &LOG) else { return };
    let genuine = log::checkpoint(ORIGIN, &LOG[..size as usize]);
    let lines: Vec<&str> = given.lines().take(3).map(str::trim_end).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let says: Vec<&str> = genuine.lines().collect();
    assert_eq!((lines[0], number(lines[1]), lines[2]), (says[0], number(says[1]), says[2]));
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        read(text);
    }
    // Genuine ones with a few changes.
    if let [size, changes @ ..] = data {
        let mut text = log::checkpoint(ORIGIN, &LOG[..usize::from(*size) % 3 + 1]).into_bytes();
        for change in changes.chunks_exact(2) {
            let at = usize::from(change[0]) % text.len();
            text[at] ^= change[1];
        }
        if let Ok(text) = std::str::from_utf8(&text) {
            read(text);
        }
    }
    let lines: Vec<&[u8]> = data.split(|b| *b == b'\n').collect();
    for size in [lines.len(), lines.len() / 2] {
        assert_eq!(log::root(&lines[..size]), root(&lines[..size]));
    }
    let text = log::checkpoint(ORIGIN, &lines);
    assert_eq!(text.lines().count(), 3);
});
