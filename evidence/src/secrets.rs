//! Texts that look like secrets, found in what is stored.
//!
//! A finding says where and what kind, never what. Looking is by shape, so it can miss and it can
//! be wrong; it is tuned to be silent about what evidence is full of: digests, ARNs, request ids,
//! paging tokens, certificates.

use serde::Serialize;

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Forty letters as of an AWS secret access key, close to an access key id or a telling name.
    AwsSecretKey,
    /// A session token of AWS.
    AwsSessionToken,
    /// The head of a private key in PEM.
    PrivateKey,
    /// A JSON web token with a signature.
    Jwt,
    /// A token of GitHub.
    GithubToken,
    /// A token or a web hook of Slack.
    SlackToken,
    /// A live key of Stripe.
    StripeKey,
    /// A value under a name that ends in `password` or the like.
    Password,
    /// A value as random as a key, under a name that ends in `secret`, `apikey` or the like.
    RandomValue,
}

impl Kind {
    /// For a person.
    pub fn describe(self) -> &'static str {
        match self {
            Self::AwsSecretKey => "an AWS secret access key",
            Self::AwsSessionToken => "an AWS session token",
            Self::PrivateKey => "a private key",
            Self::Jwt => "a JSON web token",
            Self::GithubToken => "a GitHub token",
            Self::SlackToken => "a Slack token",
            Self::StripeKey => "a Stripe key",
            Self::Password => "a password",
            Self::RandomValue => "a random value under a telling name",
        }
    }
}

/// Where something looks like a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Suspicion {
    /// Byte at which it begins, from 0.
    pub at: usize,
    /// What it looks like.
    pub kind: Kind,
}

/// How far from an access key id a secret key may stand.
const NEAR: usize = 300;

/// Everything in these bytes that looks like a secret, in order.
pub fn scan(bytes: &[u8]) -> Vec<Suspicion> {
    let mut found = Vec::new();
    let mut keys: Vec<usize> = Vec::new();
    let mut candidates: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_token(bytes[at]) {
            at += 1;
            continue;
        }
        let length = bytes[at..]
            .iter()
            .position(|b| !is_token(*b))
            .unwrap_or(bytes.len() - at);
        let token = &bytes[at..at + length];
        if token.ends_with(b"-----BEGIN") && is_private_key(&bytes[at + length..]) {
            let at = at + length - b"-----BEGIN".len();
            found.push(Suspicion {
                at,
                kind: Kind::PrivateKey,
            });
        } else if is_access_key_id(token) {
            keys.push(at);
        } else if is_secret_key(token) {
            candidates.push(at);
        } else if let Some(kind) = of_known_form(token) {
            found.push(Suspicion { at, kind });
        }
        if let Some(telling) = telling(token)
            && let Some(suspicion) = assigned(bytes, at + length, telling)
        {
            found.push(suspicion);
        }
        at += length;
    }
    let near = |at: &usize| keys.iter().any(|key| key.abs_diff(*at) < NEAR);
    for at in candidates {
        if near(&at) && !found.iter().any(|suspicion| suspicion.at == at) {
            found.push(Suspicion {
                at,
                kind: Kind::AwsSecretKey,
            });
        }
    }
    found.sort();
    found.dedup_by_key(|suspicion| suspicion.at);
    found
}

/// Letters of keys and names. Slash and plus are of base64; a dot joins the parts of a JWT.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_/+.-".contains(&byte)
}

fn is_private_key(text: &[u8]) -> bool {
    let line = &text[..text.len().min(60)];
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    line.windows(16).any(|window| window == b"PRIVATE KEY-----")
        || line.windows(21).any(|window| window == b"PRIVATE KEY BLOCK----")
}

