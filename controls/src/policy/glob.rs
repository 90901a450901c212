//! Wildcards of IAM policies: `*` any number of characters, `?` exactly one.

use std::collections::{BTreeSet, VecDeque};

use super::shape::Shape;

/// Does the pattern match the text? Letters must agree in case.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star stood and how far it reaches; on a mismatch it takes one more.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, reach)) => {
                    star = Some((at, reach + 1));
                    p = at + 1;
                    t = reach + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Does the pattern match everything that begins with `prefix` and goes on?
///
/// It does exactly if it ends with a star and matches the prefix followed by one character that
/// no pattern names.
pub(crate) fn covers(pattern: &str, prefix: &str) -> bool {
    const UNNAMED: char = '\u{1}';
    pattern.ends_with('*') && !pattern.contains(UNNAMED) && matches(pattern, &format!("{prefix}{UNNAMED}"))
}

/// Is it nothing but stars?
pub(crate) fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|c| c == '*')
}

/// The pattern with a star in place of each policy variable, such as `${aws:username}`: it may stand for anything.
pub(crate) fn widened(pattern: &str) -> String {
    let mut plain = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        plain.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

/// A pattern as a machine that reads one character after the other.
struct Reader {
    pattern: Vec<char>,
}

impl Reader {
    fn new(pattern: &str) -> Self {
        Self {
            pattern: pattern.chars().collect(),
        }
    }

    /// Where it can stand before the first character.
    fn start(&self) -> Vec<u16> {
        self.settle(vec![0])
    }

    fn read(&self, places: &[u16], c: char) -> Vec<u16> {
        let mut next = Vec::new();
        for &at in places {
            match self.pattern.get(usize::from(at)) {
                Some('*') => next.push(at),
                Some(&p) if p == '?' || p == c => next.push(at + 1),
                _ => {}
            }
        }
        self.settle(next)
    }

    /// Stars may be skipped. What stands before the last star that was reached can do no more than that star.
    fn settle(&self, mut places: Vec<u16>) -> Vec<u16> {
        let star = |at: &u16| self.pattern.get(usize::from(*at)) == Some(&'*');
        let mut at = 0;
        while at < places.len() {
            if star(&places[at]) {
                places.push(places[at] + 1);
            }
            at += 1;
        }
        places.sort_unstable();
        places.dedup();
        if let Some(last) = places.iter().rposition(star) {
            places.drain(..last);
        }
        places
    }

    fn accepts(&self, places: &[u16]) -> bool {
        places.iter().any(|at| usize::from(*at) == self.pattern.len())
    }
}

/// More states than this, and it cannot be told.
const MOST_STATES: usize = 20_000;

/// Every way in which texts of a shape can match these patterns: of each way, which patterns match.
///
/// Two texts that match the same patterns are the same to a policy; so whatever is true of one text of each way is true of
/// all texts. `None` if there are too many ways to look at.
pub(crate) fn ways(shape: &Shape, patterns: &[&str]) -> Option<BTreeSet<Vec<bool>>> {
    let readers: Vec<Reader> = patterns.iter().map(|pattern| Reader::new(pattern)).collect();
    let written = patterns.iter().flat_map(|pattern| pattern.chars());
    let alphabet = shape.alphabet(&written.filter(|c| !matches!(c, '*' | '?')).collect());
    type State = (Vec<u16>, Vec<Vec<u16>>);
    let start: State = (shape.start(), readers.iter().map(Reader::start).collect());
    let mut seen = BTreeSet::from([start.clone()]);
    let mut open = VecDeque::from([start]);
    let mut found = BTreeSet::new();
    while let Some((places, states)) = open.pop_front() {
        if shape.accepts(&places) {
            found.insert(
                readers
                    .iter()
                    .zip(&states)
                    .map(|(reader, at)| reader.accepts(at))
                    .collect(),
            );
        }
        for &c in &alphabet {
            let next = shape.read(&places, c);
            if next.is_empty() {
                continue;
            }
            let state = (
                next,
                readers
                    .iter()
                    .zip(&states)
                    .map(|(reader, at)| reader.read(at, c))
                    .collect(),
            );
            if !seen.contains(&state) {
                if seen.len() >= MOST_STATES {
                    return None;
                }
                seen.insert(state.clone());
                open.push_back(state);
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn star_and_question_mark() {
        assert!(matches("s3:Get*", "s3:GetObject"));
        assert!(matches("s3:*Object", "s3:GetObject"));
        assert!(matches("s3:?etObject", "s3:GetObject"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "aXbXbXc"));
        assert!(!matches("s3:Get", "s3:GetObject"));
        assert!(!matches("s3:Get?", "s3:Get"));
        assert!(!matches("", "a"));
    }

    #[test]
    fn covering_means_every_continuation() {
        let bucket = "arn:aws:s3:::logs/";
        for pattern in [
            "*",
            "arn:aws:s3:::*",
            "arn:aws:s3:::logs/*",
            "arn:aws:s3:::logs*",
            "arn:aws:s3:::logs/?*",
        ] {
            assert!(covers(pattern, bucket), "{pattern}");
        }
        for pattern in [
            "arn:aws:s3:::logs",
            "arn:aws:s3:::logs/a*",
            "arn:aws:s3:::logs/*.txt",
            "arn:aws:s3:::logs/?",
        ] {
            assert!(!covers(pattern, bucket), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_obvious_recursion(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern.first(), text.first()) {
                    (None, None) => true,
                    (Some(b'*'), _) => slow(&pattern[1..], text) || (!text.is_empty() && slow(pattern, &text[1..])),
                    (Some(b'?'), Some(_)) => slow(&pattern[1..], &text[1..]),
                    (Some(p), Some(t)) if p == t => slow(&pattern[1..], &text[1..]),
                    _ => false,
                }
            }
            prop_assert_eq!(matches(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn what_covers_matches(pattern in "[ab*?]{0,8}", prefix in "[ab]{0,4}", rest in "[abc]{1,4}") {
            if covers(&pattern, &prefix) {
                let text = format!("{prefix}{rest}");
                prop_assert!(matches(&pattern, &text));
            }
        }
    }
}
