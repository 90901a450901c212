//! A pattern on an event.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::super::wildcard;
use super::{Field, Object, Order, Pattern, Scalar, Test, TextTest};

/// Does the pattern match the event?
pub(super) fn pattern(pattern: &Pattern, event: &Value) -> bool {
    event.as_object().is_some_and(|event| object(&pattern.0, event))
}

fn object(wanted: &Object, event: &Map<String, Value>) -> bool {
    wanted
        .fields
        .iter()
        .all(|(name, field)| self::field(field, event.get(name)))
        && (wanted.either.is_empty() || wanted.either.iter().any(|choice| object(choice, event)))
}

fn field(wanted: &Field, value: Option<&Value>) -> bool {
    match wanted {
        Field::Object(inner) => {
            let mut objects = objects(value).peekable();
            if objects.peek().is_none() {
                // Nothing is in what is not there, and that may be what is wanted.
                return object(inner, &Map::new());
            }
            objects.any(|o| object(inner, o))
        }
        Field::Any(tests) => {
            let leaves: Vec<&Value> = leaves(value).collect();
            tests.iter().any(|wanted| match wanted {
                Test::Exists(there) => *there != leaves.is_empty(),
                other => leaves.iter().any(|leaf| test(other, leaf)),
            })
        }
    }
}

/// The object itself, or those in a list.
fn objects(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    list.iter().filter_map(Value::as_object)
}

/// The value itself, or those in a list; objects are none.
fn leaves(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    list.iter().filter(|value| !value.is_object() && !value.is_array())
}

fn test(wanted: &Test, value: &Value) -> bool {
    match wanted {
        Test::Equal(scalar) => equal(scalar, value),
        Test::Text(text) => value.as_str().is_some_and(|value| like(text, value)),
        Test::AnythingBut(scalars) => !scalars.iter().any(|scalar| equal(scalar, value)),
        Test::AnythingLikeNot(texts) => value
            .as_str()
            .is_some_and(|value| !texts.iter().any(|text| like(text, value))),
        Test::Numeric(limits) => value.as_f64().is_some_and(|value| {
            limits.iter().all(|(order, limit)| match order {
                #[expect(clippy::float_cmp, reason = "what is written twice alike is the same number")]
                Order::Equal => value == *limit,
                Order::Less => value < *limit,
                Order::LessOrEqual => value <= *limit,
                Order::Greater => value > *limit,
                Order::GreaterOrEqual => value >= *limit,
            })
        }),
        Test::Cidr(range) => {
            let address = value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
            address.is_some_and(|address| range.contains(&address))
        }
        Test::Exists(there) => *there,
    }
}

fn equal(scalar: &Scalar, value: &Value) -> bool {
    match (scalar, value) {
        (Scalar::Text(wanted), Value::String(text)) => wanted == text,
        (Scalar::Number(wanted), Value::Number(number)) => wanted.to_string() == number.to_string(),
        (Scalar::Boolean(wanted), Value::Bool(boolean)) => wanted == boolean,
        (Scalar::Null, Value::Null) => true,
        _ => false,
    }
}

fn like(wanted: &TextTest, text: &str) -> bool {
    match wanted {
        TextTest::Prefix(prefix) => text.starts_with(prefix.as_str()),
        TextTest::PrefixIgnoringCase(prefix) => text.to_lowercase().starts_with(&prefix.to_lowercase()),
        TextTest::Suffix(suffix) => text.ends_with(suffix.as_str()),
        TextTest::SuffixIgnoringCase(suffix) => text.to_lowercase().ends_with(&suffix.to_lowercase()),
        TextTest::EqualIgnoringCase(same) => text.to_lowercase() == same.to_lowercase(),
        TextTest::Wildcard(pieces) => wildcard::fits(pieces, text),
    }
}
