//! Lists of allowed signers: `principals [options] key`, as `ssh-keygen(1)` describes them.
//!
//! ```text
//! owner@acme namespaces="evidence-*@exhibit.v1",valid-after="20250101Z" ssh-ed25519 AAAA… comment
//! ```
//!
//! Read strictly: one line that cannot be used refuses the list, where `ssh-keygen` skips it as long
//! as its principals do not match. Times are UTC, see [`validity::moment`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::wire::Reader;
use super::{PublicKey, SignatureError, error, pattern, validity};
use crate::clock::Timestamp;

/// Keys that `ssh-keygen` reads and that sign nothing here: their lines are passed over.
const OTHER_KINDS: [&str; 5] = [
    "ssh-rsa",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];
const OUR_KINDS: [&str; 2] = ["ssh-ed25519", "ecdsa-sha2-nistp256"];

const BLANKS: [char; 2] = [' ', '\t'];

/// Who may sign, with which key, for what and when.
#[derive(Clone, Debug)]
pub struct AllowedSigners(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    principals: String,
    options: Options,
    /// `None` for a kind that is not supported.
    key: Option<PublicKey>,
}

#[derive(Clone, Debug, Default)]
struct Options {
    namespaces: Option<String>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

impl AllowedSigners {
    /// Reads the list. `cert-authority` is refused: certificates are not supported.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let mut lines = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim_matches(BLANKS);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parsed = parse_line(line).map_err(|why| SignatureError::AllowedSigners { line: i + 1, why })?;
            lines.push(parsed);
        }
        Ok(Self(lines))
    }

    /// May the key sign as `identity`, for the namespace, at that time? One line must say so whole.
    pub fn check(&self, key: &PublicKey, identity: &str, namespace: &str, at: Timestamp) -> Result<(), SignatureError> {
        let fingerprint = key.fingerprint();
        let mut refusal = SignatureError::NotAllowed {
            identity: error::shown(identity.as_bytes()),
            fingerprint,
        };
        // A pattern such as `*` would match nobody, too.
        if identity.is_empty() {
            return Err(refusal);
        }
        for line in &self.0 {
            if line.key.as_ref() != Some(key) || !pattern::list_matches(&line.principals, identity) {
                continue;
            }
            match line.options.check(key, namespace, at) {
                Ok(()) => return Ok(()),
                Err(nearer) => refusal = nearer,
            }
        }
        Err(refusal)
    }
}

impl Options {
    /// Both ends of the window belong to it, as with `ssh-keygen`.
    fn check(&self, key: &PublicKey, namespace: &str, at: Timestamp) -> Result<(), SignatureError> {
        let fingerprint = key.fingerprint();
        if let Some(list) = &self.namespaces
            && !pattern::list_matches(list, namespace)
        {
            return Err(SignatureError::NamespaceNotAllowed {
                fingerprint,
                namespace: error::shown(namespace.as_bytes()),
            });
        }
        if let Some(valid_after) = self.valid_after
            && at < valid_after
        {
            return Err(SignatureError::NotYetValid {
                fingerprint,
                valid_after,
                at,
            });
        }
        if let Some(valid_before) = self.valid_before
            && at > valid_before
        {
            return Err(SignatureError::Expired {
                fingerprint,
                valid_before,
                at,
            });
        }
        Ok(())
    }

