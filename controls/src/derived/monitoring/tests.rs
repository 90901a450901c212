use serde_json::{Value, json};

use crate::derived::tests::{derive, snapshot};

const GROUP: &str = "arn:aws:logs:us-east-1:111122223333:log-group:trail:*";
const CIS: &str = "{ ($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) }";

fn base(mut more: Value) -> Value {
    let account = json!([{ "region": "global", "partition": "aws" }]);
    let regions = ["us-east-1", "eu-west-1"]
        .map(|name| json!({ "region": "global", "name": name, "enabled": true, "in_scope": true }));
    let trail = json!([{ "arn": "t", "log_group_arn": GROUP, "multi_region": true }]);
    for (name, rows) in [
        ("account", account),
        ("region", json!(regions)),
        ("cloudtrail_trail", trail),
    ] {
        if more.get(name).is_none() {
            more[name] = rows;
        }
    }
    more
}

fn filter(pattern: &str, more: Value) -> Value {
    let mut filter = json!({ "log_group_name": "trail", "name": "f", "position": 1, "pattern": pattern, "metric_name": "m",
        "metric_namespace": "n", "metric_value": "1", "dimensions": [], "system_dimensions": [], "apply_on_transformed_logs": false });
    for (name, value) in more.as_object().unwrap() {
        filter[name] = value.clone();
    }
    filter
}

fn alarm(more: Value) -> Value {
    let mut alarm = json!({ "arn": "a", "name": "alarm", "metric_name": "m", "namespace": "n", "statistic": "Sum", "dimensions": [],
        "period": 300, "evaluation_periods": 1, "threshold": "1", "comparison_operator": "GreaterThanOrEqualToThreshold",
        "actions_enabled": true, "alarm_actions": ["topic"], "metrics": [] });
    for (name, value) in more.as_object().unwrap() {
        alarm[name] = value.clone();
    }
    alarm
}

#[test]
fn events_are_made_up_for_every_account() {
    let rows = derive("monitored_event", &snapshot(base(json!({})), json!([])));
    let of = |mechanism: &str, event: &str| {
        rows.iter()
            .filter(|r| r["mechanism"] == mechanism && r["event"] == event)
            .count()
    };
    assert_eq!(of("cloudwatch", "ec2:CreateSecurityGroup"), 4);
    assert_eq!(of("eventbridge", "ec2:CreateSecurityGroup"), 4);
    assert_eq!(of("cloudwatch", "iam:CreatePolicy"), 2);
    assert_eq!(of("cloudwatch", "ec2:Client.UnauthorizedOperation"), 8);
    // IAM users sign in anywhere, the root user in one region.
    let logins = |control: &str, event: &str| {
        rows.iter()
            .filter(|r| r["mechanism"] == "eventbridge" && r["control"] == control && r["event"] == event)
            .count()
    };
    assert_eq!(
        logins("alarm-console-login-without-mfa", "signin:ConsoleLogin:IAMUser"),
        2
    );
    assert_eq!(logins("alarm-console-login-without-mfa", "signin:ConsoleLogin:Root"), 1);
    assert!(rows.len() < 1500, "{}", rows.len());
}

#[test]
fn filters_are_judged_where_a_trail_feeds_them() {
    let tables = json!({ "logs_metric_filter": [
        filter(CIS, json!({})),
        filter(CIS, json!({ "log_group_name": "other", "name": "elsewhere" })),
        filter(CIS, json!({ "region": "eu-west-1", "name": "abroad" })),
        filter("{ $.eventName = \"*SecurityGroup*\" && $.userIdentity.type = \"IAMUser\" }", json!({ "name": "users" })),
        filter("nonsense(", json!({ "name": "bad" })),
        filter("CreateSecurity", json!({ "name": "word" })),
    ] });
    let rows = derive("filter_event", &snapshot(base(tables), json!([])));
    let of = |filter: &str, matched: Value| {
        rows.iter()
            .filter(|r| r["filter"] == filter && r["matched"] == matched)
            .count()
    };
    assert_eq!(of("f", json!(1)), 8);
    assert_eq!(
        of("elsewhere", json!(1)) + of("abroad", json!(1)) + of("bad", json!(1)),
        0
    );
    assert_eq!(of("users", json!(1)), 2 * 9);
    assert_eq!(of("word", json!(null)), 4);
}

