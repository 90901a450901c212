//! Two assessments side by side: what became of each control, and whether its verdicts can be
//! compared at all.

use std::collections::{BTreeMap, BTreeSet};

use evidence::clock::Timestamp;
use evidence::gap::ReasonCode;
use serde::Serialize;
use serde_json::Value;

use crate::period::{Assessment, ControlAssessment, Deviation};
use crate::result::{ControlVerdict, Counts, ResourceResult, ResourceVerdict};

/// What changed between two assessments.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Moment of the last snapshot of the earlier one.
    pub then: Timestamp,
    /// Moment of the last snapshot of the later one.
    pub now: Timestamp,
    /// The catalogue of controls is another one.
    pub catalogue_changed: bool,
    /// What was looked at then and now.
    pub coverage: CoverageChange,
    /// Every control of either side, by id.
    pub controls: Vec<ControlChange>,
}

/// Changes in what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoverageChange {
    /// Accounts only looked at now.
    pub accounts_added: Vec<String>,
    /// Accounts only looked at then.
    pub accounts_removed: Vec<String>,
    /// Regions only looked at now, as `account region`.
    pub regions_added: Vec<String>,
    /// Regions only looked at then.
    pub regions_removed: Vec<String>,
    /// Calls that fail only now.
    pub calls_lost: Vec<LostCall>,
    /// Calls that failed only then.
    pub calls_gained: Vec<LostCall>,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LostCall {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// `service:Operation`.
    pub operation: String,
    /// Why.
    pub code: ReasonCode,
}

/// What became of a control.
#[derive(Clone, Debug, Serialize)]
pub struct ControlChange {
    /// Control id.
    pub id: String,
    /// Title, the later one if there are two.
    pub title: String,
    /// How it stood then; `None` if it was not tested as a control at all.
    pub then: Option<Standing>,
    /// How it stands now.
    pub now: Option<Standing>,
    /// The page is another one.
    pub page_changed: bool,
    /// Parameters with another value.
    pub parameters: Vec<ParameterChange>,
    /// Neither page nor parameters changed, so that the verdicts mean the same.
    pub comparable: bool,
    /// Resources that fail now and did not then.
    pub new_fails: Vec<Standout>,
    /// Resources that failed then, and no longer do or are gone.
    pub fixed: Vec<Standout>,
    /// Resources that failed then and now; their age counts from the first failure seen.
    pub still_failing: Vec<Standout>,
    /// Resources that failed then and could not be judged now.
    pub not_seen: Vec<Standout>,
    /// Members of the population that are new.
    pub appeared: Vec<Identity>,
    /// Members of the population that are gone, as far as everything was looked at.
    pub vanished: Vec<Identity>,
}

/// How a control stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Verdict.
    pub verdict: ControlVerdict,
    /// Reason code when it is `not-tested`.
    pub code: Option<ReasonCode>,
    /// One sentence.
    pub reason: String,
    /// Counts.
    pub counts: Counts,
}

/// A parameter with another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterChange {
    /// Name.
    pub name: String,
    /// Value then; null if there was no such parameter.
    pub then: Value,
    /// Value now.
    pub now: Value,
    /// Who decided the value now, and why; `None` for a default.
    pub why: Option<String>,
}

/// A member of a population.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Identity {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// ARN or id.
    pub resource: String,
    /// Name.
    pub name: String,
}

/// A resource that fails or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standout {
    /// Which.
    #[serde(flatten)]
    pub identity: Identity,
    /// Why it failed, last we know.
    pub reason: String,
    /// First failure seen, on either side.
    pub first_seen: Timestamp,
    /// Whole days from there to the later side.
    pub days: i64,
}

