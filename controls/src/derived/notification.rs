//! Whether the message of an alarm or of a rule gets to what it notifies, and from there to anybody.
//!
//! A topic takes messages from CloudWatch or EventBridge only if it exists, if its policy admits the service, and, where it is
//! encrypted, if the policy of a customer's key lets the service use it: AWS's own key, `alias/aws/sns`, does not
//! ([CloudWatch](https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns),
//! [EventBridge](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html),
//! [keys of topics](https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html)).

use std::collections::BTreeMap;

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;

use super::gaps::Gaps;
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, text};

mod admission;
mod key;
mod topic;

use topic::Topics;

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("notifier", "ARN of the alarm or rule."),
    text("notifier_name", "Its name."),
    text("kind", "`alarm`, `composite` or `rule`."),
    text("action", "ARN of what it notifies."),
    boolean("present", "That exists; null if not known."),
    boolean("publishes", "Its messages are taken there; null if not known."),
    text(
        "publish_fault",
        "Why they are not, or why that is not known; null where they are.",
    ),
    integer(
        "confirmed",
        "Of a topic: confirmed subscriptions of a protocol by which somebody hears of it, or something acts; null if they could not be read.",
    ),
    boolean(
        "reaches",
        "Its messages come to somebody, or to something that acts; null if not known.",
    ),
    text(
        "fault",
        "Why they do not, or why that is not known; null where they do.",
    ),
];

pub(super) const NOTIFICATION: DerivedTable = DerivedTable {
    name: "notification",
    doc: "An alarm or a rule with an event pattern, and one thing that it notifies.",
    columns: COLUMNS,
    from: &[
        "cloudwatch_alarm",
        "cloudwatch_composite_alarm",
        "events_rule",
        "events_target",
        "kms_alias",
        "kms_key",
        "kms_key_policy",
        "sns_subscription",
        "sns_topic",
    ],
};

/// The service that sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    CloudWatch,
    EventBridge,
}

impl Service {
    fn principal(self) -> &'static str {
        match self {
            Self::CloudWatch => "cloudwatch.amazonaws.com",
            Self::EventBridge => "events.amazonaws.com",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CloudWatch => "CloudWatch",
            Self::EventBridge => "EventBridge",
        }
    }
}

/// Who sends a message.
#[derive(Clone, Copy)]
struct Notifier<'a> {
    row: &'a Row,
    arn: &'a str,
    kind: &'static str,
    service: Service,
    /// The role with which a rule sends to its target, in place of the service's own rights.
    role: Option<&'a str>,
}

/// Something that must hold, and what to say where it does not, or where that is not known.
type Finding = Result<(), Fault>;

/// Why something does not hold; `certain` if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    certain: bool,
    said: String,
}

impl Fault {
    fn no(said: impl Into<String>) -> Self {
        Self {
            certain: true,
            said: said.into(),
        }
    }

    fn open(said: impl Into<String>) -> Self {
        Self {
            certain: false,
            said: said.into(),
        }
    }
}

/// What holds of all: what certainly fails comes before what is not known.
fn all(findings: &[&Finding]) -> Finding {
    let faults = || findings.iter().filter_map(|finding| finding.as_ref().err());
    let first = faults().find(|fault| fault.certain).or_else(|| faults().next());
    first.map_or(Ok(()), |fault| Err(fault.clone()))
}

fn flag(finding: &Finding) -> Option<bool> {
    match finding {
        Ok(()) => Some(true),
        Err(fault) => fault.certain.then_some(false),
    }
}

fn said(finding: &Finding) -> Option<String> {
    finding.as_ref().err().map(|fault| fault.said.clone())
}

pub(super) fn notifications(snapshot: &Snapshot) -> Vec<Cells> {
    let topics = Topics::of(snapshot);
    let mut rows = Vec::new();
    for (table, kind) in [
        ("cloudwatch_alarm", "alarm"),
        ("cloudwatch_composite_alarm", "composite"),
    ] {
        for row in snapshot.rows(table) {
            let notifier = Notifier {
                row,
                arn: row.text("arn").unwrap_or_default(),
                kind,
                service: Service::CloudWatch,
                role: None,
            };
            rows.extend(
                row.texts("alarm_actions")
                    .into_iter()
                    .map(|action| cells(&topics, notifier, action)),
            );
        }
    }
    let rules: BTreeMap<_, _> = snapshot
        .rows("events_rule")
        .iter()
        .filter(|rule| rule.text("event_pattern").is_some())
        .filter_map(|rule| Some(((rule.account(), rule.text("arn")?), rule)))
        .collect();
    for target in snapshot.rows("events_target") {
        let (Some(arn), Some(action)) = (target.text("rule_arn"), target.text("arn")) else {
            continue;
        };
        let Some(rule) = rules.get(&(target.account(), arn)) else {
            continue;
        };
        let notifier = Notifier {
            row: rule,
            arn,
            kind: "rule",
            service: Service::EventBridge,
            role: target.text("role_arn"),
        };
        rows.push(cells(&topics, notifier, action));
    }
    rows
}

/// What becomes of a message.
struct Fate {
    present: Option<bool>,
    publishes: Finding,
    confirmed: Option<i64>,
    heard: Finding,
}

fn cells(topics: &Topics<'_>, notifier: Notifier<'_>, action: &str) -> Cells {
    let fate = if service_of(action) == "sns" {
        topics.fate(notifier, action)
    } else {
        Fate {
            present: None,
            publishes: Ok(()),
            confirmed: None,
            heard: acts(notifier.row.account(), action),
        }
    };
    let Notifier { row, arn, kind, .. } = notifier;
    let reaches = all(&[&fate.publishes, &fate.heard]);
    let mut cells = row.envelope(format!("{arn} {action}"));
    cells.extend([
        arn.to_owned().into(),
        row.text("name").map(str::to_owned).into(),
        kind.to_owned().into(),
        action.to_owned().into(),
        fate.present.into(),
        flag(&fate.publishes).into(),
        said(&fate.publishes).into(),
        fate.confirmed.into(),
        flag(&reaches).into(),
        said(&reaches).into(),
    ]);
    cells
}

/// The service in an ARN.
fn service_of(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

/// Does something that is no topic tell people, or act?
fn acts(account: &str, action: &str) -> Finding {
    let owner = action.split(':').nth(4);
    let what = action.splitn(6, ':').nth(5).unwrap_or_default();
    match service_of(action) {
        "lambda" | "sqs" | "states" | "chatbot" | "ssm" | "ssm-incidents" | "ssm-contacts" => Ok(()),
        "events" if what.starts_with("api-destination/") => Ok(()),
        "events" if what.starts_with("event-bus/") && owner != Some(account) => Ok(()),
        service => Err(Fault::no(format!("it goes to {service}, which tells nobody"))),
    }
}
