//! Which trails record reading and writing the objects of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("bucket", "Bucket name."),
    text("arn", "ARN of the bucket."),
    text("trail_arn", "ARN of the trail."),
    text("trail_name", "Name of the trail."),
    boolean("logging", "The trail is recording; null if not known."),
    boolean(
        "reads",
        "Its event selectors take reading any object of the bucket; null where they are not known.",
    ),
    boolean(
        "writes",
        "Its event selectors take writing any object of the bucket; null where they are not known.",
    ),
    json(
        "partial",
        "Selectors that take only some objects or some calls, and what narrows them, sorted.",
    ),
];

pub(super) const DATA_EVENT_COVERAGE: DerivedTable = DerivedTable {
    name: "s3_data_event_coverage",
    doc: "What a trail that serves a bucket's account and region records of the bucket's objects, all its event selectors together.",
    columns: COLUMNS,
    from: &[
        "cloudtrail_event_selector",
        "cloudtrail_trail",
        "cloudtrail_trail_status",
        "s3_bucket",
    ],
};

const OBJECT: &str = "AWS::S3::Object";

pub(super) fn coverage(snapshot: &Snapshot) -> Vec<Cells> {
    // An organization's trail is seen by its members, but only its owner may read its selectors.
    let mut selectors: BTreeMap<&str, BTreeMap<&str, Vec<&Row>>> = BTreeMap::new();
    for selector in snapshot.rows("cloudtrail_event_selector") {
        if let Some(arn) = selector.text("trail_arn") {
            let of_trail = selectors.entry(arn).or_default();
            of_trail.entry(selector.account()).or_default().push(selector);
        }
    }
    let mut logging: BTreeMap<&str, Option<bool>> = BTreeMap::new();
    for status in snapshot.rows("cloudtrail_trail_status") {
        if let Some(arn) = status.text("trail_arn") {
            let known = logging.entry(arn).or_default();
            *known = known.or(status.flag("logging"));
        }
    }
    let mut trails: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for trail in snapshot.rows("cloudtrail_trail") {
        trails.entry(trail.account()).or_default().push(trail);
    }
    let mut rows = Vec::new();
    for bucket in snapshot.rows("s3_bucket") {
        let Some(name) = bucket.text("name") else { continue };
        let arn = bucket.text("arn").unwrap_or_default().to_owned();
        for trail in trails.get(bucket.account()).into_iter().flatten() {
            let Some(trail_arn) = trail.text("arn") else { continue };
            let home = trail.text("home_region").unwrap_or(trail.region());
            if trail.flag("multi_region") == Some(false) && home != bucket.region() {
                continue;
            }
            let of_trail = selectors
                .get(trail_arn)
                .and_then(|by_account| by_account.get(trail.account()).or_else(|| by_account.values().next()));
            let coverage = of_trail.and_then(|selectors| Coverage::of(selectors, &arn));
            let source = of_trail.and_then(|selectors| selectors.first()).unwrap_or(trail);
            let mut cells = bucket.envelope(format!("{name} {trail_arn}"));
            // What the bucket's account saw shows the bucket; what is recorded of it, the selectors show.
            cells[3] = source.envelope(String::new()).swap_remove(3);
            cells.extend([
                name.to_owned().into(),
                arn.clone().into(),
                trail_arn.to_owned().into(),
                trail.text("name").unwrap_or(trail_arn).to_owned().into(),
                logging.get(trail_arn).copied().flatten().into(),
            ]);
            match coverage {
                Some(coverage) => {
                    let partial: Vec<_> = coverage.partial.into_iter().collect();
                    cells.extend([coverage.reads.into(), coverage.writes.into(), list(&partial)]);
                }
                None => cells.extend([Value::Null, Value::Null, list::<String>(&[])]),
            }
            rows.push(cells);
        }
    }
    rows
}

/// All selectors of a trail: an event is recorded if one of them takes it.
#[derive(Default)]
struct Coverage {
    reads: bool,
    writes: bool,
    partial: BTreeSet<String>,
}

