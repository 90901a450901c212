//! Which route table a subnet has, and whether that makes it public.

use std::collections::BTreeMap;

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use rusqlite::types::Value;

use super::gaps::Gaps;
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, json, list, text};

const ROUTE_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("subnet_id", "Subnet."),
    text("vpc_id", "VPC."),
    text(
        "route_table_id",
        "Its route table: the one associated with it, else the VPC's main one.",
    ),
    text("association", "`explicit` or `main`; null if no route table was found."),
    boolean(
        "is_public",
        "An active route for 0.0.0.0/0 or ::/0 goes to an internet gateway; null if that is not known.",
    ),
    json("gateways", "The internet gateways of such routes, sorted."),
    json("nat_gateways", "NAT gateways of active default routes, sorted."),
    json("transit_gateways", "Transit gateways of active default routes, sorted."),
    json("blackholes", "Destinations whose target is gone, sorted."),
    text("problem", "Why it is not known whether the subnet is public."),
];

pub(super) const SUBNET_ROUTE: DerivedTable = DerivedTable {
    name: "ec2_subnet_route",
    doc: "A subnet, the route table it has and what its default routes lead to.",
    columns: ROUTE_COLUMNS,
    from: &["ec2_route", "ec2_route_table_association", "ec2_subnet"],
};

/// Account, region, id of a thing.
type Place<'a> = (&'a str, &'a str, &'a str);

/// The route tables of a snapshot.
#[derive(Default)]
struct Tables<'a> {
    of_subnet: BTreeMap<Place<'a>, &'a str>,
    main: BTreeMap<Place<'a>, &'a str>,
    routes: BTreeMap<Place<'a>, Vec<&'a Row>>,
}

impl<'a> Tables<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut tables = Self::default();
        for association in snapshot.rows("ec2_route_table_association") {
            let at = |id: &'a str| (association.account(), association.region(), id);
            let Some(table) = association.text("route_table_id") else {
                continue;
            };
            if matches!(
                association.text("state"),
                Some("disassociated" | "disassociating" | "failed")
            ) {
                continue;
            }
            if let Some(subnet) = association.text("subnet_id") {
                tables.of_subnet.insert(at(subnet), table);
            } else if let (Some(true), Some(vpc)) = (association.flag("is_main"), association.text("vpc_id")) {
                tables.main.insert(at(vpc), table);
            }
        }
        for route in snapshot.rows("ec2_route") {
            if let Some(table) = route.text("route_table_id") {
                let at = (route.account(), route.region(), table);
                tables.routes.entry(at).or_default().push(route);
            }
        }
        tables
    }
}

pub(super) fn subnet_routes(snapshot: &Snapshot) -> Vec<Cells> {
    let tables = Tables::of(snapshot);
    let unread = Gaps::of(snapshot, "ec2:DescribeRouteTables");
    let subnets = snapshot.rows("ec2_subnet").iter();
    subnets.map(|subnet| cells(subnet, &tables, &unread)).collect()
}

fn cells(subnet: &Row, tables: &Tables<'_>, unread: &Gaps<'_>) -> Cells {
    let (account, region) = (subnet.account(), subnet.region());
    let id = subnet.text("id").unwrap_or_default();
    let explicit = tables.of_subnet.get(&(account, region, id)).copied();
    let main = subnet
        .text("vpc_id")
        .and_then(|vpc| tables.main.get(&(account, region, vpc)).copied());
    // In a list that was cut short, the association of the subnet may be in what is missing.
    let complete = !unread.cover(account, region, id);
    let table = explicit.or(main.filter(|_| complete));
    let association = match (explicit, table) {
        (Some(_), _) => Some("explicit"),
        (None, Some(_)) => Some("main"),
        (None, None) => None,
    };
    let routes: &[&Row] = table
        .and_then(|table| tables.routes.get(&(account, region, table)))
        .map_or(&[], Vec::as_slice);
    let defaults = || routes.iter().filter(|route| is_default(route) && is_active(route));
    let targets = |column: &str, prefix: &str| {
        let mut found: Vec<String> = defaults()
            .filter_map(|route| route.text(column))
            .filter(|target| target.starts_with(prefix))
            .map(str::to_owned)
            .collect();
        found.sort();
        found.dedup();
        found
    };
    let gateways = targets("gateway_id", "igw-");
    let mut blackholes: Vec<&str> = routes
        .iter()
        .filter(|route| route.text("state") == Some("blackhole"))
        .filter_map(|route| destination(route))
        .collect();
    blackholes.sort_unstable();
    let problem = if table.is_some() {
        None
    } else if complete {
        Some(format!("no route table of subnet {id} was found"))
    } else {
        Some("the route tables of this region could not be read".to_owned())
    };
    let mut cells = subnet.envelope(id.to_owned());
    cells.extend([
        id.to_owned().into(),
        Value::from(subnet.text("vpc_id").map(str::to_owned)),
        Value::from(table.map(str::to_owned)),
        Value::from(association.map(str::to_owned)),
        Value::from(table.map(|_| !gateways.is_empty())),
        list(&gateways),
        list(&targets("nat_gateway_id", "nat-")),
        list(&targets("transit_gateway_id", "tgw-")),
        list(&blackholes),
        problem.into(),
    ]);
    cells
}

