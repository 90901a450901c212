//! What a text looks like whose particulars are not known: an account that nobody named, an ARN in it, an action.

use std::collections::BTreeSet;

/// Characters that may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// This one.
    Is(char),
    /// A digit.
    Digit,
    /// A lower-case letter.
    Letter,
    /// Lower-case letters and digits.
    Word,
    /// Lower-case letters, digits and `-`: a service or a region.
    Name,
    /// Everything but `:`.
    NoColon,
    /// Everything.
    Any,
}

impl Class {
    fn has(self, c: char) -> bool {
        match self {
            Self::Is(own) => own == c,
            Self::Digit => c.is_ascii_digit(),
            Self::Letter => c.is_ascii_lowercase(),
            Self::Word => c.is_ascii_lowercase() || c.is_ascii_digit(),
            Self::Name => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
            Self::NoColon => c != ':',
            Self::Any => true,
        }
    }
}

/// A place in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    class: Class,
    /// Any number of characters, also none.
    many: bool,
    /// What stands here was not chosen by whoever wrote the policy: a name that he writes out is another's.
    foreign: bool,
}

/// A character that no policy has.
pub(crate) const UNNAMED: char = '\u{1}';

/// A form of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape(Vec<Place>);

impl Shape {
    /// Followed by this text.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.extend(text.chars().map(|c| Place {
            class: Class::Is(c),
            many: false,
            foreign: false,
        }));
        self
    }

    /// Followed by one character of a class.
    pub(crate) fn one(mut self, class: Class) -> Self {
        self.0.push(Place {
            class,
            many: false,
            foreign: false,
        });
        self
    }

    /// Followed by any number of characters of a class, or none.
    pub(crate) fn many(mut self, class: Class) -> Self {
        self.0.push(Place {
            class,
            many: true,
            foreign: false,
        });
        self
    }

    /// Followed by so many characters of a class that make a name nobody wrote.
    pub(crate) fn foreign(mut self, class: Class, length: usize) -> Self {
        self.0.extend(std::iter::repeat_n(
            Place {
                class,
                many: false,
                foreign: true,
            },
            length,
        ));
        self
    }

    /// Followed by one or more characters of a class that make a name nobody wrote.
    pub(crate) fn foreign_name(mut self, class: Class) -> Self {
        self = self.foreign(class, 1);
        self.0.push(Place {
            class,
            many: true,
            foreign: true,
        });
        self
    }

    /// Where a text can stand before its first character.
    pub(crate) fn start(&self) -> Vec<u16> {
        self.settle(vec![0])
    }

    /// Where it can stand after one more character; empty if nowhere.
    pub(crate) fn read(&self, places: &[u16], c: char) -> Vec<u16> {
        let mut next = Vec::new();
        for &at in places {
            if let Some(place) = self.0.get(usize::from(at)).filter(|place| place.class.has(c)) {
                next.push(if place.many { at } else { at + 1 });
            }
        }
        self.settle(next)
    }

    /// Is a text complete here?
    pub(crate) fn accepts(&self, places: &[u16]) -> bool {
        places.iter().any(|at| usize::from(*at) == self.0.len())
    }

    fn settle(&self, mut places: Vec<u16>) -> Vec<u16> {
        let mut at = 0;
        while at < places.len() {
            if self.0.get(usize::from(places[at])).is_some_and(|place| place.many) {
                places.push(places[at] + 1);
            }
            at += 1;
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Characters enough to tell its texts apart, by patterns with these in them: of each kind one more that none has.
    pub(crate) fn alphabet(&self, patterns: &BTreeSet<char>) -> BTreeSet<char> {
        let mut alphabet = patterns.clone();
        alphabet.extend(self.0.iter().filter_map(|place| match place.class {
            Class::Is(c) => Some(c),
            _ => None,
        }));
        let other_letter = ('a'..='z').find(|c| !alphabet.contains(c));
        let other_digit = ('0'..='9').find(|c| !alphabet.contains(c));
        alphabet.extend(other_letter.into_iter().chain(other_digit).chain(['-', ':', UNNAMED]));
        alphabet
    }

    /// Does the pattern match a text of this shape whose foreign parts it does not spell out?
    ///
    /// Whoever writes an account, an organization or a role's id in full means that one; only a wildcard can mean
    /// a stranger's.
    pub(crate) fn meets(&self, pattern: &Pattern) -> bool {
        let has_foreign = self.0.iter().any(|place| place.foreign);
        let mut seen = BTreeSet::new();
        let mut open = vec![(0_usize, 0_usize, !has_foreign)];
        while let Some(state @ (p, s, wild)) = open.pop() {
            if !seen.insert(state) {
                continue;
            }
            if p == pattern.0.len() && s == self.0.len() && wild {
                return true;
            }
            let place = self.0.get(s);
            if place.is_some_and(|place| place.many) {
                open.push((p, s + 1, wild));
            }
            let Some(mark) = pattern.0.get(p) else { continue };
            if matches!(mark, Mark::Many { .. }) {
                open.push((p + 1, s, wild));
            }
            let Some(place) = place else { continue };
            if mark.fits(place.class) {
                let p = if matches!(mark, Mark::Many { .. }) { p } else { p + 1 };
                let s = if place.many { s } else { s + 1 };
                let by_wildcard = !matches!(mark, Mark::Is(_));
                open.push((p, s, wild || (place.foreign && by_wildcard)));
            }
        }
        false
    }

    /// Does the pattern match every text of this shape?
    ///
    /// It does if it matches those in which all that is not given is written in characters that no pattern has, once
    /// with everything as short and once as long as the shape allows: then its wildcards did it.
    pub(crate) fn covered_by(&self, pattern: &Pattern) -> bool {
        [0, 1, 5].into_iter().all(|many| {
            let mut text = String::new();
            for place in &self.0 {
                let times = if place.many { many } else { 1 };
                let c = match place.class {
                    Class::Is(c) => c,
                    _ => UNNAMED,
                };
                text.extend(std::iter::repeat_n(c, times));
            }
            pattern.matches(&text)
        })
    }
}

/// A sign in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Is(char),
    One { colons: bool },
    Many { colons: bool },
}

