//! What protects each store, and which stores a backup plan takes in.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;
use serde_json::json;

use crate::policy::glob;
use crate::schedule;

use super::row::Cell;
use super::stores::{self, Store, number, stores, tags_of};
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, json, text};

const COVERAGE_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text(
        "kind",
        "`RDS`, `Aurora`, `DocumentDB`, `Neptune`, `DynamoDB`, `EBS`, `EFS`, `FSx`, `Redshift`, `ElastiCache` or `S3`.",
    ),
    text("resource", "ARN where AWS gives one, else the id."),
    text("arn", "ARN, as AWS Backup knows the store."),
    text("name", "Name."),
    json("tags", "Tags; null if not known."),
    text("exempt", "Why the store needs no backup of its own; null if it does."),
    text("created_at", "When created."),
    text(
        "native",
        "What the service itself offers, such as `automated backups`; null if nothing.",
    ),
    boolean("native_on", "That is on; null if not known, or if there is nothing."),
    integer(
        "native_days",
        "Days it reaches back; null where that is no setting, or not known.",
    ),
    text(
        "native_at",
        "For volumes: when the latest completed snapshot was started.",
    ),
    boolean(
        "dated",
        "The service says up to when the store can be restored; without a date there is no backup.",
    ),
    text(
        "restorable_to",
        "Latest moment to which the service's own backups can restore it, where it says.",
    ),
    json(
        "points",
        "Recovery points of AWS Backup that can be restored, latest first, each with `at`, `days` (kept; null for ever), `continuous`, `encrypted`, `vault`, `locked`.",
    ),
    boolean(
        "points_read",
        "All vaults of the region and their recovery points were read.",
    ),
    json(
        "lifecycle_policies",
        "Ids of enabled policies of Data Lifecycle Manager that take the volume in, sorted.",
    ),
];

/// Computed from all stores and the vaults.
pub(super) const COVERAGE: DerivedTable = DerivedTable {
    name: "backup_coverage",
    doc: "A store and what protects it: its service's own backups, and the recovery points of AWS Backup.",
    columns: COVERAGE_COLUMNS,
    from: &[
        "backup_recovery_point",
        "backup_vault",
        "dlm_policy",
        "dynamodb_continuous_backups",
        "dynamodb_table",
        "dynamodb_table_tags",
        "ec2_instance",
        "ec2_snapshot",
        "ec2_volume",
        "efs_file_system",
        "elasticache_replication_group",
        "elasticache_replication_group_tags",
        "fsx_file_system",
        "rds_db_cluster",
        "rds_db_instance",
        "redshift_cluster",
        "s3_bucket",
        "s3_bucket_tagging",
        "s3_bucket_versioning",
    ],
};

const PLAN_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("plan_id", "Id of the plan."),
    text("plan_name", "Name of the plan."),
    text("resource", "ARN of the resource where AWS gives one, else its id."),
    text("arn", "ARN of the resource, as AWS Backup knows it."),
    text(
        "kind",
        "Kind of the resource, in AWS Backup's words; null for one that no other call told of.",
    ),
    text("name", "Name of the resource."),
    text("created_at", "When the resource was created."),
    boolean(
        "selected",
        "A selection of the plan takes it in; null where that hangs on tags that could not be read.",
    ),
    integer(
        "promised_hours",
        "The longest time, in hours, that the plan's most frequent rule lets pass between two backups; null if no schedule of it can be read.",
    ),
];

pub(super) const PLAN_RESOURCE: DerivedTable = DerivedTable {
    name: "backup_plan_resource",
    doc: "A resource that a selection of a backup plan takes in, by its ARN or by its tags.",
    columns: PLAN_COLUMNS,
    from: &[
        "backup_plan",
        "backup_plan_rule",
        "backup_selection",
        "dynamodb_continuous_backups",
        "dynamodb_table",
        "dynamodb_table_tags",
        "ec2_instance",
        "ec2_snapshot",
        "ec2_volume",
        "efs_file_system",
        "fsx_file_system",
        "rds_db_cluster",
        "rds_db_instance",
        "redshift_cluster",
        "s3_bucket",
        "s3_bucket_tagging",
        "s3_bucket_versioning",
    ],
};