fn destination(route: &Row) -> Option<&str> {
    ["destination_ipv4", "destination_ipv6", "destination_prefix_list_id"]
        .into_iter()
        .find_map(|column| route.text(column))
}

/// For all addresses of its family.
fn is_default(route: &Row) -> bool {
    matches!(destination(route), Some("0.0.0.0/0" | "::/0"))
}

/// A state that AWS left out is taken for active: what is public must not pass for private.
fn is_active(route: &Row) -> bool {
    route.text("state") != Some("blackhole")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derived::tests::{derive, snapshot};

    fn row(association: Value, routes: Value, gaps: Value) -> serde_json::Map<String, Value> {
        let tables = json!({
            "ec2_subnet": [{ "id": "subnet-1", "vpc_id": "vpc-1" }],
            "ec2_route_table_association": association,
            "ec2_route": routes,
        });
        derive("ec2_subnet_route", &snapshot(tables, gaps)).remove(0)
    }

    #[test]
    fn an_association_goes_before_the_main_table() {
        let both = json!([
            { "route_table_id": "rtb-main", "vpc_id": "vpc-1", "is_main": true, "state": "associated" },
            { "route_table_id": "rtb-own", "vpc_id": "vpc-1", "is_main": false, "subnet_id": "subnet-1", "state": "associated" },
        ]);
        let routes = json!([
            { "route_table_id": "rtb-main", "destination_ipv4": "0.0.0.0/0", "gateway_id": "igw-1", "state": "active" },
            { "route_table_id": "rtb-own", "destination_ipv4": "0.0.0.0/0", "nat_gateway_id": "nat-1", "state": "active" },
        ]);
        let own = row(both.clone(), routes.clone(), json!([]));
        assert_eq!(
            (&own["association"], &own["is_public"], &own["nat_gateways"]),
            (&json!("explicit"), &json!(0), &json!("[\"nat-1\"]"))
        );
        let main = row(json!([both[0]]), routes, json!([]));
        assert_eq!(
            (&main["association"], &main["is_public"], &main["gateways"]),
            (&json!("main"), &json!(1), &json!("[\"igw-1\"]"))
        );
    }

    #[test]
    fn what_makes_a_subnet_public() {
        let main = json!([{ "route_table_id": "rtb-1", "vpc_id": "vpc-1", "is_main": true, "state": "associated" }]);
        let public = |route: Value| {
            let mut route = route;
            route["route_table_id"] = json!("rtb-1");
            row(main.clone(), json!([route]), json!([]))["is_public"].clone()
        };
        assert_eq!(
            public(json!({ "destination_ipv6": "::/0", "gateway_id": "igw-1", "state": "active" })),
            json!(1)
        );
        assert_eq!(
            public(json!({ "destination_ipv4": "0.0.0.0/0", "gateway_id": "igw-1" })),
            json!(1)
        );
        for private in [
            json!({ "destination_ipv4": "0.0.0.0/0", "gateway_id": "igw-1", "state": "blackhole" }),
            json!({ "destination_ipv4": "203.0.113.0/24", "gateway_id": "igw-1", "state": "active" }),
            json!({ "destination_ipv4": "0.0.0.0/0", "gateway_id": "vpce-1", "state": "active" }),
            json!({ "destination_ipv6": "::/0", "egress_only_gateway_id": "eigw-1", "state": "active" }),
        ] {
            assert_eq!(public(private.clone()), json!(0), "{private}");
        }
    }

    #[test]
    fn without_route_tables_nothing_is_known() {
        let none = row(json!([]), json!([]), json!([]));
        assert_eq!((&none["is_public"], &none["association"]), (&json!(null), &json!(null)));
        let gap = json!([{ "account": "111122223333", "region": "us-east-1", "operation": "ec2:DescribeRouteTables",
            "resource": null, "code": "throttled", "error_code": null, "message": "no", "exchange": null }]);
        let main = json!([{ "route_table_id": "rtb-1", "vpc_id": "vpc-1", "is_main": true, "state": "associated" }]);
        assert_eq!(row(main, json!([]), gap)["is_public"], json!(null));
    }
}
