//! CloudTrail's event history, asked by LookupEvents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use collector::lookup::{By, Found as Answer, Lookup, Lookups};
use collector::repeat::Reach;
use evidence::clock::SystemClock;
use evidence::reconcile::{Event, EventSource, LookedUp};

use super::scope::{Caller, Found, Scope};
use crate::config::Config;
use crate::exit::Stop;

/// Asks for the callers' events in every region, then for those of other sessions of their roles.
pub fn ask(scope: &Scope, config: &Config) -> Result<Found, Stop> {
    let runtime = collector::Runtime::new()?;
    let reach = Reach {
        targets: config.targets.clone(),
        timeout: Duration::from_secs(30),
        clock: Arc::new(SystemClock::default()),
    };
    runtime.block_on(find(scope, config, &reach))?
}

async fn find(scope: &Scope, config: &Config, reach: &Reach) -> Result<Found, Stop> {
    let accounts: Vec<String> = scope.callers.keys().cloned().collect();
    let lookups = Lookups::open(&accounts, reach).await?;
    let mut asked: BTreeSet<(String, By)> = scope
        .callers
        .iter()
        .flat_map(|(account, caller)| names(caller).into_iter().map(|by| (account.clone(), by)))
        .collect();
    let mut answers = lookups.find(places(scope, &asked)).await;
    let roles = roles(scope, config, &answers);
    // Who assumed these roles? A session that no run of this locker has is looked up too.
    let assumed: BTreeSet<(String, By)> = roles
        .iter()
        .flat_map(|(account, roles)| {
            roles
                .iter()
                .map(|role| (account.clone(), By::ResourceName(role.clone())))
        })
        .collect();
    let who = lookups.find(places(scope, &assumed)).await;
    let sessions: BTreeSet<(String, By)> = who
        .iter()
        .flat_map(|answer| {
            let names = answer.events.iter().filter_map(|event| event.assumed_session.clone());
            names.map(|name| (answer.lookup.account.clone(), By::Username(name)))
        })
        .filter(|session| !asked.contains(session))
        .collect();
    answers.extend(lookups.find(places(scope, &sessions)).await);
    asked.extend(sessions);
    let mut looked_up = Vec::new();
    let mut refused = BTreeMap::new();
    for answer in answers.iter().chain(&who) {
        let place = (answer.lookup.account.clone(), answer.lookup.region.clone());
        if let Some(why) = &answer.refused {
            refused.entry(place).or_insert_with(|| why.clone());
        }
        looked_up.push(LookedUp {
            account: answer.lookup.account.clone(),
            region: answer.lookup.region.clone(),
            caller: answer.lookup.by.value().to_owned(),
            events: answer.events.len() as u64,
            refused: answer.refused.clone(),
        });
    }
    looked_up.sort();
    let nobody = BTreeSet::new();
    let ids: BTreeSet<&str> = scope
        .calls
        .iter()
        .filter_map(|call| call.request_id.as_deref())
        .collect();
    let mut events: Vec<Event> = answers
        .iter()
        .flat_map(|answer| {
            let caller = scope.callers.get(&answer.lookup.account);
            let roles = roles.get(&answer.lookup.account).unwrap_or(&nobody);
            let ours = |event: &&Event| {
                caller.is_some_and(|caller| caller.made(event, roles))
                    || event.request_id.as_deref().is_some_and(|id| ids.contains(id))
            };
            // Another role may have a session of the same name.
            answer.events.iter().filter(ours).cloned().collect::<Vec<_>>()
        })
        .collect();
    events.sort();
    events.dedup();
    Ok(Found {
        events,
        source: EventSource {
            kind: "lookup-events".to_owned(),
            looked_up,
            request_ids: lookups.request_ids(),
            files: Vec::new(),
            digests: None,
        },
        refused,
        spans: None,
    })
}

/// What AWS finds a caller's events by: the name of a role's session, else the access keys.
fn names(caller: &Caller) -> Vec<By> {
    let session = |arn: &String| {
        let resource = arn.splitn(6, ':').nth(5)?;
        let name = resource.rsplit('/').next()?;
        match resource.split('/').next()? {
            "assumed-role" | "federated-user" => Some(By::Username(name.to_owned())),
            "root" => Some(By::Username("root".to_owned())),
            _ => None,
        }
    };
    let mut found: Vec<By> = caller.arns.iter().filter_map(session).collect();
    if found.len() < caller.arns.len() || caller.arns.is_empty() {
        found.extend(caller.keys.iter().cloned().map(By::AccessKeyId));
    }
    found
}

fn places(scope: &Scope, asked: &BTreeSet<(String, By)>) -> Vec<Lookup> {
    let regions = |account: &String| scope.callers.get(account).map(|caller| &caller.regions);
    asked
        .iter()
        .flat_map(|(account, by)| {
            regions(account).into_iter().flatten().map(move |region| Lookup {
                account: account.clone(),
                region: region.clone(),
                by: by.clone(),
                from: scope.from,
                to: scope.to,
            })
        })
        .collect()
}

/// The roles by which each account was read: those of exhibit.toml, and those behind the
/// sessions that were found.
fn roles(scope: &Scope, config: &Config, answers: &[Answer]) -> BTreeMap<String, BTreeSet<String>> {
    scope
        .callers
        .iter()
        .map(|(account, caller)| {
            let mut roles = caller.roles(answers.iter().flat_map(|answer| &answer.events));
            let named = config
                .targets
                .iter()
                .filter(|target| target.account.as_ref() == Some(account));
            roles.extend(named.filter_map(|target| target.role_arn.clone()));
            (account.clone(), roles)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_by_its_name_and_a_user_by_his_keys() {
        let caller = |arn: &str| Caller {
            arns: [arn.to_owned()].into(),
            keys: ["AKIA1".to_owned()].into(),
            regions: BTreeSet::new(),
        };
        let key = vec![By::AccessKeyId("AKIA1".into())];
        assert_eq!(
            names(&caller("arn:aws:sts::1:assumed-role/audit/evl1.abc")),
            [By::Username("evl1.abc".into())]
        );
        assert_eq!(names(&caller("arn:aws:iam::1:user/path/ann")), key);
        assert_eq!(names(&caller("arn:aws:iam::1:root")), [By::Username("root".into())]);
        let unknown = Caller {
            arns: BTreeSet::new(),
            ..caller("")
        };
        assert_eq!(names(&unknown), key);
    }
}
