//! CloudTrail's event history: what changed something, sign-ins, all that root did, and the
//! starts of root sessions (AssumeRoot). Other reads would only be noise, and there are very many.

use std::collections::BTreeSet;

use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use evidence::clock::Timestamp;
use evidence::gap::ReasonCode;
use evidence::record::{CloudtrailEvent, CloudtrailEventWindow};
use serde_json::{Map, Value};

use crate::convert::{text, time};
use crate::failure::Failure;
use crate::source::{Context, EventWindow, HistoryReached, Scope, Source, each_page, token};

const LOOKUP: &str = "cloudtrail:LookupEvents";

/// The events of each region.
pub static EVENTS: Source = Source {
    id: "cloudtrail.events",
    operations: &[LOOKUP],
    scope: Scope::Regional,
    tables: &["cloudtrail_event", "cloudtrail_event_window"],
    collect: |context| Box::pin(events(context)),
};

/// What is looked up. AWS takes one attribute a time; the lists overlap.
const LOOKUPS: [(LookupAttributeKey, &str); 3] = [
    (LookupAttributeKey::ReadOnly, "false"),
    (LookupAttributeKey::Username, "root"),
    (LookupAttributeKey::EventName, "AssumeRoot"),
];

async fn events(context: &Context<'_>) {
    let Some(window) = context.events else { return };
    let mut found: BTreeSet<String> = BTreeSet::new();
    let (mut complete, mut last) = (true, None);
    // One after the other: AWS allows two requests a second in all.
    for (list, (key, value)) in LOOKUPS.into_iter().enumerate() {
        let reached = HistoryReached {
            account: context.account.to_owned(),
            region: context.region.to_owned(),
            list,
            lists: LOOKUPS.len(),
            pages: 0,
            back_to: window.to,
            window,
        };
        let (exchange, whole) = lookup(context, reached, key, value, &mut found).await;
        complete &= whole;
        last = exchange.or(last);
    }
    if let Some(source) = last {
        context.put(&CloudtrailEventWindow {
            account: context.account.to_owned(),
            region: context.region.to_owned(),
            key: context.region.to_owned(),
            source,
            from_at: window.from,
            to_at: window.to,
            complete,
            events: i64::try_from(found.len()).unwrap_or(i64::MAX),
        });
    }
}

/// Reads one list; tells its last exchange, and whether it was read to its end. Rows go out page by page: of a
/// history there may be millions.
async fn lookup(
    context: &Context<'_>,
    mut reached: HistoryReached,
    key: LookupAttributeKey,
    value: &str,
    found: &mut BTreeSet<String>,
) -> (Option<u64>, bool) {
    let cloudtrail = context.session.cloudtrail(context.client_region);
    let moment = |at: Timestamp| aws_smithy_types::DateTime::from_secs(at.unix());
    let window = reached.window;
    // The value is there, so this cannot fail.
    let Ok(attribute) = LookupAttribute::builder()
        .attribute_key(key)
        .attribute_value(value)
        .build()
    else {
        return (None, false);
    };
    let mut exchange = None;
    let failure = each_page(
        |next| {
            cloudtrail
                .lookup_events()
                .lookup_attributes(attribute.clone())
                .start_time(moment(window.from))
                .end_time(moment(window.to))
                .max_results(50)
                .set_next_token(next)
                .send()
        },
        |page: &LookupEventsOutput| token(page.next_token()),
        |page| {
            exchange = Some(page.exchange);
            for event in page.output.events() {
                keep(context, event, page.exchange, found);
            }
            let earliest = page
                .output
                .events()
                .iter()
                .filter_map(|event| time(event.event_time()))
                .min();
            reached.pages += 1;
            reached.back_to = match page.output.next_token() {
                Some(_) => earliest.map_or(reached.back_to, |at| reached.back_to.min(at)),
                None => window.from,
            };
            context.reached(&reached);
        },
    )
    .await;
    let Some(mut failure) = failure else {
        return (exchange, true);
    };
    if reached.pages > 0 {
        failure.message = format!("{}; {}", failure.message, unread_days(window, reached.back_to));
    }
    context.gap(LOOKUP, None, &failure);
    (exchange, false)
}

