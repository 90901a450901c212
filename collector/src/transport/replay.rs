//! A recording that answers in place of AWS.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use evidence::exchange::{Exchange, Outcome, RequestKey};
use evidence::snapshot::{Bodies, SnapshotError};
use serde_json::Value;

use super::live::{Held, broken_off};
use super::{Call, admit, observe, params};

/// Members by which a request asks for more than it did in an earlier version, or otherwise. What was recorded then
/// answers it: its records are those that came of it then.
const ASKED_OTHERWISE: &[(&str, &str, &[&str])] = &[
    ("acm", "ListCertificates", &["CertificateKeyPairOrigins"]),
    ("cloudwatch", "DescribeAlarmHistory", &["AlarmTypes"]),
    ("cloudwatch", "DescribeAlarms", &["AlarmTypes"]),
    ("ec2", "DescribeInstances", &["IncludeManagedResources"]),
    ("ec2", "DescribeNetworkInterfaces", &["IncludeManagedResources"]),
    ("ec2", "DescribeVolumes", &["IncludeManagedResources"]),
    ("rds", "DescribeEvents", &["StartTime"]),
    ("s3control", "ListAccessPoints", &["dataSourceType"]),
];

/// The exchanges of a snapshot, ready to answer.
pub struct Recording {
    state: Mutex<State>,
}

struct State {
    /// Last attempts by request, in the order in which they were made.
    waiting: BTreeMap<RequestKey, VecDeque<Exchange>>,
    bodies: Bodies,
    /// Requests that were not there.
    missing: Vec<Missing>,
    /// Answers in place of recorded ones, by number.
    instead: BTreeMap<u64, Held>,
}

impl State {
    /// The first exchange that asked the same, but for members that an earlier version asked otherwise.
    fn asked_otherwise(&mut self, account: &str, call: &Call, params: &Value) -> Option<Exchange> {
        let (service, operation) = (call.label.service, call.operation.as_str());
        let (.., members) = ASKED_OTHERWISE
            .iter()
            .find(|(of, named, _)| *of == service && *named == operation)?;
        let wanted = without(params, members);
        let key = self
            .waiting
            .iter()
            .filter_map(|(key, waiting)| Some((waiting.front()?, key)))
            .filter(|(e, _)| e.account == account && e.service == service && e.operation == operation)
            .filter(|(e, _)| e.region == call.label.region && without(&e.params, members) == wanted)
            .min_by_key(|(e, _)| e.i)
            .map(|(_, key)| *key)?;
        self.waiting.get_mut(&key)?.pop_front()
    }
}

/// Parameters without these members, at their top or in the query.
fn without(params: &Value, members: &[&str]) -> Value {
    let mut params = params.clone();
    let named = |name: &str| members.contains(&name.split('.').next().unwrap_or_default());
    if let Some(query) = params.get_mut("query").and_then(Value::as_object_mut) {
        query.retain(|name, _| !named(name));
    }
    if let Some(top) = params.as_object_mut() {
        top.retain(|name, _| !named(name));
    }
    params
}

struct Missing {
    account: String,
    region: String,
    call: String,
    /// All of it, for a person.
    text: String,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

impl Recording {
    /// Of a snapshot's exchanges and the bytes of its zip.
    ///
    /// Of the attempts of one call only the last answers; retries are not repeated.
    pub fn new(exchanges: &[Exchange], zip: Vec<u8>) -> Result<Arc<Self>, SnapshotError> {
        let mut seen = BTreeSet::new();
        let mut last: Vec<&Exchange> = exchanges
            .iter()
            .rev()
            .filter(|e| e.invocation.is_empty() || seen.insert(e.invocation.as_str()))
            .collect();
        last.reverse();
        let mut waiting: BTreeMap<_, VecDeque<_>> = BTreeMap::new();
        for exchange in last {
            waiting.entry(exchange.key()).or_default().push_back(exchange.clone());
        }
        let state = State {
            waiting,
            bodies: Bodies::of(zip)?,
            missing: Vec::new(),
            instead: BTreeMap::new(),
        };
        Ok(Arc::new(Self {
            state: Mutex::new(state),
        }))
    }

    /// Requests that the recording did not have, and exchanges that nobody asked for; but for those of which `excused`
    /// is true, by account, region and call.
    pub fn leftovers(&self, excused: impl Fn(&str, &str, &str) -> bool) -> (Vec<String>, Vec<String>) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unused: Vec<_> = state
            .waiting
            .values()
            .flatten()
            .filter(|e| !excused(&e.account, &e.region, &e.call()))
            .map(|e| format!("{} (exchange {})", e.call(), e.i))
            .collect();
        unused.sort();
        let missing = state.missing.iter();
        let missing = missing.filter(|m| !excused(&m.account, &m.region, &m.call));
        (missing.map(|m| m.text.clone()).collect(), unused)
    }

    /// From now on this answers in place of the exchange of that number.
    pub fn put_instead(&self, exchange: u64, answer: Held) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.instead.insert(exchange, answer);
    }

    /// The recorded answer to a request, and the number of its exchange.
    pub(super) fn answer(&self, request: &HttpRequest) -> Result<(u64, HttpResponse), ConnectorError> {
        let call = admit(request)?;
        let account = call.label.account.clone().unwrap_or_default();
        let asked = params::of(request);
        let key = RequestKey::new(
            &account,
            call.label.service,
            &call.operation,
            &call.label.region,
            &asked,
        );
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let exact = state.waiting.get_mut(&key).and_then(VecDeque::pop_front);
        let Some(exchange) = exact.or_else(|| state.asked_otherwise(&account, &call, &asked)) else {
            let text = format!(
                "{}:{} in {} is not in the recording: {}",
                call.label.service, call.operation, call.label.region, asked
            );
            state.missing.push(Missing {
                account,
                region: call.label.region.clone(),
                call: format!("{}:{}", call.label.service, call.operation),
                text: text.clone(),
            });
            return Err(ConnectorError::user(text.into()));
        };
        let i = exchange.i;
        observe(i);
        if let Some(held) = state.instead.get(&i) {
            let response = response(&held.exchange, held.body.clone().unwrap_or_default());
            return Ok((i, response.map_err(ConnectorError::user)?));
        }
        if exchange.outcome != Outcome::Response {
            return Err(broken_off(exchange.transport_error.as_deref().unwrap_or("no response")));
        }
        let body = match &exchange.body {
            Some(file) => state.bodies.read(file).map_err(|e| ConnectorError::user(e.into()))?,
            None => Vec::new(),
        };
        Ok((i, response(&exchange, body).map_err(ConnectorError::user)?))
    }
}

fn response(exchange: &Exchange, body: Vec<u8>) -> Result<HttpResponse, Box<dyn std::error::Error + Send + Sync>> {
    let mut builder = http::Response::builder().status(exchange.status.unwrap_or(500));
    // What was taken out changed the length that is announced, to which the SDK holds the answer of a GET.
    let redacted = exchange.redaction.is_some();
    for (name, value) in exchange
        .headers
        .iter()
        .filter(|(name, _)| !redacted || *name != "content-length")
    {
        builder = builder.header(name, value);
    }
    Ok(HttpResponse::try_from(builder.body(SdkBody::from(body))?)?)
}

/// The HTTP client given to the SDK.
#[derive(Clone, Debug)]
pub struct ReplayClient(pub Arc<Recording>);

impl HttpClient for ReplayClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for ReplayClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.0.answer(&request).map(|(_, response)| response))
    }
}
