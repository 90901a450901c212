//! What was never asked, where, and of whom: so that no answer does not pass for an empty one.
//!
//! Asked is what an exchange or a gap shows. In a run that was worked through, a planned operation
//! is asked too where there was no reason to ask: an account without keys has no `DescribeKey`.
//! What was asked in one region says nothing of another.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use evidence::gap::{Gap, ReasonCode};
use evidence::record;
use evidence::snapshot::{AccountScope, Snapshot, Status};

use crate::catalogue::operations_of;

/// Services that answer for the whole account from any region.
pub(crate) const GLOBAL: &[&str] = &[
    "account",
    "artifact",
    "cloudfront",
    "health",
    "iam",
    "organizations",
    "s3",
    "s3control",
    "sts",
    "support",
];

/// Operations of other services whose answers are made one list for the whole account.
const ONCE: &[&str] = &[
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "ec2:DescribeRegions",
    "wafv2:GetWebACL",
];

/// Operations of these services that each region answers for itself.
const REGIONAL: &[&str] = &["s3control:GetAccessPointPolicyStatus", "s3control:ListAccessPoints"];

/// Events of global services stand in the partition's home alone.
const LOOKUP: &str = "cloudtrail:LookupEvents";

/// Does each region answer for itself, so that all in scope have to be asked?
pub fn is_regional(operation: &str) -> bool {
    let service = operation.split(':').next().unwrap_or_default();
    REGIONAL.contains(&operation) || !(GLOBAL.contains(&service) || ONCE.contains(&operation))
}

/// An operation that was never asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NeverAsked {
    /// The account.
    pub account: String,
    /// The operation.
    pub operation: String,
    /// The region in which it was not asked; `None` where it was asked in none.
    pub region: Option<String>,
}

/// All that was never asked, of the operations that any table comes from.
pub fn never_asked(snapshot: &Snapshot) -> Vec<NeverAsked> {
    let asked = Asked::of(snapshot);
    let meta = &snapshot.meta;
    let mut regions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scope in &meta.accounts {
        let known = regions.entry(&scope.account).or_default();
        known.extend(scope.regions.iter().map(String::as_str));
    }
    let homes: BTreeMap<&str, &str> = meta
        .accounts
        .iter()
        .filter_map(|scope| Some((scope.account.as_str(), unread_home(snapshot, scope)?)))
        .collect();
    for gap in &snapshot.gaps {
        regions.entry(&gap.account).or_default();
    }
    for row in snapshot.tables.values().flatten() {
        if let Some(account) = row.get("account").and_then(serde_json::Value::as_str) {
            regions.entry(account).or_default();
        }
    }
    let operations: BTreeSet<&str> = record::TABLES.iter().flat_map(|t| t.operations).copied().collect();
    // Regions are asked of one service, and of the other only if that failed.
    let either = operations_of("region");
    let mut never = Vec::new();
    for (account, regions) in &regions {
        for operation in &operations {
            let same: &[&str] = if either.contains(operation) {
                &either
            } else {
                std::slice::from_ref(operation)
            };
            let places: BTreeSet<&str> = same
                .iter()
                .filter_map(|o| asked.places.get(&(*account, *o)))
                .flatten()
                .copied()
                .collect();
            let missing = |region: Option<&str>| NeverAsked {
                account: (*account).to_owned(),
                operation: (*operation).to_owned(),
                region: region.map(str::to_owned),
            };
            let planned = same.iter().any(|o| asked.planned(account, o));
            if *operation == LOOKUP
                && (planned || !places.is_empty())
                && let Some(home) = homes.get(account).filter(|home| !places.contains(*home))
                && !places.contains("global")
            {
                never.push(missing(Some(home)));
            }
            if planned {
                continue;
            }
            if places.is_empty() {
                never.push(missing(None));
            } else if is_regional(operation) && !places.contains("global") {
                never.extend(regions.difference(&places).map(|region| missing(Some(region))));
            }
        }
    }
    never
}

