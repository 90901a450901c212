//! RDS and what speaks its API (Aurora, DocumentDB, Neptune): instances, clusters, snapshots, events.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A database instance; DocumentDB and Neptune instances are among them.
    "rds_db_instance" RdsDbInstance from ["rds:DescribeDBInstances"] volatile ["latest_restorable_at"] {
        /// ARN.
        arn: String,
        /// Identifier.
        id: String,
        /// Engine, such as `postgres`.
        engine: Option<String>,
        /// Version of the engine.
        engine_version: Option<String>,
        /// Instance class.
        class: Option<String>,
        /// Status, such as `available`.
        status: Option<String>,
        /// Identifier of the cluster it belongs to, if any.
        cluster_id: Option<String>,
        /// Storage is encrypted.
        storage_encrypted: Option<bool>,
        /// `none`, `sse-kms` or `sse-rds`.
        storage_encryption_type: Option<String>,
        /// Key of the storage.
        kms_key_id: Option<String>,
        /// It has a public address, as far as its setting goes.
        publicly_accessible: Option<bool>,
        /// It has a standby in another zone.
        multi_az: Option<bool>,
        /// Zone.
        availability_zone: Option<String>,
        /// Zone of the standby.
        secondary_availability_zone: Option<String>,
        /// Subnet group.
        subnet_group: Option<String>,
        /// VPC of the subnet group.
        vpc_id: Option<String>,
        /// Subnets of the subnet group, sorted.
        subnet_ids: Vec<String>,
        /// VPC security groups, sorted.
        security_group_ids: Vec<String>,
        /// Instance (identifier, or ARN in another region) it is a read replica of.
        read_replica_source: Option<String>,
        /// Cluster it is a read replica of.
        read_replica_source_cluster: Option<String>,
        /// Read replicas: identifiers, or ARNs of those in other regions, sorted.
        read_replicas: Vec<String>,
        /// Clusters that are read replicas of it, sorted.
        read_replica_clusters: Vec<String>,
        /// ARNs of automated backups replicated to other regions, sorted.
        backup_replications: Vec<String>,
        /// Days automated backups are kept; 0 is off.
        backup_retention_days: Option<i64>,
        /// Latest moment it can be restored to.
        latest_restorable_at: Option<Timestamp>,
        /// Storage in GiB.
        allocated_storage: Option<i64>,
        /// Upper limit to which storage grows by itself, in GiB; null where it does not grow.
        max_allocated_storage: Option<i64>,
        /// It cannot be deleted while this is on.
        deletion_protection: Option<bool>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags.
        tags: Vec<Tag>,
    }
}

record! {
    /// A database cluster: Aurora, Multi-AZ DB cluster, DocumentDB, Neptune.
    "rds_db_cluster" RdsDbCluster from ["rds:DescribeDBClusters"] volatile ["latest_restorable_at"] {
        /// ARN.
        arn: String,
        /// Identifier.
        id: String,
        /// Engine, such as `aurora-postgresql`.
        engine: Option<String>,
        /// Version of the engine.
        engine_version: Option<String>,
        /// Status.
        status: Option<String>,
        /// Storage is encrypted.
        storage_encrypted: Option<bool>,
        /// `none`, `sse-kms` or `sse-rds`.
        storage_encryption_type: Option<String>,
        /// Key of the storage.
        kms_key_id: Option<String>,
        /// Public, for a Multi-AZ DB cluster; Aurora says it per instance.
        publicly_accessible: Option<bool>,
        /// It has instances in more than one zone.
        multi_az: Option<bool>,
        /// Zones in which it can have instances, sorted.
        availability_zones: Vec<String>,
        /// Identifiers of its instances, sorted.
        members: Vec<String>,
        /// Subnet group.
        subnet_group: Option<String>,
        /// VPC security groups, sorted.
        security_group_ids: Vec<String>,
        /// Cluster or instance it is a read replica of.
        replication_source: Option<String>,
        /// Read replicas: ARNs, sorted.
        read_replicas: Vec<String>,
        /// Global cluster it is a member of.
        global_cluster_id: Option<String>,
        /// Days automated backups are kept.
        backup_retention_days: Option<i64>,
        /// Latest moment it can be restored to.
        latest_restorable_at: Option<Timestamp>,
        /// It cannot be deleted while this is on.
        deletion_protection: Option<bool>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags.
        tags: Vec<Tag>,
    }
}

