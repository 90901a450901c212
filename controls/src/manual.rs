//! What a snapshot is judged with besides itself: the period, and what people attached.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use evidence::canonical;
use evidence::clock::Timestamp;
use evidence::manual::{Attachment, Fact};
use evidence::period::Period;
use serde::{Deserialize, Serialize};

use crate::nearest::nearest;
use crate::page::{ControlType, Page};
use crate::settings::to_json;

/// Days that are looked back where no period is given.
const LOOK_BACK: i64 = 90;

/// A kind of fact as its page declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactSpec {
    /// What it states.
    pub doc: String,
    /// What its `subject` is.
    pub subject: String,
    /// Fields that it must have.
    #[serde(default)]
    pub required: Vec<String>,
    /// Fields that it may have.
    #[serde(default)]
    pub optional: Vec<String>,
}

impl FactSpec {
    /// What is wrong with the declaration.
    pub(crate) fn check(&self, kind: &str) -> Result<(), String> {
        let place = format!("facts.{kind}");
        let plain = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if !plain(kind) {
            return Err(format!("{place}: choose another name, of a-z, 0-9 and _"));
        }
        for (key, text) in [("doc", &self.doc), ("subject", &self.subject)] {
            if text.trim().is_empty() {
                return Err(format!("{place}.{key} is empty; say it in a few words"));
            }
        }
        let fields: Vec<_> = self.fields().collect();
        for (at, field) in fields.iter().enumerate() {
            if !plain(field) || ["subject", "account", "attachment", "kind"].contains(field) {
                return Err(format!(
                    "{place}: choose another name than `{field}`, of a-z, 0-9 and _ (`subject` and `account` are always there)"
                ));
            }
            if fields[..at].contains(field) {
                return Err(format!("{place}: the field `{field}` stands there twice; keep one"));
            }
        }
        Ok(())
    }

    /// All fields but `subject` and `account`.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.required.iter().chain(&self.optional).map(String::as_str)
    }
}

/// Can evidence be attached to the control?
pub fn takes_evidence(page: &Page) -> bool {
    !page.facts.is_empty()
        || matches!(
            page.r#type,
            ControlType::Manual | ControlType::ConfigurationManual | ControlType::EventManual
        )
}

/// The facts of a file: arrays of tables by kind, as the page declares them.
pub fn facts(page: &Page, text: &str) -> Result<Vec<Fact>, String> {
    let file: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| e.to_string().trim_end().to_owned())?;
    let mut facts = Vec::new();
    for (kind, items) in file {
        let toml::Value::Array(items) = items else {
            return Err(format!("write `{kind}` as [[{kind}]]"));
        };
        for (at, item) in items.into_iter().enumerate() {
            let place = format!("[[{kind}]] number {}", at + 1);
            let toml::Value::Table(table) = item else {
                return Err(format!("{place}: write `{kind}` as [[{kind}]]"));
            };
            facts.push(fact(page, &kind, table).map_err(|message| format!("{place}: {message}"))?);
        }
    }
    if facts.is_empty() {
        return Err(format!("there is no fact in it; {}", known_kinds(page)));
    }
    Ok(facts)
}

fn known_kinds(page: &Page) -> String {
    let kinds: Vec<_> = page.facts.keys().map(|kind| format!("[[{kind}]]")).collect();
    if kinds.is_empty() {
        format!("{} takes no facts, only files; leave --facts out", page.id)
    } else {
        format!("{} takes {}", page.id, kinds.join(", "))
    }
}

