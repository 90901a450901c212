//! Testing periods: half-open spans of UTC days.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// What the auditor's report covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeriodType {
    /// Design at a point in time: the last snapshot of the period.
    #[serde(rename = "type-1", alias = "I", alias = "1", alias = "type1", alias = "Type I")]
    TypeI,
    /// Operation over the period: every snapshot of it.
    #[serde(rename = "type-2", alias = "II", alias = "2", alias = "type2", alias = "Type II")]
    TypeII,
}

/// A named testing period; `start` is in it, `end` is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Name used on the command line.
    pub name: String,
    /// Type I or Type II.
    pub r#type: PeriodType,
    /// First day.
    pub start: NaiveDate,
    /// Day after the last.
    pub end: NaiveDate,
    /// The firm has closed the engagement: records that are not there are not to come.
    #[serde(default)]
    pub closed: bool,
}

impl Period {
    /// Does the moment lie in the period?
    pub fn contains(&self, at: Timestamp) -> bool {
        (self.start..self.end).contains(&at.day())
    }

    /// The last day that belongs to the period.
    pub fn last_day(&self) -> NaiveDate {
        self.end.pred_opt().unwrap_or(self.end)
    }
}
