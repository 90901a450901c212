//! The account itself and its regions.

use super::record;

record! {
    /// The account and who looked at it, from GetCallerIdentity.
    "account" Account from ["sts:GetCallerIdentity"] volatile ["caller_arn", "caller_id"] {
        /// AWS partition, as the caller's ARN names it: `aws`, `aws-cn`, `aws-eusc`, `aws-us-gov`, …
        partition: String,
        /// ARN of the identity that collected.
        caller_arn: String,
        /// Unique id of that identity.
        caller_id: String,
    }
}

record! {
    /// A region as the account sees it; asked from the account service, else from EC2.
    "region" Region from ["account:ListRegions", "ec2:DescribeRegions"] volatile [] {
        /// Region name.
        name: String,
        /// Opt-in status in AWS's words.
        opt_in_status: String,
        /// Whether the account can use it: opted in, or opt-in not required.
        enabled: bool,
        /// Whether it was in scope and therefore asked.
        in_scope: bool,
    }
}
