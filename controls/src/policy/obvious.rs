//! A slow and obvious evaluator of policies, to hold the judge against.
//!
//! It knows one thing: whether one request with all its keys written out is allowed. It reads the documents as JSON by itself
//! and shares no code with the judge. What the judge says of all strangers at once is held against every stranger of a small
//! world, one after the other.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::administration::{Holder, is_everything};
use super::caller::{Caller, Who};
use super::decision::{Decision, decide};
use super::document::parse;
use super::reach::{self, Question};

/// A request with everything written out.
#[derive(Clone, Debug)]
struct Request {
    /// ARN or account of the caller; `None`: he did not sign.
    account: Option<String>,
    service: Option<String>,
    action: String,
    resource: String,
    keys: BTreeMap<String, Vec<String>>,
}

fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => like(&pattern[1..], text) || (!text.is_empty() && like(pattern, &text[1..])),
        (Some(b'?'), Some(_)) => like(&pattern[1..], &text[1..]),
        (Some(p), Some(t)) if p == t => like(&pattern[1..], &text[1..]),
        _ => false,
    }
}

fn arn_like(pattern: &str, text: &str) -> bool {
    let (patterns, texts): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), text.splitn(6, ':').collect());
    let parts = patterns.iter().zip(&texts);
    patterns.len() == texts.len() && parts.into_iter().all(|(p, t)| like(p.as_bytes(), t.as_bytes()))
}

fn compare(operator: &str, wanted: &str, held: &str) -> bool {
    match operator {
        "StringEquals" => wanted == held,
        "StringLike" => like(wanted.as_bytes(), held.as_bytes()),
        "ArnLike" => arn_like(wanted, held),
        "Bool" => wanted == held,
        "IpAddress" => {
            let net: ipnet::IpNet = wanted.parse().unwrap();
            net.contains(&held.parse::<std::net::IpAddr>().unwrap())
        }
        other => panic!("{other}"),
    }
}

fn condition_holds(operator: &str, key: &str, wanted: &Value, request: &Request) -> bool {
    let held = request.keys.get(key);
    if operator == "Null" {
        return list(wanted).contains(&if held.is_none() { "true" } else { "false" });
    }
    let (all, name) = match operator.split_once(':') {
        Some(("ForAllValues", name)) => (true, name),
        Some(("ForAnyValue", name)) => (false, name),
        _ => (false, operator),
    };
    let (if_exists, name) = match name.strip_suffix("IfExists") {
        Some(name) => (true, name),
        None => (false, name),
    };
    let (negated, name) = match name {
        "StringNotEquals" => (true, "StringEquals"),
        "StringNotLike" => (true, "StringLike"),
        "ArnNotLike" => (true, "ArnLike"),
        "NotIpAddress" => (true, "IpAddress"),
        name => (false, name),
    };
    let Some(held) = held else {
        return if_exists || if operator.contains(':') { all } else { negated };
    };
    let one = |held: &String| list(wanted).into_iter().any(|wanted| compare(name, wanted, held)) != negated;
    if all || (negated && !operator.contains(':')) {
        held.iter().all(one)
    } else {
        held.iter().any(one)
    }
}

fn principal_is(principal: &Value, request: &Request) -> bool {
    let Value::Object(kinds) = principal else {
        return principal == "*";
    };
    kinds.iter().any(|(kind, names)| {
        list(names).into_iter().any(|name| match kind.as_str() {
            "AWS" => {
                name == "*"
                    || request
                        .account
                        .as_ref()
                        .is_some_and(|account| name == account || name == format!("arn:aws:iam::{account}:root"))
            }
            "Service" => request.service.as_deref() == Some(name),
            _ => false,
        })
    })
}

fn applies(statement: &Value, request: &Request) -> bool {
    let action = request.action.to_lowercase();
    let action_in = |list_: &Value| {
        list(list_)
            .into_iter()
            .any(|pattern| like(pattern.to_lowercase().as_bytes(), action.as_bytes()))
    };
    let resource_in = |list_: &Value| {
        list(list_)
            .into_iter()
            .any(|pattern| like(pattern.as_bytes(), request.resource.as_bytes()))
    };
    let about = match (statement.get("Action"), statement.get("NotAction")) {
        (Some(list_), _) => action_in(list_),
        (_, Some(list_)) => !action_in(list_),
        _ => false,
    };
    let on = match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(list_), _) => resource_in(list_),
        (_, Some(list_)) => !resource_in(list_),
        _ => true,
    };
    let by = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => principal_is(principal, request),
        (_, Some(principal)) => !principal_is(principal, request),
        _ => true,
    };
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let when = conditions.into_iter().flatten().all(|(operator, keys)| {
        let keys = keys.as_object().unwrap();
        keys.iter()
            .all(|(key, wanted)| condition_holds(operator, key, wanted, request))
    });
    about && on && by && when
}

