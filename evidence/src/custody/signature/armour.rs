//! Base64 between a BEGIN and an END line, as OpenSSH writes it.
//!
//! Private keys pass through here too, so no buffer is left behind with its bytes in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
// The crate is in the tree through p256 anyway; naming it here keeps the list of dependencies short.
use p256::elliptic_curve::zeroize::Zeroizing;

/// Longest text looked at. A signature has some 300 characters, a private key some 400.
const LONGEST: usize = 1 << 14;

/// Where OpenSSH breaks lines.
const COLUMNS: usize = 70;

/// Encodes the bytes between the lines that name `label`, with a final line end.
pub fn write(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(BASE64.encode(bytes));
    // A string that grows would leave its old place behind unwiped.
    let mut text = Zeroizing::new(String::with_capacity(base64.len() * 2 + label.len() * 2 + 64));
    text.push_str(&format!("-----BEGIN {label}-----"));
    for (at, letter) in base64.chars().enumerate() {
        if at % COLUMNS == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

/// Decodes what [`write()`] writes; lines may have any length, and the last line end may be missing.
pub fn read(label: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    if text.len() > LONGEST {
        return Err("it is longer than any");
    }
    if text.contains('\r') {
        return Err("it has Windows line ends, which ssh-keygen refuses");
    }
    let body = text
        .strip_prefix(&format!("-----BEGIN {label}-----\n"))
        .ok_or("it does not start with its BEGIN line")?;
    let body = body
        .strip_suffix('\n')
        .unwrap_or(body)
        .strip_suffix(&format!("\n-----END {label}-----"))
        .ok_or("it does not finish with its END line")?;
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    for line in body.split('\n') {
        if line.is_empty() {
            return Err("it has an empty line");
        }
        base64.extend_from_slice(line.as_bytes());
    }
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(base64.len())]);
    let length = BASE64
        .decode_slice(&*base64, &mut bytes)
        .map_err(|_| "its base64 is broken")?;
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [1, 51, 52, 53, 105, 200] {
            let bytes = vec![7; length];
            let text = write("X", &bytes);
            assert!(text.lines().all(|line| line.len() <= COLUMNS));
            assert_eq!(*read("X", &text).unwrap(), bytes);
            assert_eq!(*read("X", text.trim_end()).unwrap(), bytes);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = write("X", b"some bytes").to_string();
        for bad in [
            String::new(),
            format!(" {text}"),
            format!("{text}\n"),
            format!("{text}more"),
            text.replace('\n', "\r\n"),
            text.replace("END", "FIN"),
            text.replace("==", ""),
            text.replace("==", "==\n"),
            text.replace("==", "== "),
            text.replace("-----\nc", "-----\n\nc"),
            text.replace("X", "Y"),
            // The last sextet carries bits that no byte holds.
            text.replace("cw==", "cx=="),
            "A".repeat(LONGEST + 1),
        ] {
            assert!(bad == text || read("X", &bad).is_err(), "{bad}");
        }
        assert_ne!(text, text.replace("cw==", "cx=="));
    }
}
