//! `[custody]` of `exhibit.toml`: who signs the log's checkpoints, and who dates them.

use std::path::{Path, PathBuf};

use collector::custody::{KmsKey, TimestampAuthority};
use evidence::custody::is_authority;
use toml::Value;

use super::Section;

/// What vouches for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustodyConfig {
    /// The key.
    pub key: Option<KeyConfig>,
    /// Who signs; there is one where there is a key.
    pub principal: String,
    /// Time-stamp authorities: name and address.
    pub authorities: Vec<(String, String)>,
}

/// Where the private key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyConfig {
    /// In an OpenSSH file.
    File(PathBuf),
    /// In AWS KMS, by its ARN.
    Kms(String),
}

impl CustodyConfig {
    /// Whether anything vouches.
    pub fn is_any(&self) -> bool {
        self.key.is_some() || !self.authorities.is_empty()
    }
}

/// Reads the section; paths are relative to the file.
pub(super) fn custody(mut section: Section, base: &Path) -> Result<CustodyConfig, String> {
    let file = section.text("signing_key")?.map(|path| base.join(path));
    let kms = section.text("kms_key")?;
    let key = match (file, kms) {
        (Some(_), Some(_)) => {
            return Err("`custody.signing_key` and `custody.kms_key` are both there: one key signs".to_owned());
        }
        (Some(file), None) => Some(KeyConfig::File(file)),
        (None, Some(arn)) if KmsKey::is_arn(&arn) => Some(KeyConfig::Kms(arn)),
        (None, Some(arn)) => {
            return Err(format!(
                "`custody.kms_key` must be the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not `{arn}`"
            ));
        }
        (None, None) => None,
    };
    let principal = section.text("principal")?;
    let principal = match (&key, principal) {
        (Some(_), None) => {
            return Err(
                "`custody.principal` is missing: who signs, as in owner@example.com? The auditor's list of allowed signers names him so"
                    .to_owned(),
            );
        }
        (_, principal) => principal.unwrap_or_default(),
    };
    // What a list of allowed signers takes for a name, and for nothing else.
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._+-".contains(c);
    if !principal.chars().all(plain) {
        return Err(format!(
            "`custody.principal` must be of letters, digits and @ . _ + -, not `{principal}`"
        ));
    }
    let authorities = authorities(&mut section)?;
    section.finish(&["signing_key", "kms_key", "principal", "tsa"])?;
    Ok(CustodyConfig {
        key,
        principal,
        authorities,
    })
}

fn authorities(section: &mut Section) -> Result<Vec<(String, String)>, String> {
    let mut all: Vec<(String, String)> = Vec::new();
    if let Some(other) = section.table.get("tsa").filter(|value| !value.is_array()) {
        return Err(format!(
            "`custody.tsa` must be a list such as [{{ name = \"digicert\", url = \"http://…\" }}], not {}",
            Value::type_str(other)
        ));
    }
    for mut one in section.tables("tsa")? {
        let (name, url) = (one.required("name")?, one.required("url")?);
        if !is_authority(&name) {
            return Err(format!(
                "`{}` must be of a-z, 0-9 and -, not `{name}`",
                one.name("name")
            ));
        }
        if !TimestampAuthority::is_url(&url) {
            return Err(format!(
                "`{}` must be an http or https URL, not `{url}`",
                one.name("url")
            ));
        }
        if all.iter().any(|(other, _)| *other == name) {
            return Err(format!("`custody.tsa` has two authorities named `{name}`"));
        }
        one.finish(&["name", "url"])?;
        all.push((name, url));
    }
    Ok(all)
}
