//! Copies of stores in other places, whatever makes them.

use std::collections::{BTreeMap, BTreeSet};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::row::Cell;
use super::stores::region_of;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, text};

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("store_arn", "ARN of the store that is copied."),
    text(
        "mechanism",
        "`replication rule`, `read replica`, `automated backups`, `global cluster`, `table replica`, `file system replica`, `snapshot copy` or `backup copy`.",
    ),
    text("target", "What it is copied to: an ARN, an id, a region."),
    text("target_region", "Region of that; null if it could not be found out."),
    boolean("active", "The copy is being kept, or was completed; null if not known."),
    text(
        "at",
        "For a backup copy: when it was completed; for a replica of a file system: up to when all is copied.",
    ),
];

pub(super) const DATA_REPLICA: DerivedTable = DerivedTable {
    name: "data_replica",
    doc: "A copy of a store, wherever it is: replication of a bucket, replica of a database, table or file system, copied backup.",
    columns: COLUMNS,
    from: &[
        "backup_copy_job",
        "dynamodb_replica",
        "efs_replication",
        "rds_db_cluster",
        "rds_db_instance",
        "rds_global_cluster_member",
        "s3_bucket",
        "s3_bucket_location",
        "s3_bucket_replication_rule",
    ],
};

struct Copy<'a> {
    of: &'a Row,
    store: &'a str,
    mechanism: &'static str,
    target: &'a str,
    region: Option<&'a str>,
    active: Option<bool>,
    at: Option<&'a str>,
}

pub(super) fn data_replicas(snapshot: &Snapshot) -> Vec<Cells> {
    let mut copies = Vec::new();
    buckets(snapshot, &mut copies);
    databases(snapshot, &mut copies);
    for row in snapshot.rows("dynamodb_replica") {
        let region = row.text("replica_region");
        copies.push(Copy {
            of: row,
            store: row.text("table_arn").unwrap_or_default(),
            mechanism: "table replica",
            target: region.unwrap_or_default(),
            region,
            active: row.text("status").map(|status| status == "ACTIVE"),
            at: None,
        });
    }
    for row in snapshot.rows("efs_replication") {
        copies.push(Copy {
            of: row,
            store: row.text("source_arn").unwrap_or_default(),
            mechanism: "file system replica",
            target: row.text("destination_id").unwrap_or_default(),
            region: row.text("destination_region"),
            active: row.text("status").map(|status| status == "ENABLED"),
            at: row.text("last_replicated_at"),
        });
    }
    for row in snapshot.rows("backup_copy_job") {
        let Some(store) = row.text("resource_arn") else {
            continue;
        };
        let target = row.text("destination_vault_arn").unwrap_or_default();
        copies.push(Copy {
            of: row,
            store,
            mechanism: "backup copy",
            target,
            region: region_of(target),
            active: row.text("state").map(|state| state == "COMPLETED"),
            at: row.text("completed_at"),
        });
    }
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    copies
        .into_iter()
        .map(|copy| {
            let text = |text: Option<&str>| text.map_or(Value::Null, |text| text.to_owned().into());
            let key = format!("{} {} {}", copy.store, copy.mechanism, copy.target);
            let number = numbers.entry(key.clone()).or_default();
            *number += 1;
            let mut cells = copy.of.envelope(format!("{key} {number}"));
            cells.extend([
                copy.store.to_owned().into(),
                copy.mechanism.to_owned().into(),
                copy.target.to_owned().into(),
                text(copy.region),
                copy.active.into(),
                text(copy.at),
            ]);
            cells
        })
        .collect()
}

/// Rules of buckets. The region of a bucket elsewhere is known if one of the accounts that were read has it.
fn buckets<'a>(snapshot: &'a Snapshot, copies: &mut Vec<Copy<'a>>) {
    let known: BTreeMap<_, _> = snapshot
        .rows("s3_bucket_location")
        .iter()
        .filter_map(|row| Some((row.text("bucket")?, row.text("location")?)))
        .collect();
    let arns: BTreeMap<_, _> = snapshot
        .rows("s3_bucket")
        .iter()
        .filter_map(|row| Some(((row.account(), row.text("name")?), row.text("arn")?)))
        .collect();
    for row in snapshot.rows("s3_bucket_replication_rule") {
        let bucket = row.text("bucket").unwrap_or_default();
        let target = row.text("destination_bucket").unwrap_or_default();
        let name = target.rsplit(':').next().unwrap_or(target);
        copies.push(Copy {
            of: row,
            store: arns.get(&(row.account(), bucket)).copied().unwrap_or(bucket),
            mechanism: "replication rule",
            target,
            region: known.get(name).copied(),
            active: row.text("status").map(|status| status == "Enabled"),
            at: None,
        });
    }
}

fn databases<'a>(snapshot: &'a Snapshot, copies: &mut Vec<Copy<'a>>) {
    for row in snapshot.rows("rds_db_instance") {
        let lists = [
            ("read_replicas", "read replica"),
            ("read_replica_clusters", "read replica"),
            ("backup_replications", "automated backups"),
        ];
        for (column, mechanism) in lists {
            copies.extend(
                row.texts(column)
                    .into_iter()
                    .map(|target| database(row, mechanism, target)),
            );
        }
    }
    for row in snapshot.rows("rds_db_cluster") {
        let replicas = row.texts("read_replicas").into_iter();
        copies.extend(replicas.map(|target| database(row, "read replica", target)));
    }
    // Each region of a global cluster lists all of its members: one row per pair of members will do.
    let mut seen = BTreeSet::new();
    let members: Vec<_> = snapshot.rows("rds_global_cluster_member").iter().collect();
    for row in &members {
        let (Some(of), Some(store)) = (row.text("global_cluster_arn"), row.text("cluster_arn")) else {
            continue;
        };
        for other in &members {
            let Some(target) = other.text("cluster_arn") else {
                continue;
            };
            let same = other.text("global_cluster_arn") == Some(of) && other.account() == row.account();
            if same && target != store && seen.insert((row.account(), store, target)) {
                copies.push(database(row, "global cluster", target));
            }
        }
    }
}

/// A target in another region is named by its ARN, one in the same by its identifier.
fn database<'a>(row: &'a Row, mechanism: &'static str, target: &'a str) -> Copy<'a> {
    let own = row.text("arn").or_else(|| row.text("cluster_arn")).unwrap_or_default();
    Copy {
        of: row,
        store: own,
        mechanism,
        target,
        region: if target.starts_with("arn:") {
            region_of(target)
        } else {
            region_of(own)
        },
        active: Some(true),
        at: None,
    }
}