/// What AWS would do with it.
fn allowed(document: &Value, request: &Request) -> bool {
    let statements = document["Statement"].as_array().unwrap();
    let any = |effect: &str| statements.iter().any(|s| s["Effect"] == effect && applies(s, request));
    any("Allow") && !any("Deny")
}

// ---- A small world.

const OWN: &str = "111122223333";
const FOREIGN: &str = "999988887777";
const ACTIONS: [&str; 3] = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"];
const RESOURCES: [&str; 2] = ["arn:aws:s3:::b/x", "arn:aws:s3:::b/y"];
const NOW: &str = "2025-06-30T00:00:00Z";

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(values).prop_map(str::to_owned)
}

fn some_of(values: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec(prop::sample::select(values), 1..3).prop_map(|values| json!(values))
}

/// A condition: an operator, a key that fits it, and values.
fn condition() -> impl Strategy<Value = (String, String, Value)> {
    let text = |operators: &'static [&'static str], keys: &'static [&'static str], values: &'static [&'static str]| {
        (one_of(operators), one_of(keys), some_of(values))
    };
    prop_oneof![
        text(
            &[
                "StringEquals",
                "StringNotEquals",
                "StringLike",
                "StringNotLike",
                "StringEqualsIfExists",
                "StringNotLikeIfExists",
                "ForAllValues:StringEquals",
                "ForAnyValue:StringLike",
                "ForAnyValue:StringNotEquals",
                "ForAllValues:StringNotLike"
            ],
            &["aws:PrincipalAccount", "aws:SourceAccount"],
            &[OWN, "*", "444455556666"],
        ),
        text(
            &[
                "StringEquals",
                "StringNotEquals",
                "StringLike",
                "StringLikeIfExists",
                "ForAllValues:StringLike"
            ],
            &["aws:PrincipalOrgID"],
            &["o-own", "o-*", "*"],
        ),
        text(
            &[
                "ArnLike",
                "ArnNotLike",
                "ArnLikeIfExists",
                "StringLike",
                "StringNotLike"
            ],
            &["aws:PrincipalArn"],
            &[
                "arn:aws:iam::111122223333:role/app",
                "arn:aws:iam::*:*",
                "arn:aws:iam::111122223333:*"
            ],
        ),
        text(
            &["IpAddress", "NotIpAddress", "IpAddressIfExists", "NotIpAddressIfExists"],
            &["aws:SourceIp"],
            &["0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24", "::/0", "0.0.0.0/0"],
        ),
        text(
            &[
                "StringEquals",
                "StringNotEquals",
                "StringLike",
                "StringNotEqualsIfExists"
            ],
            &["aws:SourceVpc"],
            &["vpc-own", "vpc-*"],
        ),
        text(&["Bool"], &["aws:SecureTransport"], &["true", "false"]),
        text(
            &["Null"],
            &[
                "aws:SourceIp",
                "aws:PrincipalOrgID",
                "aws:SourceAccount",
                "aws:PrincipalArn",
                "aws:SourceVpc"
            ],
            &["true", "false"],
        ),
    ]
}

fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let principal = prop_oneof![
        4 => Just(json!({ "Principal": "*" })),
        2 => Just(json!({ "Principal": { "AWS": ["*"] } })),
        1 => Just(json!({ "Principal": { "AWS": OWN, "Service": "sns.amazonaws.com" } })),
        1 => Just(json!({ "NotPrincipal": { "AWS": OWN } })),
    ];
    let about = prop_oneof![
        some_of(&["*", "s3:*", "S3:getobject", "sqs:SendMessage", "s3:Put*"])
            .prop_map(|list| json!({ "Action": list })),
        some_of(&["s3:GetObject", "sqs:*"]).prop_map(|list| json!({ "NotAction": list })),
    ];
    let on = prop_oneof![
        3 => Just(json!({ "Resource": "*" })),
        1 => some_of(&["arn:aws:s3:::b/x", "arn:aws:s3:::b/*", "*y"]).prop_map(|list| json!({ "Resource": list })),
        1 => some_of(&["arn:aws:s3:::b/x"]).prop_map(|list| json!({ "NotResource": list })),
    ];
    let conditions = prop::collection::vec(condition(), 0..3);
    (one_of(&["Allow", "Allow", "Deny"]), principal, about, on, conditions).prop_map(
        move |(effect, principal, about, on, conditions)| {
            let mut statement = json!({ "Effect": effect });
            let object = statement.as_object_mut().unwrap();
            let parts = [about, on].into_iter().chain(with_principal.then_some(principal));
            object.extend(parts.flat_map(|part| part.as_object().unwrap().clone()));
            let mut block = json!({});
            for (operator, key, values) in conditions {
                block[operator.as_str()][key.as_str()] = values;
            }
            object.insert("Condition".to_owned(), block);
            statement
        },
    )
}

