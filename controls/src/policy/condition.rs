//! Does a condition hold for a caller?
//!
//! Operators, `…IfExists`, set operators and absent keys as AWS has them:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>.

use std::cmp::Ordering;

use super::address::Range;
use super::caller::{Caller, Fact};
use super::document::Condition;
use super::shape::{Pattern, Shape};

/// For a caller, something holds …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// never, whatever he does;
    Never,
    /// in every request of his;
    Always,
    /// if he likes: he can make it hold, and can make it not;
    Choice,
    /// nobody can tell.
    Unknown,
}

impl Truth {
    fn known(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }

    fn not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Always => Self::Never,
            other => other,
        }
    }

    /// All of them hold.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Always;
        for part in parts {
            all = match (all, part) {
                (Self::Never, _) | (_, Self::Never) => Self::Never,
                (a, b) => a.max(b),
            };
        }
        all
    }

    /// One of them holds.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::all(parts.into_iter().map(Self::not)).not()
    }

    /// He picks which.
    fn either(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Choice,
        }
    }
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Equals { ignore_case: bool },
    Like,
    Arn,
    Bool,
    Null,
    Address,
    Numeric(Comparison),
    Date(Comparison),
}

/// Which order is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// What a set operator asks of the values of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    Any,
    All,
}

/// A condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operator {
    quantifier: Option<Quantifier>,
    test: Test,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    /// From its name in lower case.
    fn parse(name: &str) -> Option<Self> {
        let (quantifier, name) = match name.split_once(':') {
            Some(("foranyvalue", name)) => (Some(Quantifier::Any), name),
            Some(("forallvalues", name)) => (Some(Quantifier::All), name),
            Some(_) => return None,
            None => (None, name),
        };
        let (name, if_exists) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (test, negated) = match name {
            "stringequals" | "binaryequals" => (Test::Equals { ignore_case: false }, false),
            "stringnotequals" => (Test::Equals { ignore_case: false }, true),
            "stringequalsignorecase" => (Test::Equals { ignore_case: true }, false),
            "stringnotequalsignorecase" => (Test::Equals { ignore_case: true }, true),
            "stringlike" => (Test::Like, false),
            "stringnotlike" => (Test::Like, true),
            "arnequals" | "arnlike" => (Test::Arn, false),
            "arnnotequals" | "arnnotlike" => (Test::Arn, true),
            "bool" => (Test::Bool, false),
            "null" => (Test::Null, false),
            "ipaddress" => (Test::Address, false),
            "notipaddress" => (Test::Address, true),
            "numericequals" => (Test::Numeric(Comparison::Equal), false),
            "numericnotequals" => (Test::Numeric(Comparison::Equal), true),
            "numericlessthan" => (Test::Numeric(Comparison::Less), false),
            "numericlessthanequals" => (Test::Numeric(Comparison::LessOrEqual), false),
            "numericgreaterthan" => (Test::Numeric(Comparison::Greater), false),
            "numericgreaterthanequals" => (Test::Numeric(Comparison::GreaterOrEqual), false),
            "dateequals" => (Test::Date(Comparison::Equal), false),
            "datenotequals" => (Test::Date(Comparison::Equal), true),
            "datelessthan" => (Test::Date(Comparison::Less), false),
            "datelessthanequals" => (Test::Date(Comparison::LessOrEqual), false),
            "dategreaterthan" => (Test::Date(Comparison::Greater), false),
            "dategreaterthanequals" => (Test::Date(Comparison::GreaterOrEqual), false),
            _ => return None,
        };
        Some(Self {
            quantifier,
            test,
            negated,
            if_exists,
        })
    }
}

