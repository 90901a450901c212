use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

#[track_caller]
fn matches(pattern: &str, event: Json) -> bool {
    let parsed = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    parsed.matches(&event).unwrap()
}

const CIS_4_1: &str = r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") && ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }"#;
const ROOT: &str =
    r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;
const NO_MFA: &str = r#"{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" }"#;

#[test]
fn and_binds_closer_than_or() {
    let event = json!({"a":1,"b":0,"c":0});
    assert!(matches("{ $.a = 1 || $.b = 1 && $.c = 1 }", event.clone()));
    assert!(!matches("{ ($.a = 1 || $.b = 1) && $.c = 1 }", event));
}

#[test]
fn exclusions_bind_to_their_branch_only() {
    let refused =
        |code: &str, source: &str| json!({"errorCode": code, "sourceIPAddress": source, "eventName": "HeadBucket"});
    assert!(matches(
        CIS_4_1,
        refused("Client.UnauthorizedOperation", "delivery.logs.amazonaws.com")
    ));
    assert!(!matches(CIS_4_1, refused("AccessDenied", "198.51.100.7")));
}

#[test]
fn what_is_absent_is_not_unequal() {
    let pattern = r#"{ $.errorCode = "AccessDenied" && $.userIdentity.invokedBy != "cloudfront.amazonaws.com" }"#;
    assert!(!matches(
        pattern,
        json!({"errorCode":"AccessDenied","userIdentity":{"accountId":"anonymous"}})
    ));
    assert!(matches(
        ROOT,
        json!({"userIdentity":{"type":"Root"},"eventType":"AwsConsoleSignIn"})
    ));
    assert!(!matches(ROOT, json!({"userIdentity":{"type":"Root"}})));
    assert!(!matches(
        NO_MFA,
        json!({"eventName":"ConsoleLogin","additionalEventData":{"MobileVersion":"No"}})
    ));
    let not_sso = r#"{ $.userIdentity.arn != "*AWSReservedSSO*" && $.eventName = "ConsoleLogin" }"#;
    assert!(!matches(
        not_sso,
        json!({"eventName":"ConsoleLogin","userIdentity":{"type":"IAMUser"}})
    ));
}

#[test]
fn letters_agree_in_case() {
    assert!(matches(
        NO_MFA,
        json!({"eventName":"ConsoleLogin","additionalEventData":{"MFAUsed":"YES"}})
    ));
}