fn policy() -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(true), 1..4)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

type Keys = Vec<(&'static str, String)>;

/// Every stranger of the small world: signed or not, in an organization or none, on behalf of a resource or not, with TLS or
/// without, over the internet from both halves of it, or through a network of his own.
fn strangers() -> Vec<(Option<String>, Keys)> {
    let signed = |arn: String| vec![("aws:PrincipalAccount", FOREIGN.to_owned()), ("aws:PrincipalArn", arn)];
    let mut found = Vec::new();
    for (account, identity) in [
        (None, Vec::new()),
        (
            Some(FOREIGN.to_owned()),
            signed(format!("arn:aws:iam::{FOREIGN}:role/app")),
        ),
        (
            Some(FOREIGN.to_owned()),
            signed(format!("arn:aws:sts::{FOREIGN}:federated-user/app")),
        ),
    ] {
        for organized in [false, true] {
            for on_behalf in [false, true] {
                for tls in ["true", "false"] {
                    for way in [
                        ("aws:SourceIp", "1.2.3.4"),
                        ("aws:SourceIp", "200.1.2.3"),
                        ("aws:SourceIp", "2600::1"),
                        ("aws:SourceVpc", "vpc-foreign"),
                    ] {
                        let mut keys = identity.clone();
                        keys.push((way.0, way.1.to_owned()));
                        keys.push(("aws:SecureTransport", tls.to_owned()));
                        if organized && account.is_some() {
                            keys.push(("aws:PrincipalOrgID", "o-foreign".to_owned()));
                        }
                        if on_behalf {
                            keys.push(("aws:SourceAccount", FOREIGN.to_owned()));
                        }
                        found.push((account.clone(), keys));
                    }
                }
            }
        }
    }
    found
}

fn request(account: Option<String>, keys: &Keys, action: &str, resource: &str) -> Request {
    let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), vec![value.clone()]));
    Request {
        account,
        service: None,
        action: action.to_owned(),
        resource: resource.to_owned(),
        keys: keys.collect(),
    }
}

const KEYS: [&str; 7] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:SourceAccount",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SecureTransport",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// One request with everything written out: the judge decides as the obvious evaluator does.
    #[test]
    fn one_request(
        document in policy(),
        account in prop::sample::select(vec![None, Some(OWN), Some(FOREIGN)]),
        service in any::<bool>(),
        present in prop::collection::vec(any::<bool>(), 7),
        org in one_of(&["o-own", "o-foreign"]),
        source in one_of(&[OWN, FOREIGN]),
        address in one_of(&["1.2.3.4", "200.1.2.3", "2600::1", "203.0.113.9"]),
        vpc in one_of(&["vpc-own", "vpc-foreign"]),
        tls in one_of(&["true", "false"]),
        action in prop::sample::select(&ACTIONS),
        resource in prop::sample::select(&RESOURCES),
    ) {
        let id = account.unwrap_or("444455556666");
        let values = [id.to_owned(), format!("arn:aws:iam::{id}:role/app"), org, source, address, vpc, tls];
        let now = NOW.parse().unwrap();
        let who = match (service, account) {
            (true, _) => Who::Service("sns.amazonaws.com".to_owned()),
            (false, None) => Who::Unsigned,
            (false, Some(OWN)) => Who::Member(OWN.to_owned()),
            (false, Some(_)) => Who::Stranger,
        };
        let mut caller = Caller::new(who, now);
        let mut keys = BTreeMap::new();
        for ((key, value), present) in KEYS.into_iter().zip(values).zip(present) {
            caller = if present { caller.with(key, &value) } else { caller.without(key) };
            if present {
                keys.insert(key.to_owned(), vec![value]);
            }
        }
        let request = Request {
            account: account.filter(|_| !service).map(str::to_owned),
            service: service.then(|| "sns.amazonaws.com".to_owned()),
            action: action.to_owned(),
            resource: resource.to_owned(),
            keys,
        };
        let expected = if allowed(&document, &request) { Decision::Allowed } else { Decision::Refused };
        let found = decide(&parse(Some(&document.to_string())), &caller, action, Some(resource));
        prop_assert_eq!(found, expected, "{}\n{:?}", document, request);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// All strangers at once: the judge lets them in exactly if one of the small world gets in.
    #[test]
    fn all_strangers(document in policy()) {
        let everybody = strangers();
        // Among them one of each kind that the patterns can tell apart.
        let actions = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "sqs:DeleteMessage", "ec2:RunInstances"];
        let resources = ["arn:aws:s3:::b/x", "arn:aws:s3:::b/y", "arn:aws:s3:::b/z", "arn:aws:s3:::other", "arn:aws:s3:::othery"];
        let expected = actions.into_iter().flat_map(|action| resources.map(|resource| (action, resource))).any(|(action, resource)| {
            everybody.iter().any(|(account, keys)| allowed(&document, &request(account.clone(), keys, action, resource)))
        });
        let question = Question { now: NOW.parse().unwrap(), owner: Some(OWN), actions: None };
        let found = reach::strangers(&parse(Some(&document.to_string())), question);
        let found = crate::derived::or(&found);
        // Of the caller's ARN the judge looks at one condition at a time: of two that nobody can meet together, it may
        // believe that somebody does. It never errs the other way.
        if document.to_string().matches("aws:PrincipalArn").count() > 1 {
            prop_assert!(found == Some(true) || !expected, "{}", document);
        } else {
            prop_assert_eq!(found, Some(expected), "{}", document);
        }
    }
}

