//! A source: one read of one AWS service, and what it is given to do it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use evidence::canonical;
use evidence::clock::Timestamp;
use evidence::exchange::Exchange;
use evidence::gap::{Gap, ReasonCode};
use evidence::partition;
use evidence::record::{Record, Row};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};

use crate::failure::Failure;
use crate::session::Session;
use crate::transport::observed;

/// Calls of one source in flight at most; the transport limits further by service.
const FAN_OUT: usize = 32;

/// Where a source is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Once per account.
    Global,
    /// Once per account and region.
    Regional,
}

/// One read.
pub struct Source {
    /// Its name: `service.what`.
    pub id: &'static str,
    /// The operations it makes.
    pub operations: &'static [&'static str],
    /// Where.
    pub scope: Scope,
    /// The tables it fills.
    pub tables: &'static [&'static str],
    /// Does it.
    pub collect: for<'a> fn(&'a Context<'a>) -> BoxFuture<'a, ()>,
}

/// The event history that a run asks for. It follows from what the run records of itself, so
/// that a replay asks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventWindow {
    /// From when on.
    pub from: Timestamp,
    /// Up to when: the start of the run.
    pub to: Timestamp,
}

impl EventWindow {
    /// Days that CloudTrail keeps, and the most that can be asked for.
    pub const MOST_DAYS: u32 = 90;

    /// Seconds less than what CloudTrail keeps: what is exactly as old is older when the request arrives.
    const MARGIN: i64 = 3600;

    /// So many days back from the start of the run.
    pub fn of(opened_at: Timestamp, days: u32) -> Self {
        let kept = i64::from(Self::MOST_DAYS) * 86_400;
        Self::back(opened_at, (i64::from(days) * 86_400).min(kept - Self::MARGIN))
    }

    /// The window that a recorded run asked for. Runs of before there was a margin asked from the very edge, which
    /// their requests tell.
    pub(crate) fn recorded(opened_at: Timestamp, days: u32, exchanges: &[Exchange]) -> Self {
        let whole = Self::back(opened_at, i64::from(days.min(Self::MOST_DAYS)) * 86_400);
        let from_there = |exchange: &Exchange| {
            let params = &exchange.params;
            [&params["StartTime"], &params["createTimeRange"]["start"]]
                .iter()
                .any(|start| start.as_i64() == Some(whole.from.unix()))
        };
        if exchanges.iter().any(from_there) {
            whole
        } else {
            Self::of(opened_at, days)
        }
    }

    fn back(to: Timestamp, seconds: i64) -> Self {
        let from = Timestamp::from_unix(to.unix() - seconds).unwrap_or(to);
        Self { from, to }
    }
}

/// Rows and gaps of one read.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Rows by table.
    pub tables: BTreeMap<String, Vec<Row>>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

impl Batch {
    /// Adds another's content.
    pub fn merge(&mut self, other: Self) {
        for (table, rows) in other.tables {
            self.tables.entry(table).or_default().extend(rows);
        }
        self.gaps.extend(other.gaps);
    }

    /// Adds a row. One that cannot be written down (a number beyond what canonical JSON has) is a gap in its table, not the
    /// end of the run.
    pub fn put<R: Record>(&mut self, record: &R) {
        let Ok(serde_json::Value::Object(row)) = serde_json::to_value(record) else {
            return;
        };
        match canonical::to_string(&row) {
            Ok(_) => self.tables.entry(R::TABLE.name.to_owned()).or_default().push(row),
            Err(why) => {
                let text = |name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
                let gap = |operation: &&str| Gap {
                    account: text("account"),
                    region: text("region"),
                    operation: (*operation).to_owned(),
                    resource: None,
                    code: ReasonCode::Unsupported,
                    error_code: None,
                    message: format!("{} {} cannot be written down: {why}", R::TABLE.name, text("key")),
                    exchange: row.get("source").and_then(serde_json::Value::as_u64),
                };
                self.gaps.extend(R::TABLE.operations.iter().map(gap));
            }
        }
    }
}

