//! A run: who and where, then every read, then the seal. Live and replayed runs share all of it
//! but the transport.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use evidence::clock::{Clock, Timestamp};
use evidence::gap::{Gap, ReasonCode};
use evidence::locker::{Draft, LockerError, Sealing, Writer};
use evidence::partition;
use evidence::record::{Account, Row};
use evidence::snapshot::{AccountScope, Chosen, Plan, Snapshot, SnapshotError, SnapshotMeta, Status, Tool};
use futures::FutureExt;
use futures::stream::{self, StreamExt};

use crate::environment;
use crate::environment::credentials::{Refused, Surroundings, connection};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::region::Found;
pub use crate::region::Regions;
use crate::session::Session;
use crate::source::{Answer, Batch, Context, EventWindow, HistoryReached, Keep, Scope, Source, ask};
use crate::sources::{EVENTS, IDENTITY, IDENTITY_CENTER, REGIONS, SOURCES, count_once, unread_days};
use crate::transport::live::{Capture, Held};
use crate::transport::replay::Recording;

/// Reads in progress at most; the transport limits requests further.
const READS: usize = 64;

/// An account to collect from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The account it must be; `None` takes whichever the credentials belong to.
    pub account: Option<String>,
    /// Role to assume.
    pub role_arn: Option<String>,
    /// External id for the role.
    pub external_id: Option<String>,
}

/// What to collect, and how.
pub struct Request {
    /// Accounts; none means the account of the credentials.
    pub targets: Vec<Target>,
    /// Regions.
    pub regions: Regions,
    /// Sources to read.
    pub sources: Vec<&'static Source>,
    /// The controls that are asked for, where these are not all in scope.
    pub controls: Option<Chosen>,
    /// Days of event history to ask for, [`EventWindow::MOST_DAYS`] at most.
    pub event_days: u32,
    /// Time allowed for one attempt.
    pub timeout: Duration,
    /// The program, as it is named in the evidence.
    pub tool: Tool,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// Who is told of progress.
    pub progress: Arc<dyn Progress>,
}

/// The outcome of a run.
#[derive(Debug)]
pub struct Collected {
    /// `snapshot.json`.
    pub meta: SnapshotMeta,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// Why a run ended without a snapshot. The log says so too (`run-abort`).
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There are no credentials, or AWS does not take them.
    #[error("AWS does not accept the credentials: {0}")]
    Credentials(Refused),
    /// AWS could not be reached at all.
    #[error("cannot reach AWS: {0}")]
    Unreachable(String),
    /// Who asks could not be found out.
    #[error("sts:GetCallerIdentity was refused, so nobody knows whose evidence this would be: {0}")]
    Identity(String),
    /// The configuration does not fit the account.
    #[error("{0}")]
    Scope(String),
    /// A fault of exhibit's.
    #[error("exhibit broke down before it knew whose evidence this would be: please report it")]
    BrokeDown,
    /// The locker could not be written.
    #[error(transparent)]
    Locker(#[from] LockerError),
}

/// Collects from AWS into the locker. `interrupt` ends the run early; what was complete by then
/// is sealed as a partial snapshot.
pub async fn collect(
    writer: Writer,
    request: Request,
    interrupt: impl Future<Output = ()>,
) -> Result<Collected, CollectError> {
    let loaded = environment::load(request.targets.iter().filter_map(|target| target.role_arn.as_deref())).await?;
    let opened_at = request.clock.now();
    let mut draft = writer.begin(
        opened_at,
        &request.tool,
        plan(&request.sources, request.event_days, request.controls.as_ref()),
    )?;
    // AWS's own log then has the head of ours with every call, and dates it.
    let roles = request.targets.iter().any(|target| target.role_arn.is_some());
    let witness = draft.witness(request.clock.now(), roles)?;
    let capture = Capture::new(draft, request.clock.clone(), request.timeout, request.progress.clone());
    let shared = Shared {
        sources: &request.sources,
        events: EventWindow::of(opened_at, request.event_days),
        progress: request.progress.as_ref(),
        capture: Some(&capture),
        collected: Mutex::default(),
    };
    let stopped = {
        let work = async {
            let base = environment::capturing(&loaded, &witness, &capture);
            let accounts = open_accounts(&base, &witness, &request, &shared).await?;
            shared.read(&accounts).await;
            Ok::<_, CollectError>(())
        };
        tokio::select! {
            done = AssertUnwindSafe(work).catch_unwind() => match done {
                Ok(done) => done.map(|()| None),
                Err(_) if shared.is_reading() => Ok(Some(BROKE_DOWN)),
                Err(_) => Err(CollectError::BrokeDown),
            },
            () = interrupt => Ok(Some(INTERRUPTED)),
        }
    };
    let (draft, failed) = capture.finish();
    if let Some(error) = failed {
        // Whatever reached the spool stays there; the next start seals it as partial.
        return Err(error.into());
    }
    let Some(draft) = draft else {
        return Err(CollectError::Unreachable("the run lost its draft".to_owned()));
    };
    match stopped {
        Ok(stopped) => seal(draft, shared, stopped, request.clock.now()),
        Err(error) => {
            draft.abort(request.clock.now(), &error.to_string())?;
            Err(error)
        }
    }
}

/// Seals what was read; `stopped` says why that is not all.
fn seal(
    draft: Draft,
    shared: Shared<'_>,
    stopped: Option<&'static str>,
    at: Timestamp,
) -> Result<Collected, CollectError> {
    let collected = shared.collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mut gaps, mut tables) = (collected.batch.gaps, collected.batch.tables);
    count_once(&mut tables);
    if let Some(why) = stopped {
        let unfinished = collected.unfinished.iter();
        let unread = unfinished.flat_map(|((account, _, region), source)| unread(account, source, region, why));
        gaps.extend(unread.map(|gap| naming_days(gap, &collected.histories)));
    }
    gaps.sort();
    gaps.dedup();
    let sealing = Sealing {
        closed_at: at,
        status: if stopped.is_some() {
            Status::Partial
        } else {
            Status::Complete
        },
        accounts: collected.accounts,
        gaps: gaps.clone(),
        tables,
    };
    let (_, meta) = draft.seal(sealing)?;
    Ok(Collected { meta, gaps })
}

