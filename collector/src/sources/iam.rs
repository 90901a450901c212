//! IAM. GetAccountAuthorizationDetails and the credential report read in bulk; per user there
//! remain access keys and MFA devices, which no bulk call gives.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_iam::types::{AttachedPolicy, EntityType, PolicyDetail, ReportStateType, StatusType};
use evidence::gap::ReasonCode;
use evidence::record::{
    IamAccessKey, IamAccountAlias, IamAccountSummary, IamCredential, IamCredentialReport, IamGroup, IamGroupMember,
    IamInlinePolicy, IamLoginProfile, IamMfaDevice, IamPasswordPolicy, IamPolicy, IamPolicyAttachment, IamRole,
    IamUser, IamUserDetail, IamVirtualMfaDevice,
};

use crate::convert::{document, tags, text, time};
use crate::failure::Failure;
use crate::source::{Answer, Context, Scope, Source, marker};

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
        let map = answer.output.summary_map()?;
        map.iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| i64::from(*value))
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
        Err(failure) if failure.is(NO_SUCH) => (false, None, failure.exchange.unwrap_or_default()),
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

/// Asks for the report until it is there, two minutes at most; gives the users it has.
async fn credential_report(context: &Context<'_>, iam: &aws_sdk_iam::Client) -> BTreeSet<String> {
    let mut pause = Duration::from_millis(100);
    for _ in 0..65 {
        match context.ask(iam.generate_credential_report().send()).await {
            Ok(answer) if answer.output.state() == Some(&ReportStateType::Complete) => break,
            Ok(_) => {
                context.wait(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            Err(failure) => {
                // A report that somebody else started may still be there.
                if !failure.is(&["LimitExceeded", "LimitExceededException"]) {
                    context.gap("iam:GenerateCredentialReport", None, &failure);
                    return BTreeSet::new();
                }
                break;
            }
        }
    }
    match context.ask(iam.get_credential_report().send()).await {
        Ok(answer) => {
            let content = answer
                .output
                .content()
                .map(|blob| blob.as_ref().to_vec())
                .unwrap_or_default();
            let generated_at = time(answer.output.generated_time());
            read_report(context, &content, generated_at, answer.exchange)
        }
        Err(failure) => {
            context.gap("iam:GetCredentialReport", None, &failure);
            BTreeSet::new()
        }
    }
}

/// The columns without which the report is no report (controls.md §9 of the design; AWS: "Getting
/// credential reports for your AWS account").
const COLUMNS: &[&str] = &[
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

fn read_report(
    context: &Context<'_>,
    content: &[u8],
    generated_at: Option<evidence::clock::Timestamp>,
    exchange: u64,
) -> BTreeSet<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(content);
    let header: Vec<String> = reader
        .headers()
        .map(|h| h.iter().map(str::to_owned).collect())
        .unwrap_or_default();
    let missing: Vec<_> = COLUMNS
        .iter()
        .filter(|column| !header.iter().any(|h| h == *column))
        .collect();
    if !missing.is_empty() {
        let failure = Failure {
            code: ReasonCode::Unsupported,
            error_code: None,
            message: format!("the credential report lacks the columns {missing:?}"),
            exchange: Some(exchange),
        };
        context.gap("iam:GetCredentialReport", None, &failure);
        return BTreeSet::new();
    }
    let mut reported = BTreeSet::new();
    let mut rows = 0;
    for row in reader.into_records().flatten() {
        rows += 1;
        let well_formed = row.len() == header.len();
        let cell = |name: &str| {
            let at = header.iter().position(|h| h == name)?;
            if well_formed {
                row.get(at).map(str::to_owned)
            } else {
                None
            }
        };
        let user = row.get(0).unwrap_or_default().to_owned();
        // The first cell of a row with stray commas is only the beginning of the name.
        let key = cell("arn").unwrap_or_else(|| format!("{user} (row {rows})"));
        if well_formed {
            reported.insert(user.clone());
        }
        context.put(&IamCredential {
            account: context.account.to_owned(),
            region: "global".to_owned(),
            key,
            source: exchange,
            user,
            arn: cell("arn"),
            well_formed,
            user_creation_time: cell("user_creation_time"),
            password_enabled: cell("password_enabled"),
            password_last_used: cell("password_last_used"),
            password_last_changed: cell("password_last_changed"),
            password_next_rotation: cell("password_next_rotation"),
            mfa_active: cell("mfa_active"),
            access_key_1_active: cell("access_key_1_active"),
            access_key_1_last_rotated: cell("access_key_1_last_rotated"),
            access_key_1_last_used_date: cell("access_key_1_last_used_date"),
            access_key_1_last_used_region: cell("access_key_1_last_used_region"),
            access_key_1_last_used_service: cell("access_key_1_last_used_service"),
            access_key_2_active: cell("access_key_2_active"),
            access_key_2_last_rotated: cell("access_key_2_last_rotated"),
            access_key_2_last_used_date: cell("access_key_2_last_used_date"),
            access_key_2_last_used_region: cell("access_key_2_last_used_region"),
            access_key_2_last_used_service: cell("access_key_2_last_used_service"),
            cert_1_active: cell("cert_1_active"),
            cert_1_last_rotated: cell("cert_1_last_rotated"),
            cert_2_active: cell("cert_2_active"),
            cert_2_last_rotated: cell("cert_2_last_rotated"),
            additional_credentials_info: cell("additional_credentials_info"),
        });
    }
    context.put(&IamCredentialReport {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: exchange,
        generated_at,
        columns: header,
        rows,
    });
    reported
}

async fn authorization(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    // AWS managed policies are the same for everybody and would be a thousand.
    let filter = [
        EntityType::User,
        EntityType::Group,
        EntityType::Role,
        EntityType::LocalManagedPolicy,
    ];
    let list = context
        .pages(
            |next| {
                iam.get_account_authorization_details()
                    .set_filter(Some(filter.to_vec()))
                    .max_items(1000)
                    .set_marker(next)
                    .send()
            },
            |page| marker(page.is_truncated(), page.marker()),
        )
        .await;
    for page in &list.pages {
        let at = Principals {
            context,
            source: page.exchange,
        };
        for user in page.output.user_detail_list() {
            at.user(user);
        }
        for group in page.output.group_detail_list() {
            at.group(group);
        }
        for role in page.output.role_detail_list() {
            at.role(role);
        }
        for policy in page.output.policies() {
            at.policy(policy);
        }
    }
    if let Some(failure) = list.failure {
        context.gap("iam:GetAccountAuthorizationDetails", None, &failure);
    }
}

/// Turns one page of authorization details into rows.
struct Principals<'a> {
    context: &'a Context<'a>,
    source: u64,
}

/// Type, ARN and name of a principal.
#[derive(Clone, Copy)]
struct Principal<'a>(&'static str, &'a str, &'a str);

