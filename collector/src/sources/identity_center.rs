//! IAM Identity Center: instances, permission sets and their assignments, and the users and
//! groups of the identity store. A member account sees the organization's instance but is refused
//! what is in it; that is told by the owner in `sso_instance` and is no gap.

use std::collections::BTreeMap;

use aws_sdk_ssoadmin::types::InstanceMetadata;
use evidence::gap::ReasonCode;
use evidence::record::{
    IdentitystoreGroup, IdentitystoreMembership, IdentitystoreUser, Row, SsoAccountAssignment, SsoInstance,
    SsoPermissionSet, SsoPermissionSetDetail,
};

use crate::convert::{text, time};
use crate::failure::Failure;
use crate::source::{Context, Scope, Source, token};

/// Read in all enabled regions, in scope or not: an instance is seen in its home alone, and holds the people of all.
pub(crate) static IDENTITY_CENTER: Source = Source {
    id: "sso-admin.instances",
    operations: &[
        "identitystore:ListGroupMemberships",
        "identitystore:ListGroups",
        "identitystore:ListUsers",
        "sso-admin:DescribePermissionSet",
        "sso-admin:ListAccountAssignments",
        "sso-admin:ListInstances",
        "sso-admin:ListPermissionSets",
    ],
    scope: Scope::Regional,
    tables: &[
        "identitystore_group",
        "identitystore_membership",
        "identitystore_user",
        "sso_account_assignment",
        "sso_instance",
        "sso_permission_set",
        "sso_permission_set_detail",
    ],
    collect: |context| Box::pin(instances(context)),
};

async fn instances(context: &Context<'_>) {
    let sso = context.session.sso_admin(context.client_region);
    let list = context
        .pages(
            |next| sso.list_instances().max_results(100).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        context.gap("sso-admin:ListInstances", None, failure);
    }
    for page in &list.pages {
        for instance in page.output.instances() {
            let arn = instance.instance_arn().unwrap_or_default();
            let store = instance.identity_store_id().unwrap_or_default();
            context.put(&SsoInstance {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: arn.to_owned(),
                source: page.exchange,
                arn: arn.to_owned(),
                name: text(instance.name()),
                owner_account: text(instance.owner_account_id()),
                identity_store_id: text(instance.identity_store_id()),
                status: instance.status().map(|status| status.as_str().to_owned()),
                created_at: time(instance.created_date()),
            });
            let of = Instance {
                context,
                sso: &sso,
                store: context.session.identitystore(context.client_region),
                arn,
                store_id: store,
                own: is_own(context, instance),
            };
            of.permission_sets().await;
            if !store.is_empty() {
                of.users().await;
                of.groups().await;
            }
        }
    }
}

fn is_own(context: &Context<'_>, instance: &InstanceMetadata) -> bool {
    instance.owner_account_id().is_none_or(|owner| owner == context.account)
}

