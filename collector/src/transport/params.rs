//! The parameters of a request in canonical form, read off the wire.
//!
//! Two requests that ask the same have the same parameters, whatever host, signature, date or
//! token they carry. Version `k1` of the request key is made of them.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use evidence::canonical;
use evidence::digest::Digest;
use serde_json::{Map, Value, json};

use super::cbor;

/// Headers that carry no parameter although they begin with `x-amz-`.
const VOLATILE: &[&str] = &[
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-amz-target",
    "x-amz-checksum-mode",
    "x-amz-sdk-checksum-algorithm",
];

/// Members that the SDK fills with random text.
const TOKENS: &[&str] = &["ClientToken", "clientToken", "ClientRequestToken", "IdempotencyToken"];

/// Reads the parameters of a request.
pub fn of(request: &HttpRequest) -> Value {
    let body = request.body().bytes().unwrap_or_default();
    let kind = request.headers().get("content-type").unwrap_or_default();
    let params = if kind.starts_with("application/x-www-form-urlencoded") {
        form(body)
    } else if kind.starts_with("application/x-amz-json") {
        json_body(body)
    } else if kind.starts_with("application/cbor") {
        cbor::read(body).map_or_else(|| opaque(body), without_tokens)
    } else {
        rest(request, body)
    };
    // A value outside the canonical profile is kept as text, so that nothing is lost or changed.
    match canonical::to_string(&params) {
        Ok(_) => params,
        Err(_) => json!({ "text": params.to_string() }),
    }
}

/// awsQuery and ec2Query: the form without the operation's name, which stands beside it.
fn form(body: &[u8]) -> Value {
    form_urlencoded::parse(body)
        .filter(|(name, _)| name != "Action" && !TOKENS.contains(&name.as_ref()))
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect::<Map<_, _>>()
        .into()
}

/// awsJson: the body.
fn json_body(body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => without_tokens(value),
        _ => opaque(body),
    }
}

fn without_tokens(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|name, _| !TOKENS.contains(&name.as_str()));
    }
    value
}

/// restXml and restJson: method, path, query, telling headers and body.
fn rest(request: &HttpRequest, body: &[u8]) -> Value {
    let (host, path, query) = split(request.uri());
    let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name != "x-id")
        .collect();
    let headers: BTreeMap<_, _> = request
        .headers()
        .iter()
        .filter(|(name, _)| name.starts_with("x-amz-") && !VOLATILE.contains(name))
        .collect();
    let mut params = json!({ "method": request.method(), "path": fold_bucket(host, path) });
    if !query.is_empty() {
        params["query"] = json!(query);
    }
    if !headers.is_empty() {
        params["headers"] = json!(headers);
    }
    let kind = request.headers().get("content-type").unwrap_or_default();
    if kind.starts_with("application/json") {
        // The SDK writes maps in no fixed order: the parsed body has one.
        params["body"] = json_body(body);
    } else if !body.is_empty() {
        params["body"] = opaque(body);
    }
    params
}

/// Splits a URI into host, path and query.
pub(super) fn split(uri: &str) -> (&str, &str, &str) {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (target, query) = rest.split_once('?').unwrap_or((rest, ""));
    let at = target.find('/').unwrap_or(target.len());
    let (host, path) = target.split_at(at);
    (host, if path.is_empty() { "/" } else { path }, query)
}

/// `bucket.s3.region.amazonaws.com/` and `s3.region.amazonaws.com/bucket` ask the same.
fn fold_bucket(host: &str, path: &str) -> String {
    match host.rfind(".s3.").or_else(|| host.rfind(".s3-fips.")) {
        Some(end) => format!("/{}{}", &host[..end], path.trim_end_matches('/')),
        None => path.trim_end_matches('/').to_owned(),
    }
}

fn opaque(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => json!({ "sha256": Digest::of(body) }),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn request(uri: &str, kind: Option<&'static str>, body: &str) -> HttpRequest {
        let mut request = HttpRequest::get(uri).unwrap();
        if let Some(kind) = kind {
            request.headers_mut().insert("content-type", kind);
        }
        *request.body_mut() = SdkBody::from(body);
        request
    }

    #[test]
    fn the_form_without_the_action() {
        let request = request(
            "https://iam.amazonaws.com/",
            Some("application/x-www-form-urlencoded"),
            "Action=ListUsers&Version=2010-05-08&Marker=a%2Fb",
        );
        assert_eq!(of(&request), json!({"Marker": "a/b", "Version": "2010-05-08"}));
    }

    #[test]
    fn json_without_tokens_and_odd_values_as_text() {
        let of_json = |body| of(&request("https://kms/", Some("application/x-amz-json-1.1"), body));
        assert_eq!(of_json(r#"{"Limit":5,"ClientToken":"x"}"#), json!({"Limit": 5}));
        assert_eq!(of_json(r#"{"a":1.5}"#), json!({"text": "{\"a\":1.5}"}));
    }

    #[test]
    fn cbor_as_json_and_what_is_no_cbor_by_its_digest() {
        let of_cbor = |body: &[u8]| {
            let mut request = request("https://monitoring/", Some("application/cbor"), "");
            *request.body_mut() = SdkBody::from(body);
            of(&request)
        };
        assert_eq!(of_cbor(b"\xbf\x6aMaxRecords\x18\x64\xff"), json!({"MaxRecords": 100}));
        assert_eq!(of_cbor(b"\xff\x00"), json!({"sha256": Digest::of(b"\xff\x00")}));
    }

    #[test]
    fn a_bucket_in_the_host_is_a_bucket_in_the_path() {
        let virtual_host = request(
            "https://logs.s3.eu-west-1.amazonaws.com/?policy&x-id=GetBucketPolicy",
            None,
            "",
        );
        let path_style = request("http://127.0.0.1:5000/logs?policy=", None, "");
        assert_eq!(of(&virtual_host), of(&path_style));
        assert_eq!(
            of(&path_style),
            json!({"method": "GET", "path": "/logs", "query": {"policy": ""}})
        );
    }
}
