//! The examples of a page: a few rows in, verdicts out. Tests run them, and so can a firm.
//!
//! An example is TOML: `case` (what it shows), `as_of`, `[parameters]`, rows as `[[table]]`,
//! `[[attachment]]` and `[[fact]]`, `period` (`{ from = …, to = … }`) and `period_closed`,
//! `[[gap]]`, `[asked]` (operation → number of calls, where a query reads `collection`),
//! `[[exception]]`, then `[verdicts]` (resource or name → verdict, or a table with
//! `verdict` and a part of the `reason`) and `[control]` (`verdict`, `code`, part of the `reason`).
//!
//! What a row leaves out: `account` is 111122223333; `region` is `global` for global tables, else
//! us-east-1; `source` is 1; an IAM `arn` or `user_arn` follows from the name; `key` is the row's
//! ARN, serial, bucket or id; `well_formed`, `present` and `supported` are true; all else is null,
//! or empty (a moment: 2025-06-30T00:00:00Z) where null is not allowed. Every account has its row in `account`. An attachment has a
//! file, an owner, a performer and a reviewer, was performed on the day of `as_of` and covers the
//! period; a fact belongs to the first attachment, which is made where there is none.

use std::collections::{BTreeMap, BTreeSet};

use evidence::clock::Timestamp;
use evidence::digest::Digest;
use evidence::exchange::{Exchange, Outcome};
use evidence::gap::Gap;
use evidence::record::{self, Kind, Record, Row};
use evidence::snapshot::{AccountScope, FORMAT, Lines, Snapshot, SnapshotMeta, Status, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::catalogue::{Catalogue, Control, operations_of};
use crate::database::Database;
use crate::evaluate::{self, Evaluation};
use crate::manual::{Bounds, ExampleAttachment, Frame, example_facts};
use crate::nearest::nearest;
use crate::page::Page;
use crate::result::{ControlResult, ControlVerdict, Override, ResourceVerdict};
use crate::settings::{ParameterSetting, Settings, fits};

/// Account of rows that name none.
pub const ACCOUNT: &str = "111122223333";

/// An example, read and ready to run.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it shows.
    pub case: String,
    /// The evidence.
    pub snapshot: Snapshot,
    /// Parameters and exceptions.
    pub settings: Settings,
    /// The period, and what people attached.
    pub frame: Frame,
    verdicts: BTreeMap<String, Expected>,
    control: Option<Expected>,
}

/// What an example expects of a resource or of the control.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    verdict: Option<String>,
    code: Option<String>,
    reason: Option<String>,
}

/// An example that did not come out as expected, or could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The page.
    pub file: String,
    /// The example.
    pub case: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, example `{}`: {}", self.file, self.case, self.message)
    }
}

/// What came of running examples.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Examples run.
    pub examples: usize,
    /// Those that failed.
    pub failures: Vec<Failure>,
}

/// Runs the examples of all pages.
pub fn check(catalogue: &Catalogue) -> Report {
    let mut report = Report::default();
    for control in catalogue.controls() {
        let of_page = check_control(catalogue, control);
        report.examples += of_page.examples;
        report.failures.extend(of_page.failures);
    }
    report
}

/// Runs the examples of one page.
pub fn check_control(catalogue: &Catalogue, control: &Control) -> Report {
    let mut report = Report::default();
    for (at, text) in control.page.examples.iter().enumerate() {
        report.examples += 1;
        let mut case = format!("number {}", at + 1);
        let outcome = Example::parse(&control.page, text).and_then(|example| {
            case.clone_from(&example.case);
            let evaluation = example.run(catalogue, control)?;
            example.compare(&evaluation.results.controls[&control.page.id])
        });
        if let Err(messages) = outcome {
            let failure = |message| Failure {
                file: control.page.file.clone(),
                case: case.clone(),
                message,
            };
            report.failures.extend(messages.into_iter().map(failure));
        }
    }
    report
}

