//! The network, with every attempt kept as an exchange.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use evidence::canonical;
use evidence::clock::Clock;
use evidence::exchange::{Exchange, Outcome};
use evidence::locker::{Draft, LockerError};
use evidence::record::Row;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;

use super::again::{Attempts, BrokenOff, Calls, Outcome as Retried, Told, error_code, retry_after};
use super::pace::{Lane, Queue, rates};
use super::redaction::{Redacted, redact};
use super::{Call, admit, observe, params};
use crate::progress::Progress;

/// Requests in flight at most, over all services.
const IN_FLIGHT: usize = 64;
/// Timeouts in a row after which an operation is not asked again in a region.
const SILENT: u32 = 3;
/// Said of an answer in which what is secret could not be found.
const UNREDACTED: &str =
    "exhibit broke down while it looked for secrets in the answer, which is not kept: please report it";
/// How often, and after how long, to look whether another host of a region has answered.
const SIBLING_LOOKS: u32 = 50;
const SIBLING_LOOK: Duration = Duration::from_millis(100);
/// Error codes of answers below 500 that say that another attempt may succeed.
const TRANSIENT_ERRORS: &[&str] = &["RequestTimeout", "RequestTimeoutException"];
/// Requests in flight at most, per account, service and region. AWS publishes few limits; IAM
/// throttles in the wild, S3 hardly ever.
fn in_flight(service: &str) -> usize {
    match service {
        "iam" => 4,
        "s3" => 16,
        _ => 8,
    }
}

/// An exchange that is no part of a run, and the body of its answer.
#[derive(Clone, Debug)]
pub struct Held {
    /// The exchange.
    pub exchange: Exchange,
    /// The body, if there was an answer.
    pub body: Option<Vec<u8>>,
}

