//! Keys of topics: may the service that sends a message use them?

use evidence::clock::Timestamp;

use super::admission::admits;
use super::topic::{name, owner};
use super::*;

/// What a snapshot knows of keys.
pub(super) struct Keys<'a> {
    /// By ARN.
    keys: BTreeMap<&'a str, &'a Row>,
    /// ARN of the key, by account, region and alias or id.
    named: BTreeMap<(&'a str, &'a str, &'a str), &'a str>,
    policies: BTreeMap<&'a str, &'a Row>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let (mut keys, mut named) = (BTreeMap::new(), BTreeMap::new());
        for row in snapshot.rows("kms_key") {
            let (Some(arn), Some(id)) = (row.text("arn"), row.text("id")) else {
                continue;
            };
            keys.insert(arn, row);
            named.insert((row.account(), row.region(), id), arn);
        }
        for row in snapshot.rows("kms_alias") {
            let place = (row.account(), row.region());
            let key = row
                .text("key_id")
                .and_then(|id| named.get(&(place.0, place.1, id)).copied());
            if let (Some(alias), Some(key)) = (row.text("name"), key) {
                named.insert((place.0, place.1, alias), key);
            }
        }
        let policies = snapshot.rows("kms_key_policy").iter();
        Self {
            keys,
            named,
            policies: policies.filter_map(|row| Some((row.text("key_arn")?, row))).collect(),
        }
    }

    /// May the service encrypt a message to the topic?
    pub(super) fn usable(&self, notifier: Notifier<'_>, topic: &Row, arn: &str, at: Timestamp) -> Finding {
        let (name, service) = (name(arn), notifier.service.name());
        let Some(id) = topic.text("kms_key_id").filter(|id| !id.is_empty()) else {
            return Ok(());
        };
        let own = || {
            Err(Fault::no(format!(
                "the topic {name} is encrypted with a key of AWS's own, alias/aws/sns, which {service} may not use"
            )))
        };
        if id.ends_with("alias/aws/sns") {
            return own();
        }
        let Some(key) = self.find(id, arn) else {
            return Err(Fault::open(format!(
                "the key {id} of the topic {name} could not be read"
            )));
        };
        if key.text("manager") == Some("AWS") {
            return own();
        }
        match key.text("state") {
            Some("Enabled") => {}
            Some(state) => {
                return Err(Fault::no(format!(
                    "the key {id} of the topic {name} cannot be used: {state}"
                )));
            }
            None => {
                return Err(Fault::open(format!(
                    "the key {id} of the topic {name} could not be described"
                )));
            }
        }
        let key_arn = key.text("arn").unwrap_or_default();
        let policy = self.policies.get(key_arn).and_then(|policy| policy.text("document"));
        let uses = ["kms:GenerateDataKey", "kms:Decrypt"];
        match policy.and_then(|policy| admits(policy, notifier, &uses, key_arn, at)) {
            Some(true) => Ok(()),
            Some(false) => Err(Fault::no(format!(
                "the policy of the key {id} of the topic {name} does not let {service} use it"
            ))),
            None => Err(Fault::open(format!(
                "whether the policy of the key {id} of the topic {name} lets {service} use it is not known"
            ))),
        }
    }

    /// A key as a topic names it: by ARN, id, alias or the ARN of an alias. All but ARNs are of the topic's account and region.
    fn find(&self, id: &str, topic: &str) -> Option<&'a Row> {
        let arn = if id.starts_with("arn:") && !id.contains(":alias/") {
            id
        } else {
            let (place, alias) = match id.split_once(":alias/") {
                Some(_) => (id, &id[id.find("alias/")?..]),
                None => (topic, id),
            };
            let region = place.split(':').nth(3)?;
            self.named.get(&(owner(place), region, alias)).copied()?
        };
        self.keys.get(arn).copied()
    }
}