/// Which days of the window are missing, where a list was read back to a moment.
pub fn unread_days(window: EventWindow, back_to: Timestamp) -> String {
    format!(
        "events from {} to {} were not read",
        window.from.day(),
        back_to.min(window.to).day()
    )
}

fn keep(context: &Context<'_>, event: &Event, exchange: u64, found: &mut BTreeSet<String>) {
    match read(context, event, exchange) {
        Ok(row) => {
            // The lists overlap: the first counts.
            if found.insert(row.event_id.clone()) && is_of_scope(context, &row) {
                context.put_away(&row);
            }
        }
        Err(why) => {
            let failure = Failure {
                code: ReasonCode::Unsupported,
                error_code: None,
                message: format!("the event cannot be read: {why}"),
                exchange: Some(exchange),
            };
            context.gap(LOOKUP, event.event_id().filter(|id| !id.is_empty()), &failure);
        }
    }
}

/// Services that are not bound to a region: their events stand in the partition's home.
const GLOBAL_EVENTS: &[&str] = &[
    "account",
    "artifact",
    "billing",
    "billingconsole",
    "cloudfront",
    "cloudtrail",
    "globalaccelerator",
    "health",
    "iam",
    "organizations",
    "payments",
    "route53",
    "route53domains",
    "shield",
    "signin",
    "sso",
    "sso-directory",
    "identitystore",
    "sts",
    "support",
    "tax",
    "trustedadvisor",
    "waf",
];

/// Of a region that is out of scope, the home of the partition, only the events of global services are rows, and all
/// that root did.
fn is_of_scope(context: &Context<'_>, event: &CloudtrailEvent) -> bool {
    let service = event.event_source.split('.').next().unwrap_or_default();
    context.regions.iter().any(|region| region == context.region)
        || GLOBAL_EVENTS.contains(&service)
        || event.user_type.as_deref() == Some("Root")
        || event.event_name == "AssumeRoot"
}

/// A row of what CloudTrail recorded.
fn read(context: &Context<'_>, event: &Event, source: u64) -> Result<CloudtrailEvent, String> {
    let document = event.cloud_trail_event().ok_or("CloudTrailEvent is missing")?;
    let event: Value = serde_json::from_str(document).map_err(|e| e.to_string())?;
    let event = event.as_object().ok_or("CloudTrailEvent is not a JSON object")?;
    let nothing = Map::new();
    let object = |of: &Map<String, Value>, name: &str| of.get(name).and_then(Value::as_object).cloned();
    let identity = object(event, "userIdentity").unwrap_or_else(|| nothing.clone());
    let session = object(&identity, "sessionContext").unwrap_or_else(|| nothing.clone());
    let issuer = object(&session, "sessionIssuer").unwrap_or_else(|| nothing.clone());
    let attributes = object(&session, "attributes").unwrap_or(nothing);
    let event_id = required(event, "eventID")?;
    Ok(CloudtrailEvent {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: event_id.clone(),
        source,
        event_id,
        event_time: required(event, "eventTime")?
            .parse()
            .map_err(|e| format!("eventTime: {e}"))?,
        event_source: required(event, "eventSource")?,
        event_name: required(event, "eventName")?,
        event_type: string(event, "eventType"),
        event_category: string(event, "eventCategory"),
        user_type: string(&identity, "type"),
        user_arn: string(&identity, "arn"),
        principal_id: string(&identity, "principalId"),
        username: string(&identity, "userName"),
        access_key_id: string(&identity, "accessKeyId"),
        issuer_arn: string(&issuer, "arn"),
        invoked_by: string(&identity, "invokedBy"),
        source_ip: string(event, "sourceIPAddress"),
        user_agent: string(event, "userAgent"),
        error_code: string(event, "errorCode"),
        error_message: string(event, "errorMessage"),
        read_only: flag(event, "readOnly"),
        recipient_account: string(event, "recipientAccountId"),
        aws_region: string(event, "awsRegion"),
        mfa_authenticated: flag(&attributes, "mfaAuthenticated"),
        session_created_at: string(&attributes, "creationDate").and_then(|at| at.parse().ok()),
        request_parameters: json(event, "requestParameters"),
        response_elements: json(event, "responseElements"),
        additional_event_data: json(event, "additionalEventData"),
    })
}

