//! Whether an attempt that failed is made again, and when.
//!
//! The transport decides, because it sees each attempt and what its lane bears; the SDK is told by
//! [`Told`], which goes with the response or the error. The SDK's own quota of retries would end a
//! long list of throttled calls after some hundred of them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_types::retry::{ErrorKind, RetryConfig};
use serde_json::Value;

/// Attempts of a call that fails otherwise than by throttling, where nobody chose a number.
const ATTEMPTS: u32 = 5;
/// How long an operation may be throttled without a single answer before it becomes a gap.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Attempts after which the SDK ends a call by itself: hours. A client that loads credentials counts up to it.
const SDK_ATTEMPTS: u32 = 1000;
/// Waiting after the first failed attempt; twice as long after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest waiting of a call.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The same after so many throttled attempts of a call.
const LONGER_WAIT: (u32, Duration) = (20, Duration::from_secs(20));

/// The SDK's settings under which the transport alone decides. Its lanes do what mode `adaptive` is for.
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(SDK_ATTEMPTS)
        .with_max_backoff(PATIENCE)
}

/// How often a call may be tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// By `AWS_MAX_ATTEMPTS` or `max_attempts` of the profile: all attempts count, throttled ones too.
    pub chosen: Option<u32>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// AWS answered the question, or refused it for good.
    Answered,
    /// AWS asks for fewer requests, and perhaps says how long to wait.
    Throttled(Option<Duration>),
    /// No answer, or an error of the server.
    Failed(Option<Duration>),
    /// There is nobody to ask.
    Nobody,
}

/// What the SDK is told of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    throttled: bool,
    /// After how long to try again; `None` if not.
    again: Option<Duration>,
}

/// Failed attempts of one call.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    throttled: u32,
    failed: u32,
}

/// The calls of a run that have failed so far, and the operations that are throttled.
#[derive(Debug, Default)]
pub struct Calls {
    tries: BTreeMap<String, Tries>,
    /// Since when an operation has been throttled without an answer.
    since: BTreeMap<String, Duration>,
}

impl Calls {
    /// Judges an attempt of the call `invocation` of an operation (in an account and a region).
    pub fn tell(
        &mut self,
        attempts: Attempts,
        invocation: &str,
        operation: &str,
        outcome: Outcome,
        now: Duration,
    ) -> Told {
        if !matches!(outcome, Outcome::Throttled(_)) {
            self.since.remove(operation);
        }
        let (throttled, after) = match outcome {
            Outcome::Answered | Outcome::Nobody => {
                self.tries.remove(invocation);
                return Told {
                    throttled: false,
                    again: None,
                };
            }
            Outcome::Throttled(after) => (true, after),
            Outcome::Failed(after) => (false, after),
        };
        let tries = self.tries.entry(invocation.to_owned()).or_default();
        let n = if throttled {
            &mut tries.throttled
        } else {
            &mut tries.failed
        };
        *n += 1;
        let n = *n;
        let all = tries.throttled + tries.failed;
        let ended = match attempts.chosen {
            Some(most) => all >= most,
            None if throttled => {
                let since = *self.since.entry(operation.to_owned()).or_insert(now);
                now.saturating_sub(since) >= PATIENCE
            }
            None => n >= ATTEMPTS,
        };
        let again = (!ended).then(|| wait(n).max(after.unwrap_or_default()));
        if ended {
            self.tries.remove(invocation);
        }
        Told { throttled, again }
    }
}

/// The waiting after the n-th failed attempt. Lanes keep calls apart, so it needs no chance.
fn wait(n: u32) -> Duration {
    let longest = if n > LONGER_WAIT.0 { LONGER_WAIT.1 } else { LONGEST_WAIT };
    (FIRST_WAIT * 2_u32.saturating_pow(n.saturating_sub(1).min(10))).min(longest)
}

/// An attempt without a whole response, with what the SDK is told of it.
#[derive(Debug)]
pub struct BrokenOff {
    text: String,
    told: Told,
}

impl BrokenOff {
    /// As the error that the SDK gets.
    pub fn error(text: &str, told: Told) -> ConnectorError {
        ConnectorError::io(Box::new(Self {
            text: text.to_owned(),
            told,
        }))
    }
}

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for BrokenOff {}

/// Passes on to the SDK what the transport has told.
#[derive(Clone, Copy, Debug)]
pub struct AsTold;

