//! A control page: TOML front matter, prose, one query, examples.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use evidence::digest::Digest;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};

use crate::manual::FactSpec;
use crate::query::BUILT_IN;

/// What kind of evidence a test rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ControlType {
    /// State of the account.
    #[serde(rename = "configuration")]
    Configuration,
    /// What happened.
    #[serde(rename = "event")]
    Event,
    /// A record that a person supplies.
    #[serde(rename = "manual")]
    Manual,
    /// State, completed by a record.
    #[serde(rename = "configuration + manual")]
    ConfigurationManual,
    /// State and events.
    #[serde(rename = "configuration + event")]
    ConfigurationEvent,
    /// Events and a record.
    #[serde(rename = "event + manual")]
    EventManual,
}

impl ControlType {
    /// As written on the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Event => "event",
            Self::Manual => "manual",
            Self::ConfigurationManual => "configuration + manual",
            Self::ConfigurationEvent => "configuration + event",
            Self::EventManual => "event + manual",
        }
    }
}

impl fmt::Display for ControlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a deviation matters; it orders lists, no more. Worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// First.
    Critical,
    /// Second.
    High,
    /// Third.
    Medium,
    /// Last.
    Low,
}

impl Severity {
    /// As written on the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A type of parameter, for those that have no default to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterKind {
    /// Whole number.
    Integer,
    /// Number with a fraction.
    Float,
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// List.
    List,
    /// Table.
    Table,
}

impl ParameterKind {
    /// The kind of a value; `None` for a TOML date, which no parameter takes.
    pub fn of(value: &toml::Value) -> Option<Self> {
        Some(match value {
            toml::Value::Integer(_) => Self::Integer,
            toml::Value::Float(_) => Self::Float,
            toml::Value::String(_) => Self::String,
            toml::Value::Boolean(_) => Self::Boolean,
            toml::Value::Array(_) => Self::List,
            toml::Value::Table(_) => Self::Table,
            toml::Value::Datetime(_) => return None,
        })
    }
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::String => "text in quotes",
            Self::Boolean => "true or false",
            Self::List => "a list",
            Self::Table => "a table",
        })
    }
}

/// A parameter as its page declares it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSpec {
    /// The value unless the firm gives another. Without one the control is not tested until it does.
    #[serde(default)]
    pub default: Option<toml::Value>,
    /// The type, where there is no default.
    #[serde(default)]
    pub kind: Option<ParameterKind>,
    /// The only values allowed, if it is a choice.
    #[serde(default)]
    pub choices: Option<Vec<String>>,
    /// What it means.
    pub doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    criteria: Vec<String>,
    #[serde(default)]
    practices: Vec<String>,
    r#type: ControlType,
    severity: Severity,
    tables: Vec<String>,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    observe: bool,
    observe_without: Option<String>,
    #[serde(default)]
    peers: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, ParameterSpec>,
    #[serde(default)]
    facts: BTreeMap<String, FactSpec>,
}

/// A control page, taken apart.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// File it was read from.
    pub file: String,
    /// Control id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Criteria, the primary one first.
    pub criteria: Vec<String>,
    /// Practices (SD-, CY-).
    pub practices: Vec<String>,
    /// Kind of evidence.
    pub r#type: ControlType,
    /// Severity.
    pub severity: Severity,
    /// Base and derived tables the query reads.
    pub tables: Vec<String>,
    /// Tables the query reads besides, to say more: a gap in them leaves no verdict open.
    pub hints: Vec<String>,
    /// Controls whose verdicts the query reads.
    pub after: Vec<String>,
    /// Fails are observations, unless the firm sets `mode = "enforce"`.
    pub observe: bool,
    /// The parameter without whose value fails are observations only; with it they are deviations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observe_without: Option<String>,
    /// What others call the same check.
    pub peers: Vec<String>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, ParameterSpec>,
    /// Kinds of facts that an attachment may state.
    pub facts: BTreeMap<String, FactSpec>,
    /// `## Control`, Markdown.
    pub control: String,
    /// `## Test`, Markdown.
    pub test: String,
    /// `## Notes`, Markdown.
    pub notes: String,
    /// The query.
    #[serde(skip)]
    pub sql: String,
    /// The examples, each a TOML text.
    #[serde(skip)]
    pub examples: Vec<String>,
    /// SHA-256 of the whole page.
    pub digest: Digest,
}

/// A page cannot be read. The message names the file, the place and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {message}")]
pub struct PageError {
    file: String,
    message: String,
}

const SECTIONS: [&str; 4] = ["Control", "Test", "Notes", "Examples"];

