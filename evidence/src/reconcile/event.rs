//! An event as CloudTrail writes it, as far as it is compared.

use serde_json::Value;

use crate::clock::Timestamp;

/// What of an event is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// `eventTime`.
    pub at: Timestamp,
    /// `eventID`.
    pub id: String,
    /// Account that the event was written for.
    pub account: String,
    /// `awsRegion`.
    pub region: String,
    /// `eventSource`.
    pub source: String,
    /// `eventName`.
    pub name: String,
    /// `requestID`.
    pub request_id: Option<String>,
    /// `userIdentity.accessKeyId`.
    pub access_key_id: Option<String>,
    /// `userIdentity.arn`.
    pub caller: Option<String>,
    /// ARN of the role behind a session.
    pub issuer: Option<String>,
    /// The service that called on the caller's behalf.
    pub invoked_by: Option<String>,
    /// `errorCode`.
    pub error_code: Option<String>,
    /// Name of the session that an AssumeRole asked for.
    pub assumed_session: Option<String>,
}

impl Event {
    /// From the JSON that CloudTrail writes.
    pub fn read(event: &Value) -> Result<Self, String> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let required = |name: &str| text(&event[name]).ok_or_else(|| format!("{name} is missing"));
        let identity = &event["userIdentity"];
        let account = [&event["recipientAccountId"], &identity["accountId"]]
            .into_iter()
            .find_map(text)
            .unwrap_or_default();
        Ok(Self {
            at: required("eventTime")?.parse().map_err(|e| format!("eventTime: {e}"))?,
            id: required("eventID")?,
            account,
            region: required("awsRegion")?,
            source: required("eventSource")?,
            name: required("eventName")?,
            request_id: text(&event["requestID"]),
            access_key_id: text(&identity["accessKeyId"]),
            caller: text(&identity["arn"]),
            issuer: text(&identity["sessionContext"]["sessionIssuer"]["arn"]),
            invoked_by: text(&identity["invokedBy"]),
            error_code: text(&event["errorCode"]),
            assumed_session: text(&event["requestParameters"]["roleSessionName"]),
        })
    }

    /// `eventSource:eventName`.
    pub fn operation(&self) -> String {
        format!("{}:{}", self.source, self.name)
    }
}
