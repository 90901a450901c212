//! Something is listed, and is gone when it is asked about: for each operation that asks about one thing, in the recorded
//! account that has something of everything. The thing is then no member any more, and the others decide.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use collector::{Held, SOURCES};
use controls::catalogue::Catalogue;
use controls::evaluate::evaluate;
use controls::result::{ControlResult, ControlVerdict, ResourceVerdict};
use controls::settings::Settings;
use evidence::gap::{Gap, ReasonCode};
use evidence::locker::Locker;
use evidence::snapshot::Snapshot;

use crate::config::Config;

/// The futures of a build without optimisation are large.
const STACK: usize = 64 << 20;

/// What a service answers where `ResourceNotFoundException` is not its word.
const ANSWERS: &[(&str, &str)] = &[
    ("apigateway", "NotFoundException"),
    ("cloudtrail", "TrailNotFoundException"),
    ("cloudformation", "ValidationError"),
    ("codedeploy", "DeploymentDoesNotExistException"),
    ("codepipeline", "PipelineNotFoundException"),
    ("ec2", "InvalidSnapshot.NotFound"),
    ("efs", "FileSystemNotFound"),
    ("elasticache", "ReplicationGroupNotFoundFault"),
    ("elbv2", "TargetGroupNotFound"),
    ("iam", "NoSuchEntity"),
    ("kms", "NotFoundException"),
    ("organizations", "TargetNotFoundException"),
    ("rds", "DBSnapshotNotFound"),
    ("s3", "NoSuchBucket"),
    ("s3control", "NoSuchAccessPoint"),
    ("storagegateway", "InvalidGatewayRequestException"),
    ("wafv2", "WAFNonexistentItemException"),
];

/// Where it is an answer (no login profile, a topic of an alarm that does not exist, no web ACL), or about no thing of the
/// account's (a check of AWS's).
const AN_ANSWER: &[&str] = &[
    "iam:GetLoginProfile",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "support:DescribeTrustedAdvisorCheckResult",
    "wafv2:GetWebACL",
];

struct Walk {
    catalogue: Catalogue,
    settings: Settings,
    snapshot: Snapshot,
    zip: Vec<u8>,
    before: std::collections::BTreeMap<String, ControlResult>,
}

impl Walk {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/everything");
        let config = Config::read(&folder.join("exhibit.toml"), true).unwrap();
        let catalogue = config.catalogue().unwrap();
        let locker = Locker::open(&folder.join("locker")).unwrap();
        let entry = locker.snapshots().unwrap().pop().unwrap();
        let snapshot = locker.load(&entry.run).unwrap();
        let before = evaluate(&catalogue, &config.settings, &snapshot).unwrap();
        Self {
            zip: locker.snapshot_bytes(&entry).unwrap(),
            catalogue,
            settings: config.settings,
            snapshot,
            before: before.results.controls,
        }
    }

    /// The snapshot as it were, had AWS answered one call of the operation that the thing is not there; and the gap that
    /// says so. The number of the call is chosen so that each source is met at its first thing.
    async fn gone(&self, operation: &str) -> Option<(Snapshot, Gap)> {
        let (service, _) = operation.split_once(':').unwrap();
        let code = ANSWERS
            .iter()
            .find(|(name, _)| *name == service)
            .map_or("ResourceNotFoundException", |(_, code)| code);
        let sources: Vec<_> = SOURCES.iter().filter(|s| s.operations.contains(&operation)).collect();
        let made: BTreeSet<&str> = sources.iter().flat_map(|s| s.operations).copied().collect();
        let mut snapshot = self.snapshot.clone();
        snapshot.meta.sources = sources.iter().map(|s| s.id.to_owned()).collect();
        let exchange = snapshot.exchanges.iter().find(|e| e.call() == operation)?;
        let number = exchange.i;
        let mut exchange = exchange.clone();
        exchange.status = Some(404);
        exchange.headers = [("x-amzn-errortype".to_owned(), code.to_owned())].into();
        let message = format!("It does not exist: {code} was not found");
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        let body = match service {
            "ec2" => format!("<Response><Errors>{error}</Errors></Response>"),
            "s3" => error,
            "s3control" | "cloudformation" | "elasticache" | "elbv2" | "iam" | "rds" | "sns" => {
                format!("<ErrorResponse>{error}</ErrorResponse>")
            }
            _ => format!("{{\"__type\": \"{code}\", \"message\": \"{message}\"}}"),
        };
        let held = Held {
            exchange,
            body: Some(body.into_bytes()),
        };
        let derived = collector::replay_with(&snapshot, self.zip.clone(), (number, held))
            .await
            .unwrap();
        for table in sources.iter().flat_map(|s| s.tables) {
            snapshot.tables.remove(*table);
            if let Some(rows) = derived.tables.get(*table) {
                snapshot.tables.insert((*table).to_owned(), rows.clone());
            }
        }
        snapshot.gaps.retain(|gap| !made.contains(gap.operation.as_str()));
        snapshot.gaps.extend(derived.gaps);
        snapshot.gaps.sort();
        let gap = snapshot.gaps.iter().find(|gap| gap.exchange == Some(number)).cloned()?;
        Some((snapshot, gap))
    }
}

/// What is not as it should be when the first thing that the operation asks about is gone.
fn surprises(walk: &Walk, operation: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let Some((snapshot, gap)) = runtime.block_on(walk.gone(operation)) else {
        return Vec::new();
    };
    let Some(resource) = &gap.resource else {
        return Vec::new(); // A list: nothing that was listed before.
    };
    if gap.code != ReasonCode::Gone {
        return vec![format!(
            "{operation}: {resource} is gone, and the gap says {}: {}",
            gap.code, gap.message
        )];
    }
    let after = evaluate(&walk.catalogue, &walk.settings, &snapshot).unwrap();
    let mut wrong = Vec::new();
    for control in walk.catalogue.controls() {
        let id = &control.page.id;
        let (was, is) = (&walk.before[id], &after.results.controls[id]);
        let needs = control.needed(&is.parameters).iter().any(|o| o == operation);
        for row in is.resources.iter().filter(|row| needs && row.resource == *resource) {
            let told = row
                .reason
                .contains(&format!("{operation} (exchange {})", gap.exchange.unwrap()));
            if row.verdict != ResourceVerdict::Na || !told || gap.exchange == row.source.as_ref().map(|s| s.exchange) {
                wrong.push(format!(
                    "{operation}: {id}: {resource} is {:?}: {}",
                    row.verdict, row.reason
                ));
            }
        }
        // What was unknown before, and what rests on another control's verdict, may stay alone.
        let whole = was.verdict != ControlVerdict::NotTested && !was.incomplete && control.page.after.is_empty();
        if whole && is.verdict == ControlVerdict::NotTested {
            wrong.push(format!(
                "{operation}: {id} was {} and is not tested, {resource} being gone: {}",
                was.verdict, is.reason
            ));
        }
    }
    wrong
}

#[test]
fn what_was_deleted_meanwhile_is_no_member_and_the_others_decide() {
    let walk = Walk::new();
    let words = std::env::var("GONE").unwrap_or_default();
    let mut all = collector::operations::all();
    all.retain(|o| {
        !AN_ANSWER.contains(&o.as_str()) && (words.is_empty() || words.split(',').any(|word| o.contains(word)))
    });
    let (left, wrong) = (Mutex::new(all), Mutex::new(Vec::new()));
    let work = || {
        let take = || left.lock().unwrap().pop();
        while let Some(operation) = take() {
            let found = surprises(&walk, &operation);
            wrong.lock().unwrap().extend(found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} surprises\n{}", wrong.len(), wrong.join("\n"));
}
