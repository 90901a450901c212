//! IAM. GetAccountAuthorizationDetails and the credential report read in bulk; per user there
//! remain access keys and MFA devices, which no bulk call gives.

use aws_sdk_iam::types::StatusType;
use aws_sdk_iam::types::SummaryKeyType;
use evidence::record::{
    IamAccessKey, IamAccountAlias, IamAccountSummary, IamLoginProfile, IamMfaDevice, IamPasswordPolicy, IamUser,
    IamVirtualMfaDevice,
};

use crate::convert::time;
use crate::source::{Answer, Context, Scope, Source, marker};

mod authorization;
mod credential_report;

use authorization::authorization;
use credential_report::credential_report;

/// AWS's word for "there is none", which is evidence and no failure.
const NO_SUCH: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

pub(super) static ACCOUNT: Source = Source {
    id: "iam.account",
    operations: &[
        "iam:GetAccountPasswordPolicy",
        "iam:GetAccountSummary",
        "iam:ListAccountAliases",
    ],
    scope: Scope::Global,
    tables: &["iam_account_alias", "iam_account_summary", "iam_password_policy"],
    collect: |context| Box::pin(account(context)),
};

pub(super) static AUTHORIZATION: Source = Source {
    id: "iam.authorization",
    operations: &["iam:GetAccountAuthorizationDetails"],
    scope: Scope::Global,
    tables: &[
        "iam_group",
        "iam_group_member",
        "iam_inline_policy",
        "iam_policy",
        "iam_policy_attachment",
        "iam_role",
        "iam_user_detail",
    ],
    collect: |context| Box::pin(authorization(context)),
};

pub(super) static USERS: Source = Source {
    id: "iam.users",
    operations: &[
        "iam:GenerateCredentialReport",
        "iam:GetCredentialReport",
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:ListMFADevices",
        "iam:ListUsers",
    ],
    scope: Scope::Global,
    tables: &[
        "iam_access_key",
        "iam_credential",
        "iam_credential_report",
        "iam_login_profile",
        "iam_mfa_device",
        "iam_user",
    ],
    collect: |context| Box::pin(users(context)),
};

pub(super) static VIRTUAL_MFA_DEVICES: Source = Source {
    id: "iam.virtual-mfa-devices",
    operations: &["iam:ListVirtualMFADevices"],
    scope: Scope::Global,
    tables: &["iam_virtual_mfa_device"],
    collect: |context| Box::pin(virtual_mfa_devices(context)),
};

