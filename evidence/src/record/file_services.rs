//! File services: Transfer Family, Storage Gateway, FSx.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// A server of Transfer Family. Columns that only DescribeServer gives are null where it failed.
    "transfer_server" TransferServer from ["transfer:ListServers", "transfer:DescribeServer"] volatile [] {
        /// ARN.
        arn: String,
        /// Server id.
        id: String,
        /// `SFTP`, `FTPS`, `FTP`, `AS2`, sorted.
        protocols: Option<Vec<String>>,
        /// `PUBLIC`, `VPC` or `VPC_ENDPOINT`.
        endpoint_type: Option<String>,
        /// `SERVICE_MANAGED`, `AWS_DIRECTORY_SERVICE`, `API_GATEWAY` or `AWS_LAMBDA`.
        identity_provider: Option<String>,
        /// State.
        state: Option<String>,
        /// Name of its security policy.
        security_policy: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A file share of a file gateway.
    "storagegateway_file_share" StoragegatewayFileShare from ["storagegateway:ListFileShares"] volatile [] {
        /// ARN.
        arn: String,
        /// File share id.
        id: Option<String>,
        /// `NFS` or `SMB`.
        share_type: Option<String>,
        /// Status.
        status: Option<String>,
        /// ARN of the gateway.
        gateway_arn: Option<String>,
    }
}

record! {
    /// Settings of an SMB file share.
    "storagegateway_smb_file_share" StoragegatewaySmbFileShare
        from ["storagegateway:ListFileShares", "storagegateway:DescribeSMBFileShares"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: Option<String>,
        /// `ActiveDirectory` or `GuestAccess`.
        authentication: Option<String>,
        /// S3 location it shows.
        location_arn: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// Settings of an NFS file share.
    "storagegateway_nfs_file_share" StoragegatewayNfsFileShare
        from ["storagegateway:ListFileShares", "storagegateway:DescribeNFSFileShares"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: Option<String>,
        /// Addresses and ranges that may connect, sorted.
        clients: Vec<String>,
        /// How users are mapped.
        squash: Option<String>,
        /// S3 location it shows.
        location_arn: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// An FSx file system.
    "fsx_file_system" FsxFileSystem from ["fsx:DescribeFileSystems"] volatile [] {
        /// ARN.
        arn: String,
        /// File system id.
        id: String,
        /// `WINDOWS`, `LUSTRE`, `ONTAP` or `OPENZFS`.
        file_system_type: Option<String>,
        /// State.
        state: Option<String>,
        /// `SINGLE_AZ_1`, `MULTI_AZ_1`, …
        deployment_type: Option<String>,
        /// ARN of the KMS key.
        kms_key_id: Option<String>,
        /// For Windows: id of the AWS Managed Microsoft AD it has joined.
        active_directory_id: Option<String>,
        /// For Windows: domain of the firm's own directory it has joined.
        own_directory: Option<String>,
        /// Days that automatic backups are kept; 0 if there are none.
        backup_retention_days: Option<i64>,
        /// VPC.
        vpc_id: Option<String>,
        /// Subnets, sorted.
        subnets: Vec<String>,
        /// When created.
        created_at: Option<Timestamp>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}