impl Mark {
    /// Can both stand for one and the same character?
    fn fits(self, class: Class) -> bool {
        match self {
            Self::Is(c) => class.has(c),
            Self::One { colons } | Self::Many { colons } => colons || class != Class::Is(':'),
        }
    }
}

/// What a condition compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Mark>);

impl Pattern {
    /// A text with nothing special in it.
    pub(crate) fn literal(text: &str) -> Self {
        Self(text.chars().map(Mark::Is).collect())
    }

    /// A text in which `*` and `?` stand for others.
    pub(crate) fn wildcards(text: &str) -> Self {
        Self(text.chars().map(|c| mark(c, true)).collect())
    }

    /// An ARN: of its six parts each is compared by itself, so a wildcard does not reach beyond its part.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
    pub(crate) fn arn(text: &str) -> Self {
        if text.split(':').count() < 6 {
            return Self::wildcards(text);
        }
        let mut colons = 0;
        let marks = text.chars().map(|c| {
            colons += usize::from(c == ':');
            mark(c, colons >= 5)
        });
        Self(marks.collect())
    }

    /// Does it match this text?
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        // Whether the rest of the pattern from here matches the rest of the text, from the pattern's end backwards.
        let mut row: Vec<bool> = vec![false; text.len() + 1];
        row[text.len()] = true;
        for &mark in self.0.iter().rev() {
            let mut next = vec![false; text.len() + 1];
            for at in (0..=text.len()).rev() {
                let fits = text.get(at).is_some_and(|&c| mark.fits(Class::Is(c)));
                next[at] = match mark {
                    Mark::Many { .. } => row[at] || (fits && next[at + 1]),
                    _ => fits && row[at + 1],
                };
            }
            row = next;
        }
        row[0]
    }
}

fn mark(c: char, colons: bool) -> Mark {
    match c {
        '*' => Mark::Many { colons },
        '?' => Mark::One { colons },
        c => Mark::Is(c),
    }
}