pub(super) fn coverage(snapshot: &Snapshot) -> Vec<Cells> {
    let points = points(snapshot);
    let unread: BTreeSet<(&str, &str)> = snapshot
        .gaps
        .iter()
        .filter(|gap| {
            ["backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault"].contains(&gap.operation.as_str())
        })
        .map(|gap| (gap.account.as_str(), gap.region.as_str()))
        .collect();
    let instances: BTreeMap<_, _> = snapshot
        .rows("ec2_instance")
        .iter()
        .filter_map(|row| Some(((row.account(), row.text("id")?), row)))
        .collect();
    stores(snapshot)
        .into_iter()
        .map(|store| {
            let row = store.row;
            let mut found: Vec<&serde_json::Value> = Vec::new();
            let mut arns = vec![store.arn.clone()];
            if store.kind == "EBS" {
                // A backup of an instance is a backup of its volumes.
                let machines = row.texts("instances").into_iter();
                arns.extend(machines.map(|id| stores::arn(snapshot, row, "ec2", &format!("instance/{id}"))));
            }
            for arn in &arns {
                found.extend(points.get(&(row.account(), arn.as_str())).into_iter().flatten());
            }
            found.sort_by(|a, b| b["at"].as_str().cmp(&a["at"].as_str()));
            let policies = match store.kind {
                "EBS" => policies(snapshot, &store, &instances),
                _ => Vec::new(),
            };
            let mut cells = row.envelope(store.arn.clone());
            cells.extend([
                store.kind.to_owned().into(),
                store.resource.clone().into(),
                store.arn.clone().into(),
                store.name.clone().into(),
                tags_json(&store),
                store.exempt.clone().into(),
                row.text("created_at").map(str::to_owned).into(),
                store.native.name.map(str::to_owned).into(),
                store.native.on.into(),
                store.native.days.into(),
                store.native.at.clone().into(),
                store.native.dated.into(),
                store.native.restorable_to.clone().into(),
                Value::Text(json!(found).to_string()),
                (!unread.contains(&(row.account(), row.region()))).into(),
                Value::Text(json!(policies).to_string()),
            ]);
            cells
        })
        .collect()
}

fn tags_json(store: &Store<'_>) -> Value {
    store.tags.as_ref().map_or(Value::Null, |tags| {
        let tags: Vec<_> = tags
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        Value::Text(json!(tags).to_string())
    })
}

/// Recovery points that can be restored, by account and the ARN they are a backup of.
fn points(snapshot: &Snapshot) -> BTreeMap<(&str, &str), Vec<serde_json::Value>> {
    let locked: BTreeMap<_, _> = snapshot
        .rows("backup_vault")
        .iter()
        .filter_map(|row| Some(((row.account(), row.region(), row.text("name")?), row.flag("locked"))))
        .collect();
    let mut points: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in snapshot.rows("backup_recovery_point") {
        // `AVAILABLE` is a continuous backup that goes on.
        let (Some(of), Some(status @ ("COMPLETED" | "AVAILABLE"))) = (row.text("resource_arn"), row.text("status"))
        else {
            continue;
        };
        let vault = row.text("vault").unwrap_or_default();
        points.entry((row.account(), of)).or_default().push(json!({
            "at": row.text("created_at"),
            "days": number(row, "delete_after_days"),
            "continuous": status == "AVAILABLE",
            "encrypted": row.flag("encrypted"),
            "vault": vault,
            "locked": locked.get(&(row.account(), row.region(), vault)).copied().flatten(),
        }));
    }
    points
}