/// Compares an earlier with a later assessment.
pub fn compare(then: &Assessment, now: &Assessment) -> Comparison {
    let index = |assessment: &'_ Assessment| -> BTreeMap<String, usize> {
        assessment
            .controls
            .iter()
            .enumerate()
            .map(|(at, c)| (c.control.page.id.clone(), at))
            .collect()
    };
    let (before, after) = (index(then), index(now));
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let now_at = moment(now);
    let controls = ids.into_iter().map(|id| {
        let then = before.get(id).map(|at| &then.controls[*at]);
        let now = after.get(id).map(|at| &now.controls[*at]);
        change(id, then, now, now_at)
    });
    Comparison {
        then: moment(then),
        now: now_at,
        catalogue_changed: then.catalogue != now.catalogue,
        coverage: coverage(then, now),
        controls: controls.collect(),
    }
}

fn moment(assessment: &Assessment) -> Timestamp {
    assessment
        .snapshots
        .iter()
        .map(|meta| meta.opened_at)
        .max()
        .unwrap_or_else(|| Timestamp::start_of(chrono::NaiveDate::default()))
}

fn change(
    id: &str,
    then: Option<&ControlAssessment>,
    now: Option<&ControlAssessment>,
    now_at: Timestamp,
) -> ControlChange {
    let page = |side: Option<&ControlAssessment>| side.map(|c| c.control.page.digest);
    let parameters = parameters(then, now);
    let both = then.is_some() && now.is_some();
    let page_changed = both && page(then) != page(now);
    let mut change = ControlChange {
        id: id.to_owned(),
        title: now.or(then).map_or_else(String::new, |c| c.control.page.title.clone()),
        then: then.map(standing),
        now: now.map(standing),
        page_changed,
        comparable: both && !page_changed && parameters.is_empty(),
        parameters,
        new_fails: Vec::new(),
        fixed: Vec::new(),
        still_failing: Vec::new(),
        not_seen: Vec::new(),
        appeared: Vec::new(),
        vanished: Vec::new(),
    };
    if let (Some(then), Some(now)) = (then, now) {
        change.compare_fails(then, now, now_at);
        change.compare_members(then, now);
    }
    change
}

impl ControlChange {
    fn compare_fails(&mut self, then: &ControlAssessment, now: &ControlAssessment, now_at: Timestamp) {
        let before: BTreeMap<_, _> = then.deviations.iter().map(|d| (key(d), d)).collect();
        let after: BTreeMap<_, _> = now.deviations.iter().map(|d| (key(d), d)).collect();
        for (key, deviation) in &after {
            match before.get(key) {
                Some(earlier) => self.still_failing.push(standout(deviation, earlier.first_seen, now_at)),
                None => self.new_fails.push(standout(deviation, deviation.first_seen, now_at)),
            }
        }
        // What was fixed before the earlier side ended is no news.
        for (key, deviation) in before
            .iter()
            .filter(|(key, d)| d.still_open && !after.contains_key(*key))
        {
            let found = now.latest.resources.iter().find(|r| of(r) == *key);
            let judged = found.map(|r| r.verdict != ResourceVerdict::Unknown);
            let standout = standout(deviation, deviation.first_seen, now_at);
            if judged.unwrap_or_else(|| saw_all(now, key.0)) {
                self.fixed.push(standout);
            } else {
                self.not_seen.push(standout);
            }
        }
    }

    fn compare_members(&mut self, then: &ControlAssessment, now: &ControlAssessment) {
        // A new name does not make another member.
        let keys = |side: &'_ ControlAssessment| -> BTreeSet<(String, String, String)> {
            let own = |(a, r, i): (&str, &str, &str)| (a.to_owned(), r.to_owned(), i.to_owned());
            side.latest.resources.iter().map(|r| own(of(r))).collect()
        };
        let (before, after) = (keys(then), keys(now));
        let missing_in =
            |other: &BTreeSet<(String, String, String)>, side: &ControlAssessment, seen: &ControlAssessment| {
                let new = side.latest.resources.iter().filter(|r| {
                    let key = (r.account.clone(), r.region.clone(), r.resource.clone());
                    // What the other side could not see completely is neither new nor gone.
                    !other.contains(&key) && saw_all(seen, &r.account)
                });
                let mut new: Vec<_> = new.map(|r| identity(of(r), &r.name)).collect();
                new.sort();
                new
            };
        self.appeared = missing_in(&before, now, then);
        self.vanished = missing_in(&after, then, now);
    }
}

