//! `exhibit key`: the keys that vouch for the log.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::custody::Custody;
use evidence::custody::entropy;
use evidence::custody::keys::{KeyAdd, KeyRevoke, KeySource, LoggedKey};
use evidence::custody::signature::{PrivateKey, PublicKey, Signer};
use evidence::locker::{Locker, Writer};
use serde_json::json;

use crate::args::{Global, Key};
use crate::config::{Config, KeyConfig};
use crate::custody::{self, now, read_key, refuse_inside, tell};
use crate::exit::{Exit, Stop};
use crate::output::{Readers, make_folder, write_new};
use crate::ui::{bold, dim, emit_json, safe, say};

/// Runs the command.
pub fn run(global: &Global, args: &Key) -> Result<Exit, Stop> {
    let config = global.read_config()?;
    match args {
        Key::Init { file } => init(global, &config, file.as_deref()),
        Key::Add { file, principal } => add(global, &config, file.as_deref(), principal.as_deref()),
        Key::Revoke { fingerprint, reason } => revoke(global, &config, fingerprint, reason),
        Key::List => list(global),
    }
}

fn init(global: &Global, config: &Config, file: Option<&Path>) -> Result<Exit, Stop> {
    let configured = match &config.custody.key {
        Some(KeyConfig::File(path)) => Some(path.clone()),
        Some(KeyConfig::Kms(arn)) => {
            return Err(Stop::usage(format!(
                "[custody] of exhibit.toml signs with the KMS key {arn}; `exhibit key add` logs it"
            )));
        }
        None => None,
    };
    let path: PathBuf = match (file, configured) {
        (Some(file), Some(configured)) if file != configured => {
            return Err(Stop::usage(format!(
                "[custody] of exhibit.toml signs with {}; leave the file name out, or change the file",
                configured.display()
            )));
        }
        (_, Some(path)) => path,
        (Some(_) | None, None) => {
            return Err(Stop::usage(
                "[custody] of exhibit.toml names no key; write there first:\n[custody]\nsigning_key = \"keys/evidence\"\nprincipal = \"owner@example.com\"",
            ));
        }
    };
    refuse_inside(&global.locker, &path)?;
    let random = entropy::bytes::<32>().map_err(Stop::failure)?;
    let key = PrivateKey::generate(&random);
    write_pair(&path, &key, &config.custody.principal)?;
    let custody = custody::open(global, config)?;
    let mut writer = writer(global, config, custody.as_ref())?;
    let add = described(&key.public_key(), &config.custody.principal, KeySource::File);
    writer.key_add(add.valid_after, &add)?;
    if !global.json() {
        say!(
            "Wrote {} (keep it secret, and a copy elsewhere) and {}.pub.",
            path.display(),
            path.display()
        );
    }
    told(global, &writer.locker(), &add.fingerprint)?;
    Ok(tell(custody.as_ref(), Exit::Ok))
}

fn add(global: &Global, config: &Config, file: Option<&Path>, principal: Option<&str>) -> Result<Exit, Stop> {
    let custody = custody::open(global, config)?;
    let (key, source) = match file {
        Some(file) => (read_public(file)?, KeySource::File),
        None => match (&config.custody.key, &custody) {
            (Some(KeyConfig::File(path)), _) => {
                let key = read_key(path).map_err(Stop::usage)?;
                (key.public_key(), KeySource::File)
            }
            (Some(KeyConfig::Kms(_)), Some(custody)) => (custody.public_key().map_err(Stop::failure)?, KeySource::Kms),
            _ => {
                return Err(Stop::usage(
                    "name the file of a public key, or a key in [custody] of exhibit.toml",
                ));
            }
        },
    };
    let principal = principal.unwrap_or(&config.custody.principal);
    if principal.is_empty()
        || !principal
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "@._+-".contains(c))
    {
        return Err(Stop::usage(
            "who signs with it? --principal NAME, of letters, digits and @ . _ + -",
        ));
    }
    let add = described(&key, principal, source);
    let mut writer = writer(global, config, custody.as_ref())?;
    let known = writer.locker().keys();
    if let Some(key) = known
        .iter()
        .find(|key| key.is_current() && key.add.fingerprint == add.fingerprint)
    {
        return Err(Stop::usage(format!(
            "the key {} is in the log already, by entry {}",
            add.fingerprint, key.seq
        )));
    }
    writer.key_add(add.valid_after, &add)?;
    told(global, &writer.locker(), &add.fingerprint)?;
    Ok(tell(custody.as_ref(), Exit::Ok))
}

