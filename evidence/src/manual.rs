//! What people supply: attachments with their facts, and reviews.

use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::Digest;

/// A file that a person supplied, kept in the locker under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// File name as given, without its folder.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of all bytes.
    pub sha256: Digest,
    /// Media type, told by the name's ending.
    pub r#type: String,
}

impl FileRef {
    /// Of a file with this name and these bytes.
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
            r#type: media_type(name).to_owned(),
        }
    }

    /// `objects/<2 hex>/<62 hex>`: where the locker keeps it.
    pub fn object(&self) -> String {
        object(self.sha256)
    }

    /// The name's ending in a-z and 0-9, at most eight of them, else `bin`: safe in any file name.
    pub fn ending(&self) -> String {
        let ending = ending(&self.name);
        let plain = (1..=8).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain { ending } else { "bin".to_owned() }
    }
}

/// Where the object of this digest lies inside a locker.
pub fn object(sha256: Digest) -> String {
    let hex = sha256.to_string();
    format!("objects/{}/{}", &hex[..2], &hex[2..])
}

fn ending(name: &str) -> String {
    let ending = Path::new(name).extension().unwrap_or_default();
    ending.to_string_lossy().to_ascii_lowercase()
}

/// The media type of a file by its ending; what is not known is `application/octet-stream`.
pub fn media_type(name: &str) -> &'static str {
    match ending(name).as_str() {
        "csv" => "text/csv",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "eml" => "message/rfc822",
        "gif" => "image/gif",
        "gz" => "application/gzip",
        "htm" | "html" => "text/html",
        "jpeg" | "jpg" => "image/jpeg",
        "json" => "application/json",
        "log" | "md" | "txt" => "text/plain",
        "odt" => "application/vnd.oasis.opendocument.text",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "toml" => "application/toml",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xml" => "application/xml",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// A structured statement inside an attachment, as the control's page declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Kind, of those that the page declares.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Account, where only one is meant.
    pub account: Option<String>,
    /// The other fields.
    pub data: Map<String, Value>,
}

/// The body of a `manual-evidence` entry: a record that a person supplied for a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualEvidence {
    /// Control id.
    pub control: String,
    /// Account, where only one is meant.
    pub account: Option<String>,
    /// What it shows, in a few words.
    pub title: String,
    /// What the owner states.
    pub statement: String,
    /// Who owns the control.
    pub owner: String,
    /// Day on which the control was performed.
    pub performed_on: NaiveDate,
    /// Who performed it.
    pub performer: String,
    /// Who reviewed it.
    pub reviewer: String,
    /// First day that it covers.
    pub period_from: NaiveDate,
    /// Last day that it covers.
    pub period_to: NaiveDate,
    /// System that the files were taken from.
    pub source_system: Option<String>,
    /// Remark.
    pub comment: Option<String>,
    /// The files.
    pub files: Vec<FileRef>,
    /// The file from which the facts were read.
    pub facts_file: Option<FileRef>,
    /// Structured statements.
    pub facts: Vec<Fact>,
    /// The attachment that this one stands in for, which counts no longer.
    pub replaces: Option<String>,
}

impl ManualEvidence {
    /// All files, that of the facts last.
    pub fn all_files(&self) -> impl Iterator<Item = &FileRef> {
        self.files.iter().chain(&self.facts_file)
    }

    /// Does any day that it covers lie in the span? Both days belong to it.
    pub fn touches(&self, first: NaiveDate, last: NaiveDate) -> bool {
        self.period_from <= last && self.period_to >= first
    }
}

/// An attachment as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// `A12`: the number of its log entry.
    pub id: String,
    /// Number of its log entry.
    pub seq: u64,
    /// When it was put into the locker.
    pub at: crate::clock::Timestamp,
    /// A later attachment stands in for it.
    pub replaced_by: Option<String>,
    /// What was supplied.
    #[serde(flatten)]
    pub evidence: ManualEvidence,
}

impl Attachment {
    /// The id of the attachment in this log entry.
    pub fn id_of(seq: u64) -> String {
        format!("A{seq}")
    }

    /// Each file with its path in a bundle, below `data/`: short, and safe on every system.
    pub fn bundled(&self) -> impl Iterator<Item = (String, &FileRef)> {
        let path = |(n, file): (usize, &FileRef)| format!("attachments/{}/{n}.{}", self.id, file.ending());
        (1..)
            .zip(self.evidence.all_files())
            .map(move |(n, file)| (path((n, file)), file))
    }
}

/// What a reviewer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Signed off.
    Approved,
    /// Sent back.
    Rejected,
}

impl Decision {
    /// As written in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A period as a review names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewedPeriod {
    /// Its name in `exhibit.toml`.
    pub name: String,
    /// First day.
    pub start: NaiveDate,
    /// Day after the last.
    pub end: NaiveDate,
}

/// The body of a `review` entry: a person's sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewBody {
    /// Control id; null for all controls of the period.
    pub control: Option<String>,
    /// The period; null where the review is about no particular one.
    pub period: Option<ReviewedPeriod>,
    /// Who reviewed.
    pub reviewer: String,
    /// What he decided.
    pub decision: Decision,
    /// What he says.
    pub comment: String,
}

/// A review as the log holds it. All entries before it are what the reviewer could see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Review {
    /// `R13`: the number of its log entry.
    pub id: String,
    /// Number of its log entry.
    pub seq: u64,
    /// When it was recorded.
    pub at: crate::clock::Timestamp,
    /// What was said.
    #[serde(flatten)]
    pub review: ReviewBody,
}

impl Review {
    /// The id of the review in this log entry.
    pub fn id_of(seq: u64) -> String {
        format!("R{seq}")
    }
}

/// Are these two names the same person's? Case and spaces make no difference.
pub fn same_person(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String { name.split_whitespace().collect::<String>().to_lowercase() };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_made_safe() {
        let ending = |name: &str| FileRef::of(name, b"").ending();
        assert_eq!(ending("Vault log.PDF"), "pdf");
        assert_eq!(ending("no ending"), "bin");
        assert_eq!(ending("x.tar.gz"), "gz");
        assert_eq!(ending("x.a/b"), "bin");
        assert_eq!(ending("x.verylongending"), "bin");
        assert_eq!(media_type("A.CSV"), "text/csv");
        assert_eq!(media_type("x"), "application/octet-stream");
    }

    #[test]
    fn a_name_is_a_name_however_it_is_written() {
        assert!(same_person("Ann  Lee", " ann lee "));
        assert!(same_person("AnnLee", "Ann Lee"));
        assert!(!same_person("Ann Lee", "Ann Leigh"));
    }
}