/// Enabled policies of Data Lifecycle Manager that take a volume in: by its tags, by those of its instances, or by
/// default.
fn policies<'a>(snapshot: &'a Snapshot, volume: &Store<'_>, instances: &BTreeMap<(&str, &str), &Row>) -> Vec<&'a str> {
    let row = volume.row;
    let own = tags_of(row);
    let machines: Vec<_> = row
        .texts("instances")
        .into_iter()
        .filter_map(|id| instances.get(&(row.account(), id)))
        .map(|row| tags_of(row))
        .collect();
    let mut found: Vec<_> = snapshot
        .rows("dlm_policy")
        .iter()
        .filter(|policy| {
            let wanted: Vec<_> = policy
                .get("target_tags")
                .and_then(serde_json::Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|tag| Some((tag.get("key")?.as_str()?, tag.get("value")?.as_str()?)))
                .collect();
            let any = |tags: &Vec<(String, String)>| {
                tags.iter()
                    .any(|(key, value)| wanted.contains(&(key.as_str(), value.as_str())))
            };
            let kinds = policy.texts("resource_types");
            let tagged =
                (kinds.contains(&"VOLUME") && any(&own)) || (kinds.contains(&"INSTANCE") && machines.iter().any(any));
            (policy.account(), policy.region()) == (row.account(), row.region())
                && policy.text("state") == Some("ENABLED")
                && (tagged || policy.flag("default_policy") == Some(true))
        })
        .filter_map(|policy| policy.text("id"))
        .collect();
    found.sort_unstable();
    found
}

/// Something that a selection may take in.
struct Candidate<'a> {
    row: &'a Row,
    kind: &'static str,
    resource: String,
    arn: String,
    name: String,
    tags: Option<Vec<(String, String)>>,
}

pub(super) fn plan_resources(snapshot: &Snapshot) -> Vec<Cells> {
    let mut candidates: Vec<Candidate<'_>> = stores(snapshot)
        .into_iter()
        .filter(|store| store.kind != "ElastiCache" && (store.exempt.is_none() || store.kind == "EBS"))
        .map(|store| Candidate {
            row: store.row,
            kind: store.kind,
            resource: store.resource,
            arn: store.arn,
            name: store.name,
            tags: store.tags,
        })
        .collect();
    let machines = snapshot.rows("ec2_instance").iter();
    candidates.extend(
        machines
            .filter(|row| !matches!(row.text("state"), Some("terminated" | "shutting-down")))
            .filter_map(|row| {
                let id = row.text("id")?;
                Some(Candidate {
                    row,
                    kind: "EC2",
                    resource: id.to_owned(),
                    arn: stores::arn(snapshot, row, "ec2", &format!("instance/{id}")),
                    name: row.text("name").unwrap_or(id).to_owned(),
                    tags: Some(tags_of(row)),
                })
            }),
    );
    let mut rows = Vec::new();
    for plan in snapshot.rows("backup_plan") {
        let id = plan.text("id").unwrap_or_default();
        let here = |row: &Row| (row.account(), row.region()) == (plan.account(), plan.region());
        let selections: Vec<_> = snapshot
            .rows("backup_selection")
            .iter()
            .filter(|row| here(row) && row.text("plan_id") == Some(id))
            .collect();
        let name = plan.text("name").unwrap_or(id);
        let rules = snapshot.rows("backup_plan_rule").iter();
        let promised = rules
            .filter(|row| here(row) && row.text("plan_id") == Some(id))
            .filter_map(|rule| schedule::longest_wait(rule.text("schedule")?))
            .min();
        let mut put = |source: &Row, kind: Option<&str>, resource: &str, arn: &str, name_of: &str, selected| {
            let mut cells = source.envelope(format!("{id} {arn}"));
            cells.extend([
                id.to_owned().into(),
                name.to_owned().into(),
                resource.to_owned().into(),
                arn.to_owned().into(),
                kind.map(str::to_owned).into(),
                name_of.to_owned().into(),
                kind.and_then(|_| source.text("created_at")).map(str::to_owned).into(),
                Option::<bool>::into(selected),
                promised.into(),
            ]);
            rows.push(cells);
        };
        let mut told = BTreeSet::new();
        for candidate in candidates.iter().filter(|candidate| here(candidate.row)) {
            told.insert(candidate.arn.as_str());
            let selected = super::or(
                &selections
                    .iter()
                    .map(|selection| takes(selection, &candidate.arn, candidate.tags.as_deref()))
                    .collect::<Vec<_>>(),
            );
            if selected != Some(false) {
                let Candidate {
                    row,
                    kind,
                    resource,
                    arn,
                    name,
                    ..
                } = candidate;
                put(row, Some(*kind), resource, arn, name, selected);
            }
        }
        // What is named by its ARN is taken in, whether or not another call told of it.
        for selection in &selections {
            let named = selection.texts("resources").into_iter();
            for arn in named.filter(|arn| !arn.contains('*') && arn.starts_with("arn:")) {
                if told.insert(arn) && takes(selection, arn, None) == Some(true) {
                    put(selection, None, arn, arn, arn, Some(true));
                }
            }
        }
    }
    rows
}

