//! IAM: users, credentials, groups, roles and policies. All are global.

use super::{Tag, record};
use crate::clock::Timestamp;

record! {
    /// Counters of GetAccountSummary, one row per account.
    "iam_account_summary" IamAccountSummary from ["iam:GetAccountSummary"] volatile [] {
        /// IAM users in the account.
        users: Option<i64>,
        /// Groups.
        groups: Option<i64>,
        /// Roles.
        roles: Option<i64>,
        /// Customer managed policies.
        policies: Option<i64>,
        /// MFA devices, assigned or not.
        mfa_devices: Option<i64>,
        /// MFA devices in use.
        mfa_devices_in_use: Option<i64>,
        /// 1 if the root user has an MFA device.
        account_mfa_enabled: Option<i64>,
        /// 1 if the root user has a password.
        account_password_present: Option<i64>,
        /// 1 if the root user has access keys.
        account_access_keys_present: Option<i64>,
    }
}

record! {
    /// The credential report as a whole, one row per account.
    "iam_credential_report" IamCredentialReport
        from ["iam:GenerateCredentialReport", "iam:GetCredentialReport"] volatile ["generated_at"] {
        /// When AWS made the report; it may be up to four hours old.
        generated_at: Option<Timestamp>,
        /// Column names, in order.
        columns: Vec<String>,
        /// Rows, the root user's included.
        rows: i64,
    }
}

record! {
    /// A row of the credential report, its cells as AWS wrote them.
    "iam_credential" IamCredential
        from ["iam:GenerateCredentialReport", "iam:GetCredentialReport"]
        volatile ["password_last_used", "access_key_1_last_used_date", "access_key_1_last_used_region",
                  "access_key_1_last_used_service", "access_key_2_last_used_date", "access_key_2_last_used_region",
                  "access_key_2_last_used_service"] {
        /// User name; `<root_account>` for the root user.
        user: String,
        /// ARN.
        arn: Option<String>,
        /// Whether the row has as many cells as the header; if not, no cell but `user` is read.
        well_formed: bool,
        /// When the user was created.
        user_creation_time: Option<String>,
        /// `true`, `false` or `not_supported`, in any case.
        password_enabled: Option<String>,
        /// Date, `no_information` or `N/A`.
        password_last_used: Option<String>,
        /// Date, `not_supported` or `N/A`.
        password_last_changed: Option<String>,
        /// Date, `not_supported` or `N/A`.
        password_next_rotation: Option<String>,
        /// `true` or `false`.
        mfa_active: Option<String>,
        /// `true` or `false`.
        access_key_1_active: Option<String>,
        /// Date or `N/A`.
        access_key_1_last_rotated: Option<String>,
        /// Date or `N/A`.
        access_key_1_last_used_date: Option<String>,
        /// Region or `N/A`.
        access_key_1_last_used_region: Option<String>,
        /// Service or `N/A`.
        access_key_1_last_used_service: Option<String>,
        /// `true` or `false`.
        access_key_2_active: Option<String>,
        /// Date or `N/A`.
        access_key_2_last_rotated: Option<String>,
        /// Date or `N/A`.
        access_key_2_last_used_date: Option<String>,
        /// Region or `N/A`.
        access_key_2_last_used_region: Option<String>,
        /// Service or `N/A`.
        access_key_2_last_used_service: Option<String>,
        /// `true` or `false`.
        cert_1_active: Option<String>,
        /// Date or `N/A`.
        cert_1_last_rotated: Option<String>,
        /// `true` or `false`.
        cert_2_active: Option<String>,
        /// Date or `N/A`.
        cert_2_last_rotated: Option<String>,
        /// Set when the user has more keys than the report shows; null if the column is missing.
        additional_credentials_info: Option<String>,
    }
}

record! {
    /// The account's password policy, one row per account.
    "iam_password_policy" IamPasswordPolicy from ["iam:GetAccountPasswordPolicy"] volatile [] {
        /// False when AWS answers NoSuchEntity: the account has AWS's default policy.
        present: bool,
        /// Minimum length.
        minimum_password_length: Option<i64>,
        /// Upper-case letter required.
        require_uppercase_characters: Option<bool>,
        /// Lower-case letter required.
        require_lowercase_characters: Option<bool>,
        /// Digit required.
        require_numbers: Option<bool>,
        /// Symbol required.
        require_symbols: Option<bool>,
        /// Passwords expire.
        expire_passwords: Option<bool>,
        /// Days until they do.
        max_password_age: Option<i64>,
        /// Number of old passwords that may not be used again.
        password_reuse_prevention: Option<i64>,
        /// An expired password locks the user out.
        hard_expiry: Option<bool>,
        /// Users may change their own password.
        allow_users_to_change_password: Option<bool>,
    }
}

record! {
    /// An account alias.
    "iam_account_alias" IamAccountAlias from ["iam:ListAccountAliases"] volatile [] {
        /// The alias.
        alias: String,
    }
}

record! {
    /// An IAM user as ListUsers gives it.
    "iam_user" IamUser from ["iam:ListUsers"] volatile ["password_last_used"] {
        /// ARN.
        arn: String,
        /// Unique id (AIDA…); a new user of an old name has another.
        id: String,
        /// User name.
        name: String,
        /// Path.
        path: String,
        /// When created.
        created_at: Option<Timestamp>,
        /// Last console sign-in.
        password_last_used: Option<Timestamp>,
    }
}

