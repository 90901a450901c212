//! Credentials, region and endpoint as AWS's own tools find them, checked before the first call.

use std::sync::Arc;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use evidence::partition;

use self::credentials::Surroundings;
use crate::run::CollectError;
use crate::transport::again::{Attempts, retries};
use crate::transport::live::{Capture, LiveClient};

pub mod credentials;

/// The SDK's own number of attempts, which means that nobody chose one.
const SDK_ATTEMPTS: u32 = 3;

/// A client that is not captured, for what is no evidence: getting credentials.
pub fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

/// Loads the environment and the profile, and checks what can be checked without a call. `arns` are of
/// what is to be used; they tell the partition where no region is chosen.
pub async fn load<'a>(arns: impl IntoIterator<Item = &'a str>) -> Result<SdkConfig, CollectError> {
    let loaded = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client())
        .load()
        .await;
    let region = loaded.region().cloned().unwrap_or_else(|| Region::new(unchosen(arns)));
    if !is_region(region.as_ref()) {
        return Err(CollectError::Scope(format!(
            "the region `{region}` (AWS_REGION or the profile) is no name of a region such as eu-central-1"
        )));
    }
    if let Some((name, url)) = endpoints().find(|(_, url)| !is_url(url)) {
        return Err(CollectError::Scope(format!(
            "{name} is `{url}`, which is no http or https URL"
        )));
    }
    let surroundings = Surroundings::real().await;
    if let Some(mistake) = surroundings.mistaken() {
        return Err(CollectError::Credentials(mistake));
    }
    if let Some(provider) = loaded.credentials_provider()
        && let Err(error) = provider.provide_credentials().await
    {
        return Err(surroundings
            .why(&error)
            .map_or_else(CollectError::Unreachable, CollectError::Credentials));
    }
    Ok(loaded.into_builder().region(region).build())
}

/// The region to ask first where neither the environment nor the profile names one: the home of the partition that
/// an ARN names. Without one it is that of the first partition, as it was with AWS's tools before regions were asked for
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html>).
fn unchosen<'a>(arns: impl IntoIterator<Item = &'a str>) -> &'static str {
    let named = arns
        .into_iter()
        .filter_map(partition::of_arn)
        .find_map(partition::named);
    named.or(partition::KNOWN.first()).map_or("", |known| known.home)
}

/// Endpoints set in the environment: `AWS_ENDPOINT_URL` and those of single services.
pub fn endpoints() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(move |(name, url)| (text(name), text(url)))
        .filter(|(name, url)| name.starts_with("AWS_ENDPOINT_URL") && !url.is_empty())
}

/// `eu-central-1`, `us-gov-west-1`: letters, then words, then a number.
fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let [words @ .., number] = parts.as_slice() else {
        return false;
    };
    words.len() >= 2 && words.iter().all(letters) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

pub fn is_url(text: &str) -> bool {
    let scheme = |uri: &http::Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    text.parse::<http::Uri>()
        .is_ok_and(|uri| scheme(&uri) && uri.host().is_some())
}

/// The same with the capturing transport, for the calls of a run.
pub fn capturing(loaded: &SdkConfig, app: &str, capture: &Arc<Capture>) -> SdkConfig {
    capture.allow(attempts(loaded, std::env::var_os("AWS_MAX_ATTEMPTS").is_some()));
    let mut builder = loaded
        .to_builder()
        .http_client(LiveClient::new(http_client(), capture.clone()))
        .retry_config(retries())
        // Bodies are read whole, under the transport's own timeout.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // Found again in CloudTrail's userAgent.
    if let Ok(name) = AppName::new(app.to_owned()) {
        builder = builder.app_name(name);
    }
    builder.build()
}

/// How often a call may be tried: as the environment or the profile says.
fn attempts(loaded: &SdkConfig, in_environment: bool) -> Attempts {
    let number = loaded.retry_config().map(RetryConfig::max_attempts);
    Attempts {
        chosen: number.filter(|n| in_environment || *n != SDK_ATTEMPTS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_region_is_chosen_a_role_tells_the_partition() {
        assert_eq!(unchosen(["arn:aws-us-gov:iam::111122223333:role/r"]), "us-gov-west-1");
        assert_eq!(unchosen(["arn:aws-eusc:iam::111122223333:role/r"]), "eusc-de-east-1");
        assert_eq!(unchosen([]), "us-east-1");
    }

    #[test]
    fn a_number_of_attempts_counts_when_somebody_chose_it() {
        let with = |n| {
            let config = SdkConfig::builder().retry_config(RetryConfig::standard().with_max_attempts(n));
            config.build()
        };
        assert_eq!(attempts(&with(3), false).chosen, None);
        assert_eq!(attempts(&with(3), true).chosen, Some(3));
        assert_eq!(attempts(&with(8), false).chosen, Some(8));
        assert_eq!(attempts(&SdkConfig::builder().build(), true).chosen, None);
    }

    #[test]
    fn regions_and_urls_are_told_from_typing_errors() {
        for name in ["us-east-1", "us-gov-west-1", "ap-southeast-7", "eusc-de-east-1"] {
            assert!(is_region(name), "{name}");
        }
        for name in ["", "us", "us-east", "not a region!", "US-EAST-1", "us--1", "us-east-1a"] {
            assert!(!is_region(name), "{name}");
        }
        assert!(is_url("http://127.0.0.1:5000") && is_url("https://localhost"));
        for text in ["not an address", "127.0.0.1:5000", "/x", "ftp://x", ""] {
            assert!(!is_url(text), "{text}");
        }
    }
}