/// What a recording gives when it is read again.
#[derive(Debug)]
pub struct Derived {
    /// Rows by table, unsorted.
    pub tables: BTreeMap<String, Vec<Row>>,
    /// Gaps, sorted.
    pub gaps: Vec<Gap>,
    /// Requests the recording does not have.
    pub missing: Vec<String>,
    /// Exchanges nobody asked for.
    pub unused: Vec<String>,
}

/// Derives records and gaps from a snapshot's responses, by the same code that collected them.
pub async fn replay(snapshot: &Snapshot, zip: Vec<u8>) -> Result<Derived, SnapshotError> {
    let recording = Recording::new(&snapshot.exchanges, zip)?;
    Ok(derive(snapshot, &recording, |account| {
        Session::replay(recording.clone(), account.to_owned())
    })
    .await)
}

/// The same with one answer in place of the recorded one.
pub async fn replay_with(snapshot: &Snapshot, zip: Vec<u8>, instead: (u64, Held)) -> Result<Derived, SnapshotError> {
    let recording = Recording::new(&snapshot.exchanges, zip)?;
    recording.put_instead(instead.0, instead.1);
    Ok(derive(snapshot, &recording, |account| {
        Session::replay(recording.clone(), account.to_owned())
    })
    .await)
}

/// Reads every source of a snapshot, by sessions that ask a recording.
pub(crate) async fn derive(
    snapshot: &Snapshot,
    recording: &Recording,
    session_of: impl Fn(&str) -> Session,
) -> Derived {
    let sources: Vec<&'static Source> = SOURCES
        .iter()
        .copied()
        .filter(|source| snapshot.meta.sources.iter().any(|id| id == source.id))
        .collect();
    derive_from(&sources, snapshot, recording, session_of).await
}

