//! What the firm decides: parameters, exceptions, its own pages, scope. The command line fills
//! it from `exhibit.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::criteria::{Category, Criterion};
use crate::nearest::nearest;
use crate::page::{Page, ParameterKind, ParameterSpec};
use crate::result::{Exception, Override, ParameterUse};

/// Days that may lie between two snapshots unless the firm says otherwise.
pub const MAX_GAP_DAYS: u32 = 31;

/// Everything the firm decides about tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Parameters by control and name.
    pub parameters: BTreeMap<String, BTreeMap<String, ParameterSetting>>,
    /// Approved deviations.
    pub exceptions: Vec<Exception>,
    /// Folder with the firm's own pages.
    pub controls_dir: Option<PathBuf>,
    /// Categories in scope; none named means all. Security is always in scope.
    pub categories: Vec<Category>,
    /// Greatest distance between two snapshots of a period, in days.
    pub max_gap_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parameters: BTreeMap::new(),
            exceptions: Vec::new(),
            controls_dir: None,
            categories: Vec::new(),
            max_gap_days: MAX_GAP_DAYS,
        }
    }
}

/// A parameter the firm changed, who decided it and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSetting {
    /// The value.
    pub value: toml::Value,
    /// Who decided.
    pub by: String,
    /// Why.
    pub why: String,
}

/// The settings do not fit the catalogue; each problem is one sentence with its remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct SettingsError {
    /// All problems found.
    pub problems: Vec<String>,
}

impl Settings {
    /// Is the criterion in scope?
    pub fn covers(&self, criterion: &Criterion) -> bool {
        self.categories.is_empty()
            || criterion.category == Category::Security
            || self.categories.contains(&criterion.category)
    }

    /// Checks the settings against the catalogue.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), SettingsError> {
        let mut problems = Vec::new();
        for (id, parameters) in &self.parameters {
            match catalogue.get(id) {
                Some(control) => {
                    problems.extend(
                        parameters
                            .iter()
                            .filter_map(|(name, set)| check(&control.page, name, set).err()),
                    );
                }
                None => problems.push(unknown_control(catalogue, &format!("parameters.{id}"), id)),
            }
        }
        for (at, exception) in self.exceptions.iter().enumerate() {
            let place = format!("exception {} (`{}`)", at + 1, exception.resource);
            if catalogue.get(&exception.control).is_none() {
                problems.push(unknown_control(catalogue, &place, &exception.control));
            }
            for (key, text) in [
                ("resource", &exception.resource),
                ("reason", &exception.reason),
                ("approver", &exception.approver),
            ] {
                if text.trim().is_empty() {
                    problems.push(format!("{place}: `{key}` is empty; an exception needs it"));
                }
            }
        }
        if self.max_gap_days == 0 {
            problems.push("max_gap_days is 0; give the greatest distance between two snapshots in days".to_owned());
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(SettingsError { problems })
        }
    }

    /// The parameters of a page as used, by name.
    pub fn parameters_of(&self, page: &Page) -> Vec<ParameterUse> {
        let set = self.parameters.get(&page.id);
        page.parameters
            .iter()
            .map(|(name, spec)| {
                let default = spec.default.as_ref().map_or(serde_json::Value::Null, to_json);
                match set.and_then(|set| set.get(name)) {
                    Some(set) => ParameterUse {
                        name: name.clone(),
                        value: to_json(&set.value),
                        default,
                        changed: Some(Override {
                            by: set.by.clone(),
                            why: set.why.clone(),
                        }),
                    },
                    None => ParameterUse {
                        name: name.clone(),
                        value: default.clone(),
                        default,
                        changed: None,
                    },
                }
            })
            .collect()
    }
}

fn unknown_control(catalogue: &Catalogue, place: &str, id: &str) -> String {
    format!(
        "{place}: there is no control `{id}`{}",
        nearest(id, catalogue.controls().map(|c| c.page.id.as_str()))
    )
}

fn check(page: &Page, name: &str, set: &ParameterSetting) -> Result<(), String> {
    let place = format!("parameters.{}.{name}", page.id);
    let Some(spec) = page.parameters.get(name) else {
        let known = nearest(name, page.parameters.keys().map(String::as_str));
        return Err(format!("{place}: the control has no parameter `{name}`{known}"));
    };
    fits(spec, &set.value).map_err(|message| format!("{place}: {message}"))?;
    if set.by.trim().is_empty() || set.why.trim().is_empty() {
        return Err(format!("{place}: `by` and `why` must say who changed it and why"));
    }
    Ok(())
}