impl Condition {
    /// Does it hold for this caller? `variables`: `${…}` stands for a key.
    ///
    /// AWS does not say what an operator that it does not know or an empty list of values means: nobody can tell.
    pub(crate) fn holds(&self, caller: &Caller, variables: bool) -> Truth {
        let Some(operator) = Operator::parse(&self.operator) else {
            return Truth::Unknown;
        };
        if self.values.is_empty() {
            return Truth::Unknown;
        }
        let fact = caller.fact(&self.key);
        if operator.test == Test::Null {
            return Truth::any(self.values.iter().map(|value| is_absent(&fact, value)));
        }
        let absent = match operator.quantifier {
            _ if operator.if_exists => Truth::Always,
            Some(Quantifier::Any) => Truth::Never,
            Some(Quantifier::All) => Truth::Always,
            None => Truth::known(operator.negated),
        };
        if let Fact::From(range) = fact {
            let found = self.has_address(operator.test, range);
            return if operator.negated { found.not() } else { found };
        }
        let values: Vec<Wanted> = self
            .values
            .iter()
            .map(|value| Wanted::of(value, caller, variables))
            .collect();
        let matched = |held: &Held<'_>| {
            let found = Truth::any(values.iter().map(|value| value.meets(operator.test, held)));
            if operator.negated { found.not() } else { found }
        };
        match &fact {
            Fact::Absent => absent,
            Fact::Unknown | Fact::From(_) => Truth::Unknown,
            Fact::Chosen => Truth::Choice,
            // Requests that do not have it are his to make.
            Fact::Sometimes if absent == Truth::Always => Truth::Choice,
            Fact::Sometimes => Truth::Unknown,
            Fact::Own => matched(&Held::Own),
            Fact::Is(held) => {
                let each = held.iter().map(|text| matched(&Held::Text(text)));
                match (operator.quantifier, operator.negated) {
                    (Some(Quantifier::All), _) | (None, true) => Truth::all(each),
                    (Some(Quantifier::Any), _) | (None, false) => Truth::any(each),
                }
            }
            Fact::OneOf(texts) => {
                let each = texts.iter().map(|text| matched(&Held::Text(text)));
                each.reduce(Truth::either).unwrap_or(Truth::Unknown)
            }
            Fact::Like { shapes, optional } => {
                let each = shapes.iter().map(|shape| matched(&Held::Like(shape)));
                let present = each.reduce(Truth::either).unwrap_or(Truth::Unknown);
                if *optional { present.either(absent) } else { present }
            }
        }
    }

    /// The addresses it speaks of.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Range> {
        self.ranges.iter().copied().flatten()
    }

    /// Does one of its values hold these addresses?
    fn has_address(&self, test: Test, from: Range) -> Truth {
        if !matches!(test, Test::Equals { .. } | Test::Like | Test::Address) {
            return Truth::Unknown;
        }
        Truth::any(self.values.iter().zip(&self.ranges).map(|(value, range)| match range {
            // The star means every address, also the long ones.
            _ if test == Test::Like && value == "*" => Truth::Always,
            Some(range) => Truth::known(range.holds(from)),
            None => Truth::Unknown,
        }))
    }
}

/// `Null`: `true` wants the key to be absent.
fn is_absent(fact: &Fact, wanted: &str) -> Truth {
    let absent = match fact {
        Fact::Absent => Truth::Always,
        Fact::Unknown => Truth::Unknown,
        Fact::Sometimes if wanted.eq_ignore_ascii_case("true") => Truth::Choice,
        Fact::Sometimes => Truth::Unknown,
        Fact::Chosen | Fact::Like { optional: true, .. } => Truth::Choice,
        _ => Truth::Never,
    };
    match wanted.to_ascii_lowercase().as_str() {
        "true" => absent,
        "false" => absent.not(),
        _ => Truth::Unknown,
    }
}

