//! Topics: who may publish to them, and who hears.

use evidence::clock::Timestamp;

use super::admission::admits;
use super::key::Keys;
use super::*;

/// Protocols of subscriptions by which a person or a program gets a message, as alarm-recipients-confirmed has them by default.
const PROTOCOLS: [&str; 6] = ["email", "email-json", "sms", "https", "lambda", "sqs"];

/// What a snapshot knows of topics.
pub(super) struct Topics<'a> {
    /// By account and region that asked, and ARN.
    asked: BTreeMap<(&'a str, &'a str, &'a str), &'a Row>,
    /// By ARN: as an account sees it that could read it, its owner if that did.
    readable: BTreeMap<&'a str, &'a Row>,
    subscriptions: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a Row>>,
    unlisted: Gaps<'a>,
    keys: Keys<'a>,
    /// When it was looked.
    at: Timestamp,
}

impl<'a> Topics<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let (mut asked, mut readable) = (BTreeMap::new(), BTreeMap::<_, &Row>::new());
        for row in snapshot.rows("sns_topic") {
            let Some(arn) = row.text("arn") else { continue };
            asked.insert((row.account(), row.region(), arn), row);
            if row.flag("present") == Some(true) && readable.get(arn).is_none_or(|known| known.account() != owner(arn))
            {
                readable.insert(arn, row);
            }
        }
        let mut subscriptions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in snapshot.rows("sns_subscription") {
            if let Some(arn) = row.text("topic_arn") {
                subscriptions
                    .entry((row.account(), row.region(), arn))
                    .or_default()
                    .push(row);
            }
        }
        Self {
            asked,
            readable,
            subscriptions,
            unlisted: Gaps::of(snapshot, "sns:ListSubscriptionsByTopic"),
            keys: Keys::of(snapshot),
            at: snapshot.meta.opened_at,
        }
    }

    pub(super) fn fate(&self, notifier: Notifier<'_>, arn: &str) -> Fate {
        let row = notifier.row;
        let seen = self.asked.get(&(row.account(), row.region(), arn)).copied();
        let readable = seen.filter(|topic| topic.flag("present") == Some(true));
        let Some(topic) = readable.or_else(|| self.readable.get(arn).copied()) else {
            return missing(row, seen, arn);
        };
        let (confirmed, heard) = self.heard(topic, arn);
        let publishes = all(&[
            &fifo(notifier, arn),
            &admitted(notifier, topic, arn, self.at),
            &self.keys.usable(notifier, topic, arn, self.at),
        ]);
        Fate {
            present: Some(true),
            publishes,
            confirmed,
            heard,
        }
    }

    /// Confirmed subscriptions of the topic, as the account sees them that could read it.
    fn heard(&self, topic: &Row, arn: &str) -> (Option<i64>, Finding) {
        let name = name(arn);
        let (account, region) = (topic.account(), topic.region());
        let listed = self
            .subscriptions
            .get(&(account, region, arn))
            .map_or(&[][..], Vec::as_slice);
        let counts = |row: &&&Row| {
            row.text("subscription_arn").is_some_and(|arn| arn.starts_with("arn:"))
                && row
                    .text("protocol")
                    .is_some_and(|protocol| PROTOCOLS.contains(&protocol))
        };
        let confirmed = listed.iter().filter(counts).count();
        if confirmed > 0 {
            (i64::try_from(confirmed).ok(), Ok(()))
        } else if self.unlisted.cover(account, region, arn) {
            (
                None,
                Err(Fault::open(format!(
                    "the subscriptions of the topic {name} could not be read"
                ))),
            )
        } else {
            (
                Some(0),
                Err(Fault::no(format!(
                    "nobody has a confirmed subscription to the topic {name}"
                ))),
            )
        }
    }
}

/// A topic that was not read: it is not there, or nobody knows.
fn missing(row: &Row, seen: Option<&Row>, arn: &str) -> Fate {
    let name = name(arn);
    // What another region has, this one's answer does not tell.
    let here = arn.split(':').nth(3) == Some(row.region());
    let fault = if seen.is_some() && here {
        Fault::no(format!("the topic {name} does not exist"))
    } else if owner(arn) != row.account() {
        Fault::open(format!(
            "the topic {name} of the account {} could not be read",
            owner(arn)
        ))
    } else {
        Fault::open(format!("the topic {name} could not be read"))
    };
    Fate {
        present: fault.certain.then_some(false),
        publishes: Err(fault.clone()),
        confirmed: None,
        heard: Err(fault),
    }
}

/// A message to a topic that keeps the order needs a group, which alarms and rules do not name. EventBridge says that it
/// does not support them: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>.
fn fifo(notifier: Notifier<'_>, arn: &str) -> Finding {
    let name = name(arn);
    match notifier.service {
        _ if !arn.ends_with(".fifo") => Ok(()),
        Service::EventBridge => Err(Fault::no(format!(
            "{name} is a FIFO topic, to which EventBridge does not publish"
        ))),
        Service::CloudWatch => Err(Fault::open(format!(
            "{name} is a FIFO topic, and whether CloudWatch publishes to it is not documented"
        ))),
    }
}

fn admitted(notifier: Notifier<'_>, topic: &Row, arn: &str, at: Timestamp) -> Finding {
    let (name, service) = (name(arn), notifier.service.name());
    if let Some(role) = notifier.role {
        return Err(Fault::open(format!(
            "the rule publishes to the topic {name} with the role {role}, whose rights are not judged"
        )));
    }
    let policy = topic.text("policy");
    match policy.and_then(|policy| admits(policy, notifier, &["sns:Publish"], arn, at)) {
        Some(true) => Ok(()),
        Some(false) => Err(Fault::no(format!(
            "the policy of the topic {name} does not let {service} publish to it"
        ))),
        None => Err(Fault::open(format!(
            "whether the policy of the topic {name} lets {service} publish to it is not known"
        ))),
    }
}

/// The last part of a topic's ARN.
pub(super) fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The account in an ARN.
pub(super) fn owner(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
