//! Every rule, through the transport that live runs use.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;
use evidence::clock::FixedClock;
use evidence::digest::Digest;
use evidence::exchange::{Exchange, salt};
use evidence::locker::{Locker, Sealing, Writer};
use evidence::snapshot::{Bodies, Plan, Status, Tool};

use super::*;
use crate::transport::live::{Capture, LiveClient};
use crate::transport::{Call, Label};

/// What the secret is in the answers below.
const SECRET: &str = "hunter2-Tr0ub4dor";

/// An answer with the secret in the field of a rule, and what is left of it.
fn example(id: &str) -> (&'static str, &'static str) {
    match id {
        "apigateway-stage-variables" => (
            r#"{"item":[{"stageName":"prod","variables":{"key":"SECRET","on":"***"},"n":1.50}]}"#,
            r#"{"item":[{"stageName":"prod","variables":{"key":"redacted","on":"***"},"n":1.50}]}"#,
        ),
        "apigateway-canary-variables" => (
            r#"{"item":[{"canarySettings":{"stageVariableOverrides":{"key":"SECRET"},"useStageCache":true}}]}"#,
            r#"{"item":[{"canarySettings":{"stageVariableOverrides":{"key":"redacted"},"useStageCache":true}}]}"#,
        ),
        "cloudformation-resource-properties" => (
            "<?xml version=\"1.0\"?>\n<R xmlns='a>b'><member><ResourceProperties>{&quot;UserData&quot;:&quot;SECRET&quot;}</ResourceProperties><StackName>s</StackName></member></R>",
            "<?xml version=\"1.0\"?>\n<R xmlns='a>b'><member><ResourceProperties>redacted</ResourceProperties><StackName>s</StackName></member></R>",
        ),
        "cloudfront-origin-header" => (
            "<D><OriginCustomHeader><HeaderName>X-Origin</HeaderName><HeaderValue> SECRET </HeaderValue></OriginCustomHeader></D>",
            "<D><OriginCustomHeader><HeaderName>X-Origin</HeaderName><HeaderValue> redacted </HeaderValue></OriginCustomHeader></D>",
        ),
        "cloudtrail-event" => (
            r#"{"Events":[{"EventId":"e","CloudTrailEvent":"{\"eventName\":\"AssumeRole\",\"responseElements\":{\"credentials\":{\"accessKeyId\":\"ASIA\",\"sessionToken\":\"SECRET\"}}}"},{"CloudTrailEvent":"{\"a\":\"\\u0041\"}"}]}"#,
            r#"{"Events":[{"EventId":"e","CloudTrailEvent":"{\"eventName\":\"AssumeRole\",\"responseElements\":{\"credentials\":{\"accessKeyId\":\"ASIA\",\"sessionToken\":\"redacted\"}}}"},{"CloudTrailEvent":"{\"a\":\"\\u0041\"}"}]}"#,
        ),
        "elbv2-client-secret" => (
            "<R><AuthenticateOidcConfig><ClientSecret>SECRET</ClientSecret><ClientId>c</ClientId></AuthenticateOidcConfig></R>",
            "<R><AuthenticateOidcConfig><ClientSecret>redacted</ClientSecret><ClientId>c</ClientId></AuthenticateOidcConfig></R>",
        ),
        "elbv2-header-condition" => (
            "<R><HttpHeaderConfig><HttpHeaderName>X</HttpHeaderName><Values><member>SECRET</member><member><![CDATA[SECRET]]></member></Values></HttpHeaderConfig><HostHeaderConfig><Values><member>h</member></Values></HostHeaderConfig></R>",
            "<R><HttpHeaderConfig><HttpHeaderName>X</HttpHeaderName><Values><member>redacted</member><member><![CDATA[redacted]]></member></Values></HttpHeaderConfig><HostHeaderConfig><Values><member>h</member></Values></HostHeaderConfig></R>",
        ),
        "events-http-parameters" => (
            r#"{"Targets":[{"Arn":"arn","HttpParameters":{"HeaderParameters":{"x-api-key":"SECRET"},"PathParameterValues":["SECRET"]}}]}"#,
            r#"{"Targets":[{"Arn":"arn","HttpParameters":{"HeaderParameters":{"x-api-key":"redacted"},"PathParameterValues":["redacted"]}}]}"#,
        ),
        "events-input" => (
            r#"{"Targets":[{"Input":"{\"containerOverrides\":[{\"name\":\"c\",\"environment\":[{\"name\":\"K\",\"value\":\"SECRET\"}]}]}"},{"Input":"\"plain\""}]}"#,
            r#"{"Targets":[{"Input":"{\"containerOverrides\":[{\"name\":\"c\",\"environment\":[{\"name\":\"redacted\",\"value\":\"redacted\"}]}]}"},{"Input":"\"plain\""}]}"#,
        ),
        "events-input-template" => (
            r#"{"Targets":[{"InputTransformer":{"InputTemplate":"\"SECRET <x>\"","InputPathsMap":{"x":"$.y"}}}]}"#,
            r#"{"Targets":[{"InputTransformer":{"InputTemplate":"redacted","InputPathsMap":{"x":"$.y"}}}]}"#,
        ),
        "fsx-password" => (
            r#"{"FileSystems":[{"FileSystemId":"fs-1","OntapConfiguration":{"FsxAdminPassword":"SECRET"}}]}"#,
            r#"{"FileSystems":[{"FileSystemId":"fs-1","OntapConfiguration":{"FsxAdminPassword":"redacted"}}]}"#,
        ),
        "guardduty-command-line" => (
            r#"{"findings":[{"service":{"runtimeDetails":{"process":{"commandLineExample":"curl -u a:SECRET"}}}}]}"#,
            r#"{"findings":[{"service":{"runtimeDetails":{"process":{"commandLineExample":"redacted"}}}}]}"#,
        ),
        "iam-mfa-seed" => (
            "<R><member><SerialNumber>s</SerialNumber><Base32StringSeed>SECRET</Base32StringSeed></member></R>",
            "<R><member><SerialNumber>s</SerialNumber><Base32StringSeed>redacted</Base32StringSeed></member></R>",
        ),
        "iam-mfa-picture" => (
            "<R><member><QRCodePNG>SECRET</QRCodePNG><x/></member></R>",
            "<R><member><QRCodePNG>redacted</QRCodePNG><x/></member></R>",
        ),
        "rds-password" => (
            "<R><!-- <a> --><PendingModifiedValues><MasterUserPassword>SECRET</MasterUserPassword></PendingModifiedValues><MasterUserPassword>****</MasterUserPassword></R>",
            "<R><!-- <a> --><PendingModifiedValues><MasterUserPassword>redacted</MasterUserPassword></PendingModifiedValues><MasterUserPassword>****</MasterUserPassword></R>",
        ),
        "redshift-password" => (
            "<R><PendingModifiedValues><MasterUserPassword>SECRET</MasterUserPassword></PendingModifiedValues></R>",
            "<R><PendingModifiedValues><MasterUserPassword>redacted</MasterUserPassword></PendingModifiedValues></R>",
        ),
        "securityhub-environment" => (
            r#"{"Findings":[{"Resources":[{"Details":{"AwsLambdaFunction":{"Environment":{"Variables":{"K":"SECRET"}}}}}]}]}"#,
            r#"{"Findings":[{"Resources":[{"Details":{"AwsLambdaFunction":{"Environment":{"Variables":{"K":"redacted"}}}}}]}]}"#,
        ),
        "securityhub-user-data" => (
            r#"{"Findings":[{"Resources":[{"Details":{"AwsEc2LaunchTemplate":{"LaunchTemplateData":{"UserData":"SECRET"}}}}]}]}"#,
            r#"{"Findings":[{"Resources":[{"Details":{"AwsEc2LaunchTemplate":{"LaunchTemplateData":{"UserData":"redacted"}}}}]}]}"#,
        ),
        "sns-endpoint" => (
            "<R><member><Endpoint>https://u:SECRET@hooks.example.com:8443/services/SECRET?k=SECRET&amp;l=2</Endpoint></member><member><Endpoint>ops@example.com</Endpoint></member><member><Endpoint>https://example.com/</Endpoint></member></R>",
            "<R><member><Endpoint>https://hooks.example.com:8443/redacted</Endpoint></member><member><Endpoint>ops@example.com</Endpoint></member><member><Endpoint>https://example.com/</Endpoint></member></R>",
        ),
        "wafv2-header" => (
            r#"{"WebACL":{"Rules":[{"Action":{"Allow":{"CustomRequestHandling":{"InsertHeaders":[{"Name":"x","Value":"SECRET"}]}}}}]}}"#,
            r#"{"WebACL":{"Rules":[{"Action":{"Allow":{"CustomRequestHandling":{"InsertHeaders":[{"Name":"x","Value":"redacted"}]}}}}]}}"#,
        ),
        "wafv2-search-string" => (
            r#"{"WebACL":{"Rules":[{"Statement":{"ByteMatchStatement":{"SearchString":"SECRET","PositionalConstraint":"EXACTLY"}}}]}}"#,
            r#"{"WebACL":{"Rules":[{"Statement":{"ByteMatchStatement":{"SearchString":"redacted","PositionalConstraint":"EXACTLY"}}}]}}"#,
        ),
        other => panic!("rule `{other}` has no example"),
    }
}

