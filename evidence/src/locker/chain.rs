//! The chain of the log, read from its files.

use std::fs;
use std::io;

use super::{Fault, Layout, LockerError, damaged, fault};
use crate::canonical;
use crate::digest::Digest;
use crate::log::{Entry, NO_PREVIOUS, stem};

/// Why an entry cannot stand where it stands.
enum Broken {
    /// The entry itself is not as it was written.
    Changed(String),
    /// It names another line as the one before.
    Chain(String),
}

/// Entries as they are read one after the other, and their lines.
#[derive(Default)]
struct Chain {
    entries: Vec<Entry>,
    lines: Vec<String>,
}

impl Chain {
    /// Number of the entry that comes next.
    fn next(&self) -> u64 {
        self.entries.len() as u64 + 1
    }

    /// Checks number, form and chain of the next entry.
    fn push(&mut self, text: &str) -> Result<(), LockerError> {
        let seq = self.next();
        let name = format!("log/{}.json", stem(seq));
        match entry(text, seq, self.lines.last().map(Digest::of)) {
            Ok(entry) => self.entries.push(entry),
            Err(Broken::Changed(message)) => return Err(damaged(name, message)),
            Err(Broken::Chain(message)) => return Err(fault(name, "chain", message)),
        }
        self.lines.push(text.trim_end_matches('\n').to_owned());
        Ok(())
    }

    fn finish(self) -> Result<(Vec<Entry>, Vec<String>), LockerError> {
        if self.entries.is_empty() {
            return Err(fault("log/000000001.json", "missing", "the log is empty"));
        }
        Ok((self.entries, self.lines))
    }
}

/// Reads all entries and checks number, form and chain of each; the first fault is the error.
pub fn read(layout: &Layout) -> Result<(Vec<Entry>, Vec<String>), LockerError> {
    let mut chain = Chain::default();
    while let Some(text) = text(layout, chain.next())? {
        chain.push(&text)?;
    }
    let (entries, lines) = chain.finish()?;
    let last = layout.log_numbers()?.into_iter().max().unwrap_or(0);
    if last > entries.len() as u64 {
        let file = format!("log/{}.json", stem(entries.len() as u64 + 1));
        return Err(fault(file, "missing", "this entry is missing"));
    }
    Ok((entries, lines))
}

/// Reads the same from one text with a line per entry, as a bundle has it.
pub fn parse(log: &str) -> Result<(Vec<Entry>, Vec<String>), LockerError> {
    let mut chain = Chain::default();
    for text in log.split_inclusive('\n') {
        chain.push(text)?;
    }
    chain.finish()
}

/// Every fault of the log's files.
pub fn faults(layout: &Layout) -> Result<Vec<Fault>, LockerError> {
    let mut found = Vec::new();
    let last = layout.log_numbers()?.into_iter().max().unwrap_or(0);
    let mut before: Option<String> = None;
    for seq in 1..=last.max(1) {
        let name = layout.name_of(&layout.entry(seq));
        let text = match text(layout, seq) {
            Ok(Some(text)) => text,
            Ok(None) => {
                found.push(Fault::new(name, "missing", "this entry is missing"));
                before = None;
                continue;
            }
            Err(LockerError::Damaged { file, code, message }) => {
                found.push(Fault::new(file, code, message));
                before = None;
                continue;
            }
            Err(e) => return Err(e),
        };
        let line = text.trim_end_matches('\n').to_owned();
        // After a hole nobody knows which line came before.
        let prev = if seq > 1 && before.is_none() {
            None
        } else {
            Some(before.as_ref().map(Digest::of))
        };
        let judged = match prev {
            Some(prev) => entry(&text, seq, prev),
            None => entry_after_a_hole(&text, seq),
        };
        match judged {
            Ok(_) => {}
            Err(Broken::Changed(message)) => found.push(Fault::new(name, "changed", message)),
            Err(Broken::Chain(message)) => {
                let message = format!("this entry or the next was changed: {message}");
                found.push(Fault::new(layout.name_of(&layout.entry(seq - 1)), "chain", &message));
                found.push(Fault::new(
                    name,
                    "chain",
                    message.replacen("or the next", "or the one before", 1),
                ));
            }
        }
        before = Some(line);
    }
    Ok(found)
}

fn text(layout: &Layout, seq: u64) -> Result<Option<String>, LockerError> {
    let path = layout.entry(seq);
    match fs::read(&path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(damaged(layout.name_of(&path), "it is not UTF-8")),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LockerError::Io { path, source }),
    }
}

fn entry_after_a_hole(text: &str, seq: u64) -> Result<Entry, Broken> {
    let line = text
        .strip_suffix('\n')
        .ok_or_else(|| Broken::Changed("it does not end in a line feed".to_owned()))?;
    let changed = |e: String| Broken::Changed(e);
    let value = canonical::parse(line).map_err(|e| changed(e.to_string()))?;
    let entry: Entry = serde_json::from_value(value).map_err(|e| changed(e.to_string()))?;
    if entry.v != 1 {
        return Err(changed(format!("entry version {} is not known", entry.v)));
    }
    if entry.seq != seq {
        return Err(changed(format!("it says it is number {}", entry.seq)));
    }
    Ok(entry)
}

/// Reads an entry that follows the line with digest `prev`; the first follows none.
fn entry(text: &str, seq: u64, prev: Option<Digest>) -> Result<Entry, Broken> {
    let entry = entry_after_a_hole(text, seq)?;
    let expected = prev.map_or_else(|| NO_PREVIOUS.to_owned(), |digest| digest.to_string());
    if entry.prev.to_string() == expected {
        return Ok(entry);
    }
    let message = format!(
        "it follows a line with SHA-256 {}, but the line before has {expected}",
        entry.prev
    );
    // The first entry has no neighbour that could have changed.
    Err(if seq == 1 {
        Broken::Changed(message)
    } else {
        Broken::Chain(message)
    })
}
