//! Conditions on a JSON event.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::super::wildcard;
use super::{Condition, Expression, Number, Order, Step, Test, Value};

/// Is it true of the event?
pub(super) fn expression(expression: &Expression, event: &Json) -> bool {
    match expression {
        Expression::Or(parts) => parts.iter().any(|part| self::expression(part, event)),
        Expression::And(parts) => parts.iter().all(|part| self::expression(part, event)),
        Expression::Condition(condition) => self::condition(condition, event),
    }
}

fn condition(condition: &Condition, event: &Json) -> bool {
    let mut selected = Vec::new();
    select(&condition.selector, event, &mut selected);
    if condition.test == Test::NotExists {
        return selected.is_empty();
    }
    selected.into_iter().any(|value| test(&condition.test, value))
}

/// What a selector selects; the number of steps is that of the pattern's text.
fn select<'a>(steps: &[Step], value: &'a Json, into: &mut Vec<&'a Json>) {
    let Some((step, rest)) = steps.split_first() else {
        into.push(value);
        return;
    };
    match (step, value) {
        (Step::Property(name), Json::Object(object)) => {
            if let Some(inner) = object.get(name) {
                select(rest, inner, into);
            }
        }
        (Step::AnyProperty, Json::Object(object)) => object.values().for_each(|inner| select(rest, inner, into)),
        (Step::Element(at), Json::Array(array)) => {
            if let Some(inner) = array.get(*at) {
                select(rest, inner, into);
            }
        }
        (Step::AnyElement, Json::Array(array)) => array.iter().for_each(|inner| select(rest, inner, into)),
        _ => {}
    }
}

fn test(test: &Test, value: &Json) -> bool {
    match test {
        Test::Equal(wanted) => equal(value, wanted) == Some(true),
        Test::NotEqual(wanted) => equal(value, wanted) == Some(false),
        Test::Number(order, Number { value: limit, .. }) => value.as_f64().is_some_and(|number| match order {
            Order::Less => number < *limit,
            Order::LessOrEqual => number <= *limit,
            Order::Greater => number > *limit,
            Order::GreaterOrEqual => number >= *limit,
        }),
        Test::IsNull => value.is_null(),
        Test::Is(wanted) => value.as_bool() == Some(*wanted),
        Test::NotExists => false,
    }
}

/// `None` where there is nothing to compare: a null, an object, an array.
fn equal(value: &Json, wanted: &Value) -> Option<bool> {
    let text = match value {
        Json::Null | Json::Object(_) | Json::Array(_) => return None,
        Json::String(text) => Cow::Borrowed(text.as_str()),
        Json::Bool(_) | Json::Number(_) => Cow::Owned(value.to_string()),
    };
    Some(match wanted {
        Value::Number(number) => match value.as_f64() {
            #[expect(clippy::float_cmp, reason = "what is written twice alike is the same number")]
            Some(value) => value == number.value,
            None => text == number.text,
        },
        Value::Text(pattern) => wildcard::matches(pattern, &text),
        Value::Regex(regex) => regex.is_match(&text),
    })
}
