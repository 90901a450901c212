//! The practices of the two source documents (SD-, CY-) that the catalogue covers.

use serde::{Deserialize, Serialize};

/// The embedded list.
const TEXT: &str = include_str!("../practices.toml");

/// A practice, in our own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// Its code: `SD-01`, `CY-S3`.
    pub code: String,
    /// What it asks for.
    pub title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    practice: Vec<Practice>,
}

/// All practices, in the order of their documents.
pub fn all() -> Vec<Practice> {
    // The text is part of the program, and a test reads it.
    toml::from_str::<List>(TEXT)
        .map(|list| list.practice)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_thirty_are_read_once() {
        let codes: Vec<_> = all().into_iter().map(|p| p.code).collect();
        assert_eq!(codes.len(), 30);
        let expected = (1..=14)
            .map(|n| format!("SD-{n:02}"))
            .chain((1..=13).map(|n| format!("CY-{n:02}")));
        let expected: Vec<_> = expected.chain((1..=3).map(|n| format!("CY-S{n}"))).collect();
        assert_eq!(codes, expected);
    }
}
