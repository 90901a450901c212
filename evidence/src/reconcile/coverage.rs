//! What CloudTrail can be expected to have: a table that ships with the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Call, Event};

const TABLE: &str = include_str!("coverage.toml");

/// The table cannot be read: the program itself is wrong.
#[derive(Debug, thiserror::Error)]
#[error("coverage.toml: {0}")]
pub struct CoverageError(#[from] toml::de::Error);

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Coverage {
    sources: BTreeMap<String, Vec<String>>,
    names: BTreeMap<String, Vec<String>>,
    not_logged: Vec<NotLogged>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotLogged {
    operations: Vec<String>,
    why: String,
    source: String,
}

impl Coverage {
    /// That of this program.
    pub fn builtin() -> Result<Self, CoverageError> {
        Ok(toml::from_str(TABLE)?)
    }

    /// Why CloudTrail does not write the call down; `None` where it does.
    pub(super) fn not_logged(&self, call: &Call) -> Option<String> {
        let operation = format!("{}:{}", call.service, call.operation);
        let found = self
            .not_logged
            .iter()
            .find(|entry| entry.operations.contains(&operation))?;
        Some(format!("{} ({})", found.why, found.source))
    }

    /// What of service and operation is otherwise in the event.
    pub(super) fn differs(&self, call: &Call, event: &Event) -> Option<String> {
        let operation = format!("{}:{}", call.service, call.operation);
        let aliases = self.names.get(&operation).map(Vec::as_slice).unwrap_or_default();
        let named = std::iter::once(&call.operation)
            .chain(aliases)
            .any(|name| is_name(name, &event.name));
        if !named {
            return Some(format!("CloudTrail has it as {}", event.name));
        }
        let own = [call.service.clone()];
        let sources = self.sources.get(&call.service).map_or(&own[..], Vec::as_slice);
        // Some partitions' services end in their own suffix, such as amazonaws.com.cn, in some events.
        let from = service_of(&event.source);
        (!sources.iter().any(|source| service_of(source) == from))
            .then(|| format!("CloudTrail has it from {}", event.source))
    }
}

/// `iam` of `iam.amazonaws.com` and of `iam.amazonaws.com.cn`.
fn service_of(source: &str) -> &str {
    source.split_once(".amazonaws.").map_or(source, |(service, _)| service)
}

/// `ListDistributions2020_05_31` is `ListDistributions`.
fn is_name(operation: &str, event: &str) -> bool {
    event
        .strip_prefix(operation)
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_every_entry_has_a_source() {
        let coverage = Coverage::builtin().unwrap();
        assert!(
            coverage
                .not_logged
                .iter()
                .all(|entry| entry.source.starts_with("https://docs.aws.amazon.com/"))
        );
        assert!(is_name("ListDistributions", "ListDistributions2020_05_31"));
        assert!(!is_name("ListUsers", "ListUserTags") && !is_name("ListUsers", "ListUser"));
    }
}