record! {
    /// An access key of an IAM user. The secret is not part of any response.
    "iam_access_key" IamAccessKey from ["iam:ListUsers", "iam:ListAccessKeys"] volatile [] {
        /// Access key id.
        id: String,
        /// User name.
        user: String,
        /// ARN of the user.
        user_arn: String,
        /// `Active`, `Inactive` or `Expired`.
        status: Option<String>,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// An MFA device of an IAM user.
    "iam_mfa_device" IamMfaDevice from ["iam:ListUsers", "iam:ListMFADevices"] volatile [] {
        /// Serial number: an ARN for virtual (`:mfa/`), FIDO (`:u2f/`) and SMS (`:sms-mfa/`) devices.
        serial: String,
        /// User name.
        user: String,
        /// ARN of the user.
        user_arn: String,
        /// When assigned.
        enabled_at: Option<Timestamp>,
    }
}

record! {
    /// An assigned virtual MFA device, the root user's included.
    "iam_virtual_mfa_device" IamVirtualMfaDevice from ["iam:ListVirtualMFADevices"] volatile [] {
        /// Serial number (ARN).
        serial: String,
        /// ARN of the user it is assigned to.
        user_arn: Option<String>,
        /// When assigned.
        enabled_at: Option<Timestamp>,
    }
}

record! {
    /// Whether an IAM user has a console password; asked for users the credential report lacks.
    "iam_login_profile" IamLoginProfile from ["iam:GetLoginProfile"] volatile [] {
        /// User name.
        user: String,
        /// ARN of the user.
        user_arn: String,
        /// False when AWS answers NoSuchEntity.
        present: bool,
        /// When the password was made.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// An IAM user as GetAccountAuthorizationDetails gives it.
    "iam_user_detail" IamUserDetail from ["iam:GetAccountAuthorizationDetails"] volatile [] {
        /// ARN.
        arn: String,
        /// Unique id (AIDA…).
        id: String,
        /// User name.
        name: String,
        /// Path.
        path: String,
        /// When created.
        created_at: Option<Timestamp>,
        /// ARN of the permissions boundary.
        permissions_boundary: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// An IAM group.
    "iam_group" IamGroup from ["iam:GetAccountAuthorizationDetails"] volatile [] {
        /// ARN.
        arn: String,
        /// Unique id (AGPA…).
        id: String,
        /// Group name.
        name: String,
        /// Path.
        path: String,
        /// When created.
        created_at: Option<Timestamp>,
    }
}

record! {
    /// Membership of a user in a group.
    "iam_group_member" IamGroupMember from ["iam:GetAccountAuthorizationDetails"] volatile [] {
        /// User name.
        user: String,
        /// ARN of the user.
        user_arn: String,
        /// Group name.
        group_name: String,
    }
}

record! {
    /// An IAM role.
    "iam_role" IamRole from ["iam:GetAccountAuthorizationDetails"] volatile ["last_used_at"] {
        /// ARN.
        arn: String,
        /// Unique id (AROA…).
        id: String,
        /// Role name.
        name: String,
        /// Path; `/aws-service-role/…` for service-linked roles.
        path: String,
        /// When created.
        created_at: Option<Timestamp>,
        /// When last used, in the last 400 days.
        last_used_at: Option<Timestamp>,
        /// ARN of the permissions boundary.
        permissions_boundary: Option<String>,
        /// Trust policy, URL-decoded.
        trust_policy: Option<String>,
        /// Tags, sorted.
        tags: Vec<Tag>,
    }
}

record! {
    /// A customer managed policy with its default version.
    "iam_policy" IamPolicy from ["iam:GetAccountAuthorizationDetails"] volatile [] {
        /// ARN.
        arn: String,
        /// Unique id (ANPA…).
        id: String,
        /// Policy name.
        name: String,
        /// Path.
        path: String,
        /// Version in force.
        default_version: Option<String>,
        /// Users, groups and roles it is attached to.
        attachment_count: Option<i64>,
        /// When created.
        created_at: Option<Timestamp>,
        /// When the default version last changed.
        updated_at: Option<Timestamp>,
        /// The default version's document, URL-decoded.
        document: Option<String>,
    }
}

record! {
    /// A managed policy attached to a user, group or role.
    "iam_policy_attachment" IamPolicyAttachment from ["iam:GetAccountAuthorizationDetails"] volatile [] {
        /// `user`, `group` or `role`.
        principal_type: String,
        /// ARN of the principal.
        principal_arn: String,
        /// Name of the principal.
        principal_name: String,
        /// ARN of the policy.
        policy_arn: String,
        /// Name of the policy.
        policy_name: String,
    }
}

record! {
    /// An inline policy of a user, group or role.
    "iam_inline_policy" IamInlinePolicy from ["iam:GetAccountAuthorizationDetails"] volatile [] {
        /// `user`, `group` or `role`.
        principal_type: String,
        /// ARN of the principal.
        principal_arn: String,
        /// Name of the principal.
        principal_name: String,
        /// Name of the policy.
        policy_name: String,
        /// The document, URL-decoded.
        document: Option<String>,
    }
}