async fn account(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    match context.ask(iam.get_account_summary().send()).await {
        Ok(answer) => context.put(&summary(context, &answer)),
        Err(failure) => context.gap("iam:GetAccountSummary", None, &failure),
    }
    match context.ask(iam.get_account_password_policy().send()).await {
        Ok(answer) => context.put(&password_policy(context, Some(&answer), answer.exchange)),
        Err(failure) if failure.is(NO_SUCH) => {
            context.put(&password_policy(context, None, failure.exchange.unwrap_or_default()));
        }
        Err(failure) => context.gap("iam:GetAccountPasswordPolicy", None, &failure),
    }
    let list = context
        .pages(
            |next| iam.list_account_aliases().set_marker(next).send(),
            |page| marker(page.is_truncated(), page.marker()),
        )
        .await;
    for page in &list.pages {
        for alias in page.output.account_aliases() {
            context.put(&IamAccountAlias {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: alias.clone(),
                source: page.exchange,
                alias: alias.clone(),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("iam:ListAccountAliases", None, &failure);
    }
}

type SummaryOutput = aws_sdk_iam::operation::get_account_summary::GetAccountSummaryOutput;

fn summary(context: &Context<'_>, answer: &Answer<SummaryOutput>) -> IamAccountSummary {
    let count = |name: &str| {
        let value = answer.output.summary_map()?.get(&SummaryKeyType::from(name))?;
        Some(i64::from(*value))
    };
    IamAccountSummary {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: answer.exchange,
        users: count("Users"),
        groups: count("Groups"),
        roles: count("Roles"),
        policies: count("Policies"),
        mfa_devices: count("MFADevices"),
        mfa_devices_in_use: count("MFADevicesInUse"),
        account_mfa_enabled: count("AccountMFAEnabled"),
        account_password_present: count("AccountPasswordPresent"),
        account_access_keys_present: count("AccountAccessKeysPresent"),
    }
}

type PasswordPolicyOutput = aws_sdk_iam::operation::get_account_password_policy::GetAccountPasswordPolicyOutput;

fn password_policy(
    context: &Context<'_>,
    answer: Option<&Answer<PasswordPolicyOutput>>,
    exchange: u64,
) -> IamPasswordPolicy {
    let policy = answer.and_then(|answer| answer.output.password_policy());
    IamPasswordPolicy {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: exchange,
        present: policy.is_some(),
        minimum_password_length: policy.and_then(|p| p.minimum_password_length()).map(i64::from),
        require_uppercase_characters: policy.map(|p| p.require_uppercase_characters()),
        require_lowercase_characters: policy.map(|p| p.require_lowercase_characters()),
        require_numbers: policy.map(|p| p.require_numbers()),
        require_symbols: policy.map(|p| p.require_symbols()),
        expire_passwords: policy.map(|p| p.expire_passwords()),
        max_password_age: policy.and_then(|p| p.max_password_age()).map(i64::from),
        password_reuse_prevention: policy.and_then(|p| p.password_reuse_prevention()).map(i64::from),
        hard_expiry: policy.and_then(|p| p.hard_expiry()),
        allow_users_to_change_password: policy.map(|p| p.allow_users_to_change_password()),
    }
}

async fn virtual_mfa_devices(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    let list = context
        .pages(
            |next| {
                iam.list_virtual_mfa_devices()
                    .assignment_status("Assigned".into())
                    .set_marker(next)
                    .send()
            },
            |page| marker(page.is_truncated(), page.marker()),
        )
        .await;
    for page in &list.pages {
        for device in page.output.virtual_mfa_devices() {
            context.put(&IamVirtualMfaDevice {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: device.serial_number().to_owned(),
                source: page.exchange,
                serial: device.serial_number().to_owned(),
                user_arn: device.user().map(|user| user.arn().to_owned()),
                enabled_at: time(device.enable_date()),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("iam:ListVirtualMFADevices", None, &failure);
    }
}

async fn users(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    let reported = credential_report(context, &iam).await;
    let list = context
        .pages(
            |next| iam.list_users().max_items(1000).set_marker(next).send(),
            |page| marker(page.is_truncated(), page.marker()),
        )
        .await;
    let mut users = Vec::new();
    for page in &list.pages {
        for user in page.output.users() {
            users.push((user.user_name().to_owned(), user.arn().to_owned()));
            context.put(&IamUser {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: user.arn().to_owned(),
                source: page.exchange,
                arn: user.arn().to_owned(),
                id: user.user_id().to_owned(),
                name: user.user_name().to_owned(),
                path: user.path().to_owned(),
                created_at: time(Some(user.create_date())),
                password_last_used: time(user.password_last_used()),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("iam:ListUsers", None, &failure);
    }
    let (context, iam, reported) = (context, &iam, &reported);
    context
        .each(&users, |(name, arn)| async move {
            access_keys(context, iam, name, arn).await;
            mfa_devices(context, iam, name, arn).await;
            // The report may be four hours old, or missing.
            if !reported.contains(name.as_str()) {
                login_profile(context, iam, name, arn).await;
            }
        })
        .await;
}

async fn access_keys(context: &Context<'_>, iam: &aws_sdk_iam::Client, name: &str, arn: &str) {
    let list = context
        .pages(
            |next| iam.list_access_keys().user_name(name).set_marker(next).send(),
            |page| marker(page.is_truncated(), page.marker()),
        )
        .await;
    for page in &list.pages {
        for key in page.output.access_key_metadata() {
            let id = key.access_key_id().unwrap_or_default();
            context.put(&IamAccessKey {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: id.to_owned(),
                source: page.exchange,
                id: id.to_owned(),
                user: name.to_owned(),
                user_arn: arn.to_owned(),
                status: key.status().map(StatusType::as_str).map(str::to_owned),
                created_at: time(key.create_date()),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("iam:ListAccessKeys", Some(arn), &failure);
    }
}

async fn mfa_devices(context: &Context<'_>, iam: &aws_sdk_iam::Client, name: &str, arn: &str) {
    let list = context
        .pages(
            |next| iam.list_mfa_devices().user_name(name).set_marker(next).send(),
            |page| marker(page.is_truncated(), page.marker()),
        )
        .await;
    for page in &list.pages {
        for device in page.output.mfa_devices() {
            context.put(&IamMfaDevice {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: device.serial_number().to_owned(),
                source: page.exchange,
                serial: device.serial_number().to_owned(),
                user: name.to_owned(),
                user_arn: arn.to_owned(),
                enabled_at: time(Some(device.enable_date())),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("iam:ListMFADevices", Some(arn), &failure);
    }
}

async fn login_profile(context: &Context<'_>, iam: &aws_sdk_iam::Client, name: &str, arn: &str) {
    let (present, created_at, source) = match context.ask(iam.get_login_profile().user_name(name).send()).await {
        Ok(answer) => {
            let created = answer
                .output
                .login_profile()
                .and_then(|profile| time(Some(profile.create_date())));
            (true, created, answer.exchange)
        }
        // The same code says that there is no such user any more: "The user with name x cannot be found."
        Err(failure) if failure.is(NO_SUCH) && !failure.message.starts_with("The user with name") => {
            (false, None, failure.exchange.unwrap_or_default())
        }
        Err(failure) => return context.gap("iam:GetLoginProfile", Some(arn), &failure),
    };
    context.put(&IamLoginProfile {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: arn.to_owned(),
        source,
        user: name.to_owned(),
        user_arn: arn.to_owned(),
        present,
        created_at,
    });
}

#[cfg(test)]
mod tests {
    use evidence::gap::ReasonCode;

    use super::*;
    use crate::transport::answering;

    #[tokio::test]
    async fn a_user_that_is_gone_is_told_from_one_without_a_password() {
        for (message, gone) in [
            ("Login Profile for User ann cannot be found.", false),
            ("The user with name ann cannot be found.", true),
        ] {
            let session = answering::session(move |_| (404, answering::query_error("NoSuchEntity", message)));
            let context = Context::new(&session, "111122223333", "global", "us-east-1", &[]);
            login_profile(
                &context,
                &session.iam("us-east-1"),
                "ann",
                "arn:aws:iam::111122223333:user/ann",
            )
            .await;
            let batch = context.into_batch();
            let codes: Vec<_> = batch.gaps.iter().map(|gap| gap.code).collect();
            assert_eq!(codes, if gone { vec![ReasonCode::Gone] } else { vec![] }, "{message}");
            assert_eq!(batch.tables.contains_key("iam_login_profile"), !gone);
        }
    }
}