/// One fact, held to its declaration.
pub(crate) fn fact(page: &Page, kind: &str, mut table: toml::Table) -> Result<Fact, String> {
    let spec = page.facts.get(kind).ok_or_else(|| {
        let known = nearest(kind, page.facts.keys().map(String::as_str));
        format!("there is no fact of the kind `{kind}`{known}; {}", known_kinds(page))
    })?;
    let subject = match table.remove("subject") {
        Some(toml::Value::String(text)) if !text.trim().is_empty() => text,
        None => return Err(format!("`subject` is missing: {}", spec.subject)),
        Some(_) => {
            return Err(format!("`subject` must be a text that is not empty: {}", spec.subject));
        }
    };
    let account = match table.remove("account") {
        None => None,
        Some(toml::Value::String(id)) if is_account(&id) => Some(id),
        Some(other) => return Err(format!("`account` must be the 12 digits of an account id, not {other}")),
    };
    if let Some(unknown) = table.keys().find(|key| !spec.fields().any(|f| f == *key)) {
        let all: Vec<_> = spec.fields().collect();
        return Err(format!(
            "there is no field `{unknown}`{}; `{kind}` has {}",
            nearest(unknown, all.iter().copied()),
            all.join(", ")
        ));
    }
    for field in &spec.required {
        let empty = match table.get(field) {
            None => true,
            Some(toml::Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if empty {
            return Err(format!(
                "`{field}` is missing; `{kind}` needs {}",
                spec.required.join(", ")
            ));
        }
    }
    let data: serde_json::Map<_, _> = table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect();
    canonical::to_string(&data)
        .map_err(|e| format!("{e}; write whole numbers, texts in quotes, and keys of letters and digits"))?;
    Ok(Fact {
        kind: kind.to_owned(),
        subject,
        account,
        data,
    })
}

/// The 12 digits of an AWS account.
pub fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())
}

/// From where to where records are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after.
    pub to: Timestamp,
    /// Records that are not there are not to come.
    pub closed: bool,
}

/// What a snapshot is judged with besides itself.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The period; without one, the days before the snapshot.
    pub period: Option<Bounds>,
    /// What people attached, in order of the log, without what was replaced.
    pub attachments: Vec<Attachment>,
}

impl Frame {
    /// Of a period, or of a moment: the attachments that cover a day of it, or all.
    pub fn of(period: Option<&Period>, attachments: Vec<Attachment>) -> Self {
        let fits = |a: &Attachment| {
            a.replaced_by.is_none() && period.is_none_or(|p| a.evidence.touches(p.start, p.last_day()))
        };
        Self {
            period: period.map(|p| Bounds {
                from: Timestamp::start_of(p.start),
                to: Timestamp::start_of(p.end),
                closed: p.closed,
            }),
            attachments: attachments.into_iter().filter(fits).collect(),
        }
    }

    /// The bounds for a snapshot of this moment.
    pub fn bounds(&self, as_of: Timestamp) -> Bounds {
        self.period.unwrap_or_else(|| Bounds {
            from: Timestamp::from_unix(as_of.unix() - LOOK_BACK * 86_400).unwrap_or(as_of),
            to: as_of,
            closed: false,
        })
    }
}

/// What an attachment of an example is, unless it says otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleAttachment {
    id: Option<String>,
    control: Option<String>,
    account: Option<String>,
    title: Option<String>,
    statement: Option<String>,
    owner: Option<String>,
    performed_on: Option<String>,
    performer: Option<String>,
    reviewer: Option<String>,
    period_from: Option<String>,
    period_to: Option<String>,
    source_system: Option<String>,
    comment: Option<String>,
    files: Option<Vec<ExampleFile>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ExampleFile {
    Name(String),
    Whole { name: String },
}

impl ExampleAttachment {
    /// One that says nothing.
    pub(crate) fn plain() -> toml::Table {
        toml::Table::new()
    }

    /// Reads a row of an example.
    pub(crate) fn read(
        page: &Page,
        table: toml::Table,
        number: u64,
        as_of: Timestamp,
        bounds: Bounds,
    ) -> Result<Attachment, String> {
        let table: toml::Table = table
            .into_iter()
            .map(|(key, value)| match value {
                toml::Value::Datetime(day) => (key, toml::Value::String(day.to_string())),
                other => (key, other),
            })
            .collect();
        let row: Self = toml::Value::Table(table).try_into().map_err(|e| e.to_string())?;
        let day = |text: Option<String>, default: NaiveDate| match text {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| format!("`{text}` is no day such as 2025-06-30")),
        };
        let text = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
        let files = row
            .files
            .unwrap_or_else(|| vec![ExampleFile::Name("record.pdf".to_owned())]);
        let files = files.into_iter().map(|file| match file {
            ExampleFile::Name(name) | ExampleFile::Whole { name } => evidence::manual::FileRef::of(&name, b"example"),
        });
        Ok(Attachment {
            id: row.id.unwrap_or_else(|| Attachment::id_of(number)),
            seq: number,
            at: as_of,
            replaced_by: None,
            evidence: evidence::manual::ManualEvidence {
                control: row.control.unwrap_or_else(|| page.id.clone()),
                account: row.account,
                title: text(row.title, "A record"),
                statement: text(row.statement, "It was done."),
                owner: text(row.owner, "Head of infrastructure"),
                performed_on: day(row.performed_on, as_of.day())?,
                performer: text(row.performer, "Pat Performer"),
                reviewer: text(row.reviewer, "Robin Reviewer"),
                period_from: day(row.period_from, bounds.from.day())?,
                period_to: day(row.period_to, bounds.to.day())?,
                source_system: row.source_system,
                comment: row.comment,
                files: files.collect(),
                facts_file: None,
                facts: Vec::new(),
                replaces: None,
            },
        })
    }
}