async fn derive_from(
    sources: &[&'static Source],
    snapshot: &Snapshot,
    recording: &Recording,
    session_of: impl Fn(&str) -> Session,
) -> Derived {
    let shared = Shared {
        sources,
        events: EventWindow::recorded(
            snapshot.meta.opened_at,
            snapshot.meta.event_days.unwrap_or(EventWindow::MOST_DAYS),
            &snapshot.exchanges,
        ),
        progress: &crate::progress::Silent,
        capture: None,
        collected: Mutex::default(),
    };
    let mut accounts = Vec::new();
    for scope in &snapshot.meta.accounts {
        let partition = snapshot.partition(&scope.account).unwrap_or_default();
        let session = session_of(&scope.account).of_account(&scope.account, partition);
        let asked_in = identity_region(&snapshot.exchanges, &scope.account);
        let home = snapshot.home(&scope.account).unwrap_or(asked_in).to_owned();
        if let Ok(identity) = identify(&session, asked_in).await {
            shared.keep(identity_row(&identity));
        }
        let regions = Regions::Only(scope.regions.clone());
        let found = crate::region::find(&session, &scope.account, &home, &regions).await;
        shared.keep(found.batch);
        let asked = |region: &String| {
            snapshot
                .exchanges
                .iter()
                .any(|e| e.account == scope.account && e.region == *region && e.call() == "sso-admin:ListInstances")
        };
        accounts.push(Opened {
            session,
            home,
            elsewhere: found.elsewhere.into_iter().filter(asked).collect(),
            scope: scope.clone(),
        });
    }
    shared.read(&accounts).await;
    let collected = shared.collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    // How far a read came that broke down depends on which answer came first.
    let (missing, unused) = recording.leftovers(|account, region, call| {
        collected
            .broken
            .iter()
            .any(|(of, at, source)| of == account && at == region && source.operations.contains(&call))
    });
    let mut batch = collected.batch;
    count_once(&mut batch.tables);
    batch.gaps.sort();
    batch.gaps.dedup();
    Derived {
        tables: batch.tables,
        gaps: batch.gaps,
        missing,
        unused,
    }
}

/// Replays a snapshot into a locker, as if it were collected now: exchanges, times and all.
pub async fn collect_replayed(
    writer: Writer,
    snapshot: &Snapshot,
    zip: Vec<u8>,
) -> Result<(Writer, SnapshotMeta, Derived), CollectError> {
    let damaged = |e: SnapshotError| LockerError::Damaged {
        file: snapshot.meta.run.clone(),
        code: "changed",
        message: e.to_string(),
    };
    let derived = replay(snapshot, zip.clone()).await.map_err(damaged)?;
    let meta = &snapshot.meta;
    let plan = Plan {
        sources: meta.sources.clone(),
        operations: meta.operations.clone(),
        event_days: meta.event_days,
        controls: meta.controls.clone(),
    };
    let mut draft = writer.begin(meta.opened_at, &meta.tool, plan)?;
    let bodies = evidence::snapshot::Bodies::of(zip).map_err(damaged)?;
    for exchange in &snapshot.exchanges {
        let body = exchange
            .body
            .as_ref()
            .map(|file| bodies.read(file))
            .transpose()
            .map_err(damaged)?;
        draft.put(exchange.clone(), body.as_deref())?;
    }
    let sealing = Sealing {
        closed_at: meta.closed_at,
        status: meta.status,
        accounts: meta.accounts.clone(),
        gaps: derived.gaps.clone(),
        tables: derived.tables.clone(),
    };
    let (writer, sealed) = draft.seal(sealing)?;
    Ok((writer, sealed, derived))
}

/// The plan as the evidence names it.
fn plan(sources: &[&'static Source], event_days: u32, controls: Option<&Chosen>) -> Plan {
    let ids: BTreeSet<&str> = sources.iter().map(|source| source.id).collect();
    let operations: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.operations.iter().copied())
        .collect();
    Plan {
        sources: ids.into_iter().map(str::to_owned).collect(),
        operations: operations.into_iter().map(str::to_owned).collect(),
        event_days: sources
            .iter()
            .any(|source| source.id == EVENTS.id)
            .then(|| event_days.min(EventWindow::MOST_DAYS)),
        controls: controls.cloned(),
    }
}

/// An account that has told who it is.
struct Opened {
    session: Session,
    home: String,
    /// Regions out of scope, in one of which Identity Center may be at home.
    elsewhere: Vec<String>,
    scope: AccountScope,
}

/// What all reads of a run share.
struct Shared<'a> {
    sources: &'a [&'static Source],
    events: EventWindow,
    progress: &'a dyn Progress,
    /// Where rows go that are too many for memory; a replay holds them.
    capture: Option<&'a Arc<Capture>>,
    collected: Mutex<CollectedSoFar>,
}

