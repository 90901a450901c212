//! The table of documents and right answers.

use serde::Deserialize;
use serde_json::Value;

use super::administration::{Holder, is_everything};
use super::document::{Statement, Unreadable, parse};
use super::reach::{self, Question};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    condition: Vec<OfCondition>,
    policy: Vec<OfPolicy>,
    holder: Vec<OfHolder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCondition {
    says: String,
    condition: String,
    strangers: Value,
    #[serde(rename = "why")]
    _why: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPolicy {
    says: String,
    version: Option<String>,
    statements: String,
    strangers: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfHolder {
    says: String,
    policies: Vec<String>,
    boundary: Option<String>,
    everything: Value,
}

fn table() -> Table {
    toml::from_str(include_str!("vectors.toml")).unwrap()
}

fn read(version: &str, statements: &str) -> Vec<Result<Statement, Unreadable>> {
    let document = format!(r#"{{"Version":"{version}","Statement":{statements}}}"#);
    serde_json::from_str::<Value>(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
    parse(Some(&document))
}

fn answer(known: Option<bool>) -> Value {
    known.map_or_else(|| "unknown".into(), Value::from)
}

fn strangers(version: &str, statements: &str) -> Value {
    let question = Question {
        now: "2025-06-30T00:00:00Z".parse().unwrap(),
        owner: Some("111122223333"),
        actions: None,
    };
    answer(crate::derived::or(&reach::strangers(
        &read(version, statements),
        question,
    )))
}

#[test]
fn conditions() {
    let mut wrong = Vec::new();
    for vector in table().condition {
        let statement = format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{}}}"#,
            vector.condition
        );
        let found = strangers("2012-10-17", &statement);
        if found != vector.strangers {
            wrong.push(format!("{}: {found}: {}", vector.says, vector.condition));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn policies() {
    let mut wrong = Vec::new();
    for vector in table().policy {
        let version = vector.version.as_deref().unwrap_or("2012-10-17");
        let found = strangers(version, &vector.statements);
        if found != vector.strangers {
            wrong.push(format!("{}: {found}", vector.says));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn holders() {
    let holder = Holder {
        arn: "arn:aws:iam::111122223333:user/alice",
        account: "111122223333",
        now: "2025-06-30T00:00:00Z".parse().unwrap(),
    };
    let mut wrong = Vec::new();
    for vector in table().holder {
        let policies: Vec<_> = vector.policies.iter().map(|text| read("2012-10-17", text)).collect();
        let policies: Vec<&[_]> = policies.iter().map(Vec::as_slice).collect();
        let boundary = vector.boundary.map(|text| read("2012-10-17", &text));
        let found = answer(is_everything(&policies, boundary.as_deref(), holder));
        if found != vector.everything {
            wrong.push(format!("{}: {found}", vector.says));
        }
    }
    assert_eq!(wrong, [""; 0]);
}