/// What all requests of a run share.
pub struct Capture {
    draft: Mutex<Option<Draft>>,
    /// Where there is no run: exchanges and bodies, for as long as they are looked at.
    memory: Option<Mutex<Vec<Held>>>,
    failure: Mutex<Option<LockerError>>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    progress: Arc<dyn Progress>,
    all: Semaphore,
    each: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    lanes: Mutex<BTreeMap<String, Arc<Queue>>>,
    calls: Mutex<Calls>,
    attempts: OnceLock<Attempts>,
    sleep: OnceLock<SharedAsyncSleep>,
    /// Attempts of an operation in a row that got no answer in time.
    silent: Mutex<BTreeMap<String, u32>>,
    /// Hosts that have answered, by region.
    heard_from: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Capture {
    /// Captures into the draft; an attempt without an answer ends after `timeout`.
    pub fn new(draft: Draft, clock: Arc<dyn Clock>, timeout: Duration, progress: Arc<dyn Progress>) -> Arc<Self> {
        Self::keeping(Some(draft), None, clock, timeout, progress)
    }

    /// Captures into memory: what is asked is no collection, and nothing of it is stored.
    pub fn in_memory(clock: Arc<dyn Clock>, timeout: Duration, progress: Arc<dyn Progress>) -> Arc<Self> {
        Self::keeping(None, Some(Mutex::default()), clock, timeout, progress)
    }

    fn keeping(
        draft: Option<Draft>,
        memory: Option<Mutex<Vec<Held>>>,
        clock: Arc<dyn Clock>,
        timeout: Duration,
        progress: Arc<dyn Progress>,
    ) -> Arc<Self> {
        Arc::new(Self {
            draft: Mutex::new(draft),
            memory,
            failure: Mutex::new(None),
            clock,
            timeout,
            progress,
            all: Semaphore::new(IN_FLIGHT),
            each: Mutex::default(),
            lanes: Mutex::default(),
            calls: Mutex::default(),
            attempts: OnceLock::new(),
            sleep: OnceLock::new(),
            silent: Mutex::default(),
            heard_from: Mutex::default(),
        })
    }

    /// Looks at what was captured into memory so far, in the order in which it ended.
    pub fn with_held<T>(&self, look: impl FnOnce(&[Held]) -> T) -> T {
        match &self.memory {
            Some(memory) => look(&memory.lock().unwrap_or_else(PoisonError::into_inner)),
            None => look(&[]),
        }
    }

    /// Takes the draft back; later requests fail. An error is one that kept an exchange from
    /// being stored: the run must not be sealed then.
    pub fn finish(&self) -> (Option<Draft>, Option<LockerError>) {
        let draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner).take();
        (
            draft,
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).take(),
        )
    }

    /// Whether storing has failed, so that going on is of no use.
    pub fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn store(
        &self,
        exchange: Exchange,
        body: Option<&[u8]>,
        redacted: Option<&Redacted>,
    ) -> Result<u64, ConnectorError> {
        if let Some(memory) = &self.memory {
            let mut held = memory.lock().unwrap_or_else(PoisonError::into_inner);
            let i = held.len() as u64 + 1;
            held.push(Held {
                exchange: Exchange { i, ..exchange },
                body: redacted.map_or(body, |r| Some(&r.body)).map(<[u8]>::to_vec),
            });
            observe(i);
            return Ok(i);
        }
        let mut draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(draft) = draft.as_mut() else {
            return Err(ConnectorError::user("the run has ended".into()));
        };
        if self.has_failed() {
            return Err(ConnectorError::user("an earlier exchange could not be stored".into()));
        }
        let stored = match (redacted, body) {
            (Some(redacted), Some(original)) => {
                draft.put_redacted(exchange, &redacted.body, original, &redacted.withheld)
            }
            _ => draft.put(exchange, body),
        };
        match stored {
            Ok(i) => {
                observe(i);
                self.progress.exchange(i);
                Ok(i)
            }
            Err(e) => {
                let text = format!("cannot store the exchange: {e}");
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
                Err(ConnectorError::user(text.into()))
            }
        }
    }

    /// Keeps a row in the run's spool; see [`Draft::keep_row`]. One that cannot be stored fails the run.
    pub fn keep_row(&self, table: &str, row: &Row) -> bool {
        let mut draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(draft) = draft.as_mut() else { return false };
        match draft.keep_row(table, row) {
            Ok(new) => new,
            Err(e) => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
                false
            }
        }
    }

    /// Whether the operation has stopped answering, so that asking on would only take time.
    fn is_silent(&self, operation: &str) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(operation).is_some_and(|n| *n >= SILENT)
    }

    fn heard(&self, operation: String, timed_out: bool) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if timed_out {
            *silent.entry(operation).or_default() += 1;
        } else {
            silent.remove(&operation);
        }
    }

    /// From now on calls are tried this often.
    pub fn allow(&self, attempts: Attempts) {
        // Said once, before the first call.
        let _ = self.attempts.set(attempts);
    }

    /// From now on requests wait by this, which goes with the clock.
    #[cfg(test)]
    pub fn sleep_by(&self, sleep: SharedAsyncSleep) {
        let _ = self.sleep.set(sleep);
    }

    fn sleep(&self, time: Duration) -> Sleep {
        self.sleep
            .get_or_init(|| SharedAsyncSleep::new(TokioSleep::new()))
            .sleep(time)
    }

    /// The lane of a request. An emulator on this machine has no limits until it throttles.
    fn lane(&self, call: &Call, uri: &str) -> Arc<Queue> {
        let (bucket, known) = rates::of(call.label.service, &call.operation);
        let key = format!("{:?}/{bucket}/{}", call.label.account, call.label.region);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes
            .entry(key)
            .or_insert_with(|| Queue::new(Lane::new(known, !is_local(uri))))
            .clone()
    }

    /// Judges an attempt that went at `sent`, for its lane and for the SDK.
    fn tell(&self, lane: &Queue, operation: &str, invocation: &str, outcome: Retried, sent: Duration) -> Told {
        let now = self.clock.monotonic();
        match outcome {
            Retried::Throttled(after) => lane.with(|lane| lane.throttled(sent, now, after)),
            Retried::Answered => lane.with(Lane::answered),
            Retried::Failed(_) | Retried::Nobody => {}
        }
        let attempts = self.attempts.get().copied().unwrap_or_default();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.tell(attempts, invocation, operation, outcome, now)
    }

    fn has_answered(&self, region: &str, host: &str) {
        let mut heard = self.heard_from.lock().unwrap_or_else(PoisonError::into_inner);
        heard.entry(region.to_owned()).or_default().insert(host.to_owned());
    }

    /// Whether another host of the region answers: then it is not the network or the resolver that fails.
    /// The requests to a region go out together, so it may take a moment until one is answered.
    async fn others_answer(&self, region: &str, host: &str) -> bool {
        for _ in 0..SIBLING_LOOKS {
            {
                let heard = self.heard_from.lock().unwrap_or_else(PoisonError::into_inner);
                let others = heard.get(region).into_iter().flatten().any(|other| other != host);
                if others {
                    return true;
                }
            }
            self.sleep(SIBLING_LOOK).await;
        }
        false
    }

    fn limit(&self, call: &Call) -> Arc<Semaphore> {
        let key = format!("{:?}/{}/{}", call.label.account, call.label.service, call.label.region);
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.entry(key)
            .or_insert_with(|| Arc::new(Semaphore::new(in_flight(call.label.service))))
            .clone()
    }
}

