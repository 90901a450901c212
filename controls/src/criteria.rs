//! The 61 criteria, in our own words.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The embedded list.
const TEXT: &str = include_str!("../criteria.toml");

/// A category of the Trust Services Criteria. Security is the common one, always in scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The common criteria CC1 to CC9.
    #[serde(alias = "Security (common)")]
    Security,
    /// A1.
    #[serde(alias = "Availability")]
    Availability,
    /// PI1.
    #[serde(alias = "Processing Integrity")]
    ProcessingIntegrity,
    /// C1.
    #[serde(alias = "Confidentiality")]
    Confidentiality,
    /// P1 to P8.
    #[serde(alias = "Privacy")]
    Privacy,
}

impl Category {
    /// All of them, in the order of the criteria.
    pub const ALL: [Self; 5] = [
        Self::Security,
        Self::Availability,
        Self::ProcessingIntegrity,
        Self::Confidentiality,
        Self::Privacy,
    ];

    /// As a person reads it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Security => "Security",
            Self::Availability => "Availability",
            Self::ProcessingIntegrity => "Processing integrity",
            Self::Confidentiality => "Confidentiality",
            Self::Privacy => "Privacy",
        }
    }

    /// As written in `exhibit.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Availability => "availability",
            Self::ProcessingIntegrity => "processing-integrity",
            Self::Confidentiality => "confidentiality",
            Self::Privacy => "privacy",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.to_lowercase().replace([' ', '_'], "-");
        Self::ALL.into_iter().find(|c| c.as_str() == wanted).ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|c| c.as_str()).collect();
            format!("`{text}` is no category; there are {}", all.join(", "))
        })
    }
}

/// How far evidence from AWS can carry a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Evidence from AWS can carry the test.
    Technical,
    /// Evidence from AWS plus records.
    Partly,
    /// Records only.
    ManualOnly,
}

/// One criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Id such as `CC6.1`.
    pub id: String,
    /// Its category.
    pub category: Category,
    /// Series such as `CC6`.
    pub series: String,
    /// What the series is about.
    pub series_name: String,
    /// What it asks for, in our words.
    pub title: String,
    /// How far evidence from AWS can carry it.
    pub evidence: Evidence,
    /// The COSO principle it corresponds to.
    #[serde(default)]
    pub coso_principle: Option<u8>,
    /// A remark on its evidence.
    #[serde(default)]
    pub note: Option<String>,
}

/// The list of criteria.
#[derive(Clone, Debug, Serialize)]
pub struct Criteria {
    /// Which edition the list follows.
    pub edition: String,
    /// All of them, in their order.
    pub all: Vec<Criterion>,
}

/// The embedded list is wrong.
#[derive(Debug, thiserror::Error)]
#[error("criteria.toml: {0}")]
pub struct BadCriteria(String);

impl Criteria {
    /// The embedded list.
    pub fn builtin() -> Result<Self, BadCriteria> {
        Self::parse(TEXT)
    }

    fn parse(text: &str) -> Result<Self, BadCriteria> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            schema: u32,
            edition: String,
            count: usize,
            criteria: Vec<Criterion>,
        }
        let file: File = toml::from_str(text).map_err(|e| BadCriteria(e.to_string()))?;
        if file.schema != 1 {
            return Err(BadCriteria(format!("schema {} is not known", file.schema)));
        }
        let ids: BTreeSet<_> = file.criteria.iter().map(|c| c.id.as_str()).collect();
        if ids.len() != file.count || file.criteria.len() != file.count {
            return Err(BadCriteria(format!(
                "{} criteria with {} ids, but count = {}",
                file.criteria.len(),
                ids.len(),
                file.count
            )));
        }
        Ok(Self {
            edition: file.edition,
            all: file.criteria,
        })
    }

    /// The criterion of this id.
    pub fn get(&self, id: &str) -> Option<&Criterion> {
        self.all.iter().find(|c| c.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_sixty_one() {
        let criteria = Criteria::builtin().unwrap();
        assert_eq!(criteria.all.len(), 61);
        let count = |category| criteria.all.iter().filter(|c| c.category == category).count();
        assert_eq!(Category::ALL.map(count), [33, 3, 5, 2, 18]);
        for criterion in &criteria.all {
            assert!(criterion.id.starts_with(&criterion.series), "{}", criterion.id);
            assert!(!criterion.title.trim().is_empty(), "{}", criterion.id);
        }
        assert_eq!(criteria.get("CC6.1").unwrap().series, "CC6");
        assert_eq!("Processing Integrity".parse(), Ok(Category::ProcessingIntegrity));
        assert!("secrecy".parse::<Category>().is_err());
    }

    #[test]
    fn a_wrong_count_is_refused() {
        let text = TEXT.replace("count = 61", "count = 60");
        assert!(Criteria::parse(&text).unwrap_err().to_string().contains("61"));
    }
}
