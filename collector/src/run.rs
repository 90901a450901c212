//! A run: who and where, then every read, then the seal. Live and replayed runs share all of it
//! but the transport.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use evidence::clock::{Clock, Timestamp};
use evidence::gap::{Gap, ReasonCode};
use evidence::locker::{Draft, LockerError, Sealing, Writer};
use evidence::record::{Account, Row};
use evidence::snapshot::{AccountScope, Plan, Snapshot, SnapshotError, SnapshotMeta, Status, Tool};
use futures::stream::{self, StreamExt};

use crate::environment;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::region::Found;
pub use crate::region::Regions;
use crate::session::Session;
use crate::source::{Answer, Batch, Context, EventWindow, HistoryReached, Keep, Scope, Source, ask};
use crate::sources::{EVENTS, IDENTITY, REGIONS, SOURCES, unread};
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
    Credentials(String),
    /// AWS could not be reached at all.
    #[error("cannot reach AWS: {0}")]
    Unreachable(String),
    /// Who asks could not be found out.
    #[error("sts:GetCallerIdentity was refused, so nobody knows whose evidence this would be: {0}")]
    Identity(String),
    /// The configuration does not fit the account.
    #[error("{0}")]
    Scope(String),
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
    let loaded = environment::load().await?;
    let opened_at = request.clock.now();
    let mut draft = writer.begin(opened_at, &request.tool, plan(&request.sources, request.event_days))?;
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
    let interrupted = {
        let work = async {
            let base = environment::capturing(&loaded, &witness, &capture);
            let accounts = open_accounts(&base, &witness, &request, &shared).await?;
            shared.read(&accounts).await;
            Ok::<_, CollectError>(())
        };
        tokio::select! {
            done = work => done.map(|()| false),
            () = interrupt => Ok(true),
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
    match interrupted {
        Ok(interrupted) => seal(draft, shared, interrupted, request.clock.now()),
        Err(error) => {
            draft.abort(request.clock.now(), &error.to_string())?;
            Err(error)
        }
    }
}

fn seal(draft: Draft, shared: Shared<'_>, interrupted: bool, at: Timestamp) -> Result<Collected, CollectError> {
    let collected = shared.collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut gaps = collected.batch.gaps;
    if interrupted {
        let histories = &collected.histories;
        gaps.extend(
            collected
                .unfinished
                .into_values()
                .flatten()
                .map(|gap| naming_days(gap, histories)),
        );
    }
    gaps.sort();
    gaps.dedup();
    let sealing = Sealing {
        closed_at: at,
        status: if interrupted { Status::Partial } else { Status::Complete },
        accounts: collected.accounts,
        gaps: gaps.clone(),
        tables: collected.batch.tables,
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
    let shared = Shared {
        sources: &sources,
        events: EventWindow::of(
            snapshot.meta.opened_at,
            snapshot.meta.event_days.unwrap_or(EventWindow::MOST_DAYS),
        ),
        progress: &crate::progress::Silent,
        capture: None,
        collected: Mutex::default(),
    };
    let mut accounts = Vec::new();
    for scope in &snapshot.meta.accounts {
        let session = session_of(&scope.account);
        let home = partition_home(&scope.caller_arn).to_owned();
        let asked_in = identity_region(&snapshot.exchanges, &scope.account);
        if let Ok(identity) = identify(&session, &asked_in).await {
            shared.keep(identity_row(&identity));
        }
        let regions = Regions::Only(scope.regions.clone());
        let found = crate::region::find(&session, &scope.account, &home, &regions).await;
        shared.keep(found.batch);
        accounts.push(Opened {
            session,
            home,
            scope: scope.clone(),
        });
    }
    shared.read(&accounts).await;
    let (missing, unused) = recording.leftovers();
    let mut batch = shared
        .collected
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .batch;
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
fn plan(sources: &[&'static Source], event_days: u32) -> Plan {
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
    }
}

/// An account that has told who it is.
struct Opened {
    session: Session,
    home: String,
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
    /// The gaps that remain if a read is cut short, by read.
    unfinished: BTreeMap<(String, &'static str, String), Vec<Gap>>,
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
                collected
                    .unfinished
                    .insert(key, interrupted_gaps(&account.scope.account, source, region));
            }
        }
        self.progress.planned(reads.len());
        stream::iter(reads)
            .for_each_concurrent(READS, |(account, source, region, client_region)| async move {
                let id = &account.scope.account;
                let context = Context::new(&account.session, id, region, client_region, &account.scope.regions)
                    .looking_back(self.events)
                    .keeping(self.capture.map(|_| self as &dyn Keep));
                (source.collect)(&context).await;
                self.keep(context.into_batch());
                let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
                collected.unfinished.remove(&(id.clone(), source.id, region.to_owned()));
                self.progress.read(source.id, id, region);
            })
            .await;
    }
}

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
        gap.message = format!("the run was interrupted: {}", unread(reached.window, back_to));
    }
    gap
}

/// A read gives its rows only when it ends, so one that was cut short has seen nothing.
fn interrupted_gaps(account: &str, source: &Source, region: &str) -> Vec<Gap> {
    let gap = |operation: &&str| Gap {
        account: account.to_owned(),
        region: region.to_owned(),
        operation: (*operation).to_owned(),
        resource: None,
        code: ReasonCode::EvidenceMissing,
        error_code: None,
        message: "the run was interrupted before this was read".to_owned(),
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
        let session = Session::live(assume(base, witness, target).await, None);
        let region = base.region().map_or("us-east-1", |region| region.as_ref());
        let identity = identify(&session, region)
            .await
            .map_err(|failure| identity_error(&failure))?;
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
        shared.keep(identity_row(&identity));
        let caller_arn = identity.output.arn().unwrap_or_default().to_owned();
        let home = partition_home(&caller_arn).to_owned();
        let session = session.of_account(&account);
        let found = crate::region::find(&session, &account, &home, &request.regions).await;
        check_regions(&found, &account, region, &request.regions)?;
        shared.keep(found.batch);
        let scope = AccountScope {
            account,
            caller_arn,
            regions: found.in_scope,
        };
        accounts.push(Opened { session, home, scope });
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
        partition: arn.split(':').nth(1).unwrap_or("aws").to_owned(),
        caller_arn: arn.to_owned(),
        caller_id: identity.output.user_id().unwrap_or_default().to_owned(),
    });
    batch
}

fn identity_error(failure: &Failure) -> CollectError {
    let text = match &failure.error_code {
        Some(code) => format!("{code}: {}", failure.message),
        None => failure.message.clone(),
    };
    match (failure.exchange, failure.code) {
        // Nothing was sent: credentials were there at the start, but cannot be had any more.
        (None, _) => CollectError::Credentials(text),
        (_, ReasonCode::AccessDenied) if failure.is(&["AccessDenied", "AccessDeniedException"]) => {
            CollectError::Identity(text)
        }
        (_, ReasonCode::AccessDenied) => CollectError::Credentials(text),
        _ => CollectError::Unreachable(text),
    }
}

/// The region in which global services of the caller's partition are asked.
fn partition_home(caller_arn: &str) -> &'static str {
    match caller_arn.split(':').nth(1) {
        Some("aws-cn") => "cn-north-1",
        Some("aws-us-gov") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// The client region of the recorded GetCallerIdentity: whichever the environment had.
fn identity_region(exchanges: &[evidence::exchange::Exchange], account: &str) -> String {
    exchanges
        .iter()
        .find(|e| e.account == account && e.operation == "GetCallerIdentity")
        .map_or("us-east-1", |e| e.region.as_str())
        .to_owned()
}
