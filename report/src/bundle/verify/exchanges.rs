//! What the list of a snapshot's exchanges says of their bodies, read while it is unpacked: it is long.

use evidence::clock::Timestamp;
use evidence::digest::Digest;
use evidence::exchange::clock_skew;
use serde::Deserialize;

/// No exchange's line is longer.
const LINE: usize = 1 << 24;

/// A body as an exchange names it.
pub(super) struct Body {
    /// Number of the exchange.
    pub i: u64,
    /// The file inside the snapshot.
    pub file: String,
    /// Its digest.
    pub sha256: Option<Digest>,
    /// Its length.
    pub len: u64,
}

/// What was found in an `exchanges.jsonl`.
#[derive(Default)]
pub(super) struct Exchanges {
    /// How many there are.
    pub count: usize,
    /// The bodies they name.
    pub bodies: Vec<Body>,
    /// Codes and messages of lines that are not as they have to be.
    pub faults: Vec<(&'static str, String)>,
    /// Greatest difference between the collector's clock and AWS's, in seconds.
    pub skew: i64,
    lines: u64,
    /// A line whose end has not come yet.
    begun: Vec<u8>,
    too_long: bool,
}

/// The parts of an exchange that say what its body must be.
#[derive(Deserialize)]
struct Line {
    i: u64,
    body: Option<String>,
    body_sha256: Option<Digest>,
    body_len: u64,
    sent_at: Option<Timestamp>,
    recv_at: Option<Timestamp>,
    aws_date: Option<String>,
}

impl Exchanges {
    /// Takes the next bytes of the file.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.begin(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
        }
        self.begin(rest);
    }

    /// The file has ended.
    pub fn finish(mut self) -> Self {
        if !self.begun.is_empty() {
            self.end_line();
        }
        self.begun = Vec::new();
        self
    }

    fn begin(&mut self, bytes: &[u8]) {
        self.too_long |= self.begun.len() + bytes.len() > LINE;
        if !self.too_long {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        self.lines += 1;
        let number = self.lines;
        let parsed = match std::mem::take(&mut self.too_long) {
            true => Err("it is too long".to_owned()),
            false => serde_json::from_slice::<Line>(&self.begun).map_err(|e| e.to_string()),
        };
        self.begun.clear();
        match parsed {
            Ok(line) if line.i == number => {
                self.count += 1;
                if let (Some(sent), Some(received)) = (line.sent_at, line.recv_at) {
                    let aws = line.aws_date.as_deref();
                    self.skew = self.skew.max(clock_skew(sent, received, aws).unwrap_or(0));
                }
                self.bodies.extend(line.body.map(|file| Body {
                    i: line.i,
                    file,
                    sha256: line.body_sha256,
                    len: line.body_len,
                }));
            }
            Ok(line) => self
                .faults
                .push(("changed", format!("line {number} has number {}", line.i))),
            Err(e) => self.faults.push(("unreadable", format!("line {number}: {e}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_come_in_any_pieces() {
        let line = |i: u64| format!(r#"{{"i":{i},"body":"bodies/{i:06}.x","body_sha256":null,"body_len":{i}}}"#);
        let text = [line(1), line(2), "{".to_owned(), line(5), line(5)].join("\n");
        for size in 1..text.len() {
            let mut read = Exchanges::default();
            text.as_bytes().chunks(size).for_each(|piece| read.take(piece));
            let read = read.finish();
            let bodies: Vec<_> = read.bodies.iter().map(|b| (b.i, b.file.as_str(), b.len)).collect();
            let last = (5, "bodies/000005.x", 5);
            assert_eq!(bodies, [(1, "bodies/000001.x", 1), (2, "bodies/000002.x", 2), last]);
            let faults: Vec<_> = read.faults.iter().map(|(code, text)| (*code, &text[..6])).collect();
            assert_eq!(faults, [("unreadable", "line 3"), ("changed", "line 4")]);
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut read = Exchanges::default();
        for _ in 0..3 {
            read.take(&vec![b'['; LINE / 2]);
        }
        assert!(read.begun.len() <= LINE);
        let read = read.finish();
        assert_eq!(read.faults, [("unreadable", "line 1: it is too long".to_owned())]);
    }
}
