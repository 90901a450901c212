//! Clients for one account: live or replayed, all passing through the transport.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region;

use crate::transport::Label;
use crate::transport::again::AsTold;
use crate::transport::replay::{Recording, ReplayClient};

/// The clients of one account.
#[derive(Clone, Debug)]
pub struct Session {
    config: SdkConfig,
    account: Option<String>,
    replay: bool,
    /// A custom endpoint (an emulator) has no host name per bucket.
    path_style: bool,
}

impl Session {
    /// With real credentials; `config` has the capturing HTTP client.
    pub fn live(config: SdkConfig, account: Option<String>) -> Self {
        let path_style = config.endpoint_url().is_some() || crate::environment::endpoints().next().is_some();
        Self {
            config,
            account,
            replay: false,
            path_style,
        }
    }

    /// With a recording: no network, no credentials, no look at the environment.
    pub fn replay(recording: Arc<Recording>, account: String) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
                "REPLAY", "none", None,
            )))
            .http_client(ReplayClient(recording))
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            config,
            account: Some(account),
            replay: true,
            path_style: true,
        }
    }

    /// With a recording, while some of its questions are put to AWS again; `config` has the HTTP
    /// client that does both, and real credentials.
    pub fn sampling(config: SdkConfig, account: String) -> Self {
        let config = config.to_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            replay: true,
            ..Self::live(config, Some(account))
        }
    }

    /// The same, for an account that has told its id.
    #[must_use]
    pub fn of_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Whether a recording answers.
    pub fn is_replay(&self) -> bool {
        self.replay
    }

    fn of_region(&self, region: &str) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.to_owned())).build()
    }

    fn label(&self, service: &'static str, region: &str) -> Label {
        Label {
            account: self.account.clone(),
            region: region.to_owned(),
            service,
        }
    }
}

/// Retries without a quota: the transport bounds them.
fn unbounded() -> RetryPartition {
    RetryPartition::custom("exhibit")
        .token_bucket(TokenBucket::unlimited())
        .build()
}

/// One constructor per service: the SDK's clients have no trait in common.
macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident, $service:literal $(, |$builder:ident, $session:ident| $more:expr)?) => {
        impl Session {
            $(#[$doc])*
            pub fn $name(&self, region: &str) -> $sdk::Client {
                let builder = $sdk::config::Builder::from(&self.of_region(region))
                    .interceptor(self.label($service, region))
                    .retry_classifier(AsTold)
                    .retry_partition(unbounded());
                $( let builder = { let ($builder, $session) = (builder, self); $more }; )?
                $sdk::Client::from_conf(builder.build())
            }
        }
    };
}