/// Does a selection take a resource in? By one of its ARNs or one of its tags, or if it names neither; if all of its
/// conditions hold, and none of what it leaves out matches.
fn takes(selection: &Row, arn: &str, tags: Option<&[(String, String)]>) -> Option<bool> {
    let listed = |column: &str| {
        let patterns = selection.texts(column);
        patterns.iter().any(|pattern| glob::matches(pattern, arn))
    };
    if listed("not_resources") {
        return Some(false);
    }
    let (resources, any_tags) = (selection.texts("resources"), selection.texts("any_tags"));
    let tagged = |wanted: &str, like: bool| {
        let (key, value) = wanted.split_once('=')?;
        let key = key.strip_prefix("aws:ResourceTag/").unwrap_or(key);
        Some(
            tags?
                .iter()
                .any(|(k, v)| k == key && (v == value || (like && glob::matches(value, v)))),
        )
    };
    let by_tag: Vec<_> = any_tags.iter().map(|wanted| tagged(wanted, false)).collect();
    let chosen = if resources.is_empty() && any_tags.is_empty() {
        Some(true)
    } else {
        super::or(&[Some(listed("resources")), super::or(&by_tag)])
    };
    let conditions = selection.texts("conditions").into_iter().map(|line| {
        let (operator, wanted) = line.split_once(' ')?;
        match operator {
            "StringEquals" => tagged(wanted, false),
            "StringLike" => tagged(wanted, true),
            "StringNotEquals" => super::not(tagged(wanted, false)),
            "StringNotLike" => super::not(tagged(wanted, true)),
            _ => None,
        }
    });
    super::and(&[chosen, super::and(&conditions.collect::<Vec<_>>())])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takes_in(selection: serde_json::Value, arn: &str, tags: Option<&[(&str, &str)]>) -> Option<bool> {
        let row: Row = serde_json::from_value(selection).unwrap();
        let tags: Option<Vec<_>> =
            tags.map(|tags| tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        takes(&row, arn, tags.as_deref())
    }

    const VOLUME: &str = "arn:aws:ec2:us-east-1:111122223333:volume/vol-1";

    #[test]
    fn a_selection_takes_in_by_arn_or_tag() {
        let all = json!({ "resources": ["*"] });
        assert_eq!(takes_in(all, VOLUME, Some(&[])), Some(true));
        let volumes = json!({ "resources": ["arn:aws:ec2:*:*:volume/*"], "not_resources": ["*/vol-2"] });
        assert_eq!(takes_in(volumes.clone(), VOLUME, None), Some(true));
        assert_eq!(
            takes_in(volumes, "arn:aws:ec2:us-east-1:111122223333:volume/vol-2", None),
            Some(false)
        );
        let tagged = json!({ "any_tags": ["backup=daily", "backup=hourly"] });
        assert_eq!(
            takes_in(tagged.clone(), VOLUME, Some(&[("backup", "hourly")])),
            Some(true)
        );
        assert_eq!(
            takes_in(tagged.clone(), VOLUME, Some(&[("backup", "never")])),
            Some(false)
        );
        assert_eq!(takes_in(tagged, VOLUME, None), None);
    }

    #[test]
    fn all_conditions_must_hold() {
        let selection = json!({ "resources": ["*"], "conditions": [
            "StringEquals aws:ResourceTag/env=production", "StringNotLike aws:ResourceTag/tier=temp*",
        ] });
        let judged = |tags: Option<&[(&str, &str)]>| takes_in(selection.clone(), VOLUME, tags);
        assert_eq!(judged(Some(&[("env", "production")])), Some(true));
        assert_eq!(
            judged(Some(&[("env", "production"), ("tier", "temporary")])),
            Some(false)
        );
        assert_eq!(judged(Some(&[("tier", "gold")])), Some(false));
        assert_eq!(judged(None), None);
    }

    #[test]
    fn a_selection_of_nothing_is_one_of_everything() {
        assert_eq!(takes_in(json!({}), VOLUME, Some(&[])), Some(true));
    }
}
