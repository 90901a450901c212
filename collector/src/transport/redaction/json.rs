//! Finding values in JSON without changing a byte of the rest.

use super::{Hit, Rule, SECRET_NAMES, What, is_hidden, replacement, ruled};

/// Deeper than any answer of AWS.
const DEEPEST: usize = 128;

/// The JSON ends or goes wrong here.
struct Broken;

/// The rule for a value at a path, and what is put in its place.
type Judge<'a> = dyn Fn(&[String], &str) -> Option<(usize, String)> + 'a;

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    path: Vec<String>,
    judge: &'a Judge<'a>,
    hits: Vec<Hit>,
}

/// What the rules say of this body, and how far it could be read: to its end, if it is JSON.
pub(super) fn hits(body: &[u8], rules: &[(usize, &Rule)]) -> (Vec<Hit>, usize) {
    let judge = |path: &[String], text: &str| {
        let (rule, what) = ruled(path, rules)?;
        Some((rule, replacement(text, what)?))
    };
    let mut reader = Reader::new(body, &judge);
    match reader.document() {
        Ok(()) => (reader.hits, body.len()),
        Err(Broken) => (reader.hits, reader.at.min(body.len())),
    }
}

/// The values in a document that have the name of a secret.
pub(super) fn secrets(body: &[u8]) -> Result<Vec<Hit>, ()> {
    let judge = |path: &[String], text: &str| {
        let is_secret = |name: &String| SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        (path.iter().any(is_secret) && !is_hidden(text))
            .then(|| replacement(text, What::Whole))
            .flatten()
            .map(|with| (0, with))
    };
    let mut reader = Reader::new(body, &judge);
    reader.document().map_err(|Broken| ())?;
    Ok(reader.hits)
}

impl<'a> Reader<'a> {
    fn new(body: &'a [u8], judge: &'a Judge<'a>) -> Self {
        Self {
            body,
            at: 0,
            path: Vec::new(),
            judge,
            hits: Vec::new(),
        }
    }

    fn document(&mut self) -> Result<(), Broken> {
        self.value(0)?;
        self.space();
        if self.at == self.body.len() {
            Ok(())
        } else {
            Err(Broken)
        }
    }

    fn space(&mut self) {
        while self.body.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Result<u8, Broken> {
        self.space();
        self.body.get(self.at).copied().ok_or(Broken)
    }

    fn value(&mut self, depth: usize) -> Result<(), Broken> {
        if depth > DEEPEST {
            return Err(Broken);
        }
        match self.peek()? {
            b'{' => self.items(b'}', depth, true),
            b'[' => self.items(b']', depth, false),
            b'"' => self.judged(),
            _ => self.literal(),
        }
    }

    fn items(&mut self, end: u8, depth: usize, named: bool) -> Result<(), Broken> {
        self.at += 1;
        if self.peek()? == end {
            self.at += 1;
            return Ok(());
        }
        loop {
            if named {
                if self.peek()? != b'"' {
                    return Err(Broken);
                }
                let (_, name) = self.text()?;
                if self.peek()? != b':' {
                    return Err(Broken);
                }
                self.at += 1;
                self.path.push(name);
            }
            self.value(depth + 1)?;
            if named {
                self.path.pop();
            }
            match self.peek()? {
                b',' => self.at += 1,
                byte if byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Broken),
            }
        }
    }

    /// The place between the quotes, and the text that stands there.
    fn text(&mut self) -> Result<(std::ops::Range<usize>, String), Broken> {
        let start = self.at;
        let mut at = start + 1;
        loop {
            match self.body.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Err(Broken),
            }
        }
        let text = serde_json::from_slice(&self.body[start..=at]).map_err(|_| Broken)?;
        self.at = at + 1;
        Ok((start + 1..at, text))
    }

    fn judged(&mut self) -> Result<(), Broken> {
        let (span, text) = self.text()?;
        if let Some((rule, with)) = (self.judge)(&self.path, &text) {
            let with = serde_json::Value::from(with).to_string();
            self.hits.push(Hit {
                span,
                rule,
                with: with[1..with.len() - 1].to_owned(),
            });
        }
        Ok(())
    }

    fn literal(&mut self) -> Result<(), Broken> {
        let rest = &self.body[self.at..];
        let length = rest
            .iter()
            .position(|b| !b.is_ascii_alphanumeric() && !b"+-.".contains(b))
            .unwrap_or(rest.len());
        serde_json::from_slice::<serde::de::IgnoredAny>(&rest[..length]).map_err(|_| Broken)?;
        self.at += length;
        Ok(())
    }
}
