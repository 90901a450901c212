//! When a key may sign: the `valid-after` and `valid-before` of a list of allowed signers.

use chrono::{NaiveDate, NaiveTime};

use crate::clock::Timestamp;

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without a final `Z`; always UTC.
///
/// `ssh-keygen` reads the form without `Z` in the time zone of the machine. A verdict on evidence
/// must be the same everywhere, so here both forms are UTC: lists should say `Z`, which OpenSSH
/// understands since 9.1.
pub fn moment(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if ![8, 12, 14].contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| match digits.get(from..to) {
        None => Some(0),
        Some(part) => part.parse::<u32>().ok(),
    };
    let year = digits.get(..4)?.parse().ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
    let time = NaiveTime::from_hms_opt(number(8, 10)?, number(10, 12)?, number(12, 14)?)?;
    let moment = Timestamp::new(day.and_time(time).and_utc());
    // ssh-keygen takes the first second of 1970 for "no time given", and nothing before it.
    (moment.unix() > 0).then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (text, expected) in [
            ("20250630", Some("2025-06-30T00:00:00Z")),
            ("20250630Z", Some("2025-06-30T00:00:00Z")),
            ("202506301234Z", Some("2025-06-30T12:34:00Z")),
            ("20250630123456Z", Some("2025-06-30T12:34:56Z")),
            ("20240229Z", Some("2024-02-29T00:00:00Z")),
            ("20250229Z", None),
            ("20250630246060Z", None),
            ("20250630z", None),
            ("20250630ZZ", None),
            ("2025063", None),
            ("2025063012Z", None),
            ("2025-06-30", None),
            ("+2025063", None),
            ("19700101Z", None),
            ("19691231Z", None),
            ("Z", None),
            ("", None),
        ] {
            let found = moment(text).map(|at| at.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
