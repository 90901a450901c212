//! Whether the images of a repository are scanned when they are pushed.
//!
//! The setting of the repository and the rules of the registry count alike. A filter without a
//! wildcard matches every repository whose name contains it:
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html> (Using filters).

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;

use crate::policy::glob;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, or, text};

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("arn", "ARN of the repository."),
    text("name", "Name of the repository."),
    boolean("scan_on_push", "The repository's own setting."),
    text(
        "rule",
        "The first filter of the registry that matches and scans by itself.",
    ),
    boolean(
        "scanned",
        "Images are scanned at least when they are pushed; null where the registry was not read.",
    ),
];

pub(super) const REPOSITORY_SCANNING: DerivedTable = DerivedTable {
    name: "ecr_repository_scanning",
    doc: "A repository and what scans its images.",
    columns: COLUMNS,
    from: &["ecr_registry_scanning", "ecr_registry_scanning_rule", "ecr_repository"],
};

pub(super) fn repository_scanning(snapshot: &Snapshot) -> Vec<Cells> {
    let here = |row: &&Row, of: &Row| row.account() == of.account() && row.region() == of.region();
    snapshot
        .rows("ecr_repository")
        .iter()
        .map(|repository| {
            let arn = repository.text("arn").unwrap_or_default();
            let name = repository.text("name").unwrap_or_default();
            let own = repository.flag("scan_on_push");
            let registry_read = snapshot
                .rows("ecr_registry_scanning")
                .iter()
                .any(|row| here(&row, repository));
            let rule = snapshot
                .rows("ecr_registry_scanning_rule")
                .iter()
                .filter(|row| here(row, repository) && row.text("frequency") != Some("MANUAL"))
                .filter_map(|row| row.text("filter"))
                .find(|filter| fits(filter, name));
            let by_rule = if registry_read { Some(rule.is_some()) } else { None };
            let mut cells = repository.envelope(arn.to_owned());
            cells.extend([
                arn.to_owned().into(),
                name.to_owned().into(),
                own.into(),
                rule.map(str::to_owned).into(),
                or(&[own, by_rule]).into(),
            ]);
            cells
        })
        .collect()
}

fn fits(filter: &str, name: &str) -> bool {
    if filter.contains('*') {
        glob::matches(filter, name)
    } else {
        name.contains(filter)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::derived::tests::{derive, snapshot};

    #[test]
    fn settings_and_rules_count_alike() {
        let scanned = |own: serde_json::Value, rules: &[(&str, &str)], read: bool| {
            let rules: Vec<_> = rules.iter().map(|(frequency, filter)| json!({ "frequency": frequency, "filter": filter, "filter_type": "WILDCARD" })).collect();
            let registry = if read {
                json!([{ "scan_type": "BASIC" }])
            } else {
                json!([])
            };
            let repository = json!([{ "arn": "arn:r", "name": "team/prod-web", "scan_on_push": own }]);
            let tables = json!({ "ecr_repository": repository, "ecr_registry_scanning": registry, "ecr_registry_scanning_rule": rules });
            derive("ecr_repository_scanning", &snapshot(tables, json!([])))[0]["scanned"].clone()
        };
        assert_eq!(scanned(json!(true), &[], true), json!(1));
        assert_eq!(scanned(json!(true), &[], false), json!(1));
        assert_eq!(scanned(json!(false), &[], true), json!(0));
        assert_eq!(scanned(json!(false), &[], false), json!(null));
        assert_eq!(scanned(json!(null), &[], true), json!(null));
        for filter in ["*", "prod", "team/*", "*web", "team/prod-web", "t*prod*"] {
            assert_eq!(
                scanned(json!(false), &[("SCAN_ON_PUSH", filter)], true),
                json!(1),
                "{filter}"
            );
        }
        for filter in ["prod*", "*prod", "test", "web*"] {
            assert_eq!(
                scanned(json!(false), &[("CONTINUOUS_SCAN", filter)], true),
                json!(0),
                "{filter}"
            );
        }
        assert_eq!(scanned(json!(false), &[("MANUAL", "*")], true), json!(0));
    }
}