/// The HTTP client given to the SDK.
#[derive(Clone, Debug)]
pub struct LiveClient {
    inner: SharedHttpClient,
    capture: Arc<Capture>,
}

impl LiveClient {
    /// Captures what passes through `inner`.
    pub fn new(inner: SharedHttpClient, capture: Arc<Capture>) -> Self {
        Self { inner, capture }
    }
}

impl HttpClient for LiveClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LiveConnector {
            inner,
            capture: self.capture.clone(),
        })
    }
}

#[derive(Clone, Debug)]
struct LiveConnector {
    inner: SharedHttpConnector,
    capture: Arc<Capture>,
}

impl HttpConnector for LiveConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.exchange(request).await })
    }
}

/// What came back, before it is judged.
#[derive(Default)]
struct Answer {
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    body: Option<Vec<u8>>,
    /// Why it is not whole.
    broken: Option<String>,
    response: Option<HttpResponse>,
}

impl Answer {
    /// What is to be made of it, for the attempts after it.
    fn outcome(&self) -> Retried {
        if self.broken.as_deref().is_some_and(is_not_offered) {
            return Retried::Nobody;
        }
        let Some(status) = self.status.filter(|_| self.broken.is_none()) else {
            return Retried::Failed(None);
        };
        if status < 400 {
            return Retried::Answered;
        }
        let code = error_code(&self.headers, self.body.as_deref().unwrap_or_default());
        let after = retry_after(&self.headers);
        if crate::failure::is_throttling(code.as_deref(), status) {
            Retried::Throttled(after)
        } else if status >= 500 || code.as_deref().is_some_and(|code| TRANSIENT_ERRORS.contains(&code)) {
            Retried::Failed(after)
        } else {
            Retried::Answered
        }
    }
}

impl LiveConnector {
    async fn exchange(&self, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = admit(&request)?;
        let lane = self.capture.lane(&call, request.uri());
        lane.pass(self.capture.clock.as_ref(), |time| self.capture.sleep(time))
            .await;
        let limit = self.capture.limit(&call);
        // A closed semaphore cannot be: nothing closes them.
        let _each = limit.acquire().await.map_err(|e| ConnectorError::user(e.into()))?;
        let _all = self
            .capture
            .all
            .acquire()
            .await
            .map_err(|e| ConnectorError::user(e.into()))?;
        let params = params::of(&request);
        let authorization = request
            .headers()
            .get("authorization")
            .map(Authorization::read)
            .unwrap_or_default();
        let invocation = request
            .headers()
            .get("amz-sdk-invocation-id")
            .unwrap_or_default()
            .to_owned();
        let (method, endpoint) = (request.method().to_owned(), endpoint(request.uri()));
        dial_local_endpoint(&mut request)?;

        let (sent_at, start) = (self.capture.clock.now(), self.capture.clock.monotonic());
        let Call { label, operation, .. } = &call;
        let operation = format!("{:?}/{}/{operation}/{}", label.account, label.service, label.region);
        let mut answer = if self.capture.is_silent(&operation) {
            Answer {
                broken: Some(format!("not sent: {SILENT} attempts before it got no answer")),
                ..Answer::default()
            }
        } else {
            let host = authority(request.uri()).to_owned();
            let (mut answer, timed_out) = self.send(request).await;
            self.capture.heard(operation.clone(), timed_out);
            if answer.status.is_some() {
                self.capture.has_answered(&label.region, &host);
            }
            // A name that does not exist beside names that do: AWS has no endpoint of the service there.
            if let Some(text) = answer.broken.take() {
                let offered = !is_no_such_host(&text) || !self.capture.others_answer(&label.region, &host).await;
                answer.broken = Some(if offered {
                    text
                } else {
                    not_offered(&label.region, &text)
                });
            }
            answer
        };
        let (recv_at, elapsed) = (self.capture.clock.now(), self.capture.clock.monotonic() - start);
        let told = self
            .capture
            .tell(&lane, &operation, &invocation, answer.outcome(), start);

        let mut exchange = Exchange {
            i: 0,
            attempt: call.attempt,
            invocation,
            account: account_of(&call, answer.body.as_deref()),
            region: call.label.region.clone(),
            signed_region: authorization.region,
            service: call.label.service.to_owned(),
            operation: call.operation.clone(),
            params,
            method,
            endpoint,
            access_key_id: authorization.access_key_id,
            sent_at,
            recv_at: recv_at.max(sent_at),
            rtt_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
            outcome: match (&answer.broken, answer.status) {
                (None, _) => Outcome::Response,
                (Some(_), Some(_)) => Outcome::Truncated,
                (Some(_), None) => Outcome::TransportError,
            },
            transport_error: answer.broken.clone(),
            status: answer.status,
            aws_date: answer.headers.get("date").cloned(),
            request_id: request_id(&answer.headers),
            headers: std::mem::take(&mut answer.headers),
            body: None,
            body_sha256: None,
            body_len: 0,
            redaction: None,
        };
        // The SDK reads what is stored, so that a replay gives the same rows. AWS's errors hold none
        // of the fields that rules name.
        let success = answer.status.is_some_and(|status| (200..300).contains(&status));
        let body = answer.body.as_deref().filter(|_| success);
        let taken_out = || body.and_then(|body| redact(call.label.service, &call.operation, body));
        let Ok(redacted) = catch_unwind(AssertUnwindSafe(taken_out)) else {
            // A body of which nobody knows what in it is secret is not kept; a replay fails in the same way.
            exchange.outcome = Outcome::Truncated;
            exchange.transport_error = Some(UNREDACTED.to_owned());
            self.capture.store(exchange, None, None)?;
            return Err(broken_off(UNREDACTED));
        };
        self.capture
            .store(exchange, answer.body.as_deref(), redacted.as_ref())?;
        match (answer.broken, answer.response) {
            (None, Some(mut response)) => {
                if let Some(redacted) = redacted {
                    // The SDK holds the answer of a GET to the length that is announced.
                    response.headers_mut().remove("content-length");
                    *response.body_mut() = SdkBody::from(redacted.body);
                }
                response.add_extension(told);
                Ok(response)
            }
            (broken, _) => Err(BrokenOff::error(broken.as_deref().unwrap_or("no response"), told)),
        }
    }

