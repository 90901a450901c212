//! Policy documents: one parser for identity, bucket, key, topic and all other policies.
//!
//! The language: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde_json::{Map, Value};

use super::address::Range;
use super::glob;

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

impl Effect {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// Kind of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    /// Everyone, or everyone but some.
    Any,
    /// An account, user, role or session.
    Aws,
    /// An AWS service.
    Service,
    /// An identity provider.
    Federated,
    /// A canonical user id of S3.
    Canonical,
}

impl PrincipalKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Aws => "aws",
            Self::Service => "service",
            Self::Federated => "federated",
            Self::Canonical => "canonical",
        }
    }
}

/// Somebody a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) kind: PrincipalKind,
    /// As written; for NotPrincipal, `everyone except …`.
    pub(crate) name: String,
}

/// One line of a `Condition`: all its lines must hold, any of its values will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Operator, in lower case: `stringequals`, `bool`, …
    pub(crate) operator: String,
    /// Key, in lower case: `aws:securetransport`.
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
    /// For `aws:SourceIp`: the addresses of each value; `None` where it is no address.
    pub(crate) ranges: Vec<Option<Range>>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) not_resources: Vec<String>,
    pub(crate) principals: Vec<Principal>,
    pub(crate) conditions: Vec<Condition>,
    /// The statement has a `NotPrincipal`: in a Deny, some are spared.
    pub(crate) not_principal: bool,
    /// Whom its `NotPrincipal` leaves out.
    pub(crate) excepted: Vec<Principal>,
    /// `${…}` in a value stands for a key of the request. Without `Version` 2012-10-17 it is text:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
    pub(crate) variables: bool,
}

/// Why a document or a statement cannot be read, for a person.
pub(crate) type Unreadable = String;

/// The statements of a document in their order, from text as the record tables hold it.
///
/// A document that cannot be read at all is one unreadable item; a statement that cannot be read
/// is unreadable alone.
pub(crate) fn parse(document: Option<&str>) -> Vec<Result<Statement, Unreadable>> {
    let Some(document) = document else {
        return vec![Err("the document is missing".to_owned())];
    };
    match read(document) {
        Ok(Value::Object(policy)) => {
            let variables = element(&policy, "Version").and_then(Value::as_str) == Some("2012-10-17");
            let read = |value| statement(value).map(|statement| Statement { variables, ..statement });
            match element(&policy, "Statement") {
                Some(Value::Array(statements)) => statements.iter().map(read).collect(),
                Some(one @ Value::Object(_)) => vec![read(one)],
                Some(_) => vec![Err("Statement is neither an object nor a list".to_owned())],
                None => vec![Err("the document has no Statement".to_owned())],
            }
        }
        Ok(_) => vec![Err("the document is not a JSON object".to_owned())],
        Err(why) => vec![Err(why)],
    }
}

/// JSON, or percent-encoded JSON as IAM sends it.
fn read(document: &str) -> Result<Value, Unreadable> {
    let error = match serde_json::from_str(document) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let decoded = percent_encoding::percent_decode_str(document).decode_utf8().ok();
    decoded
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or_else(|| format!("the document is not JSON: {error}"))
}

/// An element of a policy; its name may come in any case.
fn element<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

fn statement(value: &Value) -> Result<Statement, Unreadable> {
    let Value::Object(object) = value else {
        return Err("the statement is not an object".to_owned());
    };
    let effect = match element(object, "Effect").and_then(Value::as_str) {
        Some(effect) if effect.eq_ignore_ascii_case("Allow") => Effect::Allow,
        Some(effect) if effect.eq_ignore_ascii_case("Deny") => Effect::Deny,
        _ => return Err("the statement's Effect is neither Allow nor Deny".to_owned()),
    };
    let list = |name: &str| strings(object, name);
    let excepted = element(object, "NotPrincipal").map(principals).transpose()?;
    let mut who = element(object, "Principal")
        .map(principals)
        .transpose()?
        .unwrap_or_default();
    if let Some(excepted) = &excepted {
        let names: Vec<_> = excepted.iter().map(|principal| principal.name.as_str()).collect();
        who.push(Principal {
            kind: PrincipalKind::Any,
            name: format!("everyone except {}", names.join(", ")),
        });
    }
    let statement = Statement {
        sid: element(object, "Sid").and_then(Value::as_str).map(str::to_owned),
        effect,
        actions: list("Action")?,
        not_actions: list("NotAction")?,
        resources: list("Resource")?,
        not_resources: list("NotResource")?,
        principals: who,
        conditions: conditions(object)?,
        not_principal: excepted.is_some(),
        excepted: excepted.unwrap_or_default(),
        variables: false,
    };
    if statement.actions.is_empty() && statement.not_actions.is_empty() {
        return Err("the statement has neither Action nor NotAction".to_owned());
    }
    Ok(statement)
}