fn revoke(global: &Global, config: &Config, fingerprint: &str, reason: &str) -> Result<Exit, Stop> {
    if reason.trim().is_empty() {
        return Err(Stop::usage("--reason is empty; say why the key counts no longer"));
    }
    let custody = custody::open(global, config)?;
    let mut writer = custody::writer(global, custody.as_ref())?;
    let known = writer.locker().keys();
    if !known
        .iter()
        .any(|key| key.is_current() && key.add.fingerprint == fingerprint)
    {
        return Err(Stop::usage(format!(
            "no key {} counts; `exhibit key list` shows those that do",
            safe(fingerprint)
        )));
    }
    let revoke = KeyRevoke {
        fingerprint: fingerprint.to_owned(),
        reason: reason.trim().to_owned(),
    };
    writer.key_revoke(now(), &revoke)?;
    told(global, &writer.locker(), fingerprint)?;
    Ok(tell(custody.as_ref(), Exit::Ok))
}

fn list(global: &Global) -> Result<Exit, Stop> {
    let locker = Locker::open(&global.locker)?;
    let keys = locker.keys();
    if global.json() {
        emit_json(&json!({ "schema": "exhibit.key/1", "locker": global.locker, "keys": shown(&keys) }))?;
        return Ok(Exit::Ok);
    }
    if keys.is_empty() {
        say!("No key is in the log: it is unsigned.");
    }
    for key in &keys {
        print(key)?;
    }
    Ok(Exit::Ok)
}

/// A locker that is not there yet is made, as `exhibit collect` does.
fn writer(global: &Global, config: &Config, custody: Option<&Arc<Custody>>) -> Result<Writer, Stop> {
    if Locker::exists(&global.locker) {
        return Ok(custody::writer(global, custody)?);
    }
    let made = Writer::create(&global.locker, &config.organization, &super::collect::tool(), now())?;
    Ok(custody::vouched(made, custody)?)
}

fn described(key: &PublicKey, principal: &str, source: KeySource) -> KeyAdd {
    KeyAdd {
        key: key.to_string(),
        fingerprint: key.fingerprint().to_string(),
        principal: principal.to_owned(),
        source,
        valid_after: now(),
    }
}

fn read_public(file: &Path) -> Result<PublicKey, Stop> {
    let refused = |e: String| Stop::usage(format!("{}: {e}", file.display()));
    let text = fs::read_to_string(file).map_err(|e| refused(e.to_string()))?;
    if text.contains("PRIVATE KEY") {
        return Err(refused(
            "it is a private key; name the file that ends in .pub".to_owned(),
        ));
    }
    text.parse()
        .map_err(|e: evidence::custody::signature::SignatureError| refused(e.to_string()))
}

/// Both files; neither replaces another.
fn write_pair(path: &Path, key: &PrivateKey, comment: &str) -> Result<(), Stop> {
    let public = {
        let mut name = path.as_os_str().to_owned();
        name.push(".pub");
        PathBuf::from(name)
    };
    for file in [path, &public] {
        if file.exists() {
            return Err(Stop::usage(format!(
                "{} exists already; `exhibit key add` logs a key that you have",
                file.display()
            )));
        }
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        make_folder(folder, Readers::Owner)
            .map_err(|e| Stop::failure(format!("cannot make {}: {e}", folder.display())))?;
    }
    write_new(path, Readers::Owner, key.to_openssh(comment).as_bytes())?;
    write_new(
        &public,
        Readers::All,
        format!("{} {comment}\n", key.public_key()).as_bytes(),
    )
}

fn shown(keys: &[LoggedKey]) -> Vec<serde_json::Value> {
    keys.iter()
        .map(|key| {
            let mut value = json!(key);
            value["allowed_signer"] = json!(key.allowed_signer());
            value
        })
        .collect()
}

/// What to send to the auditor, once and by another way than the evidence.
fn told(global: &Global, locker: &Locker, fingerprint: &str) -> Result<(), Stop> {
    let keys = locker.keys();
    let about: Vec<LoggedKey> = keys
        .into_iter()
        .filter(|k| k.add.fingerprint == fingerprint)
        .rev()
        .take(1)
        .collect();
    if global.json() {
        return emit_json(&json!({
            "schema": "exhibit.key/1",
            "locker": global.locker,
            "keys": shown(&about),
            "checkpoint": locker.checkpoint(),
        }));
    }
    for key in &about {
        print(key)?;
        say!();
        say!("Send this line to the auditor by another way than the evidence, for the list of allowed signers:");
        say!("  {}", key.allowed_signer());
    }
    Ok(())
}

fn print(key: &LoggedKey) -> Result<(), Stop> {
    let source = match key.add.source {
        KeySource::File => "file",
        KeySource::Kms => "KMS",
    };
    say!(
        "{} {} ({source}), since entry {} of {}",
        bold(&safe(&key.add.fingerprint)),
        safe(&key.add.principal),
        key.seq,
        key.add.valid_after
    );
    if let Some(revoked) = &key.revoked {
        say!(
            "  {}",
            dim(&format!(
                "revoked by entry {} of {}: {}",
                revoked.seq,
                revoked.at,
                safe(&revoked.reason)
            ))
        );
    }
    Ok(())
}
