//! Large accounts, read from a stub that keeps AWS's documented rates: the same records come out as from
//! one without limits. Time goes fifty times as fast; the buckets, the lanes and the SDK share it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use evidence::clock::{Clock, SystemClock, Timestamp};
use evidence::exchange::Exchange;
use evidence::gap::{Gap, ReasonCode};
use evidence::record::Row;
use serde_json::{Value, json};

use super::again::{Attempts, PATIENCE, retries};
use super::live::{Capture, LiveClient};
use super::{Call, params};
use crate::progress::Silent;
use crate::session::Session;
use crate::source::{Context, EventWindow, HistoryReached, Keep};

const FASTER: u32 = 50;
const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// The machine's clock, fifty times as fast.
#[derive(Debug, Default)]
struct Fast(SystemClock);

impl Clock for Fast {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic() * FASTER
    }
}

impl AsyncSleep for Fast {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(duration / FASTER))
    }
}

/// Tokens, tokens a second, the most that it holds, and when it was filled.
type Bucket = (f64, f64, f64, Duration);

/// What AWS bears.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bears {
    /// Everything.
    All,
    /// What its documentation says.
    Documented,
    /// Nothing, ever.
    Nothing,
    /// One request of so many is turned away, whatever the rate.
    AllBut(usize),
    /// Everything, but that there is no such host as that of a service.
    NoHostOf(&'static str),
    /// Nothing: no host is found.
    NoHosts,
    /// Nothing but lists, until so many were turned away.
    AfterTurningAway(usize),
}

#[derive(Debug)]
struct State {
    buckets: BTreeMap<&'static str, Bucket>,
    requests: usize,
    turned_away: usize,
}

/// AWS.
#[derive(Clone, Debug)]
struct Stub {
    bears: Bears,
    time: Arc<Fast>,
    state: Arc<Mutex<State>>,
}