/// An answer and the exchange it came in.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The SDK's typed output.
    pub output: T,
    /// Number of the exchange.
    pub exchange: u64,
}

/// All pages of a list, or as many as came before a failure.
#[derive(Clone, Debug)]
pub struct Pages<T> {
    /// The pages, in order.
    pub pages: Vec<Answer<T>>,
    /// Why the list is not complete.
    pub failure: Option<Failure>,
}

/// Where rows go that are too many to be held until a read ends, and how far it has come.
pub trait Keep: Send + Sync {
    /// Keeps a row, unless its table has one of the same account, region and key. Says whether it is new.
    fn row(&self, table: &str, row: &Row) -> bool;

    /// The event history has been read so far.
    fn history(&self, reached: &HistoryReached);
}

/// How far one of the lists of a region's event history has been read. AWS begins with the latest events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryReached {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Which list, from 0.
    pub list: usize,
    /// How many lists there are.
    pub lists: usize,
    /// Pages read of it.
    pub pages: u64,
    /// The earliest event so far; what the window begins with when the list has ended.
    pub back_to: Timestamp,
    /// What is asked for.
    pub window: EventWindow,
}

impl HistoryReached {
    /// Minutes that the rest of the list will take, at AWS's two pages a second and as many events a day as so far.
    pub fn minutes_left(&self) -> u64 {
        let seconds = |from: Timestamp, to: Timestamp| u64::try_from(to.unix() - from.unix()).unwrap_or_default();
        let (read, rest) = (
            seconds(self.back_to, self.window.to),
            seconds(self.window.from, self.back_to),
        );
        let pages = self.pages.saturating_mul(rest) / read.max(1);
        pages / 2 / 60
    }
}

/// What a source is given.
pub struct Context<'a> {
    /// The account's clients.
    pub session: &'a Session,
    /// Account id.
    pub account: &'a str,
    /// `global`, or the region that is asked: the `region` of rows and gaps.
    pub region: &'a str,
    /// The region of the client that asks.
    pub client_region: &'a str,
    /// All regions in scope.
    pub regions: &'a [String],
    /// The event history to ask for; `None` where nothing is read yet.
    pub events: Option<EventWindow>,
    /// Where rows go page by page; `None`: into memory, as all others.
    keep: Option<&'a dyn Keep>,
    batch: Mutex<Batch>,
}

impl<'a> Context<'a> {
    /// For one read.
    pub fn new(
        session: &'a Session,
        account: &'a str,
        region: &'a str,
        client_region: &'a str,
        regions: &'a [String],
    ) -> Self {
        Self {
            session,
            account,
            region,
            client_region,
            regions,
            events: None,
            keep: None,
            batch: Mutex::default(),
        }
    }

    /// With event history.
    #[must_use]
    pub fn looking_back(mut self, events: EventWindow) -> Self {
        self.events = Some(events);
        self
    }

    /// With a place for rows that are many.
    #[must_use]
    pub fn keeping(mut self, keep: Option<&'a dyn Keep>) -> Self {
        self.keep = keep;
        self
    }

    /// Keeps a row of a table that may be too large for memory.
    pub fn put_away<R: Record>(&self, record: &R) {
        match (self.keep, serde_json::to_value(record)) {
            (Some(keep), Ok(serde_json::Value::Object(row))) => {
                keep.row(R::TABLE.name, &row);
            }
            _ => self.put(record),
        }
    }

    /// Tells how far the event history has been read.
    pub fn reached(&self, reached: &HistoryReached) {
        if let Some(keep) = self.keep {
            keep.history(reached);
        }
    }

    /// The rows and gaps so far.
    pub fn into_batch(self) -> Batch {
        self.batch.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// An ARN in this region and account, where AWS gives only a name or an id.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let (partition, region, account) = (self.session.partition(), self.region, self.account);
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// A bucket's ARN.
    pub fn bucket_arn(&self, bucket: &str) -> String {
        partition::bucket_arn(self.session.partition(), bucket)
    }

    /// Keeps a row.
    pub fn put<R: Record>(&self, record: &R) {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner).put(record);
    }