impl Keep for Shared<'_> {
    fn row(&self, table: &str, row: &Row) -> bool {
        self.capture.is_some_and(|capture| capture.keep_row(table, row))
    }

    fn history(&self, reached: &HistoryReached) {
        self.progress.history(reached);
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (reached.account.clone(), reached.region.clone());
        collected.histories.insert(place, reached.clone());
    }
}

#[derive(Default)]
struct CollectedSoFar {
    accounts: Vec<AccountScope>,
    batch: Batch,
    /// Reads that have not ended: account, source and region.
    unfinished: BTreeMap<(String, &'static str, String), &'static Source>,
    /// Reads that broke down: account, region of the client, and source.
    broken: Vec<(String, String, &'static Source)>,
    /// How far the event histories have been read, by account and region.
    histories: BTreeMap<(String, String), HistoryReached>,
}

impl Shared<'_> {
    fn keep(&self, batch: Batch) {
        batch.gaps.iter().for_each(|gap| self.progress.gap(gap));
        self.collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .batch
            .merge(batch);
    }

    /// Whether the accounts are known and reads have begun.
    fn is_reading(&self) -> bool {
        let collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        !collected.accounts.is_empty()
    }

    /// The gaps of a read that broke down. The rows that it had so far are not kept: another answer might have come
    /// first. Only the event history, whose pages come one after the other and go away one by one, keeps what it had.
    fn broke_down(
        &self,
        account: &str,
        source: &'static Source,
        region: &str,
        client_region: &str,
        seen: Batch,
    ) -> Batch {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        collected
            .broken
            .push((account.to_owned(), client_region.to_owned(), source));
        let mut batch = if source.id == EVENTS.id { seen } else { Batch::default() };
        batch.gaps.extend(unread(account, source, region, BROKE_DOWN));
        batch
    }

    /// Reads every source in every account and region.
    async fn read(&self, accounts: &[Opened]) {
        let mut reads = Vec::new();
        for account in accounts {
            for source in self
                .sources
                .iter()
                .copied()
                .filter(|s| ![IDENTITY.id, REGIONS.id].contains(&s.id))
            {
                match source.scope {
                    Scope::Global => reads.push((account, source, "global", account.home.as_str())),
                    Scope::Regional => {
                        reads.extend(
                            account
                                .scope
                                .regions
                                .iter()
                                .map(|r| (account, source, r.as_str(), r.as_str())),
                        );
                        if source.id == EVENTS.id {
                            let home = account.scope.events_home.iter();
                            reads.extend(home.map(|r| (account, source, r.as_str(), r.as_str())));
                        }
                        if source.id == IDENTITY_CENTER.id {
                            let elsewhere = account.elsewhere.iter();
                            reads.extend(elsewhere.map(|r| (account, source, r.as_str(), r.as_str())));
                        }
                    }
                }
            }
        }
        {
            let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
            collected.accounts = accounts.iter().map(|account| account.scope.clone()).collect();
            collected.accounts.sort_by(|a, b| a.account.cmp(&b.account));
            for (account, source, region, _) in &reads {
                let key = (account.scope.account.clone(), source.id, (*region).to_owned());
                collected.unfinished.insert(key, source);
            }
        }
        self.progress.planned(reads.len());
        stream::iter(reads)
            .for_each_concurrent(READS, |(account, source, region, client_region)| async move {
                let id = &account.scope.account;
                let context = Context::new(&account.session, id, region, client_region, &account.scope.regions)
                    .looking_back(self.events)
                    .keeping(self.capture.map(|_| self as &dyn Keep));
                let read = AssertUnwindSafe((source.collect)(&context)).catch_unwind().await;
                let seen = context.into_batch();
                self.keep(match read {
                    Ok(()) => seen,
                    Err(_) => self.broke_down(id, source, region, client_region, seen),
                });
                let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
                collected.unfinished.remove(&(id.clone(), source.id, region.to_owned()));
                self.progress.read(source.id, id, region);
            })
            .await;
    }
}

/// Why a read has seen nothing.
const INTERRUPTED: &str = "the run was interrupted before this was read";
/// The same. No word of what went wrong: which of several calls in flight breaks down first is chance, and a replay has
/// to give the same gap. The panic itself is on stderr.
const BROKE_DOWN: &str = "exhibit broke down while it read this: a fault of exhibit's, please report it";

/// Of an event history that was cut short, the days that are missing: what was read of it is kept. The lists
/// overlap but for few events, so that the first one tells.
fn naming_days(mut gap: Gap, histories: &BTreeMap<(String, String), HistoryReached>) -> Gap {
    let reached = histories.get(&(gap.account.clone(), gap.region.clone()));
    if let Some(reached) = reached.filter(|_| EVENTS.operations.contains(&gap.operation.as_str())) {
        let back_to = if reached.list == 0 {
            reached.back_to
        } else {
            reached.window.to
        };
        gap.message = format!("the run was interrupted: {}", unread_days(reached.window, back_to));
    }
    gap
}

/// A read gives its rows only when it ends, so one that was cut short has seen nothing.
fn unread(account: &str, source: &Source, region: &str, why: &str) -> Vec<Gap> {
    let gap = |operation: &&str| Gap {
        account: account.to_owned(),
        region: region.to_owned(),
        operation: (*operation).to_owned(),
        resource: None,
        code: ReasonCode::EvidenceMissing,
        error_code: None,
        message: why.to_owned(),
        exchange: None,
    };
    source.operations.iter().map(gap).collect()
}

/// Finds out whose credentials these are, and which regions are to be asked.
async fn open_accounts(
    base: &SdkConfig,
    witness: &str,
    request: &Request,
    shared: &Shared<'_>,
) -> Result<Vec<Opened>, CollectError> {
    let own = [Target::default()];
    let targets = if request.targets.is_empty() {
        &own[..]
    } else {
        &request.targets[..]
    };
    let mut accounts: Vec<Opened> = Vec::new();
    for target in targets {
        let config = assume(base, witness, target).await;
        let session = Session::live(config.clone(), None);
        // The environment has given it one.
        let region = base.region().map(AsRef::as_ref).unwrap_or_default();
        let identity = match identify(&session, region).await {
            Ok(identity) => identity,
            Err(failure) => return Err(identity_error(&failure, &config, target).await),
        };
        let account = identity.output.account().unwrap_or_default().to_owned();
        if let Some(expected) = target.account.as_ref().filter(|expected| **expected != account) {
            return Err(CollectError::Scope(format!(
                "the credentials for account {expected} belong to account {account}; \
                 check role_arn in [scope] of exhibit.toml, or the profile"
            )));
        }
        if accounts.iter().any(|opened| opened.scope.account == account) {
            return Err(CollectError::Scope(format!(
                "account {account} is in [scope] of exhibit.toml twice"
            )));
        }
        let caller_arn = identity.output.arn().unwrap_or_default().to_owned();
        let Some(partition) = partition::of_arn(&caller_arn) else {
            return Err(CollectError::Identity(format!(
                "the caller's ARN is `{caller_arn}`, which names no partition"
            )));
        };
        shared.keep(identity_row(&identity));
        let home = partition::home(partition, region).to_owned();
        let session = session.of_account(&account, partition);
        let found = crate::region::find(&session, &account, &home, &request.regions).await;
        check_regions(&found, &account, region, &request.regions)?;
        shared.keep(found.batch);
        let scope = AccountScope {
            account,
            caller_arn,
            events_home: events_home(&home, &found.in_scope, shared.sources),
            regions: found.in_scope,
        };
        accounts.push(Opened {
            session,
            home,
            elsewhere: found.elsewhere,
            scope,
        });
    }
    Ok(accounts)
}

/// Every region that was asked for must be usable: one that is left out in silence would look seen.
fn check_regions(found: &Found, account: &str, own: &str, scope: &Regions) -> Result<(), CollectError> {
    let known = found.known.join(", ");
    if let Some((name, state)) = found.unusable.first() {
        return Err(CollectError::Scope(match state {
            None => {
                format!("`{name}` in [scope] regions of exhibit.toml is no region of account {account}; it has {known}")
            }
            Some(state) => format!(
                "region {name} in [scope] regions of exhibit.toml is not enabled in account {account} ({state}); \
                 take it out, or enable it"
            ),
        }));
    }
    if *scope == Regions::All && !found.known.is_empty() && !found.known.iter().any(|name| name == own) {
        return Err(CollectError::Scope(format!(
            "the region `{own}` (AWS_REGION or the profile) is no region of account {account}; it has {known}"
        )));
    }
    Ok(())
}

/// The same, as the target's role, in a session of this name.
pub(crate) async fn assume(base: &SdkConfig, session: &str, target: &Target) -> SdkConfig {
    let Some(role) = &target.role_arn else {
        return base.clone();
    };
    // The provider needs a client that is not captured: its answer holds credentials.
    let plain = base.to_builder().http_client(environment::http_client()).build();
    let mut provider = aws_config::sts::AssumeRoleProvider::builder(role)
        .session_name(session)
        .configure(&plain);
    if let Some(id) = &target.external_id {
        provider = provider.external_id(id);
    }
    let provider = match base.credentials_provider() {
        Some(credentials) => provider.build_from_provider(credentials).await,
        None => provider.build().await,
    };
    base.to_builder()
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(provider))
        .build()
}

