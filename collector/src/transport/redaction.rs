//! Values that are taken out of answers before anything of them is stored, or parsed.
//!
//! Most secrets are never asked for: no operation in `operations.toml` reads user data, launch
//! templates, parameters or functions. What other answers may hold all the same is on the one list
//! here, [`RULES`]; `docs/locker-format.md` prints it. A rule names a field by the end of its path
//! (array brackets and letter case do not count). Only the value is replaced: the answer stays the
//! XML or JSON that it was, so rows come out of it now as they will later, when it is replayed.

mod json;
mod xml;

use std::ops::Range;

pub use evidence::exchange::Withheld;

/// What stands in place of a value; four-letter groups, so that it is base64 too.
pub const REDACTED: &str = "redacted";

/// What of a field's value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Every text in it, however deep.
    Whole,
    /// All of an http(s) address behind the host, and the user in front of it; other texts stay.
    Address,
    /// It is JSON written into a text: the values of [`SECRET_NAMES`] in it.
    Document,
}

/// A field that may hold a secret.
#[derive(Debug)]
pub struct Rule {
    /// Its name in `exchanges.jsonl`.
    pub id: &'static str,
    /// Service as in `operations.toml`.
    pub service: &'static str,
    /// Operations whose answers have the field.
    pub operations: &'static [&'static str],
    /// End of the path to it.
    pub field: &'static [&'static str],
    /// What of it is replaced.
    pub what: What,
    /// What it may hold, in the words of `docs/locker-format.md`.
    #[cfg_attr(not(test), allow(dead_code, reason = "for whoever reads the list"))]
    pub why: &'static str,
}

const fn rule(
    id: &'static str,
    service: &'static str,
    operations: &'static [&'static str],
    field: &'static [&'static str],
    what: What,
    why: &'static str,
) -> Rule {
    Rule {
        id,
        service,
        operations,
        field,
        what,
        why,
    }
}

/// All rules.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("apigateway-stage-variables", "apigateway", &["GetStages"], &["variables"], What::Whole,
        "stage variables, where people keep keys of back ends"),
    rule("apigateway-canary-variables", "apigateway", &["GetStages"], &["stageVariableOverrides"], What::Whole,
        "stage variables of a canary, where people keep keys of back ends"),
    rule("cloudformation-resource-properties", "cloudformation", &["DescribeStackEvents"], &["ResourceProperties"], What::Whole,
        "properties of a resource: user data, environment variables, passwords"),
    rule("cloudfront-origin-header", "cloudfront", &["ListDistributions"], &["HeaderValue"], What::Whole,
        "the header by which an origin knows CloudFront, a shared secret"),
    rule("cloudtrail-event", "cloudtrail", &["LookupEvents"], &["CloudTrailEvent"], What::Document,
        "parameters and answers of any call: session tokens, user data, environment variables"),
    rule("elbv2-client-secret", "elbv2", &["DescribeListeners", "DescribeRules"], &["ClientSecret"], What::Whole,
        "the secret of an OpenID Connect client"),
    rule("elbv2-header-condition", "elbv2", &["DescribeRules"], &["HttpHeaderConfig", "Values"], What::Whole,
        "the header by which a load balancer knows CloudFront, a shared secret"),
    rule("events-http-parameters", "events", &["ListTargetsByRule"], &["HttpParameters"], What::Whole,
        "headers and query strings sent to an address: API keys"),
    rule("events-input", "events", &["ListTargetsByRule"], &["Input"], What::Document,
        "constant input of a target: environment variables of a container"),
    rule("events-input-template", "events", &["ListTargetsByRule"], &["InputTemplate"], What::Whole,
        "the input of a target with places to fill in"),
    rule("fsx-password", "fsx", &["DescribeFileSystems"], &["FsxAdminPassword"], What::Whole,
        "the password of an ONTAP file system's fsxadmin user"),
    rule("guardduty-command-line", "guardduty", &["GetFindings"], &["CommandLineExample"], What::Whole,
        "a command line with whatever was typed into it"),
    rule("iam-mfa-seed", "iam", &["ListVirtualMFADevices"], &["Base32StringSeed"], What::Whole,
        "the seed of a virtual MFA device"),
    rule("iam-mfa-picture", "iam", &["ListVirtualMFADevices"], &["QRCodePNG"], What::Whole,
        "the same seed as a picture"),
    rule("rds-password", "rds", &["DescribeDBClusters", "DescribeDBInstances"], &["MasterUserPassword"], What::Whole,
        "the password to come of a database's master user"),
    rule("redshift-password", "redshift", &["DescribeClusters"], &["MasterUserPassword"], What::Whole,
        "the password to come of a cluster's admin user"),
    rule("securityhub-environment", "securityhub", &["GetFindings"], &["Environment"], What::Whole,
        "environment variables of a function, a container or a build"),
    rule("securityhub-user-data", "securityhub", &["GetFindings"], &["UserData"], What::Whole,
        "user data of an instance"),
    rule("sns-endpoint", "sns", &["ListSubscriptionsByTopic"], &["Endpoint"], What::Address,
        "the address of a web hook, whose path is its key"),
    rule("wafv2-header", "wafv2", &["GetWebACL", "GetWebACLForResource"], &["InsertHeaders", "Value"], What::Whole,
        "a header put into requests, by which what is behind knows the firewall"),
    rule("wafv2-search-string", "wafv2", &["GetWebACL", "GetWebACLForResource"], &["SearchString"], What::Whole,
        "text that a request must hold: shared secrets"),
];

