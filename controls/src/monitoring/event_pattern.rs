//! Event patterns of EventBridge rules.
//!
//! Grammar and meaning are those of the EventBridge User Guide ("Event patterns", "Comparison
//! operators"). An operator that is not known here makes the pattern an error, and an error is
//! "cannot be judged".
//!
//! - Every field that is named must match; a field's list names alternatives.
//! - An event's list matches if one of its elements does; objects in a list are looked into.
//! - Of an absent field only `{"exists": false}` is true. An object is no value: neither of it.
//! - Numbers are the same if AWS would write them the same (`300` is not `300.0`), but for `numeric`.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::IpNet;

mod evaluate;
mod parse;
mod print;

/// An event pattern: an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(pub Object);

/// Fields that must all match, and choices of which one each must match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// Fields by name.
    pub fields: BTreeMap<String, Field>,
    /// `$or`: alternatives; empty where there is none.
    pub either: Vec<Object>,
}

/// What is wanted of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Fields inside it.
    Object(Object),
    /// One of these.
    Any(Vec<Test>),
}

/// A test of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Just this.
    Equal(Scalar),
    /// A text like this.
    Text(TextTest),
    /// None of these.
    AnythingBut(Vec<Scalar>),
    /// A text like none of these.
    AnythingLikeNot(Vec<TextTest>),
    /// A number for which all of these hold.
    Numeric(Vec<(Order, f64)>),
    /// An address in this range.
    Cidr(IpNet),
    /// There or not.
    Exists(bool),
}

/// A text, number, boolean or null.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A number.
    Number(serde_json::Number),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`
    Null,
}

/// A test of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// Begins with it.
    Prefix(String),
    /// Begins with it, in capitals or not.
    PrefixIgnoringCase(String),
    /// Ends with it.
    Suffix(String),
    /// Ends with it, in capitals or not.
    SuffixIgnoringCase(String),
    /// Is it, in capitals or not.
    EqualIgnoringCase(String),
    /// The pieces between stars.
    Wildcard(Vec<String>),
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Order {
    const ALL: [(&str, Self); 5] = [
        ("=", Self::Equal),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
    ];
}

/// Why a pattern cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct PatternError {
    /// Which field.
    pub place: String,
    /// What is wrong or not known.
    pub message: String,
}

impl Pattern {
    /// Reads a pattern as ListRules gives it.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse::pattern(text)
    }

    /// Does it match the event?
    pub fn matches(&self, event: &serde_json::Value) -> bool {
        evaluate::pattern(self, event)
    }

    /// The literal callers that the pattern leaves out below `detail.userIdentity`.
    pub fn excluded_callers(&self) -> Vec<String> {
        fn collect(object: &Object, path: &mut Vec<String>, into: &mut Vec<String>) {
            for choice in &object.either {
                collect(choice, path, into);
            }
            for (name, field) in &object.fields {
                path.push(name.clone());
                match field {
                    Field::Object(inner) => collect(inner, path, into),
                    Field::Any(tests) if path.starts_with(&["detail".to_owned(), "userIdentity".to_owned()]) => {
                        if name != "type" && name != "invokedBy" {
                            for test in tests {
                                match test {
                                    Test::AnythingBut(values) => into.extend(values.iter().map(ToString::to_string)),
                                    Test::AnythingLikeNot(texts) => {
                                        into.extend(texts.iter().map(|t| t.to_json().to_string()))
                                    }
                                    _ => {}
                                }
                            }
                        }
                    }
                    Field::Any(_) => {}
                }
                path.pop();
            }
        }
        let mut callers = Vec::new();
        collect(&self.0, &mut Vec::new(), &mut callers);
        callers.sort();
        callers.dedup();
        callers
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_json())
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

#[cfg(test)]
mod tests;