/// Does the value fit the parameter's type?
pub(crate) fn fits(spec: &ParameterSpec, value: &toml::Value) -> Result<(), String> {
    let wanted = spec.kind.or_else(|| spec.default.as_ref().and_then(ParameterKind::of));
    let found = ParameterKind::of(value).ok_or("a TOML date is no value here; write it as text in quotes")?;
    let widened = wanted == Some(ParameterKind::Float) && found == ParameterKind::Integer;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != found && !widened) {
        return Err(format!("the value must be {wanted}, but is {found}"));
    }
    if let Some(choices) = &spec.choices
        && !value.as_str().is_some_and(|v| choices.iter().any(|c| c == v))
    {
        return Err(format!("the value must be one of {}", choices.join(", ")));
    }
    // A list of ports must not become a list of words: it would match nothing, silently.
    if let (Some(toml::Value::Array(default)), toml::Value::Array(list)) = (&spec.default, value) {
        let wanted = default.first().map_or(Some(ParameterKind::String), ParameterKind::of);
        if let Some(wrong) = list.iter().find(|item| ParameterKind::of(item) != wanted) {
            let wanted = wanted.map_or_else(|| "of another type".to_owned(), |w| w.to_string());
            return Err(format!("every item must be {wanted}, but {wrong} is not"));
        }
    }
    Ok(())
}

/// A TOML value as JSON; dates do not occur in parameters.
pub(crate) fn to_json(value: &toml::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::Bool(*flag),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(list) => Value::Array(list.iter().map(to_json).collect()),
        toml::Value::Table(table) => Value::Object(table.iter().map(|(k, v)| (k.clone(), to_json(v))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"+++
id = "firm-rule"
title = "A rule of the firm"
criteria = ["CC6.1"]
type = "configuration"
severity = "low"
tables = ["iam_user"]
observe = true
[parameters.max_days]
default = 90
doc = "Days."
[parameters.ports]
default = [22]
doc = "Ports."
[parameters.owners]
default = []
doc = "Owners."
[parameters.scope]
default = "some"
choices = ["some", "all"]
doc = "Scope."
[parameters.factor]
default = 1.5
doc = "Factor."
[parameters.region]
kind = "string"
doc = "No default."
+++
## Control
x
## Test
x
## Notes
x
```sql
SELECT account, region, arn AS resource, name, 'pass' AS verdict, 'fine' AS reason, source FROM iam_user
WHERE 1 IN (:max_days, :ports, :owners, :scope, :factor, :region)
```
"#;

    fn problems(settings: &str) -> String {
        let catalogue = Catalogue::from_pages([("firm-rule.md".to_owned(), PAGE.to_owned())]).unwrap();
        let settings: Settings = toml::from_str(settings).unwrap();
        settings
            .check(&catalogue)
            .err()
            .map_or_else(String::new, |e| e.to_string())
    }

    fn parameter(name: &str, value: &str) -> String {
        problems(&format!(
            "[parameters.firm-rule.{name}]\nvalue = {value}\nby = \"CISO\"\nwhy = \"policy\""
        ))
    }

    #[test]
    fn what_fits_is_taken() {
        for (name, value) in [
            ("max_days", "60"),
            ("ports", "[22, 23]"),
            ("ports", "[]"),
            ("owners", "[\"self\"]"),
            ("scope", "\"all\""),
            ("factor", "2"),
            ("region", "\"eu-west-1\""),
            ("mode", "\"enforce\""),
        ] {
            assert_eq!(parameter(name, value), "", "{name} = {value}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_remedy() {
        for (name, value, expected) in [
            ("max_day", "60", "`max_days`"),
            ("max_days", "\"60\"", "a whole number"),
            ("ports", "[\"22\"]", "every item"),
            ("owners", "[1]", "every item"),
            ("owners", "\"self\"", "a list"),
            ("scope", "\"none\"", "some, all"),
            ("region", "1", "text in quotes"),
            ("mode", "\"off\"", "observe, enforce"),
            ("max_days", "2025-01-01", "TOML date"),
        ] {
            let message = parameter(name, value);
            assert!(
                message.starts_with("parameters.firm-rule.") && message.contains(expected),
                "{message}"
            );
        }
        assert!(problems("[parameters.firm-rul.x]\nvalue = 1\nby = \"\"\nwhy = \"\"").contains("`firm-rule`"));
        assert!(problems("[parameters.firm-rule.max_days]\nvalue = 1\nby = \"\"\nwhy = \"x\"").contains("`by`"));
        let exception = "[[exceptions]]\ncontrol = \"firm-rules\"\nresource = \"x\"\nreason = \" \"\napprover = \"y\"\nexpires = \"2025-01-01\"";
        let message = problems(exception);
        assert!(
            message.contains("`firm-rule`") && message.contains("`reason` is empty"),
            "{message}"
        );
    }
}
