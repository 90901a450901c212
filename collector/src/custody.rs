//! What vouches for the log over the network: a key in AWS KMS, and time-stamp authorities.
//!
//! Neither is evidence, so nothing of it is captured. The client for KMS may make the calls that
//! `operations.toml` lists as `custody`, and no other; no collection may make those.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use evidence::custody::signature::{self, PublicKey};
use evidence::custody::{Sign, Stamp, entropy, timestamp};
use evidence::digest::Digest;

use crate::environment;
use crate::failure::Failure;
use crate::runtime::Runtime;
use crate::session::Session;
use crate::transport::{admit_custody, live::chain};

/// Longest wait for KMS, retries included, and for a time-stamp authority.
const PATIENCE: Duration = Duration::from_secs(20);
/// An answer of an authority has 3 to 10 KB.
const LARGEST: usize = 1 << 16;

/// A signing key in AWS KMS (ECC_NIST_P256): it never leaves AWS, and its key policy says who may
/// have it sign.
#[derive(Debug)]
pub struct KmsKey {
    arn: String,
    public: OnceLock<PublicKey>,
}

impl KmsKey {
    /// The key of this ARN.
    pub fn new(arn: &str) -> Self {
        Self {
            arn: arn.to_owned(),
            public: OnceLock::new(),
        }
    }

    /// Whether the text is the ARN of a key; an alias may come to mean another one.
    pub fn is_arn(text: &str) -> bool {
        let parts: Vec<&str> = text.split(':').collect();
        matches!(parts[..], ["arn", partition, "kms", region, account, key]
            if partition.starts_with("aws") && !region.is_empty() && account.len() == 12
                && key.strip_prefix("key/").is_some_and(|id| !id.is_empty()))
    }

    async fn client(&self) -> Result<aws_sdk_kms::Client, String> {
        let loaded = environment::load([self.arn.as_str()])
            .await
            .map_err(|e| e.to_string())?;
        let config = loaded
            .to_builder()
            .http_client(CustodyClient(environment::http_client()))
            .build();
        let mut parts = self.arn.split(':').skip(3);
        let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        Ok(Session::live(config, Some(account.to_owned())).kms(region))
    }

    async fn look_up(&self) -> Result<PublicKey, String> {
        let asked = self.client().await?.get_public_key().key_id(&self.arn).send().await;
        let answer = asked.map_err(|e| Failure::of(&e, None).of_call("kms:GetPublicKey"))?;
        match (answer.key_spec(), answer.key_usage()) {
            (Some(KeySpec::EccNistP256), Some(KeyUsageType::SignVerify)) => {}
            (spec, usage) => {
                let told = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
                return Err(format!(
                    "{} is a key of spec {} for {}; signing takes ECC_NIST_P256 for SIGN_VERIFY",
                    self.arn,
                    told(spec.map(KeySpec::as_str)),
                    told(usage.map(KeyUsageType::as_str))
                ));
            }
        }
        let der = answer.public_key().map(Blob::as_ref).unwrap_or_default();
        PublicKey::from_spki_der(der).map_err(|e| e.to_string())
    }
}

impl Sign for KmsKey {
    fn public_key(&self) -> Result<PublicKey, String> {
        if let Some(key) = self.public.get() {
            return Ok(key.clone());
        }
        let key = blocking(self.look_up())?;
        Ok(self.public.get_or_init(|| key).clone())
    }

    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, String> {
        let key = self.public_key()?;
        let to_be_signed = signature::prepare(namespace, message).map_err(|e| e.to_string())?;
        let digest = Digest::of(to_be_signed.bytes());
        let made = blocking(async {
            let asked = self
                .client()
                .await?
                .sign()
                .key_id(&self.arn)
                .message(Blob::new(digest.bytes().to_vec()))
                .message_type(MessageType::Digest)
                .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
                .send()
                .await;
            let answer = asked.map_err(|e| Failure::of(&e, None).of_call("kms:Sign"))?;
            Ok(answer.signature().map(Blob::as_ref).unwrap_or_default().to_vec())
        })?;
        to_be_signed.finish(&key, &made).map_err(|e| e.to_string())
    }
}

/// A client that makes the calls of custody only.
#[derive(Clone, Debug)]
struct CustodyClient(SharedHttpClient);

impl HttpClient for CustodyClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(CustodyConnector(self.0.http_connector(settings, components)))
    }
}

#[derive(Clone, Debug)]
struct CustodyConnector(SharedHttpConnector);

impl HttpConnector for CustodyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match admit_custody(&request) {
            Ok(()) => self.0.call(request),
            Err(refused) => HttpConnectorFuture::ready(Err(refused)),
        }
    }
}

/// A time-stamp authority, asked over HTTP (RFC 3161 §3.4).
pub struct TimestampAuthority {
    name: String,
    url: String,
}

