"""Good and bad states of the controls on networks, endpoints, certificates and file services."""

from __future__ import annotations

import datetime

from .build import HOME, SECOND, Builder

Failing = list[tuple[str, str]]


def _network(b: Builder, name: str, cidr: str, region: str = HOME, zones: str = "ab", main: bool = False) -> tuple[str, list[str]]:
    """A VPC with a subnet per zone; an internet gateway is the default route of the first one, or (main) of all."""
    ec2 = b.ec2(region)
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}]
    vpc = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"]
    parts = cidr.split(".")
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"{parts[0]}.{parts[1]}.{n}.0/24", AvailabilityZone=region + zone)["Subnet"]["SubnetId"]
               for n, zone in enumerate(zones)]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    if main:
        table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    else:
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return vpc, subnets


def _interface(b: Builder, subnet: str, region: str = HOME, about: str = "an interface") -> str:
    return b.ec2(region).create_network_interface(SubnetId=subnet, Description=about)["NetworkInterface"]["NetworkInterfaceId"]


def network_segmentation(b: Builder, bad: bool) -> Failing:
    _, (_, private) = _network(b, "split", "10.20.0.0/16")
    _interface(b, private, about="RDSNetworkInterface")
    if not bad:
        return []
    flat, subnets = _network(b, "flat", "10.21.0.0/16", main=True)
    _interface(b, subnets[0])
    exposed, (public, _) = _network(b, "exposed", "10.22.0.0/16", SECOND)
    _interface(b, public, SECOND, about="ElastiCache sessions-001")
    vpc, subnet = b.default_vpc()
    b.ec2().create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "default"}])
    b.ec2().run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet)
    return [(flat, "flat"), (exposed, "exposed"), (vpc, "default")]


def _firewall(b: Builder, name: str, vpc: str, endpoint: str, rules: bool = True, region: str = HOME) -> None:
    """Stated: moto has neither endpoints nor policies."""
    number = b.account.number
    arn = f"arn:aws:network-firewall:{region}:{number}:firewall/{name}"
    policy = f"arn:aws:network-firewall:{region}:{number}:firewall-policy/{name}"
    groups = [{"ResourceArn": f"arn:aws:network-firewall:{region}:{number}:stateful-rulegroup/{name}"}] if rules else []
    b.account.answers("network-firewall", "DescribeFirewall", {
        "Firewall": {"FirewallName": name, "FirewallArn": arn, "FirewallPolicyArn": policy, "VpcId": vpc, "FirewallId": name,
                     "SubnetMappings": [{"SubnetId": "subnet-0000000000000000a"}]},
        "FirewallStatus": {"Status": "READY", "ConfigurationSyncStateSummary": "IN_SYNC", "SyncStates": {
            f"{region}a": {"Attachment": {"SubnetId": "subnet-0000000000000000a", "EndpointId": endpoint, "Status": "READY"}}}},
    }, region=region, FirewallArn=arn)
    b.account.answers("network-firewall", "DescribeFirewallPolicy", {
        "UpdateToken": "00000000-0000-0000-0000-000000000001",
        "FirewallPolicyResponse": {"FirewallPolicyName": name, "FirewallPolicyArn": policy, "FirewallPolicyId": name},
        "FirewallPolicy": {"StatelessDefaultActions": ["aws:forward_to_sfe"], "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
                           "StatefulRuleGroupReferences": groups},
    }, region=region, FirewallPolicyArn=policy)
    b.account.answers("network-firewall", "DescribeLoggingConfiguration", {"FirewallArn": arn, "LoggingConfiguration": {"LogDestinationConfigs": [
        {"LogType": "ALERT", "LogDestinationType": "S3", "LogDestination": {"bucketName": "firewall-logs"}}]}}, region=region, FirewallArn=arn)


def _inspected(b: Builder, name: str, cidr: str) -> tuple[str, list[str]]:
    """A VPC whose second subnet sends its traffic to a firewall."""
    vpc, subnets = _network(b, name, cidr)
    ec2 = b.ec2()
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.vpce.{HOME}.vpce-svc-0123456789abcdef0", VpcEndpointType="GatewayLoadBalancer",
                                       SubnetIds=[subnets[0]])["VpcEndpoint"]["VpcEndpointId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[1])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", VpcEndpointId=endpoint)
    _firewall(b, name, vpc, endpoint)
    return vpc, subnets


def _firewalls(b: Builder, *names: str) -> None:
    b.account.answers("network-firewall", "ListFirewalls", {"Firewalls": [
        {"FirewallName": name, "FirewallArn": f"arn:aws:network-firewall:{HOME}:{b.account.number}:firewall/{name}"} for name in names]}, region=HOME)


