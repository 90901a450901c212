//! A source that breaks down.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use evidence::clock::SystemClock;
use evidence::locker::Locker;
use evidence::record::Region;

use super::*;
use crate::transport::live::LiveClient;

const ACCOUNT: &str = "111122223333";

static BREAKS: Source = Source {
    id: "iam.breaks",
    operations: &["iam:GetAccountSummary", "iam:ListAccountAliases"],
    scope: Scope::Global,
    tables: &[],
    collect: |context| Box::pin(breaks(context)),
};

/// Asks for one thing that takes long, and breaks down on another that comes at once.
async fn breaks(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    put(context, "kept by nobody", 1);
    let slow = async {
        let _ = context.ask(iam.list_account_aliases().send()).await;
    };
    let quick = async {
        let answer = context.ask(iam.get_account_summary().send()).await.unwrap();
        assert!(
            answer.output.summary_map().is_none(),
            "an answer that nobody thought of"
        );
    };
    futures::join!(slow, quick);
}

static READS_ON: Source = Source {
    id: "iam.reads-on",
    operations: &["iam:ListUsers"],
    scope: Scope::Global,
    tables: &["region"],
    collect: |context| {
        Box::pin(async {
            let iam = context.session.iam(context.client_region);
            let answer = context.ask(iam.list_users().send()).await.unwrap();
            put(context, "of the others", answer.exchange);
        })
    },
};

fn put(context: &Context<'_>, name: &str, source: u64) {
    context.put(&Region {
        account: context.account.to_owned(),
        region: name.to_owned(),
        key: name.to_owned(),
        source,
        name: name.to_owned(),
        opt_in_status: String::new(),
        enabled: true,
        in_scope: true,
    });
}

/// AWS, with an answer that comes late.
#[derive(Clone, Debug)]
struct Aws;

impl HttpClient for Aws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self)
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(async move {
            let form = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            let called = |operation: &str| form.contains(&format!("Action={operation}&"));
            if called("ListAccountAliases") {
                std::future::pending::<()>().await;
            }
            let entry = "<SummaryMap><entry><key>Users</key><value>1</value></entry></SummaryMap>";
            let body = if called("GetAccountSummary") {
                format!(
                    "<GetAccountSummaryResponse><GetAccountSummaryResult>{entry}</GetAccountSummaryResult></GetAccountSummaryResponse>"
                )
            } else {
                "<ListUsersResponse><ListUsersResult><Users/></ListUsersResult></ListUsersResponse>".to_owned()
            };
            let answer = http::Response::builder().header("content-type", "text/xml");
            Ok(HttpResponse::try_from(answer.body(SdkBody::from(body)).unwrap()).unwrap())
        })
    }
}

#[test]
fn a_source_that_breaks_down_is_a_gap_in_the_sealed_run_and_in_its_replay() {
    let sources = [&BREAKS, &READS_ON];
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tool = Tool {
        name: "exhibit".to_owned(),
        version: "0".to_owned(),
    };
    let writer = Writer::create(dir.path(), "x", &tool, clock.now()).unwrap();
    let draft = writer.begin(clock.now(), &tool, plan(&sources, 1, None)).unwrap();
    let silent: Arc<dyn Progress> = Arc::new(crate::progress::Silent);
    let capture = Capture::new(draft, clock.clone(), Duration::from_secs(60), silent);
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
            "AKID", "none", None,
        )))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .http_client(LiveClient::new(SharedHttpClient::new(Aws), capture.clone()))
        .build();
    let opened = Opened {
        session: Session::live(config, Some(ACCOUNT.to_owned())),
        home: "us-east-1".to_owned(),
        elsewhere: Vec::new(),
        scope: AccountScope {
            account: ACCOUNT.to_owned(),
            caller_arn: format!("arn:aws:iam::{ACCOUNT}:user/x"),
            regions: vec!["us-east-1".to_owned()],
            events_home: None,
        },
    };
    let shared = Shared {
        sources: &sources,
        events: EventWindow::of(clock.now(), 1),
        progress: &crate::progress::Silent,
        capture: None,
        collected: Mutex::default(),
    };
    let runtime = crate::Runtime::new().unwrap();
    runtime.block_on(shared.read(&[opened])).unwrap();
    let (draft, failed) = capture.finish();
    assert!(failed.is_none());
    let collected = seal(draft.unwrap(), shared, None, clock.now()).unwrap();

    let gaps: Vec<_> = collected.gaps.iter().map(|gap| gap.operation.as_str()).collect();
    assert_eq!(gaps, BREAKS.operations, "one for each operation of the source");
    assert!(collected.gaps.iter().all(|gap| gap.message == BROKE_DOWN));
    assert_eq!(collected.meta.status, Status::Complete);
    assert!(Locker::verify(dir.path()).unwrap().faults.is_empty());
    let locker = Locker::open(dir.path()).unwrap();
    let snapshot = locker.load(&collected.meta.run).unwrap();
    let rows = snapshot.rows("region");
    assert_eq!(rows.len(), 1, "the other source goes on, nothing is left of this one");

    // The answer that came late is not in the recording: the replay asks for it all the same.
    let zip = locker.snapshot_bytes(&locker.snapshots().unwrap()[0]).unwrap();
    let recording = Recording::new(&snapshot.exchanges, zip).unwrap();
    let session = |account: &str| Session::replay(recording.clone(), account.to_owned());
    let again = runtime
        .block_on(derive_from(&sources, &snapshot, &recording, session))
        .unwrap();
    let ours = |gap: &&Gap| gap.operation.starts_with("iam:");
    assert!(again.gaps.iter().filter(ours).eq(&collected.gaps), "{:?}", again.gaps);
    assert_eq!(again.tables["region"], rows);
    assert!(again.unused.is_empty(), "{:?}", again.unused);
    assert!(
        !again.missing.iter().any(|text| text.starts_with("iam:")),
        "{:?}",
        again.missing
    );
}