/// Adds the facts of an example to its attachments; where it has none, one is made for them.
///
/// A fact names its attachment, else it belongs to the first; what is no column is a field.
pub(crate) fn example_facts(
    page: &Page,
    rows: Vec<toml::Table>,
    attachments: &mut Vec<Attachment>,
    as_of: Timestamp,
    bounds: Bounds,
) -> Result<(), String> {
    if attachments.is_empty() && !rows.is_empty() {
        attachments.push(ExampleAttachment::read(
            page,
            ExampleAttachment::plain(),
            1,
            as_of,
            bounds,
        )?);
    }
    let places: BTreeMap<String, usize> = attachments
        .iter()
        .enumerate()
        .map(|(at, a)| (a.id.clone(), at))
        .collect();
    for (at, mut row) in rows.into_iter().enumerate() {
        let place = format!("fact number {}", at + 1);
        let mut text = |key: &str| match row.remove(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{place}: `{key}` must be text in quotes")),
        };
        let kind = text("kind")?.ok_or_else(|| format!("{place}: `kind` is missing"))?;
        let attachment = text("attachment")?;
        if let Some(data) = row.remove("data") {
            let data: toml::Table = data.try_into().map_err(|e| format!("{place}: data: {e}"))?;
            row.extend(data);
        }
        let fact = fact(page, &kind, row).map_err(|message| format!("{place}: {message}"))?;
        let index = match &attachment {
            None => 0,
            Some(id) => *places
                .get(id)
                .ok_or_else(|| format!("{place}: there is no attachment `{id}`"))?,
        };
        if let Some(attachment) = attachments.get_mut(index) {
            attachment.evidence.facts.push(fact);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::examples;

    const PAGE: &str = r#"+++
id = "vault"
title = "Vault"
criteria = ["CC6.1"]
type = "manual"
severity = "low"
tables = ["account"]
[facts.custodian]
doc = "Who holds it."
subject = "name of a person"
required = ["since"]
optional = ["left"]
+++
## Control
x
## Test
x
## Notes
x
```sql
SELECT a.account, 'global' AS region, a.account AS resource, a.account AS name,
  CASE WHEN f.n > 0 AND r.n > 0 THEN 'pass' WHEN r.n > 0 OR :period_closed THEN 'fail' ELSE 'unknown' END AS verdict,
  CASE WHEN r.n > 0 THEN f.n || ' since ' || f.since || ' in ' || :period_from || ' to ' || :period_to || ', ' || coalesce(r.file, 'no file')
       WHEN :period_closed THEN 'none' ELSE 'evidence-missing: no record' END AS reason, a.source
FROM account AS a
JOIN (SELECT count(*) AS n, min(json_extract(files, '$[0].name')) AS file FROM attachment WHERE control = 'vault' AND performer <> reviewer) AS r
JOIN (SELECT count(*) AS n, min(json_extract(data, '$.since')) AS since FROM fact WHERE control = 'vault' AND kind = 'custodian') AS f
```
## Examples
EXAMPLES
"#;

    fn page(examples: &str) -> Catalogue {
        Catalogue::from_pages([("vault.md".to_owned(), PAGE.replace("EXAMPLES", examples))]).unwrap()
    }

    #[test]
    fn facts_are_held_to_their_declaration() {
        let catalogue = page("");
        let page = &catalogue.get("vault").unwrap().page;
        let found = facts(
            page,
            "[[custodian]]\nsubject = \"Ann\"\nsince = 2025-01-01\naccount = \"111122223333\"",
        )
        .unwrap();
        assert_eq!(
            (found[0].subject.as_str(), found[0].data["since"].as_str()),
            ("Ann", Some("2025-01-01"))
        );
        assert_eq!(found[0].account.as_deref(), Some("111122223333"));
        for (text, expected) in [
            ("", "no fact in it; vault takes [[custodian]]"),
            ("[[custodain]]\nsubject = \"A\"", "did you mean `custodian`"),
            ("[custodian]\nsubject = \"A\"", "write `custodian` as [[custodian]]"),
            (
                "[[custodian]]\nsince = 2025-01-01",
                "`subject` is missing: name of a person",
            ),
            ("[[custodian]]\nsubject = \" \"\nsince = 1", "`subject` must be"),
            ("[[custodian]]\nsubject = \"A\"", "`since` is missing"),
            ("[[custodian]]\nsubject = \"A\"\nsince = \" \"", "`since` is missing"),
            (
                "[[custodian]]\nsubject = \"A\"\nsince = 1\nlefft = 2",
                "did you mean `left`",
            ),
            ("[[custodian]]\nsubject = \"A\"\nsince = 1.5", "whole numbers"),
            (
                "[[custodian]]\nsubject = \"A\"\nsince = 1\naccount = \"1\"",
                "12 digits",
            ),
            ("x", "expected"),
        ] {
            let message = facts(page, text).unwrap_err();
            assert!(message.contains(expected), "{text}\n{message}");
        }
    }

    #[test]
    fn records_reach_the_query() {
        let catalogue = page(
            r#"
```toml
case = "no record while open"
[verdicts]
111122223333 = "unknown"
[control]
verdict = "not-tested"
code = "evidence-missing"
```
```toml
case = "no record once closed"
period_closed = true
[verdicts]
111122223333 = "fail"
```
```toml
case = "a record"
period = { from = "2025-01-01", to = "2025-07-01" }
[[fact]]
kind = "custodian"
subject = "Ann"
since = "2024-01-01"
[verdicts]
111122223333 = { verdict = "pass", reason = "1 since 2024-01-01 in 2025-01-01T00:00:00Z to 2025-07-01T00:00:00Z, record.pdf" }
```
```toml
case = "the performer reviews, and a fact in data"
[[attachment]]
performer = "A"
reviewer = "A"
[[attachment]]
id = "B"
files = []
[[fact]]
attachment = "B"
kind = "custodian"
subject = "Ann"
data = { since = "2024-01-01" }
[verdicts]
111122223333 = { verdict = "pass", reason = "no file" }
```
"#,
        );
        let report = examples::check(&catalogue);
        assert_eq!(report.examples, 4);
        let said: Vec<_> = report.failures.iter().map(ToString::to_string).collect();
        assert!(said.is_empty(), "{said:?}");
    }

    #[test]
    fn only_records_that_touch_the_period_count() {
        let catalogue = page("");
        let page = &catalogue.get("vault").unwrap().page;
        let as_of: Timestamp = "2025-06-30T00:00:00Z".parse().unwrap();
        let bounds = Frame::default().bounds(as_of);
        let record = |from: &str, to: &str| {
            let row: toml::Table = format!("period_from = {from}\nperiod_to = \"{to}\"").parse().unwrap();
            ExampleAttachment::read(page, row, 1, as_of, bounds).unwrap()
        };
        let period = Period {
            name: "H1".into(),
            r#type: evidence::period::PeriodType::TypeII,
            start: "2025-01-01".parse().unwrap(),
            end: "2025-07-01".parse().unwrap(),
            closed: true,
        };
        let mut old = record("2025-02-01", "2025-03-01");
        old.replaced_by = Some("A9".into());
        let all = vec![
            record("2024-01-01", "2024-12-31"),
            record("2024-12-31", "2025-01-01"),
            record("2025-07-01", "2025-12-31"),
            old,
        ];
        let frame = Frame::of(Some(&period), all.clone());
        assert_eq!(frame.attachments, all[1..2]);
        assert!(frame.bounds(as_of).closed);
        assert_eq!(Frame::of(None, all).attachments.len(), 3);
        assert_eq!(bounds.from.to_string(), "2025-04-01T00:00:00Z");
    }
}
