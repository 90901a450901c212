//! File services: Transfer Family, Storage Gateway, FSx.

use aws_sdk_fsx::types::FileSystem;
use evidence::record::{
    FsxFileSystem, StoragegatewayFileShare, StoragegatewayNfsFileShare, StoragegatewaySmbFileShare, TransferServer,
};

use super::put::{list, put, sorted};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static TRANSFER_SERVERS: Source = Source {
    id: "transfer.servers",
    operations: &["transfer:DescribeServer", "transfer:ListServers"],
    scope: Scope::Regional,
    tables: &["transfer_server"],
    collect: |context| Box::pin(transfer_servers(context)),
};

pub(super) static FILE_SHARES: Source = Source {
    id: "storagegateway.file-shares",
    operations: &[
        "storagegateway:DescribeNFSFileShares",
        "storagegateway:DescribeSMBFileShares",
        "storagegateway:ListFileShares",
    ],
    scope: Scope::Regional,
    tables: &[
        "storagegateway_file_share",
        "storagegateway_nfs_file_share",
        "storagegateway_smb_file_share",
    ],
    collect: |context| Box::pin(file_shares(context)),
};

pub(super) static FSX_FILE_SYSTEMS: Source = Source {
    id: "fsx.file-systems",
    operations: &["fsx:DescribeFileSystems"],
    scope: Scope::Regional,
    tables: &["fsx_file_system"],
    collect: |context| Box::pin(fsx_file_systems(context)),
};

async fn transfer_servers(context: &Context<'_>) {
    let transfer = &context.session.transfer(context.client_region);
    let list = context
        .pages(
            |next| transfer.list_servers().max_results(1000).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        context.gap("transfer:ListServers", None, failure);
    }
    let listed: Vec<_> = list
        .pages
        .iter()
        .flat_map(|page| page.output.servers().iter().map(|server| (server, page.exchange)))
        .collect();
    context
        .each(&listed, |(listed, listed_in)| async move {
            let arn = listed.arn().to_owned();
            let id = listed.server_id().unwrap_or_default().to_owned();
            let (output, source) = match context.ask(transfer.describe_server().server_id(&id).send()).await {
                Ok(answer) => (Some(answer.output), answer.exchange),
                Err(failure) => {
                    context.gap("transfer:DescribeServer", Some(&arn), &failure);
                    (None, *listed_in)
                }
            };
            let server = output.as_ref().and_then(|output| output.server());
            put!(context, TransferServer, arn.clone(), source, {
                arn,
                id,
                protocols: server.map(|s| sorted(s.protocols().iter().map(|protocol| protocol.as_str()))),
                endpoint_type: listed.endpoint_type().map(|kind| kind.as_str().to_owned()),
                identity_provider: listed.identity_provider_type().map(|kind| kind.as_str().to_owned()),
                state: listed.state().map(|state| state.as_str().to_owned()),
                security_policy: server.and_then(|s| text(s.security_policy_name())),
                tags: tags(
                    server
                        .map(|s| s.tags())
                        .unwrap_or_default()
                        .iter()
                        .map(|tag| (Some(tag.key()), Some(tag.value()))),
                ),
            });
        })
        .await;
}

async fn file_shares(context: &Context<'_>) {
    let gateway = &context.session.storagegateway(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "storagegateway:ListFileShares",
        None,
        |next| gateway.list_file_shares().limit(100).set_marker(next).send(),
        |page| token(page.next_marker()),
        |page, source| {
            for share in page.file_share_info_list() {
                let arn = share.file_share_arn().unwrap_or_default().to_owned();
                let kind = share.file_share_type().map(|kind| kind.as_str().to_owned());
                found.push((arn.clone(), kind.clone()));
                put!(context, StoragegatewayFileShare, arn.clone(), source, {
                    arn,
                    id: text(share.file_share_id()),
                    share_type: kind,
                    status: text(share.file_share_status()),
                    gateway_arn: text(share.gateway_arn()),
                });
            }
        }
    );
    // One by one: a share that cannot be described does not take others with it.
    context
        .each(&found, |(arn, kind)| async move {
            match kind.as_deref() {
                Some("SMB") => smb(context, gateway, arn).await,
                Some("NFS") => nfs(context, gateway, arn).await,
                _ => {}
            }
        })
        .await;
}

