//! Where the rules of security groups let traffic come from or go to.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use evidence::record::{Column, Row};
use evidence::snapshot::Snapshot;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rusqlite::types::Value;

use super::gaps::Gaps;
use super::row::Cell;
use super::{ACCOUNT, Cells, DerivedTable, KEY, REGION, SOURCE, boolean, integer, text};

const SOURCE_COLUMNS: &[Column] = &[
    ACCOUNT,
    REGION,
    KEY,
    SOURCE,
    text("group_id", "Security group."),
    text("rule_id", "Rule."),
    boolean("egress", "Outbound."),
    text("protocol", "`tcp`, `udp`, `icmp`, a protocol number, or `-1` for all."),
    integer("from_port", "First port; -1 or null for all."),
    integer("to_port", "Last port; -1 or null for all."),
    text("family", "`ipv4` or `ipv6`."),
    text(
        "cidr",
        "Address range, host bits cleared; null for a prefix list of AWS or an empty one.",
    ),
    integer("prefix_len", "Length of its prefix."),
    boolean(
        "is_private",
        "Lies wholly in addresses that are not routed on the internet: RFC 1918, shared (100.64.0.0/10), loopback, link-local, unique local.",
    ),
    text("via", "Prefix list through which the range is named."),
    boolean("unresolved", "The addresses are not known."),
    text("problem", "Why not."),
];

pub(super) const RULE_SOURCE: DerivedTable = DerivedTable {
    name: "ec2_rule_source",
    doc: "An address range of a security group rule, prefix lists resolved; a rule that names another security group has no row.",
    columns: SOURCE_COLUMNS,
    from: &["ec2_security_group_rule", "ec2_prefix_list", "ec2_prefix_list_entry"],
};

pub(super) fn rule_sources(snapshot: &Snapshot) -> Vec<Cells> {
    let lists = PrefixLists::of(snapshot);
    let rules = snapshot.rows("ec2_security_group_rule").iter();
    rules
        .flat_map(|rule| sources(rule, &lists).into_iter().map(|source| cells(rule, source)))
        .collect()
}

/// Where a rule's traffic comes from or goes to.
enum Range<'a> {
    Addresses {
        range: IpNet,
        via: Option<&'a str>,
    },
    /// A prefix list that names no range: AWS's own, or an empty one.
    Nothing {
        via: &'a str,
    },
    Unknown {
        via: Option<&'a str>,
        text: Option<&'a str>,
        problem: String,
    },
}

fn sources<'a>(rule: &'a Row, lists: &PrefixLists<'a>) -> Vec<Range<'a>> {
    let mut found = Vec::new();
    for range in [rule.text("cidr_ipv4"), rule.text("cidr_ipv6")].into_iter().flatten() {
        found.push(addresses(range, None));
    }
    if let Some(id) = rule.text("prefix_list_id") {
        found.extend(lists.ranges(rule, id));
    }
    if found.is_empty() && rule.text("referenced_group_id").is_none() {
        let problem = "the rule names neither addresses nor a prefix list nor a group".to_owned();
        found.push(Range::Unknown {
            via: None,
            text: None,
            problem,
        });
    }
    found
}

fn addresses<'a>(text: &'a str, via: Option<&'a str>) -> Range<'a> {
    match text.parse::<IpNet>() {
        Ok(range) => Range::Addresses {
            range: range.trunc(),
            via,
        },
        Err(_) => Range::Unknown {
            via,
            text: Some(text),
            problem: format!("{text} is not an address range"),
        },
    }
}

/// The prefix lists of a snapshot and their entries.
struct PrefixLists<'a> {
    owners: BTreeMap<(&'a str, &'a str, &'a str), Option<&'a str>>,
    entries: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a str>>,
    unread: Gaps<'a>,
}

