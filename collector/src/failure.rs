//! Why a call did not give an answer, in the words of a gap.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use evidence::gap::ReasonCode;

use crate::transport::live::{chain, is_not_offered};

/// AWS refuses the caller.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthFailure",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ExpiredToken",
    "ExpiredTokenException",
    "Forbidden",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// The region or service is not switched on for this account.
const NOT_ENABLED: &[&str] = &["OptInRequired", "SubscriptionRequiredException"];

/// Throttling codes as AWS's SDKs know them.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Whether an answer asks for fewer requests.
pub fn is_throttling(code: Option<&str>, status: u16) -> bool {
    status == 429 || code.is_some_and(|code| THROTTLED.contains(&code))
}

/// A call that failed after all retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Reason code of the gap.
    pub code: ReasonCode,
    /// AWS's error code.
    pub error_code: Option<String>,
    /// AWS's message, or what went wrong on the way.
    pub message: String,
    /// The last exchange of the call.
    pub exchange: Option<u64>,
}

impl Failure {
    /// In one sentence, where it becomes no gap: the call, AWS's code and its message.
    pub fn of_call(&self, call: &str) -> String {
        match &self.error_code {
            Some(code) => format!("{call}: {code}: {}", self.message),
            None => format!("{call}: {}", self.message),
        }
    }

    /// From the SDK's error.
    pub fn of<E>(error: &SdkError<E, HttpResponse>, exchange: Option<u64>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let metadata = error.as_service_error();
        let error_code = metadata.and_then(ProvideErrorMetadata::code).map(str::to_owned);
        let code = classify(error, error_code.as_deref(), status);
        let message = match (metadata.and_then(ProvideErrorMetadata::message), status) {
            (Some(message), _) => message.to_owned(),
            (None, Some(status)) if error_code.is_none() => {
                format!("HTTP {status} with a body that is no AWS answer")
            }
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => match error {
                // The connector's own words; what the SDK puts around them tells nothing more.
                SdkError::DispatchFailure(failure) => failure
                    .as_connector_error()
                    .and_then(Error::source)
                    .map_or_else(|| chain(error), chain),
                _ => chain(error),
            },
        };
        Self {
            code,
            error_code,
            message,
            exchange,
        }
    }

    /// A list that does not end as it should.
    pub fn endless(exchange: u64) -> Self {
        Self {
            code: ReasonCode::Unsupported,
            error_code: None,
            message: "the list is cut short: its page token is missing or repeats itself".to_owned(),
            exchange: Some(exchange),
        }
    }

    /// Whether AWS's error code is one of these.
    pub fn is(&self, codes: &[&str]) -> bool {
        self.error_code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

fn classify<E>(error: &SdkError<E, HttpResponse>, code: Option<&str>, status: Option<u16>) -> ReasonCode {
    match (code, status) {
        (Some(code), _) if DENIED.contains(&code) => ReasonCode::AccessDenied,
        (code, Some(status)) if is_throttling(code, status) => ReasonCode::Throttled,
        (Some(code), _) if NOT_ENABLED.contains(&code) => ReasonCode::RegionUnreachable,
        (_, Some(501)) => ReasonCode::Unsupported,
        (_, Some(500..)) => ReasonCode::RegionUnreachable,
        // A proxy's page says nothing of AWS's permissions, but 403 is a refusal all the same.
        (None, Some(401 | 403)) => ReasonCode::AccessDenied,
        (_, Some(_)) => ReasonCode::Unsupported,
        (_, None) => match error {
            SdkError::DispatchFailure(failure) if failure.is_user() => ReasonCode::Unsupported,
            SdkError::DispatchFailure(failure)
                if failure
                    .as_connector_error()
                    .and_then(Error::source)
                    .is_some_and(|e| is_not_offered(&e.to_string())) =>
            {
                ReasonCode::NotOffered
            }
            _ => ReasonCode::RegionUnreachable,
        },
    }
}
