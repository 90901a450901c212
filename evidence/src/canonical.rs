//! Canonical JSON: one spelling for one value, so that equal records have equal bytes.
//!
//! The profile `evj1` is a narrow part of RFC 8785: keys of `[A-Za-z0-9_.-]`, integers within
//! ±(2^53−1), no floats, keys sorted, no spaces, one line. Inside it RFC 8785, `serde_json` and
//! Python's `json.dumps(sort_keys=True, ensure_ascii=False, separators=(",", ":"))` write the
//! same bytes; whatever lies outside is refused.

use serde::Serialize;
use serde_json::Value;

/// The value has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum NotCanonical {
    /// Only integers are allowed.
    #[error("a number that is no integer: {0}")]
    Float(String),
    /// JavaScript and others round integers beyond 2^53−1.
    #[error("an integer beyond ±(2^53−1): {0}")]
    Large(String),
    /// Sorting of other keys differs between languages.
    #[error("a key with characters outside [A-Za-z0-9_.-]: `{0}`")]
    Key(String),
    /// The bytes are JSON, but not in canonical form.
    #[error("not in canonical form")]
    Form,
    /// serde could not make a JSON value of it.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

const SAFE: i64 = (1 << 53) - 1;

/// The canonical text, without a line feed.
pub fn to_string(value: &impl Serialize) -> Result<String, NotCanonical> {
    let mut out = String::new();
    write(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

/// The canonical text and a line feed.
pub fn to_line(value: &impl Serialize) -> Result<String, NotCanonical> {
    let mut out = to_string(value)?;
    out.push('\n');
    Ok(out)
}

/// Reads one canonical text; any other spelling of the same value is refused.
pub fn parse(text: &str) -> Result<Value, NotCanonical> {
    let value: Value = serde_json::from_str(text)?;
    // A duplicate key or a second spelling shows up here: it does not write back to itself.
    if to_string(&value)? == text {
        Ok(value)
    } else {
        Err(NotCanonical::Form)
    }
}

/// Is this key allowed in an object?
pub fn is_key(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn write(value: &Value, out: &mut String) -> Result<(), NotCanonical> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => match n.as_i64() {
            Some(i) if (-SAFE..=SAFE).contains(&i) => out.push_str(&i.to_string()),
            Some(_) => return Err(NotCanonical::Large(n.to_string())),
            None if n.is_u64() => return Err(NotCanonical::Large(n.to_string())),
            None => return Err(NotCanonical::Float(n.to_string())),
        },
        // serde_json escapes as RFC 8785 §3.2.2.2 does.
        Value::String(s) => out.push_str(&serde_json::to_string(s)?),
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (n, (key, item)) in sorted.into_iter().enumerate() {
                if !is_key(key) {
                    return Err(NotCanonical::Key(key.clone()));
                }
                if n > 0 {
                    out.push(',');
                }
                out.push('"');
                out.push_str(key);
                out.push_str("\":");
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn sorted_on_one_line() {
        let value = json!({"b": [1, null, true], "a": "é\n\"\u{202e}"});
        assert_eq!(
            to_string(&value).unwrap(),
            "{\"a\":\"é\\n\\\"\u{202e}\",\"b\":[1,null,true]}"
        );
    }

    #[test]
    fn what_other_readers_would_change_is_refused() {
        assert!(matches!(to_string(&json!(1.5)), Err(NotCanonical::Float(_))));
        assert!(matches!(
            to_string(&json!(9_007_199_254_740_993_i64)),
            Err(NotCanonical::Large(_))
        ));
        assert!(matches!(to_string(&json!({"é": 1})), Err(NotCanonical::Key(_))));
        for text in [
            "{\"a\":1,\"a\":1}",
            "{ \"a\":1}",
            "{\"b\":1,\"a\":1}",
            "\"\\u0041\"",
            "1.0",
            "-0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-SAFE..=SAFE).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[A-Za-z0-9_.-]{0,6}", inner, 0..6)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn parse_undoes_to_string(value in any_value()) {
            prop_assert_eq!(parse(&to_string(&value).unwrap()).unwrap(), value);
        }
    }
}
