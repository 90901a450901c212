//! Rows of a run in progress that are too many to be held in memory: they wait in the spool, sorted by an
//! index of their keys.

use std::collections::BTreeMap;
use std::io::{self, Read, SeekFrom};
use std::path::PathBuf;

use super::disk::{Disk, DiskFile};
use super::{At, LockerError};
use crate::canonical;
use crate::digest::Digest;
use crate::record::Row;
use crate::snapshot::Lines;

/// Account, region and key: what sorts a row, and tells it from others of its table.
type RowKey = (String, String, String);

/// The rows in the spool.
#[derive(Debug)]
pub(super) struct SpooledRows {
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    end: u64,
    tables: BTreeMap<String, BTreeMap<RowKey, (u64, usize)>>,
}

impl SpooledRows {
    /// None yet; the file is made with the first.
    pub fn at(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            end: 0,
            tables: BTreeMap::new(),
        }
    }

    /// Keeps a row, unless its table has one of the same key. Says whether it is new.
    pub fn keep(&mut self, disk: &dyn Disk, table: &str, row: &Row) -> Result<bool, LockerError> {
        let text = |name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let key = (text("account"), text("region"), text("key"));
        let index = self.tables.entry(table.to_owned()).or_default();
        if index.contains_key(&key) {
            return Ok(false);
        }
        let line = canonical::to_line(row)?;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(disk.create(&self.path).at(&self.path)?),
        };
        file.write_all(line.as_bytes()).at(&self.path)?;
        index.insert(key, (self.end, line.len()));
        self.end += line.len() as u64;
        Ok(true)
    }

    /// Drops the rows of a table in an account and region.
    pub fn drop_of(&mut self, table: &str, account: &str, region: &str) {
        if let Some(index) = self.tables.get_mut(table) {
            index.retain(|(of, at, _), _| of != account || at != region);
        }
    }

    /// Tables that have rows here.
    pub fn tables(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    /// The rows of a table as one text, sorted, read as it is wanted.
    pub fn text(&mut self, table: &str) -> SortedText<'_> {
        let places: Vec<_> = self
            .tables
            .get(table)
            .into_iter()
            .flat_map(|index| index.values().copied())
            .collect();
        SortedText {
            size: places.iter().map(|(_, length)| *length as u64).sum(),
            rows: places.len() as u64,
            places: places.into_iter(),
            file: self.file.as_deref_mut(),
            line: io::Cursor::default(),
        }
    }

    /// Count and digest of a table's rows.
    pub fn lines(&mut self, table: &str) -> Result<Lines, LockerError> {
        let path = self.path.clone();
        let mut text = self.text(table);
        let count = text.rows;
        let sha256 = Digest::of_reader(&mut text).at(&path)?;
        Ok(Lines { count, sha256 })
    }
}

/// See [`SpooledRows::text`].
pub(super) struct SortedText<'a> {
    /// Bytes in all.
    pub size: u64,
    rows: u64,
    places: std::vec::IntoIter<(u64, usize)>,
    file: Option<&'a mut (dyn DiskFile + 'static)>,
    line: io::Cursor<Vec<u8>>,
}

impl Read for SortedText<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.line.position() == self.line.get_ref().len() as u64 {
            let (Some((start, length)), Some(file)) = (self.places.next(), self.file.as_deref_mut()) else {
                return Ok(0);
            };
            let mut line = std::mem::take(self.line.get_mut());
            line.resize(length, 0);
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut line)?;
            self.line = io::Cursor::new(line);
        }
        self.line.read(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locker::disk::RealDisk;
    use crate::snapshot::records_text;

    fn row(region: &str, key: &str, n: u64) -> Row {
        let row = serde_json::json!({"account": "1", "region": region, "key": key, "n": n});
        row.as_object().unwrap().clone()
    }

    #[test]
    fn rows_come_out_as_if_they_had_been_held_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let mut rows = SpooledRows::at(dir.path().join("rows.jsonl"));
        let disk = RealDisk;
        // Arrived out of order, and one twice: the first counts.
        let came: Vec<Row> = [("b", "2"), ("a", "9"), ("a", "10"), ("b", "1")]
            .iter()
            .enumerate()
            .map(|(n, (region, key))| row(region, key, n as u64))
            .collect();
        for row in &came {
            assert!(rows.keep(&disk, "t", row).unwrap());
        }
        assert!(!rows.keep(&disk, "t", &row("a", "9", 77)).unwrap());
        let wanted = records_text(&came).unwrap();
        let mut text = String::new();
        rows.text("t").read_to_string(&mut text).unwrap();
        assert_eq!(text, wanted);
        assert_eq!(rows.text("t").size, wanted.len() as u64);
        let lines = rows.lines("t").unwrap();
        assert_eq!((lines.count, lines.sha256), (4, Digest::of(&wanted)));
        rows.drop_of("t", "1", "a");
        assert_eq!(rows.lines("t").unwrap().count, 2);
        assert_eq!(rows.tables(), ["t"]);
        assert_eq!(rows.text("other").size, 0);
    }
}