def network_firewall_inspects(b: Builder, bad: bool) -> Failing:
    for region in (HOME, SECOND):  # the default VPCs have an internet gateway
        vpc, _ = b.default_vpc(region)
        for table in b.ec2(region).describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]:
            for route in table["Routes"]:
                if route.get("GatewayId", "").startswith("igw-"):
                    b.ec2(region).delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=route["DestinationCidrBlock"])
    _inspected(b, "inspected", "10.30.0.0/16")
    if not bad:
        _firewalls(b, "inspected")
        return []
    bare, _ = _network(b, "bare", "10.31.0.0/16")
    bypassed, _ = _network(b, "bypassed", "10.32.0.0/16")
    _firewall(b, "bypassed", bypassed, "vpce-0000000000000000b")
    _firewalls(b, "inspected", "bypassed")
    return [(bare, "bare"), (bypassed, "bypassed")]


def _balancer(b: Builder, name: str, kind: str = "application", scheme: str = "internet-facing", zones: int = 2, region: str = HOME) -> str:
    ec2, elb = b.ec2(region), b.account.client("elbv2", region)
    vpc, _ = b.default_vpc(region)
    subnets = sorted(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"], key=lambda s: s["AvailabilityZone"])
    arn = elb.create_load_balancer(Name=name, Type=kind, Scheme=scheme, Subnets=[s["SubnetId"] for s in subnets[:zones]])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.describe_load_balancers(LoadBalancerArns=[arn])  # in moto, it becomes active when it is looked at
    return arn


def load_balancers_multi_az(b: Builder, bad: bool) -> Failing:
    _balancer(b, "web")
    classic = {"Listeners": [{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]}
    b.account.client("elb").create_load_balancer(LoadBalancerName="classic", AvailabilityZones=[f"{HOME}a", f"{HOME}b"], **classic)
    if not bad:
        return []
    b.account.client("elb", SECOND).create_load_balancer(LoadBalancerName="lonely", AvailabilityZones=[f"{SECOND}a"], **classic)
    return [(_balancer(b, "one-zone", "network", zones=1), "one-zone"), ("lonely", "lonely")]


def _acl(b: Builder, name: str, scope: str = "REGIONAL", rules: int = 1) -> str:
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    return b.account.client("wafv2").create_web_acl(
        Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=visible,
        Rules=[{"Name": f"rule{n}", "Priority": n, "Statement": {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}, "Action": {"Block": {}}, "VisibilityConfig": visible}
               for n in range(rules)])["Summary"]["ARN"]


def _distributions(b: Builder, *settings: dict) -> Failing:
    """Stated: moto's list leaves out what AWS tells of a distribution. ARN and name of each."""
    made, items = [], []
    for number, given in enumerate(settings, 1):
        name, arn = f"{given['name']}.example.com", f"arn:aws:cloudfront::{b.account.number}:distribution/E{number:013}"
        made.append((arn, name))
        items.append({
            "Id": f"E{number:013}", "ARN": arn, "Status": "Deployed", "LastModifiedTime": "2025-01-01T00:00:00Z", "DomainName": f"d{number:013}.cloudfront.net",
            "Aliases": {"Quantity": 1, "Items": [name]}, "Origins": {"Quantity": 1, "Items": [{"Id": "origin", "DomainName": "origin.example.com"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "origin", "ViewerProtocolPolicy": given.get("policy", "redirect-to-https")},
            "CacheBehaviors": {"Quantity": 0}, "CustomErrorResponses": {"Quantity": 0}, "Comment": given["name"], "PriceClass": "PriceClass_All", "Enabled": True,
            "ViewerCertificate": given.get("certificate", {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"}),
            "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}}, "WebACLId": given.get("acl", ""), "HttpVersion": "http2",
            "IsIPV6Enabled": True, "Staging": False})
    b.account.answers("cloudfront", "ListDistributions", {"DistributionList": {
        "Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(items), "Items": items}})
    return made


def _stages(b: Builder, **acls: str) -> None:
    """An API and its stages with their web ACLs; moto's stages have none."""
    b.account.answers("apigateway", "GetRestApis", {"items": [{"id": "a1b2c3d4e5", "name": "shop", "endpointConfiguration": {"types": ["REGIONAL"]}}]}, region=HOME)
    b.account.answers("apigateway", "GetStages", {"item": [{"stageName": name} | ({"webAclArn": acl} if acl else {}) for name, acl in acls.items()]}, region=HOME)


def waf_on_public_endpoints(b: Builder, bad: bool) -> Failing:
    regional, edge = _acl(b, "core"), _acl(b, "edge", "CLOUDFRONT")
    waf = b.account.client("wafv2")
    waf.associate_web_acl(WebACLArn=regional, ResourceArn=_balancer(b, "guarded"))
    _balancer(b, "inner", scheme="internal")
    guarded = {"name": "guarded", "acl": edge}
    api = f"arn:aws:apigateway:{HOME}::/restapis/a1b2c3d4e5/stages/"
    b.account.answers("wafv2", "GetWebACLForResource", {"WebACL": {
        "Name": "core", "Id": "1", "ARN": regional, "DefaultAction": {"Allow": {}}, "VisibilityConfig": {
            "SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "core"},
        "PreProcessFirewallManagerRuleGroups": [{"Name": "fms", "Priority": 0, "FirewallManagerStatement": {}, "OverrideAction": {"None": {}}, "VisibilityConfig": {
            "SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "fms"}}]}}, region=HOME, ResourceArn=api + "live")
    if not bad:
        _stages(b, live=regional)
        _distributions(b, guarded)
        return []
    _stages(b, live=regional, test="")
    bare, empty = _balancer(b, "bare"), _balancer(b, "empty")
    waf.associate_web_acl(WebACLArn=_acl(b, "nothing", rules=0), ResourceArn=empty)
    return [(bare, "bare"), (empty, "empty"), _distributions(b, guarded, {"name": "bare"})[1], (api + "test", "shop/test")]


def _certificate(b: Builder) -> str:
    return b.account.client("acm").request_certificate(DomainName="www.example.com", ValidationMethod="DNS")["CertificateArn"]


def public_endpoints_tls(b: Builder, bad: bool) -> Failing:
    elb = b.account.client("elbv2")
    certificate, web = _certificate(b), _balancer(b, "web")

    def listener(port: int, protocol: str, action: dict, **more) -> str:
        return elb.create_listener(LoadBalancerArn=web, Port=port, Protocol=protocol, DefaultActions=[action], **more)["Listeners"][0]["ListenerArn"]

    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "ok"}}
    listener(80, "HTTP", redirect)
    listener(443, "HTTPS", answer, Certificates=[{"CertificateArn": certificate}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    own = {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
    good = {"name": "good", "certificate": own}
    if not bad:
        _distributions(b, good)
        return []
    failing = [(listener(8080, "HTTP", answer), "web:8080"),
               (listener(8443, "HTTPS", answer, Certificates=[{"CertificateArn": certificate}], SslPolicy="ELBSecurityPolicy-2016-08"), "web:8443")]
    ruled = listener(81, "HTTP", redirect)
    elb.create_rule(ListenerArn=ruled, Priority=1, Actions=[answer], Conditions=[{"Field": "path-pattern", "Values": ["/plain/*"]}])
    b.account.client("elb", SECOND).create_load_balancer(LoadBalancerName="old", AvailabilityZones=[f"{SECOND}a", f"{SECOND}b"], Listeners=[
        {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}])
    return [*failing, (ruled, "web:81"), ("old:80", "old:80"), *_distributions(
        b, good, {"name": "plain", "policy": "allow-all", "certificate": own},
        {"name": "aged", "certificate": own | {"MinimumProtocolVersion": "TLSv1_2016"}})[1:]]


def certificates_valid(b: Builder, bad: bool) -> Failing:
    """Stated: moto's certificates are valid for a year."""
    number, now = b.account.number, b.account.now().replace(microsecond=0)

    def state(region: str, **days: int) -> dict[str, str]:
        arns = {name: f"arn:aws:acm:{region}:{number}:certificate/{name}" for name in days}
        b.account.answers("acm", "ListCertificates", {"CertificateSummaryList": [
            {"CertificateArn": arn, "DomainName": f"{name}.example.com"} for name, arn in arns.items()]}, region=region)
        for name, left in days.items():
            b.account.answers("acm", "DescribeCertificate", {"Certificate": {
                "CertificateArn": arns[name], "DomainName": f"{name}.example.com", "Status": "EXPIRED" if left < 0 else "ISSUED", "Type": "IMPORTED",
                "KeyAlgorithm": "EC_prime256v1", "RenewalEligibility": "INELIGIBLE", "NotAfter": (now + datetime.timedelta(days=left, hours=1)).isoformat().replace("+00:00", "Z"),
                "InUseBy": [] if name == "idle" else [f"arn:aws:elasticloadbalancing:{region}:{number}:loadbalancer/app/web/50dc6c495c0c9188"],
            }}, region=region, CertificateArn=arns[name])
        return arns

    def servers(**days: int) -> dict[str, str]:
        arns = {name: f"arn:aws:iam::{number}:server-certificate/{name}" for name in days}
        b.account.answers("iam", "ListServerCertificates", {"IsTruncated": False, "ServerCertificateMetadataList": [
            {"Path": "/", "ServerCertificateName": name, "ServerCertificateId": f"ASCA{name.upper()}EXAMPLE", "Arn": arns[name],
             "Expiration": (now + datetime.timedelta(days=left)).isoformat().replace("+00:00", "Z")} for name, left in days.items()]})
        return arns

    if not bad:
        state(HOME, www=200, idle=2)
        servers(legacy=100)
        return []
    home, second, own = state(HOME, www=200, idle=2, soon=10), state(SECOND, gone=-5), servers(legacy=100, forgotten=-400)
    return [(home["soon"], "soon.example.com"), (second["gone"], "gone.example.com"), (own["forgotten"], "forgotten")]


def file_services_authenticated(b: Builder, bad: bool) -> Failing:
    number = b.account.number

    def servers(**protocols: str) -> list[tuple[str, str]]:
        """Stated, so that ids are known beforehand."""
        made = [(f"arn:aws:transfer:{HOME}:{number}:server/s-{letter * 17}", f"s-{letter * 17}") for letter in protocols]
        b.account.answers("transfer", "ListServers", {"Servers": [
            {"Arn": arn, "ServerId": name, "EndpointType": "PUBLIC", "IdentityProviderType": "SERVICE_MANAGED", "State": "ONLINE"} for arn, name in made]}, region=HOME)
        for (arn, name), spoken in zip(made, protocols.values()):
            b.account.answers("transfer", "DescribeServer", {"Server": {"Arn": arn, "ServerId": name, "Protocols": spoken.split()}}, region=HOME, ServerId=name)
        return made

    def shares(**settings: str) -> dict[str, str]:
        arns = {name: f"arn:aws:storagegateway:{HOME}:{number}:share/{name}" for name in settings}
        kind = {name: "NFS" if "/" in value else "SMB" for name, value in settings.items()}
        b.account.answers("storagegateway", "ListFileShares", {"FileShareInfoList": [
            {"FileShareType": kind[name], "FileShareARN": arn, "FileShareId": name, "FileShareStatus": "AVAILABLE"} for name, arn in arns.items()]}, region=HOME)
        for name, value in settings.items():
            if kind[name] == "SMB":
                described = {"SMBFileShareInfoList": [{"FileShareARN": arns[name], "FileShareName": name, "Authentication": value}]}
            else:
                described = {"NFSFileShareInfoList": [{"FileShareARN": arns[name], "FileShareName": name, "ClientList": [value], "Squash": "RootSquash"}]}
            b.account.answers("storagegateway", f"Describe{kind[name]}FileShares", described, region=HOME, FileShareARNList=[arns[name]])
        return arns

    b.account.client("efs", SECOND).create_file_system(CreationToken="home", Encrypted=True, Tags=[{"Key": "Name", "Value": "home"}])
    if not bad:
        servers(a="SFTP AS2")
        shares(staff="ActiveDirectory", build="10.0.0.0/16")
        return []
    arns = shares(staff="ActiveDirectory", guests="GuestAccess", everyone="0.0.0.0/0")
    return [servers(a="SFTP", f="FTP FTPS")[1], (arns["guests"], "guests"), (arns["everyone"], "everyone")]


def vpc_flow_logs(b: Builder, bad: bool) -> Failing:
    b.bucket("exhibit-flow-logs")
    vpc, (_, private) = _network(b, "logged", "10.40.0.0/16")
    _interface(b, private)
    to = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::exhibit-flow-logs"}
    b.ec2().create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", **to)
    if not bad:
        return []
    dark, (_, private) = _network(b, "dark", "10.41.0.0/16")
    _interface(b, private)
    accepts, (_, private) = _network(b, "accepts", "10.42.0.0/16", SECOND)
    _interface(b, private, SECOND)
    b.ec2(SECOND).create_flow_logs(ResourceIds=[accepts], ResourceType="VPC", TrafficType="ACCEPT", **to)
    return [(dark, "dark"), (accepts, "accepts")]


CONTROLS = {function.__name__.replace("_", "-"): function for function in (
    network_segmentation, network_firewall_inspects, waf_on_public_endpoints, file_services_authenticated, public_endpoints_tls, certificates_valid,
    vpc_flow_logs, load_balancers_multi_az)}

FAILING = {
    "network-segmentation": ["flat", "exposed", "default"], "network-firewall-inspects": ["bare", "bypassed"],
    "waf-on-public-endpoints": ["bare", "empty", "bare.example.com", "shop/test"], "file-services-authenticated": ["s-" + "f" * 17, "guests", "everyone"],
    "public-endpoints-tls": ["web:8080", "web:8443", "web:81", "old:80", "plain.example.com", "aged.example.com"],
    "certificates-valid": ["soon.example.com", "gone.example.com", "forgotten"], "vpc-flow-logs": ["dark", "accepts"],
    "load-balancers-multi-az": ["one-zone", "lonely"],
}
