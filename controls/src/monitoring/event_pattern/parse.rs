//! Reading a pattern.

use serde_json::{Map, Value};

use super::print::FOLDED;
use super::{Field, Object, Order, Pattern, PatternError, Scalar, Test, TextTest};

type Parsed<T> = Result<T, PatternError>;

/// Reads a pattern; JSON nested deeper than serde_json's limit is refused by it.
pub(super) fn pattern(text: &str) -> Parsed<Pattern> {
    let wrong = |message: String| PatternError {
        place: "the pattern".to_owned(),
        message,
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => object(&map, "$").map(Pattern),
        Ok(_) => Err(wrong("it is no JSON object".to_owned())),
        Err(e) => Err(wrong(format!("it is no JSON: {e}"))),
    }
}

fn wrong(place: &str, message: &str) -> PatternError {
    PatternError {
        place: place.to_owned(),
        message: message.to_owned(),
    }
}

fn object(map: &Map<String, Value>, place: &str) -> Parsed<Object> {
    let mut object = Object::default();
    if map.is_empty() {
        return Err(wrong(place, "an object is empty"));
    }
    for (name, value) in map {
        let place = format!("{place}.{name}");
        if name == "$or" {
            let choices = value.as_array().filter(|choices| choices.len() >= 2);
            let choices = choices.ok_or_else(|| wrong(&place, "`$or` needs a list of two objects or more"))?;
            for choice in choices {
                let choice = choice
                    .as_object()
                    .ok_or_else(|| wrong(&place, "`$or` needs a list of objects"))?;
                object.either.push(self::object(choice, &place)?);
            }
            continue;
        }
        let field = match value {
            Value::Object(inner) => Field::Object(self::object(inner, &place)?),
            Value::Array(tests) if tests.is_empty() => return Err(wrong(&place, "a list is empty")),
            Value::Array(tests) => Field::Any(tests.iter().map(|t| test(t, &place)).collect::<Parsed<_>>()?),
            _ => return Err(wrong(&place, "a value stands outside a list")),
        };
        object.fields.insert(name.clone(), field);
    }
    Ok(object)
}

fn scalar(value: &Value, place: &str) -> Parsed<Scalar> {
    Ok(match value {
        Value::String(text) => Scalar::Text(text.clone()),
        Value::Number(number) => Scalar::Number(number.clone()),
        Value::Bool(boolean) => Scalar::Boolean(*boolean),
        Value::Null => Scalar::Null,
        Value::Array(_) | Value::Object(_) => return Err(wrong(place, "a text, number, boolean or null is wanted")),
    })
}

fn test(value: &Value, place: &str) -> Parsed<Test> {
    let Value::Object(operator) = value else {
        return scalar(value, place).map(Test::Equal);
    };
    let mut entries = operator.iter();
    let (Some((name, argument)), None) = (entries.next(), entries.next()) else {
        return Err(wrong(place, "an operator is an object of one key"));
    };
    match name.as_str() {
        "anything-but" => anything_but(argument, place),
        "numeric" => numeric(argument, place),
        "cidr" => {
            let range = argument.as_str().and_then(|text| {
                let whole = text.parse().ok();
                // An address without a length is a range of one.
                whole.or_else(|| text.parse::<std::net::IpAddr>().ok().map(Into::into))
            });
            range
                .map(Test::Cidr)
                .ok_or_else(|| wrong(place, "`cidr` needs a range of addresses"))
        }
        "exists" => argument
            .as_bool()
            .map(Test::Exists)
            .ok_or_else(|| wrong(place, "`exists` needs true or false")),
        _ => {
            let mut tests = texts(name, argument, place)?;
            match (tests.pop(), tests.pop()) {
                (Some(test), None) if !argument.is_array() && !holds_list(argument) => Ok(Test::Text(test)),
                _ => Err(wrong(place, "a list stands here only inside `anything-but`")),
            }
        }
    }
}

fn holds_list(argument: &Value) -> bool {
    argument.get(FOLDED).is_some_and(Value::is_array)
}

fn anything_but(argument: &Value, place: &str) -> Parsed<Test> {
    match argument {
        Value::Object(operator) => {
            let mut entries = operator.iter();
            let (Some((name, argument)), None) = (entries.next(), entries.next()) else {
                return Err(wrong(place, "`anything-but` needs one operator"));
            };
            texts(name, argument, place).map(Test::AnythingLikeNot)
        }
        Value::Array(values) if values.is_empty() => Err(wrong(place, "`anything-but` has an empty list")),
        Value::Array(values) => {
            let values = values.iter().map(|v| scalar(v, place)).collect::<Parsed<_>>()?;
            Ok(Test::AnythingBut(values))
        }
        single => Ok(Test::AnythingBut(vec![scalar(single, place)?])),
    }
}

/// The tests of an operator on texts, one for each text.
fn texts(name: &str, argument: &Value, place: &str) -> Parsed<Vec<TextTest>> {
    let folded = match argument {
        Value::Object(inner) if inner.len() == 1 && matches!(name, "prefix" | "suffix") => inner.get(FOLDED),
        _ => None,
    };
    let make: fn(&str) -> Option<TextTest> = match (name, folded) {
        ("prefix", None) => |text| Some(TextTest::Prefix(text.to_owned())),
        ("prefix", Some(_)) => |text| Some(TextTest::PrefixIgnoringCase(text.to_owned())),
        ("suffix", None) => |text| Some(TextTest::Suffix(text.to_owned())),
        ("suffix", Some(_)) => |text| Some(TextTest::SuffixIgnoringCase(text.to_owned())),
        (FOLDED, _) => |text| Some(TextTest::EqualIgnoringCase(text.to_owned())),
        ("wildcard", _) => |text| wildcard(text).map(TextTest::Wildcard),
        _ => return Err(wrong(place, &format!("the operator `{name}` is not known"))),
    };
    let texts: Vec<&Value> = match folded.unwrap_or(argument) {
        Value::Array(texts) => texts.iter().collect(),
        single => vec![single],
    };
    if texts.is_empty() {
        return Err(wrong(place, &format!("`{name}` has an empty list")));
    }
    let made = texts.into_iter().map(|text| text.as_str().and_then(make));
    made.collect::<Option<Vec<_>>>()
        .ok_or_else(|| wrong(place, &format!("`{name}` needs a text that it can take")))
}

/// The pieces between stars. EventBridge refuses two stars in a row and a backslash before
/// anything but a star or a backslash.
fn wildcard(text: &str) -> Option<Vec<String>> {
    let mut pieces = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '*' if chars.peek() == Some(&'*') => return None,
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '\\' => chars.next().filter(|c| matches!(c, '*' | '\\'))?,
            c => c,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(literal);
        }
    }
    Some(pieces)
}

fn numeric(argument: &Value, place: &str) -> Parsed<Test> {
    let limits = argument
        .as_array()
        .filter(|limits| !limits.is_empty() && limits.len() % 2 == 0);
    let limits = limits.ok_or_else(|| wrong(place, "`numeric` needs pairs of a sign and a number"))?;
    let pair = |pair: &[Value]| {
        let sign = pair[0].as_str()?;
        let (_, order) = Order::ALL.iter().find(|(known, _)| *known == sign)?;
        Some((*order, pair[1].as_f64()?))
    };
    let pairs: Option<Vec<_>> = limits.chunks(2).map(pair).collect();
    pairs
        .map(Test::Numeric)
        .ok_or_else(|| wrong(place, "`numeric` needs pairs of a sign and a number"))
}
