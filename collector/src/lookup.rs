//! CloudTrail's event history, asked for what one caller did: for a reconciliation, not as
//! evidence. Nothing is stored here.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use evidence::clock::Timestamp;
use evidence::reconcile::Event;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use serde_json::Value;

use crate::environment;
use crate::repeat::{Reach, open};
use crate::run::CollectError;
use crate::session::Session;
use crate::source::{Pages, pages, token};
use crate::transport::live::{Capture, Held};

/// The app id and the session name of the calls.
const NAME: &str = "exhibit-reconcile";
/// Places asked at a time; the transport spaces the requests of each.
const PLACES: usize = 32;

/// By what AWS finds events; it takes one at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The name of a role session or a user.
    Username(String),
    /// An access key id.
    AccessKeyId(String),
    /// What was called upon: the ARN of a role, for who assumed it.
    ResourceName(String),
}

impl By {
    /// What is looked for.
    pub fn value(&self) -> &str {
        match self {
            Self::Username(value) | Self::AccessKeyId(value) | Self::ResourceName(value) => value,
        }
    }
}

/// A lookup in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lookup {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// By what.
    pub by: By,
    /// From when on.
    pub from: Timestamp,
    /// Up to when.
    pub to: Timestamp,
}

/// What a lookup gave.
#[derive(Clone, Debug)]
pub struct Found {
    /// The lookup.
    pub lookup: Lookup,
    /// The events.
    pub events: Vec<Event>,
    /// Why it is not complete.
    pub refused: Option<String>,
}

/// Lookups in progress: accounts are opened once.
pub struct Lookups {
    sessions: BTreeMap<String, Result<Session, String>>,
    capture: Arc<Capture>,
}

impl Lookups {
    /// Opens the accounts. One whose credentials cannot be had is refused at each lookup.
    pub async fn open(accounts: &[String], reach: &Reach) -> Result<Self, CollectError> {
        let loaded = environment::load(reach.targets.iter().filter_map(|target| target.role_arn.as_deref())).await?;
        let capture = Capture::in_memory(reach.clock.clone(), reach.timeout, Arc::new(crate::progress::Silent));
        let base = environment::capturing(&loaded, NAME, &capture);
        let mut sessions = BTreeMap::new();
        for account in accounts {
            let opened = open(&base, &reach.targets, account).await;
            let session = opened.map(|(config, _)| Session::live(config, Some(account.clone())));
            sessions.insert(account.clone(), session);
        }
        Ok(Self { sessions, capture })
    }

    /// Looks everything up; the answers are in the order of the lookups.
    pub async fn find(&self, lookups: Vec<Lookup>) -> Vec<Found> {
        stream::iter(lookups)
            .map(|lookup| async {
                let again = lookup.clone();
                // A breakdown is one lookup's, too.
                let found = AssertUnwindSafe(self.one(lookup)).catch_unwind().await;
                found.unwrap_or_else(|_| Found {
                    lookup: again,
                    events: Vec::new(),
                    refused: Some("exhibit broke down while it read the answer: please report it".to_owned()),
                })
            })
            .buffered(PLACES)
            .collect()
            .await
    }

    /// Request ids of all calls that were made for it.
    pub fn request_ids(&self) -> Vec<String> {
        let id = |held: &Held| held.exchange.request_id.clone();
        let mut ids: Vec<String> = self.capture.with_held(|held| held.iter().filter_map(id).collect());
        ids.sort();
        ids.dedup();
        ids
    }

    async fn one(&self, lookup: Lookup) -> Found {
        let refused = |lookup: Lookup, why: String| Found {
            lookup,
            events: Vec::new(),
            refused: Some(why),
        };
        let session = match self.sessions.get(&lookup.account) {
            Some(Ok(session)) => session,
            Some(Err(why)) => return refused(lookup, why.clone()),
            None => return refused(lookup, "there are no credentials for the account".to_owned()),
        };
        let key = match &lookup.by {
            By::Username(_) => LookupAttributeKey::Username,
            By::AccessKeyId(_) => LookupAttributeKey::AccessKeyId,
            By::ResourceName(_) => LookupAttributeKey::ResourceName,
        };
        let attribute = LookupAttribute::builder()
            .attribute_key(key)
            .attribute_value(lookup.by.value())
            .build();
        let attribute = match attribute {
            Ok(attribute) => attribute,
            Err(e) => return refused(lookup, e.to_string()),
        };
        let moment = |at: Timestamp| aws_smithy_types::DateTime::from_secs(at.unix());
        let cloudtrail = session.cloudtrail(&lookup.region);
        let list: Pages<_> = pages(
            |next| {
                cloudtrail
                    .lookup_events()
                    .lookup_attributes(attribute.clone())
                    .start_time(moment(lookup.from))
                    .end_time(moment(lookup.to))
                    .max_results(50)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
        let mut events = Vec::new();
        let mut why = list.failure.map(|failure| failure.of_call("cloudtrail:LookupEvents"));
        for event in list.pages.iter().flat_map(|page| page.output.events()) {
            let document = event.cloud_trail_event().unwrap_or_default();
            let read = serde_json::from_str::<Value>(document)
                .map_err(|e| e.to_string())
                .and_then(|event| Event::read(&event));
            match read {
                Ok(event) => events.push(event),
                Err(e) => {
                    let id = event.event_id().unwrap_or("without an id");
                    why.get_or_insert(format!("the event {id} cannot be read: {e}"));
                }
            }
        }
        Found {
            lookup,
            events,
            refused: why,
        }
    }
}