impl Page {
    /// Reads a page.
    pub fn parse(file: &str, text: &str) -> Result<Self, PageError> {
        Self::read(file, text).map_err(|message| PageError {
            file: file.to_owned(),
            message,
        })
    }

    fn read(file: &str, text: &str) -> Result<Self, String> {
        let digest = Digest::of(text);
        let text = text.replace("\r\n", "\n");
        let (front, body) = split(&text)?;
        let front: FrontMatter = toml::from_str(front).map_err(|e| format!("front matter: {e}"))?;
        let mut parameters = front.parameters;
        if front.observe {
            parameters.entry(MODE.to_owned()).or_insert_with(mode);
        }
        for (name, spec) in &parameters {
            check_parameter(name, spec)?;
        }
        if let Some(name) = &front.observe_without
            && !(front.observe && parameters.contains_key(name))
        {
            return Err(format!(
                "observe_without: `{name}` must be a parameter of the page, and `observe` true"
            ));
        }
        for (kind, spec) in &front.facts {
            spec.check(kind)?;
        }
        if front.title.trim().is_empty() {
            return Err("title is empty; say what the control is about".to_owned());
        }
        let parts = Parts::of(body)?;
        let section = |name: &str| {
            parts
                .sections
                .get(name)
                .filter(|text| !text.is_empty())
                .cloned()
                .ok_or_else(|| format!("section `## {name}` is missing or empty; write it"))
        };
        let (control, test, notes) = (section("Control")?, section("Test")?, section("Notes")?);
        let mut queries = parts.sql.into_iter();
        let (Some(sql), None) = (queries.next(), queries.next()) else {
            return Err("a page has exactly one fenced ```sql block; put the query there".to_owned());
        };
        Ok(Self {
            file: file.to_owned(),
            id: front.id,
            title: front.title,
            criteria: front.criteria,
            practices: front.practices,
            r#type: front.r#type,
            severity: front.severity,
            tables: front.tables,
            hints: front.hints,
            after: front.after,
            observe: front.observe,
            observe_without: front.observe_without,
            peers: front.peers,
            parameters,
            facts: front.facts,
            control,
            test,
            notes,
            sql: sql.trim().trim_end_matches(';').trim_end().to_owned(),
            examples: parts.examples,
            digest,
        })
    }
}

/// Name of the parameter that switches an observing control.
pub const MODE: &str = "mode";

/// `mode` of an observing control: declared by the engine, so that no page forgets it.
fn mode() -> ParameterSpec {
    ParameterSpec {
        default: Some("observe".into()),
        kind: None,
        choices: Some(vec!["observe".to_owned(), "enforce".to_owned()]),
        doc: "`observe`: fails are observations. `enforce`: they are deviations.".to_owned(),
    }
}

fn check_parameter(name: &str, spec: &ParameterSpec) -> Result<(), String> {
    let place = format!("parameters.{name}");
    if BUILT_IN.contains(&name)
        || name.is_empty()
        || !name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        return Err(format!(
            "{place}: choose another name, of a-z, 0-9 and _ ({} are always there)",
            BUILT_IN.join(", ")
        ));
    }
    if spec.doc.trim().is_empty() {
        return Err(format!("{place}.doc is empty; say what the parameter means"));
    }
    match (&spec.default, spec.kind) {
        (Some(value), kind) => {
            let found = ParameterKind::of(value)
                .ok_or_else(|| format!("{place}.default is a TOML date; write dates as text in quotes"))?;
            if kind.is_some_and(|kind| kind != found) {
                return Err(format!("{place}.kind does not fit its default; leave `kind` out"));
            }
        }
        (None, None) => return Err(format!("{place} has no default; give one, or say its `kind`")),
        (None, Some(_)) => {}
    }
    if let (Some(choices), Some(default)) = (&spec.choices, &spec.default)
        && !default.as_str().is_some_and(|d| choices.iter().any(|c| c == d))
    {
        return Err(format!("{place}.default is not among its choices"));
    }
    Ok(())
}

/// Front matter and body.
fn split(text: &str) -> Result<(&str, &str), String> {
    let rest = text
        .strip_prefix("+++\n")
        .ok_or("the page must begin with a line `+++`, then the front matter")?;
    let end = if rest.starts_with("+++\n") {
        Some(0)
    } else {
        rest.find("\n+++\n").map(|at| at + 1)
    };
    let end = end.ok_or("the front matter is not closed; end it with a line `+++`")?;
    Ok((&rest[..end], &rest[end + 4..]))
}

/// The pieces of a page's body.
#[derive(Default)]
struct Parts {
    sections: BTreeMap<String, String>,
    sql: Vec<String>,
    examples: Vec<String>,
}

