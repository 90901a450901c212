//! What a trail's event selectors record of management events.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};

const COVERAGE_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("trail_arn", "ARN of the trail."),
    boolean(
        "selects_all_management",
        "Records reading and writing management events but for `excluded_sources`; null where the selectors are not known.",
    ),
    json("excluded_sources", "Event sources left out, sorted."),
    text(
        "narrowing",
        "What is wanting where not all management events are recorded.",
    ),
];

pub(super) const TRAIL_COVERAGE: DerivedTable = DerivedTable {
    name: "cloudtrail_trail_coverage",
    doc: "What all event selectors of a trail together record of management events.",
    columns: COVERAGE_COLUMNS,
    from: &["cloudtrail_trail", "cloudtrail_event_selector"],
};

pub(super) fn trail_coverage(snapshot: &Snapshot) -> Vec<Cells> {
    let mut selectors: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for selector in snapshot.rows("cloudtrail_event_selector") {
        if let Some(arn) = selector.text("trail_arn") {
            selectors.entry((selector.account(), arn)).or_default().push(selector);
        }
    }
    let trails = snapshot
        .rows("cloudtrail_trail")
        .iter()
        .filter_map(|trail| Some((trail, trail.text("arn")?)));
    trails
        .map(|(trail, arn)| {
            let of_trail = selectors.get(&(trail.account(), arn)).map_or(&[][..], Vec::as_slice);
            // Every trail has a selector; without one, the answer is missing.
            let coverage = (!of_trail.is_empty()).then(|| Coverage::of(of_trail)).flatten();
            let source = of_trail.first().copied().unwrap_or(trail);
            let mut cells = source.envelope(arn.to_owned());
            cells.push(arn.to_owned().into());
            match coverage {
                Some(coverage) => cells.extend([
                    coverage.all().into(),
                    list(&coverage.excluded()),
                    coverage.narrowing().map_or(Value::Null, Value::from),
                ]),
                None => cells.extend([Value::Null, Value::Null, Value::Null]),
            }
            cells
        })
        .collect()
}

/// The part of management events that a selector takes.
struct Selection<'a> {
    reads: bool,
    writes: bool,
    excluded: BTreeSet<&'a str>,
}

/// All selectors of a trail: an event is recorded if one of them takes it.
struct Coverage<'a> {
    /// Sources left out of reading events; `None` if reading events are not recorded in full.
    reads: Option<BTreeSet<&'a str>>,
    writes: Option<BTreeSet<&'a str>>,
    /// Conditions of selectors that take only some management events.
    narrow: BTreeSet<String>,
}

impl<'a> Coverage<'a> {
    fn of(selectors: &[&'a Row]) -> Option<Self> {
        let mut coverage = Self {
            reads: None,
            writes: None,
            narrow: BTreeSet::new(),
        };
        for selector in selectors {
            let selection = match selector.text("form")? {
                "basic" => basic(selector)?,
                _ => match advanced(selector) {
                    Ok(selection) => selection,
                    Err(narrow) => {
                        coverage.narrow.insert(narrow);
                        None
                    }
                },
            };
            let Some(selection) = selection else { continue };
            // What one selector leaves out, another may take.
            let merge = |known: &mut Option<BTreeSet<&'a str>>| {
                *known = Some(match known.take() {
                    Some(excluded) => &excluded & &selection.excluded,
                    None => selection.excluded.clone(),
                });
            };
            if selection.reads {
                merge(&mut coverage.reads);
            }
            if selection.writes {
                merge(&mut coverage.writes);
            }
        }
        Some(coverage)
    }

    fn all(&self) -> bool {
        self.reads.is_some() && self.writes.is_some()
    }

    fn excluded(&self) -> Vec<&str> {
        let both: BTreeSet<&str> = self.reads.iter().chain(&self.writes).flatten().copied().collect();
        both.into_iter().collect()
    }

    fn narrowing(&self) -> Option<String> {
        let narrow: Vec<_> = self.narrow.iter().map(String::as_str).collect();
        match (&self.reads, &self.writes) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some("it records reading management events only".to_owned()),
            (None, Some(_)) => Some("it records writing management events only".to_owned()),
            (None, None) if narrow.is_empty() => Some("it records no management events".to_owned()),
            (None, None) => Some(format!(
                "it records only management events with {}",
                narrow.join("; or with ")
            )),
        }
    }
}