fn is_access_key_id(token: &[u8]) -> bool {
    token.len() == 20
        && (token.starts_with(b"AKIA") || token.starts_with(b"ASIA"))
        && token.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Forty letters of base64 that are no digest, no name and no path.
fn is_secret_key(token: &[u8]) -> bool {
    let count = |of: fn(&u8) -> bool| token.iter().filter(|b| of(b)).count();
    token.len() == 40
        && token.iter().all(|b| b.is_ascii_alphanumeric() || b"/+".contains(b))
        && count(u8::is_ascii_uppercase) >= 5
        && count(u8::is_ascii_lowercase) >= 5
        && count(u8::is_ascii_digit) >= 1
        && bits(token) >= 4.2
}

fn of_known_form(token: &[u8]) -> Option<Kind> {
    let begins = |with: &[&[u8]]| with.iter().any(|start| token.starts_with(start));
    if begins(&[b"FwoGZXIvYXdz", b"IQoJb3JpZ2lu", b"FQoGZXIvYXdz"]) && token.len() >= 100 {
        return Some(Kind::AwsSessionToken);
    }
    if let Some(hook) = token
        .windows(25)
        .position(|window| window == b"hooks.slack.com/services/")
    {
        return (token.len() > hook + 25 + 20).then_some(Kind::SlackToken);
    }
    // What is below has no slash in it, but may stand in an address.
    token.split(|b| *b == b'/').find_map(of_known_form_in_an_address)
}

fn of_known_form_in_an_address(token: &[u8]) -> Option<Kind> {
    let all = |from: usize, ok: fn(&u8) -> bool| token.len() > from && token[from..].iter().all(ok);
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let dashed = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    let github = [&b"ghp_"[..], b"gho_", b"ghu_", b"ghs_", b"ghr_"];
    let slack = [
        &b"xoxa-"[..],
        b"xoxb-",
        b"xoxp-",
        b"xoxr-",
        b"xoxs-",
        b"xoxe-",
        b"xapp-",
    ];
    let stripe = [&b"sk_live_"[..], b"rk_live_"];
    let begins = |with: &[&[u8]]| with.iter().any(|start| token.starts_with(start));
    if begins(&github) && token.len() >= 40 && all(4, u8::is_ascii_alphanumeric)
        || token.starts_with(b"github_pat_") && token.len() >= 50 && all(11, word)
    {
        return Some(Kind::GithubToken);
    }
    if begins(&slack) && token.len() >= 20 && all(5, dashed) {
        return Some(Kind::SlackToken);
    }
    if begins(&stripe) && token.len() >= 24 && all(8, u8::is_ascii_alphanumeric) {
        return Some(Kind::StripeKey);
    }
    if token.starts_with(b"eyJ") {
        let parts: Vec<&[u8]> = token.split(|b| *b == b'.').collect();
        let ok = parts.len() == 3 && parts[1].starts_with(b"eyJ") && parts.iter().all(|part| part.len() >= 16);
        return ok.then_some(Kind::Jwt);
    }
    None
}

/// What a value under a name may be.
fn telling(name: &[u8]) -> Option<Kind> {
    const PASSWORDS: [&[u8]; 3] = [b"password", b"passwd", b"passphrase"];
    const RANDOM: [&[u8]; 8] = [
        b"secret",
        b"apikey",
        b"api_key",
        b"api-key",
        b"secretkey",
        b"secret_key",
        b"secretaccesskey",
        b"secret_access_key",
    ];
    const TOKENS: [&[u8]; 4] = [b"accesstoken", b"access_token", b"authtoken", b"auth_token"];
    let ends = |with: &[&[u8]]| {
        with.iter()
            .any(|end| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end))
    };
    if ends(&PASSWORDS) {
        Some(Kind::Password)
    } else if ends(&RANDOM) || ends(&TOKENS) {
        Some(Kind::RandomValue)
    } else {
        None
    }
}