async fn smb(context: &Context<'_>, gateway: &aws_sdk_storagegateway::Client, arn: &str) {
    let call = gateway.describe_smb_file_shares().file_share_arn_list(arn);
    let answer = match context.ask(call.send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("storagegateway:DescribeSMBFileShares", Some(arn), &failure),
    };
    for share in answer.output.smb_file_share_info_list() {
        let arn = share.file_share_arn().unwrap_or_default().to_owned();
        put!(context, StoragegatewaySmbFileShare, arn.clone(), answer.exchange, {
            arn,
            name: text(share.file_share_name()),
            authentication: text(share.authentication()),
            location_arn: text(share.location_arn()),
            tags: tags(share.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
        });
    }
}

async fn nfs(context: &Context<'_>, gateway: &aws_sdk_storagegateway::Client, arn: &str) {
    let call = gateway.describe_nfs_file_shares().file_share_arn_list(arn);
    let answer = match context.ask(call.send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("storagegateway:DescribeNFSFileShares", Some(arn), &failure),
    };
    for share in answer.output.nfs_file_share_info_list() {
        let arn = share.file_share_arn().unwrap_or_default().to_owned();
        put!(context, StoragegatewayNfsFileShare, arn.clone(), answer.exchange, {
            arn,
            name: text(share.file_share_name()),
            clients: sorted(share.client_list()),
            squash: text(share.squash()),
            location_arn: text(share.location_arn()),
            tags: tags(share.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
        });
    }
}

async fn fsx_file_systems(context: &Context<'_>) {
    let fsx = context.session.fsx(context.client_region);
    list!(
        context,
        "fsx:DescribeFileSystems",
        None,
        |next| fsx.describe_file_systems().set_next_token(next).send(),
        |page| token(page.next_token()),
        |page, source| {
            for system in page.file_systems() {
                fsx_file_system(context, system, source);
            }
        }
    );
}

fn fsx_file_system(context: &Context<'_>, system: &FileSystem, source: u64) {
    let arn = system.resource_arn().unwrap_or_default().to_owned();
    let windows = system.windows_configuration();
    let (lustre, ontap, zfs) = (
        system.lustre_configuration(),
        system.ontap_configuration(),
        system.open_zfs_configuration(),
    );
    let deployment = windows
        .and_then(|c| c.deployment_type().map(|d| d.as_str()))
        .or_else(|| lustre.and_then(|c| c.deployment_type().map(|d| d.as_str())))
        .or_else(|| ontap.and_then(|c| c.deployment_type().map(|d| d.as_str())))
        .or_else(|| zfs.and_then(|c| c.deployment_type().map(|d| d.as_str())));
    let retention = windows
        .and_then(|c| c.automatic_backup_retention_days())
        .or_else(|| lustre.and_then(|c| c.automatic_backup_retention_days()))
        .or_else(|| ontap.and_then(|c| c.automatic_backup_retention_days()))
        .or_else(|| zfs.and_then(|c| c.automatic_backup_retention_days()));
    let own = windows.and_then(|c| c.self_managed_active_directory_configuration());
    put!(context, FsxFileSystem, arn.clone(), source, {
        arn,
        id: system.file_system_id().unwrap_or_default().to_owned(),
        file_system_type: system.file_system_type().map(|kind| kind.as_str().to_owned()),
        state: system.lifecycle().map(|state| state.as_str().to_owned()),
        deployment_type: deployment.map(str::to_owned),
        kms_key_id: text(system.kms_key_id()),
        active_directory_id: windows.and_then(|c| text(c.active_directory_id())),
        own_directory: own.and_then(|own| text(own.domain_name())),
        backup_retention_days: retention.map(i64::from),
        vpc_id: text(system.vpc_id()),
        subnets: sorted(system.subnet_ids()),
        created_at: time(system.creation_time()),
        tags: tags(system.tags().iter().map(|tag| (tag.key(), tag.value()))),
    });
}