/// Answers everything with the same.
#[derive(Clone, Debug)]
struct Fake(u16, Vec<u8>);

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let response = HttpResponse::new(self.0.try_into().unwrap(), SdkBody::from(self.1.clone()));
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// What the SDK was given, what was stored, and the line about it.
async fn sent(
    dir: &Path,
    service: &'static str,
    operation: &str,
    status: u16,
    body: &str,
) -> (Vec<u8>, Vec<u8>, Exchange) {
    let now = "2025-06-30T00:00:00Z".parse().unwrap();
    let tool = Tool {
        name: "exhibit".to_owned(),
        version: "0".to_owned(),
    };
    let draft = Writer::create(dir, "Acme", &tool, now)
        .unwrap()
        .begin(now, &tool, Plan::default())
        .unwrap();
    let capture = Capture::new(
        draft,
        Arc::new(FixedClock(now)),
        Duration::from_secs(9),
        Arc::new(crate::progress::Silent),
    );
    let client = LiveClient::new(
        SharedHttpClient::new(Fake(status, body.as_bytes().to_vec())),
        capture.clone(),
    );
    let mut request = HttpRequest::get("https://service.eu-west-1.amazonaws.com/").unwrap();
    request.add_extension(Call {
        label: Label {
            account: Some("111122223333".to_owned()),
            region: "eu-west-1".to_owned(),
            service,
        },
        operation: operation.to_owned(),
        attempt: 1,
    });
    let components = RuntimeComponentsBuilder::for_tests().build().unwrap();
    let connector = client.http_connector(&HttpConnectorSettings::default(), &components);
    let response = connector.call(request).await.unwrap();
    let given = response.body().bytes().unwrap().to_vec();
    let (draft, failure) = capture.finish();
    assert!(failure.is_none(), "{failure:?}");
    let sealing = Sealing {
        closed_at: now,
        status: Status::Complete,
        accounts: Vec::new(),
        gaps: Vec::new(),
        tables: Default::default(),
    };
    let (_, meta) = draft.unwrap().seal(sealing).unwrap();
    let locker = Locker::open(dir).unwrap();
    let exchange = locker.load(&meta.run).unwrap().exchanges.remove(0);
    let entry = locker.snapshots().unwrap().remove(0);
    let stored = Bodies::of(locker.snapshot_bytes(&entry).unwrap())
        .unwrap()
        .read(exchange.body.as_ref().unwrap())
        .unwrap();
    (given, stored, exchange)
}

