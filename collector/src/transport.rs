//! Where requests leave and responses come back: live with capture, or from a recording.
//!
//! Every attempt passes here once, after signing. An operation that is not in
//! `operations.toml` is refused before it is sent, and so is a request of a client that was
//! built without [`Label`].

use std::cell::Cell;
use std::future::Future;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

pub mod again;
#[cfg(test)]
pub(crate) mod answering;
mod cbor;
pub mod live;
pub mod pace;
pub mod params;
#[cfg(test)]
mod partitions;
#[cfg(test)]
mod rated_tests;
pub mod redaction;
pub mod replay;
pub mod sample;

/// Marks the requests of one client with what they are about.
#[derive(Clone, Debug)]
pub struct Label {
    /// The account that is asked; `None` until GetCallerIdentity has told.
    pub account: Option<String>,
    /// The client's region.
    pub region: String,
    /// Service as in `operations.toml`.
    pub service: &'static str,
}

/// A [`Label`] with what is known only when the request is about to go.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    label: Label,
    operation: String,
    attempt: u32,
}

impl Intercept for Label {
    fn name(&self) -> &'static str {
        "exhibit's label"
    }

    // Once per attempt: a retry clones the request without its extensions.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map(|m| m.name().to_owned()).unwrap_or_default();
        let attempt = bag.load::<RequestAttempts>().map_or(1, |n| n.attempts());
        context.request_mut().add_extension(Call {
            label: self.clone(),
            operation,
            attempt,
        });
        Ok(())
    }
}

/// The label of a request, if it may be sent at all.
fn admit(request: &HttpRequest) -> Result<Call, ConnectorError> {
    let refuse = |text: String| Err(ConnectorError::user(text.into()));
    let Some(call) = request.extension::<Call>() else {
        return refuse(format!(
            "a request to {} has no label: exhibit did not make it",
            request.uri()
        ));
    };
    if !crate::operations::is_allowed(call.label.service, &call.operation) {
        return refuse(format!(
            "{}:{} is not on the list of reads",
            call.label.service, call.operation
        ));
    }
    Ok(call.clone())
}

/// Whether a request is one of those that vouch for the log, and of the client made for them.
pub(crate) fn admit_custody(request: &HttpRequest) -> Result<(), ConnectorError> {
    match request.extension::<Call>() {
        Some(call) if crate::operations::is_for_custody(call.label.service, &call.operation) => Ok(()),
        Some(call) => Err(ConnectorError::user(
            format!("{}:{} vouches for nothing", call.label.service, call.operation).into(),
        )),
        None => Err(ConnectorError::user(
            "a request has no label: exhibit did not make it".into(),
        )),
    }
}

tokio::task_local! {
    /// The number of the last exchange made for the call this task is waiting for.
    static LAST: Cell<Option<u64>>;
}

/// Runs a call and tells which exchange was its last.
pub(crate) async fn observed<T>(call: impl Future<Output = T>) -> (T, Option<u64>) {
    LAST.scope(Cell::new(None), async {
        let output = call.await;
        (output, LAST.with(Cell::get))
    })
    .await
}

fn observe(exchange: u64) {
    // Outside of `observed` nobody asks.
    let _ = LAST.try_with(|last| last.set(Some(exchange)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(call: Option<Call>) -> HttpRequest {
        let mut request = HttpRequest::get("https://iam.amazonaws.com/").unwrap();
        if let Some(call) = call {
            request.add_extension(call);
        }
        request
    }

    fn call(service: &'static str, operation: &str) -> Option<Call> {
        let label = Label {
            account: None,
            region: "us-east-1".to_owned(),
            service,
        };
        Some(Call {
            label,
            operation: operation.to_owned(),
            attempt: 1,
        })
    }

    #[test]
    fn only_labelled_reads_are_admitted() {
        assert!(admit(&request(call("iam", "ListUsers"))).is_ok());
        for refused in [
            None,
            call("iam", "CreateUser"),
            call("iam", ""),
            call("kms", "ListUsers"),
            call("kms", "Sign"),
            call("kms", "GetPublicKey"),
        ] {
            let error = admit(&request(refused.clone())).unwrap_err();
            assert!(error.is_user(), "{refused:?} must be refused for good, not retried");
        }
    }

    #[test]
    fn the_client_of_custody_may_only_vouch() {
        assert!(admit_custody(&request(call("kms", "Sign"))).is_ok());
        for refused in [
            None,
            call("kms", "ListKeys"),
            call("kms", "Decrypt"),
            call("iam", "Sign"),
        ] {
            assert!(admit_custody(&request(refused.clone())).is_err(), "{refused:?}");
        }
    }
}