impl<'a> PrefixLists<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut lists = Self {
            owners: BTreeMap::new(),
            entries: BTreeMap::new(),
            unread: Gaps::of(snapshot, "ec2:GetManagedPrefixListEntries"),
        };
        for list in snapshot.rows("ec2_prefix_list") {
            if let Some(id) = list.text("id") {
                lists
                    .owners
                    .insert((list.account(), list.region(), id), list.text("owner"));
            }
        }
        for entry in snapshot.rows("ec2_prefix_list_entry") {
            if let (Some(id), Some(cidr)) = (entry.text("prefix_list_id"), entry.text("cidr")) {
                lists
                    .entries
                    .entry((entry.account(), entry.region(), id))
                    .or_default()
                    .push(cidr);
            }
        }
        lists
    }

    fn ranges(&self, rule: &'a Row, id: &'a str) -> Vec<Range<'a>> {
        let at = (rule.account(), rule.region(), id);
        let entries = self.entries.get(&at).map_or(&[][..], Vec::as_slice);
        let mut ranges: Vec<_> = entries.iter().map(|cidr| addresses(cidr, Some(id))).collect();
        let owner = self.owners.get(&at);
        let problem = if self.unread.cover(at.0, at.1, id) {
            Some(format!("the entries of prefix list {id} could not be read"))
        } else if owner.is_none() && entries.is_empty() {
            Some(format!("prefix list {id} was not listed"))
        } else {
            None
        };
        match problem {
            // AWS's lists hold the addresses of its services, never the internet; they are not asked for.
            Some(problem) if owner != Some(&Some("AWS")) => {
                ranges.push(Range::Unknown {
                    via: Some(id),
                    text: None,
                    problem,
                });
            }
            _ if ranges.is_empty() => ranges.push(Range::Nothing { via: id }),
            _ => {}
        }
        ranges
    }
}

fn cells(rule: &Row, range: Range<'_>) -> Cells {
    let copy = |column: &str| Value::from(rule.text(column).map(str::to_owned));
    let port = |column: &str| Value::from(rule.get(column).and_then(serde_json::Value::as_i64));
    let own = |text: Option<&str>| Value::from(text.map(str::to_owned));
    let (described, tail) = match range {
        Range::Addresses { range, via } => (
            range.to_string(),
            [
                Value::from(match range {
                    IpNet::V4(_) => "ipv4".to_owned(),
                    IpNet::V6(_) => "ipv6".to_owned(),
                }),
                range.to_string().into(),
                i64::from(range.prefix_len()).into(),
                is_private(range).into(),
                own(via),
                false.into(),
                Value::Null,
            ],
        ),
        Range::Nothing { via } => (
            via.to_owned(),
            [
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                own(Some(via)),
                false.into(),
                Value::Null,
            ],
        ),
        Range::Unknown { via, text, problem } => (
            text.or(via).unwrap_or("?").to_owned(),
            [
                Value::Null,
                own(text),
                Value::Null,
                Value::Null,
                own(via),
                true.into(),
                problem.into(),
            ],
        ),
    };
    let mut cells = rule.envelope(format!("{} {described}", rule.text("key").unwrap_or_default()));
    cells.extend([
        copy("group_id"),
        copy("id"),
        rule.flag("egress").into(),
        copy("protocol"),
        port("from_port"),
        port("to_port"),
    ]);
    cells.extend(tail);
    cells
}

