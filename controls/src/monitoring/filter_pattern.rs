//! Filter patterns of CloudWatch Logs.
//!
//! Grammar and meaning are those of the CloudWatch Logs User Guide ("Filter pattern syntax"). What
//! it leaves open is decided so that nothing is credited to a pattern in doubt: what cannot be
//! read for certain is an error, and an error is "cannot be judged", not "does not match".
//!
//! - `&&` binds closer than `||`; there is no "not".
//! - Comparing a property that is absent is false, `!=` included; only NOT EXISTS is true for it.
//! - Objects, arrays and nulls are never equal nor unequal to anything.
//! - A number compares with a number by value. All else compares by its text, in which `*` stands
//!   for any run of characters, quoted or not.
//! - `[*]` and `.*` select several values; a condition is true if it is for one of them.

use std::fmt;

mod evaluate;
mod parse;
mod print;
mod regex;
mod terms;

pub use regex::Regex;
pub use terms::Terms;

/// A filter pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `{ … }`: conditions on the properties of a JSON event.
    Json(Expression),
    /// Words looked for in the event's text; none at all match everything.
    Terms(Terms),
    /// `%…%`: an expression looked for in the event's text.
    Regex(Regex),
}

/// Conditions and how they are joined. Lists have two members at least.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// One of them is true.
    Or(Vec<Expression>),
    /// All of them are true.
    And(Vec<Expression>),
    /// A condition.
    Condition(Condition),
}

/// A condition on what a selector selects.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is looked at.
    pub selector: Vec<Step>,
    /// What must be true of it.
    pub test: Test,
}

/// A step from a value to one or several inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The property of this name.
    Property(String),
    /// `.*`: every property.
    AnyProperty,
    /// The element of this number, from 0.
    Element(usize),
    /// `[*]`: every element.
    AnyElement,
}

/// What a condition asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `=`
    Equal(Value),
    /// `!=`
    NotEqual(Value),
    /// `<`, `<=`, `>`, `>=`
    Number(Order, Number),
    /// `IS NULL`
    IsNull,
    /// `IS TRUE`, `IS FALSE`
    Is(bool),
    /// `NOT EXISTS`
    NotExists,
}

/// An order of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An unquoted number.
    Number(Number),
    /// A text, in which `*` stands for any run of characters.
    Text(String),
    /// `%…%`
    Regex(Regex),
}

/// A number, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    text: String,
    value: f64,
}

impl Number {
    /// Reads a number: sign, digits, fraction and exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !(digits(whole) && digits(fraction) && digits(exponent)) {
            return None;
        }
        let value: f64 = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
        value.is_finite().then(|| Self {
            text: text.to_owned(),
            value,
        })
    }
}

/// Why a pattern cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {at})")]
pub struct PatternError {
    /// Where, counted from 1.
    pub at: usize,
    /// What is wrong or not known.
    pub message: String,
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse::pattern(text)
    }

    /// Does it match the event? `None` if that is not known for certain.
    pub fn matches(&self, event: &serde_json::Value) -> Option<bool> {
        match self {
            Self::Json(_) => self.matches_written(event, ""),
            Self::Terms(_) | Self::Regex(_) => self.matches_written(event, &event.to_string()),
        }
    }

    /// The same, with the event's text at hand.
    pub fn matches_written(&self, event: &serde_json::Value, text: &str) -> Option<bool> {
        match self {
            Self::Json(expression) => Some(event.is_object() && evaluate::expression(expression, event)),
            Self::Terms(terms) => terms.matches(text),
            Self::Regex(regex) => Some(regex.is_match(text)),
        }
    }

    /// Every condition of a pattern of conditions, in order.
    pub fn conditions(&self) -> Vec<&Condition> {
        fn collect<'a>(expression: &'a Expression, into: &mut Vec<&'a Condition>) {
            match expression {
                Expression::Or(parts) | Expression::And(parts) => parts.iter().for_each(|part| collect(part, into)),
                Expression::Condition(condition) => into.push(condition),
            }
        }
        let mut conditions = Vec::new();
        if let Self::Json(expression) = self {
            collect(expression, &mut conditions);
        }
        conditions
    }

    /// The literal callers that the pattern leaves out: what properties of `userIdentity` must not be.
    pub fn excluded_callers(&self) -> Vec<String> {
        let on_caller = |c: &&Condition| {
            c.selector.first() == Some(&Step::Property("userIdentity".to_owned()))
                && !matches!(c.selector.last(), Some(Step::Property(name)) if name == "type" || name == "invokedBy")
        };
        let mut callers: Vec<_> = self
            .conditions()
            .into_iter()
            .filter(on_caller)
            .filter_map(|c| match &c.test {
                Test::NotEqual(Value::Text(text)) => Some(text.clone()),
                Test::NotEqual(Value::Regex(regex)) => Some(regex.to_string()),
                _ => None,
            })
            .collect();
        callers.sort();
        callers.dedup();
        callers
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::pattern(self, f)
    }
}

#[cfg(test)]
mod tests;
