//! How often the schedule of a secret promises a rotation.

use evidence::record::Column;
use evidence::snapshot::Snapshot;

use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, integer, text};
use crate::schedule;

const COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("secret_arn", "ARN of the secret."),
    integer(
        "promised_hours",
        "The longest time, in hours, that its schedule lets pass between two rotations; null if that cannot be read.",
    ),
];

pub(super) const ROTATION: DerivedTable = DerivedTable {
    name: "secretsmanager_rotation",
    doc: "A secret whose rotation is on, and what its schedule promises.",
    columns: COLUMNS,
    from: &["secretsmanager_secret"],
};

pub(super) fn rotations(snapshot: &Snapshot) -> Vec<Cells> {
    let secrets = snapshot.rows("secretsmanager_secret").iter();
    secrets
        .filter(|secret| secret.flag("rotation_enabled") == Some(true))
        .map(|secret| {
            let arn = secret.text("arn").unwrap_or_default();
            // AWS works the days out from the schedule, at the last rotation that succeeded: the schedule is newer.
            let days = secret.get("rotation_days").and_then(serde_json::Value::as_i64);
            let promised = secret.text("rotation_schedule").and_then(schedule::longest_wait);
            let mut cells = secret.envelope(arn.to_owned());
            cells.push(arn.to_owned().into());
            cells.push(promised.or(days.and_then(|days| days.checked_mul(24))).into());
            cells
        })
        .collect()
}