/// A string or a list of strings; an absent element is an empty list.
fn strings(object: &Map<String, Value>, name: &str) -> Result<Vec<String>, Unreadable> {
    let odd = || format!("the statement's {name} is neither a string nor a list of strings");
    match element(object, name) {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(many)) => many
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(odd))
            .collect(),
        Some(_) => Err(odd()),
    }
}

fn principals(value: &Value) -> Result<Vec<Principal>, Unreadable> {
    let odd = || "the statement's Principal cannot be read".to_owned();
    match value {
        Value::String(all) if glob::is_everything(all) => Ok(vec![Principal {
            kind: PrincipalKind::Any,
            name: "*".to_owned(),
        }]),
        Value::Object(kinds) => {
            let mut found = Vec::new();
            for (kind, names) in kinds {
                let kind = match kind.to_ascii_lowercase().as_str() {
                    "aws" | "*" => PrincipalKind::Aws,
                    "service" => PrincipalKind::Service,
                    "federated" => PrincipalKind::Federated,
                    "canonicaluser" => PrincipalKind::Canonical,
                    _ => return Err(odd()),
                };
                let names: Vec<&Value> = match names {
                    Value::Array(names) => names.iter().collect(),
                    one => vec![one],
                };
                for name in names {
                    let name = name.as_str().ok_or_else(odd)?.to_owned();
                    // A wildcard inside an ARN is not allowed by AWS; if one turns up, it is read widely.
                    let any = kind == PrincipalKind::Aws && name.contains('*');
                    found.push(Principal {
                        kind: if any { PrincipalKind::Any } else { kind },
                        name,
                    });
                }
            }
            Ok(found)
        }
        _ => Err(odd()),
    }
}

fn conditions(object: &Map<String, Value>) -> Result<Vec<Condition>, Unreadable> {
    let odd = || "the statement's Condition cannot be read".to_owned();
    let operators = match element(object, "Condition") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(operators)) => operators,
        Some(_) => return Err(odd()),
    };
    let mut found = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().ok_or_else(odd)? {
            let values = match values {
                Value::Array(values) => values.iter().map(scalar).collect::<Option<Vec<_>>>(),
                one => scalar(one).map(|one| vec![one]),
            };
            let (key, values) = (key.to_ascii_lowercase(), values.ok_or_else(odd)?);
            let ranges = match key.as_str() {
                "aws:sourceip" => values.iter().map(|value| Range::of_text(value)).collect(),
                _ => Vec::new(),
            };
            found.push(Condition {
                operator: operator.to_ascii_lowercase(),
                key,
                values,
                ranges,
            });
        }
    }
    Ok(found)
}

/// A condition's value as text: `"false"` and `false` mean the same.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