/// Does the range lie wholly in addresses that the internet does not route?
fn is_private(range: IpNet) -> bool {
    const V4: [(Ipv4Addr, u8); 6] = [
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
    ];
    const V6: [(Ipv6Addr, u8); 3] = [
        (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
        (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
        (Ipv6Addr::LOCALHOST, 128),
    ];
    match range {
        IpNet::V4(range) => V4
            .iter()
            .any(|&(at, len)| Ipv4Net::new(at, len).is_ok_and(|block| block.contains(&range))),
        IpNet::V6(range) => V6
            .iter()
            .any(|&(at, len)| Ipv6Net::new(at, len).is_ok_and(|block| block.contains(&range))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::derived::tests::{derive, snapshot};

    #[test]
    fn private_ranges() {
        for range in [
            "10.0.0.0/8",
            "10.1.2.3/32",
            "172.31.0.0/16",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "fd00::/8",
            "fe80::/64",
        ] {
            assert!(is_private(range.parse().unwrap()), "{range}");
        }
        for range in [
            "0.0.0.0/0",
            "8.0.0.0/6",
            "3.0.0.0/8",
            "172.0.0.0/8",
            "203.0.113.0/24",
            "::/0",
            "2000::/3",
            "fc00::/6",
        ] {
            assert!(!is_private(range.parse().unwrap()), "{range}");
        }
    }

    fn derived(rule: Value, tables: Value, gaps: Value) -> Vec<serde_json::Map<String, Value>> {
        let mut tables = tables;
        tables["ec2_security_group_rule"] = json!([rule]);
        derive("ec2_rule_source", &snapshot(tables, gaps))
    }

    #[test]
    fn ranges_of_a_rule() {
        let rows = derived(
            json!({ "cidr_ipv4": "203.0.113.7/24", "cidr_ipv6": "::/0" }),
            json!({}),
            json!([]),
        );
        let seen: Vec<_> = rows
            .iter()
            .map(|r| (&r["family"], &r["cidr"], &r["prefix_len"]))
            .collect();
        assert_eq!(
            seen,
            [
                (&json!("ipv4"), &json!("203.0.113.0/24"), &json!(24)),
                (&json!("ipv6"), &json!("::/0"), &json!(0)),
            ]
        );
        assert!(derived(json!({ "referenced_group_id": "sg-2" }), json!({}), json!([])).is_empty());
        for odd in [json!({}), json!({ "cidr_ipv4": "everywhere" })] {
            let rows = derived(odd, json!({}), json!([]));
            assert_eq!((rows.len(), &rows[0]["unresolved"]), (1, &json!(1)));
        }
    }

    #[test]
    fn prefix_lists() {
        let rule = json!({ "prefix_list_id": "pl-1" });
        let own = json!({ "id": "pl-1", "owner": "111122223333" });
        let entries =
            json!([{ "prefix_list_id": "pl-1", "cidr": "0.0.0.0/0" }, { "prefix_list_id": "pl-1", "cidr": "::/0" }]);
        let gap = json!([{ "account": "111122223333", "region": "us-east-1", "operation": "ec2:GetManagedPrefixListEntries",
            "resource": "arn:aws:ec2:us-east-1:111122223333:prefix-list/pl-1", "code": "access-denied", "error_code": null, "message": "no", "exchange": null }]);

        let read = derived(
            rule.clone(),
            json!({ "ec2_prefix_list": [own], "ec2_prefix_list_entry": entries }),
            json!([]),
        );
        assert_eq!(read.len(), 2);
        assert!(read.iter().all(|r| r["via"] == "pl-1" && r["unresolved"] == 0));

        let denied = derived(rule.clone(), json!({ "ec2_prefix_list": [own] }), gap);
        assert_eq!((denied.len(), &denied[0]["unresolved"]), (1, &json!(1)));

        let unlisted = derived(rule.clone(), json!({}), json!([]));
        assert_eq!(unlisted[0]["problem"], json!("prefix list pl-1 was not listed"));

        for known in [json!({ "id": "pl-1", "owner": "AWS" }), own] {
            let empty = derived(rule.clone(), json!({ "ec2_prefix_list": [known] }), json!([]));
            assert_eq!(
                (empty.len(), &empty[0]["unresolved"], &empty[0]["cidr"]),
                (1, &json!(0), &json!(null))
            );
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(address: u32, len in 8u8..=32) {
            let range = IpNet::V4(Ipv4Net::new(address.into(), len).unwrap()).trunc();
            let (IpNet::V4(v4), first) = (range, address & u32::MAX << (32 - len)) else { unreachable!() };
            let last = first | u32::MAX.checked_shr(len.into()).unwrap_or(0);
            prop_assert_eq!((u32::from(v4.network()), u32::from(v4.broadcast())), (first, last));
            let private = |a: Ipv4Addr| {
                a.is_private() || a.is_loopback() || a.is_link_local() || (a.octets()[0] == 100 && a.octets()[1] & 0xc0 == 64)
            };
            // Blocks are contiguous and aligned: both ends inside means all inside, unless they are different blocks.
            prop_assert_eq!(is_private(range), private(first.into()) && private(last.into()));
        }

        #[test]
        fn any_text_is_a_range_or_unknown(text in ".{0,40}") {
            let rows = derived(json!({ "cidr_ipv4": text }), json!({}), json!([]));
            prop_assert_eq!(rows.len(), 1);
            prop_assert_eq!(rows[0]["unresolved"] == 1, text.parse::<IpNet>().is_err());
        }
    }
}
