//! EBS volumes, snapshots and the region's default encryption.

use aws_sdk_ec2::types::{Snapshot, SnapshotAttributeName};
use evidence::record::{
    Ec2EbsEncryptionDefault, Ec2PublicSnapshot, Ec2Snapshot, Ec2SnapshotPermission, Ec2Volume, Tag,
};

use super::ec2::{read, row};
use super::ec2_instance::name_of;
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static VOLUMES: Source = Source {
    id: "ec2.volumes",
    operations: &["ec2:DescribeVolumes"],
    scope: Scope::Regional,
    tables: &["ec2_volume"],
    collect: |context| Box::pin(volumes(context)),
};

pub(super) static SNAPSHOTS: Source = Source {
    id: "ec2.snapshots",
    operations: &["ec2:DescribeSnapshotAttribute", "ec2:DescribeSnapshots"],
    scope: Scope::Regional,
    tables: &["ec2_public_snapshot", "ec2_snapshot", "ec2_snapshot_permission"],
    collect: |context| Box::pin(snapshots(context)),
};

pub(super) static ENCRYPTION_DEFAULT: Source = Source {
    id: "ec2.encryption-default",
    operations: &["ec2:GetEbsEncryptionByDefault"],
    scope: Scope::Regional,
    tables: &["ec2_ebs_encryption_default"],
    collect: |context| Box::pin(encryption_default(context)),
};

async fn volumes(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeVolumes",
        |next| ec2
            .describe_volumes()
            .include_managed_resources(true)
            .max_results(500)
            .set_next_token(next)
            .send(),
        |page, source| {
            for volume in page.volumes() {
                let id = volume.volume_id().unwrap_or_default().to_owned();
                let tags = tags(volume.tags().iter().map(|tag| (tag.key(), tag.value())));
                let mut instances: Vec<String> = volume
                    .attachments()
                    .iter()
                    .filter_map(|a| text(a.instance_id()))
                    .collect();
                instances.sort();
                row!(Ec2Volume, context, id.clone(), source, {
                    id,
                    name: name_of(&tags),
                    state: volume.state().map(|state| state.as_str().to_owned()),
                    encrypted: volume.encrypted(),
                    kms_key_id: text(volume.kms_key_id()),
                    size_gib: volume.size().map(i64::from),
                    volume_type: volume.volume_type().map(|kind| kind.as_str().to_owned()),
                    zone: text(volume.availability_zone()),
                    created_at: time(volume.create_time()),
                    snapshot_id: text(volume.snapshot_id()),
                    instances,
                    tags,
                });
            }
        }
    );
}

async fn snapshots(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeSnapshots",
        |next| ec2
            .describe_snapshots()
            .owner_ids("self")
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for snapshot in page.snapshots() {
                own_snapshot(context, snapshot, source);
            }
        }
    );
    let mut public = Vec::new();
    read!(
        context,
        "ec2:DescribeSnapshots",
        |next| ec2
            .describe_snapshots()
            .owner_ids("self")
            .restorable_by_user_ids("all")
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for snapshot in page.snapshots() {
                let id = snapshot.snapshot_id().unwrap_or_default().to_owned();
                let tags = tags_of(snapshot);
                public.push(id.clone());
                row!(Ec2PublicSnapshot, context, id.clone(), source, {
                    id,
                    name: name_of(&tags),
                    encrypted: snapshot.encrypted(),
                    started_at: time(snapshot.start_time()),
                    tags,
                });
            }
        }
    );
    let ec2 = &ec2;
    context
        .each(&public, |id| async move {
            let call = ec2
                .describe_snapshot_attribute()
                .snapshot_id(id)
                .attribute(SnapshotAttributeName::CreateVolumePermission);
            match context.ask(call.send()).await {
                Ok(answer) => {
                    for permission in answer.output.create_volume_permissions() {
                        let group_name = permission.group().map(|group| group.as_str().to_owned());
                        let user_id = text(permission.user_id());
                        let whom = group_name.as_deref().or(user_id.as_deref()).unwrap_or_default();
                        row!(Ec2SnapshotPermission, context, format!("{id} {whom}"), answer.exchange, {
                            snapshot_id: id.clone(),
                            group_name,
                            user_id,
                        });
                    }
                }
                Err(failure) => context.gap("ec2:DescribeSnapshotAttribute", Some(id), &failure),
            }
        })
        .await;
}

fn tags_of(snapshot: &Snapshot) -> Vec<Tag> {
    tags(snapshot.tags().iter().map(|tag| (tag.key(), tag.value())))
}

fn own_snapshot(context: &Context<'_>, snapshot: &Snapshot, source: u64) {
    let id = snapshot.snapshot_id().unwrap_or_default().to_owned();
    let tags = tags_of(snapshot);
    row!(Ec2Snapshot, context, id.clone(), source, {
        id,
        name: name_of(&tags),
        state: snapshot.state().map(|state| state.as_str().to_owned()),
        encrypted: snapshot.encrypted(),
        kms_key_id: text(snapshot.kms_key_id()),
        volume_id: text(snapshot.volume_id()),
        volume_size_gib: snapshot.volume_size().map(i64::from),
        started_at: time(snapshot.start_time()),
        storage_tier: snapshot.storage_tier().map(|tier| tier.as_str().to_owned()),
        owner: text(snapshot.owner_id()),
        description: text(snapshot.description()),
        tags,
    });
}

async fn encryption_default(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    match context.ask(ec2.get_ebs_encryption_by_default().send()).await {
        Ok(answer) => {
            row!(Ec2EbsEncryptionDefault, context, context.region.to_owned(), answer.exchange, {
                enabled: answer.output.ebs_encryption_by_default(),
            });
        }
        Err(failure) => context.gap("ec2:GetEbsEncryptionByDefault", None, &failure),
    }
}