record! {
    /// A manual snapshot of an instance.
    "rds_db_snapshot" RdsDbSnapshot from ["rds:DescribeDBSnapshots"] volatile [] {
        /// ARN.
        arn: String,
        /// Identifier.
        id: String,
        /// Identifier of the instance.
        instance_id: Option<String>,
        /// Engine.
        engine: Option<String>,
        /// Status.
        status: Option<String>,
        /// `manual`.
        snapshot_type: Option<String>,
        /// It is encrypted.
        encrypted: Option<bool>,
        /// `none`, `sse-kms` or `sse-rds`.
        storage_encryption_type: Option<String>,
        /// Key.
        kms_key_id: Option<String>,
        /// When made.
        created_at: Option<Timestamp>,
        /// Tags.
        tags: Vec<Tag>,
    }
}

record! {
    /// A manual snapshot of a cluster.
    "rds_db_cluster_snapshot" RdsDbClusterSnapshot from ["rds:DescribeDBClusterSnapshots"] volatile [] {
        /// ARN.
        arn: String,
        /// Identifier.
        id: String,
        /// Identifier of the cluster.
        cluster_id: Option<String>,
        /// Engine.
        engine: Option<String>,
        /// Status.
        status: Option<String>,
        /// `manual`.
        snapshot_type: Option<String>,
        /// It is encrypted.
        encrypted: Option<bool>,
        /// `none`, `sse-kms` or `sse-rds`.
        storage_encryption_type: Option<String>,
        /// Key.
        kms_key_id: Option<String>,
        /// When made.
        created_at: Option<Timestamp>,
        /// Tags.
        tags: Vec<Tag>,
    }
}

record! {
    /// Who may restore a manual snapshot of an instance.
    "rds_db_snapshot_attribute" RdsDbSnapshotAttribute
        from ["rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes"] volatile [] {
        /// ARN of the snapshot.
        snapshot_arn: String,
        /// Identifier of the snapshot.
        snapshot_id: String,
        /// Accounts that may restore it, sorted; `all` is everyone.
        restore: Vec<String>,
    }
}

record! {
    /// Who may restore a manual snapshot of a cluster.
    "rds_db_cluster_snapshot_attribute" RdsDbClusterSnapshotAttribute
        from ["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes"] volatile [] {
        /// ARN of the snapshot.
        snapshot_arn: String,
        /// Identifier of the snapshot.
        snapshot_id: String,
        /// Accounts that may restore it, sorted; `all` is everyone.
        restore: Vec<String>,
    }
}

record! {
    /// A subnet group: where instances may be placed.
    "rds_db_subnet_group" RdsDbSubnetGroup from ["rds:DescribeDBSubnetGroups"] volatile [] {
        /// ARN, where AWS gives one.
        arn: Option<String>,
        /// Name.
        name: String,
        /// VPC.
        vpc_id: Option<String>,
        /// Subnets, sorted.
        subnet_ids: Vec<String>,
        /// Zones of the subnets, sorted.
        availability_zones: Vec<String>,
    }
}

record! {
    /// An event of category `backup` of the 14 days before the run.
    "rds_backup_event" RdsBackupEvent from ["rds:DescribeEvents"] volatile [] {
        /// ARN of what it is about.
        source_arn: Option<String>,
        /// Identifier of what it is about.
        source_id: Option<String>,
        /// `db-instance`, `db-cluster`, `db-snapshot`, …
        source_type: Option<String>,
        /// When.
        at: Option<Timestamp>,
        /// What AWS says.
        message: Option<String>,
        /// Categories, sorted.
        categories: Vec<String>,
    }
}

record! {
    /// A member of a global cluster, as the region shows it that was asked.
    "rds_global_cluster_member" RdsGlobalClusterMember from ["rds:DescribeGlobalClusters"] volatile [] {
        /// ARN of the global cluster.
        global_cluster_arn: String,
        /// Identifier of the global cluster.
        global_cluster_id: String,
        /// Status of the global cluster.
        status: Option<String>,
        /// ARN of the member.
        cluster_arn: Option<String>,
        /// It takes writes.
        writer: Option<bool>,
        /// ARNs of the clusters that read from it, sorted.
        readers: Vec<String>,
    }
}