/// Lists of actions for identity policies, and actions of which everything must allow each.
const ALLOWING: [&[&str]; 7] = [
    &["*"],
    &["iam:*"],
    &["s3:*", "organizations:*"],
    &[
        "a*", "b*", "c*", "d*", "e*", "f*", "g*", "h*", "i*", "j*", "k*", "l*", "m*",
    ],
    &[
        "n*", "o*", "p*", "q*", "r*", "s*", "t*", "u*", "v*", "w*", "x*", "y*", "z*",
    ],
    &[
        "*:a*", "*:b*", "*:c*", "*:d*", "*:e*", "*:f*", "*:g*", "*:h*", "*:i*", "*:j*", "*:k*", "*:l*", "*:m*",
    ],
    &[
        "*:n*", "*:o*", "*:p*", "*:q*", "*:r*", "*:s*", "*:t*", "*:u*", "*:v*", "*:w*", "*:x*", "*:y*", "*:z*",
    ],
];
const EVERY_RESOURCE: [&[&str]; 4] = [
    &["*"],
    &["arn:aws:*:*:*:*"],
    &["arn:aws:iam::*"],
    &["arn:aws:s3*", "arn:aws:a*"],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Without exceptions, everything is what allows each action on each resource; and how statements are spread over policies
    /// makes no difference.
    #[test]
    fn everything(grants in prop::collection::vec((0..ALLOWING.len(), 0..EVERY_RESOURCE.len()), 1..4)) {
        let statements: Vec<Value> = grants
            .iter()
            .map(|(actions, resources)| json!({ "Effect": "Allow", "Action": ALLOWING[*actions], "Resource": EVERY_RESOURCE[*resources] }))
            .collect();
        let document = |statements: &[Value]| json!({ "Version": "2012-10-17", "Statement": statements });
        let together = document(&statements);
        let services = ('a'..='z').map(|letter| format!("{letter}zz")).chain(["iam", "s3", "athena"].map(str::to_owned));
        let expected = services.into_iter().all(|service| {
            ('a'..='z').all(|letter| {
                let action = format!("{service}:{letter}zz");
                let resource = format!("arn:aws:{service}::{OWN}:thing");
                allowed(&together, &request(None, &Vec::new(), &action, &resource))
            })
        });
        let holder = Holder { arn: "arn:aws:iam::111122223333:user/a", account: OWN, now: NOW.parse().unwrap() };
        let one = parse(Some(&together.to_string()));
        prop_assert_eq!(is_everything(&[&one], None, holder), Some(expected), "{}", together);
        let apart: Vec<_> = statements.iter().map(|s| parse(Some(&document(std::slice::from_ref(s)).to_string()))).collect();
        let apart: Vec<&[_]> = apart.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(is_everything(&apart, None, holder), Some(expected), "{}", together);
    }

    /// More allowed is not less, more denied is not more, and a boundary never adds.
    #[test]
    fn everything_grows_with_what_is_allowed(
        statements in prop::collection::vec(statement(false), 1..3),
        more in statement(false),
        boundary in statement(false),
    ) {
        let read = |statements: &[Value]| parse(Some(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()));
        let holder = Holder { arn: "arn:aws:iam::111122223333:user/a", account: OWN, now: NOW.parse().unwrap() };
        let own = read(&statements);
        let before = is_everything(&[&own], None, holder);
        let after = is_everything(&[&own, &read(std::slice::from_ref(&more))], None, holder);
        if more["Effect"] == "Allow" {
            prop_assert!(before != Some(true) || after == Some(true));
        } else {
            // A Deny names its actions as exceptions, but never adds a right.
            prop_assert!(after != Some(true) || before.is_some());
        }
        let within = is_everything(&[&own], Some(&read(&[boundary])), holder);
        prop_assert!(within != Some(true) || before == Some(true));
    }
}
