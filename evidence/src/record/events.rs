//! Management events of CloudTrail's event history.

use super::record;
use crate::clock::Timestamp;

record! {
    /// An event that changed something, was a sign-in, was root's, or started a root session
    /// (AssumeRoot); read from the event history, which goes back 90 days. Other reads are not here.
    "cloudtrail_event" CloudtrailEvent from ["cloudtrail:LookupEvents"] volatile [] {
        /// Event id.
        event_id: String,
        /// When.
        event_time: Timestamp,
        /// Service that was called, such as `iam.amazonaws.com`.
        event_source: String,
        /// Operation, such as `CreateUser`, or `ConsoleLogin`.
        event_name: String,
        /// `AwsApiCall`, `AwsConsoleSignIn`, `AwsServiceEvent`, …
        event_type: Option<String>,
        /// `Management` and others.
        event_category: Option<String>,
        /// `Root`, `IAMUser`, `AssumedRole`, `AWSService`, …
        user_type: Option<String>,
        /// ARN of who called.
        user_arn: Option<String>,
        /// Unique id of who called.
        principal_id: Option<String>,
        /// User name, where CloudTrail gives one; for root, the account's alias.
        username: Option<String>,
        /// Access key that signed the call; null for sign-ins.
        access_key_id: Option<String>,
        /// ARN of the role behind a session.
        issuer_arn: Option<String>,
        /// AWS service that called on somebody's behalf.
        invoked_by: Option<String>,
        /// Where the call came from.
        source_ip: Option<String>,
        /// Program that called.
        user_agent: Option<String>,
        /// Error code; null if the call went well.
        error_code: Option<String>,
        /// Error message.
        error_message: Option<String>,
        /// Changed nothing.
        read_only: Option<bool>,
        /// Account whose history it is in.
        recipient_account: Option<String>,
        /// Region in which it took place.
        aws_region: Option<String>,
        /// The session had passed MFA.
        mfa_authenticated: Option<bool>,
        /// When the session began.
        session_created_at: Option<Timestamp>,
        /// Parameters of the call, as JSON text with sorted keys.
        request_parameters: Option<String>,
        /// What the call answered, as JSON text with sorted keys.
        response_elements: Option<String>,
        /// More, such as `MFAUsed` of a sign-in, as JSON text with sorted keys.
        additional_event_data: Option<String>,
    }
}

record! {
    /// How far the event history of a region was read.
    "cloudtrail_event_window" CloudtrailEventWindow from ["cloudtrail:LookupEvents"]
        volatile ["from_at", "to_at", "events"] {
        /// From when on events were asked for.
        from_at: Timestamp,
        /// Up to when.
        to_at: Timestamp,
        /// Every list was read to its end.
        complete: bool,
        /// Events found.
        events: i64,
    }
}
