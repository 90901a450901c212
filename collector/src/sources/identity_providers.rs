//! The identity providers that IAM trusts.

use evidence::record::{IamOidcProvider, IamSamlProvider};

use crate::convert::time;
use crate::source::{Context, Scope, Source};

pub(super) static PROVIDERS: Source = Source {
    id: "iam.identity_providers",
    operations: &["iam:ListOpenIDConnectProviders", "iam:ListSAMLProviders"],
    scope: Scope::Global,
    tables: &["iam_oidc_provider", "iam_saml_provider"],
    collect: |context| Box::pin(providers(context)),
};

async fn providers(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    match context.ask(iam.list_saml_providers().send()).await {
        Ok(answer) => {
            for provider in answer.output.saml_provider_list() {
                let arn = provider.arn().unwrap_or_default();
                context.put(&IamSamlProvider {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: arn.to_owned(),
                    source: answer.exchange,
                    arn: arn.to_owned(),
                    name: after(arn, ":saml-provider/"),
                    created_at: time(provider.create_date()),
                    valid_until: time(provider.valid_until()),
                });
            }
        }
        Err(failure) => context.gap("iam:ListSAMLProviders", None, &failure),
    }
    match context.ask(iam.list_open_id_connect_providers().send()).await {
        Ok(answer) => {
            for provider in answer.output.open_id_connect_provider_list() {
                let arn = provider.arn().unwrap_or_default();
                context.put(&IamOidcProvider {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: arn.to_owned(),
                    source: answer.exchange,
                    arn: arn.to_owned(),
                    url: after(arn, ":oidc-provider/"),
                });
            }
        }
        Err(failure) => context.gap("iam:ListOpenIDConnectProviders", None, &failure),
    }
}

fn after(arn: &str, mark: &str) -> String {
    arn.split_once(mark).map_or(arn, |(_, rest)| rest).to_owned()
}