#[test]
fn texts_match_whole_or_with_stars() {
    let event = |name: &str| json!({ "eventName": name });
    assert!(!matches(
        r#"{ $.eventName = "CreateRoute" }"#,
        event("CreateRouteTable")
    ));
    let ingress = || event("AuthorizeSecurityGroupIngress");
    assert!(matches(r#"{ $.eventName = "*SecurityGroup*" }"#, ingress()));
    assert!(!matches(r#"{ $.eventName = "SecurityGroup*" }"#, ingress()));
    assert!(matches("{ $.eventName = %SecurityGroup% }", ingress()));
    assert!(!matches("{ $.eventName = %^SecurityGroup% }", ingress()));
    assert!(matches("{ $.eventName = DeleteBucket* }", event("DeleteBucketPolicy")));
    assert!(!matches(
        "{ $.eventName != DeleteBucket* }",
        event("DeleteBucketPolicy")
    ));
}

#[test]
fn objects_and_nulls() {
    assert!(!matches(
        r#"{ $.userIdentity = "*" }"#,
        json!({"userIdentity":{"type":"Root"}})
    ));
    assert!(!matches(
        r#"{ $.userIdentity != "x" }"#,
        json!({"userIdentity":{"type":"Root"}})
    ));
    let null = || json!({ "requestParameters": null });
    assert!(matches("{ $.requestParameters IS NULL }", null()));
    assert!(!matches("{ $.requestParameters IS NULL }", json!({})));
    assert!(!matches("{ $.requestParameters NOT EXISTS }", null()));
    assert!(matches("{ $.requestParameters NOT EXISTS }", json!({})));
    assert!(!matches("{ $.requestParameters = null }", null()));
    assert!(!matches("{ $.requestParameters != null }", null()));
}

#[test]
fn elements() {
    let event = || json!({"resources":[{"type":"AWS::IAM::Role"},{"type":"AWS::S3::Bucket"}]});
    assert!(!matches(r#"{ $.resources[0].type = "AWS::S3::Bucket" }"#, event()));
    assert!(matches(r#"{ $.resources[1].type = "AWS::S3::Bucket" }"#, event()));
    assert!(matches(r#"{ $.resources[*].type = "AWS::S3::Bucket" }"#, event()));
    assert!(matches("{ $.resources[2].type NOT EXISTS }", event()));
    assert!(matches(
        r#"{ $.a.*.b = "c" }"#,
        json!({"a":{"x":{"b":"d"},"y":{"b":"c"}}})
    ));
}

#[test]
fn bare_words_without_spaces() {
    let pattern =
        "{ $.eventSource = kms.amazonaws.com && ($.eventName=DisableKey || $.eventName=ScheduleKeyDeletion) }";
    assert!(matches(
        pattern,
        json!({"eventSource":"kms.amazonaws.com","eventName":"ScheduleKeyDeletion"})
    ));
    assert!(matches(
        "{($.eventName=DisableKey)||($.eventName=X)}",
        json!({"eventName":"X"})
    ));
}

#[test]
fn numbers() {
    assert!(matches("{ $.status = 40* }", json!({"status":404})));
    assert!(!matches("{ $.size > 1e3 }", json!({"size":1000})));
    assert!(matches("{ $.size >= 1e3 }", json!({"size":1000})));
    assert!(matches("{ $.size = 1000.0 }", json!({"size":1000})));
    assert!(matches("{ $.size < -1 && $.size <= +4 }", json!({"size":-2})));
    assert!(matches("{ $.code = 400 }", json!({"code":"400"})));
    assert!(!matches("{ $.code > 3 }", json!({"code":"400"})));
}

#[test]
fn keys_with_a_period() {
    let event = || json!({"cluster.name":"c"});
    assert!(matches(r#"{ $.['cluster.name'] = "c" }"#, event()));
    assert!(!matches(r#"{ $.cluster.name = "c" }"#, event()));
}

#[test]
fn booleans() {
    assert!(matches("{ $.readOnly IS FALSE }", json!({"readOnly":false})));
    assert!(!matches("{ $.readOnly IS FALSE }", json!({"readOnly":"false"})));
    assert!(matches("{ $.readOnly IS TRUE }", json!({"readOnly":true})));
    assert!(matches("{ $.readOnly = true }", json!({"readOnly":true})));
}

#[test]
fn words_in_the_text() {
    let event = || json!({"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"}});
    let judged = |pattern: &str| Pattern::parse(pattern).unwrap().matches(&event());
    assert_eq!(judged(r#""ConsoleLogin" "Failure""#), Some(true));
    assert_eq!(judged("ConsoleLogin Failure"), Some(true));
    assert_eq!(judged("ConsoleLogin -Failure"), Some(false));
    assert_eq!(judged("ConsoleLogin Success"), Some(false));
    assert_eq!(judged("?Success ?Failure"), Some(true));
    assert_eq!(judged("?Success ConsoleLogin"), Some(true));
    assert_eq!(judged("?Success ?Other"), Some(false));
    assert_eq!(judged(r#""\"ConsoleLogin\":\"Failure\"""#), Some(true));
    assert_eq!(judged("Login"), None);
    assert_eq!(judged("-Login"), None);
    assert_eq!(judged("-Login Success"), Some(false));
    assert_eq!(judged(""), Some(true));
    assert_eq!(judged(r#"" ""#), Some(true));
    assert_eq!(judged("%Console[A-Z]%"), Some(true));
}

#[test]
fn only_objects_match() {
    for event in [json!([]), json!("x"), json!(null), json!(1)] {
        assert!(!matches("{ $.a NOT EXISTS }", event));
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for (pattern, at) in [
        ("{ $.a = 1", 10),
        ("{ $.a = 1 } x", 13),
        ("{ }", 3),
        ("{ $.a }", 7),
        ("{ $.a is null }", 7),
        ("{ $.a IS NOT NULL }", 7),
        ("{ $.a EXISTS }", 7),
        ("{ NOT $.a = 1 }", 3),
        ("{ !($.a = 1) }", 3),
        ("{ $.a > \"1\" }", 8),
        ("{ $.a = \"x }", 13),
        ("{ $.a = \"x\\\"y\" }", 11),
        ("{ $.a = x y }", 11),
        ("{ $.a == 1 }", 8),
        ("{ $.a = %(a)% }", 9),
        ("{ $.a = %a }", 13),
        ("{ $.a = %a% || $.a = %b% || $.a = %c% }", 38),
        ("{ $ = 1 }", 4),
        ("{ $.a[ = 1 }", 7),
        ("{ $.a[*].b[*] = 1 }", 14),
        ("{ $.a = 1 && }", 14),
        ("{ ($.a = 1 }", 12),
        ("[ip, user, ...]", 1),
        ("a(b", 2),
        ("\"a\"b", 4),
        ("-", 2),
    ] {
        let error = Pattern::parse(pattern).unwrap_err();
        assert_eq!(error.at, at, "{pattern}: {error}");
    }
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Pattern::parse(&deep).unwrap_err().message.contains("deep"));
}

#[test]
fn callers_left_out() {
    let pattern = r#"{ $.eventName = "x" && $.userIdentity.arn != "*deploy*" && $.userIdentity.sessionContext.sessionIssuer.userName != ci && $.userIdentity.type != "AWSService" }"#;
    assert_eq!(Pattern::parse(pattern).unwrap().excluded_callers(), ["*deploy*", "ci"]);
}

#[test]
fn printed_in_one_form() {
    let printed = Pattern::parse("{(($.a=1||$.b!=x*))&&$.c>=-1e3&&$.['d'].*NOT EXISTS}")
        .unwrap()
        .to_string();
    assert_eq!(
        printed,
        r#"{ ($.a = 1 || $.b != "x*") && $.c >= -1e3 && $.d.* NOT EXISTS }"#
    );
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        "[a-zA-Z_-]{1,3}".prop_map(Step::Property),
        "[a .\"$%ü\\\\]{1,3}".prop_map(Step::Property),
        (0usize..3).prop_map(Step::Element),
    ];
    proptest::collection::vec(step, 1..4)
}

fn number() -> impl Strategy<Value = Number> {
    "[+-]?[0-9]{1,3}(\\.[0-9])?(e[+-]?[0-9])?".prop_map(|text| Number::parse(&text).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![number().prop_map(Value::Number), "[^\"\\\\]{0,6}".prop_map(Value::Text)]
}

fn condition() -> impl Strategy<Value = Condition> {
    let order = prop_oneof![
        Just(Order::Less),
        Just(Order::LessOrEqual),
        Just(Order::Greater),
        Just(Order::GreaterOrEqual)
    ];
    let test = prop_oneof![
        value().prop_map(Test::Equal),
        value().prop_map(Test::NotEqual),
        (order, number()).prop_map(|(order, number)| Test::Number(order, number)),
        Just(Test::IsNull),
        any::<bool>().prop_map(Test::Is),
        Just(Test::NotExists),
    ];
    (steps(), test).prop_map(|(selector, test)| Condition { selector, test })
}

fn expression() -> impl Strategy<Value = Expression> {
    condition()
        .prop_map(Expression::Condition)
        .prop_recursive(4, 24, 3, |inner| {
            let parts = proptest::collection::vec(inner, 2..4);
            prop_oneof![parts.clone().prop_map(Expression::And), parts.prop_map(Expression::Or)]
        })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let word = || proptest::collection::vec("[a-z\"\\\\ {\\[%-]{0,3}[a-z]", 0..3);
    prop_oneof![
        4 => (expression(), steps(), steps(), "[a-z.]{1,4}").prop_map(|(expression, any, regex, source)| {
            // Wildcards and expressions are limited in number.
            let any = [any, vec![Step::AnyElement]].concat();
            let any = Condition { selector: any, test: Test::NotExists };
            let regex = Condition { selector: regex, test: Test::Equal(Value::Regex(Regex::parse(&source).unwrap())) };
            Pattern::Json(Expression::Or(vec![expression, Expression::Condition(any), Expression::Condition(regex)]))
        }),
        1 => (word(), word(), word()).prop_map(|(all, any, none)| Pattern::Terms(Terms { all, any, none })),
        1 => "[a-z^$.|]{0,3}[a-z]".prop_filter_map("an expression", |s| Regex::parse(&s).ok()).prop_map(Pattern::Regex),
    ]
}

/// Any JSON, with the keys that the patterns above ask for.
fn event() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,4}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map("[a-zA-Z_]{1,2}", inner, 0..4)
                .prop_map(|object| Json::Object(object.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(pattern in pattern()) {
        let printed = pattern.to_string();
        prop_assert_eq!(Pattern::parse(&printed).map_err(|e| e.to_string()), Ok(pattern), "{}", printed);
    }

    #[test]
    fn every_text_is_a_pattern_or_an_error(
        text in r#".{0,40}|\{[ $.ab=<>!"*%()&|0-9\[\]IS NULTROEXF'-]{0,40}\}|(\{ ?)?(\(*\$\.[ab]{1,3} ?(=|!=|>|IS NULL|NOT EXISTS) ?("[ab*]{0,3}"|[0-9]{1,3})? ?\)*( ?(&&|\|\|) ?)?){1,4}\}"#,
        event in event(),
    ) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let judged = pattern.matches(&event);
            let again = Pattern::parse(&pattern.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&pattern), "{}", pattern);
            prop_assert_eq!(again.unwrap().matches(&event), judged);
        }
    }

    #[test]
    fn every_event_is_judged(expression in expression(), event in event()) {
        let not_an_object = !event.is_object();
        let judged = Pattern::Json(expression).matches(&event);
        prop_assert!(judged.is_some());
        prop_assert!(!(not_an_object && judged == Some(true)));
    }

    #[test]
    fn equal_and_unequal_exclude_each_other(selector in steps(), value in value(), event in event()) {
        let of = |test| Pattern::Json(Expression::Condition(Condition { selector: selector.clone(), test })).matches(&event);
        prop_assert!(of(Test::Equal(value.clone())) != Some(true) || of(Test::NotEqual(value)) != Some(true));
    }
}