/// All bytes of all files below.
fn everything(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for item in std::fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        all.extend(if path.is_dir() {
            everything(&path)
        } else {
            std::fs::read(&path).unwrap()
        });
    }
    all
}

#[tokio::test]
async fn every_rule_takes_out_its_value_and_nothing_else() {
    for rule in RULES {
        let (before, after) = example(rule.id);
        let before = before.replace("SECRET", SECRET);
        for operation in rule.operations {
            assert!(
                crate::operations::is_allowed(rule.service, operation),
                "{} asks {operation}",
                rule.id
            );
            let dir = tempfile::tempdir().unwrap();
            let (given, stored, exchange) = sent(dir.path(), rule.service, operation, 200, &before).await;
            assert_eq!(String::from_utf8(stored.clone()).unwrap(), after, "{}", rule.id);
            assert_eq!(given, stored, "{}: the SDK reads what is stored", rule.id);
            assert_eq!(exchange.body_sha256, Some(Digest::of(&stored)));
            assert_eq!(exchange.body_len, stored.len() as u64);
            assert_eq!(
                redact(rule.service, operation, &stored),
                None,
                "{}: once is enough",
                rule.id
            );
            let found = Locker::verify(dir.path()).unwrap();
            assert!(found.faults.is_empty(), "{:?}", found.faults);
            let kept = everything(dir.path());
            assert!(!kept.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));

            // The owner can prove what was there.
            let redaction = exchange.redaction.unwrap();
            assert!(
                redaction.values.iter().all(|value| value.rule == rule.id),
                "{:?}",
                redaction.values
            );
            assert_eq!(redaction.values[0].field, rule.field.join("."));
            let salts = std::fs::read_dir(dir.path().join("salts"))
                .unwrap()
                .next()
                .unwrap()
                .unwrap();
            let secret = std::fs::read_to_string(salts.path()).unwrap();
            let secret: [u8; 32] = hex(secret.trim()).try_into().unwrap();
            let commitment = |n: u64, bytes: &[u8]| Digest::of_parts([&salt(&secret, 1, n).bytes()[..], bytes]);
            assert_eq!(redaction.original, commitment(0, before.as_bytes()), "{}", rule.id);
            let withheld = redact(rule.service, operation, before.as_bytes()).unwrap().withheld;
            for (value, (n, withheld)) in redaction.values.iter().zip((1..).zip(&withheld)) {
                assert_eq!(value.original, commitment(n, &withheld.original));
            }
            assert_eq!(withheld.len(), redaction.values.len());
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|n| u8::from_str_radix(&text[n..n + 2], 16).unwrap())
        .collect()
}

