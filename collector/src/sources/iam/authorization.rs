//! GetAccountAuthorizationDetails: users, groups, roles and customer managed policies in bulk.

use aws_sdk_iam::types::{AttachedPolicy, EntityType, PolicyDetail};
use evidence::record::{
    IamGroup, IamGroupMember, IamInlinePolicy, IamPolicy, IamPolicyAttachment, IamRole, IamUserDetail,
};

use crate::convert::{document, tags, text, time};
use crate::source::{Context, marker};

pub(super) async fn authorization(context: &Context<'_>) {
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
