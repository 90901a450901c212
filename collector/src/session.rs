//! Clients for one account: live or replayed, all passing through the transport.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region;

use crate::transport::Label;
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

    fn config(&self, region: &str) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.to_owned())).build()
    }

    fn label(&self, service: &'static str, region: &str) -> Label {
        Label {
            account: self.account.clone(),
            region: region.to_owned(),
            service,
        }
    }

    fn partition(&self, service: &str, region: &str) -> aws_smithy_runtime::client::retries::RetryPartition {
        // One throttled account must not use up the retries of another.
        let account = self.account.as_deref().unwrap_or("unknown");
        aws_smithy_runtime::client::retries::RetryPartition::new(format!("{service}/{region}/{account}"))
    }
}

/// One constructor per service: the SDK's clients have no trait in common.
macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident, $service:literal $(, |$builder:ident, $session:ident| $more:expr)?) => {
        impl Session {
            $(#[$doc])*
            pub fn $name(&self, region: &str) -> $sdk::Client {
                let builder = $sdk::config::Builder::from(&self.config(region))
                    .interceptor(self.label($service, region))
                    .retry_partition(self.partition($service, region));
                $( let builder = { let ($builder, $session) = (builder, self); $more }; )?
                $sdk::Client::from_conf(builder.build())
            }
        }
    };
}

client!(
    /// Account Management.
    account, aws_sdk_account, "account"
);
client!(
    /// CloudTrail.
    cloudtrail, aws_sdk_cloudtrail, "cloudtrail"
);
client!(
    /// EC2.
    ec2, aws_sdk_ec2, "ec2"
);
client!(
    /// IAM.
    iam, aws_sdk_iam, "iam"
);
client!(
    /// KMS.
    kms, aws_sdk_kms, "kms"
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
    /// STS.
    sts, aws_sdk_sts, "sts"
);
