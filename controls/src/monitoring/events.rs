//! The events that must set off an alarm, made up in every form that CloudTrail gives them.
//!
//! Which they are is in `events.toml`. A call is made by an IAM user and by a role, here and in
//! another region, so that a pattern that looks at only one of these is seen to miss the others.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// From which level of a control on an event is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Always.
    Seed,
    /// At the CIS benchmark's level and above.
    Cis,
    /// Only with all that belongs to it.
    Extended,
}

impl Level {
    /// As in a control's parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Cis => "cis",
            Self::Extended => "extended",
        }
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Caller {
    #[serde(rename = "IAMUser")]
    User,
    #[serde(rename = "AssumedRole")]
    Role,
    AutoScaling,
    Root,
    /// A sign-in under a name that does not exist.
    Unknown,
}

impl Caller {
    fn title(self) -> &'static str {
        match self {
            Self::User => "an IAM user",
            Self::Role => "a role",
            Self::AutoScaling => "Auto Scaling",
            Self::Root => "the root user",
            Self::Unknown => "an unknown user",
        }
    }
}

/// A form of a ConsoleLogin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    by: Caller,
    mfa: String,
    result: String,
}

impl Login {
    fn title(&self) -> String {
        let mfa = if self.mfa == "Yes" { "with" } else { "without" };
        format!("{} {mfa} MFA", self.by.title())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    control: String,
    level: Level,
    source: String,
    calls: Vec<String>,
    id: Option<String>,
    name: Option<String>,
    error: Option<String>,
    by: Option<Caller>,
    #[serde(default)]
    logins: Vec<Login>,
}

#[derive(Deserialize)]
struct Entries {
    event: Vec<Entry>,
}

/// An event of a control.
#[derive(Clone, Debug)]
pub struct Event {
    /// The control.
    pub control: String,
    /// From which level on it is required.
    pub level: Level,
    /// `service:eventName`, or more where there are several of that name; unique in the control.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    source: String,
    calls: Vec<String>,
    error: Option<String>,
    by: Vec<Caller>,
    logins: Vec<Login>,
}

/// One form of an event.
#[derive(Clone, Debug)]
pub struct Form {
    /// What is particular to it: who calls, and what.
    pub title: String,
    /// Whether CloudTrail marks it as reading.
    pub read_only: bool,
    /// As CloudTrail writes it.
    pub event: Value,
}

/// Where an event takes place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Account id.
    pub account: &'a str,
    /// Partition, as it stands in ARNs.
    pub partition: &'a str,
    /// Region.
    pub region: &'a str,
}

/// All events of all controls.
pub fn all() -> Result<Vec<Event>, toml::de::Error> {
    let entries: Entries = toml::from_str(include_str!("events.toml"))?;
    Ok(entries.event.into_iter().flat_map(events).collect())
}

/// The controls that have events.
pub fn controls(events: &[Event]) -> BTreeSet<&str> {
    events.iter().map(|event| event.control.as_str()).collect()
}

fn events(entry: Entry) -> Vec<Event> {
    let service = entry.source.split('.').next().unwrap_or_default().to_owned();
    let by = match entry.by {
        Some(caller) => vec![caller],
        None => vec![Caller::User, Caller::Role],
    };
    let event = |id: String, name: String, calls: Vec<String>| Event {
        control: entry.control.clone(),
        level: entry.level,
        id,
        name,
        source: entry.source.clone(),
        calls,
        error: entry.error.clone(),
        by: by.clone(),
        logins: entry.logins.clone(),
    };
    match (&entry.id, &entry.name) {
        (Some(id), name) => {
            let name = name.clone().unwrap_or_else(|| id.clone());
            vec![event(id.clone(), name, entry.calls.clone())]
        }
        (None, _) => entry
            .calls
            .iter()
            .map(|call| {
                let (id, name) = match entry.by {
                    Some(Caller::AutoScaling) => (
                        format!("{service}:{call}:AutoScaling"),
                        format!("{call} by Auto Scaling"),
                    ),
                    _ => (format!("{service}:{call}"), call.clone()),
                };
                event(id, name, vec![call.clone()])
            })
            .collect(),
    }
}