type Identity = aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;

pub(crate) async fn identify(session: &Session, region: &str) -> Result<Answer<Identity>, Failure> {
    ask(session.sts(region).get_caller_identity().send()).await
}

fn identity_row(identity: &Answer<Identity>) -> Batch {
    let mut batch = Batch::default();
    let arn = identity.output.arn().unwrap_or_default();
    let account = identity.output.account().unwrap_or_default().to_owned();
    batch.put(&Account {
        account: account.clone(),
        region: "global".to_owned(),
        key: account,
        source: identity.exchange,
        partition: partition::of_arn(arn).unwrap_or_default().to_owned(),
        caller_arn: arn.to_owned(),
        caller_id: identity.output.user_id().unwrap_or_default().to_owned(),
    });
    batch
}

/// Why nobody knows who asks, with these credentials for this target.
pub(crate) async fn identity_error(failure: &Failure, config: &SdkConfig, target: &Target) -> CollectError {
    let text = match &failure.error_code {
        Some(code) => format!("{code}: {}", failure.message),
        None => failure.message.clone(),
    };
    match (failure.exchange, failure.code) {
        // Nothing was sent: the role cannot be taken, or the credentials cannot be had any more.
        (None, _) => without_credentials(config, target)
            .await
            .unwrap_or(CollectError::Unreachable(text)),
        (_, ReasonCode::AccessDenied) if failure.is(&["AccessDenied", "AccessDeniedException"]) => {
            CollectError::Identity(text)
        }
        (_, ReasonCode::AccessDenied) => {
            let region = config.region().map(AsRef::as_ref).unwrap_or_default();
            CollectError::Credentials(Surroundings::real().await.refused(failure, region))
        }
        _ => CollectError::Unreachable(text),
    }
}

