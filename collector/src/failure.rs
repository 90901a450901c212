//! Why a call did not give an answer, in the words of a gap.

mod gone;

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use evidence::gap::ReasonCode;

use crate::transport::live::{chain, is_not_offered};

/// AWS refuses the caller, or the caller's account. Most say so with 401 or 403 as well, but not
/// all: S3's InvalidToken and EC2's PendingVerification come with 400, as all of JSON's do.
const DENIED: &[&str] = &[
    "AccountProblem",
    "AllAccessDisabled",
    "AuthFailure",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "Forbidden",
    "ForbiddenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidPayer",
    "InvalidSecurity",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotSignedUp",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// In whichever service's spelling: AccessDeniedException, KMSAccessDenied, UnauthorizedOperation, NotAuthorizedException.
const DENIED_WORDS: &[&str] = &["AccessDenied", "NotAuthorized", "Unauthorized"];

/// The region or service is not switched on for this account.
const NOT_ENABLED: &[&str] = &["OptInRequired", "SubscriptionRequiredException"];

/// AWS has not made yet, or has thrown away, what is asked for: the credential report.
const NOT_MADE: &[&str] = &[
    "CredentialReportExpiredException",
    "CredentialReportNotPresentException",
    "CredentialReportNotReadyException",
    "ReportExpired",
    "ReportInProgress",
    "ReportNotPresent",
];

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

    /// The reason code of a call of `service:Operation` about one thing that was listed: when AWS
    /// says that it is not there, it was deleted in between.
    pub fn about_one(&self, operation: &str) -> ReasonCode {
        if gone::is_gone(operation, self) {
            ReasonCode::Gone
        } else {
            self.code
        }
    }

    /// An answer with this code, as exchange 1.
    #[cfg(test)]
    pub(crate) fn answered(code: &str, message: &str) -> Self {
        Self {
            code: ReasonCode::Unsupported,
            error_code: Some(code.to_owned()),
            message: message.to_owned(),
            exchange: Some(1),
        }
    }

    /// Whether AWS's error code is one of these.
    pub fn is(&self, codes: &[&str]) -> bool {
        self.error_code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

fn is_denied(code: &str) -> bool {
    DENIED.contains(&code) || DENIED_WORDS.iter().any(|word| code.contains(word))
}

fn classify<E>(error: &SdkError<E, HttpResponse>, code: Option<&str>, status: Option<u16>) -> ReasonCode {
    match (code, status) {
        (Some(code), _) if is_denied(code) => ReasonCode::AccessDenied,
        (code, Some(status)) if is_throttling(code, status) => ReasonCode::Throttled,
        (Some(code), _) if NOT_ENABLED.contains(&code) => ReasonCode::RegionUnreachable,
        (Some(code), _) if NOT_MADE.contains(&code) => ReasonCode::EvidenceMissing,
        (_, Some(501)) => ReasonCode::Unsupported,
        (_, Some(500..)) => ReasonCode::RegionUnreachable,
        // A code that nobody listed, or a proxy's page that has none: it is a refusal all the same.
        (_, Some(401 | 403)) => ReasonCode::AccessDenied,
        (_, Some(_)) => ReasonCode::Unsupported,
        (_, None) => match error {
            SdkError::DispatchFailure(failure) if failure.is_user() => ReasonCode::Unsupported,
            // What an answer did not tell cannot be asked about.
            SdkError::ConstructionFailure(_) => ReasonCode::Unsupported,
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

#[cfg(test)]
mod tests {
    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
    use aws_smithy_runtime_api::client::result::ServiceError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn told(code: Option<&str>, status: u16) -> ReasonCode {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        let error = GetCallerIdentityError::generic(metadata.build());
        let response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        let error: SdkError<GetCallerIdentityError, HttpResponse> =
            SdkError::ServiceError(ServiceError::builder().source(error).raw(response).build());
        Failure::of(&error, None).code
    }

    #[test]
    fn a_refusal_is_told_from_what_an_endpoint_does_not_know() {
        for (code, status) in [
            ("AccessDenied", 403),
            ("AccessDeniedException", 400),
            ("UnauthorizedOperation", 403),
            ("KMSAccessDeniedException", 400),
            ("NotAuthorizedException", 400),
            // S3: "The provided token is malformed", "Your account is not signed up for the S3 service".
            ("InvalidToken", 400),
            ("NotSignedUp", 403),
            // EC2: "Your account is currently being verified".
            ("PendingVerification", 400),
            ("Blocked", 400),
            ("SomethingNew", 401),
            ("SomethingNew", 403),
        ] {
            assert_eq!(told(Some(code), status), ReasonCode::AccessDenied, "{code} {status}");
        }
        assert_eq!(told(None, 403), ReasonCode::AccessDenied);
        for (code, status, expected) in [
            ("UnknownOperationException", 400, ReasonCode::Unsupported),
            ("InvalidAction", 400, ReasonCode::Unsupported),
            ("ThrottlingException", 403, ReasonCode::Throttled),
            ("SubscriptionRequiredException", 403, ReasonCode::RegionUnreachable),
            ("InternalFailure", 500, ReasonCode::RegionUnreachable),
            // Nobody has made the credential report yet.
            ("ReportNotPresent", 410, ReasonCode::EvidenceMissing),
            ("ReportInProgress", 404, ReasonCode::EvidenceMissing),
            ("ReportExpired", 410, ReasonCode::EvidenceMissing),
        ] {
            assert_eq!(told(Some(code), status), expected, "{code} {status}");
        }
    }
}