/// Was everything looked at in the account by the last snapshot?
fn saw_all(side: &ControlAssessment, account: &str) -> bool {
    let verdict = side
        .latest
        .accounts
        .iter()
        .find(|a| a.account == account)
        .map(|a| a.verdict);
    !side.latest.incomplete && verdict.is_some_and(|v| v != ControlVerdict::NotTested)
}

fn key(deviation: &Deviation) -> (&str, &str, &str) {
    (&deviation.account, &deviation.region, &deviation.resource)
}

fn of(result: &ResourceResult) -> (&str, &str, &str) {
    (&result.account, &result.region, &result.resource)
}

fn identity((account, region, resource): (&str, &str, &str), name: &str) -> Identity {
    Identity {
        account: account.to_owned(),
        region: region.to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
    }
}

fn standout(deviation: &Deviation, first_seen: Timestamp, now: Timestamp) -> Standout {
    Standout {
        identity: identity(key(deviation), &deviation.name),
        reason: deviation.reason.clone(),
        first_seen,
        days: now.days_since(first_seen),
    }
}

fn standing(control: &ControlAssessment) -> Standing {
    Standing {
        verdict: control.verdict,
        code: control.code,
        reason: control.reason.clone(),
        counts: control.counts,
    }
}

fn parameters(then: Option<&ControlAssessment>, now: Option<&ControlAssessment>) -> Vec<ParameterChange> {
    let (Some(then), Some(now)) = (then, now) else {
        return Vec::new();
    };
    let names: BTreeSet<_> = then
        .latest
        .parameters
        .iter()
        .chain(&now.latest.parameters)
        .map(|p| p.name.as_str())
        .collect();
    let changes = names.into_iter().filter_map(|name| {
        let before = then.latest.parameters.iter().find(|p| p.name == name);
        let after = now.latest.parameters.iter().find(|p| p.name == name);
        let value = |p: Option<&crate::result::ParameterUse>| p.map_or(Value::Null, |p| p.value.clone());
        let why = after
            .and_then(|p| p.changed.as_ref())
            .map(|c| format!("{}: {}", c.by, c.why));
        let change = ParameterChange {
            name: name.to_owned(),
            then: value(before),
            now: value(after),
            why,
        };
        (change.then != change.now).then_some(change)
    });
    changes.collect()
}

fn coverage(then: &Assessment, now: &Assessment) -> CoverageChange {
    let scope = |side: &Assessment| {
        let (mut accounts, mut regions) = (BTreeSet::new(), BTreeSet::new());
        for scope in side.snapshots.last().into_iter().flat_map(|meta| &meta.accounts) {
            accounts.insert(scope.account.clone());
            regions.extend(scope.regions.iter().map(|region| format!("{} {region}", scope.account)));
        }
        (accounts, regions)
    };
    let calls = |side: &Assessment| -> BTreeSet<LostCall> {
        let gaps = side.controls.iter().flat_map(|c| &c.latest.gaps);
        gaps.map(|gap| LostCall {
            account: gap.account.clone(),
            region: gap.region.clone(),
            operation: gap.operation.clone(),
            code: gap.code,
        })
        .collect()
    };
    fn only<T: Ord + Clone>(here: &BTreeSet<T>, there: &BTreeSet<T>) -> Vec<T> {
        here.difference(there).cloned().collect()
    }
    let ((accounts_then, regions_then), (accounts_now, regions_now)) = (scope(then), scope(now));
    let (calls_then, calls_now) = (calls(then), calls(now));
    CoverageChange {
        accounts_added: only(&accounts_now, &accounts_then),
        accounts_removed: only(&accounts_then, &accounts_now),
        regions_added: only(&regions_now, &regions_then),
        regions_removed: only(&regions_then, &regions_now),
        calls_lost: only(&calls_now, &calls_then),
        calls_gained: only(&calls_then, &calls_now),
    }
}