fn string(object: &Map<String, Value>, name: &str) -> Option<String> {
    text(object.get(name).and_then(Value::as_str))
}

fn required(object: &Map<String, Value>, name: &str) -> Result<String, String> {
    string(object, name).ok_or_else(|| format!("{name} is missing"))
}

/// CloudTrail writes some flags as text.
fn flag(object: &Map<String, Value>, name: &str) -> Option<bool> {
    match object.get(name)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `serde_json` keeps keys sorted, so the same value has the same text.
fn json(object: &Map<String, Value>, name: &str) -> Option<String> {
    let value = object.get(name).filter(|value| !value.is_null())?;
    serde_json::to_string(value).ok()
}

#[cfg(test)]
mod tests {
    use aws_config::SdkConfig;

    use super::*;
    use crate::session::Session;

    fn row(document: Option<&str>) -> Result<CloudtrailEvent, String> {
        let session = Session::live(SdkConfig::builder().build(), None);
        let context = Context::new(&session, "111122223333", "us-east-1", "us-east-1", &[]);
        let event = Event::builder()
            .event_id("e")
            .set_cloud_trail_event(document.map(str::to_owned));
        read(&context, &event.build(), 7)
    }

    #[test]
    fn an_event_of_a_role_session() {
        let event = row(Some(
            r#"{"eventID":"e-1","eventTime":"2025-06-01T10:00:00Z","eventSource":"iam.amazonaws.com",
            "eventName":"CreateUser","readOnly":false,"requestParameters":{"b":1.5,"a":{"aws:x":"y"}},
            "responseElements":null,"userIdentity":{"type":"AssumedRole","accessKeyId":"ASIAEXAMPLE",
            "sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/deploy"},
            "attributes":{"creationDate":"2025-06-01T09:00:00Z","mfaAuthenticated":"false"}}}}"#,
        ))
        .unwrap();
        assert_eq!(
            event.issuer_arn.as_deref(),
            Some("arn:aws:iam::111122223333:role/deploy")
        );
        assert_eq!(event.mfa_authenticated, Some(false));
        assert_eq!(event.session_created_at.unwrap().to_string(), "2025-06-01T09:00:00Z");
        assert_eq!(
            event.request_parameters.as_deref(),
            Some(r#"{"a":{"aws:x":"y"},"b":1.5}"#)
        );
        assert_eq!(event.response_elements, None);
        assert_eq!((event.source, event.error_code), (7, None));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (document, why) in [
            (None, "missing"),
            (Some("no json"), "expected"),
            (Some("[]"), "not a JSON object"),
            (Some(r#"{"eventTime":"2025-06-01T10:00:00Z"}"#), "eventID is missing"),
            (
                Some(r#"{"eventID":"e","eventTime":"yesterday","eventSource":"s","eventName":"n"}"#),
                "eventTime",
            ),
        ] {
            let said = row(document).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn the_window_ends_where_the_run_begins() {
        let at: Timestamp = "2025-06-30T12:00:00Z".parse().unwrap();
        let window = EventWindow::of(at, 90);
        assert_eq!(
            (window.from.to_string().as_str(), window.to),
            ("2025-04-01T13:00:00Z", at),
            "an hour less than CloudTrail keeps"
        );
        assert_eq!(EventWindow::of(at, 400), window);
        assert_eq!(EventWindow::of(at, 7).from.to_string(), "2025-06-23T12:00:00Z");
    }
}
