//! The regular expressions of filter patterns.
//!
//! The guide allows `^ $ ? [ ] { } | \ * + .`, the classes `\d \D \s \S \w \W`, `\xhh`, letters,
//! digits and `: _ # = @ / ; , -`; there are no groups. So an expression is a choice of sequences of
//! repeated characters, and a set of states that runs along the text decides in one pass: no
//! expression can make it slow.

use std::fmt;

/// States an expression may have; one that is longer is refused.
const STATES: usize = 4000;

/// An expression that is looked for anywhere in a text.
#[derive(Clone)]
pub struct Regex {
    source: String,
    program: Vec<State>,
}

/// A state: what it takes, and where it leads.
#[derive(Clone, Debug)]
enum State {
    /// One character of the set, then the next state.
    Take(Set),
    /// Both this state and the next one, without taking anything.
    Or(usize),
    /// This state, without taking anything.
    Go(usize),
    /// The next state, at the beginning of the text.
    Start,
    /// The next state, at its end.
    End,
    /// Found.
    Found,
}

/// A set of characters.
#[derive(Clone, Debug, Default)]
struct Set {
    ranges: Vec<(char, char)>,
    but: bool,
}

impl Set {
    fn one(c: char) -> Self {
        Self {
            ranges: vec![(c, c)],
            but: false,
        }
    }

    fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != self.but
    }
}

/// What one character of an expression, with its backslash, stands for.
enum Escaped {
    Char(char),
    Set(Set),
}

impl Regex {
    /// Reads an expression, without its `%`.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("the regular expression is empty".to_owned());
        }
        let mut reader = Reader {
            chars: source.chars().peekable(),
            program: Vec::new(),
        };
        reader.expression()?;
        Ok(Self {
            source: source.to_owned(),
            program: reader.program,
        })
    }

    /// Is it found in the text?
    pub fn is_match(&self, text: &str) -> bool {
        let mut now = Running::new(self.program.len());
        let mut next = Running::new(self.program.len());
        let mut chars = text.chars().peekable();
        let mut first = true;
        loop {
            let last = chars.peek().is_none();
            // It may begin at every character.
            now.add(&self.program, 0, first, last);
            if now.found {
                return true;
            }
            let Some(c) = chars.next() else { return false };
            let ends_after = chars.peek().is_none();
            for &state in &now.states {
                if let State::Take(set) = &self.program[state]
                    && set.has(c)
                {
                    next.add(&self.program, state + 1, false, ends_after);
                }
            }
            std::mem::swap(&mut now, &mut next);
            next.clear();
            first = false;
        }
    }
}

/// The states that a run is in.
struct Running {
    states: Vec<usize>,
    seen: Vec<bool>,
    found: bool,
}

impl Running {
    fn new(states: usize) -> Self {
        Self {
            states: Vec::new(),
            seen: vec![false; states],
            found: false,
        }
    }

    fn clear(&mut self) {
        self.states.clear();
        self.seen.fill(false);
        self.found = false;
    }

    fn add(&mut self, program: &[State], state: usize, first: bool, last: bool) {
        let mut waiting = vec![state];
        while let Some(at) = waiting.pop() {
            if std::mem::replace(&mut self.seen[at], true) {
                continue;
            }
            match &program[at] {
                State::Take(_) => self.states.push(at),
                State::Or(other) => waiting.extend([at + 1, *other]),
                State::Go(other) => waiting.push(*other),
                State::Start if first => waiting.push(at + 1),
                State::End if last => waiting.push(at + 1),
                State::Start | State::End => {}
                State::Found => self.found = true,
            }
        }
    }
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    program: Vec<State>,
}