/// The region in which the events of global services stand, where it is neither in scope nor read besides.
fn unread_home<'a>(snapshot: &'a Snapshot, scope: &AccountScope) -> Option<&'a str> {
    let home = snapshot.home(&scope.account)?;
    let read = scope
        .regions
        .iter()
        .chain(&scope.events_home)
        .any(|region| region == home);
    (!scope.regions.is_empty() && !read).then_some(home)
}

/// Where each operation was asked.
struct Asked<'a> {
    /// Regions by account and operation; `global` where a gap stands for all of them.
    places: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
    /// Accounts in which the plan was worked through, or gaps tell what was not.
    complete: BTreeSet<&'a str>,
    plan: BTreeSet<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let known: BTreeMap<(&str, &str), &'static str> = record::TABLES
            .iter()
            .flat_map(|t| t.operations)
            .filter_map(|o| Some((o.split_once(':')?, *o)))
            .collect();
        let mut places: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for e in &snapshot.exchanges {
            if let Some(operation) = known.get(&(e.service.as_str(), e.operation.as_str())) {
                let asked = places.entry((e.account.as_str(), *operation)).or_default();
                asked.insert(e.region.as_str());
            }
        }
        for gap in &snapshot.gaps {
            let asked = places.entry((gap.account.as_str(), gap.operation.as_str()));
            asked.or_default().insert(gap.region.as_str());
        }
        let meta = &snapshot.meta;
        let whole = meta.status == Status::Complete;
        // A run that was cut short tells of every read that did not end: the others did.
        let told = |account: &str| {
            let unread = |gap: &Gap| gap.resource.is_none() && gap.exchange.is_none() && gap.account == account;
            let mut gaps = snapshot.gaps.iter();
            gaps.any(|gap| unread(gap) && gap.code == ReasonCode::EvidenceMissing)
        };
        Self {
            places,
            complete: meta
                .accounts
                .iter()
                .map(|a| a.account.as_str())
                .filter(|account| whole || told(account))
                .collect(),
            plan: meta.operations.iter().map(String::as_str).collect(),
        }
    }

    /// Did a completed plan have no reason to ask, if it did not ask?
    fn planned(&self, account: &str, operation: &str) -> bool {
        self.complete.contains(account) && self.plan.contains(operation)
    }
}

/// What was never asked, as a gap would say it.
fn gap(never: &NeverAsked, region: &str) -> Gap {
    Gap {
        account: never.account.clone(),
        region: region.to_owned(),
        operation: never.operation.clone(),
        resource: None,
        code: ReasonCode::EvidenceMissing,
        error_code: None,
        message: "it was never asked".to_owned(),
        exchange: None,
    }
}

/// Gaps for what was asked elsewhere, but never in a region. What was asked nowhere needs none: no
/// member of the account is judged then.
pub(crate) fn regional_gaps(never: &[NeverAsked]) -> impl Iterator<Item = Gap> + '_ {
    never.iter().filter_map(|n| Some(gap(n, n.region.as_deref()?)))
}

/// The snapshot with a gap for all that was never asked, so that derived tables conclude nothing from its absence.
pub(crate) fn with_gaps<'a>(snapshot: &'a Snapshot, never: &[NeverAsked]) -> Cow<'a, Snapshot> {
    if never.is_empty() {
        return Cow::Borrowed(snapshot);
    }
    let mut open = snapshot.clone();
    let accounts = &snapshot.meta.accounts;
    for n in never {
        match &n.region {
            Some(region) => open.gaps.push(gap(n, region)),
            None => {
                let regions = accounts
                    .iter()
                    .filter(|a| a.account == n.account)
                    .flat_map(|a| &a.regions);
                open.gaps.push(gap(n, "global"));
                open.gaps.extend(regions.map(|region| gap(n, region)));
            }
        }
    }
    open.gaps.sort();
    Cow::Owned(open)
}