impl Parts {
    fn of(body: &str) -> Result<Self, String> {
        let mut parts = Self::default();
        let mut headings: Vec<(String, Range<usize>)> = Vec::new();
        let mut blocks: Vec<(String, String, Range<usize>)> = Vec::new();
        let (mut in_heading, mut in_block) = (false, false);
        for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading {
                    level: HeadingLevel::H1 | HeadingLevel::H2,
                    ..
                }) => {
                    in_heading = true;
                    headings.push((String::new(), range));
                }
                Event::End(TagEnd::Heading(_)) => in_heading = false,
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if matches!(&*info, "sql" | "toml") => {
                    in_block = true;
                    blocks.push((info.into_string(), String::new(), range));
                }
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(text) if in_block => {
                    if let Some((_, block, _)) = blocks.last_mut() {
                        block.push_str(&text);
                    }
                }
                Event::Text(text) | Event::Code(text) if in_heading => {
                    if let Some((heading, _)) = headings.last_mut() {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        for (at, (heading, range)) in headings.iter().enumerate() {
            if !SECTIONS.contains(&heading.as_str()) {
                return Err(format!(
                    "section `{heading}` is not known; a page has {}",
                    SECTIONS.join(", ")
                ));
            }
            let end = headings.get(at + 1).map_or(body.len(), |(_, next)| next.start);
            let mut text = String::new();
            let mut from = range.end;
            for (_, _, block) in blocks.iter().filter(|(_, _, b)| (range.end..end).contains(&b.start)) {
                text.push_str(&body[from..block.start]);
                from = block.end;
            }
            text.push_str(&body[from..end]);
            if parts.sections.insert(heading.clone(), text.trim().to_owned()).is_some() {
                return Err(format!("section `## {heading}` stands there twice; keep one"));
            }
        }
        let examples = headings
            .iter()
            .find(|(h, _)| h == "Examples")
            .map_or(body.len(), |(_, r)| r.start);
        for (kind, text, range) in blocks {
            match kind.as_str() {
                "sql" => parts.sql.push(text),
                _ if range.start > examples => parts.examples.push(text),
                _ => return Err("a fenced ```toml block stands outside `## Examples`; move it there".to_owned()),
            }
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"+++
id = "x"
title = "X"
criteria = ["CC6.1"]
type = "configuration"
severity = "low"
tables = ["iam_user"]
observe = true
[parameters.days]
default = 90
doc = "Days."
+++

## Control
Do `x`.

## Test
Look.

## Notes
None.

```sql
SELECT ':days' WHERE 1 < :days;
```

## Examples
Words.
```toml
case = "one"
```
```toml
case = "two"
```
"#;

    #[test]
    fn a_page_is_taken_apart() {
        let page = Page::parse("x.md", PAGE).unwrap();
        assert_eq!(page.control, "Do `x`.");
        assert_eq!(page.notes, "None.");
        assert_eq!(page.sql, "SELECT ':days' WHERE 1 < :days");
        assert_eq!(page.examples, ["case = \"one\"\n", "case = \"two\"\n"]);
        assert_eq!(page.parameters.keys().collect::<Vec<_>>(), ["days", "mode"]);
        assert_eq!(page.parameters["days"].default, Some(90.into()));
    }

    #[test]
    fn windows_line_ends_change_nothing() {
        let page = Page::parse("x.md", &PAGE.replace('\n', "\r\n")).unwrap();
        assert_eq!(page.sql, "SELECT ':days' WHERE 1 < :days");
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |from: &str, to: &str| {
            Page::parse("cc6/x.md", &PAGE.replacen(from, to, 1))
                .unwrap_err()
                .to_string()
        };
        for (from, to, expected) in [
            ("severity", "severety", "severety"),
            ("\"low\"", "\"lowest\"", "lowest"),
            ("+++\n", "---\n", "begin with a line `+++`"),
            ("## Notes\nNone.", "## Notes\n", "## Notes"),
            ("## Test", "## Tests", "`Tests`"),
            ("```sql", "```toml", "outside `## Examples`"),
            ("```toml\ncase = \"one\"", "```sql\nSELECT 1", "exactly one"),
            ("doc = \"Days.\"", "doc = \" \"", "parameters.days.doc"),
            ("default = 90", "", "parameters.days has no default"),
            ("default = 90", "default = 2025-01-01", "TOML date"),
            ("[parameters.days]", "[parameters.as_of]", "another name"),
            ("title = \"X\"", "title = \" \"", "title is empty"),
        ] {
            let message = wrong(from, to);
            assert!(
                message.starts_with("cc6/x.md: ") && message.contains(expected),
                "{message}"
            );
        }
    }
}
