//! What was recorded or written down in the partition `aws`, as it were in another one.

use evidence::snapshot::Snapshot;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A partition, and which of its regions stand for the two that examples and seeds use.
#[derive(Debug)]
pub struct Elsewhere {
    pub partition: &'static str,
    home: &'static str,
    second: &'static str,
}

/// The other partitions that AWS sells in, and one that nobody knows yet. The Sovereign Cloud has one region
/// so far; its second one here is made up.
pub static ELSEWHERE: [Elsewhere; 4] = [
    Elsewhere {
        partition: "aws-us-gov",
        home: "us-gov-west-1",
        second: "us-gov-east-1",
    },
    Elsewhere {
        partition: "aws-cn",
        home: "cn-north-1",
        second: "cn-northwest-1",
    },
    Elsewhere {
        partition: "aws-eusc",
        home: "eusc-de-east-1",
        second: "eusc-de-west-1",
    },
    Elsewhere {
        partition: "aws-moon",
        home: "moon-near-1",
        second: "moon-far-1",
    },
];

impl Elsewhere {
    /// A text with its ARNs and regions.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.replace("us-east-1", self.home).replace("eu-west-1", self.second);
        // As it stands, and as it stands in a URL; `arn:aws:s3` alone is a prefix that selectors of events know.
        for (colon, upper) in [(":", ":"), ("%3A", "%3A"), ("%3a", "%3a")] {
            text = text.replace(
                &format!("arn{colon}aws{upper}"),
                &format!("arn{colon}{}{upper}", self.partition),
            );
        }
        text
    }

    /// The same of all texts in a value.
    pub fn value<T: Serialize + DeserializeOwned>(&self, value: &T) -> T {
        let text = serde_json::to_string(value).unwrap();
        serde_json::from_str(&self.text(&text)).unwrap()
    }

    /// A snapshot: its rows, gaps and exchanges.
    pub fn snapshot(&self, snapshot: &Snapshot) -> Snapshot {
        let mut tables = self.value(&snapshot.tables);
        for row in tables.entry("account".to_owned()).or_default() {
            row.insert("partition".to_owned(), self.partition.into());
        }
        Snapshot {
            meta: self.value(&snapshot.meta),
            exchanges: self.value(&snapshot.exchanges),
            gaps: self.value(&snapshot.gaps),
            tables,
        }
    }
}