impl Event {
    /// Is it written in one region only, wherever the call came from?
    ///
    /// Sign-ins of IAM users are written in the region of the sign-in page; `everywhere` asks
    /// whether that matters.
    pub fn global(&self, everywhere: bool) -> bool {
        match self.source.as_str() {
            "iam.amazonaws.com" | "organizations.amazonaws.com" => true,
            "signin.amazonaws.com" => !everywhere || self.logins.iter().all(|login| login.by == Caller::Root),
            _ => false,
        }
    }

    /// What is particular to each form of it.
    pub fn titles(&self) -> Vec<String> {
        if !self.logins.is_empty() {
            return self.logins.iter().map(Login::title).collect();
        }
        let forms = self
            .calls
            .iter()
            .flat_map(|call| self.by.iter().map(move |by| (call, by)));
        forms.map(|(call, caller)| self.title(call, *caller)).collect()
    }

    /// Every form of it in one place, in the order of its titles.
    pub fn forms(&self, place: Place<'_>) -> Vec<Form> {
        if !self.logins.is_empty() {
            return self.logins.iter().map(|login| self.login(login, place)).collect();
        }
        let forms = self
            .calls
            .iter()
            .flat_map(|call| self.by.iter().map(move |by| (call, by)));
        forms.map(|(call, caller)| self.call(call, *caller, place)).collect()
    }

    fn title(&self, call: &str, caller: Caller) -> String {
        match self.calls.len() {
            1 => caller.title().to_owned(),
            _ => format!("{} calling {call}", caller.title()),
        }
    }

    fn call(&self, call: &str, caller: Caller, place: Place<'_>) -> Form {
        let read_only = ["Describe", "Get", "List"].iter().any(|verb| call.starts_with(verb));
        let mut event = base(&self.source, call, place);
        event.insert("userIdentity".to_owned(), identity(caller, place));
        event.insert("readOnly".to_owned(), read_only.into());
        event.insert("requestParameters".to_owned(), parameters(&self.source));
        if caller == Caller::AutoScaling {
            for field in ["sourceIPAddress", "userAgent"] {
                event.insert(field.to_owned(), "autoscaling.amazonaws.com".into());
            }
        }
        if let Some(code) = &self.error {
            event.insert("errorCode".to_owned(), code.as_str().into());
            let message = if self.source == "ec2.amazonaws.com" {
                "You are not authorized to perform this operation.".to_owned()
            } else {
                let (service, _) = self.source.split_once('.').unwrap_or((&self.source, ""));
                format!("User is not authorized to perform: {service}:{call}")
            };
            event.insert("errorMessage".to_owned(), message.into());
        }
        Form {
            title: self.title(call, caller),
            read_only,
            event: event.into(),
        }
    }

    fn login(&self, login: &Login, place: Place<'_>) -> Form {
        let refused = login.result == "Failure";
        let mut who = identity(login.by, place);
        if let Some(who) = who.as_object_mut() {
            who.remove("sessionContext");
            if login.by == Caller::Root || refused {
                who.insert("accessKeyId".to_owned(), "".into());
            } else {
                who.remove("accessKeyId");
            }
            if login.by == Caller::User && refused {
                // Nobody has been recognised yet.
                who.remove("arn");
                who.remove("principalId");
            }
        }
        let mut more = json!({
            "LoginTo": "https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true",
            "MobileVersion": "No",
            "MFAUsed": login.mfa,
        });
        if login.mfa == "Yes" && !refused {
            let name = if login.by == Caller::Root {
                "root-account-mfa-device"
            } else {
                "alice"
            };
            more["MFAIdentifier"] = place.arn("iam", &format!("mfa/{name}")).into();
        }
        let mut event = base(&self.source, "ConsoleLogin", place);
        event.insert("userIdentity".to_owned(), who);
        event.insert("userAgent".to_owned(), "Mozilla/5.0".into());
        event.insert("eventType".to_owned(), "AwsConsoleSignIn".into());
        event.insert("requestParameters".to_owned(), Value::Null);
        event.insert("responseElements".to_owned(), json!({ "ConsoleLogin": login.result }));
        event.insert("additionalEventData".to_owned(), more);
        if refused {
            let message = match login.by {
                Caller::Unknown => "No username found in supplied account",
                _ => "Failed authentication",
            };
            event.insert("errorMessage".to_owned(), message.into());
        }
        Form {
            title: login.title(),
            read_only: false,
            event: event.into(),
        }
    }
}