impl Example {
    /// Reads an example of a page.
    pub fn parse(page: &Page, text: &str) -> Result<Self, Vec<String>> {
        Builder::read(page, text).map_err(|message| vec![message])
    }

    /// Judges the example, and before it the controls whose verdicts it reads.
    pub fn run(&self, catalogue: &Catalogue, control: &Control) -> Result<Evaluation, Vec<String>> {
        let controls = catalogue.with_those_before(|c| c.page.id == control.page.id);
        let database = Database::scratch(&self.snapshot).map_err(|e| vec![e.to_string()])?;
        evaluate::run(&controls, &self.settings, &self.snapshot, &self.frame, database).map_err(|e| vec![e.to_string()])
    }

    /// Compares a result with what the example expects.
    pub fn compare(&self, result: &ControlResult) -> Result<(), Vec<String>> {
        let mut problems = Vec::new();
        let mut met = BTreeSet::new();
        for r in &result.resources {
            let known = [&r.resource, &r.name]
                .into_iter()
                .find(|name| self.verdicts.contains_key(*name));
            let Some(name) = known else {
                problems.push(format!(
                    "{} ({}) is in the population, but not expected",
                    r.resource, r.name
                ));
                continue;
            };
            if !met.insert(name.as_str()) {
                problems.push(format!(
                    "two members are called `{name}`; name them by resource, as {}",
                    r.resource
                ));
                continue;
            }
            let expected = &self.verdicts[name];
            if expected.verdict.as_deref().is_some_and(|v| v != r.verdict.as_str()) {
                let wanted = expected.verdict.as_deref().unwrap_or_default();
                problems.push(format!("{name} is {}, not {wanted}: {}", r.verdict, r.reason));
            }
            if expected
                .reason
                .as_ref()
                .is_some_and(|part| !r.reason.contains(part.as_str()))
            {
                let wanted = expected.reason.as_deref().unwrap_or_default();
                problems.push(format!("the reason for {name} lacks `{wanted}`: {}", r.reason));
            }
        }
        for name in self.verdicts.keys().filter(|name| !met.contains(name.as_str())) {
            problems.push(format!("{name} is expected, but not in the population"));
        }
        if let Some(expected) = &self.control {
            if expected
                .verdict
                .as_deref()
                .is_some_and(|v| v != result.verdict.as_str())
            {
                let wanted = expected.verdict.as_deref().unwrap_or_default();
                problems.push(format!(
                    "the control is {}, not {wanted}: {}",
                    result.verdict, result.reason
                ));
            }
            let code = result.code.map(|c| c.as_str());
            if expected.code.is_some() && expected.code.as_deref() != code {
                let wanted = expected.code.as_deref().unwrap_or_default();
                problems.push(format!(
                    "the control's code is {}, not {wanted}: {}",
                    code.unwrap_or("none"),
                    result.reason
                ));
            }
            if expected
                .reason
                .as_ref()
                .is_some_and(|part| !result.reason.contains(part.as_str()))
            {
                let wanted = expected.reason.as_deref().unwrap_or_default();
                problems.push(format!("the control's reason lacks `{wanted}`: {}", result.reason));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The verdict expected of the control, if the example names one.
    pub fn expected(&self) -> Option<ControlVerdict> {
        self.control.as_ref()?.verdict.as_deref().and_then(ControlVerdict::of)
    }
}

/// A moment, or midnight at the start of a day.
fn moment(text: &str) -> Result<Timestamp, String> {
    match text.parse::<chrono::NaiveDate>() {
        Ok(day) => Ok(Timestamp::start_of(day)),
        Err(_) => text.parse().map_err(|e| format!("period: {e}")),
    }
}

/// Reads an example piece by piece.
struct Builder<'a> {
    page: &'a Page,
    text: toml::Table,
}

impl<'a> Builder<'a> {
    fn read(page: &'a Page, text: &str) -> Result<Example, String> {
        let text: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        let mut builder = Self { page, text };
        let case = builder
            .text("case")?
            .ok_or("say what the example shows: `case = \"…\"`")?;
        let as_of = builder
            .text("as_of")?
            .unwrap_or_else(|| "2025-06-30T00:00:00Z".to_owned());
        let as_of: Timestamp = as_of.parse().map_err(|e| format!("as_of: {e}"))?;
        let settings = builder.settings()?;
        let gaps = builder.gaps()?;
        let asked = builder.asked()?;
        let frame = builder.frame(as_of)?;
        let (verdicts, control) = builder.expected()?;
        let tables = builder.tables()?;
        Ok(Example {
            case,
            snapshot: snapshot(as_of, gaps, &asked, tables),
            settings,
            frame,
            verdicts,
            control,
        })
    }

    /// The period and the attachments.
    fn frame(&mut self, as_of: Timestamp) -> Result<Frame, String> {
        let closed = match self.text.remove("period_closed") {
            None => false,
            Some(toml::Value::Boolean(closed)) => closed,
            Some(_) => return Err("period_closed must be true or false".to_owned()),
        };
        let mut frame = Frame::default();
        if let Some(period) = self.text.remove("period") {
            let mut period: toml::Table = period.try_into().map_err(|e| format!("period: {e}"))?;
            let mut moment = |key: &str| match period.remove(key) {
                Some(toml::Value::String(text)) => moment(&text),
                Some(toml::Value::Datetime(at)) => moment(&at.to_string()),
                _ => Err(format!(
                    "period: write {{ from = \"2025-01-01\", to = \"2025-07-01\" }}; `{key}` is missing"
                )),
            };
            let (from, to) = (moment("from")?, moment("to")?);
            frame.period = Some(Bounds { from, to, closed });
        }
        if closed {
            let bounds = frame.bounds(as_of);
            frame.period = Some(Bounds { closed, ..bounds });
        }
        let bounds = frame.bounds(as_of);
        for (at, row) in (1..).zip(self.list("attachment")?) {
            let attachment = ExampleAttachment::read(self.page, row, at, as_of, bounds);
            frame
                .attachments
                .push(attachment.map_err(|e| format!("attachment number {at}: {e}"))?);
        }
        let facts = self.list("fact")?;
        example_facts(self.page, facts, &mut frame.attachments, as_of, bounds)?;
        Ok(frame)
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.text.remove(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{key} must be text in quotes")),
        }
    }

    fn settings(&mut self) -> Result<Settings, String> {
        let mut settings = Settings::default();
        if let Some(parameters) = self.text.remove("parameters") {
            let parameters: toml::Table = parameters.try_into().map_err(|e| format!("parameters: {e}"))?;
            let mut set = BTreeMap::new();
            for (name, value) in parameters {
                let spec = self.page.parameters.get(&name).ok_or_else(|| {
                    let known = nearest(&name, self.page.parameters.keys().map(String::as_str));
                    format!("parameters: the control has no parameter `{name}`{known}")
                })?;
                fits(spec, &value).map_err(|message| format!("parameters.{name}: {message}"))?;
                let Override { by, why } = Override {
                    by: "example".to_owned(),
                    why: "example".to_owned(),
                };
                set.insert(name, ParameterSetting { value, by, why });
            }
            settings.parameters.insert(self.page.id.clone(), set);
        }
        for mut exception in self.list("exception")? {
            let mut default = |key: &str, value: &str| {
                exception.entry(key).or_insert(value.into());
            };
            default("control", &self.page.id);
            default("reason", "an example");
            default("approver", "CISO");
            let exception = toml::Value::Table(exception)
                .try_into()
                .map_err(|e| format!("exception: {e}"))?;
            settings.exceptions.push(exception);
        }
        Ok(settings)
    }

    fn list(&mut self, key: &str) -> Result<Vec<toml::Table>, String> {
        let list = self.text.remove(key).unwrap_or_else(|| toml::Value::Array(Vec::new()));
        list.try_into().map_err(|_| format!("write `{key}` as [[{key}]]"))
    }

    fn gaps(&mut self) -> Result<Vec<Gap>, String> {
        let mut gaps = Vec::new();
        for gap in self.list("gap")? {
            let mut gap = row(&gap);
            let operation = gap
                .get("operation")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let mut default = |key: &str, value: Value| {
                gap.entry(key.to_owned()).or_insert(value);
            };
            default("account", ACCOUNT.into());
            default("region", "us-east-1".into());
            default("message", format!("{operation} is left out by the example").into());
            let gap: Gap = serde_json::from_value(gap.into()).map_err(|e| format!("gap: {e}"))?;
            if !self
                .page
                .tables
                .iter()
                .chain(&self.page.hints)
                .any(|t| operations_of(t).contains(&gap.operation.as_str()))
                && self.page.after.is_empty()
                && gap.operation != "sts:GetCallerIdentity"
                && !operations_of("region").contains(&gap.operation.as_str())
            {
                return Err(format!("gap: no table of the page comes from `{}`", gap.operation));
            }
            gaps.push(gap);
        }
        gaps.sort();
        Ok(gaps)
    }

    fn asked(&mut self) -> Result<BTreeMap<String, u64>, String> {
        let asked = self
            .text
            .remove("asked")
            .unwrap_or_else(|| toml::Value::Table(toml::Table::new()));
        asked
            .try_into()
            .map_err(|e| format!("asked: {e}; write `\"service:Operation\" = 1`"))
    }

    fn expected(&mut self) -> Result<(BTreeMap<String, Expected>, Option<Expected>), String> {
        let mut verdicts = BTreeMap::new();
        if let Some(table) = self.text.remove("verdicts") {
            let table: toml::Table = table.try_into().map_err(|e| format!("verdicts: {e}"))?;
            for (name, value) in table {
                let expected = match value {
                    toml::Value::String(verdict) => Expected {
                        verdict: Some(verdict),
                        ..Expected::default()
                    },
                    other => other.try_into().map_err(|e| format!("verdicts.{name}: {e}"))?,
                };
                if let Some(verdict) = expected.verdict.as_deref().filter(|v| ResourceVerdict::of(v).is_none()) {
                    return Err(format!("verdicts.{name}: `{verdict}` is no verdict"));
                }
                verdicts.insert(name, expected);
            }
        }
        let control: Option<Expected> = self
            .text
            .remove("control")
            .map(|control| control.try_into().map_err(|e| format!("control: {e}")))
            .transpose()?;
        let verdict = control.as_ref().and_then(|c| c.verdict.as_deref());
        if let Some(verdict) = verdict.filter(|v| ControlVerdict::of(v).is_none()) {
            return Err(format!("control.verdict: `{verdict}` is no verdict"));
        }
        Ok((verdicts, control))
    }

    /// What is left are rows.
    fn tables(&mut self) -> Result<BTreeMap<String, Vec<Row>>, String> {
        let mut tables = BTreeMap::new();
        for name in self.text.keys().cloned().collect::<Vec<_>>() {
            let Some(table) = record::table(&name) else {
                let words = [
                    "case",
                    "as_of",
                    "period",
                    "period_closed",
                    "attachment",
                    "fact",
                    "parameters",
                    "gap",
                    "asked",
                    "exception",
                    "verdicts",
                    "control",
                ];
                let known = record::TABLES.iter().map(|t| t.name).chain(words);
                return Err(format!("`{name}` is no table{}", nearest(&name, known)));
            };
            let nullable = nullable(table);
            let mut rows: Vec<Row> = Vec::new();
            let mut keys: Vec<String> = Vec::new();
            for given in self.list(&name)? {
                let mut row = row(&given);
                if let Some(wrong) = row.keys().find(|k| !table.columns.iter().any(|c| c.name == *k)) {
                    let known = nearest(wrong, table.columns.iter().map(|c| c.name));
                    return Err(format!("{name}: there is no column `{wrong}`{known}"));
                }
                complete(table, &nullable, &mut row, &keys);
                keys.extend(row.get("key").and_then(Value::as_str).map(str::to_owned));
                (table.fits)(&row).map_err(|e| format!("{name}, row {}: {e}", rows.len() + 1))?;
                rows.push(row);
            }
            rows.sort_by_cached_key(order);
            tables.insert(name, rows);
        }
        Ok(tables)
    }
}

fn order(row: &Row) -> [String; 3] {
    ["account", "region", "key"].map(|c| row.get(c).and_then(Value::as_str).unwrap_or_default().to_owned())
}

fn row(table: &toml::Table) -> Row {
    table
        .iter()
        .map(|(key, value)| (key.clone(), crate::settings::to_json(value)))
        .collect()
}

/// How tables of services that answer for the whole account begin.
const GLOBAL: &[&str] = &[
    "account",
    "artifact",
    "cloudfront",
    "health",
    "iam",
    "organizations",
    "region",
    "s3_account",
    "support",
];

/// Fills in what a row leaves out.
fn complete(table: &record::Table, nullable: &BTreeSet<&str>, row: &mut Row, taken: &[String]) {
    let has = |name: &str| table.columns.iter().any(|c| c.name == name);
    let global = GLOBAL.iter().any(|prefix| table.name.starts_with(prefix));
    row.entry("account").or_insert(ACCOUNT.into());
    row.entry("region")
        .or_insert(if global { "global" } else { "us-east-1" }.into());
    row.entry("source").or_insert(1.into());
    let text = |row: &Row, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    if table.name.starts_with("iam_") {
        let account = text(row, "account").unwrap_or_default();
        let kind = match table.name {
            "iam_group" => "group",
            "iam_role" => "role",
            "iam_policy" => "policy",
            _ => "user",
        };
        let name = text(row, "user").or_else(|| text(row, "name"));
        if let Some(name) = name {
            let column = if has("user_arn") { "user_arn" } else { "arn" };
            let arn = match name.as_str() {
                "<root_account>" => format!("arn:aws:iam::{account}:root"),
                name => format!("arn:aws:iam::{account}:{kind}/{name}"),
            };
            if has(column) && table.name != "iam_virtual_mfa_device" {
                row.entry(column).or_insert(arn.into());
            }
        }
        if let (true, Some(kind), Some(name)) = (
            has("principal_arn"),
            text(row, "principal_type"),
            text(row, "principal_name"),
        ) {
            row.entry("principal_arn")
                .or_insert(format!("arn:aws:iam::{account}:{kind}/{name}").into());
        }
    }
    if table.name == "s3_bucket"
        && let Some(name) = text(row, "name")
    {
        row.entry("arn").or_insert(format!("arn:aws:s3:::{name}").into());
        row.entry("key").or_insert(name.into());
    }
    let key = [
        "arn",
        "serial",
        "bucket",
        "key_arn",
        "trail_arn",
        "access_point_arn",
        "id",
    ];
    let key = key
        .iter()
        .filter(|c| has(c))
        .find_map(|c| text(row, c))
        .filter(|_| !row.contains_key("key"));
    // Several rows of one thing are told apart by a number.
    row.entry("key").or_insert_with(|| match key {
        Some(key) if !taken.contains(&key) => key.into(),
        Some(key) => format!("{key}#{:03}", taken.len() + 1).into(),
        None => format!("{}#{:03}", table.name, taken.len() + 1).into(),
    });
    for column in table.columns {
        let value = match column.kind {
            _ if nullable.contains(column.name) => Value::Null,
            Kind::Text if column.name.ends_with("_at") || column.name.ends_with("_time") => {
                "2025-06-30T00:00:00Z".into()
            }
            Kind::Text => "".into(),
            Kind::Integer => 0.into(),
            Kind::Boolean => matches!(column.name, "well_formed" | "present" | "supported").into(),
            Kind::Json => json!([]),
        };
        row.entry(column.name).or_insert(value);
    }
}

/// The columns of a table that may be null: found by trying, since a column does not say so.
fn nullable(table: &record::Table) -> BTreeSet<&'static str> {
    let value = |kind| match kind {
        // A moment is a text too, so this fits both.
        Kind::Text => "2025-06-30T00:00:00Z".into(),
        Kind::Integer => 0.into(),
        Kind::Boolean => false.into(),
        Kind::Json => json!([]),
    };
    let full: Row = table
        .columns
        .iter()
        .map(|c| (c.name.to_owned(), value(c.kind)))
        .collect();
    let allowed = |name: &str| {
        let mut row = full.clone();
        row.insert(name.to_owned(), Value::Null);
        (table.fits)(&row).is_ok()
    };
    table
        .columns
        .iter()
        .map(|c| c.name)
        .filter(|name| allowed(name))
        .collect()
}

/// A complete snapshot of these rows and gaps, in which everything was asked.
fn snapshot(
    as_of: Timestamp,
    gaps: Vec<Gap>,
    asked: &BTreeMap<String, u64>,
    mut tables: BTreeMap<String, Vec<Row>>,
) -> Snapshot {
    let mut accounts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let places = tables.values().flatten().map(|row| {
        let [account, region, _] = order(row);
        (account, region)
    });
    let places = places
        .chain(gaps.iter().map(|g| (g.account.clone(), g.region.clone())))
        .collect::<Vec<_>>();
    for (account, region) in places {
        let regions = accounts.entry(account).or_default();
        if region != "global" {
            regions.insert(region);
        }
    }
    if accounts.is_empty() {
        accounts.entry(ACCOUNT.to_owned()).or_default();
    }
    let unseen: BTreeSet<_> = gaps
        .iter()
        .filter(|g| g.operation == "sts:GetCallerIdentity")
        .map(|g| g.account.as_str())
        .collect();
    let rows = tables.entry("account".to_owned()).or_default();
    for account in accounts.keys().filter(|a| !unseen.contains(a.as_str())) {
        if !rows
            .iter()
            .any(|row| row.get("account").and_then(Value::as_str) == Some(account))
        {
            let mut row = Row::new();
            row.insert("account".to_owned(), account.as_str().into());
            row.insert("key".to_owned(), account.as_str().into());
            row.insert("partition".to_owned(), "aws".into());
            complete(&record::Account::TABLE, &BTreeSet::new(), &mut row, &[]);
            rows.push(row);
        }
    }
    rows.sort_by_cached_key(order);
    let first = accounts.keys().next().cloned().unwrap_or_default();
    let operations: BTreeSet<_> = record::TABLES.iter().flat_map(|t| t.operations).copied().collect();
    let nothing = || Lines {
        count: 0,
        sha256: Digest::of(""),
    };
    Snapshot {
        meta: SnapshotMeta {
            format: FORMAT.to_owned(),
            run: format!("{}-00000000", as_of.compact()),
            seq_open: 1,
            opened_at: as_of,
            closed_at: as_of,
            status: Status::Complete,
            tool: Tool {
                name: "exhibit".to_owned(),
                version: "example".to_owned(),
            },
            accounts: accounts
                .into_iter()
                .map(|(account, mut regions)| {
                    regions.insert("us-east-1".to_owned());
                    let caller_arn = format!("arn:aws:iam::{account}:role/auditor");
                    AccountScope {
                        account,
                        caller_arn,
                        regions: regions.into_iter().collect(),
                        events_home: None,
                    }
                })
                .collect(),
            sources: Vec::new(),
            operations: operations.into_iter().map(str::to_owned).collect(),
            event_days: None,
            controls: None,
            exchanges: nothing(),
            gaps: nothing(),
            records: BTreeMap::new(),
            max_clock_skew_s: 0,
        },
        exchanges: exchanges(as_of, &first, asked),
        gaps,
        tables,
    }
}

/// The exchange to which all rows of an example point, then the calls it says were made.
fn exchanges(at: Timestamp, account: &str, asked: &BTreeMap<String, u64>) -> Vec<Exchange> {
    let calls = asked
        .iter()
        .flat_map(|(operation, count)| (0..*count).map(move |_| operation));
    let mut exchanges = vec![exchange(at, account)];
    for (i, (service, operation)) in (2..).zip(calls.filter_map(|call| call.split_once(':'))) {
        let (service, operation) = (service.to_owned(), operation.to_owned());
        exchanges.push(Exchange {
            i,
            invocation: format!("example-{i}"),
            service,
            operation,
            ..exchange(at, account)
        });
    }
    exchanges
}

/// The exchange to which all rows of an example point.
fn exchange(at: Timestamp, account: &str) -> Exchange {
    Exchange {
        i: 1,
        attempt: 1,
        invocation: "example-1".to_owned(),
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        signed_region: "us-east-1".to_owned(),
        service: "sts".to_owned(),
        operation: "GetCallerIdentity".to_owned(),
        params: json!({}),
        method: "POST".to_owned(),
        endpoint: "https://sts.us-east-1.amazonaws.com/".to_owned(),
        access_key_id: None,
        sent_at: at,
        recv_at: at,
        rtt_ns: 0,
        outcome: Outcome::Response,
        transport_error: None,
        status: Some(200),
        aws_date: None,
        request_id: None,
        headers: BTreeMap::new(),
        body: None,
        body_sha256: Some(Digest::of("example")),
        body_len: 7,
        redaction: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_every_table_is_known() {
        for table in record::TABLES {
            let nullable = nullable(table);
            let mut row = Row::new();
            complete(table, &nullable, &mut row, &[]);
            (table.fits)(&row).unwrap_or_else(|e| panic!("{}: {e}", table.name));
        }
    }

    const PAGE: &str = r#"+++
id = "users"
title = "Users"
criteria = ["CC6.1"]
type = "configuration"
severity = "low"
tables = ["iam_user"]
+++
## Control
x
## Test
x
## Notes
x
```sql
SELECT account, region, arn AS resource, name, 'pass' AS verdict, 'fine' AS reason, source FROM iam_user
```
## Examples
```toml
EXAMPLE
```
"#;

    /// What the runner says of an example.
    fn said(example: &str) -> String {
        let page = PAGE.replace("EXAMPLE", &format!("case = \"one\"\n{example}"));
        let catalogue = Catalogue::from_pages([("users.md".to_owned(), page)]).unwrap();
        let report = check(&catalogue);
        assert_eq!(report.examples, 1);
        report
            .failures
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn what_does_not_come_out_as_written_is_reported() {
        let user = "[[iam_user]]\nname = \"a\"\n";
        assert_eq!(
            said(&format!(
                "{user}[verdicts]\na = \"pass\"\n[control]\nverdict = \"pass\""
            )),
            ""
        );
        for (example, expected) in [
            (format!("{user}[verdicts]\na = \"fail\""), "a is pass, not fail: fine"),
            (format!("{user}[verdicts]\na = {{ reason = \"bad\" }}"), "lacks `bad`"),
            (user.to_owned(), "is in the population, but not expected"),
            (
                "[verdicts]\nb = \"pass\"".to_owned(),
                "b is expected, but not in the population",
            ),
            (
                "[control]\nverdict = \"pass\"".to_owned(),
                "the control is na, not pass",
            ),
            (
                "[control]\ncode = \"throttled\"".to_owned(),
                "code is none, not throttled",
            ),
            ("[verdicts]\nb = \"passed\"".to_owned(), "`passed` is no verdict"),
            ("[[iam_user]]\nnam = \"a\"".to_owned(), "did you mean `name`?"),
            ("[[iam_usr]]\nname = \"a\"".to_owned(), "did you mean `iam_user`?"),
            ("[[iam_user]]\nname = 1".to_owned(), "iam_user, row 1"),
            ("[parameters]\nx = 1".to_owned(), "no parameter `x`"),
            (
                "[[gap]]\noperation = \"s3:ListBuckets\"\ncode = \"throttled\"".to_owned(),
                "no table of the page",
            ),
            ("as_of = \"today\"".to_owned(), "as_of"),
        ] {
            let message = said(&example);
            assert!(
                message.starts_with("users.md, example `") && message.contains(expected),
                "{example}\n{message}"
            );
        }
    }
}