impl Coverage {
    /// `None` where a selector is not known well enough.
    fn of(selectors: &[&Row], bucket: &str) -> Option<Self> {
        let mut coverage = Self::default();
        for selector in selectors {
            match selector.text("form")? {
                "basic" => coverage.basic(selector, bucket)?,
                _ => coverage.advanced(selector, bucket),
            }
        }
        Some(coverage)
    }

    fn basic(&mut self, selector: &Row, bucket: &str) -> Option<()> {
        let resources = selector.texts("data_resources");
        let values: Vec<&str> = resources
            .iter()
            .filter_map(|resource| resource.strip_prefix(OBJECT)?.strip_prefix('='))
            .collect();
        if values.is_empty() {
            return Some(());
        }
        let kind = selector.text("read_write_type")?;
        let objects = format!("{bucket}/");
        for value in values {
            // Either all buckets, as `arn:aws:s3` or `arn:aws:s3:::`, or this one.
            let all = value.strip_suffix(":::").unwrap_or(value);
            if (all.ends_with(":s3") && bucket.starts_with(all)) || value == objects {
                self.reads |= matches!(kind, "All" | "ReadOnly");
                self.writes |= matches!(kind, "All" | "WriteOnly");
            } else if value.starts_with(&objects) {
                self.partial.insert(format!("only {value}"));
            }
        }
        Some(())
    }

    fn advanced(&mut self, selector: &Row, bucket: &str) {
        let objects = format!("{bucket}/");
        let fields = selector.texts("fields");
        let parts: Vec<(&str, &str, &str)> = fields.iter().map(|field| split(field)).collect();
        let is = |name: &str, value: &str| parts.contains(&(name, "equals", value));
        if !is("eventCategory", "Data") || !is("resources.type", OBJECT) {
            return;
        }
        let (mut read_only, mut narrow) = (BTreeSet::new(), Vec::new());
        // Values of one field that say what is taken are alternatives; those that say what is not all hold.
        let (mut named, mut taken) = (false, false);
        let mut about = false;
        for (field, &(name, operator, value)) in fields.iter().zip(&parts) {
            match (name, operator) {
                ("eventCategory" | "resources.type", "equals") => {}
                ("eventSource", "equals") if value.starts_with("s3.amazonaws.") => {}
                ("readOnly", "equals") => drop(read_only.insert(value)),
                ("resources.ARN", "startsWith") => {
                    named = true;
                    taken |= objects.starts_with(value);
                    about |= value.starts_with(&objects);
                }
                ("resources.ARN", "equals") => {
                    named = true;
                    about |= value == bucket || value.starts_with(&objects);
                }
                ("resources.ARN", "endsWith") => (named, about) = (true, true),
                ("resources.ARN", "notStartsWith") => {
                    if objects.starts_with(value) {
                        return;
                    }
                    if value.starts_with(&objects) {
                        narrow.push(*field);
                    }
                }
                ("resources.ARN", "notEquals") => {
                    if value == bucket || value.starts_with(&objects) {
                        narrow.push(*field);
                    }
                }
                _ => narrow.push(*field),
            }
        }
        if named && !taken {
            if about {
                let arns = fields
                    .iter()
                    .filter(|field| field.starts_with("resources.ARN "))
                    .copied();
                self.partial.insert(arns.collect::<Vec<_>>().join(" or "));
            }
            return;
        }
        if !narrow.is_empty() {
            self.partial.insert(narrow.join(" and "));
            return;
        }
        self.reads |= read_only.is_empty() || read_only.contains("true");
        self.writes |= read_only.is_empty() || read_only.contains("false");
    }
}