    fn parse(mut text: &str) -> Result<Self, String> {
        let mut options = Self::default();
        while !text.is_empty() {
            let (name, value, rest) = next_option(text)?;
            let known = match (name.to_ascii_lowercase().as_str(), value) {
                ("cert-authority", _) => {
                    return Err("`cert-authority` is not supported: list the signer's own key".into());
                }
                ("namespaces", Some(list)) => {
                    check_patterns(&list)?;
                    options.namespaces.replace(list).is_none()
                }
                ("valid-after", Some(time)) => options.valid_after.replace(moment(&time)?).is_none(),
                ("valid-before", Some(time)) => options.valid_before.replace(moment(&time)?).is_none(),
                _ => {
                    let name = error::shown(name.as_bytes());
                    return Err(format!("`{name}` is neither a kind of key nor an option with a value"));
                }
            };
            if !known {
                return Err(format!("`{}` stands there twice", error::shown(name.as_bytes())));
            }
            text = match rest.strip_prefix(',') {
                Some("") => return Err("the options finish with a comma".into()),
                Some(more) => more,
                None if rest.is_empty() => rest,
                None => return Err("options are parted by commas".into()),
            };
        }
        if let (Some(after), Some(before)) = (options.valid_after, options.valid_before)
            && before <= after
        {
            return Err("`valid-before` is not later than `valid-after`".into());
        }
        Ok(options)
    }
}

fn parse_line(line: &str) -> Result<Line, String> {
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Err("it holds a control character".into());
    }
    let (principals, rest) = principals(line)?;
    check_patterns(principals)?;
    let rest = rest.trim_start_matches(BLANKS);
    let known = |text: &str| {
        let kind = text.split(BLANKS).next().unwrap_or_default();
        OUR_KINDS.contains(&kind) || OTHER_KINDS.contains(&kind)
    };
    let (options, key) = if known(rest) { ("", rest) } else { split_options(rest)? };
    let options = Options::parse(options)?;
    let key = key.trim_start_matches(BLANKS);
    if !known(key) {
        return Err("a key of a known kind is missing".into());
    }
    Ok(Line {
        principals: principals.to_owned(),
        options,
        key: parse_key(key)?,
    })
}

/// The first field, which may stand in quotes as a whole, and what follows it.
fn principals(line: &str) -> Result<(&str, &str), String> {
    let (field, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quote is not closed")?,
        None => line.split_at(line.find(BLANKS).ok_or("it has one field only")?),
    };
    // ssh-keygen drops quotes in the middle of a field; nobody needs that, and nobody expects it.
    if field.is_empty() || field.contains('"') || !rest.starts_with(BLANKS) {
        return Err("the principals are not `NAME[,NAME…]`".into());
    }
    Ok((field, rest))
}

/// Options reach to the first blank that is not in quotes.
fn split_options(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if text[i + 1..].starts_with('"') => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Ok(text.split_at(i)),
            _ => {}
        }
    }
    Err("the key is missing".into())
}

/// Name, value without its quotes, and what follows.
fn next_option(text: &str) -> Result<(&str, Option<String>, &str), String> {
    let end = text.find(['=', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('=') else {
        return Ok((name, None, rest));
    };
    let rest = rest.strip_prefix('"').ok_or("a value does not stand in quotes")?;
    let mut value = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Ok((name, Some(value), &rest[i + 1..])),
            '\\' if chars.next_if(|(_, next)| *next == '"').is_some() => value.push('"'),
            _ => value.push(c),
        }
    }
    Err("a quote is not closed".into())
}

/// `None` if the key is well formed but of a kind that signs nothing here.
fn parse_key(text: &str) -> Result<Option<PublicKey>, String> {
    let mut words = text.split(BLANKS).filter(|word| !word.is_empty());
    let kind = words.next().unwrap_or_default();
    let base64 = words.next().ok_or("the key is missing")?;
    if OTHER_KINDS.contains(&kind) {
        let blob = BASE64.decode(base64).map_err(|_| "the key's base64 is broken")?;
        if Reader::new(&blob).string() != Some(kind.as_bytes()) {
            return Err("the key is of another kind than its line says".into());
        }
        return Ok(None);
    }
    let key: PublicKey = format!("{kind} {base64}")
        .parse()
        .map_err(|e: SignatureError| e.to_string())?;
    Ok(Some(key))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    validity::moment(text).ok_or_else(|| {
        format!(
            "`{}` is not a time such as 20250630Z or 20250630235959Z",
            error::shown(text.as_bytes())
        )
    })
}

