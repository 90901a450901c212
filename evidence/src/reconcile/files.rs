//! CloudTrail's log files, as S3 delivers them: `{"Records": […]}`, usually gzip.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::Event;
use crate::digest::Digest;

/// No file of CloudTrail's is as large when unpacked: it is cut at 50 MB.
const LARGEST: u64 = 1 << 30;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogFileError {
    /// It does not unpack.
    #[error("it does not unpack: {0}")]
    Gzip(#[from] std::io::Error),
    /// It unpacks to more than any file of CloudTrail's.
    #[error("it unpacks to more than {LARGEST} bytes")]
    TooLarge,
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is neither a log file nor a digest file.
    #[error("it is no log file of CloudTrail: it has no `Records`")]
    NotALog,
    /// An event cannot be read.
    #[error("record {number}: {message}")]
    Event {
        /// Which, from 1.
        number: usize,
        /// Why.
        message: String,
    },
}

/// A log file.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// SHA-256 of the uncompressed bytes, which a digest file names.
    pub sha256: Digest,
    /// The events.
    pub events: Vec<Event>,
}

impl LogFile {
    /// From the uncompressed bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, LogFileError> {
        let value: Value = serde_json::from_slice(bytes)?;
        let records = value["Records"].as_array().ok_or(LogFileError::NotALog)?;
        let event = |(at, record): (usize, &Value)| {
            Event::read(record).map_err(|message| LogFileError::Event {
                number: at + 1,
                message,
            })
        };
        Ok(Self {
            sha256: Digest::of(bytes),
            events: records.iter().enumerate().map(event).collect::<Result<_, _>>()?,
        })
    }
}

/// The bytes without gzip, if they have it.
pub fn inflate(bytes: Vec<u8>) -> Result<Vec<u8>, LogFileError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .take(LARGEST + 1)
        .read_to_end(&mut plain)?;
    if plain.len() as u64 > LARGEST {
        return Err(LogFileError::TooLarge);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const FILE: &str = r#"{"Records":[{"eventID":"e","eventTime":"2025-06-30T00:00:00Z","eventName":"ListUsers",
        "eventSource":"iam.amazonaws.com","awsRegion":"us-east-1","requestID":"r","recipientAccountId":"111122223333",
        "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/a/s","accessKeyId":"ASIA",
        "sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/a"}}}}]}"#;

    #[test]
    fn the_digest_is_that_of_the_uncompressed_bytes() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(FILE.as_bytes()).unwrap();
        let plain = inflate(gzip.finish().unwrap()).unwrap();
        let file = LogFile::read(&plain).unwrap();
        assert_eq!(file.sha256, Digest::of(FILE));
        assert_eq!(
            file.events[0].issuer.as_deref(),
            Some("arn:aws:iam::111122223333:role/a")
        );
        assert_eq!(inflate(FILE.as_bytes().to_vec()).unwrap(), FILE.as_bytes());
    }

    #[test]
    fn what_is_no_log_says_so() {
        for (text, says) in [
            ("[]", "no `Records`"),
            ("x", "no JSON"),
            (r#"{"Records":[{}]}"#, "record 1: eventTime is missing"),
        ] {
            let said = LogFile::read(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
        assert!(inflate(vec![0x1f, 0x8b, 0]).is_err());
    }
}