/// `field operator value`.
fn split(field: &str) -> (&str, &str, &str) {
    let mut parts = field.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
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
        let tables = json!({
            "s3_bucket": [{ "name": "b", "arn": "arn:aws:s3:::b" }],
            "cloudtrail_trail": [{ "arn": "t", "name": "t", "multi_region": true }],
            "cloudtrail_trail_status": [{ "trail_arn": "t", "logging": true }],
            "cloudtrail_event_selector": selectors,
        });
        let mut row = derive("s3_data_event_coverage", &snapshot(tables, json!([]))).remove(0);
        assert_eq!(row["logging"], json!(1));
        let mut take = |name: &str| row.remove(name).unwrap();
        (take("reads"), take("writes"), take("partial"))
    }

    fn basic(kind: &str, value: &str) -> Value {
        json!({ "form": "basic", "read_write_type": kind, "data_resources": [format!("AWS::S3::Object={value}")] })
    }

    fn advanced(fields: &[&str]) -> Value {
        let mut all = vec!["eventCategory equals Data", "resources.type equals AWS::S3::Object"];
        all.extend(fields);
        json!({ "form": "advanced", "fields": all })
    }

    #[test]
    fn basic_selectors() {
        for value in ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::b/"] {
            let (reads, writes, _) = coverage(json!([basic("All", value)]));
            assert_eq!((reads, writes), (json!(1), json!(1)), "{value}");
        }
        let (reads, writes, _) = coverage(json!([basic("WriteOnly", "arn:aws:s3")]));
        assert_eq!((reads, writes), (json!(0), json!(1)));
        let (_, writes, partial) = coverage(json!([basic("All", "arn:aws:s3:::b/logs/")]));
        assert_eq!((writes, partial), (json!(0), json!(r#"["only arn:aws:s3:::b/logs/"]"#)));
        for value in ["arn:aws:s3:::other/", "arn:aws:lambda"] {
            assert_eq!(coverage(json!([basic("All", value)])).1, json!(0), "{value}");
        }
        let nothing = json!({ "form": "basic", "read_write_type": "All", "include_management_events": true });
        assert_eq!(coverage(json!([nothing])).1, json!(0));
    }

    #[test]
    fn advanced_selectors() {
        for fields in [
            &[][..],
            &["resources.ARN startsWith arn:aws:s3:::b/"],
            &[
                "resources.ARN startsWith arn:aws:s3:::other/",
                "resources.ARN startsWith arn:aws:s3:::",
            ],
            &["resources.ARN notStartsWith arn:aws:s3:::other/"],
            &["eventSource equals s3.amazonaws.com", "readOnly equals false"],
        ] {
            assert_eq!(coverage(json!([advanced(fields)])).1, json!(1), "{fields:?}");
        }
        for (fields, partial) in [
            (&["resources.ARN startsWith arn:aws:s3:::b/x/"][..], true),
            (&["resources.ARN startsWith arn:aws:s3:::other/"], false),
            (&["resources.ARN notStartsWith arn:aws:s3:::b/"], false),
            (&["resources.ARN notStartsWith arn:aws:s3:::b/tmp/"], true),
            (&["resources.ARN equals arn:aws:s3:::b/one"], true),
            (&["eventName equals PutObject"], true),
            (&["readOnly equals true"], false),
            (&["userIdentity.arn notEquals arn:aws:iam::111122223333:user/x"], true),
        ] {
            let (_, writes, said) = coverage(json!([advanced(fields)]));
            assert_eq!(writes, json!(0), "{fields:?}");
            assert_eq!(said != json!("[]"), partial, "{fields:?}: {said}");
        }
        let parts = json!([
            advanced(&["readOnly equals true"]),
            advanced(&["readOnly equals false"])
        ]);
        assert_eq!(coverage(parts), (json!(1), json!(1), json!("[]")));
    }

    #[test]
    fn without_selectors_nothing_is_known() {
        assert_eq!(coverage(json!([])).1, json!(null));
    }

    #[test]
    fn a_trail_of_another_region_says_nothing() {
        let tables = json!({
            "s3_bucket": [{ "name": "b", "region": "eu-west-1" }],
            "cloudtrail_trail": [{ "arn": "t", "multi_region": false, "home_region": "us-east-1" }],
        });
        assert!(derive("s3_data_event_coverage", &snapshot(tables, json!([]))).is_empty());
    }
}
