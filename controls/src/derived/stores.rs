//! The stores of an account, whatever the service: what backups and copies are asked about.

use std::collections::BTreeMap;

use evidence::record::Row;
use evidence::snapshot::Snapshot;
use serde_json::Value;

use super::gaps::Gaps;
use super::row::Cell;

/// How a store backs itself up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Native {
    /// What it is called; `None` where the service has nothing of its own.
    pub(super) name: Option<&'static str>,
    /// It is on; `None` if not known.
    pub(super) on: Option<bool>,
    /// Days it reaches back; `None` where that is not a setting.
    pub(super) days: Option<i64>,
    /// The latest copy, where it is copies that count.
    pub(super) at: Option<String>,
    /// AWS says up to when the store can be restored, if there is any backup.
    pub(super) dated: bool,
    /// The latest moment it can be restored to, where AWS says.
    pub(super) restorable_to: Option<String>,
}

/// A store.
pub(super) struct Store<'a> {
    /// The row it is.
    pub(super) row: &'a Row,
    /// AWS Backup's word for its kind, or `ElastiCache`.
    pub(super) kind: &'static str,
    /// ARN where AWS gives one, else the id.
    pub(super) resource: String,
    /// ARN, as AWS Backup knows it.
    pub(super) arn: String,
    pub(super) name: String,
    /// Tags; `None` if not known.
    pub(super) tags: Option<Vec<(String, String)>>,
    /// Why it needs no backup of its own.
    pub(super) exempt: Option<String>,
    pub(super) native: Native,
}

/// All stores, in the order of their tables and rows.
pub(super) fn stores(snapshot: &Snapshot) -> Vec<Store<'_>> {
    let mut found = Vec::new();
    found.extend(snapshot.rows("rds_db_cluster").iter().map(cluster));
    found.extend(snapshot.rows("rds_db_instance").iter().map(instance));
    let tags = Keyed::of(snapshot, "dynamodb_table_tags", "table_arn");
    let backups = Keyed::of(snapshot, "dynamodb_continuous_backups", "table_arn");
    let rows = snapshot.rows("dynamodb_table").iter();
    found.extend(rows.map(|row| table(row, &tags, &backups)));
    let volumes = Volumes::of(snapshot);
    found.extend(snapshot.rows("ec2_volume").iter().map(|row| volumes.store(row)));
    let rows = snapshot.rows("efs_file_system").iter();
    found.extend(rows.map(|row| plain(row, "EFS", "id", Native::default())));
    let rows = snapshot.rows("fsx_file_system").iter();
    found.extend(rows.map(|row| {
        let native = kept(row, "automatic backups", "backup_retention_days");
        plain(row, "FSx", "id", native)
    }));
    let rows = snapshot.rows("redshift_cluster").iter();
    found.extend(rows.map(|row| {
        let native = kept(row, "automated snapshots", "snapshot_retention_days");
        plain(row, "Redshift", "id", native)
    }));
    let tags = Keyed::of(snapshot, "elasticache_replication_group_tags", "group_arn");
    let rows = snapshot.rows("elasticache_replication_group").iter();
    found.extend(rows.map(|row| {
        let native = kept(row, "automatic snapshots", "snapshot_retention_days");
        let arn = row.text("arn").unwrap_or_default();
        Store {
            tags: tags.one(row, arn).map(tags_of),
            ..plain(row, "ElastiCache", "id", native)
        }
    }));
    let tags = Keyed::of(snapshot, "s3_bucket_tagging", "bucket");
    let versioning = Keyed::of(snapshot, "s3_bucket_versioning", "bucket");
    let rows = snapshot.rows("s3_bucket").iter();
    found.extend(rows.map(|row| bucket(row, &tags, &versioning)));
    found
}

/// Rows of a table by account and one of their cells.
struct Keyed<'a>(BTreeMap<(&'a str, &'a str), &'a Row>);

impl<'a> Keyed<'a> {
    fn of(snapshot: &'a Snapshot, table: &str, column: &str) -> Self {
        let rows = snapshot.rows(table).iter();
        Self(
            rows.filter_map(|row| Some(((row.account(), row.text(column)?), row)))
                .collect(),
        )
    }

    fn one(&self, of: &Row, key: &str) -> Option<&'a Row> {
        self.0.get(&(of.account(), key)).copied()
    }
}

/// A whole number; `None` if it is not known.
pub(super) fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column)?.as_i64()
}

/// The tags in a row's `tags`.
pub(super) fn tags_of(row: &Row) -> Vec<(String, String)> {
    let list = row.get("tags").and_then(Value::as_array);
    let text = |tag: &Value, part: &str| tag.get(part).and_then(Value::as_str).unwrap_or_default().to_owned();
    list.into_iter()
        .flatten()
        .map(|tag| (text(tag, "key"), text(tag, "value")))
        .collect()
}

/// An ARN in the row's region and account.
pub(super) fn arn(snapshot: &Snapshot, row: &Row, service: &str, resource: &str) -> String {
    let (region, account) = (row.region(), row.account());
    let partition = snapshot.partition(account).unwrap_or_default();
    format!("arn:{partition}:{service}:{region}:{account}:{resource}")
}

/// The region in an ARN, if it names one.
pub(super) fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