/// What is assigned to a name that ends at `end`: after `=`, `:` or the end of an XML tag, quoted or
/// not, in JSON or in JSON inside JSON.
fn assigned(bytes: &[u8], end: usize, telling: Kind) -> Option<Suspicion> {
    let mut at = end;
    let skip = |at: &mut usize, any: &[u8], most: usize| {
        let start = *at;
        while *at - start < most && bytes.get(*at).is_some_and(|b| any.contains(b)) {
            *at += 1;
        }
        *at - start
    };
    skip(&mut at, b"\"'\\", 4);
    skip(&mut at, b" ", 2);
    if skip(&mut at, b"=:>", 1) == 0 {
        return None;
    }
    skip(&mut at, b" ", 2);
    let quotes = skip(&mut at, b"\"'\\", 4);
    let value = &bytes[at.min(bytes.len())..];
    let stop = |b: &u8| b.is_ascii_whitespace() || b"\"'\\<>&,;(){}[]".contains(b) || !b.is_ascii_graphic();
    let length = value.iter().position(stop).unwrap_or(value.len());
    let value = &value[..length];
    let kind = match telling {
        Kind::Password => is_password(value).then_some(Kind::Password),
        _ if is_secret_key(value) => Some(Kind::AwsSecretKey),
        _ => (quotes > 0 && is_random(value)).then_some(Kind::RandomValue),
    };
    Some(Suspicion { at, kind: kind? })
}

/// Something a person or a program chose, and no placeholder, no name of a place, no policy.
fn is_password(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let kinds = [
        value.iter().any(u8::is_ascii_lowercase),
        value.iter().any(u8::is_ascii_uppercase),
        value.iter().any(u8::is_ascii_digit),
        value.iter().any(u8::is_ascii_punctuation),
    ];
    (6..=128).contains(&value.len())
        && kinds.iter().filter(|there| **there).count() >= 2
        && !is_place_holder(text)
        && !text.contains("://")
        && !text.starts_with("arn:")
        && !text.starts_with('/')
        && !text.bytes().all(|b| b.is_ascii_digit() || b"-:.TZ+".contains(&b))
}

fn is_place_holder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.starts_with(['$', '%', '<', '*', '#'])
        || [
            "redacted",
            "hidden",
            "removed",
            "example",
            "placeholder",
            "changeme",
            "xxxx",
            "resolve:",
        ]
        .iter()
        .any(|word| lower.contains(word))
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
            [
                "password", "passwd", "secret", "true", "false", "null", "none", "enabled", "disabled",
            ]
            .contains(&word)
        })
}

/// As random as a key: no digest, no UUID, no ARN, no address, no sentence.
fn is_random(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let is_hex = value.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    (20..=256).contains(&value.len())
        && !is_hex
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase)
        && !is_place_holder(text)
        && !text.contains(':')
        && bits(value) >= 4.0
}

