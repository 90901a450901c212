//! The only source of time.
//!
//! Everything else receives a [`Timestamp`]: evidence must be a pure function of what was
//! recorded, so no other module may ask what time it is.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, to the second; printed as `2025-06-30T00:00:00Z` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// The text is not an RFC 3339 date and time.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a date and time such as 2025-06-30T00:00:00Z")]
pub struct BadTimestamp(String);

impl Timestamp {
    /// The moment, without its fraction of a second.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(0))
    }

    /// Seconds since 1970-01-01T00:00:00Z; `None` outside the range of the calendar.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(Self)
    }

    /// Midnight UTC at the start of the day.
    pub fn start_of(day: NaiveDate) -> Self {
        Self(day.and_time(chrono::NaiveTime::MIN).and_utc())
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.timestamp()
    }

    /// The UTC day.
    pub fn day(self) -> NaiveDate {
        self.0.date_naive()
    }

    /// The same time of day, some days later.
    #[must_use]
    pub fn plus_days(self, days: u64) -> Self {
        Self(self.0.checked_add_days(Days::new(days)).unwrap_or(self.0))
    }

    /// Whole days from `earlier` to here, rounded down; negative when `earlier` is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.unix() - earlier.unix()).div_euclid(86_400)
    }

    /// As chrono's type, for formatting.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// `20250630T000000Z`: safe in file names on every system.
    pub fn compact(self) -> String {
        self.0.format("%Y%m%dT%H%M%SZ").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self::new(at.with_timezone(&Utc)))
            .map_err(|_| BadTimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The wall clock, UTC.
    fn now(&self) -> Timestamp;
    /// Time since an arbitrary start that never runs backwards; for durations only.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one clock")]
        let start = Instant::now();
        Self { start }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one clock")]
        let now = Utc::now();
        Timestamp::new(now)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still: replays take their time from the recording.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_rounded_down() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let end = at("2025-06-30T00:00:00Z");
        assert_eq!(end.days_since(at("2025-04-01T00:00:00Z")), 90);
        assert_eq!(end.days_since(at("2025-04-01T00:00:01Z")), 89);
        assert_eq!(end.days_since(at("2025-06-30T00:00:01Z")), -1);
        assert_eq!(at("2025-06-30T02:00:00+02:00"), end);
        assert_eq!(end.to_string(), "2025-06-30T00:00:00Z");
        assert_eq!(end.compact(), "20250630T000000Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