impl Statement {
    /// Does it apply to this action? Actions are compared without regard to case.
    pub(crate) fn covers_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let named = |patterns: &[String]| patterns.iter().any(|p| glob::matches(&p.to_ascii_lowercase(), &action));
        named(&self.actions) || (!self.not_actions.is_empty() && !named(&self.not_actions))
    }

    /// Does it apply to everyone, none spared?
    pub(crate) fn about_everyone(&self) -> bool {
        let everyone = |p: &Principal| p.kind == PrincipalKind::Any && glob::is_everything(&p.name);
        !self.not_principal && self.principals.iter().any(everyone)
    }

    /// Its conditions as `operator key value, value`, for a person and for SQL.
    pub(crate) fn condition_lines(&self) -> Vec<String> {
        self.conditions
            .iter()
            .map(|c| format!("{} {} {}", c.operator, c.key, c.values.join(", ")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(document: &str) -> Statement {
        let mut found = parse(Some(document));
        assert_eq!(found.len(), 1);
        found.remove(0).unwrap()
    }

    #[test]
    fn strings_and_lists_mean_the_same() {
        let single = one(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}}"#);
        let list = one(r#"{"statement":[{"effect":"allow","action":["s3:*"],"Resource":["*"],"Principal":"*"}]}"#);
        assert_eq!(single, list);
        assert!(single.covers_action("S3:getobject"));
        assert!(!single.covers_action("ec2:RunInstances"));
    }

    #[test]
    fn percent_encoded_text_is_read() {
        let text = "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22*%22%7D%7D";
        assert_eq!(one(text).actions, ["*"]);
    }

    #[test]
    fn not_action_is_all_the_others() {
        let most = one(r#"{"Statement":{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"}}"#);
        assert!(most.covers_action("ec2:RunInstances"));
        assert!(!most.covers_action("iam:CreateUser"));
    }

    #[test]
    fn principals_of_all_kinds() {
        let all = one(r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{
                "AWS":["arn:aws:iam::111122223333:root","*"],"Service":"ec2.amazonaws.com",
                "Federated":"cognito-identity.amazonaws.com","CanonicalUser":"79a5"}}}"#);
        let mut kinds: Vec<_> = all.principals.iter().map(|p| p.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["any", "aws", "canonical", "federated", "service"]);
        let spared = one(r#"{"Statement":{"Effect":"Deny","Action":"*","NotPrincipal":{"AWS":"111122223333"}}}"#);
        assert!(!spared.about_everyone());
        assert_eq!(spared.principals[0].name, "everyone except 111122223333");
    }

    #[test]
    fn condition_values_become_text() {
        let flag =
            one(r#"{"Statement":{"Effect":"Deny","Action":"*","Condition":{"Bool":{"aws:SecureTransport":false}}}}"#);
        assert_eq!(flag.condition_lines(), ["bool aws:securetransport false"]);
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        for document in [
            "",
            "nonsense",
            "[]",
            "{}",
            r#"{"Statement":7}"#,
            r#"{"Statement":{"Effect":"Perhaps","Action":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":7}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":"me"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"*","Condition":[]}}"#,
        ] {
            let found = parse(Some(document));
            assert!(found.len() == 1 && found[0].is_err(), "{document}");
        }
        assert!(parse(None)[0].is_err());
        assert!(parse(Some(r#"{"Statement":[]}"#)).is_empty());
        let mixed = parse(Some(r#"{"Statement":[{"Effect":"Allow","Action":"*"},3]}"#));
        assert!(mixed[0].is_ok() && mixed[1].is_err());
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(Some(&deep))[0].is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            parse(Some(&text));
        }

        #[test]
        fn never_panics_on_policies(
            effect in "Allow|Deny|allow|x",
            action in prop::sample::select(vec!["\"*\"", "[\"s3:*\",\"a\"]", "7", "[]", "[7]", "null", "{}"]),
            principal in prop::sample::select(vec!["\"*\"", "{\"AWS\":\"*\"}", "{\"AWS\":[1]}", "[]", "null", "{\"X\":\"y\"}"]),
            condition in prop::sample::select(vec!["{}", "{\"Bool\":{\"k\":false}}", "{\"Bool\":7}", "[]", "{\"Bool\":{\"k\":[{}]}}"]),
        ) {
            let text = format!(
                r#"{{"Statement":[{{"Effect":"{effect}","Action":{action},"Principal":{principal},"Condition":{condition}}}]}}"#
            );
            let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
            // Encoded or not, the same statement or the same error.
            prop_assert_eq!(parse(Some(&text)), parse(Some(&encoded)));
        }
    }
}