impl Place<'_> {
    fn arn(self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}::{}:{rest}", self.partition, self.account)
    }
}

/// An everyday event, on which no alarm may be set off: a role looks at instances.
pub fn everyday(place: Place<'_>) -> Value {
    let mut event = base("ec2.amazonaws.com", "DescribeInstances", place);
    event.insert("userIdentity".to_owned(), identity(Caller::Role, place));
    event.insert("readOnly".to_owned(), true.into());
    event.insert(
        "requestParameters".to_owned(),
        json!({ "instancesSet": {}, "filterSet": {} }),
    );
    event.into()
}

/// An event as a rule of EventBridge gets it. AWS spells the type of sign-ins in two ways, so
/// there may be two; to match either will do.
pub fn wrapped(event: &Value, region: &str) -> Vec<Value> {
    let text = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or_default();
    let (service, _) = text("eventSource").split_once('.').unwrap_or_default();
    let types: &[&str] = match service {
        "signin" => &[
            "AWS Console Sign In via CloudTrail",
            "AWS Console Signin via CloudTrail",
        ],
        _ => &["AWS API Call via CloudTrail"],
    };
    let wrap = |kind: &&str| {
        json!({
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": kind,
            "source": format!("aws.{service}"),
            "account": text("recipientAccountId"),
            "time": text("eventTime"),
            "region": region,
            "resources": [],
            "detail": event,
        })
    };
    types.iter().map(wrap).collect()
}

fn base(source: &str, name: &str, place: Place<'_>) -> Map<String, Value> {
    let event = json!({
        "eventVersion": "1.11",
        "userIdentity": {},
        "eventTime": "2025-01-15T10:00:00Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": place.region,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2",
        "requestParameters": {},
        "responseElements": null,
        "requestID": "5d1c8f0e-3a52-4a2c-9c39-7b2f6d0e4a11",
        "eventID": "c2f3a9d4-8b61-4f7e-a0d5-1e9b7c6f2d33",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": place.account,
        "eventCategory": "Management",
    });
    match event {
        Value::Object(event) => event,
        _ => Map::new(),
    }
}

fn parameters(source: &str) -> Value {
    match source {
        "s3.amazonaws.com" | "s3express.amazonaws.com" => {
            json!({ "bucketName": "example-bucket", "Host": "s3.amazonaws.com" })
        }
        "ec2.amazonaws.com" => json!({ "groupId": "sg-0123456789abcdef0", "vpcId": "vpc-0123456789abcdef0" }),
        "iam.amazonaws.com" => json!({ "userName": "example" }),
        "kms.amazonaws.com" => json!({ "keyId": "1234abcd-12ab-34cd-56ef-1234567890ab" }),
        _ => json!({ "name": "example" }),
    }
}

