use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[track_caller]
fn matches(pattern: Value, event: &Value) -> bool {
    let text = pattern.to_string();
    Pattern::parse(&text)
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .matches(event)
}

/// The event as EventBridge wraps it.
fn call(source: &str, detail: Value) -> Value {
    let kind = if source == "aws.signin" {
        "AWS Console Sign In via CloudTrail"
    } else {
        "AWS API Call via CloudTrail"
    };
    json!({ "version": "0", "detail-type": kind, "source": source, "region": "us-east-1", "resources": [], "detail": detail })
}

#[test]
fn rules_on_monitored_events() {
    let group = call(
        "aws.ec2",
        json!({"eventName":"AuthorizeSecurityGroupIngress","userIdentity":{"type":"AssumedRole"}}),
    );
    assert!(matches(
        json!({"source":["aws.ec2"],"detail":{"eventName":[{"wildcard":"*SecurityGroup*"}]}}),
        &group
    ));
    let root = json!({"eventName":"ConsoleLogin","userIdentity":{"type":"Root"},"additionalEventData":{"MFAUsed":"No"},"responseElements":{"ConsoleLogin":"Success"}});
    let root = call("aws.signin", root);
    assert!(!matches(
        json!({"detail-type":["AWS API Call via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}),
        &root
    ));
    let no_mfa = json!({"detail":{"eventName":["ConsoleLogin"],"additionalEventData":{"MFAUsed":["No"]},"responseElements":{"ConsoleLogin":["Success"]}}});
    assert!(matches(no_mfa.clone(), &root));
    let federated = json!({"eventName":"ConsoleLogin","userIdentity":{"type":"AssumedRole"},"additionalEventData":{"MFAUsed":"No"},"responseElements":{"ConsoleLogin":"Success"}});
    assert!(matches(no_mfa, &call("aws.signin", federated)));
    let refused = call("aws.ec2", json!({"errorCode":"Client.UnauthorizedOperation"}));
    assert!(!matches(json!({"detail":{"errorCode":["AccessDenied"]}}), &refused));
    let stopped = |kind: &str| {
        call(
            "aws.cloudtrail",
            json!({"eventName":"StopLogging","userIdentity":{"type":kind}}),
        )
    };
    let by_user =
        json!({"source":["aws.cloudtrail"],"detail":{"eventName":["StopLogging"],"userIdentity":{"type":["IAMUser"]}}});
    assert!(matches(by_user.clone(), &stopped("IAMUser")));
    assert!(!matches(by_user, &stopped("AssumedRole")));
    assert!(matches(
        json!({"source":["aws.s3"],"detail":{"eventName":["DeleteBucket"],"errorCode":[{"exists":false}]}}),
        &call("aws.s3", json!({"eventName":"DeleteBucket"}))
    ));
}

#[test]
fn operators() {
    let event = json!({
        "text": "Alpha-Beta", "number": 300, "fraction": 1.5, "yes": true, "null": null, "empty": "", "list": ["a", "b"], "none": [],
        "ip": "10.1.2.3", "ip6": "2001:db8::1", "object": { "inner": 1 }, "objects": [{ "k": "x" }, { "k": "y", "l": "z" }], "star": "a*b\\c",
    });
    for (field, test, expected) in [
        ("text", json!("Alpha-Beta"), true),
        ("text", json!("alpha-beta"), false),
        ("text", json!("Alpha"), false),
        ("text", json!({"prefix":"Alpha"}), true),
        ("text", json!({"prefix":"alpha"}), false),
        ("text", json!({"prefix":{"equals-ignore-case":"ALPHA"}}), true),
        ("text", json!({"suffix":"Beta"}), true),
        ("text", json!({"suffix":{"equals-ignore-case":"BETA"}}), true),
        ("text", json!({"equals-ignore-case":"ALPHA-BETA"}), true),
        ("text", json!({"equals-ignore-case":"ALPHA"}), false),
        ("text", json!({"wildcard":"A*-*a"}), true),
        ("text", json!({"wildcard":"A*-"}), false),
        ("star", json!({"wildcard":"a\\*b\\\\c"}), true),
        ("text", json!({"wildcard":"Alpha\\*Beta"}), false),
        ("text", json!({"anything-but":"Alpha"}), true),
        ("text", json!({"anything-but":["Alpha","Alpha-Beta"]}), false),
        ("text", json!({"anything-but":{"prefix":"Al"}}), false),
        ("text", json!({"anything-but":{"prefix":["x","Al"]}}), false),
        (
            "text",
            json!({"anything-but":{"prefix":{"equals-ignore-case":["AL","y"]}}}),
            false,
        ),
        ("text", json!({"anything-but":{"suffix":"x"}}), true),
        (
            "text",
            json!({"anything-but":{"equals-ignore-case":["alpha-beta"]}}),
            false,
        ),
        ("text", json!({"anything-but":{"wildcard":"*-*"}}), false),
        ("number", json!({"anything-but":[1,300]}), false),
        ("number", json!({"anything-but":{"prefix":"3"}}), false),
        ("absent", json!({"anything-but":"x"}), false),
        ("number", json!(300), true),
        ("number", json!("300"), false),
        ("number", json!(300.0), false),
        ("number", json!({"numeric":["=",3e2]}), true),
        ("number", json!({"numeric":[">",0,"<=",300]}), true),
        ("number", json!({"numeric":[">",0,"<",300]}), false),
        ("fraction", json!({"numeric":[">=",1.5]}), true),
        ("text", json!({"numeric":[">",0]}), false),
        ("yes", json!(true), true),
        ("yes", json!("true"), false),
        ("null", json!(null), true),
        ("absent", json!(null), false),
        ("empty", json!(""), true),
        ("null", json!(""), false),
        ("list", json!("b"), true),
        ("list", json!("c"), false),
        ("list", json!({"anything-but":["a"]}), true),
        ("list", json!({"anything-but":["a","b"]}), false),
        ("ip", json!({"cidr":"10.0.0.0/8"}), true),
        ("ip", json!({"cidr":"10.2.0.0/16"}), false),
        ("ip", json!({"cidr":"10.1.2.3"}), true),
        ("ip6", json!({"cidr":"2001:db8::/32"}), true),
        ("ip6", json!({"cidr":"10.0.0.0/8"}), false),
        ("text", json!({"cidr":"0.0.0.0/0"}), false),
        ("text", json!({"exists":true}), true),
        ("text", json!({"exists":false}), false),
        ("null", json!({"exists":true}), true),
        ("absent", json!({"exists":false}), true),
        ("absent", json!({"exists":true}), false),
        ("object", json!({"exists":true}), false),
        ("object", json!("x"), false),
        ("none", json!("x"), false),
        ("none", json!({"exists":true}), false),
    ] {
        let pattern = json!({ field: [test.clone()] });
        assert_eq!(matches(pattern, &event), expected, "{field} {test}");
        // One of several will do.
        assert_eq!(matches(json!({ field: [test, "never"] }), &event), expected);
    }
    assert!(matches(json!({"objects":{"k":["y"]}}), &event));
    assert!(!matches(json!({"objects":{"k":["x"],"l":["z"]}}), &event));
    assert!(matches(json!({"object":{"inner":[1]},"yes":[true]}), &event));
    assert!(!matches(json!({"object":{"inner":[1]},"yes":[false]}), &event));
    assert!(matches(json!({"absent":{"inner":[{"exists":false}]}}), &event));
    assert!(!matches(json!({"absent":{"inner":["x"]}}), &event));
}

#[test]
fn or_stands_beside_other_fields() {
    let event = json!({"a":"1","b":"2","c":{"d":"3"}});
    assert!(matches(
        json!({"a":["1"],"$or":[{"b":["9"]},{"c":{"d":["3"]}}]}),
        &event
    ));
    assert!(!matches(
        json!({"a":["0"],"$or":[{"b":["2"]},{"c":{"d":["3"]}}]}),
        &event
    ));
    assert!(!matches(
        json!({"a":["1"],"$or":[{"b":["9"]},{"c":{"d":["9"]}}]}),
        &event
    ));
    assert!(matches(json!({"c":{"$or":[{"d":["3"]},{"e":["3"]}]}}), &event));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for pattern in [
        "",
        "{",
        "[]",
        "1",
        "{}",
        r#"{"a":"b"}"#,
        r#"{"a":[]}"#,
        r#"{"a":{}}"#,
        r#"{"a":[["b"]]}"#,
        r#"{"a":[{}]}"#,
        r#"{"a":[{"prefix":"x","suffix":"y"}]}"#,
        r#"{"a":[{"prefix":1}]}"#,
        r#"{"a":[{"prefix":["x"]}]}"#,
        r#"{"a":[{"like":"x"}]}"#,
        r#"{"a":[{"wildcard":"a**b"}]}"#,
        r#"{"a":[{"wildcard":"a\\b"}]}"#,
        r#"{"a":[{"numeric":[">"]}]}"#,
        r#"{"a":[{"numeric":["!=",1]}]}"#,
        r#"{"a":[{"numeric":[]}]}"#,
        r#"{"a":[{"cidr":"10.0.0.0/99"}]}"#,
        r#"{"a":[{"exists":"yes"}]}"#,
        r#"{"a":[{"anything-but":[]}]}"#,
        r#"{"a":[{"anything-but":{"exists":true}}]}"#,
        r#"{"a":[{"anything-but":[["x"]]}]}"#,
        r#"{"$or":[{"a":["b"]}]}"#,
        r#"{"$or":"x"}"#,
        r#"{"$or":[{"a":["b"]},1]}"#,
    ] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
    let deep = format!("{}[1]{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    assert!(Pattern::parse(&deep).is_err());
    let error = Pattern::parse(r#"{"detail":{"x":[{"like":"y"}]}}"#).unwrap_err();
    assert_eq!(error.to_string(), "$.detail.x: the operator `like` is not known");
}

#[test]
fn callers_left_out() {
    let pattern = json!({"detail":{"userIdentity":{"arn":[{"anything-but":{"suffix":"/ci"}}],"type":[{"anything-but":"AWSService"}],"userName":[{"anything-but":["deploy"]}]}}});
    let callers = Pattern::parse(&pattern.to_string()).unwrap().excluded_callers();
    assert_eq!(callers, ["deploy", r#"{"suffix":"/ci"}"#]);
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        ".{0,4}".prop_map(Scalar::Text),
        any::<i32>().prop_map(|n| Scalar::Number(n.into())),
        any::<bool>().prop_map(Scalar::Boolean),
        Just(Scalar::Null),
    ]
}

fn text_tests() -> impl Strategy<Value = Vec<TextTest>> {
    let kinds: [fn(String) -> TextTest; 5] = [
        TextTest::Prefix,
        TextTest::PrefixIgnoringCase,
        TextTest::Suffix,
        TextTest::SuffixIgnoringCase,
        TextTest::EqualIgnoringCase,
    ];
    // Two stars in a row are refused.
    let wildcard = (
        "[ab\\\\*]{0,2}",
        "[ab\\\\*]{0,2}",
        proptest::collection::vec("[ab\\\\*]{1,2}", 0..3),
    )
        .prop_map(|(first, last, between)| TextTest::Wildcard([vec![first], between, vec![last]].concat()));
    prop_oneof![
        (0usize..5, proptest::collection::vec(".{0,4}", 1..3))
            .prop_map(move |(kind, texts)| texts.into_iter().map(kinds[kind]).collect()),
        proptest::collection::vec(wildcard, 1..3),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let order = (0usize..5).prop_map(|at| Order::ALL[at].1);
    prop_oneof![
        scalar().prop_map(Test::Equal),
        text_tests().prop_map(|mut tests| Test::Text(tests.remove(0))),
        proptest::collection::vec(scalar(), 1..3).prop_map(Test::AnythingBut),
        text_tests().prop_map(Test::AnythingLikeNot),
        proptest::collection::vec((order, (-4000i32..4000).prop_map(|n| f64::from(n) / 4.0)), 1..3)
            .prop_map(Test::Numeric),
        (any::<[u8; 4]>(), 0u8..=32).prop_map(|(ip, len)| Test::Cidr(IpNet::new(ip.into(), len).unwrap())),
        any::<bool>().prop_map(Test::Exists),
    ]
}

fn object() -> impl Strategy<Value = Object> {
    let leaf = proptest::collection::vec(test(), 1..4).prop_map(Field::Any);
    let flat = proptest::collection::btree_map("[a-c$]{1,2}", leaf, 1..4).prop_map(|fields| Object {
        fields,
        either: Vec::new(),
    });
    flat.prop_recursive(3, 12, 3, |inner| {
        let field = inner.clone().prop_map(Field::Object);
        let either = prop_oneof![Just(Vec::new()), proptest::collection::vec(inner, 2..4)];
        (proptest::collection::btree_map("[a-c]{1,2}", field, 1..3), either)
            .prop_map(|(fields, either)| Object { fields, either })
    })
}

fn event() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<[u8; 4]>().prop_map(|ip| std::net::IpAddr::from(ip).to_string().into()),
        ".{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]{1,2}", inner, 0..4)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(object in object()) {
        let pattern = Pattern(object);
        let printed = pattern.to_string();
        prop_assert_eq!(Pattern::parse(&printed).map_err(|e| e.to_string()), Ok(pattern), "{}", printed);
    }

    #[test]
    fn every_event_is_judged(object in object(), event in event()) {
        let not_an_object = !event.is_object();
        prop_assert!(!(Pattern(object).matches(&event) && not_an_object));
    }

    #[test]
    fn every_text_is_a_pattern_or_an_error(
        text in r#".{0,40}|\{"(a|\$or|b)":\[?(\{"(prefix|wildcard|anything-but|numeric|cidr|exists|like)":("[ab*\\]{0,4}"|\[">",1\]|true|\["x",1\]|\{"suffix":"x"\})\}|"x"|1|null),?\]?\}"#,
        event in event(),
    ) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let judged = pattern.matches(&event);
            let again = Pattern::parse(&pattern.to_string()).unwrap();
            prop_assert_eq!(again.matches(&event), judged);
            prop_assert_eq!(again, pattern);
        }
    }
}
