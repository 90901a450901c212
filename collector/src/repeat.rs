//! Some of a snapshot's questions, put to AWS again today. Nothing is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use evidence::clock::Clock;
use evidence::exchange::Exchange;
use evidence::snapshot::Snapshot;

use crate::environment;
use crate::run::{CollectError, Target, assume, derive, identify, identity_error};
use crate::session::Session;
use crate::transport::live::{Capture, Held, LiveClient};
use crate::transport::replay::Recording;
use crate::transport::sample::SampleClient;

/// The app id and the session name of the calls: they are no collection.
const NAME: &str = "exhibit-reperform";

/// How to reach AWS.
pub struct Reach {
    /// Accounts and roles; those of `exhibit.toml`.
    pub targets: Vec<Target>,
    /// Time allowed for one attempt.
    pub timeout: Duration,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
}

/// What became of the questions.
#[derive(Debug)]
pub struct Repeated {
    /// AWS's answers today, by the number of the recorded exchange.
    pub answers: BTreeMap<u64, Held>,
    /// Why an account could not be asked, by its id.
    pub refused: BTreeMap<String, String>,
    /// Who asked, by account.
    pub callers: BTreeMap<String, String>,
}

/// Names of the parameters by which a list goes on.
const TOKENS: &[&str] = &[
    "continuation-token",
    "exclusivestarttablename",
    "marker",
    "nextpagetoken",
    "nexttoken",
    "pagetoken",
    "paginationtoken",
    "position",
    "start-after",
    "startafter",
    "startingtoken",
];

/// Can the question be put again? Reads that were answered, and of a list its first page: the
/// tokens of the others expire. Who asks is left out: it is about the asker.
pub fn is_repeatable(exchange: &Exchange) -> bool {
    let reads = ["Describe", "Get", "List", "Lookup", "BatchGet"];
    let goes_on = |value: &serde_json::Value| {
        value.as_object().is_some_and(|members| {
            members
                .keys()
                .any(|name| TOKENS.contains(&name.to_ascii_lowercase().as_str()))
        })
    };
    exchange.status.is_some_and(|status| (200..300).contains(&status))
        && exchange.outcome == evidence::exchange::Outcome::Response
        && reads.iter().any(|verb| exchange.operation.starts_with(verb))
        && exchange.operation != "GetCallerIdentity"
        && !goes_on(&exchange.params)
        && !goes_on(&exchange.params["query"])
        && !goes_on(&exchange.params["body"])
}

/// Puts the chosen exchanges' questions to AWS.
pub async fn repeat(
    snapshot: &Snapshot,
    zip: Vec<u8>,
    chosen: BTreeSet<u64>,
    reach: &Reach,
) -> Result<Repeated, CollectError> {
    let loaded = environment::load(reach.targets.iter().filter_map(|target| target.role_arn.as_deref())).await?;
    let capture = Capture::in_memory(reach.clock.clone(), reach.timeout, Arc::new(crate::progress::Silent));
    let damaged = |e: evidence::snapshot::SnapshotError| evidence::locker::LockerError::Damaged {
        file: snapshot.meta.run.clone(),
        code: "changed",
        message: e.to_string(),
    };
    let recording = Recording::new(&snapshot.exchanges, zip).map_err(damaged)?;
    let base = environment::capturing(&loaded, NAME, &capture);
    let live = LiveClient::new(environment::http_client(), capture.clone());
    let client = SampleClient::new(recording.clone(), live, capture.clone(), chosen);
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    let (mut refused, mut callers) = (BTreeMap::new(), BTreeMap::new());
    for scope in &snapshot.meta.accounts {
        match open(&base, &reach.targets, &scope.account).await {
            Ok((config, caller)) => {
                let config = config.to_builder().http_client(client.clone()).build();
                sessions.insert(scope.account.clone(), Session::sampling(config, scope.account.clone()));
                callers.insert(scope.account.clone(), caller);
            }
            Err(why) => {
                refused.insert(scope.account.clone(), why);
            }
        }
    }
    derive(snapshot, &recording, |account| match sessions.get(account) {
        Some(session) => session.clone(),
        None => Session::replay(recording.clone(), account.to_owned()),
    })
    .await;
    Ok(Repeated {
        answers: client.heard(),
        refused,
        callers,
    })
}

/// The account's credentials, if they are of that account: its role in `exhibit.toml`, else
/// those of the environment.
pub(crate) async fn open(base: &SdkConfig, targets: &[Target], account: &str) -> Result<(SdkConfig, String), String> {
    let named = targets.iter().find(|target| target.account.as_deref() == Some(account));
    let config = match named {
        Some(target) => assume(base, NAME, target).await,
        None => base.clone(),
    };
    let region = config.region().map(|region| region.to_string()).unwrap_or_default();
    let session = Session::live(config.clone(), None);
    match identify(&session, &region).await {
        Err(failure) if failure.exchange.is_none() => {
            let target = named.cloned().unwrap_or_default();
            Err(identity_error(&failure, &config, &target).await.to_string())
        }
        Err(failure) => Err(failure.of_call("sts:GetCallerIdentity")),
        Ok(identity) if identity.output.account() == Some(account) => {
            Ok((config, identity.output.arn().unwrap_or_default().to_owned()))
        }
        Ok(identity) => Err(format!(
            "the credentials are of account {}",
            identity.output.account().unwrap_or("unknown")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(operation: &str, params: &str) -> Exchange {
        serde_json::from_value(serde_json::json!({
            "i": 1, "attempt": 1, "invocation": "", "account": "1", "region": "r", "signed_region": "r",
            "service": "s", "operation": operation, "params": serde_json::from_str::<serde_json::Value>(params).unwrap(),
            "method": "POST", "endpoint": "", "access_key_id": null, "sent_at": "2025-06-30T00:00:00Z",
            "recv_at": "2025-06-30T00:00:00Z", "rtt_ns": 0, "outcome": "response", "transport_error": null,
            "status": 200, "aws_date": null, "request_id": null, "headers": {}, "body": null, "body_sha256": null,
            "body_len": 0
        }))
        .unwrap()
    }

    #[test]
    fn only_first_pages_of_answered_reads_are_repeated() {
        assert!(is_repeatable(&exchange("ListUsers", "{}")));
        for (operation, params) in [
            ("GenerateCredentialReport", "{}"),
            ("GetCallerIdentity", "{}"),
            ("ListUsers", r#"{"Marker":"x"}"#),
            ("ListKeys", r#"{"body":{"nextToken":"x"}}"#),
            ("ListObjectsV2", r#"{"query":{"continuation-token":"x"}}"#),
        ] {
            assert!(!is_repeatable(&exchange(operation, params)), "{operation} {params}");
        }
        let denied = Exchange {
            status: Some(403),
            ..exchange("ListUsers", "{}")
        };
        assert!(!is_repeatable(&denied));
    }
}
