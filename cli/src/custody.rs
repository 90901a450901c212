//! `[custody]` at work: the key and the authorities of `exhibit.toml`, and what went wrong with them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use collector::custody::{KmsKey, TimestampAuthority};
use evidence::clock::{Clock, SystemClock};
use evidence::custody::signature::PrivateKey;
use evidence::custody::{Custody, KeyFile, Sign, Stamp, Unavailable};
use evidence::locker::{LockerError, Writer};

use crate::args::Global;
use crate::config::{Config, KeyConfig};
use crate::exit::{Exit, Stop};
use crate::ui::{complain, safe};

/// Who vouches, by the configuration; `None` where nobody does. A key that cannot be had is no
/// reason to stop: what is done without it is told at the end ([`tell`]).
pub fn open(global: &Global, config: &Config) -> Result<Option<Arc<Custody>>, Stop> {
    let settings = &config.custody;
    if !settings.is_any() {
        return Ok(None);
    }
    let key: Option<Box<dyn Sign>> = match &settings.key {
        None => None,
        Some(KeyConfig::Kms(arn)) => Some(Box::new(KmsKey::new(arn))),
        Some(KeyConfig::File(path)) => {
            refuse_inside(&global.locker, path)?;
            Some(match read_key(path) {
                Ok(key) => Box::new(KeyFile(key)),
                Err(reason) => Box::new(Unavailable(reason)),
            })
        }
    };
    let authorities = settings
        .authorities
        .iter()
        .map(|(name, url)| -> Box<dyn Stamp> { Box::new(TimestampAuthority::new(name, url)) });
    Ok(Some(Arc::new(Custody::new(
        settings.principal.clone(),
        key,
        authorities.collect(),
        Arc::new(SystemClock::default()),
    ))))
}

/// Opens a locker for writing, in custody if anybody vouches.
pub fn writer(global: &Global, custody: Option<&Arc<Custody>>) -> Result<Writer, LockerError> {
    vouched(Writer::open(&global.locker)?, custody)
}

/// The writer, in custody if anybody vouches.
pub fn vouched(writer: Writer, custody: Option<&Arc<Custody>>) -> Result<Writer, LockerError> {
    match custody {
        Some(custody) => writer.in_custody_of(custody.clone()),
        None => Ok(writer),
    }
}

/// Says what was not vouched for. A missing signature makes the command fail, since somebody
/// relies on it; a missing time stamp is made up for by the next checkpoint.
pub fn tell(custody: Option<&Arc<Custody>>, otherwise: Exit) -> Exit {
    let mut exit = otherwise;
    let mut said: Vec<String> = Vec::new();
    for trouble in custody.map(|custody| custody.troubles()).unwrap_or_default() {
        let (what, reason) = (&trouble.what, safe(&trouble.reason));
        let text = match &trouble.authority {
            None => {
                exit = Exit::ToolFailure;
                format!("{what} is NOT SIGNED: {reason}")
            }
            Some(name) => format!("{what} is not time-stamped by {name}: {reason}"),
        };
        said.push(text);
    }
    if !said.is_empty() {
        for text in &said {
            complain(&format!("exhibit: {text}"));
        }
        complain("What was written is kept; the next command that writes to the locker tries again.");
    }
    exit
}

/// The private key in a file, or why it cannot be used.
pub fn read_key(path: &Path) -> Result<PrivateKey, String> {
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => format!(
            "the key file {} is not there; `exhibit key init` makes one",
            path.display()
        ),
        _ => format!("cannot read the key file {}: {e}", path.display()),
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077 != 0 {
        return Err(format!(
            "others may read the key file {}; `chmod 600` it, and think about a new key",
            path.display()
        ));
    }
    if !metadata.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    PrivateKey::from_openssh(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// A key beside the evidence would be given away with it.
pub fn refuse_inside(locker: &Path, key: &Path) -> Result<(), Stop> {
    let whole = |path: &Path| {
        let parent = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
        path.file_name()
            .map_or_else(|| parent.clone(), |name| parent.join(name))
    };
    if whole(key).starts_with(whole(locker)) {
        return Err(Stop::usage(format!(
            "the key {} lies in the locker, which is given to others; keep it elsewhere",
            key.display()
        )));
    }
    Ok(())
}

/// The time, by the program's one clock.
pub fn now() -> evidence::clock::Timestamp {
    SystemClock::default().now()
}
