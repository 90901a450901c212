//! What differs between a file as it was kept and as it came out again, in words.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// Members of a JSON document that are named where they differ.
const NAMED: usize = 3;
/// Characters of a value or a line that are shown.
const CUT: usize = 90;

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The control it belongs to; null where it belongs to none alone.
    pub control: Option<String>,
    /// The file, by its path inside what was looked at.
    pub file: String,
    /// `changed`, `missing` or `unexpected`.
    pub code: &'static str,
    /// What differs.
    pub message: String,
}

impl Difference {
    /// Of a file; its path tells the control.
    pub fn new(file: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let file = file.into();
        Self {
            control: control_of(&file).map(str::to_owned),
            file,
            code,
            message: message.into(),
        }
    }
}

/// The control that a data file belongs to: `data/criteria/<criterion>/<control>/…`,
/// `data/controls/<control>.md`, `data/evidence/<run>/tests/<control>.sql`.
pub fn control_of(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["data", "criteria", _, id, _] => Some(id),
        ["data", "controls", page] => page.strip_suffix(".md"),
        ["data", "evidence", _, "tests", query] => query.strip_suffix(".sql"),
        _ => None,
    }
}

/// Compares files by name; `kept` is what there is, `again` what came out now.
pub fn files(kept: &BTreeMap<String, Vec<u8>>, again: &BTreeMap<String, Vec<u8>>) -> Vec<Difference> {
    let names: BTreeSet<&String> = kept.keys().chain(again.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| match (kept.get(name), again.get(name)) {
            (Some(kept), Some(again)) if kept == again => None,
            (Some(kept), Some(again)) => Some(Difference::new(name, "changed", say(name, kept, again))),
            (Some(_), None) => Some(Difference::new(
                name,
                "unexpected",
                "nothing of this name comes out again",
            )),
            (None, _) => Some(Difference::new(name, "missing", "it comes out again, but is not there")),
        })
        .collect()
}

/// Where two files differ.
pub fn say(name: &str, kept: &[u8], again: &[u8]) -> String {
    if name.ends_with(".json")
        && let (Ok(kept), Ok(again)) = (serde_json::from_slice(kept), serde_json::from_slice(again))
    {
        let mut found = Vec::new();
        members("", &kept, &again, &mut found);
        if !found.is_empty() {
            let more = found.len().saturating_sub(NAMED);
            found.truncate(NAMED);
            if more > 0 {
                found.push(format!("and {more} more"));
            }
            return found.join("; ");
        }
    }
    match (std::str::from_utf8(kept), std::str::from_utf8(again)) {
        (Ok(kept), Ok(again)) => lines(kept, again),
        _ => {
            let at = kept.iter().zip(again).take_while(|(a, b)| a == b).count();
            format!(
                "{} bytes here, {} made again; they differ from byte {} on",
                kept.len(),
                again.len(),
                at + 1
            )
        }
    }
}

fn members(place: &str, kept: &Value, again: &Value, found: &mut Vec<String>) {
    match (kept, again) {
        _ if kept == again => {}
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let at = if place.is_empty() {
                    name.clone()
                } else {
                    format!("{place}.{name}")
                };
                members(
                    &at,
                    a.get(name).unwrap_or(&Value::Null),
                    b.get(name).unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                members(&format!("{place}[{n}]"), a, b, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            found.push(format!("{place} has {} items here, {} made again", a.len(), b.len()));
        }
        _ => found.push(format!(
            "{place} is {} here, {} made again",
            cut(&kept.to_string()),
            cut(&again.to_string())
        )),
    }
}

fn lines(kept: &str, again: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), again.lines().collect());
    let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let shown = |lines: &[&str]| {
        lines
            .get(at)
            .map_or_else(|| "nothing".to_owned(), |line| format!("`{}`", cut(line)))
    };
    match (a.get(at), b.get(at)) {
        (None, None) => "only the ends of lines differ".to_owned(),
        _ => format!(
            "line {} is {} here, {} made again ({} and {} lines)",
            at + 1,
            shown(&a),
            shown(&b),
            a.len(),
            b.len()
        ),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CUT {
        return text.to_owned();
    }
    text.chars().take(CUT).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let said = say(
            "x.json",
            br#"{"verdict":"pass","n":[1,2]}"#,
            br#"{"verdict":"fail","n":[1]}"#,
        );
        assert_eq!(
            said,
            "n has 2 items here, 1 made again; verdict is \"pass\" here, \"fail\" made again"
        );
        let said = say("x.csv", b"a\r\nb\r\n", b"a\r\nc\r\nd\r\n");
        assert_eq!(said, "line 2 is `b` here, `c` made again (2 and 3 lines)");
        assert_eq!(
            say("x.csv", b"a\n", b"a\nb\n"),
            "line 2 is nothing here, `b` made again (1 and 2 lines)"
        );
        assert_eq!(
            say("x.db", b"\xff\x00", b"\xff\x01\x02"),
            "2 bytes here, 3 made again; they differ from byte 2 on"
        );
        assert_eq!(say("x.csv", b"a\r\n", b"a\n"), "only the ends of lines differ");
    }

    #[test]
    fn the_path_tells_the_control() {
        assert_eq!(
            control_of("data/criteria/CC6.1/root-mfa-enabled/result.json"),
            Some("root-mfa-enabled")
        );
        assert_eq!(control_of("data/criteria/CC6.1/index.html"), None);
        assert_eq!(
            control_of("data/controls/root-mfa-enabled.md"),
            Some("root-mfa-enabled")
        );
        assert_eq!(control_of("data/evidence/r/tests/a.sql"), Some("a"));
        assert_eq!(control_of("data/evidence.db"), None);
    }
}