impl Stub {
    fn new(bears: Bears, time: Arc<Fast>) -> Self {
        // Written off AWS's pages once more, not taken from rates.toml.
        let buckets = [
            ("acm:DescribeCertificate", 10.0, 10.0),
            ("apigateway", 10.0, 40.0),
            ("dynamodb:DescribeContinuousBackups", 10.0, 10.0),
            ("dynamodb:ListTagsOfResource", 10.0, 10.0),
            ("elbv2", 10.0, 40.0),
            ("sso-admin", 20.0, 20.0),
            // Documented nowhere.
            ("dynamodb:DescribeTimeToLive", 15.0, 15.0),
        ];
        let bucket = |(name, rate, most): (&'static str, f64, f64)| (name, (most, rate, most, time.monotonic()));
        let state = State {
            buckets: buckets.into_iter().map(bucket).collect(),
            requests: 0,
            turned_away: 0,
        };
        Self {
            bears,
            state: Arc::new(Mutex::new(state)),
            time,
        }
    }

    fn bears(&self, call: &Call) -> bool {
        let mut state = self.state.lock().unwrap();
        state.requests += 1;
        let bears = match self.bears {
            Bears::All | Bears::NoHostOf(_) | Bears::NoHosts => true,
            Bears::Nothing => false,
            Bears::AllBut(n) => !state.requests.is_multiple_of(n),
            Bears::AfterTurningAway(n) => state.turned_away >= n || call.operation.starts_with("List"),
            Bears::Documented => {
                let (service, now) = (call.label.service, self.time.monotonic());
                let own = format!("{service}:{}", call.operation);
                let name = if state.buckets.contains_key(own.as_str()) {
                    own.as_str()
                } else {
                    service
                };
                match state.buckets.get_mut(name) {
                    None => true,
                    Some((tokens, rate, most, filled)) => {
                        *tokens = (*tokens + (now.saturating_sub(*filled)).as_secs_f64() * *rate).min(*most);
                        *filled = now;
                        let enough = *tokens >= 1.0;
                        *tokens -= if enough { 1.0 } else { 0.0 };
                        enough
                    }
                }
            }
        };
        state.turned_away += usize::from(!bears);
        bears
    }
}

impl HttpClient for Stub {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = request.extension::<Call>().unwrap().clone();
        let nobody = match self.bears {
            Bears::NoHostOf(service) => call.label.service == service,
            Bears::NoHosts => true,
            _ => false,
        };
        if nobody {
            let why = "failed to lookup address information: Name or service not known";
            return HttpConnectorFuture::ready(Err(ConnectorError::io(why.into())));
        }
        let xml = call.label.service == "elbv2";
        let (status, body) = if params::of(&request)["NextToken"] == "80" {
            (
                400,
                json!({"__type": "AccessDeniedException", "message": "no more"}).to_string(),
            )
        } else if self.bears(&call) {
            (200, answer(&call, &params::of(&request)))
        } else if xml {
            let body = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
            (400, body.to_owned())
        } else {
            let body = json!({"__type": "ThrottlingException", "message": "Rate exceeded"});
            (
                if call.label.service == "apigateway" { 429 } else { 400 },
                body.to_string(),
            )
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        response.headers_mut().insert(
            "content-type",
            if xml { "text/xml" } else { "application/x-amz-json-1.1" },
        );
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// Three times the sizes at which AWS was measured to throttle.
fn answer(call: &Call, params: &Value) -> String {
    let numbers = |n: usize| (0..n).map(|i| format!("{i:04}"));
    let name = || params["TableName"].as_str().unwrap_or_default().to_owned();
    match (call.label.service, call.operation.as_str()) {
        ("acm", "ListCertificates") => {
            let list: Vec<Value> = numbers(900)
                .map(|i| json!({"CertificateArn": format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{i}")}))
                .collect();
            json!({ "CertificateSummaryList": list }).to_string()
        }
        ("acm", "DescribeCertificate") => {
            json!({"Certificate": {"CertificateArn": params["CertificateArn"], "Status": "ISSUED"}}).to_string()
        }
        ("elbv2", "DescribeTargetGroups") => {
            let from = params["Marker"].as_str().map_or(0, |text| text.parse().unwrap());
            let groups: String = (from..from + 400)
                .map(|i| {
                    format!(
                        "<member><TargetGroupArn>arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/g{i}/{i}</TargetGroupArn>\
                         <TargetGroupName>g{i}</TargetGroupName></member>"
                    )
                })
                .collect();
            let next = if from + 400 < 1200 {
                format!("<NextMarker>{}</NextMarker>", from + 400)
            } else {
                String::new()
            };
            format!(
                "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups>{groups}</TargetGroups>{next}\
                 </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
            )
        }
        ("elbv2", "DescribeTargetHealth") => {
            let arn = params["TargetGroupArn"].as_str().unwrap();
            format!(
                "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member><Target><Id>of {arn}</Id>\
                 <Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions>\
                 </DescribeTargetHealthResult></DescribeTargetHealthResponse>"
            )
        }
        ("apigateway", "GetRestApis") => {
            let second = params["query"]["position"].is_string();
            let apis: Vec<Value> = numbers(600)
                .skip(if second { 500 } else { 0 })
                .take(500)
                .map(|id| json!({ "id": id, "name": id }))
                .collect();
            let mut page = json!({ "item": apis });
            if !second {
                page["position"] = json!("500");
            }
            page.to_string()
        }
        ("apigateway", "GetStages") => {
            json!({"item": [{"stageName": params["path"]}]}).to_string()
        }
        ("dynamodb", "ListTables") => {
            json!({"TableNames": numbers(450).collect::<Vec<_>>()}).to_string()
        }
        ("dynamodb", "DescribeTable") => json!({"Table": {"TableName": name(), "TableStatus": "ACTIVE"}}).to_string(),
        ("dynamodb", "DescribeContinuousBackups") => {
            json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}).to_string()
        }
        ("dynamodb", "DescribeTimeToLive") => {
            json!({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED", "AttributeName": name()}}).to_string()
        }
        ("dynamodb", "ListTagsOfResource") => json!({"Tags": [{"Key": "of", "Value": params["ResourceArn"]}]}).to_string(),
        ("sso-admin", "ListInstances") => {
            json!({"Instances": [{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "OwnerAccountId": ACCOUNT}]}).to_string()
        }
        ("sso-admin", "ListPermissionSets") => {
            let sets: Vec<String> = numbers(450)
                .map(|i| format!("arn:aws:sso:::permissionSet/ssoins-1/ps-{i}"))
                .collect();
            json!({ "PermissionSets": sets }).to_string()
        }
        ("sso-admin", "DescribePermissionSet") => {
            json!({"PermissionSet": {"PermissionSetArn": params["PermissionSetArn"], "Name": params["PermissionSetArn"]}})
                .to_string()
        }
        ("sso-admin", "ListAccountAssignments") => json!({"AccountAssignments": [{
            "AccountId": ACCOUNT, "PrincipalType": "GROUP", "PrincipalId": "g", "PermissionSetArn": params["PermissionSetArn"],
        }]})
        .to_string(),
        // Ten events of ten days on each of nine pages; of the last one the request is refused.
        ("cloudtrail", "LookupEvents") => {
            let write = params["LookupAttributes"][0]["AttributeKey"] == "ReadOnly";
            let from: i64 = params["NextToken"].as_str().map_or(0, |text| text.parse().unwrap());
            let (end, page) = (params["EndTime"].as_i64().unwrap(), if write { from..from + 10 } else { 0..0 });
            let events: Vec<Value> = page
                .map(|day| {
                    let at = Timestamp::from_unix(end - day * 86_400).unwrap();
                    let event = json!({"eventID": format!("e{day}"), "eventTime": at, "eventSource": "ssm.amazonaws.com",
                        "eventName": "UpdateInstanceInformation", "readOnly": false});
                    json!({"EventId": format!("e{day}"), "EventTime": at.unix(), "CloudTrailEvent": event.to_string()})
                })
                .collect();
            let mut page = json!({ "Events": events });
            if write {
                page["NextToken"] = json!((from + 10).to_string());
            }
            page.to_string()
        }
        (service, operation) => panic!("nobody asks {service}:{operation}"),
    }
}

/// What came of reading sources.
struct Read {
    /// Rows by table, without the number of their exchange.
    rows: BTreeMap<String, Vec<Row>>,
    gaps: Vec<Gap>,
    exchanges: Vec<Exchange>,
    throttled: usize,
    took: Duration,
}

const LARGE: &[&str] = &[
    "acm.certificates",
    "apigateway.rest-apis",
    "dynamodb.tables",
    "elbv2.target-groups",
    "sso-admin.instances",
];

/// A session whose requests such an AWS answers; at `endpoint` if there is one.
fn session(bears: Bears, attempts: Attempts, endpoint: Option<&str>) -> (Session, Stub, Arc<Capture>) {
    let time = Arc::new(Fast::default());
    let stub = Stub::new(bears, time.clone());
    let sleep = SharedAsyncSleep::new(Fast::default());
    let capture = Capture::in_memory(time, Duration::from_secs(60), Arc::new(Silent));
    capture.sleep_by(sleep.clone());
    capture.allow(attempts);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(LiveClient::new(SharedHttpClient::new(stub.clone()), capture.clone()))
        .sleep_impl(sleep)
        .retry_config(retries());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    (Session::live(config.build(), Some(ACCOUNT.to_owned())), stub, capture)
}

/// Reads the sources from such an AWS; at `endpoint` if there is one.
async fn read(sources: &[&str], bears: Bears, attempts: Attempts, endpoint: Option<&str>) -> Read {
    let (session, stub, capture) = session(bears, attempts, endpoint);
    let time = stub.time.clone();
    let regions = [REGION.to_owned()];
    let began = time.monotonic();
    let reads = sources.iter().map(|id| {
        let source = crate::sources::SOURCES.iter().find(|source| source.id == *id).unwrap();
        let context = Context::new(&session, ACCOUNT, REGION, REGION, &regions);
        async move {
            (source.collect)(&context).await;
            context.into_batch()
        }
    });
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut gaps = Vec::new();
    for batch in futures::future::join_all(reads).await {
        gaps.extend(batch.gaps);
        rows.extend(batch.tables);
    }
    for table in rows.values_mut() {
        for row in table.iter_mut() {
            row.remove("source");
        }
        table.sort_by_key(|row| row["key"].as_str().unwrap().to_owned());
    }
    let throttled = stub.state.lock().unwrap().turned_away;
    Read {
        rows,
        gaps,
        exchanges: capture.with_held(|held| held.iter().map(|held| held.exchange.clone()).collect()),
        throttled,
        took: time.monotonic() - began,
    }
}

#[tokio::test]
async fn a_large_account_at_awss_rates_gives_the_same_records_as_one_without_limits() {
    let free = read(LARGE, Bears::All, Attempts::default(), Some("http://127.0.0.1:1")).await;
    assert!(free.gaps.is_empty());
    let count = |table: &str| free.rows[table].len();
    assert_eq!((count("acm_certificate"), count("elbv2_target_health")), (900, 1200));
    assert_eq!((count("apigateway_stage"), count("dynamodb_table_tags")), (600, 450));
    assert_eq!(
        (count("sso_permission_set_detail"), count("sso_account_assignment")),
        (450, 450)
    );
    // On AWS, where the rates are known from the start, and at an endpoint of which nothing is known.
    for (sources, endpoint) in [
        (LARGE, None),
        (&["acm.certificates", "sso-admin.instances"], Some("http://127.0.0.1:1")),
    ] {
        let limited = read(sources, Bears::Documented, Attempts::default(), endpoint).await;
        assert_eq!(limited.gaps, [], "{endpoint:?}");
        for (table, rows) in &limited.rows {
            assert!(*rows == free.rows[table], "{table} at {endpoint:?}");
        }
        // Each one turned away is an exchange that is kept.
        assert!(limited.throttled < 150, "{} at {endpoint:?}", limited.throttled);
        assert!(limited.exchanges.len() > limited.throttled + 1500);
    }
}

#[tokio::test]
async fn throttling_that_has_nothing_to_do_with_the_rate_leaves_no_gap() {
    let free = read(&LARGE[..1], Bears::All, Attempts::default(), Some("http://127.0.0.1:1")).await;
    for bears in [Bears::AllBut(4), Bears::AfterTurningAway(300)] {
        let read = read(&LARGE[..1], bears, Attempts::default(), Some("http://127.0.0.1:1")).await;
        assert_eq!(read.gaps, [], "{bears:?}");
        assert!(read.throttled >= 200, "more than the SDK's quota of retries");
        assert!(read.rows == free.rows, "{bears:?}");
    }
}

#[tokio::test]
async fn what_is_throttled_for_ever_becomes_a_gap_in_the_end() {
    let forever = |attempts| read(&LARGE[..1], Bears::Nothing, attempts, None);
    let read = forever(Attempts::default()).await;
    assert_eq!(read.gaps.len(), 1);
    assert_eq!(read.gaps[0].code, ReasonCode::Throttled);
    assert!(read.took >= PATIENCE, "{:?}", read.took);
    assert!(read.exchanges.len() < 80, "{}", read.exchanges.len());
    // Who chose a number of attempts gets it.
    for n in [1, 4] {
        let read = forever(Attempts { chosen: Some(n) }).await;
        assert_eq!((read.gaps.len(), read.exchanges.len()), (1, n as usize));
    }
}

#[tokio::test]
async fn a_service_that_a_region_does_not_offer_is_asked_once() {
    let sources = &["acm.certificates", "sso-admin.instances"];
    let read_at = |bears| read(sources, bears, Attempts::default(), None);
    let absent = read_at(Bears::NoHostOf("sso-admin")).await;
    let gaps: Vec<_> = absent
        .gaps
        .iter()
        .map(|gap| (gap.operation.as_str(), gap.code))
        .collect();
    assert_eq!(gaps, [("sso-admin:ListInstances", ReasonCode::NotOffered)]);
    assert!(
        absent.gaps[0].message.starts_with("not offered in us-east-1: "),
        "{}",
        absent.gaps[0].message
    );
    let asked = absent
        .exchanges
        .iter()
        .filter(|exchange| exchange.service == "sso-admin")
        .count();
    assert_eq!(asked, 1);
    assert_eq!(absent.rows["acm_certificate"].len(), 900);
    // A resolver that finds nothing says nothing of the region.
    let dark = read_at(Bears::NoHosts).await;
    assert_eq!(dark.gaps.len(), 2);
    assert!(
        dark.gaps.iter().all(|gap| gap.code == ReasonCode::RegionUnreachable),
        "{:?}",
        dark.gaps
    );
    assert_eq!(dark.exchanges.len(), 10, "five attempts each");
}

/// What was kept when the history was said to have been read so far.
#[derive(Default)]
struct Kept(Mutex<(usize, Vec<(usize, HistoryReached)>)>);

impl Keep for Kept {
    fn row(&self, table: &str, _: &Row) -> bool {
        assert_eq!(table, "cloudtrail_event");
        self.0.lock().unwrap().0 += 1;
        true
    }

    fn history(&self, reached: &HistoryReached) {
        let mut kept = self.0.lock().unwrap();
        let rows = kept.0;
        kept.1.push((rows, reached.clone()));
    }
}

#[tokio::test]
async fn the_event_history_is_kept_page_by_page_and_names_the_days_that_it_lacks() {
    let (session, _, _) = session(Bears::All, Attempts::default(), Some("http://127.0.0.1:1"));
    let (regions, kept) = ([REGION.to_owned()], Kept::default());
    let end: Timestamp = "2025-06-30T12:00:00Z".parse().unwrap();
    let window = EventWindow::of(end, 90);
    let context = Context::new(&session, ACCOUNT, REGION, REGION, &regions)
        .looking_back(window)
        .keeping(Some(&kept));
    (crate::sources::EVENTS.collect)(&context).await;
    let batch = context.into_batch();
    assert!(!batch.tables.contains_key("cloudtrail_event"), "no row waits in memory");
    assert_eq!(batch.tables["cloudtrail_event_window"][0]["complete"], false);
    assert_eq!(batch.gaps.len(), 1);
    let days = format!("no more; events from {} to 2025-04-12 were not read", window.from.day());
    assert_eq!(batch.gaps[0].message, days);
    let kept = kept.0.into_inner().unwrap();
    assert_eq!(kept.0, 80);
    let told: Vec<_> = kept
        .1
        .iter()
        .map(|(rows, reached)| (reached.list, reached.pages, *rows))
        .collect();
    let pages = (1..=8).map(|page| (0, page, page as usize * 10));
    assert_eq!(told, pages.chain([(1, 1, 80), (2, 1, 80)]).collect::<Vec<_>>());
    // A page holds ten days: of a history as dense as SSM agents make it, the rest is foretold.
    let mut dense = kept.1[0].1.clone();
    dense.pages = 5200;
    assert!((350..400).contains(&dense.minutes_left()), "{}", dense.minutes_left());
}
