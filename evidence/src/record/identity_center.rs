//! IAM Identity Center and its store of users and groups, and the identity providers of IAM.

use super::record;
use crate::clock::Timestamp;

record! {
    /// A SAML provider.
    "iam_saml_provider" IamSamlProvider from ["iam:ListSAMLProviders"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: String,
        /// When created.
        created_at: Option<Timestamp>,
        /// When its metadata expire.
        valid_until: Option<Timestamp>,
    }
}

record! {
    /// An OpenID Connect provider.
    "iam_oidc_provider" IamOidcProvider from ["iam:ListOpenIDConnectProviders"] volatile [] {
        /// ARN.
        arn: String,
        /// Host and path of its URL, such as `token.actions.githubusercontent.com`.
        url: String,
    }
}

record! {
    /// An instance of IAM Identity Center, in its home region. A member account sees that of the
    /// organization, but may not read what is in it: then the tables of permission sets,
    /// assignments, users and groups hold nothing for that account.
    "sso_instance" SsoInstance from ["sso-admin:ListInstances"] volatile [] {
        /// ARN.
        arn: String,
        /// Name.
        name: Option<String>,
        /// Account that owns it.
        owner_account: Option<String>,
        /// Its identity store.
        identity_store_id: Option<String>,
        /// `ACTIVE` and others.
        status: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// A permission set of Identity Center.
    "sso_permission_set" SsoPermissionSet from ["sso-admin:ListInstances", "sso-admin:ListPermissionSets"] volatile [] {
        /// ARN.
        arn: String,
        /// ARN of the instance.
        instance_arn: String,
    }
}

record! {
    /// What a permission set is called, and how long its sessions last.
    "sso_permission_set_detail" SsoPermissionSetDetail
        from ["sso-admin:ListInstances", "sso-admin:ListPermissionSets", "sso-admin:DescribePermissionSet"] volatile [] {
        /// ARN of the permission set.
        permission_set_arn: String,
        /// Name.
        name: Option<String>,
        /// Description.
        description: Option<String>,
        /// ISO 8601 duration such as `PT8H`.
        session_duration: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// Who has a permission set in this account.
    "sso_account_assignment" SsoAccountAssignment
        from ["sso-admin:ListInstances", "sso-admin:ListPermissionSets", "sso-admin:ListAccountAssignments"] volatile [] {
        /// ARN of the permission set.
        permission_set_arn: String,
        /// `USER` or `GROUP`.
        principal_type: Option<String>,
        /// Id of the user or group in the identity store.
        principal_id: Option<String>,
        /// The account it gives access to.
        target_account: Option<String>,
    }
}

record! {
    /// A user of an identity store.
    "identitystore_user" IdentitystoreUser from ["sso-admin:ListInstances", "identitystore:ListUsers"] volatile [] {
        /// Id.
        id: String,
        /// Identity store.
        identity_store_id: String,
        /// Name to sign in with.
        user_name: Option<String>,
        /// Name shown.
        display_name: Option<String>,
        /// Primary e-mail address, else the first.
        email: Option<String>,
        /// `ENABLED` or `DISABLED`.
        status: Option<String>,
    }
}

record! {
    /// A group of an identity store.
    "identitystore_group" IdentitystoreGroup from ["sso-admin:ListInstances", "identitystore:ListGroups"] volatile [] {
        /// Id.
        id: String,
        /// Identity store.
        identity_store_id: String,
        /// Name.
        display_name: Option<String>,
    }
}

record! {
    /// Who is in a group of an identity store.
    "identitystore_membership" IdentitystoreMembership
        from ["sso-admin:ListInstances", "identitystore:ListGroups", "identitystore:ListGroupMemberships"] volatile [] {
        /// Id of the group.
        group_id: String,
        /// Id of the user.
        user_id: String,
    }
}
