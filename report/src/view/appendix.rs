//! Parameters and the data dictionary.

use std::collections::BTreeSet;

use controls::database::{self, DictionaryColumn, Origin};
use controls::period::ControlAssessment;
use serde::Serialize;

use crate::Engagement;

/// A parameter as used.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterUsed {
    /// Control id.
    pub control: String,
    /// Name.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// The value used, or `not set`.
    pub value: String,
    /// The default, or `none`.
    pub default: String,
    /// The firm changed it.
    pub changed: bool,
    /// Who changed it, or empty.
    pub by: String,
    /// Why, or empty.
    pub why: String,
}

impl ParameterUsed {
    pub(super) fn of(control: &ControlAssessment) -> Vec<Self> {
        let page = &control.control.page;
        let text = |value: &serde_json::Value, none: &str| match value {
            serde_json::Value::Null => none.to_owned(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let used = control.latest.parameters.iter().map(|p| Self {
            control: page.id.clone(),
            name: p.name.clone(),
            doc: page
                .parameters
                .get(&p.name)
                .map(|spec| spec.doc.clone())
                .unwrap_or_default(),
            value: text(&p.value, "not set"),
            default: text(&p.default, "none"),
            changed: p.changed.is_some(),
            by: p.changed.as_ref().map(|c| c.by.clone()).unwrap_or_default(),
            why: p.changed.as_ref().map(|c| c.why.clone()).unwrap_or_default(),
        });
        used.collect()
    }
}

/// All parameters of all controls.
pub(super) fn parameters(engagement: &Engagement<'_>) -> Vec<ParameterUsed> {
    engagement
        .assessment
        .controls
        .iter()
        .flat_map(ParameterUsed::of)
        .collect()
}

/// A table of `evidence.db`.
#[derive(Clone, Debug, Serialize)]
pub struct TableDoc {
    /// Name.
    pub name: &'static str,
    /// Where it comes from, in words.
    pub origin: String,
    /// What one row is.
    pub doc: &'static str,
    /// Columns.
    pub columns: Vec<ColumnDoc>,
}

/// A column of `evidence.db`.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnDoc {
    /// Name.
    pub name: &'static str,
    /// SQLite type.
    pub sql: &'static str,
    /// What it holds.
    pub doc: &'static str,
}

/// How every recorded and derived table begins.
const ENVELOPE: [&str; 4] = ["account", "region", "key", "source"];

/// The columns all tables begin with, and every table that a test reads or that those are
/// computed from.
pub(super) fn dictionary(engagement: &Engagement<'_>) -> (Vec<ColumnDoc>, Vec<TableDoc>) {
    let tables = database::dictionary();
    let mut used: BTreeSet<&str> = engagement
        .assessment
        .controls
        .iter()
        .flat_map(|c| c.control.page.tables.iter().chain(&c.control.page.hints))
        .map(String::as_str)
        .collect();
    // Tables of which others are made come before them, so backwards finds them all.
    for table in tables.iter().rev() {
        if used.contains(table.name) {
            used.extend(table.from.iter().copied());
        }
    }
    let column = |c: &DictionaryColumn| ColumnDoc {
        name: c.name,
        sql: c.sql,
        doc: c.doc,
    };
    let first = tables.iter().find(|t| t.origin == Origin::Recorded);
    let shared: Vec<_> = first
        .into_iter()
        .flat_map(|t| &t.columns)
        .filter(|c| ENVELOPE.contains(&c.name))
        .collect();
    let envelope: Vec<_> = shared.iter().map(|c| column(c)).collect();
    let is_shared = |c: &DictionaryColumn| shared.iter().any(|s| s.name == c.name && s.doc == c.doc);
    let wanted = tables
        .iter()
        .filter(|t| t.origin == Origin::Helper || used.contains(t.name));
    let docs = wanted.map(|t| TableDoc {
        name: t.name,
        origin: match t.origin {
            Origin::Recorded => format!("recorded from {}", t.operations.join(", ")),
            Origin::Derived => format!("derived from {}", t.from.join(", ")),
            Origin::Helper => "kept by the program".to_owned(),
        },
        doc: t.doc,
        columns: t
            .columns
            .iter()
            .filter(|c| t.origin == Origin::Helper || !is_shared(c))
            .map(column)
            .collect(),
    });
    (envelope, docs.collect())
}
