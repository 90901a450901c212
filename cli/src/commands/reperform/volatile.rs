//! What of an answer changes with every request, and is no difference: request ids.

use serde_json::Value;

/// Elements and members that name the request.
const NAMES: [&str; 5] = ["RequestId", "requestId", "RequestID", "HostId", "ResponseMetadata"];

/// The answer without them: JSON in one form, XML without these elements, anything else as it is.
pub fn stable(body: &[u8]) -> Vec<u8> {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| !NAMES.contains(&name.as_str()));
        }
        return value.to_string().into_bytes();
    }
    let Ok(mut text) = String::from_utf8(body.to_vec()) else {
        return body.to_vec();
    };
    for name in NAMES {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        while let Some(start) = text.find(&open)
            && let Some(length) = text[start..].find(&close)
        {
            text.replace_range(start..start + length + close.len(), "");
        }
    }
    text.into_bytes()
}

/// AWS's error code in an answer, for a person: `, AccessDenied`; empty where there is none.
pub fn error(body: Option<&[u8]>) -> String {
    let body = body.unwrap_or_default();
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let code = ["__type", "code", "Code"].iter().find_map(|name| value[*name].as_str());
        return code.map_or_else(String::new, |code| {
            format!(", {}", code.rsplit('#').next().unwrap_or(code))
        });
    }
    let text = String::from_utf8_lossy(body);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(String::new, |(code, _)| format!(", {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_no_difference() {
        let xml = |id: &str| format!("<R><A>1</A><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></R>");
        assert_eq!(stable(xml("a").as_bytes()), stable(xml("b").as_bytes()));
        assert_eq!(stable(br#"{"b":1,"a":2,"RequestId":"x"}"#), stable(br#"{"a":2,"b":1}"#));
        assert_ne!(stable(b"<R><A>1</A></R>"), stable(b"<R><A>2</A></R>"));
        assert_ne!(
            stable(br#"{"a":{"RequestId":"x"}}"#),
            stable(br#"{"a":{"RequestId":"y"}}"#)
        );
        assert_eq!(stable(b"<RequestId>never ends"), b"<RequestId>never ends");
    }

    #[test]
    fn the_code_of_an_error() {
        assert_eq!(
            error(Some(br#"{"__type":"com.amazonaws#AccessDeniedException"}"#)),
            ", AccessDeniedException"
        );
        assert_eq!(
            error(Some(b"<Error><Code>AccessDenied</Code></Error>")),
            ", AccessDenied"
        );
        assert_eq!(error(None), "");
    }
}