client!(
    /// IAM Access Analyzer.
    accessanalyzer, aws_sdk_accessanalyzer, "accessanalyzer"
);
client!(
    /// Account Management.
    account, aws_sdk_account, "account"
);
client!(
    /// Certificate Manager.
    acm, aws_sdk_acm, "acm"
);
client!(
    /// API Gateway.
    apigateway, aws_sdk_apigateway, "apigateway"
);
client!(
    /// Application Auto Scaling.
    application_autoscaling, aws_sdk_applicationautoscaling, "application-autoscaling"
);
client!(
    /// Artifact.
    artifact, aws_sdk_artifact, "artifact"
);
client!(
    /// EC2 Auto Scaling.
    autoscaling, aws_sdk_autoscaling, "autoscaling"
);
client!(
    /// Backup.
    backup, aws_sdk_backup, "backup"
);
client!(
    /// CloudFormation.
    cloudformation, aws_sdk_cloudformation, "cloudformation"
);
client!(
    /// CloudFront.
    cloudfront, aws_sdk_cloudfront, "cloudfront"
);
client!(
    /// CloudTrail.
    cloudtrail, aws_sdk_cloudtrail, "cloudtrail"
);
client!(
    /// CloudWatch.
    cloudwatch, aws_sdk_cloudwatch, "cloudwatch"
);
client!(
    /// CodeDeploy.
    codedeploy, aws_sdk_codedeploy, "codedeploy"
);
client!(
    /// CodePipeline.
    codepipeline, aws_sdk_codepipeline, "codepipeline"
);
client!(
    /// Config.
    config, aws_sdk_config, "config"
);
client!(
    /// Data Lifecycle Manager.
    dlm, aws_sdk_dlm, "dlm"
);
client!(
    /// DynamoDB.
    dynamodb, aws_sdk_dynamodb, "dynamodb"
);
client!(
    /// EC2.
    ec2, aws_sdk_ec2, "ec2"
);
client!(
    /// ECR.
    ecr, aws_sdk_ecr, "ecr"
);
client!(
    /// EFS.
    efs, aws_sdk_efs, "efs"
);
client!(
    /// ElastiCache.
    elasticache, aws_sdk_elasticache, "elasticache"
);
client!(
    /// Elastic Load Balancing, Classic.
    elb, aws_sdk_elasticloadbalancing, "elb"
);
client!(
    /// Elastic Load Balancing.
    elbv2, aws_sdk_elasticloadbalancingv2, "elbv2"
);
client!(
    /// EventBridge.
    events, aws_sdk_eventbridge, "events"
);
client!(
    /// FSx.
    fsx, aws_sdk_fsx, "fsx"
);
client!(
    /// GuardDuty.
    guardduty, aws_sdk_guardduty, "guardduty"
);
client!(
    /// Health.
    health, aws_sdk_health, "health"
);
client!(
    /// IAM.
    iam, aws_sdk_iam, "iam"
);
client!(
    /// Identity Store.
    identitystore, aws_sdk_identitystore, "identitystore"
);
client!(
    /// Inspector.
    inspector2, aws_sdk_inspector2, "inspector2"
);
client!(
    /// KMS.
    kms, aws_sdk_kms, "kms"
);
client!(
    /// CloudWatch Logs.
    logs, aws_sdk_cloudwatchlogs, "logs"
);
client!(
    /// Macie.
    macie2, aws_sdk_macie2, "macie2"
);
client!(
    /// Network Firewall.
    network_firewall, aws_sdk_networkfirewall, "network-firewall"
);
client!(
    /// OpenSearch Service.
    opensearch, aws_sdk_opensearch, "opensearch"
);
client!(
    /// Organizations.
    organizations, aws_sdk_organizations, "organizations"
);
client!(
    /// RDS.
    rds, aws_sdk_rds, "rds"
);
client!(
    /// Redshift.
    redshift, aws_sdk_redshift, "redshift"
);
client!(
    /// Resource Groups Tagging.
    resourcegroupstaggingapi, aws_sdk_resourcegroupstagging, "resourcegroupstaggingapi"
);
client!(
    /// S3.
    s3, aws_sdk_s3, "s3", |builder, session| builder.force_path_style(session.path_style)
);
client!(
    /// S3 Control.
    s3control, aws_sdk_s3control, "s3control"
);
client!(
    /// Secrets Manager.
    secretsmanager, aws_sdk_secretsmanager, "secretsmanager"
);
client!(
    /// Security Hub.
    securityhub, aws_sdk_securityhub, "securityhub"
);
client!(
    /// SNS.
    sns, aws_sdk_sns, "sns"
);
client!(
    /// Systems Manager.
    ssm, aws_sdk_ssm, "ssm"
);
client!(
    /// Incident Manager.
    ssm_incidents, aws_sdk_ssmincidents, "ssm-incidents"
);
client!(
    /// IAM Identity Center.
    sso_admin, aws_sdk_ssoadmin, "sso-admin"
);
client!(
    /// Storage Gateway.
    storagegateway, aws_sdk_storagegateway, "storagegateway"
);
client!(
    /// STS.
    sts, aws_sdk_sts, "sts"
);
client!(
    /// Support.
    support, aws_sdk_support, "support"
);
client!(
    /// Transfer Family.
    transfer, aws_sdk_transfer, "transfer"
);
client!(
    /// WAF.
    wafv2, aws_sdk_wafv2, "wafv2"
);
