//! What people supplied: attachments, their files and facts, and reviews.

use evidence::manual::{Attachment, Review};
use serde::Serialize;
use serde_json::Value;

use super::{Pill, minute};
use crate::Engagement;
use crate::error::ReportError;

/// Endings of files that a browser would run: they are named, not linked.
const ACTIVE: [&str; 5] = ["htm", "html", "svg", "xhtml", "xml"];

/// A record that a person supplied.
#[derive(Clone, Debug, Serialize)]
pub struct AttachmentRow {
    /// `A12`.
    pub id: String,
    /// Control id.
    pub control: String,
    /// Account, or empty.
    pub account: String,
    /// What it shows.
    pub title: String,
    /// What the owner states.
    pub statement: String,
    /// Who owns the control.
    pub owner: String,
    /// Day on which the control was performed.
    pub performed_on: String,
    /// Who performed it.
    pub performer: String,
    /// Who reviewed it.
    pub reviewer: String,
    /// The days that it covers.
    pub covers: String,
    /// Where the files are from, or empty.
    pub source_system: String,
    /// Remark, or empty.
    pub comment: String,
    /// When it was put into the locker.
    pub at: String,
    /// The attachment that stands in for it, or empty.
    pub replaced_by: String,
    /// Its files, that of the facts last.
    pub files: Vec<FileRow>,
    /// Its facts.
    pub facts: Vec<FactRow>,
}

/// A file that a person supplied.
#[derive(Clone, Debug, Serialize)]
pub struct FileRow {
    /// Name as supplied.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: String,
    /// Path in the bundle below `data/`.
    pub path: String,
    /// The same, or empty for what a browser would run.
    pub link: String,
}

/// A structured statement.
#[derive(Clone, Debug, Serialize)]
pub struct FactRow {
    /// Kind.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Account, or empty.
    pub account: String,
    /// The other fields in words.
    pub fields: String,
}

/// A sign-off.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewRow {
    /// `R13`.
    pub id: String,
    /// When it was recorded.
    pub at: String,
    /// Control id; empty for all controls of the period.
    pub control: String,
    /// Name of the period, or empty.
    pub period: String,
    /// Who reviewed.
    pub reviewer: String,
    /// What was decided.
    pub pill: Pill,
    /// What the reviewer says.
    pub comment: String,
}

/// All of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Records {
    /// Attachments in order of the log; those that were replaced say by what.
    pub attachments: Vec<AttachmentRow>,
    /// Reviews in order of the log.
    pub reviews: Vec<ReviewRow>,
}

impl Records {
    pub(super) fn of(engagement: &Engagement<'_>) -> Result<Self, ReportError> {
        Ok(Self {
            attachments: engagement.attachments()?.iter().map(attachment).collect(),
            reviews: engagement.reviews()?.iter().map(review).collect(),
        })
    }

    /// Those about a control; a review of the whole period is about each.
    pub(super) fn about(&self, control: &str) -> Self {
        Self {
            attachments: self
                .attachments
                .iter()
                .filter(|a| a.control == control)
                .cloned()
                .collect(),
            reviews: self
                .reviews
                .iter()
                .filter(|r| r.control.is_empty() || r.control == control)
                .cloned()
                .collect(),
        }
    }

    /// Is there a record for the control that counts?
    pub(super) fn has(&self, control: &str) -> bool {
        self.attachments
            .iter()
            .any(|a| a.control == control && a.replaced_by.is_empty())
    }
}

fn attachment(attachment: &Attachment) -> AttachmentRow {
    let evidence = &attachment.evidence;
    let files = attachment.bundled().map(|(path, file)| FileRow {
        name: file.name.clone(),
        size: file.size,
        sha256: file.sha256.to_string(),
        link: if ACTIVE.contains(&file.ending().as_str()) {
            String::new()
        } else {
            path.clone()
        },
        path,
    });
    let facts = evidence.facts.iter().map(|fact| FactRow {
        kind: fact.kind.clone(),
        subject: fact.subject.clone(),
        account: fact.account.clone().unwrap_or_default(),
        fields: fact
            .data
            .iter()
            .map(|(name, value)| format!("{name}: {}", words(value)))
            .collect::<Vec<_>>()
            .join("; "),
    });
    AttachmentRow {
        id: attachment.id.clone(),
        control: evidence.control.clone(),
        account: evidence.account.clone().unwrap_or_default(),
        title: evidence.title.clone(),
        statement: evidence.statement.clone(),
        owner: evidence.owner.clone(),
        performed_on: evidence.performed_on.to_string(),
        performer: evidence.performer.clone(),
        reviewer: evidence.reviewer.clone(),
        covers: format!("{} to {}", evidence.period_from, evidence.period_to),
        source_system: evidence.source_system.clone().unwrap_or_default(),
        comment: evidence.comment.clone().unwrap_or_default(),
        at: minute(attachment.at),
        replaced_by: attachment.replaced_by.clone().unwrap_or_default(),
        files: files.collect(),
        facts: facts.collect(),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn review(review: &Review) -> ReviewRow {
    let body = &review.review;
    let approved = body.decision == evidence::manual::Decision::Approved;
    ReviewRow {
        id: review.id.clone(),
        at: minute(review.at),
        control: body.control.clone().unwrap_or_default(),
        period: body.period.as_ref().map(|p| p.name.clone()).unwrap_or_default(),
        reviewer: body.reviewer.clone(),
        pill: Pill {
            tone: if approved { "pass" } else { "fail" },
            word: body.decision.as_str(),
        },
        comment: body.comment.clone(),
    }
}

impl Engagement<'_> {
    /// The attachments that cover a day of the period, or all without a period; those that were
    /// replaced included.
    pub(crate) fn attachments(&self) -> Result<Vec<Attachment>, ReportError> {
        let period = self.assessment.period.as_ref().map(|p| &p.period);
        let mut all = self.locker.attachments()?;
        all.retain(|a| period.is_none_or(|p| a.evidence.touches(p.start, p.last_day())));
        Ok(all)
    }

    /// The reviews of the period, and those of none.
    pub(crate) fn reviews(&self) -> Result<Vec<Review>, ReportError> {
        let period = self.assessment.period.as_ref().map(|p| &p.period);
        let mut all = self.locker.reviews()?;
        all.retain(|r| match (period, &r.review.period) {
            (Some(period), Some(of)) => of.start < period.end && period.start < of.end,
            _ => true,
        });
        Ok(all)
    }
}