fn identity(caller: Caller, place: Place<'_>) -> Value {
    let account = place.account;
    let role = |name: &str| {
        json!({
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLEEXAMPLEEXA:session",
            "arn": place.arn("sts", &format!("assumed-role/{name}/session")),
            "accountId": account,
            "accessKeyId": "ASIAEXAMPLEEXAMPLEEX",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLEEXAMPLEEXA",
                    "arn": place.arn("iam", &format!("role/{name}")),
                    "accountId": account,
                    "userName": name,
                },
                "attributes": { "creationDate": "2025-01-15T09:00:00Z", "mfaAuthenticated": "false" },
            },
        })
    };
    match caller {
        Caller::User => json!({
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLEEXAMPLEEXA",
            "arn": place.arn("iam", "user/alice"),
            "accountId": account,
            "accessKeyId": "AKIAEXAMPLEEXAMPLEEX",
            "userName": "alice",
        }),
        Caller::Role => role("operations"),
        Caller::AutoScaling => {
            let mut who = role("AWSServiceRoleForAutoScaling");
            who["invokedBy"] = "autoscaling.amazonaws.com".into();
            who
        }
        Caller::Root => json!({
            "type": "Root",
            "principalId": account,
            "arn": place.arn("iam", "root"),
            "accountId": account,
            "accessKeyId": "ASIAEXAMPLEEXAMPLEEX",
            "sessionContext": { "attributes": { "creationDate": "2025-01-15T09:00:00Z", "mfaAuthenticated": "true" } },
        }),
        Caller::Unknown => json!({
            "type": "IAMUser",
            "accountId": account,
            "accessKeyId": "",
            "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        account: "111122223333",
        partition: "aws",
        region: "us-east-1",
    };

    fn event(control: &str, id: &str) -> Event {
        let all = all().unwrap();
        all.into_iter().find(|e| e.control == control && e.id == id).unwrap()
    }

    #[test]
    fn every_control_has_its_events() {
        let all = all().unwrap();
        assert_eq!(controls(&all).len(), 18);
        let required = |control: &str| {
            all.iter()
                .filter(|e| e.control == control && e.level <= Level::Cis)
                .count()
        };
        assert_eq!(required("alarm-iam-policy-changes"), 16);
        assert_eq!(required("alarm-organizations-changes"), 18);
        assert_eq!(required("alarm-s3-bucket-policy-changes"), 9);
        assert_eq!(required("alarm-ec2-instance-lifecycle"), 5);
        let ids: BTreeSet<_> = all.iter().map(|e| (&e.control, &e.id)).collect();
        assert_eq!(ids.len(), all.len());
        for event in &all {
            let titles: Vec<_> = event.forms(HERE).into_iter().map(|form| form.title).collect();
            assert_eq!(titles, event.titles());
        }
    }

    #[test]
    fn calls_come_from_users_and_roles() {
        let forms = event("alarm-security-group-changes", "ec2:CreateSecurityGroup").forms(HERE);
        let kinds: Vec<_> = forms
            .iter()
            .map(|f| f.event["userIdentity"]["type"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["IAMUser", "AssumedRole"]);
        assert!(forms.iter().all(|f| f.event["userIdentity"].get("invokedBy").is_none()
            && f.event.get("errorCode").is_none()
            && !f.read_only
            && f.event["awsRegion"] == "us-east-1"));
    }

    #[test]
    fn sign_ins_have_the_shapes_of_cloudtrail() {
        let refused = &event("alarm-console-signin-failures", "signin:ConsoleLogin:IAMUser").forms(HERE)[0].event;
        assert_eq!(refused["responseElements"]["ConsoleLogin"], "Failure");
        assert_eq!(refused["errorMessage"], "Failed authentication");
        assert!(refused["userIdentity"].get("arn").is_none() && refused["userIdentity"]["accessKeyId"] == "");
        let root = event("alarm-root-login", "signin:ConsoleLogin:Root").forms(HERE);
        assert_eq!(root.len(), 2);
        assert!(root.iter().all(|f| f.event["userIdentity"]["type"] == "Root"
            && f.event["userIdentity"].get("userName").is_none()
            && f.event["eventType"] == "AwsConsoleSignIn"
            && f.event["requestParameters"].is_null()));
        let user = &event("alarm-console-login-without-mfa", "signin:ConsoleLogin:IAMUser").forms(HERE)[0].event;
        assert_eq!(user["additionalEventData"]["MFAUsed"], "No");
        assert!(user["userIdentity"].get("sessionContext").is_none());
    }

    #[test]
    fn refused_calls_read_and_write() {
        let forms = event("alarm-unauthorized-api-calls", "ec2:Client.UnauthorizedOperation").forms(HERE);
        assert_eq!(forms.len(), 4);
        assert_eq!(forms.iter().filter(|f| f.read_only).count(), 2);
        assert!(
            forms
                .iter()
                .all(|f| f.event["errorCode"] == "Client.UnauthorizedOperation")
        );
    }

    #[test]
    fn sign_ins_are_wrapped_in_both_spellings() {
        let root = &event("alarm-root-login", "signin:ConsoleLogin:Root").forms(HERE)[0].event;
        let wrapped = wrapped(root, "us-east-1");
        let kinds: Vec<_> = wrapped.iter().map(|e| e["detail-type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "AWS Console Sign In via CloudTrail",
                "AWS Console Signin via CloudTrail"
            ]
        );
        assert_eq!(wrapped[0]["source"], "aws.signin");
        assert_eq!(super::wrapped(&everyday(HERE), "us-east-1")[0]["source"], "aws.ec2");
    }
}
