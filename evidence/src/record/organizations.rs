//! AWS Organizations.

use super::record;
use crate::clock::Timestamp;

record! {
    /// The organization that the account is in.
    "organizations_organization" OrganizationsOrganization from ["organizations:DescribeOrganization"] volatile [] {
        /// False when the account is in none.
        present: bool,
        /// Id.
        id: Option<String>,
        /// ARN.
        arn: Option<String>,
        /// `ALL` or `CONSOLIDATED_BILLING`.
        feature_set: Option<String>,
        /// Account that manages it.
        management_account: Option<String>,
    }
}

record! {
    /// The root of the organization. Only the management account and delegated ones may see it;
    /// where a member is refused, there is no row and no gap.
    "organizations_root" OrganizationsRoot
        from ["organizations:DescribeOrganization", "organizations:ListRoots"] volatile [] {
        /// Id.
        id: String,
        /// ARN.
        arn: Option<String>,
        /// `ENABLED` where service control policies are switched on; null where they are not.
        scp_status: Option<String>,
    }
}

record! {
    /// An account of the organization.
    "organizations_account" OrganizationsAccount
        from ["organizations:DescribeOrganization", "organizations:ListRoots", "organizations:ListAccounts"] volatile [] {
        /// Account id.
        id: String,
        /// ARN.
        arn: Option<String>,
        /// Name.
        name: Option<String>,
        /// `ACTIVE`, `SUSPENDED`, …
        status: Option<String>,
        /// When it joined.
        joined_at: Option<Timestamp>,
    }
}

record! {
    /// What an account or unit hangs under.
    "organizations_parent" OrganizationsParent
        from ["organizations:DescribeOrganization", "organizations:ListRoots", "organizations:ListAccounts",
              "organizations:ListParents"] volatile [] {
        /// Account or organizational unit.
        child_id: String,
        /// Organizational unit or root.
        parent_id: String,
    }
}

record! {
    /// A service control policy that is attached to the root, a unit or an account.
    "organizations_policy_target" OrganizationsPolicyTarget
        from ["organizations:DescribeOrganization", "organizations:ListRoots", "organizations:ListAccounts",
              "organizations:ListParents", "organizations:ListPoliciesForTarget"] volatile [] {
        /// Root, unit or account.
        target_id: String,
        /// Id of the policy.
        policy_id: String,
        /// Name of the policy.
        policy_name: Option<String>,
        /// AWS wrote it.
        aws_managed: bool,
    }
}

record! {
    /// The text of a service control policy.
    "organizations_policy" OrganizationsPolicy
        from ["organizations:DescribeOrganization", "organizations:ListRoots", "organizations:ListAccounts",
              "organizations:ListParents", "organizations:ListPoliciesForTarget", "organizations:DescribePolicy"] volatile [] {
        /// Id.
        id: String,
        /// ARN.
        arn: Option<String>,
        /// Name.
        name: Option<String>,
        /// The document.
        document: Option<String>,
    }
}
