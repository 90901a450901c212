//! Where an account's global services are at home.

use evidence::snapshot::Snapshot;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, text};
use evidence::record::Column;

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("partition", "The account's partition, as it stands in ARNs."),
    text(
        "home_region",
        "The region in which IAM, Organizations and sign-in are asked and write their events; null if it is not known.",
    ),
];

pub(super) const ACCOUNT_HOME: DerivedTable = DerivedTable {
    name: "account_home",
    doc: "An account's partition, and the region at which its global services are at home.",
    columns: COLUMNS,
    from: &["account"],
};

pub(super) fn account_homes(snapshot: &Snapshot) -> Vec<Cells> {
    let rows = snapshot.rows("account").iter();
    rows.map(|row| {
        let mut cells = row.envelope(row.account().to_owned());
        cells.push(row.text("partition").map(str::to_owned).into());
        cells.push(snapshot.home(row.account()).map(str::to_owned).into());
        cells
    })
    .collect()
}
