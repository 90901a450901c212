//! CSV as RFC 4180 has it, safe to open in a spreadsheet.

use evidence::locker::Reconciled;
use evidence::reconcile::Row;

use crate::Engagement;
use crate::view::Book;

/// A table in the making.
pub(crate) struct Csv(String);

impl Csv {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let mut csv = Self(String::new());
        csv.row(columns);
        csv
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&str]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    fn cell(&mut self, text: &str) {
        // A spreadsheet would run what begins like a formula.
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
            "'"
        } else {
            ""
        };
        if text.contains([',', '"', '\r', '\n']) || guard == "'" {
            self.0.push('"');
            self.0.push_str(guard);
            self.0.push_str(&text.replace('"', "\"\""));
            self.0.push('"');
        } else {
            self.0.push_str(text);
        }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }
}

/// All deviations.
pub(crate) fn deviations(book: &Book) -> String {
    let mut csv = Csv::new(&[
        "control",
        "criterion",
        "severity",
        "observed_only",
        "account",
        "region",
        "resource",
        "name",
        "reason",
        "first_seen",
        "last_seen",
        "fixed",
        "days",
        "source",
    ]);
    for d in book.workpapers().flat_map(|w| &w.deviations) {
        let resource = if d.resource.is_empty() { &d.name } else { &d.resource };
        let observed = if d.observe { "yes" } else { "no" };
        csv.row(&[
            &d.control,
            &d.primary,
            d.severity,
            observed,
            &d.account,
            &d.region,
            resource,
            &d.name,
            &d.reason,
            &d.first_seen,
            &d.last_seen,
            &d.fixed,
            &d.days.to_string(),
            &d.source.path,
        ]);
    }
    csv.finish()
}

/// The request list.
pub(crate) fn requests(book: &Book) -> String {
    let mut csv = Csv::new(&["no", "kind", "subject", "why", "ask", "concerns"]);
    for r in &book.requests {
        csv.row(&[
            &r.no.to_string(),
            r.kind,
            &r.subject,
            &r.why,
            &r.ask,
            &r.concerns.join(" "),
        ]);
    }
    csv.finish()
}

/// Every call and every event of the reconciliations with CloudTrail.
pub(crate) fn reconcile(rows: &[(&Reconciled, &Row)]) -> String {
    let mut csv = Csv::new(&[
        "class",
        "run",
        "exchange",
        "account",
        "region",
        "operation",
        "request_id",
        "event_id",
        "at",
        "why",
        "entry",
    ]);
    for (one, row) in rows {
        csv.row(&[
            row.class.as_str(),
            row.run.as_deref().unwrap_or_default(),
            &row.exchange.map_or_else(String::new, |i| i.to_string()),
            &row.account,
            &row.region,
            &row.operation,
            row.request_id.as_deref().unwrap_or_default(),
            row.event_id.as_deref().unwrap_or_default(),
            &row.at.to_string(),
            &row.why,
            &one.seq.to_string(),
        ]);
    }
    csv.finish()
}

/// All gaps of all snapshots.
pub(crate) fn gaps(engagement: &Engagement<'_>) -> String {
    let mut csv = Csv::new(&[
        "run",
        "account",
        "region",
        "operation",
        "resource",
        "code",
        "error_code",
        "message",
        "exchange",
    ]);
    for input in engagement.snapshots {
        for g in &input.snapshot.gaps {
            csv.row(&[
                &input.snapshot.meta.run,
                &g.account,
                &g.region,
                &g.operation,
                g.resource.as_deref().unwrap_or_default(),
                g.code.as_str(),
                g.error_code.as_deref().unwrap_or_default(),
                &g.message,
                &g.exchange.map_or_else(String::new, |i| i.to_string()),
            ]);
        }
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_formulas() {
        let mut csv = Csv::new(&["a", "b"]);
        csv.row(&["=1+1", "say \"hi\", then\nleave"]);
        csv.row(&["-x", "@y"]);
        assert_eq!(
            csv.finish(),
            "a,b\r\n\"'=1+1\",\"say \"\"hi\"\", then\nleave\"\r\n\"'-x\",\"'@y\"\r\n"
        );
    }
}
