//! Schedule expressions of AWS: what a `rate(…)` or `cron(…)` promises.
//!
//! The grammar is that of [Secrets Manager](https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html)
//! and EventBridge: six fields, minutes, hours, day of the month, month, day of the week (1 is Sunday) and year.

use std::collections::BTreeSet;

/// Years that are looked through: two leap days apart, so that one day in four years is a schedule too.
const YEARS: std::ops::RangeInclusive<u32> = 2024..=2033;

/// The longest time, in hours, that an expression lets pass between two runs, an hour at least; `None` where it
/// cannot be read, or never comes round again.
pub(crate) fn longest_wait(expression: &str) -> Option<i64> {
    let (kind, rest) = expression.trim().split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    match kind.trim().to_ascii_lowercase().as_str() {
        "rate" => rate(inside),
        "cron" => cron(inside),
        _ => None,
    }
}

fn rate(inside: &str) -> Option<i64> {
    let mut words = inside.split_whitespace();
    let (count, unit) = (words.next()?.parse::<i64>().ok()?, words.next()?);
    if count < 1 || words.next().is_some() {
        return None;
    }
    match unit.to_ascii_lowercase().trim_end_matches('s') {
        "minute" => Some((count + 59) / 60),
        "hour" => Some(count),
        "day" => count.checked_mul(24),
        "week" => count.checked_mul(7 * 24),
        _ => None,
    }
}