impl fmt::Debug for TimestampAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimestampAuthority({}, {})", self.name, self.url)
    }
}

impl TimestampAuthority {
    /// The authority at this address, by the name that the firm gives it.
    pub fn new(name: &str, url: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
        }
    }

    /// Whether the text is an address to ask at.
    pub fn is_url(text: &str) -> bool {
        environment::is_url(text)
    }

    async fn post(&self, query: Vec<u8>) -> Result<Vec<u8>, String> {
        let (host, path) = split(&self.url);
        let operation = Operation::builder()
            .service_name("timestamp")
            .operation_name("Timestamp")
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(environment::http_client())
            .endpoint_url(host)
            .no_auth()
            .no_retry()
            // The whole of it is timed outside.
            .timeout_config(TimeoutConfig::disabled())
            .serializer(move |query: Vec<u8>| {
                let mut request = HttpRequest::new(SdkBody::from(query));
                request.set_method("POST")?;
                request.set_uri(path.as_str())?;
                request
                    .headers_mut()
                    .insert("content-type", "application/timestamp-query");
                request.headers_mut().insert("accept", "application/timestamp-reply");
                Ok(request)
            })
            .deserializer::<_, std::convert::Infallible>(|response| {
                let body = response.body().bytes().unwrap_or_default();
                Ok((response.status().as_u16(), body.get(..LARGEST).unwrap_or(body).to_vec()))
            })
            .build();
        match operation.invoke(query).await {
            Ok((200, answer)) => Ok(answer),
            Ok((status, _)) => Err(format!("{} answered with HTTP status {status}", self.url)),
            Err(SdkError::DispatchFailure(e)) => {
                let cause = e.as_connector_error().map_or_else(|| "no answer".to_owned(), root);
                Err(format!("{}: {cause}", self.url))
            }
            Err(e) => Err(format!("{}: {}", self.url, chain(&e))),
        }
    }
}

/// The innermost cause of a failed connection.
fn root(error: &ConnectorError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Scheme and host, and what follows.
fn split(url: &str) -> (&str, String) {
    let start = url.find("://").map_or(0, |at| at + 3);
    match url[start..].find(['/', '?']) {
        Some(at) if url[start + at..].starts_with('/') => (&url[..start + at], url[start + at..].to_owned()),
        Some(at) => (&url[..start + at], format!("/{}", &url[start + at..])),
        None => (url, "/".to_owned()),
    }
}

impl Stamp for TimestampAuthority {
    fn name(&self) -> &str {
        &self.name
    }

    fn stamp(&self, digest: &Digest) -> Result<Vec<u8>, String> {
        let nonce = u64::from_be_bytes(entropy::bytes().map_err(|e| e.to_string())?);
        let answer = blocking(self.post(timestamp::request(digest, nonce)))?;
        let wrong = |e: timestamp::TimestampError| format!("{}: {e}", self.url);
        let reply = timestamp::read(&answer).map_err(wrong)?;
        if reply.token == answer {
            return Err(format!(
                "{} answered with a token without the response around it",
                self.url
            ));
        }
        timestamp::check_unproven(&reply.token, digest, Some(nonce)).map_err(wrong)?;
        Ok(answer)
    }
}

/// Waits for the network from code that cannot: on a thread of its own, so that it may be called
/// within a runtime too.
fn blocking<T: Send>(work: impl Future<Output = Result<T, String>> + Send) -> Result<T, String> {
    let wait = || {
        let runtime = Runtime::new().map_err(|e| e.to_string())?;
        let done = runtime
            .block_on(async { tokio::time::timeout(PATIENCE, work).await })
            .map_err(|e| e.to_string())?;
        done.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
    };
    catch_unwind(AssertUnwindSafe(wait)).unwrap_or_else(|_| Err("the request broke off".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns() {
        assert!(KmsKey::is_arn("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab"));
        assert!(KmsKey::is_arn(
            "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1"
        ));
        for bad in [
            "",
            "1234abcd",
            "alias/x",
            "arn:aws:kms:eu-west-1:111122223333:alias/x",
            "arn:aws:kms:eu-west-1:111122223333:key/",
            "arn:aws:kms::111122223333:key/x",
            "arn:aws:iam::111122223333:role/x",
        ] {
            assert!(!KmsKey::is_arn(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_kept_as_they_are() {
        for (url, host, path) in [
            ("http://tsa.example", "http://tsa.example", "/"),
            ("http://tsa.example/", "http://tsa.example", "/"),
            ("https://tsa.example:8443/tsr", "https://tsa.example:8443", "/tsr"),
            ("http://tsa.example/a/b?c=d", "http://tsa.example", "/a/b?c=d"),
            ("http://tsa.example?c=/d", "http://tsa.example", "/?c=/d"),
        ] {
            assert_eq!(split(url), (host, path.to_owned()));
        }
    }
}