    /// Sends, and reads the body to its end, within the timeout.
    async fn send(&self, request: HttpRequest) -> (Answer, bool) {
        let mut answer = Answer::default();
        let in_time = tokio::time::timeout(self.capture.timeout, self.receive(request, &mut answer)).await;
        if in_time.is_err() {
            answer.broken = Some(format!(
                "no complete answer within {} s",
                self.capture.timeout.as_secs()
            ));
        }
        (answer, in_time.is_err())
    }

    async fn receive(&self, request: HttpRequest, answer: &mut Answer) {
        let host = authority(request.uri()).to_owned();
        let mut response = match self.inner.call(request).await {
            Ok(response) => response,
            Err(e) => {
                answer.broken = Some(format!("{host}: {}", root_cause(&e)));
                return;
            }
        };
        answer.status = Some(response.status().as_u16());
        answer.headers = kept_headers(&response);
        let mut body = response.take_body();
        // Filled as it arrives, so that a body that breaks off is kept as far as it came.
        let received = answer.body.insert(Vec::new());
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => received.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
                Err(e) => {
                    answer.broken = Some(format!("the response broke off: {}", chain(e.as_ref())));
                    return;
                }
            }
        }
        *response.body_mut() = SdkBody::from(received.clone());
        answer.response = Some(response);
    }
}

/// What the resolvers of the systems say of a name that does not exist, as opposed to one that they
/// could not ask for.
fn is_no_such_host(text: &str) -> bool {
    [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "nodename nor servname provided",
        "No such host is known",
    ]
    .iter()
    .any(|words| text.contains(words))
}

/// How `transport_error` begins where a region has no endpoint of the service.
const NOT_OFFERED: &str = "not offered in ";

fn not_offered(region: &str, text: &str) -> String {
    format!("{NOT_OFFERED}{region}: {text}, while other endpoints of the region answer")
}

/// Whether the error says that the region does not offer the service.
pub(crate) fn is_not_offered(text: &str) -> bool {
    text.starts_with(NOT_OFFERED)
}

/// The error for an attempt without a whole response; live and replayed runs give the same.
pub(super) fn broken_off(text: &str) -> ConnectorError {
    ConnectorError::io(text.to_owned().into())
}

/// Scheme, host and port of a URI.
fn authority(uri: &str) -> &str {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[start..].find(['/', '?']).map_or(uri.len(), |at| start + at);
    &uri[..end]
}

/// The innermost cause: what the layers above say of it tells a person nothing.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// An error, then its causes.
pub(crate) fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |e| e.source())
}