/// What a caller has, as far as it can be compared.
enum Held<'a> {
    Text(&'a str),
    Like(&'a Shape),
    Own,
}

/// A value that a policy wants.
struct Wanted {
    /// As written, with what is known of its variables put in.
    text: String,
    /// A variable stands for something that a stranger brings along.
    foreign: bool,
    /// A variable stands for nothing.
    void: bool,
    /// A variable stands for something unknown.
    unknown: bool,
}

/// Stands for `*`, `?` and `$` where they mean themselves (`${*}`).
const ESCAPED: [(char, char); 3] = [('*', '\u{e000}'), ('?', '\u{e001}'), ('$', '\u{e002}')];

/// The resource's own organization or account, where nobody knows it.
const OWN: &str = "\u{e003}";

impl Wanted {
    fn of(value: &str, caller: &Caller, variables: bool) -> Self {
        let mut wanted = Self {
            text: String::new(),
            foreign: false,
            void: false,
            unknown: false,
        };
        let mut rest = value;
        while variables && let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            wanted.text.push_str(before);
            rest = after;
            wanted.variable(name, caller);
        }
        wanted.text.push_str(rest);
        wanted
    }

    fn variable(&mut self, name: &str, caller: &Caller) {
        if let Some((_, escaped)) = ESCAPED.iter().find(|(sign, _)| name.chars().eq([*sign])) {
            self.text.push(*escaped);
            return;
        }
        let (name, default) = match name.split_once(',') {
            Some((name, default)) => (name.trim(), Some(default.trim().trim_matches('\''))),
            None => (name.trim(), None),
        };
        match caller.fact(&name.to_ascii_lowercase()) {
            Fact::Is(values) if values.len() == 1 => self.text.push_str(&values[0]),
            Fact::Absent => match default {
                Some(default) => self.text.push_str(default),
                None => self.void = true,
            },
            Fact::Own => self.text.push_str(OWN),
            Fact::Unknown | Fact::Sometimes => self.unknown = true,
            _ => {
                self.foreign |= caller.is_stranger();
                self.text.push('*');
            }
        }
    }

    fn meets(&self, test: Test, held: &Held<'_>) -> Truth {
        if self.void {
            return Truth::Never;
        }
        if self.unknown {
            return Truth::Unknown;
        }
        let text = self.text.as_str();
        match (test, held) {
            // What a stranger brings along is not the resource's.
            (_, Held::Own | Held::Text(_)) if self.foreign => Truth::Never,
            (_, Held::Own) => Truth::Always,
            (Test::Address, Held::Text(held)) => match (Range::parse(text), Range::parse(held)) {
                (Some(wanted), Some(held)) => Truth::known(wanted.holds(held)),
                _ => Truth::Unknown,
            },
            (Test::Bool, Held::Text(held)) => Truth::known(text.eq_ignore_ascii_case(held)),
            (Test::Numeric(wanted), Held::Text(held)) => match (text.parse::<f64>(), held.parse::<f64>()) {
                (Ok(value), Ok(held)) => held
                    .partial_cmp(&value)
                    .map_or(Truth::Unknown, |order| Truth::known(wanted.holds(order))),
                _ => Truth::Unknown,
            },
            (Test::Date(wanted), Held::Text(held)) => match (seconds(text), seconds(held)) {
                (Some(value), Some(held)) => Truth::known(wanted.holds(held.cmp(&value))),
                _ => Truth::Unknown,
            },
            (Test::Equals { .. } | Test::Like | Test::Arn, Held::Text(held)) => {
                let (pattern, held) = self.pattern(test, held);
                Truth::known(pattern.matches(&held))
            }
            (Test::Equals { .. } | Test::Like | Test::Arn, Held::Like(shape)) => {
                let (pattern, _) = self.pattern(test, "");
                if shape.covered_by(&pattern) {
                    Truth::Always
                } else {
                    Truth::known(shape.meets(&pattern)).and_if_he_likes()
                }
            }
            // A name is no number, no date, no address and no flag.
            (_, Held::Like(_)) => Truth::Never,
            (Test::Null, _) => Truth::Unknown,
        }
    }

    fn pattern(&self, test: Test, held: &str) -> (Pattern, String) {
        let ignore_case = test == Test::Equals { ignore_case: true };
        let case = |text: &str| {
            if ignore_case {
                text.to_ascii_lowercase()
            } else {
                text.to_owned()
            }
        };
        let text = case(&self.text);
        let pattern = match test {
            Test::Like => Pattern::wildcards(&text),
            Test::Arn => Pattern::arn(&text),
            // The star of a variable is none that was written.
            _ if self.foreign => Pattern::wildcards(&text),
            _ => Pattern::literal(&text),
        };
        let mut held = case(held);
        for (sign, escaped) in ESCAPED {
            if text.contains(escaped) {
                held = held.replace(sign, &escaped.to_string());
            }
        }
        (pattern, held)
    }
}

impl Truth {
    fn and_if_he_likes(self) -> Self {
        if self == Self::Always { Self::Choice } else { self }
    }
}

/// A moment in ISO 8601, a day, or seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(moment) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(moment.timestamp());
    }
    if let Ok(day) = text.trim_end_matches('Z').parse::<chrono::NaiveDate>() {
        return Some(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp());
    }
    text.parse().ok()
}