impl ClassifyRetry for AsTold {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        self.classify_retry_v2(context, &RetryAction::NoActionIndicated)
    }

    // What else is worth another attempt is the SDK's to say: some errors come with status 400.
    fn classify_retry_v2(&self, context: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        let Some(told) = told(context).filter(|_| context.is_failed()) else {
            return RetryAction::NoActionIndicated;
        };
        let kind = match previous {
            _ if told.throttled => ErrorKind::ThrottlingError,
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) => *kind,
            _ => return RetryAction::NoActionIndicated,
        };
        match told.again {
            Some(after) => RetryAction::retryable_error_with_explicit_delay(kind, after),
            None => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "what exhibit's transport says"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

fn told(context: &InterceptorContext) -> Option<Told> {
    let of_response = context.response().and_then(|response| response.extension::<Told>());
    let of_error = || match context.output_or_error() {
        Some(Err(error)) => {
            let broken = error.as_connector_error()?.source()?.downcast_ref::<BrokenOff>()?;
            Some(broken.told)
        }
        _ => None,
    };
    of_response.copied().or_else(of_error)
}

/// AWS's error code in an answer, whatever the protocol.
pub fn error_code(headers: &BTreeMap<String, String>, body: &[u8]) -> Option<String> {
    // `aws.protocoltests#Throttled:http://…`: the name alone counts.
    let bare = |code: &str| {
        let code = code.split(':').next().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().trim().to_owned()
    };
    if let Some(code) = headers.get("x-amzn-errortype") {
        return Some(bare(code)).filter(|code| !code.is_empty());
    }
    let text = std::str::from_utf8(body).ok()?.trim_start();
    let code = if text.starts_with('{') {
        let body: Value = serde_json::from_str(text).ok()?;
        let code = ["__type", "code", "Code"]
            .iter()
            .find_map(|name| body.get(name)?.as_str());
        bare(code?)
    } else {
        bare(text.split_once("<Code>")?.1.split_once("</Code>")?.0)
    };
    Some(code).filter(|code| !code.is_empty())
}

/// How long AWS asks to wait: in milliseconds by its own header, in seconds by HTTP's.
pub fn retry_after(headers: &BTreeMap<String, String>) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.trim().parse::<u32>().ok();
    let own = number("x-amz-retry-after").map(|n| Duration::from_millis(n.into()));
    own.or_else(|| number("retry-after").map(|n| Duration::from_secs(n.into())))
        .map(|time| time.min(Duration::from_secs(60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    const THROTTLED: Outcome = Outcome::Throttled(None);
    const FAILED: Outcome = Outcome::Failed(None);

    #[test]
    fn a_throttled_call_goes_on_as_long_as_anything_is_answered() {
        let mut calls = Calls::default();
        let mut tell = |call: &str, outcome, at| calls.tell(Attempts::default(), call, "op", outcome, s(at)).again;
        for at in 0..5000 {
            assert!(tell("a", THROTTLED, at).is_some_and(|wait| wait <= LONGER_WAIT.1));
            if at % 150 == 0 {
                assert_eq!(tell("b", Outcome::Answered, at), None);
            }
        }
        // Since the last answer three minutes have passed.
        assert!(tell("a", THROTTLED, 5130).is_some());
        assert_eq!(tell("a", THROTTLED, 5131), None);
        assert_eq!(
            tell("c", THROTTLED, 5132),
            None,
            "nor is the next one worth the waiting"
        );
        tell("d", Outcome::Answered, 5133);
        assert!(tell("e", THROTTLED, 5134).is_some());
    }

    #[test]
    fn other_faults_end_after_the_attempts_that_were_chosen() {
        let count = |attempts, outcome| {
            let mut calls = Calls::default();
            let again = |_: &i32| calls.tell(attempts, "a", "op", outcome, s(0)).again.is_some();
            1 + (0..100).take_while(again).count()
        };
        let chosen = |n| Attempts { chosen: Some(n) };
        assert_eq!(count(Attempts::default(), FAILED), 5);
        for n in [1, 2, 3, 9] {
            assert_eq!(count(chosen(n), FAILED), n as usize);
            assert_eq!(count(chosen(n), THROTTLED), n as usize);
        }
        assert_eq!(count(Attempts::default(), Outcome::Nobody), 1);
    }

    #[test]
    fn throttled_attempts_do_not_use_up_those_of_other_faults() {
        let mut calls = Calls::default();
        let mut tell = |outcome| calls.tell(Attempts::default(), "a", "op", outcome, s(0)).again;
        for _ in 0..50 {
            tell(THROTTLED);
        }
        assert_eq!(tell(FAILED), Some(FIRST_WAIT));
        assert_eq!(tell(Outcome::Failed(Some(s(30)))), Some(s(30)));
    }

    #[test]
    fn the_code_of_every_protocol() {
        let code = |body: &str| error_code(&BTreeMap::new(), body.as_bytes());
        for body in [
            r#"{"__type":"com.amazonaws.acm#ThrottlingException","message":"Rate exceeded"}"#,
            r#"{"code":"ThrottlingException"}"#,
            "<ErrorResponse>\n <Error>\n  <Code>ThrottlingException</Code></Error></ErrorResponse>",
            "<?xml version=\"1.0\"?><Response><Errors><Error><Code> ThrottlingException </Code></Error></Errors></Response>",
        ] {
            assert_eq!(code(body).as_deref(), Some("ThrottlingException"), "{body}");
        }
        assert_eq!(code("<html>"), None);
        assert_eq!(code(""), None);
        let headers = BTreeMap::from([(
            "x-amzn-errortype".to_owned(),
            "TooManyRequestsException:http://internal.amazon.com/".to_owned(),
        )]);
        assert_eq!(error_code(&headers, b"{}").as_deref(), Some("TooManyRequestsException"));
    }

    #[test]
    fn waiting_as_the_answer_asks() {
        let after = |name: &str, value: &str| retry_after(&BTreeMap::from([(name.to_owned(), value.to_owned())]));
        assert_eq!(after("retry-after", "3"), Some(s(3)));
        assert_eq!(after("x-amz-retry-after", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(after("retry-after", "86400"), Some(s(60)));
        assert_eq!(after("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
