"""EC2: pages, default groups, prefix lists."""

from __future__ import annotations

from seeds.build import Builder

from .calls import code, flat, pages


def test_ec2_pages(aws):
    ec2, b = aws.client("ec2"), Builder(aws)
    vpc, subnet = b.default_vpc()
    for n in range(6):
        b.security_group(f"group-{n}", vpc, (b.rule(443), b.rule(22, source="10.0.0.0/8")), subnet=subnet)
    groups = flat(pages(ec2.describe_security_groups, "SecurityGroups", "NextToken", "NextToken", MaxResults=5))
    assert len(groups) == 7 and len(ec2.describe_security_groups()["SecurityGroups"]) == 7
    aws.control("page-size", n=2)
    for operation, key, count in (("describe_security_groups", "SecurityGroups", 7), ("describe_security_group_rules", "SecurityGroupRules", 20),
                                  ("describe_network_interfaces", "NetworkInterfaces", 6), ("describe_network_acls", "NetworkAcls", 1), ("describe_vpcs", "Vpcs", 1)):
        found = pages(getattr(ec2, operation), key, "NextToken", "NextToken")
        assert len(flat(found)) == count and max(map(len, found)) <= 2
    assert code(lambda: ec2.describe_security_groups(NextToken="made-up")) == (400, "InvalidNextToken")


def test_default_group_has_its_two_rules(aws):
    rules = aws.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    assert sorted((r["IsEgress"], r["IpProtocol"], r.get("CidrIpv4"), "ReferencedGroupInfo" in r) for r in rules) == [
        (False, "-1", None, True), (True, "-1", "0.0.0.0/0", False)]


def test_prefix_list_entries(aws):
    ec2, b = aws.client("ec2"), Builder(aws)
    wanted = ("203.0.113.0/24", "198.51.100.0/24", "0.0.0.0/0")
    listed = b.prefix_list("offices", wanted)
    b.security_group("admin", b.default_vpc()[0], (b.rule(22, source=listed),))
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert [r["PrefixListId"] for r in rules if r.get("PrefixListId")] == [listed]
    aws.control("page-size", n=2)
    entries = flat(pages(ec2.get_managed_prefix_list_entries, "Entries", "NextToken", "NextToken", PrefixListId=listed))
    assert tuple(e["Cidr"] for e in entries) == wanted
    assert "offices" in {p["PrefixListName"] for p in flat(pages(ec2.describe_managed_prefix_lists, "PrefixLists", "NextToken", "NextToken"))}
    assert code(lambda: ec2.get_managed_prefix_list_entries(PrefixListId="pl-00000000000000000")) == (400, "InvalidPrefixListID.NotFound")