/// Bits that a letter of this text tells, by how often each occurs in it.
fn bits(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let all = text.len() as f64;
    counts
        .iter()
        .filter(|n| **n > 0)
        .map(|n| {
            let share = f64::from(*n) / all;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty letters that no key of AWS has; put together here, so that no file holds them.
    fn secret_key() -> String {
        ["wJalrXUtnFEMI", "/K7MDENG/", "bPxRfiCYzQ8vT4hLp"].concat()[..38].to_owned() + "k3"
    }

    fn kinds(text: &str) -> Vec<Kind> {
        scan(text.as_bytes()).into_iter().map(|found| found.kind).collect()
    }

    #[test]
    fn secrets_are_found() {
        let key = secret_key();
        assert_eq!(key.len(), 40);
        let long = "x1Y2z3".repeat(20);
        let jwt_body = ["eyJ", "zdWIiOiIxMjM0NTY3ODkwIn0"].concat();
        for (text, kind) in [
            (
                format!("<Id>AKIAIOSFODNN7EXAMPLE</Id><Key>{key}</Key>"),
                Kind::AwsSecretKey,
            ),
            (format!("AWS_SECRET_ACCESS_KEY={key}"), Kind::AwsSecretKey),
            (format!(r#"{{"secretAccessKey": "{key}"}}"#), Kind::AwsSecretKey),
            (
                format!("{{\"sessionToken\":\"FwoGZXIvYXdz{long}\"}}"),
                Kind::AwsSessionToken,
            ),
            ("x -----BEGIN RSA PRIVATE KEY-----\nMII".to_owned(), Kind::PrivateKey),
            ("-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(), Kind::PrivateKey),
            (
                format!("Bearer eyJhbGciOiJIUzI1NiJ9.{jwt_body}.abcdefghijklmnop_-QRSTUV"),
                Kind::Jwt,
            ),
            (
                format!("git clone https://ghp_{}@github.com/a/b", "aB3".repeat(12)),
                Kind::GithubToken,
            ),
            (format!("token github_pat_{}", "11AAbb_".repeat(8)), Kind::GithubToken),
            (format!("xoxb-{}", "123456789012-abcDEF"), Kind::SlackToken),
            (
                format!("https://hooks.slack.com/services/T000/B000/{}", "aB3".repeat(8)),
                Kind::SlackToken,
            ),
            (format!("sk_live_{}", "4eC39HqLyjWDarjtT1zdp7dc"), Kind::StripeKey),
            ("jdbc:mysql://h/d?user=a&password=s3cr3t-pw!".to_owned(), Kind::Password),
            (r#"{"MasterUserPassword":"Corr3ctHorse"}"#.to_owned(), Kind::Password),
            (
                r#"{"a":"{\"db_password\": \"Corr3ctHorse\"}"}"#.to_owned(),
                Kind::Password,
            ),
            ("<Password>Corr3ctHorse</Password>".to_owned(), Kind::Password),
            (
                r#"{"clientSecret":"q8Zr2Lx0Vb7Nn4Tt1Kk9Pp3Ss"}"#.to_owned(),
                Kind::RandomValue,
            ),
        ] {
            assert_eq!(kinds(&text), [kind], "{text}");
            let at = scan(text.as_bytes())[0].at;
            assert!(at < text.len());
        }
    }

    #[test]
    fn look_alikes_are_not() {
        let certificate = "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ".repeat(12);
        for text in [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709 AKIAIOSFODNN7EXAMPLE",
            "<AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-password-AbCdEf",
            r#"{"Name":"prod/db-password","SecretList":[],"ARN":"arn:aws:secretsmanager:x:1:secret:a"}"#,
            r#"{"NextToken":"AAMA-EFRSURBSGhtaTNhTzZQdmlqRlpyN0dZQ1pKRTk4Q1dYZm1mTjJ0a1p4"}"#,
            "<RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId>",
            "<PasswordLastUsed>2025-06-01T08:00:00Z</PasswordLastUsed><MinimumPasswordLength>14</MinimumPasswordLength>",
            "user,arn,password_enabled,password_last_used\nann,arn:aws:iam::1:user/ann,true,2025-01-01T00:00:00+00:00",
            r#"{"MasterUserPassword":"****","password":"redacted","Password":"${db}","passwd":"null"}"#,
            "{\"eventName\":\"GetPasswordData\",\"password\":\"HIDDEN_DUE_TO_SECURITY_REASONS\"}",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----",
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html",
            r#"{"ManageMasterUserPassword":true,"MasterUserSecret":{"SecretArn":"arn:aws:x","SecretStatus":"active"}}"#,
            r#"{"key":"alias/aws/secretsmanager","KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#,
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc eyJhbGciOiJIUzI1NiJ9 xoxb-short",
            certificate.as_str(),
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn the_place_is_where_it_begins() {
        let text = "abc password=Corr3ctHorse";
        assert_eq!(&text[scan(text.as_bytes())[0].at..], "Corr3ctHorse");
        for cut in 0..text.len() {
            let _ = scan(&text.as_bytes()[cut..]);
            let _ = scan(&text.as_bytes()[..cut]);
        }
    }
}