impl Reader<'_> {
    /// Sequences with `|` between them.
    fn expression(&mut self) -> Result<(), String> {
        let mut ends = Vec::new();
        loop {
            let fork = self.program.len();
            self.push(State::Or(0))?;
            self.sequence()?;
            ends.push(self.program.len());
            self.push(State::Go(0))?;
            let after = self.program.len();
            if self.chars.next().is_none() {
                // The last sequence has no other.
                self.program[fork] = State::Go(fork + 1);
                for end in ends {
                    self.program[end] = State::Go(after);
                }
                return self.push(State::Found);
            }
            self.program[fork] = State::Or(after);
        }
    }

    fn push(&mut self, state: State) -> Result<(), String> {
        if self.program.len() >= STATES {
            return Err("the regular expression is too long".to_owned());
        }
        self.program.push(state);
        Ok(())
    }

    fn sequence(&mut self) -> Result<(), String> {
        let mut empty = true;
        while self.chars.peek().is_some_and(|c| *c != '|') {
            self.repeated()?;
            empty = false;
        }
        if empty {
            return Err("a choice of the regular expression is empty".to_owned());
        }
        Ok(())
    }

    /// A character or set and how often it comes.
    fn repeated(&mut self) -> Result<(), String> {
        let Some(c) = self.chars.next() else { return Ok(()) };
        let set = match c {
            '^' | '$' => {
                if self.chars.peek().is_some_and(|c| matches!(c, '*' | '+' | '?' | '{')) {
                    return Err(format!("`{c}` cannot be repeated"));
                }
                return self.push(if c == '^' { State::Start } else { State::End });
            }
            '.' => Set {
                ranges: Vec::new(),
                but: true,
            },
            '[' => self.set()?,
            '\\' => match self.escaped()? {
                Escaped::Char(c) => Set::one(c),
                Escaped::Set(set) => set,
            },
            c if is_plain(c) => Set::one(c),
            c => return Err(format!("`{c}` has no place here in a regular expression")),
        };
        let (least, most) = self.times()?;
        for _ in 0..least {
            self.push(State::Take(set.clone()))?;
        }
        match most {
            None => {
                let fork = self.program.len();
                self.push(State::Or(fork + 3))?;
                self.push(State::Take(set))?;
                self.push(State::Go(fork))
            }
            Some(most) => {
                let end = self.program.len() + 2 * (most - least);
                for _ in least..most {
                    self.push(State::Or(end))?;
                    self.push(State::Take(set.clone()))?;
                }
                Ok(())
            }
        }
    }

    /// How often: least and most, where there is a limit.
    fn times(&mut self) -> Result<(usize, Option<usize>), String> {
        let times = match self.chars.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.chars.next();
                let mut text = String::new();
                loop {
                    match self.chars.next() {
                        Some('}') => break,
                        Some(c) if c.is_ascii_digit() || c == ',' => text.push(c),
                        _ => return Err("a repetition is `{n}`, `{n,}` or `{n,m}`".to_owned()),
                    }
                }
                return self.no_more(Self::counts(&text).ok_or("a repetition is `{n}`, `{n,}` or `{n,m}`")?);
            }
            _ => return Ok((1, Some(1))),
        };
        self.chars.next();
        self.no_more(times)
    }

    fn counts(text: &str) -> Option<(usize, Option<usize>)> {
        let number = |text: &str| text.parse().ok().filter(|n| *n <= STATES);
        match text.split_once(',') {
            None => number(text).map(|n| (n, Some(n))),
            Some((least, "")) => Some((number(least)?, None)),
            Some((least, most)) => Some((number(least)?, Some(number(most)?))).filter(|(l, m)| Some(*l) <= *m),
        }
    }

    /// `a+?` means different things in different languages.
    fn no_more(&mut self, times: (usize, Option<usize>)) -> Result<(usize, Option<usize>), String> {
        match self.chars.peek() {
            Some('?' | '*' | '+' | '{') => Err("two repetitions follow each other".to_owned()),
            _ => Ok(times),
        }
    }

    fn escaped(&mut self) -> Result<Escaped, String> {
        let set = |ranges: &[(char, char)], but| {
            Escaped::Set(Set {
                ranges: ranges.to_vec(),
                but,
            })
        };
        const DIGITS: &[(char, char)] = &[('0', '9')];
        const SPACES: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];
        const WORDS: &[(char, char)] = &[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
        Ok(match self.chars.next() {
            Some('d') => set(DIGITS, false),
            Some('D') => set(DIGITS, true),
            Some('s') => set(SPACES, false),
            Some('S') => set(SPACES, true),
            Some('w') => set(WORDS, false),
            Some('W') => set(WORDS, true),
            Some('x') => {
                let mut digit = || self.chars.next().and_then(|c| c.to_digit(16));
                let (high, low) = (digit(), digit());
                let byte = high.zip(low).map(|(high, low)| high * 16 + low).filter(|b| *b < 128);
                let c = byte.and_then(char::from_u32);
                Escaped::Char(c.ok_or("`\\x` needs two hexadecimal digits of an ASCII character")?)
            }
            Some(c) if c.is_ascii_punctuation() => Escaped::Char(c),
            Some(c) => return Err(format!("`\\{c}` is not known")),
            None => return Err("the regular expression ends in a backslash".to_owned()),
        })
    }

    /// `[…]`
    fn set(&mut self) -> Result<Set, String> {
        let mut set = Set::default();
        if self.chars.next_if_eq(&'^').is_some() {
            set.but = true;
        }
        loop {
            let from = match self.member()? {
                None if set.ranges.is_empty() => return Err("`[]` is empty".to_owned()),
                None => return Ok(set),
                Some(Escaped::Set(inner)) if inner.but => {
                    return Err("a class with a capital letter inside `[…]` is not known".to_owned());
                }
                Some(Escaped::Set(inner)) => {
                    set.ranges.extend(inner.ranges);
                    continue;
                }
                Some(Escaped::Char(c)) => c,
            };
            // A minus before the end stands for itself.
            let mut ahead = self.chars.clone();
            if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
                self.chars.next();
                match self.member()? {
                    Some(Escaped::Char(to)) if from <= to => set.ranges.push((from, to)),
                    _ => return Err("a range inside `[…]` runs backwards".to_owned()),
                }
            } else {
                set.ranges.push((from, from));
            }
        }
    }

    /// A member of `[…]`, or `None` at its end.
    fn member(&mut self) -> Result<Option<Escaped>, String> {
        match self.chars.next() {
            Some(']') => Ok(None),
            Some('\\') => self.escaped().map(Some),
            Some(c) if is_plain(c) || "^$?{}|*+.".contains(c) => Ok(Some(Escaped::Char(c))),
            Some(c) => Err(format!("`{c}` has no place inside `[…]`")),
            None => Err("`[` is not closed".to_owned()),
        }
    }
}