fn live(transformation: Value, alarm: Value, composites: Value) -> (Value, Value, String) {
    let tables = json!({ "logs_metric_filter": [transformation], "cloudwatch_alarm": [alarm], "cloudwatch_composite_alarm": composites });
    let rows = derive("metric_filter_alarm", &snapshot(base(tables), json!([])));
    assert_eq!(rows.len(), 1);
    (
        rows[0]["live"].clone(),
        rows[0]["events_needed"].clone(),
        rows[0]["fault"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn alarms_that_tell_and_alarms_that_do_not() {
    for (transformation, settings, expected, needed) in [
        (json!({}), json!({}), json!(1), json!(1)),
        (
            json!({}),
            json!({ "threshold": "0", "comparison_operator": "GreaterThanThreshold" }),
            json!(1),
            json!(1),
        ),
        (
            json!({}),
            json!({ "threshold": "1", "comparison_operator": "GreaterThanThreshold" }),
            json!(1),
            json!(2),
        ),
        (json!({}), json!({ "threshold": "2.5" }), json!(1), json!(3)),
        (
            json!({ "metric_value": "5" }),
            json!({ "threshold": "5" }),
            json!(1),
            json!(1),
        ),
        (
            json!({ "metric_value": "5" }),
            json!({ "threshold": "5", "statistic": "SampleCount" }),
            json!(1),
            json!(5),
        ),
        (json!({}), json!({ "statistic": "Maximum" }), json!(1), json!(1)),
        (
            json!({}),
            json!({ "statistic": "Maximum", "threshold": "2" }),
            json!(0),
            json!(null),
        ),
        (json!({}), json!({ "statistic": "Average" }), json!(0), json!(1)),
        (
            json!({}),
            json!({ "comparison_operator": "LessThanThreshold" }),
            json!(0),
            json!(null),
        ),
        (json!({}), json!({ "actions_enabled": false }), json!(0), json!(1)),
        (json!({}), json!({ "alarm_actions": [] }), json!(0), json!(1)),
        (
            json!({}),
            json!({ "datapoints_to_alarm": 2, "evaluation_periods": 2 }),
            json!(0),
            json!(1),
        ),
        (json!({}), json!({ "evaluation_periods": 3 }), json!(0), json!(1)),
        (
            json!({}),
            json!({ "datapoints_to_alarm": 1, "evaluation_periods": 3 }),
            json!(1),
            json!(1),
        ),
        (json!({}), json!({ "namespace": "other" }), json!(0), json!(null)),
        (json!({}), json!({ "region": "eu-west-1" }), json!(0), json!(null)),
        (json!({ "metric_value": "0" }), json!({}), json!(0), json!(null)),
        (json!({ "metric_value": "$.size" }), json!({}), json!(0), json!(null)),
        (
            json!({ "dimensions": [{ "name": "d", "value": "$.x" }] }),
            json!({}),
            json!(0),
            json!(1),
        ),
        (
            json!({ "dimensions": [{ "name": "d", "value": "$.x" }] }),
            json!({ "dimensions": [{ "name": "d", "value": "y" }] }),
            json!(null),
            json!(1),
        ),
        (
            json!({}),
            json!({ "metric_name": null, "metrics": [{ "id": "a", "metric_name": "m", "namespace": "n", "stat": "Sum", "period": 60 }] }),
            json!(1),
            json!(1),
        ),
        (
            json!({}),
            json!({ "metric_name": null, "metrics": [{ "id": "a", "metric_name": "m", "namespace": "n", "stat": "Sum" }, { "id": "b", "expression": "a * 2" }] }),
            json!(null),
            json!(null),
        ),
    ] {
        let (found, events, why) = live(filter(CIS, transformation.clone()), alarm(settings.clone()), json!([]));
        assert_eq!(
            (&found, &events),
            (&expected, &needed),
            "{transformation} {settings}: {why}"
        );
        assert_eq!(why.is_empty(), found == 1, "{why}");
    }
}

#[test]
fn composite_alarms_pass_it_on() {
    let silent = || alarm(json!({ "alarm_actions": [] }));
    let composite = |name: &str, rule: &str, actions: Value| json!({ "arn": format!("arn:{name}"), "name": name, "alarm_rule": rule, "actions_enabled": true, "alarm_actions": actions });
    let judged = |composites: Value| live(filter(CIS, json!({})), silent(), composites).0;
    assert_eq!(
        judged(json!([composite("c", "ALARM(\"alarm\") OR ALARM(x)", json!(["t"]))])),
        1
    );
    assert_eq!(judged(json!([composite("c", "ALARM(a)", json!(["t"]))])), 1);
    assert_eq!(
        judged(json!([composite("c", "ALARM(\"alarm\") AND ALARM(x)", json!(["t"]))])),
        0
    );
    assert_eq!(judged(json!([composite("c", "NOT ALARM(\"alarm\")", json!(["t"]))])), 0);
    assert_eq!(judged(json!([composite("c", "TRUE", json!(["t"]))])), 0);
    assert_eq!(judged(json!([composite("c", "ALARM(\"alarm\")", json!([]))])), 0);
    assert_eq!(
        judged(json!([composite("c", "AT_LEAST(1, ALARM, (alarm, x))", json!(["t"]))])),
        Value::Null
    );
    assert_eq!(
        judged(json!([
            composite("c", "ALARM(inner)", json!(["t"])),
            composite("inner", "ALARM(alarm)", json!([]))
        ])),
        1
    );
    let circle = json!([
        composite("c", "ALARM(d)", json!(["t"])),
        composite("d", "ALARM(c) OR ALARM(alarm)", json!([]))
    ]);
    assert_eq!(judged(circle), Value::Null);
}

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";
const GROUPS: &str = r#"{"source":["aws.ec2"],"detail":{"eventName":[{"wildcard":"*SecurityGroup"}]}}"#;

fn rule(name: &str, region: &str, bus: &str, pattern: &str) -> Value {
    json!({ "arn": format!("rule/{region}/{name}"), "name": name, "region": region, "bus": bus, "state": "ENABLED", "event_pattern": pattern })
}

fn told(rules: Value, targets: Value, gaps: Value) -> Vec<(String, String, Option<String>, Value)> {
    let tables = json!({ "events_rule": rules, "events_target": targets });
    let rows = derive("rule_event", &snapshot(base(tables), gaps));
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let rows = rows
        .into_iter()
        .filter(|r| r["form"] == "a role" && r["event"] == "ec2:CreateSecurityGroup");
    rows.map(|r| {
        (
            text(&r["name"]).unwrap(),
            text(&r["event_region"]).unwrap(),
            text(&r["via"]),
            r["alerts"].clone(),
        )
    })
    .collect()
}

#[test]
fn rules_hear_their_own_region_and_what_is_forwarded_to_them() {
    let here = || rule("r", "us-east-1", "default", GROUPS);
    let target = |rule: &str, region: &str, arn: &str| json!({ "rule_arn": rule, "region": region, "arn": arn });
    let home = ("r".to_owned(), "us-east-1".to_owned(), None, json!(1));
    let to_topic = || target("rule/us-east-1/r", "us-east-1", TOPIC);
    assert_eq!(
        told(json!([here()]), json!([to_topic()]), json!([])),
        std::slice::from_ref(&home)
    );
    // No target, or none that tells anybody.
    assert_eq!(told(json!([here()]), json!([]), json!([])), []);
    let log = target(
        "rule/us-east-1/r",
        "us-east-1",
        "arn:aws:logs:us-east-1:111122223333:log-group:x",
    );
    assert_eq!(told(json!([here()]), json!([log]), json!([])), []);
    // Disabled, managed, or on another bus.
    for (column, value) in [("state", "DISABLED"), ("bus", "other")] {
        let mut off = here();
        off[column] = value.into();
        assert_eq!(told(json!([off]), json!([to_topic()]), json!([])), [], "{column}");
    }
    let mut managed = here();
    managed["managed_by"] = "securityhub.amazonaws.com".into();
    let function = target(
        "rule/us-east-1/r",
        "us-east-1",
        "arn:aws:lambda:us-east-1:111122223333:function:f",
    );
    assert_eq!(told(json!([managed]), json!([function]), json!([])), []);
    // Another region forwards to this one.
    let forward = rule("forward", "eu-west-1", "default", r#"{"source":["aws.ec2"]}"#);
    let bus = "arn:aws:events:us-east-1:111122223333:event-bus/default";
    let to_bus = target("rule/eu-west-1/forward", "eu-west-1", bus);
    let far = (
        "r".to_owned(),
        "eu-west-1".to_owned(),
        Some("forward".to_owned()),
        json!(1),
    );
    assert_eq!(
        told(
            json!([here(), forward.clone()]),
            json!([to_topic(), to_bus.clone()]),
            json!([])
        ),
        [far, home]
    );
    // Forwarded to a bus on which nobody listens, to another account, to where nobody looked.
    assert_eq!(told(json!([forward.clone()]), json!([to_bus.clone()]), json!([])), []);
    for (bus, alerts) in [
        ("arn:aws:events:us-east-1:999988887777:event-bus/default", json!(1)),
        ("arn:aws:events:ap-south-1:111122223333:event-bus/default", json!(null)),
    ] {
        let found = told(
            json!([forward.clone()]),
            json!([target("rule/eu-west-1/forward", "eu-west-1", bus)]),
            json!([]),
        );
        assert_eq!(found.len(), 1, "{bus}");
        assert_eq!(found[0].3, alerts, "{bus}");
    }
    // Targets that could not be read.
    let gap = json!([{ "account": "111122223333", "region": "us-east-1", "operation": "events:ListTargetsByRule",
        "resource": "rule/us-east-1/r", "code": "access-denied", "message": "no" }]);
    assert_eq!(told(json!([here()]), json!([]), gap)[0].3, Value::Null);
    // A circle ends.
    let circle = rule("forward", "us-east-1", "default", r#"{"source":["aws.ec2"]}"#);
    let to_itself = target("rule/us-east-1/forward", "us-east-1", bus);
    assert_eq!(told(json!([circle]), json!([to_itself]), json!([])), []);
}

#[test]
fn reading_events_reach_only_rules_that_ask_for_them() {
    let pattern = r#"{"detail":{"errorCode":[{"wildcard":"*UnauthorizedOperation"}]}}"#;
    let forms = |state: &str| {
        let mut rule = rule("r", "us-east-1", "default", pattern);
        rule["state"] = state.into();
        let tables =
            json!({ "events_rule": [rule], "events_target": [{ "rule_arn": "rule/us-east-1/r", "arn": TOPIC }] });
        let rows = derive("rule_event", &snapshot(base(tables), json!([])));
        rows.iter()
            .filter(|r| r["event"] == "ec2:Client.UnauthorizedOperation")
            .count()
    };
    assert_eq!(forms("ENABLED"), 2);
    assert_eq!(forms("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"), 4);
}

#[test]
fn a_hundred_filters_and_seventeen_regions_take_no_time() {
    let regions: Vec<_> = (0..17)
        .map(|n| {
            if n == 0 {
                "us-east-1".to_owned()
            } else {
                format!("region-{n}")
            }
        })
        .collect();
    let listed: Vec<_> = regions
        .iter()
        .map(|r| json!({ "region": "global", "name": r, "enabled": true, "in_scope": true }))
        .collect();
    let pattern = |n: usize| {
        format!(
            "{{ ($.eventSource = \"*.amazonaws.com\") && (($.eventName = \"Create*{n}\") || ($.eventName = DeleteX{n}) || ($.userIdentity.arn = \"*{n}*\")) }}"
        )
    };
    let filters: Vec<_> = (0..100)
        .map(|n| filter(&pattern(n), json!({ "name": format!("f{n}") })))
        .collect();
    let alarms: Vec<_> = (0..500)
        .map(|n| alarm(json!({ "name": format!("a{n}"), "metric_name": format!("m{n}") })))
        .collect();
    let rules: Vec<_> = regions.iter().map(|r| rule("r", r, "default", GROUPS)).collect();
    let targets: Vec<_> = regions
        .iter()
        .map(|r| json!({ "rule_arn": format!("rule/{r}/r"), "region": r, "arn": TOPIC }))
        .collect();
    let snapshot = snapshot(
        base(
            json!({ "region": listed, "logs_metric_filter": filters, "cloudwatch_alarm": alarms, "events_rule": rules, "events_target": targets }),
        ),
        json!([]),
    );
    let started = std::time::Instant::now();
    assert_eq!(super::monitored_events(&snapshot).len() / 1000, 4);
    super::filter_events(&snapshot);
    super::metric_filter_alarms(&snapshot);
    super::rule_events(&snapshot);
    let took = started.elapsed();
    println!("{took:?}");
    // Not optimised; the release build takes a tenth.
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");
}