fn check_patterns(list: &str) -> Result<(), String> {
    if list.split(',').any(|pattern| pattern.len() > pattern::LONGEST) {
        return Err("a pattern is too long".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::signature::{PrivateKey, Signer};

    fn check(line: &str, namespace: &str, at: &str) -> Result<(), SignatureError> {
        let key = PrivateKey::generate(&[3; 32]).public_key();
        let line = line.replace("KEY", &key.to_string());
        AllowedSigners::parse(&line)?.check(&key, "owner@acme", namespace, at.parse().unwrap())
    }

    #[test]
    fn options_narrow() {
        let at = "2025-06-30T00:00:00Z";
        assert_eq!(check("owner@acme KEY comment", "n", at), Ok(()));
        assert_eq!(check("# why\n\n\"owner@acme\" \t KEY", "n", at), Ok(()));
        assert_eq!(
            check("owner@acme NameSpaces=\"m,n\",valid-after=\"20250101Z\" KEY", "n", at),
            Ok(())
        );
        assert!(matches!(
            check("owner@acme namespaces=\"m,!n,*\" KEY", "n", at),
            Err(SignatureError::NamespaceNotAllowed { .. })
        ));
        assert!(matches!(
            check("guest@acme KEY", "n", at),
            Err(SignatureError::NotAllowed { .. })
        ));
        let window = "owner@acme valid-after=\"20250630Z\",valid-before=\"20250701Z\" KEY";
        assert!(matches!(
            check(window, "n", "2025-06-29T23:59:59Z"),
            Err(SignatureError::NotYetValid { .. })
        ));
        assert_eq!(check(window, "n", "2025-06-30T00:00:00Z"), Ok(()));
        assert_eq!(check(window, "n", "2025-07-01T00:00:00Z"), Ok(()));
        assert!(matches!(
            check(window, "n", "2025-07-01T00:00:01Z"),
            Err(SignatureError::Expired { .. })
        ));
        // A later line may allow what an earlier one does not.
        assert_eq!(check("owner@acme namespaces=\"m\" KEY\n*@acme KEY", "n", at), Ok(()));
    }

    #[test]
    fn unusable_lines_are_named() {
        for (bad, why) in [
            ("owner@acme cert-authority KEY", "cert-authority"),
            ("owner@acme CERT-AUTHORITY,namespaces=\"n\" KEY", "cert-authority"),
            ("owner@acme no-pty KEY", "nor an option"),
            ("owner@acme namespaces=n KEY", "quotes"),
            ("owner@acme namespaces KEY", "nor an option"),
            ("owner@acme namespaces=\"n KEY", "missing"),
            ("owner@acme namespaces=\"n\",namespaces=\"m\" KEY", "twice"),
            ("owner@acme namespaces=\"n\", KEY", "comma"),
            (
                "owner@acme namespaces=\"n\",,valid-after=\"20250101Z\" KEY",
                "nor an option",
            ),
            ("owner@acme namespaces=\"n\"x KEY", "commas"),
            ("owner@acme valid-after=\"2025\" KEY", "not a time"),
            (
                "owner@acme valid-after=\"20250102Z\",valid-before=\"20250101Z\" KEY",
                "later",
            ),
            ("owner@acme", "one field"),
            ("owner@acme ssh-ed25519", "missing"),
            ("owner@acme ssh-ed25519 AAAA", "fields"),
            ("owner@acme ssh-rsa AAAA", "another kind"),
            ("owner@acme ssh-dss AAAA", "nor an option"),
            ("ow\"ner\"@acme KEY", "principals"),
            ("\"owner@acme KEY", "closed"),
            ("\"\" KEY", "principals"),
            ("owner@acme\u{0} KEY", "control"),
        ] {
            let refused = check(&format!("# first\n{bad}"), "n", "2025-06-30T00:00:00Z").unwrap_err();
            let SignatureError::AllowedSigners { line: 2, why: found } = &refused else {
                panic!("{bad}: {refused}");
            };
            assert!(found.contains(why), "{bad}: {found}");
        }
    }
}
