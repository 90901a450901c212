//! What a reader knows of a log without its owner: checkpoints that he kept, and how often runs were due.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Trust;
use crate::clock::Timestamp;
use crate::locker::{Fault, Verification};
use crate::log::{self, Entry, EntryType};

/// A checkpoint that somebody kept: the log must still begin with what it stands for. The text may
/// have gone through a mail program, and may be followed by other lines.
pub fn check_earlier(text: &str, origin: &str, lines: &[impl AsRef<[u8]>]) -> Result<u64, String> {
    let mut given = text.lines().map(str::trim_end);
    let (says, size, root) = (given.next(), given.next(), given.next());
    if says != Some(origin) {
        return Err(format!(
            "it is of the log `{}`, not of `{origin}`",
            says.unwrap_or_default().escape_debug()
        ));
    }
    let size = size.and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
    let Some(begins) = lines.get(..size).filter(|begins| !begins.is_empty()) else {
        return Err(format!("it is over {size} entries, but the log has {}", lines.len()));
    };
    if root != Some(STANDARD.encode(log::root(begins).bytes()).as_str()) {
        return Err(format!("the first {size} entries are not those that it was made of"));
    }
    Ok(size as u64)
}

/// Whether a text has the form of a checkpoint.
pub fn is_checkpoint(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_end).take(3).collect();
    let root = |text: &str| STANDARD.decode(text).is_ok_and(|root| root.len() == 32);
    matches!(lines[..], [origin, size, hash] if origin.starts_with("exhibit/") && size.parse::<u64>().is_ok() && root(hash))
}

/// Checks the checkpoints that the reader kept.
pub fn earlier(trust: &Trust, origin: &str, lines: &[impl AsRef<[u8]>], log_file: &str, found: &mut Verification) {
    for (name, text) in &trust.earlier {
        match check_earlier(text, origin, lines) {
            Ok(_) => found.count("earlier checkpoints", 1),
            Err(message) => found.faults.push(Fault::new(
                log_file,
                "earlier-checkpoint",
                format!("the log does not fit {name}: {message}"),
            )),
        }
    }
}

/// The longest time between the starts of two sealed runs, where it is more than a month: the
/// reader compares it with what was agreed.
pub fn cadence(entries: &[Entry], found: &mut Verification) {
    const MONTH: i64 = 31 * 86_400;
    let mut sealed: Vec<Timestamp> = entries
        .iter()
        .filter(|e| e.r#type == EntryType::Snapshot)
        .filter_map(|e| e.text("opened_at")?.parse().ok())
        .collect();
    sealed.sort();
    let longest = sealed.windows(2).max_by_key(|pair| pair[1].unix() - pair[0].unix());
    if let Some([from, to]) = longest
        && to.unix() - from.unix() > MONTH
    {
        let days = to.days_since(*from);
        found
            .notes
            .push(format!("no run was sealed for {days} days, from {from} to {to}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_checkpoints() {
        let lines = ["a", "b", "c"];
        let text = log::checkpoint("exhibit/x/00000000", &lines[..2]);
        assert!(is_checkpoint(&text));
        assert_eq!(check_earlier(&text, "exhibit/x/00000000", &lines), Ok(2));
        let mailed = text.replace('\n', "\r\n") + "-- \r\nyours";
        assert_eq!(check_earlier(&mailed, "exhibit/x/00000000", &lines), Ok(2));
        for (text, lines) in [
            (text.as_str(), &["a", "B", "c"][..]),
            (text.as_str(), &["a"][..]),
            (
                "exhibit/x/00000000\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
                &["a"][..],
            ),
            ("", &["a"][..]),
        ] {
            assert!(check_earlier(text, "exhibit/x/00000000", lines).is_err(), "{text}");
        }
        assert!(
            check_earlier(&text, "exhibit/y/00000000", &lines)
                .unwrap_err()
                .contains("of the log")
        );
        for bad in [
            "",
            "exhibit/x/0\n1\nAAAA\n",
            "x\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        ] {
            assert!(!is_checkpoint(bad), "{bad}");
        }
    }
}