/// Names of secrets inside a [`What::Document`].
pub const SECRET_NAMES: &[&str] = &[
    "accessToken",
    "adminPassword",
    "authToken",
    "base32StringSeed",
    "clientSecret",
    "environment",
    "environmentVariables",
    "masterPassword",
    "masterUserPassword",
    "newPassword",
    "oauthToken",
    "oldPassword",
    "parameterValue",
    "password",
    "plaintext",
    "privateKey",
    "qRCodePNG",
    "refreshToken",
    "secretAccessKey",
    "secretBinary",
    "secretString",
    "sessionToken",
    "userData",
    "variables",
    "webIdentityToken",
];

/// What AWS itself writes in place of a secret.
const HIDDEN: &[&str] = &["HIDDEN_DUE_TO_SECURITY_REASONS", "<sensitiveDataRemoved>", REDACTED];

/// An answer without its secrets.
#[derive(Debug, PartialEq, Eq)]
pub struct Redacted {
    /// What is stored and parsed.
    pub body: Vec<u8>,
    /// What was taken out, in the order of its places.
    pub withheld: Vec<Withheld>,
}

/// A value to be replaced.
struct Hit {
    /// The bytes to go, as they stand in the body.
    span: Range<usize>,
    /// Which of [`RULES`].
    rule: usize,
    with: String,
}

/// A field of a path: does it end as the rule says?
fn ends_in<S: AsRef<str>>(path: &[S], field: &[&str]) -> bool {
    path.len() >= field.len()
        && path[path.len() - field.len()..]
            .iter()
            .zip(field)
            .all(|(name, wanted)| name.as_ref().eq_ignore_ascii_case(wanted))
}

/// The first rule for a text at the end of this path.
fn ruled<S: AsRef<str>>(path: &[S], rules: &[(usize, &Rule)]) -> Option<(usize, What)> {
    rules.iter().find_map(|(n, rule)| {
        let inside = match rule.what {
            // Everything below the field, too.
            What::Whole => (1..=path.len()).any(|end| ends_in(&path[..end], rule.field)),
            What::Address | What::Document => ends_in(path, rule.field),
        };
        inside.then_some((*n, rule.what))
    })
}

fn is_hidden(text: &str) -> bool {
    text.trim().is_empty() || text.bytes().all(|b| b == b'*') || HIDDEN.contains(&text)
}

/// What stands in place of this text, if anything has to.
fn replacement(text: &str, what: What) -> Option<String> {
    if is_hidden(text) {
        return None;
    }
    match what {
        What::Whole => Some(REDACTED.to_owned()),
        What::Address => address(text),
        What::Document => {
            let hits = json::secrets(text.as_bytes());
            // No JSON, or JSON with an end that cannot be read: nobody knows what it holds.
            let Ok(hits) = hits else {
                return Some(REDACTED.to_owned());
            };
            let body = replaced(text.as_bytes(), &hits)?;
            String::from_utf8(body).ok()
        }
    }
}

/// `https://user@host/path?query` without user, path and query.
fn address(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let plain = host.len() == end && matches!(&rest[end..], "" | "/" | "/redacted");
    (!plain).then(|| format!("{scheme}://{host}/{REDACTED}"))
}

/// The body with every hit replaced; `None` if there is none.
fn replaced(body: &[u8], hits: &[Hit]) -> Option<Vec<u8>> {
    if hits.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    for hit in hits {
        out.extend_from_slice(&body[at..hit.span.start]);
        out.extend_from_slice(hit.with.as_bytes());
        at = hit.span.end;
    }
    out.extend_from_slice(&body[at..]);
    Some(out)
}

/// Takes out of an answer what the rules for its operation name; `None` if that is nothing.
pub fn redact(service: &str, operation: &str, body: &[u8]) -> Option<Redacted> {
    let rules: Vec<(usize, &Rule)> = RULES
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.service == service && rule.operations.contains(&operation))
        .collect();
    if rules.is_empty() || body.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let is_xml = body.trim_ascii_start().starts_with(b"<");
    let (mut hits, read_to) = if is_xml {
        xml::hits(body, &rules)
    } else {
        json::hits(body, &rules)
    };
    if read_to < body.len() {
        // It broke off, or is something else: the rest is not kept, as nobody can say what it holds.
        hits.retain(|hit| hit.span.end <= read_to);
        let (first, _) = rules[0];
        hits.push(Hit {
            span: read_to..body.len(),
            rule: first,
            with: REDACTED.to_owned(),
        });
    }
    let withheld = hits
        .iter()
        .map(|hit| Withheld {
            rule: RULES[hit.rule].id.to_owned(),
            field: RULES[hit.rule].field.join("."),
            original: body[hit.span.clone()].to_vec(),
        })
        .collect();
    Some(Redacted {
        body: replaced(body, &hits)?,
        withheld,
    })
}

#[cfg(test)]
mod tests;
