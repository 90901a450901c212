//! Something is listed, and is gone when it is asked about: for each operation that asks about one thing, in the recorded
//! account that has something of everything. The thing is then no member any more, and the others decide.

use collector::Held;
use controls::evaluate::evaluate;
use controls::result::{ControlVerdict, ResourceVerdict};
use evidence::gap::{Gap, ReasonCode};
use evidence::snapshot::Snapshot;

use crate::everything::{Everything, put, sources_of, walk};

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

impl Everything {
    /// The snapshot as it were, had AWS answered one call of the operation that the thing is not there; and the gap that
    /// says so. The number of the call is chosen so that each source is met at its first thing.
    async fn gone(&self, operation: &str) -> Option<(Snapshot, Gap)> {
        let (service, _) = operation.split_once(':').unwrap();
        let code = ANSWERS
            .iter()
            .find(|(name, _)| *name == service)
            .map_or("ResourceNotFoundException", |(_, code)| code);
        let sources = sources_of(operation);
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
        put(&mut snapshot, &sources, derived);
        let gap = snapshot.gaps.iter().find(|gap| gap.exchange == Some(number)).cloned()?;
        Some((snapshot, gap))
    }
}

/// What is not as it should be when the first thing that the operation asks about is gone.
fn surprises(everything: &Everything, operation: &str) -> Vec<String> {
    let runtime = collector::Runtime::new().unwrap();
    let Some((snapshot, gap)) = runtime.block_on(everything.gone(operation)).unwrap() else {
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
    let after = evaluate(&everything.catalogue, &everything.settings, &snapshot).unwrap();
    let mut wrong = Vec::new();
    for control in everything.catalogue.controls() {
        let id = &control.page.id;
        let (was, is) = (&everything.before[id], &after.results.controls[id]);
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
    let everything = Everything::read();
    let words = std::env::var("GONE").unwrap_or_default();
    let mut all = collector::operations::all();
    all.retain(|o| {
        !AN_ANSWER.contains(&o.as_str()) && (words.is_empty() || words.split(',').any(|word| o.contains(word)))
    });
    let wrong = walk(all, |operation| surprises(&everything, operation));
    assert!(wrong.is_empty(), "{} surprises\n{}", wrong.len(), wrong.join("\n"));
}