    /// Keeps what could not be seen; `resource` is the one thing that was asked about.
    pub fn gap(&self, operation: &str, resource: Option<&str>, failure: &Failure) {
        self.gap_in(self.region, operation, resource, failure);
    }

    /// Like [`Self::gap`], for a region of its own.
    pub fn gap_in(&self, region: &str, operation: &str, resource: Option<&str>, failure: &Failure) {
        let gap = Gap {
            account: self.account.to_owned(),
            region: region.to_owned(),
            operation: operation.to_owned(),
            resource: resource.map(str::to_owned),
            code: match resource {
                Some(_) => failure.about_one(operation),
                None => failure.code,
            },
            error_code: failure.error_code.clone(),
            message: failure.message.clone(),
            exchange: failure.exchange,
        };
        self.batch.lock().unwrap_or_else(PoisonError::into_inner).gaps.push(gap);
    }

    /// Makes a call.
    pub async fn ask<T, E>(
        &self,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Answer<T>, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        ask(call).await
    }

    /// Reads a list to its end.
    ///
    /// `call` is given the page token; `next` reads it off a page: `Ok(None)` at the end,
    /// [`CutShort`] when the page says that there is more but not how to get it.
    pub async fn pages<T, E, F>(&self, call: impl Fn(Option<String>) -> F, next: impl Fn(&T) -> Next) -> Pages<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        pages(call, next).await
    }

    /// Works on all items, some at a time.
    pub async fn each<I, F: Future<Output = ()>>(&self, items: impl IntoIterator<Item = I>, work: impl Fn(I) -> F) {
        stream::iter(items).for_each_concurrent(FAN_OUT, work).await;
    }

    /// Waits, unless this is a replay.
    pub async fn wait(&self, time: Duration) {
        if !self.session.is_replay() {
            tokio::time::sleep(time).await;
        }
    }
}

/// Where a list goes on: the next page's token, `None` at its end.
pub type Next = Result<Option<String>, CutShort>;

/// A page says that there is more, but not how to get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutShort;

/// Makes a call and names its exchange.
pub async fn ask<T, E>(call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>) -> Result<Answer<T>, Failure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match observed(call).await {
        // An output without an exchange cannot be: the transport makes one per attempt.
        (Ok(output), exchange) => Ok(Answer {
            output,
            exchange: exchange.unwrap_or_default(),
        }),
        (Err(error), exchange) => Err(Failure::of(&error, exchange)),
    }
}

/// See [`Context::pages`].
pub async fn pages<T, E, F>(call: impl Fn(Option<String>) -> F, next: impl Fn(&T) -> Next) -> Pages<T>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let mut pages = Vec::new();
    let failure = each_page(call, next, |page| pages.push(page)).await;
    Pages { pages, failure }
}

/// Reads a list to its end and gives each page away as it comes; tells why it is not complete.
pub async fn each_page<T, E, F>(
    call: impl Fn(Option<String>) -> F,
    next: impl Fn(&T) -> Next,
    mut page: impl FnMut(Answer<T>),
) -> Option<Failure>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let mut token: Option<String> = None;
    loop {
        let answer = match ask(call(token.clone())).await {
            Ok(answer) => answer,
            Err(failure) => return Some(failure),
        };
        let following = next(&answer.output);
        let exchange = answer.exchange;
        page(answer);
        match following {
            Ok(None) => return None,
            Ok(following) if following != token => token = following,
            _ => return Some(Failure::endless(exchange)),
        }
    }
}

/// The usual page token: absent or empty at the end.
pub fn token(token: Option<&str>) -> Next {
    Ok(token.filter(|token| !token.is_empty()).map(str::to_owned))
}

/// IAM's and KMS's kind: a flag says whether there is more, and then there must be a marker.
pub fn marker(truncated: bool, marker: Option<&str>) -> Next {
    if truncated {
        marker
            .filter(|m| !m.is_empty())
            .map(|m| Some(m.to_owned()))
            .ok_or(CutShort)
    } else {
        Ok(None)
    }
}