/// Why the provider of these credentials gives none, if it still gives none.
async fn without_credentials(config: &SdkConfig, target: &Target) -> Option<CollectError> {
    let error = config.credentials_provider()?.provide_credentials().await.err()?;
    let surroundings = Surroundings::real().await;
    let why = match (&target.role_arn, connection(&error)) {
        (_, Some(text)) => return Some(CollectError::Unreachable(text)),
        (Some(role), None) => surroundings.role_refused(role, target.external_id.is_some(), &error),
        (None, None) => match surroundings.why(&error) {
            Ok(why) => why,
            Err(text) => return Some(CollectError::Unreachable(text)),
        },
    };
    Some(CollectError::Credentials(why))
}

/// The home of the partition, if its event history is wanted and it is not in scope as a region: what root and IAM do
/// stands in no other.
fn events_home(home: &str, regions: &[String], sources: &[&'static Source]) -> Option<String> {
    let read = sources.iter().any(|source| source.id == EVENTS.id);
    (read && !regions.iter().any(|region| region == home)).then(|| home.to_owned())
}

/// The client region of the recorded GetCallerIdentity: whichever the environment had.
fn identity_region<'a>(exchanges: &'a [evidence::exchange::Exchange], account: &str) -> &'a str {
    exchanges
        .iter()
        .find(|e| e.account == account && e.operation == "GetCallerIdentity")
        .map_or("", |e| e.region.as_str())
}

#[cfg(test)]
mod tests;