fn cron(inside: &str) -> Option<i64> {
    let fields: Vec<&str> = inside.split_whitespace().collect();
    let [_minutes, hours, day, month, weekday, year] = fields[..] else {
        return None;
    };
    let hours = set(hours, 0, 23, &[])?;
    let months = set(month, 1, 12, &MONTHS)?;
    let years = set(year, 1970, 2199, &[])?;
    let (first, last) = (i64::from(*hours.first()?), i64::from(*hours.last()?));
    let within = hours
        .iter()
        .zip(hours.iter().skip(1))
        .map(|(a, b)| i64::from(b - a))
        .max();

    let (day, weekday) = (DayOfMonth::parse(day)?, DayOfWeek::parse(weekday)?);
    let mut days = Vec::new();
    for (number, of) in (0_i64..).zip(calendar()) {
        if years.contains(&of.year) && months.contains(&of.month) && day.is(of) && weekday.is(of) {
            days.push(number);
        }
    }
    let apart = days.windows(2).map(|pair| pair[1] - pair[0]).max()?;
    Some((apart * 24 + first - last).max(within.unwrap_or(0)).max(1))
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

#[derive(Clone, Copy)]
struct Day {
    year: u32,
    month: u32,
    day: u32,
    /// Days of its month.
    of: u32,
    /// 1 is Sunday.
    weekday: u32,
}

fn calendar() -> impl Iterator<Item = Day> {
    // 1 January 2024 was a Monday.
    let mut weekday = 1;
    YEARS
        .flat_map(|year| (1..=12).map(move |month| (year, month)))
        .flat_map(move |(year, month)| {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let of = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let days: Vec<Day> = (1..=of)
                .map(|day| {
                    weekday = weekday % 7 + 1;
                    Day {
                        year,
                        month,
                        day,
                        of,
                        weekday,
                    }
                })
                .collect();
            days
        })
}

/// One of the two fields on days is `?` and leaves the choice to the other.
enum DayOfMonth {
    Any,
    Last,
    These(BTreeSet<u32>),
}

impl DayOfMonth {
    fn parse(field: &str) -> Option<Self> {
        Some(match field {
            "?" | "*" => Self::Any,
            "L" | "l" => Self::Last,
            field => Self::These(set(field, 1, 31, &[])?),
        })
    }

    fn is(&self, day: Day) -> bool {
        match self {
            Self::Any => true,
            Self::Last => day.day == day.of,
            Self::These(days) => days.contains(&day.day),
        }
    }
}

enum DayOfWeek {
    These(BTreeSet<u32>),
    /// `2#1`: the first Monday of the month.
    Nth(BTreeSet<u32>, u32),
    /// `5L`: the last Thursday of the month.
    Last(BTreeSet<u32>),
}

impl DayOfWeek {
    fn parse(field: &str) -> Option<Self> {
        let field = field.to_ascii_uppercase();
        let days = |field: &str| set(field, 1, 7, &WEEKDAYS);
        Some(if let Some((weekday, nth)) = field.split_once('#') {
            Self::Nth(days(weekday)?, nth.parse().ok()?)
        } else if field == "L" {
            Self::These(BTreeSet::from([7]))
        } else if let Some(weekday) = field.strip_suffix('L') {
            Self::Last(days(weekday)?)
        } else {
            Self::These(days(&field)?)
        })
    }

    fn is(&self, day: Day) -> bool {
        match self {
            Self::These(weekdays) => weekdays.contains(&day.weekday),
            Self::Nth(weekdays, nth) => weekdays.contains(&day.weekday) && day.day.div_ceil(7) == *nth,
            Self::Last(weekdays) => weekdays.contains(&day.weekday) && day.day + 7 > day.of,
        }
    }
}

/// The numbers of a field: `*`, `?`, a list of numbers, names, ranges and steps.
fn set(field: &str, low: u32, high: u32, names: &[&str]) -> Option<BTreeSet<u32>> {
    let number = |word: &str| {
        let named = names
            .iter()
            .zip(low..)
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        let number = named.map_or_else(|| word.parse().ok(), |(_, number)| Some(number))?;
        (low..=high).contains(&number).then_some(number)
    };
    let mut found = BTreeSet::new();
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().ok().filter(|step| *step > 0)?),
            None => (item, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if item.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if from <= to {
            found.extend((from..=to).step_by(usize::try_from(step).ok()?));
        } else {
            // FRI-MON
            found.extend(from..=high);
            found.extend(low..=to);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_a_time_or_none(text in r"(rate|cron)\((([0-9]{1,3}|[A-Z]{1,3}|[*?LW#/,-]){1,4} ){0,6}[a-z*?0-9]{0,5}\)|.{0,40}") {
            prop_assert!(longest_wait(&text).is_none_or(|hours| hours >= 1));
        }
    }

    #[test]
    fn rates() {
        for (expression, hours) in [
            ("rate(1 day)", 24),
            ("rate(10 days)", 240),
            ("rate(4 hours)", 4),
            ("rate(1 hour)", 1),
            ("rate(90 minutes)", 2),
            (" Rate( 2 weeks ) ", 336),
        ] {
            assert_eq!(longest_wait(expression), Some(hours), "{expression}");
        }
        for bad in [
            "",
            "rate()",
            "rate(day)",
            "rate(0 days)",
            "rate(-1 days)",
            "rate(1 month)",
            "daily",
            "rate(1 day",
        ] {
            assert_eq!(longest_wait(bad), None, "{bad}");
        }
    }

    #[test]
    fn crons() {
        for (expression, hours) in [
            ("cron(0 16 * * ? *)", 24),
            ("cron(0 0/8 * * ? *)", 8),
            ("cron(0 8,20 * * ? *)", 12),
            ("cron(0 6,8 * * ? *)", 22),
            ("cron(0 5 ? * MON-FRI *)", 72),
            ("cron(0 5 ? * FRI-MON *)", 96),
            ("cron(0 5 ? * 1 *)", 7 * 24),
            // From the 15th to the 1st of a month of 31 days.
            ("cron(0 16 1,15 * ? *)", 17 * 24),
            ("cron(0 16 1 * ? *)", 31 * 24),
            ("cron(0 16 L * ? *)", 31 * 24),
            ("cron(0 16 ? * 5L *)", 35 * 24),
            ("cron(0 16 ? 1/3 2#1 *)", 98 * 24),
            ("cron(0 8 1 JAN ? *)", 366 * 24),
            ("cron(0 8 29 2 ? *)", (4 * 365 + 1) * 24),
        ] {
            assert_eq!(longest_wait(expression), Some(hours), "{expression}");
        }
        for bad in [
            "cron(0 16 * * ?)",
            "cron(0 25 * * ? *)",
            "cron(0 16 15W * ? *)",
            "cron(0 16 1 1 ? 2020)",
            "cron(0 16 30 2 ? *)",
        ] {
            assert_eq!(longest_wait(bad), None, "{bad}");
        }
    }
}
