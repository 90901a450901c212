//! Rules of composite alarms: `ALARM("a") OR (ALARM(b) AND NOT OK("c"))`.

/// A state that a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `ALARM`
    Alarm,
    /// `OK`
    Ok,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `TRUE`, `FALSE`
    Constant(bool),
    /// An alarm, by name or ARN, is in a state.
    Is(State, String),
    /// `NOT`
    Not(Box<Rule>),
    /// `AND`
    And(Vec<Rule>),
    /// `OR`
    Or(Vec<Rule>),
}

/// How deep a rule may be nested.
const DEPTH: usize = 64;

impl Rule {
    /// Reads a rule; `None` where it says something that is not known here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let rule = reader.or(0)?;
        reader.rest.trim().is_empty().then_some(rule)
    }

    /// Is it true, where `is` tells the state of an alarm?
    pub fn holds(&self, is: &dyn Fn(&str) -> Option<State>) -> Option<bool> {
        let all = |parts: &[Self], decided: bool| {
            let parts: Vec<_> = parts.iter().map(|part| part.holds(is)).collect();
            if parts.contains(&Some(decided)) {
                Some(decided)
            } else if parts.contains(&None) {
                None
            } else {
                Some(!decided)
            }
        };
        match self {
            Self::Constant(value) => Some(*value),
            Self::Is(state, alarm) => is(alarm).map(|now| now == *state),
            Self::Not(rule) => rule.holds(is).map(|holds| !holds),
            Self::And(parts) => all(parts, false),
            Self::Or(parts) => all(parts, true),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '_');
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = after;
        word
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let before = self.rest;
        if self.word() == wanted {
            return true;
        }
        self.rest = before;
        false
    }

    fn take(&mut self, sign: char) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn or(&mut self, depth: usize) -> Option<Rule> {
        let mut parts = vec![self.and(depth)?];
        while self.take_word("OR") {
            parts.push(self.and(depth)?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Rule::Or(parts)
        })
    }

    fn and(&mut self, depth: usize) -> Option<Rule> {
        let mut parts = vec![self.primary(depth)?];
        while self.take_word("AND") {
            parts.push(self.primary(depth)?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Rule::And(parts)
        })
    }

    fn primary(&mut self, depth: usize) -> Option<Rule> {
        if depth > DEPTH {
            return None;
        }
        if self.take('(') {
            let rule = self.or(depth + 1)?;
            return self.take(')').then_some(rule);
        }
        let state = match self.word() {
            "NOT" => return Some(Rule::Not(Box::new(self.primary(depth + 1)?))),
            "TRUE" => return Some(Rule::Constant(true)),
            "FALSE" => return Some(Rule::Constant(false)),
            "ALARM" => State::Alarm,
            "OK" => State::Ok,
            "INSUFFICIENT_DATA" => State::InsufficientData,
            _ => return None,
        };
        if !self.take('(') {
            return None;
        }
        let name = if self.take('"') {
            let (name, rest) = self.rest.split_once('"')?;
            self.rest = rest;
            name
        } else {
            let end = self.rest.find(')')?;
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            name.trim()
        };
        self.take(')').then(|| Rule::Is(state, name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// With only `a` in ALARM.
    fn holds(rule: &str) -> Option<bool> {
        let state = |name: &str| Some(if name == "a" { State::Alarm } else { State::Ok });
        Rule::parse(rule)?.holds(&state)
    }

    #[test]
    fn rules() {
        for (rule, expected) in [
            (r#"ALARM("a")"#, Some(true)),
            ("ALARM(a)", Some(true)),
            (r#"ALARM("b") OR ALARM("a")"#, Some(true)),
            (r#"ALARM("a") AND ALARM("b")"#, Some(false)),
            (r#"ALARM("a") AND NOT ALARM("b")"#, Some(true)),
            (r#"NOT ALARM("a")"#, Some(false)),
            (r#"ALARM("b") AND ALARM("c") OR ALARM("a")"#, Some(true)),
            (r#"(ALARM("b") OR ALARM("a")) AND OK("c")"#, Some(true)),
            (r#"INSUFFICIENT_DATA("a")"#, Some(false)),
            ("FALSE", Some(false)),
            ("AT_LEAST(1, ALARM, (a, b))", None),
            ("", None),
            ("ALARM(a", None),
            ("ALARM(a) x", None),
        ] {
            assert_eq!(holds(rule), expected, "{rule}");
        }
        assert_eq!(Rule::parse(&"(".repeat(100_000)), None);
        assert_eq!(Rule::parse(&"NOT ".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in r#"((ALARM|OK|NOT|AND|OR|TRUE)?[ ("a)]{0,3}){0,8}|.{0,30}"#) {
            if let Some(rule) = Rule::parse(&text) {
                prop_assert!(rule.holds(&|_| Some(State::Ok)).is_some());
            }
        }
    }
}
