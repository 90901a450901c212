//! Reading cells of a row whose type is known only by its table's name.
//!
//! A missing cell and a null one are the same here: not known.

use evidence::record::Row;
use rusqlite::types::Value;

/// Typed access to the cells of a row.
pub(super) trait Cell {
    /// A text; `None` if it is not known.
    fn text(&self, column: &str) -> Option<&str>;
    /// A flag; `None` if it is not known.
    fn flag(&self, column: &str) -> Option<bool>;
    /// The texts of a list; empty if there is none.
    fn texts(&self, column: &str) -> Vec<&str>;
    /// The envelope: account, region, this key, source.
    fn envelope(&self, key: String) -> Vec<Value>;

    /// The account id.
    fn account(&self) -> &str {
        self.text("account").unwrap_or_default()
    }

    /// The region.
    fn region(&self) -> &str {
        self.text("region").unwrap_or_default()
    }
}

impl Cell for Row {
    fn text(&self, column: &str) -> Option<&str> {
        self.get(column)?.as_str()
    }

    fn flag(&self, column: &str) -> Option<bool> {
        self.get(column)?.as_bool()
    }

    fn texts(&self, column: &str) -> Vec<&str> {
        let list = self.get(column).and_then(serde_json::Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .collect()
    }

    fn envelope(&self, key: String) -> Vec<Value> {
        let source = self.get("source").and_then(serde_json::Value::as_i64);
        vec![
            self.account().to_owned().into(),
            self.region().to_owned().into(),
            key.into(),
            source.into(),
        ]
    }
}
