//! Reading a pattern.

use super::{Condition, Expression, Number, Order, Pattern, PatternError, Regex, Step, Terms, Test, Value};

/// How deep parentheses may be nested.
const DEPTH: usize = 64;
/// Selectors with a wildcard in one pattern, and wildcards in one selector.
const WILDCARDS: (usize, usize) = (3, 1);
/// Regular expressions in one pattern.
const REGEXES: usize = 2;

type Parsed<T> = Result<T, PatternError>;

/// Reads a pattern of any kind.
pub(super) fn pattern(text: &str) -> Parsed<Pattern> {
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
        wildcards: 0,
        regexes: 0,
    };
    reader.space();
    match reader.peek() {
        Some('{') => {
            reader.at += 1;
            let whole = reader.or(0)?;
            reader.expect("}", "`}`, `&&` or `||`")?;
            reader.end()?;
            Ok(Pattern::Json(whole))
        }
        Some('[') => Err(reader.wrong("a pattern of fields separated by spaces is not judged")),
        Some('%') => {
            let regex = reader.regex()?;
            reader.end()?;
            Ok(Pattern::Regex(regex))
        }
        _ => reader.terms().map(Pattern::Terms),
    }
}

/// A character of a name after `.`.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// A character of an unquoted value. The guide wants quotes around all but letters, digits and
/// `_`, and leaves them out around others.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-:/*+".contains(c)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    wildcards: usize,
    regexes: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn wrong(&self, message: impl Into<String>) -> PatternError {
        PatternError {
            at: self.at + 1,
            message: message.into(),
        }
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes the sign if it comes next.
    fn take(&mut self, sign: &str) -> bool {
        let found = sign
            .chars()
            .enumerate()
            .all(|(n, c)| self.chars.get(self.at + n) == Some(&c));
        if found {
            self.at += sign.chars().count();
        }
        found
    }

    fn expect(&mut self, sign: &str, wanted: &str) -> Parsed<()> {
        self.space();
        if self.take(sign) {
            Ok(())
        } else {
            Err(self.wrong(format!("{wanted} is wanted here")))
        }
    }

    fn end(&mut self) -> Parsed<()> {
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong("there is something after the end of the pattern")),
        }
    }

    /// The characters from here for which it holds.
    fn run(&mut self, holds: impl Fn(char) -> bool) -> String {
        let from = self.at;
        while self.peek().is_some_and(&holds) {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    fn or(&mut self, depth: usize) -> Parsed<Expression> {
        self.joined("||", depth, Self::and, Expression::Or)
    }

    fn and(&mut self, depth: usize) -> Parsed<Expression> {
        self.joined("&&", depth, Self::primary, Expression::And)
    }

    fn joined(
        &mut self,
        sign: &str,
        depth: usize,
        part: impl Fn(&mut Self, usize) -> Parsed<Expression>,
        join: impl Fn(Vec<Expression>) -> Expression,
    ) -> Parsed<Expression> {
        let first = part(self, depth)?;
        let mut parts = vec![first];
        loop {
            self.space();
            if !self.take(sign) {
                break;
            }
            parts.push(part(self, depth)?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => join(parts),
        })
    }

    fn primary(&mut self, depth: usize) -> Parsed<Expression> {
        self.space();
        if !self.take("(") {
            return self.condition().map(Expression::Condition);
        }
        if depth == DEPTH {
            return Err(self.wrong("parentheses are nested too deep"));
        }
        let inner = self.or(depth + 1)?;
        self.expect(")", "`)`, `&&` or `||`")?;
        Ok(inner)
    }

    fn condition(&mut self) -> Parsed<Condition> {
        let selector = self.selector()?;
        self.space();
        let test = self.test()?;
        Ok(Condition { selector, test })
    }

    fn selector(&mut self) -> Parsed<Vec<Step>> {
        if !self.take("$") {
            return Err(self.wrong("a condition that begins with `$` is wanted here"));
        }
        let mut steps = Vec::new();
        loop {
            if self.take(".['") {
                let key = self.run(|c| c != '\'');
                if key.is_empty() || !self.take("']") {
                    return Err(self.wrong("a key is written `.['key']`"));
                }
                steps.push(Step::Property(key));
            } else if self.take(".*") {
                steps.push(Step::AnyProperty);
            } else if self.take(".") {
                let name = self.run(is_name);
                if name.is_empty() {
                    return Err(self.wrong("a name is wanted after `.`"));
                }
                steps.push(Step::Property(name));
            } else if self.take("[*]") {
                steps.push(Step::AnyElement);
            } else if self.take("[") {
                let number = self.run(|c| c.is_ascii_digit());
                let Some(number) = number.parse().ok().filter(|_| self.take("]")) else {
                    return Err(self.wrong("an element is written `[0]`"));
                };
                steps.push(Step::Element(number));
            } else {
                break;
            }
        }
        if steps.is_empty() {
            return Err(self.wrong("a selector names a property, as `$.eventName`"));
        }
        let any = steps
            .iter()
            .filter(|s| matches!(s, Step::AnyProperty | Step::AnyElement))
            .count();
        self.wildcards += usize::from(any > 0);
        if any > WILDCARDS.1 || self.wildcards > WILDCARDS.0 {
            return Err(self.wrong("there are more wildcards in selectors than CloudWatch Logs allows"));
        }
        Ok(steps)
    }

    fn test(&mut self) -> Parsed<Test> {
        const ORDERS: [(&str, Order); 4] = [
            ("<=", Order::LessOrEqual),
            (">=", Order::GreaterOrEqual),
            ("<", Order::Less),
            (">", Order::Greater),
        ];
        if self.take("!=") {
            return self.value().map(Test::NotEqual);
        }
        if self.take("=") {
            return self.value().map(Test::Equal);
        }
        for (sign, order) in ORDERS {
            if self.take(sign) {
                let at = self.at;
                return match self.value()? {
                    Value::Number(number) => Ok(Test::Number(order, number)),
                    _ => {
                        self.at = at;
                        Err(self.wrong(format!("`{sign}` compares numbers only")))
                    }
                };
            }
        }
        let at = self.at;
        let words = [self.keyword(), self.keyword()];
        Ok(match [words[0].as_str(), words[1].as_str()] {
            ["IS", "NULL"] => Test::IsNull,
            ["IS", "TRUE"] => Test::Is(true),
            ["IS", "FALSE"] => Test::Is(false),
            ["NOT", "EXISTS"] => Test::NotExists,
            _ => {
                self.at = at;
                return Err(self.wrong("a comparison, IS NULL, IS TRUE, IS FALSE or NOT EXISTS is wanted here"));
            }
        })
    }

    fn keyword(&mut self) -> String {
        self.space();
        self.run(|c| c.is_ascii_alphanumeric())
    }

    fn value(&mut self) -> Parsed<Value> {
        self.space();
        match self.peek() {
            Some('%') => self.regex().map(Value::Regex),
            Some('"') => {
                self.at += 1;
                let text = self.run(|c| c != '"' && c != '\\');
                if self.peek() == Some('\\') {
                    return Err(self.wrong("what a backslash means in a text is not known"));
                }
                if !self.take("\"") {
                    return Err(self.wrong("`\"` is not closed"));
                }
                Ok(Value::Text(text))
            }
            _ => {
                let at = self.at;
                let text = self.run(is_bare);
                if let Some(number) = Number::parse(&text) {
                    return Ok(Value::Number(number));
                }
                if text.is_empty() || text.contains('+') {
                    self.at = at;
                    return Err(self.wrong("a value is wanted here: a number, a word, \"text\" or %expression%"));
                }
                Ok(Value::Text(text))
            }
        }
    }

    fn regex(&mut self) -> Parsed<Regex> {
        let at = self.at;
        self.at += 1;
        let source = self.run(|c| c != '%');
        if !self.take("%") {
            return Err(self.wrong("`%` is not closed"));
        }
        self.regexes += 1;
        if self.regexes > REGEXES {
            return Err(self.wrong("there are more regular expressions than CloudWatch Logs allows"));
        }
        Regex::parse(&source).map_err(|message| PatternError { at: at + 1, message })
    }

    fn terms(&mut self) -> Parsed<Terms> {
        let mut terms = Terms::default();
        loop {
            self.space();
            let Some(first) = self.peek() else { return Ok(terms) };
            if matches!(first, '-' | '?') {
                self.at += 1;
            }
            let word = if self.take("\"") {
                self.phrase()?
            } else {
                self.run(is_bare)
            };
            if word.is_empty() || self.peek().is_some_and(|c| !c.is_whitespace()) {
                return Err(self.wrong("a word of other characters than letters and digits stands in quotes"));
            }
            // `" "` matches everything.
            let blank = word.chars().all(char::is_whitespace);
            match first {
                '?' => terms.any.push(word),
                '-' => terms.none.push(word),
                _ if blank => {}
                _ => terms.all.push(word),
            }
        }
    }

    /// The rest of a quoted phrase; a backslash takes the next quote or backslash as it is.
    fn phrase(&mut self) -> Parsed<String> {
        let mut phrase = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(phrase);
                }
                Some('\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(c @ ('"' | '\\')) => phrase.push(c),
                        _ => return Err(self.wrong("what this backslash means is not known")),
                    }
                }
                Some(c) => phrase.push(c),
                None => return Err(self.wrong("`\"` is not closed")),
            }
            self.at += 1;
        }
    }
}