fn kept(row: &Row, name: &'static str, column: &str) -> Native {
    let days = number(row, column);
    Native {
        name: Some(name),
        on: days.map(|days| days > 0),
        days,
        ..Native::default()
    }
}

/// Backups of RDS: how long they are kept is a setting, `LatestRestorableTime` is what they come to. While a database
/// is stopped nothing changes in it, and that time stands still.
fn restorable(row: &Row) -> Native {
    let stopped = row.text("status") == Some("stopped");
    Native {
        dated: !stopped,
        restorable_to: row.text("latest_restorable_at").map(str::to_owned),
        ..kept(row, "automated backups", "backup_retention_days")
    }
}

fn plain<'a>(row: &'a Row, kind: &'static str, name: &str, native: Native) -> Store<'a> {
    let arn = row.text("arn").unwrap_or_default().to_owned();
    let id = row.text(name).unwrap_or(&arn).to_owned();
    Store {
        row,
        kind,
        resource: arn.clone(),
        arn,
        name: row.text("name").map_or(id, str::to_owned),
        tags: Some(tags_of(row)),
        exempt: None,
        native,
    }
}

fn instance(row: &Row) -> Store<'_> {
    let exempt = match (row.text("cluster_id"), row.text("read_replica_source")) {
        (Some(cluster), _) => Some(format!(
            "A member of the cluster {cluster}, which is backed up as a whole."
        )),
        (None, Some(source)) => Some(format!("A read replica of {source}.")),
        (None, None) => row
            .text("read_replica_source_cluster")
            .map(|source| format!("A read replica of {source}.")),
    };
    Store {
        exempt,
        ..plain(row, "RDS", "id", restorable(row))
    }
}

fn cluster(row: &Row) -> Store<'_> {
    let engine = row.text("engine").unwrap_or_default();
    let kind = match engine {
        "docdb" => "DocumentDB",
        "neptune" => "Neptune",
        engine if engine.starts_with("aurora") => "Aurora",
        _ => "RDS",
    };
    Store {
        exempt: row
            .text("replication_source")
            .map(|source| format!("A read replica of {source}.")),
        ..plain(row, kind, "id", restorable(row))
    }
}

fn table<'a>(row: &'a Row, tags: &Keyed<'a>, backups: &Keyed<'a>) -> Store<'a> {
    let arn = row.text("arn").unwrap_or_default();
    let backups = backups.one(row, arn);
    let native = Native {
        name: Some("point-in-time recovery"),
        on: backups
            .and_then(|row| row.text("pitr_status"))
            .map(|status| status == "ENABLED"),
        days: backups.and_then(|row| number(row, "recovery_period_days")),
        at: None,
        dated: true,
        restorable_to: backups
            .and_then(|row| row.text("latest_restorable_at"))
            .map(str::to_owned),
    };
    Store {
        tags: tags.one(row, arn).map(tags_of),
        ..plain(row, "DynamoDB", "name", native)
    }
}

fn bucket<'a>(row: &'a Row, tags: &Keyed<'a>, versioning: &Keyed<'a>) -> Store<'a> {
    let name = row.text("name").unwrap_or_default();
    let arn = row.text("arn").unwrap_or_default().to_owned();
    let native = Native {
        name: Some("versioning"),
        // A bucket that never had versioning has no status.
        on: versioning
            .one(row, name)
            .map(|row| row.text("status") == Some("Enabled")),
        ..Native::default()
    };
    Store {
        row,
        kind: "S3",
        resource: arn.clone(),
        arn,
        name: name.to_owned(),
        tags: tags.one(row, name).map(tags_of),
        exempt: None,
        native,
    }
}

/// Volumes and the snapshots made of them.
struct Volumes<'a> {
    snapshot: &'a Snapshot,
    latest: BTreeMap<(&'a str, &'a str, &'a str), &'a str>,
    unread: Gaps<'a>,
}

impl<'a> Volumes<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut latest: BTreeMap<_, &str> = BTreeMap::new();
        for row in snapshot.rows("ec2_snapshot") {
            let (Some(volume), Some(at), Some("completed")) =
                (row.text("volume_id"), row.text("started_at"), row.text("state"))
            else {
                continue;
            };
            let last = latest.entry((row.account(), row.region(), volume)).or_insert(at);
            *last = (*last).max(at);
        }
        Self {
            snapshot,
            latest,
            unread: Gaps::of(snapshot, "ec2:DescribeSnapshots"),
        }
    }

    fn store(&self, row: &'a Row) -> Store<'a> {
        let id = row.text("id").unwrap_or_default();
        let at = self.latest.get(&(row.account(), row.region(), id));
        let unread = self.unread.cover(row.account(), row.region(), id);
        let attached = !row.texts("instances").is_empty() || row.text("state") == Some("in-use");
        Store {
            row,
            kind: "EBS",
            resource: id.to_owned(),
            arn: arn(self.snapshot, row, "ec2", &format!("volume/{id}")),
            name: row.text("name").unwrap_or(id).to_owned(),
            tags: Some(tags_of(row)),
            exempt: (!attached).then(|| "The volume is not in use.".to_owned()),
            native: Native {
                name: Some("snapshots"),
                on: match at {
                    Some(_) => Some(true),
                    None if unread => None,
                    None => Some(false),
                },
                days: None,
                at: at.map(|at| (*at).to_owned()),
                ..Native::default()
            },
        }
    }
}
