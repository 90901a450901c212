//! That every request of a run stays in the caller's partition: by the recorded account that has something of
//! everything, read again as it were elsewhere, with the endpoints that the SDK itself chooses.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evidence::locker::Locker;
use evidence::partition;
use evidence::snapshot::Snapshot;

use super::params;
use super::replay::Recording;
use crate::run::derive;
use crate::session::Session;

#[path = "../../../controls/tests/it/common/elsewhere_answers.rs"]
mod answers;
#[path = "../../../controls/tests/it/common/elsewhere.rs"]
mod elsewhere;

use elsewhere::{ELSEWHERE, Elsewhere};

/// The futures of a build without optimisation are large.
const STACK: usize = 64 << 20;

/// Answers from a recording, and keeps the hosts that were asked.
#[derive(Clone, Debug)]
struct Watching {
    recording: Arc<Recording>,
    hosts: Arc<Mutex<BTreeSet<String>>>,
}

impl HttpClient for Watching {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Watching {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (host, _, _) = params::split(request.uri());
        self.hosts.lock().unwrap().insert(host.to_owned());
        HttpConnectorFuture::ready(self.recording.answer(&request).map(|(_, response)| response))
    }
}

/// The recorded account in another partition. The credential report stays as it is: nothing is asked because of it.
fn moved(to: &Elsewhere) -> (Snapshot, Vec<u8>) {
    let locker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/everything/locker");
    let locker = Locker::open(&locker).unwrap();
    let entry = locker.snapshots().unwrap().pop().unwrap();
    let (recorded, zip) = (locker.load(&entry.run).unwrap(), locker.snapshot_bytes(&entry).unwrap());
    answers::moved(&recorded, &zip, to, |_, _| None)
}

/// Hosts that a run in that partition asks.
fn hosts(to: &Elsewhere) -> BTreeSet<String> {
    let (snapshot, zip) = moved(to);
    let watching = Watching {
        recording: Recording::new(&snapshot.exchanges, zip).unwrap(),
        hosts: Arc::default(),
    };
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
            "REPLAY", "none", None,
        )))
        .http_client(watching.clone())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build();
    let derived = crate::Runtime::new()
        .unwrap()
        .block_on(derive(&snapshot, &watching.recording, |account| {
            Session::sampling(config.clone(), account.to_owned())
        }))
        .unwrap();
    let of_it = |calls: Vec<String>| -> Vec<String> {
        // Web ACLs that only distributions name go with them.
        let named = |call: &String| to.partition == "aws-us-gov" && call.starts_with("wafv2:GetWebACL ");
        let calls = calls.into_iter().filter(|call| !answers::is_lacking(to, call));
        calls.filter(|call| !named(call)).collect()
    };
    assert_eq!(
        of_it(derived.missing),
        Vec::<String>::new(),
        "{}: asked elsewhere, or by another ARN",
        to.partition
    );
    assert_eq!(of_it(derived.unused), Vec::<String>::new(), "{}", to.partition);
    let hosts = watching.hosts.lock().unwrap();
    hosts.clone()
}

#[test]
fn every_request_of_a_run_stays_in_the_partition() {
    let work = || {
        for to in &ELSEWHERE {
            // Of a partition that the SDK does not know it cannot name an endpoint either.
            let Some(known) = partition::named(to.partition) else {
                continue;
            };
            let asked = hosts(to);
            assert!(asked.len() > 50, "{}: {asked:?}", to.partition);
            let inside = |host: &str| {
                // Some services have only the names that know IPv6 too.
                let dual = known.dns_suffix.replace("amazonaws", "api.amazonwebservices");
                let ends = |suffix: &str| host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
                let suffix = ends(known.dns_suffix) || ends(&dual);
                // GovCloud has the suffix of the commercial partition.
                suffix && (to.partition != "aws-us-gov" || host.contains("us-gov"))
            };
            let outside = asked
                .iter()
                .filter(|host| !inside(host) && !answers::is_lacking(to, host));
            let outside: Vec<_> = outside.collect();
            assert!(outside.is_empty(), "{}: {outside:?}", to.partition);
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    thread.unwrap().join().unwrap();
}

/// `evidence` links no AWS code, so its table is held against the SDK's own here.
#[tokio::test]
async fn the_table_of_partitions_is_that_of_the_sdk() {
    let resolver = DefaultResolver::new();
    for known in partition::KNOWN {
        for region in std::iter::once(known.home).chain(known.other) {
            let params = Params::builder().region(region).build().unwrap();
            let endpoint = ResolveEndpoint::resolve_endpoint(&resolver, &params).await.unwrap();
            let host = params::split(endpoint.url()).0.to_owned();
            assert!(host.ends_with(known.dns_suffix), "{}: {host}", known.name);
            let schemes = format!("{:?}", endpoint.auth_schemes());
            assert!(schemes.contains(known.home), "{} in {region}: {schemes}", known.name);
        }
    }
}