impl Principals<'_> {
    fn user(&self, user: &aws_sdk_iam::types::UserDetail) {
        let (arn, name) = (user.arn().unwrap_or_default(), user.user_name().unwrap_or_default());
        let principal = Principal("user", arn, name);
        self.context.put(&IamUserDetail {
            account: self.context.account.to_owned(),
            region: "global".to_owned(),
            key: arn.to_owned(),
            source: self.source,
            arn: arn.to_owned(),
            id: user.user_id().unwrap_or_default().to_owned(),
            name: name.to_owned(),
            path: user.path().unwrap_or_default().to_owned(),
            created_at: time(user.create_date()),
            permissions_boundary: user
                .permissions_boundary()
                .and_then(|b| text(b.permissions_boundary_arn())),
            tags: tags(user.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
        });
        for group in user.group_list() {
            self.context.put(&IamGroupMember {
                account: self.context.account.to_owned(),
                region: "global".to_owned(),
                key: format!("{group}/{name}"),
                source: self.source,
                user: name.to_owned(),
                user_arn: arn.to_owned(),
                group_name: group.clone(),
            });
        }
        self.attachments(principal, user.attached_managed_policies());
        for policy in user.user_policy_list() {
            self.inline(principal, policy);
        }
    }

    fn group(&self, group: &aws_sdk_iam::types::GroupDetail) {
        let (arn, name) = (group.arn().unwrap_or_default(), group.group_name().unwrap_or_default());
        let principal = Principal("group", arn, name);
        self.context.put(&IamGroup {
            account: self.context.account.to_owned(),
            region: "global".to_owned(),
            key: arn.to_owned(),
            source: self.source,
            arn: arn.to_owned(),
            id: group.group_id().unwrap_or_default().to_owned(),
            name: name.to_owned(),
            path: group.path().unwrap_or_default().to_owned(),
            created_at: time(group.create_date()),
        });
        self.attachments(principal, group.attached_managed_policies());
        for policy in group.group_policy_list() {
            self.inline(principal, policy);
        }
    }

    fn role(&self, role: &aws_sdk_iam::types::RoleDetail) {
        let (arn, name) = (role.arn().unwrap_or_default(), role.role_name().unwrap_or_default());
        let principal = Principal("role", arn, name);
        self.context.put(&IamRole {
            account: self.context.account.to_owned(),
            region: "global".to_owned(),
            key: arn.to_owned(),
            source: self.source,
            arn: arn.to_owned(),
            id: role.role_id().unwrap_or_default().to_owned(),
            name: name.to_owned(),
            path: role.path().unwrap_or_default().to_owned(),
            created_at: time(role.create_date()),
            last_used_at: role.role_last_used().and_then(|used| time(used.last_used_date())),
            permissions_boundary: role
                .permissions_boundary()
                .and_then(|b| text(b.permissions_boundary_arn())),
            trust_policy: document(role.assume_role_policy_document()),
            tags: tags(role.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
        });
        self.attachments(principal, role.attached_managed_policies());
        for policy in role.role_policy_list() {
            self.inline(principal, policy);
        }
    }

    fn policy(&self, policy: &aws_sdk_iam::types::ManagedPolicyDetail) {
        let arn = policy.arn().unwrap_or_default();
        let default = policy
            .policy_version_list()
            .iter()
            .find(|version| version.is_default_version());
        self.context.put(&IamPolicy {
            account: self.context.account.to_owned(),
            region: "global".to_owned(),
            key: arn.to_owned(),
            source: self.source,
            arn: arn.to_owned(),
            id: policy.policy_id().unwrap_or_default().to_owned(),
            name: policy.policy_name().unwrap_or_default().to_owned(),
            path: policy.path().unwrap_or_default().to_owned(),
            default_version: text(policy.default_version_id()),
            attachment_count: policy.attachment_count().map(i64::from),
            created_at: time(policy.create_date()),
            updated_at: time(policy.update_date()),
            document: document(default.and_then(|version| version.document())),
        });
    }

    fn attachments(&self, principal: Principal<'_>, policies: &[AttachedPolicy]) {
        let Principal(kind, arn, name) = principal;
        for policy in policies {
            let policy_arn = policy.policy_arn().unwrap_or_default();
            self.context.put(&IamPolicyAttachment {
                account: self.context.account.to_owned(),
                region: "global".to_owned(),
                key: format!("{arn} {policy_arn}"),
                source: self.source,
                principal_type: kind.to_owned(),
                principal_arn: arn.to_owned(),
                principal_name: name.to_owned(),
                policy_arn: policy_arn.to_owned(),
                policy_name: policy.policy_name().unwrap_or_default().to_owned(),
            });
        }
    }

    fn inline(&self, principal: Principal<'_>, policy: &PolicyDetail) {
        let Principal(kind, arn, name) = principal;
        let policy_name = policy.policy_name().unwrap_or_default();
        self.context.put(&IamInlinePolicy {
            account: self.context.account.to_owned(),
            region: "global".to_owned(),
            key: format!("{arn} {policy_name}"),
            source: self.source,
            principal_type: kind.to_owned(),
            principal_arn: arn.to_owned(),
            principal_name: name.to_owned(),
            policy_name: policy_name.to_owned(),
            document: document(policy.policy_document()),
        });
    }
}