/// A character that stands for itself.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || ":_#=@/;,-".contains(c)
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(expression: &str, text: &str) -> bool {
        Regex::parse(expression).unwrap().is_match(text)
    }

    #[test]
    fn expressions() {
        for (expression, text, expected) in [
            ("SecurityGroup", "AuthorizeSecurityGroupIngress", true),
            ("^SecurityGroup", "AuthorizeSecurityGroupIngress", false),
            ("^Create|^Delete", "DeleteTrail", true),
            ("^Create|^Delete", "UndeleteTrail", false),
            ("gra|ey", "they", true),
            ("^a$", "a", true),
            ("^a$", "ab", false),
            ("a$", "ba", true),
            ("^$", "", true),
            ("^$", "x", false),
            ("^a{2,3}$", "aaaa", false),
            ("^a{2,3}$", "aa", true),
            ("^a{2}$", "aaa", false),
            ("^a{2,}$", "aaaaa", true),
            ("^a?b+$", "bbb", true),
            ("^a?b+$", "aab", false),
            (r"10\.10\.0\.1", "10.10.0.1", true),
            (r"10\.10\.0\.1", "10x10.0.1", false),
            ("^[a-c]+$", "abcabc", true),
            ("^[^a-c]+$", "abx", false),
            ("^[-a]+$", "a-a", true),
            ("^[a-]+$", "a-a", true),
            (r"^\d{12}$", "111122223333", true),
            (r"^\x41$", "A", true),
            (r"^[\d_]+$", "1_2", true),
            (r"^\w+\s\W$", "ab !", true),
            ("^.$", "ü", true),
        ] {
            assert_eq!(found(expression, text), expected, "{expression} on {text}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_refused() {
        for expression in [
            "",
            "(a)",
            "a!",
            "ü",
            "a|",
            "|a",
            "a**",
            "a+?",
            "[",
            "[]",
            "a{",
            "a{2",
            "a{3,2}",
            "a{99999}",
            "]",
            "}",
            "*a",
            "\\",
            "\\q",
            "\\xZZ",
            "\\xff",
            "[b-a]",
            "^*",
            "a b",
            "[\\D]",
            "(?:a)",
            "a{2000}b{2000}c{2000}",
        ] {
            assert!(Regex::parse(expression).is_err(), "{expression}");
        }
    }

    #[test]
    fn no_expression_is_slow() {
        let text = "a".repeat(20_000);
        let regex = Regex::parse("a*a*a*a*a*a*a*a*a*a*a*a*b").unwrap();
        assert!(!regex.is_match(&text));
    }

    /// The definition, tried in every way: sequences of `(characters, least, most)`.
    fn slowly(parts: &[(char, usize, usize)], text: &[char]) -> bool {
        let Some(((c, least, most), rest)) = parts.split_first() else {
            return true;
        };
        (*least..=*most)
            .any(|n| text.len() >= n && text[..n].iter().all(|t| *c == '.' || t == c) && slowly(rest, &text[n..]))
    }

    proptest! {
        #[test]
        fn as_by_definition(
            choices in proptest::collection::vec(proptest::collection::vec(("[ab.]", 0usize..3, 0usize..3), 1..5), 1..3),
            text in "[abc]{0,8}",
        ) {
            let choices: Vec<Vec<(char, usize, usize)>> = choices.into_iter()
                .map(|parts| parts.into_iter().map(|(c, n, more)| (c.chars().next().unwrap(), n, n + more)).collect())
                .collect();
            let written: Vec<String> = choices.iter()
                .map(|parts| parts.iter().map(|(c, n, m)| format!("{c}{{{n},{m}}}")).collect())
                .collect();
            let chars: Vec<char> = text.chars().collect();
            let expected = (0..=chars.len()).any(|at| choices.iter().any(|parts| slowly(parts, &chars[at..])));
            prop_assert_eq!(found(&written.join("|"), &text), expected);
        }

        #[test]
        fn anything_is_read_or_refused(source in r"[ab\[\]{}|\\*+.^$?,0-9dxw-]{0,20}", text in ".{0,20}") {
            if let Ok(regex) = Regex::parse(&source) {
                regex.is_match(&text);
            }
        }
    }
}