/// `None` if the selector is not known well enough, `Some(None)` if it takes no management events.
fn basic(selector: &Row) -> Option<Option<Selection<'_>>> {
    if !selector.flag("include_management_events")? {
        return Some(None);
    }
    let kind = selector.text("read_write_type")?;
    Some(Some(Selection {
        reads: matches!(kind, "All" | "ReadOnly"),
        writes: matches!(kind, "All" | "WriteOnly"),
        excluded: selector.texts("excluded_sources").into_iter().collect(),
    }))
}

/// `Ok(None)` if the selector takes no management events, `Err` with the conditions if only some.
fn advanced(selector: &Row) -> Result<Option<Selection<'_>>, String> {
    let mut selection = Selection {
        reads: true,
        writes: true,
        excluded: BTreeSet::new(),
    };
    let (mut management, mut read_only) = (false, BTreeSet::new());
    let mut narrow = Vec::new();
    for field in selector.texts("fields") {
        let mut parts = field.splitn(3, ' ');
        match (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        ) {
            ("eventCategory", "equals", category) => management |= category == "Management",
            ("readOnly", "equals", value) => {
                read_only.insert(value);
            }
            ("eventSource", "notEquals", source) => {
                selection.excluded.insert(source);
            }
            _ => narrow.push(field),
        }
    }
    if !management {
        return Ok(None);
    }
    if !narrow.is_empty() {
        return Err(narrow.join(" and "));
    }
    if !read_only.is_empty() {
        selection.reads = read_only.contains("true");
        selection.writes = read_only.contains("false");
    }
    Ok(Some(selection))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derived::tests::{derive, snapshot};

    fn coverage(selectors: Value) -> (Value, Value, Value) {
        let mut selectors = selectors;
        for selector in selectors.as_array_mut().unwrap() {
            selector["trail_arn"] = "t".into();
        }
        let tables = json!({ "cloudtrail_trail": [{ "arn": "t" }], "cloudtrail_event_selector": selectors });
        let mut row = derive("cloudtrail_trail_coverage", &snapshot(tables, json!([]))).remove(0);
        let mut take = |name: &str| row.remove(name).unwrap();
        (
            take("selects_all_management"),
            take("excluded_sources"),
            take("narrowing"),
        )
    }

    fn basic(kind: &str, excluded: &[&str]) -> Value {
        json!({ "form": "basic", "read_write_type": kind, "include_management_events": true, "excluded_sources": excluded })
    }

    fn advanced(fields: &[&str]) -> Value {
        json!({ "form": "advanced", "fields": fields })
    }

    #[test]
    fn basic_selectors() {
        assert_eq!(
            coverage(json!([basic("All", &[])])),
            (json!(1), json!("[]"), json!(null))
        );
        let (all, excluded, _) = coverage(json!([basic("All", &["kms.amazonaws.com"])]));
        assert_eq!((all, excluded), (json!(1), json!(r#"["kms.amazonaws.com"]"#)));
        assert_eq!(
            coverage(json!([basic("WriteOnly", &[])])).2,
            json!("it records writing management events only")
        );
        assert_eq!(
            coverage(json!([basic("WriteOnly", &[]), basic("ReadOnly", &[])])).0,
            json!(1)
        );
        let none = json!({ "form": "basic", "read_write_type": "All", "include_management_events": false });
        assert_eq!(coverage(json!([none])).2, json!("it records no management events"));
    }

    #[test]
    fn advanced_selectors() {
        assert_eq!(
            coverage(json!([advanced(&["eventCategory equals Management"])])).0,
            json!(1)
        );
        let writes = ["eventCategory equals Management", "readOnly equals false"];
        assert_eq!(coverage(json!([advanced(&writes)])).0, json!(0));
        let reads = ["eventCategory equals Management", "readOnly equals true"];
        assert_eq!(coverage(json!([advanced(&writes), advanced(&reads)])).0, json!(1));
        let data = ["eventCategory equals Data", "resources.type equals AWS::S3::Object"];
        assert_eq!(coverage(json!([advanced(&data)])).0, json!(0));
        let without_kms = [
            "eventCategory equals Management",
            "eventSource notEquals kms.amazonaws.com",
        ];
        assert_eq!(
            coverage(json!([advanced(&without_kms)])).1,
            json!(r#"["kms.amazonaws.com"]"#)
        );
        let one_source = [
            "eventCategory equals Management",
            "eventSource equals iam.amazonaws.com",
        ];
        assert_eq!(
            coverage(json!([advanced(&one_source)])).2,
            json!("it records only management events with eventSource equals iam.amazonaws.com")
        );
    }

    #[test]
    fn without_selectors_nothing_is_known() {
        assert_eq!(coverage(json!([])), (json!(null), json!(null), json!(null)));
        assert_eq!(coverage(json!([{ "form": "basic" }])).0, json!(null));
    }
}