/// An instance that is replicated to further regions is seen from each of them, with all that is in it ("Using IAM
/// Identity Center across multiple AWS Regions" of its User Guide). What has the same ids counts once, as the first
/// region by name has it.
pub(crate) fn count_once(tables: &mut BTreeMap<String, Vec<Row>>) {
    let ours = |name: &str| name.starts_with("sso_") || name.starts_with("identitystore_");
    for (_, rows) in tables.iter_mut().filter(|(name, _)| ours(name)) {
        let cell = |row: &Row, name: &str| {
            row.get(name)
                .and_then(|cell| cell.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let place = |row: &Row| (cell(row, "account"), cell(row, "key"), cell(row, "region"));
        rows.sort_by_key(place);
        rows.dedup_by_key(|row| (cell(row, "account"), cell(row, "key")));
    }
}

/// How an instance of one account answers what only an organization's has ("Account instances of IAM
/// Identity Center" of its User Guide: permission sets need an organization instance).
fn is_account_instance(failure: &Failure) -> bool {
    failure.is(&["ValidationException"])
        && failure
            .message
            .to_ascii_lowercase()
            .contains("not supported for this identity center instance")
}

/// One instance.
struct Instance<'a> {
    context: &'a Context<'a>,
    sso: &'a aws_sdk_ssoadmin::Client,
    store: aws_sdk_identitystore::Client,
    arn: &'a str,
    store_id: &'a str,
    /// The account that is asked owns it.
    own: bool,
}

impl Instance<'_> {
    fn gap(&self, operation: &str, resource: Option<&str>, failure: &Failure) {
        if self.own || failure.code != ReasonCode::AccessDenied {
            self.context.gap(operation, resource, failure);
        }
    }

    async fn permission_sets(&self) {
        let Self { context, sso, arn, .. } = self;
        let list = context
            .pages(
                |next| {
                    sso.list_permission_sets()
                        .instance_arn(*arn)
                        .max_results(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        let mut sets = Vec::new();
        for page in &list.pages {
            for set in page.output.permission_sets() {
                context.put(&SsoPermissionSet {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: set.to_owned(),
                    source: page.exchange,
                    arn: set.to_owned(),
                    instance_arn: (*arn).to_owned(),
                });
                sets.push(set.as_str());
            }
        }
        match &list.failure {
            // An account instance has none: what it lets in are applications.
            Some(failure) if is_account_instance(failure) => {}
            Some(failure) => self.gap("sso-admin:ListPermissionSets", None, failure),
            None => {}
        }
        context
            .each(sets, |set| async move {
                self.detail(set).await;
                self.assignments(set).await;
            })
            .await;
    }

    async fn detail(&self, set: &str) {
        let Self { context, sso, arn, .. } = self;
        let call = sso.describe_permission_set().instance_arn(*arn).permission_set_arn(set);
        match context.ask(call.send()).await {
            Ok(answer) => {
                let detail = answer.output.permission_set();
                context.put(&SsoPermissionSetDetail {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: set.to_owned(),
                    source: answer.exchange,
                    permission_set_arn: set.to_owned(),
                    name: detail.and_then(|d| text(d.name())),
                    description: detail.and_then(|d| text(d.description())),
                    session_duration: detail.and_then(|d| text(d.session_duration())),
                    created_at: detail.and_then(|d| time(d.created_date())),
                });
            }
            Err(failure) => self.gap("sso-admin:DescribePermissionSet", Some(set), &failure),
        }
    }

    async fn assignments(&self, set: &str) {
        let Self { context, sso, arn, .. } = self;
        let list = context
            .pages(
                |next| {
                    sso.list_account_assignments()
                        .instance_arn(*arn)
                        .account_id(context.account)
                        .permission_set_arn(set)
                        .max_results(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        for page in &list.pages {
            for assignment in page.output.account_assignments() {
                let kind = assignment.principal_type().map(|kind| kind.as_str().to_owned());
                let principal = assignment.principal_id();
                context.put(&SsoAccountAssignment {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: format!(
                        "{set} {} {}",
                        kind.as_deref().unwrap_or_default(),
                        principal.unwrap_or_default()
                    ),
                    source: page.exchange,
                    permission_set_arn: set.to_owned(),
                    principal_type: kind,
                    principal_id: text(principal),
                    target_account: text(assignment.account_id()),
                });
            }
        }
        if let Some(failure) = &list.failure {
            self.gap("sso-admin:ListAccountAssignments", Some(set), failure);
        }
    }

    async fn users(&self) {
        let Self {
            context,
            store,
            store_id,
            ..
        } = self;
        let list = context
            .pages(
                |next| {
                    store
                        .list_users()
                        .identity_store_id(*store_id)
                        .max_results(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        for page in &list.pages {
            for user in page.output.users() {
                let email = user.emails().iter().find(|email| email.primary());
                let email = email.or_else(|| user.emails().first());
                context.put(&IdentitystoreUser {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: user.user_id().to_owned(),
                    source: page.exchange,
                    id: user.user_id().to_owned(),
                    identity_store_id: (*store_id).to_owned(),
                    user_name: text(user.user_name()),
                    display_name: text(user.display_name()),
                    email: email.and_then(|email| text(email.value())),
                    status: user.user_status().map(|status| status.as_str().to_owned()),
                });
            }
        }
        if let Some(failure) = &list.failure {
            self.gap("identitystore:ListUsers", None, failure);
        }
    }

    async fn groups(&self) {
        let Self {
            context,
            store,
            store_id,
            ..
        } = self;
        let list = context
            .pages(
                |next| {
                    store
                        .list_groups()
                        .identity_store_id(*store_id)
                        .max_results(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        let mut groups = Vec::new();
        for page in &list.pages {
            for group in page.output.groups() {
                context.put(&IdentitystoreGroup {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: group.group_id().to_owned(),
                    source: page.exchange,
                    id: group.group_id().to_owned(),
                    identity_store_id: (*store_id).to_owned(),
                    display_name: text(group.display_name()),
                });
                groups.push(group.group_id());
            }
        }
        if let Some(failure) = &list.failure {
            self.gap("identitystore:ListGroups", None, failure);
        }
        context.each(groups, |group| self.members(group)).await;
    }

    async fn members(&self, group: &str) {
        let Self {
            context,
            store,
            store_id,
            ..
        } = self;
        let list = context
            .pages(
                |next| {
                    store
                        .list_group_memberships()
                        .identity_store_id(*store_id)
                        .group_id(group)
                        .max_results(100)
                        .set_next_token(next)
                        .send()
                },
                |page| token(page.next_token()),
            )
            .await;
        for page in &list.pages {
            for membership in page.output.group_memberships() {
                let user = membership.member_id().and_then(|member| member.as_user_id().ok());
                let Some(user) = user else { continue };
                context.put(&IdentitystoreMembership {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: format!("{group} {user}"),
                    source: page.exchange,
                    group_id: group.to_owned(),
                    user_id: user.to_owned(),
                });
            }
        }
        if let Some(failure) = &list.failure {
            self.gap("identitystore:ListGroupMemberships", Some(group), failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_instance_has_no_permission_sets() {
        let said = "The operation is not supported for this Identity Center instance";
        assert!(is_account_instance(&Failure::answered("ValidationException", said)));
        assert!(!is_account_instance(&Failure::answered(
            "ValidationException",
            "The instance ARN is invalid"
        )));
        assert!(!is_account_instance(&Failure::answered("AccessDeniedException", said)));
    }

    #[test]
    fn what_is_seen_from_several_regions_counts_once() {
        let row = |account: &str, region: &str, key: &str| -> Row {
            serde_json::from_value(json!({ "account": account, "region": region, "key": key, "source": 1 })).unwrap()
        };
        let rows = vec![
            row("1", "us-west-2", "a"),
            row("1", "eu-west-1", "a"),
            row("1", "us-west-2", "b"),
            row("2", "us-west-2", "a"),
        ];
        let mut tables = BTreeMap::from([("sso_instance".to_owned(), rows.clone()), ("ec2_vpc".to_owned(), rows)]);
        count_once(&mut tables);
        let left: Vec<_> = tables["sso_instance"]
            .iter()
            .map(|row| (&row["account"], &row["region"], &row["key"]))
            .collect();
        let expected = [
            ("1", "eu-west-1", "a"),
            ("1", "us-west-2", "b"),
            ("2", "us-west-2", "a"),
        ];
        assert_eq!(left.len(), expected.len());
        for (row, (account, region, key)) in left.iter().zip(expected) {
            assert_eq!((row.0, row.1, row.2), (&json!(account), &json!(region), &json!(key)));
        }
        assert_eq!(tables["ec2_vpc"].len(), 4, "another service's ids are its region's own");
    }
}