#[tokio::test]
async fn what_no_rule_names_stays_as_it_came() {
    for (service, operation, status, body) in [
        (
            "sns",
            "GetTopicAttributes",
            200,
            "<Endpoint>https://example.com/hook</Endpoint>",
        ),
        (
            "sns",
            "ListSubscriptionsByTopic",
            200,
            "<R><Endpoint>ops@example.com</Endpoint></R>",
        ),
        (
            "sns",
            "ListSubscriptionsByTopic",
            503,
            "<Endpoint>https://example.com/hook",
        ),
        (
            "cloudtrail",
            "LookupEvents",
            200,
            r#"{"Events":[{"CloudTrailEvent":"{\"requestParameters\":{\"userData\":\"<sensitiveDataRemoved>\"}}"}]}"#,
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (given, stored, exchange) = sent(dir.path(), service, operation, status, body).await;
        assert_eq!(
            (given.as_slice(), stored.as_slice()),
            (body.as_bytes(), body.as_bytes())
        );
        assert_eq!(exchange.redaction, None);
        assert!(!dir.path().join("salts").exists());
    }
}

/// An answer that breaks off, or is in another form, is kept only as far as it could be judged.
#[test]
fn what_cannot_be_read_is_not_kept() {
    let kept = |operation, body: &str| {
        let (service, operation) = operation;
        redact(service, operation, body.as_bytes()).map(|redacted| String::from_utf8(redacted.body).unwrap())
    };
    let events = ("events", "ListTargetsByRule");
    assert_eq!(
        kept(events, r#"{"a":1,"Input":"{\"pass"#).as_deref(),
        Some(r#"{"a":1,"Input":redacted"#)
    );
    assert_eq!(kept(events, "SECRET").as_deref(), Some("redacted"));
    assert_eq!(
        kept(events, r#"{"Input":"no JSON"}"#).as_deref(),
        Some(r#"{"Input":"redacted"}"#)
    );
    assert_eq!(
        kept(events, &"[".repeat(100_000)).map(|kept| kept.len()),
        Some(129 + REDACTED.len())
    );
    let stacks = ("cloudformation", "DescribeStackEvents");
    assert_eq!(
        kept(stacks, "<a><ResourceProperties>SECR").as_deref(),
        Some("<a><ResourceProperties>redacted")
    );
    assert_eq!(kept(stacks, "<a><ResourceProp").as_deref(), Some("<a>redacted"));
    assert_eq!(kept(stacks, ""), None);
}

#[test]
fn every_rule_is_documented() {
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/locker-format.md")).unwrap();
    for (n, rule) in RULES.iter().enumerate() {
        let line = docs
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", rule.id)));
        let line = line.unwrap_or_else(|| panic!("{} is not in docs/locker-format.md", rule.id));
        let operations = format!("| `{}`: {} |", rule.service, rule.operations.join(", "));
        assert!(
            line.contains(&operations) && line.ends_with(&format!("| {} |", rule.why)),
            "{line}"
        );
        assert!(RULES[..n].iter().all(|other| other.id != rule.id), "{} twice", rule.id);
    }
    assert!(SECRET_NAMES.iter().all(|name| docs.contains(&format!("`{name}`"))));
    // Some values are base64.
    assert_eq!(REDACTED.len() % 4, 0);
}

/// The recorded samples were made before there were rules: none of their answers needs one.
#[test]
fn no_sample_needs_a_rule() {
    for name in ["locker", "tiny", "everything/locker"] {
        let locker = Locker::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples").join(name)).unwrap();
        for entry in locker.snapshots().unwrap() {
            let bodies = Bodies::of(locker.snapshot_bytes(&entry).unwrap()).unwrap();
            for exchange in locker.load(&entry.run).unwrap().exchanges {
                let Some(file) = &exchange.body else { continue };
                if exchange.status.is_none_or(|status| status >= 300) {
                    continue;
                }
                let redacted = redact(&exchange.service, &exchange.operation, &bodies.read(file).unwrap());
                assert!(
                    redacted.is_none(),
                    "{name} {}: {file}: {:?}",
                    entry.run,
                    redacted.map(|r| r.withheld)
                );
            }
        }
    }
}
