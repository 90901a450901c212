//! Writing a pattern so that it reads the same again.

use serde_json::{Map, Value, json};

use super::{Field, Object, Order, Scalar, Test, TextTest};

impl Object {
    /// As JSON.
    pub(super) fn to_json(&self) -> Value {
        let mut object = Map::new();
        if !self.either.is_empty() {
            let choices: Vec<_> = self.either.iter().map(Object::to_json).collect();
            object.insert("$or".to_owned(), choices.into());
        }
        for (name, field) in &self.fields {
            let field = match field {
                Field::Object(inner) => inner.to_json(),
                Field::Any(tests) => tests.iter().map(Test::to_json).collect::<Vec<_>>().into(),
            };
            object.insert(name.clone(), field);
        }
        object.into()
    }
}

impl Test {
    fn to_json(&self) -> Value {
        match self {
            Self::Equal(value) => value.to_json(),
            Self::Text(text) => text.to_json(),
            Self::AnythingBut(values) => {
                json!({ "anything-but": values.iter().map(Scalar::to_json).collect::<Vec<_>>() })
            }
            Self::AnythingLikeNot(texts) => {
                let all: Vec<_> = texts.iter().map(TextTest::parts).collect();
                let (name, folded, _) = all[0];
                let texts: Vec<_> = all.iter().map(|(_, _, text)| text.clone()).collect();
                let wanted = if folded { json!({ FOLDED: texts }) } else { json!(texts) };
                json!({ "anything-but": { name: wanted } })
            }
            Self::Numeric(limits) => {
                let limits: Vec<Value> = limits
                    .iter()
                    .flat_map(|(order, limit)| [order.sign().into(), (*limit).into()])
                    .collect();
                json!({ "numeric": limits })
            }
            Self::Cidr(range) => json!({ "cidr": range.to_string() }),
            Self::Exists(there) => json!({ "exists": there }),
        }
    }
}

/// The operator that does not care for capitals, on its own or inside another.
pub(super) const FOLDED: &str = "equals-ignore-case";

impl TextTest {
    /// Operator, whether it is one that holds `equals-ignore-case`, and text.
    pub(super) fn parts(&self) -> (&'static str, bool, String) {
        match self {
            Self::Prefix(text) => ("prefix", false, text.clone()),
            Self::PrefixIgnoringCase(text) => ("prefix", true, text.clone()),
            Self::Suffix(text) => ("suffix", false, text.clone()),
            Self::SuffixIgnoringCase(text) => ("suffix", true, text.clone()),
            Self::EqualIgnoringCase(text) => (FOLDED, false, text.clone()),
            Self::Wildcard(pieces) => {
                let pieces: Vec<_> = pieces
                    .iter()
                    .map(|piece| piece.replace('\\', "\\\\").replace('*', "\\*"))
                    .collect();
                ("wildcard", false, pieces.join("*"))
            }
        }
    }

    /// As JSON.
    pub(super) fn to_json(&self) -> Value {
        let (name, folded, text) = self.parts();
        if folded {
            json!({ name: { FOLDED: text } })
        } else {
            json!({ name: text })
        }
    }
}

impl Scalar {
    /// As JSON.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Number(number) => number.clone().into(),
            Self::Boolean(boolean) => (*boolean).into(),
            Self::Null => Value::Null,
        }
    }
}

impl Order {
    fn sign(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, order)| *order == self);
        known.map_or("=", |(sign, _)| sign)
    }
}