/// An error and its causes, in one line, without repeating what a cause already said.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    for e in causes(error) {
        // AWS's error prints itself as Rust would.
        let part = match e.downcast_ref::<aws_smithy_types::error::ErrorMetadata>() {
            Some(aws) => [aws.code(), aws.message()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(": "),
            None => e.to_string(),
        };
        if text.is_empty() {
            text = part;
        } else if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
    }
    text
}

fn kept_headers(response: &HttpResponse) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in response.headers() {
        if name != "set-cookie" && canonical::is_key(name) {
            kept.entry(name.to_owned())
                .and_modify(|all| *all = format!("{all}, {value}"))
                .or_insert(value.to_owned());
        }
    }
    kept
}

/// AWS's request id, whatever the service calls its header.
fn request_id(headers: &BTreeMap<String, String>) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"]
        .iter()
        .find_map(|name| headers.get(*name).cloned())
}

/// GetCallerIdentity is asked before the account is known; its answer tells.
fn account_of(call: &Call, body: Option<&[u8]>) -> String {
    let told = || {
        let text = std::str::from_utf8(body?).ok()?;
        let (_, rest) = text.split_once("<Account>")?;
        Some(rest.split_once("</Account>")?.0.to_owned())
    };
    call.label
        .account
        .clone()
        .or_else(told)
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Does the host's name begin so that it is this machine?
fn is_local_host(host: &str) -> bool {
    host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")
}

/// Is the request for this machine?
fn is_local(uri: &str) -> bool {
    uri.split_once("://").is_some_and(|(_, rest)| is_local_host(rest))
}

/// Scheme, host and path of a URI.
fn endpoint(uri: &str) -> String {
    uri.split_once('?').map_or(uri, |(endpoint, _)| endpoint).to_owned()
}

/// S3 Control puts the account id before the host. `123456789012.127.0.0.1` and
/// `123456789012.localhost` resolve nowhere, so for an emulator the prefix is dropped when
/// dialling; the account stays in the `x-amz-account-id` header.
fn dial_local_endpoint(request: &mut HttpRequest) -> Result<(), ConnectorError> {
    let uri = request.uri().to_owned();
    let Some((scheme, rest)) = uri.split_once("://") else {
        return Ok(());
    };
    let Some((account, host)) = rest.split_once('.') else {
        return Ok(());
    };
    if is_local_host(host) && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) {
        request
            .set_uri(format!("{scheme}://{host}"))
            .map_err(|e| ConnectorError::user(e.into()))?;
    }
    Ok(())
}

/// What the Authorization header tells and may be kept: `Credential=<key id>/<date>/<region>/…`.
#[derive(Default)]
struct Authorization {
    access_key_id: Option<String>,
    region: String,
}

impl Authorization {
    fn read(header: &str) -> Self {
        let scope = header
            .split_once("Credential=")
            .map_or("", |(_, rest)| rest.split([',', ' ']).next().unwrap_or(""));
        let mut parts = scope.split('/');
        let access_key_id = parts.next().filter(|id| !id.is_empty()).map(str::to_owned);
        Self {
            access_key_id,
            region: parts.nth(1).unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_id_and_the_region_are_read_from_the_authorization() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20250630/eu-west-1/iam/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=0123456789abcdef";
        let read = Authorization::read(header);
        assert_eq!(read.access_key_id.as_deref(), Some("AKIAEXAMPLE"));
        assert_eq!(read.region, "eu-west-1");
        assert_eq!(Authorization::read("Bearer x").access_key_id, None);
    }

    #[test]
    fn a_name_that_does_not_exist_is_told_from_one_that_could_not_be_asked_for() {
        let of = |why: &str| format!("https://macie2.x: failed to lookup address information: {why}");
        assert!(is_no_such_host(&of("Name or service not known")));
        assert!(is_no_such_host(
            "https://macie2.x: No such host is known. (os error 11001)"
        ));
        for other in ["Temporary failure in name resolution", "System error", "Try again"] {
            assert!(!is_no_such_host(&of(other)), "{other}");
        }
        assert!(is_not_offered(&not_offered(
            "eu-west-9",
            &of("Name or service not known")
        )));
        assert!(!is_not_offered(&of("Name or service not known")));
    }

    #[test]
    fn the_account_prefix_is_dropped_only_for_local_endpoints() {
        let dialled = |uri: &str| {
            let mut request = HttpRequest::get(uri).unwrap();
            dial_local_endpoint(&mut request).unwrap();
            request.uri().to_owned()
        };
        assert_eq!(
            dialled("http://111122223333.127.0.0.1:5000/v20180820/x"),
            "http://127.0.0.1:5000/v20180820/x"
        );
        let aws = "https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/x";
        assert_eq!(dialled(aws), aws);
    }
}
